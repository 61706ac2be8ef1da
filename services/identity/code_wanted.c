/*
 * otp.issue: asks the otp room to send a code. The subject is the registration's or the sign-in's
 * own id, so that asking twice makes one live code and the front end can verify it there itself.
 */
#include "account.h"

enum { MINUTE_MS = 60000 };

/* Whose budgets the code is charged to: the person's, the officer's and the unit's, the place's. */
static void charge(struct mc_txn *txn, const IdentityState__Person *person, const char *source,
                   Otp__IssueRequest *request)
{
    struct mc_bytes blind = mc_blind(txn, "otp.identity", person->login_id);
    char *hex = mc_alloc(txn->arena, 2 * blind.len + 1);

    if (hex == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    (void)mc_hex(hex, blind);
    request->identity = hex;
    request->source = mc_unconst(source);
    if ((txn->caller->who & MC_OFFICER) == 0)
        return;
    request->officer = mc_unconst(txn->caller->account_id);
    if (txn->caller->unit != NULL)
        request->unit_code = mc_unconst(txn->caller->unit);
}

void identity_code_ask(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                       const IdentityState__Person *person, const char *key, int64_t expires_ms)
{
    const char *source = txn->header->source[0] != '\0' ? mc_source(txn) : "";

    identity_code_ask_from(txn, purpose, subject, person, key, expires_ms, source);
}

void identity_code_ask_from(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                            const IdentityState__Person *person, const char *key,
                            int64_t expires_ms, const char *source)
{
    identity_code_want(txn, &(struct identity_code){.purpose = purpose,
                                                    .subject = subject,
                                                    .person = person,
                                                    .unit = "",
                                                    .key = key,
                                                    .expires_ms = expires_ms,
                                                    .source = source});
}

void identity_code_ask_nobody(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                              const IdentityState__Person *person, const char *key,
                              int64_t expires_ms)
{
    const char *source = txn->header->source[0] != '\0' ? mc_source(txn) : "";

    identity_code_want(txn, &(struct identity_code){.purpose = purpose,
                                                    .subject = subject,
                                                    .person = person,
                                                    .unit = "",
                                                    .key = key,
                                                    .expires_ms = expires_ms,
                                                    .source = source,
                                                    .decoy = true});
}

void identity_code_want(struct mc_txn *txn, const struct identity_code *code)
{
    Otp__IssueRequest request = OTP__ISSUE_REQUEST__INIT;
    const char *keys[] = {code->key, NULL};

    request.purpose = code->purpose;
    request.subject = identity_data(code->subject);
    request.phone = code->person->phone;
    request.unit = mc_unconst(code->unit);
    request.keys = mc_unconst(keys);
    request.n_keys = 1;
    request.decoy = code->decoy;
    charge(txn, code->person, code->source, &request);
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_CODE,
                              .kind = "otp.issue",
                              .payload = identity_pack(txn, &request.base),
                              .expires_ms = code->expires_ms,
                              .attempts_max = IDENTITY_CODE_ATTEMPTS,
                              .backoff_ms = IDENTITY_CODE_BACKOFF_MS,
                              .backoff_max_ms = IDENTITY_CODE_BACKOFF_MAX_MS,
                              .destination = "otp",
                              .keys = keys,
                              .forget = true,
                          });
}

enum mc_status identity_code_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    (void)ctx;
    (void)arena;
    (void)job;
    *ret_call = (struct mc_room_call){
        .room = "otp",
        .service = &otp__otp__descriptor,
        .method = "Issue",
        .request = payload,
    };
    return MC_OK;
}

/* At a desk the officer reads why, and may ask again (OTP-12). */
static void tell_desk(struct mc_txn *txn, struct mc_bytes id, const char *code, int64_t until_ms)
{
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    if (registration == NULL || registration->state != IDENTITY__REGISTRATION_STATE__AWAITING_CODE)
        return;
    registration->code = mc_unconst(code);
    registration->code_until_ms = until_ms;
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
}

/* The person cannot go on: a registration says so, and a sign-in (GetLogin). */
static void give_up(struct mc_txn *txn, const Otp__IssueRequest *request, const char *code,
                    int64_t until_ms)
{
    struct mc_bytes id = mc_key_bytes(request->subject);

    if (request->purpose == OTP__PURPOSE__OFFICER_CREATE) {
        tell_desk(txn, id, code, until_ms);
        return;
    }
    if (request->purpose == OTP__PURPOSE__REGISTER) {
        IdentityState__Registration *registration = identity_registration_load(txn, id);
        if (registration != NULL &&
            registration->state == IDENTITY__REGISTRATION_STATE__AWAITING_CODE) {
            registration->code_until_ms = until_ms;
            identity_registration_refuse(txn, id, registration, code, NULL);
        }
        return;
    }
    if (request->purpose == OTP__PURPOSE__PHONE_CHANGE ||
        request->purpose == OTP__PURPOSE__ACCOUNT_CLOSE) {
        identity_step_fail(txn, id, code, until_ms);
        return;
    }
    IdentityState__Login *login = identity_login_load(txn, request->subject);
    if (login == NULL)
        return;
    Identity__LoginChanged changed = IDENTITY__LOGIN_CHANGED__INIT;
    struct mc_bytes account = mc_key_bytes(login->account);
    const char *keys[] = {identity_key(txn, "login", id), identity_key(txn, "account", account),
                          NULL};
    changed.account_id = identity_uuid(txn, account);
    changed.code = mc_unconst(code);
    login->code = mc_unconst(code);
    login->code_until_ms = until_ms;
    mc_save(txn, IDENTITY_LOGINS, id, &login->base);
    mc_emit(txn, "identity.login_refused", &changed.base, MC_PLAIN, keys);
}

char *identity_code_text(struct mc_txn *txn, const char *code, const char *carrier,
                         int64_t until_ms)
{
    int64_t left_ms = until_ms - txn->now_ms;
    const char *minutes =
        mc_sprintf(txn->arena, "%lld", (long long)MC_MAX((left_ms + MINUTE_MS - 1) / MINUTE_MS, 1));
    const char *args[] = {"minutes", minutes, "carrier", carrier, NULL};

    if (minutes == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    return identity_text(txn, code, args);
}

enum mc_status identity_code_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const Otp__IssueRequest *request = (const void *)payload;
    bool away = result->status == MC_BUSY || mc_is_fault(result->status);

    *ret_verdict = MC_DONE;
    if (result->status == MC_OK)
        return txn->status;
    if (away && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    /* What the otp room refused (a budget is used up) it will refuse again. */
    bool told = !away && result->code != NULL && result->code[0] != '\0';
    int64_t until_ms = result->retry_after_ms > 0 ? txn->now_ms + result->retry_after_ms : 0;
    give_up(txn, request, told ? result->code : "OTP_UNAVAILABLE", until_ms);
    return txn->status;
}
