/* Codes of agencies, dossiers and procedures. */
#include <stdio.h>

#include "common/ident.h"
#include "common/ident_scan.h"

enum {
    PICK_SIZE = 64,
    OLD_LEN = 13, /* 000.15.43.H35 */
    LEVELS_MAX = 4,
    SEQUENCE_DIGITS_MIN = 4,
    SEQUENCE_DIGITS_MAX = 6,
    PROCEDURE_LEN = 8,
};

/* H provinces, G ministries; A Party, K state groups are seen but not confirmed. */
static bool is_root_letter(const char *root)
{
    return root[0] != '\0' && strchr("HGAK", root[0]) != NULL;
}

static bool is_code_char(char c)
{
    return scan_is_digit(c) || scan_is_upper(c);
}

static bool is_root(const char *text, size_t len)
{
    return len == 3 && scan_is_upper(text[0]) && scan_digits(text + 1, 2);
}

static bool is_old_form(const char *code)
{
    if (strlen(code) != OLD_LEN || code[3] != '.' || code[6] != '.' || code[9] != '.')
        return false;
    for (size_t i = 0; i < OLD_LEN; i++) {
        if (code[i] != '.' && !is_code_char(code[i]))
            return false;
    }
    return is_root(code + 10, 3);
}

static bool is_new_form(const char *code)
{
    for (size_t level = 1;; level++) {
        size_t len = strcspn(code, ".");
        if (level > LEVELS_MAX || (level == 1 ? !is_root(code, len) : len < 2 || len > 3))
            return false;
        for (size_t i = 0; i < len; i++) {
            if (!is_code_char(code[i]))
                return false;
        }
        if (code[len] == '\0')
            return true;
        code += len + 1;
    }
}

static enum mc_why check_agency(const char *code)
{
    bool old = is_old_form(code);

    if (!old && !is_new_form(code))
        return MC_WHY_AGENCY_CODE_FORMAT;
    return is_root_letter(code + (old ? 10 : 0)) ? MC_WHY_OK : MC_WHY_AGENCY_CODE_ROOT;
}

enum mc_why mc_agency_parse(const char *text, char *out, size_t size)
{
    char code[MC_AGENCY_CODE_SIZE];

