/* Land obligations (LND-01 … LND-11, S26, S27, S29): look-up, notices, payment, vouchers. */
#include "payment_outside_help.h"
#include "services/payment/land.h"

#define CCCD "012193990017"
#define CMND "190000176"
#define ONE  "LTB2600017-TK0000042/TB-CCT"
#define TWO  "LTB2600017-TK0000043/TB-CCT"

#define ROW(so, taxpayer, notice, tmuc, name, amount)                                              \
    "{\"MA_HS\":\"" CODE "\",\"MA_GCN\":\"CS 012345\",\"SO_THUADAT\":\"217\","                     \
    "\"DIA_CHI_TS\":\"xã Lợi Thuận\",\"MA_XA_TS\":\"7091303\",\"MA_SO_THUE\":\"" CCCD "\","        \
    "\"TEN_NNT\":\"" taxpayer "\",\"SO\":\"" so "\",\"SO_QUYET_DINH\":\"" notice                   \
    "\",\"NGAY_QUYET_DINH\":\"2026-09-04 00:00:00.0\",\"MA_CHUONG\":\"757\",\"MA_TMUC\":\"" tmuc   \
    "\",\"TEN_TMUC\":\"" name "\",\"LOAI_TK_NSNN\":\"7111\",\"MA_CQUAN_THU\":\"1054321\","         \
    "\"SO_CON_PHAI_NOP\":" amount ",\"HAN_NOP\":\"20/09/2026\",\"SHKB\":\"0111\"}"
#define ROW_ONE                                                                                    \
    ROW(CCCD "-001", "NGUYỄN THỊ HÒA BÌNH", ONE, "2801", "Lệ phí trước bạ nhà đất", "1378500")
#define ROW_TWO                                                                                    \
    ROW("038085990025", "TRẦN VĂN MẪU", TWO, "1006",                                               \
        "Thuế thu nhập từ chuyển nhượng bất động sản", "\"5514000\"")
#define OWES(rows) "\"TRANGTHAI\":\"01\",\"ROW_SOTHUE\":" rows
#define BOTH       OWES("[" ROW_ONE "," ROW_TWO "]")

static ProtobufCBinaryData start_look_up(struct harness *h, const char *id_number,
                                         enum mc_status want)
{
    static const ProtobufCBinaryData none;
    Payment__StartLandLookUpRequest req = PAYMENT__START_LAND_LOOK_UP_REQUEST__INIT;

    harness_as(h,
               &(struct mc_caller){.name = "portal:test", .who = MC_PORTAL}); /* LND-02: anybody */
    req.dossier_code = text(CODE);
    req.id_number = text(id_number);
    const Payment__LandLookUp *reply = harness_call(h, "StartLandLookUp", &req.base, want);
    return reply != NULL ? reply->look_up_id : none;
}

static const Payment__LandLookUp *look_up_now(struct harness *h, ProtobufCBinaryData id)
{
    Payment__GetLandLookUpRequest req = PAYMENT__GET_LAND_LOOK_UP_REQUEST__INIT;

    req.look_up_id = id;
    return harness_call(h, "GetLandLookUp", &req.base, MC_OK);
}

static const Payment__LandLookUp *look_up(struct harness *h, const char *id_number,
                                          const char *sothue)
{
    ProtobufCBinaryData id = start_look_up(h, id_number, MC_OK);

    gip_answer(h, "tax.land", "00110", sothue);
    return look_up_now(h, id);
}

static const Payment__Order *pay_land(struct harness *h, const char *account,
                                      ProtobufCBinaryData id, const char *notice,
                                      enum mc_status want)
{
    Payment__PayLandRequest req = PAYMENT__PAY_LAND_REQUEST__INIT;

    as_account(h, account);
    req.look_up_id = id;
    req.notice = text(notice);
    return harness_call(h, "PayLand", &req.base, want);
}

static void accepted(struct harness *h)
{
    static const char *const no_keys[] = {NULL};
    Dossier__Changed changed = accepted_of(h, CODE, 0, 7);

    harness_event(h, "dossier", "dossier.accepted", &changed.base, no_keys);
}

