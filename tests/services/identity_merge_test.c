/* One person, two numbers, two accounts: joined at a desk, merged by an administrator (REG-48, D2).
 */
#include "account_help.h"

#define CMND "290988774"

/* Bình as she registered years ago, by her CMND, with the tone on the other letter. */
static const struct person old_binh = {CMND, "Nguyễn Thị Hòa Bình", "05/03/1993", "0868000909",
                                       "84868000909"};

static Identity__JoinNumberRequest join_of(const char *account, const char *number)
{
    Identity__JoinNumberRequest request = IDENTITY__JOIN_NUMBER_REQUEST__INIT;

    request.account_id = text(account);
    request.number = text(number);
    request.reason = text("Đối chiếu CMND cũ và CCCD");
    return request;
}

static void act_as_desk(struct harness *h)
{
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
}

static void both_numbers_lead_to_the_account(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *account = open_account(h, &binh);

    act_as_desk(h);
    Identity__JoinNumberRequest request = join_of(account, "290 988 774");
    const Identity__JoinNumberReply *joined = harness_call(h, "JoinNumber", &request.base, MC_OK);
    assert_string_equal(joined->code, "");
    assert_int_equal(joined->version, 2);
    harness_call(h, "JoinNumber", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "number", "NUMBER_TWICE"));
    harness_reopen(h);
    act_as_front(h);
    Identity__StartRegistrationRequest form = form_of(&old_binh);
    harness_call(h, "StartRegistration", &form.base, MC_CONFLICT); /* REG-48 */
    assert_true(harness_violated(h, "login_id", "ACCOUNT_EXISTS"));
    struct person by_cmnd = binh;
    by_cmnd.login_id = CMND;
    (void)become(h, &by_cmnd);
    assert_string_equal(profile(h)->account_id, account);
    assert_int_equal(profile(h)->n_numbers_masked, 1);
    assert_null(strstr(profile(h)->numbers_masked[0], CMND));
}

static void a_join_needs_a_desk_and_fitting_papers(void **state)
{
    struct harness *h = *state;
    char *own = open_account(h, &tho);
    char *account = open_account(h, &binh);
    Identity__JoinNumberRequest request = join_of("", CMND);

    (void)become(h, &binh);
    harness_call(h, "JoinNumber", &request.base, MC_DENIED);
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_VIEW"}});
    request = join_of(account, CMND);
    harness_call(h, "JoinNumber", &request.base, MC_DENIED);
    act_as_desk(h);
    request = join_of(own, CMND);
    harness_call(h, "JoinNumber", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "", "OWN_ACCOUNT"));
    request = join_of(account, "12345");
    request.reason = text(" ");
    harness_call(h, "JoinNumber", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "number", "ID_FORMAT"));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    request = join_of(account, "012193990018"); /* a second CCCD */
    harness_call(h, "JoinNumber", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "number", "NUMBER_SECOND_CCCD"));
    request = join_of(account, "012194990018");
    harness_call(h, "JoinNumber", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "number", "BIRTH_YEAR_MISMATCH"));
    char number[16];
    for (int i = 0; i < IDENTITY_NUMBERS_MAX; i++) {
        (void)snprintf(number, sizeof number, "29098877%d", i);
        request = join_of(account, number);
        (void)harness_call(h, "JoinNumber", &request.base, MC_OK);
    }
    request = join_of(account, "290988779");
    harness_call(h, "JoinNumber", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "number", "NUMBERS_TOO_MANY"));
}

/* D2 (ory/kratos#694): a number with its own account is a case, not an error. */
static void a_number_with_an_account_becomes_a_proposal(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);

    act_as_desk(h);
    Identity__JoinNumberRequest request = join_of(stays, CMND);
    const Identity__JoinNumberReply *first = harness_call(h, "JoinNumber", &request.base, MC_OK);
    assert_string_equal(first->code, "NUMBER_HAS_ACCOUNT");
    assert_int_equal(first->merge_id.len, MC_ID_LEN);
    const Identity__JoinNumberReply *again = harness_call(h, "JoinNumber", &request.base, MC_OK);
    assert_memory_equal(first->merge_id.data, again->merge_id.data, MC_ID_LEN);
    assert_int_equal(harness_events(h, "identity.merge_proposed"), 1);
    Identity__ListMergesRequest list = IDENTITY__LIST_MERGES_REQUEST__INIT;
    harness_call(h, "ListMerges", &list.base, MC_DENIED); /* not the desk's */

    act_as_operator(h);
    list.state = IDENTITY__MERGE_STATE__MERGE_PROPOSED;
    const Identity__ListMergesReply *merges = harness_call(h, "ListMerges", &list.base, MC_OK);
    assert_int_equal(merges->n_merges, 1);
    assert_string_equal(merges->merges[0]->kept_account_id, stays);
    assert_string_equal(merges->merges[0]->merged_account_id, merged);
    assert_string_equal(merges->merges[0]->reason, "Đối chiếu CMND cũ và CCCD");
    Identity__UndoMergeRequest refuse = IDENTITY__UNDO_MERGE_REQUEST__INIT;
    refuse.merge_id = first->merge_id;
    refuse.reason = text("Không phải một người");
    const Identity__Merge *ended = harness_call(h, "UndoMerge", &refuse.base, MC_OK);
    assert_int_equal(ended->state, IDENTITY__MERGE_STATE__MERGE_REFUSED);
    harness_call(h, "UndoMerge", &refuse.base, MC_EXPIRED);
    assert_int_equal(
        ((const Identity__ListMergesReply *)harness_call(h, "ListMerges", &list.base, MC_OK))
            ->n_merges,
        0);
}

