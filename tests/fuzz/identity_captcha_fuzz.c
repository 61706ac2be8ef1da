/*
 * Any bytes as a captcha's payload: as they come, and as the JSON inside its base64. Nothing that
 * was not signed here holds, whatever it says.
 */
#include <string.h>

#include "common/captcha.h"

#include "../harness.h"
#include "services/identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS = 2000 }; /* then the room is opened afresh: the harness keeps all replies */

static struct harness *room(void)
{
    static const char *const settings[] = {"identity.captcha_callers=*", NULL};
    static struct harness *open;
    static unsigned inputs;

    if (open != NULL && ++inputs % INPUTS == 0) {
        harness_close(open);
        open = NULL;
    }
    if (open == NULL)
        open = harness_open(&identity_room, settings);
    return open;
}

static void refused(struct harness *h, char *captcha)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = mc_unconst("012193990017");
    request.password = mc_unconst("x");
    request.captcha = captcha;
    (void)harness_call(h, "Login", &request.base, MC_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MC_CAPTCHA_SOLVED_MAX + 1];
    char coded[2 * MC_CAPTCHA_SOLVED_MAX];
    struct harness *h = room();

    if (size > MC_CAPTCHA_SOLVED_MAX || memchr(data, 0, size) != NULL)
        return 0;
    (void)mc_base64(coded, (struct mc_bytes){data, size});
    refused(h, coded);
    memcpy(text, data, size);
    text[size] = '\0';
    if (mc_utf8_is_valid((struct mc_bytes){text, size}))
        refused(h, text);
    return 0;
}
