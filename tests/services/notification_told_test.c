/* What becomes a notice beside a dossier's steps: receipts, copies, an account, feedback. */
#include <string.h>

#include "../harness.h"
#include "services/notification/notification.h"

#define BINH "01907b00-0000-7000-8000-00000000000b"
#define THO  "01907b00-0000-7000-8000-00000000000c"
#define ID   "01020300-0000-0000-0000-000000000000"
#define CODE "000.20.31.H53-260907-0007"

static const struct mc_caller binh = {.account_id = BINH, .ial = 2};
static const struct mc_caller tho = {.account_id = THO, .ial = 2};
static const char *const no_keys[] = {NULL};

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static const Notification__ListInboxReply *inbox(struct harness *h, const struct mc_caller *who)
{
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;

    harness_as(h, who);
    return harness_call(h, "ListInbox", &request.base, MC_OK);
}

/* The newest notice has this template and text, and is told by no SMS: none is owed (its cost). */
static void assert_told(struct harness *h, const char *template, const char *words)
{
    const Notification__ListInboxReply *reply = inbox(h, &binh);

    assert_true(reply->n_notices > 0);
    assert_string_equal(reply->notices[0]->template_, template);
    assert_string_equal(reply->notices[0]->text, words);
    assert_string_equal(reply->notices[0]->sms_state, "none");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    harness_advance(h, 1000);
}

static void event(struct harness *h, const char *type, const ProtobufCMessage *body,
                  const char *const *keys)
{
    char room[16] = "";

    memcpy(room, type, strcspn(type, "."));
    harness_event(h, room, type, body, keys);
}

static void opened(struct harness *h, const char *account)
{
    Identity__AccountOpened body = IDENTITY__ACCOUNT_OPENED__INIT;

    body.account_id = text(account);
    body.full_name = text("Nguyễn Thị Hoà Bình");
    body.phone = text("84912000101");
    event(h, "identity.account_opened", &body.base, no_keys);
    harness_advance(h, 1000);
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    opened(*state, BINH);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static void receipts(void **state)
{
    struct harness *h = *state;
    Payment__ReceiptChanged body = PAYMENT__RECEIPT_CHANGED__INIT;

    body.number = text("28AA-26E/0000001");
    body.dossier_code = text(CODE);
    body.owner_account = text(BINH);
    body.amount = 1378500;
    event(h, "payment.receipt_printed", &body.base, no_keys);
    assert_told(h, "RECEIPT_READY",
                "Biên lai điện tử 28AA-26E/0000001 của hồ sơ " CODE
                " đã được lập, số tiền 1.378.500 đồng. Vui lòng xem và tải tại mục Thanh toán.");
    body.replaced_by = text("28AA-26E/0000002");
    event(h, "payment.receipt_cancelled", &body.base, no_keys);
    assert_told(h, "RECEIPT_CANCELLED",
                "Biên lai điện tử 28AA-26E/0000001 của hồ sơ " CODE
                ", số tiền 1.378.500 đồng, đã bị hủy lúc 09:20 07/09/2026 và không còn giá trị. "
                "Biên lai thay thế: 28AA-26E/0000002.");
    body.replaced_by = text("");
    body.dossier_code = text("");
    body.number = text("28AA-26E/0000002");
    body.replaces = text("28AA-26E/0000001");
    event(h, "payment.receipt_printed", &body.base, no_keys);
    assert_told(h, "RECEIPT_READY",
                "Biên lai điện tử 28AA-26E/0000002 đã được lập, số tiền 1.378.500 đồng, thay thế "
                "biên lai 28AA-26E/0000001. Vui lòng xem và tải tại mục Thanh toán.");
    event(h, "payment.receipt_cancelled", &body.base, no_keys);
    assert_told(h, "RECEIPT_CANCELLED",
                "Biên lai điện tử 28AA-26E/0000002, số tiền 1.378.500 đồng, đã bị hủy lúc 09:20 "
                "07/09/2026 và không còn giá trị.");
    body.owner_account = text(""); /* paid at a desk */
    event(h, "payment.receipt_printed", &body.base, no_keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 5);
}

/* Its body does not say whose it is; the keys do. */
static void certified_copies(void **state)
{
    static const char *const keys[] = {"dossier:" ID, "account:" BINH, "dossier:" CODE, NULL};
    static const char *const desk[] = {"dossier:" ID, "dossier:" CODE, NULL};
    struct harness *h = *state;
    Dossier__CopyChanged body = DOSSIER__COPY_CHANGED__INIT;

    body.copy_number = text("12/CTĐT");
    event(h, "dossier.copy_signed", &body.base, keys);
    event(h, "dossier.copy_sealed", &body.base, desk);
    event(h, "dossier.copy_sealed", &body.base, no_keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
    event(h, "dossier.copy_sealed", &body.base, keys);
    assert_told(h, "COPY_READY",
                "Bản sao chứng thực điện tử số 12/CTĐT theo hồ sơ " CODE
                " đã được cấp lúc 09:20 07/09/2026. Vui lòng xem và tải tại hồ sơ.");
}

/* What the owner is told of the post, of his own requests, and of linked dossiers. */
static void steps_beside_the_states(void **state)
{
    static const struct {
        const char *event;
        const char *want;
    } cases[] = {
        {"dossier.supplemented", "DOSSIER_SUPPLEMENTED"},
        {"dossier.withdraw_asked", "DOSSIER_WITHDRAW_ASKED"},
        {"dossier.linked_ready", "DOSSIER_LINKED_READY"},
        {"dossier.claimed", "DOSSIER_CLAIMED"},
        {"dossier.parcel_collected", "DOSSIER_PARCEL_SENT"},
        {"dossier.parcel_cancelled", "DOSSIER_PARCEL_CANCELLED"},
    };
    struct harness *h = *state;

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Dossier__Changed body = DOSSIER__CHANGED__INIT;

        body.code = text(CODE);
        body.owner_account = text(BINH);
        body.procedure_name = text("Đăng ký khai sinh");
        body.unit_name = text("Thị trấn Bến Cầu");
        body.waybill = text("EH1VN");
        event(h, cases[i].event, &body.base, no_keys);
        const Notification__Notice *notice = inbox(h, &binh)->notices[0];
        assert_string_equal(notice->template_, cases[i].want);
        assert_non_null(strstr(notice->text, CODE));
        assert_string_equal(notice->sms_state, "none");
        harness_advance(h, 1000);
    }
}

/* A supplement that was not answered in time ends the dossier: told with the reason, and by SMS. */
static void a_supplement_that_ran_out(void **state)
{
    struct harness *h = *state;
    Dossier__Changed body = DOSSIER__CHANGED__INIT;

    body.code = text(CODE);
    body.from = DOSSIER__STATE__SUPPLEMENT_REQUESTED;
    body.to = DOSSIER__STATE__STOPPED;
    body.owner_account = text(BINH);
    body.reason = text("Quá thời hạn bổ sung hồ sơ");
    event(h, "dossier.advanced", &body.base, no_keys);
    const Notification__Notice *notice = inbox(h, &binh)->notices[0];
    assert_string_equal(notice->template_, "DOSSIER_STOPPED");
    assert_non_null(strstr(notice->text, "Quá thời hạn bổ sung hồ sơ"));
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 1);
}

