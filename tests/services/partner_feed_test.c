/* The feed of a unit's events, and webhooks that are posted them in order (CloudEvents 1.0). */
#include "common/json.h"

#include "partner_help.h"
#include "services/partner/feed.h"

#define HOOK_URL "https://cong.tayninh.gov.vn/su-kien"

static const char *const admin_rights[] = {PARTNER_RIGHT_ADMIN};

static void as_admin(struct harness *h, const char *unit)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = LAN,
                                      .unit = unit,
                                      .rights = admin_rights,
                                      .rights_len = MC_LEN(admin_rights),
                                      .ial = 2});
}

static int open_admin(void **state)
{
    *state = harness_open(&partner_room, NULL);
    as_admin(*state, TAY_NINH);
    return 0;
}

#define FEED_TEST(test) cmocka_unit_test_setup_teardown(test, open_admin, close_room)

static void moved(struct harness *h, const char *unit, const char *type, const char *code)
{
    Dossier__Changed changed = DOSSIER__CHANGED__INIT;

    changed.code = text(code);
    changed.unit = text(unit);
    changed.from = DOSSIER__STATE__NEW;
    changed.to = DOSSIER__STATE__RECEIVED;
    changed.owner_account = text(MINH);
    changed.reason = text("gọi ông Bình 0912000101");
    harness_event(h, "dossier", type, &changed.base, NULL);
}

static const Partner__ReadFeedReply *read_after(struct harness *h, uint64_t after)
{
    Partner__ReadFeedRequest req = PARTNER__READ_FEED_REQUEST__INIT;

    req.after = after;
    return harness_call(h, "ReadFeed", &req.base, MC_OK);
}

static void events_are_cloud_events_of_the_unit(void **state)
{
    struct harness *h = *state;
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    moved(h, BEN_CAU, "dossier.accepted", "000.20.31.H53-260907-0001");
    moved(h, LONG_AN, "dossier.accepted", "000.00.00.H36-260907-0001");
    moved(h, TAY_NINH, "dossier.advanced", "000.00.00.H53-260907-0002");
    const Partner__ReadFeedReply *rep = read_after(h, 0);
    assert_int_equal(rep->n_events, 2);
    assert_int_equal(rep->events[0]->sequence, 1);
    assert_int_equal(rep->events[1]->sequence, 3);
    assert_int_equal(mc_json_parse(mc_key_bytes(rep->events[0]->event), &json), MC_OK);
    assert_string_equal(mc_json_text(json, "specversion"), "1.0");
    assert_string_equal(mc_json_text(json, "type"), "motcua.dossier.accepted");
    assert_string_equal(mc_json_text(json, "id"), "dossier/1");
    assert_string_equal(mc_json_text(json, "source"), "/dossier");
    assert_string_equal(mc_json_text(json, "subject"), "000.20.31.H53-260907-0001");
    assert_string_equal(mc_json_text(json, "sequence"), "00000000000000000001");
    assert_string_equal(mc_json_text(json, "data.to"), "RECEIVED");
    /* it names nobody */
    assert_null(memmem(rep->events[0]->event.data, rep->events[0]->event.len, "0912", 4));
    assert_null(memmem(rep->events[0]->event.data, rep->events[0]->event.len, MINH, 36));
    assert_int_equal(read_after(h, 3)->n_events, 0);
    assert_int_equal(read_after(h, 99)->last, 3);
}

