/* What the audit log can prove, to whom, and what it can forget. */
#include "feed.h"
#include "services/audit/audit.h"

#define ACCOUNT "01907b00-0000-7000-8000-000000000001"
#define OTHER   "01907b00-0000-7000-8000-000000000002"

static void tell(struct feed *feed, uint64_t seq, const char *actor, const char *key)
{
    Motcua__Event event = MOTCUA__EVENT__INIT;
    char *keys[] = {mc_unconst(key)};

    event.room = mc_unconst("identity");
    event.seq = seq;
    event.type = mc_unconst("identity.logged_in");
    event.at_ms = HARNESS_T0 + (int64_t)seq;
    event.actor = mc_unconst(actor);
    event.keys = keys;
    event.n_keys = 1;
    event.body = (ProtobufCBinaryData){4, mc_unconst("body")};
    feed_events(feed, &event, 1);
}

static void tell_many(struct feed *feed, uint64_t n)
{
    uint64_t from = feed_cursor(feed, "identity");

    for (uint64_t seq = from + 1; seq <= from + n; seq++)
        tell(feed, seq, "account:" ACCOUNT, "account:" ACCOUNT);
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

static const Audit__HeadReply *head(struct feed *feed)
{
    Audit__HeadRequest request = AUDIT__HEAD_REQUEST__INIT;

    return feed_call(feed, "Head", &request.base, MC_OK);
}

static const Audit__Proof *prove(struct feed *feed, uint64_t number, uint64_t size)
{
    Audit__ProveRequest request = AUDIT__PROVE_REQUEST__INIT;

    request.number = number;
    request.size = size;
    return feed_call(feed, "Prove", &request.base, MC_OK);
}

static void path_of(size_t n, const ProtobufCBinaryData *hashes, struct mc_merkle_path *path)
{
    path->len = n;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(hashes[i].len, MC_HASH_LEN);
        memcpy(path->hashes[i], hashes[i].data, MC_HASH_LEN);
    }
}

/* As someone who has the key, and nothing else of ours. */
static void open_checkpoint(const char *note, const char *key_text, struct mc_checkpoint *ret)
{
    struct mc_note_key key;

    assert_true(mc_note_key_parse(&key, mc_key_text(key_text)));
    assert_true(mc_note_verify(mc_key_text(note), &key, NULL));
    assert_true(mc_checkpoint_parse(ret, mc_key_text(note)));
    assert_string_equal(ret->origin, key.name);
}

static void assert_proves(struct feed *feed, uint64_t number, uint64_t size, bool disclosed)
{
    const Audit__Proof *proof = prove(feed, number, size);
    struct mc_checkpoint checkpoint;
    struct mc_merkle_path path;
    struct mc_validate_error error;
    uint8_t leaf[MC_HASH_LEN];
    uint8_t commitment[MC_HASH_LEN];

    open_checkpoint(proof->checkpoint, head(feed)->key, &checkpoint);
    path_of(proof->n_path, proof->path, &path);
    mc_merkle_leaf(leaf, mc_key_bytes(proof->leaf));
    assert_true(mc_merkle_includes(number - 1, checkpoint.size, leaf, &path, checkpoint.root));
    const Audit__Leaf *told = (void *)mc_body_open(&feed->keep, &audit__leaf__descriptor,
                                                   mc_key_bytes(proof->leaf), MC_BODY_MAX, &error);
    assert_non_null(told);
    assert_int_equal(told->number, number);
    assert_int_equal(proof->disclosure.len > 0, disclosed);
    mc_hash(commitment, mc_key_bytes(proof->disclosure));
    if (disclosed)
        assert_memory_equal(commitment, told->commitment.data, MC_HASH_LEN);
}

