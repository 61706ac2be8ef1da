/* Attach: a paper of a draft or of a supplement, or one scanned at a desk: its content in the
 * message, or a finished upload. */
#include "dossier.h"

static void tell(struct mc_txn *txn, const DossierState__Dossier *record, const char *sha256,
                 uint64_t size)
{
    Dossier__Attached attached = DOSSIER__ATTACHED__INIT;

    attached.dossier_id = record->dossier_id;
    attached.sha256 = mc_unconst(sha256);
    attached.size = size;
    mc_emit(txn, "dossier.attached", &attached.base, MC_PLAIN, dossier_keys(txn, record));
}

static void fill(struct mc_txn *txn, const struct dossier_taken *taken, Dossier__AttachReply *rep)
{
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, taken->hash);
    rep->sha256 = dossier_text(txn, sha256);
    rep->content_type = mc_unconst(taken->content_type);
    rep->size = taken->size;
}

enum mc_status dossier_attach(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AttachRequest *req, Dossier__AttachReply *rep)
{
    struct dossier_open open = {0};
    struct dossier_taken taken = {0};

    (void)dossier_take_check(txn, req->content, req->upload_id);
    const char *file_name = dossier_paper_file_name(txn, req->file_name);
    char *component = dossier_paper_component(txn, req->component);
    if (txn->status != MC_OK || dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        (open.actor == DOSSIER_BY_OFFICER && dossier_paper_may_scan(&open) &&
         dossier_check_version(txn, &open, req->version) != MC_OK) ||
        dossier_take(dossier, txn, req->content, req->upload_id, &taken) != MC_OK)
        return txn->status;

    fill(txn, &taken, rep);
    rep->version = open.record->version;
    if ((open.actor == DOSSIER_BY_CITIZEN || dossier_paper_may_scan(&open)) &&
        dossier_paper_find(open.record, taken.hash, component) != NULL) {
        dossier_file_release(dossier, txn, taken.hash); /* it is there already: once is enough */
        return txn->status;
    }
    if (dossier_paper_check(txn, &open, taken.size) != MC_OK)
        return txn->status;

    DossierState__Paper paper = DOSSIER_STATE__PAPER__INIT;
    paper.sha256 = (ProtobufCBinaryData){taken.hash.len, mc_unconst(taken.hash.data)};
    paper.component = component;
    paper.file_name = mc_seal_text(txn, file_name);
    paper.content_type = rep->content_type;
    paper.size = taken.size;
    dossier_paper_add(txn, open.record, &paper);
    dossier_save(txn, &open);
    rep->version = open.record->version;
    if (txn->status == MC_OK)
        tell(txn, open.record, rep->sha256, taken.size);
    return txn->status;
}