static const Identity__PreviewMergeReply *preview(struct harness *h, const char *stays,
                                                  const char *merged)
{
    Identity__PreviewMergeRequest request = IDENTITY__PREVIEW_MERGE_REQUEST__INIT;

    request.kept_account_id = text(stays);
    request.merged_account_id = text(merged);
    return harness_call(h, "PreviewMerge", &request.base, MC_OK);
}

static Identity__MergeAccountsRequest merge_of(const char *stays, const char *merged,
                                               const Identity__PreviewMergeReply *previewed)
{
    Identity__MergeAccountsRequest request = IDENTITY__MERGE_ACCOUNTS_REQUEST__INIT;

    request.kept_account_id = text(stays);
    request.merged_account_id = text(merged);
    request.preview = previewed->preview;
    request.reason = text("Một người, hai tài khoản");
    return request;
}

static Identity__UndoMergeRequest undo_of(const Identity__Merge *merge)
{
    Identity__UndoMergeRequest request = IDENTITY__UNDO_MERGE_REQUEST__INIT;

    request.merge_id = merge->merge_id;
    request.reason = text("Gộp nhầm");
    return request;
}

static const Identity__Merge *merge(struct harness *h, const char *stays, const char *merged)
{
    act_as_operator(h);
    Identity__MergeAccountsRequest request = merge_of(stays, merged, preview(h, stays, merged));
    return harness_call(h, "MergeAccounts", &request.base, MC_OK);
}

static void two_accounts_become_one(void **state)
{
    struct harness *h = *state;
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);
    const Motcua__SessionClaims *old_session = claims_of(sign_in(h, &old_binh)->session);

    act_as_operator(h);
    const Identity__PreviewMergeReply *seen = preview(h, stays, merged);
    assert_int_equal(seen->n_blockers, 0); /* «Hoà» and «Hòa» are one name */
    assert_string_equal(seen->kept->account_id, stays);
    assert_null(strstr(seen->merged->login_id_masked, CMND));
    const Identity__Merge *done = merge(h, stays, merged);
    assert_int_equal(done->state, IDENTITY__MERGE_STATE__MERGE_DONE);
    assert_int_equal(done->undo_until_ms, harness_now(h) + 7LL * 24 * 60 * MINUTE_MS);
    const Identity__AccountsMerged *told = harness_last_event(
        h, "identity.accounts_merged", &identity__accounts_merged__descriptor, NULL);
    assert_string_equal(told->kept_account_id, stays);
    assert_string_equal(told->merged_account_id, merged);
    const Motcua__SessionRevoked *revoked = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(revoked->session_id, old_session->session_id);

    harness_reopen(h);
    struct person by_cmnd = binh; /* the password and phone are the kept account's */
    by_cmnd.login_id = CMND;
    (void)become(h, &by_cmnd);
    assert_string_equal(profile(h)->account_id, stays);
    /* the closed one is brought back by UndoMerge alone */
    act_as_operator(h);
    Identity__SetAccountStatusRequest reopen = status_request(merged, ACTIVE);
    harness_call(h, "SetAccountStatus", &reopen.base, MC_CONFLICT);
    assert_true(harness_violated(h, "status", "ACCOUNT_MERGED"));
    const Identity__CountAccountsReply *counts = count_accounts(h);
    assert_int_equal(count_of(counts, "SUBSCRIBER", ACTIVE, false)->count, 1);
    assert_int_equal(count_of(counts, "SUBSCRIBER", CLOSED, false)->count, 1);
}

static void only_what_was_previewed_is_done(void **state)
{
    struct harness *h = *state;
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);

    act_as_operator(h);
    Identity__MergeAccountsRequest request = merge_of(stays, merged, preview(h, stays, merged));
    Identity__MergeAccountsRequest turned = merge_of(merged, stays, preview(h, stays, merged));
    harness_call(h, "MergeAccounts", &turned.base, MC_CONFLICT);
    assert_true(harness_violated(h, "preview", "PREVIEW_STALE"));
    request.preview.len -= 1;
    harness_call(h, "MergeAccounts", &request.base, MC_CONFLICT);
    request.preview.len += 1;
    set_status(h, &old_binh, LOCKED); /* something happened since */
    act_as_operator(h);
    harness_call(h, "MergeAccounts", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "preview", "PREVIEW_STALE"));
    assert_int_equal(harness_events(h, "identity.accounts_merged"), 0);
    (void)merge(h, stays, merged);
}

