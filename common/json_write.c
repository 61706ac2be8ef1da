#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

enum { WRITER_FIRST_SIZE = 256, NUMBER_TEXT_SIZE = 40 };

/* One byte more than asked for is kept for the NUL at the end. */
static bool reserve(struct mc_json_writer *writer, size_t more)
{
    size_t size = writer->size;

    if (writer->failed)
        return false;
    if (more < size - writer->len)
        return true;
    while (size - writer->len <= more)
        size *= 2;
    char *data = size <= 4 * (size_t)MC_JSON_TEXT_MAX ? mc_alloc(writer->arena, size) : NULL;
    if (data == NULL) {
        writer->failed = true;
        return false;
    }
    memcpy(data, writer->data, writer->len);
    writer->data = data;
    writer->size = size;
    return true;
}

static void put(struct mc_json_writer *writer, const char *text, size_t len)
{
    if (!reserve(writer, len))
        return;
    memcpy(writer->data + writer->len, text, len);
    writer->len += len;
}

static void put_text(struct mc_json_writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_line(struct mc_json_writer *writer)
{
    if (!writer->pretty)
        return;
    put(writer, "\n", 1);
    for (unsigned i = 0; i < writer->depth; i++)
        put(writer, "  ", 2);
}

/* What goes before a key, or before a value in an array. */
static void separate(struct mc_json_writer *writer)
{
    if (writer->keyed) {
        writer->keyed = false;
        return;
    }
    if (writer->depth == 0)
        return;
    if (!writer->first)
        put(writer, ",", 1);
    writer->first = false;
    put_line(writer);
}

static void before_value(struct mc_json_writer *writer)
{
    assert(writer->failed || writer->keyed || writer->depth == 0 ||
           writer->closers[writer->depth - 1] == ']');
    separate(writer);
}

void mc_json_begin(struct mc_json_writer *writer, struct mc_arena *arena)
{
    *writer = (struct mc_json_writer){.arena = arena, .size = WRITER_FIRST_SIZE};
    writer->data = mc_alloc(arena, writer->size);
    writer->failed = writer->data == NULL;
}

static void open_container(struct mc_json_writer *writer, const char *opener, char closer)
{
    before_value(writer);
    if (writer->depth >= MC_JSON_DEPTH_MAX)
        writer->failed = true;
    if (writer->failed)
        return;
    put(writer, opener, 1);
    writer->closers[writer->depth++] = closer;
    writer->first = true;
}

void mc_json_object(struct mc_json_writer *writer)
{
    open_container(writer, "{", '}');
}

void mc_json_array(struct mc_json_writer *writer)
{
    open_container(writer, "[", ']');
}

void mc_json_end(struct mc_json_writer *writer)
{
    if (writer->failed)
        return;
    assert(writer->depth > 0 && !writer->keyed);
    writer->depth--;
    if (!writer->first)
        put_line(writer);
    put(writer, &writer->closers[writer->depth], 1);
    writer->first = false;
}

/* RFC 8259, section 7; and '<', so that the text may stand inside a page's script element. */
static void put_escaped(struct mc_json_writer *writer, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[] = "btn\0fr"; /* 0x08 .. 0x0d; 0x0b has none */
    char text[2] = {'\\', (char)byte};

    if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        text[1] = shorts[byte - 0x08];
    if (byte == '"' || byte == '\\' || text[1] != (char)byte) {
        put(writer, text, 2);
        return;
    }
    put(writer, "\\u00", 4);
    put(writer, &digits[byte >> 4], 1);
    put(writer, &digits[byte & 15], 1);
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\' && byte != '<';
}

/* Text known to be UTF-8. */
static void put_valid(struct mc_json_writer *writer, const char *text, size_t len)
{
    size_t start = 0;

    for (size_t i = 0; i < len; i++) {
        if (is_plain((uint8_t)text[i]))
            continue;
        put(writer, text + start, i - start);
        put_escaped(writer, (uint8_t)text[i]);
        start = i + 1;
    }
    put(writer, text + start, len - start);
}

static void put_string(struct mc_json_writer *writer, struct mc_bytes text)
{
    const char *at = text.data;
    size_t left = text.len;

    put(writer, "\"", 1);
    while (left > 0) {
        size_t valid = mc_utf8_prefix((struct mc_bytes){at, left});
        put_valid(writer, at, valid);
        at += valid;
        left -= valid;
        if (left > 0) {
            put_text(writer, *at == '\0' ? "\\u0000" : "\xef\xbf\xbd");
            at++;
            left--;
        }
    }
    put(writer, "\"", 1);
}

void mc_json_key(struct mc_json_writer *writer, const char *key)
{
    assert(writer->failed ||
           (!writer->keyed && writer->depth > 0 && writer->closers[writer->depth - 1] == '}'));
    separate(writer);
    put_string(writer, (struct mc_bytes){key, strlen(key)});
    put_text(writer, writer->pretty ? ": " : ":");
    writer->keyed = true;
}

void mc_json_string_n(struct mc_json_writer *writer, struct mc_bytes text)
{
    before_value(writer);
    put_string(writer, text);
}

void mc_json_string(struct mc_json_writer *writer, const char *text)
{
    if (text == NULL)
        mc_json_null(writer);
    else
        mc_json_string_n(writer, (struct mc_bytes){text, strlen(text)});
}

static void base64_group(const uint8_t *data, size_t len, char text[4])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = (unsigned)data[0] << 16;

    if (len > 1)
        bits |= (unsigned)data[1] << 8;
    if (len > 2)
        bits |= data[2];
    text[0] = digits[bits >> 18];
    text[1] = digits[bits >> 12 & 63];
    memset(text + 2, '=', 2);
    if (len > 1)
        text[2] = digits[bits >> 6 & 63];
    if (len > 2)
        text[3] = digits[bits & 63];
}

