/*
 * GetDocument: one document with its PDF, for who may see the dossier, or officers of the unit. As
 * with papers, an officer names his purpose and the reading is told to the log.
 */
#include "dossier.h"

static void tell(struct mc_txn *txn, const Dossier__Document *document,
                 const DossierState__Dossier *about, const char *unit)
{
    Dossier__FileRead read = DOSSIER__FILE_READ__INIT;
    const char *const unit_keys[] = {mc_sprintf(txn->arena, "agency:%s", unit), NULL};

    if (about != NULL)
        read.dossier_id = about->dossier_id;
    read.sha256 = document->sha256;
    read.length = document->size;
    dossier_tell_read(txn, &read, about != NULL ? dossier_keys(txn, about) : unit_keys);
}

static const DossierState__Document *load(struct mc_txn *txn, struct mc_bytes owner,
                                          ProtobufCBinaryData id, bool officer)
{
    const DossierState__Document *record = NULL;

    if (id.len == MC_ID_LEN)
        record = mc_load(txn, DOSSIER_DOCUMENTS, mc_key_join(txn, owner, mc_key_bytes(id)),
                         &dossier_state__document__descriptor);
    enum dossier_document_kind kind =
        record != NULL ? dossier_document_kind(record->form_no) : DOSSIER_DOCUMENTS_LEN;
    if (kind == DOSSIER_DOCUMENTS_LEN || (!officer && dossier_document_info(kind)->internal)) {
        mc_refuse(txn, MC_NOT_FOUND, "document_id", "DOCUMENT_NOT_FOUND", NULL);
        return NULL;
    }
    if (record->state != DOSSIER__DOCUMENT_STATE__DOCUMENT_READY)
        mc_refuse(txn, MC_BUSY, "document_id", "DOCUMENT_NOT_READY", NULL);
    return txn->status == MC_OK ? record : NULL;
}

enum mc_status dossier_get_document(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__GetDocumentRequest *req,
                                    Dossier__GetDocumentReply *rep)
{
    bool officer = false;
    const DossierState__Dossier *about = NULL;
    struct mc_bytes owner =
        dossier_document_owner(txn, req->dossier_id, req->unit, &officer, &about);

    (void)dossier;
    if (txn->status != MC_OK ||
        !dossier_check_purpose(txn, officer ? DOSSIER_BY_OFFICER : DOSSIER_BY_CITIZEN))
        return txn->status;
    const DossierState__Document *record = load(txn, owner, req->document_id, officer);
    if (record == NULL)
        return txn->status;
    struct mc_bytes content = dossier_file_get(txn, mc_key_bytes(record->sha256), record->size);
    rep->document = dossier_document_message(txn, mc_key_bytes(req->document_id), record, officer);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = mc_unconst("application/pdf");
    rep->file_name = mc_sprintf(txn->arena, "mau-%s-%s.pdf", record->form_no,
                                about != NULL && about->code[0] != '\0' ? about->code : "ho-so");
    if (rep->file_name == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    tell(txn, rep->document, about, req->unit);
    return txn->status;
}
