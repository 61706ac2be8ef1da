#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/actions.h"
#include "common/due.h"
#include "common/frame.h"
#include "common/password.h"
#include "common/role.h"
#include "common/tally.h"

enum { HARNESS_MAP = 64 << 20, HARNESS_KEEP = 64 << 20, HARNESS_SETTINGS_MAX = 32 };

struct harness {
    char dir[64];
    const struct mc_room *room;
    void *ctx;
    struct mc_config config;
    struct mc_config_group group;
    const char *settings[HARNESS_SETTINGS_MAX];
    size_t settings_len;
    struct mc_clock_manual time;
    struct mc_clock clock;
    struct mc_random_seeded random_state;
    struct mc_random random;
    struct mc_service service;
    uint8_t master[MC_KEY_LEN];
    struct mc_arena keep; /* what tests were given */
    struct mc_caller caller;
    Motcua__Header *header;
    const char *source;
    const char *session;
    const char *purpose;
    char *token; /* a session for callers with an account */
    uint64_t events_fed;
};

static void seed_of(const char *room, uint8_t seed[MC_KEY_LEN])
{
    mc_hash(seed, mc_key_text(room));
}

static size_t public_keys(void *arg, const char *room, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    uint8_t seed[MC_KEY_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];

    (void)arg;
    seed_of(room, seed);
    mc_sign_key(seed, ret_keys[0], secret);
    return 1;
}

static void boot(struct harness *h)
{
    char why[256] = "";

    h->ctx = calloc(1, h->room->ctx_size > 0 ? h->room->ctx_size : 1);
    assert_non_null(h->ctx);
    h->group = (struct mc_config_group){
        .keys = h->room->config, .len = h->room->config_len, .base = h->ctx};
    assert_int_equal(mc_config_open(&h->config, &h->group, 1), MC_OK);
    if (mc_config_set(&h->config, h->settings, h->settings_len) != MC_OK)
        fail_msg("%s", h->config.why);

    seed_of(h->room->name, h->master);
    struct mc_service_options options = {
        .data_dir = h->dir,
        .map_size = HARNESS_MAP,
        .unsafe_no_sync = true,
        .clock = &h->clock,
        .random = &h->random,
        .master = h->master,
        .sign_seed = h->master,
        .public_keys = public_keys,
        .alone_max = MC_ACTION_ALONE_MAX,
    };
    if (mc_service_open(&h->service, h->room, h->ctx, &options, why, sizeof why) != MC_OK)
        fail_msg("boot: %s", why);
}

/* A daemon takes a secret only from a file that nobody else may read. */
static const char *secret_file(struct harness *h, const char *setting, size_t key_len)
{
    char hex[2 * sizeof HARNESS_SECRET];
    char path[sizeof h->dir + sizeof "/secret"];

    (void)snprintf(path, sizeof path, "%s/secret", h->dir);
    (void)mc_hex(hex, mc_key_text(HARNESS_SECRET));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    (void)fprintf(file, "%s\n", hex);
    assert_int_equal(fclose(file), 0);
    const char *text = mc_sprintf(&h->keep, "%.*s%s", (int)key_len, setting, path);
    assert_non_null(text);
    return text;
}

static void settings_take(struct harness *h, const char *const *settings)
{
    for (; settings != NULL && settings[h->settings_len] != NULL; h->settings_len++) {
        const char *setting = settings[h->settings_len];
        const char *mark = strstr(setting, "=@secret");

        assert_true(h->settings_len < HARNESS_SETTINGS_MAX);
        h->settings[h->settings_len] =
            mark != NULL ? secret_file(h, setting, (size_t)(mark + 1 - setting)) : setting;
    }
}

struct harness *harness_open(const struct mc_room *room, const char *const *settings)
{
    struct harness *h = calloc(1, sizeof *h);