    assert(size >= MC_AGENCY_CODE_SIZE);
    if (!scan_pick(code, sizeof code, text, ""))
        return MC_WHY_AGENCY_CODE_FORMAT;
    if (code[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;

    enum mc_why why = check_agency(code);
    if (why == MC_WHY_OK)
        memcpy(out, code, sizeof code);
    return why;
}

/* 000.15.43.H35 -> 000.00.43.H35 -> 000.00.00.H35: the leftmost part in use becomes zeros. */
static bool clear_leftmost(char *code)
{
    static const struct {
        size_t at;
        const char *zeros;
    } parts[] = {{0, "000"}, {4, "00"}, {7, "00"}};

    for (size_t i = 0; i < MC_LEN(parts); i++) {
        size_t len = strlen(parts[i].zeros);
        if (memcmp(code + parts[i].at, parts[i].zeros, len) != 0) {
            memcpy(code + parts[i].at, parts[i].zeros, len);
            return true;
        }
    }
    return false;
}

bool mc_agency_parent(const char *code, char *out, size_t size)
{
    char parent[MC_AGENCY_CODE_SIZE];
    size_t len = strlen(code);

    assert(size >= MC_AGENCY_CODE_SIZE);
    if (len >= sizeof parent || check_agency(code) != MC_WHY_OK)
        return false;
    memcpy(parent, code, len + 1);
    if (is_old_form(code)) {
        if (!clear_leftmost(parent))
            return false;
    } else {
        char *dot = strrchr(parent, '.');
        if (dot == NULL)
            return false;
        *dot = '\0';
    }
    memcpy(out, parent, strlen(parent) + 1);
    return true;
}

bool mc_agency_within(const char *code, const char *ancestor)
{
    char at[MC_AGENCY_CODE_SIZE];

    if (check_agency(code) != MC_WHY_OK || check_agency(ancestor) != MC_WHY_OK)
        return false;
    if (strcmp(code, ancestor) == 0)
        return true;
    while (mc_agency_parent(code, at, sizeof at)) {
        if (strcmp(at, ancestor) == 0)
            return true;
        code = at;
    }
    return false;
}

/* Where the parts of <agency>-<yyMMdd>-<sequence> begin; NULL when it is not of that shape. */
static const char *dossier_tail(const char *code)
{
    size_t agency_len = strcspn(code, "-");
    const char *tail = code + agency_len;

    if (agency_len < 3 || agency_len >= MC_AGENCY_CODE_SIZE || tail[0] != '-' ||
        !scan_digits(tail + 1, 6) || tail[7] != '-')
        return NULL;
    for (size_t i = 0; i < agency_len; i++) {
        if (!is_code_char(code[i]) && code[i] != '.')
            return NULL;
    }
    size_t digits = strlen(tail + 8);
    bool good = digits >= SEQUENCE_DIGITS_MIN && digits <= SEQUENCE_DIGITS_MAX;
    return good && scan_digits(tail + 8, digits) ? tail : NULL;
}

/* DOS-08; TT 01/2018/TT-VPCP, kept by TT 03/2025. */
enum mc_why mc_dossier_code_parse(const char *text, struct mc_dossier_code *ret_code)
{
    struct mc_dossier_code code = {.sequence = 0};

    if (!scan_pick(code.code, sizeof code.code, text, ""))
        return MC_WHY_DOSSIER_CODE_FORMAT;
    if (code.code[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;

    const char *tail = dossier_tail(code.code);
    if (tail == NULL)
        return MC_WHY_DOSSIER_CODE_FORMAT;
    memcpy(code.agency, code.code, (size_t)(tail - code.code));
    enum mc_why why = check_agency(code.agency);
    if (why != MC_WHY_OK)
        return why;

    size_t digits = strlen(tail + 8);
    code.sequence = scan_number(tail + 8, digits);
    if (code.sequence == 0 || (digits > SEQUENCE_DIGITS_MIN && tail[8] == '0'))
        return MC_WHY_DOSSIER_CODE_FORMAT;
    code.date = (struct mc_date){
        .year = 2000 + scan_number(tail + 1, 2),
        .month = scan_number(tail + 3, 2),
        .day = scan_number(tail + 5, 2),
    };
    if (!mc_date_valid(code.date))
        return MC_WHY_DOSSIER_CODE_DATE;
    *ret_code = code;
    return MC_WHY_OK;
}

enum mc_why mc_dossier_code_parse_member(const char *text, char *out, size_t size)
{
    char code[MC_DOSSIER_CODE_SIZE];

    assert(size >= MC_DOSSIER_CODE_SIZE);
    if (!scan_pick(code, sizeof code, text, "") || dossier_tail(code) == NULL)
        return MC_WHY_DOSSIER_CODE_FORMAT;
    memcpy(out, code, strlen(code) + 1);
    return MC_WHY_OK;
}

void mc_dossier_code_make(char *out, size_t size, const char *agency, struct mc_date date,
                          int sequence)
{
    char day[MC_YYMMDD_SIZE];

    assert(size >= MC_DOSSIER_CODE_SIZE);
    assert(check_agency(agency) == MC_WHY_OK);
    assert(sequence >= 1 && sequence <= MC_DOSSIER_SEQUENCE_MAX);
    mc_date_format_yymmdd(day, sizeof day, date);
    (void)snprintf(out, size, "%s-%s-%04d", agency, day, sequence);
}

/* An agency code of either kind, a service number .01, or the first and then the second. */
static bool is_procedure_tail(const char *tail)
{
    char agency[MC_AGENCY_CODE_SIZE];
    size_t len = strlen(tail);

    if (len == 2 && scan_digits(tail, 2))
        return true;
    if (len >= sizeof agency)
        return false;
    memcpy(agency, tail, len + 1);
    if (check_agency(agency) == MC_WHY_OK)
        return true;
    if (len < 4 || agency[len - 3] != '.' || !scan_digits(agency + len - 2, 2))
        return false;
    agency[len - 3] = '\0';
    return check_agency(agency) == MC_WHY_OK;
}

enum mc_why mc_procedure_parse(const char *text, char *out, size_t size)
{
    char code[PICK_SIZE] = "";

    assert(size >= MC_PROCEDURE_CODE_SIZE);
    if (!scan_pick(code, sizeof code, text, ""))
        return MC_WHY_PROCEDURE_CODE_FORMAT;
    if (code[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;
    if (!scan_is_digit(code[0]) || code[1] != '.' || !scan_digits(code + 2, PROCEDURE_LEN - 2))
        return MC_WHY_PROCEDURE_CODE_FORMAT;

    const char *tail = code + PROCEDURE_LEN;
    if (*tail != '\0' && (*tail != '.' || !is_procedure_tail(tail + 1)))
        return MC_WHY_PROCEDURE_CODE_FORMAT;
    memcpy(out, code, PROCEDURE_LEN);
    out[PROCEDURE_LEN] = '\0';
    return MC_WHY_OK;
}
