/*
 * ReusePaper: a paper of the owner's data store becomes a paper of the dossier, without an upload
 * (DIG-03, S33): «Tái sử dụng», or, when it is another dossier's result, «Tái sử dụng từ kết quả
 * hồ sơ khác»; DuocLayTuKhoDMQG. By the citizen for his draft or supplement; by the officer who
 * takes in what came on paper, for a purpose.
 */
#include "dossier.h"

enum mc_status dossier_reuse_paper(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ReusePaperRequest *req, Dossier__AttachReply *rep)
{
    struct dossier_open open = {0};
    struct dossier_stored stored = {0};
    DossierState__Paper paper = DOSSIER_STATE__PAPER__INIT;
    char sha256[2 * MC_HASH_LEN + 1];

    (void)dossier;
    paper.component = dossier_paper_component(txn, req->component);
    if (txn->status != MC_OK || dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        !dossier_check_purpose(txn, open.actor) ||
        (open.actor == DOSSIER_BY_OFFICER &&
         dossier_check_version(txn, &open, req->version) != MC_OK) ||
        dossier_stored_open(txn, req->paper_id, &open, &stored) != MC_OK)
        return txn->status;
    if (dossier_stored_state(txn, stored.record) != DOSSIER__PAPER_STATE__PAPER_VALID)
        return mc_refuse(txn, MC_EXPIRED, "paper_id", "PAPER_NOT_VALID", NULL);

    struct dossier_file file = dossier_file_open(txn, mc_key_bytes(stored.record->sha256));
    if (file.record == NULL || dossier_scan_check(txn, file.record) != MC_OK)
        return mc_fail(txn, MC_CORRUPT, "file missing");

    paper.sha256 = stored.record->sha256;
    paper.file_name = stored.record->file_name;
    paper.content_type = stored.record->content_type;
    paper.size = stored.record->size;
    paper.stored_paper = req->paper_id;
    paper.from_data_store = true;
    paper.digitised = stored.record->origin == DOSSIER__PAPER_ORIGIN__RESULT_OF_DOSSIER
                          ? DOSSIER__DIGITISED__REUSED_RESULT
                          : DOSSIER__DIGITISED__REUSED;
    (void)mc_hex(sha256, mc_key_bytes(paper.sha256));
    rep->sha256 = dossier_text(txn, sha256);
    rep->content_type = paper.content_type;
    rep->size = paper.size;
    if (dossier_paper_find(open.record, mc_key_bytes(paper.sha256), paper.component) != NULL)
        return txn->status; /* it is there already: once is enough */
    if (dossier_paper_check(txn, &open, paper.size) != MC_OK)
        return txn->status;
    dossier_paper_add(txn, open.record, &paper);
    dossier_file_hold(txn, mc_key_bytes(paper.sha256));
    dossier_save(txn, &open);
    dossier_stored_use(txn, &stored, "REUSED", open.record);
    return txn->status;
}
