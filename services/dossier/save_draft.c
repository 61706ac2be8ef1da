/* SaveDraft: «Lưu» (DOS-04). A new draft, or new content of one; of a supplement as well. */
#include <string.h>

#include "common/json.h"

#include "dossier.h"

static void check_form(struct mc_txn *txn, const char *form)
{
    struct mc_json *json mc_cleanup(mc_json_freep) = NULL;
    size_t len = strlen(form);

    if (len > DOSSIER_FORM_MAX)
        mc_refuse(txn, MC_INVALID, "form", "FIELD_TOO_LONG", "field", "form", "max",
                  dossier_number_text(txn, DOSSIER_FORM_MAX), NULL);
    else if (len > 0 && mc_json_parse((struct mc_bytes){form, len}, &json) != MC_OK)
        mc_refuse(txn, MC_INVALID, "form", "JSON_INVALID", NULL);
}

struct dossier_draft dossier_draft_check(const struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__SaveDraftRequest *req)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    struct dossier_draft draft = {
        .procedure = dossier_procedure_find(catalogue, req->procedure_code),
        .unit = dossier_unit_find(catalogue, req->unit),
        .abstract = dossier_lines(txn, "abstract", req->abstract, DOSSIER_ABSTRACT_CHARS_MAX),
    };

    if (draft.procedure == NULL)
        mc_refuse(txn, MC_INVALID, "procedure_code", "PROCEDURE_UNKNOWN", NULL);
    if (draft.unit == NULL)
        mc_refuse(txn, MC_INVALID, "unit", "UNIT_UNKNOWN", NULL);
    if (draft.procedure != NULL && draft.unit != NULL &&
        !dossier_unit_takes(draft.unit, draft.procedure))
        mc_refuse(txn, MC_INVALID, "unit", "PROCEDURE_NOT_HERE", "unit", draft.unit->name, NULL);
    check_form(txn, req->form);
    return draft;
}

/* A supplement may mend the content, not turn into another dossier. */
static void check_open(struct mc_txn *txn, const struct dossier_open *open,
                       const struct dossier_draft *draft)
{
    const DossierState__Dossier *record = open->record;
    bool supplement = open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED;
    bool same = strcmp(record->procedure_code, draft->procedure->code) == 0 &&
                strcmp(record->unit, draft->unit->code) == 0;

    if (open->actor != DOSSIER_BY_CITIZEN)
        mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    else if (open->was != DOSSIER__STATE__DRAFT && !supplement)
        mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_SENT_ALREADY", NULL);
    else if (supplement && !same)
        mc_refuse(txn, MC_INVALID, "procedure_code", "SUPPLEMENT_SAME_PROCEDURE", NULL);
    else if (record->group_id.len > 0 &&
             strcmp(record->procedure_code, draft->procedure->code) != 0)
        mc_refuse(txn, MC_INVALID, "procedure_code", "LINKED_SAME_PROCEDURE", NULL);
}

void dossier_draft_fill(struct mc_txn *txn, const struct dossier_draft *draft, const char *form,
                        DossierState__Dossier *record)
{
    record->procedure_code = mc_unconst(draft->procedure->code);
    record->procedure_name = mc_unconst(draft->procedure->name);
    record->sector = mc_unconst(draft->procedure->sector);
    record->procedure_version = draft->procedure->version;
    record->unit = mc_unconst(draft->unit->code);
    record->unit_name = mc_unconst(draft->unit->name);
    record->abstract = dossier_seal_again(txn, record->abstract, draft->abstract);
    record->form = dossier_seal_again(txn, record->form, form);
}

enum mc_status dossier_save_draft(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__SaveDraftRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_draft draft = dossier_draft_check(dossier, txn, req);
    struct dossier_open open = {0};

    if (txn->status != MC_OK)
        return txn->status;
    if (req->dossier_id.len == 0)
        dossier_begin(txn, dossier_session_account(txn), &open);
    else if (dossier_open(txn, req->dossier_id, "", &open) == MC_OK)
        check_open(txn, &open, &draft);
    if (txn->status != MC_OK || open.record == NULL)
        return txn->status;

    dossier_draft_fill(txn, &draft, req->form, open.record);
    dossier_form_bind(dossier, txn, &open, req->form_code, req->form_version);
    if (txn->status != MC_OK)
        return txn->status;
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.drafted", "");
    dossier_fill_reply(dossier, txn, &open, rep);
    dossier_form_advise(dossier, txn, &open, req->form, rep);
    return txn->status;
}
