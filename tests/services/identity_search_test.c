/* The lists of staff and of made accounts: every filter, pages, counts, Excel (OFF-06 to 09, 21).
 */
#include "identity_files.h"
#include "identity_help.h"
#include "services/identity/officer.h"

#define PROVINCE "000.00.00.H35"
#define DISTRICT "000.00.43.H35"
#define COMMUNE  "000.15.43.H35"
#define ONE_STOP "000.05.01.H38"

static const struct person pang = {"012203990033", "Lò Văn Pâng", "21/06/2003", "0912000303",
                                   "84912000303"};
static const struct person desk = {"015085990041", "Vàng Thị Một Cửa", "02/02/1985", "0912000404",
                                   "84912000404"};

static void grant(struct harness *h, const struct person *who, const char *unit, const char *right)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    act_as_operator(h);
    request.login_id = text(who->login_id);
    request.unit = text(unit);
    request.rights = (char **)mc_unconst(&right);
    request.n_rights = 1;
    request.reason = text("Quyết định 12");
    (void)harness_call(h, "GrantRights", &request.base, MC_OK);
}

static void act_as_officer(struct harness *h, const struct person *who)
{
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, who)->session));
}

static void add_staff(struct harness *h, const struct person *who, const char *organisation)
{
    Identity__AddStaffRequest request = IDENTITY__ADD_STAFF_REQUEST__INIT;

    request.login_id = text(who->login_id);
    request.organisation = text(organisation);
    request.reason = text("Cán bộ đã đăng ký");
    (void)harness_call(h, "AddStaff", &request.base, MC_OK);
}

/* A filter; what is left out is empty. */
struct by {
    const char *name;
    const char *phone;
    const char *login_id;
    const char *unit;
    const char *organisation;
    Identity__StaffStatus status;
    bool without_unit;
    bool everyone;
};
#define BY(...) ((struct by){__VA_ARGS__})

static char *or_empty(const char *value)
{
    return text(value != NULL ? value : "");
}

static Identity__StaffFilter filter_of(struct by by)
{
    Identity__StaffFilter filter = IDENTITY__STAFF_FILTER__INIT;

    filter.name = or_empty(by.name);
    filter.phone = or_empty(by.phone);
    filter.login_id = or_empty(by.login_id);
    filter.unit = or_empty(by.unit);
    filter.organisation = or_empty(by.organisation);
    filter.status = by.status;
    filter.without_unit = by.without_unit;
    filter.everyone = by.everyone;
    return filter;
}

static const Identity__SearchStaffReply *search(struct harness *h, struct by by)
{
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__StaffFilter filter = filter_of(by);

    request.filter = &filter;
    return harness_call(h, "SearchStaff", &request.base, MC_OK);
}

/* How many the filter finds; the first is the wanted one when there is a wanted one. */
static size_t finds(struct harness *h, struct by filter, const struct person *wanted)
{
    const Identity__SearchStaffReply *reply = search(h, filter);

    assert_int_equal(reply->count, reply->n_rows);
    if (wanted != NULL && reply->n_rows > 0)
        assert_string_equal(reply->rows[0]->full_name, wanted->name);
    return reply->n_rows;
}

/* binh: a citizen, no staff. tho: an administrator. pang: two units. desk: a bank's. */
static void hire(struct harness *h)
{
    (void)open_account(h, &binh);
    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    (void)open_account(h, &desk);
    grant(h, &tho, PROVINCE, "RIGHTS_GRANT");
    grant(h, &pang, DISTRICT, "DOSSIER_RECEIVE");
    grant(h, &pang, COMMUNE, "DOSSIER_APPROVE");
    add_staff(h, &desk, "Ngân hàng TMCP Ngoại thương");
    harness_purpose(h, "Phân quyền cán bộ");
}

