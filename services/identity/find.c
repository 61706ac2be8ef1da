/*
 * Searches of the index: accounts that stand in all of several lists, the newest first. Each list
 * is the rows of one hash in the order of ids, so the lists leap over one another to the next id
 * they share; the cost is that of the rarest, about. A search has a budget of steps: what it has
 * not come to by then the next page goes on with.
 */
#include <string.h>

#include "officer.h"

enum { HASH_LEN = 16, KEY_LEN = HASH_LEN + MC_ID_LEN };

/* The newest id of the list that is not newer than `at`; false: there is none. */
static bool step_rows(struct mc_txn *txn, struct mc_bytes hash, uint8_t at[MC_ID_LEN])
{
    uint8_t from[KEY_LEN + 1] = {0}; /* its last byte makes the key itself come too */

    memcpy(from, hash.data, HASH_LEN);
    memcpy(from + HASH_LEN, at, MC_ID_LEN);
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_ACCOUNT_INDEX, hash,
                                      (struct mc_bytes){from, sizeof from}, MC_BACKWARD);
    bool found = mc_next(&cursor) && cursor.key.len == KEY_LEN;
    if (found) {
        memcpy(at, (const uint8_t *)cursor.key.data + HASH_LEN, MC_ID_LEN);
        mc_pass(&cursor);
    }
    return found;
}

/* Until all names have moved, some of this one may lie in either place. */
static bool step_name(struct mc_txn *txn, struct mc_bytes hash, uint8_t at[MC_ID_LEN])
{
    uint8_t old[MC_ID_LEN];

    memcpy(old, at, MC_ID_LEN);
    bool found = identity_names_step(txn, hash, at);
    if (identity_names_moved(txn) || !step_rows(txn, hash, old))
        return found;
    if (!found || memcmp(old, at, MC_ID_LEN) > 0)
        memcpy(at, old, MC_ID_LEN);
    return true;
}

static bool step(struct mc_txn *txn, const struct identity_find *find, size_t list,
                 uint8_t at[MC_ID_LEN])
{
    return find->is_name[list] ? step_name(txn, find->lists[list], at)
                               : step_rows(txn, find->lists[list], at);
}

static bool is_before(const uint8_t id[MC_ID_LEN], const uint8_t first[MC_ID_LEN])
{
    return memcmp(id, first, MC_ID_LEN) < 0;
}

/* The id just older than this one. */
static void step_down(uint8_t id[MC_ID_LEN])
{
    for (size_t i = MC_ID_LEN; i-- > 0;)
        if (id[i]-- != 0)
            return;
}

enum identity_found identity_find_next(struct mc_txn *txn, struct identity_find *find)
{
    size_t agreed = 0;

    if (find->len == 0)
        return IDENTITY_FOUND_NONE;
    if (find->started)
        step_down(find->at);
    find->started = true;
    for (size_t i = 0; agreed < find->len; i = (i + 1) % find->len) {
        uint8_t before[MC_ID_LEN];
        if (find->steps == 0)
            return IDENTITY_FOUND_LATER;
        find->steps -= 1;
        memcpy(before, find->at, MC_ID_LEN);
        if (!step(txn, find, i, find->at) || is_before(find->at, find->first))
            return IDENTITY_FOUND_NONE;
        agreed = memcmp(before, find->at, MC_ID_LEN) == 0 && agreed > 0 ? agreed + 1 : 1;
    }
    return IDENTITY_FOUND_ONE;
}

void identity_find_begin(struct identity_find *find)
{
    memset(find, 0, sizeof *find);
    memset(find->at, 0xff, MC_ID_LEN);
    find->steps = IDENTITY_FIND_STEPS;
}

void identity_find_add(struct mc_txn *txn, struct identity_find *find, enum identity_index kind,
                       const char *text)
{
    if (find->len == IDENTITY_FIND_LISTS) {
        (void)mc_refuse(txn, MC_INVALID, "", "LIST_TOO_LONG", NULL);
        return;
    }
    find->is_name[find->len] = identity_index_is_name(kind);
    find->lists[find->len++] = identity_index_hash(txn, kind, text);
}

