/* Upkeep, lineages, and the check of a store: what is wrong is found, what is right is not. */
#include "common/lineage.h"
#include "common/reseal.h"
#include "common/store_check.h"
#include "common/store_mdb.h"
#include "common/upkeep.h"

#include "bell_room.h"

static const struct mc_caller operator_ = {.name = "operator:an", .who = MC_OPERATOR};

static struct harness *open_bell(void)
{
    struct harness *h = harness_open(&bell_room, NULL);

    harness_as(h, &operator_);
    return h;
}

/* --- asking for it --- */

static Motcua__Upkeep *start(struct harness *h, Motcua__UpkeepKind kind, const char *reason,
                             enum mc_status want)
{
    Motcua__StartUpkeepRequest request = MOTCUA__START_UPKEEP_REQUEST__INIT;

    request.kind = kind;
    request.reason = mc_unconst(reason);
    return harness_call(h, "StartUpkeep", &request.base, want);
}

static Motcua__Upkeep *get(struct harness *h)
{
    Motcua__GetUpkeepRequest request = MOTCUA__GET_UPKEEP_REQUEST__INIT;

    return harness_call(h, "GetUpkeep", &request.base, MC_OK);
}

static void finish(struct harness *h, const Motcua__Upkeep *upkeep, bool good)
{
    static const char *const problems[] = {"table 3: a row"};
    struct mc_service *service = harness_service(h);
    struct mc_upkeep_result result = {.good = good, .done = 7, .total = 7, .folder = "/b/1"};
    struct mc_turn turn;

    memcpy(result.upkeep_id, upkeep->upkeep_id.data, MC_ID_LEN);
    if (!good) {
        result.problems = problems;
        result.problems_len = 1;
    }
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_upkeep_end(service, &turn, &result);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
}

