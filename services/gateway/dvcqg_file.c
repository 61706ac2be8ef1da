/*
 * GET, HEAD /dvcqg/v1/file?MaHoSo=…&TepDinhKemId=…    header session: what /dvcqg/v1/session gave
 *
 * A file that DongBoHoSoMC has named, for the member's system. The partner room says whose session
 * it is, the dossier room gives the file piece by piece, the next one when the reader has taken the
 * last: no file is in memory as a whole. `Range: bytes=N-` or `N-M` goes on where an earlier answer
 * was cut; the ETag is the file's SHA-256. What fails half way is cut, and asked for again.
 */
#include "dvcqg_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"

#include "partner.pb-c.h"

#include "dvcqg.h"
#include "headers.h"

enum {
    HTTP_OK = 200,
    HTTP_PARTIAL = 206,
    HTTP_RANGE = 416,
    HTTP_TOO_MANY = 429,
    DIGITS_MAX = 18,
    CALL_MS = 15000,
};

static void ask(struct gateway_download *download);

static void let_go(struct gateway_download *download)
{
    mc_link_forget(download->gateway->process.links, download);
    mc_wipe(download, sizeof *download);
}

static void finish(struct gateway_download *download)
{
    struct mc_httpd_request *request = download->request;

    let_go(download);
    mc_httpd_stream_end(request);
}

static void reader_gone(void *arg)
{
    finish(arg);
}

/* The reader has taken the last piece. */
static void more(void *arg)
{
    struct gateway_download *download = arg;
    struct mc_arena *arena = &download->gateway->arena;

    if (download->asking)
        return;
    if (download->at > download->last)
        finish(download);
    else
        ask(download);
    mc_arena_reset(arena);
}

static void answer_first(struct gateway_download *download,
                         const Dossier__ReadAttachmentReply *reply,
                         const Dossier__ReadFileForPartnerRequest *request)
{
    struct gateway_headers headers = {0};
    char range[3 * DIGITS_MAX + 16];
    char etag[2 * MC_HASH_LEN + 3];

    download->last = MC_MIN(download->last, reply->size - 1);
    (void)snprintf(etag, sizeof etag, "\"%s\"", request->sha256);
    (void)snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, download->at,
                   download->last, reply->size);
    gateway_header_add(&headers, "ETag", etag);
    gateway_header_add(&headers, "Accept-Ranges", "bytes");
    gateway_header_add(&headers, "Content-Disposition", "attachment");
    if (download->ranged)
        gateway_header_add(&headers, "Content-Range", range);
    const struct gateway_answer answer = {
        .http = download->ranged ? HTTP_PARTIAL : HTTP_OK,
        .content_type = mc_header_value_ok(reply->content_type) ? reply->content_type
                                                                : "application/octet-stream",
        .headers = headers.lines,
    };
    const struct gateway_body body = {download->last - download->at + 1, more, reader_gone,
                                      download};
    struct gateway_exchange *exchange = download->exchange;
    download->exchange = NULL;
    download->request = gateway_answer_body(exchange, &answer, &body);
}

/* Before the first byte it can be said why; later the answer is cut. */
static void fail(struct gateway_download *download, const Motcua__Header *head)
{
    struct gateway_exchange *exchange = download->exchange;
    bool ranged = download->ranged;

    if (exchange == NULL) {
        finish(download);
        return;
    }
    let_go(download);
    if (head == NULL || head->status == 0)
        gateway_dvcqg_silence(exchange);
    else
        gateway_dvcqg_refuse(exchange, head,
                             ranged && strcmp(head->code, "FILE_RANGE") == 0 ? HTTP_RANGE : 0);
}

/* It asked for what is behind the end. */
static void fail_range(struct gateway_download *download)
{
    struct gateway_exchange *exchange = download->exchange;
    struct gateway_refusal refusal;

    if (exchange == NULL) {
        finish(download);
        return;
    }
    let_go(download);
    (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_INVALID), "Range",
                         "FIELD_INVALID");
    gateway_dvcqg_refuse(exchange, &refusal.head, HTTP_RANGE);
}

