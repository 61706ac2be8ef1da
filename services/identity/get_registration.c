/* GetRegistration: what a waiting screen shows, and what support is told it waits for. */
#include "common/date.h"

#include "lookup.h"

struct wait {
    uint32_t state;
    const char *code;   /* what it waits for */
    const char *system; /* who is away; the carrier is named beside it */
};
static const struct wait waits[] = {
    {IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER, "WAITS_FOR_CARRIER", "nhà mạng"},
    {IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE, "WAITS_FOR_INSURANCE",
     "cơ quan Bảo hiểm xã hội"},
    {IDENTITY__REGISTRATION_STATE__CHECKING_POST, "WAITS_FOR_POST", "Bưu điện Việt Nam"},
    {IDENTITY__REGISTRATION_STATE__AWAITING_CODE, "WAITS_FOR_CODE", ""},
};

/* A system that is away for hours: the person learns that nothing is lost and until when. */
static char *waits_for_system(struct mc_txn *txn, const struct wait *wait,
                              const IdentityState__Registration *registration)
{
    char until[MC_DATETIME_SIZE];
    const char *named = registration->carrier[0] != '\0'
                            ? mc_sprintf(txn->arena, "%s %s", wait->system, registration->carrier)
                            : wait->system;
    const char *tries = mc_sprintf(txn->arena, "%u", registration->tries);

    mc_time_format(until, sizeof until, registration->expires_at_ms);
    if (named == NULL || tries == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    const char *args[] = {"system", named, "tries", tries, "until", until, NULL};
    return identity_text(txn, "WAITS_FOR_SYSTEM", args);
}

static char *waits_for(struct mc_txn *txn, const IdentityState__Registration *registration)
{
    for (size_t i = 0; i < MC_LEN(waits); i++) {
        if (waits[i].state != registration->state)
            continue;
        return registration->tries > 0 && identity_registration_is_checking(registration)
                   ? waits_for_system(txn, &waits[i], registration)
                   : identity_text(txn, waits[i].code, NULL);
    }
    return mc_unconst("");
}

enum mc_status identity_get_registration(struct identity *identity, struct mc_txn *txn,
                                         const Identity__GetRegistrationRequest *req,
                                         Identity__Registration *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->registration_id);
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    if (registration == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "registration_id", "REGISTRATION_EXPIRED", NULL);

    rep->registration_id = req->registration_id;
    rep->state = (Identity__RegistrationState)registration->state;
    rep->phone_masked = registration->phone_masked;
    rep->expires_at_ms = registration->expires_at_ms;
    rep->waits_for = waits_for(txn, registration);
    if (registration->state == IDENTITY__REGISTRATION_STATE__REFUSED) {
        rep->code = registration->code;
        rep->message = identity_code_text(txn, registration->code, registration->carrier,
                                          registration->code_until_ms);
    }
    return txn->status;
}