static void types_and_units_are_chosen(void **state)
{
    struct harness *h = *state;
    char *types[] = {text("motcua.dossier.advanced")};
    char *bad[] = {text("motcua.nothing")};
    Partner__ReadFeedRequest req = PARTNER__READ_FEED_REQUEST__INIT;

    moved(h, BEN_CAU, "dossier.accepted", "a");
    moved(h, BEN_CAU, "dossier.advanced", "b");
    moved(h, TAY_NINH, "dossier.advanced", "c");
    req.types = types;
    req.n_types = 1;
    req.unit = text(BEN_CAU);
    const Partner__ReadFeedReply *rep = harness_call(h, "ReadFeed", &req.base, MC_OK);
    assert_int_equal(rep->n_events, 1);
    req.types = bad;
    req.limit = PARTNER_FEED_LIMIT_MAX + 1;
    assert_null(harness_call(h, "ReadFeed", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "types[0]", "FIELD_INVALID"));
    assert_true(harness_violated(h, "limit", "FIELD_INVALID"));
    req = (Partner__ReadFeedRequest)PARTNER__READ_FEED_REQUEST__INIT;
    req.unit = text(LONG_AN);
    assert_null(harness_call(h, "ReadFeed", &req.base, MC_DENIED));
    req.unit = text("");
    req.from_now = true;
    rep = harness_call(h, "ReadFeed", &req.base, MC_OK);
    assert_int_equal(rep->n_events, 0);
    assert_int_equal(rep->last, 3);
}

static void old_events_go_and_the_gap_is_told(void **state)
{
    struct harness *h = *state;

    moved(h, TAY_NINH, "dossier.accepted", "a");
    moved(h, TAY_NINH, "dossier.accepted", "b");
    harness_advance(h, 8 * DAY_MS);
    moved(h, TAY_NINH, "dossier.accepted", "c");
    harness_tick(h);
    assert_int_equal(harness_rows(h, PARTNER_FEED), 1);
    assert_int_equal(harness_rows(h, PARTNER_FEED_UNITS), 2);
    const Partner__ReadFeedReply *rep = read_after(h, 1);
    assert_true(rep->gap);
    assert_int_equal(rep->n_events, 1);
    assert_false(read_after(h, 2)->gap);
    harness_advance(h, 8 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PARTNER_FEED), 1); /* the newest keeps the sequence */
}

/* --- webhooks --- */

struct hook {
    ProtobufCBinaryData id;
    const char *secret;
};

static struct hook save(struct harness *h)
{
    Partner__SaveWebhookRequest req = PARTNER__SAVE_WEBHOOK_REQUEST__INIT;

    req.url = text(HOOK_URL);
    const Partner__SaveWebhookReply *rep = harness_call(h, "SaveWebhook", &req.base, MC_OK);
    assert_int_equal(rep->webhook->state, PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING);
    return (struct hook){rep->webhook->webhook_id, rep->secret};
}

static void one_webhook_is_paused_by_hand(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    char id[2 * MC_ID_LEN + 1];

    (void)mc_hex(id, (struct mc_bytes){hook.id.data, hook.id.len});
    pause_as_operator(h, "webhook", id, MC_OK);
    id[0] = id[0] == '0' ? '1' : '0'; /* another's, that there is not */
    pause_as_operator(h, "webhook", id, MC_INVALID);
    id[2] = '\0';
    pause_as_operator(h, "webhook", id, MC_INVALID);
}

static const Partner__Webhook *get(struct harness *h, ProtobufCBinaryData id)
{
    Partner__GetWebhookRequest req = PARTNER__GET_WEBHOOK_REQUEST__INIT;

    req.webhook_id = id;
    return harness_call(h, "GetWebhook", &req.base, MC_OK);
}

static const char *header_of(const struct harness_exchange *exchange, const char *name)
{
    const struct mc_header *line = exchange->http.headers;

    while (line->name != NULL && strcmp(line->name, name) != 0)
        line++;
    return line->value;
}

static void confirm(struct harness *h)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct harness_exchange exchange;
    char answer[128];

    assert_true(harness_effect(h, "webhook.send", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "type"), "motcua.webhook.challenge");
    (void)snprintf(answer, sizeof answer, "{\"challenge\":\"%s\"}",
                   mc_json_text(json, "data.challenge"));
    harness_answer(h, &exchange, 200, answer);
}

