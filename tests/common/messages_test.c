#include "common/messages.h"
#include "common/text.h"

#include "vectors.h"

extern const char mc_data_messages[];
extern const size_t mc_data_messages_len;

static void every_row_is_fit_to_show(void **state)
{
    struct mc_csv csv;
    size_t rows = 0;

    (void)state;
    mc_csv_open(&csv, mc_data_messages, mc_data_messages_len);
    assert_true(mc_csv_next(&csv));
    for (; mc_csv_next(&csv); rows++) {
        char code[64];
        char text[1024];
        char clean[1024];
        assert_int_equal(csv.fields_len, 4);
        assert_true(mc_csv_copy(&csv, 0, code, sizeof code));
        assert_true(mc_csv_copy(&csv, 1, text, sizeof text));
        assert_int_equal(strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), strlen(code));
        assert_int_equal(mc_text_clean(clean, sizeof clean, text), MC_OK);
        assert_string_equal(clean, text);
        assert_string_not_equal(text, "");
        assert_string_equal(mc_message_text(code), text); /* and so no code occurs twice */
    }
    assert_int_equal(csv.status, MC_OK);
    assert_true(rows > 0);
}

/* Rows of one area stand together. */
static void areas_are_sorted(void **state)
{
    struct mc_csv csv;
    char seen[64][32];
    size_t len = 0;

    (void)state;
    mc_csv_open(&csv, mc_data_messages, mc_data_messages_len);
    assert_true(mc_csv_next(&csv));
    while (mc_csv_next(&csv)) {
        char area[32];
        assert_true(mc_csv_copy(&csv, 2, area, sizeof area));
        if (len > 0 && strcmp(seen[len - 1], area) == 0)
            continue;
        for (size_t i = 0; i < len; i++)
            assert_string_not_equal(seen[i], area);
        assert_true(len < MC_LEN(seen));
        memcpy(seen[len++], area, sizeof area);
    }
}

static void every_failed_condition_has_a_text(void **state)
{
    (void)state;
    for (unsigned i = MC_WHY_OK + 1; i < MC_WHY_LEN; i++) {
        if (mc_message_text(mc_why_code((enum mc_why)i)) == NULL)
            fail_msg("no text for %s", mc_why_code((enum mc_why)i));
    }
}

static void generic_codes_have_a_text(void **state)
{
    static const char *const codes[] = {
        "FIELD_REQUIRED",    "FIELD_TOO_LONG",    "FIELD_INVALID",      "FIELD_UTF8",
        "MESSAGE_MALFORMED", "MESSAGE_TOO_LARGE", "METHOD_UNKNOWN",     "SESSION_REQUIRED",
        "SESSION_INVALID",   "SESSION_EXPIRED",   "RIGHT_MISSING",      "CALLER_DENIED",
        "REQUEST_REUSED",    "REQUEST_TOO_OLD",   "REQUEST_ID_INVALID", "NOT_FOUND",
        "CONFLICT",          "STORE_FULL",        "STORE_FAULT",        "BUSY",
        "DEADLINE_EXCEEDED", "UNAVAILABLE",
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(codes); i++)
        assert_non_null(mc_message_text(codes[i]));
    assert_null(mc_message_text("NO_SUCH_CODE"));
    assert_null(mc_message_text(""));
    assert_null(mc_message_text("key"));
}

/* REG-21, word for word as the portal's screen has it. */
static void seed_texts_are_verbatim(void **state)
{
    static const char *const args[] = {"carrier", "Vinaphone", NULL};
    char out[512];

    (void)state;
    assert_string_equal(mc_message_text("ID_REQUIRED"), "Bạn phải nhập cmt/cccd.");
    size_t len = mc_message_format(out, sizeof out, "SUBSCRIBER_MISMATCH", args);
    assert_string_equal(out, "Thông tin đăng ký không khớp với thông tin thuê bao tại nhà mạng "
                             "Vinaphone, vui lòng kiểm tra/đăng ký lại với nhà mạng!");
    assert_int_equal(len, strlen(out));
}

static void names_are_replaced(void **state)
{
    static const char *const args[] = {"max", "100", "field", "{field} {", NULL};
    static const char *const some[] = {"max", "100", NULL};
    char out[256];

    (void)state;
    (void)mc_message_format(out, sizeof out, "FIELD_TOO_LONG", args);
    assert_string_equal(out, "{field} { dài quá giới hạn cho phép (100)."); /* values are final */
    (void)mc_message_format(out, sizeof out, "FIELD_TOO_LONG", some);
    assert_string_equal(out, "{field} dài quá giới hạn cho phép (100).");
    (void)mc_message_format(out, sizeof out, "OTP_PROMPT", NULL);
    assert_string_equal(out, "Nhập mã OTP");
    assert_int_equal(mc_message_format(out, sizeof out, "NO_SUCH_CODE", NULL), 0);
    assert_string_equal(out, "");
}

/* Whatever the room, what is written is whole characters. */
static void cut_between_characters(void **state)
{
    static const char *const args[] = {"carrier", "Đầu số", NULL};
    char out[256];

    (void)state;
    for (size_t size = 1; size <= sizeof out; size++) {
        size_t len = mc_message_format(out, size, "SUBSCRIBER_MISMATCH", args);
        assert_true(len < size);
        assert_int_equal(strlen(out), len);
        assert_true(mc_utf8_valid(out, len));
    }
    assert_int_equal(mc_message_format(out, 5, "OTP_PROMPT", NULL), 2); /* "ậ" takes three */
    assert_string_equal(out, "Nh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_fit_to_show),
        cmocka_unit_test(areas_are_sorted),
        cmocka_unit_test(every_failed_condition_has_a_text),
        cmocka_unit_test(generic_codes_have_a_text),
        cmocka_unit_test(seed_texts_are_verbatim),
        cmocka_unit_test(names_are_replaced),
        cmocka_unit_test(cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
