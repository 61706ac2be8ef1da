/*
 * Captcha: what stands where the seeds have six letters in a picture (REG-13, REG-17, LOG-04): work
 * (common/captcha.h), for one identity number, so that no number but its own can be asked about
 * with it. Who needs one is decided here.
 */
#include "common/captcha.h"

#include <string.h>

#include "identity.h"

static struct mc_captcha captcha_of(const struct identity *identity)
{
    return (struct mc_captcha){
        .purpose = "identity.captcha",
        .table = IDENTITY_CAPTCHAS,
        .life_ms = identity->captcha_life_ms,
        .prefix = identity->captcha_prefix,
    };
}

char *identity_captcha_make(const struct identity *identity, struct mc_txn *txn, const char *number,
                            unsigned level, int64_t *ret_expires_ms)
{
    struct mc_captcha captcha = captcha_of(identity);

    return mc_captcha_make(txn, &captcha, number, level, ret_expires_ms);
}

bool identity_captcha_needed(const struct identity *identity, const struct mc_txn *txn,
                             unsigned level)
{
    for (size_t i = 0; i < identity->captcha_callers.len; i++)
        if (strcmp(identity->captcha_callers.items[i], "*") == 0 ||
            strcmp(identity->captcha_callers.items[i], txn->caller->name) == 0)
            return true;
    return level > 0;
}

bool identity_captcha_holds(const struct identity *identity, struct mc_txn *txn, const char *number,
                            const char *solved, unsigned level)
{
    struct mc_captcha captcha = captcha_of(identity);

    return !identity_captcha_needed(identity, txn, level) ||
           mc_captcha_spend(txn, &captcha, number, solved, level);
}
