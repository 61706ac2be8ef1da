/* VietQR and bank transfers: the code, the words banks hand on, and what becomes of the money
 * (S25). */
#include "payment_help.h"
#include "services/payment/transfer.h"
#include "services/payment/vietqr.h"

#define BIN     "970415"
#define ACCOUNT "990000000017"

static struct harness *open_room(void)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api",
                                           "payment.bank_secret_file=@secret", NULL};

    return harness_open(&payment_room, settings);
}

static void as_operator(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "operator:test", .who = MC_OPERATOR});
}

static void beneficiary(struct harness *h, const char *unit, const char *account)
{
    Payment__Beneficiary req = PAYMENT__BENEFICIARY__INIT;

    as_operator(h);
    req.unit = text(unit);
    req.bin = text(BIN);
    req.account = text(account);
    req.name = text("UBND THI TRAN BEN CAU");
    (void)harness_call(h, "SaveBeneficiary", &req.base, MC_OK);
}

static const Payment__Qr *qr_of(struct harness *h, ProtobufCBinaryData order_id,
                                enum mc_status want)
{
    Payment__GetQrRequest req = PAYMENT__GET_QR_REQUEST__INIT;

    as_account(h, OWNER);
    req.order_id = order_id;
    return harness_call(h, "GetQr", &req.base, want);
}

/* A notice as the bank would sign it; returns the HTTP status. */
static unsigned notice_signed(struct harness *h, const char *body, const char *secret,
                              int64_t at_ms)
{
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;
    char signature[3 + MC_HASH_LEN * 2] = "v1,";
    char message[2048];
    char stamp[24];
    uint8_t mac[MC_HASH_LEN];

    (void)snprintf(stamp, sizeof stamp, "%" PRId64, at_ms / 1000);
    (void)snprintf(message, sizeof message, "msg_1.%s.%s", stamp, body);
    mc_hmac_sha256(mac, mc_key_text(secret), mc_key_text(message));
    (void)mc_base64(signature + 3, (struct mc_bytes){mac, sizeof mac});
    as_room(h);
    req.method = text("POST");
    req.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)text(body)};
    req.webhook_id = text("msg_1");
    req.webhook_timestamp = stamp;
    req.signature = signature;
    const Motcua__WebhookReply *reply = harness_call(h, "BankNotice", &req.base, MC_OK);
    return reply->status;
}

static unsigned notice(struct harness *h, const char *id, int64_t amount, const char *content)
{
    char body[1024];

    (void)snprintf(body, sizeof body,
                   "{\"bank\":\"" BIN "\",\"account\":\"" ACCOUNT "\",\"transaction_id\":\"%s\","
                   "\"amount\":\"%" PRId64 "\",\"currency\":\"VND\",\"time\":\"20260907093455\","
                   "\"content\":\"%s\"}",
                   id, amount, content);
    return notice_signed(h, body, SECRET, harness_now(h));
}

static const Payment__Transfer *last(struct harness *h)
{
    const Motcua__Event *event = NULL;

    return harness_last_event(h, "payment.transfer_received", &payment__transfer__descriptor,
                              &event);
}

static void qr_is_a_vietqr_code(void **state)
{
    struct harness *h = open_room();
    const Payment__Order *order = order_new(h);

    (void)state;
    (void)qr_of(h, order->order_id, MC_NOT_FOUND); /* no account yet */
    assert_string_equal(harness_header(h)->code, "QR_NO_ACCOUNT");
    beneficiary(h, "000.00.00.H53", ACCOUNT); /* the province's stands in for its communes */
    const Payment__Qr *qr = qr_of(h, order->order_id, MC_OK);
    assert_string_equal(qr->reference, "DVC26090700000118");
    assert_non_null(strstr(qr->payload, "0006" BIN "0112" ACCOUNT));
    assert_non_null(strstr(qr->payload, "540480005802VN62210817DVC26090700000118"));
    assert_string_equal(qr->amount_text, "8.000 VND");
    assert_string_equal(qr->content_type, "image/svg+xml");
    assert_string_equal(qr_of(h, order->order_id, MC_OK)->payload, qr->payload);
    as_account(h, STRANGER);
    Payment__GetQrRequest req = PAYMENT__GET_QR_REQUEST__INIT;
    req.order_id = order->order_id;
    (void)harness_call(h, "GetQr", &req.base, MC_NOT_FOUND);
    harness_close(h);
}

/* Room with an order of 8.000 đ whose code was shown. */
static struct harness *shown(void)
{
    struct harness *h = open_room();

