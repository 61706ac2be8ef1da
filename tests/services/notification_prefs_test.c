/* Preferences: switches are obeyed, and what is owed cannot be switched off; quiet hours; life. */
#include <string.h>

#include "feed.h"
#include "services/notification/prefs.h"

#define BINH       "01907b00-0000-7000-8000-00000000000b"
#define THO        "01907b00-0000-7000-8000-00000000000c"
#define CODE       "000.20.31.H53-260907-0007"
#define MINUTE_MS  60000LL
#define HOUR_MS    3600000LL
#define TODAY_2100 (HARNESS_T0 + 11 * HOUR_MS + 40 * MINUTE_MS)
#define NEXT_0700  (TODAY_2100 + 10 * HOUR_MS)

static const struct mc_caller binh = {.account_id = BINH, .ial = 2};
static const struct mc_caller tho = {.account_id = THO, .ial = 2};

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static void opened_as(struct harness *h, const char *account, const char *phone)
{
    Identity__AccountOpened body = IDENTITY__ACCOUNT_OPENED__INIT;

    body.account_id = text(account);
    body.full_name = text("Nguyễn Thị Hoà Bình");
    body.phone = text(phone);
    harness_event(h, "identity", "identity.account_opened", &body.base,
                  (const char *const[]){NULL});
}

static void opened(struct harness *h)
{
    opened_as(h, BINH, "84912000101");
}

static void dossier_is(Dossier__Changed *body)
{
    dossier__changed__init(body);
    body->code = text(CODE);
    body->from = DOSSIER__STATE__NEW;
    body->owner_account = text(BINH);
    body->procedure_name = text("Đăng ký khai sinh");
    body->unit_name = text("Thị trấn Bến Cầu");
}

/* Of kind dossier, with an SMS. */
static void accepted(struct harness *h)
{
    Dossier__Changed body;

    dossier_is(&body);
    body.to = DOSSIER__STATE__RECEIVED;
    harness_event(h, "dossier", "dossier.accepted", &body.base, (const char *const[]){NULL});
}

/* Of kind decision. */
static void refused(struct harness *h)
{
    Dossier__Changed body;

    dossier_is(&body);
    body.to = DOSSIER__STATE__REFUSED;
    harness_event(h, "dossier", "dossier.advanced", &body.base, (const char *const[]){NULL});
}

/* Of kind payment. */
static void paid(struct harness *h, const char *type)
{
    Payment__OrderChanged body = PAYMENT__ORDER_CHANGED__INIT;

    body.dossier_code = text(CODE);
    body.owner_account = text(BINH);
    body.amount = 1000;
    harness_event(h, "payment", type, &body.base, (const char *const[]){NULL});
}

/* Of kind security. */
static void password_changed(struct harness *h)
{
    Identity__SecurityChanged body = IDENTITY__SECURITY_CHANGED__INIT;

    body.account_id = text(BINH);
    harness_event(h, "identity", "identity.password_changed", &body.base,
                  (const char *const[]){NULL});
}

static const Notification__Notice *newest(struct harness *h, const struct mc_caller *who)
{
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;

    harness_as(h, who);
    const Notification__ListInboxReply *reply = harness_call(h, "ListInbox", &request.base, MC_OK);
    return reply->n_notices > 0 ? reply->notices[0] : NULL;
}

static size_t notices(struct harness *h)
{
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;

    harness_as(h, &binh);
    const Notification__ListInboxReply *reply = harness_call(h, "ListInbox", &request.base, MC_OK);
    assert_int_equal(reply->n_notices, reply->unread);
    return reply->n_notices;
}

static bool sms_goes(struct harness *h)
{
    Otp__EnqueueSmsReply reply = OTP__ENQUEUE_SMS_REPLY__INIT;
    struct harness_exchange exchange;

    harness_tick(h);
    if (!harness_effect(h, "otp.enqueue", &exchange))
        return false;
    reply.job_id = 1;
    harness_reply(h, &exchange, &reply.base);
    return true;
}

