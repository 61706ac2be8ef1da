/* What texts cost (domain 4.2), and the texts of codes. */
#include "../common/vectors.h"
#include "otp_help.h"

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
        struct otp_sms_size size = otp_sms_measure(sms);
        assert_string_equal(otp_sms_encoding_name(size.encoding), vectors_get(rows, "encoding"));
        assert_int_equal(size.units, strtol(vectors_get(rows, "units"), NULL, 10));
        assert_int_equal(size.parts, strtol(vectors_get(rows, "parts"), NULL, 10));
    }
}

static struct otp_sms_size measure_repeated(const char *unit, size_t n, const char *tail)
{
    char sms[2048] = "";
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(sms + len, sizeof sms - len, "%s", unit);
    (void)snprintf(sms + len, sizeof sms - len, "%s", tail);
    return otp_sms_measure(sms);
}

static void limits_of_one_and_more_parts(void **state)
{
    (void)state;
    assert_int_equal(otp_sms_measure("").parts, 0);
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
    assert_int_equal(otp_sms_measure("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\r\n").encoding,
                     OTP_SMS_GSM7);
    assert_int_equal(otp_sms_measure("^{}\\[~]|€\f").units, 20);
    assert_int_equal(otp_sms_measure("`").encoding, OTP_SMS_UCS2);
    assert_int_equal(otp_sms_measure("\x7F").encoding, OTP_SMS_UCS2);
    assert_int_equal(otp_sms_measure("\t").encoding, OTP_SMS_UCS2);
    assert_int_equal(otp_sms_measure("ê").encoding, OTP_SMS_UCS2);
    assert_int_equal(otp_sms_measure("đ").encoding, OTP_SMS_UCS2);
}

static void plain_texts_have_one_septet_a_character(void **state)
{
    (void)state;
    char words[] = "a[ế]à漢";

    otp_sms_plain(words);
    assert_string_equal(words, "a???à?");
}

static const char *sms_for(struct harness *h, unsigned number, Otp__Purpose purpose,
                           const char *unit, Otp__IssueReply **ret_reply)
{
    Otp__IssueRequest request = issue_request(number, BINH);

    request.purpose = purpose;
    request.unit = text(unit);
    as_room(h);
    *ret_reply = harness_call(h, "Issue", &request.base, MC_OK);
    Otp__LeaseJobsReply *leased = lease(h, "sms:viettel", 1);
    assert_int_equal(leased->n_jobs, 1);
    assert_int_equal(leased->jobs[0]->parts, 1);
    assert_string_equal(leased->jobs[0]->encoding, "GSM7");
    return leased->jobs[0]->text;
}

static void each_purpose_has_its_text(void **state)
{
    static const char *const begins[] = {"",
                                         "Ma OTP dang ky tai khoan Cong DVCQG: ",
                                         "Ma OTP dang nhap Cong DVCQG: ",
                                         "Ma OTP xac nhan tao tai khoan Cong DVCQG tai Trung tam",
                                         "Ma OTP doi so dien thoai tren Cong DVCQG: ",
                                         "Ma OTP lien ket tai khoan ngan hang tren Cong DVCQG: ",
                                         "Ma OTP dat lai mat khau Cong DVCQG: ",
                                         "Ma OTP dong tai khoan Cong DVCQG: "};
    char ends[64];

    for (unsigned purpose = 1; purpose < OTP_PURPOSES_LEN; purpose++) {
        struct harness *h = *state;
        Otp__IssueReply *reply;
        const char *sms =
            sms_for(h, purpose, (Otp__Purpose)purpose, "Trung tâm [Lai Châu]", &reply);
        assert_int_equal(strncmp(sms, begins[purpose], strlen(begins[purpose])), 0);
        assert_non_null(strstr(sms, "Hieu luc 2 phut."));
        (void)snprintf(ends, sizeof ends, "Ky hieu %s.", reply->tag);
        assert_non_null(strstr(sms, ends));
        harness_advance(h, 16 * MINUTE_MS);
    }
}

static void a_long_unit_stays_one_part(void **state)
{
    struct harness *h = *state;
    Otp__IssueReply *reply;
    char unit[4 * OTP_UNIT_CHARS_MAX + 8] = "";

    for (int i = 0; i < OTP_UNIT_CHARS_MAX; i++)
        memcpy(unit + 3L * i, "ế", 4);
    (void)sms_for(h, 1, OTP__PURPOSE__OFFICER_CREATE, unit, &reply);

    Otp__IssueRequest request = issue_request(2, BINH);
    memcpy(unit + 3L * OTP_UNIT_CHARS_MAX, "e", 2);
    request.purpose = OTP__PURPOSE__OFFICER_CREATE;
    request.unit = unit;
    as_room(h);
    (void)harness_call(h, "Issue", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "unit", "FIELD_TOO_LONG"));
    request.unit = text("a\nb");
    (void)harness_call(h, "Issue", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "unit", "FIELD_INVALID"));
    request.unit = text(" ");
    (void)harness_call(h, "Issue", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "unit", "FIELD_REQUIRED"));
}

static void the_text_says_the_configured_life(void **state)
{
    (void)state;
    static const char *const settings[] = {"otp.code_life=90s", NULL};
    struct harness *h = harness_open(&otp_room, settings);

    (void)issue(h, 1, BINH, MC_OK);
    assert_non_null(strstr(lease(h, "sms:viettel", 1)->jobs[0]->text, "Hieu luc 90 giay."));
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(limits_of_one_and_more_parts),
        cmocka_unit_test(what_gsm7_has),
        cmocka_unit_test(plain_texts_have_one_septet_a_character),
        ROOM_TEST(each_purpose_has_its_text),
        ROOM_TEST(a_long_unit_stays_one_part),
        cmocka_unit_test(the_text_says_the_configured_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
