#include "common/password.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

_Static_assert(crypto_pwhash_STRBYTES <= MC_PASSWORD_HASH_SIZE, "hash size");

enum {
    OWN_NAME_MIN = 4, /* shorter names are in everything */
    FOLDED_SIZE = 4 * MC_PASSWORD_MAX + 1,
};

extern const char mc_data_passwords_denied[]; /* common/data/passwords_denied.txt */

/* Of 32 random bytes that nobody kept; with the cost of MC_PASSWORD_COST. */
const char mc_password_dummy_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$+eEZ4gS6Wpd35vBPi3xUyg$"
                                      "RzApcn98V9EOdvjPWZJY1+oGCPUxp2QehoBhoRP+h6k";

/* Letters and digits are told by ASCII; any other character, Vietnamese letters too, is special. */
static bool password_strong(const char *password)
{
    size_t characters = 0;
    bool lower = false;
    bool upper = false;
    bool digit = false;
    bool special = false;

    for (const char *at = password; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        characters += (c & 0xc0) != 0x80; /* UTF-8: continuation bytes start nothing */
        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        digit = digit || (c >= '0' && c <= '9');
        special = special || !(c < 0x80 && isalnum(c));
        if (c < 0x20 || c == 0x7f)
            return false;
    }
    return characters >= MC_PASSWORD_MIN && lower && upper && digit && special;
}

/* One a line; compared whatever the case, since Aa@123456 and AA@123456 are one guess. */
static bool password_denied(const char *password)
{
    size_t len = strlen(password);
    const char *line = mc_data_passwords_denied;

    while (*line != '\0') {
        size_t line_len = strcspn(line, "\n");

        if (*line != '#' && line_len == len && strncasecmp(line, password, len) == 0)
            return true;
        line += line_len;
        line += *line == '\n';
    }
    return false;
}

/* Its digits alone: a birth date with points in it is one too. */
static void digits_of(const char *password, char *ret_digits)
{
    for (; *password != '\0'; password++)
        if (*password >= '0' && *password <= '9')
            *ret_digits++ = *password;
    *ret_digits = '\0';
}

static bool password_names(const char *password, const char *const *own_names)
{
    char folded[FOLDED_SIZE] = "";
    char digits[MC_PASSWORD_MAX + 1];
    bool found = false;

    digits_of(password, digits);
    if (mc_text_fold(folded, sizeof folded, password) != MC_OK)
        folded[0] = '\0';
    for (; own_names != NULL && *own_names != NULL && !found; own_names++)
        found = strlen(*own_names) >= OWN_NAME_MIN &&
                (strcasestr(password, *own_names) != NULL || strstr(folded, *own_names) != NULL ||
                 strstr(digits, *own_names) != NULL);
    explicit_bzero(folded, sizeof folded);
    explicit_bzero(digits, sizeof digits);
    return found;
}

const char *mc_password_check(const char *password, const char *const *own_names)
{
    if (strlen(password) > MC_PASSWORD_MAX || !password_strong(password))
        return "PASSWORD_WEAK";
    if (password_denied(password) || password_names(password, own_names))
        return "PASSWORD_DENIED";
    return NULL;
}

enum mc_status mc_password_hash(char out[MC_PASSWORD_HASH_SIZE], const char *password,
                                struct mc_password_cost cost)
{
    char hash[crypto_pwhash_STRBYTES];

    if (strlen(password) > MC_PASSWORD_MAX)
        return MC_INVALID;
    if (sodium_init() < 0)
        return MC_IO;
    if (crypto_pwhash_str_alg(hash, password, strlen(password), cost.passes, cost.memory,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return MC_FULL;
    memcpy(out, hash, sizeof(hash));
    return MC_OK;
}

bool mc_password_verify(const char *hash, const char *password)
{
    return strlen(password) <= MC_PASSWORD_MAX && sodium_init() >= 0 &&
           crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

bool mc_password_needs_rehash(const char *hash, struct mc_password_cost cost)
{
    return crypto_pwhash_str_needs_rehash(hash, cost.passes, cost.memory) != 0;
}
