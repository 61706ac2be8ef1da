/*
 * What dossiers cost, few and many in store: the dossier room in one process. Calls go through the
 * frame as in the daemon, each in a turn of its own, without sockets; the store is not flushed.
 * Each figure is CPU time of this thread. The store is filled by the room's own functions.
 *
 *     dossiers --dir FOLDER [--dossiers 10000,1000000] [--calls 2000] [--day 20000]
 *
 * JSON lines; `ratio` is against the smallest store of the same run.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/frame.h"
#include "common/ident.h"
#include "common/role.h"

#include "indicators.h"
#include "inside.h"

enum {
    TURN_DOSSIERS = 1000,
    PEOPLE = 1000,  /* who file and deal with what is measured */
    PER_OWNER = 10, /* dossiers of one person */
    OFFICERS = 40,
    PAPER = 200 * 1024,
    MAP_GIB = 64,
    SESSION_MS = 3600000,
};

#define T0        INT64_C(1788746400000) /* 2026-09-07 09:00 in Hà Nội, a Monday */
#define UNIT      "000.20.31.H53"
#define PROCEDURE "1.004873"

struct bench {
    struct inside in;
    struct dossier dossier;
    struct mc_arena held; /* sessions */
    uint64_t dossiers;
    uint64_t seed;           /* of which is asked for */
    struct mc_bytes officer; /* a session */
    struct mc_bytes citizens[PEOPLE];
    uint8_t paper[PAPER];
    struct mc_bytes drafts[PEOPLE]; /* with their paper, to be sent */
    size_t next;
};

/* --- the store --- */

static void open_room(struct bench *bench, const char *dir)
{
    const struct inside_options options = {
        .room = &dossier_room,
        .ctx = &bench->dossier,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 64 << 20,
    };

    inside_ok(mc_arena_init(&bench->held, 64 << 20), "memory");
    inside_begin(&bench->in, &options);
    inside_open(&bench->in, &options);
}

static void txn_open(struct bench *bench, struct mc_turn *turn, struct mc_txn *txn)
{
    static const struct mc_caller caller = {.name = "system", .who = MC_ROOM};
    static const Motcua__Header header = MOTCUA__HEADER__INIT;

    mc_txn_open(txn, turn);
    txn->now_ms = bench->in.time.now_ms;
    txn->random = &bench->in.random;
    txn->secrets = &bench->in.service.secrets;
    txn->caller = &caller;
    txn->header = &header;
    txn->actor = "system";
    txn->cause_event = "";
}

/* Accounts are numbers: the n-th owner files ten dossiers. */
static void account_text(char text[MC_UUID_TEXT_LEN + 1], uint64_t number, uint8_t kind)
{
    uint8_t id[MC_ID_LEN] = {0x01, 0x90, 0xa0, 0x7b, 0, kind, 0x70, 0, 0x80};

    for (size_t i = 0; i < 6; i++)
        id[MC_ID_LEN - 1 - i] = (uint8_t)(number >> (8 * i));
    mc_uuid_text(text, id);
}

/* As after acceptance and some work on it; states as they are found in a working unit, half of it
 * late. */
