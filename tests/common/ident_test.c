#include "common/ident.h"
#include "common/password.h"

#include "vectors.h"

static const int year_now = 2026;

#define assert_why(got, want) assert_string_equal(mc_why_code(got), mc_why_code(want))

/* input is number|rest; the rest is empty when there is none */
/* A known password has the right composition: the deny list is another test's. */
static enum mc_why password_why(const char *password)
{
    const char *code = mc_password_check(password, NULL);

    return code == NULL || strcmp(code, "PASSWORD_DENIED") == 0 ? MC_WHY_OK : MC_WHY_PASSWORD_WEAK;
}

static enum mc_why check_cccd_with(const char *kind, const char *input)
{
    char number[64];
    size_t len = strcspn(input, "|");
    const char *rest = input + len + (input[len] == '|');
    struct mc_cccd cccd;
    struct mc_date birth;

    memcpy(number, input, len);
    number[len] = '\0';
    assert_why(mc_cccd_parse(number, &cccd), MC_WHY_OK);
    if (strcmp(kind, "cccd+gender") == 0)
        return mc_cccd_check_sex(&cccd, *rest == 'F' ? MC_SEX_FEMALE : MC_SEX_MALE);
    assert_why(mc_birth_parse(rest, &birth), MC_WHY_OK);
    return mc_cccd_check_birth(&cccd, birth);
}

static enum mc_why check_number(const char *kind, const char *input, char *out, size_t size)
{
    if (strcmp(kind, "cccd") == 0) {
        struct mc_cccd cccd;
        enum mc_why why = mc_cccd_parse(input, &cccd);
        if (why == MC_WHY_OK)
            memcpy(out, cccd.number, sizeof cccd.number);
        return why;
    }
    if (strcmp(kind, "mst") == 0) {
        struct mc_tax_code code;
        enum mc_why why = mc_tax_code_parse(input, &code);
        if (why == MC_WHY_OK)
            memcpy(out, code.code, sizeof code.code);
        return why;
    }
    if (strcmp(kind, "cmnd") == 0)
        return mc_cmnd_parse(input, out, size);
    if (strcmp(kind, "insurance_no") == 0)
        return mc_insurance_parse(input, false, out, size);
    if (strcmp(kind, "health_card") == 0)
        return mc_health_card_parse(input, out, size);
    if (strcmp(kind, "org_budget_code") == 0)
        return mc_budget_code_parse(input, out, size);
    return check_cccd_with(kind, input);
}

static enum mc_why check_code(const char *kind, const char *input, char *out, size_t size)
{
    if (strcmp(kind, "agency") == 0)
        return mc_agency_parse(input, out, size);
    if (strcmp(kind, "procedure") == 0)
        return mc_procedure_parse(input, out, size);
    if (strcmp(kind, "dossier") == 0) {
        struct mc_dossier_code code;
        return mc_dossier_code_parse(input, &code);
    }
    if (strcmp(kind, "phone") == 0) {
        struct mc_phone phone;
        enum mc_why why = mc_phone_parse(input, &phone);
        if (why == MC_WHY_OK)
            memcpy(out, phone.number, sizeof phone.number);
        return why;
    }
    if (strcmp(kind, "otp") == 0)
        return mc_otp_check(input);
    if (strcmp(kind, "captcha") == 0)
        return mc_captcha_check(input);
    if (strcmp(kind, "password") == 0)
        return password_why(input);
    if (strcmp(kind, "date") == 0) {
        struct mc_date date;
        enum mc_why why = mc_birth_parse(input, &date);
        if (why == MC_WHY_OK)
            mc_date_format_iso(out, size, date);
        return why;
    }
    return MC_WHY_LEN;
}

static void identity_vectors(void **state)
{
    struct vectors *vectors = vectors_open("identity_vectors");

    (void)state;
    while (vectors_next(vectors)) {
        const char *kind = vectors_get(vectors, "kind");
        const char *input = vectors_get(vectors, "input");
        const char *normalised = vectors_get(vectors, "normalised");
        char out[64] = "";
        enum mc_why why = check_code(kind, input, out, sizeof out);
        if (why == MC_WHY_LEN)
            why = check_number(kind, input, out, sizeof out);
        bool want = strcmp(vectors_get(vectors, "expected"), "valid") == 0;
        if ((why == MC_WHY_OK) != want)
            fail_msg("%s %s: %s", kind, input, mc_why_code(why));
        if (want && normalised[0] != '\0')
            assert_string_equal(out, normalised);
    }
    assert_int_equal(vectors->rows, 55);
}

