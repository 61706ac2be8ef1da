/* Methods as dated data, the consent's versions: what is published, what is refused, and why. */
#include <stdlib.h>
#include <unistd.h>

#include "common/date.h"

#include "identity_help.h"

#define HEADER                                                                                     \
    "code,name_vi,ial,open,citizen,enterprise,state_agency,officer_rights,fields,condition,"       \
    "verifier,confirmation\n"
#define ROW(code, window)                                                                          \
    code ",Thuê bao,"                                                                             \
         "2,yes," window ",,,yes,\"login_id*,email\",a,b,c\n"

static Identity__StartRegistrationRequest form_at(struct harness *h, int64_t ms)
{
    Identity__StartRegistrationRequest form = form_of(&binh);

    harness_set_clock(h, ms);
    return form;
}

static const char *write_file(const char *name, const char *content)
{
    static char path[64];

    (void)snprintf(path, sizeof path, "/tmp/mc-%s-XXXXXX", name);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(close(fd), 0);
    return path;
}

/* An operator's own table closes the method by law; the day before is open, the day is not. */
static void a_method_closes_at_midnight_in_vietnam_DEC_01(void **state)
{
    char setting[128];
    const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, setting, NULL};
    const char *path = write_file("methods", HEADER ROW("SUBSCRIBER", "02/10/2026..30/11/2026")
                                                 ROW("VNPOST", ".."));
    int64_t opens = mc_date_to_ms((struct mc_date){2026, 10, 2});
    int64_t closes = mc_date_to_ms((struct mc_date){2026, 12, 1});

    (void)state;
    assert_int_equal(closes % (24LL * 60 * MINUTE_MS), 17LL * 60 * MINUTE_MS); /* UTC+7 */
    (void)snprintf(setting, sizeof setting, "identity.methods_file=%s", path);
    struct harness *h = harness_open(&identity_room, settings);
    Identity__StartRegistrationRequest form = form_at(h, opens - 1);
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "method", "METHOD_NOT_YET"));
    assert_string_equal(harness_header(h)->message,
                        "Phương thức Thuê bao được mở từ ngày 02/10/2026.");
    form = form_at(h, opens);
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
    form = form_at(h, closes - 1);
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
    form = form_at(h, closes);
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "method", "METHOD_CLOSED"));
    assert_string_equal(
        harness_header(h)->message,
        "Phương thức Thuê bao đã dừng từ ngày 01/12/2026. Vui lòng chọn phương thức khác.");
    harness_close(h);
    (void)remove(path);
}

static const Identity__ListMethodsReply *list(struct harness *h, Identity__SubjectKind kind,
                                              int64_t at_ms)
{
    Identity__ListMethodsRequest request = IDENTITY__LIST_METHODS_REQUEST__INIT;

    request.subject_kind = kind;
    request.at_ms = at_ms;
    return harness_call(h, "ListMethods", &request.base, MC_OK);
}

static const Identity__RegistrationMethod *method_in(const Identity__ListMethodsReply *reply,
                                                     const char *code)
{
    for (size_t i = 0; i < reply->n_methods; i++)
        if (strcmp(reply->methods[i]->code, code) == 0)
            return reply->methods[i];
    return NULL;
}

static bool guide_has(const Identity__ListMethodsReply *reply, const char *words)
{
    for (size_t i = 0; i < reply->n_guide; i++)
        if (strcmp(reply->guide[i]->text, words) == 0)
            return true;
    return false;
}

