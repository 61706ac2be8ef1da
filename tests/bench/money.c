/*
 * What a payment costs: the payment room in one process, durable, without sockets. Calls go through
 * the frame as in the daemon; a turn takes as many as are outstanding and ends in one flushed
 * commit.
 *
 *     money --dir FOLDER [--only payment|ledger|raw] [--outstanding 1] [--seconds 2]
 *
 * payment   CreateOrder, StartPayment, CONFIRM, and the answer of QUERY that moves the money: four
 *           commits; order, attempt, ledger, receipt, events and jobs as in the daemon
 * ledger    transfers of two postings: sequence, balances, index by account, cause
 * raw       what a transfer must at least be: two rows of 300 bytes put in sequence, by bare LMDB
 *
 * One line of JSON: per_s, p50_us and p99_us of a turn's wait, postings_per_s.
 */
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/frame.h"
#include "common/ident.h"

#include "inside.h"
#include "payment.h"

enum { OUTSTANDING_MAX = 1024, TURNS_MAX = 1 << 20, RAW_ROW = 300, MAP_GIB = 16, AGENCIES = 100 };

#define T0    INT64_C(1795330800000) /* 2026-11-22 */
#define OWNER "0190a07b-0000-7000-8000-000000000001"

struct bench {
    struct inside in;
    struct payment payment;
    struct mc_bytes session;
    size_t outstanding;
    double turns[TURNS_MAX];
    size_t turns_len;
    uint64_t number;
};

static struct bench bench;

static const char *file_of(const char *dir, const char *name, const char *text)
{
    char *path = mc_sprintf(&bench.in.keep, "%s/%s", dir, name);
    FILE *file = path != NULL ? fopen(path, "we") : NULL;

    inside_must(file != NULL && fchmod(fileno(file), 0600) == 0 && fputs(text, file) >= 0 &&
                    fclose(file) == 0,
                "a file");
    return path;
}

static void open_room(const char *dir)
{
    const char *settings[3] = {"payment.platform_url=http://127.0.0.1:9/",
                               "payment.allow_plain_http=true"};
    const struct inside_options options = {
        .room = &payment_room,
        .ctx = &bench.payment,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 256 << 20,
        .flush = true,
    };

    inside_begin(&bench.in, &options);
    settings[2] = mc_sprintf(&bench.in.keep, "payment.platform_secret_file=%s",
                             file_of(dir, "secret", "6d6f746375612d746573742d736563726574\n"));
    inside_set(&bench.in, settings, MC_LEN(settings));
    inside_open(&bench.in, &options);
    mc_arena_reset(&bench.in.keep);
}

static void session_make(void)
{
    static char token[1024];
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;

    claims.account_id = mc_unconst(OWNER);
    claims.session_id = mc_unconst(OWNER);
    claims.subject_kind = 1;
    claims.ial = 2;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    claims.issued_at_ms = T0;
    claims.expires_at_ms = T0 + INT64_C(36000000);
    char *made = mc_token_sign(&bench.in.keep, bench.in.service.sign_secret,
                               mc_body_pack(&bench.in.keep, &claims.base));
    inside_must(made != NULL && strlen(made) < sizeof token, "a session");
    (void)snprintf(token, sizeof token, "%s", made);
    bench.session = mc_key_text(token);
}

/* --- turns --- */

static double turn_began_us;

static void turn_begin(struct mc_turn *turn)
{
    turn_began_us = inside_us(CLOCK_MONOTONIC);
    bench.in.time.now_ms += 1;
    mc_turn_begin(turn, bench.in.service.store, &bench.in.service.arena, bench.in.time.now_ms);
}

static void turn_commit(struct mc_turn *turn)
{
    inside_must(mc_turn_commit(turn) == MC_OK, "a commit");
    if (bench.turns_len < TURNS_MAX)
        bench.turns[bench.turns_len++] = inside_us(CLOCK_MONOTONIC) - turn_began_us;
}

