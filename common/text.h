/*
 * Text: Vietnamese as people type it, made comparable.
 *
 * Everything here is pure. Input is UTF-8 ending in NUL; output goes to the caller's buffer and
 * always ends in NUL. MC_INVALID: bad UTF-8, or a character that may not be there. MC_FULL: the
 * buffer is too small (MC_TEXT_SIZE() of the input's length is always enough for clean, upper and
 * unaccent). On failure the output is the empty text. Input and output may not overlap.
 *
 * Letters outside the Vietnamese alphabet are kept: names of minorities and foreigners have them.
 */
#pragma once

#include "common/base.h"
#include "common/why.h"

enum {
    MC_NAME_CHARS_MAX = 100,
    MC_NAME_SIZE = 301,        /* 100 characters of three bytes, and NUL */
    MC_TEXT_MARKS_MAX = 30,    /* combining marks on one letter (UAX #15, stream-safe text) */
    MC_TEXT_COMPARE_MAX = 1024 /* bytes of a folded text in mc_text_same() and _contains() */
};

/* NFC can triple a text's bytes (U+1D160), upper case cannot do worse. */
#define MC_TEXT_SIZE(len) ((len)*3 + 1)

/* Well-formed UTF-8 without NUL, which would cut the text short further on. */
bool mc_utf8_valid(const void *data, size_t len);

/*
 * What is stored of a one-line field: NFC, every kind and run of blanks one blank, no blanks at
 * the ends, typographic apostrophes as ', zero-width characters dropped. Control characters, line
 * breaks and direction overrides are MC_INVALID.
 */
mc_nodiscard enum mc_status mc_text_clean(char *out, size_t size, const char *text);

/* The same for long texts: line breaks become \n, and several empty lines one. */
mc_nodiscard enum mc_status mc_text_clean_lines(char *out, size_t size, const char *text);

/*
 * The search key: cleaned, lower case, no tones or marks, đ as d. "Hoà" and "Hòa", NFC and NFD,
 * "TRẦN ĐỨC ANH " and "Trần Đức Anh" have the same key.
 */
mc_nodiscard enum mc_status mc_text_fold(char *out, size_t size, const char *text);

mc_nodiscard enum mc_status mc_text_upper(char *out, size_t size, const char *text);

/*
 * For SMS: letters without marks in the case they had, typographic signs as ASCII. One letter
 * outside GSM-7 left in would make the whole message UCS-2, and 70 characters long instead of 160.
 */
mc_nodiscard enum mc_status mc_text_unaccent(char *out, size_t size, const char *text);

/* Equal, or contained, by search key. Never true for invalid texts or MC_TEXT_COMPARE_MAX bytes. */
bool mc_text_same(const char *a, const char *b);
bool mc_text_contains(const char *text, const char *part);

/* Characters are code points: in NFC that is what a Vietnamese reader counts. */
size_t mc_text_chars(const char *text);

/*
 * Bytes of the longest beginning with at most so many characters and bytes. Never cuts inside a
 * character, nor between a letter and its combining marks.
 */
size_t mc_text_prefix(const char *text, size_t chars_max, size_t bytes_max);
void mc_text_truncate(char *text, size_t chars_max);

/* A person's name as mc_text_clean() leaves it: letters, blanks, ' - . ; no digits or symbols. */
mc_nodiscard enum mc_why mc_name_check(const char *name);
bool mc_name_valid(const char *name);
