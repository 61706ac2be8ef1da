#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Kept free at the end, so that a cut line is still whole: , "cut":true } newline. */
enum { TAIL_MAX = 32, ESCAPED_MAX = 6 };

static const struct {
    const char *name;
    enum mc_log_level level;
} levels[] = {
    {"error", MC_LOG_ERROR}, {"warning", MC_LOG_WARNING}, {"notice", MC_LOG_NOTICE},
    {"info", MC_LOG_INFO},   {"debug", MC_LOG_DEBUG},
};

static const char *level_name(enum mc_log_level level)
{
    for (size_t i = 0; i < MC_LEN(levels); i++)
        if (levels[i].level == level)
            return levels[i].name;
    return "error";
}

bool mc_log_level_parse(const char *name, enum mc_log_level *ret_level)
{
    for (size_t i = 0; i < MC_LEN(levels); i++) {
        if (strcmp(levels[i].name, name) == 0) {
            *ret_level = levels[i].level;
            return true;
        }
    }
    return false;
}

/* systemd.exec(5): JOURNAL_STREAM is "device:inode", since stderr may have been sent elsewhere. */
static bool is_journal(int fd, const char *journal_stream)
{
    struct stat info;
    char stream[64];

    if (journal_stream == NULL || fstat(fd, &info) != 0)
        return false;
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev,
                   (uintmax_t)info.st_ino);
    return strcmp(stream, journal_stream) == 0;
}

struct mc_log mc_log_make(const char *room, int fd, enum mc_log_level level,
                          enum mc_log_format format, const char *journal_stream)
{
    return (struct mc_log){
        .room = room,
        .fd = fd,
        .level = level,
        .format = format,
        .prefix = is_journal(fd, journal_stream),
    };
}

