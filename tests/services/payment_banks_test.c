/* Banks and wallets as data: what the table may hold, and who is told of which (FEE-01, FEE-03). */
#include "payment_help.h"

#define HEAD                                                                                       \
    "code,bin,kind,short_name,name_vi,swift,vietqr,platform_code,entry,link,tax,refund,old,"       \
    "certainty\n"

static size_t listed(struct harness *h, Payment__BankPurpose purpose, const char *code)
{
    Payment__ListBanksRequest req = PAYMENT__LIST_BANKS_REQUEST__INIT;

    req.purpose = purpose;
    const Payment__ListBanksReply *rep = harness_call(h, "ListBanks", &req.base, MC_OK);
    for (size_t i = 0; code != NULL && i < rep->n_banks; i++)
        if (strcmp(rep->banks[i]->code, code) == 0)
            return i + 1;
    return code != NULL ? 0 : rep->n_banks;
}

static void each_purpose_has_its_banks(void **state)
{
    struct harness *h = room_open();

    (void)state;
    harness_as(h, &(struct mc_caller){.name = ""});
    /* BNK-03: only Vietcombank's integration is finished; the five of the guide take taxes */
    assert_int_equal(listed(h, PAYMENT__BANK_PURPOSE__LINK, NULL), 1);
    assert_int_equal(listed(h, PAYMENT__BANK_PURPOSE__LINK, "VCB"), 1);
    assert_int_equal(listed(h, PAYMENT__BANK_PURPOSE__TAX, NULL), 5);
    assert_true(listed(h, PAYMENT__BANK_PURPOSE__PAY, "MOMO") > 0);
    assert_int_equal(listed(h, PAYMENT__BANK_PURPOSE__PAY, "ACB"), 0);
    assert_true(listed(h, PAYMENT__BANK_PURPOSE__TRANSFER, "ACB") > 0);
    assert_int_equal(listed(h, PAYMENT__BANK_PURPOSE__BANK_PURPOSE_UNSPECIFIED, "OCEANBANK"), 0);
    harness_close(h);
}

static void found_by_any_name(void **state)
{
    struct harness *h = room_open();
    const struct payment *payment = harness_ctx(h);
    const struct payment_banks *banks = &payment->banks;

    (void)state;
    assert_string_equal(payment_bank_find(banks, "CTG")->platform_code, "VIETINBANK");
    assert_string_equal(payment_bank_find(banks, "VIETINBANK")->code, "CTG");
    assert_null(payment_bank_find(banks, ""));
    assert_null(payment_bank_find(banks, "vcb"));
    /* two names of one BIN: the present one */
    assert_string_equal(payment_bank_by_bin(banks, "970414")->short_name, "MBV");
    assert_string_equal(payment_bank_by_bin(banks, "970449")->short_name, "LPBank");
    assert_null(payment_bank_by_bin(banks, ""));
    assert_null(payment_bank_by_bin(banks, "000000"));
    harness_close(h);
}

static void rows_that_are_wrong(void **state)
{
    static struct payment_banks banks;
    static const struct {
        const char *text;
        enum mc_status want;
    } cases[] = {
        {HEAD "A,970436,BANK,a,A,,TRANSFER,A1,SSO,1,1,1,0,\n", MC_OK},
        {HEAD "A,,WALLET,a,A,,NONE,,,0,0,0,1,\n", MC_OK},
        {HEAD, MC_OK},
        {"code,bin\n", MC_INVALID},
        {"", MC_INVALID},
        {HEAD "A,97043,BANK,a,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,97043x,BANK,a,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "a,,BANK,a,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD ",,BANK,a,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,SHOP,a,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,,A,,TRANSFER,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,BOTH,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,NONE,A1,,0,0,0,0,\n", MC_INVALID},       /* a page nobody can enter */
        {HEAD "A,,BANK,a,A,,NONE,,REDIRECT,0,0,0,0,\n", MC_INVALID}, /* and the reverse */
        {HEAD "A,,BANK,a,A,,NONE,,,1,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,NONE,,,0,2,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,NONE,,,0,0,0,,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,NONE,,,0,0,0,0,\nA,,BANK,b,B,,NONE,,,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,a,A,,NONE,,,0,0,0,0,\nB,,BANK,b,B,,NONE,A,SSO,0,0,0,0,\n", MC_INVALID},
        {HEAD "A,,BANK,\"a,A,,NONE,,,0,0,0,0,\n", MC_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        char why[80] = "";
        if (payment_banks_read(&banks, mc_key_text(cases[i].text), why, sizeof why) !=
            cases[i].want)
            fail_msg("%zu: %s", i, why);
        assert_int_equal(why[0] != '\0', cases[i].want != MC_OK);
        if (cases[i].want != MC_OK)
            assert_int_equal(banks.n, 0);
    }
}

static void as_many_as_there_is_room_for(void **state)
{
    static struct payment_banks banks;
    static char text[64 * (PAYMENT_BANKS_MAX + 2)];
    char why[80] = "";
    int len = snprintf(text, sizeof text, "%s", HEAD);

    (void)state;
    for (int i = 0; i < PAYMENT_BANKS_MAX; i++)
        len +=
            snprintf(text + len, sizeof text - (size_t)len, "A%d,,BANK,a,A,,NONE,,,0,0,0,0,\n", i);
    assert_int_equal(payment_banks_read(&banks, mc_key_text(text), why, sizeof why), MC_OK);
    assert_int_equal(banks.n, PAYMENT_BANKS_MAX);
    (void)snprintf(text + len, sizeof text - (size_t)len, "B,,BANK,a,A,,NONE,,,0,0,0,0,\n");
    assert_int_equal(payment_banks_read(&banks, mc_key_text(text), why, sizeof why), MC_INVALID);
    assert_string_equal(why, "line 162: too many banks");
}

/* FEE-03: the payer's choice reaches the platform under the name it has there. */
static void a_chosen_bank_is_the_platforms(void **state)
{
    struct harness *h = room_open();
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;
    struct harness_exchange exchange;
    struct mc_json *json = NULL;

    (void)state;
    req.order_id = order_new(h)->order_id;
    as_account(h, OWNER);
    req.bank = text("ACB");
    (void)harness_call(h, "StartPayment", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "bank", "BANK_NOT_CONNECTED"));
    req.bank = text("CTG");
    (void)harness_call(h, "StartPayment", &req.base, MC_OK);
    assert_true(harness_effect(h, "platform.init", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "MaNganHang"), "VIETINBANK");
    mc_json_free(json);
    harness_close(h);
}

static void a_wrong_table_stops_the_start(void **state)
{
    struct harness *h = room_open();
    struct payment payment = *(const struct payment *)harness_ctx(h);
    struct mc_boot boot = {0};

    (void)state;
    payment.banks_file = "/nonexistent/banks.csv";
    assert_int_equal(payment_boot(&payment, &boot), MC_NOT_FOUND);
    assert_non_null(strstr(boot.why, "payment.banks_file"));
    payment.banks_file = payment.secret_file;
    assert_int_equal(payment_boot(&payment, &boot), MC_INVALID);
    assert_non_null(strstr(boot.why, "line 1: not the columns"));
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_purpose_has_its_banks),
        cmocka_unit_test(found_by_any_name),
        cmocka_unit_test(rows_that_are_wrong),
        cmocka_unit_test(as_many_as_there_is_room_for),
        cmocka_unit_test(a_chosen_bank_is_the_platforms),
        cmocka_unit_test(a_wrong_table_stops_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
