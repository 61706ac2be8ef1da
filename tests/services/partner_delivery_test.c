/* Deliveries: in order, once in effect, never dropped; one that is stuck holds up no other. */
#include "partner_delivery_help.h"

#define ACCEPTED(h, number, version)                                                               \
    dossier_event(h, "dossier.accepted", number, DOSSIER__STATE__NEW, DOSSIER__STATE__RECEIVED,    \
                  version)
#define MOVED(h, number, version)                                                                  \
    dossier_event(h, "dossier.advanced", number, DOSSIER__STATE__RECEIVED,                         \
                  DOSSIER__STATE__PROCESSING, version)

static void a_dossier_is_created_before_it_moves(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    struct mc_json *json = NULL;

    ACCEPTED(h, 1, 4);
    MOVED(h, 1, 5);
    assert_string_equal(sent(h, &exchange), ""); /* it is being fetched */
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    assert_string_equal(sent(h, &exchange), "DongBoHoSoMC");
    assert_string_equal(exchange.http.headers[1].name, "dstcode");
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "session"), "CANARY-SESSION-1");
    assert_string_equal(mc_json_text(json, "data.0.MaHoSo"), DOSSIER_CODE);
    assert_string_equal(mc_json_text(json, "data.0.TrangThaiHoSo"), "2");
    assert_string_equal(mc_json_text(json, "madonvi"), BEN_CAU);
    mc_json_free(json);
    harness_answer(h, &exchange, 200, TAKEN_JSON);
    assert_string_equal(sent(h, &exchange), "CapNhatTienDoHoSoMC"); /* with the same session */
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "data.0.TrangThai"), "4");
    mc_json_free(json);
    harness_answer(h, &exchange, 200, "{\"error_code\":0}"); /* 0, "0" and "00" are one */
    assert_string_equal(sent(h, &exchange), "");
    assert_int_equal(harness_events(h, "partner.delivered"), 2);
}

static void the_dossier_room_is_told_which_version_arrived(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 6));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, TAKEN_JSON);
    assert_true(harness_effect(h, "report", &exchange));
    assert_string_equal(exchange.call.method, "ReportSync");
    const Dossier__ReportSyncRequest *req = (const void *)exchange.call.request;
    assert_int_equal(req->version, 6);
    assert_string_equal(req->problem, "");
}

static const Motcua__RetentionPreview *preview(struct harness *h)
{
    Motcua__PreviewRetentionRequest request = MOTCUA__PREVIEW_RETENTION_REQUEST__INIT;

    request.rule = text("deliveries");
    return harness_call(h, "PreviewRetention", &request.base, MC_OK);
}

static void hold(struct harness *h, const char *method)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;

    request.key = text("dossier:" DOSSIER_CODE);
    request.reason = text("khiếu nại 17");
    (void)harness_call(h, method, &request.base, MC_OK);
}

/* B1-51: what is held stays past partner.delivery_life, and goes once it is released. */
static void an_old_delivery_goes_unless_it_is_held(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    ACCEPTED(h, 1, 4);
    MOVED(h, 1, 5);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, TAKEN_JSON);
    assert_string_equal(sent(h, &exchange), "CapNhatTienDoHoSoMC"); /* and is not answered */
    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    assert_int_equal(preview(h)->count, 0); /* young */
    harness_advance(h, 91LL * 24 * 3600 * 1000);
    assert_int_equal(preview(h)->count, 1); /* the one that is over */
    hold(h, "AddHold");
    assert_int_equal(preview(h)->count, 0);
    assert_int_equal(preview(h)->held, 1);
    harness_tick(h);
    assert_int_equal(preview(h)->held, 1);
    hold(h, "ReleaseHold");
    harness_tick(h);
    assert_int_equal(preview(h)->count, 0);
    assert_int_equal(preview(h)->looked_at, 1); /* the other is nobody's to drop */
}

