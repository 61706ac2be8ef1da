#include "kannel.h"

#include <string.h>

enum {
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_TIMEOUT = 408,
    HTTP_TOO_MANY = 429,
};

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static char *encode(char *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr(unreserved, *text) != NULL) {
            *out++ = *text;
            continue;
        }
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    *out = '\0';
    return out;
}

struct field {
    const char *name;
    const char *value;
};

const char *kannel_url(struct mc_arena *arena, const struct kannel_login *login,
                       const struct kannel_sms *sms)
{
    const char *report = "";

    /* %d is Kannel's: the state it reports; encoded here, decoded and filled in there */
    if (login->report_base[0] != '\0' && sms->report_path[0] != '\0')
        report = mc_sprintf(arena, "%s%s&st=%%d", login->report_base, sms->report_path);
    if (report == NULL)
        return NULL;
    const struct field fields[] = {
        {"?username=", login->username},
        {"&password=", login->password},
        {"&from=", login->sender},
        {"&to=", sms->phone},
        {"&text=", sms->text},
        {"&charset=", "UTF-8"},
        {"&coding=", sms->ucs2 ? "2" : "0"},
        {"&dlr-mask=", report[0] != '\0' ? "31" : "0"},
        {"&dlr-url=", report},
    };
    size_t size = strlen(login->url) + 1;
    for (size_t i = 0; i < MC_LEN(fields); i++)
        size += strlen(fields[i].name) + 3 * strlen(fields[i].value);
    char *url = mc_alloc(arena, size);
    if (url == NULL)
        return NULL;
    char *out = stpcpy(url, login->url);
    for (size_t i = 0; i < MC_LEN(fields); i++) {
        if (fields[i].value[0] == '\0')
            continue;
        out = stpcpy(out, fields[i].name);
        out = encode(out, fields[i].value);
    }
    return url;
}

static bool begins(struct mc_bytes body, const char *text)
{
    size_t len = strlen(text);

    return body.len >= len && memcmp(body.data, text, len) == 0;
}

/* "0: Accepted for delivery: 7f6c…": some versions name the message after a second colon. */
static void reference_read(const char *body, char ret_reference[KANNEL_REFERENCE_SIZE])
{
    const char *at = strchr(body, ':');

    at = at != NULL ? strchr(at + 1, ':') : NULL;
    if (at == NULL)
        return;
    at += 1 + strspn(at + 1, " ");
    size_t len = strspn(at, unreserved);
    if (len >= KANNEL_REFERENCE_SIZE || at[len + strspn(at + len, " \r\n")] != '\0')
        return;
    memcpy(ret_reference, at, len);
    ret_reference[len] = '\0';
}

enum verdict kannel_judge(const struct mc_http_answer *answer,
                          char ret_reference[KANNEL_REFERENCE_SIZE])
{
    ret_reference[0] = '\0';
    if (answer->outcome == MC_HTTP_NOT_SENT)
        return VERDICT_RETRY;
    if (answer->outcome == MC_HTTP_UNKNOWN)
        return VERDICT_PERHAPS;
    if (answer->status / 100 == 2) {
        /* a proxy's or a login page answers 200 too */
        if (!begins(answer->body, "0:") && !begins(answer->body, "3:") &&
            !begins(answer->body, "Sent."))
            return VERDICT_PERHAPS;
        reference_read(answer->body.data, ret_reference);
        return VERDICT_TAKEN;
    }
    if (answer->status == HTTP_UNAUTHORIZED || answer->status == HTTP_FORBIDDEN)
        return VERDICT_LOCKED;
    if (answer->status == HTTP_TOO_MANY)
        return VERDICT_SLOW;
    if (answer->status == HTTP_TIMEOUT)
        return VERDICT_RETRY;
    return answer->status / 100 == 4 ? VERDICT_REFUSED : VERDICT_RETRY;
}
