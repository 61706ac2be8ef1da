/* ListDocuments: the documents about a dossier, or a unit's registers, newest first. */
#include "dossier.h"

static bool is_shown(const DossierState__Document *record, bool officer)
{
    enum dossier_document_kind kind = dossier_document_kind(record->form_no);

    return officer || (kind != DOSSIER_DOCUMENTS_LEN && !dossier_document_info(kind)->internal);
}

enum mc_status dossier_list_documents(struct dossier *dossier, struct mc_txn *txn,
                                      const Dossier__ListDocumentsRequest *req,
                                      Dossier__ListDocumentsReply *rep)
{
    bool officer = false;
    const DossierState__Dossier *about = NULL;
    struct mc_bytes owner =
        dossier_document_owner(txn, req->dossier_id, req->unit, &officer, &about);

    (void)dossier;
    if (txn->status != MC_OK)
        return txn->status;
    rep->documents = dossier_list(txn, DOSSIER_DOCUMENTS_LISTED_MAX);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_DOCUMENTS, owner, (struct mc_bytes){0}, MC_BACKWARD);
    while (rep->documents != NULL && rep->n_documents < DOSSIER_DOCUMENTS_LISTED_MAX &&
           mc_next(&cursor)) {
        const DossierState__Document *record =
            mc_row(&cursor, &dossier_state__document__descriptor);

        if (record == NULL)
            break;
        if (!is_shown(record, officer))
            continue;
        struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor.key.data + owner.len, MC_ID_LEN);
        rep->documents[rep->n_documents] = dossier_document_message(txn, id, record, officer);
        rep->n_documents += rep->documents[rep->n_documents] != NULL;
    }
    return txn->status;
}
