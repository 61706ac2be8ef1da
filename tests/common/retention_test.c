/* Retention: rules are told with what went by them; what is held stays. */
#include "common/holds.h"
#include "common/retention.h"
#include "common/role.h"

#include "bell_room.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static const struct mc_caller operator_ = {.name = "operator:an", .who = MC_OPERATOR};
static const struct mc_caller no_approver = {
    .name = "operator:ba", .who = MC_OPERATOR, .roles = MC_ROLE_OPERATE | MC_ROLE_VIEW};

/* Notes are over after three days; each is about the dossier that its text names. */
static void sweep_notes(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep)
{
    struct mc_cursor cursor =
        mc_seek(txn, BELL_NOTES, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    (void)ctx;
    while (sweep->looked_at < sweep->looks && mc_next(&cursor)) {
        const char *key = mc_sprintf(txn->arena, "dossier:%.*s", (int)cursor.value.len,
                                     (const char *)cursor.value.data);
        sweep->looked_at++;
        if (mc_sweep_takes(sweep, sweep->before_ms - 1, mc_held(txn, key)))
            mc_drop(txn, BELL_NOTES, cursor.key);
    }
}

static const struct mc_retention rules[] = {
    {.rule = "notes",
     .what = "Notes",
     .keep_ms = INT64_C(3) * DAY_MS,
     .source = "ours",
     .sweep = sweep_notes},
    {.rule = "rings", .what = "Rings", .until = "for ever", .source = "ours"},
};

static struct mc_room with_rules(void)
{
    struct mc_room room = bell_room;

    room.retention = rules;
    room.retention_len = MC_LEN(rules);
    return room;
}

static struct harness *open_room(const struct mc_room *room)
{
    struct harness *h = harness_open(room, NULL);

    harness_as(h, &operator_);
    return h;
}

static const Motcua__RetentionRule *rule(struct harness *h, const char *name)
{
    Motcua__RetentionRequest request = MOTCUA__RETENTION_REQUEST__INIT;
    const Motcua__RetentionReply *reply = harness_call(h, "Retention", &request.base, MC_OK);

    for (size_t i = 0; i < reply->n_rules; i++)
        if (strcmp(reply->rules[i]->rule, name) == 0)
            return reply->rules[i];
    return NULL;
}

static const Motcua__RetentionPreview *preview(struct harness *h, const char *name,
                                               enum mc_status want)
{
    Motcua__PreviewRetentionRequest request = MOTCUA__PREVIEW_RETENTION_REQUEST__INIT;

    request.rule = mc_unconst(name);
    return harness_call(h, "PreviewRetention", &request.base, want);
}

static const Motcua__Hold *hold(struct harness *h, const char *method, const char *key,
                                const char *reason, enum mc_status want)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;

    request.key = mc_unconst(key);
    request.reason = mc_unconst(reason);
    return harness_call(h, method, &request.base, want);
}

static void note(struct harness *h, const char *text)
{
    Bell__Note body = BELL__NOTE__INIT;

    body.text = mc_unconst(text);
    harness_event(h, "dossier", "dossier.noted", &body.base, (const char *const[]){NULL});
}

static void rules_are_told(void **state)
{
    const struct mc_room room = with_rules();
    struct harness *h = open_room(&room);

    (void)state;
    assert_int_equal(rule(h, "answers")->keep_ms, DAY_MS);
    assert_int_equal(rule(h, "answers")->oldest_ms, 0); /* nothing yet */
    assert_string_equal(rule(h, "rings")->until, "for ever");
    assert_true(rule(h, "notes")->minds_holds);
    assert_false(rule(h, "rings")->previews);
    harness_close(h);
}

static void what_went_is_counted(void **state)
{
    const struct mc_room room = with_rules();
    struct harness *h = open_room(&room);
    struct mc_service *service = harness_service(h);
    struct mc_turn turn;

    (void)state;
    (void)hold(h, "AddHold", "dossier:1", "asked for", MC_OK); /* a call with an answer */
    assert_int_equal(rule(h, "answers")->oldest_ms, harness_now(h));
    assert_int_equal(rule(h, "answers")->erased_total, 0);
    harness_advance(h, DAY_MS + 1);
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    (void)mc_service_step(service, &turn);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
    assert_int_equal(rule(h, "answers")->erased_total, 1);
    assert_int_equal(rule(h, "answers")->erased_ms, harness_now(h));
    assert_int_equal(rule(h, "answers")->oldest_ms, 0);
    harness_close(h);
}

