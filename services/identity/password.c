/*
 * The password a person chooses: the seed's rule, no names, numbers or birth dates of his own, and
 * hard enough to guess (REG-23). The last is measured by the pool, on the way to the hash.
 */
#include "password.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { OWN_NAME_MAX = 128, DATE_DIGITS = 8, OWN_MAX = 9, PHONE_COUNTRY = 2 };

struct own {
    char name[OWN_NAME_MAX];  /* without marks and blanks */
    char given[OWN_NAME_MAX]; /* its last two words: "hoabinh" */
    char birth[DATE_DIGITS + 1];
    char birth_short[DATE_DIGITS - 1];
    char email[OWN_NAME_MAX]; /* what is before the @ */
    const char *list[OWN_MAX + 1];
};

/* Folded words joined, from the `skip`-th on. */
static void join_words(const char *folded, size_t skip, char ret_text[OWN_NAME_MAX])
{
    size_t len = 0;

    for (; *folded != '\0' && len + 1 < OWN_NAME_MAX; folded++) {
        if (*folded != ' ' && skip == 0)
            ret_text[len++] = *folded;
        skip -= *folded == ' ' && skip > 0;
    }
    ret_text[len] = '\0';
}

static void take_name(const char *full_name, struct own *own)
{
    char folded[OWN_NAME_MAX];
    size_t blanks = 0;

    if (mc_text_fold(folded, sizeof folded, full_name) != MC_OK)
        return;
    for (const char *at = folded; *at != '\0'; at++)
        blanks += *at == ' ';
    join_words(folded, 0, own->name);
    join_words(folded, blanks > 1 ? blanks - 1 : 0, own->given);
}

/* dd/mm/yyyy as ddmmyyyy and ddmmyy; a year alone is in too many passwords to be denied. */
static void take_birth(const char *birth, struct own *own)
{
    char digits[DATE_DIGITS + 1];
    size_t len = 0;

    for (; *birth != '\0' && len < DATE_DIGITS; birth++)
        if (*birth >= '0' && *birth <= '9')
            digits[len++] = *birth;
    digits[len] = '\0';
    if (len != DATE_DIGITS)
        return;
    memcpy(own->birth, digits, sizeof digits);
    (void)snprintf(own->birth_short, sizeof own->birth_short, "%.4s%.2s", digits, digits + 6);
}

static void own_of(const IdentityState__Person *person, struct own *own)
{
    const char **list = own->list;
    size_t at = strcspn(person->email, "@");

    memset(own, 0, sizeof *own);
    take_name(person->full_name, own);
    take_birth(person->birth_date, own);
    (void)snprintf(own->email, sizeof own->email, "%.*s", (int)MC_MIN(at, (size_t)OWN_NAME_MAX - 1),
                   person->email);
    *list++ = person->login_id;
    *list++ = strlen(person->phone) > PHONE_COUNTRY ? person->phone + PHONE_COUNTRY : "";
    *list++ = own->name;
    *list++ = own->given;
    *list++ = own->birth;
    *list++ = own->birth_short;
    *list++ = own->email;
    *list = NULL;
}

const char *identity_password_check(const IdentityState__Person *person, const char *password,
                                    const char *again, const char **ret_field)
{
    struct own own;

    own_of(person, &own);
    *ret_field = "password";
    const char *code = mc_password_check(password, own.list);
    if (code != NULL)
        return code;
    *ret_field = "password_again";
    return strcmp(password, again) == 0 ? NULL : "PASSWORD_DIFFERS"; /* REG-24 */
}

static void list_words(const IdentityState__Person *person, char words[MC_WORK_WORDS_MAX])
{
    struct own own;
    size_t len = 0;

    own_of(person, &own);
    for (const char *const *word = own.list; *word != NULL; word++) {
        size_t more = strlen(*word);
        if (more == 0 || len + more + 2 > MC_WORK_WORDS_MAX)
            continue;
        memcpy(words + len, *word, more);
        len += more;
        words[len++] = '\n';
    }
    words[len] = '\0';
}

static bool copy(char *to, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        return false;
    memcpy(to, text, len + 1);
    return true;
}

void identity_password_prepare(const struct identity *identity, const IdentityState__Person *person,
                               const char *old_hash, const char *old_password, const char *password,
                               struct mc_work *ret_work)
{
    bool changes = old_hash != NULL;
    bool fits = changes ? copy(ret_work->hash, sizeof ret_work->hash, old_hash) &&
                              copy(ret_work->password, sizeof ret_work->password, old_password) &&
                              copy(ret_work->next, sizeof ret_work->next, password)
                        : copy(ret_work->password, sizeof ret_work->password, password);

    if (!fits)
        return;
    list_words(person, ret_work->words);
    ret_work->bits_min = (unsigned)identity->password_bits;
    ret_work->kind = changes ? MC_WORK_CHANGE : MC_WORK_HASH;
}

bool identity_password_made(struct mc_txn *txn, enum mc_work_kind kind)
{
    const struct mc_work *work = txn->work;

    if (work == NULL || work->kind != kind) {
        (void)mc_refuse(txn, MC_BUSY, "", "BUSY", NULL); /* it became ready after the snapshot */
        return false;
    }
    if (work->guessable) {
        (void)mc_refuse(txn, MC_INVALID, "password", "PASSWORD_GUESSABLE", NULL);
        return false;
    }
    if (kind == MC_WORK_HASH ? !work->ok : work->ok && work->fresh[0] == '\0') {
        (void)mc_refuse(txn, MC_BUSY, "", "BUSY", NULL);
        return false;
    }
    return true;
}

void identity_password_set(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account,
                           const char *hash)
{
    account->password_hash = mc_seal_text(txn, hash);
    account->password_temporary = false;
    account->password_expires_at_ms = 0;
    mc_save(txn, IDENTITY_ACCOUNTS, id, &account->base);
}

/* The person is told: whoever did it, he should know (notification follows this). */
void identity_security_emit(struct mc_txn *txn, const char *type, struct mc_bytes account)
{
    Identity__SecurityChanged changed = IDENTITY__SECURITY_CHANGED__INIT;
    const char *keys[] = {identity_key(txn, "account", account), NULL};

    changed.account_id = identity_uuid(txn, account);
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}