static void cccd_tells_place_sex_and_year(void **state)
{
    static const struct {
        const char *text;
        enum mc_why why;
        int year;
        enum mc_sex sex;
        bool abroad;
    } cases[] = {
        {"012203990033", MC_WHY_OK, 2003, MC_SEX_MALE, false},
        {"012193990017", MC_WHY_OK, 1993, MC_SEX_FEMALE, false},
        {"012\xC2\xA0"
         "193 990017",
         MC_WHY_OK, 1993, MC_SEX_FEMALE, false},
        {"012993990017", MC_WHY_OK, 2393, MC_SEX_FEMALE, false},
        {"150085990025", MC_WHY_OK, 1985, MC_SEX_MALE, true},
        {"099085990025", MC_WHY_CCCD_PROVINCE, 0, 0, false},
        {"0121939900170", MC_WHY_CCCD_FORMAT, 0, 0, false},
        {"01219399001x", MC_WHY_CCCD_FORMAT, 0, 0, false},
        {"012-193990017", MC_WHY_CCCD_FORMAT, 0, 0, false},
        {"", MC_WHY_FIELD_REQUIRED, 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_cccd cccd = {.birth_year = 0};
        assert_why(mc_cccd_parse(cases[i].text, &cccd), cases[i].why);
        assert_int_equal(cccd.birth_year, cases[i].year);
        assert_int_equal(cccd.sex, cases[i].sex);
        assert_int_equal(cccd.abroad, cases[i].abroad);
    }
}

static void cccd_cross_checks(void **state)
{
    struct mc_cccd cccd;

    (void)state;
    assert_why(mc_cccd_parse("012993990017", &cccd), MC_WHY_OK);
    assert_why(mc_cccd_check_today(&cccd, year_now), MC_WHY_CCCD_BIRTH_FUTURE);
    assert_why(mc_cccd_parse("012226990017", &cccd), MC_WHY_OK);
    assert_why(mc_cccd_check_today(&cccd, year_now), MC_WHY_OK);
    assert_why(mc_cccd_check_today(&cccd, year_now - 1), MC_WHY_CCCD_BIRTH_FUTURE);
    assert_why(mc_cccd_check_sex(&cccd, MC_SEX_UNKNOWN), MC_WHY_OK);
    assert_why(mc_cccd_check_sex(&cccd, MC_SEX_FEMALE), MC_WHY_SEX_MISMATCH);
    assert_why(mc_cccd_check_birth(&cccd, (struct mc_date){.year = 2026}), MC_WHY_OK);
    assert_why(mc_cccd_check_birth(&cccd, (struct mc_date){.year = 1926}),
               MC_WHY_BIRTH_YEAR_MISMATCH);
}

static void every_province_is_found(void **state)
{
    struct mc_province province;
    size_t found = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        char code[4] = {'0', (char)('0' + i / 10), (char)('0' + i % 10), '\0'};
        found += mc_province_find(code, &province);
    }
    assert_int_equal(found, 63);
    assert_true(mc_province_find("072", &province));
    assert_string_equal(province.name, "Tây Ninh");
    assert_string_equal(province.h_code, "H53");
    assert_true(mc_province_find("002", &province));
    assert_string_equal(province.new_name, "Tuyên Quang");
    assert_false(mc_province_find("", &province));
    assert_false(mc_province_find("72", &province));
    assert_false(mc_province_find("0720", &province));
    assert_false(mc_province_find("07x", &province));
    assert_false(mc_province_find("100", &province)); /* one past: a country's */
    assert_false(mc_province_find("003", &province)); /* never given */
}

