/*
 * Delivery: what becomes of a message after a gateway got it.
 *
 * A row in messages is written when a carrier took the message or it was given up; before that
 * the job itself says where it is. Reports come late, twice, in any order, or for what nobody
 * knows: a state only moves on, and DELIVERED, FAILED and EXPIRED are final.
 */
#include <endian.h>
#include <string.h>

#include "common/unpack.h"

#include "otp.h"

OtpState__Message *otp_message_load(struct mc_txn *txn, uint64_t job_id)
{
    return mc_load(txn, OTP_MESSAGES, mc_key_u64(txn, job_id), &otp_state__message__descriptor);
}

static bool is_final(Otp__DeliveryState state)
{
    return state == OTP__DELIVERY_STATE__DELIVERED || state == OTP__DELIVERY_STATE__FAILED ||
           state == OTP__DELIVERY_STATE__EXPIRED;
}

static const char *event_of(Otp__DeliveryState state)
{
    if (state == OTP__DELIVERY_STATE__DELIVERED)
        return "otp.sms_delivered";
    if (state == OTP__DELIVERY_STATE__FAILED)
        return "otp.sms_failed";
    return state == OTP__DELIVERY_STATE__EXPIRED ? "otp.sms_expired" : "otp.sms_sent";
}

const char *const *otp_message_keys(struct mc_txn *txn, uint64_t job_id, const char *const *keys,
                                    size_t len)
{
    static const char *const none[] = {NULL};
    const char **all = mc_alloc(txn->arena, (len + 2) * sizeof *all);
    const char *message = mc_sprintf(txn->arena, "message:%llu", (unsigned long long)job_id);

    if (all == NULL || message == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return none;
    }
    for (size_t i = 0; i < len; i++)
        all[i] = keys[i];
    all[len] = message;
    return all;
}

static void tell(struct mc_txn *txn, uint64_t job_id, const struct otp_change *change)
{
    Otp__SmsChanged changed = OTP__SMS_CHANGED__INIT;
    const char *const *keys =
        otp_message_keys(txn, job_id, (const char *const *)change->keys, change->keys_len);

    changed.job_id = job_id;
    changed.lane = (Otp__Lane)((job_id >> 56) + OTP__LANE__OTP);
    changed.state = change->state;
    changed.phone_masked = mc_unconst(change->phone_masked);
    changed.reason = mc_unconst(change->reason);
    changed.gateway = mc_unconst(change->gateway);
    mc_emit(txn, event_of(change->state), &changed.base, MC_PLAIN, keys);
}

static void message_change(struct mc_txn *txn, uint64_t job_id, const struct otp_change *change)
{
    OtpState__Message message = OTP_STATE__MESSAGE__INIT;

    message.state = (uint32_t)change->state;
    message.phone_masked = mc_unconst(change->phone_masked);
    message.reason = mc_unconst(change->reason);
    message.gateway = mc_unconst(change->gateway);
    message.provider_reference = mc_unconst(change->provider_reference);
    message.unit_code = mc_unconst(change->unit_code);
    message.changed_at_ms = txn->now_ms;
    message.keys = change->keys;
    message.n_keys = change->keys_len;
    mc_save(txn, OTP_MESSAGES, mc_key_u64(txn, job_id), &message.base);
    tell(txn, job_id, change);
}

const OtpState__Sms *otp_job_sms(struct mc_txn *txn, struct mc_job *job)
{
    mc_job_open(txn, job);
    const OtpState__Sms *sms =
        mc_unpack_message(txn->arena, &otp_state__sms__descriptor, job->payload);

    if (sms == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "an SMS that does not open");
    return sms;
}

struct mc_bytes otp_note_make(struct mc_txn *txn, const OtpState__Sms *sms)
{
    OtpState__Note note = OTP_STATE__NOTE__INIT;

    note.phone_masked = otp_phone_masked(txn, sms->phone);
    note.unit_code = sms->unit_code;
    note.parts = sms->parts;
    return otp_pack(txn, &note.base);
}

const OtpState__Note *otp_job_note(struct mc_txn *txn, const struct mc_job *job)
{
    const OtpState__Note *note = mc_unpack_message(txn->arena, &otp_state__note__descriptor,
                                                   mc_key_bytes(job->record->note));

    if (note == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "an SMS without its note");
    return note;
}

static struct otp_change change_of(const struct mc_job *job, const OtpState__Note *note,
                                   Otp__DeliveryState state, const char *reason)
{
    return (struct otp_change){
        .state = state,
        .phone_masked = note != NULL ? note->phone_masked : mc_unconst(""),
        .reason = reason,
        .gateway = job->record->leased_by,
        .provider_reference = "",
        .unit_code = note != NULL ? note->unit_code : mc_unconst(""),
        .keys = job->record->keys,
        .keys_len = job->record->n_keys,
    };
}