    assert_non_null(h);
    (void)snprintf(h->dir, sizeof h->dir, "/tmp/motcua_%s.XXXXXX", room->name);
    assert_non_null(mkdtemp(h->dir));
    h->room = room;
    h->time = (struct mc_clock_manual){.now_ms = HARNESS_T0, .mono_ns = 1000000000};
    h->clock = mc_clock_from(&h->time);
    h->random = mc_random_seed(&h->random_state, 1);
    h->caller = (struct mc_caller){.name = "room:test", .who = MC_ROOM};
    assert_int_equal(mc_arena_init(&h->keep, HARNESS_KEEP), MC_OK);
    settings_take(h, settings);
    boot(h);
    return h;
}

static void shut(struct harness *h)
{
    mc_service_close(&h->service);
    mc_config_close(&h->config);
    free(h->ctx);
}

void harness_close(struct harness *h)
{
    char command[128];

    shut(h);
    mc_arena_done(&h->keep);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", h->dir);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a folder of our own making
    free(h);
}

void harness_reopen(struct harness *h)
{
    shut(h);
    boot(h);
    struct mc_turn turn;
    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    mc_effects_reclaim(&h->service, &turn);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&h->service.arena);
}

void *harness_ctx(struct harness *h)
{
    return h->ctx;
}

uint64_t harness_cursor(struct mc_turn *turn, const char *room)
{
    struct mc_txn txn;

    mc_txn_open(&txn, turn);
    return mc_cursor_load(&txn, room);
}

struct mc_service *harness_service(struct harness *h)
{
    return &h->service;
}

int64_t harness_now(const struct harness *h)
{
    return h->time.now_ms;
}

void harness_set_clock(struct harness *h, int64_t now_ms)
{
    h->time.now_ms = now_ms;
}

void harness_advance(struct harness *h, int64_t ms)
{
    mc_clock_advance(&h->time, ms);
}

char *harness_token(struct harness *h, const char *room, const ProtobufCMessage *payload)
{
    uint8_t seed[MC_KEY_LEN];
    uint8_t public[MC_SIGN_PUBLIC_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];

    seed_of(room, seed);
    mc_sign_key(seed, public, secret);
    struct mc_bytes packed = mc_body_pack(&h->keep, payload);
    char *token = mc_token_sign(&h->keep, secret, packed);
    assert_non_null(token);
    return token;
}

/* A caller with an account comes with a session, signed as identity signs. */
static char *session_of(struct harness *h)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    const struct mc_caller *caller = &h->caller;

    claims.session_id = mc_unconst(
        caller->session_id != NULL ? caller->session_id : "0190a07b-0000-7000-8000-00000000cafe");
    claims.account_id = mc_unconst(caller->account_id);
    claims.subject_kind = 1;
    claims.ial = caller->ial;
    if (caller->unit != NULL)
        claims.unit = mc_unconst(caller->unit);
    claims.rights = mc_unconst(caller->rights);
    claims.n_rights = caller->rights_len;
    claims.issued_at_ms = h->time.now_ms;
    claims.expires_at_ms = h->time.now_ms + 900000;
    return harness_token(h, "identity", &claims.base);
}

void harness_as(struct harness *h, const struct mc_caller *caller)
{
    h->caller = *caller;
    if (h->caller.name == NULL)
        h->caller.name = "portal:test";
}

void harness_purpose(struct harness *h, const char *purpose)
{
    h->purpose = purpose;
}

void harness_session(struct harness *h, const char *token)
{
    h->session = token;
}

void harness_from(struct harness *h, const char *source)
{
    h->source = source;
}

static const struct mc_method *method_named(const struct harness *h, const char *name)
{
    for (size_t i = 0; i < h->service.methods_len; i++)
        if (strcmp(h->service.methods[i].route->method, name) == 0)
            return &h->service.methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

static void run_turn(struct harness *h, struct mc_call *call)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    mc_call_write(&h->service, &turn, call);
    enum mc_status status = mc_turn_commit(&turn);
    if (status != MC_OK)
        mc_call_fail(&h->service, call, status);
}

static void run_call(struct harness *h, struct mc_call *call)
{
    struct mc_work work = {0};

    if (!mc_call_open(&h->service, call))
        return;
    if (mc_call_is_read(call)) {
        mc_call_read(&h->service, call);
        return;
    }
    mc_call_prepare(&h->service, call);
    if (call->needs_work) {
        work = call->wanted_work;
        mc_work_run(&work, MC_PASSWORD_COST_TEST, call->body); /* what the pool would do */
        call->work = &work;
    }
    if (call->reply_header.data == NULL)
        run_turn(h, call);
    call->work = NULL;
    mc_work_done(&work);
}

