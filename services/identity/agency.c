/*
 * Agencies: ministries, provinces and what is below them, by the code of either style. A row is
 * never taken away: old codes stand in old dossiers for ever. Names are public, so the index of
 * their words is plain:
 *
 *     agencies:     code -> Agency
 *     agency_words: folded word ‖ 0 ‖ code -> nothing
 */
#include <ctype.h>
#include <string.h>

#include "common/date.h"
#include "common/text.h"

#include "officer.h"

enum { FOLDED_SIZE = 3 * 4 * IDENTITY_AGENCY_NAME_MAX + 1 };

size_t identity_words(const char *text, char (*out)[IDENTITY_WORD_SIZE], size_t max)
{
    char folded[FOLDED_SIZE];
    size_t words = 0;
    size_t len = 0;

    if (max == 0 || mc_text_fold(folded, sizeof folded, text) != MC_OK)
        return 0;
    for (const char *at = folded; words < max; at++) {
        bool inside = isalnum((unsigned char)*at) || (unsigned char)*at >= 0x80;

        if (inside && len + 1 < IDENTITY_WORD_SIZE)
            out[words][len++] = *at;
        if (!inside && len > 0) {
            out[words++][len] = '\0';
            len = 0;
        }
        if (*at == '\0')
            break;
    }
    return words;
}

IdentityState__Agency *identity_agency_load(struct mc_txn *txn, const char *code)
{
    return mc_load(txn, IDENTITY_AGENCIES, mc_key_text(code), &identity_state__agency__descriptor);
}

static struct mc_bytes word_key(struct mc_txn *txn, const char *word, const char *code)
{
    struct mc_bytes front = mc_keep(txn, word, strlen(word) + 1); /* the NUL parts them */

    return mc_key_join(txn, front, mc_key_text(code));
}

static void index_words(struct mc_txn *txn, const char *code, const char *name, bool present)
{
    char words[IDENTITY_AGENCY_WORDS_MAX][IDENTITY_WORD_SIZE];
    size_t len = identity_words(name, words, MC_LEN(words));

    for (size_t i = 0; i < len; i++) {
        if (present)
            mc_put(txn, IDENTITY_AGENCY_WORDS, word_key(txn, words[i], code),
                   (struct mc_bytes){"", 0});
        else
            mc_drop(txn, IDENTITY_AGENCY_WORDS, word_key(txn, words[i], code));
    }
}

void identity_agency_save(struct mc_txn *txn, const char *code, const IdentityState__Agency *agency)
{
    const IdentityState__Agency *old = identity_agency_load(txn, code);

    if (old != NULL && strcmp(old->name, agency->name) != 0)
        index_words(txn, code, old->name, false);
    if (old == NULL || strcmp(old->name, agency->name) != 0)
        index_words(txn, code, agency->name, true);
    mc_save(txn, IDENTITY_AGENCIES, mc_key_text(code), &agency->base);
}

bool identity_agency_is_valid(const IdentityState__Agency *agency, int64_t now_ms)
{
    return agency->valid_from_ms <= now_ms &&
           (agency->valid_until_ms == 0 || now_ms < agency->valid_until_ms);
}

/*
 * OFF-32: the name contains the text, whatever the case; hoà is hòa. OFF-33: real names break the
 * rule ("Trung tâm Hành chính công tỉnh"), so the table has a flag that says yes without it.
 */
bool identity_agency_is_one_stop(const IdentityState__Agency *agency)
{
    return agency->one_stop ||
           mc_text_contains(agency->name, "Trung tâm phục vụ hành chính công") ||
           mc_text_contains(agency->name, "Bộ phận một cửa");
}

bool identity_agency_is_root(const char *code)
{
    char parent[MC_AGENCY_CODE_SIZE];

    return !mc_agency_parent(code, parent, sizeof parent);
}

/* The code of the root, without the old style's zeros. */
static char *root_of(struct mc_txn *txn, const char *code)
{
    char at[MC_AGENCY_CODE_SIZE];
    char parent[MC_AGENCY_CODE_SIZE];

    (void)snprintf(at, sizeof at, "%s", code);
    while (mc_agency_parent(at, parent, sizeof parent))
        memcpy(at, parent, sizeof at);
    const char *dot = strrchr(at, '.');
    char *root = mc_strdup(txn->arena, dot != NULL ? dot + 1 : at);
    if (root == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return root;
}

/* What the table says counts before what the code looks like: provinces merged in 2025. */
const char *identity_agency_level1(struct mc_txn *txn, const char *code)
{
    const IdentityState__Agency *agency = identity_agency_load(txn, code);

    if (agency != NULL && agency->level1[0] != '\0')
        return agency->level1;
    const char *root = root_of(txn, code);
    agency = root != NULL ? identity_agency_load(txn, root) : NULL;
    if (agency != NULL && agency->level1[0] != '\0')
        return agency->level1;
    return root != NULL ? root : "";
}

static char *day_text(struct mc_txn *txn, int64_t ms)
{
    char text[MC_DATE_SIZE] = "";

    if (ms != 0)
        mc_date_format(text, sizeof text, mc_date_from_ms(ms));
    char *copy = mc_strdup(txn->arena, text);
    return copy != NULL ? copy : mc_unconst("");
}

Identity__Agency *identity_agency_message(struct mc_txn *txn, const char *code,
                                          const IdentityState__Agency *agency)
{
    Identity__Agency *message = mc_alloc(txn->arena, sizeof *message);
    char *copy = mc_strdup(txn->arena, code);

    if (message == NULL || copy == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__agency__init(message);
    message->code = copy;
    message->level1 = mc_unconst(identity_agency_level1(txn, code));
    if (agency == NULL)
        return message;
    message->name = agency->name;
    message->parent = agency->parent;
    message->one_stop = identity_agency_is_one_stop(agency);
    message->valid = identity_agency_is_valid(agency, txn->now_ms);
    message->valid_from = day_text(txn, agency->valid_from_ms);
    message->valid_until = day_text(txn, agency->valid_until_ms);
    return message;
}