static void take(struct gateway_download *download, const Dossier__ReadAttachmentReply *reply)
{
    const Dossier__ReadFileForPartnerRequest *request =
        dossier__read_file_for_partner_request__unpack(&download->gateway->arena.protobuf,
                                                       download->ask_len, download->ask);

    if (request == NULL || reply->content.len == 0) {
        fail(download, NULL);
        return;
    }
    if (download->exchange != NULL) {
        bool only_head = strcmp(mc_httpd_method(download->exchange->request), "HEAD") == 0;
        answer_first(download, reply, request);
        if (only_head) {
            finish(download);
            return;
        }
    }
    size_t len = (size_t)MC_MIN((uint64_t)reply->content.len, download->last - download->at + 1);
    download->at += len;
    if (mc_httpd_stream_send(download->request, (struct mc_bytes){reply->content.data, len}) !=
        MC_OK)
        finish(download);
}

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_download *download = arg;
    struct mc_arena *arena = &download->gateway->arena;
    const Dossier__ReadAttachmentReply *reply = NULL;

    download->asking = false;
    if (head != NULL && head->status == 0)
        reply = dossier__read_attachment_reply__unpack(&arena->protobuf, body.len, body.data);
    if (reply != NULL && download->at >= reply->size)
        fail_range(download);
    else if (reply != NULL)
        take(download, reply);
    else
        fail(download, head);
    mc_arena_reset(arena);
}

static void ask(struct gateway_download *download)
{
    struct gateway *gateway = download->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_call call = {0};
    Dossier__ReadFileForPartnerRequest *request = dossier__read_file_for_partner_request__unpack(
        &gateway->arena.protobuf, download->ask_len, download->ask);

    if (request == NULL) {
        fail(download, NULL);
        return;
    }
    gateway_head_begin(&call, NULL, &moment, CALL_MS);
    call.head.method = mc_unconst("motcua.dossier.v1.Dossier/ReadFileForPartner");
    call.head.caller = gateway->process.caller;
    request->offset = download->at;
    request->length =
        MC_MIN(download->last - download->at, (uint64_t)GATEWAY_DOWNLOAD_PIECE - 1) + 1;
    call.body = mc_body_pack(&gateway->arena, &request->base);
    download->asking = true;
    if (call.body.data == NULL ||
        mc_link_call(gateway->process.links, "dossier", &call.head, call.body, call.timeout_ms,
                     answered, download) != MC_OK)
        fail(download, NULL);
}

static bool has_too_many(const struct gateway *gateway, const char *partner_id)
{
    unsigned n = 0;

    for (size_t i = 0; i < GATEWAY_DOWNLOADS; i++)
        n += gateway->downloads[i].gateway != NULL &&
             strcmp(gateway->downloads[i].partner_id, partner_id) == 0;
    return n >= GATEWAY_DOWNLOADS_EACH;
}

/* bytes=N- and bytes=N-M; others are not understood, and a server may then give all (RFC
 * 9110 14.2).
 */
static void read_range(const struct mc_httpd_request *request, struct gateway_download *download)
{
    static const char unit[] = "bytes=";
    const char *text = mc_httpd_header(request, "Range");
    uint64_t numbers[2] = {0, INT64_MAX};
    size_t digits[2] = {0};

    download->at = 0;
    download->last = INT64_MAX;
    if (text == NULL || strncasecmp(text, unit, sizeof unit - 1) != 0)
        return;
    text += sizeof unit - 1;
    for (size_t i = 0; i < 2; i++) {
        digits[i] = strspn(text, "0123456789");
        if (digits[i] > DIGITS_MAX)
            return;
        if (digits[i] > 0)
            numbers[i] = 0;
        for (size_t k = 0; k < digits[i]; k++)
            numbers[i] = numbers[i] * 10 + (uint64_t)(text[k] - '0');
        text += digits[i];
        if (i == 0 && *text++ != '-')
            return;
    }
    if (digits[0] == 0 || *text != '\0' || numbers[1] < numbers[0])
        return;
    download->ranged = true;
    download->at = numbers[0];
    download->last = numbers[1];
}

