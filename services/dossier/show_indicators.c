/*
 * ShowIndicators: every indicator of QĐ 766 for an agency with all below it, or for one officer,
 * over some months. CompareIndicator: one of them, unit by unit, officer by officer or month by
 * month (RPT-06, RPT-08). What this house does not measure is named and has no score.
 */
#include <string.h>

#include "indicators.h"

enum { MONTHS_MAX = 36, COMPARED_MAX = 1000 };

bool dossier_months_read(struct mc_txn *txn, const char *from, const char *to, uint32_t *ret_from,
                         uint32_t *ret_to)
{
    uint32_t now = dossier_month_of(txn->now_ms);

    *ret_from = *ret_to = now;
    if (from[0] != '\0' && !dossier_month_parse(from, ret_from))
        mc_refuse(txn, MC_INVALID, "from", "MONTH_INVALID", NULL);
    else if (to[0] == '\0')
        *ret_to = *ret_from;
    if (to[0] != '\0' && !dossier_month_parse(to, ret_to))
        mc_refuse(txn, MC_INVALID, "to", "MONTH_INVALID", NULL);
    if (txn->status == MC_OK && (*ret_to < *ret_from || *ret_to - *ret_from >= MONTHS_MAX))
        mc_refuse(txn, MC_INVALID, "to", "MONTH_INVALID", NULL);
    return txn->status == MC_OK;
}

/* What single officers do is for their superiors' eyes, and one's own. */
static bool may_see_officer(struct mc_txn *txn, const char *officer)
{
    const struct mc_caller *caller = txn->caller;

    if ((caller->who & MC_OPERATOR) != 0 || dossier_may(caller, DOSSIER_RIGHT_MONITOR) ||
        (caller->account_id != NULL && strcmp(caller->account_id, officer) == 0))
        return true;
    mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_MONITOR, NULL);
    return false;
}

const char *dossier_officer_read(struct mc_txn *txn, const char *officer)
{
    uint8_t id[MC_ID_LEN];
    char text[MC_UUID_TEXT_LEN + 1];

    if (officer[0] == '\0')
        return "";
    if (strcmp(officer, "me") == 0 && txn->caller->account_id != NULL)
        officer = txn->caller->account_id;
    if (!mc_uuid_parse(id, mc_key_text(officer))) {
        mc_refuse(txn, MC_INVALID, "officer", "FIELD_INVALID", "field", "officer", NULL);
        return NULL;
    }
    mc_uuid_text(text, id);
    const char *kept = dossier_text(txn, text);
    return may_see_officer(txn, kept) ? kept : NULL;
}

void dossier_sums_of(const struct dossier *dossier, struct mc_txn *txn, const char *unit,
                     const char *officer, uint32_t from, uint32_t to, struct dossier_sums *sums)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;

    *sums = (struct dossier_sums){0};
    for (size_t i = 0; i < catalogue->units_len && txn->status == MC_OK; i++)
        if (mc_agency_within(catalogue->units[i].code, unit))
            dossier_sums_read(txn, catalogue->units[i].code, officer, from, to, sums);
    dossier_sums_end(sums);
}

static void fill_score(const struct dossier_indicator *indicator, const struct dossier_sums *sums,
                       Dossier__Score *score)
{
    dossier__score__init(score);
    score->numerator = sums->of[indicator->numerator];
    score->denominator = sums->of[indicator->denominator];
    if (score->denominator > 0)
        score->percent_hundredths =
            (score->numerator * 20000 + score->denominator) / (2 * score->denominator);
    score->scored = dossier_indicator_points(indicator, score->numerator, score->denominator,
                                             &score->points_hundredths);
    score->below_target =
        score->denominator > 0 &&
        score->numerator * 100 < score->denominator * (int64_t)indicator->threshold;
}

