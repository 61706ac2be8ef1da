/* SMPP 3.4: bytes on the wire, parts of texts, receipts, statuses (S31). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include "../../services/smsworker/smpp_link.h"
#include "../../services/smsworker/smpp_pdu.h"
#include "../../services/smsworker/smpp_receipt.h"
#include "../../services/smsworker/smpp_status.h"
#include "../../services/smsworker/smpp_text.h"
#include "../common/vectors.h"

#define BYTES(text) ((struct mc_bytes){(text), sizeof(text) - 1})

static const struct smpp_submit code = {
    .from = "DVCQG",
    .to = "84912000101",
    .validity_ms = 120000,
    .wish = SMPP_RECEIPT,
    .text = {"Ma", 2},
};

static void a_code_as_bytes(void **state)
{
    static const char want[] = "\0\0\0\x43\0\0\0\x04\0\0\0\0\0\0\0\x07"
                               "\0"
                               "\x05\0DVCQG\0"
                               "\x01\x01"
                               "84912000101\0"
                               "\0\0\0"
                               "\0"
                               "000000000200000R\0"
                               "\x01\0\0\0\x02Ma";
    uint8_t out[SMPP_OUT_MAX];

    (void)state;
    size_t len = smpp_submit_pack(out, 7, &code);
    assert_int_equal(len, sizeof want - 1);
    assert_int_equal(len, 0x43);
    assert_memory_equal(out, want, len);
}

/* What lies at a place of the packed PDU that only depends on the addresses' lengths. */
static uint8_t byte_of(const struct smpp_submit *submit, size_t at)
{
    uint8_t out[SMPP_OUT_MAX];

    assert_true(smpp_submit_pack(out, 1, submit) > at);
    return out[at];
}

static void senders_have_types(void **state)
{
    struct smpp_submit submit = code;

    (void)state;
    assert_int_equal(byte_of(&submit, 17), 5);
    submit.from = "1414"; /* SYS-19: the operators' short code */
    assert_int_equal(byte_of(&submit, 17), 3);
    submit.from = "84912000101";
    assert_int_equal(byte_of(&submit, 17), 1);
    assert_int_equal(byte_of(&submit, 18), 1);
}

static void a_part_of_a_long_text(void **state)
{
    struct smpp_submit submit = code;
    const size_t esm_class = 16 + 1 + 2 + 6 + 2 + 12;

    (void)state;
    submit.long_text = true;
    submit.ucs2 = true;
    submit.wish = SMPP_RECEIPT_OF_FAILURE;
    submit.validity_ms = 0;
    assert_int_equal(byte_of(&submit, esm_class), 0x40);
    assert_int_equal(byte_of(&submit, esm_class + 5), 2); /* no times: two empty strings */
    assert_int_equal(byte_of(&submit, esm_class + 7), 8);
}

static void validity_has_an_end(void **state)
{
    struct smpp_submit submit = code;
    uint8_t out[SMPP_OUT_MAX];
    const size_t at = 16 + 1 + 2 + 6 + 2 + 12 + 4;

    (void)state;
    submit.validity_ms = 1;
    assert_true(smpp_submit_pack(out, 1, &submit) > 0);
    assert_string_equal((const char *)out + at, "000000000001000R");
    submit.validity_ms = 3LL * 86400 * 1000 + 3661 * 1000;
    assert_true(smpp_submit_pack(out, 1, &submit) > 0);
    assert_string_equal((const char *)out + at, "000003010101000R");
    submit.validity_ms = INT64_MAX;
    assert_true(smpp_submit_pack(out, 1, &submit) > 0);
    assert_string_equal((const char *)out + at, "000028000000000R");
}

static void what_does_not_fit_is_not_packed(void **state)
{
    struct smpp_submit submit = code;
    char text[SMPP_TEXT_MAX + 1] = {0};
    uint8_t out[SMPP_OUT_MAX];

    (void)state;
    submit.to = "12345678901234567890";
    assert_true(smpp_submit_pack(out, 1, &submit) > 0);
    submit.to = "123456789012345678901";
    assert_int_equal(smpp_submit_pack(out, 1, &submit), 0);
    submit.to = code.to;
    submit.text = (struct mc_bytes){text, SMPP_TEXT_MAX};
    assert_true(smpp_submit_pack(out, 1, &submit) > 0);
    submit.text = (struct mc_bytes){text, SMPP_TEXT_MAX + 1};
    assert_int_equal(smpp_submit_pack(out, 1, &submit), 0);
    assert_true(smpp_bind_pack(out, 1, &(struct smpp_bind){"123456789012345", "12345678", ""}) > 0);
    assert_int_equal(smpp_bind_pack(out, 1, &(struct smpp_bind){"1234567890123456", "1", ""}), 0);
    assert_int_equal(smpp_bind_pack(out, 1, &(struct smpp_bind){"1", "123456789", ""}), 0);
}

