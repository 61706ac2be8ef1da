/*
 * ReportCertifiedCopies: how many were created, signed and sealed, by unit and month («Xem báo cáo
 * DVC chứng thực điện tử»; indicator ELECTRONIC_CERTIFIED_COPY asks which units have any).
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

enum { MONTH_LEN = 6 };

static bool check_month(struct mc_txn *txn, const char *field, const char *text)
{
    bool good = strlen(text) == MONTH_LEN && strspn(text, "0123456789") == MONTH_LEN &&
                strcmp(text + 4, "01") >= 0 && strcmp(text + 4, "12") <= 0;

    if (!good)
        mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
    return good;
}

static void add_row(struct mc_txn *txn, const struct mc_cursor *cursor,
                    const struct dossier_unit *unit, const char *month,
                    Dossier__ReportCertifiedCopiesReply *rep)
{
    const DossierState__CopyCount *kept = mc_row(cursor, &dossier_state__copy_count__descriptor);
    Dossier__CopyCount *row = kept != NULL ? dossier_alloc(txn, sizeof *row) : NULL;

    if (row == NULL)
        return;
    dossier__copy_count__init(row);
    row->unit = mc_unconst(unit->code);
    row->unit_name = mc_unconst(unit->name);
    row->month = dossier_text(txn, month);
    row->created = kept->created;
    row->signed_ = kept->signed_;
    row->sealed = kept->sealed;
    rep->rows[rep->n_rows++] = row;
}

static void add_unit(struct mc_txn *txn, const Dossier__ReportCertifiedCopiesRequest *req,
                     const struct dossier_unit *unit, Dossier__ReportCertifiedCopiesReply *rep)
{
    struct mc_bytes prefix = mc_keep(txn, unit->code, strlen(unit->code) + 1);
    struct mc_bytes from = mc_key_join(txn, prefix, mc_key_text(req->from_month));
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_COPY_COUNTS, prefix, from, MC_FORWARD);

    while (mc_next(&cursor)) {
        char month[MONTH_LEN + 1] = "";

        if (cursor.key.len != prefix.len + MONTH_LEN)
            return;
        memcpy(month, (const char *)cursor.key.data + prefix.len, MONTH_LEN);
        if (strcmp(month, req->to_month) > 0)
            return;
        if (rep->n_rows == DOSSIER_COPY_ROWS_MAX) {
            rep->more = true;
            return;
        }
        add_row(txn, &cursor, unit, month, rep);
        if (txn->status != MC_OK)
            return;
    }
}

enum mc_status dossier_report_certified_copies(struct dossier *dossier, struct mc_txn *txn,
                                               const Dossier__ReportCertifiedCopiesRequest *req,
                                               Dossier__ReportCertifiedCopiesReply *rep)
{
    const char *own = txn->caller->unit;
    const char *wanted = req->unit[0] != '\0' ? req->unit : own;

    (void)check_month(txn, "from_month", req->from_month);
    (void)check_month(txn, "to_month", req->to_month);
    if (own == NULL || !mc_agency_within(wanted, own))
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->rows = dossier_list(txn, DOSSIER_COPY_ROWS_MAX);
    for (size_t i = 0; i < dossier->catalogue.units_len && rep->rows != NULL && !rep->more; i++)
        if (mc_agency_within(dossier->catalogue.units[i].code, wanted))
            add_unit(txn, req, &dossier->catalogue.units[i], rep);
    return txn->status;
}
