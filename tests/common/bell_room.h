/* A room for the tests of the frame: what it does with a call is said in tests/proto/bell.proto. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "bell.pb-c.h"
#include "sample.pb-c.h"

#include "../harness.h"

enum { BELL_RINGS = MC_TABLE_ROOM, BELL_NOTES, BELL_RESULTS, BELL_TABLES_END };
enum { BELL_OUT, BELL_ROOMS, BELL_LANES_END };
enum { BELL_LEASE_MS = 30000 };

struct bell {
    unsigned handled; /* handlers that ran, whatever came of it */
    unsigned prepared;
    unsigned results;
    struct mc_result last; /* what `done` was told last; pointers are not kept */
    char last_note[128];   /* cause, keys and text of the last event */
};

static inline uint64_t bell_rung(struct mc_txn *txn)
{
    struct mc_bytes value;
    uint64_t rung = 0;

    if (mc_get(txn, BELL_RINGS, mc_key_text("rung"), &value))
        memcpy(&rung, value.data, sizeof rung);
    return rung;
}

static inline enum mc_status bell_ring(struct bell *bell, struct mc_txn *txn,
                                       const Bell__RingRequest *req, Bell__RingReply *rep)
{
    const char *const keys[] = {"bell:1", NULL};
    Bell__Note note = BELL__NOTE__INIT;

    bell->handled++;
    rep->number = mc_count(txn, "rings");
    mc_put(txn, BELL_RINGS, mc_key_text("rung"),
           (struct mc_bytes){&rep->number, sizeof rep->number});
    note.text = req->tone;
    mc_emit(txn, "bell.rung", &note.base, MC_SEALED, keys);
    if (strcmp(req->tone, "wrong") == 0) {
        (void)mc_refuse(txn, MC_INVALID, "tone", "FIELD_INVALID", "field", "tone", NULL);
        (void)mc_refuse(txn, MC_CONFLICT, "times", "FIELD_REQUIRED", "field", "times", NULL);
    }
    return txn->status;
}

static inline enum mc_status bell_whisper(struct bell *bell, struct mc_txn *txn,
                                          const Bell__WhisperRequest *req, Bell__WhisperReply *rep)
{
    bell->handled++;
    rep->text = mc_sprintf(txn->arena, "CANARY-%s-%llu", req->text,
                           (unsigned long long)mc_count(txn, "whispers"));
    return MC_OK;
}

static inline enum mc_status bell_look(struct bell *bell, struct mc_txn *txn,
                                       const Bell__LookRequest *req, Bell__LookReply *rep)
{
    bell->handled++;
    rep->rung = bell_rung(txn);
    rep->caller = mc_unconst(txn->caller->name);
    rep->account = mc_unconst(txn->caller->account_id != NULL ? txn->caller->account_id : "");
    rep->unit = mc_unconst(txn->caller->unit != NULL ? txn->caller->unit : "");
    rep->ial = txn->caller->ial;
    rep->source = mc_unconst(mc_source(txn));
    return req->after != 0 && rep->rung <= req->after ? mc_wait(txn, req->wait_ms) : MC_OK;
}

static inline enum mc_status bell_fix(struct bell *bell, struct mc_txn *txn,
                                      const Bell__FixRequest *req, Bell__FixReply *rep)
{
    (void)txn, (void)req, (void)rep;
    bell->handled++;
    return MC_OK;
}

static inline enum mc_status bell_knock(struct bell *bell, struct mc_txn *txn,
                                        const Bell__KnockRequest *req, Bell__KnockReply *rep)
{
    (void)txn, (void)req, (void)rep;
    bell->handled++;
    return MC_OK;
}

static inline enum mc_status bell_swallow(struct bell *bell, struct mc_txn *txn,
                                          const Sample__Everything *req, Bell__SwallowReply *rep)
{
    (void)txn;
    bell->handled++;
    rep->items = req->n_items;
    return MC_OK;
}

