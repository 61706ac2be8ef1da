/* Who deals with feedback, for which units. */
#include <string.h>

#include "feedback.h"

static bool may(const struct mc_txn *txn)
{
    for (size_t i = 0; i < txn->caller->rights_len; i++)
        if (strcmp(txn->caller->rights[i], SUPPORT_RIGHT_FEEDBACK) == 0)
            return true;
    return false;
}

/* Operators, and officers of Văn phòng Chính phủ with the right, for every unit. */
static bool is_national(const struct support *support, const struct mc_txn *txn)
{
    const struct mc_caller *caller = txn->caller;

    if (caller->account_id == NULL)
        return (caller->who & MC_OPERATOR) != 0;
    return (caller->who & MC_OFFICER) != 0 && caller->unit != NULL && may(txn) &&
           mc_agency_within(caller->unit, support->unit);
}

bool support_feedback_is_officer(const struct support *support, const struct mc_txn *txn,
                                 const char *unit)
{
    return is_national(support, txn) || (support_is_of(txn, unit) && may(txn));
}

char *support_feedback_unit(struct mc_txn *txn, const char *field, const char *text)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", support_label(field),
                        NULL);
    else if (mc_agency_parse(text, code, sizeof code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, field, "AGENCY_CODE_FORMAT", NULL);
    else
        return support_text(txn, code);
    return mc_unconst("");
}

const char *support_feedback_scope(const struct support *support, struct mc_txn *txn,
                                   const char *text)
{
    bool national = is_national(support, txn);

    if (text[0] == '\0' && national)
        return "";
    if (text[0] == '\0' && txn->caller->unit != NULL)
        text = txn->caller->unit;
    const char *unit = support_feedback_unit(txn, "unit", text);
    if (txn->status == MC_OK && !support_feedback_is_officer(support, txn, unit))
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
    return txn->status == MC_OK ? unit : NULL;
}
