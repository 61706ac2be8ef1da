/*
 * insurance.find: asks the social insurance for a person's code, and sends it to the phone the
 * insurer knows (REG-29). Nothing is sent, and nobody told, when it knows no such person.
 *
 *     POST {"id_number", "full_name", "birth_date"}
 *     {"result": "FOUND", "insurance_no": "1299000017", "phone": "84912000101"} or NOT_FOUND
 */
#include <string.h>

#include "common/ident.h"

#include "lookup.h"

void identity_insurance_find_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                                 const char *key)
{
    identity_lookup_add(txn, "insurance.find", IDENTITY_LANE_INSURANCE, "bhxh", lookup, key,
                        txn->now_ms + IDENTITY_FIND_LIFE_MS);
}

enum mc_status identity_insurance_find_request(void *ctx, struct mc_arena *arena,
                                               const struct mc_job *job,
                                               const ProtobufCMessage *payload,
                                               struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"id_number", "full_name", "birth_date", NULL};
    const struct identity *identity = ctx;

    return identity_lookup_post(identity, arena, identity->insurance_find_url,
                                (const IdentityState__Lookup *)(const void *)payload, fields,
                                ret_request);
}

enum found { FOUND, NOBODY, UNREADABLE };

static enum found read_answer(struct mc_bytes body, char *code, size_t size, struct mc_phone *phone)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (mc_json_parse(body, &json) != MC_OK)
        return UNREADABLE;
    const char *result = mc_json_text(json, "result");
    if (result != NULL && strcmp(result, "NOT_FOUND") == 0)
        return NOBODY;
    const char *number = mc_json_text(json, "insurance_no");
    const char *msisdn = mc_json_text(json, "phone");
    if (result == NULL || strcmp(result, "FOUND") != 0 || number == NULL || msisdn == NULL ||
        mc_insurance_parse(number, true, code, size) != MC_WHY_OK)
        return UNREADABLE;
    return mc_phone_parse(msisdn, phone) == MC_WHY_OK ? FOUND : NOBODY; /* nowhere to send it */
}

static void send(struct mc_txn *txn, struct mc_bytes id, const char *code,
                 const struct mc_phone *phone)
{
    Identity__InsuranceCodeFound found = IDENTITY__INSURANCE_CODE_FOUND__INIT;
    const char *keys[] = {identity_key(txn, "find", id), NULL};
    const char *args[] = {"code", code, NULL};
    char masked[MC_MASK_SIZE];

    mc_mask_phone(masked, sizeof masked, phone->number);
    found.find_id = identity_data(id);
    found.phone_masked = masked;
    identity_sms_ask(txn, phone->number, identity_text(txn, "INSURANCE_FIND_SMS", args), keys[0],
                     txn->now_ms + IDENTITY_FIND_LIFE_MS);
    mc_emit(txn, "identity.insurance_code_found", &found.base, MC_PLAIN, keys);
}

enum mc_status identity_insurance_find_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                            const ProtobufCMessage *payload,
                                            const struct mc_result *result,
                                            enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const IdentityState__Lookup *lookup = (const void *)payload;
    char code[MC_INSURANCE_SIZE];
    struct mc_phone phone;
    enum found found = UNREADABLE;

    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == 200)
        found = read_answer(result->body, code, sizeof code, &phone);
    if (found == FOUND)
        send(txn, mc_key_bytes(lookup->subject), code, &phone);
    *ret_verdict = found != UNREADABLE                  ? MC_DONE
                   : identity_lookup_may_repeat(result) ? MC_RETRY
                                                        : MC_BURY;
    return txn->status;
}