static inline enum mc_status bell_hash_prepare(struct bell *bell, struct mc_txn *snapshot,
                                               const Bell__HashRequest *req,
                                               struct mc_work *ret_work)
{
    bell->prepared++;
    if (strlen(req->password) < 8)
        return mc_refuse(snapshot, MC_INVALID, "password", "FIELD_INVALID", NULL);
    ret_work->kind = MC_WORK_HASH;
    (void)snprintf(ret_work->password, sizeof ret_work->password, "%s", req->password);
    return MC_OK;
}

static inline enum mc_status bell_hash(struct bell *bell, struct mc_txn *txn,
                                       const Bell__HashRequest *req, Bell__HashReply *rep)
{
    (void)req;
    bell->handled++;
    rep->hashed = txn->work != NULL && txn->work->ok;
    mc_put(txn, BELL_RINGS, mc_key_text("hashed"), mc_key_text("yes"));
    return MC_OK;
}

static inline enum mc_status bell_order(struct bell *bell, struct mc_txn *txn,
                                        const Bell__OrderRequest *req, Bell__OrderReply *rep)
{
    Bell__Note note = BELL__NOTE__INIT;
    uint8_t packed[256];

    bell->handled++;
    note.text = req->text;
    if (bell__note__get_packed_size(&note) > sizeof packed)
        return mc_refuse(txn, MC_INVALID, "text", "FIELD_TOO_LONG", NULL);
    const struct mc_job_spec spec = {
        .lane = strcmp(req->kind, "bell.call") == 0 ? BELL_ROOMS : BELL_OUT,
        .kind = req->kind,
        .payload = {packed, bell__note__pack(&note, packed)},
        .expires_ms = req->expires_ms,
        .attempts_max = req->attempts_max,
        .backoff_ms = 1000,
    };
    rep->job = mc_job_add(txn, &spec);
    return MC_OK;
}

static inline enum mc_status bell_wait(struct bell *bell, struct mc_txn *txn,
                                       const Bell__WaitRequest *req, Bell__WaitReply *rep)
{
    bell->handled++;
    mc_put(txn, BELL_RINGS, mc_key_text("waited"), mc_key_text("yes"));
    rep->rung = bell_rung(txn);
    return rep->rung == 0 ? mc_wait(txn, req->wait_ms) : MC_OK;
}

/* --- events of another room --- */

static inline enum mc_status bell_noted(struct bell *bell, struct mc_txn *txn,
                                        const Motcua__Event *event, const Bell__Note *note)
{
    (void)snprintf(bell->last_note, sizeof bell->last_note, "%s %s %s %s", txn->cause_event,
                   txn->actor, event->n_keys > 0 ? event->keys[0] : "-", note->text);
    mc_put(txn, BELL_NOTES, mc_key_u64(txn, mc_count(txn, "notes")), mc_key_text(note->text));
    if (strcmp(note->text, "fault") == 0)
        return MC_IO;
    return strcmp(note->text, "refuse") == 0 ? MC_CONFLICT : MC_OK;
}

/* --- effects --- */

static inline enum mc_status bell_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    const Bell__Note *note = (const Bell__Note *)(const void *)payload;

    (void)ctx, (void)job;
    ret_request->method = "POST";
    ret_request->url = mc_sprintf(arena, "https://bell.test/%s", note->text);
    return MC_OK;
}

static inline enum mc_status bell_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_room_call *ret_call)
{
    Bell__RingRequest *request = mc_alloc(arena, sizeof *request);

    (void)ctx, (void)job, (void)payload;
    if (request == NULL)
        return MC_LIMITED;
    bell__ring_request__init(request);
    *ret_call = (struct mc_room_call){.room = "bell",
                                      .service = &bell__bell__descriptor,
                                      .method = "Ring",
                                      .request = &request->base};
    return MC_OK;
}

static inline enum mc_status bell_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const Bell__Note *note = (const Bell__Note *)(const void *)payload;
    struct bell *bell = ctx;

    (void)job;
    bell->results++;
    bell->last = *result;
    mc_put(txn, BELL_RESULTS, mc_key_u64(txn, mc_count(txn, "results")), mc_key_text(note->text));
    *ret_verdict = strcmp(note->text, "retry") == 0  ? MC_RETRY
                   : strcmp(note->text, "bury") == 0 ? MC_BURY
                                                     : MC_DONE;
    return strcmp(note->text, "refuse") == 0 ? MC_CONFLICT : MC_OK;
}

