#include "common/pauses.h"

#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/store_mdb.h"

static const char prefix[] = "pause/";
enum {
    PREFIX_LEN = sizeof prefix - 1,
    KEY_HEAD = PREFIX_LEN + 2,
    KEY_MAX = KEY_HEAD + MC_PAUSE_DESTINATION_MAX,
};
static const int64_t day_ms = INT64_C(86400000);

struct mc_pause {
    unsigned lane;
    bool whole;
    char destination[MC_PAUSE_DESTINATION_MAX + 1];
    int64_t until_ms;
};

/* --- asked by who takes jobs --- */

static bool holds(int64_t until_ms, int64_t now_ms)
{
    return until_ms == 0 || until_ms > now_ms;
}

bool mc_is_paused(const struct mc_store *store, unsigned lane, const char *destination,
                  int64_t now_ms)
{
    for (size_t i = 0; i < store->pauses_len; i++) {
        const struct mc_pause *pause = &store->pauses[i];

        if (pause->lane == lane && holds(pause->until_ms, now_ms) &&
            (pause->whole || (destination != NULL && strcmp(pause->destination, destination) == 0)))
            return true;
    }
    return false;
}

int64_t mc_pause_ends(const struct mc_store *store, unsigned lane, int64_t now_ms)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < store->pauses_len; i++)
        if (store->pauses[i].lane == lane && store->pauses[i].until_ms > now_ms)
            first = MC_MIN(first, store->pauses[i].until_ms);
    return first;
}

/* --- rows --- */

static struct mc_bytes key_of(struct mc_txn *txn, unsigned lane, bool whole,
                              const char *destination)
{
    uint8_t key[KEY_MAX];
    size_t len = whole ? 0 : strnlen(destination, MC_PAUSE_DESTINATION_MAX);

    memcpy(key, prefix, PREFIX_LEN);
    key[PREFIX_LEN] = (uint8_t)lane;
    key[PREFIX_LEN + 1] = whole ? '*' : '=';
    memcpy(key + KEY_HEAD, destination, len);
    return mc_keep(txn, key, KEY_HEAD + len);
}

static struct mc_cursor rows_of(struct mc_txn *txn, int lane)
{
    uint8_t key[PREFIX_LEN + 1];

    memcpy(key, prefix, PREFIX_LEN);
    key[PREFIX_LEN] = (uint8_t)lane;
    struct mc_bytes kept = mc_keep(txn, key, lane >= 0 ? sizeof key : PREFIX_LEN);
    return mc_seek(txn, MC_TABLE_META, kept, (struct mc_bytes){0}, MC_FORWARD);
}

size_t mc_pauses_of(struct mc_txn *txn, int lane, Motcua__LanePause ***ret_pauses)
{
    size_t len = 0;

    *ret_pauses = NULL;
    if (txn->store->pauses_len == 0)
        return 0;
    Motcua__LanePause **pauses = mc_alloc(txn->arena, MC_PAUSES_MAX * sizeof(void *));
    if (pauses == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return 0;
    }
    struct mc_cursor cursor = rows_of(txn, lane);
    while (len < MC_PAUSES_MAX && mc_next(&cursor)) {
        pauses[len] = mc_row(&cursor, &motcua__lane_pause__descriptor);
        len += pauses[len] != NULL && holds(pauses[len]->until_ms, txn->now_ms);
    }
    *ret_pauses = pauses;
    return len;
}

enum mc_status mc_pauses_load(struct mc_store *store, struct mc_arena *arena)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(store, arena, &txn);

    if (status != MC_OK)
        return status;
    if (store->pauses == NULL &&
        (store->pauses = calloc(MC_PAUSES_MAX, sizeof *store->pauses)) == NULL) {
        mc_snapshot_close(&txn);
        return MC_FULL;
    }
    store->pauses_len = 0;
    struct mc_cursor cursor = rows_of(&txn, -1);
    while (store->pauses_len < MC_PAUSES_MAX && mc_next(&cursor)) {
        const uint8_t *key = cursor.key.data;
        const Motcua__LanePause *row = mc_row(&cursor, &motcua__lane_pause__descriptor);
        struct mc_pause *pause = &store->pauses[store->pauses_len];

        if (row == NULL || cursor.key.len < KEY_HEAD || cursor.key.len > KEY_MAX)
            break;
        *pause = (struct mc_pause){
            .lane = key[PREFIX_LEN], .whole = row->whole_lane, .until_ms = row->until_ms};
        memcpy(pause->destination, key + KEY_HEAD, cursor.key.len - KEY_HEAD);
        store->pauses_len++;
        mc_pass(&cursor);
    }
    status = txn.status;
    mc_snapshot_close(&txn);
    return status;
}

void mc_pauses_free(struct mc_store *store)
{
    free(store->pauses);
    store->pauses = NULL;
    store->pauses_len = 0;
}

/* --- the methods --- */

