/* Codes: S04, S05, OTP-01 to OTP-06, OTP-11; NIST SP 800-63B-4 on failures. */
#include "otp_help.h"

static void assert_answer(const Otp__VerifyReply *reply, const char *code)
{
    assert_false(reply->correct);
    assert_string_equal(reply->code, code);
    assert_string_equal(reply->proof, "");
    assert_true(reply->message[0] != '\0');
}

static void a_code_proves_a_phone(void **state)
{
    struct harness *h = *state;
    static struct mc_token_verifier verifier; /* 64 KiB */
    struct mc_arena arena;
    struct mc_bytes payload;
    uint8_t seed[MC_KEY_LEN];
    uint8_t public[MC_SIGN_PUBLIC_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];

    Otp__IssueReply *issued = issue(h, 1, " 091.2000101 ", MC_OK);
    assert_string_equal(issued->phone_masked, "091****101");
    assert_int_equal(issued->expires_at_ms, HARNESS_T0 + 120 * SECOND_MS);
    assert_int_equal(issued->resend_at_ms, HARNESS_T0 + 60 * SECOND_MS);
    assert_int_equal(issued->attempts_left, 5);
    assert_int_equal(strlen(issued->tag), 2);

    const char *code = next_code(h);
    harness_advance(h, 30 * SECOND_MS);
    Otp__VerifyReply *reply = verify(h, 1, code);
    assert_true(reply->correct);
    assert_string_equal(reply->code, "");

    mc_hash(seed, mc_key_text("otp")); /* as the harness makes this room's key */
    mc_sign_key(seed, public, secret);
    mc_token_verifier_set(&verifier, public, NULL);
    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    assert_int_equal(mc_token_open(&verifier, &arena, mc_key_text(reply->proof), &payload), MC_OK);
    Otp__Proof *proof = otp__proof__unpack(&arena.protobuf, payload.len, payload.data);
    assert_non_null(proof);
    assert_string_equal(proof->type, OTP_PROOF_TYPE);
    assert_int_equal(proof->purpose, OTP__PURPOSE__REGISTER);
    assert_memory_equal(proof->subject.data, subject(1).data, MC_ID_LEN);
    assert_string_equal(proof->phone, "84912000101");
    assert_int_equal(proof->verified_at_ms, harness_now(h));
    assert_int_equal(proof->expires_at_ms, harness_now(h) + 10 * MINUTE_MS);
    mc_arena_done(&arena);
    assert_int_equal(harness_events(h, "otp.code_verified"), 1);
}

/* S04 a: at the millisecond. */
static void s04_a_code_expires_at_exactly_two_minutes(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    const char *late = next_code(h);
    (void)issue(h, 2, BINH, MC_OK);
    const char *timely = next_code(h);
    harness_set_clock(h, HARNESS_T0 + 119999);
    assert_true(verify(h, 2, timely)->correct);
    harness_set_clock(h, HARNESS_T0 + 120000);
    assert_answer(verify(h, 1, late), "OTP_EXPIRED");
    harness_set_clock(h, HARNESS_T0 + 120001);
    assert_answer(verify(h, 1, late), "OTP_EXPIRED");
    assert_int_equal(harness_events(h, "otp.code_refused"), 0);
}

/* S04 b and c. */
static void s04_only_the_newest_code_counts_and_once(void **state)
{
    struct harness *h = *state;

    Otp__IssueReply *first = issue(h, 1, BINH, MC_OK);
    const char *code_a = next_code(h);
    harness_set_clock(h, HARNESS_T0 + 60000);
    Otp__IssueReply *second = resend(h, 1, MC_OK);
    assert_string_not_equal(second->tag, first->tag);
    assert_string_equal(second->phone_masked, "091****101");
    const char *code_b = next_code(h);

    harness_set_clock(h, HARNESS_T0 + 70000);
    Otp__VerifyReply *reply = verify(h, 1, code_a);
    assert_answer(reply, "OTP_WRONG");
    assert_int_equal(reply->attempts_left, 4);
    harness_set_clock(h, HARNESS_T0 + 80000);
    assert_true(verify(h, 1, code_b)->correct);
    assert_answer(verify(h, 1, code_b), "OTP_EXPIRED");
    (void)resend(h, 1, MC_CONFLICT);
    assert_true(harness_violated(h, "subject", "OTP_ALREADY_VERIFIED"));
}

