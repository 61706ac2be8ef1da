/* What is kept of a person, who sees it unmasked, and who changes what of it (REG-49 to REG-51). */
#include "account_help.h"

#define TAX "9900000016" /* a right check digit, and never issued */

static const Identity__AccountDetails *details(struct harness *h, const char *account_id,
                                               int64_t as_of_ms)
{
    Identity__ReadAccountRequest request = IDENTITY__READ_ACCOUNT_REQUEST__INIT;

    request.account_id = text(account_id);
    request.as_of_ms = as_of_ms;
    harness_purpose(h, "Cập nhật thông tin định danh");
    return harness_call(h, "ReadAccount", &request.base, MC_OK);
}

static char *one_field[1];
static Identity__UpdateAccountRequest update_of(const char *field)
{
    Identity__UpdateAccountRequest request = IDENTITY__UPDATE_ACCOUNT_REQUEST__INIT;

    one_field[0] = text(field);
    request.fields = one_field;
    request.n_fields = 1;
    return request;
}

static void set_email(struct harness *h, const char *email)
{
    Identity__UpdateAccountRequest request = update_of("email");

    request.email = text(email);
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
}

/* The profile is masked; the whole is given to its owner for a purpose, and that is kept. */
static void an_owner_sees_and_edits_his_data_REG_50(void **state)
{
    struct harness *h = *state;
    char *account = open_account(h, &binh);
    (void)become(h, &binh);
    char *fields[] = {text("email"), text("address")};
    Identity__UpdateAccountRequest request = IDENTITY__UPDATE_ACCOUNT_REQUEST__INIT;

    request.fields = fields;
    request.n_fields = 2;
    request.email = text("binh@example.vn");
    request.address = text("  Ấp 3,   xã Long Thuận ");
    request.version = 1;
    const Identity__UpdateAccountReply *done =
        harness_call(h, "UpdateAccount", &request.base, MC_OK);
    assert_string_equal(done->account_id, account);
    assert_int_equal(done->version, 2);
    harness_reopen(h);

    const Identity__Profile *masked = profile(h);
    assert_string_equal(masked->email_masked, "b****@example.vn");
    assert_true(masked->has_address);
    assert_int_equal(masked->version, 2);
    assert_int_equal(masked->status, ACTIVE);
    Identity__ReadAccountRequest read = IDENTITY__READ_ACCOUNT_REQUEST__INIT;
    harness_call(h, "ReadAccount", &read.base, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    const Identity__AccountDetails *whole = details(h, "", 0);
    assert_string_equal(whole->login_id, BINH_ID);
    assert_string_equal(whole->phone, BINH_PHONE);
    assert_string_equal(whole->email, "binh@example.vn");
    assert_string_equal(whole->address, "Ấp 3, xã Long Thuận");
    assert_string_equal(whole->status, "ACCOUNT_ACTIVE");
    assert_string_equal(whole->consent_version, "2026-01");
    assert_int_equal(harness_events(h, "identity.personal_data_read"), 1);

    request.version = 1; /* the screen of before */
    harness_call(h, "UpdateAccount", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "ACCOUNT_CHANGED"));
}

/* An e-mail is how a person is reached: other rooms hear; an address
 * only fills in forms, and sends no notice. */
static void contacts_reach_the_other_rooms(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    Identity__UpdateAccountRequest request = update_of("address");

    request.address = text("Ấp 3");
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
    assert_int_equal(harness_events(h, "identity.person_changed"), 1);
    set_email(h, "binh@example.vn");
    const Identity__AccountOpened *told = harness_last_event(
        h, "identity.contact_changed", &identity__account_opened__descriptor, NULL);
    assert_string_equal(told->email, "binh@example.vn");
    assert_string_equal(told->phone, BINH_PHONE);
    set_email(h, "binh@example.vn"); /* nothing differs: nothing happened */
    assert_int_equal(harness_events(h, "identity.contact_changed"), 1);
    assert_int_equal(profile(h)->version, 3);
}

