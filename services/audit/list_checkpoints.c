/* ListCheckpoints: for who keeps them elsewhere, from the one he has on; or the newest. */
#include "audit.h"

static Audit__Checkpoint *tell(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const AuditState__Checkpoint *record = mc_row(cursor, &audit_state__checkpoint__descriptor);
    Audit__Checkpoint *told = mc_alloc(txn->arena, sizeof *told);

    if (record == NULL || told == NULL)
        return NULL;
    audit__checkpoint__init(told);
    told->size = audit_key_number(cursor->key);
    told->at_ms = record->at_ms;
    told->note = audit_checkpoint_note(txn, record);
    return told->note != NULL ? told : NULL;
}

enum mc_status audit_list_checkpoints(struct audit *audit, struct mc_txn *txn,
                                      const Audit__ListCheckpointsRequest *req,
                                      Audit__ListCheckpointsReply *rep)
{
    uint32_t size = req->page_size != 0 ? req->page_size : AUDIT_CHECKPOINTS_DEFAULT;

    (void)audit;
    if (req->page_size > AUDIT_CHECKPOINTS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->after == UINT64_MAX || (req->newest && req->after != 0))
        (void)mc_refuse(txn, MC_INVALID, "after", "FIELD_INVALID", "field", "after", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->checkpoints = mc_alloc(txn->arena, size * sizeof(void *));
    if (rep->checkpoints == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor = req->newest ? mc_seek(txn, AUDIT_CHECKPOINTS, (struct mc_bytes){0},
                                                    (struct mc_bytes){0}, MC_BACKWARD)
                                          : mc_seek(txn, AUDIT_CHECKPOINTS, (struct mc_bytes){0},
                                                    mc_key_u64(txn, req->after + 1), MC_FORWARD);
    while (mc_next(&cursor)) {
        if (rep->n_checkpoints == size) {
            rep->more = true;
            break;
        }
        Audit__Checkpoint *told = tell(txn, &cursor);
        if (told == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        rep->checkpoints[rep->n_checkpoints++] = told;
    }
    return txn->status;
}
