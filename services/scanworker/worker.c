/*
 * scanworker: has every new file of the dossier room looked at by a virus scanner.
 *
 * It leases one file at a time over the bus, reads it from the room stretch by stretch while it
 * streams it to clamd (clamd.h), and tells what was found. It holds no more than a stretch and
 * keeps nothing: when it dies, the lease runs out and the file is handed out again.
 *
 *     lease -> connect -> { read, send }… -> answer -> tell -> lease
 *
 * A scanner that is away, slow or confused is asked again later, by the job's own back-off; after
 * each failure in a row the worker rests longer, so an outage is no storm. A room that does not
 * answer is waited for in the same way. Several workers may serve one room.
 */
#include <stdio.h>
#include <string.h>

#include "common/validate.h"

#include "scanworker.h"

enum { TURN_SIZE = 8 << 20 };

#define AT(field) offsetof(struct scanworker, field)
/* clang-format off */
const struct mc_config_key scanworker_config[] = {
    {"scanworker.clamd",   MC_CONFIG_STRING,   AT(address),    "/run/clamav/clamd.ctl", 3, 100, "clamd's socket: a path, 10.0.0.9:3310 or [fd00::9]:3310. TCP is not encrypted: on the same machine, or through a tunnel."},
    {"scanworker.timeout", MC_CONFIG_DURATION, AT(timeout_ms), "60s", 100, 600000,  "How long clamd may be silent."},
    {"scanworker.lease",   MC_CONFIG_DURATION, AT(lease_ms),   "2m",  1000, 300000, "How long a file is ours."},
    {"scanworker.wait",    MC_CONFIG_DURATION, AT(wait_ms),    "4s",  0, 10000,     "How long one call waits for files."},
};
/* clang-format on */
const size_t scanworker_config_len = MC_LEN(scanworker_config);

static void log_line(struct scanworker *worker, enum mc_log_level level, const char *event,
                     const char *what)
{
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log, level, mc_now_ms(&worker->process.clock), event);
    mc_log_text(&line, "what", what);
    mc_log_end(&line);
}

static bool call(struct scanworker *worker, const char *method, const ProtobufCMessage *request,
                 int64_t timeout_ms, mc_link_answered *answered)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];
    int64_t now_ms = mc_now_ms(&worker->process.clock);

    mc_arena_reset(&worker->turn);
    struct mc_bytes body = mc_body_pack(&worker->turn, request);
    mc_uuid7(id, now_ms, &worker->process.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method);
    head.caller = worker->process.caller;
    head.deadline_ms = now_ms + timeout_ms;
    return body.data != NULL && mc_link_call(worker->process.links, "dossier", &head, body,
                                             timeout_ms, answered, worker) == MC_OK;
}

static const void *open_reply(struct scanworker *worker, const Motcua__Header *head,
                              struct mc_bytes body, const ProtobufCMessageDescriptor *type)
{
    struct mc_validate_error error;

    mc_arena_reset(&worker->turn);
    if (head == NULL || head->status != 0)
        return NULL;
    return mc_body_open(&worker->turn, type, body, MC_UPLOAD_MAX, &error);
}

static void again(struct scanworker *worker, bool well)
{
    int64_t pause = SCANWORKER_PAUSE_MS;

    worker->busy = false;
    if (well) {
        worker->failures = 0;
        mc_loop_defer(worker->next);
        return;
    }
    for (unsigned i = 0; i < worker->failures && pause < SCANWORKER_PAUSE_MAX_MS; i++)
        pause *= 2;
    worker->failures++;
    mc_timer_start(worker->rest, MC_MIN(pause, (int64_t)SCANWORKER_PAUSE_MAX_MS));
}

static void told(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker *worker = arg;

    (void)body;
    if (head == NULL || head->status != 0)
        log_line(worker, MC_LOG_WARNING, "tell_failed", head != NULL ? head->code : "no answer");
    again(worker, worker->failures == 0 && head != NULL && head->status == 0);
}

static void tell(struct scanworker *worker, Dossier__Scan scan, const char *malware,
                 const char *error)
{
    Dossier__AckScanRequest request = DOSSIER__ACK_SCAN_REQUEST__INIT;

    if (worker->asked) /* its answer would be taken for the next file's */
        mc_link_forget(worker->process.links, worker);
    worker->asked = false;
    if (scan != DOSSIER__SCAN__SCAN_WAITING)
        worker->failures = 0;
    else if (worker->failures == 0)
        worker->failures = 1;
    request.token = (ProtobufCBinaryData){worker->token_len, worker->token};
    request.scan = scan;
    request.malware = mc_unconst(malware);
    request.error = mc_unconst(error);
    if (!call(worker, "motcua.dossier.v1.Dossier/AckScan", &request.base, SCANWORKER_CALL_MS, told))
        again(worker, false);
}

static void give_up(struct scanworker *worker, const char *error)
{
    log_line(worker, MC_LOG_WARNING, "scan_failed", error);
    clamd_stop(worker->clamd);
    tell(worker, DOSSIER__SCAN__SCAN_WAITING, "", error);
}

