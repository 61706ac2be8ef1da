/* What the tests of feedback share: who sends it, the form, captchas. */
#pragma once

#include "../captcha_help.h"
#include "services/support/feedback.h"
#include "support_help.h"

#define SENDER "0190a07b-0000-7000-8000-000000000021"
#define UNIT   "000.20.31.H53"

/* Solved captchas, until a test ends. */
static struct mc_arena kept;

static inline int open_room(void **state)
{
    static const char *const settings[] = {"support.captcha_prefix=1", NULL};

    if (mc_arena_init(&kept, 1 << 20) != MC_OK)
        return -1;
    *state = harness_open(&support_room, settings);
    return *state != NULL ? 0 : -1;
}

static inline int close_room(void **state)
{
    harness_close(*state);
    mc_arena_done(&kept);
    return 0;
}

static inline void as_person(struct harness *h, const char *account)
{
    harness_as(h, &(struct mc_caller){
                      .name = "portal:test", .who = MC_CITIZEN, .account_id = account, .ial = 2});
    harness_purpose(h, "");
}

static inline void as_nobody(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test", .who = MC_PORTAL});
    harness_purpose(h, "");
}

static inline Support__SendFeedbackRequest form(void)
{
    Support__SendFeedbackRequest req = SUPPORT__SEND_FEEDBACK_REQUEST__INIT;

    req.kind = SUPPORT__FEEDBACK_KIND__KIND_CONDUCT;
    req.unit = text(UNIT);
    req.unit_name = text("UBND Thị trấn Bến Cầu");
    req.name = text("Nguyễn Thị Hoà Bình");
    req.address = text("Ấp 1, Bến Cầu");
    req.phone = text("0869000603");
    req.title = text("Chờ lâu tại bộ phận một cửa");
    req.text = text("Tôi chờ ba giờ.");
    return req;
}

static inline const Support__GetCaptchaReply *captcha_of(struct harness *h)
{
    Support__GetCaptchaRequest request = SUPPORT__GET_CAPTCHA_REQUEST__INIT;

    return harness_call(h, "GetCaptcha", &request.base, MC_OK);
}

static inline char *solved_captcha(struct harness *h)
{
    const char *challenge = captcha_of(h)->challenge;

    return captcha_payload(&kept, challenge, captcha_solve(challenge));
}
