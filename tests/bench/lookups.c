/*
 * What it costs to find one of many accounts: the identity room in one process, on a store that
 * grows. Calls go through the frame as in the daemon, one after the other, without sockets; the
 * store is not flushed. Each figure is CPU time of this thread.
 *
 *     lookups --dir FOLDER [--accounts 10000,1000000] [--calls 20000] [--only TEXT] [--have N]
 *
 * JSON lines; `ratio` is against the smallest store of the same run. --only: the calls whose name
 * holds the text. --have: so many accounts an earlier run has left there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/frame.h"
#include "common/ident.h"
#include "common/password.h"
#include "common/role.h"

#include "account.h"
#include "inside.h"

enum {
    LEVELS_MAX = 8,
    TURN_ACCOUNTS = 4000,
    SESSIONS = 1000,
    HASHED_CALLS = 100, /* a real password hash takes ten milliseconds */
    MAP_GIB = 64,
};

#define T0       INT64_C(1795330800000) /* 2026-11-22 */
#define PASSWORD "Bến Cầu 2026!"

struct bench {
    struct inside in;
    struct identity identity;
    struct mc_arena held; /* sessions */
    char hash[MC_WORK_HASH_MAX];
    uint64_t accounts;
    uint64_t seed; /* of which accounts are asked for */
    struct mc_bytes sessions[SESSIONS];
};

/* --- people: made up, all of them different --- */

static void person_make(uint64_t number, IdentityState__Person *person, char text[4][64])
{
    static const char *const families[] = {"Nguyễn", "Trần", "Lê",  "Phạm", "Hoàng", "Phan",
                                           "Vũ",     "Đặng", "Bùi", "Đỗ",   "Hồ",    "Ngô"};
    static const char *const middles[] = {"Thị",   "Văn",  "Hữu",   "Đức",  "Minh", "Ngọc",
                                          "Thanh", "Xuân", "Quang", "Kim",  "Hồng", "Bích",
                                          "Gia",   "Tuấn", "Thu",   "Khánh"};
    static const char *const givens[] = {
        "An",   "Bình", "Chi",   "Dũng", "Giang", "Hà",   "Hải",   "Hạnh", "Hiếu", "Hoa",
        "Hòa",  "Hùng", "Hương", "Khoa", "Lan",   "Linh", "Long",  "Mai",  "Nam",  "Nga",
        "Phúc", "Quân", "Sơn",   "Tâm",  "Thảo",  "Thủy", "Trang", "Tú",   "Việt", "Yến"};
    /* Knuth's multiplier spreads neighbours; the six digits at the end make each one unique. */
    uint64_t mixed = number * 2654435761u;

    (void)snprintf(text[0], 64, "072%u%02u%06u", (unsigned)(mixed % 2),
                   (unsigned)(number / 1000000 % 100), (unsigned)(number % 1000000));
    (void)snprintf(text[1], 64, "%s %s %s", families[mixed % MC_LEN(families)],
                   middles[mixed / 12 % MC_LEN(middles)], givens[mixed / 192 % MC_LEN(givens)]);
    (void)snprintf(text[2], 64, "%02u/%02u/19%02u", (unsigned)(1 + mixed % 28),
                   (unsigned)(1 + mixed % 12), (unsigned)(number / 1000000 % 100));
    (void)snprintf(text[3], 64, "8490%07u", (unsigned)(number % 10000000));
    person->login_id = text[0];
    person->full_name = text[1];
    person->birth_date = text[2];
    person->phone = text[3];
}

/* --- the store --- */

static void open_room(struct bench *bench, const char *dir)
{
    static const char *const settings[] = {"identity.carrier_url=http://127.0.0.1:9/",
                                           "identity.allow_plain_http=true"};
    const struct inside_options options = {
        .room = &identity_room,
        .ctx = &bench->identity,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 64 << 20,
    };

    inside_ok(mc_arena_init(&bench->held, 64 << 20), "memory");
    inside_ok(mc_password_hash(bench->hash, PASSWORD, MC_PASSWORD_COST), "password");
    inside_begin(&bench->in, &options);
    inside_set(&bench->in, settings, MC_LEN(settings));
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

/* As a daemon begins: its first tick finds nothing that an older version has left. */
static void tick(struct bench *bench)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    (void)mc_service_tick(&bench->in.service, &turn);
    inside_ok(mc_turn_commit(&turn), "a turn");
    mc_arena_reset(&bench->in.service.arena);
}

