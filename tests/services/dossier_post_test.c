/* S32: a result that goes by post: ordered once, tracked, cancelled in time, back at the desk. */
#include "dossier_help.h"

static int open_room(void **state)
{
    static const char *const settings[] = {"dossier.post_url=https://post.example/api",
                                           "dossier.post_track=30m", NULL};

    *state = harness_open(&dossier_room, settings);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__DossierReply *choose_as(struct harness *h, const struct mc_caller *caller,
                                        const Dossier__DossierReply *at, Dossier__ReturnWay way,
                                        const char *phone, enum mc_status want)
{
    Dossier__ChooseReturnRequest req = DOSSIER__CHOOSE_RETURN_REQUEST__INIT;
    Dossier__ReturnAddress address = DOSSIER__RETURN_ADDRESS__INIT;

    address.receiver = mc_unconst("Nguyễn Thị Hoà Bình");
    address.phone = mc_unconst(phone);
    address.address = mc_unconst("Số 1, khu phố 2");
    address.province = mc_unconst("Tây Ninh");
    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.way = way;
    req.address = &address;
    harness_as(h, caller);
    return harness_call(h, "ChooseReturn", &req.base, want);
}

static Dossier__DossierReply *cancel_as(struct harness *h, const struct mc_caller *caller,
                                        const Dossier__DossierReply *at, enum mc_status want)
{
    Dossier__CancelParcelRequest req = DOSSIER__CANCEL_PARCEL_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    harness_as(h, caller);
    return harness_call(h, "CancelParcel", &req.base, want);
}

/* Finished, to be returned by post: an order waits to go out. */
static Dossier__DossierReply *ordered(struct harness *h)
{
    Dossier__DossierReply *at = processing(h);

    at = choose_as(h, &alice, at, DOSSIER__RETURN_WAY__RETURN_BY_POST, "0912000101", MC_OK);
    return advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
}

static void perform(struct harness *h, const char *kind, unsigned status, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, kind, &exchange));
    harness_answer(h, &exchange, status, body);
}

static Dossier__DossierReply *now(struct harness *h, const Dossier__DossierReply *at)
{
    static Dossier__DossierReply reply;
    const Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);

    reply = *at;
    reply.version = view->version;
    reply.state = view->state;
    return &reply;
}

static Dossier__ParcelState parcel(struct harness *h, const Dossier__DossierReply *at)
{
    const Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);

    return view->parcel != NULL ? view->parcel->state : DOSSIER__PARCEL_STATE__NO_PARCEL;
}

#define REGISTERED_ANSWER "{\"result\":\"OK\",\"status\":1,\"waybill\":\"EV000000001VN\"}"

static Dossier__DossierReply *registered(struct harness *h)
{
    Dossier__DossierReply *at = ordered(h);

    perform(h, "post.order", 200, REGISTERED_ANSWER);
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_REGISTERED);
    return now(h, at);
}

static void track(struct harness *h, const char *answer)
{
    harness_advance(h, (int64_t)31 * MINUTE);
    perform(h, "post.track", 200, answer);
}

