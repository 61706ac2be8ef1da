/* The texts of codes. */
#include "otp_help.h"

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
        ROOM_TEST(each_purpose_has_its_text),
        ROOM_TEST(a_long_unit_stays_one_part),
        cmocka_unit_test(the_text_says_the_configured_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