/* S26: the seed's page, its columns and its numbers. */
static void the_seeds_table(void **state)
{
    struct harness *h = outside_open();
    const Payment__LandLookUp *shown = look_up(h, CCCD, BOTH);

    (void)state;
    assert_int_equal(shown->state, PAYMENT__LOOK_UP_STATE__FOUND);
    assert_string_equal(shown->asset->certificate, "CS 012345");
    assert_string_equal(shown->asset->area, "25459"); /* of the tax area 7091303 */
    assert_int_equal(shown->n_notices, 2);
    const Payment__LandNotice *one = shown->notices[0];
    const Payment__LandNotice *two = shown->notices[1];
    assert_string_equal(one->taxpayer, "NGUYỄN THỊ HÒA BÌNH");
    assert_string_equal(one->number, ONE);
    assert_string_equal(one->lines[0]->name, "Lệ phí trước bạ nhà đất");
    assert_string_equal(one->lines[0]->amount_text, "1.378.500");
    assert_string_equal(one->total_text, "1.378.500");
    assert_string_equal(two->taxpayer, "TRẦN VĂN MẪU");
    assert_string_equal(two->lines[0]->name, "Thuế thu nhập từ chuyển nhượng bất động sản");
    assert_string_equal(two->total_text, "5.514.000");
    assert_string_equal(two->due_date, "2026-09-20");
    assert_true(one->can_pay && two->can_pay);

    shown = look_up(h, CMND, OWES(ROW(CMND, "A", ONE, "2801", "B", "1"))); /* one, and by CMND */
    assert_int_equal(shown->n_notices, 1);
    harness_close(h);
}

static void a_wrong_pair_learns_nothing(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    (void)start_look_up(h, "", MC_INVALID);
    assert_true(harness_violated(h, "id_number", "ID_REQUIRED"));
    const Payment__LandLookUp *shown = look_up(h, CCCD, "\"TRANGTHAI\":\"03\"");
    assert_string_equal(shown->error, "DOSSIER_NOT_FOUND");
    /* the tax office tells of others only: not this person's */
    shown = look_up(h, "038085990025", OWES(ROW_ONE));
    assert_string_equal(shown->error, "DOSSIER_NOT_FOUND");
    assert_string_equal(shown->message,
                        "Không tìm thấy hồ sơ. Vui lòng kiểm tra lại Mã hồ sơ và Số CMND/CCCD.");
    assert_int_equal(shown->n_notices, 0);
    shown = look_up(h, CCCD, "\"TRANGTHAI\":\"02\"");
    assert_string_equal(shown->error, "NO_TAX_DUE");
    shown = look_up(h, CCCD, "\"TRANGTHAI\":\"77\""); /* not published: no debt is made of it */
    assert_string_equal(shown->error, "DOSSIER_NOT_FOUND");
    harness_close(h);
}

static void a_silent_tax_office(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;
    ProtobufCBinaryData id = start_look_up(h, CCCD, MC_OK);

    (void)state;
    for (int i = 0; i < 10 && look_up_now(h, id)->state == PAYMENT__LOOK_UP_STATE__LOOKING; i++) {
        if (harness_effect(h, "tax.land", &exchange))
            harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_NOT_SENT});
        harness_advance(h, 20000);
    }
    assert_string_equal(look_up_now(h, id)->error, "TAX_OFFLINE");
    harness_close(h);
}

static void who_tries_pairs_is_slowed_down(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    for (int i = 0; i < PAYMENT_LAND_PER_MINUTE; i++)
        (void)start_look_up(h, CCCD, MC_OK);
    (void)start_look_up(h, CCCD, MC_LIMITED);
    harness_advance(h, MINUTE_MS);
    (void)start_look_up(h, CCCD, MC_OK);
    harness_advance(h, PAYMENT_LAND_LIFE_MS + 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PAYMENT_LAND_LOOK_UPS), 0);
    harness_close(h);
}

static const Payment__OrderChanged *last_paid(struct harness *h)
{
    const Motcua__Event *event = NULL;

    return harness_last_event(h, "payment.paid", &payment__order_changed__descriptor, &event);
}

