/* Agencies and the units of officers: search, import, several units, one session (OFF-10 to 13). */
#include "identity_help.h"
#include "services/identity/officer.h"

#define PROVINCE  "000.00.00.H35"
#define DISTRICT  "000.00.43.H35"
#define COMMUNE   "000.15.43.H35"
#define ELSEWHERE "000.02.03.H48"

static const struct person pang = {"012203990033", "Lò Văn Pâng", "21/06/2003", "0912000303",
                                   "84912000303"};

static const Identity__SearchAgenciesReply *search(struct harness *h, const char *query)
{
    Identity__SearchAgenciesRequest request = IDENTITY__SEARCH_AGENCIES_REQUEST__INIT;

    request.query = text(query);
    request.page_size = IDENTITY_PAGE_MAX;
    return harness_call(h, "SearchAgencies", &request.base, MC_OK);
}

static bool finds(struct harness *h, const char *query, const char *code)
{
    const Identity__SearchAgenciesReply *reply = search(h, query);

    for (size_t i = 0; i < reply->n_agencies; i++)
        if (strcmp(reply->agencies[i]->code, code) == 0)
            return true;
    return false;
}

static const Identity__ImportAgenciesReply *import(struct harness *h, const char *csv,
                                                   enum mc_status want)
{
    Identity__ImportAgenciesRequest request = IDENTITY__IMPORT_AGENCIES_REQUEST__INIT;

    request.csv = (ProtobufCBinaryData){strlen(csv), (uint8_t *)text(csv)};
    request.reason = text("Danh mục 9/2026");
    return harness_call(h, "ImportAgencies", &request.base, want);
}

/* OFF-11 OFF-13: by code of either style, by name in any spelling and without marks. */
static void agencies_are_found_by_code_or_name_OFF_11(void **state)
{
    struct harness *h = *state;

    act_as_operator(h);
    assert_true(finds(h, "000.15.43.h35", COMMUNE));
    assert_true(finds(h, "000.15", COMMUNE));
    assert_true(finds(h, "H21.2", "H21.217"));
    assert_true(finds(h, "nung nang", COMMUNE));
    assert_true(finds(h, "XÃ NÙNG NÀNG", COMMUNE));
    assert_true(finds(h, "nàng xã", COMMUNE));
    assert_true(finds(h, "Tam Duong", DISTRICT));
    assert_true(finds(h, "khanh hòa", "H32"));
    assert_true(finds(h, "Khánh Hoà", "H32"));
    assert_false(finds(h, "nung nang tam diep", COMMUNE));
    assert_int_equal(search(h, "không có đâu")->n_agencies, 0);
}

/* A word that begins every name costs no more than a page; the pages together are all, once. */
static void a_wide_search_goes_by_pages(void **state)
{
    struct harness *h = *state;
    Identity__SearchAgenciesRequest request = IDENTITY__SEARCH_AGENCIES_REQUEST__INIT;
    size_t total = 0;
    size_t pages = 0;

    act_as_operator(h);
    request.query = text("ubnd tỉnh");
    request.page_size = 7;
    size_t whole = search(h, "ubnd tỉnh")->n_agencies;
    for (;;) {
        const Identity__SearchAgenciesReply *reply =
            harness_call(h, "SearchAgencies", &request.base, MC_OK);
        total += reply->n_agencies;
        pages += 1;
        if (reply->next_page_token[0] == '\0')
            break;
        request.page_token = reply->next_page_token;
    }
    assert_int_equal(total, whole);
    assert_true(pages >= whole / 7);
    request.page_size = IDENTITY_PAGE_MAX + 1;
    harness_call(h, "SearchAgencies", &request.base, MC_INVALID);
    request.page_size = IDENTITY_PAGE_MAX;
    request.page_token = text("?");
    harness_call(h, "SearchAgencies", &request.base, MC_INVALID);
}

