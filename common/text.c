#include "common/text.h"

#include <string.h>
#include <utf8proc.h>

enum {
    DECOMPOSED_MAX = 24, /* code points one character can become: 18 for U+FDFA */
    SEGMENT_MAX = 4 * (MC_TEXT_MARKS_MAX + 1),
};

struct sink {
    char *out;
    size_t size;
    size_t len;
    size_t breaks; /* line breaks seen and not yet written */
    bool blank;    /* a blank seen and not yet written */
    bool full;
};

/* A letter with its marks: the unit in which NFC can be computed. */
struct segment {
    int32_t points[SEGMENT_MAX];
    size_t len;
    size_t marks;
};

/* Most of most texts: it neither joins, decomposes nor composes with what is before it. */
static bool is_ascii(int32_t point)
{
    return point < 0x80;
}

/* Takes one code point off the text. Returns its bytes, 0 at the end, -1 on bad UTF-8. */
static ptrdiff_t take(const char *text, size_t len, int32_t *ret_point)
{
    if (len == 0)
        return 0;
    if (is_ascii((uint8_t)*text)) {
        *ret_point = (uint8_t)*text;
        return 1;
    }

    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, ret_point);
    return used > 0 ? used : -1;
}

static bool is_mark(int32_t point)
{
    if (is_ascii(point))
        return false;
    utf8proc_category_t category = utf8proc_category(point);

    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

static bool is_blank(int32_t point)
{
    return is_ascii(point) ? point == ' ' || point == '\t'
                           : utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

static bool is_break(int32_t point)
{
    return point == '\n' || point == '\r' || point == 0x2028 || point == 0x2029;
}

/* Soft hyphen, zero-width space, direction marks, word joiner, BOM: come with copy and paste. */
static bool is_dropped(int32_t point)
{
    return point == 0x00AD || point == 0x200B || point == 0x200E || point == 0x200F ||
           point == 0x2060 || point == 0xFEFF;
}

/* Controls, and overrides that show a text in another order than it is stored. */
static bool is_forbidden(int32_t point)
{
    if (is_ascii(point))
        return point < 0x20 || point == 0x7F;
    return utf8proc_category(point) == UTF8PROC_CATEGORY_CC || point == 0x061C ||
           (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static int32_t plain_apostrophe(int32_t point)
{
    switch (point) {
    case 0x02BB:
    case 0x02BC:
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0xFF07:
        return '\'';
    default:
        return point;
    }
}

static void sink_write(struct sink *sink, int32_t point)
{
    utf8proc_uint8_t bytes[4] = {(utf8proc_uint8_t)point};
    size_t len = is_ascii(point) ? 1 : (size_t)utf8proc_encode_char(point, bytes);

    if (sink->full || sink->len + len >= sink->size) {
        sink->full = true;
        return;
    }
    memcpy(sink->out + sink->len, bytes, len);
    sink->len += len;
}

/* Holds blanks and line breaks back until something follows them. */
static void sink_put(struct sink *sink, int32_t point)
{
    if (is_break(point)) {
        sink->breaks += 1;
        return;
    }
    if (is_blank(point)) {
        sink->blank = true;
        return;
    }
    if (sink->len > 0) {
        for (size_t i = 0; i < MC_MIN(sink->breaks, 2); i++)
            sink_write(sink, '\n');
        if (sink->breaks == 0 && sink->blank)
            sink_write(sink, ' ');
    }
    sink->breaks = 0;
    sink->blank = false;
    sink_write(sink, point);
}

static struct sink sink_open(char *out, size_t size)
{
    assert(size > 0);
    out[0] = '\0';
    return (struct sink){.out = out, .size = size};
}

static enum mc_status sink_close(struct sink *sink, bool valid)
{
    bool good = valid && !sink->full;

    sink->out[good ? sink->len : 0] = '\0';
    if (!valid)
        return MC_INVALID;
    return good ? MC_OK : MC_FULL;
}

bool mc_utf8_valid(const void *data, size_t len)
{
    const char *text = data;

    while (len > 0) {
        int32_t point;
        ptrdiff_t used = take(text, len, &point);
        if (used < 0 || point == 0)
            return false;
        text += used;
        len -= (size_t)used;
    }
    return true;
}

/* Canonical order (UAX #15): marks by combining class, stable; letters (class 0) stay put. */
static void segment_order(struct segment *segment)
{
    for (size_t i = 1; i < segment->len; i++) {
        int32_t point = segment->points[i];
        int class = utf8proc_get_property(point)->combining_class;
        size_t at = i;
        while (class != 0 && at > 0 &&
               utf8proc_get_property(segment->points[at - 1])->combining_class > class) {
            segment->points[at] = segment->points[at - 1];
            at--;
        }
        segment->points[at] = point;
    }
}

static void segment_flush(struct segment *segment, struct sink *sink)
{
    utf8proc_ssize_t len = (utf8proc_ssize_t)segment->len;

    if (len > 1 || (len == 1 && !is_ascii(segment->points[0]))) {
        segment_order(segment);
        len = utf8proc_normalize_utf32(segment->points, len,
                                       (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    }
    for (utf8proc_ssize_t i = 0; i < len; i++)
        sink_put(sink, segment->points[i]);
    segment->len = 0;
    segment->marks = 0;
}

/* Hangul vowels and finals are the only letters that join the letter before them. */
static bool joins_previous(int32_t point)
{
    return is_mark(point) || (point >= 0x1160 && point <= 0x11FF) ||
           (point >= 0xD7B0 && point <= 0xD7FF);
}

static bool segment_add(struct segment *segment, struct sink *sink, int32_t point)
{
    if (!joins_previous(point))
        segment_flush(segment, sink);
    else if (++segment->marks > MC_TEXT_MARKS_MAX)
        return false;
    if (is_ascii(point)) {
        segment->points[segment->len++] = point;
        return true;
    }

    utf8proc_ssize_t len = utf8proc_decompose_char(
        point, segment->points + segment->len, (utf8proc_ssize_t)(SEGMENT_MAX - segment->len),
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), NULL);
    if (len < 0 || segment->len + (size_t)len > SEGMENT_MAX)
        return false;
    segment->len += (size_t)len;
    return true;
}

/* Most texts are ASCII with single blanks between words: clean as they are, and without marks. */
static bool copied(char *out, size_t size, const char *text)
{
    bool blank = true;
    size_t len = 0;

    for (; text[len] != '\0'; len++) {
        if (text[len] < ' ' || text[len] > '~' || (blank && text[len] == ' '))
            return false;
        blank = text[len] == ' ';
    }
    if ((blank && len > 0) || len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static enum mc_status clean(char *out, size_t size, const char *text, bool lines)
{
    if (copied(out, size, text))
        return MC_OK;
    struct sink sink = sink_open(out, size);
    struct segment segment = {.len = 0};
    size_t len = strlen(text);
    int32_t point = 0;
    int32_t previous = 0;
    ptrdiff_t used;

    for (; (used = take(text, len, &point)) > 0; text += used, len -= (size_t)used) {
        bool crlf = previous == '\r' && point == '\n';
        previous = point;
        if (is_dropped(point) || (lines && crlf))
            continue;
        if (is_break(point) ? !lines : point != '\t' && is_forbidden(point))
            return sink_close(&sink, false);
        if (!segment_add(&segment, &sink, plain_apostrophe(point)))
            return sink_close(&sink, false);
    }
    segment_flush(&segment, &sink);
    return sink_close(&sink, used == 0);
}

enum mc_status mc_text_clean(char *out, size_t size, const char *text)
{
    return clean(out, size, text, false);
}

enum mc_status mc_text_clean_lines(char *out, size_t size, const char *text)
{
    return clean(out, size, text, true);
}

/* One code point's part of a search key. Marks need no ordering: they all go. */
static void fold_point(struct sink *sink, int32_t point)
{
    if (is_ascii(point)) {
        sink_put(sink, point >= 'A' && point <= 'Z' ? point - 'A' + 'a' : point);
        return;
    }
    int32_t parts[DECOMPOSED_MAX];
    utf8proc_ssize_t len = utf8proc_decompose_char(
        point, parts, DECOMPOSED_MAX,
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), NULL);

    for (utf8proc_ssize_t i = 0; i < MC_MIN(len, DECOMPOSED_MAX); i++) {
        int32_t lower = utf8proc_tolower(plain_apostrophe(parts[i]));
        if (!is_mark(lower))
            sink_put(sink, lower == 0x0111 ? 'd' : lower); /* đ does not decompose */
    }
}

enum mc_status mc_text_fold(char *out, size_t size, const char *text)
{
    struct sink sink = sink_open(out, size);
    size_t len = strlen(text);
    int32_t point = 0;
    ptrdiff_t used;

    for (; (used = take(text, len, &point)) > 0; text += used, len -= (size_t)used) {
        if (is_dropped(point))
            continue;
        if (is_break(point))
            point = ' ';
        if (point != '\t' && is_forbidden(point))
            return sink_close(&sink, false);
        fold_point(&sink, plain_apostrophe(point));
    }
    return sink_close(&sink, used == 0);
}

enum mc_status mc_text_upper(char *out, size_t size, const char *text)
{
    struct sink sink = sink_open(out, size);
    size_t len = strlen(text);
    int32_t point = 0;
    ptrdiff_t used;

    for (; (used = take(text, len, &point)) > 0; text += used, len -= (size_t)used)
        sink_write(&sink, utf8proc_toupper(point));
    return sink_close(&sink, used == 0);
}

/* What NFD leaves outside ASCII and still has an ASCII equal. NULL: keep it. */
static const char *ascii_equal(int32_t point)
{
    static const struct {
        int32_t point;
        const char *ascii;
    } equals[] = {
        {0x0110, "D"}, {0x0111, "d"},  {0x0180, "b"},  {0x0243, "B"},   {0x02BC, "'"},
        {0x2010, "-"}, {0x2011, "-"},  {0x2013, "-"},  {0x2014, "-"},   {0x2018, "'"},
        {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x2026, "..."},
    };

    for (size_t i = 0; i < MC_LEN(equals); i++) {
        if (equals[i].point == point)
            return equals[i].ascii;
    }
    return is_blank(point) && point != '\t' ? " " : NULL;
}

static void unaccent_point(struct sink *sink, int32_t point)
{
    if (is_ascii(point)) {
        sink_write(sink, point);
        return;
    }
    int32_t parts[DECOMPOSED_MAX];
    utf8proc_ssize_t len =
        utf8proc_decompose_char(point, parts, DECOMPOSED_MAX,
                                (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), NULL);

    for (utf8proc_ssize_t i = 0; i < MC_MIN(len, DECOMPOSED_MAX); i++) {
        const char *ascii = ascii_equal(parts[i]);
        for (; ascii != NULL && *ascii != '\0'; ascii++)
            sink_write(sink, *ascii);
        if (ascii == NULL && !is_mark(parts[i]))
            sink_write(sink, parts[i]);
    }
}

enum mc_status mc_text_unaccent(char *out, size_t size, const char *text)
{
    if (copied(out, size, text))
        return MC_OK;
    struct sink sink = sink_open(out, size);
    size_t len = strlen(text);
    int32_t point = 0;
    ptrdiff_t used;

    for (; (used = take(text, len, &point)) > 0; text += used, len -= (size_t)used)
        unaccent_point(&sink, point);
    return sink_close(&sink, used == 0);
}

bool mc_text_same(const char *a, const char *b)
{
    char left[MC_TEXT_COMPARE_MAX];
    char right[MC_TEXT_COMPARE_MAX];

    return mc_text_fold(left, sizeof left, a) == MC_OK &&
           mc_text_fold(right, sizeof right, b) == MC_OK && strcmp(left, right) == 0;
}

bool mc_text_contains(const char *text, const char *part)
{
    char whole[MC_TEXT_COMPARE_MAX];
    char piece[MC_TEXT_COMPARE_MAX];

    return mc_text_fold(whole, sizeof whole, text) == MC_OK &&
           mc_text_fold(piece, sizeof piece, part) == MC_OK && strstr(whole, piece) != NULL;
}

size_t mc_text_chars(const char *text)
{
    size_t chars = 0;

    for (; *text != '\0'; text++)
        chars += ((unsigned char)*text & 0xC0U) != 0x80U; /* not a continuation byte */
    return chars;
}

size_t mc_text_prefix(const char *text, size_t chars_max, size_t bytes_max)
{
    size_t len = strlen(text);
    size_t at = 0;
    size_t cut = 0; /* the last place before a character that is not a mark */
    size_t chars = 0;
    int32_t point = 0;
    ptrdiff_t used;

    for (; (used = take(text + at, len - at, &point)) > 0; at += (size_t)used, chars++) {
        if (!is_mark(point))
            cut = at;
        if (chars == chars_max || (size_t)used > bytes_max - at)
            return cut;
    }
    return at; /* the end, or where the text stops being UTF-8 */
}

void mc_text_truncate(char *text, size_t chars_max)
{
    text[mc_text_prefix(text, chars_max, SIZE_MAX)] = '\0';
}

static bool is_name_point(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;

    return letter || is_mark(point) || point == ' ' || point == '\'' || point == '-' ||
           point == '.';
}

enum mc_why mc_name_check(const char *name)
{
    size_t len = strlen(name);
    bool letters = false;
    int32_t point = 0;
    ptrdiff_t used;

    if (len == 0)
        return MC_WHY_FIELD_REQUIRED;
    if (!mc_utf8_valid(name, len))
        return MC_WHY_FIELD_UTF8;
    if (mc_text_chars(name) > MC_NAME_CHARS_MAX || len >= MC_NAME_SIZE)
        return MC_WHY_FIELD_TOO_LONG;
    for (; (used = take(name, len, &point)) > 0; name += used, len -= (size_t)used) {
        if (!is_name_point(point))
            return MC_WHY_NAME_INVALID;
        letters = letters || (point > '.' && !is_mark(point));
    }
    return letters ? MC_WHY_OK : MC_WHY_NAME_INVALID;
}

bool mc_name_valid(const char *name)
{
    return mc_name_check(name) == MC_WHY_OK;
}
