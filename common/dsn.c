#include "common/dsn.h"

#include <string.h>
#include <strings.h>

/* The next line without its end; false: there is none. */
static bool next_line(struct mc_bytes *left, struct mc_bytes *ret_line)
{
    const char *text = left->data;

    if (left->len == 0)
        return false;
    const char *end = memchr(text, '\n', left->len);
    size_t len = end != NULL ? (size_t)(end - text) : left->len;
    *ret_line = (struct mc_bytes){text, len > 0 && text[len - 1] == '\r' ? len - 1 : len};
    size_t used = end != NULL ? len + 1 : len;
    *left = (struct mc_bytes){text + used, left->len - used};
    return true;
}

/* What follows a field's name, without blanks before it. */
static bool field_of(struct mc_bytes line, const char *name, struct mc_bytes *ret_value)
{
    const char *text = line.data;
    size_t len = strlen(name);

    if (line.len < len || strncasecmp(text, name, len) != 0)
        return false;
    while (len < line.len && (text[len] == ' ' || text[len] == '\t'))
        len++;
    *ret_value = (struct mc_bytes){text + len, line.len - len};
    return true;
}

static bool begins(struct mc_bytes value, const char *word)
{
    return value.len >= strlen(word) && strncasecmp(value.data, word, strlen(word)) == 0;
}

/* d.ddd.ddd, of class 2, 4 or 5; what follows is a comment. */
static bool take_status(struct mc_bytes value, char out[MC_DSN_STATUS_SIZE])
{
    const char *text = value.data;
    size_t at = 0;

    if (value.len == 0 || (text[0] != '2' && text[0] != '4' && text[0] != '5'))
        return false;
    for (unsigned part = 0; part < 3; part++) {
        size_t digits = 0;

        if (part > 0 && (at == value.len || text[at++] != '.'))
            return false;
        while (at < value.len && text[at] >= '0' && text[at] <= '9' && digits < 3) {
            at++;
            digits++;
        }
        if (digits == 0 || (part == 0 && digits > 1))
            return false;
    }
    if (at < value.len && text[at] != ' ' && text[at] != '\t')
        return false;
    memcpy(out, text, at);
    out[at] = '\0';
    return true;
}

bool mc_dsn_read(struct mc_bytes message, struct mc_dsn *ret_dsn)
{
    bool in_report = false;
    bool has_action = false;
    bool has_status = false;
    struct mc_bytes line;
    struct mc_bytes value;

    *ret_dsn = (struct mc_dsn){0};
    while (!(has_action && has_status) && next_line(&message, &line)) {
        if (field_of(line, "content-type:", &value)) {
            in_report = begins(value, "message/delivery-status");
        } else if (in_report && !has_action && field_of(line, "action:", &value)) {
            has_action = true;
            ret_dsn->failed = begins(value, "failed");
        } else if (in_report && !has_status && field_of(line, "status:", &value)) {
            has_status = take_status(value, ret_dsn->status);
        }
    }
    return has_action && has_status;
}
