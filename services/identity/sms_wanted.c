/*
 * sms.send: asks the otp room to send a text that is no code, and is wiped there as here when it is
 * over. The key is also what the text is sent once for, however often it is asked.
 */
#include "identity.h"

void identity_sms_ask(struct mc_txn *txn, const char *phone, const char *sms_text, const char *key,
                      int64_t expires_ms)
{
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;
    const char *keys[] = {key, NULL};

    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = mc_unconst(phone);
    request.text = mc_unconst(sms_text);
    request.expires_at_ms = expires_ms;
    request.keys = mc_unconst(keys);
    request.n_keys = 1;
    request.dedupe = mc_unconst(key);
    request.forget = true;
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_CODE,
                              .kind = "sms.send",
                              .payload = identity_pack(txn, &request.base),
                              .expires_ms = expires_ms,
                              .backoff_ms = IDENTITY_CODE_BACKOFF_MS,
                              .backoff_max_ms = IDENTITY_CODE_BACKOFF_MAX_MS,
                              .destination = "otp",
                              .keys = keys,
                              .forget = true,
                          });
}

enum mc_status identity_sms_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    (void)ctx;
    (void)arena;
    (void)job;
    *ret_call = (struct mc_room_call){
        .room = "otp",
        .service = &otp__otp__descriptor,
        .method = "EnqueueSms",
        .request = payload,
    };
    return MC_OK;
}

/* What the otp room refuses it will refuse again: an operator sees the dead letter. */
enum mc_status identity_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    (void)payload;
    bool away = result->status == MC_BUSY || mc_is_fault(result->status);

    *ret_verdict = result->status == MC_OK ? MC_DONE : away ? MC_RETRY : MC_BURY;
    return txn->status;
}