static const Notification__Preferences *set_as(struct harness *h, const struct mc_caller *who,
                                               const char *kind, Notification__Channel channel,
                                               bool on, enum mc_status want)
{
    Notification__SetPreferencesRequest request = NOTIFICATION__SET_PREFERENCES_REQUEST__INIT;
    Notification__PreferenceSwitch one = NOTIFICATION__PREFERENCE_SWITCH__INIT;
    Notification__PreferenceSwitch *list[] = {&one};

    one.kind = text(kind);
    one.channel = channel;
    one.on = on;
    request.switches = list;
    request.n_switches = 1;
    harness_as(h, who);
    return harness_call(h, "SetPreferences", &request.base, want);
}

static const Notification__Preferences *set(struct harness *h, const char *kind,
                                            Notification__Channel channel, bool on)
{
    return set_as(h, &binh, kind, channel, on, MC_OK);
}

static const Notification__ChannelPreference *find(const Notification__Preferences *preferences,
                                                   const char *kind, Notification__Channel channel)
{
    for (size_t i = 0; i < preferences->n_kinds; i++)
        for (size_t k = 0; k < preferences->kinds[i]->n_channels; k++)
            if (strcmp(preferences->kinds[i]->kind, kind) == 0 &&
                preferences->kinds[i]->channels[k]->channel == channel)
                return preferences->kinds[i]->channels[k];
    fail_msg("no %s", kind);
    return NULL;
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

/* --- switches --- */

static void all_is_on_at_first(void **state)
{
    Notification__GetPreferencesRequest request = NOTIFICATION__GET_PREFERENCES_REQUEST__INIT;

    harness_as(*state, &binh);
    const Notification__Preferences *preferences =
        harness_call(*state, "GetPreferences", &request.base, MC_OK);
    assert_int_equal(preferences->n_kinds, NOTIFICATION_KINDS_LEN);
    assert_string_equal(preferences->quiet_from, "21:00");
    assert_string_equal(preferences->quiet_until, "07:00");
    for (size_t i = 0; i < preferences->n_kinds; i++) {
        assert_int_equal(preferences->kinds[i]->n_channels, 3);
        assert_string_not_equal(preferences->kinds[i]->name, "");
        for (size_t k = 0; k < 3; k++)
            assert_true(preferences->kinds[i]->channels[k]->on);
    }
    assert_true(find(preferences, "security", NOTIFICATION__CHANNEL__SMS)->locked);
    assert_false(find(preferences, "security", NOTIFICATION__CHANNEL__EMAIL)->locked);
    assert_false(find(preferences, "dossier", NOTIFICATION__CHANNEL__SMS)->locked);
}

/* D3: opencrvs/opencrvs-core#4845, link-it/govpay#396: switches were there and not obeyed. */
static void switches_are_obeyed(void **state)
{
    struct harness *h = *state;

    opened(h);
    harness_advance(h, 1000);
    const Notification__Preferences *now = set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    assert_false(find(now, "dossier", NOTIFICATION__CHANNEL__SMS)->on);
    assert_true(find(now, "dossier", NOTIFICATION__CHANNEL__INBOX)->on);
    assert_true(find(now, "payment", NOTIFICATION__CHANNEL__SMS)->on);
    harness_reopen(h);
    accepted(h);
    assert_false(sms_goes(h));
    assert_int_equal(notices(h), 2);
    assert_string_equal(newest(h, &binh)->sms_state, "none");
    assert_string_equal(newest(h, &binh)->sms_reason, "SWITCHED_OFF");
    paid(h, "payment.paid"); /* another kind */
    assert_true(sms_goes(h));
    set(h, "dossier", NOTIFICATION__CHANNEL__SMS, true);
    accepted(h);
    assert_true(sms_goes(h));
}

/* By SMS only: it is not in the inbox, nor among the unread; with no channel left, nowhere. */
static void an_inbox_that_is_switched_off(void **state)
{
    struct harness *h = *state;

    opened(h);
    set(h, "payment", NOTIFICATION__CHANNEL__INBOX, false);
    paid(h, "payment.paid");
    assert_true(sms_goes(h));
    assert_int_equal(notices(h), 1);
    assert_int_equal(harness_rows(h, NOTIFICATION_NOTICES), 2);
    set(h, "payment", NOTIFICATION__CHANNEL__SMS, false);
    set(h, "payment", NOTIFICATION__CHANNEL__EMAIL, false);
    paid(h, "payment.paid");
    assert_false(sms_goes(h));
    assert_int_equal(harness_rows(h, NOTIFICATION_NOTICES), 2);
    set(h, "payment", NOTIFICATION__CHANNEL__INBOX, true);
    harness_advance(h, 1000);
    paid(h, "payment.paid");
    assert_int_equal(notices(h), 2); /* what was not for the inbox stays out of it */
}

/* Pages go on past notices that are not shown, however many those are. */
static void pages_pass_hidden_notices(void **state)
{
    struct harness *h = *state;
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    size_t seen = 0;
    size_t pages = 0;

    opened(h);
    paid(h, "payment.paid");
    set(h, "payment", NOTIFICATION__CHANNEL__INBOX, false);
    for (size_t i = 0; i < NOTIFICATION_LOOKS_MAX + 1; i++)
        paid(h, "payment.paid");
    harness_as(h, &binh);
    request.page_size = 1;
    do {
        const Notification__ListInboxReply *reply =
            harness_call(h, "ListInbox", &request.base, MC_OK);
        seen += reply->n_notices;
        pages++;
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    assert_int_equal(seen, 2);
    assert_int_equal(pages, 3); /* of none, and one each: behind the last there is no page */
}

/* Who does not want them cannot be without what is owed, or what may be a thief's doing. */
static void what_is_owed_cannot_be_switched_off(void **state)
{
    static const char *const kinds[] = {"security", "decision", "duty"};
    struct harness *h = *state;

    opened(h);
    for (size_t i = 0; i < MC_LEN(kinds); i++) {
        (void)set_as(h, &binh, kinds[i], NOTIFICATION__CHANNEL__SMS, false, MC_INVALID);
        assert_true(harness_violated(h, "switches[0].on", "NOTICE_LOCKED"));
        (void)set_as(h, &binh, kinds[i], NOTIFICATION__CHANNEL__INBOX, false, MC_INVALID);
        assert_true(harness_violated(h, "switches[0].on", "NOTICE_LOCKED"));
        (void)set(h, kinds[i], NOTIFICATION__CHANNEL__SMS, true);
        (void)set(h, kinds[i], NOTIFICATION__CHANNEL__EMAIL, false);
    }
    (void)set_as(h, &binh, "work", NOTIFICATION__CHANNEL__INBOX, false, MC_INVALID);
    assert_true(harness_violated(h, "switches[0].on", "NOTICE_LOCKED"));
    refused(h);
    assert_true(sms_goes(h));
    password_changed(h);
    assert_true(sms_goes(h));
    assert_int_equal(notices(h), 3);
}

/* All of a kind is off, as it could be before the kind was locked. */
static void put_off(struct harness *h, const char *kind)
{
    struct mc_service *service = harness_service(h);
    NotificationState__Preferences record = NOTIFICATION_STATE__PREFERENCES__INIT;
    NotificationState__KindOff off = NOTIFICATION_STATE__KIND_OFF__INIT;
    NotificationState__KindOff *list[] = {&off};
    uint8_t id[MC_ID_LEN];
    struct mc_turn turn;
    struct mc_txn txn;

    off.kind = text(kind);
    off.channels = NOTIFICATION_INBOX | NOTIFICATION_SMS | NOTIFICATION_EMAIL;
    record.off = list;
    record.n_off = 1;
    assert_true(mc_uuid_parse(id, mc_key_text(BINH)));
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_txn_open(&txn, &turn);
    txn.secrets = &service->secrets;
    mc_save(&txn, NOTIFICATION_PREFERENCES, (struct mc_bytes){id, sizeof id}, &record.base);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
}

/* A record that says otherwise does not keep what is owed from anybody; nor does one of no kind. */
static void what_became_locked_is_told(void **state)
{
    struct harness *h = *state;
    Notification__GetPreferencesRequest request = NOTIFICATION__GET_PREFERENCES_REQUEST__INIT;

    opened(h);
    put_off(h, "decision");
    harness_advance(h, 1000);
    refused(h);
    assert_true(sms_goes(h));
    assert_string_equal(newest(h, &binh)->template_, "DOSSIER_REFUSED");
    harness_as(h, &binh);
    const Notification__Preferences *now = harness_call(h, "GetPreferences", &request.base, MC_OK);
    assert_true(find(now, "decision", NOTIFICATION__CHANNEL__SMS)->on);
    assert_false(find(now, "decision", NOTIFICATION__CHANNEL__EMAIL)->on);
    put_off(h, "weather");
    accepted(h);
    assert_true(sms_goes(h));
    (void)set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    accepted(h);
    assert_false(sms_goes(h));
}

static void every_fault_of_a_request_is_told(void **state)
{
    struct harness *h = *state;
    Notification__SetPreferencesRequest request = NOTIFICATION__SET_PREFERENCES_REQUEST__INIT;
    Notification__PreferenceSwitch rows[NOTIFICATION_SWITCHES_MAX + 1];
    Notification__PreferenceSwitch *list[NOTIFICATION_SWITCHES_MAX + 1];

    harness_as(h, &binh);
    (void)harness_call(h, "SetPreferences", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "switches", "FIELD_REQUIRED"));
    for (size_t i = 0; i < MC_LEN(rows); i++) {
        notification__preference_switch__init(&rows[i]);
        rows[i].kind = text("payment");
        list[i] = &rows[i];
    }
    rows[0].channel = NOTIFICATION__CHANNEL__EMAIL;
    rows[1].channel = NOTIFICATION__CHANNEL__EMAIL;
    rows[1].on = true;
    rows[2].kind = text("weather");
    rows[3].kind = text("security");
    rows[3].channel = NOTIFICATION__CHANNEL__SMS;
    request.switches = list;
    request.n_switches = 4;
    (void)harness_call(h, "SetPreferences", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "switches[1].channel", "NOTICE_SWITCH_TWICE"));
    assert_true(harness_violated(h, "switches[2].kind", "FIELD_INVALID"));
    assert_true(harness_violated(h, "switches[2].channel", "FIELD_INVALID"));
    assert_true(harness_violated(h, "switches[3].on", "NOTICE_LOCKED"));
    assert_false(harness_violated(h, "switches", "FIELD_TOO_LONG"));
    request.n_switches = NOTIFICATION_SWITCHES_MAX;
    (void)harness_call(h, "SetPreferences", &request.base, MC_INVALID);
    assert_false(harness_violated(h, "switches", "FIELD_TOO_LONG"));
    request.n_switches = NOTIFICATION_SWITCHES_MAX + 1;
    (void)harness_call(h, "SetPreferences", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "switches", "FIELD_TOO_LONG"));
    assert_int_equal(harness_rows(h, NOTIFICATION_PREFERENCES), 0); /* all, or none */
}