/* What Standard Webhooks says a receiver checks, computed here from the secret that was told. */
static bool signed_by(const struct harness_exchange *exchange, const char *secret)
{
    uint8_t key[64];
    uint8_t mac[MC_HASH_LEN];
    char want[64] = "v1,";
    static char signed_text[8192];
    size_t key_len = 0;

    assert_memory_equal(secret, "whsec_", 6);
    assert_true(mc_unbase64(key, sizeof key, mc_key_text(secret + 6), &key_len));
    assert_int_equal(key_len, PARTNER_WEBHOOK_KEY_LEN);
    int len = snprintf(signed_text, sizeof signed_text, "%s.%s.%.*s",
                       header_of(exchange, "webhook-id"), header_of(exchange, "webhook-timestamp"),
                       (int)exchange->http.body.len, (const char *)exchange->http.body.data);
    mc_hmac_sha256(mac, (struct mc_bytes){key, key_len},
                   (struct mc_bytes){signed_text, (size_t)len});
    (void)mc_base64(want + 3, (struct mc_bytes){mac, sizeof mac});
    return strstr(header_of(exchange, "webhook-signature"), want) != NULL;
}

static void address_shows_that_it_is_theirs(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange exchange;

    moved(h, TAY_NINH, "dossier.accepted", "a");
    assert_true(harness_effect(h, "webhook.send", &exchange));
    assert_true(signed_by(&exchange, hook.secret));
    assert_non_null(exchange.http.guard);
    harness_answer(h, &exchange, 200, "{\"challenge\":\"other\"}");
    assert_int_equal(get(h, hook.id)->state, PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING);
    harness_advance(h, HOUR_MS);
    confirm(h);
    assert_int_equal(get(h, hook.id)->state, PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE);
    assert_int_equal(harness_events(h, "partner.webhook_confirmed"), 1);
    /* what came meanwhile is not lost */
    assert_true(harness_effect(h, "webhook.send", &exchange));
    assert_string_equal(
        header_of(&exchange, "webhook-id") + strlen(header_of(&exchange, "webhook-id")) - 2, "_1");
}

static void events_arrive_in_order_one_at_a_time(void **state)
{
    static const char *const codes[] = {"a", "b", "c"};
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange exchange;

    confirm(h);
    for (size_t i = 0; i < MC_LEN(codes); i++)
        moved(h, BEN_CAU, "dossier.accepted", codes[i]);
    moved(h, LONG_AN, "dossier.accepted", "not theirs");
    assert_int_equal(harness_jobs(h, PARTNER_LANE_WEBHOOK), 1);
    for (size_t i = 0; i < MC_LEN(codes); i++) {
        mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
        assert_true(harness_effect(h, "webhook.send", &exchange));
        assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
        assert_string_equal(mc_json_text(json, "subject"), codes[i]);
        assert_string_equal(exchange.http.content_type,
                            "application/cloudevents+json; charset=utf-8");
        assert_true(signed_by(&exchange, hook.secret));
        harness_answer(h, &exchange, 204, "");
    }
    assert_false(harness_effect(h, "webhook.send", &exchange));
    assert_int_equal(get(h, hook.id)->delivered, 3);
    moved(h, TAY_NINH, "dossier.accepted", "d");
    assert_int_equal(harness_jobs(h, PARTNER_LANE_WEBHOOK), 1);
}