static struct mc_call call_make(const char *method, const char *caller, struct mc_bytes session,
                                const ProtobufCMessage *request)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];

    mc_uuid7(id, bench.in.time.now_ms, &bench.in.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method);
    head.caller = mc_unconst(caller);
    head.session = (ProtobufCBinaryData){session.len, mc_unconst(session.data)};
    return (struct mc_call){.header = mc_envelope_pack(&bench.in.keep, &head),
                            .body = mc_body_pack(&bench.in.keep, request),
                            .arrived_ms = bench.in.time.now_ms};
}

/* All calls of a round in one turn; their reply bodies stay in `keep`. */
static void turn_of(struct mc_call *calls, struct mc_bytes *ret_bodies)
{
    struct mc_validate_error error;
    struct mc_turn turn;

    turn_begin(&turn);
    for (size_t i = 0; i < bench.outstanding; i++) {
        inside_must(mc_call_open(&bench.in.service, &calls[i]), "a call");
        mc_call_write(&bench.in.service, &turn, &calls[i]);
    }
    turn_commit(&turn);
    for (size_t i = 0; i < bench.outstanding; i++) {
        if (calls[i].status != MC_OK) {
            const Motcua__Header *head =
                mc_envelope_open_reply(&bench.in.keep, calls[i].reply_header, &error);
            inside_die(calls[i].method->name, head != NULL ? head->code : "refused");
        }
        ret_bodies[i] = mc_copy(&bench.in.keep, calls[i].reply_body.data, calls[i].reply_body.len);
    }
    mc_arena_reset(&bench.in.service.arena);
}

/* --- a payment --- */

static struct mc_call calls[OUTSTANDING_MAX];
static struct mc_bytes bodies[OUTSTANDING_MAX];
static const char *references[OUTSTANDING_MAX];

static void create_orders(void)
{
    for (size_t i = 0; i < bench.outstanding; i++) {
        Payment__CreateOrderRequest req = PAYMENT__CREATE_ORDER_REQUEST__INIT;
        Payment__Item item = PAYMENT__ITEM__INIT;
        Payment__Item *items[] = {&item};
        char code[48];

        (void)snprintf(code, sizeof code, "000.20.31.H53-261122-%07" PRIu64, bench.number++);
        item.kind = PAYMENT__ITEM_KIND__CHARGE;
        item.code = mc_unconst("2771");
        item.name = mc_unconst("Lệ phí hộ tịch");
        item.amount = 8000;
        req.items = items;
        req.n_items = 1;
        req.dossier_code = code;
        req.unit = mc_unconst("000.20.31.H53");
        req.owner_account = mc_unconst(OWNER);
        calls[i] = call_make("motcua.payment.v1.Payment/CreateOrder", "room:dossier",
                             (struct mc_bytes){0}, &req.base);
    }
    turn_of(calls, bodies);
}

static void start_payments(void)
{
    for (size_t i = 0; i < bench.outstanding; i++) {
        Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;
        const Payment__Order *order =
            payment__order__unpack(&bench.in.keep.protobuf, bodies[i].len, bodies[i].data);

        inside_must(order != NULL, "an order");
        req.order_id = order->order_id;
        calls[i] = call_make("motcua.payment.v1.Payment/StartPayment", "portal:bench",
                             bench.session, &req.base);
    }
    turn_of(calls, bodies);
    for (size_t i = 0; i < bench.outstanding; i++) {
        const Payment__StartPaymentReply *reply = payment__start_payment_reply__unpack(
            &bench.in.keep.protobuf, bodies[i].len, bodies[i].data);
        inside_must(reply != NULL, "an attempt");
        references[i] = reply->reference;
    }
}