static void orders_that_end_unpaid(void **state)
{
    struct harness *h = *state;
    Payment__OrderChanged body = PAYMENT__ORDER_CHANGED__INIT;

    body.dossier_code = text(CODE);
    body.owner_account = text(BINH);
    body.amount = 20000;
    body.reason = text("REPLACED"); /* another one for the same money is there */
    event(h, "payment.order_cancelled", &body.base, no_keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
    body.reason = text("DOSSIER_ENDED");
    event(h, "payment.order_cancelled", &body.base, no_keys);
    assert_told(h, "ORDER_CANCELLED",
                "Khoản phải nộp 20.000 đồng của hồ sơ " CODE " đã được hủy lúc 09:20 07/09/2026.");
    body.dossier_code = text("");
    body.reason = text("");
    event(h, "payment.order_expired", &body.base, no_keys);
    assert_told(h, "ORDER_EXPIRED",
                "Khoản phải nộp 20.000 đồng đã hết hạn thanh toán trực tuyến lúc 09:20 07/09/2026. "
                "Vui lòng liên hệ cơ quan giải quyết nếu vẫn cần nộp.");
}

/* A tax by decision, and a person's own, which has none. */
static void taxes(void **state)
{
    static const struct {
        const char *decision;
        const char *want;
    } cases[] = {{"12/QĐ-CT", "Đã nộp quyết định 12/QĐ-CT thành công qua VietinBank lúc 09:20 "
                              "07/09/2026. Mã giao dịch: FT1."},
                 {"", "Đã nộp thuế cá nhân thành công qua VietinBank lúc 09:20 07/09/2026. Mã giao "
                      "dịch: FT1."}};
    struct harness *h = *state;
    Payment__TaxChanged body = PAYMENT__TAX_CHANGED__INIT;

    body.account_id = text(BINH);
    body.bank = text("VietinBank");
    body.transaction_id = text("FT1");
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        body.decision = text(cases[i].decision);
        body.personal = cases[i].decision[0] == '\0';
        body.state = PAYMENT__ATTEMPT_STATE__SUCCEEDED;
        event(h, "payment.tax_changed", &body.base, no_keys);
        assert_string_equal(inbox(h, &binh)->notices[0]->template_, "TAX_PAID");
        assert_int_equal(inbox(h, &binh)->notices[0]->template_version, 2);
        assert_string_equal(inbox(h, &binh)->notices[0]->text, cases[i].want);
        body.state = PAYMENT__ATTEMPT_STATE__FAILED;
        harness_advance(h, 1000);
        event(h, "payment.tax_changed", &body.base, no_keys);
        assert_string_equal(inbox(h, &binh)->notices[0]->template_, "TAX_FAILED");
        harness_advance(h, 1000);
    }
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 2); /* of what was paid */
}