static void *answer_of(struct harness *h, const struct mc_call *call,
                       const struct mc_method *method, enum mc_status want)
{
    struct mc_validate_error error;

    if (call->status != want) {
        const Motcua__Header *head = h->header;
        fail_msg("%s: status %d, not %d: %s %s %s", method->name, (int)call->status, (int)want,
                 head != NULL ? head->code : "", head != NULL ? head->message : "",
                 head != NULL && head->n_violations > 0 ? head->violations[0]->field : "");
    }
    if (want != MC_OK)
        return NULL;
    void *reply =
        mc_body_open(&h->keep, method->proto->output, call->reply_body, MC_UPLOAD_MAX, &error);
    assert_non_null(reply);
    return reply;
}

void *harness_call_as(struct harness *h, const uint8_t request_id[MC_ID_LEN], const char *name,
                      const ProtobufCMessage *req, enum mc_status want)
{
    const struct mc_method *method = method_named(h, name);
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_validate_error error;

    head.request_id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(request_id)};
    head.method = mc_unconst(method->name);
    head.caller = mc_unconst(h->caller.name);
    if (h->caller.roles != 0) /* fewer than all */
        head.roles = mc_sprintf(&h->keep, "view%s%s",
                                (h->caller.roles & MC_ROLE_OPERATE) != 0 ? ",operate" : "",
                                (h->caller.roles & MC_ROLE_APPROVE) != 0 ? ",approve" : "");
    if (h->purpose != NULL)
        head.purpose = mc_unconst(h->purpose);
    if (h->source != NULL)
        head.source = mc_unconst(h->source);
    if (h->session != NULL || h->caller.account_id != NULL) {
        const char *token = h->session != NULL ? h->session : session_of(h);
        head.session = (ProtobufCBinaryData){strlen(token), mc_unconst(token)};
    }
    struct mc_call call = {
        .header = mc_envelope_pack(&h->keep, &head),
        .body = mc_body_pack(&h->keep, req),
        .arrived_ms = h->time.now_ms,
    };
    run_call(h, &call);
    h->header = NULL;
    if (call.reply_header.data != NULL)
        h->header = mc_envelope_open_reply(
            &h->keep, mc_copy(&h->keep, call.reply_header.data, call.reply_header.len), &error);
    void *reply = answer_of(h, &call, method, want);
    mc_arena_reset(&h->service.arena);
    return reply;
}

void *harness_call(struct harness *h, const char *method, const ProtobufCMessage *req,
                   enum mc_status want)
{
    uint8_t id[MC_ID_LEN];

    mc_uuid7(id, h->time.now_ms, &h->random);
    return harness_call_as(h, id, method, req, want);
}

const Motcua__Header *harness_header(const struct harness *h)
{
    return h->header;
}

bool harness_violated(const struct harness *h, const char *field, const char *code)
{
    for (size_t i = 0; h->header != NULL && i < h->header->n_violations; i++)
        if (strcmp(h->header->violations[i]->field, field) == 0 &&
            strcmp(h->header->violations[i]->code, code) == 0)
            return true;
    return false;
}

void harness_event(struct harness *h, const char *room, const char *type,
                   const ProtobufCMessage *body, const char *const *keys)
{
    harness_event_by(h, "system", room, type, body, keys);
}

void harness_event_by(struct harness *h, const char *actor, const char *room, const char *type,
                      const ProtobufCMessage *body, const char *const *keys)
{
    Motcua__Event event = MOTCUA__EVENT__INIT;
    struct mc_turn turn;

    struct mc_bytes packed = mc_body_pack(&h->keep, body);
    event.room = mc_unconst(room);
    event.type = mc_unconst(type);
    event.at_ms = h->time.now_ms;
    event.actor = mc_unconst(actor);
    event.traceparent = mc_unconst("");
    event.body = (ProtobufCBinaryData){packed.len, mc_unconst(packed.data)};
    event.keys = mc_list_copy(&h->keep, keys, &event.n_keys);
    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    event.seq = harness_cursor(&turn, room) + 1;
    mc_event_apply(&h->service, &turn, &event);
    if (harness_cursor(&turn, room) != event.seq)
        fail_msg("event %s: a fault", type);
    if (mc_turn_commit(&turn) != MC_OK)
        fail_msg("event %s: %s", type, turn.why);
    mc_arena_reset(&h->service.arena);
}

