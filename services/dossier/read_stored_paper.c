/*
 * ReadStoredPaper: its content, asked for as the national store is: by the agency that issued it
 * (CoQuanChuQuan) and its path (DuongDan), which is its id. Every reading is kept beside it.
 */
#include <string.h>

#include "dossier.h"

enum mc_status dossier_read_stored_paper(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__ReadStoredPaperRequest *req,
                                         Dossier__ReadAttachmentReply *rep)
{
    struct dossier_open open = {0};
    struct dossier_stored stored = {0};

    (void)dossier;
    if (req->dossier_id.len > 0 && dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (dossier_stored_open(txn, req->paper_id, open.record != NULL ? &open : NULL, &stored) !=
            MC_OK ||
        !dossier_check_purpose(txn, stored.holder ? DOSSIER_BY_CITIZEN : DOSSIER_BY_OFFICER))
        return txn->status;
    if (strcmp(stored.record->issuer, req->issuer) != 0)
        return mc_refuse(txn, MC_NOT_FOUND, "issuer", "PAPER_NOT_FOUND", NULL);
    struct mc_bytes content = dossier_file_read(txn, mc_key_bytes(stored.record->sha256),
                                                stored.record->size, req->offset, req->length);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = stored.record->content_type;
    rep->file_name = mc_open_text(txn, stored.record->file_name);
    rep->size = stored.record->size;
    dossier_stored_use(txn, &stored, "READ", open.record);
    return txn->status;
}