/* The id stays, the time of the attempt goes on: a receiver knows the repeat, and takes it. */
static void failed_one_is_sent_again_under_its_id(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange first;
    struct harness_exchange again;
    char id[80];
    char time[24];

    confirm(h);
    moved(h, TAY_NINH, "dossier.accepted", "a");
    assert_true(harness_effect(h, "webhook.send", &first));
    (void)snprintf(id, sizeof id, "%s", header_of(&first, "webhook-id"));
    (void)snprintf(time, sizeof time, "%s", header_of(&first, "webhook-timestamp"));
    assert_int_equal(strtoll(time, NULL, 10), harness_now(h) / 1000);
    harness_answer(h, &first, 500, "");
    assert_int_equal(get(h, hook.id)->failures, 1);
    assert_string_equal(get(h, hook.id)->last_error, "HTTP_500");
    assert_false(harness_effect(h, "webhook.send", &again));
    harness_advance(h, MINUTE_MS);
    assert_true(harness_effect(h, "webhook.send", &again));
    assert_string_equal(header_of(&again, "webhook-id"), id);
    assert_string_not_equal(header_of(&again, "webhook-timestamp"), time);
    harness_answer(h, &again, 200, "");
    assert_int_equal(get(h, hook.id)->failures, 0);
}

static void long_failure_disables_and_resume_goes_on(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange exchange;
    Partner__ResumeWebhookRequest resume = PARTNER__RESUME_WEBHOOK_REQUEST__INIT;

    confirm(h);
    moved(h, TAY_NINH, "dossier.accepted", "a");
    for (unsigned hours = 0; hours <= 72; hours += 2) {
        assert_true(harness_effect(h, "webhook.send", &exchange));
        harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_NOT_SENT});
        harness_advance(h, 2 * HOUR_MS);
    }
    assert_int_equal(get(h, hook.id)->state, PARTNER__WEBHOOK_STATE__WEBHOOK_DISABLED);
    assert_int_equal(harness_events(h, "partner.webhook_disabled"), 1);
    assert_int_equal(harness_jobs(h, PARTNER_LANE_WEBHOOK), 0);
    moved(h, TAY_NINH, "dossier.accepted", "b");
    assert_int_equal(harness_jobs(h, PARTNER_LANE_WEBHOOK), 0);
    resume.webhook_id = hook.id;
    assert_non_null(harness_call(h, "ResumeWebhook", &resume.base, MC_OK));
    for (unsigned n = 0; n < 2; n++) {
        assert_true(harness_effect(h, "webhook.send", &exchange));
        harness_answer(h, &exchange, 200, "");
    }
    assert_int_equal(get(h, hook.id)->delivered, 2);
    resume.replay = true; /* all of it once more */
    assert_non_null(harness_call(h, "ResumeWebhook", &resume.base, MC_OK));
    assert_true(harness_effect(h, "webhook.send", &exchange));
    resume.after = 3;
    assert_null(harness_call(h, "ResumeWebhook", &resume.base, MC_INVALID));
}

static void gone_is_gone(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange exchange;

    confirm(h);
    moved(h, TAY_NINH, "dossier.accepted", "a");
    assert_true(harness_effect(h, "webhook.send", &exchange));
    harness_answer(h, &exchange, 410, "");
    assert_int_equal(get(h, hook.id)->state, PARTNER__WEBHOOK_STATE__WEBHOOK_DISABLED);
}

static void two_secrets_sign_until_the_next_change(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    struct harness_exchange exchange;
    Partner__RotateWebhookSecretRequest rotate = PARTNER__ROTATE_WEBHOOK_SECRET_REQUEST__INIT;

    confirm(h);
    moved(h, TAY_NINH, "dossier.accepted", "a");
    rotate.webhook_id = hook.id;
    const Partner__SaveWebhookReply *second =
        harness_call(h, "RotateWebhookSecret", &rotate.base, MC_OK);
    assert_int_equal(second->webhook->secrets, 2);
    assert_true(harness_effect(h, "webhook.send", &exchange)); /* also what waited */
    assert_true(signed_by(&exchange, hook.secret) && signed_by(&exchange, second->secret));
    harness_answer(h, &exchange, 200, "");
    rotate.at_once = true;
    const Partner__SaveWebhookReply *third =
        harness_call(h, "RotateWebhookSecret", &rotate.base, MC_OK);
    moved(h, TAY_NINH, "dossier.accepted", "b");
    assert_true(harness_effect(h, "webhook.send", &exchange));
    assert_true(signed_by(&exchange, third->secret));
    assert_false(signed_by(&exchange, second->secret));
}