    beneficiary(h, UNIT, ACCOUNT);
    (void)qr_of(h, order_new(h)->order_id, MC_OK);
    return h;
}

static void money_lies(struct harness *h, int64_t earned, int64_t suspended)
{
    assert_int_equal(credit_of(h, "agency:" UNIT ":charge:2771"), earned);
    assert_int_equal(credit_of(h, PAYMENT_SUSPENSE), suspended);
    assert_int_equal(credit_of(h, "bank:" BIN ":" ACCOUNT), -(earned + suspended));
}

/* S25: told twice, once without punctuation: paid once, by the dossier's code. */
static void a_dossier_code_in_the_words_pays(void **state)
{
    struct harness *h = shown();

    (void)state;
    assert_int_equal(notice(h, "FT1", 8000, "CT den 8000 000.20.31.H53-260907-0007"), 200);
    assert_int_equal(notice(h, "FT1", 8000, "CT den 8000 0002031H532609070007"), 200);
    assert_int_equal(harness_events(h, "payment.transfer_received"), 1);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__TAKEN);
    assert_string_equal(last(h)->matched_by, "DOSSIER_CODE");
    const Payment__Order *order = current(h);
    assert_int_equal(order->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(order->n_receipts, 1);
    assert_string_equal(order->attempts[0]->transaction_id, BIN "/FT1");
    money_lies(h, 8000, 0);
    harness_close(h);
}

static void words_as_banks_mangle_them(void **state)
{
    static const struct {
        const char *content;
        Payment__TransferState want;
        const char *by;
    } cases[] = {
        {"DVC26090700000118", PAYMENT__TRANSFER_STATE__TAKEN, "REFERENCE"},
        {"MBVCB.123.dvc 260907 000001 18 Chuyen tien", PAYMENT__TRANSFER_STATE__TAKEN, "REFERENCE"},
        {"NGUYEN VAN A chuyen 26090700000118", PAYMENT__TRANSFER_STATE__TAKEN, "REFERENCE"},
        {"Nộp lệ phí DV-C26-0907-0000-0118", PAYMENT__TRANSFER_STATE__TAKEN, "REFERENCE"},
        {"DVC2609070000118 GD 001", PAYMENT__TRANSFER_STATE__TAKEN, "REPAIRED"},
        {"DVC2609070000010", PAYMENT__TRANSFER_STATE__UNMATCHED, ""},
        {"DVC26090700000119", PAYMENT__TRANSFER_STATE__UNMATCHED, ""},
        {"000.20.31.H53-260907-0008", PAYMENT__TRANSFER_STATE__UNMATCHED, ""},
        {"", PAYMENT__TRANSFER_STATE__UNMATCHED, ""},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct harness *h = shown();
        assert_int_equal(notice(h, "FT1", 8000, cases[i].content), 200);
        if (last(h)->state != cases[i].want || strcmp(last(h)->matched_by, cases[i].by) != 0)
            fail_msg("%s: %d %s", cases[i].content, last(h)->state, last(h)->matched_by);
        bool taken = cases[i].want == PAYMENT__TRANSFER_STATE__TAKEN;
        money_lies(h, taken ? 8000 : 0, taken ? 0 : 8000);
        harness_close(h);
    }
}

