#include <string.h>

#include "common/arena.h"
#include "common/httpd.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads one escape's two digits; -1 when broken or NUL. */
static int escaped_byte(const char *digits, size_t len)
{
    int high = len >= 2 ? hex_value(digits[0]) : -1;
    int low = len >= 2 ? hex_value(digits[1]) : -1;

    if (high < 0 || low < 0 || high + low == 0)
        return -1;
    return high * 16 + low;
}

static enum mc_status decode(struct mc_arena *arena, struct mc_bytes text, bool plus_is_space,
                             const char **ret_text)
{
    const char *in = text.data;
    char *out = mc_alloc(arena, text.len + 1);
    size_t len = 0;

    if (out == NULL)
        return MC_FULL;
    for (size_t i = 0; i < text.len; i++) {
        char c = in[i];

        if (c == '%') {
            int byte = escaped_byte(in + i + 1, text.len - i - 1);
            if (byte < 0)
                return MC_INVALID;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '\0') {
            return MC_INVALID;
        }
        out[len++] = c;
    }
    out[len] = '\0';
    *ret_text = out;
    return MC_OK;
}

enum mc_status mc_percent_decode(struct mc_arena *arena, struct mc_bytes text,
                                 const char **ret_text)
{
    return decode(arena, text, false, ret_text);
}

static enum mc_status decode_pair(struct mc_arena *arena, struct mc_bytes text,
                                  struct mc_form_pair *pair)
{
    const char *start = text.data;
    const char *equals = memchr(start, '=', text.len);
    size_t name_len = equals != NULL ? (size_t)(equals - start) : text.len;
    struct mc_bytes value = {"", 0};

    if (equals != NULL)
        value = (struct mc_bytes){equals + 1, text.len - name_len - 1};
    enum mc_status status = decode(arena, (struct mc_bytes){start, name_len}, true, &pair->name);
    return status != MC_OK ? status : decode(arena, value, true, &pair->value);
}

enum mc_status mc_form_decode(struct mc_arena *arena, struct mc_bytes text,
                              struct mc_form *ret_form)
{
    const char *at = text.len > 0 ? text.data : "";
    const char *end = at + text.len;
    size_t count = 0;
    struct mc_form_pair *pairs = mc_alloc(arena, MC_FORM_PAIRS_MAX * sizeof *pairs);

    if (pairs == NULL)
        return MC_FULL;
    while (at < end) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        const char *stop = amp != NULL ? amp : end;

        if (stop != at) {
            if (count == MC_FORM_PAIRS_MAX)
                return MC_INVALID;
            enum mc_status status =
                decode_pair(arena, (struct mc_bytes){at, (size_t)(stop - at)}, &pairs[count]);
            if (status != MC_OK)
                return status;
            count++;
        }
        at = amp != NULL ? amp + 1 : end;
    }
    *ret_form = (struct mc_form){pairs, count};
    return MC_OK;
}

const char *mc_form_get(const struct mc_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->pairs[i].name, name) == 0)
            return form->pairs[i].value;
    }
    return NULL;
}