/* A change is in the journal, once; what changes nothing is not. */
static void changes_are_told(void **state)
{
    struct harness *h = *state;

    set(h, "dossier", NOTIFICATION__CHANNEL__SMS, true);
    assert_int_equal(harness_events(h, "notification.preferences_changed"), 0);
    set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    assert_int_equal(harness_events(h, "notification.preferences_changed"), 1);
    const Motcua__Event *event = NULL;
    const Notification__PreferencesChanged *changed =
        harness_last_event(h, "notification.preferences_changed",
                           &notification__preferences_changed__descriptor, &event);
    assert_string_equal(changed->account_id, BINH);
    assert_int_equal(changed->n_switches, 1);
    assert_string_equal(changed->switches[0]->kind, "dossier");
    assert_false(changed->switches[0]->on);
    assert_string_equal(event->keys[0], "account:" BINH);
}

static void only_with_a_session(void **state)
{
    static const struct mc_caller portal = {.name = "portal:a"};
    Notification__GetPreferencesRequest request = NOTIFICATION__GET_PREFERENCES_REQUEST__INIT;

    harness_as(*state, &portal);
    (void)harness_call(*state, "GetPreferences", &request.base, MC_UNAUTHENTICATED);
    (void)set_as(*state, &portal, "dossier", NOTIFICATION__CHANNEL__SMS, false, MC_UNAUTHENTICATED);
    (void)set(*state, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    harness_as(*state, &tho); /* another's are his own affair */
    const Notification__Preferences *own =
        harness_call(*state, "GetPreferences", &request.base, MC_OK);
    assert_true(find(own, "dossier", NOTIFICATION__CHANNEL__SMS)->on);
}

/* One person, one set of switches: those of the account that goes on; unmerged, its own again. */
static void a_merged_account_has_the_switches_of_the_other(void **state)
{
    struct harness *h = *state;
    Identity__AccountsMerged merged = IDENTITY__ACCOUNTS_MERGED__INIT;
    Notification__GetPreferencesRequest request = NOTIFICATION__GET_PREFERENCES_REQUEST__INIT;
    const char *const keys[] = {NULL};

    opened(h);
    opened_as(h, THO, "84868000202");
    (void)set_as(h, &tho, "dossier", NOTIFICATION__CHANNEL__SMS, false, MC_OK);
    merged.kept_account_id = text(THO);
    merged.merged_account_id = text(BINH);
    harness_event(h, "identity", "identity.accounts_merged", &merged.base, keys);
    accepted(h);
    assert_false(sms_goes(h));
    assert_string_equal(newest(h, &tho)->sms_reason, "SWITCHED_OFF");
    harness_as(h, &binh);
    const Notification__Preferences *same = harness_call(h, "GetPreferences", &request.base, MC_OK);
    assert_false(find(same, "dossier", NOTIFICATION__CHANNEL__SMS)->on);
    (void)set(h, "dossier", NOTIFICATION__CHANNEL__SMS, true);
    accepted(h);
    assert_true(sms_goes(h));
    (void)set_as(h, &tho, "dossier", NOTIFICATION__CHANNEL__SMS, false, MC_OK);
    harness_event(h, "identity", "identity.accounts_unmerged", &merged.base, keys);
    accepted(h);
    assert_true(sms_goes(h));
}

/* What was held for its account's phone, and is switched off by then, is not sent. */
static void switched_off_while_held(void **state)
{
    struct harness *h = *state;

    accepted(h);
    refused(h);
    set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    opened(h);
    assert_true(sms_goes(h)); /* the refusal */
    assert_false(sms_goes(h));
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 0);
}