/* REG-04 to REG-10, REG-13, REG-28, REG-52, REG-55 */
static void the_rules_are_published_REG_52(void **state)
{
    struct harness *h = *state;
    const Identity__ListMethodsReply *reply;

    harness_as(h, &(struct mc_caller){.name = ""});
    reply = list(h, IDENTITY__SUBJECT_KIND__CITIZEN, 0);
    const Identity__RegistrationMethod *mobile = method_in(reply, "SUBSCRIBER");
    assert_non_null(mobile);
    assert_string_equal(mobile->name, "Thuê bao di động");
    assert_string_equal(mobile->ial_name, "Xác minh mức độ trung bình (IAL2)"); /* REG-07 */
    assert_true(mobile->open);
    assert_string_equal(mobile->message, "");
    assert_int_equal(mobile->n_fields, 6);
    assert_string_equal(mobile->fields[0]->label, "Tên đăng nhập (Số CMT/CCCD)");
    assert_string_equal(mobile->fields[0]->placeholder, "Nhập số CMT/CCCD"); /* REG-28 */
    assert_true(mobile->fields[0]->required);
    for (size_t i = 0; i < mobile->n_fields; i++)
        if (strcmp(mobile->fields[i]->name, "email") == 0)
            assert_false(mobile->fields[i]->required);
    assert_string_equal(method_in(reply, "USB_TOKEN")->ial_name, "Xác minh mức độ cao (IAL3)");
    assert_false(method_in(reply, "VNPOST")->officer_rights); /* REG-09 */
    for (size_t i = 0; i < reply->n_methods; i++)
        assert_true(reply->methods[i]->open == (reply->methods[i]->code_why[0] == '\0'));
    assert_true(guide_has(reply, "Vui lòng chọn phương thức đăng ký")); /* REG-06 */
    assert_true(guide_has(reply, "Kết nối, cung cấp thông tin và dịch vụ công mọi lúc, mọi nơi"));

    reply = list(h, IDENTITY__SUBJECT_KIND__STATE_AGENCY, 0);
    assert_null(method_in(reply, "SUBSCRIBER")); /* REG-10 */
    assert_null(method_in(reply, "VNPOST"));
    assert_non_null(method_in(reply, "USB_TOKEN"));
    size_t agencies = reply->n_methods;
    reply = list(h, IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED, 0);
    assert_true(reply->n_methods > 2 * agencies);
}

/* What the law says about another day can be asked today (domain 5.2). */
static void the_rules_of_another_day(void **state)
{
    struct harness *h = *state;
    int64_t day = mc_date_to_ms((struct mc_date){2024, 7, 1});
    const Identity__RegistrationMethod *vneid =
        method_in(list(h, IDENTITY__SUBJECT_KIND__CITIZEN, day - 1), "VNEID");

    assert_false(vneid->open);
    assert_string_equal(vneid->first_day, "01/07/2024");
    assert_string_equal(vneid->last_day, "");
}

static void windows_are_days(void **state)
{
    struct identity_window window;
    static const char *const bad[] = {".",
                                      "01/07/2024",
                                      "x..y",
                                      "31/06/2024..",
                                      "02/07/2024..01/07/2024",
                                      "01/07/2024...",
                                      "01/01/2024..01/01/2025..01/01/2026"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(identity_window_read(bad[i], &window));
    assert_true(identity_window_read("", &window));
    assert_false(window.listed);
    assert_true(identity_window_read("..", &window));
    assert_true(window.listed && window.from_ms == INT64_MIN && window.until_ms == INT64_MAX);
    assert_true(identity_window_read("1/7/2024..01/07/2024", &window)); /* one day */
    assert_int_equal(window.until_ms - window.from_ms, 24LL * 60 * MINUTE_MS);
}

/* What is wrong in an operator's table stops the start, with its line. */
static void a_wrong_table_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "line 1: header: missing"},
        {"code,name_vi\n", "line 1: ial: no such column"},
        {HEADER, "table: names no method"},
        {HEADER ROW("A", "..") "\n" ROW("A", ".."), "line 4: code: given twice"},
        {HEADER ROW("", ".."), "line 2: code: missing or too long"},
        {HEADER ROW("A234567890123456789012345678901_", ".."), "line 2: code: missing or too long"},
        {HEADER ROW("A", "soon"), "line 2: citizen: not a window"},
        {HEADER "A,n,4,yes,..,,,yes,login_id*,a,b,c\n", "line 2: ial: not 2, 3 or empty"},
        {HEADER "A,n,2,maybe,..,,,yes,login_id*,a,b,c\n", "line 2: open: not yes or no"},
        {HEADER "A,n,2,yes,..,,,,login_id*,a,b,c\n", "line 2: officer_rights: not yes or no"},
        {HEADER "A,n,2,yes,..,,,yes,shoe_size,a,b,c\n", "line 2: fields: a field that no form"},
        {HEADER "A,n,2,yes,..,,,yes,log\"in,a,b,c\n", "not CSV"},
    };
    struct harness *h = *state;
    struct identity *identity = harness_ctx(h);
    char why[128];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_int_equal(
            identity_methods_read(identity, mc_key_text(cases[i].text), why, sizeof why),
            MC_INVALID);
        if (strstr(why, cases[i].why) == NULL)
            fail_msg("case %zu: %s", i, why);
    }
}