static void each_field_is_checked(void **state)
{
    struct harness *h = *state;
    char address[IDENTITY_ADDRESS_MAX + 2] = {0};
    memset(address, 'a', IDENTITY_ADDRESS_MAX + 1);
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const struct {
        const char *field, *value, *code;
    } cases[] = {
        {"email", "not-an-address", "EMAIL_FORMAT"},
        {"address", address, "FIELD_TOO_LONG"},
        {"address", "a\nb", "FIELD_INVALID"},
        {"tax_code", "990000001", "TAX_CODE_FORMAT"},
        {"tax_code", "9900000017", "TAX_CODE_CHECK_DIGIT"},
        {"tax_code", "9900000016-000", "TAX_CODE_BRANCH"},
        {"tax_code", "038085990025", "TAX_CODE_NOT_YOURS"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Identity__UpdateAccountRequest request = update_of(cases[i].field);
        request.email = request.address = request.tax_code = text(cases[i].value);
        harness_call(h, "UpdateAccount", &request.base, MC_INVALID);
        if (!harness_violated(h, cases[i].field, cases[i].code))
            fail_msg("case %zu: %s, not %s", i, harness_header(h)->code, cases[i].code);
    }
    Identity__UpdateAccountRequest request = update_of("phone"); /* two phones prove that */
    harness_call(h, "UpdateAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "fields", "FIELD_NOT_CHANGEABLE"));
    request = update_of("address");
    address[IDENTITY_ADDRESS_MAX] = '\0';
    request.address = address;
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
    request.n_fields = 0;
    harness_call(h, "UpdateAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "fields", "FIELD_REQUIRED"));
}

/* REG-51: 10, 13, 10-3 or the own 12 digits; sealed, shown masked, told sealed. */
static void a_tax_code_is_kept_REG_51(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    static const char *const codes[][2] = {
        {TAX, TAX},
        {"9900000016001", "9900000016-001"},
        {"9900000016-002", "9900000016-002"},
        {BINH_ID, BINH_ID},
        {"", ""},
    };

    for (size_t i = 0; i < MC_LEN(codes); i++) {
        Identity__UpdateAccountRequest request = update_of("tax_code");
        request.tax_code = text(codes[i][0]);
        (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
        assert_string_equal(details(h, "", 0)->tax_code, codes[i][1]);
        const Motcua__Event *event;
        const Identity__TaxCodeChanged *told = harness_last_event(
            h, "identity.tax_code_changed", &identity__tax_code_changed__descriptor, &event);
        assert_string_equal(told->tax_code, codes[i][1]);
        assert_null(strstr(profile(h)->tax_code_masked, "000001"));
    }
    assert_int_equal(harness_events(h, "identity.tax_code_changed"), MC_LEN(codes));
    assert_string_equal(profile(h)->tax_code_masked, "");
}

/* Name and birth date: at the desk, with a reason, and not one's own. */
static void an_officer_corrects_a_name_REG_50(void **state)
{
    struct harness *h = *state;
    char *own = open_account(h, &tho);
    char *account = open_account(h, &binh);
    char *fields[] = {text("full_name"), text("birth_date")};
    Identity__UpdateAccountRequest request = IDENTITY__UPDATE_ACCOUNT_REQUEST__INIT;
    request.fields = fields;
    request.n_fields = 2;
    request.full_name = text("Nguyễn Thị Hòa Bình");
    request.birth_date = text("06/03/1993");

    (void)become(h, &binh);
    harness_call(h, "UpdateAccount", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "full_name", "FIELD_AT_DESK"));
    request.account_id = account;
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_VIEW"}});
    harness_call(h, "UpdateAccount", &request.base, MC_DENIED);
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
    harness_call(h, "UpdateAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    request.reason = text("Đối chiếu giấy khai sinh bản chính");
    request.birth_date = text("06/03/1994");
    harness_call(h, "UpdateAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "birth_date", "BIRTH_YEAR_MISMATCH"));
    request.birth_date = text("06/03/1993");
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
    const Identity__AccountOpened *told = harness_last_event(
        h, "identity.contact_changed", &identity__account_opened__descriptor, NULL);
    assert_string_equal(told->full_name, "Nguyễn Thị Hòa Bình");
    request.account_id = own;
    harness_call(h, "UpdateAccount", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "full_name", "FIELD_AT_DESK"));
}

/* As of a moment: what later changes found is what was there. */
static void the_past_can_be_read(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    int64_t opened = harness_now(h);

    (void)become(h, &binh);
    harness_advance(h, MINUTE_MS);
    set_email(h, "one@example.vn");
    int64_t first = harness_now(h);
    harness_advance(h, MINUTE_MS);
    set_email(h, "two@example.vn");
    harness_reopen(h);
    assert_string_equal(details(h, "", opened)->email, "");
    assert_int_equal(details(h, "", opened)->version, 1);
    assert_string_equal(details(h, "", first - 1)->email, "");
    assert_string_equal(details(h, "", first)->email, "one@example.vn");
    assert_int_equal(details(h, "", first)->version, 2);
    assert_string_equal(details(h, "", first + MINUTE_MS - 1)->email, "one@example.vn");
    assert_string_equal(details(h, "", first + MINUTE_MS)->email, "two@example.vn");
    assert_string_equal(details(h, "", 0)->email, "two@example.vn");
    Identity__ReadAccountRequest early = IDENTITY__READ_ACCOUNT_REQUEST__INIT;
    early.as_of_ms = opened - 1;
    harness_call(h, "ReadAccount", &early.base, MC_NOT_FOUND);
}

/* REG-47: what the register confirmed is not what an officer corrected; it is asked again. */
static void a_correction_is_verified_anew_REG_47(void **state)
{
    (void)state;
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.population_url=https://population.test/check",
                                           NULL};
    struct harness *h = harness_open(&identity_room, settings);
    struct harness_exchange exchange;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    harness_tick(h);
    (void)open_account(h, &tho);
    assert_true(harness_effect(h, "population.check", &exchange));
    harness_answer(h, &exchange, 200, "{\"result\":\"NOT_FOUND\"}");
    char *account = open_account(h, &binh);
    assert_true(harness_effect(h, "population.check", &exchange));
    harness_answer(h, &exchange, 200, MATCH);
    assert_int_equal(count_accounts(h)->verified, 1);

    Identity__UpdateAccountRequest request = update_of("full_name");
    request.account_id = account;
    request.full_name = text("Nguyễn Thị Bình");
    request.reason = text("Đối chiếu giấy khai sinh");
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT", "ACCOUNT_VIEW"}});
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
    assert_string_equal(details(h, account, 0)->verified_by, "");
    assert_int_equal(count_accounts(h)->verified, 0);
    assert_true(harness_effect(h, "population.check", &exchange));
    harness_answer(h, &exchange, 200, MATCH);
    const Identity__CountAccountsReply *counts = count_accounts(h);
    assert_int_equal(counts->verified, 1);
    assert_int_equal(count_of(counts, "SUBSCRIBER", ACTIVE, true)->count, 1);
    set_status(h, &binh, CLOSED); /* no longer one of the indicator's */
    assert_int_equal(count_accounts(h)->verified, 0);
    harness_close(h);
    mc_arena_done(&kept);
}

static void changes_are_limited_an_hour(void **state)
{
    struct harness *h = *state;
    char email[32];
    (void)open_account(h, &binh);
    (void)become(h, &binh);

    for (int i = 0; i < IDENTITY_CHANGES_AN_HOUR; i++) {
        (void)snprintf(email, sizeof email, "mail%d@example.vn", i);
        set_email(h, email);
    }
    Identity__UpdateAccountRequest request = update_of("email");
    harness_call(h, "UpdateAccount", &request.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "CHANGES_TOO_MANY"));
    assert_int_equal(harness_header(h)->retry_after_ms, IDENTITY_STARTS_WINDOW_MS);
    harness_advance(h, IDENTITY_STARTS_WINDOW_MS - 1);
    harness_call(h, "UpdateAccount", &request.base, MC_LIMITED);
    harness_advance(h, 1);
    (void)harness_call(h, "UpdateAccount", &request.base, MC_OK);
}

/* A locked account is not changed from a session that is still on its way. */
static void only_active_accounts_change(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *account = open_account(h, &binh);
    Identity__UpdateAccountRequest request = update_of("email");
    request.account_id = account;
    request.reason = text("x");

    set_status(h, &binh, LOCKED);
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
    harness_call(h, "UpdateAccount", &request.base, MC_EXPIRED);
    assert_true(harness_violated(h, "", "ACCOUNT_NOT_ACTIVE"));
    assert_non_null(strstr(harness_header(h)->message, "Đang bị khóa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(an_owner_sees_and_edits_his_data_REG_50),
        TEST(contacts_reach_the_other_rooms),
        TEST(each_field_is_checked),
        TEST(a_tax_code_is_kept_REG_51),
        TEST(an_officer_corrects_a_name_REG_50),
        TEST(the_past_can_be_read),
        cmocka_unit_test(a_correction_is_verified_anew_REG_47),
        TEST(changes_are_limited_an_hour),
        TEST(only_active_accounts_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