/* --- quiet hours --- */

static void what_can_wait_waits_for_the_morning(void **state)
{
    static const struct {
        int64_t at_ms;
        int64_t due_ms; /* 0: at once */
    } cases[] = {
        {TODAY_2100 - 1, 0},
        {TODAY_2100, NEXT_0700},
        {TODAY_2100 + MINUTE_MS - 1, NEXT_0700},
        {TODAY_2100 + 3 * HOUR_MS, NEXT_0700}, /* midnight */
        {NEXT_0700 - MINUTE_MS, NEXT_0700},
        {NEXT_0700 - 1, NEXT_0700},
        {NEXT_0700, 0},
    };
    struct notification room = {.quiet = {.from_text = "21:00", .until_text = "07:00"}};

    (void)state;
    room.quiet.from = 21 * 60;
    room.quiet.until = 7 * 60;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_DOSSIER, cases[i].at_ms),
                         cases[i].due_ms);
        assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_SECURITY, cases[i].at_ms), 0);
        assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_DECISION, cases[i].at_ms), 0);
        assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_PAYMENT, cases[i].at_ms), 0);
    }
    room.quiet.from = 12 * 60; /* a rest at noon, on one day */
    room.quiet.until = 13 * 60;
    assert_int_equal(
        prefs_sms_due(&room, NOTIFICATION_KIND_DUTY, TODAY_2100 - 9 * HOUR_MS + 30 * MINUTE_MS),
        TODAY_2100 - 8 * HOUR_MS);
    assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_DUTY, TODAY_2100), 0);
    room.quiet.until = room.quiet.from;
    assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_DUTY, TODAY_2100), 0);
    assert_int_equal(prefs_sms_due(&room, NOTIFICATION_KIND_DUTY, TODAY_2100 - 9 * HOUR_MS), 0);
}

