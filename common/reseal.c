#include "common/reseal.h"

#include <endian.h>
#include <string.h>

enum { DEPTH_MAX = 16, STAGED_HEAD = 3, STEP_ARENA = 64 << 20 };

static const char reseal_key[] = "reseal";
static const struct mc_bytes ad = {"motcua record", 13}; /* moment.c */

struct reseal {
    const struct mc_keyring *ring;
    const struct mc_random *random;
    struct mc_arena *arena;
    size_t n;
};

/* A varint; false: there is none. */
static bool varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static void walk(struct reseal *r, uint8_t *bytes, size_t len, unsigned depth);

/* True: it was sealed with the previous key, and is with the current one now. */
static bool again(struct reseal *r, uint8_t *bytes, size_t len, unsigned depth)
{
    size_t plain_len = 0;

    if (len < MC_SEAL_OVERHEAD || bytes[0] != r->ring->keys[1].id)
        return false;
    size_t mark = r->arena->used;
    uint8_t *plain = mc_alloc(r->arena, len);
    bool ours = plain != NULL &&
                mc_unseal(r->ring, ad, (struct mc_bytes){bytes, len}, plain, &plain_len) == MC_OK;
    if (ours) {
        walk(r, plain, plain_len, depth + 1); /* sealed within sealed */
        mc_seal(r->ring, r->random, ad, (struct mc_bytes){plain, plain_len}, bytes);
        r->n++;
    }
    if (plain != NULL)
        mc_wipe(plain, len);
    mc_arena_rewind(r->arena, mark);
    return ours;
}

/* Fields of a record, as far as the bytes are one: what is not sealed with our key does not open.
 */
static void walk(struct reseal *r, uint8_t *bytes, size_t len, unsigned depth)
{
    const uint8_t *at = bytes;
    const uint8_t *end = bytes + len;
    uint64_t tag = 0;
    uint64_t value = 0;

    if (depth > DEPTH_MAX || again(r, bytes, len, depth))
        return;
    while (at < end && varint(&at, end, &tag)) {
        size_t skip = 0;

        if ((tag & 7) == 0 && varint(&at, end, &value))
            continue;
        if ((tag & 7) == 1)
            skip = 8;
        else if ((tag & 7) == 5)
            skip = 4;
        else if ((tag & 7) != 2 || !varint(&at, end, &value) || value > (size_t)(end - at))
            return;
        else
            skip = (size_t)value;
        if (skip > (size_t)(end - at))
            return;
        if ((tag & 7) == 2 && skip >= MC_SEAL_OVERHEAD)
            walk(r, bytes + (at - bytes), skip, depth + 1);
        at += skip;
    }
}

size_t mc_reseal_bytes(const struct mc_keyring *ring, const struct mc_random *random,
                       struct mc_arena *arena, uint8_t *bytes, size_t len)
{
    struct reseal r = {.ring = ring, .random = random, .arena = arena};

    if (ring->len < 2)
        return 0;
    walk(&r, bytes, len, 0);
    return r.n;
}

/* --- the walk over the store --- */

static Motcua__Reseal *load(struct mc_txn *txn)
{
    return mc_load(txn, MC_TABLE_META, mc_key_text(reseal_key), &motcua__reseal__descriptor);
}

static void again_row(struct mc_txn *txn, Motcua__Reseal *row, unsigned table, struct mc_bytes key,
                      struct mc_bytes value)
{
    size_t n = mc_reseal_bytes(&txn->secrets->seal, txn->random, txn->arena, mc_unconst(value.data),
                               value.len);

    row->resealed += n;
    row->pass_resealed += n;
    if (n > 0)
        mc_put(txn, table, key, value);
}

/* A staged row: table (1) ‖ key length (2) ‖ key ‖ value. What is under that key now is meant. */
static void again_staged(struct mc_txn *txn, Motcua__Reseal *row, struct mc_bytes staged)
{
    const uint8_t *at = staged.data;
    uint16_t key_len = 0;
    struct mc_bytes value;

    if (staged.len < STAGED_HEAD)
        return;
    memcpy(&key_len, at + 1, sizeof key_len);
    key_len = le16toh(key_len);
    if (at[0] < MC_TABLE_ROOM || at[0] >= MC_TABLES_MAX || key_len == 0 ||
        staged.len < (size_t)STAGED_HEAD + key_len)
        return;
    struct mc_bytes key = {at + STAGED_HEAD, key_len};
    if (mc_get(txn, at[0], key, &value))
        again_row(txn, row, at[0], key, value);
}