static void pay_through(struct harness *h, ProtobufCBinaryData order_id, const char *want_in_init)
{
    struct harness_exchange exchange;
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;

    as_account(h, OWNER);
    req.order_id = order_id;
    (void)harness_call(h, "StartPayment", &req.base, MC_OK);
    assert_true(harness_effect(h, "platform.init", &exchange));
    if (strstr(exchange.http.body.data, want_in_init) == NULL)
        fail_msg("%s", (const char *)exchange.http.body.data);
    harness_answer(h, &exchange, 200, INIT_OK);
    harness_advance(h, 15 * MINUTE_MS);
    query_answer(h, QUERY_PAID);
}

/* S27, as far as payment goes: each notice on its own, with the treasury's fields. */
static void one_notice_at_a_time(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    accepted(h);
    person_known(h, true);
    ProtobufCBinaryData id = look_up(h, CCCD, BOTH)->look_up_id;
    (void)pay_land(h, OWNER, id, "LTB", MC_NOT_FOUND);
    const Payment__Order *order = pay_land(h, OWNER, id, ONE, MC_OK);
    assert_int_equal(order->total, 1378500);
    assert_string_equal(order->unit, UNIT);
    assert_int_equal(order->items[0]->kind, PAYMENT__ITEM_KIND__TAX_DEBT);
    const Payment__Order *again = pay_land(h, OWNER, id, ONE, MC_OK); /* the same order */
    assert_memory_equal(again->order_id.data, order->order_id.data, MC_ID_LEN);
    Payment__GetQrRequest qr = PAYMENT__GET_QR_REQUEST__INIT;
    qr.order_id = order->order_id;
    (void)harness_call(h, "GetQr", &qr.base, MC_NOT_FOUND); /* taxes go to the treasury */

    pay_through(h, order->order_id, "\"KhoBac\":\"0111\"");
    assert_true(last_paid(h)->more_due); /* the dossier waits for the other */
    (void)pay_land(h, OWNER, id, ONE, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "ALREADY_PAID");
    assert_int_equal(harness_events(h, "payment.voucher_issued"), 1);
    static const char *const rights[] = {"RECONCILE"};
    Payment__RequestRefundRequest refund = PAYMENT__REQUEST_REFUND_REQUEST__INIT;
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = OFFICER,
                                      .unit = UNIT,
                                      .rights = rights,
                                      .rights_len = 1,
                                      .ial = 2});
    refund.order_id = order->order_id;
    refund.amount = 1378500;
    refund.reason = text("nộp nhầm");
    (void)harness_call(h, "RequestRefund", &refund.base, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "REFUND_NOT_TAX");

    id = look_up(h, CCCD, BOTH)->look_up_id; /* the tax office is slow to know */
    assert_false(look_up_now(h, id)->notices[0]->can_pay);
    order = pay_land(h, OWNER, id, TWO, MC_OK);
    pay_through(h, order->order_id, "\"SoQD\":\"" TWO "\"");
    assert_false(last_paid(h)->more_due);
    assert_int_equal(harness_events(h, "payment.voucher_issued"), 2);
    (void)books(h);
    harness_close(h);
}

/* LND-06: whoever pays; but one order of a notice at a time. */
static void another_payer_takes_over(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    accepted(h);
    person_known(h, true);
    ProtobufCBinaryData id = look_up(h, CCCD, BOTH)->look_up_id;
    ProtobufCBinaryData first = pay_land(h, STRANGER, id, ONE, MC_OK)->order_id;
    ProtobufCBinaryData second = pay_land(h, OWNER, id, ONE, MC_OK)->order_id;
    assert_memory_not_equal(first.data, second.data, MC_ID_LEN);
    assert_int_equal(harness_events(h, "payment.order_cancelled"), 1);
    (void)start_as(h, second, MC_OK);
    (void)pay_land(h, STRANGER, id, ONE, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "PAYMENT_PENDING");
    harness_advance(h, PAYMENT_LAND_LIFE_MS + 1);
    (void)pay_land(h, STRANGER, id, TWO, MC_EXPIRED);
    harness_close(h);
}

