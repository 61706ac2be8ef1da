#include "common/httpd_parse.h"

#include <string.h>
#include <strings.h>

enum {
    BAD_REQUEST = 400,
    EXPECTATION_FAILED = 417,
    TOO_MANY_HEADERS = 431,
    NOT_IMPLEMENTED = 501,
    VERSION_NOT_SUPPORTED = 505,

    LENGTH_DIGITS_MAX = 10,
    CHUNK_DIGITS_MAX = 7, /* 256 MiB: over any body limit, under 32 bits */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Takes the line that starts at *at, ends it with NUL, and moves on. CR LF was checked before. */
static char *next_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\r');

    *end = '\0';
    *at = end + 2;
    return line;
}

/* CR only before LF, LF only after CR, no NUL: then no two readers see different lines. */
static bool lines_are_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0')
            return false;
        if (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n'))
            return false;
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            return false;
    }
    return len >= 4 && memcmp(text + len - 4, "\r\n\r\n", 4) == 0;
}

static bool method_is_known(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

    for (size_t i = 0; i < MC_LEN(known); i++) {
        if (strcmp(method, known[i]) == 0)
            return true;
    }
    return false;
}

/* Origin form only (no "http://...", no "*"), visible ASCII, whole escapes, none for NUL. */
static bool target_is_plain(const char *target)
{
    if (target[0] != '/')
        return false;
    for (const char *c = target; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == '#')
            return false;
        if (*c == '%' && (!is_hex(c[1]) || !is_hex(c[2]) || (c[1] == '0' && c[2] == '0')))
            return false;
    }
    return true;
}

static int parse_request_line(char *line, struct mc_httpd_head *head)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

    if (target == NULL || version == NULL)
        return BAD_REQUEST;
    *target++ = '\0';
    *version++ = '\0';
    if (strcmp(version, "HTTP/1.1") != 0)
        return strncmp(version, "HTTP/", 5) == 0 ? VERSION_NOT_SUPPORTED : BAD_REQUEST;
    if (!target_is_plain(target) || !mc_header_name_ok(line))
        return BAD_REQUEST;
    if (!method_is_known(line))
        return NOT_IMPLEMENTED;

    head->method = line;
    head->path = target;
    char *query = strchr(target, '?');
    head->query = query != NULL ? query + 1 : "";
    if (query != NULL)
        *query = '\0';
    return 0;
}

/* "Name: value": no space before the colon, and a line that starts with one has no name. */
static bool parse_header(char *line, struct mc_header *header)
{
    char *colon = strchr(line, ':');

    if (colon == NULL)
        return false;
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    *header = (struct mc_header){line, value};
    return mc_header_name_ok(line) && mc_header_value_ok(value);
}

static int parse_headers(char *at, const char *end, struct mc_httpd_head *head)
{
    size_t count = 0;

    while (at < end) {
        char *line = next_line(&at);

        if (count == MC_HTTPD_HEADERS_MAX)
            return TOO_MANY_HEADERS;
        if (!parse_header(line, &head->headers[count++]))
            return BAD_REQUEST;
    }
    return 0;
}

static unsigned count_of(const struct mc_httpd_head *head, const char *name)
{
    unsigned count = 0;

    for (const struct mc_header *line = head->headers; line->name != NULL; line++)
        count += strcasecmp(line->name, name) == 0;
    return count;
}

/* Headers that decide where a request ends or who asks may not be said twice. */
static bool duplicates_matter(const struct mc_httpd_head *head)
{
    static const char *const single[] = {
        "Content-Length", "Transfer-Encoding", "Content-Type", "Authorization", "Cookie",
        "Origin",         "Idempotency-Key",   "Expect",
    };

    for (size_t i = 0; i < MC_LEN(single); i++) {
        if (count_of(head, single[i]) > 1)
            return true;
    }
    return count_of(head, "Host") != 1;
}

static bool host_is_plain(const char *host)
{
    return host[0] != '\0' &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") ==
               strlen(host);
}

static bool parse_length(const char *text, uint64_t *ret_length)
{
    uint64_t length = 0;
    size_t digits = 0;

    for (; is_digit(text[digits]) && digits <= LENGTH_DIGITS_MAX; digits++)
        length = length * 10 + (uint64_t)(text[digits] - '0');
    *ret_length = length;
    return digits > 0 && digits <= LENGTH_DIGITS_MAX && text[digits] == '\0';
}

