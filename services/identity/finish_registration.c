/*
 * FinishRegistration: the subscriber is the owner and the code was right, so the person sets a
 * password and the account opens at IAL2 (REG-19, REG-22 to REG-24). A registration is spent by
 * it once; of two for one number the second is refused (REG-48). Who registers by a certificate
 * signs in with it and needs no password: his account has one that nobody knows.
 */
#include <string.h>

#include "account.h"
#include "lookup.h"
#include "password.h"

struct finish {
    IdentityState__Registration *registration;
    const IdentityState__Person *person;
    const char *field; /* what is wrong, or NULL: all is well */
    const char *code;
    enum mc_status status;
};

static bool wrong(struct finish *finish, enum mc_status status, const char *field, const char *code)
{
    finish->status = status;
    finish->field = field;
    finish->code = code;
    return false;
}

static bool check_state(struct finish *finish)
{
    if (finish->registration == NULL)
        return wrong(finish, MC_EXPIRED, "registration_id", "REGISTRATION_EXPIRED");
    switch ((Identity__RegistrationState)finish->registration->state) {
    case IDENTITY__REGISTRATION_STATE__AWAITING_CODE:
        return true;
    case IDENTITY__REGISTRATION_STATE__DONE:
        return wrong(finish, MC_EXPIRED, "registration_id", "REGISTRATION_SPENT");
    case IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER:
    case IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE:
    case IDENTITY__REGISTRATION_STATE__CHECKING_POST:
        return wrong(finish, MC_EXPIRED, "registration_id", "REGISTRATION_NOT_READY");
    case IDENTITY__REGISTRATION_STATE__REFUSED:
    case IDENTITY__REGISTRATION_STATE__REGISTRATION_STATE_UNSPECIFIED:
    case _IDENTITY__REGISTRATION_STATE_IS_INT_SIZE:
        break;
    }
    return wrong(finish, MC_EXPIRED, "registration_id", "REGISTRATION_REFUSED");
}

static bool needs_no_password(const IdentityState__Registration *registration,
                              const Identity__FinishRegistrationRequest *req)
{
    return registration->by_certificate && req->password[0] == '\0' &&
           req->password_again[0] == '\0';
}

/* What both the prepare step and the handler must find true; tells the first that is not. */
static bool check(struct identity *identity, struct mc_txn *txn,
                  const Identity__FinishRegistrationRequest *req, struct finish *finish)
{
    struct mc_bytes id = mc_key_bytes(req->registration_id);
    struct mc_bytes known;
    const char *code = NULL;

    finish->registration = identity_registration_load(txn, id);
    if (!check_state(finish))
        return false;
    finish->person = identity_person_open(txn, finish->registration->person);
    if (finish->person == NULL)
        return false;
    struct identity_claim claim = {OTP__PURPOSE__REGISTER, id, finish->person->phone};
    if (!identity_proof_holds(identity, txn, req->proof, &claim, &code))
        return wrong(finish, MC_DENIED, "proof", code);
    if (identity_account_find(txn, mc_key_bytes(finish->registration->login_index), &known))
        return wrong(finish, MC_CONFLICT, "registration_id", "ACCOUNT_EXISTS");
    for (size_t i = 0; i < finish->person->n_numbers; i++)
        if (identity_account_find(txn, identity_login_index(txn, finish->person->numbers[i]),
                                  &known))
            return wrong(finish, MC_CONFLICT, "registration_id", "ACCOUNT_EXISTS");

    if (needs_no_password(finish->registration, req))
        return true;
    const char *field = NULL;
    code = identity_password_check(finish->person, req->password, req->password_again, &field);
    if (code != NULL)
        return wrong(finish, MC_INVALID, field, code);
    return true;
}

/* The pool hashes only what has a chance: a hash costs more than all the rest of the call. */
enum mc_status identity_finish_registration_prepare(void *ctx, struct mc_txn *snapshot,
                                                    const ProtobufCMessage *req,
                                                    struct mc_work *ret_work)
{
    const Identity__FinishRegistrationRequest *finish_req = (const void *)req;
    struct finish finish = {0};

    ret_work->kind = MC_WORK_NONE;
    if (!check(ctx, snapshot, finish_req, &finish) ||
        needs_no_password(finish.registration, finish_req))
        return MC_OK;
    identity_password_prepare(ctx, finish.person, NULL, NULL, finish_req->password, ret_work);
    return MC_OK;
}

static void emit_opened(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes registration_id,
                        const IdentityState__Registration *registration,
                        const IdentityState__Person *person, uint32_t ial)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *keys[] = {identity_key(txn, "account", id),
                          identity_key(txn, "registration", registration_id), NULL};

    opened.account_id = identity_uuid(txn, id);
    opened.subject_kind = (Identity__SubjectKind)registration->subject_kind;
    opened.ial = ial;
    opened.full_name = person->full_name;
    opened.phone = person->phone;
    opened.email = person->email;
    opened.login_id = person->login_id;
    opened.birth_date = person->birth_date;
    opened.address = person->address;
    mc_emit(txn, "identity.account_opened", &opened.base, MC_SEALED, keys);
}

struct mc_bytes identity_registration_open(const struct identity *identity, struct mc_txn *txn,
                                           struct mc_bytes registration_id,
                                           IdentityState__Registration *registration,
                                           const IdentityState__Person *person, const char *hash,
                                           Identity__FinishRegistrationReply *rep)
{
    IdentityState__Account account = IDENTITY_STATE__ACCOUNT__INIT;
    const struct identity_method *method = identity_method_find(identity, registration->method);
    struct mc_bytes id = mc_new_id(txn);

    account.subject_kind = registration->subject_kind;
    account.ial = method != NULL ? method->ial : 0;
    account.method = registration->method;
    account.person = registration->person;
    account.login_index = registration->login_index;
    account.password_hash = mc_seal_text(txn, hash);
    account.consent_version = registration->consent_version;
    account.consent_at_ms = registration->created_at_ms;
    identity_account_open(txn, id, &account);
    for (size_t i = 0; i < person->n_numbers; i++)
        mc_put(txn, IDENTITY_LOGIN_INDEX, identity_login_index(txn, person->numbers[i]), id);
    registration->state = IDENTITY__REGISTRATION_STATE__DONE;
    mc_save(txn, IDENTITY_REGISTRATIONS, registration_id, &registration->base);
    emit_opened(txn, id, registration_id, registration, person, account.ial);

    rep->account_id = identity_uuid(txn, id);
    rep->ial = account.ial;
    rep->message = identity_text(txn, "REGISTRATION_DONE", NULL);
    return id;
}

enum mc_status identity_finish_registration(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FinishRegistrationRequest *req,
                                            Identity__FinishRegistrationReply *rep)
{
    struct mc_bytes registration_id = mc_key_bytes(req->registration_id);
    struct finish finish = {0};
    const char *hash = mc_password_dummy_hash;

    if (!check(identity, txn, req, &finish))
        return finish.field == NULL
                   ? txn->status
                   : mc_refuse(txn, finish.status, finish.field, finish.code, NULL);
    if (!needs_no_password(finish.registration, req)) {
        if (!identity_password_made(txn, MC_WORK_HASH))
            return txn->status;
        hash = txn->work->hash;
    }
    struct mc_bytes id = identity_registration_open(identity, txn, registration_id,
                                                    finish.registration, finish.person, hash, rep);
    if (!finish.registration->by_certificate) /* its authority has looked at the person's papers */
        identity_population_ask(identity, txn, id, finish.person);
    return txn->status;
}
