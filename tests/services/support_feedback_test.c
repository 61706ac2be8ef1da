/* Feedback: who may send what, the table and its working days, publication, members' systems. */
#include "support_feedback_help.h"

#define OFFICER "0190a07b-0000-7000-8000-000000000022"
#define BETTER  "000.01.31.H53"
#define DAY_MS  (24 * HOUR_MS)

#define TO(name) SUPPORT__FEEDBACK_STATE__FEEDBACK_##name

static void as_desk(struct harness *h, const char *unit)
{
    static const char *const rights[] = {SUPPORT_RIGHT_FEEDBACK};

    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_CITIZEN | MC_OFFICER,
                                      .account_id = OFFICER,
                                      .unit = unit,
                                      .rights = rights,
                                      .rights_len = 1,
                                      .ial = 2});
    harness_purpose(h, "xử lý phản ánh");
}

static const Support__Feedback *send_as_person(struct harness *h)
{
    Support__SendFeedbackRequest req = form();

    as_person(h, SENDER);
    return harness_call(h, "SendFeedback", &req.base, MC_OK);
}

static const Support__Feedback *step(struct harness *h, const Support__Feedback *at,
                                     Support__FeedbackState to, const char *words, const char *unit,
                                     enum mc_status want)
{
    Support__MoveFeedbackRequest req = SUPPORT__MOVE_FEEDBACK_REQUEST__INIT;

    req.code = at->code;
    req.version = at->version;
    req.to = to;
    req.text = text(words);
    req.unit = text(unit);
    req.unit_name = text(unit[0] != '\0' ? "Cơ quan khác" : "");
    return harness_call(h, "MoveFeedback", &req.base, want);
}

static const Support__SumFeedbackReply *sums(struct harness *h, const char *unit)
{
    Support__SumFeedbackRequest req = SUPPORT__SUM_FEEDBACK_REQUEST__INIT;

    req.unit = text(unit);
    req.month = text("2026-09");
    req.until = text("2026-12");
    return harness_call(h, "SumFeedback", &req.base, MC_OK);
}

/* NĐ 20/2008/NĐ-CP điều 7; a fault of the portal may be told without a name. */
static void send_feedback_needs_who_and_where(void **state)
{
    struct harness *h = *state;
    Support__SendFeedbackRequest req = SUPPORT__SEND_FEEDBACK_REQUEST__INIT;
    static const char *const needed[] = {"kind",    "unit",  "unit_name", "name",
                                         "address", "title", "text"};

    as_person(h, SENDER);
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    for (size_t i = 0; i < MC_LEN(needed); i++)
        assert_true(harness_violated(h, needed[i], "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "phone", "FEEDBACK_CONTACT"));
    req = form();
    req.phone = text("");
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    req.email = text("a@example.vn");
    assert_non_null(harness_call(h, "SendFeedback", &req.base, MC_OK));
    req.kind = SUPPORT__FEEDBACK_KIND__KIND_PORTAL;
    req.name = req.address = req.email = text("");
    const Support__Feedback *made = harness_call(h, "SendFeedback", &req.base, MC_OK);
    assert_string_equal(made->code, "PAKN-2026-000002");
    assert_string_equal(made->key, "");
}

static void texts_of_feedback_have_their_limits(void **state)
{
    struct harness *h = *state;
    static char title[SUPPORT_TITLE_CHARS_MAX + 2];
    static char words[SUPPORT_DESCRIPTION_CHARS_MAX + 2];
    Support__SendFeedbackRequest req = form();

    memset(title, 'a', SUPPORT_TITLE_CHARS_MAX + 1);
    memset(words, 'b', SUPPORT_DESCRIPTION_CHARS_MAX + 1);
    as_person(h, SENDER);
    req.title = title;
    req.text = words;
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "title", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "text", "FIELD_TOO_LONG"));
    title[SUPPORT_TITLE_CHARS_MAX] = words[SUPPORT_DESCRIPTION_CHARS_MAX] = '\0';
    const Support__Feedback *at = harness_call(h, "SendFeedback", &req.base, MC_OK);
    words[SUPPORT_DESCRIPTION_CHARS_MAX] = 'b'; /* an answer may be as long as a text */
    as_desk(h, UNIT);
    assert_null(step(h, at, TO(ANSWERED), words, "", MC_INVALID));
    words[SUPPORT_DESCRIPTION_CHARS_MAX] = '\0';
    assert_non_null(step(h, at, TO(ANSWERED), words, "", MC_OK));
}