/* A repaired reference needs the very amount: here it would be anybody's money. */
static void a_repair_is_not_believed_for_another_amount(void **state)
{
    struct harness *h = shown();

    (void)state;
    assert_int_equal(notice(h, "FT1", 7000, "DVC2609070000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__UNMATCHED);
    harness_close(h);
}

static void too_little_too_much_twice_and_late(void **state)
{
    struct harness *h = shown();

    (void)state;
    assert_int_equal(notice(h, "FT1", 7000, "DVC26090700000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__UNDERPAID);
    assert_int_equal(notice(h, "FT2", 9000, "DVC26090700000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__OVERPAID);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PENDING);
    assert_int_equal(notice(h, "FT3", 8000, "DVC26090700000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__TAKEN);
    assert_int_equal(notice(h, "FT4", 8000, "DVC26090700000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__DUPLICATE);
    money_lies(h, 8000, 7000 + 9000 + 8000);
    assert_int_equal(harness_events(h, "payment.suspense"), 3);
    assert_int_equal(current(h)->n_attempts, 4);
    (void)qr_of(h, current(h)->order_id, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "ALREADY_PAID");
    harness_close(h);
}

static void another_account_of_ours_is_a_case(void **state)
{
    struct harness *h = shown();

    (void)state;
    beneficiary(h, UNIT, "112233"); /* moved since the code was printed */
    assert_int_equal(notice(h, "FT1", 8000, "DVC26090700000118"), 200);
    assert_int_equal(last(h)->state, PAYMENT__TRANSFER_STATE__ACCOUNT_WRONG);
    money_lies(h, 0, 8000);
    harness_close(h);
}

static void only_the_banks_notices_are_believed(void **state)
{
    static const char good[] =
        "{\"bank\":\"" BIN "\",\"account\":\"" ACCOUNT "\",\"transaction_id\":\"FT1\","
        "\"amount\":8000,\"time\":\"20260907093455\",\"content\":\"DVC26090700000118\"}";
    struct harness *h = shown();
    int64_t now = harness_now(h);

    (void)state;
    assert_int_equal(notice_signed(h, good, "another-secret", now), 401);
    assert_int_equal(notice_signed(h, good, SECRET, now - PAYMENT_NOTICE_SKEW_MS - 1000), 401);
    assert_int_equal(notice_signed(h, good, SECRET, now + PAYMENT_NOTICE_SKEW_MS + 1000), 401);
    assert_int_equal(notice_signed(h, "{", SECRET, now), 400);
    assert_int_equal(notice(h, "FT 1", 8000, ""), 400);
    assert_int_equal(notice(h, "FT1", 0, ""), 400);
    money_lies(h, 0, 0);
    assert_int_equal(notice_signed(h, good, SECRET, now - PAYMENT_NOTICE_SKEW_MS), 200);
    assert_int_equal(notice(h, "FT1", 9000, "DVC26090700000118"), 200);
    assert_int_equal(harness_events(h, "payment.transfer_contradicted"), 1);
    money_lies(h, 8000, 0);
    harness_close(h);
}

static void transfers_are_listed_by_page(void **state)
{
    struct harness *h = shown();
    Payment__ListTransfersRequest req = PAYMENT__LIST_TRANSFERS_REQUEST__INIT;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "FT%d", i);
        assert_int_equal(notice(h, id, 1000, "lời của người nộp"), 200);
    }
    as_operator(h);
    req.bin = text(BIN);
    req.account = text(ACCOUNT);
    req.page_size = 3;
    const Payment__ListTransfersReply *page = harness_call(h, "ListTransfers", &req.base, MC_OK);
    assert_int_equal(page->n_transfers, 3);
    assert_string_equal(page->transfers[0]->content, "lời của người nộp");
    assert_string_equal(page->next_page_token, "FT3");
    req.page_token = page->next_page_token;
    page = harness_call(h, "ListTransfers", &req.base, MC_OK);
    assert_int_equal(page->n_transfers, 2);
    req.account = text("990000000018");
    req.page_token = text("");
    page = harness_call(h, "ListTransfers", &req.base, MC_OK);
    assert_int_equal(page->n_transfers, 0);
    req.bin = text("97041");
    (void)harness_call(h, "ListTransfers", &req.base, MC_INVALID);
    harness_close(h);
}

static void beneficiaries_are_checked(void **state)
{
    struct harness *h = open_room();
    Payment__Beneficiary req = PAYMENT__BENEFICIARY__INIT;
    Payment__ListBeneficiariesRequest list = PAYMENT__LIST_BENEFICIARIES_REQUEST__INIT;

    (void)state;
    as_operator(h);
    req.unit = text("H99999");
    req.bin = text("97041");
    req.account = text("1234567890123456789x");
    (void)harness_call(h, "SaveBeneficiary", &req.base, MC_INVALID);
    assert_int_equal(harness_header(h)->n_violations, 4);
    beneficiary(h, UNIT, "1234567890123456789");
    as_operator(h);
    const Payment__ListBeneficiariesReply *page =
        harness_call(h, "ListBeneficiaries", &list.base, MC_OK);
    assert_int_equal(page->n_beneficiaries, 1);
    beneficiary(h, UNIT, "");
    as_operator(h);
    page = harness_call(h, "ListBeneficiaries", &list.base, MC_OK);
    assert_int_equal(page->n_beneficiaries, 0);
    assert_int_equal(harness_events(h, "payment.beneficiary_saved"), 2);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qr_is_a_vietqr_code),
        cmocka_unit_test(a_dossier_code_in_the_words_pays),
        cmocka_unit_test(words_as_banks_mangle_them),
        cmocka_unit_test(a_repair_is_not_believed_for_another_amount),
        cmocka_unit_test(too_little_too_much_twice_and_late),
        cmocka_unit_test(another_account_of_ours_is_a_case),
        cmocka_unit_test(only_the_banks_notices_are_believed),
        cmocka_unit_test(transfers_are_listed_by_page),
        cmocka_unit_test(beneficiaries_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