static void a_voucher_goes_and_payment_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Payment__VoucherIssued body = PAYMENT__VOUCHER_ISSUED__INIT;
    const char *const keys[] = {"dossier:" DOSSIER_CODE, NULL};
    struct mc_json *json = NULL;

    body.dossier_code = text(DOSSIER_CODE);
    body.notice = text("LTB2600017-TK0000042/TB-CCT");
    body.unit = text(BEN_CAU);
    body.amount = 1378500;
    body.paid_at_ms = HARNESS_T0;
    body.payer_name = text("CANARY Nguyễn Thị Hoà Bình");
    harness_event(h, "payment", "payment.voucher_issued", &body.base, keys);
    answer_next(h, "session", 200, SESSION_OK);
    assert_string_equal(sent(h, &exchange), "ThanhToanThueDat");
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "Data.MaHoSo"), DOSSIER_CODE);
    int64_t amount = 0;
    assert_true(mc_json_number(json, "Data.ThongTinThanhToan.SoTien", &amount));
    assert_int_equal(amount, 1378500);
    assert_string_equal(mc_json_text(json, "Data.ThongTinThanhToan.ThoiGianThanhToan"),
                        "20260907092000");
    mc_json_free(json);
    harness_answer(h, &exchange, 200, "{\"status\":1,\"message\":\"\"}");
    assert_true(harness_effect(h, "report", &exchange));
    const Payment__SetVoucherDeliveryRequest *req = (const void *)exchange.call.request;
    assert_int_equal(req->state, PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED);
    assert_string_equal(req->notice, body.notice);
}

/* What the partner told us itself is not sent back to it; the dossier room knows that it has it. */
static void account_changed(struct harness *h, const char *unit)
{
    Identity__MemberAccount body = IDENTITY__MEMBER_ACCOUNT__INIT;
    uint8_t id[MC_ID_LEN] = {1, 2, 3};
    const char *const keys[] = {"client:tayninh", NULL};

    body.client_id = text("tayninh");
    body.unit = text(unit);
    body.account_id = (ProtobufCBinaryData){sizeof id, id};
    harness_event(h, "identity", "identity.member_account", &body.base, keys);
}

/* REG-46: what identity says the member may know, when its turn comes; of its own clients only. */
static void an_account_goes_as_its_owner_agreed(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    struct mc_json *json = NULL;
    Identity__ReadForMemberReply reply = IDENTITY__READ_FOR_MEMBER_REPLY__INIT;

    account_changed(h, LONG_AN);
    assert_false(harness_effect(h, "gather", &exchange));
    account_changed(h, BEN_CAU);
    assert_true(harness_effect(h, "gather", &exchange));
    assert_string_equal(exchange.call.room, "identity");
    assert_string_equal(exchange.call.method, "ReadForMember");
    const Identity__ReadForMemberRequest *asked = (const void *)exchange.call.request;
    assert_string_equal(asked->client_id, "tayninh");
    assert_string_equal(asked->partner_id, PARTNER_ID);
    reply.json = text("{\"sub\":\"CANARY-sub\",\"TrangThai\":\"1\"}");
    harness_reply(h, &exchange, &reply.base);
    answer_next(h, "session", 200, SESSION_OK);
    assert_string_equal(sent(h, &exchange), "DongBoTaiKhoan");
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "data.0.sub"), "CANARY-sub");
    assert_string_equal(mc_json_text(json, "madonvi"), BEN_CAU);
    mc_json_free(json);
    harness_answer(h, &exchange, 200, TAKEN_JSON);
    assert_int_equal(harness_events(h, "partner.delivered"), 1);
    assert_false(harness_effect(h, "report", &exchange));
    assert_int_equal(newest(h)->kind, PARTNER__DELIVERY_KIND__ACCOUNT);
}

static void a_step_that_the_partner_told_is_no_echo(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__Changed body = DOSSIER__CHANGED__INIT;
    uint8_t id[MC_ID_LEN] = {1, 2, 3, [MC_ID_LEN - 1] = 1};
    const char *const keys[] = {"dossier:" DOSSIER_CODE, NULL};

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, TAKEN_JSON);
    assert_true(harness_effect(h, "report", &exchange));
    harness_reply(h, &exchange, NULL);
    body.dossier_id = (ProtobufCBinaryData){sizeof id, id};
    body.code = text(DOSSIER_CODE);
    body.from = DOSSIER__STATE__RECEIVED;
    body.to = DOSSIER__STATE__PROCESSING;
    body.unit = text(BEN_CAU);
    body.version = 5;
    body.told_by = text(PARTNER_ID);
    harness_event(h, "dossier", "dossier.advanced", &body.base, keys);
    assert_string_equal(sent(h, &exchange), "");
    assert_true(harness_effect(h, "report", &exchange));
    const Dossier__ReportSyncRequest *req = (const void *)exchange.call.request;
    assert_int_equal(req->version, 5);
    assert_string_equal(req->problem, "");
    body.told_by = text("khac"); /* another one's word is news to this one */
    body.version = 6;
    harness_event(h, "dossier", "dossier.advanced", &body.base, keys);
    assert_string_equal(sent(h, &exchange), "CapNhatTienDoHoSoMC");
}