static void sums_take_so_many_months(void **state)
{
    struct harness *h = *state;
    Support__SumFeedbackRequest req = SUPPORT__SUM_FEEDBACK_REQUEST__INIT;

    as_desk(h, UNIT);
    req.month = text("2024-01");
    req.until = text("2026-12");
    assert_non_null(harness_call(h, "SumFeedback", &req.base, MC_OK));
    req.until = text("2027-01");
    assert_null(harness_call(h, "SumFeedback", &req.base, MC_INVALID));
    req.until = text("2023-12");
    assert_null(harness_call(h, "SumFeedback", &req.base, MC_INVALID));
    req.month = text("2026-13");
    assert_null(harness_call(h, "SumFeedback", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "month", "FIELD_INVALID"));
}

static void who_has_no_session_keeps_a_key(void **state)
{
    struct harness *h = *state;
    Support__SendFeedbackRequest req = form();
    Support__GetFeedbackRequest get = SUPPORT__GET_FEEDBACK_REQUEST__INIT;
    char wrong[2 * SUPPORT_KEY_LEN + 1];

    as_nobody(h);
    req.captcha = solved_captcha(h);
    const Support__Feedback *made = harness_call(h, "SendFeedback", &req.base, MC_OK);
    assert_int_equal(strlen(made->key), 2 * SUPPORT_KEY_LEN);
    get.code = made->code;
    assert_null(harness_call(h, "GetFeedback", &get.base, MC_NOT_FOUND));
    memset(wrong, '0', sizeof wrong - 1);
    wrong[sizeof wrong - 1] = '\0';
    get.key = wrong;
    assert_null(harness_call(h, "GetFeedback", &get.base, MC_NOT_FOUND));
    get.key = made->key;
    const Support__Feedback *seen = harness_call(h, "GetFeedback", &get.base, MC_OK);
    assert_string_equal(seen->title, "Chờ lâu tại bộ phận một cửa");
    assert_string_equal(seen->key, "");
}

/* support.anonymous_hour, of each source; who is refused by it keeps his captcha. */
static void who_has_no_session_sends_so_many_an_hour(void **state)
{
    struct harness *h = *state;
    Support__SendFeedbackRequest req = form();

    as_nobody(h);
    for (int i = 0; i < 5; i++) {
        req.captcha = solved_captcha(h);
        assert_non_null(harness_call(h, "SendFeedback", &req.base, MC_OK));
    }
    req.captcha = solved_captcha(h);
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_LIMITED));
    assert_true(harness_violated(h, "", "FEEDBACK_TOO_MANY"));
    harness_from(h, "203.0.113.0/24");
    assert_non_null(harness_call(h, "SendFeedback", &req.base, MC_OK));
    harness_from(h, "");
    harness_advance(h, HOUR_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, SUPPORT_BUDGETS), 0);
    req.captcha = solved_captcha(h);
    assert_non_null(harness_call(h, "SendFeedback", &req.base, MC_OK));
}

