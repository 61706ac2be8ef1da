/*
 * The working time of an agency: the nation's days, and what it or an agency above it has
 * otherwise. SetCalendar adds to that and overwrites nothing; a due time that was given stays, the
 * calendar counts for those computed from then on.
 *
 *     calendars: agency -> DossierState__AgencyCalendar
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "work.h"

enum {
    DAYS_PER_CALL = 100,
    HOURS_PER_CALL = 10,
    ROWS_MAX = 1000, /* of one agency, with its history */
    NAME_CHARS_MAX = 200,
    PAST_DAYS_MAX = 31, /* so far back a day may be set: a storm is recorded when it is over */
    MINUTE_MS = 60 * 1000,
    NOVEMBER = 11, /* the yearly notice is out by then */
};

static const DossierState__AgencyCalendar *load(struct mc_txn *txn, const char *agency)
{
    return mc_load(txn, DOSSIER_CALENDARS, mc_key_text(agency),
                   &dossier_state__agency_calendar__descriptor);
}

static bool set_again(const DossierState__AgencyCalendar *kept, size_t i)
{
    for (size_t j = i + 1; j < kept->n_days; j++)
        if (kept->days[j]->day == kept->days[i]->day)
            return true;
    return false;
}

static bool hours_again(const DossierState__AgencyCalendar *kept, size_t i)
{
    for (size_t j = i + 1; j < kept->n_hours; j++)
        if (kept->hours[j]->from_day == kept->hours[i]->from_day)
            return true;
    return false;
}

static void fill_own(struct mc_txn *txn, const DossierState__AgencyCalendar *kept,
                     struct mc_own_time *own)
{
    struct mc_day *days = dossier_alloc(txn, (kept->n_days + 1) * sizeof days[0]);
    struct mc_hours *hours = dossier_alloc(txn, (kept->n_hours + 1) * sizeof hours[0]);

    if (days == NULL || hours == NULL)
        return;
    own->days = days;
    own->hours = hours;
    for (size_t i = 0; i < kept->n_days; i++)
        if (kept->days[i]->kind != DOSSIER__DAY_KIND__NATIONAL && !set_again(kept, i))
            days[own->days_len++] =
                (struct mc_day){kept->days[i]->day, kept->days[i]->kind == DOSSIER__DAY_KIND__WORK};
    for (size_t i = 0; i < kept->n_hours; i++) {
        const DossierState__CalendarHours *row = kept->hours[i];

        if (row->closes != 0 && !hours_again(kept, i))
            hours[own->hours_len++] = (struct mc_hours){
                row->from_day, (int64_t)row->opens * MINUTE_MS, (int64_t)row->lunch * MINUTE_MS,
                (int64_t)row->resumes * MINUTE_MS, (int64_t)row->closes * MINUTE_MS};
    }
}

const struct mc_calendar *dossier_calendar_of(const struct dossier *dossier, struct mc_txn *txn,
                                              const char *unit)
{
    char agency[MC_AGENCY_CODE_SIZE];
    struct mc_calendar *calendar = dossier_alloc(txn, sizeof *calendar);

    if (calendar == NULL || strlen(unit) >= sizeof agency)
        return &dossier->calendar;
    *calendar = dossier->calendar;
    memcpy(agency, unit, strlen(unit) + 1);
    do {
        const DossierState__AgencyCalendar *kept = load(txn, agency);
        if (kept != NULL)
            fill_own(txn, kept, &calendar->own[calendar->own_len++]);
    } while (txn->status == MC_OK && calendar->own_len < MC_AGENCY_LEVELS &&
             mc_agency_parent(agency, agency, sizeof agency));
    return calendar;
}

static bool day_parse(const char *text, int64_t *ret_day)
{
    struct mc_date date = {0};
    char again[MC_DATE_SIZE];

    // NOLINTNEXTLINE(cert-err34-c): compared below
    int fields = sscanf(text, "%4d-%2d-%2d", &date.year, &date.month, &date.day);
    if (fields != 3 || strlen(text) != MC_DATE_SIZE - 1 || !mc_date_valid(date))
        return false;
    mc_date_format_iso(again, sizeof again, date);
    *ret_day = mc_date_days(date);
    return strcmp(again, text) == 0;
}