static void add_account(struct bench *bench, struct mc_turn *turn, uint64_t number)
{
    IdentityState__Account account = IDENTITY_STATE__ACCOUNT__INIT;
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    char text[4][64];
    struct mc_txn txn;

    txn_open(bench, turn, &txn);
    person_make(number, &person, text);
    account.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    account.ial = 2;
    account.method = mc_unconst("SUBSCRIBER");
    account.person = identity_person_seal(&txn, &person);
    account.login_index = identity_data(identity_login_index(&txn, person.login_id));
    account.password_hash = mc_seal_text(&txn, bench->hash);
    account.consent_version = mc_unconst("2026-01");
    identity_account_open(&txn, mc_new_id(&txn), &account);
    inside_ok(mc_txn_apply(&txn), "an account");
}

static void grow(struct bench *bench, uint64_t accounts)
{
    while (bench->accounts < accounts) {
        struct mc_turn turn;

        bench->in.time.now_ms += 1;
        mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena,
                      bench->in.time.now_ms);
        for (size_t i = 0; i < TURN_ACCOUNTS && bench->accounts < accounts; i++)
            add_account(bench, &turn, bench->accounts++);
        inside_ok(mc_turn_commit(&turn), "a turn");
        mc_arena_reset(&bench->in.service.arena);
    }
}

/* --- calls --- */

static uint64_t any_account(struct bench *bench)
{
    bench->seed = bench->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (bench->seed >> 20) % bench->accounts;
}

static struct mc_bytes session_make(struct bench *bench, struct mc_txn *txn)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    IdentityState__Session session = IDENTITY_STATE__SESSION__INIT;
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    struct mc_bytes id = mc_new_id(txn);
    char text[4][64];
    struct mc_bytes account;

    person_make(any_account(bench), &person, text);
    if (!identity_account_find(txn, identity_login_index(txn, person.login_id), &account))
        inside_die("an account", "not found");
    session.account = identity_data(account);
    session.opened_at_ms = txn->now_ms;
    session.expires_at_ms = txn->now_ms + 3600000;
    mc_save(txn, IDENTITY_SESSIONS, id, &session.base);
    claims.account_id = identity_uuid(txn, account);
    claims.session_id = identity_uuid(txn, id);
    claims.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    claims.ial = 2;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    claims.issued_at_ms = txn->now_ms;
    claims.expires_at_ms = session.expires_at_ms;
    char *token = mc_token_sign(&bench->held, bench->in.service.sign_secret,
                                mc_body_pack(txn->arena, &claims.base));
    return mc_key_text(token);
}

