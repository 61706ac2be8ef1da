/*
 * insurance.check: asks the social-insurance database whether the code is this person's (SYS-09,
 * REG-26, REG-30). Unknown codes and codes of others get the same words: nobody learns here whose
 * code a number is.
 *
 *     POST {"insurance_no", "full_name", "birth_date", "id_number"}
 */
#include "lookup.h"

static const struct identity_lookup_words words = {
    IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE,
    "INSURANCE_MISMATCH",
    "INSURANCE_UNAVAILABLE",
};

void identity_insurance_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                            int64_t expires_ms)
{
    identity_lookup_add(txn, "insurance.check", IDENTITY_LANE_INSURANCE, "bhxh", lookup,
                        identity_key(txn, "registration", mc_key_bytes(lookup->subject)),
                        expires_ms);
}

enum mc_status identity_insurance_request(void *ctx, struct mc_arena *arena,
                                          const struct mc_job *job, const ProtobufCMessage *payload,
                                          struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"insurance_no", "full_name", "birth_date", "id_number",
                                         NULL};
    const struct identity *identity = ctx;

    return identity_lookup_post(identity, arena, identity->insurance_url,
                                (const IdentityState__Lookup *)(const void *)payload, fields,
                                ret_request);
}

enum mc_status identity_insurance_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    (void)ctx;
    return identity_lookup_registration(txn, job, payload, result, &words, ret_verdict);
}
