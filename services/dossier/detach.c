/*
 * Detach: takes a paper out of one's draft or supplement. What was in a dossier once it was sent
 * stays in its history, so its content stays too: only a draft's goes.
 */
#include <string.h>

#include "dossier.h"

static void take_out(DossierState__Dossier *record, const DossierState__Paper *paper)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_papers; i++)
        if (record->papers[i] != paper)
            record->papers[n++] = record->papers[i];
    record->n_papers = n;
    record->papers_size -= paper->size;
}

enum mc_status dossier_detach(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__DetachRequest *req, Dossier__DetachReply *rep)
{
    struct dossier_open open = {0};
    uint8_t hash[MC_HASH_LEN];

    (void)rep;
    if (!mc_unhex(hash, sizeof hash, mc_key_text(req->sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (open.actor != DOSSIER_BY_CITIZEN)
        return mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    if (open.was != DOSSIER__STATE__DRAFT && open.was != DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        return mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_SENT_ALREADY", NULL);
    const DossierState__Paper *paper =
        dossier_paper_find(open.record, (struct mc_bytes){hash, sizeof hash}, req->component);
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);

    take_out(open.record, paper);
    if (open.was == DOSSIER__STATE__DRAFT)
        dossier_file_release(dossier, txn, mc_key_bytes(paper->sha256));
    dossier_save(txn, &open);
    return txn->status;
}