/* SYS-21: forwarded, asked, answered, published, rated; all in time. */
static void feedback_is_forwarded_answered_published(void **state)
{
    struct harness *h = *state;
    Support__PublishFeedbackRequest publish = SUPPORT__PUBLISH_FEEDBACK_REQUEST__INIT;
    Support__SearchPublishedRequest search = SUPPORT__SEARCH_PUBLISHED_REQUEST__INIT;
    Support__RateFeedbackRequest rate = SUPPORT__RATE_FEEDBACK_REQUEST__INIT;
    const Support__Feedback *at = send_as_person(h);

    as_desk(h, PROVINCE_UNIT);
    assert_null(step(h, at, TO(PROCESSING), "", "", MC_NOT_FOUND));
    as_desk(h, UNIT);
    assert_null(step(h, at, TO(NEW), "", BETTER, MC_INVALID));
    assert_true(harness_violated(h, "text", "FIELD_REQUIRED"));
    assert_null(step(h, at, TO(NEW), "không phải ở đây", UNIT, MC_INVALID));
    harness_advance(h, DAY_MS);
    at = step(h, at, TO(NEW), "không thuộc thẩm quyền", BETTER, MC_OK);
    assert_null(step(h, at, TO(PROCESSING), "", "", MC_NOT_FOUND)); /* theirs no more */
    as_desk(h, "000.00.31.H53");                                    /* above both */
    at = step(h, at, TO(ASKED), "Ngày nào?", "", MC_OK);
    assert_int_equal(at->due_at_ms, 0);
    harness_advance(h, 60 * DAY_MS); /* the sender's own time */
    as_person(h, SENDER);
    at = step(h, at, TO(PROCESSING), "Ngày 07/09", "", MC_OK);
    assert_int_equal(at->n_comments, 2); /* why it was forwarded is not for the sender */
    assert_null(step(h, at, TO(ANSWERED), "tự trả lời", "", MC_CONFLICT));
    as_desk(h, BETTER);
    at = step(h, at, TO(ANSWERED), "Đã chấn chỉnh ông Nguyễn Văn A.", "", MC_OK);
    assert_false(at->late);

    publish.code = at->code;
    publish.version = at->version;
    publish.answer = text("Đã chấn chỉnh cán bộ.");
    at = harness_call(h, "PublishFeedback", &publish.base, MC_OK);
    assert_true(at->published_at_ms > 0);
    assert_false(at->late);
    as_nobody(h);
    search.words = text("mot cua");
    const Support__SearchPublishedReply *found =
        harness_call(h, "SearchPublished", &search.base, MC_OK);
    assert_int_equal(found->count, 1);
    assert_string_equal(found->rows[0]->name, "N*** T*** H*** B***");
    assert_string_equal(found->rows[0]->answer, "Đã chấn chỉnh cán bộ.");
    search.unit = text(UNIT);
    assert_int_equal(((const Support__SearchPublishedReply *)harness_call(h, "SearchPublished",
                                                                          &search.base, MC_OK))
                         ->count,
                     0);

    as_person(h, SENDER);
    rate.code = at->code;
    rate.rating = SUPPORT_RATING_MAX + 1;
    assert_null(harness_call(h, "RateFeedback", &rate.base, MC_INVALID));
    rate.rating = SUPPORT_SATISFIED;
    at = harness_call(h, "RateFeedback", &rate.base, MC_OK);
    assert_null(harness_call(h, "RateFeedback", &rate.base, MC_CONFLICT)); /* once */

    as_desk(h, BETTER);
    const Support__SumFeedbackReply *sum = sums(h, BETTER);
    assert_int_equal(sum->ended, 1);
    assert_int_equal(sum->on_time, 1);
    assert_int_equal(sum->published, 1);
    assert_int_equal(sum->satisfied, 1);
    publish.version = at->version;
    publish.withdraw = true;
    assert_non_null(harness_call(h, "PublishFeedback", &publish.base, MC_OK));
    search.unit = text("");
    assert_int_equal(((const Support__SearchPublishedReply *)harness_call(h, "SearchPublished",
                                                                          &search.base, MC_OK))
                         ->count,
                     0);
}

/* Working days since Monday 07/09 09:20: at the limit, and a millisecond past it. */
static void every_step_has_its_working_days(void **state)
{
    struct harness *h = *state;
    static const struct {
        Support__FeedbackState to;
        int64_t in_time_ms; /* the last instant */
    } rows[] = {
        {TO(REFUSED), 2 * DAY_MS},    /* Wednesday */
        {TO(ASKED), 7 * DAY_MS},      /* Monday */
        {TO(PROCESSING), 7 * DAY_MS}, /* taken or asked within the same time */
        {TO(ANSWERED), 21 * DAY_MS},  /* three weeks */
    };

    for (size_t i = 0; i < MC_LEN(rows); i++)
        for (int past = 0; past < 2; past++) {
            harness_set_clock(h, HARNESS_T0);
            const Support__Feedback *at = send_as_person(h);
            int64_t by_ms = HARNESS_T0 + rows[i].in_time_ms;

            harness_set_clock(h, by_ms + past);
            as_desk(h, UNIT);
            at = step(h, at, rows[i].to, "lời", "", MC_OK);
            assert_int_equal(at->late, past);
        }
    const Support__SumFeedbackReply *sum = sums(h, UNIT);
    assert_int_equal(sum->received, 8);
    assert_int_equal(sum->ended, 4);
    assert_int_equal(sum->on_time, 2);
    assert_int_equal(sum->refused, 2);
}

static void late_feedback_is_told_once(void **state)
{
    struct harness *h = *state;

    (void)send_as_person(h);
    harness_advance(h, 7 * DAY_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_events(h, "support.feedback_overdue"), 0);
    harness_advance(h, 1);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "support.feedback_overdue"), 1);
}