/* SO_CON_PHAI_NOP: what is still owed, and what was paid elsewhere. */
static void partly_paid_and_paid_elsewhere(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    accepted(h);
    person_known(h, true);
    ProtobufCBinaryData id = look_up(h, CCCD, BOTH)->look_up_id;
    assert_int_equal(pay_land(h, OWNER, id, ONE, MC_OK)->total, 1378500);
    id = look_up(h, CCCD, OWES(ROW(CCCD, "A", ONE, "2801", "B", "378500")))->look_up_id;
    assert_int_equal(pay_land(h, OWNER, id, ONE, MC_OK)->total, 378500);
    (void)pay_land(h, OWNER, id, TWO, MC_CONFLICT);
    assert_int_equal(harness_events(h, "payment.land_settled"), 0);
    (void)look_up(h, CCCD, "\"TRANGTHAI\":\"02\"");
    assert_int_equal(harness_events(h, "payment.land_settled"), 1);
    harness_close(h);
}

static struct harness *province_open(void)
{
    static const char *const settings[] = {
        "payment.platform_secret_file=@secret", "payment.platform_url=https://platform.test/api",
        "payment.tax_url=https://gip.test/api", "payment.notice_key_file=@secret", NULL};

    return harness_open(&payment_room, settings);
}

/* A province's message; returns the HTTP status and leaves the text in `answer`. */
static unsigned told(struct harness *h, const char *key, bool updating, const char *rows,
                     char answer[256])
{
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;
    char xml[2048];
    char base64[4096];
    char body[8192];

    (void)snprintf(xml, sizeof xml, "<DATA><BODY><ROW_LIST>%s</ROW_LIST></BODY></DATA>", rows);
    (void)mc_base64(base64, mc_key_text(xml));
    (void)snprintf(body, sizeof body,
                   "{\"SecurityKey\":\"%s\",\"Service\":\"TBT\",\"Ngay\":\"07/09/2026\","
                   "\"IsUpdating\":%s,\"Data\":{\"FileThongBaoThue\":\"%s\"}}",
                   key, updating ? "true" : "false", base64);
    as_room(h);
    req.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)body};
    const Motcua__WebhookReply *reply = harness_call(h, "TaxNotice", &req.base, MC_OK);
    (void)snprintf(answer, 256, "%.*s", (int)reply->body.len, (const char *)reply->body.data);
    return reply->status;
}

#define LIST(number, amount)                                                                       \
    "<LIST><MA_SO_THUE>" CCCD "</MA_SO_THUE><SO_QUYET_DINH>" number                                \
    "</SO_QUYET_DINH><NGAY_QUYET_DINH>04-09-2026</NGAY_QUYET_DINH>"                                \
    "<TEN_TIEUMUC>Lệ phí trước bạ nhà đất</TEN_TIEUMUC><SO_TIEN>" amount "</SO_TIEN></LIST>"

