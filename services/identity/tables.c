/*
 * The tables embedded in the program: which registration methods there are and for whom, and the
 * rights an officer may hold (data/, from the product's domain study; labels of certainty kept
 * there). Methods are data with dates, because the guides of 2022 and 2024 list different ones
 * (REG-05, DEC-01).
 */
#include <string.h>

#include "common/csv.h"
#include "common/date.h"

#include "identity.h"

extern const char mc_data_registration_methods[];
extern const size_t mc_data_registration_methods_len;
extern const char mc_data_quantri_rights[];
extern const size_t mc_data_quantri_rights_len;

enum { DATE_TEXT_MAX = 16 };

struct method_columns {
    size_t code, subjects, ial, open, from, until, officer_rights;
};

static bool names(struct mc_bytes list, const char *word)
{
    return memmem(list.data, list.len, word, strlen(word)) != NULL;
}

static unsigned subjects_of(struct mc_bytes list)
{
    unsigned subjects = 0;

    if (names(list, "citizen"))
        subjects |= 1U << IDENTITY__SUBJECT_KIND__CITIZEN;
    if (names(list, "enterprise"))
        subjects |= 1U << IDENTITY__SUBJECT_KIND__ENTERPRISE;
    if (names(list, "state agency"))
        subjects |= 1U << IDENTITY__SUBJECT_KIND__STATE_AGENCY;
    return subjects;
}

static bool read_date(const struct mc_csv *csv, size_t column, int64_t otherwise, int64_t *ret_ms)
{
    char text[DATE_TEXT_MAX];
    struct mc_date date;

    *ret_ms = otherwise;
    if (mc_csv_field(csv, column).len == 0)
        return true;
    if (!mc_csv_copy(csv, column, text, sizeof text) || mc_date_parse(text, &date) != MC_WHY_OK)
        return false;
    *ret_ms = mc_date_to_ms(date);
    return true;
}

static bool read_method(const struct mc_csv *csv, const struct method_columns *at,
                        struct identity_method *method)
{
    method->subjects = subjects_of(mc_csv_field(csv, at->subjects));
    method->ial = mc_csv_is(csv, at->ial, "2") ? 2 : mc_csv_is(csv, at->ial, "3") ? 3 : 0;
    method->open = mc_csv_is(csv, at->open, "yes");
    method->officer_rights = mc_csv_is(csv, at->officer_rights, "yes");
    return mc_csv_copy(csv, at->code, method->code, sizeof method->code) &&
           read_date(csv, at->from, INT64_MIN, &method->from_ms) &&
           read_date(csv, at->until, INT64_MAX, &method->until_ms);
}

enum mc_status identity_methods_read(struct identity *identity)
{
    struct mc_csv csv;

    identity->methods_len = 0;
    mc_csv_open(&csv, mc_data_registration_methods, mc_data_registration_methods_len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    const struct method_columns at = {
        .code = mc_csv_column(&csv, "code"),
        .subjects = mc_csv_column(&csv, "subjects"),
        .ial = mc_csv_column(&csv, "ial"),
        .open = mc_csv_column(&csv, "open"),
        .from = mc_csv_column(&csv, "from"),
        .until = mc_csv_column(&csv, "until"),
        .officer_rights = mc_csv_column(&csv, "officer_rights"),
    };
    while (mc_csv_next(&csv)) {
        if (identity->methods_len == IDENTITY_METHODS_MAX ||
            !read_method(&csv, &at, &identity->methods[identity->methods_len]))
            return MC_INVALID;
        identity->methods_len += 1;
    }
    return csv.status;
}

const struct identity_method *identity_method_find(const struct identity *identity,
                                                   const char *code)
{
    for (size_t i = 0; i < identity->methods_len; i++)
        if (strcmp(identity->methods[i].code, code) == 0)
            return &identity->methods[i];
    return NULL;
}

/* `until` is the first day it is closed again. */
bool identity_method_is_open(const struct identity_method *method, unsigned subject_kind,
                             int64_t now_ms)
{
    return method != NULL && method->open && subject_kind < 32 &&
           (method->subjects & (1U << subject_kind)) != 0 && method->from_ms <= now_ms &&
           now_ms < method->until_ms;
}

enum mc_status identity_rights_read(struct identity *identity)
{
    struct mc_csv csv;

    identity->rights_len = 0;
    mc_csv_open(&csv, mc_data_quantri_rights, mc_data_quantri_rights_len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    size_t column = mc_csv_column(&csv, "right");
    while (mc_csv_next(&csv)) {
        if (identity->rights_len == IDENTITY_RIGHTS_MAX ||
            !mc_csv_copy(&csv, column, identity->rights[identity->rights_len], IDENTITY_CODE_SIZE))
            return MC_INVALID;
        identity->rights_len += 1;
    }
    return csv.status;
}

bool identity_right_is_known(const struct identity *identity, const char *right)
{
    for (size_t i = 0; i < identity->rights_len; i++)
        if (strcmp(identity->rights[i], right) == 0)
            return true;
    return false;
}
