/*
 * Password: how passwords are checked, stored and compared.
 *
 * Stored as the text of Argon2id (RFC 9106), which names its own parameters, so that they can be
 * raised and old hashes remade at the next sign-in. Hashing takes 10 to 25 ms and MEMORY bytes: it
 * belongs in the pool, never on the loop. The passwords are the caller's to wipe.
 */
#pragma once

#include "common/base.h"

enum {
    MC_PASSWORD_MIN = 8,   /* REG-23: 8 characters or more */
    MC_PASSWORD_MAX = 128, /* bytes */
    MC_PASSWORD_HASH_SIZE = 128,
};

/* OWASP's second choice for Argon2id: 19 MiB, two passes, one lane. */
struct mc_password_cost {
    uint64_t passes;
    size_t memory;
};
#define MC_PASSWORD_COST                                                                           \
    ((struct mc_password_cost){.passes = 2, .memory = (size_t)19 * 1024 * 1024})
#define MC_PASSWORD_COST_TEST ((struct mc_password_cost){.passes = 1, .memory = 8192})

/*
 * REG-23: at least 8 characters, with a lower case letter, an upper case letter, a digit and a
 * special character; not one that everybody uses; not made of the account's own names. NULL, or a
 * stable code: PASSWORD_WEAK, PASSWORD_DENIED. The own names (login id, phone, folded name, …) end
 * with a NULL and are found with marks taken off, and among the password's digits alone.
 *
 * NIST SP 800-63B advises against rules of composition. The seed has them and people see them
 * printed, so they stay; what really keeps guessers out is the deny list and mc_password_bits().
 */
const char *mc_password_check(const char *password, const char *const *own_names);

/*
 * How hard it is to guess, as the binary logarithm of the tries it takes. Own words (names, parts
 * of a birth date), one a line, are the first that are tried. Takes up to some milliseconds.
 */
unsigned mc_password_bits(const char *password, const char *own_words);

/* MC_INVALID: longer than MC_PASSWORD_MAX. MC_FULL: no memory. */
mc_nodiscard enum mc_status mc_password_hash(char out[MC_PASSWORD_HASH_SIZE], const char *password,
                                             struct mc_password_cost cost);
mc_nodiscard bool mc_password_verify(const char *hash, const char *password);
bool mc_password_needs_rehash(const char *hash, struct mc_password_cost cost);

/* Verify against this when the account is unknown, so that both answers take as long. */
extern const char mc_password_dummy_hash[];
