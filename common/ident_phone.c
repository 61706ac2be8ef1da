/* Mobile phone numbers: one form, and a first guess of who carries them. */
#include "common/csv.h"
#include "common/ident.h"
#include "common/ident_scan.h"

extern const char mc_data_mobile_prefixes[];
extern const size_t mc_data_mobile_prefixes_len;
extern const char mc_data_mobile_prefix_migration_2018[];
extern const size_t mc_data_mobile_prefix_migration_2018_len;

enum {
    PICK_SIZE = 32,
    NATIONAL_LEN = 10, /* 0912000101 */
    OLD_LEN = 11,      /* 01620001012, until 2018 */
    OLD_PREFIX_LEN = 4,
    NEW_PREFIX_LEN = 3,
};

/* Stops at the row whose first field begins the number. */
static bool find_prefix(struct mc_csv *csv, const char *data, size_t len, const char *national)
{
    mc_csv_open(csv, data, len);
    if (!mc_csv_next(csv)) /* the header */
        return false;
    while (mc_csv_next(csv)) {
        struct mc_bytes prefix = mc_csv_field(csv, 0);
        if (prefix.len > 0 && strncmp(national, prefix.data, prefix.len) == 0)
            return true;
    }
    return false;
}

static bool find_retired(struct mc_csv *csv, const char *national)
{
    return find_prefix(csv, mc_data_mobile_prefix_migration_2018,
                       mc_data_mobile_prefix_migration_2018_len, national);
}

static bool find_carrier(struct mc_csv *csv, const char *national)
{
    return find_prefix(csv, mc_data_mobile_prefixes, mc_data_mobile_prefixes_len, national);
}

/* Takes +84, 0084, 84 or 0 off. What is left has no leading zero. */
static enum mc_why strip_country(const char *picked, const char **ret_rest)
{
    const char *rest = picked;
    bool international = rest[0] == '+' || strncmp(rest, "00", 2) == 0;

    if (international)
        rest += rest[0] == '+' ? 1 : 2;
    if (!scan_digits(rest, strlen(rest)) || rest[0] == '\0')
        return MC_WHY_PHONE_FORMAT;
    if (international && strncmp(rest, "84", 2) != 0)
        return MC_WHY_PHONE_FOREIGN;

    bool country = international ||
                   (rest[0] != '0' && strncmp(rest, "84", 2) == 0 && strlen(rest) > NATIONAL_LEN);
    if (country)
        rest += 2;
    if (rest[0] == '0') /* +84 (0)912… is common, too */
        rest++;
    else if (!country)
        return strlen(rest) == NATIONAL_LEN - 1 ? MC_WHY_PHONE_NO_ZERO : MC_WHY_PHONE_FORMAT;
    *ret_rest = rest;
    return MC_WHY_OK;
}

/* National numbers, 0 first. Old ones become what they were changed to in 2018. */
static enum mc_why check_national(char *national, bool *ret_converted)
{
    struct mc_csv csv;
    size_t len = strlen(national);
    bool retired = find_retired(&csv, national);

    *ret_converted = false;
    if (national[1] == '2' && (len == NATIONAL_LEN || len == OLD_LEN))
        return MC_WHY_PHONE_FIXED_LINE;
    if (len == OLD_LEN && retired) {
        if (mc_csv_field(&csv, 1).len != NEW_PREFIX_LEN)
            return MC_WHY_PHONE_FORMAT;
        memcpy(national, mc_csv_field(&csv, 1).data, NEW_PREFIX_LEN);
        memmove(national + NEW_PREFIX_LEN, national + OLD_PREFIX_LEN, len - OLD_PREFIX_LEN + 1);
        *ret_converted = true;
        return MC_WHY_OK;
    }
    if (len != NATIONAL_LEN)
        return MC_WHY_PHONE_FORMAT;
    if (retired)
        return MC_WHY_PHONE_PREFIX_RETIRED;
    return find_carrier(&csv, national) ? MC_WHY_OK : MC_WHY_PHONE_PREFIX_UNKNOWN;
}

enum mc_why mc_phone_parse(const char *text, struct mc_phone *ret_phone)
{
    char picked[PICK_SIZE] = "";
    char national[PICK_SIZE] = "0";
    const char *rest = NULL;
    bool converted = false;

    if (!scan_pick(picked, sizeof picked, text, ".-()"))
        return MC_WHY_PHONE_FORMAT;
    if (picked[0] == '\0')
        return MC_WHY_FIELD_REQUIRED;
    enum mc_why why = strip_country(picked, &rest);
    if (why != MC_WHY_OK)
        return why;
    if (strlen(rest) >= OLD_LEN)
        return MC_WHY_PHONE_FORMAT;
    memcpy(national + 1, rest, strlen(rest) + 1);
    why = check_national(national, &converted);
    if (why != MC_WHY_OK)
        return why;

    *ret_phone = (struct mc_phone){.number = "84", .converted = converted};
    memcpy(ret_phone->number + 2, national + 1, NATIONAL_LEN);
    return MC_WHY_OK;
}

bool mc_carrier_guess(const char *phone, struct mc_carrier *ret_carrier)
{
    char national[MC_PHONE_SIZE] = "0";
    struct mc_carrier carrier;
    struct mc_csv csv;

    if (strlen(phone) != MC_PHONE_SIZE - 1 || strncmp(phone, "84", 2) != 0)
        return false;
    memcpy(national + 1, phone + 2, NATIONAL_LEN);
    if (!find_carrier(&csv, national) || !mc_csv_copy(&csv, 1, carrier.code, sizeof carrier.code) ||
        !mc_csv_copy(&csv, 2, carrier.name, sizeof carrier.name))
        return false;
    *ret_carrier = carrier;
    return true;
}

bool mc_carrier_find(const char *code, struct mc_carrier *ret_carrier)
{
    struct mc_carrier carrier;
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_mobile_prefixes, mc_data_mobile_prefixes_len);
    if (!mc_csv_next(&csv)) /* the header */
        return false;
    while (mc_csv_next(&csv)) {
        if (!mc_csv_is(&csv, 1, code))
            continue;
        if (!mc_csv_copy(&csv, 1, carrier.code, sizeof carrier.code) ||
            !mc_csv_copy(&csv, 2, carrier.name, sizeof carrier.name))
            return false;
        *ret_carrier = carrier;
        return true;
    }
    return false;
}