static void an_sms_of_the_night(void **state)
{
    struct harness *h = *state;

    opened(h);
    harness_set_clock(h, TODAY_2100);
    accepted(h);
    assert_false(sms_goes(h));
    assert_string_equal(newest(h, &binh)->sms_state, "waiting");
    assert_string_equal(newest(h, &binh)->sms_reason, "QUIET_HOURS");
    harness_advance(h, 1000);
    refused(h); /* owed at once */
    assert_true(sms_goes(h));
    assert_string_equal(newest(h, &binh)->sms_state, "queued");
    harness_reopen(h);
    harness_set_clock(h, NEXT_0700 - 1);
    assert_false(sms_goes(h));
    harness_set_clock(h, NEXT_0700);
    assert_true(sms_goes(h));
    assert_false(sms_goes(h));
}

/* D3 again: it waits, is switched off, and does not come; what waits of another kind does. */
static void switched_off_during_the_night(void **state)
{
    struct harness *h = *state;

    opened(h);
    harness_set_clock(h, TODAY_2100);
    accepted(h);
    paid(h, "payment.order_created"); /* of kind duty */
    (void)set(h, "feedback", NOTIFICATION__CHANNEL__SMS, false);
    (void)set(h, "dossier", NOTIFICATION__CHANNEL__EMAIL, false);
    (void)set(h, "dossier", NOTIFICATION__CHANNEL__SMS, false);
    assert_int_equal(harness_rows(h, NOTIFICATION_MORNING), 2);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0); /* the lane looks well at night */
    harness_set_clock(h, NEXT_0700);
    assert_true(sms_goes(h));
    assert_string_equal(newest(h, &binh)->template_, "DOSSIER_PAYMENT");
    assert_string_equal(newest(h, &binh)->sms_state, "queued");
    assert_false(sms_goes(h));
    assert_int_equal(harness_rows(h, NOTIFICATION_MORNING), 0);
}

