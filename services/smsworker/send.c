/* Sending: what goes to the gateway next, how fast, and what its answer means for the job. */
#include <stdio.h>
#include <string.h>

#include "smsworker.h"

bool smsworker_ready(const struct smsworker *worker)
{
    return worker->driver->ready == NULL || worker->driver->ready(worker);
}

/* Never the whole number, never the text. */
static void log_sms(struct slot *slot, const struct outcome *outcome)
{
    struct smsworker *worker = slot->worker;
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log,
                 outcome->verdict == VERDICT_LOCKED  ? MC_LOG_ERROR
                 : outcome->verdict == VERDICT_TAKEN ? MC_LOG_INFO
                                                     : MC_LOG_WARNING,
                 mc_now_ms(&worker->process.clock), "sms");
    mc_log_text(&line, "outcome", verdict_name(outcome->verdict));
    mc_log_text(&line, "reference", slot->reference);
    mc_log_masked(&line, "phone", slot->phone);
    mc_log_int(&line, "lane", slot->lane);
    mc_log_text(&line, "error", outcome->verdict != VERDICT_TAKEN ? outcome->error : NULL);
    mc_log_text(&line, "why", outcome->why);
    mc_log_int(&line, "ms", smsworker_mono_ms(worker) - slot->began_ms);
    mc_log_end(&line);
}

/* Codes may still be in time elsewhere; notices come back after their lane's own back-off. */
static void give_back(struct smsworker *worker)
{
    for (int64_t i = 0; i < worker->credit; i++) {
        struct slot *slot = worker->slots[i];
        if (slot->state == SLOT_QUEUED)
            smsworker_nack(slot, "GATEWAY_RESTS", false, slot->lane == OTP__LANE__OTP ? 1 : 0);
    }
}

static void learn(struct smsworker *worker, enum verdict verdict)
{
    if (verdict_is_unwell(verdict)) {
        if (!mc_timer_running(
                worker->rest)) /* else it was under way with one that failed: one outage */
            mc_timer_start(worker->rest, verdict_pause_ms(worker->failures++));
        give_back(worker);
        return;
    }
    worker->failures = 0;
    if (verdict == VERDICT_SLOW)
        rate_slow(&worker->rate, smsworker_mono_ms(worker));
}

static void settle(struct slot *slot, enum verdict verdict, const char *error)
{
    if (verdict == VERDICT_TAKEN)
        slot->state = SLOT_ACK;
    else
        smsworker_nack(slot, error, verdict == VERDICT_REFUSED,
                       verdict == VERDICT_SLOW ? SMSWORKER_SLOW_MS : 0);
}

void smsworker_sent(struct slot *slot, const struct outcome *outcome)
{
    struct smsworker *worker = slot->worker;

    assert(slot->state == SLOT_SENDING && worker->sending > 0);
    worker->sending--;
    log_sms(slot, outcome);
    learn(worker, outcome->verdict);
    settle(slot, verdict_settle(outcome->verdict, slot->lane == OTP__LANE__OTP), outcome->error);
    smsworker_look(worker);
}

struct slot *smsworker_first(const struct smsworker *worker, enum slot_state state,
                             bool (*wanted)(const struct slot *slot))
{
    struct slot *best = NULL;

    for (int64_t i = 0; i < worker->credit; i++) {
        struct slot *slot = worker->slots[i];
        if (slot->state != state || (wanted != NULL && !wanted(slot)))
            continue;
        if (best == NULL || slot->lane < best->lane ||
            (slot->lane == best->lane && slot->sequence < best->sequence))
            best = slot;
    }
    return best;
}

/* Is there still time to send it? If not, it goes back. */
static bool in_time(struct slot *slot)
{
    struct smsworker *worker = slot->worker;
    int64_t left_ms = slot->lease_end_ms - smsworker_mono_ms(worker);

    if (slot->expires_at_ms != 0 && mc_now_ms(&worker->process.clock) >= slot->expires_at_ms)
        smsworker_nack(slot, "EXPIRED", false, 0);
    else if (left_ms < worker->timeout_ms + SMSWORKER_LEASE_SLACK_MS)
        smsworker_nack(slot, "LEASE_TOO_SHORT", false, 0); /* the answer might come too late */
    return slot->state == SLOT_QUEUED;
}

static void start(struct slot *slot)
{
    struct smsworker *worker = slot->worker;

    slot->state = SLOT_SENDING;
    slot->began_ms = smsworker_mono_ms(worker);
    worker->sending++;
    rate_take(&worker->rate, slot->began_ms, slot->parts);
    worker->driver->send(slot);
}

/* False: the rate allows nothing now. */
static bool paced(struct smsworker *worker)
{
    int64_t wait_ms = rate_wait_ms(&worker->rate, smsworker_mono_ms(worker));

    if (wait_ms > 0 && !mc_timer_running(worker->pace))
        mc_timer_start(worker->pace, wait_ms);
    return wait_ms == 0;
}

void smsworker_send(struct smsworker *worker)
{
    struct slot *slot = NULL;

    if (!smsworker_ready(worker))
        give_back(worker);
    while (worker->sending < (unsigned)worker->concurrency && !mc_timer_running(worker->rest) &&
           smsworker_ready(worker) && (slot = smsworker_first(worker, SLOT_QUEUED, NULL)) != NULL) {
        if (!in_time(slot))
            continue;
        if (!paced(worker))
            return;
        start(slot);
    }
}
