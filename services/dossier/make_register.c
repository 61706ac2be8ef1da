/*
 * MakeRegister: «Sổ theo dõi hồ sơ» (form 07), the dossiers a unit accepted in some days, in the
 * order of their official codes, which hold the unit and the day.
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

struct period {
    const char *unit;
    const char *unit_name;
    struct mc_date from;
    struct mc_date until;
};

static struct mc_date read_day(struct mc_txn *txn, const char *field, const char *text)
{
    struct mc_date date = {0, 0, 0};
    enum mc_why why = mc_date_parse(text, &date);

    if (why != MC_WHY_OK)
        mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return date;
}

static void check(const struct dossier *dossier, struct mc_txn *txn,
                  const Dossier__MakeRegisterRequest *req, struct period *period)
{
    const char *own = txn->caller->unit != NULL ? txn->caller->unit : "";
    const char *code = req->unit[0] != '\0' ? req->unit : own;
    const struct dossier_unit *unit = dossier_unit_find(&dossier->catalogue, code);

    if (unit == NULL)
        mc_refuse(txn, MC_INVALID, "unit", "UNIT_UNKNOWN", NULL);
    else if (own[0] == '\0' || !mc_agency_within(unit->code, own))
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
    period->unit = unit != NULL ? unit->code : "";
    period->unit_name = unit != NULL ? unit->name : "";
    period->from = read_day(txn, "from", req->from);
    period->until = read_day(txn, "until", req->until);
    if (txn->status != MC_OK)
        return;
    int64_t days = mc_date_days(period->until) - mc_date_days(period->from);
    if (days < 0 || days >= DOSSIER_REGISTER_DAYS_MAX)
        mc_refuse(txn, MC_INVALID, "until", "REGISTER_PERIOD", "max",
                  dossier_number_text(txn, DOSSIER_REGISTER_DAYS_MAX), NULL);
}

static const char *time_cell(struct mc_txn *txn, int64_t at_ms)
{
    char text[MC_DATETIME_SIZE] = "";

    if (at_ms != 0)
        mc_time_format(text, sizeof text, at_ms);
    return dossier_text(txn, text);
}

static void add_row(struct dossier_print *print, const struct dossier *dossier, Print__Table *table,
                    struct mc_bytes id)
{
    struct mc_txn *txn = print->txn;
    const DossierState__Dossier *record =
        mc_load(txn, DOSSIER_DOSSIERS, id, &dossier_state__dossier__descriptor);

    if (record == NULL || table == NULL)
        return;
    const char *const cells[] = {
        mc_sprintf(txn->arena, "%zu", table->n_rows + 1),
        record->code,
        dossier_record_name(txn, record),
        record->procedure_name,
        time_cell(txn, record->received_at_ms),
        time_cell(txn, record->due_at_ms),
        time_cell(txn, record->returned_at_ms),
        dossier_state_text(dossier, (Dossier__State)record->state, DOSSIER_BY_OFFICER),
        NULL};
    dossier_print_row(print, table, cells);
}

/* A day's codes: <unit>-<yyMMdd>-… */
static void add_day(struct dossier_print *print, const struct dossier *dossier,
                    const struct period *period, struct mc_date day, Print__Table *table)
{
    struct mc_txn *txn = print->txn;
    char yymmdd[MC_YYMMDD_SIZE];

    mc_date_format_yymmdd(yymmdd, sizeof yymmdd, day);
    const char *prefix = mc_sprintf(txn->arena, "%s-%s-", period->unit, yymmdd);
    if (prefix == NULL || table == NULL)
        return;
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_CODES, mc_key_text(prefix), (struct mc_bytes){0}, MC_FORWARD);
    while (mc_next(&cursor)) {
        if (table->n_rows == DOSSIER_DOCUMENT_ROWS_MAX) {
            mc_refuse(txn, MC_LIMITED, "until", "REGISTER_TOO_LONG", "max",
                      dossier_number_text(txn, DOSSIER_DOCUMENT_ROWS_MAX), NULL);
            return;
        }
        add_row(print, dossier, table, cursor.value);
    }
}

static void fill(struct dossier_print *print, const struct dossier *dossier,
                 const struct period *period, const char *number)
{
    struct mc_txn *txn = print->txn;
    Print__Table *table = dossier_print_table(print, "rows", DOSSIER_DOCUMENT_ROWS_MAX);
    char from[MC_DATE_SIZE];
    char until[MC_DATE_SIZE];
    int64_t last = mc_date_days(period->until);

    for (int64_t day = mc_date_days(period->from); day <= last && txn->status == MC_OK; day++)
        add_day(print, dossier, period, mc_date_from_days(day), table);
    mc_date_format(from, sizeof from, period->from);
    mc_date_format(until, sizeof until, period->until);
    dossier_print_field(print, "from", dossier_text(txn, from));
    dossier_print_field(print, "until", dossier_text(txn, until));
    dossier_print_field(print, "qr", number);
    dossier_print_field(print, "count",
                        dossier_number_text(txn, table != NULL ? table->n_rows : 0));
}

enum mc_status dossier_make_register(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__MakeRegisterRequest *req,
                                     Dossier__Document *rep)
{
    const struct dossier_document_info *info = dossier_document_info(DOSSIER_REGISTER_BOOK);
    struct period period = {0};
    struct dossier_print print;

    check(dossier, txn, req, &period);
    if (txn->status != MC_OK)
        return txn->status;
    dossier_print_begin(&print, txn, info);
    const char *number = dossier_document_number(txn, info, period.unit);
    dossier_print_unit(&print, dossier, period.unit, period.unit_name, number);
    fill(&print, dossier, &period, number);
    struct mc_bytes owner = dossier_document_unit(txn, period.unit);
    const char *const keys[] = {mc_sprintf(txn->arena, "agency:%s", period.unit), NULL};
    struct mc_bytes id = dossier_document_add(&print, owner, info, number, keys);
    const DossierState__Document *record = mc_load(
        txn, DOSSIER_DOCUMENTS, mc_key_join(txn, owner, id), &dossier_state__document__descriptor);
    const Dossier__Document *made =
        record != NULL ? dossier_document_message(txn, id, record, true) : NULL;
    if (made != NULL)
        *rep = *made;
    return txn->status;
}
