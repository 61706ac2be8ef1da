/*
 * GetCaptcha: what has to be solved before a call about an identity number, and how hard it is by
 * now for who asks from where; or before a signature, whose number nobody knows yet. Nothing is
 * stored, and known and unknown numbers are alike.
 */
#include <stdio.h>

#include "common/ident.h"

#include "identity.h"

enum mc_status identity_get_captcha(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetCaptchaRequest *req,
                                    Identity__GetCaptchaReply *rep)
{
    struct identity_failures failures;
    char number[MC_TAX_CODE_SIZE];
    enum mc_why why = MC_WHY_OK;

    if (req->signing)
        (void)snprintf(number, sizeof number, "%s", IDENTITY_CAPTCHA_SIGNING);
    else
        why = identity_number_parse(req->login_id, number);

    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    identity_failures_look(identity, txn, identity_login_index(txn, number), &failures);
    char *challenge =
        identity_captcha_make(identity, txn, number, failures.level, &rep->expires_at_ms);
    if (challenge == NULL)
        return txn->status;
    rep->required = identity_captcha_needed(identity, txn, failures.level);
    rep->challenge = challenge;
    rep->level = failures.level;
    return txn->status;
}
