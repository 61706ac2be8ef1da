/* GetCaptcha: what has to be solved to send feedback without a session. Nothing is stored. */
#include "feedback.h"

enum mc_status support_get_captcha(struct support *support, struct mc_txn *txn,
                                   const Support__GetCaptchaRequest *req,
                                   Support__GetCaptchaReply *rep)
{
    (void)req;
    char *challenge = support_captcha_make(support, txn, &rep->expires_at_ms);
    if (challenge == NULL)
        return txn->status;
    rep->required = support_captcha_needed(support, txn);
    rep->challenge = challenge;
    return txn->status;
}
