/* Advance: any step of the state table, by whom the table names. */
#include "dossier.h"

/* DOS-07: written once, complete: the reason, and all that is missing. */
void dossier_supplement_keep(const struct dossier *dossier, struct mc_txn *txn,
                             const struct dossier_open *open, const Dossier__AdvanceRequest *req)
{
    DossierState__Supplement *supplement = dossier_alloc(txn, sizeof *supplement);
    DossierState__SupplementItem *items =
        dossier_alloc(txn, (req->n_supplement + 1) * sizeof *items);

    if (req->n_supplement > DOSSIER_SUPPLEMENT_MAX)
        mc_refuse(txn, MC_INVALID, "supplement", "LIST_TOO_LONG", NULL);
    if (txn->status != MC_OK)
        return;
    dossier_state__supplement__init(supplement);
    supplement->asked_at_ms = txn->now_ms;
    supplement->answer_by_ms = txn->now_ms + dossier->supplement_life_ms;
    supplement->asked_by = dossier_text(txn, txn->actor);
    supplement->reason =
        mc_seal_text(txn, dossier_lines(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX));
    supplement->items = dossier_list(txn, req->n_supplement);
    for (size_t i = 0; i < req->n_supplement && txn->status == MC_OK; i++) {
        const char *text = dossier_lines(txn, "supplement.request", req->supplement[i]->request,
                                         DOSSIER_REASON_CHARS_MAX);

        dossier_state__supplement_item__init(&items[i]);
        items[i].component =
            dossier_line(txn, "supplement.component", req->supplement[i]->component,
                         DOSSIER_COMPONENT_CHARS_MAX);
        if (text != NULL && text[0] == '\0')
            mc_refuse(txn, MC_INVALID, "supplement.request", "FIELD_REQUIRED", "field",
                      "supplement.request", NULL);
        if (txn->status == MC_OK)
            items[i].request = mc_seal_text(txn, text);
        supplement->items[supplement->n_items++] = &items[i];
    }
    open->record->supplement = supplement;
    dossier_supplement_watch(txn, open->record);
}

enum mc_status dossier_advance(struct dossier *dossier, struct mc_txn *txn,
                               const Dossier__AdvanceRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (dossier_check_version(txn, &open, req->version) != MC_OK)
        return txn->status;
    if (req->to == DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        dossier_supplement_keep(dossier, txn, &open, req);
    else if (req->n_supplement > 0)
        mc_refuse(txn, MC_INVALID, "supplement", "FIELD_INVALID", "field", "supplement", NULL);
    if (txn->status == MC_OK && dossier_move(dossier, txn, &open, req->to, req->reason) == MC_OK)
        dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