static bool put(struct mc_log_line *line, const char *text, size_t len)
{
    if (len > MC_LOG_LINE_MAX - TAIL_MAX - line->len) {
        line->cut = true;
        return false;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

/* Length of the UTF-8 character at the front, or 0 when there is none. */
static size_t character(const uint8_t *in, size_t len, uint32_t *ret_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = in[0] < 0x80 ? 1 : in[0] < 0xc0 ? 0 : in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
    uint32_t point = size == 1 ? in[0] : in[0] & (0x7fU >> size);

    if (size == 0 || size > len || in[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (in[i] & 0x3f);
    }
    if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    *ret_point = point;
    return size;
}

/* Controls, line and paragraph separators, and what turns the direction of reading. */
static bool unprintable(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* The escapes of JSON, which logfmt readers know as well. Bytes that are no UTF-8 become U+FFFD. */
static bool put_escaped(struct mc_log_line *line, const uint8_t *in, size_t len)
{
    while (len > 0) {
        char escaped[ESCAPED_MAX + 1];
        uint32_t point = 0xfffd;
        size_t size = character(in, len, &point);
        bool done;

        if (size == 0) {
            done = put(line, "\xef\xbf\xbd", 3);
            size = 1;
        } else if (point == '"' || point == '\\') {
            done = put(line, (const char[]){'\\', (char)point}, 2);
        } else if (point == '\n') {
            done = put(line, "\\n", 2);
        } else if (unprintable(point)) {
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", point & 0xffffU);
            done = put(line, escaped, ESCAPED_MAX);
        } else {
            done = put(line, (const char *)in, size);
        }
        if (!done)
            return false;
        in += size;
        len -= size;
    }
    return true;
}

static bool bare(const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (in[i] <= ' ' || in[i] >= 0x7f || in[i] == '"' || in[i] == '\\' || in[i] == '=')
            return false;
    return len > 0;
}

static bool put_key(struct mc_log_line *line, const char *key)
{
    bool json = line->log->format == MC_LOG_JSON;
    bool first = line->len == 0 || line->text[line->len - 1] == (json ? '{' : '>');
    char safe[64];
    size_t len = 0;

    for (; key[len] != '\0' && len < sizeof(safe); len++) {
        char c = key[len];
        bool fine =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        safe[len] = '_';
        if (fine)
            safe[len] = c;
    }
    return (first || put(line, json ? "," : " ", 1)) && (!json || put(line, "\"", 1)) &&
           put(line, safe, len) && put(line, json ? "\":" : "=", json ? 2 : 1);
}

/* A field is there whole or not at all; only a long value is cut within. */
static void field(struct mc_log_line *line, const char *key, struct mc_bytes value, bool quoted)
{
    if (line->log == NULL)
        return;

    size_t start = line->len;
    size_t len = value.len;
    const uint8_t *in = value.data;
    bool done = put_key(line, key);

    if (len > MC_LOG_VALUE_MAX) {
        len = MC_LOG_VALUE_MAX;
        while (len > 0 && (in[len] & 0xc0) == 0x80) /* not within a character */
            len--;
        line->cut = true;
    }
    if (quoted && (line->log->format == MC_LOG_JSON || !bare(in, len)))
        done = done && put(line, "\"", 1) && put_escaped(line, in, len) && put(line, "\"", 1);
    else
        done = done && put(line, value.data, len);
    if (!done)
        line->len = start;
}

static struct mc_bytes timestamp(char out[64], int64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;

    if (gmtime_r(&seconds, &utc) == NULL)
        return (struct mc_bytes){"?", 1};
    size_t len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(out + len, 16, ".%03dZ", (int)(now_ms % 1000));
    return (struct mc_bytes){out, len};
}

void mc_log_begin(struct mc_log_line *line, struct mc_log *log, enum mc_log_level level,
                  int64_t now_ms, const char *event)
{
    char ts[64];
    char prefix[] = "<3>";

    line->log = log != NULL && level <= log->level ? log : NULL;
    line->len = 0;
    line->cut = false;
    if (line->log == NULL)
        return;
    prefix[1] = (char)('0' + (int)level);
    (void)(log->prefix && put(line, prefix, 3));
    (void)(log->format == MC_LOG_JSON && put(line, "{", 1));
    field(line, "ts", timestamp(ts, now_ms), true);
    mc_log_text(line, "level", level_name(level));
    mc_log_text(line, "room", log->room);
    mc_log_text(line, "event", event);
}

void mc_log_bytes(struct mc_log_line *line, const char *key, struct mc_bytes text)
{
    field(line, key, text.data != NULL ? text : (struct mc_bytes){"", 0}, true);
}

void mc_log_text(struct mc_log_line *line, const char *key, const char *value)
{
    if (value != NULL && line->log != NULL)
        field(line, key, (struct mc_bytes){value, strlen(value)}, true);
}

void mc_log_int(struct mc_log_line *line, const char *key, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64, value);

    field(line, key, (struct mc_bytes){text, (size_t)len}, false);
}

void mc_log_bool(struct mc_log_line *line, const char *key, bool value)
{
    field(line, key, value ? (struct mc_bytes){"true", 4} : (struct mc_bytes){"false", 5}, false);
}

void mc_log_hex(struct mc_log_line *line, const char *key, struct mc_bytes id)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = id.data;
    char text[MC_LOG_VALUE_MAX];
    size_t len = 0;

    for (size_t i = 0; i < id.len && len + 2 <= sizeof(text); i++) {
        text[len++] = digits[in[i] >> 4];
        text[len++] = digits[in[i] & 0xf];
    }
    field(line, key, (struct mc_bytes){text, len}, true);
}

void mc_log_mask(char out[MC_LOG_MASK_SIZE], const char *value)
{
    size_t len = strnlen(value, 64);

    if (len < 10 || !bare((const uint8_t *)value, len))
        (void)snprintf(out, MC_LOG_MASK_SIZE, "xxx");
    else
        (void)snprintf(out, MC_LOG_MASK_SIZE, "%.4sxxx%s", value,
                       len < 64 ? value + len - 3 : ""); /* longer is no number at all */
}

void mc_log_masked(struct mc_log_line *line, const char *key, const char *value)
{
    char masked[MC_LOG_MASK_SIZE];

    if (value == NULL)
        return;
    mc_log_mask(masked, value);
    mc_log_text(line, key, masked);
}

void mc_log_end(struct mc_log_line *line)
{
    struct mc_log *log = line->log;

    if (log == NULL)
        return;
    if (log->lost > 0)
        mc_log_int(line, "lost", (int64_t)log->lost);

    bool json = log->format == MC_LOG_JSON;
    const char *tail = line->cut ? (json ? ",\"cut\":true}\n" : " cut=true\n")
                       : json    ? "}\n"
                                 : "\n";
    size_t len = strlen(tail);
    memcpy(line->text + line->len, tail, len); /* TAIL_MAX was kept for this */
    line->len += len;

    ssize_t wrote;
    do {
        wrote = write(log->fd, line->text, line->len);
    } while (wrote < 0 && errno == EINTR);
    log->lost = wrote < 0 ? log->lost + 1 : 0;
    line->log = NULL;
}