static void test_delivered(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__DossierReply *at = ordered(h);

    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_ORDERING);
    assert_true(harness_effect(h, "post.order", &exchange));
    assert_string_equal(exchange.http.url, "https://post.example/api/orders");
    const char *body = exchange.http.body.data;
    assert_non_null(strstr(body, "\"orderNumber\":\"000.20.31.H53-260907-0001-1\""));
    assert_non_null(strstr(body, "\"receiverTel\":\"84912000101\""));
    assert_non_null(strstr(body, "\"senderName\":\"Thị trấn Bến Cầu\""));
    harness_answer(h, &exchange, 200, REGISTERED_ANSWER);

    const Motcua__Event *event = NULL;
    const Dossier__Changed *told =
        harness_last_event(h, "dossier.parcel_ordered", &dossier__changed__descriptor, &event);
    assert_string_equal(told->waybill, "EV000000001VN");
    /* The post has it: nobody hands it over, takes it back or chooses otherwise. */
    at = now(h, at);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__RETURNED, "", MC_EXPIRED);
    assert_true(harness_violated(h, "to", "PARCEL_UNDER_WAY"));
    (void)advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, why, MC_EXPIRED);
    (void)choose_as(h, &alice, at, DOSSIER__RETURN_WAY__RETURN_AT_DESK, "", MC_EXPIRED);

    assert_false(harness_effect(h, "post.track", &exchange)); /* not yet */
    track(h, "{\"status\":1,\"waybill\":\"EV000000001VN\",\"at\":\"20260907092000\"}");
    track(h, "{\"status\":2,\"waybill\":\"EV000000001VN\",\"at\":\"20260907095500\"}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_COLLECTING);
    (void)cancel_as(h, &alice, at, MC_EXPIRED);
    assert_true(harness_violated(h, "", "PARCEL_NOT_CANCELLABLE"));
    track(h, "{\"status\":3,\"waybill\":\"EV000000001VN\",\"at\":\"20260907103000\"}");

    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->state, DOSSIER__STATE__RETURNED);
    assert_int_equal(view->returned_at_ms, local(2026, 9, 7, 10, 30)); /* NgayTra */
    assert_int_equal(view->parcel->collected_at_ms, local(2026, 9, 7, 9, 55));
    assert_int_equal(view->parcel->state, DOSSIER__PARCEL_STATE__PARCEL_DELIVERED);
    harness_advance(h, DAY);
    assert_false(harness_effect(h, "post.track", &exchange));
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_POST), 0);
}

/* Not sure whether the order arrived: the post is asked, and only then ordered again. */
static void test_in_doubt(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__DossierReply *at = ordered(h);
    const struct mc_result unknown = {.outcome = MC_HTTP_UNKNOWN};

    assert_true(harness_effect(h, "post.order", &exchange));
    harness_result(h, &exchange, &unknown);
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_ORDERING);
    assert_false(harness_effect(h, "post.order", &exchange));
    harness_advance(h, MINUTE);
    perform(h, "post.track", 404, "{\"error\":\"NOT_FOUND\"}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_ORDERING);
    perform(h, "post.order", 409, "{\"result\":\"DUPLICATE\"}"); /* it was on its way after all */
    harness_advance(h, MINUTE);
    perform(h, "post.track", 200, "{\"status\":1,\"waybill\":\"EV7\"}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_REGISTERED);
}

/* Away, busy or speaking in tongues: asked again later, and nothing is changed. */
static void test_away(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__DossierReply *at = ordered(h);
    const struct mc_result away = {.outcome = MC_HTTP_NOT_SENT};

    assert_true(harness_effect(h, "post.order", &exchange));
    harness_result(h, &exchange, &away);
    harness_advance(h, HOUR);
    perform(h, "post.order", 200, REGISTERED_ANSWER);
    static const struct {
        unsigned status;
        const char *body;
    } answers[] = {{503, "{}"},
                   {429, "{}"},
                   {200, "<html>"},
                   {200, "{\"status\":9}"},
                   {200, "{\"status\":\"3\"}"},
                   {404, "{}"}};
    for (size_t i = 0; i < MC_LEN(answers); i++) {
        harness_advance(h, HOUR);
        perform(h, "post.track", answers[i].status, answers[i].body);
        assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_REGISTERED);
    }
    harness_reopen(h);
    track(h,
          "{\"status\":3,\"at\":\"29991231235959\"}"); /* a clock that is wrong is not believed */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->returned_at_ms, harness_now(h));
}

