#include "common/due.h"

#include <endian.h>
#include <string.h>

#include "common/pauses.h"

enum { TAIL_LEN = 16, PREFIX_MAX = 1 + MC_DUE_DESTINATION_MAX + 1 };

/* The first row of one destination that was not given yet. */
struct mc_due_head {
    struct mc_cursor cursor;
    bool live;
    int64_t due_ms;
    uint64_t id;
};

/* lane ‖ destination, NUL */
static size_t prefix_of(uint8_t prefix[PREFIX_MAX], unsigned lane, const char *destination)
{
    size_t len = strnlen(destination, MC_DUE_DESTINATION_MAX);

    prefix[0] = (uint8_t)lane;
    memcpy(prefix + 1, destination, len);
    prefix[1 + len] = 0;
    return len + 2;
}

static struct mc_bytes due_key(struct mc_txn *txn, const Motcua__Job *job)
{
    uint8_t key[PREFIX_MAX + TAIL_LEN];
    size_t len = prefix_of(key, (unsigned)(job->id >> 56), job->destination);
    uint64_t due_big = htobe64((uint64_t)job->due_ms);
    uint64_t id_big = htobe64(job->id);

    memcpy(key + len, &due_big, sizeof due_big);
    memcpy(key + len + sizeof due_big, &id_big, sizeof id_big);
    return mc_keep(txn, key, len + TAIL_LEN);
}

void mc_due_put(struct mc_txn *txn, const Motcua__Job *job)
{
    mc_put(txn, MC_TABLE_DUE, due_key(txn, job), (struct mc_bytes){0});
}

void mc_due_drop(struct mc_txn *txn, const Motcua__Job *job)
{
    mc_drop(txn, MC_TABLE_DUE, due_key(txn, job));
}

/* Takes the row's numbers out of its key, and gives its memory back. */
static void advance(struct mc_due_head *head)
{
    uint64_t due = 0;
    uint64_t id = 0;

    head->live = mc_next(&head->cursor);
    if (!head->live)
        return;
    const uint8_t *tail = (const uint8_t *)head->cursor.key.data + head->cursor.key.len - TAIL_LEN;
    memcpy(&due, tail, sizeof due);
    memcpy(&id, tail + sizeof due, sizeof id);
    head->due_ms = (int64_t)be64toh(due);
    head->id = be64toh(id);
    mc_pass(&head->cursor);
}

static void add_head(struct mc_due_walk *walk, const char *destination)
{
    struct mc_txn *txn = walk->txn;

    if (walk->passes_paused && mc_is_paused(txn->store, walk->lane, destination, txn->now_ms))
        return;
    struct mc_due_head *head = mc_alloc(txn->arena, sizeof *head);
    uint8_t key[PREFIX_MAX + sizeof(uint64_t)];
    size_t len = prefix_of(key, walk->lane, destination);
    uint64_t from_big = htobe64((uint64_t)walk->from_ms);

    if (head == NULL || walk->len == MC_DUE_HEADS_MAX) {
        if (head == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    memcpy(key + len, &from_big, sizeof from_big);
    struct mc_bytes prefix = mc_keep(txn, key, len + sizeof from_big);
    head->cursor =
        mc_seek(txn, MC_TABLE_DUE, (struct mc_bytes){prefix.data, len}, prefix, MC_FORWARD);
    walk->heads[walk->len++] = head;
    advance(head);
}

bool mc_due_destination(struct mc_txn *txn, unsigned lane, const char *after,
                        char ret_destination[MC_DUE_DESTINATION_MAX + 1], int64_t *ret_due_ms)
{
    uint8_t from[PREFIX_MAX] = {(uint8_t)lane};
    size_t len = 1;
    uint64_t due = 0;

    if (after != NULL) {
        len = prefix_of(from, lane, after);
        from[len - 1] = 1; /* behind all of it: no text has a byte below that */
    }
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_DUE, (struct mc_bytes){from, 1},
                                      (struct mc_bytes){from, len}, MC_FORWARD);
    if (!mc_next(&cursor))
        return false;
    const uint8_t *tail = (const uint8_t *)cursor.key.data + cursor.key.len - TAIL_LEN;
    memcpy(&due, tail, sizeof due);
    *ret_due_ms = (int64_t)be64toh(due);
    memcpy(ret_destination, (const uint8_t *)cursor.key.data + 1, cursor.key.len - 1 - TAIL_LEN);
    mc_pass(&cursor);
    return true;
}

/* Every destination the lane has rows of: one look for each. */
static void add_all(struct mc_due_walk *walk)
{
    char destination[MC_DUE_DESTINATION_MAX + 1];
    const char *after = NULL;
    int64_t due_ms = 0;

    while (walk->len < MC_DUE_HEADS_MAX &&
           mc_due_destination(walk->txn, walk->lane, after, destination, &due_ms)) {
        add_head(walk, destination);
        after = destination;
    }
}

static void add_heads(struct mc_due_walk *walk, const char *const *destinations)
{
    if (destinations == NULL)
        add_all(walk);
    for (; destinations != NULL && *destinations != NULL; destinations++)
        add_head(walk, *destinations);
}

void mc_due_begin(struct mc_due_walk *walk, struct mc_txn *txn, unsigned lane,
                  const char *const *destinations, int64_t from_ms)
{
    *walk = (struct mc_due_walk){.txn = txn, .lane = lane, .from_ms = from_ms};
    add_heads(walk, destinations);
}

void mc_due_begin_open(struct mc_due_walk *walk, struct mc_txn *txn, unsigned lane,
                       const char *const *destinations)
{
    *walk = (struct mc_due_walk){.txn = txn, .lane = lane, .passes_paused = true};
    if (!mc_is_paused(txn->store, lane, NULL, txn->now_ms))
        add_heads(walk, destinations);
}

bool mc_due_next(struct mc_due_walk *walk, int64_t until_ms, int64_t *ret_due_ms, uint64_t *ret_id)
{
    struct mc_due_head *first = NULL;

    if (walk->taken != NULL)
        advance(walk->taken);
    for (size_t i = 0; i < walk->len; i++) {
        struct mc_due_head *head = walk->heads[i];

        if (head->live && (first == NULL || head->due_ms < first->due_ms ||
                           (head->due_ms == first->due_ms && head->id < first->id)))
            first = head;
    }
    walk->taken = first != NULL && first->due_ms <= until_ms ? first : NULL;
    if (walk->taken == NULL || walk->txn->status != MC_OK)
        return false;
    *ret_due_ms = first->due_ms;
    *ret_id = first->id;
    return true;
}
