/*
 * StartRegistration: the form of a method that another system vouches for (REG-13, REG-18, REG-27).
 * Every field is checked before anything is said; then that system is asked, and a code goes to the
 * phone only when it knows this person (REG-22, DEC-03).
 */
#include "common/ident.h"

#include "lookup.h"

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

    identity_method_form_check(identity, txn, req, person);
    identity_form_check(txn, &form, person);
    identity_consent_check(identity, txn, req->consent_version);
    return txn->status;
}

static void save(const struct identity *identity, struct mc_txn *txn,
                 const Identity__StartRegistrationRequest *req, const IdentityState__Person *person,
                 struct mc_bytes index, Identity__StartRegistrationReply *rep)
{
    IdentityState__Registration registration = IDENTITY_STATE__REGISTRATION__INIT;
    struct mc_bytes id = mc_new_id(txn);
    char masked[MC_MASK_SIZE];

    mc_mask_phone(masked, sizeof masked, person->phone);
    registration.subject_kind = (uint32_t)req->subject_kind;
    registration.method = req->method;
    registration.person = identity_person_seal(txn, person);
    registration.login_index = identity_data(index);
    registration.phone_masked = mc_strdup(txn->arena, masked);
    registration.consent_version = req->consent_version;
    if (txn->header->source[0] != '\0')
        registration.source = mc_unconst(mc_source(txn));
    registration.created_at_ms = txn->now_ms;
    registration.expires_at_ms = txn->now_ms + identity->registration_life_ms;
    if (registration.phone_masked == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    rep->state =
        identity_lookup_begin(identity, txn, id, req->method, person, registration.expires_at_ms);
    registration.state = (uint32_t)rep->state;
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration.base);
    rep->registration_id = identity_data(id);
    rep->phone_masked = registration.phone_masked;
}

enum mc_status identity_start_registration(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartRegistrationRequest *req,
                                           Identity__StartRegistrationReply *rep)
{
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    struct mc_bytes known;

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
    save(identity, txn, req, &person, index, rep);
    changed.state = rep->state;
    changed.consent_version = req->consent_version;
    identity_registration_emit(txn, "identity.registration_started",
                               mc_key_bytes(rep->registration_id), &changed);
    rep->notice = identity_phone_notice(txn, req->phone);
    return txn->status;
}