void identity_find_add_words(struct mc_txn *txn, struct identity_find *find,
                             enum identity_index kind, const char *text)
{
    char words[IDENTITY_FIND_LISTS][IDENTITY_WORD_SIZE];
    size_t len = identity_words(text, words, MC_LEN(words));

    for (size_t i = 0; i < len && txn->status == MC_OK; i++)
        identity_find_add(txn, find, kind, words[i]);
}

/* Ids begin with their time: from the first instant of a day, up to the last of another. */
static void time_bytes(uint8_t id[MC_ID_LEN], int64_t ms, uint8_t rest)
{
    memset(id, rest, MC_ID_LEN);
    for (size_t i = 0; i < 6; i++)
        id[i] = (uint8_t)((uint64_t)ms >> (8 * (5 - i)));
}

void identity_find_between(struct identity_find *find, int64_t from_ms, int64_t until_ms)
{
    if (from_ms > 0)
        time_bytes(find->first, from_ms, 0);
    if (until_ms > 0)
        time_bytes(find->at, until_ms - 1, 0xff);
    find->bounded = find->bounded || from_ms > 0 || until_ms > 0;
}

bool identity_find_token(struct mc_txn *txn, struct identity_find *find, const char *token)
{
    uint8_t id[MC_ID_LEN];
    size_t len = 0;

    if (token[0] == '\0')
        return true;
    if (!mc_unbase64url(id, sizeof id, mc_key_text(token), &len) || len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL) == MC_OK;
    if (memcmp(id, find->at, MC_ID_LEN) < 0)
        memcpy(find->at, id, MC_ID_LEN);
    find->bounded = true;
    return true;
}

/* Goes on with the id at hand, or after it. */
char *identity_find_token_text(struct mc_txn *txn, const struct identity_find *find, bool after)
{
    uint8_t id[MC_ID_LEN];
    char *text = mc_alloc(txn->arena, mc_base64_size(MC_ID_LEN));

    memcpy(id, find->at, sizeof id);
    if (after)
        step_down(id);
    if (text == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    (void)mc_base64url(text, (struct mc_bytes){id, sizeof id});
    return text;
}

/* «Tìm thấy 22428 kết quả»: exact where one list is all there is to it, else as far as it went. */
static void count(struct mc_txn *txn, struct identity_find *find, size_t shown, uint64_t *ret_count,
                  protobuf_c_boolean *ret_least)
{
    enum identity_found found;

    *ret_least = false;
    *ret_count = shown;
    uint64_t total =
        find->len == 1 && !find->bounded ? identity_index_total(txn, find->lists[0]) : 0;
    if (total > 0) {
        *ret_count = total;
        return;
    }
    while ((found = identity_find_next(txn, find)) == IDENTITY_FOUND_ONE)
        *ret_count += 1;
    *ret_least = found == IDENTITY_FOUND_LATER;
}

/* Is the id in every list? */
bool identity_find_holds(struct mc_txn *txn, const struct identity_find *find, struct mc_bytes id)
{
    for (size_t i = 0; i < find->len; i++) {
        uint8_t at[MC_ID_LEN];

        memcpy(at, id.data, MC_ID_LEN);
        if (!step(txn, find, i, at) || memcmp(at, id.data, MC_ID_LEN) != 0)
            return false;
    }
    return true;
}

/* The count on the first page, and the way to the next one. */
void identity_find_finish(struct mc_txn *txn, struct identity_find *find, enum identity_found found,
                          const char *page_token, const struct identity_page *page)
{
    if (!page->whole && found != IDENTITY_FOUND_NONE)
        *page->next_page_token = identity_find_token_text(txn, find, found == IDENTITY_FOUND_ONE);
    if (page_token[0] != '\0')
        return;
    *page->count = page->rows;
    if (!page->whole && found != IDENTITY_FOUND_NONE)
        count(txn, find, page->rows, page->count, page->count_is_least);
    if (found == IDENTITY_FOUND_ONE && !*page->count_is_least && *page->count == page->rows)
        *page->next_page_token = mc_unconst(""); /* the page held the last ones */
    *page->message = identity_count_text(txn, *page->count, *page->count_is_least);
}
