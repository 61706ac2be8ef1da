/* StartLinked: one request for a bundle of linked procedures; a draft for each of its parts. */
#include <string.h>

#include "dossier.h"

/* What the request says of a part of the bundle; NULL, and refused: nothing, or twice. */
static const Dossier__LinkedPartRequest *given(struct mc_txn *txn, const char *procedure,
                                               const Dossier__StartLinkedRequest *req)
{
    const Dossier__LinkedPartRequest *found = NULL;

    for (size_t i = 0; i < req->n_parts; i++) {
        if (strcmp(req->parts[i]->procedure_code, procedure) != 0)
            continue;
        if (found != NULL)
            mc_refuse(txn, MC_INVALID, "parts", "LINKED_PARTS", NULL);
        found = req->parts[i];
    }
    if (found == NULL)
        mc_refuse(txn, MC_INVALID, "parts", "LINKED_PARTS", NULL);
    return found;
}

static DossierState__GroupPart *add_part(const struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__StartLinkedRequest *req,
                                         const struct dossier_bundle *bundle, size_t part,
                                         struct mc_bytes group)
{
    DossierState__GroupPart *kept = dossier_alloc(txn, sizeof *kept);
    const Dossier__LinkedPartRequest *asked = given(txn, bundle->parts[part].procedure, req);
    Dossier__SaveDraftRequest content = DOSSIER__SAVE_DRAFT_REQUEST__INIT;
    struct dossier_open open = {0};

    if (kept == NULL || asked == NULL)
        return NULL;
    content.procedure_code = asked->procedure_code;
    content.unit = asked->unit;
    content.abstract = req->abstract;
    content.form = asked->form;
    struct dossier_draft draft = dossier_draft_check(dossier, txn, &content);
    if (txn->status != MC_OK)
        return NULL;
    dossier_begin(txn, dossier_session_account(txn), &open);
    if (open.record == NULL)
        return NULL;
    dossier_draft_fill(txn, &draft, content.form, open.record);
    dossier_form_bind(dossier, txn, &open, "", 0);
    open.record->group_id = (ProtobufCBinaryData){group.len, mc_unconst(group.data)};
    open.record->part = (uint32_t)part + 1;
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.drafted", "");
    dossier_state__group_part__init(kept);
    kept->dossier_id = open.record->dossier_id;
    kept->after = bundle->parts[part].after;
    return kept;
}

enum mc_status dossier_start_linked(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartLinkedRequest *req,
                                    Dossier__LinkedView *rep)
{
    const struct dossier_bundle *bundle = dossier_bundle_find(&dossier->bundles, req->bundle);
    DossierState__Group group = DOSSIER_STATE__GROUP__INIT;

    if (txn->caller->account_id == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    if (bundle == NULL)
        return mc_refuse(txn, MC_INVALID, "bundle", "PROCEDURE_UNKNOWN", NULL);
    if (req->n_parts != bundle->parts_len)
        return mc_refuse(txn, MC_INVALID, "parts", "LINKED_PARTS", NULL);
    struct mc_bytes id = mc_new_id(txn);
    group.bundle = mc_unconst(bundle->code);
    group.name = mc_unconst(bundle->name);
    group.created_at_ms = txn->now_ms;
    group.parts = dossier_list(txn, bundle->parts_len);
    for (size_t i = 0; i < bundle->parts_len && group.parts != NULL; i++) {
        DossierState__GroupPart *part = add_part(dossier, txn, req, bundle, i, id);

        if (part != NULL)
            group.parts[group.n_parts++] = part;
    }
    if (txn->status != MC_OK)
        return txn->status;
    mc_save(txn, DOSSIER_GROUPS, id, &group.base);
    dossier_fill_linked(dossier, txn, id, &group, DOSSIER_BY_CITIZEN, rep);
    return txn->status;
}
