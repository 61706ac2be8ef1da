/* The log: what is added, what Verify finds, what a timeline shows. */
#include "feed.h"
#include "services/audit/audit.h"

#define TRACE_A "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TRACE_B "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define SPAN_A2 "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"

/* One event, as a row of a story. keys end in NULL. */
struct told {
    const char *room;
    uint64_t seq;
    const char *type;
    int64_t at_ms;
    const char *keys[4];
    const char *trace;
    const char *cause_event;
};

static void tell(struct feed *feed, const struct told *told)
{
    Motcua__Event event = MOTCUA__EVENT__INIT;
    char *keys[4];

    event.room = mc_unconst(told->room);
    event.seq = told->seq;
    event.type = mc_unconst(told->type);
    event.at_ms = told->at_ms;
    event.actor = mc_unconst("system");
    for (; told->keys[event.n_keys] != NULL; event.n_keys++)
        keys[event.n_keys] = mc_unconst(told->keys[event.n_keys]);
    event.keys = keys;
    event.traceparent = mc_unconst(told->trace != NULL ? told->trace : "");
    event.cause_event = mc_unconst(told->cause_event != NULL ? told->cause_event : "");
    event.body = (ProtobufCBinaryData){4, mc_unconst("body")};
    feed_events(feed, &event, 1);
}

/* n events of one room about one dossier. */
static void tell_many(struct feed *feed, size_t n)
{
    uint64_t from = feed_cursor(feed, "dossier");

    for (size_t i = 1; i <= n; i++)
        tell(feed, &(struct told){"dossier",
                                  from + i,
                                  "dossier.advanced",
                                  HARNESS_T0 + (int64_t)i,
                                  {"dossier:1", NULL},
                                  NULL,
                                  NULL});
}

static const Audit__HeadReply *head(struct feed *feed)
{
    Audit__HeadRequest request = AUDIT__HEAD_REQUEST__INIT;

    return feed_call(feed, "Head", &request.base, MC_OK);
}

static const Audit__VerifyReply *verify(struct feed *feed, uint64_t from, uint64_t to)
{
    Audit__VerifyRequest request = AUDIT__VERIFY_REQUEST__INIT;

    request.from = from;
    request.to = to;
    return feed_call(feed, "Verify", &request.base, MC_OK);
}

static const Audit__TimelineReply *timeline(struct feed *feed, const char *key, uint32_t limit)
{
    Audit__TimelineRequest request = AUDIT__TIMELINE_REQUEST__INIT;

    request.key = mc_unconst(key);
    request.limit = limit;
    return feed_call(feed, "Timeline", &request.base, MC_OK);
}

static void assert_timeline(struct feed *feed, const char *key, const char *want)
{
    const Audit__TimelineReply *reply = timeline(feed, key, 0);
    char got[512] = "";
    size_t len = 0;

    for (size_t i = 0; i < reply->n_entries; i++)
        len +=
            (size_t)snprintf(got + len, sizeof got - len, "%s%s/%llu", i > 0 ? " " : "",
                             reply->entries[i]->room, (unsigned long long)reply->entries[i]->seq);
    assert_string_equal(got, want);
}