static bool minutes_parse(const char *text, uint32_t *ret_minutes)
{
    if (strlen(text) != 5 || text[2] != ':')
        return false;
    for (int i = 0; i < 5; i++)
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return false;
    uint32_t hour = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    uint32_t minute = (uint32_t)(text[3] - '0') * 10 + (uint32_t)(text[4] - '0');
    *ret_minutes = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

static bool check_date(struct mc_txn *txn, const char *field, const char *text, int32_t *ret_day)
{
    int64_t day = 0;
    int64_t today = mc_date_days(mc_date_from_ms(txn->now_ms));

    if (!day_parse(text, &day)) {
        mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
        return false;
    }
    if (day < today - PAST_DAYS_MAX) {
        mc_refuse(txn, MC_INVALID, field, "CALENDAR_DAY_PAST", NULL);
        return false;
    }
    *ret_day = (int32_t)day;
    return true;
}

static DossierState__CalendarDay *read_day(struct mc_txn *txn, const Dossier__CalendarDay *from)
{
    DossierState__CalendarDay *row = dossier_alloc(txn, sizeof *row);
    char *name = dossier_line(txn, "name", from->name, NAME_CHARS_MAX);

    if (row == NULL || name == NULL)
        return NULL;
    dossier_state__calendar_day__init(row);
    if (!check_date(txn, "date", from->date, &row->day))
        return NULL;
    if (from->kind != DOSSIER__DAY_KIND__NATIONAL && name[0] == '\0')
        mc_refuse(txn, MC_INVALID, "name", "FIELD_REQUIRED", "field", "name", NULL);
    row->kind = (uint32_t)from->kind;
    row->name = name;
    row->set_at_ms = txn->now_ms;
    row->set_by = dossier_text(txn, txn->actor);
    return row;
}

static bool eight_hours(const DossierState__CalendarHours *row)
{
    return row->opens < row->lunch && row->lunch < row->resumes && row->resumes < row->closes &&
           (row->lunch - row->opens) + (row->closes - row->resumes) == 8 * 60;
}

static DossierState__CalendarHours *read_hours(struct mc_txn *txn,
                                               const Dossier__CalendarHours *from)
{
    DossierState__CalendarHours *row = dossier_alloc(txn, sizeof *row);
    bool none = from->opens[0] == '\0' && from->lunch[0] == '\0' && from->resumes[0] == '\0' &&
                from->closes[0] == '\0';

    if (row == NULL)
        return NULL;
    dossier_state__calendar_hours__init(row);
    if (!check_date(txn, "from", from->from, &row->from_day))
        return NULL;
    if (!none &&
        (!minutes_parse(from->opens, &row->opens) || !minutes_parse(from->lunch, &row->lunch) ||
         !minutes_parse(from->resumes, &row->resumes) ||
         !minutes_parse(from->closes, &row->closes) || !eight_hours(row)))
        mc_refuse(txn, MC_INVALID, "hours", "CALENDAR_HOURS_INVALID", NULL);
    row->set_at_ms = txn->now_ms;
    row->set_by = dossier_text(txn, txn->actor);
    return row;
}

static void add_all(struct mc_txn *txn, const Dossier__SetCalendarRequest *req,
                    DossierState__AgencyCalendar *kept)
{
    DossierState__CalendarDay **days = dossier_list(txn, kept->n_days + req->n_days);
    DossierState__CalendarHours **hours = dossier_list(txn, kept->n_hours + req->n_hours);

    if (days == NULL || hours == NULL)
        return;
    for (size_t i = 0; i < kept->n_days; i++)
        days[i] = kept->days[i];
    for (size_t i = 0; i < kept->n_hours; i++)
        hours[i] = kept->hours[i];
    kept->days = days;
    kept->hours = hours;
    for (size_t i = 0; i < req->n_days; i++)
        days[kept->n_days++] = read_day(txn, req->days[i]);
    for (size_t i = 0; i < req->n_hours; i++)
        hours[kept->n_hours++] = read_hours(txn, req->hours[i]);
}

static const char *date_text(struct mc_txn *txn, int32_t day)
{
    char text[MC_DATE_SIZE];

    mc_date_format_iso(text, sizeof text, mc_date_from_days(day));
    return dossier_text(txn, text);
}

static char *minutes_text(struct mc_txn *txn, uint32_t minutes)
{
    char text[8];

    (void)snprintf(text, sizeof text, "%02u:%02u", minutes / 60 % 100, minutes % 60);
    return dossier_text(txn, text);
}

static void fill_rows(struct mc_txn *txn, const DossierState__AgencyCalendar *kept,
                      Dossier__CalendarReply *rep)
{
    bool to_staff = (txn->caller->who & (MC_OFFICER | MC_OPERATOR)) != 0; /* who set it */
    Dossier__CalendarDay *days = dossier_alloc(txn, (kept->n_days + 1) * sizeof days[0]);
    Dossier__CalendarHours *hours = dossier_alloc(txn, (kept->n_hours + 1) * sizeof hours[0]);

    rep->days = dossier_list(txn, kept->n_days);
    rep->hours = dossier_list(txn, kept->n_hours);
    if (days == NULL || hours == NULL || rep->days == NULL || rep->hours == NULL)
        return;
    for (size_t i = 0; i < kept->n_days; i++) {
        dossier__calendar_day__init(&days[i]);
        days[i].date = mc_unconst(date_text(txn, kept->days[i]->day));
        days[i].kind = (Dossier__DayKind)kept->days[i]->kind;
        days[i].name = kept->days[i]->name;
        days[i].set_at_ms = kept->days[i]->set_at_ms;
        days[i].set_by = to_staff ? kept->days[i]->set_by : mc_unconst("");
        rep->days[rep->n_days++] = &days[i];
    }
    for (size_t i = 0; i < kept->n_hours; i++) {
        const DossierState__CalendarHours *row = kept->hours[i];

        dossier__calendar_hours__init(&hours[i]);
        hours[i].from = mc_unconst(date_text(txn, row->from_day));
        if (row->closes != 0) {
            hours[i].opens = minutes_text(txn, row->opens);
            hours[i].lunch = minutes_text(txn, row->lunch);
            hours[i].resumes = minutes_text(txn, row->resumes);
            hours[i].closes = minutes_text(txn, row->closes);
        }
        hours[i].set_at_ms = row->set_at_ms;
        hours[i].set_by = to_staff ? row->set_by : mc_unconst("");
        rep->hours[rep->n_hours++] = &hours[i];
    }
}

static void fill_reply(const struct dossier *dossier, struct mc_txn *txn, const char *agency,
                       const DossierState__AgencyCalendar *kept, Dossier__CalendarReply *rep)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    const struct mc_calendar *nation = &dossier->calendar;

    rep->agency = mc_unconst(agency);
    if (kept != NULL)
        fill_rows(txn, kept, rep);
    if (nation->days_len > 0)
        rep->national_until =
            (uint32_t)mc_date_from_days(nation->days[nation->days_len - 1].day).year;
    rep->next_year_missing = today.month >= NOVEMBER && rep->national_until <= (uint32_t)today.year;
}

