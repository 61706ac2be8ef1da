/*
 * scanworker: has every new file of the rooms that take files looked at by a virus scanner.
 *
 * From each room it leases one file at a time over the bus, reads it stretch by stretch while it
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

static const struct {
    const char *room;
    const char *service;
} services[SCANWORKER_ROOMS] = {
    {"dossier", "motcua.dossier.v1.Dossier"},
    {"support", "motcua.support.v1.Support"},
};

#define AT(field) offsetof(struct scanworker, field)
/* clang-format off */
const struct mc_config_key scanworker_config[] = {
    {"scanworker.clamd",   MC_CONFIG_STRING,   AT(address),    "/run/clamav/clamd.ctl", 3, 100, "clamd's socket: a path, 10.0.0.9:3310 or [fd00::9]:3310. TCP is not encrypted: on the same machine, or through a tunnel."},
    {"scanworker.rooms",   MC_CONFIG_LIST,     AT(rooms),      "dossier,support", 1, SCANWORKER_ROOMS, "Rooms whose files are looked at; one that has no scanner switched on has none."},
    {"scanworker.timeout", MC_CONFIG_DURATION, AT(timeout_ms), "60s", 100, 600000,  "How long clamd may be silent."},
    {"scanworker.lease",   MC_CONFIG_DURATION, AT(lease_ms),   "2m",  1000, 300000, "How long a file is ours."},
    {"scanworker.wait",    MC_CONFIG_DURATION, AT(wait_ms),    "4s",  0, 10000,     "How long one call waits for files."},
};
/* clang-format on */
const size_t scanworker_config_len = MC_LEN(scanworker_config);

static void log_line(const struct scanworker_line *line, enum mc_log_level level, const char *event,
                     const char *what)
{
    struct scanworker *worker = line->worker;
    struct mc_log_line out;

    mc_log_begin(&out, &worker->process.log, level, mc_now_ms(&worker->process.clock), event);
    mc_log_text(&out, "of", line->room);
    mc_log_text(&out, "what", what);
    mc_log_end(&out);
}

