#include "common/upkeep.h"

#include <string.h>

static const char upkeep_key[] = "upkeep";

static Motcua__Upkeep *load(struct mc_txn *txn)
{
    return mc_load(txn, MC_TABLE_META, mc_key_text(upkeep_key), &motcua__upkeep__descriptor);
}

/* Writes the row, and tells audit. */
static void change(struct mc_service *service, struct mc_txn *txn, const Motcua__Upkeep *upkeep,
                   const char *what)
{
    char id[MC_UUID_TEXT_LEN + 1] = "";

    if (upkeep->upkeep_id.len == MC_ID_LEN)
        mc_uuid_text(id, upkeep->upkeep_id.data);
    mc_save(txn, MC_TABLE_META, mc_key_text(upkeep_key), &upkeep->base);
    const char *type = mc_sprintf(txn->arena, "%s.upkeep_%s", service->room->name, what);
    const char *keys[] = {mc_sprintf(txn->arena, "upkeep:%s", id), NULL};
    if (type == NULL || keys[0] == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, type, &upkeep->base, MC_SEALED, keys);
}

enum mc_status mc_upkeep_start(struct mc_service *service, struct mc_txn *txn,
                               const Motcua__StartUpkeepRequest *req, Motcua__Upkeep *rep)
{
    const char *folder = service->options.backup_dir;
    const Motcua__Upkeep *now = load(txn);

    if (req->kind == MOTCUA__UPKEEP_KIND__UPKEEP_KIND_UNSPECIFIED)
        (void)mc_refuse(txn, MC_INVALID, "kind", "FIELD_REQUIRED", "field", "kind", NULL);
    if (req->kind == MOTCUA__UPKEEP_KIND__BACKUP && (folder == NULL || folder[0] == '\0'))
        (void)mc_refuse(txn, MC_DENIED, "kind", "UPKEEP_NOT_SET_UP", NULL);
    mc_reason_check(txn, req->reason);
    if (now != NULL && now->state == MOTCUA__UPKEEP_STATE__UPKEEP_ASKED)
        (void)mc_refuse(txn, MC_CONFLICT, "", "UPKEEP_BUSY", NULL);
    if (txn->status != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    rep->upkeep_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->kind = req->kind;
    rep->state = MOTCUA__UPKEEP_STATE__UPKEEP_ASKED;
    rep->reason = req->reason;
    rep->asked_by = mc_unconst(txn->caller->name);
    rep->asked_ms = txn->now_ms;
    change(service, txn, rep, "asked");
    return txn->status;
}

enum mc_status mc_upkeep_get(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__GetUpkeepRequest *req, Motcua__Upkeep *rep)
{
    const Motcua__Upkeep *now = load(txn);

    (void)req;
    if (now == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "", "NOT_FOUND", NULL);
    *rep = *now;
    if (rep->state == MOTCUA__UPKEEP_STATE__UPKEEP_ASKED) {
        rep->done = service->upkeep_done;
        rep->total = service->upkeep_total;
    }
    return txn->status;
}

enum mc_status mc_upkeep_stop(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__StopUpkeepRequest *req, Motcua__Upkeep *rep)
{
    const Motcua__Upkeep *now = load(txn);

    if (now == NULL || req->upkeep_id.len != MC_ID_LEN ||
        memcmp(now->upkeep_id.data, req->upkeep_id.data, MC_ID_LEN) != 0)
        return mc_refuse(txn, MC_NOT_FOUND, "upkeep_id", "NOT_FOUND", NULL);
    *rep = *now;
    if (now->state != MOTCUA__UPKEEP_STATE__UPKEEP_ASKED)
        return MC_OK; /* it has ended by itself */
    rep->state = MOTCUA__UPKEEP_STATE__UPKEEP_STOPPED;
    rep->ended_ms = txn->now_ms;
    change(service, txn, rep, "stopped");
    return txn->status;
}

const Motcua__Upkeep *mc_upkeep_wanted(struct mc_txn *txn)
{
    const Motcua__Upkeep *now = load(txn);

    return now != NULL && now->state == MOTCUA__UPKEEP_STATE__UPKEEP_ASKED &&
                   now->upkeep_id.len == MC_ID_LEN
               ? now
               : NULL;
}

struct ending {
    struct mc_service *service;
    const struct mc_upkeep_result *result;
};

static enum mc_status end(void *arg, struct mc_txn *txn)
{
    const struct ending *ending = arg;
    const struct mc_upkeep_result *result = ending->result;
    const Motcua__Upkeep *now = mc_upkeep_wanted(txn);

    if (now == NULL || memcmp(now->upkeep_id.data, result->upkeep_id, MC_ID_LEN) != 0)
        return txn->status; /* stopped */
    Motcua__Upkeep ended = *now;
    ended.state =
        result->good ? MOTCUA__UPKEEP_STATE__UPKEEP_DONE : MOTCUA__UPKEEP_STATE__UPKEEP_FAILED;
    ended.ended_ms = txn->now_ms;
    ended.done = result->done;
    ended.total = result->total;
    ended.folder = mc_unconst(result->folder);
    ended.journal_last = result->journal_last;
    ended.problems = mc_unconst(result->problems);
    ended.n_problems = result->problems_len;
    ended.problems_more = result->problems_more;
    change(ending->service, txn, &ended, result->good ? "done" : "failed");
    return txn->status;
}

void mc_upkeep_end(struct mc_service *service, struct mc_turn *turn,
                   const struct mc_upkeep_result *result)
{
    struct ending ending = {.service = service, .result = result};

    mc_own_step(service, turn, end, &ending, "upkeep");
}
