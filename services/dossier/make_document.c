/*
 * MakeDocument: the control slip of a dossier as it stands (form 06), or a document that a step
 * called for and that could not be made, again under a number of its own.
 */
#include <string.h>

#include "dossier.h"

static const DossierState__Document *find_last(struct mc_txn *txn, struct mc_bytes owner,
                                               const char *form_no)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_DOCUMENTS, owner, (struct mc_bytes){0}, MC_BACKWARD);

    for (unsigned i = 0; i < DOSSIER_DOCUMENTS_LISTED_MAX && mc_next(&cursor); i++) {
        const DossierState__Document *record =
            mc_row(&cursor, &dossier_state__document__descriptor);

        if (record == NULL || strcmp(record->form_no, form_no) == 0)
            return record;
    }
    return NULL;
}

/* Why the step was taken, for the document that goes with it. */
static const char *reason_of(struct mc_txn *txn, const DossierState__Dossier *record)
{
    for (size_t i = record->n_steps; i > 0; i--)
        if (record->steps[i - 1]->reason.len > 0)
            return mc_open_text(txn, record->steps[i - 1]->reason);
    return "";
}

static bool may_be_made(struct mc_txn *txn, const struct dossier_open *open,
                        enum dossier_document_kind kind)
{
    if (kind == DOSSIER_CONTROL_SLIP)
        return true;
    if (kind >= DOSSIER_REGISTER_BOOK) { /* and what is none */
        mc_refuse(txn, MC_INVALID, "form_no", "FIELD_INVALID", "field", "form_no", NULL);
        return false;
    }
    const DossierState__Document *last = find_last(txn, mc_key_bytes(open->record->dossier_id),
                                                   dossier_document_info(kind)->form_no);
    if (last != NULL && last->state == DOSSIER__DOCUMENT_STATE__DOCUMENT_FAILED)
        return true;
    mc_refuse(txn, MC_EXPIRED, "form_no", "DOCUMENT_NOT_FAILED", NULL);
    return false;
}

enum mc_status dossier_make_document(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__MakeDocumentRequest *req,
                                     Dossier__Document *rep)
{
    enum dossier_document_kind kind = dossier_document_kind(req->form_no);
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (open.actor != DOSSIER_BY_OFFICER)
        return mc_refuse(txn, MC_DENIED, "", "OWN_DOSSIER", NULL);
    if (!may_be_made(txn, &open, kind))
        return txn->status;
    struct mc_bytes id =
        dossier_document_make(dossier, txn, open.record, kind, reason_of(txn, open.record));
    const DossierState__Document *record =
        mc_load(txn, DOSSIER_DOCUMENTS, mc_key_join(txn, mc_key_bytes(open.record->dossier_id), id),
                &dossier_state__document__descriptor);
    const Dossier__Document *made =
        record != NULL ? dossier_document_message(txn, id, record, true) : NULL;
    if (made != NULL)
        *rep = *made;
    return txn->status;
}
