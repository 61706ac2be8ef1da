/*
 * The index of accounts: who has this phone, this name, this unit. Names and phones are personal
 * data, so no text of them lies here: every row's key begins with a keyed hash of what is searched
 * (mc_blind), and whoever steals the store cannot even list the names that occur.
 *
 *     account_index:  hash of (kind, text) (16) ‖ account id (16) -> nothing
 *     account_names:  the same of whole names, many ids to a row (names.c)
 *     account_totals: hash of (kind, text) (16) -> how many rows begin with it, big-endian (8)
 *
 * The price is that words are found whole and not by their beginnings: Vietnamese names are short
 * syllables, and people type them out. Every account has two rows, its phone and its whole folded
 * name; staff and accounts made at desks have a row for each word and each filter of their screens.
 * All rows of one hash lie in the order of ids, so two filters meet by leaping over each other
 * (find.c). Moved in the transaction that saves the account.
 */
#include <string.h>

#include "common/text.h"

#include "officer.h"

enum { ROWS_MAX = 160, TOTAL_LEN = 8 };

struct rows {
    struct mc_txn *txn;
    struct mc_bytes hashes[ROWS_MAX];
    enum identity_index kinds[ROWS_MAX];
    size_t len;
};

static const struct {
    const char *purpose;
    bool counted;
} kinds[IDENTITY_INDEX_KINDS] = {
    [IDENTITY_INDEX_PHONE] = {"index.phone", false},
    [IDENTITY_INDEX_NAME] = {"index.name", false},
    [IDENTITY_INDEX_STAFF] = {"index.staff", true},
    [IDENTITY_INDEX_STAFF_STATUS] = {"index.staff.status", true},
    [IDENTITY_INDEX_STAFF_WORD] = {"index.staff.word", false},
    [IDENTITY_INDEX_STAFF_UNIT] = {"index.staff.unit", true},
    [IDENTITY_INDEX_STAFF_LEVEL1] = {"index.staff.level1", true},
    [IDENTITY_INDEX_STAFF_ORGANISATION] = {"index.staff.organisation", true},
    [IDENTITY_INDEX_MADE] = {"index.made", true},
    [IDENTITY_INDEX_MADE_WORD] = {"index.made.word", false},
    [IDENTITY_INDEX_MADE_UNIT] = {"index.made.unit", true},
    [IDENTITY_INDEX_MADE_LEVEL1] = {"index.made.level1", true},
    [IDENTITY_INDEX_MADE_BY_WORD] = {"index.made.by_word", false},
};

struct mc_bytes identity_index_hash(struct mc_txn *txn, enum identity_index kind, const char *text)
{
    return mc_blind(txn, kinds[kind].purpose, text);
}

bool identity_index_is_name(enum identity_index kind)
{
    return kind == IDENTITY_INDEX_NAME;
}

static void add(struct rows *rows, enum identity_index kind, const char *text)
{
    struct mc_bytes hash = identity_index_hash(rows->txn, kind, text);

    for (size_t i = 0; i < rows->len; i++) /* a name with a word twice */
        if (memcmp(rows->hashes[i].data, hash.data, hash.len) == 0)
            return;
    if (rows->len == ROWS_MAX) {
        (void)mc_fail(rows->txn, MC_FULL, "index rows");
        return;
    }
    rows->kinds[rows->len] = kind;
    rows->hashes[rows->len++] = hash;
}

static void add_words(struct rows *rows, enum identity_index kind, const char *text)
{
    char words[IDENTITY_AGENCY_WORDS_MAX][IDENTITY_WORD_SIZE];
    size_t len = identity_words(text, words, MC_LEN(words));

    for (size_t i = 0; i < len; i++)
        add(rows, kind, words[i]);
}

static void add_folded(struct rows *rows, enum identity_index kind, const char *text)
{
    char folded[MC_TEXT_SIZE(MC_NAME_SIZE)];

    if (text[0] != '\0' && mc_text_fold(folded, sizeof folded, text) == MC_OK)
        add(rows, kind, folded);
}

static const char *status_word(const IdentityState__Account *account)
{
    return identity_account_may_sign_in(account) ? "active" : "inactive";
}

static void add_staff(struct rows *rows, const IdentityState__Account *account,
                      const IdentityState__Person *person)
{
    struct identity_units units;

    identity_units_read(rows->txn, account, &units);
    add(rows, IDENTITY_INDEX_STAFF, "");
    add(rows, IDENTITY_INDEX_STAFF_STATUS, status_word(account));
    add_words(rows, IDENTITY_INDEX_STAFF_WORD, person->full_name);
    add_folded(rows, IDENTITY_INDEX_STAFF_ORGANISATION, account->organisation);
    if (units.len == 0)
        add(rows, IDENTITY_INDEX_STAFF_UNIT, ""); /* «Không được gán cơ quan» */
    for (size_t i = 0; i < units.len; i++) {
        const char *unit = units.rows[i]->unit;
        add(rows, IDENTITY_INDEX_STAFF_UNIT, unit);
        add(rows, IDENTITY_INDEX_STAFF_LEVEL1, identity_agency_level1(rows->txn, unit));
    }
}

