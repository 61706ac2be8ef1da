/* What the steps of a registration share. */
#include "lookup.h"

/* NULL when there is none, or its time is over: the tick may not have come by yet. */
IdentityState__Registration *identity_registration_load(struct mc_txn *txn, struct mc_bytes id)
{
    if (id.len != MC_ID_LEN)
        return NULL;
    IdentityState__Registration *registration =
        mc_load(txn, IDENTITY_REGISTRATIONS, id, &identity_state__registration__descriptor);
    if (registration == NULL || registration->expires_at_ms <= txn->now_ms)
        return NULL;
    return registration;
}

void identity_registration_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                                Identity__RegistrationChanged *changed)
{
    const char *keys[] = {identity_key(txn, "registration", id), NULL};

    changed->registration_id = identity_data(id);
    mc_emit(txn, type, &changed->base, MC_PLAIN, keys);
}

/* REG-20, S02: the event names the fields that differ and never what they hold. */
void identity_registration_refuse(struct mc_txn *txn, struct mc_bytes id,
                                  IdentityState__Registration *registration, const char *code,
                                  const struct identity_answer *answer)
{
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;

    registration->state = IDENTITY__REGISTRATION_STATE__REFUSED;
    registration->code = mc_unconst(code);
    if (answer != NULL) {
        registration->carrier = answer->system;
        changed.fields = mc_unconst(answer->fields);
        changed.n_fields = answer->fields_len;
    }
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);

    changed.state = IDENTITY__REGISTRATION_STATE__REFUSED;
    changed.code = mc_unconst(code);
    identity_registration_emit(txn, "identity.registration_refused", id, &changed);
}

const char *identity_registration_why(const IdentityState__Registration *registration)
{
    if (registration->state == IDENTITY__REGISTRATION_STATE__DONE)
        return "REGISTRATION_SPENT";
    if (registration->state == IDENTITY__REGISTRATION_STATE__AWAITING_CODE ||
        identity_registration_is_checking(registration))
        return "REGISTRATION_NOT_READY";
    return "REGISTRATION_REFUSED";
}
