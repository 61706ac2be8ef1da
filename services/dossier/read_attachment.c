/*
 * ReadAttachment: a paper's content, for who may see the dossier it belongs to; whole, or in
 * ranges. An officer names his purpose, and every reading is told to the log (architecture: reads
 * of personal data are audited like writes).
 */
#include <string.h>

#include "dossier.h"

static enum mc_status check_range(struct mc_txn *txn, const Dossier__ReadAttachmentRequest *req,
                                  uint64_t size)
{
    if (req->length > DOSSIER_READ_MAX)
        return mc_refuse(txn, MC_INVALID, "length", "FILE_RANGE", "max",
                         dossier_number_text(txn, DOSSIER_READ_MAX), NULL);
    if (req->offset > size || (req->length == 0 && req->offset > 0))
        return mc_refuse(txn, MC_INVALID, "offset", "FILE_RANGE", "max",
                         dossier_number_text(txn, DOSSIER_READ_MAX), NULL);
    if (req->length == 0 && size > DOSSIER_FILE_MAX)
        return mc_refuse(txn, MC_INVALID, "length", "FILE_READ_IN_PARTS", "max",
                         dossier_number_text(txn, DOSSIER_FILE_MAX >> 20), NULL);
    return MC_OK;
}

static void tell(struct mc_txn *txn, const DossierState__Dossier *record,
                 const Dossier__ReadAttachmentRequest *req, uint64_t length)
{
    Dossier__FileRead read = DOSSIER__FILE_READ__INIT;

    read.dossier_id = record->dossier_id;
    read.sha256 = req->sha256;
    read.by = mc_unconst(txn->actor);
    read.unit = mc_unconst(txn->caller->unit != NULL ? txn->caller->unit : "");
    read.purpose = txn->header->purpose;
    read.offset = req->offset;
    read.length = length;
    mc_emit(txn, "dossier.file_read", &read.base, MC_SEALED, dossier_keys(txn, record));
}

static struct mc_bytes read_content(struct mc_txn *txn, const DossierState__Paper *paper,
                                    const Dossier__ReadAttachmentRequest *req)
{
    if (req->length == 0)
        return dossier_file_get(txn, mc_key_bytes(paper->sha256), paper->size);
    struct dossier_file file = dossier_file_open(txn, mc_key_bytes(paper->sha256));
    if (file.record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "file missing");
        return (struct mc_bytes){0};
    }
    return dossier_file_range(txn, file.record, req->offset, req->length);
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
        dossier_paper_find(open.record, (struct mc_bytes){hash, sizeof hash}, NULL);
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);
    if (check_range(txn, req, paper->size) != MC_OK)
        return txn->status;

    struct mc_bytes content = read_content(txn, paper, req);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = paper->content_type;
    rep->file_name = mc_open_text(txn, paper->file_name);
    rep->size = paper->size;
    tell(txn, open.record, req, content.len);
    return txn->status;
}