static void a_merge_is_undone_while_nothing_else_happened(void **state)
{
    struct harness *h = *state;
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);
    const Identity__Merge *done = merge(h, stays, merged);
    Identity__UndoMergeRequest undo = undo_of(done);

    harness_reopen(h);
    const Identity__Merge *undone = harness_call(h, "UndoMerge", &undo.base, MC_OK);
    assert_int_equal(undone->state, IDENTITY__MERGE_STATE__MERGE_UNDONE);
    assert_int_equal(harness_events(h, "identity.accounts_unmerged"), 1);
    (void)become(h, &old_binh); /* number, password and phone are its own again */
    assert_string_equal(profile(h)->account_id, merged);
    (void)become(h, &binh);
    assert_string_equal(profile(h)->account_id, stays);
    assert_int_equal(profile(h)->n_numbers_masked, 0);
    act_as_operator(h);
    harness_call(h, "UndoMerge", &undo.base, MC_EXPIRED);
    done = merge(h, stays, merged); /* and again */
    undo = undo_of(done);
    harness_set_clock(h, done->undo_until_ms - 1);
    (void)harness_call(h, "UndoMerge", &undo.base, MC_OK);
    done = merge(h, stays, merged);
    undo = undo_of(done);
    harness_set_clock(h, done->undo_until_ms);
    harness_call(h, "UndoMerge", &undo.base, MC_EXPIRED);
    assert_true(harness_violated(h, "merge_id", "MERGE_OVER"));
}

static void a_merge_stands_once_the_account_went_on(void **state)
{
    struct harness *h = *state;
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);
    const Identity__Merge *done = merge(h, stays, merged);

    set_status(h, &binh, LOCKED);
    act_as_operator(h);
    Identity__UndoMergeRequest undo = undo_of(done);
    harness_call(h, "UndoMerge", &undo.base, MC_EXPIRED);
    assert_true(harness_violated(h, "merge_id", "MERGE_OVER"));
}

/* Two persons, an officer, itself, closed ones: told in the preview, refused when tried. */
static void what_cannot_be_one_is_said(void **state)
{
    struct harness *h = *state;
    char *account = open_account(h, &binh);
    char *stranger = open_account(h, &tho);

    give_rights(h, &tho, DISTRICT, (struct rights){{"DOSSIER_RECEIVE"}});
    set_status(h, &binh, LOCKED);
    act_as_operator(h);
    const Identity__PreviewMergeReply *seen = preview(h, account, stranger);
    static const char *const want[] = {"MERGE_NAMES_DIFFER", "MERGE_BIRTHS_DIFFER",
                                       "NUMBER_SECOND_CCCD", "MERGE_OFFICER", "MERGE_NOT_ACTIVE"};
    assert_int_equal(seen->n_blockers, MC_LEN(want));
    for (size_t i = 0; i < MC_LEN(want); i++) {
        assert_string_equal(seen->blockers[i], want[i]);
        assert_true(seen->blocker_texts[i][0] != '\0');
    }
    Identity__MergeAccountsRequest request = merge_of(account, stranger, seen);
    harness_call(h, "MergeAccounts", &request.base, MC_CONFLICT);
    for (size_t i = 0; i < MC_LEN(want); i++)
        assert_true(harness_violated(h, "", want[i]));
    Identity__PreviewMergeRequest same = IDENTITY__PREVIEW_MERGE_REQUEST__INIT;
    same.kept_account_id = same.merged_account_id = account;
    harness_call(h, "PreviewMerge", &same.base, MC_INVALID);
    assert_true(harness_violated(h, "merged_account_id", "MERGE_SAME"));
}

/* The right alone is not enough: the top administrator's, and never for himself. */
static void only_the_top_merges(void **state)
{
    struct harness *h = *state;
    char *own = open_account(h, &tho);
    char *stays = open_account(h, &binh);
    char *merged = open_account(h, &old_binh);
    Identity__PreviewMergeRequest look = IDENTITY__PREVIEW_MERGE_REQUEST__INIT;
    look.kept_account_id = stays;
    look.merged_account_id = merged;

    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_MERGE", "APCA_ADMIN"}});
    harness_call(h, "PreviewMerge", &look.base, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    act_as_officer(h, "000.00.00.G22", (struct rights){{"APCA_ADMIN"}});
    harness_call(h, "PreviewMerge", &look.base, MC_DENIED);
    act_as_officer(h, "000.00.00.G22", (struct rights){{"ACCOUNT_MERGE", "APCA_ADMIN"}});
    Identity__MergeAccountsRequest request = merge_of(stays, merged, preview(h, stays, merged));
    (void)harness_call(h, "MergeAccounts", &request.base, MC_OK);
    look.kept_account_id = own;
    harness_call(h, "PreviewMerge", &look.base, MC_DENIED);
    assert_true(harness_violated(h, "", "OWN_ACCOUNT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(both_numbers_lead_to_the_account),
        TEST(a_join_needs_a_desk_and_fitting_papers),
        TEST(a_number_with_an_account_becomes_a_proposal),
        TEST(two_accounts_become_one),
        TEST(only_what_was_previewed_is_done),
        TEST(a_merge_is_undone_while_nothing_else_happened),
        TEST(a_merge_stands_once_the_account_went_on),
        TEST(what_cannot_be_one_is_said),
        TEST(only_the_top_merges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