static void heads_are_read(void **state)
{
    struct smpp_head head;

    (void)state;
    assert_int_equal(smpp_head_read(BYTES("\0\0\0\x10\x80\0\0\x15\0\0\0\x58\0\0\1\2"), &head),
                     MC_OK);
    assert_int_equal(head.len, 16);
    assert_int_equal(head.command, SMPP_ENQUIRE);
    assert_true(head.answer);
    assert_int_equal(head.status, 0x58);
    assert_int_equal(head.sequence, 0x102);
    assert_int_equal(smpp_head_read(BYTES("\0\0\0"), &head), MC_WAIT);
    assert_int_equal(smpp_head_read(BYTES("\0\0\0\x10\x80\0\0\x15\0\0\0\x58\0\0\1"), &head),
                     MC_WAIT);
    assert_int_equal(smpp_head_read(BYTES("\0\0\0\x0F"), &head), MC_INVALID);
    assert_int_equal(smpp_head_read(BYTES("\0\0\x10\0"), &head),
                     MC_WAIT); /* 4096: as long as may be */
    assert_int_equal(smpp_head_read(BYTES("\0\0\x10\1"), &head), MC_INVALID);
    assert_int_equal(smpp_head_read(BYTES("HTTP/1.1 400"), &head), MC_INVALID);
}

static void answers_are_read(void **state)
{
    static const char head[] = "\0\0\0\x15\x80\0\0\4\0\0\0\0\0\0\0\7";
    uint8_t pdu[32];
    char id[SMPP_ID_SIZE];

    (void)state;
    memcpy(pdu, head, 16);
    memcpy(pdu + 16, "4F1A", 5);
    assert_true(smpp_submitted_unpack((struct mc_bytes){pdu, 21}, id));
    assert_string_equal(id, "4F1A");
    pdu[3] = 16; /* nothing but a header */
    assert_false(smpp_submitted_unpack((struct mc_bytes){pdu, 16}, id));
    assert_string_equal(id, "");
    pdu[3] = 21;
    pdu[18] = '\n'; /* nothing a log may have */
    assert_false(smpp_submitted_unpack((struct mc_bytes){pdu, 21}, id));
    pdu[18] = 'F';
    pdu[7] = 3; /* an answer to something else, longer than ours may be */
    assert_false(smpp_submitted_unpack((struct mc_bytes){pdu, 21}, id));
}

/* A deliver_sm as an SMSC sends it. */
static bool deliver(const char *text, uint8_t esm_class, struct mc_bytes tlvs,
                    struct smpp_deliver *out)
{
    uint8_t pdu[512] = {0};
    size_t len = 16;

    pdu[7] = 5;
    pdu[15] = 1;
    memcpy(pdu + len, "\0\1\001849\0\0\0DVC\0", 13);
    len += 13;
    pdu[len] = esm_class;
    len += 3 + 2 + 4;
    pdu[len++] = (uint8_t)strlen(text);
    memcpy(pdu + len, text, strlen(text));
    len += strlen(text);
    memcpy(pdu + len, tlvs.data, tlvs.len);
    len += tlvs.len;
    pdu[2] = (uint8_t)(len >> 8);
    pdu[3] = (uint8_t)len;
    return smpp_deliver_unpack((struct mc_bytes){pdu, len}, out);
}

static struct smpp_receipt receipt_of(const char *text, uint8_t esm_class, struct mc_bytes tlvs)
{
    struct smpp_deliver got;
    struct smpp_receipt receipt;

    assert_true(deliver(text, esm_class, tlvs, &got));
    assert_true(smpp_receipt_read(&got, &receipt));
    return receipt;
}

