/* Any bytes as the dashboard's path, hosts, cookies and sign-in tokens' payloads. */
#include <string.h>

#include "../../services/gateway/dash.h"
#include "../../services/gateway/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COOKIE_MAX = 2 * DASH_SESSION_LEN, NOW_MS = 1000, LIFE_MS = 60000 };

static void try_token(const uint8_t *data, size_t size)
{
    static struct dash_sessions sessions;
    static const uint8_t secret[DASH_SESSION_LEN];
    const struct dash_session *session =
        dash_sign_in(&sessions, (struct mc_bytes){data, size}, secret, NOW_MS, LIFE_MS);

    if (session != NULL) {
        assert(strncmp(session->caller, "operator:", 9) == 0 && session->caller[9] != '\0');
        assert((session->roles & MC_ROLE_VIEW) != 0);
        memset(&sessions, 0, sizeof sessions);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    static struct dash_sessions nobody;
    const struct mc_config_list none = {0};
    struct gateway_method method = {0};

    if (arena.base == NULL && mc_arena_init(&arena, 1 << 20) != MC_OK)
        return 0;
    try_token(data, size);
    char *text = mc_alloc(&arena, size + 1);
    if (text != NULL) {
        if (size > 0)
            memcpy(text, data, size);
        const struct dash_method *row = dash_method_find(text, &method);
        assert(row == NULL || (method.proto != NULL && method.room != NULL));
        (void)!dash_host_ok(text, "127.0.0.1", 1, &none);
        (void)!dash_origin_ok(text, text);
        const char *cookie = gateway_cookie(&arena, text, "motcua-dashboard", COOKIE_MAX);
        assert(strlen(cookie) <= COOKIE_MAX);
        assert(dash_session_find(&nobody, cookie, NOW_MS) == NULL);
    }
    mc_arena_reset(&arena);
    return 0;
}