/* REG-14: both numbers in one field; REG-28: nothing entered. */
static void identity_field_takes_both_numbers(void **state)
{
    char out[MC_CCCD_SIZE];
    enum mc_identity_kind kind = MC_IDENTITY_NONE;

    (void)state;
    assert_why(mc_identity_parse(" 290 988 774", out, sizeof out, &kind), MC_WHY_OK);
    assert_int_equal(kind, MC_IDENTITY_CMND);
    assert_string_equal(out, "290988774");
    assert_why(mc_identity_parse("012193990017", out, sizeof out, &kind), MC_WHY_OK);
    assert_int_equal(kind, MC_IDENTITY_CCCD);
    assert_why(mc_identity_parse("  ", out, sizeof out, &kind), MC_WHY_ID_REQUIRED);
    assert_why(mc_identity_parse("29098877", out, sizeof out, &kind), MC_WHY_ID_FORMAT);
    assert_why(mc_identity_parse("29098877a", out, sizeof out, &kind), MC_WHY_ID_FORMAT);
    assert_why(mc_identity_parse("003193990017", out, sizeof out, &kind), MC_WHY_CCCD_PROVINCE);
}

static void tax_code_kinds_and_faults(void **state)
{
    static const struct {
        const char *text;
        enum mc_why why;
        enum mc_tax_kind kind;
    } cases[] = {
        {"0100233488", MC_WHY_OK, MC_TAX_HEAD},
        {"0314409058002", MC_WHY_OK, MC_TAX_BRANCH},
        {"012193990017", MC_WHY_OK, MC_TAX_PERSON},
        {"003193990017", MC_WHY_CCCD_PROVINCE, 0},
        {"0100233480", MC_WHY_TAX_CODE_CHECK_DIGIT, 0},
        {"0100233488-000", MC_WHY_TAX_CODE_BRANCH, 0},
        {"0100233488-", MC_WHY_TAX_CODE_FORMAT, 0},
        {"0100233488-01", MC_WHY_TAX_CODE_FORMAT, 0},
        {"0100233488-0011", MC_WHY_TAX_CODE_FORMAT, 0},
        {"010023348-8001", MC_WHY_TAX_CODE_FORMAT, 0},
        {"0100000000", MC_WHY_TAX_CODE_FORMAT, 0},
        {"010023348", MC_WHY_TAX_CODE_FORMAT, 0},
        {"", MC_WHY_FIELD_REQUIRED, 0},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_tax_code code = {.kind = MC_TAX_HEAD};
        assert_why(mc_tax_code_parse(cases[i].text, &code), cases[i].why);
        assert_int_equal(code.kind, cases[i].kind);
    }
}

/* Test numbers of the study: prefix unissued, check digits right. */
static void computed_tax_codes_are_valid(void **state)
{
    static const char *const codes[] = {"9900000016", "9900000023", "9900000030",
                                        "9900000048", "9900000055", "9900000062"};
    struct mc_tax_code code;

    (void)state;
    for (size_t i = 0; i < MC_LEN(codes); i++)
        assert_why(mc_tax_code_parse(codes[i], &code), MC_WHY_OK);
    for (int last = 0; last <= 9; last++) {
        char text[] = "9900000070";
        text[9] = (char)('0' + last);
        assert_why(mc_tax_code_parse(text, &code), MC_WHY_TAX_CODE_CHECK_DIGIT);
    }
}

static void insurance_numbers(void **state)
{
    char out[MC_HEALTH_CARD_SIZE];

    (void)state;
    assert_why(mc_insurance_parse("012193990017", false, out, sizeof out), MC_WHY_INSURANCE_FORMAT);
    assert_why(mc_insurance_parse("012193990017", true, out, sizeof out), MC_WHY_OK);
    assert_why(mc_insurance_parse("1299000017", true, out, sizeof out), MC_WHY_OK);
    assert_why(mc_insurance_parse("003193990017", true, out, sizeof out), MC_WHY_CCCD_PROVINCE);
    assert_why(mc_health_card_parse("ht 5 12 1299000017", out, sizeof out), MC_WHY_OK);
    assert_string_equal(out, "HT5121299000017");
    assert_why(mc_health_card_parse("1299000017", out, sizeof out), MC_WHY_OK);
    assert_why(mc_health_card_parse("HT0121299000017", out, sizeof out),
               MC_WHY_HEALTH_CARD_BENEFIT);
    assert_why(mc_health_card_parse("H15121299000017", out, sizeof out), MC_WHY_HEALTH_CARD_FORMAT);
    assert_why(mc_health_card_parse("HT512129900001", out, sizeof out), MC_WHY_HEALTH_CARD_FORMAT);
    assert_why(mc_budget_code_parse("104766", out, sizeof out), MC_WHY_BUDGET_CODE_FORMAT);
}