static void every_filter_of_the_screen_OFF_06(void **state)
{
    struct harness *h = *state;

    hire(h);
    assert_int_equal(finds(h, BY(.status = IDENTITY__STAFF_STATUS__STAFF_ACTIVE), &desk),
                     3); /* the citizen is not among them */
    assert_int_equal(finds(h, BY(.name = "pang lo"), &pang), 1);
    assert_int_equal(finds(h, BY(.name = "LÒ VĂN PÂNG"), &pang), 1);
    assert_int_equal(finds(h, BY(.name = "pan"), NULL), 0); /* words are whole */
    assert_int_equal(finds(h, BY(.name = "hoà bình"), NULL), 0);
    assert_int_equal(finds(h, BY(.phone = "0912 000 303"), &pang), 1);
    assert_int_equal(finds(h, BY(.phone = "0912000101"), NULL), 0);
    assert_int_equal(finds(h, BY(.login_id = pang.login_id), &pang), 1);
    assert_int_equal(finds(h, BY(.login_id = binh.login_id), NULL), 0);
    assert_int_equal(finds(h, BY(.login_id = pang.login_id, .unit = PROVINCE), NULL), 0);
    assert_int_equal(finds(h, BY(.unit = COMMUNE), &pang), 1);
    assert_int_equal(finds(h, BY(.unit = COMMUNE, .name = "văn"), &pang), 1);
    assert_int_equal(finds(h, BY(.without_unit = true), &desk), 1);
    assert_int_equal(finds(h, BY(.organisation = "ngan hang TMCP ngoại thương"), &desk), 1);

    const Identity__SearchStaffReply *reply = search(h, BY(.name = "Pâng"));
    assert_string_equal(reply->message, "Tìm thấy 1 kết quả");
    assert_string_equal(reply->rows[0]->login_id_masked, "012******033");
    assert_non_null(strstr(reply->rows[0]->units, "Tam Đường"));
    assert_non_null(strstr(reply->rows[0]->units, "Nùng Nàng"));
    assert_string_equal(reply->rows[0]->status_text, "Kích hoạt");
    assert_string_equal(search(h, BY(.name = "Không Ai"))->message,
                        "Không tìm thấy tài khoản thỏa mãn các tiêu chí trên");
}

/* OFF-08: «Không kích hoạt» is not shown unless it is asked for. */
static void the_inactive_must_be_asked_for_OFF_08(void **state)
{
    struct harness *h = *state;
    Identity__SetAccountStatusRequest off = IDENTITY__SET_ACCOUNT_STATUS_REQUEST__INIT;

    hire(h);
    off.login_id = text(pang.login_id);
    off.status = IDENTITY__ACCOUNT_STATUS__ACCOUNT_INACTIVE;
    off.reason = text("Nghỉ việc");
    (void)harness_call(h, "SetAccountStatus", &off.base, MC_OK);
    assert_int_equal(finds(h, BY(.name = "pâng"), NULL), 0);
    assert_int_equal(
        finds(h, BY(.name = "pâng", .status = IDENTITY__STAFF_STATUS__STAFF_INACTIVE), &pang), 1);
    assert_int_equal(finds(h, BY(.status = IDENTITY__STAFF_STATUS__STAFF_ANY), NULL), 3);
    assert_string_equal(
        search(h, BY(.status = IDENTITY__STAFF_STATUS__STAFF_INACTIVE))->rows[0]->status_text,
        "Không kích hoạt");
}

/* S14: an administrator sees the own tree and, when asked for, those who have no unit. */
static void an_administrator_searches_the_own_tree_S14(void **state)
{
    struct harness *h = *state;
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__StaffFilter elsewhere = filter_of(BY(.unit = ONE_STOP));

    hire(h);
    (void)(act_as_front(h),
           open_account(h, &(struct person){"012199990058", "Hoàng Xa", "01/01/1999", "0912000505",
                                            "84912000505"}));
    grant(h, &(struct person){.login_id = "012199990058"}, ONE_STOP, "DOSSIER_RECEIVE");
    assert_int_equal(finds(h, BY(.status = IDENTITY__STAFF_STATUS__STAFF_ACTIVE), NULL), 4);
    act_as_officer(h, &tho);
    assert_int_equal(finds(h, BY(.status = IDENTITY__STAFF_STATUS__STAFF_ACTIVE), NULL), 2);
    assert_int_equal(finds(h, BY(.without_unit = true), &desk), 1);
    request.filter = &elsewhere;
    harness_call(h, "SearchStaff", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "filter.unit", "UNIT_OUTSIDE"));
    act_as_officer(h, &pang); /* an officer without the right */
    harness_call(h, "SearchStaff", &request.base, MC_DENIED);
    act_as_operator(h);
    harness_purpose(h, "");
    harness_call(h, "SearchStaff", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    assert_true(harness_events(h, "identity.people_searched") >= 3);
}