/* Sessions of accounts all over the store; a room remembers a token it has verified. */
static void make_sessions(struct bench *bench)
{
    struct mc_turn turn;
    struct mc_txn txn;

    mc_arena_reset(&bench->held);
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    txn_open(bench, &turn, &txn);
    for (size_t i = 0; i < SESSIONS; i++)
        bench->sessions[i] = session_make(bench, &txn);
    inside_ok(mc_txn_apply(&txn), "sessions");
    inside_ok(mc_turn_commit(&turn), "a turn");
    mc_arena_reset(&bench->in.service.arena);
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

static double profile(struct bench *bench)
{
    Identity__GetProfileRequest request = IDENTITY__GET_PROFILE_REQUEST__INIT;
    struct mc_call call = call_make(bench, "motcua.identity.v1.Identity/GetProfile",
                                    bench->sessions[any_account(bench) % SESSIONS], &request.base);
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    if (mc_call_open(&bench->in.service, &call))
        mc_call_read(&bench->in.service, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    answered(bench, &call, "GetProfile");
    return took;
}

static struct mc_call login_make(struct bench *bench)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    char text[4][64];

    person_make(any_account(bench), &person, text);
    request.login_id = person.login_id;
    request.password = mc_unconst(PASSWORD);
    return call_make(bench, "motcua.identity.v1.Identity/Login", (struct mc_bytes){0},
                     &request.base);
}

/* By identity number, from a snapshot, up to the hash that the pool compares. */
static void login_prepare(struct bench *bench, struct mc_call *call)
{
    if (!mc_call_open(&bench->in.service, call))
        inside_die("Login", "refused");
    mc_call_prepare(&bench->in.service, call);
    if (!call->needs_work)
        inside_die("Login", "found nobody");
}

static double find(struct bench *bench)
{
    struct mc_call call = login_make(bench);
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    login_prepare(bench, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    answered(bench, &call, "Login");
    return took;
}

/*
 * By the folded whole name, the newest of those who have it. That somebody looked is written to the
 * journal: with the commit it is a turn of its own, as a login's second half is.
 */
static double search(struct bench *bench, bool committed)
{
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__StaffFilter filter = IDENTITY__STAFF_FILTER__INIT;
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    char text[4][64];
    struct mc_turn turn;

    person_make(any_account(bench), &person, text);
    filter.name = person.full_name;
    filter.everyone = true;
    request.filter = &filter;
    request.page_size = 1;
    struct mc_call call = call_make(bench, "motcua.identity.v1.Identity/SearchStaff",
                                    (struct mc_bytes){0}, &request.base);
    call.transport_caller = "operator:bench";
    call.transport_roles = MC_ROLES_ALL;
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);
    if (!mc_call_open(&bench->in.service, &call))
        inside_die("SearchStaff", "refused");
    mc_call_write(&bench->in.service, &turn, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    inside_ok(mc_turn_commit(&turn), "a turn");
    if (committed)
        took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    answered(bench, &call, "SearchStaff");
    return took;
}

static double by_name(struct bench *bench)
{
    return search(bench, false);
}

static double by_name_told(struct bench *bench)
{
    return search(bench, true);
}

/* Each call is a turn of its own, so each writes all its pages; a daemon's calls share them. */
static double login(struct bench *bench, bool hashed)
{
    struct mc_call call = login_make(bench);
    struct mc_turn turn;
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    login_prepare(bench, &call);
    struct mc_work work = call.wanted_work;
    work.ok = !hashed || mc_password_verify(work.hash, work.password);
    call.work = &work;
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    mc_call_write(&bench->in.service, &turn, &call);
    inside_ok(mc_turn_commit(&turn), "a turn");
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    answered(bench, &call, "Login");
    return took;
}

static double login_alone(struct bench *bench)
{
    return login(bench, false);
}

static double login_hashed(struct bench *bench)
{
    return login(bench, true);
}

static const struct {
    const char *name;
    double (*call)(struct bench *bench);
    bool slow;
} subjects[] = {
    {"session check and profile", profile, false},
    {"account by identity number", find, false},
    {"account by folded name", by_name, false},
    {"account by folded name, and its commit", by_name_told, false},
    {"login, without its hash", login_alone, false},
    {"login, with its hash", login_hashed, true},
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

static void measure(struct bench *bench, size_t calls, const char *only,
                    double first[MC_LEN(subjects)])
{
    make_sessions(bench);
    for (size_t i = 0; i < MC_LEN(subjects); i++) {
        if (strstr(subjects[i].name, only) == NULL)
            continue;
        double us = median_of(bench, i, subjects[i].slow ? HASHED_CALLS : calls);

        if (first[i] == 0)
            first[i] = us;
        printf("{\"bench\":\"lookup\",\"accounts\":%" PRIu64
               ",\"call\":\"%s\",\"cpu_us\":%.2f,\"ratio\":%.2f}\n",
               bench->accounts, subjects[i].name, us, us / first[i]);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *dir = NULL;
    const char *levels = "10000,1000000";
    const char *only = "";
    size_t calls = 20000;
    double first[MC_LEN(subjects)] = {0};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--accounts") == 0)
            levels = argv[i + 1];
        else if (strcmp(argv[i], "--calls") == 0)
            calls = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0)
            only = argv[i + 1];
        else if (strcmp(argv[i], "--have") == 0)
            bench.accounts = strtoull(argv[i + 1], NULL, 10);
        else
            inside_die(argv[i], "unknown");
    }
    if (dir == NULL || calls == 0)
        inside_die("--dir FOLDER", "is needed");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    open_room(&bench, dir);
    tick(&bench);
    while (*levels != '\0') {
        char *end = NULL;
        grow(&bench, strtoull(levels, &end, 10));
        measure(&bench, calls, only, first);
        levels = *end == ',' ? end + 1 : end;
    }
    mc_service_close(&bench.in.service);
    mc_config_close(&bench.in.config);
    return 0;
}