static void tables_at_the_limit_and_past_it(void **state)
{
    struct harness *h = *state;
    struct identity *identity = harness_ctx(h);
    char text[4096] = HEADER;
    char why[128];

    for (int i = 0; i < IDENTITY_METHODS_MAX; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       "A%d,n,2,yes,..,,,yes,login_id*,a,b,c\n", i);
    assert_int_equal(identity_methods_read(identity, mc_key_text(text), why, sizeof why), MC_OK);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                   "B,n,2,yes,..,,,yes,login_id*,a,b,c\n");
    assert_int_equal(identity_methods_read(identity, mc_key_text(text), why, sizeof why),
                     MC_INVALID);
    assert_non_null(strstr(why, "line 18: code: too many methods"));
}

/* REG-16 */
static void consent_is_to_a_text_in_force_REG_16(void **state)
{
    struct harness *h = *state;
    Identity__GetConsentRequest get = IDENTITY__GET_CONSENT_REQUEST__INIT;
    const Identity__Consent *consent = harness_call(h, "GetConsent", &get.base, MC_OK);

    assert_string_equal(consent->version, "2026-01");
    assert_true(consent->in_force);
    assert_non_null(strstr(
        consent->text, "bạn đồng ý với Điều khoản, Chính sách chia sẻ thông tin của chúng tôi"));
    get.version = text("1999-01");
    harness_call(h, "GetConsent", &get.base, MC_NOT_FOUND);

    Identity__StartRegistrationRequest form = form_of(&binh);
    form.consent_version = text("1999-01");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "consent_version", "CONSENT_UNKNOWN"));
}

/* A new text begins at midnight; who has the old form open has till the end of its last day. */
static void consents_change_at_midnight(void **state)
{
    struct harness *h = *state;
    struct identity *identity = harness_ctx(h);
    char longest[IDENTITY_CONSENT_MAX + 2] = {0};
    char table[512];
    char why[128];
    int64_t day = mc_date_to_ms((struct mc_date){2027, 1, 1});

    memset(longest, 'v', IDENTITY_CONSENT_MAX);
    (void)snprintf(
        table, sizeof table,
        "version,from,until,title,text\nold,01/01/2026,01/01/2027,t,x\n%s,01/01/2027,,t,y\n",
        longest);
    assert_int_equal(identity_consents_read(identity, mc_key_text(table), why, sizeof why), MC_OK);
    assert_string_equal(identity_consent_at(identity, day - 1)->version, "old");
    assert_string_equal(identity_consent_at(identity, day)->version, longest);
    const struct identity_consent *old = identity_consent_find(identity, "old");
    assert_true(identity_consent_is_in_force(old, day + 24LL * 60 * MINUTE_MS - 1));
    assert_false(identity_consent_is_in_force(old, day + 24LL * 60 * MINUTE_MS));
    assert_null(identity_consent_at(identity, 0));

    longest[IDENTITY_CONSENT_MAX] = 'v';
    (void)snprintf(table, sizeof table, "version,from,until,title,text\n%s,,,t,y\n", longest);
    assert_int_equal(identity_consents_read(identity, mc_key_text(table), why, sizeof why),
                     MC_INVALID);
    assert_non_null(strstr(why, "line 2: version"));
    assert_int_equal(
        identity_consents_read(identity, mc_key_text("version,text\n"), why, sizeof why),
        MC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        cmocka_unit_test(a_method_closes_at_midnight_in_vietnam_DEC_01),
        TEST(the_rules_are_published_REG_52),
        TEST(the_rules_of_another_day),
        cmocka_unit_test(windows_are_days),
        TEST(a_wrong_table_is_refused_with_its_line),
        TEST(tables_at_the_limit_and_past_it),
        TEST(consent_is_to_a_text_in_force_REG_16),
        TEST(consents_change_at_midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
