/* Captchas of the identity room. */
#pragma once

#include "../captcha_help.h"
#include "identity_help.h"

static inline const Identity__GetCaptchaReply *captcha_of(struct harness *h, const char *login_id)
{
    Identity__GetCaptchaRequest request = IDENTITY__GET_CAPTCHA_REQUEST__INIT;

    request.login_id = text(login_id);
    return harness_call(h, "GetCaptcha", &request.base, MC_OK);
}

static inline uint32_t solve(const char *challenge)
{
    return captcha_solve(challenge);
}

/* In `kept`. */
static inline char *payload_of(const char *challenge, int64_t counter)
{
    return captcha_payload(&kept, challenge, counter);
}

static inline char *solved_captcha(struct harness *h, const char *login_id)
{
    const char *challenge = captcha_of(h, login_id)->challenge;

    return payload_of(challenge, solve(challenge));
}