static void confirm_payments(void)
{
    for (size_t i = 0; i < bench.outstanding; i++) {
        Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;
        char hash[PAYMENT_HASH_SIZE];
        char transaction[32];

        (void)snprintf(transaction, sizeof transaction, "FT%012" PRIu64,
                       bench.number * OUTSTANDING_MAX + i);
        const char *const values[] = {
            "CONFIRM",   "00",         bench.payment.partner, references[i], "8000", "VND",
            transaction, "VIETINBANK", "20261122093455",      "x",           NULL};
        payment_hash(hash, values, bench.payment.secret);
        const char *body = mc_sprintf(
            &bench.in.keep,
            "{\"LoaiBanTin\":\"CONFIRM\",\"MaLoi\":\"00\",\"MaDoiTac\":\"%s\",\"MaThamChieu\":\"%"
            "s\","
            "\"SoTien\":\"8000\",\"MaTienTe\":\"VND\",\"MaGiaoDich\":\"%s\",\"MaNganHang\":"
            "\"VIETINBANK\",\"ThoiGianGD\":\"20261122093455\",\"ThongTinGiaoDich\":\"x\","
            "\"MaXacThuc\":\"%s\"}",
            bench.payment.partner, references[i], transaction, hash);
        inside_must(body != NULL, "memory");
        req.method = mc_unconst("POST");
        req.body = (ProtobufCBinaryData){strlen(body), mc_unconst(body)};
        calls[i] = call_make("motcua.payment.v1.Payment/PlatformConfirm", "room:gateway",
                             (struct mc_bytes){0}, &req.base);
    }
    turn_of(calls, bodies);
}

/* The questions that are due, answered: the money moves. */
static void answer_questions(void)
{
    static struct mc_job jobs[OUTSTANDING_MAX];
    static uint8_t tokens[OUTSTANDING_MAX][sizeof jobs[0].token];
    const struct mc_result paid = {.outcome = MC_HTTP_ANSWERED,
                                   .http_status = 200,
                                   .body = mc_key_text("{\"TrangThaiGD\":\"00\"}"),
                                   .code = ""};
    struct mc_turn turn;
    size_t n = 0;

    turn_begin(&turn);
    for (size_t got = 1; got > 0 && n < bench.outstanding; n += got) {
        got = mc_effects_lease(&bench.in.service, &turn, PAYMENT_LANE_QUERY, jobs,
                               bench.outstanding - n);
        for (size_t i = 0; i < got; i++)
            memcpy(tokens[n + i], jobs[i].token, sizeof tokens[0]);
    }
    inside_must(n == bench.outstanding && mc_turn_commit(&turn) == MC_OK, "leases");
    mc_arena_reset(&bench.in.service.arena);
    turn_begin(&turn);
    for (size_t i = 0; i < n; i++)
        mc_effect_done(&bench.in.service, &turn, (struct mc_bytes){tokens[i], sizeof tokens[i]},
                       &paid);
    turn_commit(&turn);
    mc_arena_reset(&bench.in.service.arena);
}

static size_t payments(void)
{
    create_orders();
    start_payments();
    confirm_payments();
    answer_questions();
    return bench.outstanding;
}

/* --- the ledger alone --- */

static void transfer(struct mc_turn *turn)
{
    static const struct mc_caller caller = {.name = "system", .who = MC_ROOM};
    static const Motcua__Header header = MOTCUA__HEADER__INIT;
    char account[PAYMENT_ACCOUNT_SIZE];
    struct mc_txn txn;

    mc_txn_open(&txn, turn);
    txn.now_ms = bench.in.time.now_ms;
    txn.random = &bench.in.random;
    txn.secrets = &bench.in.service.secrets;
    txn.caller = &caller;
    txn.header = &header;
    txn.actor = "system";
    txn.cause_event = "";
    (void)snprintf(account, sizeof account, "agency:%03u.20.31.H53:charge:2771",
                   (unsigned)(bench.number++ % AGENCIES));
    const struct payment_line lines[] = {{PAYMENT_RECEIVABLE, 8000}, {account, -8000}};
    (void)payment_transfer(
        &txn, lines, MC_LEN(lines),
        &(struct payment_cause){.kind = PAYMENT_CAUSE_ATTEMPT, .id = mc_new_id(&txn)});
    inside_must(mc_txn_apply(&txn) == MC_OK, "a transfer");
}

