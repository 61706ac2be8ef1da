/*
 * GetForm: one version of a form as a front end renders it, by its code or by the procedure that
 * asks for it; with `prefill`, what is known of the caller already, each value with its source
 * (DOS-14, DOS-15).
 */
#include "dossier.h"

static bool read_day(struct mc_txn *txn, const char *at, struct mc_date *ret_day)
{
    *ret_day = mc_date_from_ms(txn->now_ms);
    if (at[0] == '\0')
        return true;
    enum mc_why why = mc_date_parse(at, ret_day);
    if (why == MC_WHY_OK)
        return true;
    mc_refuse(txn, MC_INVALID, "at", mc_why_code(why), NULL);
    return false;
}

static bool find(const struct dossier *dossier, struct mc_txn *txn,
                 const Dossier__GetFormRequest *req, struct mc_date day,
                 struct dossier_form_version *ret_version)
{
    const char *code = req->code;

    if (code[0] == '\0' && req->version == 0)
        return dossier_form_of(dossier, txn, req->procedure_code, day, ret_version);
    if (code[0] == '\0')
        code = dossier_form_code_of(dossier, txn, req->procedure_code);
    return code != NULL && dossier_form_open(dossier, txn, code, req->version, day, ret_version);
}

static void write_values(struct mc_txn *txn, const struct dossier_known *known, size_t n,
                         Dossier__Form *rep)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    for (size_t i = 0; i < n; i++) {
        mc_json_key(&writer, known[i].field->name);
        mc_json_string(&writer, known[i].value);
    }
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) == MC_OK)
        rep->values = mc_unconst(text.data);
    else
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

static void prefill(const struct dossier *dossier, struct mc_txn *txn,
                    const struct dossier_form *form, Dossier__Form *rep)
{
    struct dossier_known *known = NULL;
    size_t n = dossier_form_known(dossier, txn, form, txn->caller->account_id, &known);
    Dossier__FormOrigin *rows = dossier_alloc(txn, (n + 1) * sizeof *rows);

    rep->origins = dossier_list(txn, n);
    if (rows == NULL || rep->origins == NULL)
        return;
    write_values(txn, known, n, rep);
    for (size_t i = 0; i < n; i++) {
        dossier__form_origin__init(&rows[i]);
        rows[i].field = dossier_text(txn, known[i].field->name);
        rows[i].label = dossier_text(txn, known[i].field->label);
        rows[i].source = mc_unconst(known[i].source);
        rows[i].source_kind = mc_unconst(known[i].source_kind);
        rep->origins[rep->n_origins++] = &rows[i];
    }
}

enum mc_status dossier_get_form(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__GetFormRequest *req, Dossier__Form *rep)
{
    struct dossier_form_version version;
    struct mc_date day;

    if (req->code[0] == '\0' && req->procedure_code[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "code", "FIELD_REQUIRED", "field", "code", NULL);
    if (req->prefill && txn->caller->account_id == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "prefill", "SESSION_REQUIRED", NULL);
    if (!read_day(txn, req->at, &day))
        return txn->status;
    if (!find(dossier, txn, req, day, &version))
        return mc_refuse(txn, MC_NOT_FOUND, "code", "FORM_NOT_FOUND", NULL);
    rep->head = dossier_form_head(txn, &version);
    rep->definition = mc_unconst(version.text);
    if (req->prefill)
        prefill(dossier, txn, &version.form, rep);
    return txn->status;
}
