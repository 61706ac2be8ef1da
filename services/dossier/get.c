/* Get: one dossier with its papers and history, for its owner and its unit's officers. */
#include "dossier.h"

static void fill_papers(struct mc_txn *txn, const DossierState__Dossier *record,
                        Dossier__DossierView *rep)
{
    size_t n = record->n_papers;
    char sha256[2 * MC_HASH_LEN + 1];

    rep->attachments = dossier_list(txn, n);
    Dossier__Attachment *rows = dossier_alloc(txn, (n + 1) * sizeof rows[0]);
    if (rep->attachments == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const DossierState__Paper *paper = record->papers[i];

        dossier__attachment__init(&rows[i]);
        (void)mc_hex(sha256, mc_key_bytes(paper->sha256));
        rows[i].sha256 = dossier_text(txn, sha256);
        rows[i].component = paper->component;
        rows[i].file_name = mc_open_text(txn, paper->file_name);
        rows[i].content_type = paper->content_type;
        rows[i].size = paper->size;
        rep->attachments[i] = &rows[i];
    }
    rep->n_attachments = n;
}

static void fill_history(struct mc_txn *txn, const DossierState__Dossier *record,
                         Dossier__DossierView *rep)
{
    size_t n = record->n_steps;

    rep->history = dossier_list(txn, n);
    Dossier__Progress *rows = dossier_alloc(txn, (n + 1) * sizeof rows[0]);
    if (rep->history == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const DossierState__Step *step = record->steps[i];

        dossier__progress__init(&rows[i]);
        rows[i].at_ms = step->at_ms;
        rows[i].from = (Dossier__State)step->from;
        rows[i].to = (Dossier__State)step->to;
        rows[i].actor = step->actor;
        if (step->reason.len > 0)
            rows[i].reason = mc_open_text(txn, step->reason);
        rep->history[i] = &rows[i];
    }
    rep->n_history = n;
}

static void fill_facts(const DossierState__Dossier *record, Dossier__DossierView *rep)
{
    rep->dossier_id = record->dossier_id;
    rep->internal_number = record->internal_number;
    rep->code = record->code;
    rep->external_id = record->external_id;
    rep->state = (Dossier__State)record->state;
    rep->money = (Dossier__MoneyState)record->money;
    rep->procedure_code = record->procedure_code;
    rep->procedure_name = record->procedure_name;
    rep->sector = record->sector;
    rep->unit = record->unit;
    rep->unit_name = record->unit_name;
    rep->owner_account = record->owner_account;
    rep->created_at_ms = record->created_at_ms;
    rep->sent_at_ms = record->sent_at_ms;
    rep->received_at_ms = record->received_at_ms;
    rep->due_at_ms = record->due_at_ms;
    rep->finished_at_ms = record->finished_at_ms;
    rep->returned_at_ms = record->returned_at_ms;
    rep->version = record->version;
    rep->fee = record->fee;
}

enum mc_status dossier_get(struct dossier *dossier, struct mc_txn *txn,
                           const Dossier__GetRequest *req, Dossier__DossierView *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, req->code, &open) != MC_OK)
        return txn->status;
    const DossierState__Dossier *record = open.record;
    fill_facts(record, rep);
    rep->state_name = dossier_text(txn, dossier_state_text(dossier, rep->state, open.actor));
    rep->owner_name = dossier_owner_name(txn, record->owner_account);
    rep->abstract = mc_open_text(txn, record->abstract);
    rep->form = mc_open_text(txn, record->form);
    fill_papers(txn, record, rep);
    fill_history(txn, record, rep);
    return txn->status;
}