/* S29 */
static void a_province_hands_on_a_notice(void **state)
{
    struct harness *h = province_open();
    char answer[256];

    (void)state;
    assert_int_equal(
        told(h, "wrong", false, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1378500"), answer), 401);
    assert_non_null(strstr(answer, "401 Unauthorized - Error Security Code"));
    assert_int_equal(
        told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1378500"), answer), 200);
    assert_non_null(strstr(answer, "Không tìm thấy hồ sơ"));
    accepted(h);
    /* one LIST, then the same again, then many */
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1378500"), answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"1\""));
    assert_int_equal(harness_events(h, "payment.tax_notice"), 1);
    const Motcua__Event *event = NULL;
    const Payment__TaxNoticeTold *notice =
        harness_last_event(h, "payment.tax_notice", &payment__tax_notice_told__descriptor, &event);
    assert_string_equal(notice->owner_account, OWNER);
    assert_int_equal(notice->amount, 1378500);
    (void)told(h, SECRET, false,
               "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1378500") LIST(TWO, "5000000")
                   LIST(TWO, "514000"),
               answer);
    assert_int_equal(harness_events(h, "payment.tax_notice"), 2);

    /* another sum: only as an update, and then told again */
    (void)told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1"), answer);
    assert_non_null(strstr(answer, "\"status\":\"0\""));
    (void)told(h, SECRET, true, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1400000"), answer);
    assert_non_null(strstr(answer, "\"status\":\"1\""));
    assert_int_equal(harness_events(h, "payment.tax_notice"), 3);
    assert_int_equal(told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO>", answer), 400);
    assert_int_equal(told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO>" LIST(ONE, "1,5"), answer),
                     400);
    assert_int_equal(told(h, SECRET, false, "<MA_HSO>" CODE "</MA_HSO><LIST/>", answer), 400);
    /* the tax office's word, with where the money goes, takes the place of the province's */
    ProtobufCBinaryData id = look_up(h, CCCD, BOTH)->look_up_id;
    assert_int_equal(pay_land(h, OWNER, id, ONE, MC_OK)->total, 1378500);
    harness_close(h);
}

/* LND-10, LND-11: the voucher, until the province has it. */
static void vouchers_until_acknowledged(void **state)
{
    struct harness *h = outside_open();
    Payment__ListVouchersRequest list = PAYMENT__LIST_VOUCHERS_REQUEST__INIT;
    Payment__SetVoucherDeliveryRequest set = PAYMENT__SET_VOUCHER_DELIVERY_REQUEST__INIT;
    const Motcua__Event *event = NULL;

    (void)state;
    accepted(h);
    person_known(h, true);
    ProtobufCBinaryData id = look_up(h, CCCD, BOTH)->look_up_id;
    pay_through(h, pay_land(h, OWNER, id, ONE, MC_OK)->order_id, "7111");
    const Payment__VoucherIssued *issued = harness_last_event(
        h, "payment.voucher_issued", &payment__voucher_issued__descriptor, &event);
    assert_string_equal(issued->taxpayer, "NGUYỄN THỊ HÒA BÌNH");
    assert_string_equal(issued->payer_identity, CCCD);
    assert_string_equal(issued->treasury_account, "7111");
    assert_int_equal(issued->amount, 1378500);
    list.dossier_code = text(CODE);
    as_officer(h, UNIT);
    const Payment__ListVouchersReply *page = harness_call(h, "ListVouchers", &list.base, MC_OK);
    assert_int_equal(page->n_vouchers, 1);
    assert_int_equal(page->vouchers[0]->state, PAYMENT__VOUCHER_STATE__VOUCHER_ISSUED);
    as_officer(h, "000.21.31.H53");
    page = harness_call(h, "ListVouchers", &list.base, MC_OK);
    assert_int_equal(page->n_vouchers, 0);

    as_room(h);
    set.dossier_code = text(CODE);
    set.notice = text(ONE);
    (void)harness_call(h, "SetVoucherDelivery", &set.base, MC_INVALID);
    set.state = PAYMENT__VOUCHER_STATE__VOUCHER_UNDELIVERED;
    set.error = text("503");
    (void)harness_call(h, "SetVoucherDelivery", &set.base, MC_OK);
    set.state = PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED;
    set.error = text("");
    const Payment__Voucher *voucher = harness_call(h, "SetVoucherDelivery", &set.base, MC_OK);
    assert_int_equal(voucher->tries, 2);
    set.state = PAYMENT__VOUCHER_STATE__VOUCHER_UNDELIVERED; /* too late to say so */
    voucher = harness_call(h, "SetVoucherDelivery", &set.base, MC_OK);
    assert_int_equal(voucher->state, PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED);
    assert_int_equal(harness_events(h, "payment.voucher_delivery"), 2);
    set.notice = text(TWO);
    (void)harness_call(h, "SetVoucherDelivery", &set.base, MC_NOT_FOUND);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seeds_table),
        cmocka_unit_test(a_wrong_pair_learns_nothing),
        cmocka_unit_test(a_silent_tax_office),
        cmocka_unit_test(who_tries_pairs_is_slowed_down),
        cmocka_unit_test(one_notice_at_a_time),
        cmocka_unit_test(another_payer_takes_over),
        cmocka_unit_test(partly_paid_and_paid_elsewhere),
        cmocka_unit_test(a_province_hands_on_a_notice),
        cmocka_unit_test(vouchers_until_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
