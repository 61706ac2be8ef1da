#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/password.h"

#include "bell_room.h"

/* A call as bytes, so that a test may get any of it wrong. */
struct frame_test {
    struct harness *h;
    struct mc_service *service;
    struct bell *bell;
    struct mc_arena keep;
    Motcua__Header head; /* of the next call; a new request id each time unless it is set */
    struct mc_bytes id;
    const char *transport; /* the CURVE key's name, on TCP */
    int64_t arrived_ms;    /* 0: now */
    struct mc_work *work;
    Motcua__Header *reply;
    struct mc_bytes reply_body;
    bool needed_work;
};

static struct frame_test *open_test(void)
{
    struct frame_test *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->h = harness_open(&bell_room, NULL);
    t->service = harness_service(t->h);
    t->bell = harness_ctx(t->h);
    assert_int_equal(mc_arena_init(&t->keep, 64 << 20), MC_OK);
    motcua__header__init(&t->head);
    t->head.caller = mc_unconst("room:test");
    return t;
}

static void close_test(struct frame_test *t)
{
    mc_arena_done(&t->keep);
    harness_close(t->h);
    free(t);
}

static void reopen(struct frame_test *t)
{
    harness_reopen(t->h);
    t->bell = harness_ctx(t->h);
}

static void write_call(struct frame_test *t, struct mc_call *call)
{
    struct mc_turn turn;

    mc_call_prepare(t->service, call);
    t->needed_work = call->needs_work;
    if (call->reply_header.data != NULL)
        return;
    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    mc_call_write(t->service, &turn, call);
    enum mc_status status = mc_turn_commit(&turn);
    if (status != MC_OK)
        mc_call_fail(t->service, call, status);
}

static enum mc_status call_bytes(struct frame_test *t, struct mc_bytes header, struct mc_bytes body)
{
    struct mc_validate_error error;
    struct mc_call call = {.header = header,
                           .body = body,
                           .transport_caller = t->transport,
                           .arrived_ms = t->arrived_ms != 0 ? t->arrived_ms : harness_now(t->h),
                           .work = t->work};

    if (mc_call_open(t->service, &call)) {
        if (mc_call_is_read(&call))
            mc_call_read(t->service, &call);
        else
            write_call(t, &call);
    }
    t->reply = NULL;
    if (call.reply_header.data != NULL) {
        struct mc_bytes kept = mc_copy(&t->keep, call.reply_header.data, call.reply_header.len);
        t->reply = mc_envelope_open_reply(&t->keep, kept, &error);
        assert_non_null(t->reply);
    }
    t->reply_body = mc_copy(&t->keep, call.reply_body.data, call.reply_body.len);
    mc_arena_reset(&t->service->arena);
    return call.status;
}

static enum mc_status call(struct frame_test *t, const char *method, struct mc_bytes body)
{
    static uint64_t number;
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, ++number);
    uint8_t id[MC_ID_LEN];

    mc_uuid7(id, harness_now(t->h), &random);
    t->head.method = mc_sprintf(&t->keep, "motcua.bell.v1.Bell/%s", method);
    t->head.request_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    if (t->id.data != NULL)
        t->head.request_id = (ProtobufCBinaryData){t->id.len, mc_unconst(t->id.data)};
    return call_bytes(t, mc_envelope_pack(&t->keep, &t->head), body);
}

static enum mc_status call_message(struct frame_test *t, const char *method,
                                   const ProtobufCMessage *request)
{
    return call(t, method, mc_body_pack(&t->keep, request));
}

static enum mc_status ring(struct frame_test *t, const char *tone)
{
    Bell__RingRequest request = BELL__RING_REQUEST__INIT;

    request.tone = mc_unconst(tone);
    return call_message(t, "Ring", &request.base);
}

static uint64_t ring_number(const struct frame_test *t)
{
    Bell__RingReply *reply = bell__ring_reply__unpack(NULL, t->reply_body.len, t->reply_body.data);
    uint64_t number = reply->number;

    bell__ring_reply__free_unpacked(reply, NULL);
    return number;
}

static void assert_told(const struct frame_test *t, unsigned rpc, const char *code,
                        const char *field)
{
    assert_non_null(t->reply);
    assert_int_equal(t->reply->status, rpc);
    assert_string_equal(t->reply->code, code);
    assert_string_not_equal(t->reply->message, "");
    if (field == NULL)
        return;
    assert_true(t->reply->n_violations > 0);
    assert_string_equal(t->reply->violations[0]->field, field);
}

/* --- what comes in --- */

static void a_call_is_answered_with_its_id_and_tag(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->id = harness_id(t->h, 1);
    t->head.tag = 77;
    assert_int_equal(ring(t, "ding"), MC_OK);
    assert_int_equal(t->reply->status, 0);
    assert_int_equal(t->reply->tag, 77);
    assert_memory_equal(t->reply->request_id.data, t->id.data, MC_ID_LEN);
    assert_int_equal(strlen(t->reply->traceparent), MC_TRACEPARENT_LEN); /* one was made */
    assert_int_equal(ring_number(t), 1);
    assert_int_equal(harness_events(t->h, "bell.rung"), 1);
    close_test(t);
}

static void an_unknown_method_is_told(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    assert_int_not_equal(call(t, "Sing", (struct mc_bytes){0}), MC_OK);
    assert_told(t, MC_RPC_UNIMPLEMENTED, "METHOD_UNKNOWN", NULL);
    close_test(t);
}

static void a_malformed_header_names_its_field(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    assert_int_equal(call_bytes(t, (struct mc_bytes){"\xff\xff\xff", 3}, (struct mc_bytes){0}),
                     MC_INVALID);
    assert_int_equal(t->reply->status, 3);
    t->id = (struct mc_bytes){"short", 5};
    assert_int_equal(ring(t, "ding"), MC_INVALID);
    assert_int_equal(t->reply->violations[0]->field[0], 'r'); /* request_id */
    assert_string_equal(t->reply->violations[0]->field, "request_id");
    t->id = (struct mc_bytes){0};
    t->head.caller = mc_unconst("room:\xff");
    assert_int_equal(ring(t, "ding"), MC_INVALID);
    assert_string_equal(t->reply->violations[0]->field, "caller");
    assert_string_equal(t->reply->code, "FIELD_UTF8");
    assert_int_equal(t->bell->handled, 0);
    close_test(t);
}

