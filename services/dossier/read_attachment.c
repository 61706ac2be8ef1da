/* ReadAttachment: a paper's content, for who may see the dossier it belongs to. */
#include <string.h>

#include "dossier.h"

static const DossierState__Paper *find_paper(const DossierState__Dossier *record,
                                             const uint8_t hash[MC_HASH_LEN])
{
    for (size_t i = 0; i < record->n_papers; i++)
        if (record->papers[i]->sha256.len == MC_HASH_LEN &&
            memcmp(record->papers[i]->sha256.data, hash, MC_HASH_LEN) == 0)
            return record->papers[i];
    return NULL;
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
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    const DossierState__Paper *paper = find_paper(open.record, hash);
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);

    struct mc_bytes content = dossier_file_get(txn, mc_key_bytes(paper->sha256), paper->size);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = paper->content_type;
    rep->file_name = mc_open_text(txn, paper->file_name);
    return txn->status;
}
