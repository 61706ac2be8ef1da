/* The registry: who may, what is refused, what is never shown, the change of credentials. */
#include "partner_delivery_help.h"

static Partner__PartnerView *get(struct harness *h, enum mc_status want)
{
    Partner__GetPartnerRequest req = PARTNER__GET_PARTNER_REQUEST__INIT;

    req.partner_id = text(PARTNER_ID);
    return harness_call(h, "GetPartner", &req.base, want);
}

/* API-06: the username is masked, the password is nowhere. */
static void secrets_are_never_shown_again(void **state)
{
    struct harness *h = *state;
    const Partner__PartnerView *view = get(h, MC_OK);
    uint8_t packed[8192];

    assert_int_equal(view->n_credentials, 1);
    assert_string_equal(view->credentials[0]->username, "CA***");
    size_t size = protobuf_c_message_pack(&view->base, packed);
    assert_null(memmem(packed, size, "mat-khau", 8));
    assert_null(memmem(packed, size, "dvcqg", 5));
}

static void two_credentials_may_be_live_and_the_newest_is_shown(void **state)
{
    struct harness *h = *state;
    Partner__EndCredentialRequest end = PARTNER__END_CREDENTIAL_REQUEST__INIT;

    (void)save_credential(h, "CANARY-moi", MC_OK);
    (void)save_credential(h, "CANARY-thu-ba", MC_CONFLICT); /* one past the limit */
    assert_true(harness_violated(h, "way", "PARTNER_CREDENTIALS_MANY"));
    const Partner__PartnerView *view = get(h, MC_OK);
    end.partner_id = text(PARTNER_ID);
    end.credential_id = view->credentials[0]->credential_id;
    end.reason = text("đổi mật khẩu");
    view = harness_call(h, "EndCredential", &end.base, MC_OK);
    assert_int_equal(view->n_credentials, 1);
    (void)harness_call(h, "EndCredential", &end.base, MC_NOT_FOUND); /* it is over */
    (void)save_credential(h, "CANARY-thu-ba", MC_OK);
}

static void every_wrong_field_is_named(void **state)
{
    struct harness *h = *state;
    struct profile p;
    Partner__PartnerWindow window = PARTNER__PARTNER_WINDOW__INIT;
    Partner__PartnerWindow *windows[] = {&window};
    Partner__PartnerContact contact = PARTNER__PARTNER_CONTACT__INIT;
    Partner__PartnerContact *contacts[] = {&contact};

    profile_init(&p);
    p.profile.partner_id = text("Tây Ninh");
    p.profile.name = text(" ");
    p.profile.kind = PARTNER__PARTNER_KIND__PARTNER_KIND_UNSPECIFIED;
    p.profile.unit = text("H99x");
    p.profile.dstcode = text("a b");
    p.profile.concurrency = PARTNER_CONCURRENCY_MAX + 1;
    p.profile.timeout_ms = PARTNER_TIMEOUT_MIN_MS - 1;
    p.apis[0].type = text("unknown");
    p.apis[1].data_url = text("https://127.0.0.1/x");
    p.apis[2].session_url = text("https://user:pass@motcua.tayninh.gov.vn/");
    window.from = text("17:00");
    window.until = text("07:30");
    p.profile.windows = windows;
    p.profile.n_windows = 1;
    contact.phone = text("09452568242"); /* eleven digits, as NOT-06 shows it */
    contact.email = text("khong-phai-email");
    p.profile.contacts = contacts;
    p.profile.n_contacts = 1;
    p.request.reason = text("");
    (void)harness_call(h, "SavePartner", &p.request.base, MC_INVALID);
    assert_true(harness_violated(h, "profile.partner_id", "PARTNER_ID_FORMAT"));
    assert_true(harness_violated(h, "profile.name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "profile.kind", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "profile.dstcode", "FIELD_INVALID"));
    assert_true(harness_violated(h, "profile.concurrency", "FIELD_INVALID"));
    assert_true(harness_violated(h, "profile.timeout_ms", "FIELD_INVALID"));
    assert_true(harness_violated(h, "profile.apis[0].type", "FIELD_INVALID"));
    assert_true(harness_violated(h, "profile.apis[1].data_url", "URL_INTERNAL"));
    assert_true(harness_violated(h, "profile.apis[2].session_url", "URL_USER"));
    assert_true(harness_violated(h, "profile.windows[0].until", "FIELD_INVALID"));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
}

static void limits_hold_at_their_end_and_not_past_it(void **state)
{
    struct harness *h = *state;
    struct profile p;

    profile_init(&p);
    p.request.version = get(h, MC_OK)->version;
    p.profile.concurrency = PARTNER_CONCURRENCY_MAX;
    p.profile.timeout_ms = PARTNER_TIMEOUT_MAX_MS;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    p.request.version = get(h, MC_OK)->version;
    p.profile.timeout_ms = PARTNER_TIMEOUT_MAX_MS + 1;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_INVALID);
    assert_true(harness_violated(h, "profile.timeout_ms", "FIELD_INVALID"));
}

static void a_stale_screen_and_another_unit_are_refused(void **state)
{
    struct harness *h = *state;
    struct profile p;

    profile_init(&p);
    p.request.version = 1; /* the credential has made it 2 */
    (void)harness_call(h, "SavePartner", &p.request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "PARTNER_STALE"));
    p.profile.partner_id = text("tayninh-2");
    p.request.version = 0;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "profile.unit", "PARTNER_UNIT_TAKEN"));
    p.profile.production = false; /* a test system beside it is welcome */
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
}

