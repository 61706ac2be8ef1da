/*
 * otp.sms: the temporary password goes to the citizen through the otp room's queue (OFF-31), in the
 * lane of transactions, with its text wiped there as here when it is over. The account's row of
 * `made` keeps the number of the message, so that the officer can see where it is (NOT-08).
 */
#include <string.h>

#include "officer.h"

static const char dedupe_prefix[] = "password:";

void identity_password_sms_ask(struct mc_txn *txn, struct mc_bytes account_id,
                               const IdentityState__Person *person, const IdentityState__Made *made,
                               const char *password)
{
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;
    const char *keys[] = {identity_key(txn, "account", account_id), NULL};
    char masked[MC_MASK_SIZE];

    mc_mask_identity(masked, sizeof masked, person->login_id);
    const char *args[] = {"login", masked, "password", password, NULL};
    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = person->phone;
    request.text = identity_text(txn, "SMS_ACCOUNT_PASSWORD", args);
    request.expires_at_ms = txn->now_ms + IDENTITY_PASSWORD_SMS_LIFE_MS;
    request.keys = mc_unconst(keys);
    request.n_keys = 1;
    request.dedupe = mc_sprintf(txn->arena, "%s%s:%u", dedupe_prefix,
                                identity_uuid(txn, account_id), made->password_sends);
    request.forget = true;
    request.unit_code = made->unit; /* bears the cost, and its officers may ask where it is */
    request.template_ = mc_unconst("ACCOUNT_PASSWORD");
    if (request.dedupe == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_CODE,
                              .kind = "otp.sms",
                              .payload = identity_pack(txn, &request.base),
                              .expires_ms = request.expires_at_ms,
                              .attempts_max = IDENTITY_PASSWORD_SMS_ATTEMPTS,
                              .backoff_ms = IDENTITY_CODE_BACKOFF_MS,
                              .backoff_max_ms = IDENTITY_PASSWORD_SMS_BACKOFF_MAX_MS,
                              .destination = "otp",
                              .keys = keys,
                              .forget = true,
                          });
}

/* password:<account>:<which>; without the last part in jobs of before it could be sent again. */
static struct mc_bytes account_of(struct mc_txn *txn, const char *dedupe)
{
    const char *uuid = dedupe + sizeof dedupe_prefix - 1;
    const char *copy = mc_sprintf(txn->arena, "%.*s", (int)strcspn(uuid, ":"), uuid);

    return identity_id_parse(txn, copy != NULL ? copy : "");
}

enum mc_status identity_password_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                          const ProtobufCMessage *payload,
                                          const struct mc_result *result,
                                          enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const Otp__EnqueueSmsRequest *request = (const void *)payload;
    const Otp__EnqueueSmsReply *reply = (const void *)result->reply;
    struct mc_bytes id = account_of(txn, request->dedupe);
    bool away = result->status == MC_BUSY || mc_is_fault(result->status);

    *ret_verdict = MC_DONE;
    if (result->status != MC_OK && away && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    IdentityState__Made *made = mc_load(txn, IDENTITY_MADE, id, &identity_state__made__descriptor);
    if (made == NULL)
        return txn->status;
    if (result->status == MC_OK && reply != NULL)
        made->sms_job = reply->job_id;
    else
        made->sms_code = mc_unconst("PASSWORD_SMS_FAILED");
    mc_save(txn, IDENTITY_MADE, id, &made->base);
    return txn->status;
}
