#include "smpp_text.h"

#include <string.h>

enum {
    ESCAPE = 0x1B,
    NOT_GSM = 0xFF,
    UNITS_MAX = 4, /* bytes of one character: a surrogate pair */
    GSM7_SINGLE = 160,
    GSM7_PART = 153,
    UCS2_SINGLE = 140,
    UCS2_PART = 134,
};

/* GSM 03.38's basic table: the character of each septet. */
static const uint16_t basic[128] = {
    '@',   0xA3, '$',  0xA5,  0xE8, 0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  '\n',  0xD8,  0xF8,
    '\r',  0xC5, 0xE5, 0x394, '_',  0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398,
    0x39E, 0,    0xC6, 0xE6,  0xDF, 0xC9,  ' ',   '!',   '"',   '#',   0xA4,  '%',   '&',
    '\'',  '(',  ')',  '*',   '+',  ',',   '-',   '.',   '/',   '0',   '1',   '2',   '3',
    '4',   '5',  '6',  '7',   '8',  '9',   ':',   ';',   '<',   '=',   '>',   '?',   0xA1,
    'A',   'B',  'C',  'D',   'E',  'F',   'G',   'H',   'I',   'J',   'K',   'L',   'M',
    'N',   'O',  'P',  'Q',   'R',  'S',   'T',   'U',   'V',   'W',   'X',   'Y',   'Z',
    0xC4,  0xD6, 0xD1, 0xDC,  0xA7, 0xBF,  'a',   'b',   'c',   'd',   'e',   'f',   'g',
    'h',   'i',  'j',  'k',   'l',  'm',   'n',   'o',   'p',   'q',   'r',   's',   't',
    'u',   'v',  'w',  'x',   'y',  'z',   0xE4,  0xF6,  0xF1,  0xFC,  0xE0,
};

/* What is written with an escape before it. */
static const struct {
    uint16_t point;
    uint8_t septet;
} extension[] = {
    {'\f', 0x0A}, {'^', 0x14}, {'{', 0x28}, {'}', 0x29}, {'\\', 0x2F},
    {'[', 0x3C},  {'~', 0x3D}, {']', 0x3E}, {'|', 0x40}, {0x20AC, 0x65},
};

static size_t gsm7(uint32_t point, uint8_t out[UNITS_MAX])
{
    for (size_t i = 0; i < MC_LEN(basic); i++)
        if (basic[i] == point && i != ESCAPE) {
            out[0] = (uint8_t)i;
            return 1;
        }
    for (size_t i = 0; i < MC_LEN(extension); i++)
        if (extension[i].point == point) {
            out[0] = ESCAPE;
            out[1] = extension[i].septet;
            return 2;
        }
    return 0;
}

static size_t ucs2(uint32_t point, uint8_t out[UNITS_MAX])
{
    uint32_t high = point;
    size_t len = 0;

    if (point > 0xFFFF) {
        high = 0xD800 + ((point - 0x10000) >> 10);
        uint32_t low = 0xDC00 + ((point - 0x10000) & 0x3FF);
        out[2] = (uint8_t)(low >> 8);
        out[3] = (uint8_t)low;
        len = 2;
    }
    out[0] = (uint8_t)(high >> 8);
    out[1] = (uint8_t)high;
    return len + 2;
}

/* The next character; returns its bytes, 0 when it is not UTF-8. */
static size_t take(const char *text, uint32_t *ret_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    uint32_t first = bytes[0];
    size_t len = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t point = len == 1 ? first : first & (0x7FU >> len);

    if (len == 0 || first > 0xF4)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xC0U) != 0x80U)
            return 0;
        point = point << 6 | (bytes[i] & 0x3FU);
    }
    if (point < least[len] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    *ret_point = point;
    return len;
}

/* Fills parts of `room` bytes behind `head`; MC_LIMITED when there are more than `most`. */
static enum mc_status fill(struct smpp_text *out, const char *text, bool wide, size_t head,
                           size_t room, unsigned most)
{
    size_t len;

    memset(out, 0, sizeof *out);
    out->len = 1;
    out->parts[0].len = head;
    for (; *text != '\0'; text += len) {
        uint8_t units[UNITS_MAX];
        uint32_t point = 0;
        len = take(text, &point);
        size_t n = len == 0 ? 0 : wide ? ucs2(point, units) : gsm7(point, units);
        if (n == 0)
            return MC_INVALID;
        struct smpp_part *part = &out->parts[out->len - 1];
        if (part->len - head + n > room) {
            if (out->len == most)
                return MC_LIMITED;
            part = &out->parts[out->len++];
            part->len = head;
        }
        memcpy(part->data + part->len, units, n);
        part->len += n;
    }
    return MC_OK;
}

enum mc_status smpp_text_make(struct smpp_text *out, const char *text, bool wide, uint8_t reference)
{
    enum mc_status status = fill(out, text, wide, 0, wide ? UCS2_SINGLE : GSM7_SINGLE, 1);

    if (status != MC_LIMITED)
        return status;
    status = fill(out, text, wide, SMPP_UDH_LEN, wide ? UCS2_PART : GSM7_PART, SMPP_PARTS_MAX);
    for (unsigned i = 0; i < out->len; i++) {
        const uint8_t head[SMPP_UDH_LEN] = {
            5, 0, 3, reference, (uint8_t)out->len, (uint8_t)(i + 1)};
        memcpy(out->parts[i].data, head, sizeof head);
    }
    return status;
}
