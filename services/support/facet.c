/*
 * Facets: lists and searches that do not look at every row.
 *
 *     facets:       facet ‖ id (16)  -> nothing
 *     facet_counts: facet            -> how many rows it has (8, big-endian)
 *
 *     facet: kind (1) ‖ 'u' ‖ unit ‖ 0
 *            kind (1) ‖ 's' ‖ unit ‖ 0 ‖ state (1)
 *            kind (1) ‖ 'g' ‖ unit ‖ 0 ‖ hash of the group (8)
 *            kind (1) ‖ 'b' ‖ unit ‖ 0 ‖ state (1) ‖ hash of the group (8)
 *            kind (1) ‖ 'w' ‖ field (1) ‖ keyed hash of a word (8)
 *
 * A thing is in the facets of its unit and of each above it, and of its words. What is wanted by a
 * search is a few facets: the one with the fewest rows is walked, in the others each row is looked
 * up. One facet alone needs no counting. Ids are UUIDv7, so a facet's rows lie in order of time,
 * and "from a day on" is where a walk from the newest ends. Words are keyed hashes: titles and
 * names are sealed, and an index in plain would say what they say.
 */
#include <string.h>

#include "common/text.h"

#include "support.h"

enum { HASH_LEN = 8, DEPTH_MAX = 8, TOKEN_LEN = 2 * MC_ID_LEN, WORD_SIZE = 256 };

static struct mc_bytes facet_at(const struct support_facets *facets, size_t i)
{
    return (struct mc_bytes){facets->keys[i], facets->lens[i]};
}

static uint8_t *facet_new(struct mc_txn *txn, struct support_facets *facets)
{
    if (facets->len == SUPPORT_FACETS_MAX) {
        (void)mc_fail(txn, MC_LIMITED, "facets");
        return NULL;
    }
    facets->lens[facets->len] = 0;
    return facets->keys[facets->len++];
}

static void append(struct support_facets *facets, const void *data, size_t len)
{
    size_t at = facets->len - 1;

    assert(facets->lens[at] + len <= SUPPORT_FACET_SIZE);
    memcpy(facets->keys[at] + facets->lens[at], data, len);
    facets->lens[at] += len;
}

/* One facet of a unit; state 0 and group "" leave them out. */
static void add_unit(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                     const char *unit, unsigned state, const char *group)
{
    bool grouped = group[0] != '\0';
    uint8_t head[] = {(uint8_t)kind, state != 0 ? (grouped ? 'b' : 's') : (grouped ? 'g' : 'u')};
    uint8_t tail = (uint8_t)state;

    if (strlen(unit) >= MC_AGENCY_CODE_SIZE || facet_new(txn, facets) == NULL)
        return;
    append(facets, head, sizeof head);
    append(facets, unit, strlen(unit) + 1);
    if (state != 0)
        append(facets, &tail, 1);
    if (grouped) {
        char folded[WORD_SIZE * 4];
        bool good = mc_text_fold(folded, sizeof folded, group) == MC_OK;
        struct mc_bytes hash = mc_blind(txn, "support.group", good ? folded : group);

        if (hash.len >= HASH_LEN)
            append(facets, hash.data, HASH_LEN);
    }
}

void support_facets_want(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                         const char *unit, unsigned state, const char *group)
{
    add_unit(txn, facets, kind, unit, state, group);
}

static void add_place(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                      const char *place, unsigned state, const char *group)
{
    add_unit(txn, facets, kind, place, 0, "");
    add_unit(txn, facets, kind, place, state, "");
    if (group[0] != '\0') {
        add_unit(txn, facets, kind, place, 0, group);
        add_unit(txn, facets, kind, place, state, group);
    }
}

void support_facets_unit(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                         const char *unit, unsigned state, const char *group)
{
    char places[DEPTH_MAX][MC_AGENCY_CODE_SIZE] = {{0}};
    size_t n = 0;

    if (unit[0] != '\0' && strlen(unit) < MC_AGENCY_CODE_SIZE)
        memcpy(places[n++], unit, strlen(unit) + 1);
    while (n > 0 && n < DEPTH_MAX - 1 &&
           mc_agency_parent(places[n - 1], places[n], MC_AGENCY_CODE_SIZE))
        n++;
    places[n++][0] = '\0';
    for (size_t i = 0; i < n; i++)
        add_place(txn, facets, kind, places[i], state, group);
}

