/*
 * RegisterByCertificate: the holder has seen what his certificate says and agrees (REG-35, REG-38,
 * REG-41). Without a phone the account opens at once, at IAL3 and with no password; a SIM's own
 * phone is proved by its PIN. Another phone is proved by a code first, and FinishRegistration opens
 * the account, with a password or without.
 */
#include <string.h>

#include "common/ident.h"
#include "common/password.h"

#include "signing.h"

static void check_phone(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    struct mc_phone phone;

    if (text[0] == '\0')
        return;
    enum mc_why why = mc_phone_parse(text, &phone);
    if (why != MC_WHY_OK) {
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(why), NULL);
        return;
    }
    person->phone = mc_strdup(txn->arena, phone.number);
    if (person->phone == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}

/* REG-38, REG-41: the e-mail is the one thing that is filled in. */
static void check_form(const struct identity *identity, struct mc_txn *txn,
                       const Identity__RegisterByCertificateRequest *req,
                       IdentityState__Person *person)
{
    if (req->email[0] != '\0') {
        enum mc_why why = mc_email_check(req->email);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, "email", mc_why_code(why), NULL);
        person->email = req->email;
    }
    check_phone(txn, req->phone, person);
    identity_consent_check(identity, txn, req->consent_version);
}

static void take_holder(const IdentityState__Holder *holder, IdentityState__Person *person)
{
    person->login_id = holder->login_id;
    person->full_name = holder->name;
    person->numbers = holder->numbers;
    person->n_numbers = holder->n_numbers;
    person->tax_code = holder->tax_code;
    if (holder->phone[0] != '\0')
        person->phone = holder->phone;
}

static IdentityState__Registration registration_of(const struct identity *identity,
                                                   struct mc_txn *txn,
                                                   const IdentityState__Signing *signing,
                                                   const IdentityState__Person *person,
                                                   const char *consent_version)
{
    IdentityState__Registration registration = IDENTITY_STATE__REGISTRATION__INIT;
    char masked[MC_MASK_SIZE] = "";

    if (person->phone[0] != '\0')
        mc_mask_phone(masked, sizeof masked, person->phone);
    registration.state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    registration.subject_kind = signing->subject_kind;
    registration.method = signing->method;
    registration.person = identity_person_seal(txn, person);
    registration.login_index = identity_data(identity_login_index(txn, person->login_id));
    registration.phone_masked = mc_strdup(txn->arena, masked);
    registration.consent_version = mc_unconst(consent_version);
    registration.created_at_ms = txn->now_ms;
    registration.expires_at_ms = txn->now_ms + identity->registration_life_ms;
    registration.by_certificate = true;
    if (registration.phone_masked == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return registration;
}

static void ask_code(struct mc_txn *txn, struct mc_bytes id,
                     const IdentityState__Registration *registration,
                     const IdentityState__Person *person)
{
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;

    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
    identity_code_ask(txn, OTP__PURPOSE__REGISTER, id, person,
                      identity_key(txn, "registration", id), registration->expires_at_ms);
    changed.state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    changed.consent_version = registration->consent_version;
    identity_registration_emit(txn, "identity.registration_started", id, &changed);
}

enum mc_status identity_register_by_certificate(struct identity *identity, struct mc_txn *txn,
                                                const Identity__RegisterByCertificateRequest *req,
                                                Identity__RegisterByCertificateReply *rep)
{
    struct mc_bytes signing_id = mc_key_bytes(req->signing_id);
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    Identity__FinishRegistrationReply opened = IDENTITY__FINISH_REGISTRATION_REPLY__INIT;
    IdentityState__Holder *holder = NULL;
    struct mc_bytes known = {0};

    IdentityState__Signing *signing = identity_signing_accepted(
        txn, signing_id, IDENTITY__SIGNING_PURPOSE__SIGN_REGISTER, &holder);
    if (signing == NULL)
        return txn->status;
    check_form(identity, txn, req, &person);
    if (txn->status != MC_OK)
        return txn->status;
    if (identity_holder_account(txn, holder, &known)) /* REG-48 */
        return mc_refuse(txn, MC_CONFLICT, "signing_id", "ACCOUNT_EXISTS", NULL);

    bool code = person.phone[0] != '\0' && holder->phone[0] == '\0';
    take_holder(holder, &person);
    struct mc_bytes id = mc_new_id(txn);
    IdentityState__Registration registration =
        registration_of(identity, txn, signing, &person, req->consent_version);
    if (txn->status != MC_OK)
        return txn->status;
    if (code)
        ask_code(txn, id, &registration, &person);
    else
        known = identity_registration_open(identity, txn, id, &registration, &person,
                                           mc_password_dummy_hash, &opened);
    identity_signing_spend(txn, signing_id, signing, known);
    rep->registration_id = identity_data(id);
    rep->state = (Identity__RegistrationState)registration.state;
    rep->phone_masked = registration.phone_masked;
    rep->account_id = opened.account_id;
    rep->ial = opened.ial;
    rep->message = opened.message;
    return txn->status;
}