/* A snapshot whose results the test may keep. */
static void look(struct harness *h, struct mc_txn *txn)
{
    assert_int_equal(mc_snapshot_open(h->service.store, &h->keep, txn), MC_OK);
    txn->now_ms = h->time.now_ms;
    txn->secrets = &h->service.secrets;
    txn->random = &h->random;
}

static size_t find_events(struct harness *h, const char *type, Motcua__Event **ret_last)
{
    Motcua__Event *events[256];
    uint64_t after = 0;
    size_t found = 0;
    size_t n = 0;
    struct mc_txn txn;

    look(h, &txn);
    while ((n = mc_journal_read(&txn, after, events, MC_LEN(events), SIZE_MAX)) > 0) {
        for (size_t i = 0; i < n; i++)
            if (strcmp(events[i]->type, type) == 0) {
                found++;
                *ret_last = events[i];
            }
        after = events[n - 1]->seq;
    }
    mc_snapshot_close(&txn);
    return found;
}

size_t harness_events(struct harness *h, const char *type)
{
    Motcua__Event *last = NULL;

    return find_events(h, type, &last);
}

void *harness_last_event(struct harness *h, const char *type,
                         const ProtobufCMessageDescriptor *body, const Motcua__Event **ret_event)
{
    Motcua__Event *last = NULL;

    (void)find_events(h, type, &last);
    if (last == NULL) {
        fail_msg("no event %s", type);
        return NULL;
    }
    if (ret_event != NULL)
        *ret_event = last;
    void *opened =
        protobuf_c_message_unpack(body, &h->keep.protobuf, last->body.len, last->body.data);
    assert_non_null(opened);
    return opened;
}

size_t harness_jobs(struct harness *h, unsigned lane)
{
    const struct mc_lane_count *count = &mc_store_counts(h->service.store)->lanes[lane];

    return (size_t)(count->queued + count->leased + count->held);
}

size_t harness_dead(struct harness *h, unsigned lane)
{
    return (size_t)mc_store_counts(h->service.store)->lanes[lane].dead;
}

enum { LOOK_MAX = 256 };

static const Motcua__Job *job_with(Motcua__Job *const *jobs, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i]->id == id)
            return jobs[i];
    return NULL;
}

/* Makes a leased job what it was before, as if nobody had looked. */
static void put_back(struct mc_turn *turn, const Motcua__Job *leased, const Motcua__Job *before)
{
    Motcua__Job job = *leased;
    unsigned lane = (unsigned)(job.id >> 56);
    struct mc_txn txn;

    mc_txn_open(&txn, turn);
    mc_due_drop(&txn, leased);
    mc_tally_leave(&txn, leased);
    job.state = before->state;
    job.attempts = before->attempts;
    job.due_ms = before->due_ms;
    job.leased_by = before->leased_by;
    job.tried_by = before->tried_by;
    mc_tally_enter(&txn, &job);
    mc_due_put(&txn, &job);
    mc_save(&txn, MC_TABLE_JOBS, mc_key_u64(&txn, job.id), &job.base);
    txn.lanes_touched = 1U << lane;
    if (before->state == MOTCUA__JOB_STATE__LEASED) {
        txn.lanes[lane].failed_total--;
    } else {
        txn.lanes[lane].leased--;
        txn.lanes[lane].queued++;
    }
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
}

static struct mc_job *job_kept(struct harness *h, const struct mc_job *job)
{
    struct mc_job *kept = mc_alloc(&h->keep, sizeof *kept);
    struct mc_bytes packed = mc_body_pack(&h->keep, &job->record->base);

