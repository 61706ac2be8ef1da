/*
 * ReadAttachment: a paper's content, for who may see the dossier it belongs to; whole, or in
 * ranges. An officer names his purpose, and every reading is told to the log (architecture: reads
 * of personal data are audited like writes).
 */
#include <string.h>

#include "dossier.h"

static void tell(struct mc_txn *txn, const DossierState__Dossier *record,
                 const Dossier__ReadAttachmentRequest *req, uint64_t length)
{
    Dossier__FileRead read = DOSSIER__FILE_READ__INIT;

    read.dossier_id = record->dossier_id;
    read.sha256 = req->sha256;
    read.offset = req->offset;
    read.length = length;
    dossier_tell_read(txn, &read, dossier_keys(txn, record));
}

enum mc_status dossier_read_attachment(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ReadAttachmentRequest *req,
                                       Dossier__ReadAttachmentReply *rep)
{
    (void)dossier;
    struct dossier_open open = {0};
    uint8_t hash[MC_HASH_LEN];

    if (!mc_unhex(hash, sizeof hash, mc_key_text(req->sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        !dossier_check_purpose(txn, open.actor))
        return txn->status;
    const DossierState__Paper *paper =
        dossier_paper_or_result(open.record, (struct mc_bytes){hash, sizeof hash});
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);

    struct mc_bytes content =
        dossier_file_read(txn, mc_key_bytes(paper->sha256), paper->size, req->offset, req->length);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = paper->content_type;
    rep->file_name = mc_open_text(txn, paper->file_name);
    rep->size = paper->size;
    tell(txn, open.record, req, content.len);
    return txn->status;
}