static void a_preview_changes_nothing_and_minds_holds(void **state)
{
    const struct mc_room room = with_rules();
    struct harness *h = open_room(&room);

    (void)state;
    note(h, "1");
    note(h, "2");
    (void)preview(h, "rings", MC_NOT_FOUND); /* nothing of it ever goes */
    (void)preview(h, "none", MC_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        const Motcua__RetentionPreview *seen = preview(h, "notes", MC_OK);
        assert_int_equal(seen->count, 2);
        assert_int_equal(seen->held, 0);
        assert_int_equal(seen->before_ms, harness_now(h) - INT64_C(3) * DAY_MS);
        assert_int_equal(seen->oldest_ms, seen->before_ms - 1);
        assert_false(seen->more);
    }
    (void)hold(h, "AddHold", "dossier:2", "complaint 17", MC_OK);
    assert_int_equal(preview(h, "notes", MC_OK)->count, 1);
    assert_int_equal(preview(h, "notes", MC_OK)->held, 1);
    (void)hold(h, "ReleaseHold", "dossier:2", "closed", MC_OK);
    assert_int_equal(preview(h, "notes", MC_OK)->count, 2);
    harness_close(h);
}

static void a_hold_says_who_and_why(void **state)
{
    const struct mc_room room = with_rules();
    struct harness *h = open_room(&room);
    Motcua__ListHoldsRequest list = MOTCUA__LIST_HOLDS_REQUEST__INIT;

    (void)state;
    const Motcua__Hold *first = hold(h, "AddHold", "account:7", "court", MC_OK);
    assert_string_equal(first->by, "operator:an");
    assert_int_equal(first->at_ms, harness_now(h));
    harness_as(h, &no_approver);
    harness_advance(h, 1000);
    const Motcua__Hold *again = hold(h, "AddHold", "account:7", "me too", MC_OK);
    assert_string_equal(again->reason, "court"); /* as it was */
    assert_int_equal(harness_events(h, "bell.hold_added"), 1);
    (void)hold(h, "ReleaseHold", "account:7", "over", MC_DENIED); /* needs the role to approve */
    (void)hold(h, "AddHold", "payment:8", "x", MC_OK);
    list.page_size = 1;
    const Motcua__ListHoldsReply *page = harness_call(h, "ListHolds", &list.base, MC_OK);
    assert_int_equal(page->n_holds, 1);
    assert_true(page->more);
    list.after = page->holds[0]->key;
    page = harness_call(h, "ListHolds", &list.base, MC_OK);
    assert_string_equal(page->holds[0]->key, "payment:8");
    assert_false(page->more);
    list.page_size = 201;
    (void)harness_call(h, "ListHolds", &list.base, MC_INVALID);

    harness_as(h, &operator_);
    (void)hold(h, "ReleaseHold", "account:7", "over", MC_OK);
    (void)hold(h, "ReleaseHold", "account:7", "over", MC_NOT_FOUND);
    assert_int_equal(harness_events(h, "bell.hold_released"), 1);
    harness_close(h);
}

static void what_cannot_be_held(void **state)
{
    const struct mc_room room = with_rules();
    struct harness *h = open_room(&room);
    char key[MC_HOLD_KEY_MAX + 2];

    (void)state;
    (void)hold(h, "AddHold", "", "", MC_INVALID);
    assert_true(harness_violated(h, "key", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    (void)hold(h, "AddHold", "phone:84912000101", "x", MC_INVALID);
    assert_true(harness_violated(h, "key", "FIELD_INVALID"));
    (void)hold(h, "AddHold", "dossier:", "x", MC_INVALID);
    memset(key, '1', sizeof key - 1);
    memcpy(key, "dossier:", 8);
    key[MC_HOLD_KEY_MAX + 1] = '\0';
    (void)hold(h, "AddHold", key, "x", MC_INVALID);
    key[MC_HOLD_KEY_MAX] = '\0';
    (void)hold(h, "AddHold", key, "x", MC_OK);
    harness_close(h);

    h = open_room(&bell_room); /* it has no rule that minds holds */
    (void)hold(h, "AddHold", "dossier:1", "x", MC_INVALID);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_told),
        cmocka_unit_test(what_went_is_counted),
        cmocka_unit_test(a_preview_changes_nothing_and_minds_holds),
        cmocka_unit_test(a_hold_says_who_and_why),
        cmocka_unit_test(what_cannot_be_held),
    };
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