static int open_room(void **state)
{
    *state = feed_open(&audit_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    feed_close(*state);
    return 0;
}

static void an_empty_log_is_whole(void **state)
{
    uint8_t nothing[MC_HASH_LEN];
    const Audit__HeadReply *none = head(*state);
    const Audit__VerifyReply *verified = verify(*state, 0, 0);

    assert_int_equal(none->size, 0);
    mc_hash(nothing, (struct mc_bytes){"", 0});
    assert_memory_equal(none->hash.data, nothing, MC_HASH_LEN);
    assert_string_equal(none->checkpoint, "");
    assert_true(verified->whole);
    assert_int_equal(verified->checked, 0);
    assert_int_equal(verified->next, 0);
    assert_timeline(*state, "dossier:1", "");
}

static void events_of_all_rooms_are_one_sequence(void **state)
{
    enum { ROOMS = 5 }; /* the last of the list is audit itself, which follows nobody */
    struct feed *feed = *state;
    uint8_t want[MC_HASH_LEN];

    for (size_t i = 0; i < ROOMS; i++)
        tell(feed, &(struct told){audit_rooms[i], 1, "x.y", HARNESS_T0, {"k:1", NULL}, NULL, NULL});
    const Audit__TimelineReply *reply = timeline(feed, "k:1", 0);
    assert_int_equal(reply->n_entries, ROOMS);
    mc_hash(want, (struct mc_bytes){"body", 4});
    for (size_t i = 0; i < reply->n_entries; i++) {
        assert_in_range(reply->entries[i]->number, 1, ROOMS);
        assert_memory_equal(reply->entries[i]->body_hash.data, want, MC_HASH_LEN);
    }
    assert_int_equal(head(feed)->size, ROOMS);
    assert_true(verify(feed, 0, 0)->whole);
}

/* Follow may bring an event twice, or miss one: neither is a second entry, nor a gap. */
static void an_event_is_added_once_and_in_order(void **state)
{
    struct feed *feed = *state;
    struct told told = {"otp", 1, "otp.code_issued", HARNESS_T0, {"k:1", NULL}, NULL, NULL};

    tell(feed, &told);
    tell(feed, &told);
    told.seq = 3;
    tell(feed, &told);
    assert_int_equal(head(feed)->size, 1);
    told.seq = 2;
    tell(feed, &told);
    assert_int_equal(head(feed)->size, 2);
    assert_true(verify(feed, 0, 0)->whole);
}

static void a_restart_goes_on_where_it_was(void **state)
{
    struct feed *feed = *state;

    tell_many(feed, 5);
    const Audit__HeadReply *before = head(feed);
    feed_restart(feed);
    assert_memory_equal(head(feed)->hash.data, before->hash.data, MC_HASH_LEN);
    tell_many(feed, 5);
    assert_int_equal(head(feed)->size, 10);
    assert_true(verify(feed, 0, 0)->whole);
    assert_memory_equal(verify(feed, 0, 5)->head.data, before->hash.data, MC_HASH_LEN);
}

/* Verified in steps, each of which says where the next begins. */
static void ten_thousand_events(void **state)
{
    enum { EVENTS = 10000, BATCH = 250 };
    struct feed *feed = *state;
    Motcua__Event *events = test_calloc(BATCH, sizeof *events);
    char *keys[] = {mc_unconst("dossier:1"), mc_unconst("account:1")};
    uint64_t checked = 0;
    uint64_t next = 0;

    for (uint64_t seq = 1; seq <= EVENTS; seq += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            motcua__event__init(&events[i]);
            events[i].room = mc_unconst("dossier");
            events[i].seq = seq + i;
            events[i].type = mc_unconst("dossier.advanced");
            events[i].at_ms = HARNESS_T0 + (int64_t)(seq + i);
            events[i].keys = keys;
            events[i].n_keys = 2;
        }
        feed_events(feed, events, BATCH);
    }
    test_free(events);
    assert_int_equal(head(feed)->size, EVENTS);
    assert_int_equal(verify(feed, 0, 0)->checked, EVENTS);
    ((struct audit *)feed->ctx)->verify_step = EVENTS - 1;
    assert_int_equal(verify(feed, 0, 0)->next, EVENTS);
    ((struct audit *)feed->ctx)->verify_step = 700;
    do {
        const Audit__VerifyReply *reply = verify(feed, next, 0);
        assert_true(reply->whole);
        checked += reply->checked;
        next = reply->next;
        if (next == 0)
            assert_memory_equal(reply->head.data, head(feed)->hash.data, MC_HASH_LEN);
    } while (next != 0);
    assert_int_equal(checked, EVENTS);

    const Audit__TimelineReply *reply = timeline(feed, "dossier:1", AUDIT_TIMELINE_MAX);
    assert_int_equal(reply->n_entries, AUDIT_TIMELINE_MAX);
    assert_int_equal(reply->entries[0]->seq, EVENTS - AUDIT_TIMELINE_MAX + 1);
    assert_int_equal(reply->entries[AUDIT_TIMELINE_MAX - 1]->seq, EVENTS);
}

/* --- tampering: ten entries, and a hand in the store --- */

static AuditState__Entry *entry(struct mc_txn *txn, uint64_t number)
{
    AuditState__Entry *found =
        mc_load(txn, AUDIT_ENTRIES, mc_key_u64(txn, number), &audit_state__entry__descriptor);

    assert_non_null(found);
    return found;
}

