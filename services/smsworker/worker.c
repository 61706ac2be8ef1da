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
 * under way is finished, what still waits is given back at once. kill -9: the leases run out, and
 * the room hands the same jobs, with the same references, to whoever asks next; a text the carrier
 * took in that moment arrives twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smsworker.h"

enum {
    TURN_SIZE = 16 << 20,
    SENDER_MAX = 11, /* a brandname, GSM 03.40 */
    DRAIN_SLACK_MS = 2000,
};

#define AT(field) offsetof(struct smsworker, field)
/* clang-format off */
const struct mc_config_key smsworker_config[] = {
    {"smsworker.name",             MC_CONFIG_STRING,   AT(name),             "gateway",      1, 40,      "Who we are to the otp room: sms:<name>. Over TCP the CURVE key decides."},
    {"smsworker.mode",             MC_CONFIG_STRING,   AT(mode),             "http",         4, 4,       "http (Kannel's sendsms), smpp, or file: texts go to a file and count as delivered (development)."},
    {"smsworker.file",             MC_CONFIG_STRING,   AT(file),             "data/sms.log", 1, 1024,    "Where mode file writes, a JSON line each."},
    {"smsworker.url",              MC_CONFIG_STRING,   AT(url),              "https://gateway.invalid/cgi-bin/sendsms", 8, 512, "Kannel's sendsms."},
    {"smsworker.username",         MC_CONFIG_STRING,   AT(username),         "motcua",       1, 64,      "Our name at the gateway; SMPP's system_id, at most 15 characters."},
    {"smsworker.password_file",    MC_CONFIG_PATH,     AT(password_file),    "",             0, 1024,    "Our password there, one line; needed in modes http and smpp."},
    {"smsworker.sender",           MC_CONFIG_STRING,   AT(sender),           "DVCQG",        1, SENDER_MAX, "The brandname texts come from."},
    {"smsworker.report_base",      MC_CONFIG_STRING,   AT(report_base),      "",             0, 512,     "Where the gateway reaches our HTTP edge: https://…; empty: no delivery reports."},
    {"smsworker.ca_file",          MC_CONFIG_PATH,     AT(ca_file),          "",             0, 1024,    "Who vouches for the gateway's certificate; empty: the system's list."},
    {"smsworker.allow_plain_http", MC_CONFIG_BOOL,     AT(allow_plain_http), "false",        0, 0,       "Allow http:// to the gateway: on the same machine, or through a tunnel."},
    {"smsworker.credit",           MC_CONFIG_INT,      AT(credit),           "50",           1, SMSWORKER_CREDIT_MAX, "Jobs held at once."},
    {"smsworker.concurrency",      MC_CONFIG_INT,      AT(concurrency),      "8",            1, SMSWORKER_CONCURRENCY_MAX, "Texts under way to the gateway at once."},
    {"smsworker.rate",             MC_CONFIG_INT,      AT(rate_max),         "0",            0, 10000,   "Parts a second, at most; 0: as fast as the gateway takes them."},
    {"smsworker.lease",            MC_CONFIG_DURATION, AT(lease_ms),         "60s",          1000, 300000, "How long a job is ours."},
    {"smsworker.wait",             MC_CONFIG_DURATION, AT(wait_ms),          "5s",           0, 10000,   "How long one call waits for jobs; also what a stop may take."},
    {"smsworker.timeout",          MC_CONFIG_DURATION, AT(timeout_ms),       "15s",          100, 60000, "How long the gateway may take for a text."},
    {"smsworker.lanes",            MC_CONFIG_LIST,     AT(lanes),            "",             0, SMSWORKER_LANES_MAX, "otp, transactional, bulk; empty: all."},
    {"smsworker.carriers",         MC_CONFIG_LIST,     AT(carriers),         "",             0, 32,      "Only numbers of these carriers; empty: all."},
    {"smsworker.smpp_address",     MC_CONFIG_STRING,   AT(smpp_address),     "127.0.0.1:2775", 3, 64,    "The SMSC: 10.0.0.9:2775 or [fd00::9]:2775. SMPP is not encrypted: a leased line or a tunnel."},
    {"smsworker.smpp_system_type", MC_CONFIG_STRING,   AT(smpp_system_type), "",             0, 12,      "SMPP's system_type, when the carrier wants one."},
    {"smsworker.smpp_window",      MC_CONFIG_INT,      AT(smpp_window),      "10",           1, SMSWORKER_WINDOW_MAX, "Parts sent and not yet answered."},
    {"smsworker.smpp_enquire",     MC_CONFIG_DURATION, AT(smpp_enquire_ms),  "30s",          100, 600000, "A silent SMSC is asked after this long whether it is there."},
    {"smsworker.smpp_ids",         MC_CONFIG_STRING,   AT(smpp_ids),         "same",         3, 7,       "Message ids in receipts: same as in answers; hex: answers hex, receipts decimal; decimal: the reverse."},
    {"smsworker.smpp_receipts",    MC_CONFIG_INT,      AT(smpp_receipts),    "200000",       100, 5000000, "Texts whose receipts are waited for; kept in <data.dir>/smsworker."},
};
/* clang-format on */
const size_t smsworker_config_len = MC_LEN(smsworker_config);

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