static void a_malformed_body_names_its_field(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *field;
        const char *code;
    } cases[] = {
        {"\x0a\x02\xff\xfe", 4, "tone", "FIELD_UTF8"},
        {"\x0a\x02"
         "a\x00",
         4, "tone", "FIELD_UTF8"},
        {"\x0a\x01"
         "a\x0a\x01"
         "b",
         6, "tone", "FIELD_DUPLICATE"},
        {"\x0d\x01\x00\x00\x00", 5, "tone", "FIELD_INVALID"},
        {"\x98\x06\x01", 3, "#99", "FIELD_UNKNOWN"},
        {"\x0a\x05"
         "a",
         3, NULL, "WIRE_INVALID"},
    };
    struct frame_test *t = open_test();

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_int_equal(call(t, "Ring", (struct mc_bytes){cases[i].bytes, cases[i].len}),
                         MC_INVALID);
        assert_string_equal(t->reply->code, cases[i].code);
        assert_int_equal(t->reply->n_violations, 1);
        if (cases[i].field != NULL && cases[i].field[0] != '#')
            assert_string_equal(t->reply->violations[0]->field, cases[i].field);
        assert_string_not_equal(t->reply->message, "");
    }
    assert_int_equal(t->bell->handled, 0);
    close_test(t);
}

static void a_body_at_the_limit_passes_and_one_past_does_not(void **state)
{
    struct frame_test *t = open_test();
    uint8_t body[101] = {0x0a, 98}; /* Wait allows 100 bytes: see its row */

    (void)state;
    memset(body + 2, 'x', sizeof body - 2);
    assert_int_equal(call(t, "Wait", (struct mc_bytes){body, 101}), MC_INVALID);
    assert_string_equal(t->reply->code, "MESSAGE_TOO_LONG");
    assert_int_equal(call(t, "Wait", (struct mc_bytes){body, 100}), MC_INVALID);
    assert_string_equal(t->reply->code, "FIELD_INVALID"); /* read, and then not liked */
    uint8_t *large = calloc(1, MC_BODY_MAX + 1);
    assert_non_null(large);
    assert_int_equal(call(t, "Ring", (struct mc_bytes){large, MC_BODY_MAX + 1}), MC_INVALID);
    assert_string_equal(t->reply->code, "MESSAGE_TOO_LONG");
    free(large);
    close_test(t);
}

static void nobody_waits_after_the_deadline(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->head.deadline_ms = harness_now(t->h);
    assert_int_not_equal(ring(t, "ding"), MC_OK);
    assert_told(t, MC_RPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", NULL);
    assert_int_equal(t->bell->handled, 0);
    t->head.deadline_ms++;
    assert_int_equal(ring(t, "ding"), MC_OK);
    close_test(t);
}

/* 256 KiB of empty sub-messages would be 69 times that in memory (libprotobuf-c). */
static void a_hostile_body_is_bounded(void **state)
{
    struct frame_test *t = open_test();
    uint8_t *body = malloc(MC_BODY_MAX);
    const size_t budget = MC_CALL_BUDGET + 6 * MC_BODY_MAX;

    (void)state;
    assert_non_null(body);
    size_t len = 0;
    while (len + 3 <= MC_BODY_MAX) { /* items (30): empty */
        body[len++] = 0xf2;
        body[len++] = 0x01;
        body[len++] = 0x00;
    }
    assert_int_equal(call(t, "Swallow", (struct mc_bytes){body, len}), MC_INVALID);
    assert_told(t, 3, "LIST_TOO_LONG", "items");

    /* A thousand items (allowed), each full of empty tags (allowed): all the body. */
    len = 0;
    const size_t tags = (MC_BODY_MAX - 1000 * 5) / 1000 / 2;
    for (int item = 0; item < 1000; item++) {
        body[len++] = 0xf2;
        body[len++] = 0x01;
        body[len++] = (uint8_t)(0x80 | ((2 * tags) & 0x7f));
        body[len++] = (uint8_t)((2 * tags) >> 7);
        for (size_t i = 0; i < tags; i++) {
            body[len++] = 0x1a;
            body[len++] = 0x00;
        }
    }
    assert_true(len <= MC_BODY_MAX);
    struct mc_call hostile = {.header = {NULL, 0}};
    t->head.method = mc_unconst("motcua.bell.v1.Bell/Swallow");
    t->head.request_id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(harness_id(t->h, 9).data)};
    hostile.header = mc_envelope_pack(&t->keep, &t->head);
    hostile.body = (struct mc_bytes){body, len};
    hostile.arrived_ms = harness_now(t->h);
    bool opened = mc_call_open(t->service, &hostile);
    assert_true(t->service->arena.used <= budget);
    if (!opened)
        assert_int_equal(hostile.status, MC_LIMITED); /* memory, told as such */
    print_message("%zu bytes took %zu of memory: %s\n", len, t->service->arena.used,
                  opened ? "taken" : "refused");
    mc_arena_reset(&t->service->arena);
    assert_int_equal(ring(t, "ding"), MC_OK); /* and the next call is served */
    free(body);
    close_test(t);
}

/* --- who calls --- */

static void tokens(struct frame_test *t, Motcua__SessionClaims *claims, const char *signer)
{
    char *token = harness_token(t->h, signer, &claims->base);

    t->head.session = (ProtobufCBinaryData){strlen(token), (uint8_t *)token};
}

static Motcua__SessionClaims claims_now(struct frame_test *t)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;

    claims.session_id = mc_unconst("0190a07b-0000-7000-8000-000000000001");
    claims.account_id = mc_unconst("0190a07b-0000-7000-8000-000000000002");
    claims.subject_kind = 1;
    claims.ial = 2;
    claims.issued_at_ms = harness_now(t->h);
    claims.expires_at_ms = harness_now(t->h) + 900000;
    return claims;
}

enum { NOBODY, CITIZEN, OFFICER, FIXER };

static void be(struct frame_test *t, int person)
{
    char *rights[] = {mc_unconst("bell.other"), mc_unconst("bell.fix")};
    Motcua__SessionClaims claims = claims_now(t);

    t->head.session = (ProtobufCBinaryData){0};
    if (person == NOBODY)
        return;
    if (person >= OFFICER) {
        claims.unit = mc_unconst("H53.1");
        claims.rights = rights;
        claims.n_rights = person == FIXER ? 2 : 1;
    }
    tokens(t, &claims, "identity");
}