static bool known(const struct support_facets *facets)
{
    size_t last = facets->len - 1;

    for (size_t i = 0; i < last; i++)
        if (facets->lens[i] == facets->lens[last] &&
            memcmp(facets->keys[i], facets->keys[last], facets->lens[last]) == 0)
            return true;
    return false;
}

static void add_word(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                     char field, const char *word)
{
    uint8_t head[] = {(uint8_t)kind, 'w', (uint8_t)field};
    struct mc_bytes hash = mc_blind(txn, "support.word", word);

    if (hash.len < HASH_LEN || facet_new(txn, facets) == NULL)
        return;
    append(facets, head, sizeof head);
    append(facets, hash.data, HASH_LEN);
    if (known(facets))
        facets->len--;
}

/* Letters and digits make words; all other ASCII parts them. */
static bool parts(char letter)
{
    unsigned char c = (unsigned char)letter;

    return c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z');
}

void support_facets_words(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                          char field, const char *text, size_t words_max)
{
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *folded = support_alloc(txn, size);
    char word[WORD_SIZE];
    size_t len = 0;
    size_t words = 0;

    if (folded == NULL || mc_text_fold(folded, size, text) != MC_OK)
        return;
    for (const char *at = folded; words < words_max; at++) {
        if (*at != '\0' && !parts(*at) && len + 1 < sizeof word) {
            word[len++] = *at;
            continue;
        }
        word[len] = '\0';
        if (len > 0) {
            add_word(txn, facets, kind, field, word);
            words++;
        }
        len = 0;
        if (*at == '\0')
            break;
    }
}

static uint64_t count_of(struct mc_txn *txn, struct mc_bytes facet)
{
    struct mc_bytes value;
    uint64_t count = 0;

    if (!mc_get(txn, SUPPORT_FACET_COUNTS, facet, &value) || value.len != sizeof count)
        return 0;
    for (size_t i = 0; i < value.len; i++)
        count = count << 8 | ((const uint8_t *)value.data)[i];
    return count;
}

static bool holds(struct mc_txn *txn, struct mc_bytes facet, struct mc_bytes id)
{
    struct mc_bytes nothing;

    return mc_get(txn, SUPPORT_FACETS, mc_key_join(txn, facet, id), &nothing);
}

void support_facets_put(struct mc_txn *txn, const struct support_facets *facets, struct mc_bytes id)
{
    for (size_t i = 0; i < facets->len; i++) {
        struct mc_bytes facet = facet_at(facets, i);

        if (holds(txn, facet, id))
            continue;
        mc_put(txn, SUPPORT_FACETS, mc_key_join(txn, facet, id), mc_key_text(""));
        mc_put(txn, SUPPORT_FACET_COUNTS, facet, mc_key_u64(txn, count_of(txn, facet) + 1));
    }
}

static void drop(struct mc_txn *txn, struct mc_bytes facet, struct mc_bytes id)
{
    uint64_t count = count_of(txn, facet);

    if (!holds(txn, facet, id))
        return;
    mc_drop(txn, SUPPORT_FACETS, mc_key_join(txn, facet, id));
    mc_put(txn, SUPPORT_FACET_COUNTS, facet, mc_key_u64(txn, count > 0 ? count - 1 : 0));
}

void support_facets_drop(struct mc_txn *txn, const struct support_facets *facets,
                         struct mc_bytes id)
{
    for (size_t i = 0; i < facets->len; i++)
        drop(txn, facet_at(facets, i), id);
}

static bool has(const struct support_facets *facets, struct mc_bytes facet)
{
    for (size_t i = 0; i < facets->len; i++)
        if (facets->lens[i] == facet.len && memcmp(facets->keys[i], facet.data, facet.len) == 0)
            return true;
    return false;
}

void support_facets_move(struct mc_txn *txn, const struct support_facets *before,
                         const struct support_facets *after, struct mc_bytes id)
{
    for (size_t i = 0; i < before->len; i++)
        if (!has(after, facet_at(before, i)))
            drop(txn, facet_at(before, i), id);
    support_facets_put(txn, after, id);
}

static size_t rarest(struct mc_txn *txn, const struct support_facets *facets)
{
    size_t best = 0;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < facets->len; i++) {
        uint64_t count = count_of(txn, facet_at(facets, i));

        if (count < least) {
            least = count;
            best = i;
        }
    }
    return best;
}

static bool in_others(struct mc_txn *txn, const struct support_facets *facets, size_t but,
                      struct mc_bytes id)
{
    for (size_t i = 0; i < facets->len; i++)
        if (i != but && !holds(txn, facet_at(facets, i), id))
            return false;
    return true;
}

