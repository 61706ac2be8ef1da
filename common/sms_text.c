#include "common/sms_text.h"

#include <string.h>

/* What of GSM-7's basic table is not ASCII. */
static const uint16_t basic_points[] = {
    0xA3,  0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  0xD8,  0xF8, 0xC5, 0xE5, 0x394,
    0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9,
    0xA4,  0xA1,  0xC4,  0xD6,  0xD1,  0xDC,  0xA7,  0xBF,  0xE4,  0xF6, 0xF1, 0xFC, 0xE0,
};

static unsigned ascii_septets(uint32_t point)
{
    switch (point) {
    case '\n':
    case '\r':
        return 1;
    case '\f':
    case '^':
    case '{':
    case '}':
    case '\\':
    case '[':
    case '~':
    case ']':
    case '|':
        return 2;
    case '`':
    case 0x7F:
        return 0;
    default:
        return point >= ' ';
    }
}

/* Septets of a character; 0: not in GSM-7. */
static unsigned septets(uint32_t point)
{
    if (point < 0x80)
        return ascii_septets(point);
    if (point == 0x20AC)
        return 2;
    for (size_t i = 0; i < MC_LEN(basic_points); i++)
        if (basic_points[i] == point)
            return 1;
    return 0;
}

/* The next character of valid UTF-8; returns its bytes, 0 at the end. */
static size_t take(const char *text, uint32_t *ret_point)
{
    const uint8_t *bytes = (const uint8_t *)text;
    uint32_t first = bytes[0];
    size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t point = len == 1 ? first : first & (0x7FU >> len);

    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xC0U) != 0x80U)
            return 0;
        point = point << 6 | (bytes[i] & 0x3FU);
    }
    *ret_point = point;
    return first != 0 ? len : 0;
}

static uint32_t units_of(uint32_t point, enum mc_sms_encoding encoding)
{
    if (encoding == MC_SMS_GSM7)
        return septets(point);
    return point > 0xFFFF ? 2 : 1;
}

/* Parts of a long text: a character that does not fit begins the next one. */
static uint32_t parts_of(const char *text, enum mc_sms_encoding encoding)
{
    uint32_t room = encoding == MC_SMS_GSM7 ? MC_GSM7_PART : MC_UCS2_PART;
    uint32_t parts = 1;
    uint32_t used = 0;
    uint32_t point = 0;
    size_t len;

    for (; (len = take(text, &point)) > 0; text += len) {
        uint32_t units = units_of(point, encoding);
        if (used + units > room) {
            parts++;
            used = 0;
        }
        used += units;
    }
    return parts;
}

struct mc_sms_size mc_sms_measure(const char *text)
{
    struct mc_sms_size size = {.encoding = MC_SMS_GSM7};
    uint32_t wide = 0;
    uint32_t point = 0;
    size_t len;

    for (const char *at = text; (len = take(at, &point)) > 0; at += len) {
        if (point >= ' ' && point < '[') { /* nearly all of them: one septet each */
            size.units++;
            wide++;
            continue;
        }
        uint32_t units = septets(point);
        if (units == 0)
            size.encoding = MC_SMS_UCS2;
        size.units += units;
        wide += units_of(point, MC_SMS_UCS2);
    }
    if (size.encoding == MC_SMS_UCS2)
        size.units = wide;
    uint32_t single = size.encoding == MC_SMS_GSM7 ? MC_GSM7_SINGLE : MC_UCS2_SINGLE;
    size.parts = size.units == 0 ? 0 : size.units <= single ? 1 : parts_of(text, size.encoding);
    return size;
}

const char *mc_sms_encoding_name(uint32_t encoding)
{
    return encoding == MC_SMS_UCS2 ? "UCS2" : "GSM7";
}

void mc_sms_plain(char *text)
{
    const char *from = text;
    uint32_t point = 0;
    size_t len;

    for (; (len = take(from, &point)) > 0; from += len) {
        if (septets(point) != 1) {
            *text++ = '?';
            continue;
        }
        memmove(text, from, len);
        text += len;
    }
    *text = '\0';
}