void mc_json_base64(struct mc_json_writer *writer, struct mc_bytes data)
{
    const uint8_t *bytes = data.data;

    before_value(writer);
    if (!reserve(writer, data.len / 3 * 4 + 6))
        return;
    put(writer, "\"", 1);
    for (size_t i = 0; i < data.len; i += 3) {
        base64_group(bytes + i, data.len - i, writer->data + writer->len);
        writer->len += 4;
    }
    put(writer, "\"", 1);
}

void mc_json_int(struct mc_json_writer *writer, int64_t number)
{
    char text[NUMBER_TEXT_SIZE];

    before_value(writer);
    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    put_text(writer, text);
}

void mc_json_uint(struct mc_json_writer *writer, uint64_t number)
{
    char text[NUMBER_TEXT_SIZE];

    before_value(writer);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_text(writer, text);
}

/* NULL when JSON has a number for it. */
static const char *not_finite(double number)
{
    if (isnan(number))
        return "NaN";
    if (isinf(number))
        return number > 0 ? "Infinity" : "-Infinity";
    return NULL;
}

/* The fewest digits that read back as the same number. */
void mc_json_double(struct mc_json_writer *writer, double number)
{
    char text[NUMBER_TEXT_SIZE];
    const char *name = not_finite(number);

    if (name != NULL) {
        mc_json_string(writer, name);
        return;
    }
    before_value(writer);
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    put_text(writer, text);
}

void mc_json_float(struct mc_json_writer *writer, float number)
{
    char text[NUMBER_TEXT_SIZE];
    const char *name = not_finite((double)number);

    if (name != NULL) {
        mc_json_string(writer, name);
        return;
    }
    before_value(writer);
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number)
            break;
    }
    put_text(writer, text);
}

void mc_json_true_or_false(struct mc_json_writer *writer, bool value)
{
    before_value(writer);
    put_text(writer, value ? "true" : "false");
}

void mc_json_null(struct mc_json_writer *writer)
{
    before_value(writer);
    put_text(writer, "null");
}

enum mc_status mc_json_finish(struct mc_json_writer *writer, struct mc_bytes *ret_text)
{
    if (writer->failed)
        return MC_FULL;
    assert(writer->depth == 0 && !writer->keyed);
    writer->data[writer->len] = '\0'; /* reserve() keeps a byte for it */
    *ret_text = (struct mc_bytes){writer->data, writer->len};
    return MC_OK;
}
