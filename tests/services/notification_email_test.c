/* Where notices are e-mailed to: only to an address whose code was told back (NOT-01, NOT-07). */
#include <string.h>

#include "feed.h"
#include "services/notification/email.h"

#define BINH "01907b00-0000-7000-8000-00000000000b"
#define HOME "binh@thu.example.vn"
#define WORK "binh@coquan.example.vn"

static const struct mc_caller binh = {.account_id = BINH, .ial = 2};
static const char *const with_relay[] = {"notification.relay=smtps://relay.example:465",
                                         "notification.mail_from=khong-tra-loi@dvc.example.vn",
                                         "notification.bounce_to=tra-lai@dvc.example.vn", NULL};

static int open_room(void **state)
{
    *state = harness_open(&notification_room, with_relay);
    return 0;
}

static int open_without(void **state)
{
    *state = harness_open(&notification_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static const Notification__EmailAddress *set(struct harness *h, const char *email,
                                             enum mc_status want)
{
    Notification__SetEmailRequest request = NOTIFICATION__SET_EMAIL_REQUEST__INIT;

    request.email = mc_unconst(email);
    harness_as(h, &binh);
    return harness_call(h, "SetEmail", &request.base, want);
}

static const Notification__EmailAddress *get(struct harness *h)
{
    Notification__GetEmailRequest request = NOTIFICATION__GET_EMAIL_REQUEST__INIT;

    harness_as(h, &binh);
    return harness_call(h, "GetEmail", &request.base, MC_OK);
}

static const Notification__ConfirmEmailReply *confirm(struct harness *h, const char *code)
{
    Notification__ConfirmEmailRequest request = NOTIFICATION__CONFIRM_EMAIL_REQUEST__INIT;

    request.code = mc_unconst(code);
    harness_as(h, &binh);
    return harness_call(h, "ConfirmEmail", &request.base, MC_OK);
}

struct letter {
    char to[64];
    char subject[256];
    char text[2048];
};

/* The next mail that goes out, taken by the relay. False: none does. */
static bool goes(struct harness *h, struct letter *letter)
{
    struct harness_exchange exchange;

    if (!harness_effect(h, "mail", &exchange))
        return false;
    NotificationState__MailJob *job = notification_state__mail_job__unpack(
        NULL, exchange.job->payload.len, exchange.job->payload.data);
    assert_non_null(job);
    assert_string_equal(exchange.http.mail->to, job->to);
    (void)snprintf(letter->to, sizeof letter->to, "%s", job->to);
    (void)snprintf(letter->subject, sizeof letter->subject, "%s", job->subject);
    (void)snprintf(letter->text, sizeof letter->text, "%s", job->text);
    notification_state__mail_job__free_unpacked(job, NULL);
    harness_answer(h, &exchange, 250, "");
    return true;
}

/* The code that is mailed to an address; ends the subject. */
static const char *code_goes(struct harness *h, const char *to, struct letter *letter)
{
    assert_true(goes(h, letter));
    assert_string_equal(letter->to, to);
    const char *code = letter->subject + strlen(letter->subject) - EMAIL_CODE_LEN;
    assert_int_equal(strspn(code, "0123456789"), EMAIL_CODE_LEN);
    assert_non_null(strstr(letter->text, code));
    return code;
}

static void proven(struct harness *h, const char *address)
{
    struct letter letter;

    (void)set(h, address, MC_OK);
    assert_true(confirm(h, code_goes(h, address, &letter))->confirmed);
}

/* Of kind security: always e-mailed, by its rule. */
static void password_changed(struct harness *h)
{
    Identity__SecurityChanged body = IDENTITY__SECURITY_CHANGED__INIT;

    body.account_id = mc_unconst(BINH);
    harness_event(h, "identity", "identity.password_changed", &body.base,
                  (const char *const[]){NULL});
}

/* Another one than the right one. */
static const char *wrong(const char *code)
{
    return strcmp(code, "000000") != 0 ? "000000" : "000001";
}

static void nothing_is_mailed_before_the_code_is_told_back(void **state)
{
    struct harness *h = *state;
    struct letter letter;
    char code[EMAIL_CODE_LEN + 1];

    const Notification__EmailAddress *address = set(h, HOME, MC_OK);
    assert_string_equal(address->masked, "");
    assert_null(strstr(address->waiting_masked, "binh@"));
    assert_int_equal(address->code_expires_ms, HARNESS_T0 + EMAIL_CODE_LIFE_MS);
    (void)snprintf(code, sizeof code, "%s", code_goes(h, HOME, &letter));
    password_changed(h);
    assert_false(goes(h, &letter));

    const Notification__ConfirmEmailReply *reply = confirm(h, code);
    assert_true(reply->confirmed);
    assert_string_not_equal(reply->address->masked, "");
    assert_string_equal(reply->address->waiting_masked, "");
    assert_int_equal(harness_events(h, "notification.email_changed"), 1);
    password_changed(h);
    assert_true(goes(h, &letter));
    assert_string_equal(letter.to, HOME);
    assert_false(goes(h, &letter));
    assert_false(confirm(h, code)->confirmed); /* good once */
}

static void a_code_dies_of_wrong_ones_and_of_age(void **state)
{
    struct harness *h = *state;
    struct letter letter;
    char code[EMAIL_CODE_LEN + 1];

    (void)set(h, HOME, MC_OK);
    (void)snprintf(code, sizeof code, "%s", code_goes(h, HOME, &letter));
    for (unsigned i = 1; i < EMAIL_TRIES_MAX; i++) {
        const Notification__ConfirmEmailReply *reply = confirm(h, wrong(code));

        assert_string_equal(reply->code, "EMAIL_CODE_WRONG");
        assert_string_not_equal(reply->message, "");
        assert_int_equal(reply->address->tries_left, EMAIL_TRIES_MAX - i);
    }
    assert_string_equal(confirm(h, "")->code, "EMAIL_CODE_EXPIRED");
    assert_string_equal(confirm(h, code)->code, "EMAIL_CODE_EXPIRED");

    (void)set(h, HOME, MC_OK);
    (void)snprintf(code, sizeof code, "%s", code_goes(h, HOME, &letter));
    harness_advance(h, EMAIL_CODE_LIFE_MS);
    assert_string_equal(confirm(h, code)->code, "EMAIL_CODE_EXPIRED");
    (void)set(h, HOME, MC_OK);
    (void)snprintf(code, sizeof code, "%s", code_goes(h, HOME, &letter));
    harness_advance(h, EMAIL_CODE_LIFE_MS - 1);
    assert_true(confirm(h, code)->confirmed);
}

static void a_new_address_takes_the_old_ones_place_when_it_is_proven(void **state)
{
    struct harness *h = *state;
    struct letter letter;

    proven(h, HOME);
    (void)set(h, HOME, MC_OK); /* it is already */
    assert_false(goes(h, &letter));
    (void)set(h, WORK, MC_OK);
    password_changed(h);
    assert_true(goes(h, &letter)); /* the code */
    const char *code = letter.subject + strlen(letter.subject) - EMAIL_CODE_LEN;
    struct letter notice;
    assert_true(goes(h, &notice));
    assert_string_equal(notice.to, HOME);
    assert_true(confirm(h, code)->confirmed);
    assert_true(goes(h, &letter)); /* who had it before hears of it */
    assert_string_equal(letter.to, HOME);
    password_changed(h);
    assert_true(goes(h, &letter));
    assert_string_equal(letter.to, WORK);
}

static void an_address_is_taken_away(void **state)
{
    struct harness *h = *state;
    struct letter letter;

    proven(h, HOME);
    const Notification__EmailAddress *address = set(h, "", MC_OK);
    assert_string_equal(address->masked, "");
    assert_int_equal(address->confirmed_ms, 0);
    password_changed(h);
    assert_false(goes(h, &letter));
    assert_int_equal(harness_events(h, "notification.email_changed"), 2);
    (void)set(h, "", MC_OK);
    assert_int_equal(harness_events(h, "notification.email_changed"), 2);
    assert_string_equal(get(h)->masked, "");
}

static void codes_of_a_day_at_the_limit_and_one_past(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < EMAIL_CODES_MAX; i++) {
        (void)set(h, HOME, MC_OK);
        harness_advance(h, 1000);
    }
    (void)set(h, WORK, MC_LIMITED);
    assert_true(harness_violated(h, "email", "EMAIL_CODES_LIMIT"));
    harness_set_clock(h, HARNESS_T0 + EMAIL_CODES_WINDOW_MS);
    (void)set(h, WORK, MC_OK);
}

static Notification__MailState reported(struct harness *h, struct mc_bytes mail, bool failed,
                                        const char *status)
{
    static const struct mc_caller operator_of = {.name = "operator:mail", .who = MC_OPERATOR};
    Notification__ReportBounceRequest request = NOTIFICATION__REPORT_BOUNCE_REQUEST__INIT;

    request.mail_id = (ProtobufCBinaryData){mail.len, mc_unconst(mail.data)};
    request.failed = failed;
    request.status = mc_unconst(status);
    harness_as(h, &operator_of);
    const Notification__ReportBounceReply *reply =
        harness_call(h, "ReportBounce", &request.base, MC_OK);
    return reply->state;
}

/* The envelope says which mail it is about; what comes back for good has to be proven again. */
static void a_mail_that_comes_back_ends_the_address(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    uint8_t id[MC_ID_LEN];

    proven(h, HOME);
    password_changed(h);
    assert_true(harness_effect(h, "mail", &exchange));
    const char *from = exchange.http.mail->from;
    assert_int_equal(strncmp(from, "tra-lai+", 8), 0);
    assert_string_equal(strchr(from, '@'), "@dvc.example.vn");
    assert_true(mc_unhex(id, sizeof id, (struct mc_bytes){from + 8, 2 * MC_ID_LEN}));
    const struct mc_bytes mail = {id, sizeof id};
    harness_answer(h, &exchange, 250, "");

    assert_int_equal(reported(h, mail, false, "4.4.7"), NOTIFICATION__MAIL_STATE__MAIL_SENT);
    assert_string_not_equal(get(h)->masked, "");
    assert_int_equal(reported(h, mail, true, "5.1.1"), NOTIFICATION__MAIL_STATE__MAIL_BOUNCED);
    assert_string_equal(get(h)->masked, "");
    assert_int_equal(get(h)->bounced_ms, HARNESS_T0);
    assert_int_equal(harness_events(h, "notification.mail_failed"), 1);
    assert_int_equal(reported(h, mail, true, "5.1.1"), NOTIFICATION__MAIL_STATE__MAIL_BOUNCED);
    assert_int_equal(harness_events(h, "notification.mail_failed"), 1);
    password_changed(h);
    assert_false(harness_effect(h, "mail", &exchange));
    proven(h, HOME);
    assert_int_equal(get(h)->bounced_ms, 0);
}

static void hold(struct harness *h, const char *method)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;

    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    request.key = mc_unconst("account:" BINH);
    request.reason = mc_unconst("khiếu nại 17");
    (void)harness_call(h, method, &request.base, MC_OK);
}

