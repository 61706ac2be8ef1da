/*
 * Leasing: one call waits at the otp room while there is credit. When the gateway was unwell, one
 * job at a time is asked for, so that an outage does not use up the tries of many.
 */
#include <string.h>

#include "common/envelope.h"

#include "smsworker.h"

static void log_failure(struct smsworker *worker, const Motcua__Header *head)
{
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log, MC_LOG_WARNING, mc_now_ms(&worker->process.clock),
                 "lease_failed");
    mc_log_text(&line, "why", head != NULL ? mc_rpc_name(head->status) : "no answer");
    mc_log_text(&line, "code", head != NULL ? head->code : NULL);
    mc_log_end(&line);
}

static struct slot *slot_free(struct smsworker *worker)
{
    for (int64_t i = 0; i < worker->credit; i++)
        if (worker->slots[i]->state == SLOT_FREE)
            return worker->slots[i];
    return NULL;
}

static bool fits(const Otp__SmsJob *job)
{
    return strlen(job->reference) <= SMSWORKER_REFERENCE_MAX &&
           strlen(job->phone) <= SMSWORKER_PHONE_MAX && strlen(job->text) <= SMSWORKER_TEXT_MAX &&
           strlen(job->report_path) <= SMSWORKER_PATH_MAX;
}

static void take(struct smsworker *worker, const Otp__SmsJob *job)
{
    struct slot *slot = slot_free(worker);

    if (slot == NULL || job->token.len > SMSWORKER_TOKEN_MAX)
        return; /* more than was asked for, or not ours to understand: its lease runs out */
    *slot = (struct slot){
        .worker = worker,
        .state = SLOT_QUEUED,
        .sequence = ++worker->sequence,
        .lease_end_ms = worker->lease_began_ms + worker->lease_ms,
        .expires_at_ms = job->expires_at_ms,
        .lane = job->lane,
        .ucs2 = strcmp(job->encoding, "UCS2") == 0,
        .parts = MC_MAX(job->parts, 1U),
        .token_len = job->token.len,
    };
    memcpy(slot->token, job->token.data, job->token.len);
    if (!fits(job)) {
        smsworker_nack(slot, "TOO_LONG", true, 0);
        return;
    }
    memcpy(slot->reference, job->reference, strlen(job->reference) + 1);
    memcpy(slot->phone, job->phone, strlen(job->phone) + 1);
    memcpy(slot->text, job->text, strlen(job->text) + 1);
    memcpy(slot->report_path, job->report_path, strlen(job->report_path) + 1);
    if (worker->draining)
        smsworker_nack(slot, "GATEWAY_STOPS", false, 1);
}

static void leased(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct smsworker *worker = arg;
    struct mc_validate_error error;

    mc_arena_reset(&worker->turn);
    worker->leasing = false;
    mc_loop_defer(worker->pump);
    const Otp__LeaseJobsReply *reply =
        head != NULL && head->status == 0
            ? (const void *)mc_body_open(&worker->turn, &otp__lease_jobs_reply__descriptor, body,
                                         MC_BUS_FRAME_DEFAULT, &error)
            : NULL;
    if (reply == NULL) {
        log_failure(worker, head);
        mc_timer_start(worker->lease_rest, verdict_pause_ms(worker->lease_failures++));
        return;
    }
    worker->lease_failures = 0;
    for (size_t i = 0; i < reply->n_jobs; i++)
        take(worker, reply->jobs[i]);
}

/* What can be sent while a lease lasts, and one text alone after a failure. */
static unsigned credit_of(const struct smsworker *worker)
{
    int64_t credit = worker->credit;

    if (worker->failures > 0)
        return 1;
    if (worker->rate_max > 0)
        credit = MC_MIN(credit, worker->rate_max * (worker->lease_ms - worker->timeout_ms) / 2000);
    return (unsigned)MC_MAX(credit, 1);
}

void smsworker_lease(struct smsworker *worker)
{
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;
    unsigned held = smsworker_held(worker);
    unsigned credit = credit_of(worker);

    if (worker->draining || worker->leasing || held >= credit || mc_timer_running(worker->rest) ||
        mc_timer_running(worker->lease_rest) || !smsworker_ready(worker))
        return;
    request.lanes = worker->lane_numbers;
    request.n_lanes = worker->lanes.len;
    request.carriers = mc_unconst(worker->carriers.items);
    request.n_carriers = worker->carriers.len;
    request.credit = credit - held;
    request.lease_ms = (uint32_t)worker->lease_ms;
    request.without_report_path = worker->driver != &smsworker_http;
    request.wait_ms = (uint32_t)worker->wait_ms;
    worker->lease_began_ms = smsworker_mono_ms(worker); /* the room's own count begins later */
    worker->leasing = smsworker_call(worker, "motcua.otp.v1.Otp/LeaseJobs", &request.base,
                                     worker->wait_ms + SMSWORKER_LEASE_CALL_MS, leased, worker);
    if (!worker->leasing)
        mc_timer_start(worker->lease_rest, verdict_pause_ms(worker->lease_failures++));
}
