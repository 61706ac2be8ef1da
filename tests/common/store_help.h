/*
 * A store in a folder of its own, and what a txn needs around it, without a room.
 * Whatever goes wrong here ends the test.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/turn.h"

#define STORE_T0 INT64_C(1788747600000)

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { TABLE_ONE = MC_TABLE_ROOM, TABLE_TWO, STORE_ARENA = 64 << 20 };

struct store_test {
    char dir[64];
    struct mc_store *store;
    struct mc_arena arena;
    struct mc_random_seeded seeded;
    struct mc_random random;
    struct mc_secrets secrets;
    struct mc_caller caller;
    Motcua__Header header;
    int64_t now_ms;
    size_t map_size;
    bool preallocate;
    uint32_t staged;
};

static inline void store_reopen(struct store_test *t)
{
    static const char *const tables[] = {"one", "two"};
    const struct mc_store_options options = {
        .dir = t->dir,
        .map_size = t->map_size,
        .preallocate = t->preallocate,
        .unsafe_no_sync = true,
        .tables = tables,
        .tables_len = MC_LEN(tables),
        .staged = t->staged,
    };
    char why[256] = "";

    if (t->store != NULL)
        mc_store_close(t->store);
    t->store = NULL;
    if (mc_store_open(&t->store, &options, why, sizeof why) != MC_OK) {
        fprintf(stderr, "store: %s\n", why);
        abort();
    }
}

static inline void store_open(struct store_test *t, size_t map_size)
{
    uint8_t key[MC_KEY_LEN] = {7};

    *t = (struct store_test){.now_ms = STORE_T0, .map_size = map_size};
    (void)snprintf(t->dir, sizeof t->dir, "/tmp/motcua_store.XXXXXX");
    must(mkdtemp(t->dir) != NULL);
    must(mc_arena_init(&t->arena, STORE_ARENA) == MC_OK);
    t->random = mc_random_seed(&t->seeded, 1);
    mc_keyring_set(&t->secrets.seal, key, NULL);
    t->caller = (struct mc_caller){.name = "room:test", .who = MC_ROOM};
    motcua__header__init(&t->header);
    store_reopen(t);
}

static inline void store_remove(const char *dir)
{
    DIR *folder = opendir(dir);
    char path[512];

    must(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
    must(rmdir(dir) == 0);
}

static inline void store_done(struct store_test *t)
{
    if (t->store != NULL)
        mc_store_close(t->store);
    mc_arena_done(&t->arena);
    store_remove(t->dir);
}

static inline void turn_begin(struct store_test *t, struct mc_turn *turn)
{
    mc_turn_begin(turn, t->store, &t->arena, t->now_ms);
}

static inline enum mc_status turn_end(struct store_test *t, struct mc_turn *turn)
{
    enum mc_status status = mc_turn_commit(turn);

    mc_arena_reset(&t->arena);
    return status;
}

static inline void txn_fill(struct store_test *t, struct mc_txn *txn)
{
    txn->now_ms = t->now_ms;
    txn->arrived_ms = t->now_ms;
    txn->random = &t->random;
    txn->secrets = &t->secrets;
    txn->caller = &t->caller;
    txn->header = &t->header;
    txn->actor = "room:test";
}

static inline void txn_begin(struct store_test *t, struct mc_turn *turn, struct mc_txn *txn)
{
    mc_txn_open(txn, turn);
    txn_fill(t, txn);
}

static inline void look(struct store_test *t, struct mc_txn *txn)
{
    must(mc_snapshot_open(t->store, &t->arena, txn) == MC_OK);
    txn_fill(t, txn);
}

static inline void look_end(struct store_test *t, struct mc_txn *txn)
{
    mc_snapshot_close(txn);
    mc_arena_reset(&t->arena);
}

static inline struct mc_bytes text(const char *string)
{
    return mc_key_text(string);
}

/* One call in a turn of its own. */
static inline void put_one(struct store_test *t, const char *key, const char *value)
{
    struct mc_turn turn;
    struct mc_txn txn;

    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text(key), text(value));
    must(mc_txn_apply(&txn) == MC_OK);
    must(turn_end(t, &turn) == MC_OK);
}

/* What lies under a key, or "" for nothing; a static buffer. */
static inline const char *get_one(struct store_test *t, const char *key)
{
    static char copy[256];
    struct mc_bytes value;
    struct mc_txn txn;

    copy[0] = '\0';
    look(t, &txn);
    if (mc_get(&txn, TABLE_ONE, text(key), &value))
        (void)snprintf(copy, sizeof copy, "%.*s", (int)value.len, (const char *)value.data);
    must(txn.status == MC_OK);
    look_end(t, &txn);
    return copy;
}
