/* The captcha: work for one number, once, in time (REG-17, LOG-04). */
#include <stdlib.h>
#include <unistd.h>

#include "../common/cert_help.h"
#include "identity_captcha_help.h"

enum { CAPTCHA_MS = 600000 };

static int open_strict(void **state)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.captcha_callers=room:test",
                                           "identity.captcha_prefix=1", NULL};

    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    *state = harness_open(&identity_room, settings);
    return 0;
}

static const Identity__LoginReply *log_in(struct harness *h, const char *login_id, char *captcha,
                                          enum mc_status want)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = text(login_id);
    request.password = text(PASSWORD);
    request.captcha = captcha;
    return harness_call(h, "Login", &request.base, want);
}

static void refused(struct harness *h, char *captcha, const char *code)
{
    log_in(h, BINH_ID, captcha, MC_INVALID);
    assert_true(harness_violated(h, "captcha", code));
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 0); /* and no guess was made */
}

static void a_solved_captcha_is_good_once(void **state)
{
    struct harness *h = *state;
    const Identity__GetCaptchaReply *asked = captcha_of(h, BINH_ID);

    assert_true(asked->required);
    assert_int_equal(asked->level, 0);
    assert_int_equal(asked->expires_at_ms, harness_now(h) + CAPTCHA_MS);
    refused(h, text(""), "CAPTCHA_REQUIRED");
    char *captcha = solved_captcha(h, BINH_ID);
    assert_string_equal(log_in(h, BINH_ID, captcha, MC_OK)->code, "LOGIN_WRONG");
    log_in(h, BINH_ID, captcha, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
    harness_reopen(h); /* spent for ever */
    log_in(h, BINH_ID, captcha, MC_INVALID);
    assert_int_equal(harness_rows(h, IDENTITY_CAPTCHAS), 1);
}

/* REG-17 REG-48: with one captcha nobody asks about a second number, not even in refused calls. */
static void a_captcha_is_for_one_number(void **state)
{
    struct harness *h = *state;
    char *captcha = solved_captcha(h, tho.login_id);

    refused(h, captcha, "CAPTCHA_WRONG");
    assert_string_equal(log_in(h, tho.login_id, captcha, MC_OK)->code, "LOGIN_WRONG");
}

static void a_refused_form_does_not_spend_it(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = form_of(&binh);

    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
    form.captcha = solved_captcha(h, BINH_ID);
    form.phone = text("091");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    form.phone = text(binh.phone);
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
}

/* REG-41: before a text is given out to be signed; each is good for one. */
static void a_signing_needs_a_captcha_REG_41(void **state)
{
    char set[128];
    char file[64];
    const char *const settings[] = {"identity.captcha_callers=room:test",
                                    "identity.captcha_prefix=1", set, NULL};
    struct cert_party root = cert_authority("CA", NULL, HARNESS_T0);
    Identity__GetCaptchaRequest ask = IDENTITY__GET_CAPTCHA_REQUEST__INIT;
    Identity__StartSigningRequest request = IDENTITY__START_SIGNING_REQUEST__INIT;

    (void)state;
    (void)snprintf(file, sizeof file, "/tmp/motcua-captcha-XXXXXX");
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    (void)close(fd);
    cert_write(file, (const struct cert_party *const[]){&root, NULL});
    (void)snprintf(set, sizeof set, "identity.trust_public=%s", file);
    struct harness *h = harness_open(&identity_room, settings);
    request.purpose = IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN;
    request.method = text("USB_TOKEN");
    request.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    harness_call(h, "StartSigning", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
    request.captcha = solved_captcha(h, BINH_ID); /* for a number: not for this */
    harness_call(h, "StartSigning", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_WRONG"));
    ask.signing = true;
    const Identity__GetCaptchaReply *asked = harness_call(h, "GetCaptcha", &ask.base, MC_OK);
    request.captcha = payload_of(asked->challenge, solve(asked->challenge));
    (void)harness_call(h, "StartSigning", &request.base, MC_OK);
    harness_call(h, "StartSigning", &request.base, MC_INVALID);
    harness_close(h);
    (void)unlink(file);
    cert_free(&root);
}

static void a_captcha_runs_out(void **state)
{
    struct harness *h = *state;
    char *first = solved_captcha(h, BINH_ID);
    char *second = solved_captcha(h, BINH_ID);

    harness_advance(h, CAPTCHA_MS - 1);
    assert_string_equal(log_in(h, BINH_ID, first, MC_OK)->code, "LOGIN_WRONG");
    harness_advance(h, 1);
    log_in(h, BINH_ID, second, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_EXPIRED"));
    harness_tick(h); /* what has run out need not be remembered as spent */
    assert_int_equal(harness_rows(h, IDENTITY_CAPTCHAS), 0);
}

static char *changed(const char *challenge, const char *from, const char *to)
{
    const char *at = strstr(challenge, from);

    assert_non_null(at);
    return mc_sprintf(&kept, "%.*s%s%s", (int)(at - challenge), challenge, to, at + strlen(from));
}

static void nothing_of_it_can_be_forged(void **state)
{
    struct harness *h = *state;
    const char *challenge = captcha_of(h, BINH_ID)->challenge;
    uint32_t counter = solve(challenge);
    char expiry[64];
    char later[64];

    (void)snprintf(expiry, sizeof expiry, "\"expiresAt\":%lld",
                   (long long)((harness_now(h) + CAPTCHA_MS) / 1000));
    (void)snprintf(later, sizeof later, "\"expiresAt\":%lld",
                   (long long)((harness_now(h) + 2LL * CAPTCHA_MS) / 1000));
    refused(h, payload_of(changed(challenge, expiry, later), counter), "CAPTCHA_WRONG");
    refused(h, payload_of(changed(challenge, "\"level\":0", "\"level\":7"), counter),
            "CAPTCHA_WRONG");
    refused(h, payload_of(changed(challenge, "\"signature\":\"", "\"signature\":\"0"), counter),
            "CAPTCHA_WRONG");
    refused(h, payload_of("{\"parameters\":{},\"signature\":\"\"}", counter), "CAPTCHA_WRONG");
    refused(h, payload_of(challenge, -1), "CAPTCHA_WRONG");
    refused(h, payload_of(challenge, 0x100000000), "CAPTCHA_WRONG");
    if (counter > 0) /* the first that fits is the one that was found: those before do not */
        refused(h, payload_of(challenge, counter - 1), "CAPTCHA_WRONG");
    refused(h, text("eyJ9"), "CAPTCHA_WRONG");
    refused(h, text("not base64"), "CAPTCHA_WRONG");
    assert_string_equal(log_in(h, BINH_ID, payload_of(challenge, counter), MC_OK)->code,
                        "LOGIN_WRONG");
}

static void captchas_are_bounded(void **state)
{
    struct harness *h = *state;
    char *captcha = mc_alloc(&kept, MC_CAPTCHA_SOLVED_MAX + 2);

    memset(captcha, 'A', MC_CAPTCHA_SOLVED_MAX + 1);
    captcha[MC_CAPTCHA_SOLVED_MAX + 1] = '\0';
    refused(h, captcha, "CAPTCHA_WRONG");
    captcha[MC_CAPTCHA_SOLVED_MAX] = '\0';
    refused(h, captcha, "CAPTCHA_WRONG");
}

static void other_front_ends_need_none_and_numbers_are_checked(void **state)
{
    struct harness *h = *state;
    Identity__GetCaptchaRequest request = IDENTITY__GET_CAPTCHA_REQUEST__INIT;

    request.login_id = text("12");
    harness_call(h, "GetCaptcha", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "login_id", "ID_FORMAT"));
    harness_as(h, &(struct mc_caller){.name = "portal:tayninh", .who = MC_PORTAL});
    assert_false(captcha_of(h, BINH_ID)->required);
    assert_string_equal(log_in(h, BINH_ID, text(""), MC_OK)->code, "LOGIN_WRONG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_strict, close_room)
        TEST(a_solved_captcha_is_good_once),
        TEST(a_captcha_is_for_one_number),
        TEST(a_signing_needs_a_captcha_REG_41),
        TEST(a_refused_form_does_not_spend_it),
        TEST(a_captcha_runs_out),
        TEST(nothing_of_it_can_be_forged),
        TEST(captchas_are_bounded),
        TEST(other_front_ends_need_none_and_numbers_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