static void an_account_that_changes(void **state)
{
    struct harness *h = *state;
    Identity__StatusChanged status = IDENTITY__STATUS_CHANGED__INIT;
    Identity__VneidChanged linked = IDENTITY__VNEID_CHANGED__INIT;

    status.account_id = text(BINH);
    status.to = IDENTITY__ACCOUNT_STATUS__ACCOUNT_LOCKED;
    event(h, "identity.status_changed", &status.base, no_keys);
    assert_told(h, "ACCOUNT_STATUS",
                "Tài khoản của bạn chuyển sang trạng thái “Đang bị khóa” lúc 09:20 07/09/2026. Nếu "
                "không phải theo yêu cầu của bạn, vui lòng liên hệ bộ phận hỗ trợ.");
    linked.account_id = text(BINH);
    event(h, "identity.vneid_linked", &linked.base, no_keys);
    assert_told(h, "VNEID_LINKED",
                "Tài khoản của bạn được gắn với tài khoản định danh điện tử VNeID lúc 09:20 "
                "07/09/2026. Nếu không phải bạn thực hiện, vui lòng liên hệ bộ phận hỗ trợ ngay.");
}

/* The merged account's closing is a part of the merge: no news to the one that goes on. */
static void accounts_that_are_merged(void **state)
{
    struct harness *h = *state;
    Identity__AccountsMerged merged = IDENTITY__ACCOUNTS_MERGED__INIT;
    Identity__StatusChanged status = IDENTITY__STATUS_CHANGED__INIT;

    opened(h, THO);
    merged.kept_account_id = text(THO);
    merged.merged_account_id = text(BINH);
    event(h, "identity.accounts_merged", &merged.base, no_keys);
    status.account_id = text(BINH);
    status.to = IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED;
    event(h, "identity.status_changed", &status.base, no_keys);
    const Notification__ListInboxReply *reply = inbox(h, &tho);
    assert_int_equal(reply->n_notices, 2);
    assert_string_equal(reply->notices[0]->template_, "ACCOUNTS_MERGED");
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
}

static void feedback(void **state)
{
    static const struct {
        Support__FeedbackState to;
        const char *want; /* NULL: his own doing */
    } cases[] = {
        {SUPPORT__FEEDBACK_STATE__FEEDBACK_PROCESSING, "FEEDBACK_PROCESSING"},
        {SUPPORT__FEEDBACK_STATE__FEEDBACK_ASKED, "FEEDBACK_ASKED"},
        {SUPPORT__FEEDBACK_STATE__FEEDBACK_WITHDRAWN, NULL},
        {SUPPORT__FEEDBACK_STATE__FEEDBACK_REFUSED, "FEEDBACK_REFUSED"},
        {SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED, "FEEDBACK_ANSWERED"},
    };
    struct harness *h = *state;
    Support__FeedbackChanged body = SUPPORT__FEEDBACK_CHANGED__INIT;
    size_t notices = 1;

    body.code = text("PAKN-7");
    body.owner_account = text(BINH);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        body.to = cases[i].to;
        event(h, "support.feedback_moved", &body.base, no_keys);
        notices += cases[i].want != NULL;
        const Notification__ListInboxReply *reply = inbox(h, &binh);
        assert_int_equal(reply->n_notices, notices);
        if (cases[i].want != NULL)
            assert_string_equal(reply->notices[0]->template_, cases[i].want);
        harness_advance(h, 1000);
    }
    event(h, "support.feedback_forwarded", &body.base, no_keys);
    assert_told(h, "FEEDBACK_FORWARDED",
                "Phản ánh, kiến nghị PAKN-7 được chuyển đến cơ quan có thẩm quyền lúc 09:20 "
                "07/09/2026.");
    body.owner_account = text(""); /* sent without an account */
    event(h, "support.feedback_forwarded", &body.base, no_keys);
    assert_int_equal(inbox(h, &binh)->n_notices, notices + 1);
}

/* A rule for an event that the room does not follow would tell nobody. */
static void every_rule_is_followed(void **state)
{
    const struct notification *notification = harness_ctx(*state);

    assert_true(notification->book.rules_len > 0);
    for (size_t i = 0; i < notification->book.rules_len; i++) {
        bool followed = false;

        for (size_t k = 0; k < notification_room.follows_len; k++)
            followed = followed || strcmp(notification_room.follows[k].type,
                                          notification->book.rules[i].event) == 0;
        if (!followed)
            fail_msg("%s is not followed", notification->book.rules[i].event);
    }
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(receipts),
        ROOM_TEST(certified_copies),
        ROOM_TEST(steps_beside_the_states),
        ROOM_TEST(a_supplement_that_ran_out),
        ROOM_TEST(orders_that_end_unpaid),
        ROOM_TEST(taxes),
        ROOM_TEST(an_account_that_changes),
        ROOM_TEST(accounts_that_are_merged),
        ROOM_TEST(feedback),
        ROOM_TEST(every_rule_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
