/*
 * StartPhoneChange: a code to the new phone and one to the old (REG-50). Who has lost the old one
 * signs with a certificate, or comes to the desk (OTP-09): there an officer with ACCOUNT_EDIT
 * compares the papers, gives the reason, and the code to the new phone is enough. Either way the
 * old phone is told (notification room).
 */
#include <string.h>

#include "common/ident.h"

#include "account.h"

static enum mc_status check(struct mc_txn *txn, const char *text, struct mc_phone *ret_phone)
{
    enum mc_why why = text[0] != '\0' ? mc_phone_parse(text, ret_phone) : MC_WHY_OK;

    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "phone", "FIELD_REQUIRED", "field", "số điện thoại mới",
                        NULL);
    else if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(why), NULL);
    return txn->status;
}

enum mc_status identity_start_phone_change(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartPhoneChangeRequest *req,
                                           Identity__AccountStep *rep)
{
    struct identity_target target = {0};
    struct mc_phone phone;

    if (check(txn, req->phone, &phone) != MC_OK ||
        !identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_EDIT",
                              &target) ||
        !identity_account_is_active(txn, target.account))
        return txn->status;
    bool own = target.way == IDENTITY_BY_OWNER;
    if (!own)
        identity_check_reason(txn, req->reason);
    const IdentityState__Person *person = identity_person_open(txn, target.account->person);
    if (person == NULL)
        return txn->status;
    if (strcmp(person->phone, phone.number) == 0)
        return mc_refuse(txn, MC_CONFLICT, "phone", "PHONE_SAME", NULL);
    if (!identity_budget_take(txn, "budget.phone", target.id, IDENTITY_STEPS_AN_HOUR,
                              "STEPS_TOO_MANY"))
        return txn->status;

    const struct identity_step step = {
        .kind = OTP__PURPOSE__PHONE_CHANGE,
        .target = &target,
        .person = person,
        .phone = phone.number,
        .old_phone = own && person->phone[0] != '\0' ? person->phone : NULL,
        .reason = own ? "" : req->reason,
    };
    identity_step_begin(identity, txn, &step, rep);
    return txn->status;
}