static void a_queued_text_goes_with_its_code(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    harness_advance(h, 60 * SECOND_MS);
    (void)resend(h, 1, MC_OK);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 1);
    const char *code = next_code(h);
    assert_true(verify(h, 1, code)->correct);
    assert_int_equal(lease(h, "sms:viettel", 5)->n_jobs, 0);
}

/* S05: the fifth wrong answer burns the code. */
static void s05_five_wrong_tries_kill_a_code(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    const char *code = next_code(h);
    for (uint32_t left = 4; left > 0; left--) {
        Otp__VerifyReply *reply = verify(h, 1, not_code(code));
        assert_answer(reply, "OTP_WRONG");
        assert_int_equal(reply->attempts_left, left);
        assert_int_equal(status_of(h, 1)->attempts_left, left);
    }
    assert_answer(verify(h, 1, not_code(code)), "OTP_TOO_MANY");
    harness_reopen(h);
    assert_answer(verify(h, 1, code), "OTP_TOO_MANY");
    assert_int_equal(harness_events(h, "otp.code_refused"), 5);
    assert_int_equal(harness_events(h, "otp.code_verified"), 0);
}

static void s05_the_fifth_try_may_be_right(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    const char *code = next_code(h);
    for (int i = 0; i < 4; i++)
        assert_answer(verify(h, 1, not_code(code)), "OTP_WRONG");
    assert_true(verify(h, 1, code)->correct);
}

/* S05: an early resend is told the seconds left. */
static void s05_resend_waits_sixty_seconds(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    harness_advance(h, 10 * SECOND_MS);
    (void)resend(h, 1, MC_LIMITED);
    assert_true(harness_violated(h, "", "OTP_TOO_SOON"));
    assert_non_null(strstr(harness_header(h)->message, "50 giây"));
    assert_int_equal(harness_header(h)->retry_after_ms, 50000);
    (void)issue(h, 1, BINH, MC_LIMITED);
    harness_set_clock(h, HARNESS_T0 + 59999);
    (void)resend(h, 1, MC_LIMITED);
    assert_non_null(strstr(harness_header(h)->message, " 1 giây"));
    harness_set_clock(h, HARNESS_T0 + 60000);
    (void)resend(h, 1, MC_OK);
    (void)resend(h, 99, MC_NOT_FOUND);
}

/* A number typed wrong is corrected at once; its own limits hold for each. */
static void another_phone_need_not_wait(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    const char *code = next_code(h);
    assert_string_equal(issue(h, 1, THO, MC_OK)->phone_masked, "086****202");
    assert_answer(verify(h, 1, code), "OTP_WRONG");
    assert_true(verify(h, 1, next_code(h))->correct);
}

static void s05_five_codes_in_fifteen_minutes(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 5; i++) {
        (void)issue(h, 10 + i, BINH, MC_OK);
        harness_advance(h, MINUTE_MS);
    }
    harness_reopen(h);
    (void)issue(h, 20, BINH, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "OTP_SEND_LIMIT"));
    assert_int_equal(harness_header(h)->retry_after_ms, 10 * MINUTE_MS);
    (void)resend(h, 14, MC_LIMITED);
    (void)issue(h, 20, THO, MC_OK);
    harness_set_clock(h, HARNESS_T0 + 15 * MINUTE_MS - 1);
    (void)issue(h, 21, BINH, MC_LIMITED);
    harness_set_clock(h, HARNESS_T0 + 15 * MINUTE_MS);
    (void)issue(h, 21, BINH, MC_OK);
    (void)issue(h, 22, BINH, MC_LIMITED);
}