static void add_made(struct rows *rows, const IdentityState__Made *made,
                     const IdentityState__Person *person)
{
    const IdentityState__Desk *block = identity_desk_unseal(rows->txn, made->desk);

    if (block == NULL)
        return;
    add(rows, IDENTITY_INDEX_MADE, "");
    add_words(rows, IDENTITY_INDEX_MADE_WORD, person->full_name);
    add_words(rows, IDENTITY_INDEX_MADE_BY_WORD, block->officer_name);
    add(rows, IDENTITY_INDEX_MADE_UNIT, made->unit);
    add(rows, IDENTITY_INDEX_MADE_LEVEL1, identity_agency_level1(rows->txn, made->unit));
}

static struct rows *rows_of(struct mc_txn *txn, struct mc_bytes id,
                            const IdentityState__Account *account)
{
    struct rows *rows = mc_alloc(txn->arena, sizeof *rows);
    const IdentityState__Person *person = NULL;
    const IdentityState__Made *made = NULL;

    if (rows == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    rows->txn = txn;
    if (account == NULL)
        return rows;
    person = identity_person_open(txn, account->person);
    if (person == NULL)
        return NULL;
    add(rows, IDENTITY_INDEX_PHONE, person->phone);
    add_folded(rows, IDENTITY_INDEX_NAME, person->full_name);
    if (account->staff || account->unit[0] != '\0')
        add_staff(rows, account, person);
    if (strcmp(account->method, IDENTITY_DESK_METHOD) == 0)
        made = mc_load(txn, IDENTITY_MADE, id, &identity_state__made__descriptor);
    if (made != NULL)
        add_made(rows, made, person);
    return txn->status == MC_OK ? rows : NULL;
}

uint64_t identity_index_total(struct mc_txn *txn, struct mc_bytes hash)
{
    struct mc_bytes value;
    uint64_t total = 0;

    if (!mc_get(txn, IDENTITY_ACCOUNT_TOTALS, hash, &value) || value.len != TOTAL_LEN)
        return 0;
    for (size_t i = 0; i < value.len; i++)
        total = total << 8 | ((const uint8_t *)value.data)[i];
    return total;
}

static bool holds(const struct rows *rows, struct mc_bytes hash)
{
    for (size_t i = 0; i < rows->len; i++)
        if (memcmp(rows->hashes[i].data, hash.data, hash.len) == 0)
            return true;
    return false;
}

static void put_row(struct mc_txn *txn, struct mc_bytes id, const struct rows *rows, size_t i)
{
    struct mc_bytes hash = rows->hashes[i];

    if (identity_index_is_name(rows->kinds[i])) {
        identity_names_add(txn, hash, id);
        return;
    }
    mc_put(txn, IDENTITY_ACCOUNT_INDEX, mc_key_join(txn, hash, id), (struct mc_bytes){"", 0});
    if (kinds[rows->kinds[i]].counted)
        mc_put(txn, IDENTITY_ACCOUNT_TOTALS, hash,
               mc_key_u64(txn, identity_index_total(txn, hash) + 1));
}

/* A row that was never there is not counted away: accounts from before the index. */
static void drop_row(struct mc_txn *txn, struct mc_bytes id, const struct rows *rows, size_t i)
{
    struct mc_bytes hash = rows->hashes[i];
    struct mc_bytes key = mc_key_join(txn, hash, id);
    struct mc_bytes present;

    if (identity_index_is_name(rows->kinds[i]))
        identity_names_drop(txn, hash, id); /* and from where an older version has put it */
    if (!mc_get(txn, IDENTITY_ACCOUNT_INDEX, key, &present))
        return;
    mc_drop(txn, IDENTITY_ACCOUNT_INDEX, key);
    uint64_t total = kinds[rows->kinds[i]].counted ? identity_index_total(txn, hash) : 0;
    if (total > 0)
        mc_put(txn, IDENTITY_ACCOUNT_TOTALS, hash, mc_key_u64(txn, total - 1));
}

void identity_account_save(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account)
{
    const struct rows *before = rows_of(txn, id, identity_account_load(txn, id));
    const struct rows *after = rows_of(txn, id, account);

    if (before == NULL || after == NULL)
        return;
    for (size_t i = 0; i < before->len; i++)
        if (!holds(after, before->hashes[i]))
            drop_row(txn, id, before, i);
    for (size_t i = 0; i < after->len; i++)
        if (!holds(before, after->hashes[i]))
            put_row(txn, id, after, i);
    mc_save(txn, IDENTITY_ACCOUNTS, id, &account->base);
}

/* As an older version has left it; nothing changes when it has moved already. */
void identity_index_move_name(struct mc_txn *txn, struct mc_bytes id,
                              const IdentityState__Account *account)
{
    const IdentityState__Person *person = identity_person_open(txn, account->person);
    struct rows *rows = mc_alloc(txn->arena, sizeof *rows);

    if (rows == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    if (rows == NULL || person == NULL)
        return;
    rows->txn = txn;
    add_folded(rows, IDENTITY_INDEX_NAME, person->full_name);
    for (size_t i = 0; i < rows->len; i++) {
        identity_names_add(txn, rows->hashes[i], id);
        mc_drop(txn, IDENTITY_ACCOUNT_INDEX, mc_key_join(txn, rows->hashes[i], id));
    }
}