static void fill_record(struct bench *bench, struct mc_txn *txn, uint64_t number,
                        DossierState__Dossier *record)
{
    static const Dossier__State states[] = {DOSSIER__STATE__RETURNED, DOSSIER__STATE__RETURNED,
                                            DOSSIER__STATE__RETURNED, DOSSIER__STATE__PROCESSING,
                                            DOSSIER__STATE__NEW,      DOSSIER__STATE__RECEIVED,
                                            DOSSIER__STATE__FINISHED, DOSSIER__STATE__RETURNED};
    const struct dossier_catalogue *catalogue = &bench->dossier.catalogue;
    const struct dossier_procedure *procedure = dossier_procedure_find(catalogue, PROCEDURE);
    char officer[MC_UUID_TEXT_LEN + 1];
    int64_t minutes = (int64_t)(number * 2654435761u % (60 * 24 * 90)) - INT64_C(60) * 24 * 45;

    if (procedure == NULL)
        inside_die(PROCEDURE, "not in the catalogue");
    account_text(officer, number / catalogue->units_len % OFFICERS, 0xff);
    record->state = (uint32_t)states[number / 7 % MC_LEN(states)];
    record->procedure_code = mc_unconst(procedure->code);
    record->procedure_name = mc_unconst(procedure->name);
    record->sector = mc_unconst(procedure->sector);
    record->unit = mc_unconst(catalogue->units[number % catalogue->units_len].code);
    record->unit_name = mc_unconst(catalogue->units[number % catalogue->units_len].name);
    record->abstract = mc_seal_text(txn, "Xác nhận tình trạng hôn nhân để đăng ký kết hôn");
    record->form = mc_seal_text(txn, "{\"hoTen\":\"Nguyễn Thử Nghiệm\",\"mucDich\":\"Kết hôn\"}");
    record->sent_at_ms = txn->now_ms;
    record->check_by_ms = txn->now_ms + minutes * 60000;
    if (record->state == DOSSIER__STATE__NEW)
        return;
    record->assignee = dossier_text(txn, officer);
    record->received_at_ms = txn->now_ms;
    record->due_at_ms = txn->now_ms + minutes * 60000;
    record->promised_at_ms = record->due_at_ms;
    record->finished_at_ms = record->state >= DOSSIER__STATE__FINISHED ? txn->now_ms : 0;
}

static void add_dossier(struct bench *bench, struct mc_turn *turn, uint64_t number)
{
    struct mc_caller owner = {.name = "", .who = MC_CITIZEN, .ial = 2};
    char account[MC_UUID_TEXT_LEN + 1];
    struct dossier_open open = {0};
    struct mc_txn txn;

    txn_open(bench, turn, &txn);
    account_text(account, number / PER_OWNER, 0);
    owner.account_id = account;
    txn.caller = &owner;
    dossier_begin(&txn, account, &open);
    if (open.record == NULL)
        inside_die("a dossier", "refused");
    fill_record(bench, &txn, number, open.record);
    dossier_alarm_set(&bench->dossier, &txn, open.record);
    dossier_note(&txn, &open, "");
    dossier_save(&txn, &open);
    inside_ok(mc_txn_apply(&txn), "a dossier");
}

static void grow(struct bench *bench, uint64_t dossiers)
{
    while (bench->dossiers < dossiers) {
        struct mc_turn turn;

        bench->in.time.now_ms += 1;
        mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena,
                      bench->in.time.now_ms);
        for (size_t i = 0; i < TURN_DOSSIERS && bench->dossiers < dossiers; i++)
            add_dossier(bench, &turn, bench->dossiers++);
        inside_ok(mc_turn_commit(&turn), "a turn");
        mc_arena_reset(&bench->in.service.arena);
    }
}

/* --- calls --- */

static uint64_t any(struct bench *bench, uint64_t of)
{
    bench->seed = bench->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (bench->seed >> 20) % of;
}

static struct mc_bytes session_make(struct bench *bench, const char *account, const char *unit)
{
    static const char *const rights[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS", "DOSSIER_APPROVE",
                                         "RESULT_RETURN"};
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    char id[MC_UUID_TEXT_LEN + 1];

    account_text(id, any(bench, UINT32_MAX), 0x55);
    claims.session_id = id;
    claims.account_id = mc_unconst(account);
    claims.subject_kind = unit[0] != '\0' ? 3 : 1;
    claims.ial = 2;
    claims.unit = mc_unconst(unit);
    claims.rights = mc_unconst(rights);
    claims.n_rights = unit[0] != '\0' ? MC_LEN(rights) : 0;
    claims.issued_at_ms = bench->in.time.now_ms;
    claims.expires_at_ms = bench->in.time.now_ms + SESSION_MS;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    char *token = mc_token_sign(&bench->held, bench->in.service.sign_secret,
                                mc_body_pack(&bench->held, &claims.base));
    return mc_key_text(token);
}

