/* What was sent, as officers and operators look it up: by business id, for a purpose. */
#include <string.h>

#include "feed.h"
#include "services/notification/sent.h"

#define BINH  "01907b00-0000-7000-8000-00000000000b"
#define UNIT  "000.20.31.H53"
#define CODE  UNIT "-260907-0007"
#define PHONE "84912000101"

static const char *const receives[] = {"DOSSIER_RECEIVE"};
static const char *const tests_apis[] = {"API_TEST"};
static const struct mc_caller operator_hand = {.name = "operator:hoa", .who = MC_OPERATOR};
static const struct mc_caller binh = {.account_id = BINH, .ial = 2};

static struct mc_caller officer(const char *unit, const char *const *rights)
{
    return (struct mc_caller){.account_id = "01907b00-0000-7000-8000-0000000000ff",
                              .unit = unit,
                              .rights = rights,
                              .rights_len = 1};
}

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static void opened(struct harness *h)
{
    Identity__AccountOpened body = IDENTITY__ACCOUNT_OPENED__INIT;

    body.account_id = text(BINH);
    body.full_name = text("Nguyễn Thị Hoà Bình");
    body.phone = text(PHONE);
    harness_event(h, "identity", "identity.account_opened", &body.base,
                  (const char *const[]){"account:" BINH, NULL});
}

static void dossier(struct harness *h, const char *type, const char *code, const char *unit)
{
    Dossier__Changed body = DOSSIER__CHANGED__INIT;
    char key[NOTIFICATION_KEY_MAX + 16];

    (void)snprintf(key, sizeof key, "dossier:%s", code);
    body.code = text(code);
    body.from = DOSSIER__STATE__NEW;
    body.to = DOSSIER__STATE__RECEIVED;
    body.owner_account = text(BINH);
    body.procedure_name = text("Đăng ký khai sinh");
    body.unit = text(unit);
    body.unit_name = text("Thị trấn Bến Cầu");
    harness_event(h, "dossier", type, &body.base,
                  (const char *const[]){"dossier:01907b00-0000-7000-8000-0000000000dd",
                                        "account:" BINH, key, NULL});
}

static const Notification__ListSentReply *list_page(struct harness *h, const char *key,
                                                    uint32_t size, const char *token)
{
    Notification__ListSentRequest request = NOTIFICATION__LIST_SENT_REQUEST__INIT;

    request.key = text(key);
    request.page_size = size;
    request.page_token = text(token);
    return harness_call(h, "ListSent", &request.base, MC_OK);
}

static size_t listed(struct harness *h, const struct mc_caller *who, const char *key)
{
    harness_as(h, who);
    return list_page(h, key, 0, "")->n_notices;
}

static const Notification__SentNotice *get(struct harness *h, ProtobufCBinaryData id,
                                           enum mc_status want)
{
    Notification__GetNoticeRequest request = NOTIFICATION__GET_NOTICE_REQUEST__INIT;

