/* The sandbox's pure parts: subscribers, the platform's hash and forms, delivery reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>

#include "common/ident.h"

#include "../../services/sandbox/platform.h"
#include "../../services/sandbox/subscribers.h"

static void listed_people_are_found(void **state)
{
    struct sandbox_subscriber owner;

    (void)state;
    assert_true(sandbox_subscriber_find("84912000101", &owner));
    assert_string_equal(owner.full_name, "NGUYỄN THỊ HÒA BÌNH");
    assert_string_equal(owner.id_number, "012193990017");
    assert_string_equal(owner.birth_date, "05/03/1993");
    assert_string_equal(owner.carrier, "Vinaphone");
    assert_true(sandbox_subscriber_find("84868000202", &owner));
    assert_true(sandbox_subscriber_find("84912000303", &owner));
    assert_string_equal(owner.full_name, "PHẠM THỬ NGHIỆM");
    assert_false(sandbox_subscriber_find("84912999888", &owner));
}

/* One person, found by phone, identity number, insurance code and account, listed or by the rule.
 */
static void one_person_is_found_everywhere(void **state)
{
    struct sandbox_subscriber owner;
    struct sandbox_subscriber same;
    char carrier[SANDBOX_CARRIER_SIZE];
    bool checked = false;

    (void)state;
    assert_true(sandbox_subscriber_find("84981000042", &owner));
    assert_true(sandbox_person_find(owner.id_number, &same));
    assert_string_equal(same.phone, owner.phone);
    assert_true(sandbox_insured_find("7900000042", &same));
    assert_string_equal(same.id_number, owner.id_number);
    assert_true(sandbox_post_find("vnp000042", &same, &checked));
    assert_true(checked);
    assert_true(sandbox_post_find("vnp000049", &same, &checked));
    assert_false(checked);
    assert_false(sandbox_person_find("001182000042", &same)); /* another sex */
    assert_false(sandbox_insured_find("790000004", &same));
    assert_false(sandbox_post_find("vnp00004x", &same, &checked));
    sandbox_subscriber_carrier(&owner, carrier);
    assert_string_equal(carrier, "viettel");
    assert_true(sandbox_insured_find("0199000074", &same));
    sandbox_subscriber_carrier(&same, carrier);
    assert_string_equal(carrier, "vinaphone");
}

/* Whoever is listed or made passes the checks a registration makes. */
static void person_is_valid(const struct sandbox_subscriber *owner)
{
    struct mc_cccd cccd;
    struct mc_date birth;

    assert_int_equal(mc_cccd_parse(owner->id_number, &cccd), MC_WHY_OK);
    assert_int_equal(mc_date_parse(owner->birth_date, &birth), MC_WHY_OK);
    assert_int_equal(mc_cccd_check_birth(&cccd, birth), MC_WHY_OK);
}

static void people_are_valid(void **state)
{
    static const char *const phones[] = {
        "84912000101", "84868000202", "84912000303", "84903000404", "84921000505", "84868000606",
        "84912000998", "84912000999", "84981000000", "84981000042", "84981123457", "84981999999"};
    struct sandbox_subscriber owner;

    (void)state;
    for (size_t i = 0; i < MC_LEN(phones); i++) {
        assert_true(sandbox_subscriber_find(phones[i], &owner));
        person_is_valid(&owner);
    }
}

static void rule_makes_a_million(void **state)
{
    struct sandbox_subscriber owner;

    (void)state;
    assert_true(sandbox_subscriber_rule("84981000042", &owner));
    assert_string_equal(owner.full_name, "NGUYỄN VĂN BỐN HAI");
    assert_string_equal(owner.id_number, "001082000042");
    assert_string_equal(owner.birth_date, "15/02/1982");
    assert_true(sandbox_subscriber_rule("84981999999", &owner));
    assert_string_equal(owner.id_number, "001179999999");
    assert_false(sandbox_subscriber_rule("8498199999", &owner));
    assert_false(sandbox_subscriber_rule("849819999990", &owner));
    assert_false(sandbox_subscriber_rule("84982000042", &owner));
    assert_false(sandbox_subscriber_rule("8498100004x", &owner));
}

static char *split_next(char **text)
{
    return strsep(text, "|");
}

/* tests/vectors/payment_hash_vectors.csv: message,hashed_string_utf8,sha256_hex */
static void hashes_are_those_of_the_vectors(void **state)
{
    FILE *file = fopen(MC_SOURCE_DIR "/tests/vectors/payment_hash_vectors.csv", "re");
    char line[1024];
    unsigned count = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *fields[SANDBOX_FIELDS_MAX + 2] = {NULL};
        char hash[SANDBOX_HASH_SIZE];
        char *expected = strrchr(line, ',');
        char *text = strchr(line, '|');
        size_t n = 0;

        if (text == NULL || expected == NULL)
            continue;
        *expected++ = '\0';
        expected[strcspn(expected, "\r\n")] = '\0';
        while (text > line && text[-1] != ',')
            text--;
        for (char *field = NULL; (field = split_next(&text)) != NULL;)
            fields[n++] = field;
        const char *secret = fields[--n];
        fields[n] = NULL;
        sandbox_hash(hash, fields, secret);
        assert_string_equal(hash, expected);
        count++;
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(count, 5);
}

static void references_and_amounts_have_a_form(void **state)
{
    char reference[SANDBOX_REFERENCE_MAX + 2];
    int64_t amount = 0;

    (void)state;
    memset(reference, 'a', sizeof reference);
    reference[SANDBOX_REFERENCE_MAX] = '\0';
    assert_true(sandbox_reference_ok(reference));
    reference[SANDBOX_REFERENCE_MAX] = 'a';
    reference[SANDBOX_REFERENCE_MAX + 1] = '\0';
    assert_false(sandbox_reference_ok(reference));
    assert_false(sandbox_reference_ok(""));
    assert_false(sandbox_reference_ok("a/b"));
    assert_true(sandbox_amount_parse("999999999999999", &amount));
    assert_int_equal(amount, 999999999999999);
    assert_false(sandbox_amount_parse("1000000000000000", &amount));
    assert_false(sandbox_amount_parse("0", &amount));
    assert_false(sandbox_amount_parse("", &amount));
    assert_false(sandbox_amount_parse("-1", &amount));
    assert_false(sandbox_amount_parse("8.000", &amount));
}

static void receipt_fits_at_its_longest(void **state)
{
    struct sandbox_payment payment = {.booked = 999999999999999};
    char pdf[SANDBOX_PDF_SIZE];

    (void)state;
    memset(payment.reference, 'r', sizeof payment.reference - 1);
    memset(payment.transaction, 't', sizeof payment.transaction - 1);
    memset(payment.bank, 'b', sizeof payment.bank - 1);
    size_t len = sandbox_receipt_pdf(pdf, &payment);
    assert_in_range(len, 500, sizeof pdf - 1);
    assert_memory_equal(pdf, "%PDF-1.4\n", 9);
    assert_memory_equal(pdf + len - 6, "%%EOF\n", 6);
    const char *xref = strstr(pdf, "xref\n");
    assert_non_null(xref);
    assert_int_equal(strtoul(strstr(pdf, "startxref\n") + 10, NULL, 10), xref - pdf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_people_are_found),
        cmocka_unit_test(one_person_is_found_everywhere),
        cmocka_unit_test(people_are_valid),
        cmocka_unit_test(rule_makes_a_million),
        cmocka_unit_test(hashes_are_those_of_the_vectors),
        cmocka_unit_test(references_and_amounts_have_a_form),
        cmocka_unit_test(receipt_fits_at_its_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
