/* What a file is, by its content (common/sniff.h). */
#include <string.h>

/* clang-format off: cmocka wants these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format on */

#include <cmocka.h>

#include "common/sniff.h"

#define BYTES(text) text, sizeof(text) - 1

static void sniff_tells_sound_film_and_text(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *want;
    } rows[] = {
        {BYTES("ID3\x04\0\0\0\0"), "audio/mpeg"},
        {BYTES("\xff\xfb\x90\x44\0\0"), "audio/mpeg"},
        {BYTES("\xff\xfb\xf0\x44\0\0"), NULL}, /* no such bit rate */
        {BYTES("\xff\xfb\x9c\x44\0\0"), NULL}, /* no such sampling rate */
        {BYTES("\0\0\0\x18"
               "ftypisom\0\0\2\0"),
         "video/mp4"},
        {BYTES("\0\0\0\x14"
               "ftypqt  \0\0\2\0"),
         NULL}, /* QuickTime */
        {BYTES("Đề nghị cấu hình\r\n\tURL"), "text/plain"},
        {BYTES("MZ\x90\0\3"), NULL},
        {BYTES("a\x1b[2J"), NULL},
        {BYTES("ab\xe1\xba"), NULL}, /* cut, and nothing was */
        {BYTES(""), NULL},
        {BYTES("%PDF-1.7"), "application/pdf"},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(rows); i++) {
        const char *got = mc_sniff_any((struct mc_bytes){rows[i].bytes, rows[i].len});

        if (rows[i].want == NULL)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].want);
    }
}

/* The first part of an upload ends where it ends: within a letter, too. */
static void sniff_takes_a_letter_that_is_cut(void **state)
{
    static char text[MC_SNIFF_MAX + 2];

    (void)state;
    memset(text, 'a', sizeof text);
    text[MC_SNIFF_MAX - 1] = '\xc3';
    text[MC_SNIFF_MAX] = '\xaa';
    assert_string_equal(mc_sniff_any((struct mc_bytes){text, MC_SNIFF_MAX}), "text/plain");
    assert_string_equal(mc_sniff_any((struct mc_bytes){text, MC_SNIFF_MAX + 1}), "text/plain");
    text[MC_SNIFF_MAX - 4] = '\xc3';
    assert_null(mc_sniff_any((struct mc_bytes){text, MC_SNIFF_MAX}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniff_tells_sound_film_and_text),
        cmocka_unit_test(sniff_takes_a_letter_that_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