static void one_runs_at_a_time_and_is_told(void **state)
{
    struct harness *h = open_bell();
    char reason[502];

    (void)state;
    Motcua__GetUpkeepRequest none = MOTCUA__GET_UPKEEP_REQUEST__INIT;
    harness_call(h, "GetUpkeep", &none.base, MC_NOT_FOUND);
    start(h, MOTCUA__UPKEEP_KIND__UPKEEP_KIND_UNSPECIFIED, "", MC_INVALID);
    assert_true(harness_violated(h, "kind", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    memset(reason, 'x', sizeof reason - 1);
    reason[501] = '\0';
    start(h, MOTCUA__UPKEEP_KIND__VERIFY, reason, MC_INVALID); /* 501 characters */
    assert_true(harness_violated(h, "reason", "FIELD_TOO_LONG"));
    start(h, MOTCUA__UPKEEP_KIND__BACKUP, "nightly", MC_DENIED);
    assert_true(harness_violated(h, "kind", "UPKEEP_NOT_SET_UP")); /* no folder is configured */

    reason[500] = '\0';
    const Motcua__Upkeep *asked = start(h, MOTCUA__UPKEEP_KIND__VERIFY, reason, MC_OK);
    assert_string_equal(asked->asked_by, "operator:an");
    start(h, MOTCUA__UPKEEP_KIND__VERIFY, "again", MC_CONFLICT);
    assert_true(harness_violated(h, "", "UPKEEP_BUSY"));
    finish(h, asked, false);
    const Motcua__Upkeep *ended = get(h);
    assert_int_equal(ended->state, MOTCUA__UPKEEP_STATE__UPKEEP_FAILED);
    assert_int_equal(ended->n_problems, 1);
    assert_int_equal(harness_events(h, "bell.upkeep_asked"), 1);
    assert_int_equal(harness_events(h, "bell.upkeep_failed"), 1);
    start(h, MOTCUA__UPKEEP_KIND__VERIFY, "once more", MC_OK);
    harness_close(h);
}

static void what_was_stopped_stays_stopped(void **state)
{
    struct harness *h = open_bell();
    Motcua__StopUpkeepRequest request = MOTCUA__STOP_UPKEEP_REQUEST__INIT;

    (void)state;
    const Motcua__Upkeep *asked = start(h, MOTCUA__UPKEEP_KIND__VERIFY, "look", MC_OK);
    harness_call(h, "StopUpkeep", &request.base, MC_NOT_FOUND); /* no id */
    request.upkeep_id = asked->upkeep_id;
    harness_call(h, "StopUpkeep", &request.base, MC_OK);
    finish(h, asked, true); /* comes too late */
    assert_int_equal(get(h)->state, MOTCUA__UPKEEP_STATE__UPKEEP_STOPPED);
    assert_int_equal(harness_events(h, "bell.upkeep_done"), 0);
    harness_call(h, "StopUpkeep", &request.base, MC_OK); /* and says so again */
    assert_int_equal(harness_events(h, "bell.upkeep_stopped"), 1);
    harness_close(h);
}

static void operators_alone_ask(void **state)
{
    struct harness *h = harness_open(&bell_room, NULL);

    (void)state;
    start(h, MOTCUA__UPKEEP_KIND__VERIFY, "a room", MC_DENIED);
    harness_close(h);
}

/* --- the check --- */

static void ring(struct harness *h)
{
    static const struct mc_caller room = {.name = "room:test", .who = MC_ROOM};
    Bell__RingRequest ring = BELL__RING_REQUEST__INIT;
    Bell__OrderRequest order = BELL__ORDER_REQUEST__INIT;

    harness_as(h, &room);
    ring.tone = mc_unconst("ding");
    order.kind = mc_unconst("bell.http");
    order.text = mc_unconst("out");
    harness_call(h, "Ring", &ring.base, MC_OK);
    harness_call(h, "Order", &order.base, MC_OK);
    harness_as(h, &operator_);
}

static struct mc_store_check look(struct harness *h)
{
    struct mc_service *service = harness_service(h);
    struct mc_store_check check = {.keys = &service->secrets.seal};

    assert_int_equal(mc_store_check(service->store, &check), MC_OK);
    return check;
}

/* Changes one row behind the store's back. NULL value: it goes. */
static void plant(struct harness *h, unsigned table, struct mc_bytes key, struct mc_bytes value)
{
    struct mc_store *store = harness_service(h)->store;
    MDB_val k = mc_mdb_val(key);
    MDB_val v = mc_mdb_val(value);
    MDB_txn *mdb = NULL;

    assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &mdb), 0);
    if (value.data == NULL)
        assert_int_equal(mdb_del(mdb, store->tables[table], &k, NULL), 0);
    else
        assert_int_equal(mdb_put(mdb, store->tables[table], &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(mdb), 0);
}

/* The first row of a table, copied. */
static void first(struct harness *h, unsigned table, uint8_t *bytes, size_t size,
                  struct mc_bytes *ret_key, struct mc_bytes *ret_value)
{
    struct mc_store *store = harness_service(h)->store;
    MDB_cursor *cursor = NULL;
    MDB_txn *mdb = NULL;
    MDB_val k;
    MDB_val v;

    assert_int_equal(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb), 0);
    assert_int_equal(mdb_cursor_open(mdb, store->tables[table], &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &k, &v, MDB_FIRST), 0);
    assert_true(k.mv_size + v.mv_size <= size);
    memcpy(bytes, k.mv_data, k.mv_size);
    memcpy(bytes + k.mv_size, v.mv_data, v.mv_size);
    *ret_key = (struct mc_bytes){bytes, k.mv_size};
    *ret_value = (struct mc_bytes){bytes + k.mv_size, v.mv_size};
    mdb_cursor_close(cursor);
    mdb_txn_abort(mdb);
}

static void a_whole_store_has_no_problem(void **state)
{
    struct harness *h = open_bell();

    (void)state;
    assert_int_equal(look(h).problems_len, 0);
    for (unsigned i = 0; i < 50; i++)
        ring(h);
    struct mc_store_check check = look(h);
    if (check.problems_len > 0)
        fail_msg("%s", check.problems[0]);
    assert_int_equal(check.journal_last, 50);
    assert_int_equal(check.opened, 50);
    assert_int_equal(atomic_load(&check.rows), check.rows_total);
    harness_close(h);
}

