/* Bank links (BNK-01 … BNK-11): the four conditions, the bank's code, one link at a time. */
#include "payment_outside_help.h"
#include "services/payment/link.h"

static const Payment__BankLink *start_link(struct harness *h, const char *login,
                                           enum mc_status want)
{
    Payment__StartLinkRequest req = PAYMENT__START_LINK_REQUEST__INIT;

    as_account(h, OWNER);
    req.bank = text("VCB");
    req.login_name = text(login);
    return harness_call(h, "StartLink", &req.base, want);
}

static const Payment__BankLink *link_now(struct harness *h)
{
    Payment__GetLinkRequest req = PAYMENT__GET_LINK_REQUEST__INIT;

    as_account(h, OWNER);
    return harness_call(h, "GetLink", &req.base, MC_OK);
}

static const Payment__BankLink *confirm_link(struct harness *h, ProtobufCBinaryData id,
                                             const char *code, enum mc_status want)
{
    Payment__ConfirmLinkRequest req = PAYMENT__CONFIRM_LINK_REQUEST__INIT;

    as_account(h, OWNER);
    req.link_id = id;
    req.code = text(code);
    return harness_call(h, "ConfirmLink", &req.base, want);
}

static void bank_says(struct harness *h, const char *kind, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, kind, &exchange));
    harness_answer(h, &exchange, 200, body);
}

static void linked_with_the_banks_code(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;

    (void)state;
    person_known(h, true);
    const Payment__BankLink *link = start_link(h, "hoabinh93", MC_OK);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__LINK_CHECKING);
    assert_true(harness_effect(h, "bank.link_check", &exchange));
    assert_string_equal(exchange.http.url, "https://banks.test/VCB/links");
    assert_string_equal(exchange.http.headers[0].value, "Bearer " SECRET);
    assert_non_null(strstr(exchange.http.body.data, "\"login_name\":\"hoabinh93\""));
    assert_non_null(strstr(exchange.http.body.data, "\"phone\":\"84912000101\""));
    assert_non_null(strstr(exchange.http.body.data, "\"tax_code\":\"012193990017\""));
    harness_answer(h, &exchange, 200, "{\"result\":\"CODE_SENT\",\"sent_to\":\"091****101\"}");
    link = link_now(h);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__LINK_AWAITING_CODE);
    assert_string_equal(link->code_sent_to, "091****101");
    assert_null(strstr(link->login_masked, "hoabinh93"));

    (void)confirm_link(h, link->link_id, "12", MC_INVALID);
    (void)confirm_link(h, link->link_id, "111111", MC_OK);
    (void)start_link(h, "hoabinh93", MC_CONFLICT); /* while the bank judges */
    bank_says(h, "bank.link_confirm", "{\"result\":\"CODE_WRONG\"}");
    link = link_now(h);
    assert_string_equal(link->error, "LINK_CODE_WRONG");
    (void)confirm_link(h, link->link_id, "222222", MC_OK);
    assert_true(harness_effect(h, "bank.link_confirm", &exchange)); /* the answer is lost */
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_UNKNOWN});
    harness_advance(h, 5000);
    bank_says(h, "bank.link_confirm", "{\"result\":\"LINKED\",\"token\":\"tok-1\"}");
    link = link_now(h);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__LINKED);
    assert_string_equal(link->message, "Liên kết thành công");

    (void)start_link(h, "another", MC_CONFLICT); /* BNK-11 */
    assert_string_equal(harness_header(h)->code, "LINK_EXISTS");
    Payment__UnlinkRequest req = PAYMENT__UNLINK_REQUEST__INIT;
    req.link_id = link->link_id;
    link = harness_call(h, "Unlink", &req.base, MC_OK);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__UNLINKED);
    assert_true(harness_effect(h, "bank.link_remove", &exchange));
    harness_answer(h, &exchange, 500, "");
    harness_advance(h, 5000);
    bank_says(h, "bank.link_remove", "{\"result\":\"REMOVED\"}");
    (void)start_link(h, "another", MC_OK);
    harness_close(h);
}

