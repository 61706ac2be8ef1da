#include "common/scan.h"

#include <string.h>

#include "common/pack.h"
#include "common/text.h"

enum { BACKOFF_MAX_MS = 5 * 60 * 1000 };

void mc_scan_ask(struct mc_txn *txn, unsigned lane, struct mc_bytes id, int64_t backoff_ms)
{
    Motcua__ScanAsked asked = MOTCUA__SCAN_ASKED__INIT;
    size_t len = 0;

    asked.file = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    const uint8_t *packed = mc_pack(txn->arena, &asked.base, 0, &len);
    if (packed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    const struct mc_job_spec job = {
        .lane = lane,
        .kind = "scan",
        .payload = {packed, len},
        .backoff_ms = (uint32_t)backoff_ms,
        .backoff_max_ms = BACKOFF_MAX_MS,
        .destination = "",
    };
    (void)mc_job_add(txn, &job);
}

/* False: it is gone, or the call has failed. */
static bool file_of(const struct mc_scan_room *room, struct mc_txn *txn, const struct mc_job *job,
                    struct mc_scan_file *ret_file)
{
    const Motcua__ScanAsked *asked =
        motcua__scan_asked__unpack(&txn->arena->protobuf, job->payload.len, job->payload.data);

    *ret_file = (struct mc_scan_file){0};
    if (asked == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "scan job");
        return false;
    }
    ret_file->id = mc_key_bytes(asked->file);
    return room->find(txn, ret_file->id, ret_file);
}

/* What the caller holds by this token; NULL: nothing. Without a record the file is gone. */
static struct mc_job *held(const struct mc_scan_room *room, struct mc_txn *txn,
                           ProtobufCBinaryData token, struct mc_scan_file *ret_file)
{
    struct mc_job *job = mc_job_held(txn, mc_key_bytes(token), txn->caller->name);

    *ret_file = (struct mc_scan_file){0};
    if (job == NULL)
        return NULL;
    mc_job_open(txn, job);
    if (txn->status == MC_OK && !file_of(room, txn, job, ret_file))
        ret_file->record = NULL;
    return txn->status == MC_OK ? job : NULL;
}

static void hand_out(struct mc_txn *txn, const struct mc_scan_file *file, struct mc_bytes token,
                     Motcua__LeaseScansReply *rep)
{
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, file->sha256);
    rep->sha256 = mc_sprintf(txn->arena, "%s", sha256);
    rep->token = (ProtobufCBinaryData){token.len, mc_unconst(token.data)};
    rep->size = file->size;
    if (rep->sha256 == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

static struct mc_bytes last_key(struct mc_txn *txn)
{
    return mc_key_join(txn, mc_key_text("scan/last/"), mc_key_text(txn->caller->name));
}

static struct mc_bytes request_id(const struct mc_txn *txn)
{
    return mc_key_bytes(txn->header->request_id);
}

/* True: it is one, and the answer is what it still holds. */
static bool repeat(const struct mc_scan_room *room, struct mc_txn *txn,
                   Motcua__LeaseScansReply *rep)
{
    struct mc_bytes last;
    struct mc_scan_file file;

    if (!mc_get(txn, MC_TABLE_META, last_key(txn), &last) || last.len <= MC_ID_LEN ||
        memcmp(last.data, request_id(txn).data, MC_ID_LEN) != 0)
        return false;
    struct mc_bytes token =
        mc_keep(txn, (const uint8_t *)last.data + MC_ID_LEN, last.len - MC_ID_LEN);
    if (held(room, txn, (ProtobufCBinaryData){token.len, mc_unconst(token.data)}, &file) != NULL &&
        file.record != NULL)
        hand_out(txn, &file, token, rep);
    return true;
}

static void remember(struct mc_txn *txn, const Motcua__LeaseScansReply *rep)
{
    mc_put(txn, MC_TABLE_META, last_key(txn),
           mc_key_join(txn, request_id(txn), mc_key_bytes(rep->token)));
}

static void invalid(struct mc_txn *txn, const char *field)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
}

enum mc_status mc_scan_lease(const struct mc_scan_room *room, struct mc_txn *txn,
                             const Motcua__LeaseScansRequest *req, Motcua__LeaseScansReply *rep)
{
    struct mc_lease lease = {.lane = room->lane, .worker = txn->caller->name};
    struct mc_scan_file file;
    struct mc_job job;

    if (req->lease_ms != 0 &&
        (req->lease_ms < MC_SCAN_LEASE_MIN_MS || req->lease_ms > MC_SCAN_LEASE_MAX_MS))
        invalid(txn, "lease_ms");
    if (req->wait_ms > MC_SCAN_WAIT_MAX_MS)
        invalid(txn, "wait_ms");
    if (txn->status != MC_OK || repeat(room, txn, rep))
        return txn->status;
    lease.lease_ms = req->lease_ms != 0 ? req->lease_ms : MC_SCAN_LEASE_MS;
    while (rep->token.len == 0 && mc_jobs_lease(txn, &lease, &job, 1) == 1) {
        if (job.spent != NULL)
            mc_job_bury(txn, &job, job.spent);
        else if (file_of(room, txn, &job, &file))
            hand_out(txn, &file, mc_keep(txn, job.token, sizeof job.token), rep);
        else if (txn->status == MC_OK) /* nobody refers to it any more: it is gone */
            mc_job_done(txn, &job);
        if (txn->status != MC_OK)
            return txn->status;
    }
    if (rep->token.len > 0)
        remember(txn, rep);
    if (rep->token.len > 0 || txn->writes_len > 0 || txn->status != MC_OK)
        return txn->status;
    return mc_wait(txn, req->wait_ms);
}

enum mc_status mc_scan_read(const struct mc_scan_room *room, struct mc_txn *txn,
                            const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep)
{
    struct mc_scan_file file;

    if (held(room, txn, req->token, &file) == NULL || file.record == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "token", "LEASE_STALE", NULL);
    struct mc_bytes content = room->read(txn, &file, req->offset, MC_SCAN_PIECE);
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    return txn->status;
}

/* One line of the scanner's, as it is kept; refused past the limit. */
static const char *line(struct mc_txn *txn, const char *field, const char *text)
{
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *out = mc_alloc(txn->arena, size);

    if (out == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else if (mc_text_clean(out, size, text) != MC_OK)
        invalid(txn, field);
    else if (mc_text_chars(out) > MC_SCAN_MALWARE_CHARS_MAX)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", field, "max",
                        mc_sprintf(txn->arena, "%d", MC_SCAN_MALWARE_CHARS_MAX), NULL);
    return txn->status == MC_OK ? out : "";
}

enum mc_status mc_scan_ack(const struct mc_scan_room *room, struct mc_txn *txn,
                           const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep)
{
    struct mc_scan_file file;
    const char *malware = line(txn, "malware", req->malware);
    const char *error = line(txn, "error", req->error);

    if (req->scan == MOTCUA__SCAN__SCAN_OFF)
        invalid(txn, "scan");
    if (txn->status != MC_OK)
        return txn->status;
    const struct mc_job *job = held(room, txn, req->token, &file);
    if (job == NULL)
        return txn->status; /* held: false */
    rep->held = true;
    if (req->scan == MOTCUA__SCAN__SCAN_WAITING) {
        mc_job_retry(txn, job, error, 0);
        return txn->status;
    }
    mc_job_done(txn, job);
    if (file.record != NULL)
        room->judged(txn, &file, req->scan, malware);
    return txn->status;
}