static void who_may_call_what(void **state)
{
    static const struct {
        const char *method;
        const char *caller;
        int person;
        enum mc_status want;
        const char *code;
    } cases[] = {
        {"Ring", "room:otp", NOBODY, MC_OK, ""},
        {"Ring", "portal:hanoi", CITIZEN, MC_OK, ""},
        {"Ring", "portal:hanoi", OFFICER, MC_OK, ""}, /* an officer is a person too */
        {"Ring", "portal:hanoi", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Ring", "sms:viettel", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Ring", "", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Ring", "rooms:otp", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Look", "", NOBODY, MC_OK, ""},
        {"Look", "whoever", NOBODY, MC_OK, ""},
        {"Knock", "portal:hanoi", NOBODY, MC_OK, ""},
        {"Knock", "sms:viettel", NOBODY, MC_OK, ""},
        {"Knock", "portal:hanoi", CITIZEN, MC_OK, ""},
        {"Knock", "room:otp", NOBODY, MC_DENIED, "CALLER_DENIED"},
        {"Knock", "operator:an", NOBODY, MC_DENIED, "CALLER_DENIED"},
        {"Knock", "", CITIZEN, MC_DENIED, "CALLER_DENIED"},
        {"Fix", "portal:hanoi", FIXER, MC_OK, ""},
        {"Fix", "portal:hanoi", OFFICER, MC_DENIED, "RIGHT_MISSING"},
        {"Fix", "portal:hanoi", CITIZEN, MC_DENIED, "RIGHT_MISSING"},
        {"Fix", "portal:hanoi", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Fix", "room:otp", NOBODY, MC_UNAUTHENTICATED, "SESSION_REQUIRED"},
        {"Fix", "operator:an", NOBODY, MC_OK, ""}, /* the route names operators: no right needed */
    };
    struct frame_test *t = open_test();

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        unsigned handled = t->bell->handled;

        t->head.caller = mc_unconst(cases[i].caller);
        be(t, cases[i].person);
        enum mc_status status = call(t, cases[i].method, (struct mc_bytes){0});
        if (status != cases[i].want)
            fail_msg("%s as %s (%d): %d", cases[i].method, cases[i].caller, cases[i].person,
                     (int)status);
        assert_string_equal(t->reply->code, cases[i].code);
        assert_int_equal(t->bell->handled - handled, status == MC_OK);
    }
    close_test(t);
}

static void the_curve_key_decides_not_the_header(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->transport = "sms:viettel";
    t->head.caller = mc_unconst("room:payment"); /* what it would like to be */
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED);
    assert_int_equal(call(t, "Knock", (struct mc_bytes){0}), MC_OK);
    close_test(t);
}

static void the_handler_learns_who_calls(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    be(t, OFFICER);
    t->head.caller = mc_unconst("portal:hanoi");
    assert_int_equal(call(t, "Look", (struct mc_bytes){0}), MC_OK);
    Bell__LookReply *reply = bell__look_reply__unpack(NULL, t->reply_body.len, t->reply_body.data);
    assert_string_equal(reply->caller, "portal:hanoi");
    assert_string_equal(reply->account, "0190a07b-0000-7000-8000-000000000002");
    assert_string_equal(reply->unit, "H53.1");
    assert_int_equal(reply->ial, 2);
    bell__look_reply__free_unpacked(reply, NULL);
    close_test(t);
}

static char *source_told(struct frame_test *t, const char *transport, const char *source)
{
    static char told[MC_SOURCE_MAX + MC_METHOD_MAX];

    t->transport = transport;
    t->head.source = mc_unconst(source);
    assert_int_equal(call(t, "Look", (struct mc_bytes){0}), MC_OK);
    Bell__LookReply *reply = bell__look_reply__unpack(NULL, t->reply_body.len, t->reply_body.data);
    (void)snprintf(told, sizeof told, "%s", reply->source);
    bell__look_reply__free_unpacked(reply, NULL);
    return told;
}

/* Budgets are counted by where a call comes from; a front end speaks for its own users only. */
static void only_front_ends_name_a_source(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    be(t, OFFICER);
    assert_string_equal(source_told(t, "portal:hanoi", "203.0.113.0/24"),
                        "portal:hanoi 203.0.113.0/24");
    assert_string_equal(source_told(t, "portal:hue", "203.0.113.0/24"),
                        "portal:hue 203.0.113.0/24");
    assert_string_equal(source_told(t, "room:payment", "10.0.0.0/24"), "room:payment 10.0.0.0/24");
    assert_string_equal(source_told(t, "portal:hanoi", ""), "portal:hanoi ");
    assert_string_equal(source_told(t, "sms:viettel", "203.0.113.0/24"), "sms:viettel ");
    assert_string_equal(source_told(t, "operator:an", "203.0.113.0/24"), "operator:an ");
    close_test(t);
}

static void sessions_are_valid_expired_forged_or_revoked(void **state)
{
    struct frame_test *t = open_test();
    Motcua__SessionClaims claims = claims_now(t);
    Motcua__SessionRevoked revoked = MOTCUA__SESSION_REVOKED__INIT;

    (void)state;
    t->head.caller = mc_unconst("portal:hanoi");
    tokens(t, &claims, "identity");
    assert_int_equal(ring(t, "ding"), MC_OK);
    tokens(t, &claims, "otp"); /* another room's key */
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED);
    assert_string_equal(t->reply->code, "SESSION_INVALID");
    tokens(t, &claims, "identity");
    t->head.session.data[10] ^= 1;
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED);
    assert_string_equal(t->reply->code, "SESSION_INVALID");
    t->head.session = (ProtobufCBinaryData){3, (uint8_t[]){'a', '.', 'b'}};
    assert_int_equal(call(t, "Look", (struct mc_bytes){0}), MC_UNAUTHENTICATED); /* even there */

    harness_advance(t->h, 900000 - 1);
    tokens(t, &claims, "identity");
    assert_int_equal(ring(t, "ding"), MC_OK);
    harness_advance(t->h, 1);
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED);
    assert_string_equal(t->reply->code, "SESSION_EXPIRED");

    claims = claims_now(t);
    tokens(t, &claims, "identity");
    assert_int_equal(ring(t, "ding"), MC_OK);
    revoked.session_id = claims.session_id;
    revoked.until_ms = claims.expires_at_ms;
    harness_event(t->h, "dossier", "identity.session_revoked", &revoked.base, NULL);
    assert_int_equal(ring(t, "ding"), MC_OK); /* only identity says so */
    harness_event(t->h, "identity", "identity.session_revoked", &revoked.base, NULL);
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED);
    assert_string_equal(t->reply->code, "SESSION_EXPIRED");
    reopen(t);
    assert_int_equal(ring(t, "ding"), MC_UNAUTHENTICATED); /* remembered */
    close_test(t);
}