/* Once a minute while the log grows, and at the end. */
static void checkpoints_are_signed(void **state)
{
    struct feed *feed = *state;
    Audit__ListCheckpointsRequest request = AUDIT__LIST_CHECKPOINTS_REQUEST__INIT;
    struct mc_checkpoint checkpoint;

    feed_step(feed, false);
    assert_string_equal(head(feed)->checkpoint, "");
    tell_many(feed, 3);
    feed_step(feed, false);
    open_checkpoint(head(feed)->checkpoint, head(feed)->key, &checkpoint);
    assert_int_equal(checkpoint.size, 3);
    assert_memory_equal(checkpoint.root, head(feed)->hash.data, MC_HASH_LEN);

    tell_many(feed, 1);
    feed->time.now_ms += 59999;
    feed_step(feed, false);
    open_checkpoint(head(feed)->checkpoint, head(feed)->key, &checkpoint);
    assert_int_equal(checkpoint.size, 3);
    feed->time.now_ms += 1;
    feed_step(feed, false);
    open_checkpoint(head(feed)->checkpoint, head(feed)->key, &checkpoint);
    assert_int_equal(checkpoint.size, 4);

    tell_many(feed, 1);
    feed_step(feed, true);
    feed_step(feed, true);
    feed_restart(feed);
    const Audit__ListCheckpointsReply *list =
        feed_call(feed, "ListCheckpoints", &request.base, MC_OK);
    assert_int_equal(list->n_checkpoints, 3);
    assert_int_equal(list->checkpoints[2]->size, 5);
    request.after = 3;
    request.page_size = 1;
    list = feed_call(feed, "ListCheckpoints", &request.base, MC_OK);
    assert_int_equal(list->n_checkpoints, 1);
    assert_int_equal(list->checkpoints[0]->size, 4);
    assert_true(list->more);
    request.newest = true;
    assert_null(feed_call(feed, "ListCheckpoints", &request.base, MC_INVALID)); /* after 3 */
    request.after = 0;
    list = feed_call(feed, "ListCheckpoints", &request.base, MC_OK);
    assert_int_equal(list->checkpoints[0]->size, 5);
    assert_true(list->more);
    request.newest = false;
    request.page_size = AUDIT_CHECKPOINTS_MAX;
    assert_non_null(feed_call(feed, "ListCheckpoints", &request.base, MC_OK));
    request.page_size = AUDIT_CHECKPOINTS_MAX + 1;
    assert_null(feed_call(feed, "ListCheckpoints", &request.base, MC_INVALID));
}

static void every_entry_is_proved(void **state)
{
    struct feed *feed = *state;
    Audit__ProveRequest request = AUDIT__PROVE_REQUEST__INIT;

    tell_many(feed, 20);
    request.number = 1;
    assert_null(feed_call(feed, "Prove", &request.base, MC_NOT_FOUND));
    feed_step(feed, true);
    tell_many(feed, 17);
    feed_step(feed, true);
    for (uint64_t number = 1; number <= 37; number++)
        assert_proves(feed, number, 0, true);
    for (uint64_t number = 1; number <= 20; number++)
        assert_proves(feed, number, 20, true);
    request.size = 20;
    request.number = 21;
    assert_null(feed_call(feed, "Prove", &request.base, MC_NOT_FOUND));
    request.size = 21;
    request.number = 1;
    assert_null(feed_call(feed, "Prove", &request.base, MC_NOT_FOUND));
    request.size = 0;
    request.number = 38;
    assert_null(feed_call(feed, "Prove", &request.base, MC_NOT_FOUND));
    request.number = 0;
    assert_null(feed_call(feed, "Prove", &request.base, MC_NOT_FOUND));
}

static void a_later_log_extends_an_earlier_one(void **state)
{
    struct feed *feed = *state;
    Audit__ProveConsistencyRequest request = AUDIT__PROVE_CONSISTENCY_REQUEST__INIT;
    struct mc_checkpoint first;
    struct mc_checkpoint second;
    struct mc_merkle_path path;

    tell_many(feed, 11);
    feed_step(feed, true);
    open_checkpoint(head(feed)->checkpoint, head(feed)->key, &first);
    tell_many(feed, 30);
    feed_step(feed, true);
    open_checkpoint(head(feed)->checkpoint, head(feed)->key, &second);
    request.from = 11;
    const Audit__ConsistencyProof *proof =
        feed_call(feed, "ProveConsistency", &request.base, MC_OK);
    assert_int_equal(proof->to, 41);
    path_of(proof->n_path, proof->path, &path);
    assert_true(mc_merkle_extends(11, first.root, 41, second.root, &path));
    first.root[0] ^= 1;
    assert_false(mc_merkle_extends(11, first.root, 41, second.root, &path));
    request.from = 42;
    assert_null(feed_call(feed, "ProveConsistency", &request.base, MC_INVALID));
    request.to = 42;
    assert_null(feed_call(feed, "ProveConsistency", &request.base, MC_NOT_FOUND));
}