static void officers_act_within_their_own_tree(void **state)
{
    struct harness *h = *state;
    struct profile p;

    as_admin(h, LONG_AN);
    (void)get(h, MC_NOT_FOUND);
    profile_init(&p);
    p.profile.partner_id = text("khac");
    (void)harness_call(h, "SavePartner", &p.request.base, MC_DENIED);
    assert_true(harness_violated(h, "profile.unit", "UNIT_OUTSIDE"));
    as_officer(h, MINH, TAY_NINH); /* may look, not change */
    (void)get(h, MC_OK);
    p.profile.partner_id = text("tayninh-3");
    (void)harness_call(h, "SavePartner", &p.request.base, MC_DENIED);
}

static void changes_are_kept_with_who_and_why(void **state)
{
    struct harness *h = *state;
    Partner__ListPartnerChangesRequest req = PARTNER__LIST_PARTNER_CHANGES_REQUEST__INIT;
    struct profile p;

    profile_init(&p);
    p.request.version = get(h, MC_OK)->version;
    p.profile.name = text("Tên mới");
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    req.partner_id = text(PARTNER_ID);
    req.page_size = 2;
    const Partner__ListPartnerChangesReply *rep =
        harness_call(h, "ListPartnerChanges", &req.base, MC_OK);
    assert_int_equal(rep->n_changes, 2);
    assert_string_equal(rep->changes[0]->what, "saved");
    assert_string_equal(rep->changes[0]->by, LAN);
    assert_int_equal(rep->changes[0]->n_fields, 1);
    assert_string_equal(rep->changes[0]->fields[0], "name");
    assert_string_equal(rep->changes[1]->what, "credential_saved");
    req.page_token = rep->next_page_token;
    rep = harness_call(h, "ListPartnerChanges", &req.base, MC_OK);
    assert_int_equal(rep->n_changes, 1);
    assert_int_equal(harness_events(h, "partner.saved"), 2);
}

static void a_pause_ends_by_itself_or_by_hand(void **state)
{
    struct harness *h = *state;
    Partner__PausePartnerRequest pause = PARTNER__PAUSE_PARTNER_REQUEST__INIT;
    Partner__ResumePartnerRequest resume = PARTNER__RESUME_PARTNER_REQUEST__INIT;

    resume.partner_id = pause.partner_id = text(PARTNER_ID);
    resume.reason = pause.reason = text("bảo trì");
    (void)harness_call(h, "ResumePartner", &resume.base, MC_CONFLICT);
    pause.until_ms = harness_now(h) + PARTNER_PAUSE_DAYS_MAX * DAY_MS + 1;
    (void)harness_call(h, "PausePartner", &pause.base, MC_INVALID);
    pause.until_ms--;
    (void)harness_call(h, "PausePartner", &pause.base, MC_OK);
    pause.until_ms = harness_now(h) + HOUR_MS;
    const Partner__PartnerView *view = harness_call(h, "PausePartner", &pause.base, MC_OK);
    assert_true(view->circuit->paused);
    harness_advance(h, HOUR_MS);
    assert_false(get(h, MC_OK)->circuit->paused);
    (void)harness_call(h, "ResumePartner", &resume.base, MC_OK);
}

static void windows_say_when_it_may_be_called(void **state)
{
    PartnerState__Partner record = PARTNER_STATE__PARTNER__INIT;
    PartnerState__Window window = PARTNER_STATE__WINDOW__INIT;
    PartnerState__Window *list[] = {&window};
    const int64_t monday_0920 = HARNESS_T0;

    (void)state;
    assert_int_equal(partner_open_ms(&record, monday_0920), 0);
    record.windows = list;
    record.n_windows = 1;
    window.from = 20 * 60;
    window.until = PARTNER_MINUTES_OF_DAY;
    assert_int_equal(partner_open_ms(&record, monday_0920),
                     monday_0920 + 10 * HOUR_MS + 40 * MINUTE_MS);
    assert_int_equal(partner_open_ms(&record, monday_0920 + 11 * HOUR_MS), 0);
    window.days = 1 << 0; /* Sundays */
    assert_int_equal(partner_open_ms(&record, monday_0920),
                     monday_0920 + 6 * DAY_MS + 10 * HOUR_MS + 40 * MINUTE_MS);
}

static void partners_are_listed_by_page(void **state)
{
    struct harness *h = *state;
    Partner__ListPartnersRequest req = PARTNER__LIST_PARTNERS_REQUEST__INIT;
    struct profile p;

    profile_init(&p);
    p.profile.partner_id = text("tayninh-thu");
    p.profile.production = false;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    req.page_size = 1;
    const Partner__ListPartnersReply *rep = harness_call(h, "ListPartners", &req.base, MC_OK);
    assert_int_equal(rep->n_partners, 1);
    assert_string_equal(rep->partners[0]->profile->partner_id, PARTNER_ID);
    req.page_token = rep->next_page_token;
    rep = harness_call(h, "ListPartners", &req.base, MC_OK);
    assert_int_equal(rep->n_partners, 1);
    assert_string_equal(rep->partners[0]->profile->partner_id, "tayninh-thu");
    assert_string_equal(rep->next_page_token, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARTNER_TEST(secrets_are_never_shown_again),
        PARTNER_TEST(two_credentials_may_be_live_and_the_newest_is_shown),
        PARTNER_TEST(every_wrong_field_is_named),
        PARTNER_TEST(limits_hold_at_their_end_and_not_past_it),
        PARTNER_TEST(a_stale_screen_and_another_unit_are_refused),
        PARTNER_TEST(officers_act_within_their_own_tree),
        PARTNER_TEST(changes_are_kept_with_who_and_why),
        PARTNER_TEST(a_pause_ends_by_itself_or_by_hand),
        PARTNER_TEST(partners_are_listed_by_page),
        cmocka_unit_test(windows_say_when_it_may_be_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