static void s05_ten_codes_a_day(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 10; i++) {
        (void)issue(h, 10 + i, BINH, MC_OK);
        harness_advance(h, 20 * MINUTE_MS);
    }
    (void)issue(h, 30, BINH, MC_LIMITED);
    harness_tick(h);
    harness_set_clock(h, HARNESS_T0 + 24 * HOUR_MS - 1);
    (void)issue(h, 30, BINH, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "OTP_SEND_LIMIT"));
    harness_set_clock(h, HARNESS_T0 + 24 * HOUR_MS);
    (void)issue(h, 30, BINH, MC_OK);
}

/* Kills a code with five wrong tries; returns the last answer. */
static Otp__VerifyReply *kill_code(struct harness *h, unsigned number)
{
    Otp__VerifyReply *reply = NULL;
    const char *code = next_code(h);

    for (int i = 0; i < 5; i++)
        reply = verify(h, number, not_code(code));
    return reply;
}

/* NIST SP 800-63B-4: a new secret does not reset the failed count. */
static void five_dead_codes_lock_the_phone(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 4; i++) {
        (void)issue(h, 10 + i, BINH, MC_OK);
        (void)kill_code(h, 10 + i);
        harness_advance(h, 4 * MINUTE_MS);
    }
    (void)issue(h, 14, BINH, MC_OK);
    Otp__VerifyReply *reply = kill_code(h, 14);
    assert_answer(reply, "OTP_TOO_MANY");
    assert_non_null(strstr(reply->message, "30 phút"));

    harness_reopen(h);
    (void)issue(h, 15, BINH, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "OTP_TOO_MANY"));
    assert_non_null(strstr(harness_header(h)->message, "30 phút"));
    (void)issue(h, 16, THO, MC_OK);
    harness_advance(h, 30 * MINUTE_MS - 1);
    (void)issue(h, 15, BINH, MC_LIMITED);
    assert_non_null(strstr(harness_header(h)->message, " 1 phút"));
    harness_advance(h, 1);
    (void)issue(h, 15, BINH, MC_OK);
    assert_true(verify(h, 15, next_code(h))->correct);
}

static void wrong_tries_of_abandoned_codes_count_too(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 6; i++) { /* 24 wrong tries, no code dead */
        (void)issue(h, 10 + i, BINH, MC_OK);
        const char *code = next_code(h);
        for (int n = 0; n < 4; n++)
            assert_answer(verify(h, 10 + i, not_code(code)), "OTP_WRONG");
        harness_advance(h, 4 * MINUTE_MS);
    }
    (void)issue(h, 20, BINH, MC_OK);
    (void)issue(h, 21, BINH, MC_OK);
    const char *code = next_code(h);
    const char *other = next_code(h);
    assert_answer(verify(h, 20, not_code(code)), "OTP_TOO_MANY");
    assert_answer(verify(h, 21, other), "OTP_TOO_MANY"); /* the lock is the phone's */
    (void)code;
}

static void failures_are_forgotten_after_an_hour(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 4; i++) {
        (void)issue(h, 10 + i, BINH, MC_OK);
        (void)kill_code(h, 10 + i);
        harness_advance(h, 4 * MINUTE_MS);
    }
    harness_set_clock(h, HARNESS_T0 + HOUR_MS); /* the first five are out of the window */
    (void)issue(h, 14, BINH, MC_OK);
    (void)kill_code(h, 14);
    (void)issue(h, 15, BINH, MC_OK);
    assert_true(verify(h, 15, next_code(h))->correct);
}

/* OTP-11: bound to purpose and subject. Unknown ones answer like codes that ran out. */
static void a_code_is_for_its_own_purpose_and_subject(void **state)
{
    struct harness *h = *state;
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;

    (void)issue(h, 1, BINH, MC_OK);
    const char *code = next_code(h);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = subject(1);
    request.code = text(code);
    as_anyone(h);
    assert_answer(harness_call(h, "Verify", &request.base, MC_OK), "OTP_EXPIRED");
    assert_answer(verify(h, 2, code), "OTP_EXPIRED");
    (void)issue(h, 2, BINH, MC_OK);
    if (strcmp(next_code(h), code) != 0)
        assert_answer(verify(h, 2, code), "OTP_WRONG");
    assert_true(verify(h, 1, code)->correct);
}

