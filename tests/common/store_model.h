/*
 * The store against a sorted array: a stream of bytes (seeded, or a fuzzer's) is read as
 * operations on both, and whatever the txn shows must be what the array says.
 */
#pragma once

#include "store_help.h"

enum { MODEL_KEY_MAX = 4, MODEL_ROWS_MAX = 256, MODEL_VALUE_MAX = 64 };

struct model_row {
    unsigned table;
    struct mc_bytes key; /* in bytes[] */
    uint8_t bytes[MODEL_KEY_MAX];
    uint32_t value;
};

/* One view of the world: what is committed, what the turn sees, what the call sees. */
struct model_view {
    struct model_row rows[MODEL_ROWS_MAX];
    size_t len;
    uint64_t counted;
    uint64_t emitted;
};

struct model {
    struct store_test *t;
    const uint8_t *data;
    size_t left;
    struct model_view committed;
    struct model_view turn;
    struct model_view call;
    struct mc_turn mc_turn;
    struct mc_txn txn;
    uint32_t values;
};

static inline uint8_t model_byte(struct model *m)
{
    if (m->left == 0)
        return 0;
    m->left--;
    return *m->data++;
}

static inline int bytes_compare(struct mc_bytes a, struct mc_bytes b)
{
    size_t both = MC_MIN(a.len, b.len);
    int order = both > 0 ? memcmp(a.data, b.data, both) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool starts_with(struct mc_bytes key, struct mc_bytes prefix)
{
    return key.len >= prefix.len &&
           (prefix.len == 0 || memcmp(key.data, prefix.data, prefix.len) == 0);
}

/* Few letters, and those that are hard: the ends of the alphabet. */
static inline struct mc_bytes model_key(struct model *m, uint8_t *bytes, size_t least)
{
    static const uint8_t letters[] = {0x00, 0x01, 'a', 'b', 0xfe, 0xff, 0xff, 'a'};
    size_t len = least + model_byte(m) % (MODEL_KEY_MAX + 1 - least);

    for (size_t i = 0; i < len; i++)
        bytes[i] = letters[model_byte(m) % MC_LEN(letters)];
    return (struct mc_bytes){bytes, len};
}

static inline struct mc_bytes model_value(uint32_t number, uint8_t bytes[MODEL_VALUE_MAX])
{
    size_t len = number % MODEL_VALUE_MAX;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(number * UINT64_C(7) + i);
    return (struct mc_bytes){bytes, len};
}

/* Where the key is, or would be. */
static inline size_t model_place(const struct model_view *view, unsigned table, struct mc_bytes key)
{
    size_t at = 0;

    while (at < view->len &&
           (view->rows[at].table < table ||
            (view->rows[at].table == table && bytes_compare(view->rows[at].key, key) < 0)))
        at++;
    return at;
}

static inline struct model_row *model_find(struct model_view *view, unsigned table,
                                           struct mc_bytes key)
{
    size_t at = model_place(view, table, key);

    return at < view->len && view->rows[at].table == table &&
                   bytes_compare(view->rows[at].key, key) == 0
               ? &view->rows[at]
               : NULL;
}

/* Rows point into themselves: moved ones are pointed anew. */
static inline void model_repoint(struct model_view *view)
{
    for (size_t i = 0; i < view->len; i++)
        view->rows[i].key.data = view->rows[i].bytes;
}

static inline void model_copy(struct model_view *to, const struct model_view *from)
{
    *to = *from;
    model_repoint(to);
}

static inline void model_put(struct model *m)
{
    struct model_view *view = &m->call;
    uint8_t bytes[MODEL_KEY_MAX];
    uint8_t value[MODEL_VALUE_MAX];
    unsigned table = TABLE_ONE + model_byte(m) % 2;
    struct mc_bytes key = model_key(m, bytes, 1);
    struct model_row *row = model_find(view, table, key);

    if (row == NULL) {
        if (view->len == MODEL_ROWS_MAX)
            return;
        size_t at = model_place(view, table, key);
        memmove(&view->rows[at + 1], &view->rows[at], (view->len - at) * sizeof *view->rows);
        view->len++;
        row = &view->rows[at];
        *row = (struct model_row){.table = table, .key = {NULL, key.len}};
        memcpy(row->bytes, bytes, key.len);
        model_repoint(view);
    }
    row->value = ++m->values;
    mc_put(&m->txn, table, key, model_value(row->value, value));
}

static inline void model_drop(struct model *m)
{
    struct model_view *view = &m->call;
    uint8_t bytes[MODEL_KEY_MAX];
    unsigned table = TABLE_ONE + model_byte(m) % 2;
    struct mc_bytes key = model_key(m, bytes, 1);
    const struct model_row *row = model_find(view, table, key);

    if (row != NULL) {
        size_t at = (size_t)(row - view->rows);
        memmove(&view->rows[at], &view->rows[at + 1], (view->len - at - 1) * sizeof *view->rows);
        view->len--;
        model_repoint(view);
    }
    mc_drop(&m->txn, table, key);
}

static inline void model_get(struct model *m)
{
    uint8_t bytes[MODEL_KEY_MAX];
    uint8_t want[MODEL_VALUE_MAX];
    unsigned table = TABLE_ONE + model_byte(m) % 2;
    struct mc_bytes key = model_key(m, bytes, 1);
    const struct model_row *row = model_find(&m->call, table, key);
    struct mc_bytes value;

    must(mc_get(&m->txn, table, key, &value) == (row != NULL));
    if (row != NULL)
        must(bytes_compare(value, model_value(row->value, want)) == 0);
}

/* The row the array says comes next; `place` is the last one, or empty at the start. */
static inline const struct model_row *model_next(const struct model_view *view,
                                                 const struct mc_cursor *cursor,
                                                 struct mc_bytes place, bool started)
{
    const struct model_row *best = NULL;
    bool forward = cursor->direction == MC_FORWARD;

    for (size_t i = 0; i < view->len; i++) {
        const struct model_row *row = &view->rows[i];

        if (row->table != cursor->table || !starts_with(row->key, cursor->prefix))
            continue;
        if (started) {
            int order = bytes_compare(row->key, place);
            if (forward ? order <= 0 : order >= 0)
                continue;
        } else if (cursor->from.len > 0) {
            int order = bytes_compare(row->key, cursor->from);
            if (forward ? order < 0 : order >= 0)
                continue;
        }
        if (best == NULL || !forward) /* rows are in order */
            best = row;
    }
    return best;
}

static inline void model_walk(struct model *m)
{
    uint8_t prefix[MODEL_KEY_MAX];
    uint8_t from[MODEL_KEY_MAX];
    uint8_t place_bytes[MODEL_KEY_MAX];
    uint8_t want[MODEL_VALUE_MAX];
    uint8_t flags = model_byte(m);
    struct mc_bytes place = {place_bytes, 0};
    struct mc_cursor cursor = mc_seek(&m->txn, TABLE_ONE + flags % 2, model_key(m, prefix, 0),
                                      model_key(m, from, 0), flags & 2 ? MC_FORWARD : MC_BACKWARD);
    bool started = false;

    for (;;) {
        const struct model_row *row = model_next(&m->call, &cursor, place, started);

        must(mc_next(&cursor) == (row != NULL));
        if (row == NULL)
            return;
        must(bytes_compare(cursor.key, row->key) == 0);
        must(bytes_compare(cursor.value, model_value(row->value, want)) == 0);
        started = true;
        place.len = row->key.len;
        memcpy(place_bytes, row->key.data, row->key.len);
        if (flags & 4)
            mc_pass(&cursor);
        if (flags & 8 && model_byte(m) % 4 == 0) { /* writing while walking */
            if (flags & 16)
                model_put(m);
            else
                model_drop(m);
        }
        if (flags & 32 && model_byte(m) % 8 == 0)
            return;
    }
}

static inline void model_emit(struct model *m)
{
    Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
    const char *const keys[] = {"account:x", NULL};

    body.until_ms = (int64_t)++m->call.emitted;
    mc_emit(&m->txn, "test.happened", &body.base, model_byte(m) % 2 ? MC_SEALED : MC_PLAIN, keys);
}

static inline void model_call_begin(struct model *m)
{
    model_copy(&m->call, &m->turn);
    txn_begin(m->t, &m->mc_turn, &m->txn);
}

static inline void model_call_end(struct model *m)
{
    must(m->txn.status == MC_OK);
    if (model_byte(m) % 4 != 0) {
        must(mc_txn_apply(&m->txn) == MC_OK);
        model_copy(&m->turn, &m->call);
    } else {
        (void)mc_fail(&m->txn, MC_CONFLICT, "the stream says so");
        must(mc_txn_apply(&m->txn) == MC_CONFLICT);
    }
    model_call_begin(m);
}

static inline void model_turn_begin(struct model *m)
{
    model_copy(&m->turn, &m->committed);
    turn_begin(m->t, &m->mc_turn);
    model_call_begin(m);
}

static inline void model_turn_end(struct model *m)
{
    if (model_byte(m) % 4 != 0) {
        must(turn_end(m->t, &m->mc_turn) == MC_OK);
        model_copy(&m->committed, &m->turn);
    } else {
        mc_turn_abort(&m->mc_turn);
        mc_arena_reset(&m->t->arena);
    }
    must(mc_store_counts(m->t->store)->journal_last == m->committed.emitted);
    model_turn_begin(m);
}

static inline void model_step(struct model *m)
{
    switch (model_byte(m) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        model_put(m);
        break;
    case 5:
    case 6:
        model_drop(m);
        break;
    case 7:
        model_get(m);
        break;
    case 8:
    case 9:
    case 10:
        model_walk(m);
        break;
    case 11:
        must(mc_count(&m->txn, "model") == ++m->call.counted);
        break;
    case 12:
        model_emit(m);
        break;
    case 13:
    case 14:
        model_call_end(m);
        break;
    default:
        model_turn_end(m);
        break;
    }
}

/* The journal holds 1, 2, 3 …, each with the body that was told. */
static inline void model_journal(struct model *m, struct mc_txn *txn)
{
    Motcua__Event *events[7];
    uint64_t seen = 0;
    size_t n = 0;

    while ((n = mc_journal_read(txn, seen, events, MC_LEN(events), SIZE_MAX)) > 0)
        for (size_t i = 0; i < n; i++) {
            const Motcua__SessionRevoked *body =
                motcua__session_revoked__unpack(NULL, events[i]->body.len, events[i]->body.data);

            must(events[i]->seq == ++seen && !events[i]->sealed);
            must(body != NULL && body->until_ms == (int64_t)seen);
            motcua__session_revoked__free_unpacked(mc_unconst(body), NULL);
        }
    must(seen == m->committed.emitted);
}

/* Opens the store again and looks at all of it. */
static inline void model_check_all(struct model *m)
{
    struct mc_txn txn;
    uint8_t want[MODEL_VALUE_MAX];
    size_t seen = 0;

    store_reopen(m->t);
    look(m->t, &txn);
    for (unsigned table = TABLE_ONE; table <= TABLE_TWO; table++) {
        struct mc_cursor cursor =
            mc_seek(&txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

        for (; mc_next(&cursor); seen++) {
            const struct model_row *row = model_find(&m->committed, table, cursor.key);

            must(row != NULL);
            must(bytes_compare(cursor.value, model_value(row->value, want)) == 0);
        }
    }
    must(seen == m->committed.len);
    model_journal(m, &txn);
    must(txn.status == MC_OK);
    look_end(m->t, &txn);
}

/* Runs a stream on a fresh store; large, so the caller keeps it off its stack. */
static inline void model_run(struct model *m, struct store_test *t, const uint8_t *data,
                             size_t size)
{
    m->t = t;
    m->data = data;
    m->left = size;
    m->values = 0;
    m->committed.len = 0;
    m->committed.counted = 0;
    m->committed.emitted = 0;
    model_turn_begin(m);
    while (m->left > 0)
        model_step(m);
    mc_turn_abort(&m->mc_turn);
    mc_arena_reset(&t->arena);
    model_check_all(m);
}