static void lists_are_the_senders_and_the_officers(void **state)
{
    struct harness *h = *state;
    Support__ListMyFeedbackRequest mine = SUPPORT__LIST_MY_FEEDBACK_REQUEST__INIT;
    Support__SearchFeedbackRequest all = SUPPORT__SEARCH_FEEDBACK_REQUEST__INIT;

    for (int i = 0; i < 5; i++)
        (void)send_as_person(h);
    mine.page_size = 3;
    const Support__ListFeedbackReply *rep = harness_call(h, "ListMyFeedback", &mine.base, MC_OK);
    assert_int_equal(rep->n_rows, 3);
    assert_string_equal(rep->rows[0]->code, "PAKN-2026-000005");
    mine.page_token = rep->next_page_token;
    rep = harness_call(h, "ListMyFeedback", &mine.base, MC_OK);
    assert_int_equal(rep->n_rows, 2);
    assert_string_equal(rep->next_page_token, "");
    as_person(h, OFFICER);
    mine.page_token = text("");
    assert_int_equal(
        ((const Support__ListFeedbackReply *)harness_call(h, "ListMyFeedback", &mine.base, MC_OK))
            ->n_rows,
        0);

    as_desk(h, UNIT);
    all.words = text("chờ lâu");
    all.kind = SUPPORT__FEEDBACK_KIND__KIND_CONDUCT;
    all.state = TO(NEW);
    assert_int_equal(
        ((const Support__ListFeedbackReply *)harness_call(h, "SearchFeedback", &all.base, MC_OK))
            ->count,
        5);
    all.unit = text(PROVINCE_UNIT);
    assert_null(harness_call(h, "SearchFeedback", &all.base, MC_DENIED));
    assert_true(harness_violated(h, "unit", "UNIT_NOT_YOURS"));
}

/* Merged, it is the other account's; undone, its own again. */
static void merged_accounts_share_feedback(void **state)
{
    struct harness *h = *state;
    static const char *const no_keys[] = {NULL};
    Identity__AccountsMerged body = IDENTITY__ACCOUNTS_MERGED__INIT;
    Support__ListMyFeedbackRequest mine = SUPPORT__LIST_MY_FEEDBACK_REQUEST__INIT;
    Support__GetFeedbackRequest get = SUPPORT__GET_FEEDBACK_REQUEST__INIT;

    get.code = send_as_person(h)->code;
    body.kept_account_id = text(OFFICER);
    body.merged_account_id = text(SENDER);
    for (int undone = 0; undone < 2; undone++) {
        harness_event(h, "identity",
                      undone ? "identity.accounts_unmerged" : "identity.accounts_merged",
                      &body.base, no_keys);
        as_person(h, OFFICER);
        const Support__ListFeedbackReply *rep =
            harness_call(h, "ListMyFeedback", &mine.base, MC_OK);
        assert_int_equal(rep->n_rows, !undone);
        (void)harness_call(h, "GetFeedback", &get.base, undone ? MC_NOT_FOUND : MC_OK);
    }
    as_person(h, SENDER);
    assert_non_null(harness_call(h, "GetFeedback", &get.base, MC_OK));
}

static const Support__ListForPartnerReply *changes(struct harness *h, const char *unit,
                                                   uint64_t after)
{
    Support__ListForPartnerRequest req = SUPPORT__LIST_FOR_PARTNER_REQUEST__INIT;

    req.unit = text(unit);
    req.after = after;
    harness_as(h, &(struct mc_caller){.name = "room:partner", .who = MC_ROOM});
    return harness_call(h, "ListForPartner", &req.base, MC_OK);
}