static Dossier__Indicator *row_of(struct mc_txn *txn, const struct dossier_indicator *indicator,
                                  const struct dossier_sums *sums)
{
    Dossier__Indicator *row = dossier_alloc(txn, sizeof *row);
    Dossier__Score *score = dossier_alloc(txn, sizeof *score);

    if (row == NULL || score == NULL)
        return NULL;
    dossier__indicator__init(row);
    row->group = mc_unconst(indicator->group);
    row->code = mc_unconst(indicator->code);
    row->name = mc_unconst(indicator->name);
    row->max_points = indicator->max_points;
    row->target_percent = indicator->threshold;
    row->measured = indicator->measured;
    row->note = mc_unconst(indicator->note);
    if (!indicator->measured) {
        dossier__score__init(score);
        score->scored = dossier_indicator_points(indicator, 0, 0, &score->points_hundredths);
    } else {
        fill_score(indicator, sums, score);
    }
    row->score = score;
    return row;
}

static void fill_counts(struct mc_txn *txn, const struct dossier_sums *sums,
                        Dossier__ShowIndicatorsReply *rep)
{
    Dossier__TallyCount *rows = dossier_alloc(txn, DOSSIER_TALLY_NONE * sizeof rows[0]);

    rep->counts = dossier_list(txn, DOSSIER_TALLY_NONE);
    if (rows == NULL || rep->counts == NULL)
        return;
    for (size_t i = 0; i < DOSSIER_TALLY_NONE; i++) {
        if (i == DOSSIER_TALLIES_LEN)
            continue;
        dossier__tally_count__init(&rows[i]);
        rows[i].name = mc_unconst(dossier_tally_name((enum dossier_tally)i));
        rows[i].count = sums->of[i];
        rep->counts[rep->n_counts++] = &rows[i];
    }
}

static void fill_indicators(const struct dossier *dossier, struct mc_txn *txn,
                            const struct dossier_sums *sums, Dossier__ShowIndicatorsReply *rep)
{
    const struct dossier_indicators *table = dossier->indicators;

    rep->indicators = dossier_list(txn, table->len);
    if (rep->indicators == NULL)
        return;
    for (size_t i = 0; i < table->len; i++) {
        Dossier__Indicator *row = row_of(txn, &table->rows[i], sums);
        if (row == NULL)
            return;
        rep->indicators[rep->n_indicators++] = row;
        if (!row->score->scored)
            continue;
        rep->points_hundredths += row->score->points_hundredths;
        rep->max_points += row->max_points;
    }
    fill_counts(txn, sums, rep);
}

enum mc_status dossier_show_indicators(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ShowIndicatorsRequest *req,
                                       Dossier__ShowIndicatorsReply *rep)
{
    uint32_t from = 0;
    uint32_t to = 0;
    struct dossier_sums sums;
    const char *unit = dossier_unit_of_caller(txn, req->unit);
    const char *officer = unit != NULL ? dossier_officer_read(txn, req->officer) : NULL;

    if (officer == NULL || !dossier_months_read(txn, req->from, req->to, &from, &to))
        return txn->status;
    dossier_sums_of(dossier, txn, unit, officer, from, to, &sums);
    rep->unit = mc_unconst(unit);
    rep->from = dossier_month_text(txn, from);
    rep->to = dossier_month_text(txn, to);
    fill_indicators(dossier, txn, &sums, rep);
    return txn->status;
}

static void add_compared(struct mc_txn *txn, const struct dossier_indicator *indicator,
                         const struct dossier_sums *sums, const char *subject, const char *name,
                         Dossier__CompareIndicatorReply *rep)
{
    Dossier__Compared *row = dossier_alloc(txn, sizeof *row);
    Dossier__Score *score = dossier_alloc(txn, sizeof *score);

    if (row == NULL || score == NULL)
        return;
    if (rep->n_rows == COMPARED_MAX) {
        mc_refuse(txn, MC_INVALID, "unit", "LIST_TOO_WIDE", NULL);
        return;
    }
    dossier__compared__init(row);
    fill_score(indicator, sums, score);
    row->subject = dossier_text(txn, subject);
    row->name = dossier_text(txn, name);
    row->score = score;
    rep->rows[rep->n_rows++] = row;
}

