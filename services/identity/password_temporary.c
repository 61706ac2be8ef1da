/*
 * Temporary passwords: what somebody else has made for a person (OFF-31). Drawn in prepare, hashed
 * by the pool, sent by SMS; good for a while, and for nothing but setting a real one.
 *
 * Twelve characters of 55 that nobody mistakes for one another, one of each kind REG-23 asks for:
 * more than 60 bits.
 */
#include <string.h>

#include "identity.h"

enum { LENGTH = 12 };

static const char lower[] = "abcdefghjkmnpqrstuvwxyz";
static const char upper[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";
static const char digit[] = "23456789";
static const char special[] = "@#!"; /* those of the seeds; in GSM-7 one septet each */
static const char any[] = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

static char draw(const struct mc_random *random, const char *from)
{
    return from[mc_random_below(random, strlen(from))];
}

void identity_password_temporary_prepare(struct mc_txn *snapshot, struct mc_work *ret_work)
{
    const struct mc_random *random = snapshot->random;
    char *password = ret_work->password;

    password[0] = draw(random, lower);
    password[1] = draw(random, upper);
    password[2] = draw(random, digit);
    password[3] = draw(random, special);
    for (size_t i = 4; i < LENGTH; i++)
        password[i] = draw(random, any);
    password[LENGTH] = '\0';
    for (size_t i = LENGTH - 1; i > 0; i--) { /* Fisher and Yates */
        size_t j = mc_random_below(random, i + 1);
        char kept = password[i];
        password[i] = password[j];
        password[j] = kept;
    }
    ret_work->kind = MC_WORK_HASH;
}

const char *identity_password_temporary(const struct identity *identity, struct mc_txn *txn,
                                        IdentityState__Account *account)
{
    if (txn->work == NULL || txn->work->kind != MC_WORK_HASH || !txn->work->ok) {
        (void)mc_refuse(txn, MC_BUSY, "", "BUSY", NULL);
        return NULL;
    }
    account->password_hash = mc_seal_text(txn, txn->work->hash);
    account->password_temporary = true;
    account->password_expires_at_ms = txn->now_ms + identity->temporary_password_life_ms;
    char *password = mc_strdup(txn->arena, txn->work->password);
    if (password == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return txn->status == MC_OK ? password : NULL;
}