/* OTP-12: what the waiting screen can be told. */
static void every_state_of_a_receipt(void **state)
{
    static const struct {
        const char *stat;
        enum smpp_news news;
        const char *reason;
    } cases[] = {
        {"DELIVRD err:000", SMPP_DELIVERED, "DELIVRD"},
        {"delivrd", SMPP_DELIVERED, "DELIVRD"},
        {"EXPIRED err:021", SMPP_FAILED, "EXPIRED 021"},
        {"DELETED", SMPP_FAILED, "DELETED"},
        {"UNDELIV err:0A1 text:stat:DELIVRD", SMPP_FAILED, "UNDELIV 0A1"},
        {"REJECTD err:12345678", SMPP_FAILED, "REJECTD"},
        {"REJECTD err:\xFF\xFE", SMPP_FAILED, "REJECTD"}, /* nothing a text field may have */
        {"ACCEPTD", SMPP_NO_NEWS, "ACCEPTD"},
        {"ENROUTE", SMPP_NO_NEWS, "ENROUTE"},
        {"UNKNOWN", SMPP_NO_NEWS, "UNKNOWN"},
        {"WHATEVER", SMPP_NO_NEWS, ""},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)snprintf(text, sizeof text, "id:77 sub:001 dlvrd:001 submit date:2609070920 stat:%s",
                       cases[i].stat);
        struct smpp_receipt receipt = receipt_of(text, 4, BYTES(""));
        assert_int_equal(receipt.news, cases[i].news);
        assert_string_equal(receipt.reason, cases[i].reason);
        assert_string_equal(receipt.text_id, "77");
    }
}

static void receipts_with_and_without_words(void **state)
{
    struct smpp_deliver got;
    struct smpp_receipt receipt = receipt_of("", 4, BYTES("\x04\x27\0\1\2\0\x1E\0\3ab\0"));

    (void)state;
    assert_int_equal(receipt.news, SMPP_DELIVERED);
    assert_string_equal(receipt.tlv_id, "ab");
    assert_string_equal(receipt.text_id, "");
    receipt = receipt_of("stat:UNDELIV id:9", 0, BYTES("")); /* the esm_class was forgotten */
    assert_int_equal(receipt.news, SMPP_FAILED);
    assert_true(deliver("DK GOI CUOC", 0, BYTES(""), &got)); /* a person's text */
    assert_false(smpp_receipt_read(&got, &receipt));
    assert_true(deliver("stat:DELIVRD", 4, BYTES(""), &got)); /* of which message? */
    assert_false(smpp_receipt_read(&got, &receipt));
}

static void broken_delivers_are_not_read(void **state)
{
    struct smpp_deliver got;

    (void)state;
    /* a TLV that is cut off, and one longer than there are bytes, are no news */
    assert_true(deliver("id:1 stat:DELIVRD", 4, BYTES("\x04\x27\0\2\2"), &got));
    assert_int_equal(got.state, 0);
    (void)deliver("id:1 stat:DELIVRD", 4, BYTES("\0\x1E\xFF\xFFxyz"), &got);
    assert_false(smpp_deliver_unpack(BYTES("\0\0\0\x10\0\0\0\5\0\0\0\0\0\0\0\1"), &got));
}

static const char *plain(const char *id, int base)
{
    static char out[SMPP_ID_SIZE];

    smpp_id_plain(out, id, base);
    return out;
}

static void ids_in_hex_and_decimal(void **state)
{
    (void)state;
    assert_string_equal(plain("20250", 10), "4F1A");
    assert_string_equal(plain("00004f1a", 16), "4F1A");
    assert_string_equal(plain("00004f1a", 0), "00004f1a");
    assert_string_equal(plain("4f1a", 10), "4f1a"); /* no decimal: stays */
    assert_string_equal(plain("18446744073709551615", 10), "FFFFFFFFFFFFFFFF");
    assert_string_equal(plain("18446744073709551616", 10), "18446744073709551616");
    assert_string_equal(plain("-1", 10), "-1");
    assert_string_equal(plain("", 10), "");
}

static void statuses_have_meanings(void **state)
{
    static const struct {
        uint32_t code;
        enum verdict verdict;
        bool rebind;
    } cases[] = {
        {0x00, VERDICT_TAKEN, false},   {0x04, VERDICT_RETRY, true},
        {0x08, VERDICT_RETRY, false},   {0x0A, VERDICT_REFUSED, false},
        {0x0B, VERDICT_REFUSED, false}, {0x0E, VERDICT_LOCKED, true},
        {0x14, VERDICT_RETRY, false},   {0x45, VERDICT_LATER, false},
        {0x58, VERDICT_SLOW, false},    {0xFF, VERDICT_LATER, false},
        {0x0410, VERDICT_LATER, false}, /* a carrier's own */
    };
    static struct smpp_statuses statuses;

    (void)state;
    assert_true(smpp_statuses_read(&statuses));
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct smpp_status_row *row = smpp_status_find(&statuses, cases[i].code);
        assert_int_equal(row->verdict, cases[i].verdict);
        assert_int_equal(row->rebind, cases[i].rebind);
    }
    assert_string_equal(smpp_status_find(&statuses, 0x58)->name, "ESME_RTHROTTLED");
}