static Otp__IssueReply *issue_login(struct harness *h, unsigned number, enum mc_status want)
{
    Otp__IssueRequest request = issue_request(number, BINH);

    request.purpose = OTP__PURPOSE__LOGIN;
    as_room(h);
    return harness_call(h, "Issue", &request.base, want);
}

/* Who guesses at registrations with somebody's number does not keep its owner out. */
static void a_lock_is_of_one_purpose(void **state)
{
    struct harness *h = *state;
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;

    for (unsigned i = 0; i < 5; i++) {
        (void)issue(h, 10 + i, BINH, MC_OK);
        (void)kill_code(h, 10 + i);
        harness_advance(h, 4 * MINUTE_MS);
    }
    (void)issue(h, 20, BINH, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "OTP_TOO_MANY"));
    (void)issue_login(h, 21, MC_OK);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = subject(21);
    request.code = text(next_code(h));
    as_anyone(h);
    Otp__VerifyReply *reply = harness_call(h, "Verify", &request.base, MC_OK);
    assert_true(reply->correct);
}

/* The pause is a challenge's own: a second sign-in of the same person need not wait. */
static void the_pause_is_not_shared_by_sessions(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    (void)issue(h, 2, BINH, MC_OK);
    harness_advance(h, 59 * SECOND_MS);
    (void)resend(h, 1, MC_LIMITED);
    (void)issue(h, 3, BINH, MC_OK);
    harness_advance(h, SECOND_MS);
    (void)resend(h, 1, MC_OK);
    (void)resend(h, 3, MC_LIMITED);
    assert_true(harness_violated(h, "", "OTP_TOO_SOON"));
    assert_int_equal(harness_header(h)->retry_after_ms, 59 * SECOND_MS);
}

/* S04: codes are text. "012345" is neither 12345 nor " 012345". */
static void leading_zeros_count(void **state)
{
    struct harness *h = *state;
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;
    const char *code = "";
    char phone[16];
    unsigned number = 0;

    do {
        (void)snprintf(phone, sizeof phone, "09120004%02u", ++number);
        (void)issue(h, number, phone, MC_OK);
        code = next_code(h);
    } while (code[0] != '0' && number < 99);
    assert_int_equal(code[0], '0');
    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    as_anyone(h);
    char other[16];
    for (const char *before = " +0\t"; *before != '\0'; before++) {
        (void)snprintf(other, sizeof other, "%c%s", *before, code);
        request.code = other;
        (void)harness_call(h, "Verify", &request.base, MC_INVALID);
        assert_true(harness_violated(h, "code", "OTP_FORMAT"));
    }
    request.code = text(code + 1);
    (void)harness_call(h, "Verify", &request.base, MC_INVALID);
    assert_int_equal(status_of(h, number)->attempts_left, 5); /* no try was used up */
    assert_true(verify(h, number, code)->correct);
}

static void bad_requests_name_the_field(void **state)
{
    struct harness *h = *state;
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;
    Otp__IssueRequest wrong = issue_request(1, "0212345678");
    char *keys[OTP_KEYS_MAX + 1];
    char key[OTP_KEY_LEN_MAX + 2];

    request.code = text("12345"); /* S04: compared as text */
    as_anyone(h);
    (void)harness_call(h, "Verify", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "code", "OTP_FORMAT"));
    assert_true(harness_violated(h, "purpose", "FIELD_INVALID"));
    assert_true(harness_violated(h, "subject", "FIELD_INVALID"));
    request.subject = (ProtobufCBinaryData){MC_ID_LEN, (uint8_t *)key};
    memset(key, 'k', sizeof key);
    (void)harness_call(h, "Verify", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "subject", "FIELD_INVALID")); /* not a UUIDv7 */

    as_room(h);
    (void)harness_call(h, "Issue", &wrong.base, MC_INVALID);
    assert_true(harness_violated(h, "phone", "PHONE_FIXED_LINE"));
    wrong.phone = text("");
    (void)harness_call(h, "Issue", &wrong.base, MC_INVALID);
    assert_true(harness_violated(h, "phone", "FIELD_REQUIRED"));

    wrong.phone = text(BINH);
    key[OTP_KEY_LEN_MAX + 1] = '\0';
    for (size_t i = 0; i < MC_LEN(keys); i++)
        keys[i] = key;
    wrong.keys = keys;
    wrong.n_keys = OTP_KEYS_MAX;
    (void)harness_call(h, "Issue", &wrong.base, MC_INVALID);
    assert_true(harness_violated(h, "keys[7]", "FIELD_INVALID"));
    key[OTP_KEY_LEN_MAX] = '\0';
    wrong.n_keys = OTP_KEYS_MAX + 1;
    (void)harness_call(h, "Issue", &wrong.base, MC_INVALID);
    assert_true(harness_violated(h, "keys", "FIELD_TOO_LONG"));
    wrong.n_keys = OTP_KEYS_MAX;
    (void)harness_call(h, "Issue", &wrong.base, MC_OK);
}