static void put(struct mc_txn *txn, uint64_t number, const AuditState__Entry *record)
{
    mc_save(txn, AUDIT_ENTRIES, mc_key_u64(txn, number), &record->base);
}

static void cut_head(struct mc_txn *txn, uint64_t size)
{
    AuditState__Head *cut = audit_head_load(txn);

    cut->size = size;
    mc_save(txn, AUDIT_HEAD, mc_key_text("head"), &cut->base);
}

/* The first byte of a text that occurs in the bytes becomes another. */
static void change_byte(ProtobufCBinaryData bytes, const char *text)
{
    char *at = memmem(bytes.data, bytes.len, text, strlen(text));

    assert_non_null(at);
    *at ^= 1;
}

static void edit_actor(struct mc_txn *txn)
{
    AuditState__Entry *edited = entry(txn, 4);

    change_byte(edited->disclosure, "system");
    put(txn, 4, edited);
}

static void edit_type(struct mc_txn *txn)
{
    AuditState__Entry *edited = entry(txn, 1);

    change_byte(edited->leaf, "dossier.advanced");
    put(txn, 1, edited);
}

static void edit_tree(struct mc_txn *txn)
{
    uint8_t zeros[MC_HASH_LEN] = {0};

    mc_put(txn, AUDIT_TREE, mc_key_u64(txn, mc_merkle_place(2, 1)),
           (struct mc_bytes){zeros, sizeof zeros});
}

static void drop_one(struct mc_txn *txn)
{
    mc_drop(txn, AUDIT_ENTRIES, mc_key_u64(txn, 6));
}

static void drop_and_close_up(struct mc_txn *txn)
{
    for (uint64_t number = 6; number < 10; number++)
        put(txn, number, entry(txn, number + 1));
    mc_drop(txn, AUDIT_ENTRIES, mc_key_u64(txn, 10));
}

static void swap(struct mc_txn *txn)
{
    const AuditState__Entry *third = entry(txn, 3);

    put(txn, 3, entry(txn, 7));
    put(txn, 7, third);
}

static void cut_off(struct mc_txn *txn)
{
    mc_drop(txn, AUDIT_ENTRIES, mc_key_u64(txn, 10));
}

/* The head goes back too: what is left of the tree fits. */
static void cut_off_with_head(struct mc_txn *txn)
{
    cut_head(txn, 9);
    cut_off(txn);
}

static void head_back(struct mc_txn *txn)
{
    cut_head(txn, 9);
}

static void add_in_front(struct mc_txn *txn)
{
    cut_head(txn, 11);
    put(txn, 11, entry(txn, 10));
}

/* All is written anew from entry 4 on, with every hash made to fit. */
static void fork_log(struct mc_txn *txn)
{
    struct mc_merkle tree = audit_tree(txn);
    AuditState__Entry *edited = entry(txn, 4);
    uint8_t hash[MC_HASH_LEN];

    change_byte(edited->leaf, "dossier.advanced");
    put(txn, 4, edited);
    for (uint64_t number = 1; number <= 10; number++) {
        mc_merkle_leaf(hash, mc_key_bytes(entry(txn, number)->leaf));
        assert_true(mc_merkle_append(&tree, number - 1, hash));
    }
}

/* I12: deleted, edited, moved, cut off, rolled back, forked. */
static void tampering_is_found(void **state)
{
    static const struct {
        void (*change)(struct mc_txn *txn);
        bool is_signed;
        uint64_t want_checked;
        const char *want;
    } cases[] = {
        {edit_actor, false, 3, "entry 4: who or about whom was changed"},
        {edit_type, false, 0, "entry 1: its hash is not the tree's"},
        {edit_tree, false, 7, "entry 8: its hash is not the tree's"},
        {drop_one, false, 5, "entry 6: missing"},
        {drop_and_close_up, false, 5, "entry 6: its hash is not the tree's"},
        {swap, false, 2, "entry 3: its hash is not the tree's"},
        {cut_off, false, 9, "entry 10: missing"},
        {cut_off_with_head, false, 9, "entry 9: the journals' index has another number of events"},
        {cut_off_with_head, true, 9, "entry 10: was signed for, and is not there"},
        {head_back, false, 9, "entry 10: beyond the head"},
        {add_in_front, false, 10, "entry 11: the tree lacks a hash"},
        {fork_log, true, 10, "entry 10: another log was signed up to here"},
    };
    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct feed *feed = feed_open(&audit_room, NULL);

        tell_many(feed, 10);
        if (cases[i].is_signed)
            feed_step(feed, false);
        assert_true(verify(feed, 0, 0)->whole);
        feed_tamper(feed, cases[i].change);
        const Audit__VerifyReply *reply = verify(feed, 0, 0);
        assert_false(reply->whole);
        assert_string_equal(reply->problem, cases[i].want);
        assert_int_equal(reply->checked, cases[i].want_checked);
        assert_int_equal(reply->next, 0);
        feed_close(feed);
    }
}