/* B1-51: what was mailed to somebody who is under a hold stays past notification.mail_keep. */
static void mails_of_who_is_held_stay(void **state)
{
    struct harness *h = *state;
    struct letter letter;

    proven(h, "binh@example.vn");
    password_changed(h);
    assert_true(goes(h, &letter));
    size_t mails = harness_rows(h, NOTIFICATION_MAILS);
    assert_true(mails > 0);
    hold(h, "AddHold");
    harness_advance(h, INT64_C(401) * 24 * 3600000);
    harness_tick(h);
    assert_true(harness_rows(h, NOTIFICATION_MAILS) > 0);
    hold(h, "ReleaseHold");
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_MAILS), 0);
}

static void reports_of_no_mail_are_refused(void **state)
{
    struct harness *h = *state;
    Notification__ReportBounceRequest request = NOTIFICATION__REPORT_BOUNCE_REQUEST__INIT;
    uint8_t id[MC_ID_LEN] = {1};

    request.mail_id = (ProtobufCBinaryData){sizeof id, id};
    request.status = mc_unconst("5.1.1");
    harness_as(h, &(struct mc_caller){.name = "operator:mail", .who = MC_OPERATOR});
    (void)harness_call(h, "ReportBounce", &request.base, MC_NOT_FOUND);
    assert_true(harness_violated(h, "mail_id", "MAIL_UNKNOWN"));
}