/* OFF-09: who is in no list yet is found by whole name, phone or number, by the top only. */
static void everybody_is_found_by_the_top_OFF_09(void **state)
{
    struct harness *h = *state;
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__StaffFilter all = filter_of(BY(.everyone = true));

    hire(h);
    assert_int_equal(finds(h, BY(.name = "NGUYỄN THỊ HÒA BÌNH", .everyone = true), &binh), 1);
    assert_int_equal(finds(h, BY(.name = "hòa bình", .everyone = true), NULL), 0);
    assert_int_equal(finds(h, BY(.phone = binh.phone, .everyone = true), &binh), 1);
    assert_int_equal(finds(h, BY(.login_id = binh.login_id, .everyone = true), &binh), 1);
    request.filter = &all;
    harness_call(h, "SearchStaff", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "filter.name", "FIELD_REQUIRED"));
    act_as_officer(h, &tho);
    all.name = text(binh.name);
    harness_call(h, "SearchStaff", &request.base, MC_DENIED);
}

/* REG-09, and who may add. */
static void staff_is_added_by_who_may_OFF_09(void **state)
{
    struct harness *h = *state;
    Identity__AddStaffRequest request = IDENTITY__ADD_STAFF_REQUEST__INIT;

    hire(h);
    grant(h, &pang, COMMUNE, "USER_ADD");
    request.login_id = text(binh.login_id);
    request.reason = text("Cán bộ đã đăng ký");
    act_as_officer(h, &pang); /* acts for the district, where he has not that right */
    harness_call(h, "AddStaff", &request.base, MC_DENIED);
    Identity__SwitchUnitRequest to = IDENTITY__SWITCH_UNIT_REQUEST__INIT;
    to.unit = text(COMMUNE);
    const Identity__SessionReply *session = harness_call(h, "SwitchUnit", &to.base, MC_OK);
    act_as(h, claims_of(session->session));
    (void)harness_call(h, "AddStaff", &request.base, MC_OK);
    act_as_operator(h);
    assert_int_equal(finds(h, BY(.without_unit = true), &desk), 2);
    char organisation[IDENTITY_ORGANISATION_MAX + 2];
    memset(organisation, 'x', sizeof organisation);
    organisation[IDENTITY_ORGANISATION_MAX + 1] = '\0';
    request.organisation = organisation;
    harness_call(h, "AddStaff", &request.base, MC_INVALID);
    organisation[IDENTITY_ORGANISATION_MAX] = '\0';
    (void)harness_call(h, "AddStaff", &request.base, MC_OK);
}

/* A list of many: pages that are disjoint and whole, counts, and the file. */
static void a_long_list_goes_by_pages_OFF_07(void **state)
{
    struct harness *h = *state;
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__ExportStaffRequest export = IDENTITY__EXPORT_STAFF_REQUEST__INIT;
    Identity__StaffFilter filter = filter_of(BY(.name = "thử"));
    char numbers[25][13];
    size_t total = 0;

    act_as_front(h);
    for (int i = 0; i < 25; i++) {
        char phone[11];
        char e164[12];
        (void)snprintf(numbers[i], sizeof numbers[i], "0381859901%02d", i);
        (void)snprintf(phone, sizeof phone, "09120007%02d", i);
        (void)snprintf(e164, sizeof e164, "849120007%02d", i);
        const struct person one = {numbers[i], i % 5 == 0 ? "Thử Nghiệm" : "Trần Thử Thử",
                                   "17/11/1985", phone, e164};
        act_as_front(h);
        (void)open_account(h, &one);
        act_as_operator(h);
        add_staff(h, &one, "");
    }
    harness_purpose(h, "Kiểm tra");
    request.filter = &filter;
    request.page_size = 10;
    for (int page = 0; page < 3; page++) {
        const Identity__SearchStaffReply *reply =
            harness_call(h, "SearchStaff", &request.base, MC_OK);
        total += reply->n_rows;
        if (page == 0)
            assert_string_equal(reply->message, "Tìm thấy 25 kết quả");
        assert_int_equal(reply->next_page_token[0] == '\0', page == 2);
        request.page_token = reply->next_page_token;
    }
    assert_int_equal(total, 25);
    assert_int_equal(finds(h, BY(.name = "nghiệm thử"), NULL), 5);

    export.filter = &filter;
    export.first_number = 1;
    const Identity__ExportStaffReply *file = harness_call(h, "ExportStaff", &export.base, MC_OK);
    assert_int_equal(file->rows, 25);
    assert_string_equal(file->next_page_token, "");
    assert_memory_equal(file->content.data, "PK\3\4", 4);
    request.page_token = text("!");
    harness_call(h, "SearchStaff", &request.base, MC_INVALID);
}

/* --- made accounts --- */

static uint8_t file[4096];