/* D5: duplicates are normal. Whoever says that he has it already is not a failure. */
static void what_the_partner_has_already_is_sent_as_an_update(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    struct mc_json *json = NULL;
    bool updating = false;

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, "{\"error_code\":\"3\",\"message\":\"Hồ sơ đã tồn tại\"}");
    assert_string_equal(sent(h, &exchange), "DongBoHoSoMC");
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_true(mc_json_bool(json, "isUpdating", &updating) && updating);
    mc_json_free(json);
    harness_answer(h, &exchange, 200, "{\"error_code\":\"3\",\"message\":\"Hồ sơ đã tồn tại\"}");
    assert_int_equal(harness_events(h, "partner.delivered"), 1);
}

static void a_session_that_is_over_is_renewed_once(void **state)
{
    struct harness *h = *state;
    const char over[] = "{\"error_code\":\"-1\",\"message\":\"Invalid session\"}";

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, over);
    answer_next(h, "session", 200, SESSION_OK); /* at once: nothing has failed */
    answer_next(h, "DongBoHoSoMC", 200, over);
    struct harness_exchange exchange;
    assert_string_equal(sent(h, &exchange), ""); /* now it waits */
    harness_advance(h, 2 * MINUTE_MS);
    answer_next(h, "session", 401, "");
    Partner__Delivery *delivery = newest(h);
    assert_int_equal(delivery->state, PARTNER__DELIVERY_STATE__DELIVERY_WAITING);
    assert_int_equal(delivery->attempts, 3);
    assert_int_equal(harness_events(h, "partner.circuit_opened"), 0);
}

/* D5 (ory/kratos#1598): one bad message does not stall the others. */
static void what_is_refused_holds_up_its_own_dossier_only(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    ACCEPTED(h, 1, 4);
    MOVED(h, 1, 5);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    for (int i = 0; i < 6; i++) {
        harness_advance(h, HOUR_MS);
        const char *what = sent(h, &exchange);
        if (strcmp(what, "session") == 0) {
            harness_answer(h, &exchange, 200, SESSION_OK);
            what = sent(h, &exchange);
        }
        assert_string_equal(what, "DongBoHoSoMC");
        harness_answer(h, &exchange, 200, "{\"error_code\":\"-1\",\"message\":\"Sai mã TTHC\"}");
    }
    assert_int_equal(harness_events(h, "partner.delivery_late"), 1);
    assert_int_equal(harness_events(h, "partner.delivery_failed"), 1);
    assert_int_equal(harness_dead(h, PARTNER_LANE_DELIVER), 1);
    assert_int_equal(harness_events(h, "partner.circuit_opened"), 0); /* it answers */
    const Partner__DeliveryTold *told =
        harness_last_event(h, "partner.delivery_failed", &partner__delivery_told__descriptor, NULL);
    assert_string_equal(told->reason, "REFUSED -1");
    assert_string_equal(told->partner_unit, TAY_NINH);
    assert_string_equal(told->api_type, "dossier_sync");
    assert_int_equal(told->failing, 1);
    ACCEPTED(h, 2, 1); /* another dossier goes on */
    assert_true(gathered(h, 1));
    const char *next = sent(h, &exchange);
    if (strcmp(next, "session") == 0) {
        harness_answer(h, &exchange, 200, SESSION_OK);
        next = sent(h, &exchange);
    }
    assert_string_equal(next, "DongBoHoSoMC");
    harness_answer(h, &exchange, 200, TAKEN_JSON);
    assert_int_equal(harness_events(h, "partner.delivered"), 1);
    assert_string_equal(sent(h, &exchange), ""); /* the first one's progress stays behind it */
}

