#include "common/ident.h"

#include <pthread.h>
#include <string.h>

#include "common/csv.h"
#include "common/ident_scan.h"
#include "common/text.h"

extern const char mc_data_provinces_63_cccd[];
extern const size_t mc_data_provinces_63_cccd_len;

enum { PICK_SIZE = 64, CODE_LEN = 3, COUNTRY_MIN = 100 };

/* By their codes, read once: every identity number is looked up here. */
static struct mc_province provinces[COUNTRY_MIN];
static pthread_once_t provinces_once = PTHREAD_ONCE_INIT;

/* The digits of a field that must have exactly `len` of them. */
static enum mc_why parse_digits(const char *text, size_t len, enum mc_why why, char *out,
                                size_t size)
{
    char digits[PICK_SIZE];

    assert(size > len);
    if (!scan_pick(digits, sizeof digits, text, ""))
        return why;
    if (digits[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;
    if (strlen(digits) != len || !scan_digits(digits, len))
        return why;
    memcpy(out, digits, len + 1);
    return MC_WHY_OK;
}

static void read_provinces(void)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_provinces_63_cccd, mc_data_provinces_63_cccd_len);
    bool good = mc_csv_next(&csv);
    size_t code = mc_csv_column(&csv, "cccd_code");
    size_t name = mc_csv_column(&csv, "name");
    size_t h_code = mc_csv_column(&csv, "h_code");
    size_t new_name = mc_csv_column(&csv, "new_name");
    size_t new_h_code = mc_csv_column(&csv, "new_h_code");
    while (good && mc_csv_next(&csv)) {
        char text[sizeof provinces[0].code];
        good = mc_csv_copy(&csv, code, text, sizeof text) && scan_digits(text, CODE_LEN) &&
               scan_number(text, CODE_LEN) < COUNTRY_MIN;
        struct mc_province *province = &provinces[good ? scan_number(text, CODE_LEN) : 0];
        good = good && mc_csv_copy(&csv, code, province->code, sizeof province->code) &&
               mc_csv_copy(&csv, name, province->name, sizeof province->name) &&
               mc_csv_copy(&csv, h_code, province->h_code, sizeof province->h_code) &&
               mc_csv_copy(&csv, new_name, province->new_name, sizeof province->new_name) &&
               mc_csv_copy(&csv, new_h_code, province->new_h_code, sizeof province->new_h_code);
    }
    assert(good && csv.status == MC_OK);
}

bool mc_province_find(const char *cccd_code, struct mc_province *ret_province)
{
    if (strlen(cccd_code) != CODE_LEN || !scan_digits(cccd_code, CODE_LEN) ||
        scan_number(cccd_code, CODE_LEN) >= COUNTRY_MIN)
        return false;
    (void)pthread_once(&provinces_once, read_provinces);
    const struct mc_province *province = &provinces[scan_number(cccd_code, CODE_LEN)];
    if (province->code[0] == '\0')
        return false;
    *ret_province = *province;
    return true;
}

enum mc_why mc_cccd_parse(const char *text, struct mc_cccd *ret_cccd)
{
    struct mc_cccd cccd;
    struct mc_province province;
    enum mc_why why =
        parse_digits(text, MC_CCCD_SIZE - 1, MC_WHY_CCCD_FORMAT, cccd.number, sizeof cccd.number);

    if (why != MC_WHY_OK)
        return why;

    char place[4] = {cccd.number[0], cccd.number[1], cccd.number[2], '\0'};
    int century_and_sex = cccd.number[3] - '0'; /* 0, 1: 1900s; 2, 3: 2000s; odd: female */
    cccd.abroad = scan_number(place, 3) >= COUNTRY_MIN;
    if (!cccd.abroad && !mc_province_find(place, &province))
        return MC_WHY_CCCD_PROVINCE;
    cccd.sex = century_and_sex % 2 == 0 ? MC_SEX_MALE : MC_SEX_FEMALE;
    cccd.birth_year = 1900 + 100 * (century_and_sex / 2) + scan_number(cccd.number + 4, 2);
    *ret_cccd = cccd;
    return MC_WHY_OK;
}

enum mc_why mc_cccd_check_today(const struct mc_cccd *cccd, int year_now)
{
    return cccd->birth_year > year_now ? MC_WHY_CCCD_BIRTH_FUTURE : MC_WHY_OK;
}

enum mc_why mc_cccd_check_birth(const struct mc_cccd *cccd, struct mc_date birth)
{
    return cccd->birth_year != birth.year ? MC_WHY_BIRTH_YEAR_MISMATCH : MC_WHY_OK;
}

enum mc_why mc_cccd_check_sex(const struct mc_cccd *cccd, enum mc_sex sex)
{
    return sex != MC_SEX_UNKNOWN && sex != cccd->sex ? MC_WHY_SEX_MISMATCH : MC_WHY_OK;
}

enum mc_why mc_cmnd_parse(const char *text, char *out, size_t size)
{
    return parse_digits(text, MC_CMND_SIZE - 1, MC_WHY_CMND_FORMAT, out, size);
}