static void only_rooms_issue(void **state)
{
    struct harness *h = *state;
    Otp__IssueRequest request = issue_request(1, BINH);

    as_anyone(h);
    (void)harness_call(h, "Issue", &request.base, MC_DENIED);
    as_gateway(h, "sms:viettel");
    (void)harness_call(h, "Issue", &request.base, MC_DENIED);
}

static void repeated_calls_have_one_effect(void **state)
{
    struct harness *h = *state;
    struct mc_random_seeded seed;
    struct mc_random random = mc_random_seed(&seed, 42);
    Otp__IssueRequest request = issue_request(1, BINH);
    Otp__VerifyRequest try = OTP__VERIFY_REQUEST__INIT;
    uint8_t ids[2][MC_ID_LEN];

    mc_uuid7(ids[0], HARNESS_T0, &random);
    mc_uuid7(ids[1], HARNESS_T0, &random);
    as_room(h);
    Otp__IssueReply *one = harness_call_as(h, ids[0], "Issue", &request.base, MC_OK);
    harness_advance(h, SECOND_MS);
    Otp__IssueReply *two = harness_call_as(h, ids[0], "Issue", &request.base, MC_OK);
    assert_string_equal(one->tag, two->tag);
    assert_int_equal(one->expires_at_ms, two->expires_at_ms);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 1);

    const char *code = next_code(h);
    try.purpose = OTP__PURPOSE__REGISTER;
    try.subject = subject(1);
    try.code = text(code);
    as_anyone(h);
    Otp__VerifyReply *right = harness_call_as(h, ids[1], "Verify", &try.base, MC_OK);
    Otp__VerifyReply *again = harness_call_as(h, ids[1], "Verify", &try.base, MC_OK);
    assert_true(again->correct);
    assert_string_equal(again->proof, right->proof);
    assert_int_equal(harness_events(h, "otp.code_verified"), 1);
    try.code = text(not_code(code));
    (void)harness_call_as(h, ids[1], "Verify", &try.base, MC_CONFLICT);
}

static void has_key(const Motcua__Event *event, const char *key)
{
    for (size_t i = 0; i < event->n_keys; i++)
        if (strcmp(event->keys[i], key) == 0)
            return;
    fail_msg("no key %s", key);
}

static void events_can_be_traced_and_tell_no_secret(void **state)
{
    struct harness *h = *state;
    char *keys[] = {text("account:0190a07b-0000-7000-8000-000000000001")};
    Otp__IssueRequest request = issue_request(1, BINH);
    const Motcua__Event *event = NULL;
    char uuid[MC_UUID_TEXT_LEN + 1];
    char own[64];

    request.purpose = OTP__PURPOSE__LOGIN;
    request.keys = keys;
    request.n_keys = 1;
    as_room(h);
    (void)harness_call(h, "Issue", &request.base, MC_OK);
    Otp__CodeIssued *issued =
        harness_last_event(h, "otp.code_issued", &otp__code_issued__descriptor, &event);
    assert_string_equal(issued->phone_masked, "091****101");
    assert_true(issued->job_id != 0);
    mc_uuid_text(uuid, subject(1).data);
    (void)snprintf(own, sizeof own, "login:%s", uuid);
    has_key(event, own);
    has_key(event, keys[0]);
    assert_int_equal(event->n_keys, 3);
    assert_int_equal(strncmp(event->keys[0], "phone:", 6), 0);
    assert_int_equal(strlen(event->keys[0]), 6 + 2 * OTP_BLIND_LEN);
    /* A key the asking room gave that is ours as well is told once. */
    keys[0] = own;
    harness_advance(h, MINUTE_MS);
    (void)harness_call(h, "Issue", &request.base, MC_OK);
    (void)harness_last_event(h, "otp.code_issued", &otp__code_issued__descriptor, &event);
    assert_int_equal(event->n_keys, 2);
}