static Partner__Delivery *failing_one(struct harness *h)
{
    Partner__ListDeliveriesRequest req = PARTNER__LIST_DELIVERIES_REQUEST__INIT;

    req.partner_id = text(PARTNER_ID);
    req.failing = true;
    const Partner__ListDeliveriesReply *rep = harness_call(h, "ListDeliveries", &req.base, MC_OK);
    return rep->n_deliveries > 0 ? rep->deliveries[0] : NULL;
}

static void by_hand_what_waited_goes_on(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Partner__MarkDeliveredRequest mark = PARTNER__MARK_DELIVERED_REQUEST__INIT;

    ACCEPTED(h, 1, 4);
    MOVED(h, 1, 5);
    assert_true(gathered(h, 4));
    mark.delivery_id = newest(h)->delivery_id; /* the progress, which waits */
    mark.reason = text("đã gửi công văn");
    mark.evidence = text("CV 15/UBND");
    (void)harness_call(h, "MarkDelivered", &mark.base, MC_CONFLICT);
    for (int i = 0; i < 5; i++) {
        harness_advance(h, HOUR_MS);
        assert_string_equal(sent(h, &exchange), "session");
        harness_answer(h, &exchange, 500, "");
    }
    Partner__Delivery *late = failing_one(h);
    assert_non_null(late);
    assert_int_equal(late->state, PARTNER__DELIVERY_STATE__DELIVERY_LATE);
    mark.delivery_id = late->delivery_id;
    mark.evidence = text("");
    (void)harness_call(h, "MarkDelivered", &mark.base, MC_INVALID);
    assert_true(harness_violated(h, "evidence", "FIELD_REQUIRED"));
    mark.evidence = text("CV 15/UBND");
    Partner__Delivery *marked = harness_call(h, "MarkDelivered", &mark.base, MC_OK);
    assert_int_equal(marked->state, PARTNER__DELIVERY_STATE__DELIVERY_MARKED);
    assert_string_equal(marked->marked_by, LAN);
    assert_null(failing_one(h));
    assert_int_equal(harness_events(h, "partner.delivery_marked"), 1);
    assert_int_equal(harness_events(h, "partner.delivery_recovered"), 1);
    harness_advance(h, HOUR_MS);
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "CapNhatTienDoHoSoMC", 200, TAKEN_JSON);
    assert_int_equal(harness_jobs(h, PARTNER_LANE_DELIVER), 0);
}

/* Five faults open the circuit, one probe closes it; each is told once. */
static void a_partner_that_is_down_is_left_alone(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Partner__ListCircuitsRequest open = PARTNER__LIST_CIRCUITS_REQUEST__INIT;

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    for (int i = 0; i < 5; i++) {
        harness_advance(h, 10 * MINUTE_MS);
        assert_string_equal(sent(h, &exchange), "session");
        harness_result(h, &exchange,
                       &(struct mc_result){.outcome = MC_HTTP_UNKNOWN,
                                           .step = exchange.http.step,
                                           .code = "NO_ANSWER"});
    }
    assert_int_equal(harness_events(h, "partner.circuit_opened"), 1);
    for (uint8_t i = 10; i < 30; i++) {
        ACCEPTED(h, i, 1);
        assert_true(gathered(h, 1));
    }
    assert_string_equal(sent(h, &exchange), ""); /* 20 wait, none is tried */
    open.open = true;
    const Partner__ListCircuitsReply *circuits = harness_call(h, "ListCircuits", &open.base, MC_OK);
    assert_int_equal(circuits->n_circuits, 1);
    assert_int_equal(circuits->circuits[0]->waiting, 21);
    assert_int_equal(circuits->circuits[0]->state, PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN);
    harness_advance(h, 31000);
    assert_string_equal(sent(h, &exchange), "session"); /* one may try */
    harness_answer(h, &exchange, 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, TAKEN_JSON);
    assert_int_equal(harness_events(h, "partner.circuit_closed"), 1);
    circuits = harness_call(h, "ListCircuits", &open.base, MC_OK);
    assert_int_equal(circuits->n_circuits, 0);
}

