#include "common/lineage.h"

#include <string.h>

#include "common/text.h"

enum { LINEAGES_MAX = 1000 }; /* restores of one store; the oldest are forgotten */

static const char lineage_key[] = "lineage";

static Motcua__Lineages *load(struct mc_txn *txn)
{
    return mc_load(txn, MC_TABLE_META, mc_key_text(lineage_key), &motcua__lineages__descriptor);
}

static struct mc_bytes known_key(struct mc_txn *txn, const char *room)
{
    return mc_key_join(txn, mc_key_text("follow/"), mc_key_text(room));
}

static bool is(ProtobufCBinaryData id, const uint8_t other[MC_ID_LEN])
{
    return id.len == MC_ID_LEN && memcmp(id.data, other, MC_ID_LEN) == 0;
}

void mc_lineage_begin(struct mc_txn *txn, const uint8_t id[MC_ID_LEN])
{
    Motcua__Lineages none = MOTCUA__LINEAGES__INIT;
    Motcua__Lineage *span = mc_alloc(txn->arena, sizeof *span);
    Motcua__Lineages *lineages = load(txn);

    if (lineages == NULL)
        lineages = &none;
    size_t skip = lineages->n_spans >= LINEAGES_MAX ? 1 : 0;
    Motcua__Lineage **spans = mc_alloc(txn->arena, (lineages->n_spans + 1) * sizeof(void *));
    if (span == NULL || spans == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    motcua__lineage__init(span);
    span->id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(id)};
    span->after = mc_store_counts(txn->store)->journal_last;
    span->at_ms = txn->now_ms;
    size_t n = lineages->n_spans - skip;
    if (n > 0)
        memcpy(spans, lineages->spans + skip, n * sizeof(void *));
    spans[n] = span;
    lineages->spans = spans;
    lineages->n_spans = n + 1;
    mc_save(txn, MC_TABLE_META, mc_key_text(lineage_key), &lineages->base);
}

/* The first name is made from the master key and the time: nothing is drawn for it. */
static enum mc_status begin_first(struct mc_service *service)
{
    struct mc_bytes when = {&service->started_ms, sizeof service->started_ms};
    uint8_t hash[MC_HASH_LEN];
    struct mc_turn turn;
    struct mc_txn txn;

    mc_mac(hash, service->options.master, "lineage", &when, 1);
    memcpy(service->lineage, hash, sizeof service->lineage);
    mc_turn_begin(&turn, service->store, &service->arena, service->started_ms);
    mc_txn_open(&txn, &turn);
    mc_lineage_begin(&txn, service->lineage);
    (void)mc_txn_apply(&txn);
    enum mc_status status = mc_turn_commit(&turn);
    mc_arena_reset(&service->arena);
    if (status == MC_FULL) /* no room for it: at another start */
        memset(service->lineage, 0, sizeof service->lineage);
    return status == MC_FULL ? MC_OK : status;
}

enum mc_status mc_lineage_open(struct mc_service *service)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(service->store, &service->arena, &txn);

    if (status != MC_OK)
        return status;
    const Motcua__Lineages *lineages = load(&txn);
    bool found = lineages != NULL && lineages->n_spans > 0 &&
                 lineages->spans[lineages->n_spans - 1]->id.len == MC_ID_LEN;
    if (found)
        memcpy(service->lineage, lineages->spans[lineages->n_spans - 1]->id.data, MC_ID_LEN);
    status = txn.status;
    mc_snapshot_close(&txn);
    mc_arena_reset(&service->arena);
    return status != MC_OK || found ? status : begin_first(service);
}

/* The last event that the journal shares with the one of this name; 0: none. */
static uint64_t fork_of(struct mc_txn *txn, ProtobufCBinaryData id)
{
    const Motcua__Lineages *lineages = load(txn);
    uint64_t fork = 0;
    bool found = false;

    for (size_t i = 0; lineages != NULL && i < lineages->n_spans; i++) {
        if (found)
            fork = MC_MIN(fork, lineages->spans[i]->after);
        if (lineages->spans[i]->id.len == id.len &&
            memcmp(lineages->spans[i]->id.data, id.data, id.len) == 0) {
            found = true;
            fork = UINT64_MAX;
        }
    }
    return fork;
}

bool mc_lineage_serve(struct mc_service *service, struct mc_txn *txn,
                      const Motcua__FollowRequest *req, Motcua__FollowReply *rep)
{
    rep->lineage = (ProtobufCBinaryData){sizeof service->lineage, service->lineage};
    if (req->lineage.len == 0 || is(req->lineage, service->lineage))
        return true;
    uint64_t fork = fork_of(txn, req->lineage);
    if (req->after <= fork)
        return true;
    rep->diverged = true;
    rep->fork = fork;
    return false;
}

void mc_lineage_known(struct mc_txn *txn, struct mc_followed *from)
{
    struct mc_bytes value;

    from->lineage_known =
        mc_get(txn, MC_TABLE_META, known_key(txn, from->room), &value) && value.len == MC_ID_LEN;
    if (from->lineage_known)
        memcpy(from->lineage, value.data, MC_ID_LEN);
}

void mc_lineage_heard(struct mc_service *service, struct mc_turn *turn, struct mc_followed *from,
                      const Motcua__FollowReply *reply)
{
    struct mc_txn txn;

    from->diverged = reply->diverged && reply->lineage.len == MC_ID_LEN;
    from->fork = reply->fork;
    if (from->diverged)
        memcpy(from->offered, reply->lineage.data, MC_ID_LEN);
    if (from->diverged || reply->lineage.len != MC_ID_LEN ||
        (from->lineage_known && is(reply->lineage, from->lineage)))
        return;
    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    mc_txn_open(&txn, turn);
    mc_put(&txn, MC_TABLE_META, known_key(&txn, from->room), mc_key_bytes(reply->lineage));
    (void)mc_txn_apply(&txn);
}

static struct mc_followed *followed_find(struct mc_service *service, const char *room)
{
    for (size_t i = 0; i < service->followed_len; i++)
        if (strcmp(service->followed[i].room, room) == 0)
            return &service->followed[i];
    return NULL;
}

enum mc_status mc_lineage_accept(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__AcceptLineageRequest *req,
                                 Motcua__AcceptLineageReply *rep)
{
    const struct mc_followed *from = followed_find(service, req->room);
    Motcua__LineageAccepted told = MOTCUA__LINEAGE_ACCEPTED__INIT;

    if (from == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, "room", "NOT_FOUND", NULL);
    else if (!from->diverged || !is(req->lineage, from->offered))
        (void)mc_refuse(txn, MC_CONFLICT, "lineage", "LINEAGE_OTHER", NULL);
    mc_reason_check(txn, req->reason);
    if (from == NULL || txn->status != MC_OK)
        return txn->status;

    rep->applied = mc_cursor_load(txn, req->room);
    rep->fork = from->fork;
    mc_put(txn, MC_TABLE_CURSORS, mc_key_text(req->room),
           (struct mc_bytes){&rep->fork, sizeof rep->fork});
    mc_put(txn, MC_TABLE_META, known_key(txn, req->room), mc_key_bytes(req->lineage));

    const char *type = mc_sprintf(txn->arena, "%s.lineage_accepted", service->room->name);
    const char *keys[] = {mc_sprintf(txn->arena, "room:%s", req->room), NULL};
    if (type == NULL || keys[0] == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    told.room = req->room;
    told.lineage = req->lineage;
    told.applied = rep->applied;
    told.fork = rep->fork;
    told.reason = req->reason;
    mc_emit(txn, type, &told.base, MC_SEALED, keys);
    return txn->status;
}