/* Part F: LayDanhSachHoiDapGuiTuDVCQG, DongBoKetQuaHoiDapGuiTuDVCQG, DongBoHoiDap, … */
static void members_are_told_and_tell(void **state)
{
    struct harness *h = *state;
    Support__ReceiveAnswerRequest answer = SUPPORT__RECEIVE_ANSWER_REQUEST__INIT;
    Support__ReceiveFeedbackRequest theirs = SUPPORT__RECEIVE_FEEDBACK_REQUEST__INIT;
    const Support__Feedback *first = send_as_person(h);
    const Support__Feedback *second = send_as_person(h);

    const Support__ListForPartnerReply *rep = changes(h, "000.00.00.H53", 0);
    assert_int_equal(rep->n_rows, 2);
    uint64_t seen = rep->rows[1]->sequence;
    assert_int_equal(changes(h, "000.00.00.H53", seen)->n_rows, 0);
    assert_int_equal(changes(h, PROVINCE_UNIT, 0)->n_rows, 0);

    as_desk(h, UNIT); /* forwarded to another member: an old one, and new to them */
    assert_non_null(step(h, first, TO(NEW), "thuộc Nam Định", PROVINCE_UNIT, MC_OK));
    assert_int_equal(changes(h, PROVINCE_UNIT, seen)->n_rows, 1);
    assert_int_equal(changes(h, "000.00.00.H53", 0)->n_rows, 1);

    answer.unit = text(PROVINCE_UNIT);
    answer.code = second->code;
    answer.answer = text("Đã xử lý");
    assert_null(harness_call(h, "ReceiveAnswer", &answer.base, MC_NOT_FOUND)); /* not theirs */
    answer.code = first->code;
    const Support__PartnerFeedback *done = harness_call(h, "ReceiveAnswer", &answer.base, MC_OK);
    assert_int_equal(done->state, TO(ANSWERED));
    assert_non_null(harness_call(h, "ReceiveAnswer", &answer.base, MC_OK)); /* repeated */
    answer.answer = text("Khác");
    assert_null(harness_call(h, "ReceiveAnswer", &answer.base, MC_CONFLICT));

    theirs.unit = text(PROVINCE_UNIT);
    theirs.unit_name = text("Tỉnh Nam Định");
    theirs.partner_code = text("HD-7");
    theirs.kind = SUPPORT__FEEDBACK_KIND__KIND_QUESTION;
    theirs.title = text("Hỏi về khai sinh");
    theirs.text = text("Cần giấy tờ gì?");
    theirs.answer = text("Giấy chứng sinh.");
    done = harness_call(h, "ReceiveFeedback", &theirs.base, MC_OK);
    assert_int_equal(done->state, TO(ANSWERED));
    const Support__PartnerFeedback *again = harness_call(h, "ReceiveFeedback", &theirs.base, MC_OK);
    assert_string_equal(again->code, done->code);
    Support__GetAnswerRequest ask = SUPPORT__GET_ANSWER_REQUEST__INIT;
    ask.unit = text(PROVINCE_UNIT);
    ask.code = done->code;
    done = harness_call(h, "GetAnswer", &ask.base, MC_OK);
    assert_string_equal(done->answer, "Giấy chứng sinh.");
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Any moves by anybody: only rows of the table are taken. */
static void random_moves_never_leave_the_table(void **state)
{
    struct harness *h = *state;
    const Support__Feedback *at = send_as_person(h);
    uint32_t seed = 7;
    size_t moved = 0;

    for (int i = 0; i < 400; i++) {
        Support__FeedbackState to = random_next(&seed) % (TO(WITHDRAWN) + 1);
        bool sender = random_next(&seed) % 2 == 0;
        bool forward = random_next(&seed) % 4 == 0;
        const char *unit = !forward ? "" : strcmp(at->unit, UNIT) == 0 ? BETTER : UNIT;

        if (sender)
            as_person(h, SENDER);
        else
            as_desk(h, "000.00.31.H53");
        bool holds = support_feedback_stage_find(
                         at->state, to, sender ? SUPPORT_FEEDBACK_SENDER : SUPPORT_FEEDBACK_OFFICER,
                         forward) != NULL;
        const Support__Feedback *now = step(h, at, to, "lời", unit, holds ? MC_OK : MC_CONFLICT);
        if (now != NULL) {
            assert_int_equal(now->state, to);
            at = now;
            moved++;
        }
        if (support_feedback_is_final(at->state))
            at = send_as_person(h);
    }
    assert_true(moved > 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(send_feedback_needs_who_and_where),
        TEST(texts_of_feedback_have_their_limits),
        TEST(sums_take_so_many_months),
        TEST(who_has_no_session_keeps_a_key),
        TEST(who_has_no_session_sends_so_many_an_hour),
        TEST(feedback_is_forwarded_answered_published),
        TEST(every_step_has_its_working_days),
        TEST(late_feedback_is_told_once),
        TEST(lists_are_the_senders_and_the_officers),
        TEST(merged_accounts_share_feedback),
        TEST(members_are_told_and_tell),
        TEST(random_moves_never_leave_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