static bool has_token(const char *list, const char *token)
{
    size_t len = strlen(token);

    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t size = strcspn(list, ", \t");
        if (size == len && strncasecmp(list, token, len) == 0)
            return true;
        list += size;
    }
    return false;
}

/* How the body is framed: this is what request smuggling plays with. */
static int parse_framing(struct mc_httpd_head *head)
{
    const char *length = mc_httpd_head_find(head, "Content-Length");
    const char *encoding = mc_httpd_head_find(head, "Transfer-Encoding");
    const char *expect = mc_httpd_head_find(head, "Expect");
    const char *connection = mc_httpd_head_find(head, "Connection");

    if (length != NULL && (encoding != NULL || !parse_length(length, &head->length)))
        return BAD_REQUEST;
    if (encoding != NULL && strcmp(encoding, "chunked") != 0)
        return BAD_REQUEST;
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
        return EXPECTATION_FAILED;
    head->chunked = encoding != NULL;
    head->expects_continue = expect != NULL;
    head->closes = connection != NULL && has_token(connection, "close");
    return 0;
}

int mc_httpd_parse_head(char *text, size_t len, struct mc_httpd_head *ret_head)
{
    char *at = text;

    *ret_head = (struct mc_httpd_head){0};
    if (!lines_are_plain(text, len))
        return BAD_REQUEST;
    int refusal = parse_request_line(next_line(&at), ret_head);
    if (refusal == 0)
        refusal = parse_headers(at, text + len - 2, ret_head);
    if (refusal != 0)
        return refusal;
    if (duplicates_matter(ret_head) || !host_is_plain(mc_httpd_head_find(ret_head, "Host")))
        return BAD_REQUEST;
    return parse_framing(ret_head);
}

const char *mc_httpd_head_find(const struct mc_httpd_head *head, const char *name)
{
    for (const struct mc_header *line = head->headers; line->name != NULL; line++) {
        if (strcasecmp(line->name, name) == 0)
            return line->value;
    }
    return NULL;
}

static bool feed_size(struct mc_httpd_chunks *chunks, char c)
{
    if (c == '\r') {
        chunks->state = MC_CHUNK_SIZE_LF;
        return chunks->digits > 0;
    }
    if (!is_hex(c) || ++chunks->digits > CHUNK_DIGITS_MAX)
        return false;
    uint32_t digit = is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
    chunks->left = chunks->left * 16 + digit;
    return true;
}

/* One byte that is not data. No extensions, no trailers: nobody needs them and proxies differ. */
static bool feed_frame(struct mc_httpd_chunks *chunks, char c)
{
    switch (chunks->state) {
    case MC_CHUNK_SIZE:
        return feed_size(chunks, c);
    case MC_CHUNK_SIZE_LF:
        chunks->state = chunks->left > 0 ? MC_CHUNK_DATA : MC_CHUNK_END_CR;
        return c == '\n';
    case MC_CHUNK_DATA_CR:
        chunks->state = MC_CHUNK_DATA_LF;
        return c == '\r';
    case MC_CHUNK_DATA_LF:
        chunks->state = MC_CHUNK_SIZE;
        chunks->digits = 0;
        return c == '\n';
    case MC_CHUNK_END_CR:
        chunks->state = MC_CHUNK_END_LF;
        return c == '\r';
    case MC_CHUNK_END_LF:
        chunks->state = MC_CHUNK_DONE;
        return c == '\n';
    case MC_CHUNK_DATA:
    case MC_CHUNK_DONE:
    default:
        return false;
    }
}

int mc_httpd_chunks_feed(struct mc_httpd_chunks *chunks, struct mc_bytes in, size_t *ret_used,
                         struct mc_bytes *ret_piece)
{
    const char *bytes = in.data;
    size_t used = 0;

    *ret_piece = (struct mc_bytes){0};
    while (used < in.len && chunks->state != MC_CHUNK_DONE) {
        if (chunks->state == MC_CHUNK_DATA) {
            size_t len = MC_MIN(chunks->left, in.len - used);

            *ret_piece = (struct mc_bytes){bytes + used, len};
            used += len;
            chunks->left -= (uint32_t)len;
            if (chunks->left == 0)
                chunks->state = MC_CHUNK_DATA_CR;
            break;
        }
        if (!feed_frame(chunks, bytes[used++]))
            return BAD_REQUEST;
    }
    *ret_used = used;
    return 0;
}