/* Citizens spread over all who have filed. */
static void make_sessions(struct bench *bench)
{
    char account[MC_UUID_TEXT_LEN + 1];

    mc_arena_reset(&bench->held);
    account_text(account, 1, 0xff);
    bench->officer = session_make(bench, account, UNIT);
    for (size_t i = 0; i < PEOPLE; i++) {
        account_text(account, any(bench, bench->dossiers / PER_OWNER), 0);
        bench->citizens[i] = session_make(bench, account, "");
    }
}

/* The bytes of a call, in `keep`. */
static struct mc_call call_make(struct bench *bench, const char *method, struct mc_bytes session,
                                const ProtobufCMessage *request)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];

    mc_arena_reset(&bench->in.keep);
    mc_uuid7(id, bench->in.time.now_ms, &bench->in.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method);
    head.caller = mc_unconst("portal:bench");
    head.source = mc_unconst("198.51.100.0/24");
    head.purpose = mc_unconst("bench");
    head.session = (ProtobufCBinaryData){session.len, mc_unconst(session.data)};
    return (struct mc_call){.header = mc_envelope_pack(&bench->in.keep, &head),
                            .body = mc_body_pack(&bench->in.keep, request),
                            .arrived_ms = bench->in.time.now_ms};
}

static void answered(struct bench *bench, const struct mc_call *call, const char *what)
{
    struct mc_validate_error error;

    if (call->status != MC_OK) {
        const Motcua__Header *head =
            mc_envelope_open_reply(&bench->in.keep, call->reply_header, &error);
        inside_die(what, head != NULL ? head->code : "refused");
    }
    mc_arena_reset(&bench->in.service.arena);
}

static double read_call(struct bench *bench, const char *method, struct mc_bytes session,
                        const ProtobufCMessage *request)
{
    struct mc_call call = call_make(bench, method, session, request);
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    if (mc_call_open(&bench->in.service, &call))
        mc_call_read(&bench->in.service, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    answered(bench, &call, method);
    return took;
}

/* Its reply's body, in `held`. */
static double write_call(struct bench *bench, const char *method, struct mc_bytes session,
                         const ProtobufCMessage *request, struct mc_bytes *ret_body)
{
    struct mc_call call = call_make(bench, method, session, request);
    struct mc_turn turn;
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    if (!mc_call_open(&bench->in.service, &call))
        inside_die(method, "refused");
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    mc_call_write(&bench->in.service, &turn, &call);
    inside_ok(mc_turn_commit(&turn), "a turn");
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    if (ret_body != NULL)
        *ret_body = mc_copy(&bench->held, call.reply_body.data, call.reply_body.len);
    answered(bench, &call, method);
    return took;
}

static Dossier__DossierReply *reply_of(struct bench *bench, struct mc_bytes body)
{
    Dossier__DossierReply *reply =
        dossier__dossier_reply__unpack(&bench->held.protobuf, body.len, body.data);

    if (reply == NULL)
        inside_die("a reply", "cannot be read");
    return reply;
}

#define METHOD(name) "motcua.dossier.v1.Dossier/" name

static double list_mine(struct bench *bench)
{
    Dossier__ListMineRequest request = DOSSIER__LIST_MINE_REQUEST__INIT;

    return read_call(bench, METHOD("ListMine"), bench->citizens[any(bench, PEOPLE)], &request.base);
}

static double list_work(struct bench *bench, Dossier__ListWorkRequest *request)
{
    return read_call(bench, METHOD("ListWork"), bench->officer, &request->base);
}

static double by_unit(struct bench *bench)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;

    return list_work(bench, &request);
}

static double by_state(struct bench *bench)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;

    request.state = DOSSIER__STATE__PROCESSING;
    return list_work(bench, &request);
}

static double by_due(struct bench *bench)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;

    request.due_before_ms = T0 + INT64_C(86400000) * 30;
    return list_work(bench, &request);
}

static double by_officer(struct bench *bench)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;

    request.assignee = mc_unconst("me");
    return list_work(bench, &request);
}

static double late(struct bench *bench)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;

    request.overdue = true;
    return list_work(bench, &request);
}

static double count(struct bench *bench)
{
    Dossier__CountWorkRequest request = DOSSIER__COUNT_WORK_REQUEST__INIT;

    return read_call(bench, METHOD("CountWork"), bench->officer, &request.base);
}

