/* What the identity room's tests share: people, the outside world's answers, whole stories. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "../harness.h"
#include "services/identity/account.h"

#define MINUTE_MS   (60 * 1000LL)
#define BINH_ID     "012193990017"
#define BINH_PHONE  "84912000101"
#define PASSWORD    "Nuoc#Chay8dau"
#define MATCH       "{\"result\":\"MATCH\",\"carrier\":\"Vinaphone\"}"
#define CARRIER_URL "https://carrier.test/subscriber"

/* A request id of one's own, made now, so that a call can be repeated. */
static inline struct mc_bytes request_id(struct harness *h, uint64_t number)
{
    static uint8_t ids[4][MC_ID_LEN];
    struct mc_random_seeded seed;
    struct mc_random random = mc_random_seed(&seed, 7777 + number);

    mc_uuid7(ids[number % MC_LEN(ids)], harness_now(h), &random);
    return (struct mc_bytes){ids[number % MC_LEN(ids)], MC_ID_LEN};
}

/* The synthetic people of the scenarios. */
struct person {
    const char *login_id;
    const char *name;
    const char *birth;
    const char *phone;
    const char *phone_e164;
};
static const struct person binh = {BINH_ID, "Nguyễn Thị Hoà Bình", "05/03/1993", "0912000101",
                                   BINH_PHONE};
static const struct person tho = {"038085990025", "Phạm Thử Nghiệm", "17/11/1985", "0868000202",
                                  "84868000202"};

/* Message fields are not const, and nobody writes through these. */
static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

static struct mc_arena kept; /* what a test took apart itself, until it ends */

static inline int open_room(void **state)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};

    if (mc_arena_init(&kept, 1 << 20) != MC_OK)
        return -1;
    *state = harness_open(&identity_room, settings);
    harness_tick(*state); /* as a daemon does at its start: the table of agencies is there */
    return 0;
}

static inline int close_room(void **state)
{
    harness_close(*state);
    mc_arena_done(&kept);
    return 0;
}

static inline Identity__StartRegistrationRequest form_of(const struct person *person)
{
    Identity__StartRegistrationRequest form = IDENTITY__START_REGISTRATION_REQUEST__INIT;

    form.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    form.method = text("SUBSCRIBER");
    form.login_id = text(person->login_id);
    form.full_name = text(person->name);
    form.birth_date = text(person->birth);
    form.phone = text(person->phone);
    form.consent_version = text("2026-01");
    return form;
}

static inline ProtobufCBinaryData start(struct harness *h, const struct person *person)
{
    Identity__StartRegistrationRequest form = form_of(person);
    const Identity__StartRegistrationReply *reply =
        harness_call(h, "StartRegistration", &form.base, MC_OK);

    assert_int_equal(reply->registration_id.len, MC_ID_LEN);
    return reply->registration_id;
}

static inline void carrier_says(struct harness *h, unsigned status, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "carrier.check", &exchange));
    harness_answer(h, &exchange, status, body);
}

static inline void code_goes_out(struct harness *h)
{
    struct harness_exchange exchange;
    Otp__IssueReply reply = OTP__ISSUE_REPLY__INIT;

    assert_true(harness_effect(h, "otp.issue", &exchange));
    harness_reply(h, &exchange, &reply.base);
}

static inline const Identity__Registration *registration(struct harness *h, ProtobufCBinaryData id)
{
    Identity__GetRegistrationRequest request = IDENTITY__GET_REGISTRATION_REQUEST__INIT;

    request.registration_id = id;
    return harness_call(h, "GetRegistration", &request.base, MC_OK);
}

static inline Otp__Proof proof_of(struct harness *h, Otp__Purpose purpose, ProtobufCBinaryData id,
                                  const char *phone)
{
    Otp__Proof proof = OTP__PROOF__INIT;

    proof.type = mc_unconst("otp.proof");
    proof.purpose = purpose;
    proof.subject = id;
    proof.phone = text(phone);
    proof.verified_at_ms = harness_now(h);
    proof.expires_at_ms = harness_now(h) + 10 * MINUTE_MS;
    return proof;
}

static inline Identity__FinishRegistrationRequest
finish_of(struct harness *h, ProtobufCBinaryData id, const struct person *person)
{
    Identity__FinishRegistrationRequest finish = IDENTITY__FINISH_REGISTRATION_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__REGISTER, id, person->phone_e164);

    finish.registration_id = id;
    finish.proof = harness_token(h, "otp", &proof.base);
    finish.password = text(PASSWORD);
    finish.password_again = text(PASSWORD);
    return finish;
}