/* "ế*71": a character and how often; else the text itself. */
static void expand(const char *vector, char *out, size_t size)
{
    const char *star = strrchr(vector, '*');
    size_t len = 0;

    (void)snprintf(out, size, "%s", vector);
    for (long n = star != NULL ? strtol(star + 1, NULL, 10) : 0; n > 0; n--)
        len += (size_t)snprintf(out + len, size - len, "%.*s", (int)(star - vector), vector);
}

static void parts_are_those_the_room_counted(void **state)
{
    struct vectors *rows = vectors_open("sms_length_vectors");
    struct smpp_text text;
    char sms[2048];

    (void)state;
    while (vectors_next(rows)) {
        bool ucs2 = strcmp(vectors_get(rows, "encoding"), "UCS2") == 0;
        expand(vectors_get(rows, "text_or_char_times_n"), sms, sizeof sms);
        assert_int_equal(smpp_text_make(&text, sms, ucs2, 1), MC_OK);
        assert_int_equal(text.len, strtol(vectors_get(rows, "parts"), NULL, 10));
    }
}

static void septets_of_the_standard(void **state)
{
    struct smpp_text text;

    (void)state;
    assert_int_equal(smpp_text_make(&text, "@a$€[Ññ", false, 1), MC_OK);
    assert_int_equal(text.len, 1);
    assert_int_equal(text.parts[0].len, 9);
    assert_memory_equal(text.parts[0].data, "\0a\2\x1B\x65\x1B\x3C\x5D\x7D", 9);
    assert_int_equal(smpp_text_make(&text, "ế", false, 1), MC_INVALID);
    assert_int_equal(smpp_text_make(&text, "`", false, 1), MC_INVALID);
    assert_int_equal(smpp_text_make(&text, "a\xFF", true, 1), MC_INVALID);
    assert_int_equal(smpp_text_make(&text, "\xED\xA0\x80", true, 1), MC_INVALID); /* a lone half */
    assert_int_equal(smpp_text_make(&text, "", false, 1), MC_OK);
    assert_int_equal(text.parts[0].len, 0);
}

static void long_texts_have_headers_and_whole_characters(void **state)
{
    struct smpp_text text;
    char sms[2048];

    (void)state;
    expand("a*152", sms, sizeof sms);
    (void)strncat(sms, "€bbbbbbb", sizeof sms - strlen(sms) - 1); /* 161 septets */
    assert_int_equal(smpp_text_make(&text, sms, false, 0x2A), MC_OK);
    assert_int_equal(text.len, 2);
    assert_memory_equal(text.parts[0].data, "\5\0\3\x2A\2\1", 6);
    assert_int_equal(text.parts[0].len, 6 + 152); /* the escape pair did not fit */
    assert_memory_equal(text.parts[1].data, "\5\0\3\x2A\2\2\x1B\x65", 8);
    expand("\xF0\x9F\x98\x80*36", sms, sizeof sms);
    assert_int_equal(smpp_text_make(&text, sms, true, 1), MC_OK);
    assert_int_equal(text.parts[0].len, 6 + 132);
    assert_memory_equal(text.parts[0].data + 6, "\xD8\x3D\xDE\x00", 4);
    expand("a*1224", sms, sizeof sms); /* 8 × 153 */
    assert_int_equal(smpp_text_make(&text, sms, false, 1), MC_OK);
    assert_int_equal(text.len, SMPP_PARTS_MAX);
    expand("a*1225", sms, sizeof sms);
    assert_int_equal(smpp_text_make(&text, sms, false, 1), MC_LIMITED);
}

static void addresses_are_numbers(void **state)
{
    (void)state;
    assert_true(smpp_address_is_good("10.0.0.9:2775"));
    assert_true(smpp_address_is_good("[fd00::9]:2775"));
    assert_false(smpp_address_is_good("smsc.carrier.vn:2775"));
    assert_false(smpp_address_is_good("10.0.0.9"));
    assert_false(smpp_address_is_good("10.0.0.9:"));
    assert_false(smpp_address_is_good(":2775"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_as_bytes),
        cmocka_unit_test(senders_have_types),
        cmocka_unit_test(a_part_of_a_long_text),
        cmocka_unit_test(validity_has_an_end),
        cmocka_unit_test(what_does_not_fit_is_not_packed),
        cmocka_unit_test(heads_are_read),
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(every_state_of_a_receipt),
        cmocka_unit_test(receipts_with_and_without_words),
        cmocka_unit_test(broken_delivers_are_not_read),
        cmocka_unit_test(ids_in_hex_and_decimal),
        cmocka_unit_test(statuses_have_meanings),
        cmocka_unit_test(parts_are_those_the_room_counted),
        cmocka_unit_test(septets_of_the_standard),
        cmocka_unit_test(long_texts_have_headers_and_whole_characters),
        cmocka_unit_test(addresses_are_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