static void test_cancelled_in_time(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__DossierReply *at = registered(h);
    struct mc_caller clerk = officer;

    clerk.rights_len = 1;
    (void)cancel_as(h, &clerk, at, MC_DENIED);
    at->version--;
    (void)cancel_as(h, &officer, at, MC_CONFLICT);
    at->version++;
    at = cancel_as(h, &officer, at, MC_OK);
    assert_true(harness_effect(h, "post.cancel", &exchange));
    assert_string_equal(exchange.http.url,
                        "https://post.example/api/orders/000.20.31.H53-260907-0001-1/cancel");
    harness_answer(h, &exchange, 503, "{}");
    harness_advance(h, MINUTE);
    perform(h, "post.cancel", 200, "{\"result\":\"OK\"}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_CANCELLED);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->return_way, DOSSIER__RETURN_WAY__RETURN_AT_DESK);
    assert_int_equal(view->state, DOSSIER__STATE__FINISHED);
    /* By post after all: a new order with a number of its own. Then the old tracking is of no use.
     */
    at = choose_as(h, &alice, now(h, at), DOSSIER__RETURN_WAY__RETURN_BY_POST, "0912000101", MC_OK);
    track(h, "{\"status\":4}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_ORDERING);
    assert_string_equal(get_as(h, &alice, at->dossier_id, MC_OK)->parcel->number,
                        "000.20.31.H53-260907-0001-2");
}

static void test_cancelled_too_late(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = registered(h);

    at = cancel_as(h, &alice, at, MC_OK);
    perform(h, "post.cancel", 200, "{\"result\":\"TOO_LATE\"}");
    assert_int_equal(parcel(h, at), DOSSIER__PARCEL_STATE__PARCEL_COLLECTING);
    track(h, "{\"status\":3}");
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->state, DOSSIER__STATE__RETURNED);
}

/* What the post will not take or cannot deliver is handed over at the desk. */
static void test_back_at_the_desk(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = registered(h);

    track(h, "{\"status\":2}");
    track(h, "{\"status\":4}");
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->parcel->state, DOSSIER__PARCEL_STATE__PARCEL_FAILED);
    assert_string_equal(view->parcel->problem, "POST_BROUGHT_BACK");
    assert_int_equal(harness_events(h, "dossier.parcel_failed"), 1);
    at = advance_as(h, &officer, now(h, at), DOSSIER__STATE__RETURNED, "", MC_OK);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->returned_at_ms, harness_now(h));

    at = ordered(h);
    perform(h, "post.order", 400, "{\"result\":\"ADDRESS_UNKNOWN\"}");
    view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_string_equal(view->parcel->problem, "ADDRESS_UNKNOWN");
    assert_int_equal(view->return_way, DOSSIER__RETURN_WAY__RETURN_AT_DESK);
}

static void test_choice(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);
    struct harness *without = harness_open(&dossier_room, NULL);

    (void)choose_as(h, &alice, at, DOSSIER__RETURN_WAY__RETURN_BY_POST, "123", MC_INVALID);
    assert_true(harness_violated(h, "address.phone", "PHONE_FORMAT"));
    (void)choose_as(h, &bob, at, DOSSIER__RETURN_WAY__RETURN_AT_DESK, "", MC_NOT_FOUND);
    at = choose_as(h, &officer, at, DOSSIER__RETURN_WAY__RETURN_ELECTRONICALLY, "", MC_OK);
    at->version--;
    (void)choose_as(h, &officer, at, DOSSIER__RETURN_WAY__RETURN_AT_DESK, "", MC_CONFLICT);
    at = in_state(h, DOSSIER__STATE__RETURNED, true);
    (void)choose_as(h, &alice, at, DOSSIER__RETURN_WAY__RETURN_AT_DESK, "", MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_ENDED"));

    at = received(without);
    (void)choose_as(without, &alice, at, DOSSIER__RETURN_WAY__RETURN_BY_POST, "0912000101",
                    MC_EXPIRED);
    assert_true(harness_violated(without, "way", "POST_NOT_OFFERED"));
    harness_close(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_delivered, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_in_doubt, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_away, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_cancelled_in_time, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_cancelled_too_late, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_back_at_the_desk, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_choice, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
