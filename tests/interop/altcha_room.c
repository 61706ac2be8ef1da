/* An identity room that asks for a captcha: prints the challenge, reads the payload, prints the
 * answer. */
#include "../services/identity_captcha_help.h"

static const char *log_in(struct harness *h, char *captcha, enum mc_status want)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = text(BINH_ID);
    request.password = text(PASSWORD);
    request.captcha = captcha;
    const Identity__LoginReply *reply = harness_call(h, "Login", &request.base, want);
    return reply != NULL ? reply->code : harness_header(h)->code;
}

int main(void)
{
    static const char *const settings[] = {"identity.captcha_callers=*", NULL};
    static char payload[MC_CAPTCHA_SOLVED_MAX + 1];

    if (mc_arena_init(&kept, 1 << 20) != MC_OK)
        return 1;
    struct harness *h = harness_open(&identity_room, settings);
    printf("%s\n", captcha_of(h, BINH_ID)->challenge);
    (void)fflush(stdout);
    if (fgets(payload, sizeof payload, stdin) == NULL)
        return 1;
    payload[strcspn(payload, "\n")] = '\0';
    printf("%s\n", log_in(h, payload, MC_OK));
    printf("%s\n", log_in(h, payload, MC_INVALID)); /* once */
    harness_close(h);
    mc_arena_done(&kept);
    return 0;
}