/* --- the room --- */

/* clang-format off */
#define BELL_ROUTES(X)                                                                                        \
    X(Ring,    bell_ring,    Bell__RingRequest,    Bell__RingReply,    MC_WRITE, MC_ROOM | MC_CITIZEN, NULL)  \
    X(Whisper, bell_whisper, Bell__WhisperRequest, Bell__WhisperReply, MC_WRITE_SECRET, MC_ANYONE, NULL)      \
    X(Look,    bell_look,    Bell__LookRequest,    Bell__LookReply,    MC_READ, MC_ANYONE, NULL)              \
    X(Fix,     bell_fix,     Bell__FixRequest,     Bell__FixReply,     MC_WRITE, MC_OFFICER | MC_OPERATOR, "bell.fix") \
    X(Knock,   bell_knock,   Bell__KnockRequest,   Bell__KnockReply,   MC_READ, MC_PORTAL | MC_SMS, NULL)     \
    X(Swallow, bell_swallow, Sample__Everything,   Bell__SwallowReply, MC_READ, MC_ANYONE, NULL)              \
    X(Hash,    bell_hash,    Bell__HashRequest,    Bell__HashReply,    MC_WRITE, MC_ANYONE, NULL, bell_hash_prepare_call) \
    X(Order,   bell_order,   Bell__OrderRequest,   Bell__OrderReply,   MC_WRITE, MC_ANYONE, NULL)             \
    X(Wait,    bell_wait,    Bell__WaitRequest,    Bell__WaitReply,    MC_WRITE, MC_ANYONE, NULL, 0, 100)
/* clang-format on */

#define BELL_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct bell, fn, req, rep)
BELL_ROUTES(BELL_CALL)
MC_FOLLOW_CALL(struct bell, bell_noted, Bell__Note)

static enum mc_status bell_hash_prepare_call(void *ctx, struct mc_txn *snapshot,
                                             const ProtobufCMessage *req, struct mc_work *ret_work)
{
    return bell_hash_prepare(ctx, snapshot, (const Bell__HashRequest *)(const void *)req, ret_work);
}

static const struct mc_route bell_routes[] = {BELL_ROUTES(MC_ROUTE_ROW)};
static const char *const bell_tables[] = {"rings", "notes", "results"};
static const char *const bell_lanes[] = {"out", "rooms"};
static const struct mc_follow bell_follows[] = {
    {"dossier", "dossier.noted", &bell__note__descriptor, bell_noted_event}};
static const struct mc_effect bell_effects[] = {
    {.kind = "bell.http",
     .lane = BELL_OUT,
     .payload = &bell__note__descriptor,
     .http = bell_http,
     .done = bell_done,
     .lease_ms = BELL_LEASE_MS,
     .concurrency = 4},
    {.kind = "bell.ask",
     .lane = BELL_OUT,
     .payload = &bell__note__descriptor,
     .http = bell_http,
     .done = bell_done,
     .lease_ms = BELL_LEASE_MS,
     .concurrency = 2,
     .ask_first = true},
    {.kind = "bell.call",
     .lane = BELL_ROOMS,
     .payload = &bell__note__descriptor,
     .call = bell_call,
     .done = bell_done,
     .lease_ms = BELL_LEASE_MS,
     .concurrency = 1},
};

static const struct mc_room bell_room = {
    .name = "bell",
    .proto = &bell__bell__descriptor,
    .routes = bell_routes,
    .routes_len = MC_LEN(bell_routes),
    .tables = bell_tables,
    .tables_len = MC_LEN(bell_tables),
    .lanes = bell_lanes,
    .lanes_len = MC_LEN(bell_lanes),
    .follows = bell_follows,
    .follows_len = MC_LEN(bell_follows),
    .effects = bell_effects,
    .effects_len = MC_LEN(bell_effects),
    .ctx_size = sizeof(struct bell),
};