static struct gateway_download *free_place(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_DOWNLOADS; i++)
        if (gateway->downloads[i].gateway == NULL)
            return &gateway->downloads[i];
    return NULL;
}

static void begin(struct gateway_exchange *exchange, const Partner__InboundCallReply *reply)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_download *download = free_place(gateway);
    bool fits = reply->request.len <= GATEWAY_DOWNLOAD_ASK_MAX &&
                strlen(reply->partner_id) < sizeof download->partner_id;

    if (download == NULL || has_too_many(gateway, reply->partner_id)) {
        gateway_refuse_with(exchange, HTTP_TOO_MANY, mc_status_rpc(MC_BUSY), "BUSY",
                            (struct mc_header){"Retry-After", "1"});
        return;
    }
    if (!fits) {
        gateway_dvcqg_silence(exchange);
        return;
    }
    *download = (struct gateway_download){.gateway = gateway, .exchange = exchange};
    (void)snprintf(download->partner_id, sizeof download->partner_id, "%s", reply->partner_id);
    memcpy(download->ask, reply->request.data, reply->request.len);
    download->ask_len = reply->request.len;
    read_range(exchange->request, download);
    ask(download);
}

/* The partner room has said whose session it is. */
static void judged(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    const Partner__InboundCallReply *reply = NULL;

    if (head != NULL && head->status == 0)
        reply = partner__inbound_call_reply__unpack(&arena->protobuf, body.len, body.data);
    if (head != NULL && head->status != 0)
        gateway_dvcqg_refuse(exchange, head, 0);
    else if (reply == NULL)
        gateway_dvcqg_silence(exchange);
    else if (reply->answer != NULL)
        gateway_dvcqg_answer(exchange, reply->answer);
    else
        begin(exchange, reply);
    mc_arena_reset(arena);
}

static const char *session_of(const struct mc_httpd_request *request)
{
    static const char scheme[] = "Bearer ";
    const char *text = mc_httpd_header(request, "session");
    const char *bearer = mc_httpd_header(request, "Authorization");

    if (text == NULL && bearer != NULL && strncasecmp(bearer, scheme, sizeof scheme - 1) == 0)
        text = bearer + sizeof scheme - 1;
    return text != NULL ? text : "";
}

static const char *query_of(struct gateway_exchange *exchange, const char *name)
{
    const char *query = mc_httpd_query(exchange->request);
    struct mc_form form = {0};
    const char *value = NULL;

    if (mc_form_decode(&exchange->gateway->arena, (struct mc_bytes){query, strlen(query)}, &form) ==
        MC_OK)
        value = mc_form_get(&form, name);
    return value != NULL ? value : "";
}

/* As if the member had asked for the service at /dvcqg/v1/data. */
static struct mc_bytes service_call(struct gateway_exchange *exchange)
{
    const char *const pairs[][2] = {
        {"session", session_of(exchange->request)},
        {"service", "TaiTepTin"},
        {"MaHoSo", query_of(exchange, "MaHoSo")},
        {"TepDinhKemId", query_of(exchange, "TepDinhKemId")},
    };
    struct mc_json_writer writer;
    struct mc_bytes text = {0};

    mc_json_begin(&writer, &exchange->gateway->arena);
    mc_json_object(&writer);
    for (size_t i = 0; i < MC_LEN(pairs); i++) {
        mc_json_key(&writer, pairs[i][0]);
        mc_json_string(&writer, pairs[i][1]);
    }
    mc_json_end(&writer);
    (void)!mc_json_finish(&writer, &text);
    return text;
}

void gateway_dvcqg_file(struct gateway_exchange *exchange)
{
    gateway_webhook_say(exchange, "partner", "InboundCall", service_call(exchange), judged);
}