/* Each officer of a unit who ended or let pass anything until then; his rows lie together. */
static void compare_officers(struct mc_txn *txn, const struct dossier_indicator *indicator,
                             const char *unit, uint32_t from, uint32_t to,
                             Dossier__CompareIndicatorReply *rep)
{
    struct mc_bytes all = dossier_tally_prefix(txn, unit, "*");
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_TALLIES, all, (struct mc_bytes){0}, MC_FORWARD);
    uint8_t last[MC_ID_LEN] = {0};

    while (txn->status == MC_OK && mc_next(&cursor)) {
        const uint8_t *id = (const uint8_t *)cursor.key.data + all.len;
        char account[MC_UUID_TEXT_LEN + 1];
        struct dossier_sums sums = {0};

        if (cursor.key.len != all.len + MC_ID_LEN + 2 || memcmp(id, last, MC_ID_LEN) == 0)
            continue;
        memcpy(last, id, MC_ID_LEN);
        mc_uuid_text(account, id);
        dossier_sums_read(txn, unit, account, from, to, &sums);
        dossier_sums_end(&sums);
        if (sums.of[DOSSIER_TALLY_TOTAL] > 0)
            add_compared(txn, indicator, &sums, account, dossier_owner_name(txn, account), rep);
    }
}

static void compare_units(const struct dossier *dossier, struct mc_txn *txn,
                          const struct dossier_indicator *indicator,
                          const Dossier__CompareIndicatorRequest *req, const char *unit,
                          uint32_t from, uint32_t to, Dossier__CompareIndicatorReply *rep)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;

    for (size_t i = 0; i < catalogue->units_len && txn->status == MC_OK; i++) {
        const struct dossier_unit *one = &catalogue->units[i];
        struct dossier_sums sums = {0};

        if (!mc_agency_within(one->code, unit))
            continue;
        if (req->by == DOSSIER__COMPARE_BY__BY_OFFICERS) {
            compare_officers(txn, indicator, one->code, from, to, rep);
            continue;
        }
        dossier_sums_read(txn, one->code, "", from, to, &sums);
        dossier_sums_end(&sums);
        add_compared(txn, indicator, &sums, one->code, one->name, rep);
    }
}

enum mc_status dossier_compare_indicator(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__CompareIndicatorRequest *req,
                                         Dossier__CompareIndicatorReply *rep)
{
    uint32_t from = 0;
    uint32_t to = 0;
    const char *unit = dossier_unit_of_caller(txn, req->unit);
    const struct dossier_indicator *indicator =
        dossier_indicator_find(dossier->indicators, req->code);

    if (unit == NULL || !dossier_months_read(txn, req->from, req->to, &from, &to))
        return txn->status;
    if (indicator == NULL || !indicator->measured)
        return mc_refuse(txn, MC_INVALID, "code", "INDICATOR_NOT_MEASURED", NULL);
    if (req->by == DOSSIER__COMPARE_BY__BY_OFFICERS && !may_see_officer(txn, ""))
        return txn->status;
    rep->rows = dossier_list(txn, COMPARED_MAX);
    if (rep->rows == NULL)
        return txn->status;
    if (req->by != DOSSIER__COMPARE_BY__BY_MONTHS) {
        compare_units(dossier, txn, indicator, req, unit, from, to, rep);
        return txn->status;
    }
    for (uint32_t month = from; month <= to && txn->status == MC_OK; month++) {
        struct dossier_sums sums;
        char *text = dossier_month_text(txn, month);

        dossier_sums_of(dossier, txn, unit, "", month, month, &sums);
        add_compared(txn, indicator, &sums, text, text, rep);
    }
    return txn->status;
}