/* Part E: exponential to 24 h, then a hand-operated queue; an operator's retry begins anew. */
static void after_a_day_it_is_an_operators(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    unsigned tries = 0;

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    while (harness_dead(h, PARTNER_LANE_DELIVER) == 0 && tries < 200) {
        harness_advance(h, 11 * MINUTE_MS);
        if (sent(h, &exchange)[0] == '\0')
            continue;
        harness_answer(h, &exchange, 503, "");
        tries++;
    }
    assert_in_range(tries, 20, 60);
    assert_int_equal(harness_events(h, "partner.delivery_failed"), 1);
    Partner__GetDeliveryRequest get = PARTNER__GET_DELIVERY_REQUEST__INIT;
    get.delivery_id = newest(h)->delivery_id;
    const Partner__Delivery *delivery = harness_call(h, "GetDelivery", &get.base, MC_OK);
    assert_int_equal(delivery->state, PARTNER__DELIVERY_STATE__DELIVERY_FAILED);
    assert_int_equal(delivery->attempts, tries);
    assert_true(delivery->n_history <= PARTNER_HISTORY_MAX);
    assert_int_equal(delivery->history[0]->verdict, PARTNER__ATTEMPT_VERDICT__HTTP_ERROR);
    assert_int_equal(delivery->history[0]->http_status, 503);
}

static void nothing_goes_to_a_partner_that_is_paused(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Partner__PausePartnerRequest pause = PARTNER__PAUSE_PARTNER_REQUEST__INIT;

    ACCEPTED(h, 1, 4);
    assert_true(gathered(h, 4));
    pause.partner_id = text(PARTNER_ID);
    pause.reason = text("bảo trì");
    pause.until_ms = harness_now(h) + HOUR_MS;
    (void)harness_call(h, "PausePartner", &pause.base, MC_OK);
    assert_string_equal(sent(h, &exchange), "");
    harness_advance(h, HOUR_MS);
    assert_string_equal(sent(h, &exchange), "session");
    pause_as_operator(h, "deliver", "tayninhh", MC_INVALID);
    pause_as_operator(h, "deliver", PARTNER_ID, MC_OK);
}

static void who_has_no_partner_and_no_code_is_not_sent(void **state)
{
    struct harness *h = *state;
    Dossier__Changed body = DOSSIER__CHANGED__INIT;
    uint8_t id[MC_ID_LEN] = {9};
    const char *const keys[] = {NULL};

    body.dossier_id = (ProtobufCBinaryData){sizeof id, id};
    body.to = DOSSIER__STATE__NEW;
    body.unit = text(BEN_CAU);
    harness_event(h, "dossier", "dossier.sent", &body.base, keys); /* DOS-09: no code yet */
    body.code = text(DOSSIER_CODE);
    body.unit = text("000.20.31.H36");
    harness_event(h, "dossier", "dossier.accepted", &body.base, keys);
    assert_int_equal(harness_rows(h, PARTNER_DELIVERIES), 0);
}

static void what_is_over_goes_and_what_is_not_stays(void **state)
{
    struct harness *h = *state;

    ACCEPTED(h, 1, 4);
    ACCEPTED(h, 2, 4);
    assert_true(gathered(h, 4));
    answer_next(h, "session", 200, SESSION_OK);
    answer_next(h, "DongBoHoSoMC", 200, TAKEN_JSON);
    harness_advance(h, 91 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PARTNER_DELIVERIES), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARTNER_TEST(a_dossier_is_created_before_it_moves),
        PARTNER_TEST(the_dossier_room_is_told_which_version_arrived),
        PARTNER_TEST(an_old_delivery_goes_unless_it_is_held),
        PARTNER_TEST(a_voucher_goes_and_payment_is_told),
        PARTNER_TEST(an_account_goes_as_its_owner_agreed),
        PARTNER_TEST(a_step_that_the_partner_told_is_no_echo),
        PARTNER_TEST(what_the_partner_has_already_is_sent_as_an_update),
        PARTNER_TEST(a_session_that_is_over_is_renewed_once),
        PARTNER_TEST(what_is_refused_holds_up_its_own_dossier_only),
        PARTNER_TEST(by_hand_what_waited_goes_on),
        PARTNER_TEST(a_partner_that_is_down_is_left_alone),
        PARTNER_TEST(after_a_day_it_is_an_operators),
        PARTNER_TEST(nothing_goes_to_a_partner_that_is_paused),
        PARTNER_TEST(who_has_no_partner_and_no_code_is_not_sent),
        PARTNER_TEST(what_is_over_goes_and_what_is_not_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