static void what_cannot_be_is_refused(void **state)
{
    struct harness *h = *state;

    (void)set(h, "binh", MC_INVALID);
    assert_true(harness_violated(h, "email", "EMAIL_FORMAT"));
    assert_string_equal(confirm(h, "123456")->code, "EMAIL_CODE_EXPIRED");
}

static void without_a_relay_none_is_taken(void **state)
{
    struct harness *h = *state;

    (void)set(h, HOME, MC_DENIED);
    assert_true(harness_violated(h, "email", "EMAIL_NOT_SET_UP"));
    (void)set(h, "", MC_OK);
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(nothing_is_mailed_before_the_code_is_told_back),
        ROOM_TEST(a_code_dies_of_wrong_ones_and_of_age),
        ROOM_TEST(a_new_address_takes_the_old_ones_place_when_it_is_proven),
        ROOM_TEST(an_address_is_taken_away),
        ROOM_TEST(codes_of_a_day_at_the_limit_and_one_past),
        ROOM_TEST(a_mail_that_comes_back_ends_the_address),
        ROOM_TEST(mails_of_who_is_held_stay),
        ROOM_TEST(reports_of_no_mail_are_refused),
        ROOM_TEST(what_cannot_be_is_refused),
        cmocka_unit_test_setup_teardown(without_a_relay_none_is_taken, open_without, close_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