static void verify_a_part(void **state)
{
    struct feed *feed = *state;
    Audit__VerifyRequest request = AUDIT__VERIFY_REQUEST__INIT;

    tell_many(feed, 10);
    assert_int_equal(verify(feed, 4, 6)->checked, 3);
    assert_true(verify(feed, 4, 6)->whole);
    assert_int_equal(verify(feed, 10, 10)->checked, 1);
    assert_int_equal(verify(feed, 11, 0)->checked, 0);
    feed_tamper(feed, edit_actor);
    assert_true(verify(feed, 1, 3)->whole);
    assert_true(verify(feed, 6, 0)->whole);
    assert_false(verify(feed, 4, 4)->whole);

    request.from = 12;
    assert_null(feed_call(feed, "Verify", &request.base, MC_INVALID));
    request.from = UINT64_MAX;
    assert_null(feed_call(feed, "Verify", &request.base, MC_INVALID));
    request.from = 0;
    request.to = 11;
    assert_null(feed_call(feed, "Verify", &request.base, MC_INVALID));
    request.to = UINT64_MAX;
    assert_null(feed_call(feed, "Verify", &request.base, MC_INVALID));
    request.from = 7;
    request.to = 5;
    assert_null(feed_call(feed, "Verify", &request.base, MC_INVALID));
}

/* --- timelines --- */

#define CODE  "000.20.31.H53-260907-0007"
#define T(ms) (HARNESS_T0 + (ms))

/* A dossier is accepted; payment asks for money, its notice goes out by SMS. Arrival is shuffled.
 */
static const struct told story[] = {
    {"notification",
     1,
     "notification.notice_made",
     T(40),
     {"notice:1", NULL},
     TRACE_A,
     "payment/1"},
    {"otp", 1, "otp.code_issued", T(1), {"phone:ab", NULL}, TRACE_B, NULL},
    {"payment", 1, "payment.order_created", T(5), {"payment:1", NULL}, SPAN_A2, "dossier/2"},
    {"otp", 2, "otp.sms_queued", T(60), {"phone:ab", NULL}, TRACE_A, NULL},
    {"dossier", 1, "dossier.sent", T(10), {"dossier:1", NULL}, NULL, NULL},
    {"dossier", 2, "dossier.accepted", T(30), {"dossier:1", "dossier:" CODE, NULL}, TRACE_A, NULL},
    {"dossier", 3, "dossier.sent", T(70), {"dossier:2", NULL}, NULL, NULL},
    {"payment", 2, "payment.paid", T(80), {"payment:2", NULL}, NULL, "dossier/3"},
};

static void tell_story(struct feed *feed)
{
    for (size_t i = 0; i < MC_LEN(story); i++)
        tell(feed, &story[i]);
}

/* One step from the dossier's own entries: its trace, and what answers them; causes first. */
static void a_dossiers_story(void **state)
{
    static const char whole[] = "dossier/1 dossier/2 payment/1 notification/1 otp/2";

    tell_story(*state);
    assert_timeline(*state, "dossier:1", whole);
    assert_timeline(*state, "1", whole);
    assert_timeline(*state, "dossier:" CODE, whole);
    assert_timeline(*state, CODE, whole);
    assert_timeline(*state, "dossier:2", "dossier/3 payment/2");
    assert_timeline(*state, "payment:2", "dossier/3 payment/2");
    assert_timeline(*state, "0af7651916cd43dd8448eb211c80319c",
                    "dossier/2 payment/1 notification/1 otp/2");
    assert_timeline(*state, "dossier:", "");
    assert_timeline(*state, "dossier:" CODE "0", "");
}