void mc_destination_check(const struct mc_service *service, struct mc_txn *txn, int lane,
                          const char *destination)
{
    const struct mc_room *room = service->room;

    if (room->knows_destination != NULL &&
        !room->knows_destination(service->ctx, txn, (unsigned)lane, destination))
        (void)mc_refuse(txn, MC_INVALID, "destination", "DESTINATION_UNKNOWN", "destination",
                        destination, NULL);
}

/* The lane's number, when it and the destination can be meant. */
static unsigned check_where(const struct mc_service *service, struct mc_txn *txn, const char *lane,
                            const char *destination, bool whole)
{
    int number = mc_lane_named(service->room, lane);

    if (number < 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "lane", "NOT_FOUND", NULL);
    if (whole && destination[0] != '\0')
        (void)mc_refuse(txn, MC_INVALID, "destination", "FIELD_INVALID", "field", "destination",
                        NULL);
    else if (strlen(destination) > MC_PAUSE_DESTINATION_MAX)
        (void)mc_refuse(txn, MC_INVALID, "destination", "FIELD_TOO_LONG", "field", "destination",
                        "max", "64 byte", NULL);
    return (unsigned)number;
}

/* <room>.queue_paused, .queue_resumed: audit knows who did it and why. */
static void tell(struct mc_service *service, struct mc_txn *txn, const Motcua__LanePause *pause,
                 const char *what)
{
    const char *type = mc_sprintf(txn->arena, "%s.queue_%s", service->room->name, what);
    const char *keys[] = {mc_sprintf(txn->arena, "queue:%s/%s", service->room->name, pause->lane),
                          NULL};

    txn->pauses_changed = true;
    if (type == NULL || keys[0] == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, type, &pause->base, MC_PLAIN, keys);
}

enum mc_status mc_pause_lane(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__PauseLaneRequest *req, Motcua__LanePause *rep)
{
    unsigned lane = check_where(service, txn, req->lane, req->destination, req->whole_lane);
    struct mc_bytes known;

    if (txn->status == MC_OK && !req->whole_lane)
        mc_destination_check(service, txn, (int)lane, req->destination);
    mc_reason_check(txn, req->reason);
    if (req->until_ms != 0 &&
        (req->until_ms <= txn->now_ms || req->until_ms > txn->now_ms + MC_PAUSE_DAYS_MAX * day_ms))
        (void)mc_refuse(txn, MC_INVALID, "until_ms", "FIELD_INVALID", "field", "until_ms", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes key = key_of(txn, lane, req->whole_lane, req->destination);
    if (txn->store->pauses_len >= MC_PAUSES_MAX && !mc_get(txn, MC_TABLE_META, key, &known))
        return mc_refuse(txn, MC_LIMITED, "", "PAUSES_TOO_MANY", NULL);

    rep->lane = req->lane;
    rep->destination = req->destination;
    rep->whole_lane = req->whole_lane;
    rep->reason = req->reason;
    rep->by = mc_unconst(txn->actor);
    rep->since_ms = txn->now_ms;
    rep->until_ms = req->until_ms;
    mc_save(txn, MC_TABLE_META, key, &rep->base);
    tell(service, txn, rep, "paused");
    return txn->status;
}

enum mc_status mc_resume_lane(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ResumeLaneRequest *req, Motcua__LanePause *rep)
{
    unsigned lane = check_where(service, txn, req->lane, req->destination, req->whole_lane);

    mc_reason_check(txn, req->reason);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes key = key_of(txn, lane, req->whole_lane, req->destination);
    const Motcua__LanePause *pause =
        mc_load(txn, MC_TABLE_META, key, &motcua__lane_pause__descriptor);
    if (pause == NULL ||
        !holds(pause->until_ms, txn->now_ms)) /* its end is told by the next tick */
        return mc_refuse(txn, MC_NOT_FOUND, "destination", "NOT_FOUND", NULL);
    *rep = *pause;
    rep->reason = req->reason;
    rep->resumed_by = mc_unconst(txn->actor);
    rep->until_ms = txn->now_ms;
    mc_drop(txn, MC_TABLE_META, key);
    tell(service, txn, rep, "resumed");
    return txn->status;
}

void mc_pauses_step(struct mc_service *service, struct mc_txn *txn)
{
    bool over = false;

    for (size_t i = 0; i < txn->store->pauses_len; i++)
        over = over || !holds(txn->store->pauses[i].until_ms, txn->now_ms);
    if (!over)
        return;
    struct mc_cursor cursor = rows_of(txn, -1);
    while (mc_next(&cursor)) {
        Motcua__LanePause *pause = mc_row(&cursor, &motcua__lane_pause__descriptor);

        if (pause == NULL || holds(pause->until_ms, txn->now_ms))
            continue;
        pause->resumed_by = mc_unconst(txn->actor);
        mc_drop(txn, MC_TABLE_META, mc_keep(txn, cursor.place, cursor.place_len));
        tell(service, txn, pause, "resumed");
    }
}
