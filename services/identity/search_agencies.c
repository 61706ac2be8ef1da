/*
 * SearchAgencies: the dialog «Gán người dùng vào đơn vị» (OFF-11): by code, by words of the name
 * with or without marks, or both in one field as people type them. With an account it is the list
 * of units that are not assigned to it yet (OFF-12).
 *
 * The walk goes along the rarest of the words and looks at each agency it finds; a search that
 * meets too many gives the page it has and a token to go on from.
 */
#include <string.h>

#include "common/text.h"

#include "officer.h"

enum { WORDS_MAX = 12, RARE_ENOUGH = 50 };

struct search {
    struct mc_txn *txn;
    const Identity__SearchAgenciesRequest *req;
    char code[MC_AGENCY_CODE_SIZE]; /* the query is (the beginning of) a code */
    char words[WORDS_MAX][IDENTITY_WORD_SIZE];
    size_t words_len;
    const struct identity_units *without;
    Identity__SearchAgenciesReply *rep;
    size_t size;
};

/* A code, or the beginning of one: it has a digit, and no blank. */
static bool looks_like_code(const char *text)
{
    return strpbrk(text, "0123456789") != NULL && strpbrk(text, " \t") == NULL &&
           strlen(text) < MC_AGENCY_CODE_SIZE;
}

static void read_query(struct search *search, const char *text)
{
    char upper[MC_TEXT_SIZE(MC_AGENCY_CODE_SIZE)];

    if (looks_like_code(text) && mc_text_upper(upper, sizeof upper, text) == MC_OK &&
        strlen(upper) < sizeof search->code)
        memcpy(search->code, upper, strlen(upper) + 1);
    else
        search->words_len = identity_words(text, search->words, WORDS_MAX);
}

static bool has_word_beginning(char (*words)[IDENTITY_WORD_SIZE], size_t len, const char *with)
{
    for (size_t i = 0; i < len; i++)
        if (strncmp(words[i], with, strlen(with)) == 0)
            return true;
    return false;
}

static bool fits(const struct search *search, const char *code, const IdentityState__Agency *agency)
{
    char words[IDENTITY_AGENCY_WORDS_MAX][IDENTITY_WORD_SIZE];

    if (strncmp(code, search->code, strlen(search->code)) != 0)
        return false;
    if (!search->req->all && !identity_agency_is_valid(agency, search->txn->now_ms))
        return false;
    if (search->without != NULL && identity_units_find(search->without, code) != NULL)
        return false;
    if (search->req->level1[0] != '\0' &&
        strcmp(search->req->level1, identity_agency_level1(search->txn, code)) != 0)
        return false;
    size_t len = identity_words(agency->name, words, MC_LEN(words));
    for (size_t i = 0; i < search->words_len; i++)
        if (!has_word_beginning(words, len, search->words[i]))
            return false;
    return true;
}

/* The word fewest names begin with; the count stops where it no longer matters. */
static const char *rarest(struct search *search)
{
    const char *best = search->words[0];
    size_t fewest = SIZE_MAX;

    for (size_t i = 0; i < search->words_len && fewest > RARE_ENOUGH; i++) {
        size_t rows = 0;
        struct mc_cursor cursor =
            mc_seek(search->txn, IDENTITY_AGENCY_WORDS, mc_key_text(search->words[i]),
                    (struct mc_bytes){0}, MC_FORWARD);
        for (; rows < IDENTITY_WALK_MAX && mc_next(&cursor); rows++)
            mc_pass(&cursor);
        if (rows < fewest) {
            fewest = rows;
            best = search->words[i];
        }
    }
    return best;
}

/* The code is what follows the word and its NUL; in the table of agencies it is the key. */
static struct mc_bytes code_of(const struct search *search, const struct mc_cursor *cursor)
{
    const char *key = cursor->key.data;
    const char *nul = search->words_len > 0 ? memchr(key, 0, cursor->key.len) : NULL;

