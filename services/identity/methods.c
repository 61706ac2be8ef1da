/*
 * Registration methods, asked: which one is open for whom at a moment, why one is not, and what its
 * form has (REG-05, DEC-01). Their table is read by method_table.c.
 */
#include <string.h>

#include "common/date.h"

#include "identity.h"

const struct identity_method *identity_method_find(const struct identity *identity,
                                                   const char *code)
{
    for (size_t i = 0; i < identity->methods_len; i++)
        if (strcmp(identity->methods[i].code, code) == 0)
            return &identity->methods[i];
    return NULL;
}

/* NULL: it is open; else the stable code of why it is not, and the day that matters in its text. */
const char *identity_method_why(const struct identity_method *method, unsigned subject_kind,
                                int64_t now_ms, int64_t *ret_day_ms)
{
    *ret_day_ms = 0;
    if (method == NULL || !method->open || subject_kind == 0 || subject_kind >= IDENTITY_SUBJECTS)
        return "METHOD_NOT_OPEN";
    const struct identity_window *window = &method->windows[subject_kind];
    if (!window->listed)
        return "METHOD_NOT_FOR_SUBJECT";
    if (method->not_here[subject_kind])
        return "METHOD_NOT_OPEN";
    if (now_ms < window->from_ms) {
        *ret_day_ms = window->from_ms;
        return "METHOD_NOT_YET";
    }
    if (now_ms >= window->until_ms) {
        *ret_day_ms = window->until_ms;
        return "METHOD_CLOSED";
    }
    return NULL;
}

bool identity_method_is_open(const struct identity_method *method, unsigned subject_kind,
                             int64_t now_ms)
{
    int64_t day_ms = 0;

    return identity_method_why(method, subject_kind, now_ms, &day_ms) == NULL;
}

const char *identity_subject_name(unsigned subject_kind)
{
    static const char *const names[IDENTITY_SUBJECTS] = {
        [IDENTITY__SUBJECT_KIND__CITIZEN] = "công dân",
        [IDENTITY__SUBJECT_KIND__ENTERPRISE] = "doanh nghiệp",
        [IDENTITY__SUBJECT_KIND__STATE_AGENCY] = "cơ quan nhà nước",
    };

    return subject_kind < IDENTITY_SUBJECTS && names[subject_kind] != NULL ? names[subject_kind]
                                                                           : "";
}

/* Refuses the call when the method is not open for the subject now, and says since when. */
const struct identity_method *identity_method_check(const struct identity *identity,
                                                    struct mc_txn *txn, const char *code,
                                                    unsigned subject_kind)
{
    const struct identity_method *method = identity_method_find(identity, code);
    char day[MC_DATE_SIZE];
    int64_t day_ms = 0;
    const char *why = identity_method_why(method, subject_kind, txn->now_ms, &day_ms);

    if (why == NULL)
        return method;
    mc_date_format(day, sizeof day, mc_date_from_ms(day_ms));
    (void)mc_refuse(txn, MC_INVALID, "method", why, "method", method != NULL ? method->name : code,
                    "subject", identity_subject_name(subject_kind), "date", day, NULL);
    return NULL;
}

bool identity_method_asks(const struct identity *identity, const struct identity_method *method,
                          const char *field, bool *ret_required)
{
    for (size_t i = 0; i < identity->fields_len; i++)
        if (strcmp(identity->fields[i].name, field) == 0) {
            *ret_required = (method->required & 1U << i) != 0;
            return (method->fields & 1U << i) != 0;
        }
    *ret_required = false;
    return false;
}