/* OFF-32 OFF-33: the name in any case and spelling, or the flag; real names that break the rule. */
static void one_door_units_are_known_by_name_or_flag_OFF_33(void **state)
{
    struct harness *h = *state;
    static const struct {
        const char *name;
        bool one_stop;
    } names[] = {
        {"Trung tâm Phục vụ hành chính công và Kiểm soát thủ tục hành chính tỉnh Hưng Yên", true},
        {"TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", true},
        {"Bộ phận Một cửa UBND xã Hoà Bình", true},
        {"Bộ phận một cửa", true}, /* NFD */
        {"Trung tâm Hành chính công tỉnh", false},
        {"UBND huyện Tam Đường", false},
        {"Bộ phận một", false},
    };

    (void)h;
    for (size_t i = 0; i < MC_LEN(names); i++) {
        IdentityState__Agency agency = IDENTITY_STATE__AGENCY__INIT;
        agency.name = text(names[i].name);
        assert_int_equal(identity_agency_is_one_stop(&agency), names[i].one_stop);
        agency.one_stop = true;
        assert_true(identity_agency_is_one_stop(&agency));
    }
}

static void an_import_adds_and_changes_and_never_forgets(void **state)
{
    struct harness *h = *state;

    act_as_operator(h);
    const Identity__ImportAgenciesReply *reply =
        import(h,
               "code,name,one_stop,valid_until\n"
               "H35.20,Trung tâm Hành chính công tỉnh Lai Châu,yes,\n"
               "000.00.43.H35,UBND huyện Tam Đường,,01/07/2025\n",
               MC_OK);
    assert_int_equal(reply->added, 1);
    assert_int_equal(reply->changed, 1);
    reply = import(
        h, "code,name,one_stop,valid_until\nH35.20,Trung tâm Hành chính công tỉnh Lai Châu,yes,\n",
        MC_OK);
    assert_int_equal(reply->same, 1);
    assert_true(finds(h, "hanh chinh cong lai chau", "H35.20"));
    assert_true(search(h, "H35.20")->agencies[0]->one_stop);
    assert_string_equal(search(h, "H35.20")->agencies[0]->level1, "H35");
    assert_string_equal(search(h, "H35.20")->agencies[0]->parent, "H35");
    assert_false(finds(h, "tam duong", DISTRICT)); /* over: no longer offered */

    Identity__SearchAgenciesRequest all = IDENTITY__SEARCH_AGENCIES_REQUEST__INIT;
    all.query = text(DISTRICT);
    all.all = true;
    const Identity__SearchAgenciesReply *old = harness_call(h, "SearchAgencies", &all.base, MC_OK);
    assert_int_equal(old->n_agencies, 1);
    assert_false(old->agencies[0]->valid);
    assert_string_equal(old->agencies[0]->valid_until, "01/07/2025");
    assert_int_equal(harness_events(h, "identity.agencies_imported"), 2);
    size_t rows = harness_rows(h, IDENTITY_AGENCIES);
    harness_reopen(h);
    harness_tick(h); /* the embedded table does not come back over what the operator changed */
    assert_int_equal(harness_rows(h, IDENTITY_AGENCIES), rows);
    assert_false(finds(h, "tam duong", DISTRICT));
}

/* Every wrong row is told, by its number; nothing of the file is taken. */
static void a_wrong_import_changes_nothing(void **state)
{
    struct harness *h = *state;
    char csv[64 * (IDENTITY_AGENCY_ROWS_MAX + 2)] = "code,name\n";

    act_as_operator(h);
    import(h, "code,name,valid_from\nH35.21,Sở Tư pháp,\nnowhere,X,\nH35.22,,32/13/2026\n",
           MC_INVALID);
    assert_true(harness_violated(h, "rows[2].code", "AGENCY_CODE_FORMAT"));
    assert_true(harness_violated(h, "rows[3].name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "rows[3].valid_from", "DATE_FORMAT"));
    assert_int_equal(search(h, "H35.21")->n_agencies, 0);
    import(h, "a,b\n", MC_INVALID);
    assert_true(harness_violated(h, "csv", "AGENCY_CSV_HEAD"));
    import(h, "code,name\n\"H35", MC_INVALID);

    size_t len = strlen(csv);
    for (int i = 0; i <= IDENTITY_AGENCY_ROWS_MAX; i++) {
        if (i == IDENTITY_AGENCY_ROWS_MAX)
            assert_int_equal(import(h, csv, MC_OK)->added, IDENTITY_AGENCY_ROWS_MAX);
        len += (size_t)snprintf(csv + len, sizeof csv - len, "H35.%c%c%c,Phòng %d\n", 'A' + i / 676,
                                'A' + i / 26 % 26, 'A' + i % 26, i);
    }
    import(h, csv, MC_INVALID); /* one past the limit */
    assert_true(harness_violated(h, "csv", "LIST_TOO_LONG"));
}

/* --- an officer's units --- */

static void grant(struct harness *h, const struct person *who, const char *unit, const char *right)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    request.login_id = text(who->login_id);
    request.unit = text(unit);
    request.rights = (char **)mc_unconst(&right);
    request.n_rights = 1;
    request.reason = text("Quyết định 12/QĐ-UBND");
    (void)harness_call(h, "GrantRights", &request.base, MC_OK);
}

static void act_as_admin(struct harness *h, const char *unit)
{
    act_as_operator(h);
    grant(h, &tho, unit, "RIGHTS_GRANT");
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, &tho)->session));
}