static void a_flipped_bit_is_found_in_every_table(void **state)
{
    static const unsigned tables[] = {MC_TABLE_JOURNAL, MC_TABLE_JOBS, MC_TABLE_DUE,
                                      MC_TABLE_ANSWERS, BELL_RINGS};
    uint8_t bytes[4096];
    struct mc_bytes key;
    struct mc_bytes value;

    (void)state;
    for (size_t i = 0; i < MC_LEN(tables); i++) {
        struct harness *h = open_bell();

        ring(h);
        first(h, tables[i], bytes, sizeof bytes, &key, &value);
        bytes[key.len + value.len - 1] ^= 1;
        plant(h, tables[i], key, value);
        assert_true(look(h).problems_len > 0);
        harness_close(h);
    }
}

static void a_lost_row_is_found(void **state)
{
    static const unsigned tables[] = {MC_TABLE_JOURNAL, MC_TABLE_JOBS, MC_TABLE_DUE};
    uint8_t bytes[4096];
    struct mc_bytes key;
    struct mc_bytes value;

    (void)state;
    for (size_t i = 0; i < MC_LEN(tables); i++) {
        struct harness *h = open_bell();

        ring(h);
        ring(h);
        first(h, tables[i], bytes, sizeof bytes, &key, &value);
        plant(h, tables[i], key, (struct mc_bytes){0});
        assert_true(look(h).problems_len > 0);
        harness_close(h);
    }
}

static void another_key_opens_nothing(void **state)
{
    struct harness *h = open_bell();
    static const uint8_t other[MC_KEY_LEN] = {1};
    struct mc_keyring ring_of_others;
    struct mc_store_check check = {.keys = &ring_of_others};

    (void)state;
    mc_keyring_set(&ring_of_others, other, NULL);
    for (unsigned i = 0; i < MC_CHECK_PROBLEMS_MAX + 3; i++)
        ring(h);
    assert_int_equal(mc_store_check(harness_service(h)->store, &check), MC_OK);
    assert_int_equal(check.opened, 0);
    assert_int_equal(check.problems_len, MC_CHECK_PROBLEMS_MAX);
    assert_int_equal(check.problems_more, 3); /* counted, not listed */
    harness_close(h);
}

static void a_stopped_check_ends(void **state)
{
    struct harness *h = open_bell();
    struct mc_store_check check = {0};

    (void)state;
    ring(h);
    atomic_store(&check.stop, true);
    assert_int_equal(mc_store_check(harness_service(h)->store, &check), MC_BUSY);
    harness_close(h);
}

/* --- lineages --- */

static Motcua__FollowReply *follow(struct harness *h, uint64_t after, struct mc_bytes lineage)
{
    static const struct mc_caller room = {.name = "room:audit", .who = MC_ROOM};
    Motcua__FollowRequest request = MOTCUA__FOLLOW_REQUEST__INIT;

    harness_as(h, &room);
    request.after = after;
    request.credit = 100;
    request.lineage = (ProtobufCBinaryData){lineage.len, mc_unconst(lineage.data)};
    Motcua__FollowReply *reply = harness_call(h, "Follow", &request.base, MC_OK);
    harness_as(h, &operator_);
    return reply;
}

static void begin_lineage(struct harness *h, uint8_t number)
{
    struct mc_service *service = harness_service(h);
    uint8_t id[MC_ID_LEN] = {number};
    struct mc_turn turn;
    struct mc_txn txn;

    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_txn_open(&txn, &turn);
    mc_lineage_begin(&txn, id);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
    harness_reopen(h);
}

static void who_applied_what_is_lost_is_told_so(void **state)
{
    struct harness *h = open_bell();

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        ring(h);
    const Motcua__FollowReply *reply = follow(h, 0, (struct mc_bytes){0});
    assert_int_equal(reply->n_events, 5);
    assert_int_equal(reply->lineage.len, MC_ID_LEN);
    struct mc_bytes old = {reply->lineage.data, MC_ID_LEN};

    begin_lineage(h, 1); /* restored: it ends at 5 */
    ring(h);
    reply = follow(h, 5, old); /* the last that both have */
    assert_false(reply->diverged);
    assert_int_equal(reply->n_events, 1);
    assert_memory_not_equal(reply->lineage.data, old.data, MC_ID_LEN);
    reply = follow(h, 6, old); /* the same number, another event */
    assert_true(reply->diverged);
    assert_int_equal(reply->fork, 5);
    assert_int_equal(reply->n_events, 0);
    assert_true(follow(h, 900, old)->diverged); /* beyond all that is here */

    begin_lineage(h, 2); /* restored again, from later: the first fork counts */
    assert_true(follow(h, 6, old)->diverged);
    static const uint8_t one[MC_ID_LEN] = {1};
    static const uint8_t unknown[MC_ID_LEN] = {99};
    assert_false(follow(h, 6, (struct mc_bytes){one, sizeof one})->diverged);
    assert_true(follow(h, 1, (struct mc_bytes){unknown, sizeof unknown})->diverged);
    assert_false(follow(h, 0, (struct mc_bytes){unknown, sizeof unknown})->diverged);
    harness_close(h);
}