/* BNK-05 … BNK-08: all that fail, each with what to do next. */
static void every_failed_condition_is_told(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    person_known(h, false);
    (void)start_link(h, "hoabinh93", MC_OK);
    bank_says(h, "bank.link_check", "{\"result\":\"REFUSED\",\"failed\":[\"PHONE\",\"IDENTITY\"]}");
    const Payment__BankLink *link = link_now(h);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__LINK_REFUSED);
    assert_int_equal(link->n_failed, 3);
    assert_string_equal(link->failed[0]->code, "LINK_TAX_CODE");
    assert_string_equal(link->failed[1]->code, "LINK_IDENTITY");
    assert_non_null(strstr(link->failed[1]->message, "cần phải đến ngân hàng để cập nhật"));
    assert_string_equal(link->failed[2]->code, "LINK_PHONE");
    assert_non_null(
        strstr(link->failed[2]->message, "vào menu [Thông tin định danh], chọn chức năng [Sửa]"));

    (void)start_link(h, "nobody", MC_OK);
    bank_says(h, "bank.link_check", "{\"result\":\"REFUSED\",\"failed\":[\"ACCOUNT\"]}");
    assert_int_equal(link_now(h)->n_failed, 2);
    (void)start_link(h, "hoabinh93", MC_OK);
    bank_says(h, "bank.link_check", "{\"result\":\"GOOD\"}");
    link = link_now(h);
    assert_int_equal(link->n_failed, 1);
    assert_string_equal(link->failed[0]->code, "LINK_TAX_CODE");
    harness_close(h);
}

/* Two devices: the later try goes on, the earlier one is over. */
static void of_two_devices_one_ends_linked(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    person_known(h, true);
    ProtobufCBinaryData first = start_link(h, "hoabinh93", MC_OK)->link_id;
    struct harness_exchange late;
    assert_true(harness_effect(h, "bank.link_check", &late));
    ProtobufCBinaryData second = start_link(h, "hoabinh93", MC_OK)->link_id;
    bank_says(h, "bank.link_check", "{\"result\":\"CODE_SENT\",\"sent_to\":\"091****101\"}");
    harness_answer(h, &late, 200, "{\"result\":\"CODE_SENT\",\"sent_to\":\"091****101\"}");
    (void)confirm_link(h, first, "123456", MC_NOT_FOUND);
    assert_string_equal(harness_header(h)->code, "LINK_REPLACED");
    (void)confirm_link(h, second, "123456", MC_OK);
    (void)confirm_link(h, second, "123456", MC_CONFLICT);
    bank_says(h, "bank.link_confirm", "{\"result\":\"LINKED\",\"token\":\"tok-2\"}");
    const Payment__BankLink *link = link_now(h);
    assert_int_equal(link->state, PAYMENT__LINK_STATE__LINKED);
    assert_memory_equal(link->link_id.data, second.data, MC_ID_LEN);
    bank_says(h, "bank.link_remove", "{\"result\":\"REMOVED\"}"); /* of the first */
    harness_close(h);
}

static void only_ready_banks_and_good_names(void **state)
{
    struct harness *h = outside_open();
    Payment__StartLinkRequest req = PAYMENT__START_LINK_REQUEST__INIT;
    char login[PAYMENT_LOGIN_NAME_MAX + 2];

    (void)state;
    as_account(h, OWNER);
    req.bank = text("BID"); /* BNK-03: pays, and cannot be linked yet */
    req.login_name = text("x y");
    (void)harness_call(h, "StartLink", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "bank", "LINK_BANK_NOT_READY"));
    assert_true(harness_violated(h, "login_name", "FIELD_INVALID"));
    memset(login, 'x', sizeof login - 1);
    login[sizeof login - 1] = '\0';
    (void)start_link(h, login, MC_INVALID);
    login[PAYMENT_LOGIN_NAME_MAX] = '\0';
    (void)start_link(h, login, MC_OK);
    harness_close(h);
}

static void a_silent_bank_ends_the_try(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;

    (void)state;
    person_known(h, true);
    (void)start_link(h, "hoabinh93", MC_OK);
    for (int i = 0; i < 10 && link_now(h)->state == PAYMENT__LINK_STATE__LINK_CHECKING; i++) {
        if (harness_effect(h, "bank.link_check", &exchange))
            harness_answer(h, &exchange, 200, "<html>");
        harness_advance(h, 20000);
    }
    assert_int_equal(link_now(h)->state, PAYMENT__LINK_STATE__LINK_FAILED);
    harness_advance(h, PAYMENT_LINK_LIFE_MS);
    (void)start_link(h, "hoabinh93", MC_OK);
    bank_says(h, "bank.link_check", "{\"result\":\"CODE_SENT\"}");
    const Payment__BankLink *link = link_now(h);
    harness_advance(h, PAYMENT_LINK_LIFE_MS);
    (void)confirm_link(h, link->link_id, "123456", MC_EXPIRED);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linked_with_the_banks_code),
        cmocka_unit_test(every_failed_condition_is_told),
        cmocka_unit_test(of_two_devices_one_ends_linked),
        cmocka_unit_test(only_ready_banks_and_good_names),
        cmocka_unit_test(a_silent_bank_ends_the_try),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