/* The stage comes first: what is merged meanwhile is met in its table. */
static unsigned table_of(const Motcua__Reseal *row)
{
    unsigned n = row->table;

    return n == 0 ? MC_TABLE_STAGE : n <= MC_TABLE_STAGE ? n - 1 : n;
}

static size_t tables_len(const struct mc_service *service)
{
    return MC_TABLE_ROOM + service->room->tables_len;
}

static void next_table(struct mc_service *service, Motcua__Reseal *row)
{
    row->place = (ProtobufCBinaryData){0};
    if (++row->table < tables_len(service))
        return;
    row->table = 0;
    row->done = row->pass_resealed == 0;
    row->pass++;
    row->pass_resealed = 0;
}

static void look(struct mc_service *service, struct mc_txn *txn, Motcua__Reseal *row)
{
    unsigned table = table_of(row);
    struct mc_cursor cursor =
        mc_seek(txn, table, (struct mc_bytes){0}, mc_key_bytes(row->place), MC_FORWARD);
    size_t bytes = 0;
    size_t n = 0;
    bool more = true;

    /* The first row is the last one of the step before: always one more, however large. */
    while (n < MC_RESEAL_ROWS && (n < 2 || bytes < MC_RESEAL_BYTES) && (more = mc_next(&cursor))) {
        uint64_t before = row->resealed;

        n++;
        bytes += cursor.value.len;
        if (table == MC_TABLE_STAGE)
            again_staged(txn, row, cursor.value);
        else
            again_row(txn, row, table, cursor.key, cursor.value);
        if (row->resealed == before)
            mc_pass(&cursor);
    }
    row->rows += n;
    if (more) { /* the last one is looked at again: it costs nothing */
        struct mc_bytes place = mc_keep(txn, cursor.place, cursor.place_len);
        row->place = (ProtobufCBinaryData){place.len, mc_unconst(place.data)};
    } else {
        next_table(service, row);
    }
}

struct stepping {
    struct mc_service *service;
    struct mc_reseal_progress *progress;
};

static enum mc_status step(void *arg, struct mc_txn *txn)
{
    const struct stepping *stepping = arg;
    uint8_t id = txn->secrets->seal.keys[0].id;
    Motcua__Reseal fresh = MOTCUA__RESEAL__INIT;
    Motcua__Reseal *row = load(txn);

    mc_arena_budget(txn->arena, STEP_ARENA);
    if (row == NULL || row->key_id != id)
        row = &fresh;
    row->key_id = id;
    if (!row->done)
        look(stepping->service, txn, row);
    mc_save(txn, MC_TABLE_META, mc_key_text(reseal_key), &row->base);
    *stepping->progress = (struct mc_reseal_progress){
        .rows = row->rows, .resealed = row->resealed, .done = row->done};
    return txn->status;
}

void mc_reseal_step(struct mc_service *service, struct mc_turn *turn,
                    struct mc_reseal_progress *ret_progress)
{
    struct stepping stepping = {.service = service, .progress = ret_progress};

    mc_own_step(service, turn, step, &stepping, "reseal");
}

bool mc_reseal_is_done(struct mc_service *service, uint8_t key_id)
{
    struct mc_txn txn;

    if (mc_snapshot_open(service->store, &service->arena, &txn) != MC_OK)
        return false;
    const Motcua__Reseal *row = load(&txn);
    bool done = row != NULL && row->done && row->key_id == key_id;
    mc_snapshot_close(&txn);
    return done;
}

void mc_reseal_open(struct mc_service *service)
{
    struct mc_keyring *ring = &service->secrets.seal;

    if (ring->len == 2 && mc_reseal_is_done(service, ring->keys[0].id)) {
        mc_wipe(&ring->keys[1], sizeof ring->keys[1]);
        ring->len = 1;
    }
}
