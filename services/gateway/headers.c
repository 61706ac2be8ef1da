#include "headers.h"

#include <string.h>

void gateway_header_add(struct gateway_headers *headers, const char *name, const char *value)
{
    assert(headers->len < GATEWAY_HEADER_LIST_MAX);
    headers->lines[headers->len++] = (struct mc_header){name, value};
}

void gateway_headers_safe(struct gateway_headers *headers, bool is_tls)
{
    gateway_header_add(headers, "X-Content-Type-Options", "nosniff");
    gateway_header_add(headers, "Content-Security-Policy",
                       "default-src 'none'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'");
    gateway_header_add(headers, "X-Frame-Options", "DENY");
    gateway_header_add(headers, "Referrer-Policy", "no-referrer");
    gateway_header_add(headers, "Cache-Control", "no-store");
    if (is_tls)
        gateway_header_add(headers, "Strict-Transport-Security", "max-age=31536000");
}

void gateway_headers_policy(struct gateway_headers *headers, const char *policy)
{
    for (size_t i = 0; i < headers->len; i++)
        if (strcmp(headers->lines[i].name, "Content-Security-Policy") == 0)
            headers->lines[i].value = policy;
}

const char *gateway_origin_find(const struct mc_config_list *origins, const char *origin)
{
    if (origin == NULL || strcmp(origin, "null") == 0)
        return NULL;
    for (size_t i = 0; i < origins->len; i++)
        if (strcmp(origins->items[i], origin) == 0)
            return origins->items[i];
    return NULL;
}

void gateway_headers_cors(struct gateway_headers *headers, const char *origin)
{
    if (origin == NULL)
        return;
    gateway_header_add(headers, "Access-Control-Allow-Origin", origin);
    gateway_header_add(headers, "Access-Control-Expose-Headers",
                       "Motcua-Code, Motcua-Request-Id, Retry-After, Traceparent");
}

void gateway_headers_preflight(struct gateway_headers *headers, const char *origin)
{
    gateway_header_add(headers, "Allow", "POST, OPTIONS");
    if (origin == NULL)
        return;
    gateway_header_add(headers, "Access-Control-Allow-Methods", "POST");
    gateway_header_add(headers, "Access-Control-Allow-Headers",
                       "Authorization, Connect-Protocol-Version, Connect-Timeout-Ms, Content-Type, "
                       "Idempotency-Key, Purpose, Traceparent");
    gateway_header_add(headers, "Access-Control-Max-Age", "7200");
}

const char *gateway_cookie(struct mc_arena *arena, const char *header, const char *name, size_t max)
{
    size_t name_len = strlen(name);

    for (const char *at = header; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ";");

        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=' &&
            len - name_len - 1 <= max) {
            const char *value =
                mc_sprintf(arena, "%.*s", (int)(len - name_len - 1), at + name_len + 1);
            return value != NULL ? value : "";
        }
        at += len;
        at += strspn(at, "; ");
    }
    return "";
}