/* From the form to the code on the phone. */
static inline ProtobufCBinaryData start_and_match(struct harness *h, const struct person *person)
{
    ProtobufCBinaryData id = start(h, person);

    carrier_says(h, 200, MATCH);
    code_goes_out(h);
    return id;
}

/* From the form to the account; returns its id. */
static inline char *open_account(struct harness *h, const struct person *person)
{
    ProtobufCBinaryData id = start_and_match(h, person);
    Identity__FinishRegistrationRequest finish = finish_of(h, id, person);
    const Identity__FinishRegistrationReply *reply =
        harness_call(h, "FinishRegistration", &finish.base, MC_OK);

    return reply->account_id;
}

static inline const Identity__LoginReply *login_with(struct harness *h, const char *login_id,
                                                     const char *password)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = text(login_id);
    request.password = text(password);
    return harness_call(h, "Login", &request.base, MC_OK);
}

static inline Identity__FinishLoginRequest
finish_login_of(struct harness *h, ProtobufCBinaryData login, const char *phone)
{
    Identity__FinishLoginRequest finish = IDENTITY__FINISH_LOGIN_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__LOGIN, login, phone);

    finish.login = login;
    finish.proof = harness_token(h, "otp", &proof.base);
    return finish;
}

/* From the password to the session. */
static inline const Identity__SessionReply *sign_in(struct harness *h, const struct person *person)
{
    const Identity__LoginReply *login = login_with(h, person->login_id, PASSWORD);

    assert_string_equal(login->code, "");
    code_goes_out(h);
    Identity__FinishLoginRequest finish = finish_login_of(h, login->login, person->phone_e164);
    return harness_call(h, "FinishLogin", &finish.base, MC_OK);
}

/* What a session token says, by its middle part. */
static inline const Motcua__SessionClaims *claims_of(const char *token)
{
    static uint8_t bytes[MC_TOKEN_MAX];
    size_t len = 0;
    const char *payload = strchr(token, '.');

    assert_non_null(payload);
    const char *end = strchr(payload + 1, '.');
    assert_non_null(end);
    assert_true(mc_unbase64url(bytes, sizeof bytes,
                               (struct mc_bytes){payload + 1, (size_t)(end - payload - 1)}, &len));
    Motcua__SessionClaims *claims = motcua__session_claims__unpack(&kept.protobuf, len, bytes);
    assert_non_null(claims);
    return claims;
}

/* The caller from now on holds this session. */
static inline void act_as(struct harness *h, const Motcua__SessionClaims *claims)
{
    bool officer = claims->unit[0] != '\0';
    struct mc_caller caller = {
        .name = "portal:test",
        .who = MC_CITIZEN | (officer ? (unsigned)MC_OFFICER : 0U),
        .account_id = claims->account_id,
        .session_id = claims->session_id,
        .ial = claims->ial,
        .unit = officer ? claims->unit : NULL,
        .rights = (const char *const *)(const void *)claims->rights,
        .rights_len = claims->n_rights,
    };

    harness_as(h, &caller);
}

static inline void act_as_front(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "room:test", .who = MC_ROOM});
}

static inline void act_as_operator(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "operator:test", .who = MC_OPERATOR});
}

/* An operator switches an account; the front end calls again from then on. */
static inline void set_status(struct harness *h, const struct person *person,
                              Identity__AccountStatus status)
{
    Identity__SetAccountStatusRequest request = IDENTITY__SET_ACCOUNT_STATUS_REQUEST__INIT;

    request.login_id = text(person->login_id);
    request.status = status;
    request.reason = text("Theo đề nghị của đơn vị");
    act_as_operator(h);
    (void)harness_call(h, "SetAccountStatus", &request.base, MC_OK);
    act_as_front(h);
}

/* A room whose tick leaves every account as a desk leaves it: with a temporary password. */
static inline enum mc_status make_temporary(void *ctx, struct mc_txn *txn)
{
    (void)identity_tick(ctx, txn);
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        IdentityState__Account *account = mc_row(&cursor, &identity_state__account__descriptor);
        assert_non_null(account);
        account->password_temporary = true;
        account->password_expires_at_ms = txn->now_ms + MINUTE_MS;
        mc_save(txn, IDENTITY_ACCOUNTS, cursor.key, &account->base);
    }
    return txn->status;
}
