/* CheckForm: what Submit would say of a form, and how it would be kept. Nothing is saved. */
#include "dossier.h"

static bool find(const struct dossier *dossier, struct mc_txn *txn,
                 const Dossier__CheckFormRequest *req, struct dossier_form_version *ret_version)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    bool found = req->code[0] != '\0'
                     ? dossier_form_open(dossier, txn, req->code, req->version, today, ret_version)
                     : dossier_form_of(dossier, txn, req->procedure_code, today, ret_version);

    if (!found)
        mc_refuse(txn, MC_NOT_FOUND, "code", "FORM_NOT_FOUND", NULL);
    return found;
}

/* Of a dossier that is the caller's, its papers are looked at too. */
static bool read_papers(struct mc_txn *txn, ProtobufCBinaryData dossier_id,
                        struct dossier_form_check *check)
{
    struct dossier_open open = {0};

    if (dossier_id.len == 0)
        return true;
    if (dossier_open(txn, dossier_id, "", &open) != MC_OK)
        return false;
    const char **components = dossier_list(txn, open.record->n_papers);
    for (size_t i = 0; components != NULL && i < open.record->n_papers; i++)
        components[check->components_len++] = open.record->papers[i]->component;
    check->components = components;
    check->papers = components != NULL;
    return check->papers;
}

enum mc_status dossier_check_form(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__CheckFormRequest *req,
                                  Dossier__CheckFormReply *rep)
{
    struct dossier_form_version version;
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;
    struct dossier_problems *problems = dossier_problems_new(txn);
    struct mc_bytes clean = {"", 0};

    if (problems == NULL || !find(dossier, txn, req, &version))
        return txn->status;
    if (mc_json_parse(mc_key_text(req->form), &values) != MC_OK)
        return mc_refuse(txn, MC_INVALID, "form", "JSON_INVALID", NULL);
    struct dossier_form_check check = {
        .form = &version.form,
        .places = &dossier->forms.places,
        .today = mc_date_from_ms(txn->now_ms),
    };
    if (!read_papers(txn, req->dossier_id, &check))
        return txn->status;
    enum mc_status status = dossier_form_check(&check, values, problems, &clean);
    if (status == MC_FULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->valid = status == MC_OK;
    rep->code = dossier_text(txn, version.form.code);
    rep->version = version.version;
    if (rep->valid)
        rep->form = mc_unconst(clean.data);
    rep->problems = dossier_problems_list(txn, problems);
    rep->n_problems = rep->problems != NULL ? problems->len : 0;
    rep->problems_left_out = (uint32_t)problems->more;
    return txn->status;
}