/* A draft, its paper of 200 KiB (another one each time), and the sending. */
static double submit(struct bench *bench)
{
    Dossier__SaveDraftRequest save = DOSSIER__SAVE_DRAFT_REQUEST__INIT;
    Dossier__AttachRequest attach = DOSSIER__ATTACH_REQUEST__INIT;
    Dossier__SubmitRequest send = DOSSIER__SUBMIT_REQUEST__INIT;
    struct mc_bytes session = bench->citizens[any(bench, PEOPLE)];
    struct mc_bytes body;

    save.procedure_code = mc_unconst(PROCEDURE);
    save.unit = mc_unconst(UNIT);
    save.abstract = mc_unconst("Xác nhận tình trạng hôn nhân");
    save.form = mc_unconst("{}");
    (void)write_call(bench, METHOD("SaveDraft"), session, &save.base, &body);
    attach.dossier_id = send.dossier_id = reply_of(bench, body)->dossier_id;
    attach.component = mc_unconst("Giấy tờ");
    attach.file_name = mc_unconst("giay-to.pdf");
    for (size_t i = 8; i < PAPER; i += 8)
        bench->paper[i] = (uint8_t)any(bench, 256);
    memcpy(bench->paper, "%PDF-1.7", 8);
    attach.content = (ProtobufCBinaryData){PAPER, bench->paper};
    double took = write_call(bench, METHOD("Attach"), session, &attach.base, NULL);
    took += write_call(bench, METHOD("Submit"), session, &send.base, &body);
    bench->drafts[bench->next++ % PEOPLE] = body;
    return took;
}

/* Of what was just sent. */
static double accept(struct bench *bench)
{
    Dossier__AcceptRequest request = DOSSIER__ACCEPT_REQUEST__INIT;

    (void)submit(bench);
    const Dossier__DossierReply *sent = reply_of(bench, bench->drafts[(bench->next - 1) % PEOPLE]);
    request.dossier_id = sent->dossier_id;
    request.version = sent->version;
    return write_call(bench, METHOD("Accept"), bench->officer, &request.base, NULL);
}

/* One life: a draft, sent, accepted, processed, finished, handed over. */
static void live(struct bench *bench)
{
    static const Dossier__State steps[] = {DOSSIER__STATE__PROCESSING, DOSSIER__STATE__FINISHED,
                                           DOSSIER__STATE__RETURNED};
    Dossier__SaveDraftRequest save = DOSSIER__SAVE_DRAFT_REQUEST__INIT;
    Dossier__SubmitRequest send = DOSSIER__SUBMIT_REQUEST__INIT;
    Dossier__AcceptRequest take = DOSSIER__ACCEPT_REQUEST__INIT;
    Dossier__AdvanceRequest step = DOSSIER__ADVANCE_REQUEST__INIT;
    struct mc_bytes session = bench->citizens[any(bench, PEOPLE)];
    size_t mark = bench->held.used;
    struct mc_bytes body;

    save.procedure_code = mc_unconst(PROCEDURE);
    save.unit = mc_unconst(UNIT);
    save.abstract = mc_unconst("Xác nhận tình trạng hôn nhân");
    save.form = mc_unconst("{}");
    (void)write_call(bench, METHOD("SaveDraft"), session, &save.base, &body);
    const Dossier__DossierReply *at = reply_of(bench, body);
    send.dossier_id = take.dossier_id = step.dossier_id = at->dossier_id;
    (void)write_call(bench, METHOD("Submit"), session, &send.base, &body);
    take.version = reply_of(bench, body)->version;
    (void)write_call(bench, METHOD("Accept"), bench->officer, &take.base, &body);
    for (size_t i = 0; i < MC_LEN(steps); i++) {
        step.version = reply_of(bench, body)->version;
        step.to = steps[i];
        (void)write_call(bench, METHOD("Advance"), bench->officer, &step.base, &body);
    }
    mc_arena_rewind(&bench->held, mark);
}