    if (nul == NULL)
        return cursor->key;
    return (struct mc_bytes){nul + 1, cursor->key.len - (size_t)(nul + 1 - key)};
}

/* A name may hold two words with one beginning. */
static bool is_told(const struct search *search, const char *code)
{
    for (size_t i = 0; i < search->rep->n_agencies; i++)
        if (strcmp(search->rep->agencies[i]->code, code) == 0)
            return true;
    return false;
}

static void look_at(struct search *search, const struct mc_cursor *cursor)
{
    struct mc_txn *txn = search->txn;
    struct mc_bytes found = code_of(search, cursor);
    char code[MC_AGENCY_CODE_SIZE] = "";

    if (found.len == 0 || found.len >= sizeof code || *(const char *)found.data == '.')
        return;
    memcpy(code, found.data, found.len);
    const IdentityState__Agency *agency = identity_agency_load(txn, code);
    if (agency == NULL || !fits(search, code, agency) || is_told(search, code))
        return;
    Identity__Agency *message = identity_agency_message(txn, code, agency);
    if (message != NULL)
        search->rep->agencies[search->rep->n_agencies++] = message;
}

static void give_token(struct search *search, struct mc_bytes key)
{
    char *token = mc_alloc(search->txn->arena, mc_base64_size(key.len));

    if (token == NULL) {
        (void)mc_fail(search->txn, MC_FULL, "arena");
        return;
    }
    (void)mc_base64url(token, key);
    search->rep->next_page_token = token;
}

static void walk(struct search *search, struct mc_bytes from)
{
    bool by_word = search->words_len > 0;
    const char *prefix = by_word ? rarest(search) : search->code;
    struct mc_cursor cursor =
        mc_seek(search->txn, by_word ? IDENTITY_AGENCY_WORDS : IDENTITY_AGENCIES,
                mc_key_text(prefix), from, MC_FORWARD);

    for (size_t seen = 0; mc_next(&cursor); seen++) {
        if (search->rep->n_agencies == search->size || seen == IDENTITY_WALK_MAX) {
            give_token(search, cursor.key);
            return;
        }
        size_t before = search->rep->n_agencies;
        look_at(search, &cursor);
        if (search->rep->n_agencies == before)
            mc_pass(&cursor);
    }
}

static bool read_token(struct mc_txn *txn, const char *token, struct mc_bytes *ret_from)
{
    uint8_t key[MC_KEY_MAX];
    size_t len = 0;

    *ret_from = (struct mc_bytes){0};
    if (token[0] == '\0')
        return true;
    if (!mc_unbase64url(key, sizeof key, mc_key_text(token), &len) || len == 0)
        return mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL) == MC_OK;
    *ret_from = mc_keep(txn, key, len);
    return true;
}

static bool read_account(struct mc_txn *txn, const char *account_id, struct identity_units *units)
{
    struct mc_bytes id;

    if (account_id[0] == '\0')
        return true;
    const IdentityState__Account *account = identity_officer_find(txn, account_id, "", &id);
    if (account == NULL)
        return false;
    identity_units_read(txn, account, units);
    return true;
}

enum mc_status identity_search_agencies(struct identity *identity, struct mc_txn *txn,
                                        const Identity__SearchAgenciesRequest *req,
                                        Identity__SearchAgenciesReply *rep)
{
    (void)identity;
    struct search search = {.txn = txn, .req = req, .rep = rep};
    struct identity_units units = {0};
    struct mc_bytes from;

    if (!identity_page_size(txn, req->page_size, IDENTITY_PAGE_MAX, &search.size) ||
        !read_token(txn, req->page_token, &from) || !read_account(txn, req->not_of_account, &units))
        return txn->status;
    search.without = &units;
    read_query(&search, req->query);
    rep->agencies = mc_alloc(txn->arena, search.size * sizeof(void *));
    if (rep->agencies == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    walk(&search, from);
    return txn->status;
}
