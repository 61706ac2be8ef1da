/* What the ident_*.c files share: characters of codes, which are ASCII whatever the locale. */
#pragma once

#include <string.h>

#include "common/base.h"

static inline bool scan_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool scan_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool scan_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The first `len` characters are digits; stops at NUL. */
static inline bool scan_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!scan_is_digit(text[i]))
            return false;
    }
    return true;
}

static inline int scan_number(const char *text, size_t len)
{
    int number = 0;

    for (size_t i = 0; i < len; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

/*
 * Copies without blanks, no-break spaces and the separators named, ASCII letters in upper case.
 * False when that does not fit: then the text is too long for any code.
 */
static inline bool scan_pick(char *out, size_t size, const char *text, const char *separators)
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        if (text[0] == '\xC2' && text[1] == '\xA0') {
            text++;
            continue;
        }
        if (*text == ' ' || *text == '\t' || strchr(separators, *text) != NULL)
            continue;
        if (len + 1 >= size)
            return false;
        out[len] = *text;
        if (scan_is_lower(*text))
            out[len] = (char)(*text - 'a' + 'A');
        len++;
    }
    out[len] = '\0';
    return true;
}
