/* Who calls, what he is to a thing of a unit, and that he read. */
#include <string.h>

#include "common/text.h"

#include "support.h"

const char *support_actor(const struct mc_txn *txn)
{
    return txn->caller->account_id != NULL ? txn->caller->account_id : txn->caller->name;
}

static bool has_right(const struct mc_caller *caller, const char *right)
{
    for (size_t i = 0; i < caller->rights_len; i++)
        if (strcmp(caller->rights[i], right) == 0)
            return true;
    return false;
}

bool support_is_of(const struct mc_txn *txn, const char *unit)
{
    const struct mc_caller *caller = txn->caller;

    return (caller->who & MC_OFFICER) != 0 && caller->unit != NULL &&
           mc_agency_within(unit, caller->unit);
}

bool support_is_staff(const struct support *support, const struct mc_txn *txn)
{
    const struct mc_caller *caller = txn->caller;

    if (caller->account_id == NULL)
        return (caller->who & MC_OPERATOR) != 0;
    return (caller->who & MC_OFFICER) != 0 && caller->unit != NULL &&
           mc_agency_within(caller->unit, support->unit) && has_right(caller, SUPPORT_RIGHT_MANAGE);
}

unsigned support_actor_of(const struct support *support, const struct mc_txn *txn, const char *unit)
{
    return (support_is_of(txn, unit) ? (unsigned)SUPPORT_BY_REQUESTER : 0U) |
           (support_is_staff(support, txn) ? (unsigned)SUPPORT_BY_STAFF : 0U);
}

bool support_check_purpose(struct mc_txn *txn)
{
    const char *purpose = txn->header->purpose;

    if ((txn->caller->who & MC_OFFICER) == 0)
        return true;
    if (purpose[strspn(purpose, " \t")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "purpose", "PURPOSE_REQUIRED", NULL);
    else if (mc_text_chars(purpose) > SUPPORT_PURPOSE_CHARS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "purpose", "FIELD_TOO_LONG", "field",
                        support_label("purpose"), "max",
                        support_printf(txn, "%d", SUPPORT_PURPOSE_CHARS_MAX), NULL);
    return txn->status == MC_OK;
}

void support_tell_read(struct mc_txn *txn, const char *what, const char *code, size_t rows)
{
    Support__DataRead read = SUPPORT__DATA_READ__INIT;
    const char *keys[2] = {NULL};

    read.what = mc_unconst(what);
    read.code = mc_unconst(code);
    read.rows = (uint32_t)rows;
    read.purpose = mc_unconst(txn->header->purpose);
    if (code[0] != '\0')
        keys[0] = support_printf(txn, "support:%s", code);
    mc_emit(txn, "support.data_read", &read.base, MC_SEALED, keys);
}

const char *support_scope(const struct support *support, struct mc_txn *txn, const char *text)
{
    char code[MC_AGENCY_CODE_SIZE];
    bool staff = support_is_staff(support, txn);

    if (text[0] == '\0' && (staff || txn->caller->unit != NULL))
        return staff ? "" : support_text(txn, txn->caller->unit);
    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
    else if (mc_agency_parse(text, code, sizeof code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
    else if (!staff && !support_is_of(txn, code))
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
    else
        return support_text(txn, code);
    return NULL;
}

char *support_unit_own(const struct support *support, struct mc_txn *txn, const char *field,
                       const char *text)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (text[0] == '\0' && txn->caller->unit != NULL)
        return support_text(txn, txn->caller->unit);
    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", support_label(field),
                        NULL);
    else if (mc_agency_parse(text, code, sizeof code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, field, "AGENCY_CODE_FORMAT", NULL);
    else if (!support_is_of(txn, code) && !support_is_staff(support, txn))
        (void)mc_refuse(txn, MC_DENIED, field, "UNIT_NOT_YOURS", NULL);
    else
        return support_text(txn, code);
    return mc_unconst("");
}