/* The indicators of a day once more from its events. */
static void replay(struct bench *bench, uint64_t lives)
{
    Dossier__CheckIndicatorsRequest request = DOSSIER__CHECK_INDICATORS_REQUEST__INIT;
    struct mc_turn turn;
    uint64_t before = 0;
    double took = 0;
    bool done = false;

    make_sessions(bench);
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    before = turn.journal_last;
    inside_ok(mc_turn_commit(&turn), "a turn");
    for (uint64_t i = 0; i < lives; i++)
        live(bench);
    request.after = before;
    while (!done) {
        struct mc_call call =
            call_make(bench, METHOD("CheckIndicators"), (struct mc_bytes){0}, &request.base);
        size_t mark = bench->held.used;
        call.transport_caller = "operator:bench";
        call.transport_roles = MC_ROLES_ALL;
        double began = inside_us(CLOCK_THREAD_CPUTIME_ID);
        if (mc_call_open(&bench->in.service, &call))
            mc_call_read(&bench->in.service, &call);
        took += inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
        const Dossier__CheckIndicatorsReply *reply = dossier__check_indicators_reply__unpack(
            &bench->held.protobuf, call.reply_body.len, call.reply_body.data);
        if (reply == NULL)
            inside_die("CheckIndicators", "cannot be read");
        request.after = reply->next_after;
        done = reply->done;
        mc_arena_rewind(&bench->held, mark);
        answered(bench, &call, "CheckIndicators");
    }
    printf("{\"bench\":\"indicators\",\"lives\":%" PRIu64 ",\"events\":%" PRIu64
           ",\"replay_s\":%.3f}\n",
           lives, request.after - before, took / 1e6);
}

static const struct {
    const char *name;
    double (*call)(struct bench *bench);
    bool heavy;
} subjects[] = {
    {"ListMine", list_mine, false},
    {"ListWork of the unit", by_unit, false},
    {"ListWork by state", by_state, false},
    {"ListWork due before", by_due, false},
    {"ListWork of an officer", by_officer, false},
    {"ListWork overdue", late, false},
    {"CountWork", count, false},
    {"Attach 200 KiB and Submit", submit, true},
    {"Accept", accept, true},
};

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

static double median_of(struct bench *bench, size_t subject, size_t calls)
{
    double *took = calloc(calls, sizeof *took);

    if (took == NULL)
        inside_die("memory", strerror(errno));
    for (size_t i = 0; i < calls; i++)
        took[i] = subjects[subject].call(bench);
    qsort(took, calls, sizeof *took, compare);
    double median = took[calls / 2];
    free(took);
    return median;
}

static void measure(struct bench *bench, size_t calls, double first[MC_LEN(subjects)])
{
    make_sessions(bench);
    for (size_t i = 0; i < MC_LEN(subjects); i++) {
        double us = median_of(bench, i, subjects[i].heavy ? calls / 10 : calls);

        if (first[i] == 0)
            first[i] = us;
        printf("{\"bench\":\"dossiers\",\"dossiers\":%" PRIu64
               ",\"call\":\"%s\",\"cpu_us\":%.2f,\"ratio\":%.2f}\n",
               bench->dossiers, subjects[i].name, us, us / first[i]);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *dir = NULL;
    const char *levels = "10000,1000000";
    size_t calls = 2000;
    uint64_t day = 0;
    double first[MC_LEN(subjects)] = {0};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--dossiers") == 0)
            levels = argv[i + 1];
        else if (strcmp(argv[i], "--calls") == 0)
            calls = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--day") == 0)
            day = strtoull(argv[i + 1], NULL, 10);
        else
            inside_die(argv[i], "unknown");
    }
    if (dir == NULL || calls < 10)
        inside_die("--dir FOLDER", "is needed, and at least ten calls");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    open_room(&bench, dir);
    while (*levels != '\0') {
        char *end = NULL;
        grow(&bench, strtoull(levels, &end, 10));
        measure(&bench, calls, first);
        levels = *end == ',' ? end + 1 : end;
    }
    if (day > 0)
        replay(&bench, day);
    mc_service_close(&bench.in.service);
    mc_config_close(&bench.in.config);
    return 0;
}