static void revocations_end_with_their_sessions(void **state)
{
    struct frame_test *t = open_test();
    Motcua__SessionRevoked revoked = MOTCUA__SESSION_REVOKED__INIT;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        char id[40];

        (void)snprintf(id, sizeof id, "0190a07b-0000-7000-8000-%012u", i);
        revoked.session_id = id;
        revoked.until_ms = harness_now(t->h) + 1000;
        harness_event(t->h, "identity", "identity.session_revoked", &revoked.base, NULL);
    }
    assert_int_equal(t->service->revoked_len, 20);
    size_t rows = harness_rows(t->h, MC_TABLE_META);
    harness_advance(t->h, 1001);
    harness_tick(t->h);
    assert_int_equal(harness_rows(t->h, MC_TABLE_META), rows - 20 + 1); /* and how many went */
    revoked.session_id = mc_unconst("0190a07b-0000-7000-8000-00000000ffff");
    revoked.until_ms = harness_now(t->h) + 1000;
    harness_event(t->h, "identity", "identity.session_revoked", &revoked.base, NULL);
    assert_int_equal(t->service->revoked_len, 1);
    close_test(t);
}

/* --- the same request is the same call, for ever --- */

static void a_repeat_has_one_effect_and_one_answer(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->id = harness_id(t->h, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ring(t, "ding"), MC_OK);
        assert_int_equal(ring_number(t), 1);
        if (i == 1)
            reopen(t);
    }
    assert_int_equal(harness_events(t->h, "bell.rung"), 1);
    t->head.traceparent = mc_unconst("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_int_equal(ring(t, "ding"), MC_OK); /* the header may differ */
    assert_int_equal(ring_number(t), 1);

    assert_int_equal(ring(t, "dong"), MC_CONFLICT);
    assert_told(t, mc_status_rpc(MC_CONFLICT), "REQUEST_REUSED", "request_id");
    Bell__WhisperRequest other = BELL__WHISPER_REQUEST__INIT;
    other.text = mc_unconst("ding"); /* the same bytes, another method */
    assert_int_equal(call_message(t, "Whisper", &other.base), MC_CONFLICT);
    assert_string_equal(t->reply->code, "REQUEST_REUSED");
    t->head.caller = mc_unconst("room:other"); /* ids are each caller's own */
    assert_int_equal(ring(t, "dong"), MC_OK);
    assert_int_equal(ring_number(t), 2);
    be(t, CITIZEN);
    assert_int_equal(ring(t, "dong"), MC_OK);
    assert_int_equal(ring_number(t), 3);
    close_test(t);
}

static void a_refusal_is_told_whole_and_not_kept(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->id = harness_id(t->h, 1);
    assert_int_equal(ring(t, "wrong"), MC_INVALID);
    assert_told(t, 3, "FIELD_INVALID", "tone");
    assert_int_equal(t->reply->n_violations, 2);
    assert_string_equal(t->reply->violations[1]->field, "times");
    assert_int_equal(harness_events(t->h, "bell.rung"), 0);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 0);
    assert_int_equal(ring(t, "right"), MC_OK); /* nothing happened: the id is still free */
    assert_int_equal(ring_number(t), 1);
    close_test(t);
}

static void ids_too_old_or_from_tomorrow_are_refused(void **state)
{
    struct frame_test *t = open_test();
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 4);
    int64_t now = harness_now(t->h);
    static const struct {
        int64_t age_ms;
        enum mc_status want;
        const char *code;
    } cases[] = {
        {MC_ANSWER_LIFE_MS, MC_OK, ""},
        {MC_ANSWER_LIFE_MS + 1, MC_EXPIRED, "REQUEST_TOO_OLD"},
        {-(int64_t)MC_CLOCK_SKEW_MS, MC_OK, ""},
        {-(int64_t)MC_CLOCK_SKEW_MS - 1, MC_INVALID, "REQUEST_ID_INVALID"},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        uint8_t id[MC_ID_LEN];

        mc_uuid7(id, now - cases[i].age_ms, &random);
        t->id = (struct mc_bytes){id, sizeof id};
        assert_int_equal(ring(t, "ding"), cases[i].want);
        assert_string_equal(t->reply->code, cases[i].code);
    }
    close_test(t);
}

static void answers_live_a_day(void **state)
{
    static const uint8_t others_own[MC_ID_LEN] = {0xaa, 1, 2, 3}; /* not a UUIDv7 */
    struct frame_test *t = open_test();

    (void)state;
    t->id = (struct mc_bytes){others_own, sizeof others_own};
    assert_int_equal(ring(t, "ding"), MC_OK);
    t->id = (struct mc_bytes){0};
    for (int i = 0; i < 600; i++) /* more than one step of pruning */
        assert_int_equal(ring(t, "ding"), MC_OK);
    harness_advance(t->h, MC_ANSWER_LIFE_MS);
    harness_tick(t->h);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 601);
    harness_advance(t->h, 1);
    harness_tick(t->h);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 601 - 512 - 1);
    harness_tick(t->h);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 0);
    harness_tick(t->h);
    t->id = (struct mc_bytes){others_own, sizeof others_own};
    assert_int_equal(ring(t, "ding"), MC_OK); /* forgotten: a new call */
    assert_int_equal(ring_number(t), 602);
    close_test(t);
}

static void foreign_ids_are_pruned_round_and_round(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    for (uint8_t i = 0; i < 200; i++) {
        uint8_t id[MC_ID_LEN] = {0xaa, i};

        t->id = (struct mc_bytes){id, sizeof id};
        assert_int_equal(ring(t, "ding"), MC_OK);
        harness_advance(t->h, 1000);
    }
    harness_advance(t->h, MC_ANSWER_LIFE_MS - 100 * 1000);
    for (int i = 0; i < 8; i++)
        harness_tick(t->h);
    size_t left = harness_rows(t->h, MC_TABLE_ANSWERS);
    assert_true(left >= 99 && left <= 101);
    close_test(t);
}