static bool too_old(const struct support_search *search, struct mc_bytes id)
{
    int64_t at_ms = 0;

    return search->from_ms > 0 && (!mc_uuid7_time(id.data, &at_ms) || at_ms < search->from_ms);
}

static bool page_of(struct mc_txn *txn, const struct support_search *search, size_t *ret_size,
                    struct mc_bytes *ret_before)
{
    uint8_t before[MC_ID_LEN];

    *ret_before = (struct mc_bytes){0};
    *ret_size = search->rows_max != 0    ? search->rows_max
                : search->page_size != 0 ? search->page_size
                                         : SUPPORT_PAGE_DEFAULT;
    if (search->page_size > SUPPORT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max",
                        support_printf(txn, "%d", SUPPORT_PAGE_MAX), NULL);
    if (search->page_token[0] == '\0')
        return txn->status == MC_OK;
    if (!mc_unhex(before, sizeof before, mc_key_text(search->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    else
        *ret_before = mc_keep(txn, before, sizeof before);
    return txn->status == MC_OK;
}

static char *token_of(struct mc_txn *txn, struct mc_bytes id)
{
    char *token = support_alloc(txn, TOKEN_LEN + 1);

    if (token == NULL)
        return mc_unconst("");
    (void)mc_hex(token, id);
    return token;
}

/* A walk in the hand: what it has given, and what is still to be counted. */
struct walk {
    const struct support_search *search;
    struct support_found *found;
    struct mc_bytes before; /* the last row of the page before; of no bytes: the first page */
    size_t page;
    size_t rarest;
    bool more;
};

/* False: only counted, its memory is not needed any more. */
static bool take(struct mc_txn *txn, struct walk *walk, struct mc_bytes id)
{
    struct support_found *found = walk->found;
    bool ahead = walk->before.len > 0 && memcmp(id.data, walk->before.data, MC_ID_LEN) >= 0;

    found->count++;
    if (ahead)
        return false;
    walk->more = found->len == walk->page;
    if (walk->more)
        return false;
    found->ids[found->len++] = mc_keep(txn, id.data, MC_ID_LEN);
    return true;
}

/* Counts all there is, or takes the page only when the counter knows how many there are. */
static void run(struct mc_txn *txn, struct walk *walk)
{
    const struct support_facets *facets = &walk->search->facets;
    struct mc_bytes facet = facet_at(facets, walk->rarest);
    bool counted = facets->len == 1 && walk->search->from_ms == 0; /* the counter knows */
    struct mc_bytes from = {0};

    if (counted && walk->before.len > 0)
        from = mc_key_join(txn, facet, walk->before);
    struct mc_cursor cursor = mc_seek(txn, SUPPORT_FACETS, facet, from, MC_BACKWARD);
    for (size_t rows = 0; mc_next(&cursor); rows++) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + facet.len, MC_ID_LEN};

        if (cursor.key.len != facet.len + MC_ID_LEN) {
            (void)mc_fail(txn, MC_CORRUPT, "facet row");
            return;
        }
        if (rows == SUPPORT_COUNT_MAX) {
            walk->found->count_is_least = !counted;
            walk->more = true;
            break;
        }
        if (too_old(walk->search, id) || (counted && walk->more))
            break;
        if (!in_others(txn, facets, walk->rarest, id) || !take(txn, walk, id))
            mc_pass(&cursor);
    }
    if (counted)
        walk->found->count = count_of(txn, facet);
}

bool support_search_run(struct mc_txn *txn, const struct support_search *search,
                        struct support_found *ret_found)
{
    struct walk walk = {.search = search, .found = ret_found};

    *ret_found = (struct support_found){.next_page_token = mc_unconst("")};
    if (!page_of(txn, search, &walk.page, &walk.before))
        return false;
    ret_found->ids = support_alloc(txn, (walk.page + 1) * sizeof ret_found->ids[0]);
    if (ret_found->ids == NULL)
        return false;
    walk.rarest = rarest(txn, &search->facets);
    run(txn, &walk);
    if (walk.more && ret_found->len > 0)
        ret_found->next_page_token = token_of(txn, ret_found->ids[ret_found->len - 1]);
    return txn->status == MC_OK;
}

/* SUP-03; the screen's own «Tim thấy» lacks a mark. */
char *support_found_text(struct mc_txn *txn, const struct support_found *found)
{
    return support_printf(txn, "Tìm thấy %s%llu kết quả", found->count_is_least ? "hơn " : "",
                          (unsigned long long)found->count);
}