/* However the journals arrive, the story is the same. */
static void arrival_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct feed *feed = feed_open(&audit_room, NULL);
        struct mc_random_seeded random_state;
        struct mc_random random = mc_random_seed(&random_state, seed);
        bool done[MC_LEN(story)] = {false};

        for (size_t told = 0; told < MC_LEN(story);) {
            size_t i = mc_random_below(&random, MC_LEN(story));
            if (done[i] || feed_cursor(feed, story[i].room) + 1 != story[i].seq)
                continue;
            tell(feed, &story[i]);
            done[i] = true;
            told++;
        }
        assert_timeline(feed, "dossier:1", "dossier/1 dossier/2 payment/1 notification/1 otp/2");
        assert_true(verify(feed, 0, 0)->whole);
        feed_close(feed);
    }
}

/* An answer to what is not here yet: the room is behind, and the reply says so. */
static void a_room_that_is_behind_is_named(void **state)
{
    struct feed *feed = *state;

    tell(feed, &(struct told){
                   "payment", 1, "payment.paid", T(9), {"payment:1", NULL}, NULL, "dossier/1"});
    tell(feed, &(struct told){
                   "payment", 2, "payment.paid", T(9), {"payment:1", NULL}, NULL, "dossier/1"});
    const Audit__TimelineReply *reply = timeline(feed, "payment:1", 0);
    assert_int_equal(reply->n_entries, 2);
    assert_int_equal(reply->n_missing, 1);
    assert_string_equal(reply->missing[0], "dossier");
    tell(feed,
         &(struct told){"dossier", 1, "dossier.accepted", T(5), {"dossier:1", NULL}, NULL, NULL});
    reply = timeline(feed, "payment:1", 0);
    assert_int_equal(reply->n_missing, 0);
    assert_timeline(feed, "payment:1", "dossier/1 payment/1 payment/2");
}

static void summaries(void **state)
{
    struct feed *feed = *state;

    tell_story(feed);
    const Audit__TimelineReply *reply = timeline(feed, "dossier:2", 0);
    assert_string_equal(reply->entries[0]->summary, "Hồ sơ đã gửi");
    assert_string_equal(reply->entries[1]->summary, "Thanh toán thành công");
    tell(feed, &(struct told){"otp", 3, "otp.new_kind", T(1), {"k:new", NULL}, NULL, NULL});
    assert_string_equal(timeline(feed, "k:new", 0)->entries[0]->summary, "otp.new_kind");
}

/* The newest stay when there are more than asked for. */
static void timeline_limits(void **state)
{
    struct feed *feed = *state;
    Audit__TimelineRequest request = AUDIT__TIMELINE_REQUEST__INIT;
    char key[AUDIT_KEY_MAX + 2];

    tell_many(feed, AUDIT_TIMELINE_DEFAULT + 1);
    const Audit__TimelineReply *reply = timeline(feed, "dossier:1", 0);
    assert_int_equal(reply->n_entries, AUDIT_TIMELINE_DEFAULT);
    assert_int_equal(reply->entries[0]->seq, 2);
    assert_int_equal(timeline(feed, "dossier:1", 1)->n_entries, 1);
    assert_int_equal(timeline(feed, "dossier:1", AUDIT_TIMELINE_MAX)->n_entries,
                     AUDIT_TIMELINE_DEFAULT + 1);
    request.key = mc_unconst("dossier:1");
    request.limit = AUDIT_TIMELINE_MAX + 1;
    assert_null(feed_call(feed, "Timeline", &request.base, MC_INVALID));
    request.limit = 0;
    request.key = mc_unconst("");
    assert_null(feed_call(feed, "Timeline", &request.base, MC_INVALID));
    memset(key, 'k', sizeof key);
    key[1] = ':';
    key[AUDIT_KEY_MAX] = '\0';
    request.key = key;
    assert_non_null(feed_call(feed, "Timeline", &request.base, MC_OK));
    key[AUDIT_KEY_MAX] = 'k';
    key[AUDIT_KEY_MAX + 1] = '\0';
    assert_null(feed_call(feed, "Timeline", &request.base, MC_INVALID));
}