static const Identity__Officer *officer(struct harness *h, const struct person *who)
{
    Identity__GetOfficerRequest request = IDENTITY__GET_OFFICER_REQUEST__INIT;

    request.login_id = text(who->login_id);
    return harness_call(h, "GetOfficer", &request.base, MC_OK);
}

static const Identity__Officer *assign(struct harness *h, const Identity__Officer *seen,
                                       const char *const *units, size_t len, enum mc_status want)
{
    Identity__AssignUnitsRequest request = IDENTITY__ASSIGN_UNITS_REQUEST__INIT;
    const char *copies[IDENTITY_UNITS_MAX + 1];

    memcpy(copies, units, len * sizeof *units);
    request.account_id = seen->account_id;
    request.version = seen->version;
    request.units = (char **)mc_unconst(copies);
    request.n_units = len;
    request.reason = text("Điều động");
    return harness_call(h, "AssignUnits", &request.base, want);
}

/* OFF-10 OFF-12: two units in one save; a second screen with the old version is refused. */
static void a_user_has_several_units_OFF_12(void **state)
{
    struct harness *h = *state;
    static const char *const both[] = {"000.00.43.h35", COMMUNE};

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin(h, PROVINCE);
    const Identity__Officer *seen = officer(h, &pang);
    assert_int_equal(seen->n_units, 0);
    assert_string_equal(seen->full_name, pang.name);
    assert_string_equal(seen->login_id_masked, "012******033");
    const Identity__Officer *saved = assign(h, seen, both, 2, MC_OK);
    assert_int_equal(saved->n_units, 2);
    assert_string_equal(saved->units[0]->unit->code, DISTRICT);
    assert_non_null(strstr(saved->units[1]->unit->name, "Nùng Nàng"));
    assert_true(saved->units[1]->changeable);
    assign(h, seen, both, 1, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "CONFLICT"));

    /* the list of units not assigned yet */
    Identity__SearchAgenciesRequest request = IDENTITY__SEARCH_AGENCIES_REQUEST__INIT;
    request.query = text("000.");
    request.level1 = text("H35");
    request.not_of_account = saved->account_id;
    const Identity__SearchAgenciesReply *left =
        harness_call(h, "SearchAgencies", &request.base, MC_OK);
    assert_int_equal(left->n_agencies, 1);
    assert_string_equal(left->agencies[0]->code, PROVINCE);
    assert_int_equal(harness_events(h, "identity.units_assigned"), 1);
}

/* Units of another tree can be neither added nor taken away by a list. */
static void a_list_of_units_stays_in_the_own_tree(void **state)
{
    struct harness *h = *state;
    static const char *const outside[] = {ELSEWHERE};
    static const char *const mixed[] = {ELSEWHERE, COMMUNE};

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_operator(h);
    grant(h, &pang, ELSEWHERE, "DOSSIER_RECEIVE");
    act_as_admin(h, PROVINCE);
    const Identity__Officer *seen = officer(h, &pang);
    assert_false(seen->units[0]->changeable);
    assign(h, seen, mixed, 0, MC_DENIED);
    assert_true(harness_violated(h, "units", "UNIT_OUTSIDE"));
    assign(h, seen, &mixed[1], 1, MC_DENIED);
    seen = assign(h, seen, mixed, 2, MC_OK);
    assert_int_equal(seen->units[0]->n_rights, 1); /* what stays keeps its rights */
    seen = assign(h, seen, outside, 1, MC_OK);
    assert_int_equal(seen->n_units, 1);

    const Identity__Officer *self = officer(h, &tho);
    assign(h, self, mixed, 2, MC_DENIED);
    assert_true(harness_violated(h, "account_id", "RIGHTS_TO_SELF"));
}

