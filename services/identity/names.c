/*
 * Names: which accounts have a folded whole name, among all. Ten million rows of a hash and an id
 * each are a tree whose lower levels are in no cache, and the look-up of a name was little but
 * waiting for them. Here the ids of a name stand together, some dozens in a row.
 *
 *     account_names: hash of the name (16) ‖ a bound (16) -> ids in their order (16 each)
 *
 * The ids of a row are the bound or newer, and older than the bound of the next one. The price is
 * that who gets a name writes a row of up to a kilobyte instead of fifty bytes: in one page, as
 * before.
 *
 * Stores from before have a row of account_index for each (index.c). Ticks move them here, account
 * by account; until that is done both places are looked at. How far it has come stands under a key
 * that is no hash: the id of the last account, nothing when all are here.
 */
#include <string.h>

#include "officer.h"

enum { HASH_LEN = 16, KEY_LEN = HASH_LEN + MC_ID_LEN, MOVED_ROWS = 200 };

static const uint8_t moved_key[1];

struct piece {
    struct mc_bytes key;
    uint8_t ids[IDENTITY_NAMES_PIECE * MC_ID_LEN];
    size_t len;
};

static const uint8_t *id_of(const struct piece *piece, size_t i)
{
    return piece->ids + i * MC_ID_LEN;
}

/* The nearest piece before a key; false: there is none. */
static bool piece_before(struct mc_txn *txn, struct mc_bytes hash, struct mc_bytes from,
                         struct piece *ret_piece)
{
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_ACCOUNT_NAMES, hash, from, MC_BACKWARD);

    if (!mc_next(&cursor))
        return false;
    if (cursor.key.len != KEY_LEN || cursor.value.len == 0 || cursor.value.len % MC_ID_LEN != 0 ||
        cursor.value.len > sizeof ret_piece->ids) {
        (void)mc_fail(txn, MC_CORRUPT, "names");
        return false;
    }
    ret_piece->key = cursor.key;
    ret_piece->len = cursor.value.len / MC_ID_LEN;
    memcpy(ret_piece->ids, cursor.value.data, cursor.value.len);
    return true;
}

/* The piece where an id is, or would be; false: no piece begins before it. */
static bool piece_at(struct mc_txn *txn, struct mc_bytes hash, const uint8_t id[MC_ID_LEN],
                     struct piece *ret_piece)
{
    uint8_t from[KEY_LEN + 1] = {0}; /* its last byte makes the key itself come too */

    memcpy(from, hash.data, HASH_LEN);
    memcpy(from + HASH_LEN, id, MC_ID_LEN);
    return piece_before(txn, hash, (struct mc_bytes){from, sizeof from}, ret_piece);
}

/* How many of a piece's ids are not newer than this one. */
static size_t not_newer(const struct piece *piece, const uint8_t id[MC_ID_LEN])
{
    size_t n = piece->len;

    while (n > 0 && memcmp(id_of(piece, n - 1), id, MC_ID_LEN) > 0)
        n--;
    return n;
}

static bool holds(const struct piece *piece, size_t n, const uint8_t id[MC_ID_LEN])
{
    return n > 0 && memcmp(id_of(piece, n - 1), id, MC_ID_LEN) == 0;
}

static void put(struct mc_txn *txn, struct mc_bytes key, const uint8_t *ids, size_t len)
{
    mc_put(txn, IDENTITY_ACCOUNT_NAMES, key, (struct mc_bytes){ids, len * MC_ID_LEN});
}

static void put_new(struct mc_txn *txn, struct mc_bytes hash, const uint8_t *ids, size_t len)
{
    put(txn, mc_key_join(txn, hash, (struct mc_bytes){ids, MC_ID_LEN}), ids, len);
}

/* The newer half becomes a piece of its own. */
static void split(struct mc_txn *txn, struct mc_bytes hash, const struct piece *piece)
{
    size_t half = piece->len / 2;

    put_new(txn, hash, id_of(piece, half), piece->len - half);
    put(txn, piece->key, piece->ids, half);
}

void identity_names_add(struct mc_txn *txn, struct mc_bytes hash, struct mc_bytes id)
{
    struct piece piece;
    bool found = piece_at(txn, hash, id.data, &piece);
    size_t n = found ? not_newer(&piece, id.data) : 0;

    if (txn->status != MC_OK || (found && holds(&piece, n, id.data)))
        return;
    if (!found || (n == piece.len && n == IDENTITY_NAMES_PIECE)) {
        put_new(txn, hash, id.data, 1);
        return;
    }
    if (piece.len == IDENTITY_NAMES_PIECE) {
        split(txn, hash, &piece);
        if (piece_at(txn, hash, id.data, &piece))
            n = not_newer(&piece, id.data);
    }
    if (txn->status != MC_OK)
        return;
    uint8_t *place = piece.ids + n * MC_ID_LEN;
    memmove(place + MC_ID_LEN, place, (piece.len - n) * MC_ID_LEN);
    memcpy(place, id.data, MC_ID_LEN);
    put(txn, piece.key, piece.ids, piece.len + 1);
}

void identity_names_drop(struct mc_txn *txn, struct mc_bytes hash, struct mc_bytes id)
{
    struct piece piece;

    if (!piece_at(txn, hash, id.data, &piece))
        return;
    size_t n = not_newer(&piece, id.data);
    if (!holds(&piece, n, id.data))
        return;
    if (piece.len == 1) {
        mc_drop(txn, IDENTITY_ACCOUNT_NAMES, piece.key);
        return;
    }
    uint8_t *place = piece.ids + (n - 1) * MC_ID_LEN;
    memmove(place, place + MC_ID_LEN, (piece.len - n) * MC_ID_LEN);
    put(txn, piece.key, piece.ids, piece.len - 1);
}

bool identity_names_step(struct mc_txn *txn, struct mc_bytes hash, uint8_t at[MC_ID_LEN])
{
    size_t mark = txn->arena->used;
    struct piece piece;
    bool found = piece_at(txn, hash, at, &piece);
    size_t n = found ? not_newer(&piece, at) : 0;

    /* its oldest ones are gone: all of the piece before is older than its bound */
    if (found && n == 0 && (found = piece_before(txn, hash, piece.key, &piece)))
        n = piece.len;
    if (found)
        memcpy(at, id_of(&piece, n - 1), MC_ID_LEN);
    mc_arena_rewind(txn->arena, mark);
    return found;
}

bool identity_names_moved(struct mc_txn *txn)
{
    struct mc_bytes place;

    return mc_get(txn, IDENTITY_ACCOUNT_NAMES, (struct mc_bytes){moved_key, sizeof moved_key},
                  &place) &&
           place.len == 0;
}

void identity_names_move(struct mc_txn *txn)
{
    struct mc_bytes key = {moved_key, sizeof moved_key};
    struct mc_bytes place = {0};
    struct mc_bytes from = {0};
    size_t n = 0;

    if (mc_get(txn, IDENTITY_ACCOUNT_NAMES, key, &place)) {
        if (place.len == 0)
            return;
        from = mc_key_join(txn, place, (struct mc_bytes){"", 1}); /* just behind it */
    }
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNTS, (struct mc_bytes){0}, from, MC_FORWARD);
    for (; n < MOVED_ROWS && mc_next(&cursor); n++) {
        const IdentityState__Account *account =
            mc_row(&cursor, &identity_state__account__descriptor);
        if (account == NULL)
            return;
        identity_index_move_name(txn, cursor.key, account);
        place = cursor.key;
    }
    mc_put(txn, IDENTITY_ACCOUNT_NAMES, key, n == MOVED_ROWS ? place : (struct mc_bytes){"", 0});
}
