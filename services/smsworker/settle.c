/*
 * Settling: what became of jobs, told in batches, one call of a kind at a time. What gathers while
 * a call is under way goes with the next. A call that gets no answer is made again; a token that
 * was told twice is harmless.
 */
#include <string.h>

#include "common/envelope.h"

#include "smsworker.h"

/* Which kind of call an answer belongs to. */
struct batch {
    struct smsworker *worker;
    enum slot_state state;
};

static void forget(struct slot *slot)
{
    mc_wipe(slot->text, sizeof slot->text);
    slot->state = SLOT_FREE;
}

static void log_failure(struct smsworker *worker, enum slot_state state, const Motcua__Header *head)
{
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log, MC_LOG_WARNING, mc_now_ms(&worker->process.clock),
                 "settle_failed");
    mc_log_text(&line, "kind", state == SLOT_ACK ? "ack" : state == SLOT_NACK ? "nack" : "report");
    mc_log_text(&line, "why", head != NULL ? mc_rpc_name(head->status) : "no answer");
    mc_log_text(&line, "code", head != NULL ? head->code : NULL);
    mc_log_end(&line);
}

static void told(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct batch *batch = arg;
    struct smsworker *worker = batch->worker;
    bool well = head != NULL && head->status == 0;

    (void)body; /* LEASE_STALE, at worst: then it is not ours any more */
    mc_arena_reset(&worker->turn);
    worker->settling[batch->state] = false;
    if (!well) {
        log_failure(worker, batch->state, head);
        mc_timer_start(worker->lease_rest, verdict_pause_ms(worker->lease_failures++));
    }
    for (int64_t i = 0; i < worker->credit; i++) {
        struct slot *slot = worker->slots[i];
        if (slot->state != batch->state || !slot->told)
            continue;
        slot->told = false;
        if (well && batch->state == SLOT_ACK && worker->driver->taken_is_delivered)
            slot->state = SLOT_REPORT;
        else if (well || smsworker_mono_ms(worker) > slot->lease_end_ms)
            forget(slot);
    }
    mc_loop_defer(worker->pump);
}

static size_t gather(struct smsworker *worker, enum slot_state state,
                     struct slot *batch[SMSWORKER_BATCH_MAX])
{
    size_t n = 0;

    for (int64_t i = 0; i < worker->credit && n < SMSWORKER_BATCH_MAX; i++)
        if (worker->slots[i]->state == state)
            batch[n++] = worker->slots[i];
    return n;
}

static ProtobufCBinaryData token_of(struct slot *slot)
{
    return (ProtobufCBinaryData){slot->token_len, slot->token};
}

static bool call_acks(struct smsworker *worker, struct slot *const *batch, size_t n, void *arg)
{
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack *acks = mc_alloc(&worker->turn, n * sizeof *acks);

    request.acks = mc_alloc(&worker->turn, n * sizeof(void *));
    if (acks == NULL || request.acks == NULL)
        return false;
    request.n_acks = n;
    for (size_t i = 0; i < n; i++) {
        otp__ack__init(&acks[i]);
        acks[i].token = token_of(batch[i]);
        acks[i].provider_reference = batch[i]->provider;
        request.acks[i] = &acks[i];
    }
    return smsworker_call(worker, "motcua.otp.v1.Otp/AckJobs", &request.base, SMSWORKER_CALL_MS,
                          told, arg);
}

static bool call_nacks(struct smsworker *worker, struct slot *const *batch, size_t n, void *arg)
{
    Otp__NackJobsRequest request = OTP__NACK_JOBS_REQUEST__INIT;
    Otp__Nack *nacks = mc_alloc(&worker->turn, n * sizeof *nacks);

    request.nacks = mc_alloc(&worker->turn, n * sizeof(void *));
    if (nacks == NULL || request.nacks == NULL)
        return false;
    request.n_nacks = n;
    for (size_t i = 0; i < n; i++) {
        otp__nack__init(&nacks[i]);
        nacks[i].token = token_of(batch[i]);
        nacks[i].error = batch[i]->error;
        nacks[i].permanent = batch[i]->permanent;
        nacks[i].retry_ms = batch[i]->retry_ms;
        request.nacks[i] = &nacks[i];
    }
    return smsworker_call(worker, "motcua.otp.v1.Otp/NackJobs", &request.base, SMSWORKER_CALL_MS,
                          told, arg);
}

static bool call_reports(struct smsworker *worker, struct slot *const *batch, size_t n, void *arg)
{
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport *reports = mc_alloc(&worker->turn, n * sizeof *reports);

    request.reports = mc_alloc(&worker->turn, n * sizeof(void *));
    if (reports == NULL || request.reports == NULL)
        return false;
    request.n_reports = n;
    for (size_t i = 0; i < n; i++) {
        otp__delivery_report__init(&reports[i]);
        reports[i].reference = batch[i]->reference;
        reports[i].state = OTP__DELIVERY_STATE__DELIVERED;
        request.reports[i] = &reports[i];
    }
    return smsworker_call(worker, "motcua.otp.v1.Otp/ReportDelivery", &request.base,
                          SMSWORKER_CALL_MS, told, arg);
}

static void settle_kind(struct smsworker *worker, enum slot_state state)
{
    static struct batch batches[SLOT_REPORT + 1];
    struct slot *batch[SMSWORKER_BATCH_MAX];
    size_t n = 0;

    if (!worker->settling[state] && !mc_timer_running(worker->lease_rest))
        n = gather(worker, state, batch);
    if (n == 0)
        return;
    batches[state] = (struct batch){worker, state};
    bool called = state == SLOT_ACK    ? call_acks(worker, batch, n, &batches[state])
                  : state == SLOT_NACK ? call_nacks(worker, batch, n, &batches[state])
                                       : call_reports(worker, batch, n, &batches[state]);
    worker->settling[state] = called;
    for (size_t i = 0; i < n; i++)
        batch[i]->told = called;
    if (!called)
        mc_timer_start(worker->lease_rest, verdict_pause_ms(worker->lease_failures++));
}

void smsworker_settle(struct smsworker *worker)
{
    settle_kind(worker, SLOT_ACK);
    settle_kind(worker, SLOT_NACK);
    settle_kind(worker, SLOT_REPORT);
}