    request.notice_id = id;
    return harness_call(h, "GetNotice", &request.base, want);
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    harness_purpose(*state, "Trả lời khiếu nại của công dân");
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

/* By the code, by the dossier's own id, by the account: the same notices, newest first. */
static void notices_are_found_by_each_key(void **state)
{
    struct harness *h = *state;

    opened(h);
    dossier(h, "dossier.sent", CODE, UNIT);
    dossier(h, "dossier.accepted", CODE, UNIT);
    dossier(h, "dossier.accepted", UNIT "-260907-0008", UNIT);
    harness_as(h, &operator_hand);
    const Notification__ListSentReply *reply = list_page(h, "dossier:" CODE, 0, "");
    assert_int_equal(reply->n_notices, 2);
    assert_string_equal(reply->notices[0]->template_, "DOSSIER_ACCEPTED");
    assert_string_equal(reply->notices[1]->template_, "DOSSIER_SUBMITTED");
    assert_string_equal(reply->notices[0]->account_id, BINH);
    assert_string_equal(reply->notices[0]->unit, UNIT);
    assert_string_equal(reply->notices[0]->text, "");
    assert_string_equal(reply->notices[0]->phone, "");
    assert_int_equal(listed(h, &operator_hand, "dossier:01907b00-0000-7000-8000-0000000000dd"), 3);
    assert_int_equal(listed(h, &operator_hand, "account:" BINH), 4);
    /* a key that another begins with is not that key */
    assert_int_equal(listed(h, &operator_hand, "dossier:" UNIT), 0);
}

/* Words in full, the phone masked, what became of it; the reading is in the journal. */
static void a_notice_is_shown_whole_and_the_reading_is_kept(void **state)
{
    struct harness *h = *state;

    opened(h);
    dossier(h, "dossier.accepted", CODE, UNIT);
    harness_as(h, &operator_hand);
    ProtobufCBinaryData id = list_page(h, "dossier:" CODE, 0, "")->notices[0]->notice_id;
    const Notification__SentNotice *notice = get(h, id, MC_OK);
    assert_non_null(strstr(notice->text, CODE));
    assert_non_null(strstr(notice->sms_text, CODE));
    assert_string_equal(notice->phone, "091****101");
    assert_int_equal(notice->template_version, 1);
    assert_int_equal(notice->n_channels, 3);
    assert_int_equal(notice->channels[0]->channel, NOTIFICATION__CHANNEL__INBOX);
    assert_string_equal(notice->channels[0]->state, "unread");
    assert_int_equal(notice->channels[1]->channel, NOTIFICATION__CHANNEL__SMS);
    assert_string_equal(notice->channels[1]->state, "waiting");
    assert_int_equal(notice->channels[2]->channel, NOTIFICATION__CHANNEL__EMAIL);
    assert_string_equal(notice->channels[2]->state, "none");

    const Motcua__Event *event = NULL;
    const Notification__NoticesRead *read = harness_last_event(
        h, "notification.notices_read", &notification__notices_read__descriptor, &event);
    assert_string_equal(read->what, "NOTICE");
    assert_string_equal(read->purpose, "Trả lời khiếu nại của công dân");
    assert_string_equal(event->keys[0], "account:" BINH);
    assert_string_equal(event->keys[1], "dossier:" CODE);

    harness_as(h, &binh);
    harness_call(h, "MarkRead",
                 &(Notification__MarkReadRequest)NOTIFICATION__MARK_READ_REQUEST__INIT.base, MC_OK);
    harness_as(h, &operator_hand);
    assert_string_equal(get(h, id, MC_OK)->channels[0]->state, "read");
}

/* An officer: the own unit and below, with a right of the desk; not what is no agency's. */
static void officers_see_what_their_unit_deals_with(void **state)
{
    struct harness *h = *state;
    struct mc_caller own = officer(UNIT, receives);
    struct mc_caller above = officer("000.00.00.H53", receives);
    struct mc_caller other = officer("000.00.00.H15", receives);

    opened(h);
    dossier(h, "dossier.accepted", CODE, UNIT);
    assert_int_equal(listed(h, &own, "dossier:" CODE), 1);
    assert_int_equal(listed(h, &above, "dossier:" CODE), 1);
    assert_int_equal(listed(h, &own, "account:" BINH), 1); /* not the account's own notice */
    size_t read = harness_events(h, "notification.notices_read");
    assert_int_equal(listed(h, &other, "dossier:" CODE), 0);
    assert_int_equal(harness_events(h, "notification.notices_read"), read);
    harness_as(h, &own);
    ProtobufCBinaryData id = list_page(h, "dossier:" CODE, 0, "")->notices[0]->notice_id;
    assert_non_null(get(h, id, MC_OK));
    harness_as(h, &other);
    get(h, id, MC_NOT_FOUND);
    assert_true(harness_violated(h, "notice_id", "NOT_FOUND"));
}

static void refused(struct harness *h, const char *key, uint32_t size, enum mc_status want,
                    const char *field, const char *code)
{
    Notification__ListSentRequest request = NOTIFICATION__LIST_SENT_REQUEST__INIT;

    request.key = text(key);
    request.page_size = size;
    harness_call(h, "ListSent", &request.base, want);
    assert_true(harness_violated(h, field, code));
}

/* Every failed condition is named; limits at the limit and one past it. */
static void who_may_not_is_refused(void **state)
{
    struct harness *h = *state;
    struct mc_caller wrong = officer(UNIT, tests_apis);
    struct mc_caller nowhere = officer(NULL, receives);
    char key[NOTIFICATION_KEY_MAX + 2];
    char purpose[NOTIFICATION_PURPOSE_MAX + 2];

    harness_as(h, &wrong);
    refused(h, "dossier:" CODE, 0, MC_DENIED, "", "RIGHT_MISSING");
    harness_as(h, &nowhere);
    Notification__ListSentRequest request = NOTIFICATION__LIST_SENT_REQUEST__INIT;
    request.key = text("dossier:" CODE);
    harness_call(h, "ListSent", &request.base, MC_DENIED);

    harness_as(h, &operator_hand);
    memset(key, 'k', sizeof key);
    key[NOTIFICATION_KEY_MAX + 1] = '\0';
    refused(h, key, 0, MC_INVALID, "key", "FIELD_TOO_LONG");
    key[NOTIFICATION_KEY_MAX] = '\0';
    assert_int_equal(listed(h, &operator_hand, key), 0);
    refused(h, "", NOTIFICATION_PAGE_MAX + 1, MC_INVALID, "key", "FIELD_REQUIRED");
    assert_true(harness_violated(h, "page_size", "FIELD_INVALID"));
    assert_int_equal(list_page(h, "x", NOTIFICATION_PAGE_MAX, "")->n_notices, 0);
    get(h, (ProtobufCBinaryData){0}, MC_INVALID);
    assert_true(harness_violated(h, "notice_id", "FIELD_INVALID"));

    harness_purpose(h, "  ");
    refused(h, "", 0, MC_INVALID, "purpose", "PURPOSE_REQUIRED");
    assert_true(harness_violated(h, "key", "FIELD_REQUIRED"));
    memset(purpose, 'p', sizeof purpose);
    purpose[NOTIFICATION_PURPOSE_MAX + 1] = '\0';
    harness_purpose(h, purpose);
    refused(h, "x", 0, MC_INVALID, "purpose", "FIELD_TOO_LONG");
    purpose[NOTIFICATION_PURPOSE_MAX] = '\0';
    assert_int_equal(listed(h, &operator_hand, "x"), 0);
}

/* Pages hold together; a key as long as a row's is found, one longer is not kept. */
static void pages_and_long_keys(void **state)
{
    struct harness *h = *state;
    char code[NOTIFICATION_KEY_MAX + 2];
    char key[NOTIFICATION_KEY_MAX + 16];

    for (int i = 0; i < 5; i++)
        dossier(h, "dossier.accepted", CODE, UNIT);
    harness_as(h, &operator_hand);
    const Notification__ListSentReply *first = list_page(h, "dossier:" CODE, 3, "");
    assert_int_equal(first->n_notices, 3);
    const Notification__ListSentReply *next =
        list_page(h, "dossier:" CODE, 3, first->next_page_token);
    assert_int_equal(next->n_notices, 2);
    assert_string_equal(next->next_page_token, "");
    assert_true(
        memcmp(first->notices[2]->notice_id.data, next->notices[0]->notice_id.data, MC_ID_LEN) > 0);

    memset(code, 'c', sizeof code);
    code[NOTIFICATION_KEY_MAX - strlen("dossier:")] = '\0';
    dossier(h, "dossier.accepted", code, UNIT);
    (void)snprintf(key, sizeof key, "dossier:%s", code);
    assert_int_equal(listed(h, &operator_hand, key), 1);
    code[strlen(code)] = 'c';
    code[NOTIFICATION_KEY_MAX - strlen("dossier:") + 1] = '\0';
    dossier(h, "dossier.accepted", code, UNIT);
    assert_int_equal(listed(h, &operator_hand, "account:" BINH), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(notices_are_found_by_each_key, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_notice_is_shown_whole_and_the_reading_is_kept, open_room,
                                        close_room),
        cmocka_unit_test_setup_teardown(officers_see_what_their_unit_deals_with, open_room,
                                        close_room),
        cmocka_unit_test_setup_teardown(who_may_not_is_refused, open_room, close_room),
        cmocka_unit_test_setup_teardown(pages_and_long_keys, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