/* A morning after a busy night: a tick sends so many, the next one the rest; each once. */
static void a_busy_night(void **state)
{
    struct harness *h = *state;

    opened(h);
    harness_set_clock(h, TODAY_2100);
    for (size_t i = 0; i < NOTIFICATION_MORNING_ROWS + 1; i++)
        accepted(h);
    harness_set_clock(h, NEXT_0700 - 1);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    harness_set_clock(h, NEXT_0700);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), NOTIFICATION_MORNING_ROWS);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), NOTIFICATION_MORNING_ROWS + 1);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), NOTIFICATION_MORNING_ROWS + 1);
}

/* The room was away in the morning, until it is no news any more. */
static void a_morning_that_is_missed(void **state)
{
    static const struct {
        int64_t late_ms;
        const char *want;
    } cases[] = {{24 * HOUR_MS - 1, "waiting"}, {24 * HOUR_MS, "expired"}};
    struct harness *h = *state;

    opened(h);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        int64_t made_ms = TODAY_2100 + (int64_t)i * 48 * HOUR_MS;

        harness_set_clock(h, made_ms);
        accepted(h);
        harness_set_clock(h, made_ms + cases[i].late_ms);
        harness_tick(h);
        assert_string_equal(newest(h, &binh)->sms_state, cases[i].want);
    }
}

static void hours_that_no_room_opens_with(void **state)
{
    static const struct {
        const char *from;
        const char *until;
        int64_t life_h;
        bool opens;
    } cases[] = {
        {"21:00", "07:00", 24, true},  {"19:00", "07:00", 13, true},  {"19:00", "07:01", 24, false},
        {"21:00", "07:00", 10, false}, {"21:00", "06:59", 10, true},  {"00:00", "00:00", 1, true},
        {"24:00", "07:00", 24, false}, {"21:60", "07:00", 24, false}, {"21h00", "07:00", 24, false},
        {"21:00", "7:00 ", 24, false}, {"21:00", "1:000", 24, false}, {"9:00", "07:00", 24, false},
    };
    struct mc_boot with;

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct notification room = {.sms_life_ms = cases[i].life_h * HOUR_MS};

        memset(&with, 0, sizeof with);
        room.quiet.from_text = cases[i].from;
        room.quiet.until_text = cases[i].until;
        assert_int_equal(prefs_boot(&room, &with), cases[i].opens ? MC_OK : MC_INVALID);
        assert_int_equal(with.why[0] == '\0', cases[i].opens);
    }
}

