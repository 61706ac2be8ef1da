/* Any bytes as query, form, cookies and credentials of the provider's endpoints. */
#include <string.h>

#include "../../services/gateway/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct oidc_form form;
    struct oidc_page page;
    char *id = NULL;
    char *secret = NULL;

    if (arena.base == NULL && mc_arena_init(&arena, 16 << 20) != MC_OK)
        return 0;
    char *text = mc_alloc(&arena, size + 1);
    if (text != NULL) {
        if (size > 0)
            memcpy(text, data, size);
        if (oidc_form_read(&arena, "POST", "", "application/x-www-form-urlencoded",
                           (struct mc_bytes){text, size}, &form))
            (void)oidc_id(&arena, &form, "authorization");
        (void)oidc_form_read(&arena, "GET", text, NULL, (struct mc_bytes){0}, &form);
        assert(strlen(oidc_cookie(&arena, text)) <= OIDC_COOKIE_MAX);
        if (oidc_basic(&arena, text, &id, &secret))
            assert(id != NULL && secret != NULL);
        (void)oidc_bearer(text);

        oidc_page_begin(&page, &arena, false, "login_title");
        size_t before = page.len;
        oidc_page_text(&page, text);
        assert(page.broken || memchr(page.text + before, '<', page.len - before) == NULL);
    }
    mc_arena_reset(&arena);
    return 0;
}
