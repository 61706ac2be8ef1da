/*
 * smsworker: a ready SMS gateway for the otp room.
 *
 * It leases jobs over the bus, as any gateway may, hands each to a carrier, and tells the room what
 * became of it. How a carrier is spoken to is a driver's: an HTTP gateway in Kannel's manner
 * (driver_http.c), an SMSC by SMPP 3.4 (driver_smpp.c), or a file for development (driver_file.c).
 * One lease call always waits while there is credit; codes go before notices; a job past its expiry
 * or its lease is never sent; no more parts leave in a second than smsworker.rate.
 *
 *     leased -> queued -> sending -> acknowledged
 *                 |          |-----> given back: tried again, or never
 *                 '----------------> given back: too old, or the gateway is unwell
 *
 * What a lost answer means depends on the lane: see verdict.h. SIGTERM: no new leases, what is
 * under way is finished, what still waits is given back at once; a room that is gone is waited for
 * five seconds, or smsworker.wait and one. kill -9: the leases run out, and the room hands the same
 * jobs, with the same references, to whoever asks next; a text the carrier took in that moment
 * arrives twice.
 */
#include <stdio.h>

#include "smsworker.h"

enum {
    TURN_SIZE = 16 << 20,
    DRAIN_MS = 5000, /* to give back and to tell, whether the otp room answers or not */
    DRAIN_SLACK_MS = 1000,
};

int64_t smsworker_mono_ms(const struct smsworker *worker)
{
    return mc_mono_ns(&worker->process.clock) / 1000000;
}

unsigned smsworker_held(const struct smsworker *worker)
{
    unsigned held = 0;

    for (int64_t i = 0; i < worker->credit; i++)
        held += worker->slots[i]->state != SLOT_FREE;
    return held;
}

void smsworker_nack(struct slot *slot, const char *error, bool permanent, uint32_t retry_ms)
{
    slot->state = SLOT_NACK;
    slot->permanent = permanent;
    slot->retry_ms = retry_ms;
    (void)snprintf(slot->error, sizeof slot->error, "%s", error);
}

bool smsworker_call(struct smsworker *worker, const char *method, const ProtobufCMessage *request,
                    int64_t timeout_ms, mc_link_answered *answered, void *arg)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];
    struct mc_bytes body = mc_body_pack(&worker->turn, request);
    int64_t now_ms = mc_now_ms(&worker->process.clock);

    if (body.data == NULL)
        return false;
    mc_uuid7(id, now_ms, &worker->process.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method);
    head.caller = worker->caller;
    head.deadline_ms = now_ms + timeout_ms;
    return mc_link_call(worker->process.links, "otp", &head, body, timeout_ms, answered, arg) ==
           MC_OK;
}

static void pump(void *arg)
{
    struct smsworker *worker = arg;

    mc_arena_reset(&worker->turn);
    smsworker_send(worker);
    smsworker_settle(worker);
    smsworker_lease(worker);
    if (!worker->draining || worker->leasing || smsworker_held(worker) > 0)
        return;
    if (worker->driver->leave == NULL || worker->driver->leave(worker))
        mc_loop_stop(worker->process.loop);
}

void smsworker_look(struct smsworker *worker)
{
    mc_loop_defer(worker->pump);
}

static void pump_soon(void *arg)
{
    smsworker_look(arg);
}

static bool slots_open(struct smsworker *worker)
{
    static struct slot slots[SMSWORKER_CREDIT_MAX];

    for (size_t i = 0; i < SMSWORKER_CREDIT_MAX; i++) {
        slots[i].worker = worker;
        worker->slots[i] = &slots[i];
    }
    return mc_arena_init(&worker->turn, TURN_SIZE) == MC_OK;
}

static bool timers_open(struct smsworker *worker)
{
    struct mc_loop *loop = worker->process.loop;

    worker->pump = mc_defer_create(loop, pump, worker);
    worker->rest = mc_timer_create(loop, pump_soon, worker);
    worker->pace = mc_timer_create(loop, pump_soon, worker);
    worker->lease_rest = mc_timer_create(loop, pump_soon, worker);
    return worker->pump != NULL && worker->rest != NULL && worker->pace != NULL &&
           worker->lease_rest != NULL;
}

enum mc_status smsworker_open(struct smsworker *worker, char *why, size_t why_size)
{
    worker->file_fd = -1;
    enum mc_status status = smsworker_settings(worker, why, why_size);
    if (status != MC_OK)
        return status;
    (void)snprintf(why, why_size, "memory");
    if (!slots_open(worker) || !timers_open(worker))
        return MC_FULL;
    status = worker->driver->open(worker, why, why_size);
    if (status == MC_OK)
        smsworker_look(worker);
    return status;
}

static void drain_over(void *arg)
{
    mc_loop_stop(arg);
}

static void give_back_waiting(struct smsworker *worker)
{
    for (int64_t i = 0; i < worker->credit; i++)
        if (worker->slots[i]->state == SLOT_QUEUED)
            smsworker_nack(worker->slots[i], "GATEWAY_STOPS", false, 1);
}

/* A text under way has its time; the room, which may be gone, has little. */
static int64_t drain_ms(const struct smsworker *worker)
{
    bool sending = false;

    for (int64_t i = 0; i < worker->credit; i++)
        sending |= worker->slots[i]->state == SLOT_SENDING;
    return MC_MAX((int64_t)DRAIN_MS, worker->wait_ms + DRAIN_SLACK_MS) +
           (sending ? worker->timeout_ms : 0);
}

/* A lease that nobody answers any more leaves nothing in hand. */
bool smsworker_drain(struct smsworker *worker)
{
    struct mc_timer *limit =
        mc_timer_create(worker->process.loop, drain_over, worker->process.loop);

    if (limit == NULL)
        return false;
    worker->draining = true;
    give_back_waiting(worker);
    worker->lease_failures = 0; /* a long rest would outlast the stop */
    mc_timer_cancel(worker->lease_rest);
    mc_timer_start(limit, drain_ms(worker));
    mc_loop_defer(worker->pump);
    enum mc_status status = mc_loop_run(worker->process.loop);
    mc_timer_destroy(limit);
    return status == MC_OK && smsworker_held(worker) == 0;
}

static void timers_close(struct smsworker *worker)
{
    struct mc_timer *const timers[] = {worker->rest, worker->pace, worker->lease_rest};

    for (size_t i = 0; i < MC_LEN(timers); i++)
        if (timers[i] != NULL)
            mc_timer_destroy(timers[i]);
    if (worker->pump != NULL)
        mc_defer_destroy(worker->pump);
}

void smsworker_close(struct smsworker *worker)
{
    if (worker->driver != NULL)
        worker->driver->close(worker);
    timers_close(worker);
    if (worker->turn.base != NULL)
        mc_arena_done(&worker->turn);
    mc_wipe(worker->password, sizeof worker->password);
}