bool smsworker_lane_parse(const char *name, Otp__Lane *ret_lane)
{
    static const struct {
        const char *name;
        Otp__Lane lane;
    } lanes[] = {
        {"otp", OTP__LANE__OTP},
        {"transactional", OTP__LANE__TRANSACTIONAL},
        {"bulk", OTP__LANE__BULK},
    };

    for (size_t i = 0; i < MC_LEN(lanes); i++) {
        if (strcmp(name, lanes[i].name) != 0)
            continue;
        *ret_lane = lanes[i].lane;
        return true;
    }
    return false;
}

enum mc_status smsworker_password(const char *path, char ret_password[SMSWORKER_PASSWORD_MAX + 1])
{
    char text[SMSWORKER_PASSWORD_MAX + 3];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : MC_IO;
    bool open_to_others = fstat(fd, &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (open_to_others)
        return MC_DENIED;
    if (len < 0)
        return MC_IO;
    text[len] = '\0';
    size_t end = strcspn(text, "\r\n");
    bool one_line = text[end + strspn(text + end, "\r\n")] == '\0' && (size_t)len == strlen(text);
    if (one_line && end >= 1 && end <= SMSWORKER_PASSWORD_MAX) {
        memcpy(ret_password, text, end);
        ret_password[end] = '\0';
    }
    mc_wipe(text, sizeof text);
    return one_line && end >= 1 && end <= SMSWORKER_PASSWORD_MAX ? MC_OK : MC_INVALID;
}

enum mc_status smsworker_password_load(struct smsworker *worker, char *why, size_t why_size)
{
    enum mc_status status = smsworker_password(worker->password_file, worker->password);

    (void)snprintf(why, why_size, "smsworker.password_file: %s",
                   status == MC_DENIED ? "others may read it (chmod 600)"
                                       : "one line with the password is needed");
    return status;
}

static const struct driver *driver_of(const char *mode)
{
    static const struct driver *const drivers[] = {&smsworker_http, &smsworker_smpp,
                                                   &smsworker_file};

    for (size_t i = 0; i < MC_LEN(drivers); i++)
        if (strcmp(drivers[i]->mode, mode) == 0)
            return drivers[i];
    return NULL;
}

static enum mc_status settings_check(struct smsworker *worker, char *why, size_t why_size)
{
    worker->driver = driver_of(worker->mode);
    (void)snprintf(why, why_size, "smsworker.mode: http, smpp or file");
    if (worker->driver == NULL)
        return MC_INVALID;
    for (size_t i = 0; i < worker->lanes.len; i++) {
        (void)snprintf(why, why_size, "smsworker.lanes: no such lane: %s", worker->lanes.items[i]);
        if (!smsworker_lane_parse(worker->lanes.items[i], &worker->lane_numbers[i]))
            return MC_INVALID;
    }
    (void)snprintf(why, why_size,
                   "smsworker.lease must be longer than smsworker.wait and smsworker.timeout");
    if (worker->lease_ms <= worker->wait_ms + worker->timeout_ms + SMSWORKER_LEASE_SLACK_MS)
        return MC_INVALID;
    worker->rate.max = worker->rate_max;
    (void)snprintf(worker->caller, sizeof worker->caller, "sms:%s", worker->name);
    return MC_OK;
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
    enum mc_status status = settings_check(worker, why, why_size);
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

bool smsworker_drain(struct smsworker *worker)
{
    struct mc_timer *limit =
        mc_timer_create(worker->process.loop, drain_over, worker->process.loop);

    if (limit == NULL)
        return false;
    worker->draining = true;
    give_back_waiting(worker);
    mc_timer_start(limit, worker->wait_ms + worker->timeout_ms + DRAIN_SLACK_MS);
    mc_loop_defer(worker->pump);
    enum mc_status status = mc_loop_run(worker->process.loop);
    mc_timer_destroy(limit);
    return status == MC_OK && !worker->leasing && smsworker_held(worker) == 0;
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