static void hear(struct harness *h, const Motcua__FollowReply *reply)
{
    struct mc_service *service = harness_service(h);
    struct mc_turn turn;

    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    for (size_t i = 0; i < service->followed_len; i++)
        if (strcmp(service->followed[i].room, "dossier") == 0)
            mc_lineage_heard(service, &turn, &service->followed[i], reply);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
}

static void a_follower_goes_on_when_an_operator_says_so(void **state)
{
    struct harness *h = open_bell();
    Bell__Note note = BELL__NOTE__INIT;
    Motcua__FollowReply reply = MOTCUA__FOLLOW_REPLY__INIT;
    Motcua__AcceptLineageRequest request = MOTCUA__ACCEPT_LINEAGE_REQUEST__INIT;
    uint8_t one[MC_ID_LEN] = {1};
    uint8_t two[MC_ID_LEN] = {2};

    (void)state;
    note.text = mc_unconst("x");
    for (unsigned i = 0; i < 5; i++)
        harness_event(h, "dossier", "dossier.noted", &note.base, NULL);
    reply.lineage = (ProtobufCBinaryData){sizeof one, one};
    hear(h, &reply);
    request.room = mc_unconst("dossier");
    request.reason = mc_unconst("restored on Monday");
    request.lineage = (ProtobufCBinaryData){sizeof two, two};
    harness_call(h, "AcceptLineage", &request.base, MC_CONFLICT); /* it follows as it did */
    assert_true(harness_violated(h, "lineage", "LINEAGE_OTHER"));

    reply = (Motcua__FollowReply)MOTCUA__FOLLOW_REPLY__INIT;
    reply.lineage = (ProtobufCBinaryData){sizeof two, two};
    reply.diverged = true;
    reply.fork = 3;
    hear(h, &reply);
    request.lineage = (ProtobufCBinaryData){sizeof one, one};
    harness_call(h, "AcceptLineage", &request.base, MC_CONFLICT); /* not the one that was shown */
    request.lineage = (ProtobufCBinaryData){sizeof two, two};
    request.room = mc_unconst("moon");
    harness_call(h, "AcceptLineage", &request.base, MC_NOT_FOUND);
    request.room = mc_unconst("dossier");
    const Motcua__AcceptLineageReply *accepted =
        harness_call(h, "AcceptLineage", &request.base, MC_OK);
    assert_int_equal(accepted->applied, 5);
    assert_int_equal(accepted->fork, 3);
    assert_int_equal(harness_events(h, "bell.lineage_accepted"), 1);
    harness_reopen(h);
    const struct mc_service *service = harness_service(h);
    for (size_t i = 0; i < service->followed_len; i++)
        if (strcmp(service->followed[i].room, "dossier") == 0) {
            assert_int_equal(service->followed[i].applied, 3);
            assert_memory_equal(service->followed[i].lineage, two, sizeof two);
        }
    harness_close(h);
}

/* --- sealing anew --- */

static struct mc_reseal_progress reseal(struct harness *h)
{
    struct mc_service *service = harness_service(h);
    struct mc_reseal_progress progress = {0};
    struct mc_turn turn;

    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_reseal_step(service, &turn, &progress);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
    return progress;
}

static void rotate(struct harness *h, const uint8_t key[MC_KEY_LEN])
{
    struct mc_keyring *ring_ = &harness_service(h)->secrets.seal;
    uint8_t before[MC_KEY_LEN];

    memcpy(before, ring_->keys[0].bytes, sizeof before);
    mc_keyring_set(ring_, key, before);
}

