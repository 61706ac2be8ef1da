/*
 * post.check: asks Vietnam Post whether the account is this person's and whether somebody there has
 * seen the person and the papers (SYS-14, REG-04). The post vouches for who it is; the account it
 * makes here never holds an officer's rights (REG-09).
 *
 *     POST {"post_account", "full_name", "birth_date", "id_number"}
 */
#include "lookup.h"

static const struct identity_lookup_words words = {
    IDENTITY__REGISTRATION_STATE__CHECKING_POST,
    "POST_MISMATCH",
    "POST_UNAVAILABLE",
};

void identity_post_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup, int64_t expires_ms)
{
    identity_lookup_add(txn, "post.check", IDENTITY_LANE_POST, "vnpost", lookup,
                        identity_key(txn, "registration", mc_key_bytes(lookup->subject)),
                        expires_ms);
}

enum mc_status identity_post_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"post_account", "full_name", "birth_date", "id_number",
                                         NULL};
    const struct identity *identity = ctx;

    return identity_lookup_post(identity, arena, identity->post_url,
                                (const IdentityState__Lookup *)(const void *)payload, fields,
                                ret_request);
}

enum mc_status identity_post_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict)
{
    (void)ctx;
    return identity_lookup_registration(txn, job, payload, result, &words, ret_verdict);
}