void otp_job_ended(struct mc_txn *txn, const struct mc_job *job, const OtpState__Note *note,
                   Otp__DeliveryState state, const char *reason, const char *provider_reference)
{
    if (otp_message_load(txn, job->record->id) != NULL || txn->status != MC_OK)
        return;
    struct otp_change change = change_of(job, note, state, reason);
    change.provider_reference = provider_reference;
    message_change(txn, job->record->id, &change);
}

void otp_job_put_away(struct mc_txn *txn, const struct mc_job *job)
{
    bool expired = strcmp(job->spent, "EXPIRED") == 0;

    otp_job_ended(txn, job, otp_job_note(txn, job),
                  expired ? OTP__DELIVERY_STATE__EXPIRED : OTP__DELIVERY_STATE__FAILED, job->spent,
                  "");
    mc_job_bury(txn, job, job->spent);
}

struct mc_job *otp_job_held(struct mc_txn *txn, ProtobufCBinaryData token)
{
    return txn->status == MC_OK ? mc_job_held(txn, mc_key_bytes(token), txn->caller->name) : NULL;
}

Otp__JobResult **otp_results(struct mc_txn *txn, size_t n)
{
    Otp__JobResult **list = mc_alloc(txn->arena, (n + 1) * sizeof(void *));
    Otp__JobResult *results = mc_alloc(txn->arena, (n + 1) * sizeof *results);

    if (list == NULL || results == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        otp__job_result__init(&results[i]);
        list[i] = &results[i];
    }
    return list;
}

/* References are the job's id in sixteen hex digits. */
char *otp_reference(struct mc_txn *txn, uint64_t job_id)
{
    char *reference = mc_alloc(txn->arena, OTP_REFERENCE_LEN + 1);
    uint64_t big = htobe64(job_id);

    if (reference == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return mc_unconst("");
    }
    (void)mc_hex(reference, (struct mc_bytes){&big, sizeof big});
    return reference;
}

void otp_reference_sign(const struct mc_txn *txn, const char *reference,
                        char signature[OTP_SIGNATURE_LEN + 1])
{
    const struct mc_bytes part = mc_key_text(reference);
    uint8_t mac[MC_HASH_LEN];

    mc_mac(mac, txn->secrets->mac, "otp.report", &part, 1);
    (void)mc_hex(signature, (struct mc_bytes){mac, OTP_SIGNATURE_LEN / 2});
}

static bool parse_reference(const char *reference, uint64_t *ret_id)
{
    uint64_t big = 0;

    if (strlen(reference) != OTP_REFERENCE_LEN ||
        !mc_unhex(&big, sizeof big, mc_key_text(reference)))
        return false;
    *ret_id = be64toh(big);
    return *ret_id >> 56 < OTP_LANES_LEN;
}

/* Arrived, and about to be tried again: that would be a second copy. */
static void call_off(struct mc_txn *txn, const struct mc_job *job, const OtpState__Note *note)
{
    struct otp_costs costs = {0};

    if (note != NULL)
        otp_cost_add(txn, &costs, job->record->id, note); /* nobody will acknowledge it any more */
    otp_costs_save(txn, &costs);
    mc_job_cancel(txn, job->record->id);
}

/* The report was faster than the gateway's own Ack. */
static bool report_early(const struct otp *otp, struct mc_txn *txn, struct otp_answers *answers,
                         uint64_t job_id, const Otp__DeliveryReport *report)
{
    const struct mc_job job = {
        .record = mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, job_id), &motcua__job__descriptor)};

    if (job.record == NULL || job.record->attempts == 0)
        return false; /* never in anybody's hands: nothing to report */
    const OtpState__Note *note = otp_job_note(txn, &job);
    struct otp_change change = change_of(&job, note, report->state, otp_clip(txn, report->reason));
    message_change(txn, job_id, &change);
    otp_gateway_answered(otp, txn, answers, change.gateway, txn->now_ms);
    if (report->state == OTP__DELIVERY_STATE__DELIVERED &&
        job.record->state == MOTCUA__JOB_STATE__QUEUED)
        call_off(txn, &job, note);
    return true;
}

bool otp_report_apply(const struct otp *otp, struct mc_txn *txn, struct otp_answers *answers,
                      const Otp__DeliveryReport *report)
{
    const Otp__DeliveryState state = report->state;
    uint64_t job_id = 0;

    if (!parse_reference(report->reference, &job_id))
        return false;
    OtpState__Message *message = otp_message_load(txn, job_id);
    if (txn->status != MC_OK)
        return false;
    if (message == NULL)
        return is_final(state) && report_early(otp, txn, answers, job_id, report);
    if (is_final((Otp__DeliveryState)message->state) || state == (Otp__DeliveryState)message->state)
        return false;
    const struct otp_change change = {
        .state = state,
        .phone_masked = message->phone_masked,
        .reason = otp_clip(txn, report->reason),
        .gateway = message->gateway,
        .provider_reference = message->provider_reference,
        .unit_code = message->unit_code,
        .keys = message->keys,
        .keys_len = message->n_keys,
    };
    message_change(txn, job_id, &change);
    otp_gateway_answered(otp, txn, answers, change.gateway, message->changed_at_ms);
    return true;
}