    assert_non_null(kept);
    *kept = *job;
    kept->record = motcua__job__unpack(&h->keep.protobuf, packed.len, packed.data);
    kept->payload = mc_copy(&h->keep, job->payload.data, job->payload.len);
    assert_non_null(kept->record);
    return kept;
}

/* The next due job of a kind, as if it were the only one its lane holds. */
static const struct mc_job *lease_kind(struct harness *h, unsigned lane, const char *kind)
{
    Motcua__Job **before = mc_alloc(&h->keep, LOOK_MAX * sizeof(Motcua__Job *));
    struct mc_job *jobs = mc_alloc(&h->keep, LOOK_MAX * sizeof *jobs);
    const struct mc_job *found = NULL;
    struct mc_turn turn;
    struct mc_txn txn;

    assert_non_null(before);
    assert_non_null(jobs);
    look(h, &txn);
    size_t live = mc_jobs_peek(&txn, (int)lane, false, 0, before, LOOK_MAX);
    mc_snapshot_close(&txn);

    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    size_t n = mc_effects_lease(&h->service, &turn, lane, jobs, LOOK_MAX);
    for (size_t i = 0; i < n; i++) {
        if (found == NULL && strcmp(jobs[i].record->kind, kind) == 0) {
            found = job_kept(h, &jobs[i]);
            continue;
        }
        const Motcua__Job *was = job_with(before, live, jobs[i].record->id);
        assert_non_null(was); /* more live jobs than LOOK_MAX */
        put_back(&turn, jobs[i].record, was);
    }
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    return found;
}

bool harness_effect(struct harness *h, const char *kind, struct harness_exchange *ret_exchange)
{
    const struct mc_effect *effect = mc_effect_of(&h->service, kind);

    assert_non_null(effect);
    *ret_exchange = (struct harness_exchange){.job = lease_kind(h, effect->lane, kind)};
    mc_arena_reset(&h->service.arena);
    if (ret_exchange->job == NULL)
        return false;
    /* Built in the kept arena, so that the test may look at it for as long as it likes. */
    struct mc_arena arena = h->service.arena;
    h->service.arena = h->keep;
    h->service.arena.protobuf.allocator_data = &h->service.arena;
    enum mc_status status =
        mc_effect_build(&h->service, ret_exchange->job, &ret_exchange->http, &ret_exchange->call);
    h->keep.used = h->service.arena.used;
    h->service.arena = arena;
    h->service.arena.protobuf.allocator_data = &h->service.arena;
    assert_int_equal(status, MC_OK);
    return true;
}

void harness_result(struct harness *h, const struct harness_exchange *exchange,
                    const struct mc_result *result)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    mc_effect_done(&h->service, &turn,
                   (struct mc_bytes){exchange->job->token, sizeof exchange->job->token}, result);
    if (mc_turn_commit(&turn) != MC_OK)
        fail_msg("result of %s: %s", exchange->job->record->kind, turn.why);
    mc_arena_reset(&h->service.arena);
}

void harness_answer(struct harness *h, const struct harness_exchange *exchange, unsigned status,
                    const char *body)
{
    const struct mc_result result = {
        .outcome = MC_HTTP_ANSWERED,
        .http_status = status,
        .step = exchange->http.step,
        .body = mc_key_text(body),
        .code = "",
    };
    harness_result(h, exchange, &result);
}

void harness_reply(struct harness *h, const struct harness_exchange *exchange,
                   const ProtobufCMessage *reply)
{
    const struct mc_result result = {
        .outcome = MC_HTTP_ANSWERED, .status = MC_OK, .reply = reply, .code = ""};

    harness_result(h, exchange, &result);
}

void harness_tick(struct harness *h)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, h->service.store, &h->service.arena, h->time.now_ms);
    (void)mc_service_tick(&h->service, &turn);
    if (mc_turn_commit(&turn) != MC_OK)
        fail_msg("tick: %s", turn.why);
    mc_arena_reset(&h->service.arena);
}

size_t harness_rows(struct harness *h, unsigned table)
{
    struct mc_txn txn;
    size_t rows = 0;

    look(h, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (; mc_next(&cursor); rows++)
        mc_pass(&cursor);
    mc_snapshot_close(&txn);
    return rows;
}