static void agency_samples_are_valid(void **state)
{
    struct vectors *vectors = vectors_open("agency_code_samples");

    (void)state;
    while (vectors_next(vectors)) {
        char out[MC_AGENCY_CODE_SIZE];
        assert_why(mc_agency_parse(vectors_get(vectors, "code"), out, sizeof out), MC_WHY_OK);
        assert_string_equal(out, vectors_get(vectors, "code"));
    }
    assert_int_equal(vectors->rows, 13);
}

static void agency_codes_refused(void **state)
{
    static const struct {
        const char *text;
        enum mc_why why;
    } cases[] = {
        {"", MC_WHY_FIELD_REQUIRED},
        {"H56.", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56..14", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56.1", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56.1234", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56.14.15.16", MC_WHY_OK},
        {"H56.14.15.16.17", MC_WHY_AGENCY_CODE_FORMAT},
        {"H5.14", MC_WHY_AGENCY_CODE_FORMAT},
        {"X56.14", MC_WHY_AGENCY_CODE_ROOT},
        {"000.00.43.35H", MC_WHY_AGENCY_CODE_FORMAT},
        {"00.00.43.H35", MC_WHY_AGENCY_CODE_FORMAT},
        {"000.00.4_.H35", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56.Đ4", MC_WHY_AGENCY_CODE_FORMAT},
        {"000000000000000000000000000000000000", MC_WHY_AGENCY_CODE_FORMAT},
    };
    char out[MC_AGENCY_CODE_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_why(mc_agency_parse(cases[i].text, out, sizeof out), cases[i].why);
}

static void agency_parents(void **state)
{
    static const char *const pairs[][2] = {
        {"123.15.43.H35", "000.15.43.H35"}, {"000.15.43.H35", "000.00.43.H35"},
        {"000.00.43.H35", "000.00.00.H35"}, {"000.A0.01.H26", "000.00.01.H26"},
        {"H21.217.01", "H21.217"},          {"H21.217", "H21"},
    };
    char out[MC_AGENCY_CODE_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(pairs); i++) {
        assert_true(mc_agency_parent(pairs[i][0], out, sizeof out));
        assert_string_equal(out, pairs[i][1]);
    }
    assert_false(mc_agency_parent("000.00.00.H35", out, sizeof out));
    assert_false(mc_agency_parent("H35", out, sizeof out));
    assert_false(mc_agency_parent("nothing", out, sizeof out));
}

static void agency_within_its_own_tree_only(void **state)
{
    (void)state;
    assert_true(mc_agency_within("000.15.43.H35", "000.15.43.H35"));
    assert_true(mc_agency_within("000.15.43.H35", "000.00.43.H35"));
    assert_true(mc_agency_within("000.15.43.H35", "000.00.00.H35"));
    assert_false(mc_agency_within("000.00.43.H35", "000.15.43.H35"));
    assert_false(mc_agency_within("000.15.43.H35", "000.00.44.H35"));
    assert_false(mc_agency_within("000.15.43.H35", "000.00.00.H36"));
    assert_true(mc_agency_within("H21.217.01", "H21"));
    assert_false(mc_agency_within("H21.217", "H21.21"));    /* not by first letters */
    assert_false(mc_agency_within("000.15.43.H35", "H35")); /* two kinds, never mixed */
    assert_false(mc_agency_within("", ""));
    assert_false(mc_agency_within("H21", ""));
}

/* DOS-08 */
static void dossier_codes(void **state)
{
    static const struct {
        const char *text;
        enum mc_why why;
    } cases[] = {
        {"000.20.31.H53-200610-0007", MC_WHY_OK},
        {" h56.14-240823-0001 ", MC_WHY_OK},
        {"H56.14-240823-10000", MC_WHY_OK},
        {"H56.14-240823-999999", MC_WHY_OK},
        {"H56.14-240823-1000000", MC_WHY_DOSSIER_CODE_FORMAT},
        {"H56.14-240823-00001", MC_WHY_DOSSIER_CODE_FORMAT},
        {"H56.14-240823-0000", MC_WHY_DOSSIER_CODE_FORMAT},
        {"H56.14-240823-001", MC_WHY_DOSSIER_CODE_FORMAT},
        {"H56.14-230229-0001", MC_WHY_DOSSIER_CODE_DATE},
        {"X56.14-240823-0001", MC_WHY_AGENCY_CODE_ROOT},
        {"H56.1-240823-0001", MC_WHY_AGENCY_CODE_FORMAT},
        {"H56.14-240823", MC_WHY_DOSSIER_CODE_FORMAT},
        {"-240823-0001", MC_WHY_DOSSIER_CODE_FORMAT},
        {"", MC_WHY_FIELD_REQUIRED},
    };
    struct mc_dossier_code code;

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_why(mc_dossier_code_parse(cases[i].text, &code), cases[i].why);
    assert_why(mc_dossier_code_parse(cases[0].text, &code), MC_WHY_OK);
    assert_string_equal(code.agency, "000.20.31.H53");
    assert_int_equal(mc_date_compare(code.date, (struct mc_date){2020, 6, 10}), 0);
    assert_int_equal(code.sequence, 7);
}

static void dossier_codes_of_members_and_ours(void **state)
{
    char out[MC_DOSSIER_CODE_SIZE];

    (void)state;
    assert_why(mc_dossier_code_parse_member("ABC-209999-00012", out, sizeof out), MC_WHY_OK);
    assert_why(mc_dossier_code_parse_member("AB-209999-0001", out, sizeof out),
               MC_WHY_DOSSIER_CODE_FORMAT);
    assert_why(mc_dossier_code_parse_member("ABC_D-209999-0001", out, sizeof out),
               MC_WHY_DOSSIER_CODE_FORMAT);
    mc_dossier_code_make(out, sizeof out, "000.20.31.H53", (struct mc_date){2020, 6, 10}, 7);
    assert_string_equal(out, "000.20.31.H53-200610-0007");
    mc_dossier_code_make(out, sizeof out, "H56.14", (struct mc_date){2024, 8, 23},
                         MC_DOSSIER_SEQUENCE_MAX);
    assert_string_equal(out, "H56.14-240823-999999");
}

static void procedure_codes(void **state)
{
    static const char *const good[] = {"2.002621", "2.002621.H56", "2.002621.01", "2.002621.H56.14",
                                       "2.002621.000.00.00.H56.01"};
    static const char *const bad[] = {"2.00262", "2.0026211",  "2.002621.", "2.002621.X56",
                                      "2002621", "2.002621.1", "a.002621"};
    char out[MC_PROCEDURE_CODE_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(good); i++) {
        assert_why(mc_procedure_parse(good[i], out, sizeof out), MC_WHY_OK);
        assert_string_equal(out, "2.002621");
    }
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_why(mc_procedure_parse(bad[i], out, sizeof out), MC_WHY_PROCEDURE_CODE_FORMAT);
}

static void phones(void **state)
{
    static const struct {
        const char *text;
        enum mc_why why;
        const char *number;
    } cases[] = {
        {"0912000101", MC_WHY_OK, "84912000101"},
        {"84912000101", MC_WHY_OK, "84912000101"},
        {"0084912000101", MC_WHY_OK, "84912000101"},
        {"+84 (0)91-2000.101", MC_WHY_OK, "84912000101"},
        {"+8401620001012", MC_WHY_OK, "84320001012"},
        {"841620001012", MC_WHY_OK, "84320001012"},
        {"0842000101", MC_WHY_OK, "84842000101"},
        {"0992000101", MC_WHY_OK, "84992000101"},
        {"842000101", MC_WHY_PHONE_NO_ZERO, NULL}, /* VinaPhone's 084, not the country */
        {"0990000101", MC_WHY_PHONE_PREFIX_UNKNOWN, NULL},
        {"0512000101", MC_WHY_PHONE_PREFIX_UNKNOWN, NULL},
        {"0162000101", MC_WHY_PHONE_PREFIX_RETIRED, NULL},
        {"0243000101", MC_WHY_PHONE_FIXED_LINE, NULL},
        {"02763000101", MC_WHY_PHONE_FIXED_LINE, NULL},
        {"+842430001010", MC_WHY_PHONE_FIXED_LINE, NULL},
        {"+14155550100", MC_WHY_PHONE_FOREIGN, NULL},
        {"0014155550100", MC_WHY_PHONE_FOREIGN, NULL},
        {"091200010", MC_WHY_PHONE_FORMAT, NULL},
        {"09120001011", MC_WHY_PHONE_FORMAT, NULL},
        {"0912000a01", MC_WHY_PHONE_FORMAT, NULL},
        {"09+12000101", MC_WHY_PHONE_FORMAT, NULL},
        {"18001096", MC_WHY_PHONE_FORMAT, NULL},
        {"+", MC_WHY_PHONE_FORMAT, NULL},
        {"0", MC_WHY_PHONE_FORMAT, NULL},
        {"00000000000000000000000000000000000000000", MC_WHY_PHONE_FORMAT, NULL},
        {" - ", MC_WHY_FIELD_REQUIRED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_phone phone;
        assert_why(mc_phone_parse(cases[i].text, &phone), cases[i].why);
        if (cases[i].number != NULL)
            assert_string_equal(phone.number, cases[i].number);
    }
}

static void old_numbers_say_they_were_converted(void **state)
{
    struct mc_phone phone;

    (void)state;
    assert_why(mc_phone_parse("01992000101", &phone), MC_WHY_OK);
    assert_string_equal(phone.number, "84592000101");
    assert_true(phone.converted);
    assert_why(mc_phone_parse("0592000101", &phone), MC_WHY_OK);
    assert_false(phone.converted);
}

static void carriers(void **state)
{
    static const char *const pairs[][2] = {
        {"84912000101", "vinaphone"}, {"84869000603", "viettel"}, {"84592000101", "gmobile"},
        {"84992000101", "vishipel"},  {"84993000101", "gmobile"}, {"84872000101", "itel"},
        {"84702000101", "mobifone"},  {"84552000101", "wintel"},
    };
    struct mc_carrier carrier;

    (void)state;
    for (size_t i = 0; i < MC_LEN(pairs); i++) {
        assert_true(mc_carrier_guess(pairs[i][0], &carrier));
        assert_string_equal(carrier.code, pairs[i][1]);
    }
    assert_string_equal(carrier.name, "Wintel / Reddi (Mobicast) MVNO on VinaPhone");
    assert_false(mc_carrier_guess("84990000101", &carrier));
    assert_true(mc_carrier_find("viettel", &carrier));
    assert_string_equal(carrier.name, "Viettel");
    assert_false(mc_carrier_find("", &carrier));
    assert_false(mc_carrier_find("operator_code", &carrier)); /* the header is no carrier */
    assert_false(mc_carrier_guess("0912000101", &carrier));
}

static void emails(void **state)
{
    static const char *const good[] = {"nguyen.van.a@example.vn", "a+b_c@mail.example.com",
                                       "x@y.z1"};
    static const char *const bad[] = {
        "a",       "@example.vn", "a@",       "a@vn",     ".a@example.vn",
        "a.@b.vn", "a..b@c.vn",   "a b@c.vn", "a@-b.vn",  "a@b-.vn",
        "a@b..vn", "a@b.vn.",     "a@b@c.vn", "a@b_c.vn", "ngườidùng@a.vn",
        "a\n@b.vn"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(good); i++)
        assert_why(mc_email_check(good[i]), MC_WHY_OK);
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_why(mc_email_check(bad[i]), MC_WHY_EMAIL_FORMAT);
    assert_why(mc_email_check(""), MC_WHY_FIELD_REQUIRED);
}

static void email_at_the_limits_and_past_them(void **state)
{
    char email[MC_EMAIL_SIZE + 8];

    (void)state;
    memset(email, 'a', sizeof email);
    memcpy(email + MC_EMAIL_LOCAL_MAX, "@b.vn", 6);
    assert_why(mc_email_check(email), MC_WHY_OK);
    memset(email, 'a', sizeof email);
    memcpy(email + MC_EMAIL_LOCAL_MAX + 1, "@b.vn", 6);
    assert_why(mc_email_check(email), MC_WHY_EMAIL_FORMAT);
    for (size_t i = 0; i < sizeof email; i++)
        email[i] = "a."[i % 2];
    email[1] = '@';
    email[MC_EMAIL_SIZE - 2] = 'a'; /* 254 bytes end in a letter */
    email[MC_EMAIL_SIZE - 1] = '\0';
    assert_why(mc_email_check(email), MC_WHY_OK);
    email[MC_EMAIL_SIZE - 1] = 'a';
    email[MC_EMAIL_SIZE] = '\0';
    assert_why(mc_email_check(email), MC_WHY_FIELD_TOO_LONG);
}

static void otp_and_captcha(void **state)
{
    (void)state;
    assert_why(mc_otp_check("12345"), MC_WHY_OTP_FORMAT);
    assert_why(mc_otp_check("1234567"), MC_WHY_OTP_FORMAT);
    assert_why(mc_otp_check("12345a"), MC_WHY_OTP_FORMAT);
    assert_why(mc_otp_check(""), MC_WHY_OTP_FORMAT);
    assert_why(mc_captcha_check("i813r"), MC_WHY_CAPTCHA_FORMAT);
    assert_why(mc_captcha_check("i813rh7"), MC_WHY_CAPTCHA_FORMAT);
    assert_why(mc_captcha_check("i813r-"), MC_WHY_CAPTCHA_FORMAT);
}

/* OTP-06 */
static void masks_hide_the_middle(void **state)
{
    char out[MC_MASK_SIZE];
    char longest[400];

    (void)state;
    mc_mask_phone(out, sizeof out, "84912000101");
    assert_string_equal(out, "091****101");
    mc_mask_phone(out, sizeof out, "0912000101");
    assert_string_equal(out, "091****101");
    mc_mask_phone(out, sizeof out, "12345");
    assert_string_equal(out, "****");
    mc_mask_identity(out, sizeof out, "012193990017");
    assert_string_equal(out, "012******017");
    mc_mask_identity(out, sizeof out, "290988774");
    assert_string_equal(out, "290***774");
    mc_mask_identity(out, sizeof out, "123456");
    assert_string_equal(out, "****");
    mc_mask_email(out, sizeof out, "nguyen.van.a@example.vn");
    assert_string_equal(out, "n****@example.vn");
    mc_mask_email(out, sizeof out, "a@example.vn");
    assert_string_equal(out, "****@example.vn");
    mc_mask_email(out, sizeof out, "not an address");
    assert_string_equal(out, "****");
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    mc_mask_identity(out, sizeof out, longest);
    mc_mask_phone(out, sizeof out, longest);
    mc_mask_email(out, sizeof out, longest);
    assert_string_equal(out, "****");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_vectors),
        cmocka_unit_test(cccd_tells_place_sex_and_year),
        cmocka_unit_test(cccd_cross_checks),
        cmocka_unit_test(every_province_is_found),
        cmocka_unit_test(identity_field_takes_both_numbers),
        cmocka_unit_test(tax_code_kinds_and_faults),
        cmocka_unit_test(computed_tax_codes_are_valid),
        cmocka_unit_test(insurance_numbers),
        cmocka_unit_test(agency_samples_are_valid),
        cmocka_unit_test(agency_codes_refused),
        cmocka_unit_test(agency_parents),
        cmocka_unit_test(agency_within_its_own_tree_only),
        cmocka_unit_test(dossier_codes),
        cmocka_unit_test(dossier_codes_of_members_and_ours),
        cmocka_unit_test(procedure_codes),
        cmocka_unit_test(phones),
        cmocka_unit_test(old_numbers_say_they_were_converted),
        cmocka_unit_test(carriers),
        cmocka_unit_test(emails),
        cmocka_unit_test(email_at_the_limits_and_past_them),
        cmocka_unit_test(otp_and_captcha),
        cmocka_unit_test(masks_hide_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