static void secret_answers_are_sealed(void **state)
{
    Bell__WhisperRequest request = BELL__WHISPER_REQUEST__INIT;
    struct frame_test *t = open_test();
    struct mc_txn txn;

    (void)state;
    request.text = mc_unconst("x");
    t->id = harness_id(t->h, 1);
    for (int i = 0; i < 2; i++) { /* the second is the stored one */
        assert_int_equal(call_message(t, "Whisper", &request.base), MC_OK);
        Bell__WhisperReply *reply =
            bell__whisper_reply__unpack(NULL, t->reply_body.len, t->reply_body.data);
        assert_string_equal(reply->text, "CANARY-x-1");
        bell__whisper_reply__free_unpacked(reply, NULL);
    }
    assert_int_equal(t->bell->handled, 1);
    assert_int_equal(mc_snapshot_open(t->service->store, &t->keep, &txn), MC_OK);
    struct mc_cursor cursor =
        mc_seek(&txn, MC_TABLE_ANSWERS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    assert_true(mc_next(&cursor));
    assert_null(memmem(cursor.value.data, cursor.value.len, "CANARY", 6));
    mc_snapshot_close(&txn);
    close_test(t);
}

/* --- reading, waiting, work --- */

static void reads_write_nothing_and_keep_no_answer(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    t->id = harness_id(t->h, 1);
    assert_int_equal(call(t, "Look", (struct mc_bytes){0}), MC_OK);
    t->id = (struct mc_bytes){0};
    assert_int_equal(ring(t, "ding"), MC_OK);
    t->id = harness_id(t->h, 1);
    assert_int_equal(call(t, "Look", (struct mc_bytes){0}), MC_OK); /* runs again */
    Bell__LookReply *reply = bell__look_reply__unpack(NULL, t->reply_body.len, t->reply_body.data);
    assert_int_equal(reply->rung, 1);
    bell__look_reply__free_unpacked(reply, NULL);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 1);
    close_test(t);
}

static void a_snapshot_does_not_see_the_open_turn(void **state)
{
    struct frame_test *t = open_test();
    struct mc_turn turn;
    struct mc_txn txn;

    (void)state;
    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    mc_txn_open(&txn, &turn);
    mc_put(&txn, BELL_RINGS, mc_key_text("rung"), (struct mc_bytes){"\7\0\0\0\0\0\0\0", 8});
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    struct mc_txn snapshot;
    assert_int_equal(mc_snapshot_open(t->service->store, &t->service->arena, &snapshot), MC_OK);
    assert_int_equal(bell_rung(&snapshot), 0);
    mc_snapshot_close(&snapshot);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    assert_int_equal(mc_snapshot_open(t->service->store, &t->service->arena, &snapshot), MC_OK);
    assert_int_equal(bell_rung(&snapshot), 7);
    mc_snapshot_close(&snapshot);
    close_test(t);
}

static void a_waiting_read_gets_no_reply_yet(void **state)
{
    Bell__LookRequest request = BELL__LOOK_REQUEST__INIT;
    struct frame_test *t = open_test();

    (void)state;
    assert_int_equal(ring(t, "ding"), MC_OK);
    request.after = 1;
    request.wait_ms = 500;
    t->arrived_ms = harness_now(t->h);
    assert_int_equal(call_message(t, "Look", &request.base), MC_WAIT);
    assert_null(t->reply);
    harness_advance(t->h, 499);
    assert_int_equal(call_message(t, "Look", &request.base), MC_WAIT);
    harness_advance(t->h, 1);
    assert_int_equal(call_message(t, "Look", &request.base), MC_OK); /* nothing came */
    t->arrived_ms = harness_now(t->h);
    assert_int_equal(call_message(t, "Look", &request.base), MC_WAIT);
    assert_int_equal(ring(t, "dong"), MC_OK);
    assert_int_equal(call_message(t, "Look", &request.base), MC_OK);
    close_test(t);
}

static void a_waiting_write_wrote_nothing(void **state)
{
    Bell__WaitRequest request = BELL__WAIT_REQUEST__INIT;
    struct frame_test *t = open_test();

    (void)state;
    request.wait_ms = 500;
    t->arrived_ms = harness_now(t->h);
    t->id = harness_id(t->h, 1);
    assert_int_equal(call_message(t, "Wait", &request.base), MC_WAIT);
    assert_null(t->reply);
    assert_int_equal(harness_rows(t->h, BELL_RINGS), 0);
    assert_int_equal(harness_rows(t->h, MC_TABLE_ANSWERS), 0);
    harness_advance(t->h, 500);
    assert_int_equal(call_message(t, "Wait", &request.base), MC_OK);
    assert_int_equal(harness_rows(t->h, BELL_RINGS), 1);
    close_test(t);
}

static void prepare_asks_for_work_once(void **state)
{
    Bell__HashRequest request = BELL__HASH_REQUEST__INIT;
    struct mc_work done = {.kind = MC_WORK_HASH, .ok = true};
    struct frame_test *t = open_test();

    (void)state;
    request.password = mc_unconst("short");
    assert_int_equal(call_message(t, "Hash", &request.base), MC_INVALID);
    assert_told(t, 3, "FIELD_INVALID", "password");
    assert_false(t->needed_work);
    assert_int_equal(t->bell->handled, 0);

    t->id = harness_id(t->h, 1);
    t->work = &done;
    request.password = mc_unconst("long enough");
    assert_int_equal(call_message(t, "Hash", &request.base), MC_OK);
    assert_int_equal(t->bell->handled, 1);
    assert_int_equal(t->bell->prepared, 1); /* work in hand: not prepared again */
    t->work = NULL;
    assert_int_equal(call_message(t, "Hash", &request.base), MC_OK);
    assert_false(t->needed_work); /* a repeat costs the pool nothing */
    assert_int_equal(t->bell->prepared, 1);
    t->id = (struct mc_bytes){0};
    Bell__HashReply *reply = harness_call(t->h, "Hash", &request.base, MC_OK);
    assert_true(reply->hashed);
    close_test(t);
}

/* --- events of other rooms --- */

static void note(struct frame_test *t, uint64_t seq, const char *text)
{
    char *keys[] = {mc_unconst("dossier:9")};
    Motcua__Event event = MOTCUA__EVENT__INIT;
    Bell__Note body = BELL__NOTE__INIT;
    struct mc_turn turn;

    body.text = mc_unconst(text);
    struct mc_bytes packed = mc_body_pack(&t->keep, &body.base);
    event.room = mc_unconst("dossier");
    event.type = mc_unconst("dossier.noted");
    event.actor = mc_unconst("account:7");
    event.seq = seq;
    event.keys = keys;
    event.n_keys = 1;
    event.body = (ProtobufCBinaryData){packed.len, mc_unconst(packed.data)};
    if (strcmp(text, "unreadable") == 0)
        event.body = (ProtobufCBinaryData){1, (uint8_t[]){0xff}};
    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    mc_event_apply(t->service, &turn, &event);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&t->service->arena);
}

static uint64_t applied(struct frame_test *t)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    uint64_t seq = harness_cursor(&turn, "dossier");
    mc_turn_abort(&turn);
    return seq;
}

