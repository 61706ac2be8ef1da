/* The payment room's pure parts: hashes, references, VietQR, ledger, states, fees. */
#include <stdlib.h>

#include "common/csv.h"
#include "common/date.h"

#include "payment_help.h"
#include "services/payment/vietqr.h"

enum { TEXT_SIZE = 4096 };

static char *vectors(const char *name)
{
    char path[512];
    char *data = calloc(1, TEXT_SIZE);

    assert_non_null(data);
    (void)snprintf(path, sizeof path, "%s/tests/vectors/%s", MC_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(data, 1, TEXT_SIZE - 1, file);
    assert_true(len > 0 && len < TEXT_SIZE - 1);
    (void)fclose(file);
    return data;
}

/* Splits at '|': the last field of a vector is the secret. */
static void hash_case(char *joined, const char *want)
{
    const char *fields[PAYMENT_HASH_FIELDS_MAX + 1] = {0};
    char hash[PAYMENT_HASH_SIZE];
    char *rest = NULL;
    size_t n = 0;

    for (char *field = strtok_r(joined, "|", &rest); field != NULL;
         field = strtok_r(NULL, "|", &rest))
        fields[n++] = field;
    const char *secret = fields[n - 1];
    fields[n - 1] = NULL;
    payment_hash(hash, fields, secret);
    assert_string_equal(hash, want);
    assert_true(payment_hash_equal(hash, want));
    hash[63] ^= 1;
    assert_false(payment_hash_equal(hash, want));
    assert_false(payment_hash_equal("", want));
}

static void hash_vectors(void **state)
{
    char *data = vectors("payment_hash_vectors.csv");
    struct mc_csv csv;
    size_t n = 0;

    (void)state;
    mc_csv_open(&csv, data, strlen(data));
    assert_true(mc_csv_next(&csv)); /* the header */
    for (; mc_csv_next(&csv); n++) {
        char joined[1024];
        char want[128];
        assert_true(mc_csv_copy(&csv, 1, joined, sizeof joined));
        assert_true(mc_csv_copy(&csv, 2, want, sizeof want));
        hash_case(joined, want);
    }
    assert_int_equal(n, 5);
    free(data);
}

static void vietqr_vectors(void **state)
{
    char *data = vectors("vietqr_vectors.csv");
    struct mc_csv csv;
    size_t n = 0;

    (void)state;
    mc_csv_open(&csv, data, strlen(data));
    assert_true(mc_csv_next(&csv));
    for (; mc_csv_next(&csv); n++) {
        char bin[16];
        char account[32];
        char amount[32];
        char purpose[64];
        char want[PAYMENT_QR_SIZE];
        char got[PAYMENT_QR_SIZE];
        struct payment_qr qr = {.bin = bin, .account = account, .purpose = purpose};
        assert_true(mc_csv_copy(&csv, 1, bin, sizeof bin));
        assert_true(mc_csv_copy(&csv, 2, account, sizeof account));
        assert_true(mc_csv_copy(&csv, 3, amount, sizeof amount));
        assert_true(mc_csv_copy(&csv, 4, purpose, sizeof purpose));
        assert_true(mc_csv_copy(&csv, 5, want, sizeof want));
        if (amount[0] != '\0')
            assert_int_equal(mc_money_parse(amount, &qr.amount), MC_WHY_OK);
        assert_true(payment_vietqr(got, sizeof got, &qr));
        assert_string_equal(got, want);
    }
    assert_true(n >= 4);
    free(data);
}

static void vietqr_limits(void **state)
{
    static const struct {
        const char *label;
        struct payment_qr qr;
        bool want;
    } cases[] = {
        {"longest account", {"970405", "1234567890123456789", 0, ""}, true},
        {"account one past", {"970405", "12345678901234567890", 0, ""}, false},
        {"no account", {"970405", "", 0, ""}, false},
        {"account with a blank", {"970405", "12 34", 0, ""}, false},
        {"short BIN", {"97040", "1", 0, ""}, false},
        {"BIN with a letter", {"97040A", "1", 0, ""}, false},
        {"longest purpose", {"970405", "1", 1, "1234567890123456789012345"}, true},
        {"purpose one past", {"970405", "1", 1, "12345678901234567890123456"}, false},
        {"purpose not ASCII", {"970405", "1", 1, "lệ phí"}, false},
        {"highest amount", {"970405", "1", PAYMENT_QR_AMOUNT_MAX, ""}, true},
        {"amount one past", {"970405", "1", PAYMENT_QR_AMOUNT_MAX + 1, ""}, false},
        {"below zero", {"970405", "1", -1, ""}, false},
    };
    char out[PAYMENT_QR_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        if (payment_vietqr(out, sizeof out, &cases[i].qr) != cases[i].want)
            fail_msg("%s", cases[i].label);
    assert_false(payment_vietqr(out, sizeof out - 1, &cases[0].qr));
    assert_int_equal(payment_qr_crc("123456789", 9), 0x29B1); /* CRC-16/CCITT-FALSE check value */
}

static void references(void **state)
{
    static const uint8_t id[MC_ID_LEN] = {0xab, 0xcd};
    char out[PAYMENT_REFERENCE_MAX + 1];
    char information[PAYMENT_INFORMATION_SIZE];
    int64_t at_ms = 0;

    (void)state;
    assert_int_equal(mc_stamp_parse("20260907093300", &at_ms), MC_WHY_OK);
    payment_reference(out, CODE, id, at_ms, 0);
    assert_string_equal(out, "dvc0002031H53260907000720260907093300");
    payment_reference(out, CODE, id, at_ms, 2);
    assert_string_equal(out, "dvc0002031H5326090700072026090709330002");
    /* 24 hours, not 12: an afternoon payment */
    payment_reference(out, CODE, id, at_ms + 360 * MINUTE_MS, 0);
    assert_string_equal(out, "dvc0002031H53260907000720260907153300");
    payment_reference(out, "", id, at_ms, 0);
    assert_string_equal(out, "dvcabcd000000000000000000000000000020260907093300");
    payment_reference(out, "1234567890123456789012345678901234567890123456789012345678901234567890",
                      id, at_ms, 99);
    assert_int_equal(strlen(out), PAYMENT_REFERENCE_MAX);

    payment_information(information, CODE);
    assert_string_equal(information, "THANH TOAN HO SO " CODE);
    payment_information(information, "A|B\nđ");
    assert_null(strchr(information, '|'));
    assert_null(strchr(information, '\n'));
}

static void platform_codes(void **state)
{
    (void)state;
    assert_int_equal(payment_truth_of("00"), PAYMENT_TRUTH_PAID);
    assert_int_equal(payment_truth_of("01"), PAYMENT_TRUTH_PENDING);
    assert_int_equal(payment_truth_of("02"), PAYMENT_TRUTH_FAILED);
    assert_int_equal(payment_truth_of(""), PAYMENT_TRUTH_FAILED);
    assert_int_equal(payment_truth_of("0"), PAYMENT_TRUTH_FAILED);
    assert_string_equal(payment_maloi_of("OK").code, "00");
    assert_string_equal(payment_maloi_of("HASH_WRONG").code, "97");
    assert_string_equal(payment_maloi_of("no such meaning").code, "99");
}

static void fees(void **state)
{
    (void)state;
    struct payment_fee fee = payment_fee_of("1.001193");
    assert_int_equal(fee.kind, PAYMENT__ITEM_KIND__CHARGE);
    assert_string_equal(fee.code, "2771");
    assert_string_equal(fee.name, "Lệ phí hộ tịch");
    assert_string_equal(payment_fee_of("1.001193.000.00.00.H53").code, "2771");
    assert_int_equal(payment_fee_of("2.000815").kind, PAYMENT__ITEM_KIND__FEE);
    assert_string_equal(payment_fee_of("2.000815").code, "2716");
    assert_int_equal(payment_fee_of("9.999999").kind, PAYMENT__ITEM_KIND__FEE);
    assert_string_equal(payment_fee_of("9.999999").code, "4949");
    assert_string_equal(payment_fee_of("nonsense").code, "4949");
    assert_string_equal(payment_fee_of("").code, "4949");
}

static void lines(void **state)
{
    static const struct {
        const char *label;
        struct payment_line lines[3];
        size_t n;
        const char *want;
    } cases[] = {
        {"good", {{"a:1", 5}, {"b:1", -3}, {"c:1", -2}}, 3, NULL},
        {"one line", {{"a:1", 5}}, 1, "FEW_LINES"},
        {"none", {{"a:1", 5}}, 0, "FEW_LINES"},
        {"too many", {{"a:1", 5}}, PAYMENT_LINES_MAX + 1, "MANY_LINES"},
        {"not zero", {{"a:1", 5}, {"b:1", -4}}, 2, "UNBALANCED"},
        {"a zero line", {{"a:1", 0}, {"b:1", 0}}, 2, "ZERO"},
        {"no account", {{"", 5}, {"b:1", -5}}, 2, "ACCOUNT"},
        {"not an account", {{"a", 5}, {"b:1", -5}}, 2, "ACCOUNT"},
        {"overflow", {{"a:1", INT64_MAX}, {"b:1", 1}, {"c:1", -1}}, 3, "OVERFLOW"},
        {"lowest", {{"a:1", INT64_MIN}, {"b:1", 1}}, 2, "OVERFLOW"},
        {"highest", {{"a:1", INT64_MAX}, {"b:1", -INT64_MAX}}, 2, NULL},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const char *got = payment_lines_check(cases[i].lines, cases[i].n);
        if ((got == NULL) != (cases[i].want == NULL) ||
            (got != NULL && strcmp(got, cases[i].want) != 0))
            fail_msg("%s: %s", cases[i].label, got != NULL ? got : "fine");
    }
}

static void balances(void **state)
{
    struct payment_balance balance = {0};
    char account[PAYMENT_ACCOUNT_SIZE];

    (void)state;
    assert_true(payment_balance_apply(&balance, 5));
    assert_true(payment_balance_apply(&balance, -7));
    assert_int_equal(balance.debit, 5);
    assert_int_equal(balance.credit, 7);
    balance.debit = INT64_MAX - 1;
    assert_true(payment_balance_apply(&balance, 1));
    assert_false(payment_balance_apply(&balance, 1));
    assert_int_equal(balance.debit, INT64_MAX);
    balance.credit = INT64_MAX - 1;
    assert_true(payment_balance_apply(&balance, -1));
    assert_false(payment_balance_apply(&balance, -1));
    assert_false(payment_balance_apply(&balance, INT64_MIN));

    assert_true(
        payment_account_agency(account, sizeof account, UNIT, PAYMENT__ITEM_KIND__FEE, "1"));
    assert_string_equal(account, "agency:" UNIT ":fee:1");
    assert_false(payment_account_agency(account, sizeof account, "", PAYMENT__ITEM_KIND__FEE, "1"));
    assert_false(
        payment_account_agency(account, sizeof account, UNIT, PAYMENT__ITEM_KIND__FEE, ""));
    assert_false(payment_account_agency(account, 10, UNIT, PAYMENT__ITEM_KIND__FEE, "1"));
}

/* Each account has a side, and gives no more than it has on it. */
static void overdrafts(void **state)
{
    static const struct {
        const char *account;
        struct payment_balance balance;
        bool overdrawn;
    } cases[] = {
        {"platform:receivable", {5, 5}, false}, {"platform:receivable", {5, 6}, true},
        {"bank:970415", {5, 6}, true},          {"suspense:platform", {5, 5}, false},
        {"suspense:platform", {6, 5}, true},    {"agency:H53:fee:2716", {6, 5}, true},
        {"agency:H53:fee:2716", {0, 5}, false}, {"refunds:payable", {1, 0}, true},
        {"treasury:H53", {0, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_int_equal(payment_overdrawn(cases[i].account, &cases[i].balance),
                         cases[i].overdrawn);
}

static void totals(void **state)
{
    int64_t total = 0;

    (void)state;
    assert_false(payment_total_add(&total, 0));
    assert_false(payment_total_add(&total, -1));
    assert_false(payment_total_add(&total, PAYMENT_AMOUNT_MAX + 1));
    assert_false(payment_total_add(&total, INT64_MAX));
    assert_int_equal(total, 0);
    assert_true(payment_total_add(&total, PAYMENT_AMOUNT_MAX - 1));
    assert_true(payment_total_add(&total, 1));
    assert_false(payment_total_add(&total, 1));
    assert_int_equal(total, PAYMENT_AMOUNT_MAX);
}

/* I7: random transfers keep debit and credit equal, account by account and in all. */
static void random_journals(void **state)
{
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 7);
    struct payment_balance accounts[4] = {{0}};
    static const char *const names[4] = {"a:0", "a:1", "a:2", "a:3"};

    (void)state;
    for (int round = 0; round < 10000; round++) {
        struct payment_line transfer[3];
        int64_t amount = (int64_t)mc_random_below(&random, PAYMENT_AMOUNT_MAX) + 2;
        int64_t part = (int64_t)mc_random_below(&random, (uint64_t)amount - 1) + 1;
        int64_t debit = 0;
        int64_t credit = 0;
        size_t at[3];
        for (size_t i = 0; i < 3; i++)
            at[i] = (size_t)mc_random_below(&random, 4);
        transfer[0] = (struct payment_line){names[at[0]], amount};
        transfer[1] = (struct payment_line){names[at[1]], -part};
        transfer[2] = (struct payment_line){names[at[2]], part - amount};
        assert_null(payment_lines_check(transfer, 3));
        for (size_t i = 0; i < 3; i++)
            assert_true(payment_balance_apply(&accounts[at[i]], transfer[i].amount));
        for (size_t i = 0; i < 4; i++) {
            debit += accounts[i].debit;
            credit += accounts[i].credit;
        }
        assert_int_equal(debit, credit);
    }
}

static void order_states(void **state)
{
    /* PAY APPLY CANCEL EXPIRE REFUND */
    static const uint8_t want[6][PAYMENT_ORDER_STEPS_LEN] = {
        {0, 0, 0, 0, 0}, /* unspecified */
        {2, 2, 3, 4, 0}, /* PENDING */
        {0, 0, 0, 0, 5}, /* PAID */
        {0, 0, 0, 0, 0}, /* CANCELLED */
        {0, 2, 0, 0, 0}, /* EXPIRED */
        {0, 0, 0, 0, 0},
    };

    (void)state;
    for (uint32_t from = 0; from < MC_LEN(want); from++)
        for (unsigned step = 0; step < PAYMENT_ORDER_STEPS_LEN; step++)
            assert_int_equal(payment_order_next(from, (enum payment_order_step)step),
                             want[from][step]);
}

/* Every state by every step: which may be taken, and that ends are ends. */
static void attempt_states(void **state)
{
    /* PAGE NO_ANSWER TOLD FAIL PAY MISFIT APPLY */
    static const uint8_t want[9][PAYMENT_ATTEMPT_STEPS_LEN] = {
        {0, 0, 0, 0, 0, 0, 0}, /* unspecified */
        {2, 6, 3, 5, 4, 7, 0}, /* STARTING */
        {0, 0, 3, 5, 4, 7, 0}, /* WAITING */
        {0, 0, 0, 5, 4, 7, 0}, /* CONFIRMING */
        {0, 0, 0, 0, 0, 0, 0}, /* SUCCEEDED */
        {0, 0, 3, 0, 0, 0, 0}, /* FAILED */
        {0, 0, 3, 5, 4, 7, 0}, /* UNKNOWN */
        {0, 0, 0, 0, 0, 0, 4}, /* SUSPENSE */
        {0, 0, 0, 0, 0, 0, 0},
    };

    (void)state;
    for (uint32_t from = 0; from < MC_LEN(want); from++)
        for (unsigned step = 0; step < PAYMENT_ATTEMPT_STEPS_LEN; step++)
            assert_int_equal(payment_attempt_next(from, (enum payment_attempt_step)step),
                             want[from][step]);
}

/* STATES.md is what the code does; the right text lies beside the test when it is not. */
static void states_are_printed(void **state)
{
    static char want[PAYMENT_STATES_TEXT_SIZE];
    static char there[PAYMENT_STATES_TEXT_SIZE];
    size_t len = payment_states_text(want, sizeof want);
    FILE *file = fopen(MC_SOURCE_DIR "/services/payment/STATES.md", "re");
    size_t read = file != NULL ? fread(there, 1, sizeof there - 1, file) : 0;

    (void)state;
    if (file != NULL)
        assert_int_equal(fclose(file), 0);
    if (read != len || memcmp(there, want, len) != 0) {
        file = fopen("STATES.md", "we");
        assert_non_null(file);
        assert_int_equal(fwrite(want, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
        fail_msg("services/payment/STATES.md is not what states.c says: cp STATES.md");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_vectors),    cmocka_unit_test(vietqr_vectors),
        cmocka_unit_test(vietqr_limits),   cmocka_unit_test(references),
        cmocka_unit_test(platform_codes),  cmocka_unit_test(fees),
        cmocka_unit_test(lines),           cmocka_unit_test(balances),
        cmocka_unit_test(totals),          cmocka_unit_test(overdrafts),
        cmocka_unit_test(random_journals), cmocka_unit_test(order_states),
        cmocka_unit_test(attempt_states),  cmocka_unit_test(states_are_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