static void all_is_sealed_anew_and_the_old_key_goes(void **state)
{
    static const uint8_t next[MC_KEY_LEN] = {9};
    struct harness *h = open_bell();
    struct mc_reseal_progress progress = {0};
    unsigned steps = 0;

    (void)state;
    for (unsigned i = 0; i < 2 * MC_RESEAL_ROWS; i++)
        ring(h);
    rotate(h, next);
    assert_int_equal(look(h).opened, 2 * MC_RESEAL_ROWS); /* both are read */
    while (!progress.done && steps < 1000) {
        progress = reseal(h);
        if (++steps == 3)
            ring(h); /* under the new one already */
    }
    assert_true(progress.done);
    assert_true(progress.rows > progress.resealed);
    assert_int_equal(progress.resealed, 4 * MC_RESEAL_ROWS); /* events and jobs' payloads */
    assert_true(mc_reseal_is_done(harness_service(h), harness_service(h)->secrets.seal.keys[0].id));
    mc_reseal_open(harness_service(h));
    assert_int_equal(harness_service(h)->secrets.seal.len, 1);
    struct mc_store_check check = look(h);
    assert_int_equal(check.opened, 2 * MC_RESEAL_ROWS + 1);
    assert_int_equal(check.problems_len, 0);
    harness_close(h);
}

static void nested_and_bare_values_are_found(void **state)
{
    static const uint8_t first_[MC_KEY_LEN] = {1};
    static const uint8_t second[MC_KEY_LEN] = {2};
    static const struct mc_bytes ad = {"motcua record", 13};
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 3);
    struct mc_keyring old;
    struct mc_keyring both;
    struct mc_arena arena;
    uint8_t inner[64];
    uint8_t record[256] = {0x08, 0x96, 0x01, 0x12}; /* 1: 150, 2: a message */
    uint8_t outer[256];
    uint8_t plain[256];
    size_t len = 0;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    mc_keyring_set(&old, first_, NULL);
    mc_keyring_set(&both, second, first_);
    mc_seal(&old, &random, ad, mc_key_text("0869123603"), inner);
    size_t inner_len = mc_sealed_len(10);
    record[4] = (uint8_t)(inner_len + 2);
    record[5] = 0x1a; /* 3 within it */
    record[6] = (uint8_t)inner_len;
    memcpy(record + 7, inner, inner_len);
    size_t record_len = 7 + inner_len;
    mc_seal(&old, &random, ad, (struct mc_bytes){record, record_len}, outer);
    size_t outer_len = mc_sealed_len(record_len);

    assert_int_equal(mc_reseal_bytes(&both, &random, &arena, record, record_len), 1);
    assert_true(mc_sealed_is_current(&both, (struct mc_bytes){record + 7, inner_len}));
    assert_int_equal(mc_reseal_bytes(&both, &random, &arena, record, record_len), 0); /* once */
    assert_int_equal(mc_reseal_bytes(&both, &random, &arena, outer, outer_len), 2);
    assert_int_equal(mc_unseal(&both, ad, (struct mc_bytes){outer, outer_len}, plain, &len), MC_OK);
    assert_true(mc_sealed_is_current(&both, (struct mc_bytes){plain + 7, inner_len}));
    outer[outer_len - 1] ^= 1; /* what does not open is left as it is */
    outer[0] = old.keys[0].id;
    assert_int_equal(mc_reseal_bytes(&both, &random, &arena, outer, outer_len), 0);
    for (size_t n = 0; n < record_len; n++) /* cut short anywhere: nothing beyond is touched */
        (void)mc_reseal_bytes(&both, &random, &arena, record, n);
    mc_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_runs_at_a_time_and_is_told),
        cmocka_unit_test(what_was_stopped_stays_stopped),
        cmocka_unit_test(operators_alone_ask),
        cmocka_unit_test(a_whole_store_has_no_problem),
        cmocka_unit_test(a_flipped_bit_is_found_in_every_table),
        cmocka_unit_test(a_lost_row_is_found),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(a_stopped_check_ends),
        cmocka_unit_test(all_is_sealed_anew_and_the_old_key_goes),
        cmocka_unit_test(nested_and_bare_values_are_found),
        cmocka_unit_test(who_applied_what_is_lost_is_told_so),
        cmocka_unit_test(a_follower_goes_on_when_an_operator_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
