/* What browsers and portals send, read strictly. Pure. */
#include <string.h>
#include <strings.h>

#include "common/crypto.h"

#include "headers.h"
#include "oidc.h"

enum { BASIC_MAX = 1024 };

static bool is_form(const char *content_type)
{
    static const char type[] = "application/x-www-form-urlencoded";

    return content_type != NULL && strncasecmp(content_type, type, sizeof type - 1) == 0 &&
           strchr("; ", content_type[sizeof type - 1]) != NULL;
}

static bool values_ok(const struct mc_form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        const char *value = form->pairs[i].value;
        if (strlen(value) > OIDC_VALUE_MAX ||
            !mc_utf8_is_valid((struct mc_bytes){value, strlen(value)}))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(form->pairs[i].name, form->pairs[j].name) == 0)
                return false;
    }
    return true;
}

bool oidc_form_read(struct mc_arena *arena, const char *method, const char *query,
                    const char *content_type, struct mc_bytes body, struct oidc_form *ret_form)
{
    bool posted = strcmp(method, "POST") == 0;
    struct mc_bytes text = posted ? body : (struct mc_bytes){query, strlen(query)};

    *ret_form = (struct oidc_form){0};
    if ((posted && body.len > 0 && !is_form(content_type)) ||
        mc_form_decode(arena, text, &ret_form->pairs) != MC_OK || !values_ok(&ret_form->pairs)) {
        ret_form->pairs = (struct mc_form){0};
        return false;
    }
    const char *locales = oidc_value(ret_form, "ui_locales");
    ret_form->english = strcmp(oidc_value(ret_form, "lang"), "en") == 0 ||
                        (strncmp(locales, "en", 2) == 0 && strchr(" -", locales[2]) != NULL);
    return true;
}

char *oidc_value(const struct oidc_form *form, const char *name)
{
    const char *value = mc_form_get(&form->pairs, name);

    return mc_unconst(value != NULL ? value : "");
}

ProtobufCBinaryData oidc_id(struct mc_arena *arena, const struct oidc_form *form, const char *name)
{
    const char *text = oidc_value(form, name);
    uint8_t *id = mc_alloc(arena, MC_ID_LEN);

    if (id == NULL || strlen(text) != (size_t)2 * MC_ID_LEN ||
        !mc_unhex(id, MC_ID_LEN, (struct mc_bytes){text, strlen(text)}))
        return (ProtobufCBinaryData){0};
    return (ProtobufCBinaryData){MC_ID_LEN, id};
}

const char *oidc_cookie(struct mc_arena *arena, const char *header)
{
    return gateway_cookie(arena, header, OIDC_COOKIE, OIDC_COOKIE_MAX);
}

bool oidc_basic(struct mc_arena *arena, const char *header, char **ret_id, char **ret_secret)
{
    char text[BASIC_MAX + 1];
    size_t len = 0;
    const char *id = NULL;
    const char *secret = NULL;

    if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
        return false;
    header += 6 + strspn(header + 6, " ");
    if (!mc_unbase64(text, BASIC_MAX, (struct mc_bytes){header, strlen(header)}, &len) ||
        memchr(text, '\0', len) != NULL)
        return false;
    text[len] = '\0';
    const char *colon = strchr(text, ':');
    if (colon == NULL)
        return false;
    size_t id_len = (size_t)(colon - text);
    bool good = mc_percent_decode(arena, (struct mc_bytes){text, id_len}, &id) == MC_OK &&
                mc_percent_decode(arena, (struct mc_bytes){colon + 1, len - id_len - 1}, &secret) ==
                    MC_OK &&
                mc_utf8_is_valid((struct mc_bytes){id, strlen(id)}) &&
                mc_utf8_is_valid((struct mc_bytes){secret, strlen(secret)});
    mc_wipe(text, sizeof text);
    *ret_id = mc_unconst(id);
    *ret_secret = mc_unconst(secret);
    return good;
}

const char *oidc_bearer(const char *header)
{
    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
        return "";
    return header + 7 + strspn(header + 7, " ");
}