/* --- clamd --- */

static void read_more(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker *worker = arg;

    worker->asked = false;
    const Dossier__ReadScanReply *reply =
        open_reply(worker, head, body, &dossier__read_scan_reply__descriptor);
    if (reply == NULL || reply->content.len == 0 || reply->content.len > CLAMD_CHUNK_MAX) {
        give_up(worker, "FILE_READ");
        return;
    }
    worker->sent += reply->content.len;
    clamd_send(worker->clamd, (struct mc_bytes){reply->content.data, reply->content.len});
}

static void scanner_ready(void *arg)
{
    struct scanworker *worker = arg;
    Dossier__ReadScanRequest request = DOSSIER__READ_SCAN_REQUEST__INIT;

    if (worker->sent == worker->size) {
        clamd_send(worker->clamd, (struct mc_bytes){0});
        return;
    }
    request.token = (ProtobufCBinaryData){worker->token_len, worker->token};
    request.offset = worker->sent;
    worker->asked = call(worker, "motcua.dossier.v1.Dossier/ReadScan", &request.base,
                         SCANWORKER_CALL_MS, read_more);
    if (!worker->asked)
        give_up(worker, "FILE_READ");
}

static void scanner_ended(void *arg, struct mc_bytes answer, const char *why)
{
    struct scanworker *worker = arg;
    char name[VERDICT_NAME_SIZE];
    enum verdict verdict = answer.len > 0 ? verdict_read(answer, name) : VERDICT_RETRY;

    /* Clean before it has seen all of it is not clean. */
    if (verdict == VERDICT_CLEAN && worker->sent < worker->size)
        verdict = VERDICT_RETRY;
    switch (verdict) {
    case VERDICT_CLEAN:
        tell(worker, DOSSIER__SCAN__SCAN_CLEAN, "", "");
        return;
    case VERDICT_INFECTED:
        log_line(worker, MC_LOG_WARNING, "infected", name);
        tell(worker, DOSSIER__SCAN__SCAN_INFECTED, name, "");
        return;
    case VERDICT_IMPOSSIBLE:
        tell(worker, DOSSIER__SCAN__SCAN_IMPOSSIBLE, "", "SIZE_LIMIT");
        return;
    case VERDICT_RETRY:
        give_up(worker, why[0] != '\0' ? why : "SCANNER_ERROR");
        return;
    }
}

/* --- the room --- */

static void leased(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker *worker = arg;
    const Dossier__LeaseScansReply *reply =
        open_reply(worker, head, body, &dossier__lease_scans_reply__descriptor);

    if (reply == NULL || reply->token.len > SCANWORKER_TOKEN_MAX) {
        log_line(worker, MC_LOG_WARNING, "lease_failed", head != NULL ? head->code : "no answer");
        again(worker, false);
        return;
    }
    if (reply->token.len == 0) {
        again(worker, true);
        return;
    }
    memcpy(worker->token, reply->token.data, reply->token.len);
    worker->token_len = reply->token.len;
    worker->size = reply->size;
    worker->sent = 0;
    if (!clamd_begin(worker->clamd, worker->address))
        give_up(worker, "NO_SCANNER");
}

static void lease(void *arg)
{
    struct scanworker *worker = arg;
    Dossier__LeaseScansRequest request = DOSSIER__LEASE_SCANS_REQUEST__INIT;

    if (worker->busy)
        return;
    request.lease_ms = (uint32_t)worker->lease_ms;
    request.wait_ms = (uint32_t)worker->wait_ms;
    worker->busy = call(worker, "motcua.dossier.v1.Dossier/LeaseScans", &request.base,
                        worker->wait_ms + SCANWORKER_CALL_MS, leased);
    if (!worker->busy)
        again(worker, false);
}

enum mc_status scanworker_open(struct scanworker *worker, char *why, size_t why_size)
{
    struct mc_loop *loop = worker->process.loop;
    const struct clamd_events events = {scanner_ready, scanner_ended, worker};

    (void)snprintf(why, why_size, "scanworker.clamd: not a path, nor an address with a port");
    if (!clamd_address_is_good(worker->address))
        return MC_INVALID;
    (void)snprintf(why, why_size, "memory");
    if (mc_arena_init(&worker->turn, TURN_SIZE) != MC_OK)
        return MC_FULL;
    worker->clamd = clamd_create(loop, worker->timeout_ms, &events);
    worker->next = mc_defer_create(loop, lease, worker);
    worker->rest = mc_timer_create(loop, lease, worker);
    if (worker->clamd == NULL || worker->next == NULL || worker->rest == NULL)
        return MC_FULL;
    mc_loop_defer(worker->next);
    return MC_OK;
}

void scanworker_close(struct scanworker *worker)
{
    if (worker->clamd != NULL)
        clamd_destroy(worker->clamd);
    if (worker->next != NULL)
        mc_defer_destroy(worker->next);
    if (worker->rest != NULL)
        mc_timer_destroy(worker->rest);
    if (worker->turn.base != NULL)
        mc_arena_done(&worker->turn);
}
