/*
 * mnp.check: asks the register of ported numbers which carrier a number is with now. It is asked
 * once: when it is away or does not know, the prefix's carrier is asked, who may send us on.
 *
 *     POST {"msisdn"}  ->  {"carrier_code": "viettel", "ported": true} or {"result": "NOT_FOUND"}
 */
#include <string.h>

#include "common/ident.h"

#include "lookup.h"

void identity_mnp_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup, int64_t expires_ms)
{
    identity_lookup_add(txn, "mnp.check", IDENTITY_LANE_CARRIER, "mnp", lookup,
                        identity_key(txn, "registration", mc_key_bytes(lookup->subject)),
                        expires_ms);
}

enum mc_status identity_mnp_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"msisdn", NULL};
    const struct identity *identity = ctx;

    return identity_lookup_post(identity, arena, identity->mnp_url,
                                (const IdentityState__Lookup *)(const void *)payload, fields,
                                ret_request);
}

/* Empty: it did not say, or named a carrier nobody knows. */
static const char *carrier_in(struct mc_txn *txn, const struct mc_result *result)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct mc_carrier carrier;

    if (result->outcome != MC_HTTP_ANSWERED || result->http_status != 200 ||
        mc_json_parse(result->body, &json) != MC_OK)
        return "";
    const char *code = mc_json_text(json, "carrier_code");
    if (code == NULL || !mc_carrier_find(code, &carrier))
        return "";
    const char *copy = mc_strdup(txn->arena, carrier.code);
    return copy != NULL ? copy : "";
}

enum mc_status identity_mnp_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const IdentityState__Lookup *lookup = (const void *)payload;
    const IdentityState__Registration *registration =
        identity_registration_load(txn, mc_key_bytes(lookup->subject));

    /* one that refuses us is an operator's matter; the person is not kept waiting for it */
    *ret_verdict =
        identity_lookup_may_repeat(result) || result->http_status == 404 ? MC_DONE : MC_BURY;
    if (registration == NULL ||
        registration->state != IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER)
        return txn->status;
    identity_carrier_ask(txn, lookup, carrier_in(txn, result), registration->expires_at_ms);
    return txn->status;
}
