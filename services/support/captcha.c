/*
 * Captcha: work (common/captcha.h) for each feedback that nobody's session stands for. The limit of
 * one source does not bound who has many sources; what a captcha costs him, he pays each time.
 * Sources do not count here: a phone may have another one by the time its form is sent.
 */
#include "common/captcha.h"

#include "feedback.h"

#define FEEDBACK "feedback" /* what a challenge is good for */

static struct mc_captcha captcha_of(const struct support *support)
{
    return (struct mc_captcha){
        .purpose = "support.captcha",
        .table = SUPPORT_CAPTCHAS,
        .life_ms = support->captcha_life_ms,
        .prefix = support->captcha_prefix,
    };
}

char *support_captcha_make(const struct support *support, struct mc_txn *txn,
                           int64_t *ret_expires_ms)
{
    struct mc_captcha captcha = captcha_of(support);

    return mc_captcha_make(txn, &captcha, FEEDBACK, 0, ret_expires_ms);
}

bool support_captcha_needed(const struct support *support, const struct mc_txn *txn)
{
    return support->feedback_captcha && txn->caller->account_id == NULL;
}

void support_captcha_check(const struct support *support, struct mc_txn *txn, const char *solved)
{
    struct mc_captcha captcha = captcha_of(support);

    if (support_captcha_needed(support, txn))
        (void)mc_captcha_spend(txn, &captcha, FEEDBACK, solved, 0);
}