static void events_are_applied_once_and_in_order(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    note(t, 2, "too early");
    assert_int_equal(applied(t), 0);
    note(t, 1, "one");
    assert_string_equal(t->bell->last_note, "dossier/1 account:7 dossier:9 one");
    note(t, 1, "one again");
    note(t, 3, "a gap");
    assert_int_equal(applied(t), 1);
    note(t, 2, "two");
    reopen(t);
    note(t, 2, "two again");
    note(t, 3, "three");
    assert_int_equal(applied(t), 3);
    assert_int_equal(harness_rows(t->h, BELL_NOTES), 3);
    close_test(t);
}

static void an_event_that_is_refused_or_unreadable_is_passed_over(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    note(t, 1, "refuse");
    assert_int_equal(applied(t), 1);
    note(t, 2, "unreadable");
    assert_int_equal(applied(t), 2);
    assert_int_equal(harness_rows(t->h, BELL_NOTES), 0);
    note(t, 3, "three");
    assert_int_equal(applied(t), 3);
    assert_int_equal(harness_rows(t->h, BELL_NOTES), 1);
    /* and somebody will see it: in the numbers, and in the story of what it was about */
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;
    const Motcua__StatsReply *stats = harness_call(t->h, "Stats", &request.base, MC_OK);
    uint64_t refused = 0;
    for (size_t i = 0; i < stats->n_follows; i++)
        refused += stats->follows[i]->refused;
    assert_int_equal(refused, 2);
    assert_int_equal(harness_events(t->h, "bell.event_refused"), 2);
    close_test(t);
}

/* A failing disk must be seen, but not by everybody whose call shares the turn. */
static void an_event_at_fault_waits_and_the_turn_goes_on(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    note(t, 1, "fault"); /* its turn commits */
    assert_int_equal(applied(t), 0);
    assert_int_equal(harness_rows(t->h, BELL_NOTES), 0);
    note(t, 1, "one"); /* mended */
    assert_int_equal(applied(t), 1);
    close_test(t);
}

static void events_nobody_asked_for_move_the_cursor(void **state)
{
    Bell__Note body = BELL__NOTE__INIT;
    struct frame_test *t = open_test();

    (void)state;
    harness_event(t->h, "dossier", "dossier.other", &body.base, NULL);
    assert_int_equal(applied(t), 1);
    assert_int_equal(harness_rows(t->h, BELL_NOTES), 0);
    close_test(t);
}

/* --- effects --- */

static uint64_t order(struct frame_test *t, const char *kind, const char *text,
                      uint32_t attempts_max, int64_t expires_ms)
{
    Bell__OrderRequest request = BELL__ORDER_REQUEST__INIT;

    request.kind = mc_unconst(kind);
    request.text = mc_unconst(text);
    request.attempts_max = attempts_max;
    request.expires_ms = expires_ms;
    const Bell__OrderReply *reply = harness_call(t->h, "Order", &request.base, MC_OK);
    return reply->job;
}

static const struct mc_lane_count *lane_count(struct frame_test *t, unsigned lane)
{
    return &mc_store_counts(t->service->store)->lanes[lane];
}

static void an_effect_is_built_performed_and_done(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "hello", 0, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    assert_string_equal(exchange.http.url, "https://bell.test/hello");
    assert_false(harness_effect(t->h, "bell.http", &exchange)); /* in somebody's hands */
    harness_advance(t->h, BELL_LEASE_MS);                       /* it was never answered */
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    assert_true(exchange.job->unreported);
    harness_answer(t->h, &exchange, 200, "ok");
    assert_int_equal(t->bell->results, 1);
    assert_int_equal(t->bell->last.http_status, 200);
    assert_false(t->bell->last.gave_up);
    assert_int_equal(harness_rows(t->h, BELL_RESULTS), 1);
    assert_int_equal(harness_jobs(t->h, BELL_OUT), 0);
    harness_answer(t->h, &exchange, 200, "ok"); /* told twice: nothing */
    assert_int_equal(t->bell->results, 1);

    (void)order(t, "bell.call", "hello", 0, 0);
    assert_true(harness_effect(t->h, "bell.call", &exchange));
    assert_string_equal(exchange.call.method, "Ring");
    Bell__RingReply reply = BELL__RING_REPLY__INIT;
    harness_reply(t->h, &exchange, &reply.base);
    assert_int_equal(t->bell->results, 2);
    assert_int_equal(harness_jobs(t->h, BELL_ROOMS), 0);
    close_test(t);
}

static void verdicts_retry_and_bury(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "retry", 2, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    harness_answer(t->h, &exchange, 500, "");
    assert_int_equal(lane_count(t, BELL_OUT)->queued, 1);
    assert_false(t->bell->last.gave_up);
    assert_false(harness_effect(t->h, "bell.http", &exchange));
    harness_advance(t->h, 1000);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    harness_answer(t->h, &exchange, 500, "");
    assert_true(t->bell->last.gave_up); /* told that no attempt follows */
    assert_int_equal(harness_dead(t->h, BELL_OUT), 1);
    (void)order(t, "bell.http", "bury", 0, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    harness_answer(t->h, &exchange, 400, "");
    assert_int_equal(harness_dead(t->h, BELL_OUT), 2);
    assert_int_equal(harness_rows(t->h, BELL_RESULTS), 3);
    close_test(t);
}

/* The lane goes on: what `done` refuses is a dead letter, seen by operators. */
static void a_refused_result_is_a_dead_letter(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "refuse", 0, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    harness_answer(t->h, &exchange, 200, "");
    assert_int_equal(harness_rows(t->h, BELL_RESULTS), 0); /* what it wrote is gone */
    assert_int_equal(harness_dead(t->h, BELL_OUT), 1);
    (void)order(t, "bell.http", "refuse", 0, harness_now(t->h) + 1000);
    (void)order(t, "bell.http", "fine", 0, 0);
    harness_advance(t->h, 1000);
    assert_true(harness_effect(t->h, "bell.http", &exchange)); /* past the expired one */
    assert_string_equal(exchange.http.url, "https://bell.test/fine");
    assert_int_equal(harness_dead(t->h, BELL_OUT), 2);
    close_test(t);
}

static void an_expired_effect_is_told_and_never_performed(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "late", 0, harness_now(t->h) + 1000);
    harness_advance(t->h, 1000);
    assert_false(harness_effect(t->h, "bell.http", &exchange));
    assert_int_equal(t->bell->results, 1);
    assert_true(t->bell->last.gave_up);
    assert_int_equal(t->bell->last.outcome, MC_HTTP_UNKNOWN);
    assert_int_equal(harness_dead(t->h, BELL_OUT), 1);
    assert_int_equal(lane_count(t, BELL_OUT)->expired_total, 1);
    close_test(t);
}