/* A key at the limit is found; one past it, and keys beyond the count, are kept but not indexed. */
static void key_limits(void **state)
{
    enum { KEYS = AUDIT_KEYS_INDEXED_MAX + 1 };
    struct feed *feed = *state;
    Motcua__Event event = MOTCUA__EVENT__INIT;
    char names[KEYS][16];
    char longest[AUDIT_KEY_MAX + 2];
    char *keys[KEYS];

    memset(longest, 'k', sizeof longest);
    longest[1] = ':';
    longest[AUDIT_KEY_MAX] = '\0';
    event.room = mc_unconst("otp");
    event.type = mc_unconst("x.y");
    event.seq = 1;
    event.n_keys = 1;
    event.keys = keys;
    keys[0] = longest;
    feed_events(feed, &event, 1);
    assert_timeline(feed, longest, "otp/1");
    longest[AUDIT_KEY_MAX] = 'k';
    longest[AUDIT_KEY_MAX + 1] = '\0';
    event.seq = 2;
    feed_events(feed, &event, 1);
    for (size_t i = 0; i < KEYS; i++) {
        (void)snprintf(names[i], sizeof names[i], "k:%zu", i);
        keys[i] = names[i];
    }
    event.seq = 3;
    event.n_keys = KEYS;
    feed_events(feed, &event, 1);
    assert_timeline(feed, names[KEYS - 2], "otp/3");
    assert_timeline(feed, names[KEYS - 1], "");
    assert_int_equal(timeline(feed, names[0], 0)->entries[0]->n_keys, KEYS);
    assert_true(verify(feed, 0, 0)->whole);
}

/* Operators, and officers with the right; whoever comes through a portal may hold us
 * to our checkpoints. */
static void who_may_ask(void **state)
{
    static const char *const rights[] = {AUDIT_RIGHT_VIEW};
    static const char account[] = "01907b00-0000-7000-8000-000000000001";
    const struct mc_caller operator= {.name = "operator:a"};
    const struct mc_caller portal = {.name = "portal:a"};
    const struct mc_caller room = {.name = "room:dossier"};
    const struct mc_caller citizen = {.account_id = account, .ial = 2};
    const struct mc_caller officer = {.account_id = account, .ial = 2, .unit = "H53"};
    struct mc_caller auditor = officer;
    const struct {
        const struct mc_caller *who;
        enum mc_status timeline;
        enum mc_status verify;
        enum mc_status head;
    } cases[] = {
        {&operator, MC_OK, MC_OK, MC_OK},          {&portal, MC_UNAUTHENTICATED, MC_DENIED, MC_OK},
        {&room, MC_UNAUTHENTICATED, MC_OK, MC_OK}, {&citizen, MC_DENIED, MC_DENIED, MC_OK},
        {&officer, MC_DENIED, MC_DENIED, MC_OK},   {&auditor, MC_OK, MC_DENIED, MC_OK},
    };
    Audit__TimelineRequest request = AUDIT__TIMELINE_REQUEST__INIT;
    Audit__VerifyRequest check = AUDIT__VERIFY_REQUEST__INIT;
    Audit__HeadRequest ask = AUDIT__HEAD_REQUEST__INIT;
    struct harness *h = harness_open(&audit_room, NULL);

    (void)state;
    auditor.rights = rights;
    auditor.rights_len = 1;
    request.key = mc_unconst("dossier:1");
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        harness_as(h, cases[i].who);
        (void)harness_call(h, "Timeline", &request.base, cases[i].timeline);
        (void)harness_call(h, "Verify", &check.base, cases[i].verify);
        (void)harness_call(h, "Head", &ask.base, cases[i].head);
    }
    harness_close(h);
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(an_empty_log_is_whole),
        ROOM_TEST(events_of_all_rooms_are_one_sequence),
        ROOM_TEST(an_event_is_added_once_and_in_order),
        ROOM_TEST(a_restart_goes_on_where_it_was),
        ROOM_TEST(ten_thousand_events),
        cmocka_unit_test(tampering_is_found),
        ROOM_TEST(verify_a_part),
        ROOM_TEST(a_dossiers_story),
        cmocka_unit_test(arrival_does_not_matter),
        ROOM_TEST(a_room_that_is_behind_is_named),
        ROOM_TEST(summaries),
        ROOM_TEST(timeline_limits),
        ROOM_TEST(key_limits),
        cmocka_unit_test(who_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