/* A province signs what it has seen; whom we do not know has no say. */
static void witnesses(void **state)
{
    struct feed *feed = *state;
    struct audit *audit = feed->ctx;
    Audit__CosignRequest request = AUDIT__COSIGN_REQUEST__INIT;
    struct mc_note_key key = {.name = "tinh.example/chung", .kind = MC_NOTE_COSIGNED};
    const uint8_t seed[MC_KEY_LEN] = {3};
    uint8_t secret[MC_SIGN_SECRET_LEN];

    mc_sign_key(seed, key.public_key, secret);
    tell_many(feed, 2);
    feed_step(feed, true);
    const char *note = head(feed)->checkpoint;
    const char *text =
        mc_sprintf(&feed->keep, "%.*s", (int)(strstr(note, "\n\n") + 1 - note), note);
    const char *line = mc_note_sign(&feed->keep, text, &key, secret, feed->time.now_ms);
    request.note = mc_sprintf(&feed->keep, "%s\n%s", text, line);
    assert_null(feed_call(feed, "Cosign", &request.base, MC_DENIED));

    audit->witnesses[0] = key;
    audit->witnesses_len = 1;
    assert_int_equal(
        ((const Audit__CosignReply *)feed_call(feed, "Cosign", &request.base, MC_OK))->added, 1);
    assert_true(mc_note_verify(mc_key_text(head(feed)->checkpoint), &key, NULL));
    const struct mc_note_key now = audit_key_now(audit);
    assert_true(mc_note_verify(mc_key_text(head(feed)->checkpoint), &now, NULL));
    assert_int_equal(
        ((const Audit__CosignReply *)feed_call(feed, "Cosign", &request.base, MC_OK))->added, 0);

    text = mc_sprintf(&feed->keep, "%s\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                      audit->origin);
    line = mc_note_sign(&feed->keep, text, &key, secret, feed->time.now_ms);
    request.note = mc_sprintf(&feed->keep, "%s\n%s", text, line);
    assert_null(feed_call(feed, "Cosign", &request.base, MC_NOT_FOUND));
    request.note = mc_unconst("x");
    assert_null(feed_call(feed, "Cosign", &request.base, MC_INVALID));
}

/* The root, computed from what is exported: it names nobody. */
static void an_export_gives_the_root(void **state)
{
    struct feed *feed = *state;
    Audit__ExportRequest request = AUDIT__EXPORT_REQUEST__INIT;
    struct mc_merkle_stream stream = {0};
    uint8_t root[MC_HASH_LEN];

    tell_many(feed, 25);
    request.limit = 10;
    do {
        const Audit__ExportReply *reply = feed_call(feed, "Export", &request.base, MC_OK);
        for (size_t i = 0; i < reply->n_leaves; i++) {
            uint8_t leaf[MC_HASH_LEN];
            assert_null(memmem(reply->leaves[i].data, reply->leaves[i].len, ACCOUNT, 36));
            mc_merkle_leaf(leaf, mc_key_bytes(reply->leaves[i]));
            mc_merkle_stream_add(&stream, leaf);
        }
        request.from = reply->next;
    } while (request.from != 0);
    assert_int_equal(stream.size, 25);
    mc_merkle_stream_root(&stream, root);
    assert_memory_equal(root, head(feed)->hash.data, MC_HASH_LEN);
    request.from = 27;
    assert_null(feed_call(feed, "Export", &request.base, MC_INVALID));
    request.from = 0;
    request.limit = AUDIT_EXPORT_MAX + 1;
    assert_null(feed_call(feed, "Export", &request.base, MC_INVALID));
}

static size_t entries_about(struct feed *feed, const char *key)
{
    Audit__TimelineRequest request = AUDIT__TIMELINE_REQUEST__INIT;

    request.key = mc_unconst(key);
    return ((const Audit__TimelineReply *)feed_call(feed, "Timeline", &request.base, MC_OK))
        ->n_entries;
}

/* Who and about whom is gone; every root, checkpoint and proof is what it was. */
static void what_is_forgotten_is_still_proved(void **state)
{
    struct feed *feed = *state;
    Audit__ForgetRequest request = AUDIT__FORGET_REQUEST__INIT;
    Audit__VerifyRequest check = AUDIT__VERIFY_REQUEST__INIT;

    tell_many(feed, 5);
    tell(feed, 6, "account:" OTHER, "account:" OTHER);
    feed_step(feed, true);
    const Audit__HeadReply *before = head(feed);
    request.key = mc_unconst("account:" ACCOUNT);
    assert_null(feed_call(feed, "Forget", &request.base, MC_INVALID));
    request.reason = mc_unconst("Theo yêu cầu của chủ thể dữ liệu");
    const Audit__ForgetReply *reply = feed_call(feed, "Forget", &request.base, MC_OK);
    assert_int_equal(reply->forgotten, 5);
    assert_false(reply->more);
    assert_int_equal(entries_about(feed, "account:" ACCOUNT), 0);
    assert_int_equal(entries_about(feed, "account:" OTHER), 1);

    for (uint64_t number = 1; number <= 6; number++)
        assert_proves(feed, number, 6, number == 6);
    assert_string_equal(head(feed)->checkpoint, before->checkpoint);
    assert_int_equal(head(feed)->size, 7); /* that it was forgotten is an entry */
    const Audit__VerifyReply *verified = feed_call(feed, "Verify", &check.base, MC_OK);
    assert_true(verified->whole);
    assert_int_equal(verified->checked, 7);
    request.key = mc_unconst("no colon");
    assert_null(feed_call(feed, "Forget", &request.base, MC_INVALID));
}

static void forgetting_goes_by_steps(void **state)
{
    enum { EVENTS = AUDIT_FORGET_STEP + 1 };
    struct feed *feed = *state;
    Audit__ForgetRequest request = AUDIT__FORGET_REQUEST__INIT;

    tell_many(feed, EVENTS);
    request.key = mc_unconst("account:" ACCOUNT);
    request.reason = mc_unconst("x");
    const Audit__ForgetReply *reply = feed_call(feed, "Forget", &request.base, MC_OK);
    assert_int_equal(reply->forgotten, AUDIT_FORGET_STEP);
    assert_true(reply->more);
    reply = feed_call(feed, "Forget", &request.base, MC_OK);
    assert_int_equal(reply->forgotten, 1);
    assert_false(reply->more);
}

/* A person sees who touched his data, and nobody else's. */
static void a_citizen_sees_who_looked(void **state)
{
    static const struct mc_caller citizen = {.account_id = ACCOUNT, .ial = 2};
    static const struct mc_caller stranger = {.name = "portal:a"};
    Audit__ListAccessesRequest request = AUDIT__LIST_ACCESSES_REQUEST__INIT;
    struct harness *h = harness_open(&audit_room, NULL);
    const char *const actors[] = {"account:" ACCOUNT, "account:" OTHER, "room:payment",
                                  "operator:an"};
    const char *const own[] = {"account:" ACCOUNT, NULL};
    const char *const others[] = {"account:" OTHER, NULL};
    Audit__Forgotten any = AUDIT__FORGOTTEN__INIT;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        harness_event_by(h, actors[i % 4], "identity", "identity.logged_in", &any.base,
                         i == 4 ? others : own);
    harness_as(h, &citizen);
    const Audit__ListAccessesReply *reply = harness_call(h, "ListAccesses", &request.base, MC_OK);
    assert_int_equal(reply->n_accesses, 4);
    assert_int_equal(reply->accesses[0]->by, AUDIT__ACCESS_BY__OPERATOR); /* no machine looked */
    assert_string_equal(reply->accesses[0]->by_text, "Quản trị viên hệ thống");
    assert_int_equal(reply->accesses[1]->by, AUDIT__ACCESS_BY__SYSTEM);
    assert_int_equal(reply->accesses[2]->by, AUDIT__ACCESS_BY__SOMEONE);
    assert_string_equal(reply->accesses[2]->actor, "account:" OTHER);
    assert_int_equal(reply->accesses[3]->by, AUDIT__ACCESS_BY__YOURSELF);
    assert_string_equal(reply->accesses[3]->by_text, "Chính bạn");
    assert_string_equal(reply->next_page_token, "");

    request.page_size = 3;
    reply = harness_call(h, "ListAccesses", &request.base, MC_OK);
    assert_int_equal(reply->n_accesses, 3);
    request.page_token = reply->next_page_token;
    reply = harness_call(h, "ListAccesses", &request.base, MC_OK);
    assert_int_equal(reply->n_accesses, 1);
    assert_int_equal(reply->accesses[0]->by, AUDIT__ACCESS_BY__YOURSELF);
    request.page_token = mc_unconst("zz");
    assert_null(harness_call(h, "ListAccesses", &request.base, MC_INVALID));
    request.page_token = mc_unconst("");
    request.page_size = AUDIT_ACCESSES_MAX + 1;
    assert_null(harness_call(h, "ListAccesses", &request.base, MC_INVALID));
    request.page_size = 0;
    harness_as(h, &stranger);
    assert_null(harness_call(h, "ListAccesses", &request.base, MC_UNAUTHENTICATED));
    harness_close(h);
}

static size_t published(void *arg, const char *room, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    assert_string_equal(room, "audit");
    memcpy(ret_keys[0], arg, MC_SIGN_PUBLIC_LEN);
    return 1;
}

static bool is_whole(struct feed *feed)
{
    Audit__VerifyRequest request = AUDIT__VERIFY_REQUEST__INIT;

    return ((const Audit__VerifyReply *)feed_call(feed, "Verify", &request.base, MC_OK))->whole;
}

/* An operator switched keys: what the one before signed holds as long as it is published. */
static void another_key_signs(void **state)
{
    struct feed *feed = *state;
    struct mc_service *service = &feed->service;
    const uint8_t seed[MC_KEY_LEN] = {9};

    tell_many(feed, 2);
    feed_step(feed, true);
    struct mc_note_key before = audit_key_now(feed->ctx);
    assert_true(is_whole(feed));
    mc_sign_key(seed, service->sign_public, service->sign_secret);
    assert_false(is_whole(feed));
    service->options.public_keys = published;
    service->options.public_keys_arg = before.public_key;
    assert_true(is_whole(feed));

    tell_many(feed, 1);
    feed_step(feed, true);
    struct mc_note_key now = audit_key_now(feed->ctx);
    const Audit__HeadReply *told = head(feed);
    assert_true(mc_note_verify(mc_key_text(told->checkpoint), &now, NULL));
    assert_false(mc_note_verify(mc_key_text(told->checkpoint), &before, NULL));
    assert_true(is_whole(feed));
    assert_int_equal(told->n_other_keys, 1);
    char text[MC_NOTE_KEY_SIZE];
    mc_note_key_text(text, &before);
    assert_string_equal(told->other_keys[0], text);
    mc_note_key_text(text, &now);
    assert_string_equal(told->key, text);
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(checkpoints_are_signed),
        ROOM_TEST(every_entry_is_proved),
        ROOM_TEST(a_later_log_extends_an_earlier_one),
        ROOM_TEST(another_key_signs),
        ROOM_TEST(witnesses),
        ROOM_TEST(an_export_gives_the_root),
        ROOM_TEST(what_is_forgotten_is_still_proved),
        ROOM_TEST(forgetting_goes_by_steps),
        cmocka_unit_test(a_citizen_sees_who_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