enum mc_why mc_identity_parse(const char *text, char *out, size_t size,
                              enum mc_identity_kind *ret_kind)
{
    char digits[PICK_SIZE];
    struct mc_cccd cccd;

    assert(size >= MC_CCCD_SIZE);
    if (!scan_pick(digits, sizeof digits, text, ""))
        return MC_WHY_ID_FORMAT;
    if (digits[0] == '\0')
        return MC_WHY_ID_REQUIRED;

    size_t len = strlen(digits);
    if (!scan_digits(digits, len) || (len != MC_CCCD_SIZE - 1 && len != MC_CMND_SIZE - 1))
        return MC_WHY_ID_FORMAT;
    enum mc_why why = len == MC_CCCD_SIZE - 1 ? mc_cccd_parse(digits, &cccd) : MC_WHY_OK;
    if (why != MC_WHY_OK)
        return why;
    memcpy(out, digits, len + 1);
    *ret_kind = len == MC_CCCD_SIZE - 1 ? MC_IDENTITY_CCCD : MC_IDENTITY_CMND;
    return MC_WHY_OK;
}

/* Ten digits: the last is 10 - (weighted sum mod 11); a sum of 0 would give 10, never issued. */
static enum mc_why check_tax_digits(const char *digits)
{
    static const int weights[] = {31, 29, 23, 19, 17, 13, 7, 5, 3};
    int sum = 0;

    if (memcmp(digits + 2, "0000000", 7) == 0)
        return MC_WHY_TAX_CODE_FORMAT;
    for (size_t i = 0; i < MC_LEN(weights); i++)
        sum += (digits[i] - '0') * weights[i];
    return digits[9] - '0' == 10 - sum % 11 ? MC_WHY_OK : MC_WHY_TAX_CODE_CHECK_DIGIT;
}

/* A personal number serves as tax code since 1/7/2025 (TT 86/2024/TT-BTC). */
static enum mc_why parse_personal_tax_code(const char *digits, struct mc_tax_code *ret_code)
{
    struct mc_cccd cccd;
    enum mc_why why = mc_cccd_parse(digits, &cccd);

    if (why != MC_WHY_OK)
        return why;
    memcpy(ret_code->code, cccd.number, sizeof cccd.number);
    ret_code->kind = MC_TAX_PERSON;
    return MC_WHY_OK;
}

enum mc_why mc_tax_code_parse(const char *text, struct mc_tax_code *ret_code)
{
    char code[PICK_SIZE] = "";
    enum { HEAD = 10, BRANCH = 3 };