static bool call(struct scanworker_line *line, const char *method, const ProtobufCMessage *request,
                 int64_t timeout_ms, mc_link_answered *answered)
{
    struct scanworker *worker = line->worker;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];
    int64_t now_ms = mc_now_ms(&worker->process.clock);

    mc_arena_reset(&worker->turn);
    struct mc_bytes body = mc_body_pack(&worker->turn, request);
    const char *name = mc_sprintf(&worker->turn, "%s/%s", line->service, method);
    mc_uuid7(id, now_ms, &worker->process.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(name);
    head.caller = worker->process.caller;
    head.deadline_ms = now_ms + timeout_ms;
    return body.data != NULL && name != NULL &&
           mc_link_call(worker->process.links, line->room, &head, body, timeout_ms, answered,
                        line) == MC_OK;
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

static void again(struct scanworker_line *line, bool well)
{
    int64_t pause = SCANWORKER_PAUSE_MS;

    line->busy = false;
    if (well) {
        line->failures = 0;
        mc_loop_defer(line->next);
        return;
    }
    for (unsigned i = 0; i < line->failures && pause < SCANWORKER_PAUSE_MAX_MS; i++)
        pause *= 2;
    line->failures++;
    mc_timer_start(line->rest, MC_MIN(pause, (int64_t)SCANWORKER_PAUSE_MAX_MS));
}

static void told(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker_line *line = arg;

    (void)body;
    if (head == NULL || head->status != 0)
        log_line(line, MC_LOG_WARNING, "tell_failed", head != NULL ? head->code : "no answer");
    again(line, line->failures == 0 && head != NULL && head->status == 0);
}

static void tell(struct scanworker_line *line, Motcua__Scan scan, const char *malware,
                 const char *error)
{
    Motcua__AckScanRequest request = MOTCUA__ACK_SCAN_REQUEST__INIT;

    if (line->asked) /* its answer would be taken for the next file's */
        mc_link_forget(line->worker->process.links, line);
    line->asked = false;
    if (scan != MOTCUA__SCAN__SCAN_WAITING)
        line->failures = 0;
    else if (line->failures == 0)
        line->failures = 1;
    request.token = (ProtobufCBinaryData){line->token_len, line->token};
    request.scan = scan;
    request.malware = mc_unconst(malware);
    request.error = mc_unconst(error);
    if (!call(line, "AckScan", &request.base, SCANWORKER_CALL_MS, told))
        again(line, false);
}

static void give_up(struct scanworker_line *line, const char *error)
{
    log_line(line, MC_LOG_WARNING, "scan_failed", error);
    clamd_stop(line->clamd);
    tell(line, MOTCUA__SCAN__SCAN_WAITING, "", error);
}

/* --- clamd --- */

static void read_more(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker_line *line = arg;

    line->asked = false;
    const Motcua__ReadScanReply *reply =
        open_reply(line->worker, head, body, &motcua__read_scan_reply__descriptor);
    if (reply == NULL || reply->content.len == 0 || reply->content.len > CLAMD_CHUNK_MAX) {
        give_up(line, "FILE_READ");
        return;
    }
    line->sent += reply->content.len;
    clamd_send(line->clamd, (struct mc_bytes){reply->content.data, reply->content.len});
}

static void scanner_ready(void *arg)
{
    struct scanworker_line *line = arg;
    Motcua__ReadScanRequest request = MOTCUA__READ_SCAN_REQUEST__INIT;

    if (line->sent == line->size) {
        clamd_send(line->clamd, (struct mc_bytes){0});
        return;
    }
    request.token = (ProtobufCBinaryData){line->token_len, line->token};
    request.offset = line->sent;
    line->asked = call(line, "ReadScan", &request.base, SCANWORKER_CALL_MS, read_more);
    if (!line->asked)
        give_up(line, "FILE_READ");
}

static void scanner_ended(void *arg, struct mc_bytes answer, const char *why)
{
    struct scanworker_line *line = arg;
    char name[VERDICT_NAME_SIZE];
    enum verdict verdict = answer.len > 0 ? verdict_read(answer, name) : VERDICT_RETRY;

    /* Clean before it has seen all of it is not clean. */
    if (verdict == VERDICT_CLEAN && line->sent < line->size)
        verdict = VERDICT_RETRY;
    switch (verdict) {
    case VERDICT_CLEAN:
        tell(line, MOTCUA__SCAN__SCAN_CLEAN, "", "");
        return;
    case VERDICT_INFECTED:
        log_line(line, MC_LOG_WARNING, "infected", name);
        tell(line, MOTCUA__SCAN__SCAN_INFECTED, name, "");
        return;
    case VERDICT_IMPOSSIBLE:
        tell(line, MOTCUA__SCAN__SCAN_IMPOSSIBLE, "", "SIZE_LIMIT");
        return;
    case VERDICT_RETRY:
        give_up(line, why[0] != '\0' ? why : "SCANNER_ERROR");
        return;
    }
}

/* --- the room --- */

static void leased(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct scanworker_line *line = arg;
    const Motcua__LeaseScansReply *reply =
        open_reply(line->worker, head, body, &motcua__lease_scans_reply__descriptor);

    if (reply == NULL || reply->token.len > SCANWORKER_TOKEN_MAX) {
        log_line(line, MC_LOG_WARNING, "lease_failed", head != NULL ? head->code : "no answer");
        again(line, false);
        return;
    }
    if (reply->token.len == 0) {
        again(line, true);
        return;
    }
    memcpy(line->token, reply->token.data, reply->token.len);
    line->token_len = reply->token.len;
    line->size = reply->size;
    line->sent = 0;
    if (!clamd_begin(line->clamd, line->worker->address))
        give_up(line, "NO_SCANNER");
}

static void lease(void *arg)
{
    struct scanworker_line *line = arg;
    Motcua__LeaseScansRequest request = MOTCUA__LEASE_SCANS_REQUEST__INIT;

    if (line->busy)
        return;
    request.lease_ms = (uint32_t)line->worker->lease_ms;
    request.wait_ms = (uint32_t)line->worker->wait_ms;
    line->busy =
        call(line, "LeaseScans", &request.base, line->worker->wait_ms + SCANWORKER_CALL_MS, leased);
    if (!line->busy)
        again(line, false);
}

static enum mc_status line_open(struct scanworker *worker, struct scanworker_line *line)
{
    struct mc_loop *loop = worker->process.loop;
    const struct clamd_events events = {scanner_ready, scanner_ended, line};

    line->worker = worker;
    line->clamd = clamd_create(loop, worker->timeout_ms, &events);
    line->next = mc_defer_create(loop, lease, line);
    line->rest = mc_timer_create(loop, lease, line);
    if (line->clamd == NULL || line->next == NULL || line->rest == NULL)
        return MC_FULL;
    mc_loop_defer(line->next);
    return MC_OK;
}

/* The line of a room that takes files; NULL: there is no such room. */
static struct scanworker_line *line_of(struct scanworker *worker, const char *room)
{
    for (size_t i = 0; i < MC_LEN(services); i++)
        if (strcmp(services[i].room, room) == 0) {
            worker->lines[i].room = services[i].room;
            worker->lines[i].service = services[i].service;
            return &worker->lines[i];
        }
    return NULL;
}

enum mc_status scanworker_open(struct scanworker *worker, char *why, size_t why_size)
{
    enum mc_status status = MC_OK;

    (void)snprintf(why, why_size, "scanworker.clamd: not a path, nor an address with a port");
    if (!clamd_address_is_good(worker->address))
        return MC_INVALID;
    (void)snprintf(why, why_size, "memory");
    if (mc_arena_init(&worker->turn, TURN_SIZE) != MC_OK)
        return MC_FULL;
    for (size_t i = 0; i < worker->rooms.len && status == MC_OK; i++) {
        struct scanworker_line *line = line_of(worker, worker->rooms.items[i]);

        if (line == NULL) {
            (void)snprintf(why, why_size, "scanworker.rooms: %.64s takes no files",
                           worker->rooms.items[i]);
            return MC_INVALID;
        }
        if (line->worker == NULL) /* named twice is once */
            status = line_open(worker, line);
    }
    return status;
}

static void line_close(struct scanworker_line *line)
{
    if (line->clamd != NULL)
        clamd_destroy(line->clamd);
    if (line->next != NULL)
        mc_defer_destroy(line->next);
    if (line->rest != NULL)
        mc_timer_destroy(line->rest);
}

void scanworker_close(struct scanworker *worker)
{
    for (size_t i = 0; i < MC_LEN(worker->lines); i++)
        line_close(&worker->lines[i]);
    if (worker->turn.base != NULL)
        mc_arena_done(&worker->turn);
}
