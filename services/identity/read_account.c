/*
 * ReadAccount: everything kept of an account, unmasked, now or as of a moment. For its owner and
 * for officers with ACCOUNT_VIEW; each reading names its purpose, which the audit log keeps.
 */
#include "account.h"

static void fill_facts(const struct identity_facts *facts, Identity__AccountDetails *rep)
{
    char **const fields[IDENTITY_FACTS_END] = {
        [IDENTITY_FACT_FULL_NAME] = &rep->full_name,
        [IDENTITY_FACT_BIRTH_DATE] = &rep->birth_date,
        [IDENTITY_FACT_LOGIN_ID] = &rep->login_id,
        [IDENTITY_FACT_NUMBERS] = &rep->numbers,
        [IDENTITY_FACT_PHONE] = &rep->phone,
        [IDENTITY_FACT_EMAIL] = &rep->email,
        [IDENTITY_FACT_ADDRESS] = &rep->address,
        [IDENTITY_FACT_TAX_CODE] = &rep->tax_code,
        [IDENTITY_FACT_STATUS] = &rep->status,
        [IDENTITY_FACT_VERIFIED] = &rep->verified_by,
        [IDENTITY_FACT_UNIT] = &rep->unit,
        [IDENTITY_FACT_RIGHTS] = &rep->rights,
        [IDENTITY_FACT_MERGED_INTO] = &rep->merged_into,
        [IDENTITY_FACT_STAFF] = &rep->staff,
        [IDENTITY_FACT_ORGANISATION] = &rep->organisation,
        [IDENTITY_FACT_NEXT_PHONE] = &rep->next_phone,
    };

    for (unsigned i = 1; i < IDENTITY_FACTS_END; i++)
        *fields[i] = mc_unconst(facts->value[i]);
}

enum mc_status identity_read_account(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ReadAccountRequest *req,
                                     Identity__AccountDetails *rep)
{
    struct identity_target target = {0};
    struct identity_change now;
    struct identity_facts facts;
    int64_t at_ms = req->as_of_ms != 0 ? req->as_of_ms : txn->now_ms;

    if (!identity_check_purpose(txn) ||
        !identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_VIEW",
                              &target) ||
        !identity_change_begin(txn, target.id, target.account, &now) ||
        !identity_facts_at(txn, &now, at_ms, &facts, &rep->version))
        return txn->status;
    fill_facts(&facts, rep);
    rep->account_id = identity_uuid(txn, target.id);
    rep->subject_kind = (Identity__SubjectKind)target.account->subject_kind;
    rep->ial = target.account->ial;
    rep->next_phone_at_ms = target.account->next_phone_at_ms;
    rep->method = target.account->method;
    rep->opened_at_ms = target.account->opened_at_ms;
    rep->consent_version = target.account->consent_version;
    rep->consent_at_ms = target.account->consent_at_ms;
    identity_read_emit(txn, &target, "account");
    return txn->status;
}