static void tags_change_each_time(void **state)
{
    struct harness *h = *state;
    char tags[300][OTP_TAG_SIZE];

    for (unsigned i = 0; i < MC_LEN(tags); i++) {
        Otp__IssueReply *reply = issue(h, i, BINH, MC_OK);
        (void)snprintf(tags[i], sizeof tags[i], "%s", reply->tag);
        for (unsigned j = i > OTP_TAGS_MAX ? i - OTP_TAGS_MAX : 0; j < i; j++)
            assert_string_not_equal(tags[i], tags[j]);
        harness_advance(h, 3 * HOUR_MS);
    }
}

static void what_is_over_is_forgotten(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    (void)next_code(h);
    harness_advance(h, 30 * MINUTE_MS);
    (void)issue(h, 2, THO, MC_OK);
    harness_set_clock(h, HARNESS_T0 + HOUR_MS - 1);
    harness_tick(h);
    harness_tick(h); /* an idle one: what is staged is merged */
    assert_int_equal(harness_rows(h, OTP_CHALLENGES), 2);
    harness_set_clock(h, HARNESS_T0 + HOUR_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, OTP_CHALLENGES), 1);
    assert_int_equal(harness_rows(h, OTP_PHONES), 2);
    harness_set_clock(h, HARNESS_T0 + 24 * HOUR_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, OTP_CHALLENGES), 0);
    assert_int_equal(harness_rows(h, OTP_PHONES), 1);
    assert_int_equal(harness_rows(h, OTP_MESSAGES), 2); /* the second was never asked for */
    assert_int_equal(harness_dead(h, OTP_LANE_OTP), 1);
    harness_set_clock(h, HARNESS_T0 + 73 * HOUR_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, OTP_PHONES), 0);
    assert_int_equal(harness_rows(h, OTP_MESSAGES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_code_proves_a_phone),
        ROOM_TEST(s04_a_code_expires_at_exactly_two_minutes),
        ROOM_TEST(s04_only_the_newest_code_counts_and_once),
        ROOM_TEST(a_queued_text_goes_with_its_code),
        ROOM_TEST(s05_five_wrong_tries_kill_a_code),
        ROOM_TEST(s05_the_fifth_try_may_be_right),
        ROOM_TEST(s05_resend_waits_sixty_seconds),
        ROOM_TEST(another_phone_need_not_wait),
        ROOM_TEST(s05_five_codes_in_fifteen_minutes),
        ROOM_TEST(s05_ten_codes_a_day),
        ROOM_TEST(five_dead_codes_lock_the_phone),
        ROOM_TEST(wrong_tries_of_abandoned_codes_count_too),
        ROOM_TEST(failures_are_forgotten_after_an_hour),
        ROOM_TEST(a_code_is_for_its_own_purpose_and_subject),
        ROOM_TEST(a_lock_is_of_one_purpose),
        ROOM_TEST(the_pause_is_not_shared_by_sessions),
        ROOM_TEST(leading_zeros_count),
        ROOM_TEST(bad_requests_name_the_field),
        ROOM_TEST(only_rooms_issue),
        ROOM_TEST(repeated_calls_have_one_effect),
        ROOM_TEST(events_can_be_traced_and_tell_no_secret),
        ROOM_TEST(tags_change_each_time),
        ROOM_TEST(what_is_over_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