    if (!scan_pick(code, sizeof code, text, ""))
        return MC_WHY_TAX_CODE_FORMAT;
    if (code[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;

    size_t len = strlen(code);
    if (len == MC_CCCD_SIZE - 1 && scan_digits(code, len))
        return parse_personal_tax_code(code, ret_code);
    if (len < HEAD || !scan_digits(code, HEAD))
        return MC_WHY_TAX_CODE_FORMAT;

    const char *branch = code + HEAD + (code[HEAD] == '-');
    bool has_branch = code[HEAD] != '\0';
    if (has_branch && (strlen(branch) != BRANCH || !scan_digits(branch, BRANCH)))
        return MC_WHY_TAX_CODE_FORMAT;
    enum mc_why why = check_tax_digits(code);
    if (why != MC_WHY_OK)
        return why;
    if (has_branch && strcmp(branch, "000") == 0)
        return MC_WHY_TAX_CODE_BRANCH;

    *ret_code = (struct mc_tax_code){.kind = has_branch ? MC_TAX_BRANCH : MC_TAX_HEAD};
    memcpy(ret_code->code, code, HEAD);
    if (has_branch) {
        ret_code->code[HEAD] = '-';
        memcpy(ret_code->code + HEAD + 1, branch, BRANCH + 1);
    }
    return MC_WHY_OK;
}

enum mc_why mc_insurance_parse(const char *text, bool personal_allowed, char *out, size_t size)
{
    char digits[PICK_SIZE];
    struct mc_cccd cccd;
    enum { LEN = 10 };

    assert(size >= MC_INSURANCE_SIZE);
    if (!personal_allowed || !scan_pick(digits, sizeof digits, text, "") ||
        strlen(digits) != MC_CCCD_SIZE - 1)
        return parse_digits(text, LEN, MC_WHY_INSURANCE_FORMAT, out, size);

    enum mc_why why = mc_cccd_parse(digits, &cccd);
    if (why == MC_WHY_OK)
        memcpy(out, cccd.number, sizeof cccd.number);
    return why;
}

enum mc_why mc_health_card_parse(const char *text, char *out, size_t size)
{
    char card[PICK_SIZE];
    enum { GROUP = 2, NUMBER = 10 };

    assert(size >= MC_HEALTH_CARD_SIZE);
    if (!scan_pick(card, sizeof card, text, "-"))
        return MC_WHY_HEALTH_CARD_FORMAT;
    if (card[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;

    size_t len = strlen(card);
    bool full = len == MC_HEALTH_CARD_SIZE - 1 && scan_is_upper(card[0]) &&
                scan_is_upper(card[1]) && scan_digits(card + GROUP, len - GROUP);
    if (!full && (len != NUMBER || !scan_digits(card, len)))
        return MC_WHY_HEALTH_CARD_FORMAT;
    if (full && (card[GROUP] < '1' || card[GROUP] > '5'))
        return MC_WHY_HEALTH_CARD_BENEFIT;
    memcpy(out, card, len + 1);
    return MC_WHY_OK;
}

enum mc_why mc_budget_code_parse(const char *text, char *out, size_t size)
{
    return parse_digits(text, MC_BUDGET_CODE_SIZE - 1, MC_WHY_BUDGET_CODE_FORMAT, out, size);
}

/* Compared as text: "012345" is not 12345. (OTP-01) */
enum mc_why mc_otp_check(const char *code)
{
    return strlen(code) == MC_OTP_LEN && scan_digits(code, MC_OTP_LEN) ? MC_WHY_OK
                                                                       : MC_WHY_OTP_FORMAT;
}

/* REG-17 */
enum mc_why mc_captcha_check(const char *answer)
{
    size_t len = strlen(answer);

    for (size_t i = 0; i < len; i++) {
        if (!scan_is_digit(answer[i]) && !scan_is_upper(answer[i]) && !scan_is_lower(answer[i]))
            return MC_WHY_CAPTCHA_FORMAT;
    }
    return len == MC_CAPTCHA_LEN ? MC_WHY_OK : MC_WHY_CAPTCHA_FORMAT;
}

/* Labels of letters, digits and inner hyphens, at least two of them (RFC 1035). */
static bool is_domain(const char *domain)
{
    size_t dots = 0;

    for (;; domain++) {
        size_t len = strcspn(domain, ".");
        if (len == 0 || len > 63 || domain[0] == '-' || domain[len - 1] == '-')
            return false;
        for (size_t i = 0; i < len; i++) {
            if (!scan_is_digit(domain[i]) && !scan_is_upper(domain[i]) &&
                !scan_is_lower(domain[i]) && domain[i] != '-')
                return false;
        }
        domain += len;
        if (*domain == '\0')
            return dots > 0;
        dots++;
    }
}

/* The dot-atom form of RFC 5321; quoted names and address literals are not what citizens have. */
enum mc_why mc_email_check(const char *email)
{
    const char *at = strrchr(email, '@');
    size_t len = at != NULL ? (size_t)(at - email) : 0;

    if (email[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;
    if (strlen(email) >= MC_EMAIL_SIZE)
        return MC_WHY_FIELD_TOO_LONG;
    if (len == 0 || len > MC_EMAIL_LOCAL_MAX || email[0] == '.' || email[len - 1] == '.' ||
        !is_domain(at + 1))
        return MC_WHY_EMAIL_FORMAT;
    for (size_t i = 0; i < len; i++) {
        bool alphanumeric =
            scan_is_digit(email[i]) || scan_is_upper(email[i]) || scan_is_lower(email[i]);
        if (!alphanumeric && strchr("!#$%&'*+/=?^_`{|}~-.", email[i]) == NULL)
            return MC_WHY_EMAIL_FORMAT;
        if (email[i] == '.' && email[i + 1] == '.')
            return MC_WHY_EMAIL_FORMAT;
    }
    return MC_WHY_OK;
}

/* Shows `first` and `last` bytes with stars between; a text too short for that is all stars. */
static void mask(char *out, size_t size, const char *text, size_t first, size_t last, size_t stars)
{
    size_t len = strlen(text);
    size_t at = 0;

    assert(size >= MC_MASK_SIZE);
    if (len <= first + last)
        first = last = 0;
    memcpy(out, text, first);
    at = first;
    memset(out + at, '*', stars);
    at += stars;
    memcpy(out + at, text + len - last, last);
    out[at + last] = '\0';
}

/* OTP-06: 091****314, of the number as people dial it. */
void mc_mask_phone(char *out, size_t size, const char *phone)
{
    char national[MC_PHONE_SIZE] = "0";
    size_t len = strlen(phone);

    if (len == MC_PHONE_SIZE - 1 && strncmp(phone, "84", 2) == 0) {
        memcpy(national + 1, phone + 2, len - 1);
        phone = national;
    }
    mask(out, size, phone, 3, 3, 4);
}

void mc_mask_identity(char *out, size_t size, const char *number)
{
    size_t len = strlen(number);

    mask(out, size, number, 3, 3, len > 6 && len < 64 ? len - 6 : 4);
}

void mc_mask_email(char *out, size_t size, const char *email)
{
    const char *at = strrchr(email, '@');
    size_t tail = at != NULL ? strlen(at) : 0;
    bool shown =
        tail > 0 && at != email && tail < MC_MASK_SIZE - 8 && mc_email_check(email) == MC_WHY_OK;

    bool initial = shown && at != email + 1; /* a name of one letter is all of it */
    mask(out, size, email, initial ? 1 : 0, shown ? tail : 0, 4);
}
