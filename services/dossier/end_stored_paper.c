/*
 * EndStoredPaper: the issuer's leader revokes a paper, or says which one replaces it. It stays in
 * the store, with the reason, and cannot be used again; dossiers that used it keep it.
 */
#include <string.h>

#include "dossier.h"

static enum mc_status check_next(struct mc_txn *txn, const Dossier__EndStoredPaperRequest *req,
                                 const struct dossier_stored *stored)
{
    struct dossier_stored next = {0};

    if (req->replaced_by.len == 0)
        return MC_OK;
    if (mc_bytes_same(mc_key_bytes(req->replaced_by), stored->id))
        return mc_refuse(txn, MC_INVALID, "replaced_by", "FIELD_INVALID", "field", "replaced_by",
                         NULL);
    if (dossier_stored_open(txn, req->replaced_by, NULL, &next) != MC_OK)
        return txn->status;
    if (strcmp(next.record->name, stored->record->name) != 0 ||
        dossier_stored_state(txn, next.record) != DOSSIER__PAPER_STATE__PAPER_VALID)
        return mc_refuse(txn, MC_INVALID, "replaced_by", "PAPER_NOT_VALID", NULL);
    return MC_OK;
}

enum mc_status dossier_end_stored_paper(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__EndStoredPaperRequest *req,
                                        Dossier__StoredPaper *rep)
{
    struct dossier_stored stored = {0};
    Dossier__PaperEnded told = DOSSIER__PAPER_ENDED__INIT;
    char id[MC_UUID_TEXT_LEN + 1];
    const char *reason = dossier_lines(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    (void)dossier;
    if (reason != NULL && reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (txn->status != MC_OK || dossier_stored_open(txn, req->paper_id, NULL, &stored) != MC_OK)
        return txn->status;
    if (stored.holder) /* nobody decides about his own paper */
        return mc_refuse(txn, MC_DENIED, "", "OWN_DOSSIER", NULL);
    if (stored.record->state != DOSSIER__PAPER_STATE__PAPER_VALID)
        return mc_refuse(txn, MC_EXPIRED, "paper_id", "PAPER_NOT_VALID", NULL);
    if (check_next(txn, req, &stored) != MC_OK)
        return txn->status;

    stored.record->state = req->replaced_by.len > 0 ? DOSSIER__PAPER_STATE__PAPER_REPLACED
                                                    : DOSSIER__PAPER_STATE__PAPER_REVOKED;
    stored.record->end_reason = mc_seal_text(txn, reason);
    stored.record->replaced_by = req->replaced_by;
    stored.record->ended_at_ms = txn->now_ms;
    dossier_stored_save(txn, &stored);
    dossier_stored_fill(txn, stored.id, stored.record, rep);
    told.paper_id = req->paper_id;
    told.state = rep->state;
    told.replaced_by = req->replaced_by;
    told.reason = mc_unconst(reason);
    mc_uuid_text(id, stored.id.data);
    const char *keys[] = {mc_sprintf(txn->arena, "paper:%s", id), NULL};
    mc_emit(txn, "dossier.paper_ended", &told.base, MC_SEALED, keys);
    return txn->status;
}