static size_t transfers(void)
{
    struct mc_turn turn;

    turn_begin(&turn);
    for (size_t i = 0; i < bench.outstanding; i++)
        transfer(&turn);
    turn_commit(&turn);
    mc_arena_reset(&bench.in.service.arena);
    return bench.outstanding;
}

/* --- the least that can be --- */

static MDB_env *raw_env;
static MDB_dbi raw_table;

static void raw_open(const char *dir)
{
    MDB_txn *txn = NULL;

    inside_must(mdb_env_create(&raw_env) == 0 &&
                    mdb_env_set_mapsize(raw_env, (size_t)MAP_GIB << 30) == 0 &&
                    mdb_env_open(raw_env, dir, 0, 0600) == 0 &&
                    mdb_txn_begin(raw_env, NULL, 0, &txn) == 0 &&
                    mdb_dbi_open(txn, NULL, 0, &raw_table) == 0 && mdb_txn_commit(txn) == 0,
                "LMDB");
}

static size_t raw_puts(void)
{
    static uint8_t row[RAW_ROW];
    MDB_txn *txn = NULL;
    double began = inside_us(CLOCK_MONOTONIC);

    inside_must(mdb_txn_begin(raw_env, NULL, 0, &txn) == 0, "LMDB");
    for (size_t i = 0; i < 2 * bench.outstanding; i++) {
        uint64_t key = __builtin_bswap64(++bench.number);
        MDB_val name = {sizeof key, &key};
        MDB_val value = {sizeof row, row};
        inside_must(mdb_put(txn, raw_table, &name, &value, MDB_APPEND) == 0, "LMDB");
    }
    inside_must(mdb_txn_commit(txn) == 0, "LMDB");
    if (bench.turns_len < TURNS_MAX)
        bench.turns[bench.turns_len++] = inside_us(CLOCK_MONOTONIC) - began;
    return bench.outstanding;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static void measure(const char *what, size_t (*round)(void), double seconds)
{
    double began = inside_us(CLOCK_MONOTONIC);
    uint64_t done = 0;

    while (inside_us(CLOCK_MONOTONIC) - began < seconds * 1e6) {
        done += round();
        mc_arena_reset(&bench.in.keep);
    }
    double took = (inside_us(CLOCK_MONOTONIC) - began) / 1e6;
    qsort(bench.turns, bench.turns_len, sizeof bench.turns[0], compare);
    printf("{\"bench\":\"money\",\"what\":\"%s\",\"outstanding\":%zu,\"per_s\":%.0f,"
           "\"postings_per_s\":%.0f,\"turn_p50_us\":%.0f,\"turn_p99_us\":%.0f}\n",
           what, bench.outstanding, (double)done / took, 2 * (double)done / took,
           bench.turns[bench.turns_len / 2], bench.turns[bench.turns_len * 99 / 100]);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

int main(int argc, char **argv)
{
    const char *dir = option(argc, argv, "--dir", NULL);
    const char *only = option(argc, argv, "--only", "payment");
    double seconds = strtod(option(argc, argv, "--seconds", "2"), NULL);

    bench.outstanding = strtoul(option(argc, argv, "--outstanding", "1"), NULL, 10);
    if (dir == NULL || bench.outstanding < 1 || bench.outstanding > OUTSTANDING_MAX)
        inside_die("usage", "--dir FOLDER [--only payment|ledger|raw] [--outstanding 1…1024]");
    if (strcmp(only, "raw") == 0) {
        inside_must(mc_arena_init(&bench.in.keep, 1 << 20) == MC_OK, "memory");
        raw_open(dir);
        measure(only, raw_puts, seconds);
        return 0;
    }
    open_room(dir);
    session_make();
    measure(only, strcmp(only, "ledger") == 0 ? transfers : payments, seconds);
    mc_service_close(&bench.in.service);
    return 0;
}
