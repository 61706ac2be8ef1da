/*
 * SendCitizenCode: [Gửi mã OTP] (OFF-30): the citizen has read the printed form and agreed. The
 * code names the unit in its text; asking again makes a new one, and only the newest counts.
 * The otp room keeps the officer's and the unit's budgets; what it refuses GetCitizenAccount tells.
 */
#include "officer.h"

enum mc_status identity_send_citizen_code(struct identity *identity, struct mc_txn *txn,
                                          const Identity__SendCitizenCodeRequest *req,
                                          Identity__SendCitizenCodeReply *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->registration_id);
    struct identity_desk desk;
    IdentityState__Registration *registration = identity_desk_request(txn, id, &desk);

    if (registration == NULL)
        return txn->status;
    if (registration->state != IDENTITY__REGISTRATION_STATE__AWAITING_CODE)
        return mc_refuse(txn, MC_EXPIRED, "registration_id",
                         identity_registration_why(registration), NULL);
    const IdentityState__Person *person = identity_person_open(txn, registration->person);
    if (person == NULL)
        return txn->status;
    registration->code = mc_unconst(""); /* why the last one did not go */
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
    identity_code_want(txn, &(struct identity_code){
                                .purpose = OTP__PURPOSE__OFFICER_CREATE,
                                .subject = id,
                                .person = person,
                                .unit = desk.agency->name,
                                .key = identity_key(txn, "registration", id),
                                .expires_ms = registration->expires_at_ms,
                                .source = txn->header->source[0] != '\0' ? mc_source(txn) : "",
                            });
    rep->phone_masked = registration->phone_masked;
    rep->message = identity_text(txn, "OTP_OFFICER_PROMPT", NULL);
    return txn->status;
}
