/*
 * UpdateAccount: a person's own e-mail, address and tax code (REG-50, REG-51); name and date of
 * birth at the desk only, where an officer with ACCOUNT_EDIT compares the papers and says why. The
 * word of the population register does not cover what somebody corrected: it is asked again.
 */
#include <string.h>

#include "account.h"
#include "lookup.h"

enum { FIELDS_MAX = 5 };

static bool names(const Identity__UpdateAccountRequest *req, const char *field)
{
    for (size_t i = 0; i < req->n_fields; i++)
        if (strcmp(req->fields[i], field) == 0)
            return true;
    return false;
}

static bool is_known(const char *field)
{
    static const char *const known[] = {"email", "address", "tax_code", "full_name", "birth_date"};

    for (size_t i = 0; i < MC_LEN(known); i++)
        if (strcmp(field, known[i]) == 0)
            return true;
    return false;
}

static enum mc_status check(struct mc_txn *txn, const Identity__UpdateAccountRequest *req)
{
    if (req->n_fields == 0)
        (void)mc_refuse(txn, MC_INVALID, "fields", "FIELD_REQUIRED", "field", "thông tin cần sửa",
                        NULL);
    if (req->n_fields > FIELDS_MAX)
        return mc_refuse(txn, MC_INVALID, "fields", "LIST_TOO_LONG", NULL);
    for (size_t i = 0; i < req->n_fields; i++)
        if (!is_known(req->fields[i]))
            (void)mc_refuse(txn, MC_INVALID, "fields", "FIELD_NOT_CHANGEABLE", NULL);
    return txn->status;
}

static bool changes_identity(const Identity__UpdateAccountRequest *req)
{
    return names(req, "full_name") || names(req, "birth_date");
}

static void put_fields(struct mc_txn *txn, const Identity__UpdateAccountRequest *req,
                       struct identity_change *change)
{
    IdentityState__Person *person = change->person;

    if (names(req, "email"))
        identity_put_email(txn, req->email, person);
    if (names(req, "address"))
        identity_put_address(txn, req->address, person);
    if (names(req, "tax_code"))
        identity_put_tax_code(txn, req->tax_code, change->account->subject_kind, person);
    if (names(req, "full_name"))
        identity_put_name(txn, req->full_name, person);
    if (names(req, "birth_date"))
        identity_put_birth(txn, req->birth_date, person);
    if (changes_identity(req)) {
        change->account->verified_at_ms = 0;
        change->account->verified_by = mc_unconst("");
    }
}

static bool may_change(struct mc_txn *txn, const Identity__UpdateAccountRequest *req,
                       const struct identity_target *target)
{
    if (target->way == IDENTITY_BY_OWNER && changes_identity(req))
        (void)mc_refuse(txn, MC_DENIED, names(req, "full_name") ? "full_name" : "birth_date",
                        "FIELD_AT_DESK", NULL);
    if (target->way != IDENTITY_BY_OWNER)
        identity_check_reason(txn, req->reason);
    return identity_account_is_active(txn, target->account) &&
           identity_check_version(txn, target->account, req->version) &&
           identity_budget_take(txn, "budget.change", target->id, IDENTITY_CHANGES_AN_HOUR,
                                "CHANGES_TOO_MANY");
}

enum mc_status identity_update_account(struct identity *identity, struct mc_txn *txn,
                                       const Identity__UpdateAccountRequest *req,
                                       Identity__UpdateAccountReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;

    if (check(txn, req) != MC_OK ||
        !identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_EDIT",
                              &target) ||
        !may_change(txn, req, &target) ||
        !identity_change_begin(txn, target.id, target.account, &change))
        return txn->status;

    put_fields(txn, req, &change);
    identity_change_save(txn, &change, target.way,
                         target.way == IDENTITY_BY_OWNER ? "" : req->reason);
    if (changes_identity(req))
        identity_population_ask(identity, txn, target.id, change.person);
    rep->account_id = identity_uuid(txn, target.id);
    rep->version = target.account->version;
    return txn->status;
}