/* A bank that may have been paid is asked, not paid again. */
static void an_unreported_attempt_is_asked_about_not_repeated(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.ask", "pay", 0, 0);
    assert_true(harness_effect(t->h, "bell.ask", &exchange));
    assert_int_equal(t->bell->results, 0);
    reopen(t); /* killed meanwhile: what it held is reclaimed */
    assert_int_equal(lane_count(t, BELL_OUT)->leased, 0);
    assert_false(harness_effect(t->h, "bell.ask", &exchange));
    assert_int_equal(t->bell->results, 1);
    assert_int_equal(t->bell->last.outcome, MC_HTTP_UNKNOWN);
    assert_false(t->bell->last.gave_up);
    assert_int_equal(harness_jobs(t->h, BELL_OUT), 0); /* `done` took it on from there */

    (void)order(t, "bell.http", "mail", 0, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    reopen(t);
    assert_true(harness_effect(t->h, "bell.http", &exchange)); /* this kind is simply repeated */
    assert_true(exchange.job->unreported);
    close_test(t);
}

static void a_kind_of_another_version_is_a_dead_letter(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.gone", "x", 0, 0);
    assert_false(harness_effect(t->h, "bell.http", &exchange));
    assert_int_equal(harness_dead(t->h, BELL_OUT), 1);
    close_test(t);
}

static void looking_for_one_kind_leaves_the_others(void **state)
{
    struct frame_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "first", 1, 0);
    (void)order(t, "bell.ask", "second", 1, 0);
    assert_true(harness_effect(t->h, "bell.ask", &exchange));
    assert_int_equal(lane_count(t, BELL_OUT)->failed_total, 0);
    assert_int_equal(lane_count(t, BELL_OUT)->queued, 1);
    assert_int_equal(lane_count(t, BELL_OUT)->leased, 1);
    assert_true(harness_effect(t->h, "bell.http", &exchange)); /* due, its one attempt unspent */
    assert_int_equal(exchange.job->record->attempts, 1);
    close_test(t);
}

/* --- the house's own methods --- */

static Motcua__FollowReply *follow(struct frame_test *t, uint64_t after, uint32_t credit,
                                   uint32_t wait_ms, enum mc_status want)
{
    Motcua__FollowRequest request = MOTCUA__FOLLOW_REQUEST__INIT;

    request.after = after;
    request.credit = credit;
    request.wait_ms = wait_ms;
    return harness_call(t->h, "Follow", &request.base, want);
}

static void follow_gives_events_in_order_and_bounded(void **state)
{
    struct frame_test *t = open_test();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(ring(t, "ding"), MC_OK);
    Motcua__FollowReply *reply = follow(t, 0, 3, 0, MC_OK);
    assert_int_equal(reply->n_events, 3);
    assert_int_equal(reply->last, 5);
    assert_int_equal(reply->events[2]->seq, 3);
    assert_string_equal(reply->events[0]->room, "bell");
    assert_string_equal(reply->events[0]->type, "bell.rung");
    assert_string_equal(reply->events[0]->actor, "room:test");
    assert_string_equal(reply->events[0]->keys[0], "bell:1");
    assert_false(reply->events[0]->sealed); /* opened for a room */
    assert_int_equal(follow(t, 3, 1000, 0, MC_OK)->n_events, 2);
    assert_int_equal(follow(t, 5, 1, 0, MC_OK)->n_events, 0);
    assert_null(follow(t, 0, 0, 0, MC_INVALID));
    assert_null(follow(t, 0, 1001, 0, MC_INVALID));
    assert_true(harness_violated(t->h, "credit", "FIELD_INVALID"));
    assert_null(follow(t, 0, 1, 10001, MC_INVALID));
    assert_null(follow(t, 6, 1, 0, MC_CONFLICT)); /* a follower that knows more than we do */
    assert_null(follow(t, 5, 1, 10000, MC_WAIT));

    Motcua__StatsRequest ask = MOTCUA__STATS_REQUEST__INIT;
    const Motcua__StatsReply *stats = harness_call(t->h, "Stats", &ask.base, MC_OK);
    assert_int_equal(stats->n_followers, 1); /* who follows, and how far it is */
    assert_string_equal(stats->followers[0]->name, "room:test");
    assert_int_equal(stats->followers[0]->after, 5);
    assert_int_equal(stats->followers[0]->heard_ms, harness_now(t->h));
    close_test(t);
}

static void follow_is_bounded_in_bytes(void **state)
{
    struct frame_test *t = open_test();
    char tone[4001] = "";
    uint64_t seen = 0;
    unsigned calls = 0;

    (void)state;
    memset(tone, 'x', sizeof tone - 1);
    for (int i = 0; i < 600; i++)
        assert_int_equal(ring(t, tone), MC_OK);
    while (seen < 600) { /* 2.4 MB */
        Motcua__FollowReply *reply = follow(t, seen, 1000, 0, MC_OK);

        assert_true(reply->n_events > 0);
        assert_true(reply->n_events <= (1 << 20) / 4000 + 2);
        for (size_t i = 0; i < reply->n_events; i++)
            assert_int_equal(reply->events[i]->seq, ++seen);
        calls++;
    }
    assert_int_equal(calls, 3);
    close_test(t);
}

static void house_methods_are_for_rooms_and_operators(void **state)
{
    static const struct mc_caller citizen = {.name = "portal:x", .account_id = "a"};
    static const struct mc_caller operator= {.name = "operator:an"};
    struct frame_test *t = open_test();
    Motcua__StatsRequest stats = MOTCUA__STATS_REQUEST__INIT;
    Motcua__PeekRequest peek = MOTCUA__PEEK_REQUEST__INIT;
    Motcua__HealthRequest health = MOTCUA__HEALTH_REQUEST__INIT;

    (void)state;
    assert_null(harness_call(t->h, "Peek", &peek.base, MC_DENIED));
    harness_as(t->h, &operator);
    assert_non_null(harness_call(t->h, "Peek", &peek.base, MC_OK));
    assert_non_null(harness_call(t->h, "Stats", &stats.base, MC_OK));
    assert_null(follow(t, 0, 1, 0, MC_DENIED)); /* facts with personal data are for rooms */
    harness_as(t->h, &citizen);
    assert_null(harness_call(t->h, "Stats", &stats.base, MC_DENIED));
    assert_null(follow(t, 0, 1, 0, MC_DENIED));
    const Motcua__HealthReply *reply = harness_call(t->h, "Health", &health.base, MC_OK);
    assert_true(reply->ready);
    assert_int_equal(reply->n_problems, 0);
    close_test(t);
}