static void tell(struct mc_txn *txn, const Dossier__SetCalendarRequest *req, const char *agency)
{
    Dossier__CalendarChanged changed = DOSSIER__CALENDAR_CHANGED__INIT;
    const char *key = mc_sprintf(txn->arena, "agency:%s", agency);
    const char *const keys[] = {key != NULL ? key : "", NULL};

    changed.agency = mc_unconst(agency);
    changed.days = req->days;
    changed.n_days = req->n_days;
    changed.hours = req->hours;
    changed.n_hours = req->n_hours;
    changed.by = mc_unconst(txn->actor);
    mc_emit(txn, "dossier.calendar_changed", &changed.base, MC_PLAIN, keys);
}

enum mc_status dossier_set_calendar(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__SetCalendarRequest *req,
                                    Dossier__CalendarReply *rep)
{
    DossierState__AgencyCalendar fresh = DOSSIER_STATE__AGENCY_CALENDAR__INIT;
    const char *agency = dossier_unit_of_caller(txn, req->agency);

    if (agency == NULL)
        return txn->status;
    if (req->n_days + req->n_hours == 0 || req->n_days > DAYS_PER_CALL ||
        req->n_hours > HOURS_PER_CALL)
        return mc_refuse(txn, MC_INVALID, "days", "FIELD_INVALID", "field", "days", NULL);
    const DossierState__AgencyCalendar *old = load(txn, agency);
    if (old != NULL)
        fresh = *old;
    if (fresh.n_days + req->n_days > ROWS_MAX || fresh.n_hours + req->n_hours > ROWS_MAX)
        return mc_refuse(txn, MC_LIMITED, "days", "CALENDAR_FULL", NULL);
    add_all(txn, req, &fresh);
    if (txn->status != MC_OK)
        return txn->status;
    mc_save(txn, DOSSIER_CALENDARS, mc_key_text(agency), &fresh.base);
    tell(txn, req, agency);
    fill_reply(dossier, txn, agency, &fresh, rep);
    return txn->status;
}

enum mc_status dossier_get_calendar(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__GetCalendarRequest *req,
                                    Dossier__CalendarReply *rep)
{
    char agency[MC_AGENCY_CODE_SIZE];

    if (mc_agency_parse(req->agency, agency, sizeof agency) != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "agency", "AGENCY_CODE_FORMAT", NULL);
    fill_reply(dossier, txn, dossier_text(txn, agency), load(txn, agency), rep);
    return txn->status;
}