static void the_number_of_units_has_a_limit(void **state)
{
    struct harness *h = *state;
    const char *units[IDENTITY_UNITS_MAX + 1];
    char codes[IDENTITY_UNITS_MAX + 1][MC_AGENCY_CODE_SIZE];

    (void)open_account(h, &pang);
    act_as_operator(h);
    for (size_t i = 0; i < MC_LEN(units); i++) {
        (void)snprintf(codes[i], sizeof codes[i], "H35.%02zu", i + 10);
        units[i] = codes[i];
    }
    assign(h, officer(h, &pang), units, MC_LEN(units), MC_INVALID);
    assert_true(harness_violated(h, "units", "UNITS_TOO_MANY"));
    assert_int_equal(assign(h, officer(h, &pang), units, IDENTITY_UNITS_MAX, MC_OK)->n_units,
                     IDENTITY_UNITS_MAX);
}

/* One unit at a time, with its own rights only; a unit that is taken away ends the session. */
static void a_session_acts_for_one_unit_OFF_10(void **state)
{
    struct harness *h = *state;
    Identity__SwitchUnitRequest to = IDENTITY__SWITCH_UNIT_REQUEST__INIT;
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    static const char *const rest[] = {DISTRICT};

    (void)open_account(h, &pang);
    act_as_operator(h);
    grant(h, &pang, DISTRICT, "DOSSIER_RECEIVE");
    grant(h, &pang, COMMUNE, "DOSSIER_APPROVE");
    act_as_front(h);
    const Identity__SessionReply *session = sign_in(h, &pang);
    assert_int_equal(session->profile->n_units, 2);
    assert_string_equal(claims_of(session->session)->unit, DISTRICT);
    act_as(h, claims_of(session->session));
    to.unit = text(ELSEWHERE);
    harness_call(h, "SwitchUnit", &to.base, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NOT_ASSIGNED"));
    to.unit = text(COMMUNE);
    session = harness_call(h, "SwitchUnit", &to.base, MC_OK);
    const Motcua__SessionClaims *claims = claims_of(session->session);
    assert_string_equal(claims->unit, COMMUNE);
    assert_int_equal(claims->n_rights, 1);
    assert_string_equal(claims->rights[0], "DOSSIER_APPROVE");
    act_as_front(h);
    refresh.refresh = session->refresh;
    session = harness_call(h, "Refresh", &refresh.base, MC_OK);
    assert_string_equal(claims_of(session->session)->unit, COMMUNE);

    act_as_operator(h);
    (void)assign(h, officer(h, &pang), rest, 1, MC_OK);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 1);
    act_as_front(h);
    refresh.refresh = session->refresh;
    harness_call(h, "Refresh", &refresh.base, MC_UNAUTHENTICATED);
}

/* OFF-14 to OFF-16: the rights in their groups, as printed. */
static void the_rights_are_listed_in_groups_OFF_16(void **state)
{
    struct harness *h = *state;
    Identity__ListRightsRequest request = IDENTITY__LIST_RIGHTS_REQUEST__INIT;

    act_as_operator(h);
    const Identity__ListRightsReply *reply = harness_call(h, "ListRights", &request.base, MC_OK);
    assert_true(reply->n_rights > 15);
    assert_string_equal(reply->rights[0]->group_name, "Nhóm quyền chứng thực điện tử");
    assert_string_equal(reply->rights[0]->name, "Tạo bản sao chứng thực");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(agencies_are_found_by_code_or_name_OFF_11),
        TEST(a_wide_search_goes_by_pages),
        TEST(one_door_units_are_known_by_name_or_flag_OFF_33),
        TEST(an_import_adds_and_changes_and_never_forgets),
        TEST(a_wrong_import_changes_nothing),
        TEST(a_user_has_several_units_OFF_12),
        TEST(a_list_of_units_stays_in_the_own_tree),
        TEST(the_number_of_units_has_a_limit),
        TEST(a_session_acts_for_one_unit_OFF_10),
        TEST(the_rights_are_listed_in_groups_OFF_16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