static void stats_tell_what_happened(void **state)
{
    struct frame_test *t = open_test();
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;

    (void)state;
    assert_int_equal(ring(t, "ding"), MC_OK);
    assert_int_equal(ring(t, "wrong"), MC_INVALID);
    (void)order(t, "bell.http", "x", 0, 0);
    harness_advance(t->h, 5000);
    const Motcua__StatsReply *stats = harness_call(t->h, "Stats", &request.base, MC_OK);
    assert_string_equal(stats->room, "bell");
    assert_int_equal(stats->journal_last, 1);
    assert_int_equal(stats->n_lanes, BELL_LANES_END);
    assert_string_equal(stats->lanes[0]->lane, "out");
    assert_int_equal(stats->lanes[0]->queued, 1);
    assert_int_equal(stats->lanes[0]->oldest_ms, 5000);
    assert_int_equal(stats->lanes[1]->oldest_ms, 0);
    assert_int_equal(stats->n_follows, 2);
    assert_int_equal(stats->calls, 4);
    assert_true(stats->store->used_bytes > 0 && stats->store->map_bytes > stats->store->used_bytes);
    assert_int_equal(stats->store->commits, 4); /* two of them at the first start */
    assert_string_equal(stats->methods[0]->method, "motcua.bell.v1.Bell/Ring");
    assert_int_equal(stats->methods[0]->ok, 1);
    assert_int_equal(stats->methods[0]->refused, 1);
    assert_int_equal(stats->methods[0]->failed, 0);
    close_test(t);
}

static void peek_shows_jobs_without_payload(void **state)
{
    static const struct mc_caller operator= {.name = "operator:an"};
    struct frame_test *t = open_test();
    Motcua__PeekRequest request = MOTCUA__PEEK_REQUEST__INIT;
    struct harness_exchange exchange;

    (void)state;
    (void)order(t, "bell.http", "bury", 0, 0);
    assert_true(harness_effect(t->h, "bell.http", &exchange));
    harness_answer(t->h, &exchange, 400, "");
    uint64_t first = order(t, "bell.http", "x", 0, 0);
    uint64_t second = order(t, "bell.http", "y", 0, 0);
    uint64_t other = order(t, "bell.call", "z", 0, 0);
    harness_as(t->h, &operator);
    const Motcua__PeekReply *reply = harness_call(t->h, "Peek", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 3);
    assert_int_equal(reply->jobs[0]->payload.len, 0);
    request.limit = 1;
    request.after = first;
    reply = harness_call(t->h, "Peek", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_int_equal(reply->jobs[0]->id, second);
    request.lane = mc_unconst("rooms");
    request.after = 0;
    reply = harness_call(t->h, "Peek", &request.base, MC_OK);
    assert_int_equal(reply->jobs[0]->id, other);
    request.lane = mc_unconst("out");
    request.state = MOTCUA__JOB_STATE__DEAD;
    reply = harness_call(t->h, "Peek", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_int_equal(reply->jobs[0]->state, MOTCUA__JOB_STATE__DEAD);
    request.limit = 200;
    assert_non_null(harness_call(t->h, "Peek", &request.base, MC_OK));
    request.limit = 201;
    assert_null(harness_call(t->h, "Peek", &request.base, MC_INVALID));
    request.limit = 1;
    request.lane = mc_unconst("nowhere");
    assert_null(harness_call(t->h, "Peek", &request.base, MC_NOT_FOUND));
    assert_true(harness_violated(t->h, "lane", "NOT_FOUND"));
    close_test(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_with_its_id_and_tag),
        cmocka_unit_test(an_unknown_method_is_told),
        cmocka_unit_test(a_malformed_header_names_its_field),
        cmocka_unit_test(a_malformed_body_names_its_field),
        cmocka_unit_test(a_body_at_the_limit_passes_and_one_past_does_not),
        cmocka_unit_test(nobody_waits_after_the_deadline),
        cmocka_unit_test(a_hostile_body_is_bounded),
        cmocka_unit_test(who_may_call_what),
        cmocka_unit_test(the_curve_key_decides_not_the_header),
        cmocka_unit_test(the_handler_learns_who_calls),
        cmocka_unit_test(only_front_ends_name_a_source),
        cmocka_unit_test(sessions_are_valid_expired_forged_or_revoked),
        cmocka_unit_test(revocations_end_with_their_sessions),
        cmocka_unit_test(a_repeat_has_one_effect_and_one_answer),
        cmocka_unit_test(a_refusal_is_told_whole_and_not_kept),
        cmocka_unit_test(ids_too_old_or_from_tomorrow_are_refused),
        cmocka_unit_test(answers_live_a_day),
        cmocka_unit_test(foreign_ids_are_pruned_round_and_round),
        cmocka_unit_test(secret_answers_are_sealed),
        cmocka_unit_test(reads_write_nothing_and_keep_no_answer),
        cmocka_unit_test(a_snapshot_does_not_see_the_open_turn),
        cmocka_unit_test(a_waiting_read_gets_no_reply_yet),
        cmocka_unit_test(a_waiting_write_wrote_nothing),
        cmocka_unit_test(prepare_asks_for_work_once),
        cmocka_unit_test(events_are_applied_once_and_in_order),
        cmocka_unit_test(an_event_that_is_refused_or_unreadable_is_passed_over),
        cmocka_unit_test(an_event_at_fault_waits_and_the_turn_goes_on),
        cmocka_unit_test(events_nobody_asked_for_move_the_cursor),
        cmocka_unit_test(an_effect_is_built_performed_and_done),
        cmocka_unit_test(verdicts_retry_and_bury),
        cmocka_unit_test(a_refused_result_is_a_dead_letter),
        cmocka_unit_test(an_expired_effect_is_told_and_never_performed),
        cmocka_unit_test(an_unreported_attempt_is_asked_about_not_repeated),
        cmocka_unit_test(a_kind_of_another_version_is_a_dead_letter),
        cmocka_unit_test(looking_for_one_kind_leaves_the_others),
        cmocka_unit_test(follow_gives_events_in_order_and_bounded),
        cmocka_unit_test(follow_is_bounded_in_bytes),
        cmocka_unit_test(house_methods_are_for_rooms_and_operators),
        cmocka_unit_test(stats_tell_what_happened),
        cmocka_unit_test(peek_shows_jobs_without_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