static void removed_one_hears_nothing(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    Partner__RemoveWebhookRequest remove = PARTNER__REMOVE_WEBHOOK_REQUEST__INIT;

    confirm(h);
    remove.webhook_id = hook.id;
    assert_null(harness_call(h, "RemoveWebhook", &remove.base, MC_INVALID));
    remove.reason = text("cổng đã đóng");
    assert_non_null(harness_call(h, "RemoveWebhook", &remove.base, MC_OK));
    assert_null(harness_call(h, "RemoveWebhook", &remove.base, MC_NOT_FOUND));
    moved(h, TAY_NINH, "dossier.accepted", "a");
    assert_int_equal(harness_jobs(h, PARTNER_LANE_WEBHOOK), 0);
    assert_int_equal(harness_rows(h, PARTNER_WEBHOOK_UNITS), 0);
    Partner__ListWebhooksRequest list = PARTNER__LIST_WEBHOOKS_REQUEST__INIT;
    const Partner__ListWebhooksReply *rep = harness_call(h, "ListWebhooks", &list.base, MC_OK);
    assert_int_equal(rep->n_webhooks, 1);
    assert_int_equal(rep->webhooks[0]->secrets, 0);
}

static void addresses_pass_the_guard_and_are_counted(void **state)
{
    struct harness *h = *state;
    Partner__SaveWebhookRequest req = PARTNER__SAVE_WEBHOOK_REQUEST__INIT;

    assert_null(harness_call(h, "SaveWebhook", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "url", "FIELD_REQUIRED"));
    req.url = text("https://10.0.0.1/su-kien");
    assert_null(harness_call(h, "SaveWebhook", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "url", "URL_INTERNAL"));
    for (unsigned i = 0; i < PARTNER_WEBHOOKS_PER_UNIT; i++)
        (void)save(h);
    req.url = text(HOOK_URL);
    assert_null(harness_call(h, "SaveWebhook", &req.base, MC_LIMITED));
    as_officer(h, LAN, TAY_NINH); /* API_TEST alone does not do */
    assert_null(harness_call(h, "SaveWebhook", &req.base, MC_DENIED));
}

/* Another address has to show itself first; the secret stays. */
static void other_address_is_asked_anew(void **state)
{
    struct harness *h = *state;
    struct hook hook = save(h);
    Partner__SaveWebhookRequest req = PARTNER__SAVE_WEBHOOK_REQUEST__INIT;

    confirm(h);
    req.webhook_id = hook.id;
    req.url = text(HOOK_URL);
    const Partner__SaveWebhookReply *rep = harness_call(h, "SaveWebhook", &req.base, MC_OK);
    assert_int_equal(rep->webhook->state, PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE);
    assert_string_equal(rep->secret, "");
    req.url = text("https://khac.tayninh.gov.vn/");
    rep = harness_call(h, "SaveWebhook", &req.base, MC_OK);
    assert_int_equal(rep->webhook->state, PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING);
    confirm(h);
    assert_int_equal(get(h, hook.id)->state, PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(events_are_cloud_events_of_the_unit),
        FEED_TEST(types_and_units_are_chosen),
        FEED_TEST(old_events_go_and_the_gap_is_told),
        FEED_TEST(one_webhook_is_paused_by_hand),
        FEED_TEST(address_shows_that_it_is_theirs),
        FEED_TEST(events_arrive_in_order_one_at_a_time),
        FEED_TEST(failed_one_is_sent_again_under_its_id),
        FEED_TEST(long_failure_disables_and_resume_goes_on),
        FEED_TEST(gone_is_gone),
        FEED_TEST(two_secrets_sign_until_the_next_change),
        FEED_TEST(removed_one_hears_nothing),
        FEED_TEST(addresses_pass_the_guard_and_are_counted),
        FEED_TEST(other_address_is_asked_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
