/*
 * StartRegistration: the form of REG-13 for the mobile subscription method. Every field is
 * checked before anything is said; then the carrier is asked who owns the number, and a code
 * goes to the phone only when the owner is this person (REG-22, DEC-03).
 */
#include <string.h>

#include "common/ident.h"

#include "identity.h"

static void require(struct mc_txn *txn, const char *field, const char *label)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", label, NULL);
}

/* REG-15: what is marked * must be there; REG-05: which methods are open is a table. */
static void check_method(const struct identity *identity, struct mc_txn *txn,
                         const Identity__StartRegistrationRequest *req)
{
    if (req->subject_kind == IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        require(txn, "subject_kind", "đối tượng đăng ký");
    if (req->method[0] == '\0')
        require(txn, "method", "phương thức đăng ký");
    else if (strcmp(req->method, IDENTITY_DESK_METHOD) == 0) /* OFF-18: in person, by an officer */
        (void)mc_refuse(txn, MC_INVALID, "method", "METHOD_AT_DESK", NULL);
    else if (req->subject_kind != IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        (void)identity_method_check(identity, txn, req->method, (unsigned)req->subject_kind);
}

static enum mc_status check(const struct identity *identity, struct mc_txn *txn,
                            const Identity__StartRegistrationRequest *req,
                            IdentityState__Person *person)
{
    const struct identity_form form = {
        .login_id = req->login_id,
        .full_name = req->full_name,
        .birth_date = req->birth_date,
        .phone = req->phone,
        .email = req->email,
    };

    check_method(identity, txn, req);
    identity_form_check(txn, &form, person);
    identity_consent_check(identity, txn, req->consent_version);
    return txn->status;
}

enum mc_status identity_start_registration(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartRegistrationRequest *req,
                                           Identity__StartRegistrationReply *rep)
{
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    IdentityState__Registration registration = IDENTITY_STATE__REGISTRATION__INIT;
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    struct mc_bytes known;
    char masked[MC_MASK_SIZE];

    if (check(identity, txn, req, &person) != MC_OK)
        return txn->status;

    struct mc_bytes index = identity_login_index(txn, person.login_id);
    struct identity_failures failures;
    identity_failures_look(identity, txn, index, &failures);
    if (!identity_captcha_holds(identity, txn, person.login_id, req->captcha, failures.level))
        return txn->status;
    if (identity_account_find(txn, index, &known)) /* REG-48 */
        return mc_refuse(txn, MC_CONFLICT, "login_id", "ACCOUNT_EXISTS", NULL);

    if (identity_starts_count(identity, txn, &person) != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    mc_mask_phone(masked, sizeof masked, person.phone);
    registration.state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    registration.subject_kind = (uint32_t)req->subject_kind;
    registration.method = req->method;
    registration.person = identity_person_seal(txn, &person);
    registration.login_index = identity_data(index);
    registration.phone_masked = mc_strdup(txn->arena, masked);
    registration.consent_version = req->consent_version;
    if (txn->header->source[0] != '\0')
        registration.source = mc_unconst(mc_source(txn));
    registration.created_at_ms = txn->now_ms;
    registration.expires_at_ms = txn->now_ms + identity->registration_life_ms;
    if (registration.phone_masked == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration.base);
    identity_carrier_ask(txn, id, &person, registration.expires_at_ms);

    changed.state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    changed.consent_version = req->consent_version;
    identity_registration_emit(txn, "identity.registration_started", id, &changed);

    rep->registration_id = identity_data(id);
    rep->state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    rep->phone_masked = registration.phone_masked;
    return txn->status;
}
