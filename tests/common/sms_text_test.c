/* What texts cost on the air (domain 4.2). */
#include <stdio.h>
#include <stdlib.h>

#include "common/sms_text.h"
#include "common/text.h"

#include "vectors.h"

/* "ế*70": a character and how often; else the text itself. */
static void expand_vector(const char *written, char *out, size_t size)
{
    const char *star = strrchr(written, '*');
    size_t unit = star != NULL ? (size_t)(star - written) : 0;
    size_t len = 0;

    if (star == NULL || mc_text_chars(written) - mc_text_chars(star) != 1) {
        (void)snprintf(out, size, "%s", written);
        return;
    }
    for (long n = strtol(star + 1, NULL, 10); n > 0; n--, len += unit)
        memcpy(out + len, written, unit);
    out[len] = '\0';
}

static void vectors_hold(void **state)
{
    (void)state;
    struct vectors *rows = vectors_open("sms_length_vectors");
    char sms[2048];

    while (vectors_next(rows)) {
        expand_vector(vectors_get(rows, "text_or_char_times_n"), sms, sizeof sms);
        struct mc_sms_size size = mc_sms_measure(sms);
        assert_string_equal(mc_sms_encoding_name(size.encoding), vectors_get(rows, "encoding"));
        assert_int_equal(size.units, strtol(vectors_get(rows, "units"), NULL, 10));
        assert_int_equal(size.parts, strtol(vectors_get(rows, "parts"), NULL, 10));
    }
}

static struct mc_sms_size measure_repeated(const char *unit, size_t n, const char *tail)
{
    char sms[2048] = "";
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(sms + len, sizeof sms - len, "%s", unit);
    (void)snprintf(sms + len, sizeof sms - len, "%s", tail);
    return mc_sms_measure(sms);
}

static void limits_of_one_and_more_parts(void **state)
{
    (void)state;
    assert_int_equal(mc_sms_measure("").parts, 0);
    assert_int_equal(measure_repeated("a", 160, "").parts, 1);
    assert_int_equal(measure_repeated("a", 161, "").parts, 2);
    /* A two-septet character is not parted: 152 and 1 wasted, then the rest. */
    assert_int_equal(measure_repeated("a", 152, "€").parts, 1);
    assert_int_equal(measure_repeated("a", 305, "€").parts, 3);
    assert_int_equal(measure_repeated("a", 304, "€").parts, 2);
    /* Nor is a surrogate pair: U+1F600 takes two UCS-2 units. */
    assert_int_equal(measure_repeated("\xF0\x9F\x98\x80", 35, "").parts, 1);
    assert_int_equal(measure_repeated("\xF0\x9F\x98\x80", 36, "").parts, 2);
    assert_int_equal(measure_repeated("\xF0\x9F\x98\x80", 66, "").parts, 2);
    assert_int_equal(measure_repeated("\xF0\x9F\x98\x80", 67, "").parts, 3);
}

static void what_gsm7_has(void **state)
{
    (void)state;
    assert_int_equal(mc_sms_measure("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\r\n").encoding,
                     MC_SMS_GSM7);
    assert_int_equal(mc_sms_measure("^{}\\[~]|€\f").units, 20);
    assert_int_equal(mc_sms_measure("`").encoding, MC_SMS_UCS2);
    assert_int_equal(mc_sms_measure("\x7F").encoding, MC_SMS_UCS2);
    assert_int_equal(mc_sms_measure("\t").encoding, MC_SMS_UCS2);
    assert_int_equal(mc_sms_measure("ê").encoding, MC_SMS_UCS2);
    assert_int_equal(mc_sms_measure("đ").encoding, MC_SMS_UCS2);
}

static void plain_texts_have_one_septet_a_character(void **state)
{
    (void)state;
    char words[] = "a[ế]à漢";

    mc_sms_plain(words);
    assert_string_equal(words, "a???à?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(limits_of_one_and_more_parts),
        cmocka_unit_test(what_gsm7_has),
        cmocka_unit_test(plain_texts_have_one_septet_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