static char *make(struct harness *h, const struct person *who)
{
    Identity__StartCitizenAccountRequest start_it = IDENTITY__START_CITIZEN_ACCOUNT_REQUEST__INIT;
    Identity__SendCitizenCodeRequest code = IDENTITY__SEND_CITIZEN_CODE_REQUEST__INIT;
    Identity__CreateCitizenAccountRequest finish = IDENTITY__CREATE_CITIZEN_ACCOUNT_REQUEST__INIT;

    start_it.login_id = text(who->login_id);
    start_it.full_name = text(who->name);
    start_it.birth_date = text(who->birth);
    start_it.phone = text(who->phone);
    start_it.consent_version = form_of(who).consent_version;
    start_it.scan_name = text("cccd.pdf");
    start_it.scan = (ProtobufCBinaryData){make_pdf(file, sizeof file), file};
    const Identity__StartCitizenAccountReply *started =
        harness_call(h, "StartCitizenAccount", &start_it.base, MC_OK);
    carrier_says(h, 200, MATCH);
    code.registration_id = finish.registration_id = started->registration_id;
    (void)harness_call(h, "SendCitizenCode", &code.base, MC_OK);
    code_goes_out(h);
    Otp__Proof proof =
        proof_of(h, OTP__PURPOSE__OFFICER_CREATE, started->registration_id, who->phone_e164);
    finish.proof = harness_token(h, "otp", &proof.base);
    const Identity__CreateCitizenAccountReply *done =
        harness_call(h, "CreateCitizenAccount", &finish.base, MC_OK);
    return done->account_id;
}

static const Identity__SearchMadeReply *made(struct harness *h,
                                             const Identity__SearchMadeRequest *request)
{
    return harness_call(h, "SearchMade", &request->base, MC_OK);
}

static void made_accounts_are_found_OFF_21(void **state)
{
    struct harness *h = *state;
    Identity__SearchMadeRequest request = IDENTITY__SEARCH_MADE_REQUEST__INIT;

    (void)open_account(h, &desk);
    grant(h, &desk, ONE_STOP, "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &desk);
    char *first = make(h, &pang);
    harness_advance(h, 24 * 60 * MINUTE_MS);
    act_as_officer(h, &desk);
    (void)make(h, &binh);
    harness_purpose(h, "Đối soát");

    const Identity__SearchMadeReply *reply = made(h, &request);
    assert_int_equal(reply->n_rows, 2);
    assert_string_equal(reply->message, "Tìm thấy 2 kết quả");
    assert_string_equal(reply->rows[1]->account_id, first);
    assert_string_equal(reply->rows[1]->officer_name, desk.name);
    assert_string_equal(reply->rows[1]->unit, ONE_STOP);
    request.until = text("07/09/2026");
    assert_int_equal(made(h, &request)->n_rows, 1);
    request.from = text("08/09/2026");
    assert_string_equal(made(h, &request)->message, /* OFF-22 */
                        "Không tìm thấy tài khoản thỏa mãn các tiêu chí trên");
    request.until = text("");
    assert_string_equal(made(h, &request)->rows[0]->full_name, binh.name);
    request.from = text("31/02/2026");
    harness_call(h, "SearchMade", &request.base, MC_INVALID);
    request.from = text("");
    request.name = text("pâng");
    assert_int_equal(made(h, &request)->n_rows, 1);
    request.officer = text("một cửa");
    assert_int_equal(made(h, &request)->n_rows, 1);
    request.officer = text("người khác");
    assert_int_equal(made(h, &request)->n_rows, 0);
    request.officer = request.name = text("");
    request.phone = text(binh.phone);
    assert_int_equal(made(h, &request)->n_rows, 1);
    request.phone = text("");
    request.login_id = text(pang.login_id);
    assert_int_equal(made(h, &request)->n_rows, 1);
    request.login_id = text(desk.login_id);
    assert_int_equal(made(h, &request)->n_rows, 0);

    /* another unit's desk sees nothing of it, an administrator above it all */
    act_as_front(h);
    (void)open_account(h, &tho);
    grant(h, &tho, "000.01.01.H10", "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &tho);
    request.login_id = text("");
    assert_int_equal(made(h, &request)->n_rows, 0);
    request.unit = text(ONE_STOP);
    harness_call(h, "SearchMade", &request.base, MC_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(every_filter_of_the_screen_OFF_06),
        TEST(the_inactive_must_be_asked_for_OFF_08),
        TEST(an_administrator_searches_the_own_tree_S14),
        TEST(everybody_is_found_by_the_top_OFF_09),
        TEST(staff_is_added_by_who_may_OFF_09),
        TEST(a_long_list_goes_by_pages_OFF_07),
        TEST(made_accounts_are_found_OFF_21),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