/* --- life --- */

/* Each rule's own: "please try again" is no news after six hours, a refusal is after a day. */
static void each_rule_has_its_own_life(void **state)
{
    struct harness *h = *state;

    paid(h, "payment.attempt_failed"); /* 6h */
    harness_advance(h, 1);
    refused(h); /* 72h */
    harness_advance(h, 1);
    accepted(h); /* as the room says: 24h */
    harness_advance(h, 6 * HOUR_MS - 3);
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 3);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 2);
    harness_advance(h, 18 * HOUR_MS + 1); /* past one that lives longer */
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 2);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 1);
    opened(h);
    assert_true(sms_goes(h));
    assert_false(sms_goes(h));
}

/* An event that is heard only now. */
static void accepted_at(struct harness *h, int64_t at_ms)
{
    struct mc_service *service = harness_service(h);
    Motcua__Event event = MOTCUA__EVENT__INIT;
    Dossier__Changed body;
    struct mc_turn turn;
    uint8_t packed[512];

    dossier_is(&body);
    body.to = DOSSIER__STATE__RECEIVED;
    event.room = text("dossier");
    event.type = text("dossier.accepted");
    event.at_ms = at_ms;
    event.body.len = dossier__changed__pack(&body, packed);
    event.body.data = packed;
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    event.seq = harness_cursor(&turn, "dossier") + 1;
    mc_event_apply(service, &turn, &event);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
}

/* The room was away for a day: what it hears of then is in the inbox, and not sent by SMS. */
static void old_facts_are_not_sent(void **state)
{
    struct harness *h = *state;

    opened(h);
    harness_advance(h, 1000);
    accepted_at(h, harness_now(h) - 24 * HOUR_MS + 1);
    assert_string_equal(newest(h, &binh)->sms_state, "waiting");
    assert_true(sms_goes(h));
    harness_advance(h, 1000);
    accepted_at(h, harness_now(h) - 24 * HOUR_MS);
    assert_string_equal(newest(h, &binh)->sms_state, "expired");
    assert_string_equal(newest(h, &binh)->sms_reason, "TOO_OLD");
    assert_false(sms_goes(h));
    assert_int_equal(notices(h), 3);
    harness_advance(h, 1000);
    accepted_at(h, harness_now(h) + HOUR_MS); /* another room's clock does not lengthen it */
    accepted_at(h, INT64_MAX);
    assert_true(sms_goes(h));
    assert_true(sms_goes(h));
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(all_is_on_at_first),
        ROOM_TEST(switches_are_obeyed),
        ROOM_TEST(an_inbox_that_is_switched_off),
        ROOM_TEST(pages_pass_hidden_notices),
        ROOM_TEST(what_is_owed_cannot_be_switched_off),
        ROOM_TEST(what_became_locked_is_told),
        ROOM_TEST(every_fault_of_a_request_is_told),
        ROOM_TEST(changes_are_told),
        ROOM_TEST(only_with_a_session),
        ROOM_TEST(a_merged_account_has_the_switches_of_the_other),
        ROOM_TEST(switched_off_while_held),
        cmocka_unit_test(what_can_wait_waits_for_the_morning),
        ROOM_TEST(an_sms_of_the_night),
        ROOM_TEST(switched_off_during_the_night),
        ROOM_TEST(a_busy_night),
        ROOM_TEST(a_morning_that_is_missed),
        cmocka_unit_test(hours_that_no_room_opens_with),
        ROOM_TEST(each_rule_has_its_own_life),
        ROOM_TEST(old_facts_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
