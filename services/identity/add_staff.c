/*
 * AddStaff: [+THÊM MỚI] (OFF-09): an account that exists joins the list of staff, without a unit
 * yet or with the bank, intermediary or other body it belongs to. Only who knows the whole number
 * can name the account.
 */
#include "common/text.h"

#include "officer.h"

static char *check_organisation(struct mc_txn *txn, const char *text)
{
    char clean[MC_TEXT_SIZE(4 * IDENTITY_ORGANISATION_MAX)];

    if (mc_text_chars(text) > IDENTITY_ORGANISATION_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "organisation", "FIELD_TOO_LONG", "field",
                        "Tên cơ quan khác", "max", "200 ký tự", NULL);
        return NULL;
    }
    if (mc_text_clean(clean, sizeof clean, text) != MC_OK) {
        (void)mc_refuse(txn, MC_INVALID, "organisation", "FIELD_INVALID", "field",
                        "Tên cơ quan khác", NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, clean);
}

/* An administrator, or an officer who holds just this right. */
static bool may_add(const struct identity *identity, struct mc_txn *txn,
                    struct identity_grantor *grantor)
{
    struct mc_bytes session;

    if (identity_caller_has(txn, "USER_ADD")) {
        *grantor = (struct identity_grantor){.account_id = txn->caller->account_id};
        return identity_session_of_caller(txn, &session) != NULL;
    }
    return identity_grantor_find(identity, txn, grantor);
}

enum mc_status identity_add_staff(struct identity *identity, struct mc_txn *txn,
                                  const Identity__AddStaffRequest *req, Identity__Officer *rep)
{
    struct identity_grantor grantor;
    struct identity_change change;
    struct mc_bytes id;

    if (!may_add(identity, txn, &grantor))
        return txn->status;
    identity_check_reason(txn, req->reason);
    char *organisation = check_organisation(txn, req->organisation);
    if (txn->status != MC_OK || organisation == NULL)
        return txn->status;
    IdentityState__Account *account = identity_officer_find(txn, "", req->login_id, &id);
    if (account == NULL)
        return txn->status;
    const struct identity_method *method = identity_method_find(identity, account->method);
    if (method == NULL || !method->officer_rights) /* REG-09 */
        return mc_refuse(txn, MC_CONFLICT, "login_id", "RIGHTS_NOT_FOR_METHOD", NULL);
    if (!identity_change_begin(txn, id, account, &change))
        return txn->status;
    account->staff = true;
    account->organisation = organisation;
    identity_change_save(txn, &change, identity_grantor_way(&grantor), req->reason);
    identity_officer_fill(txn, id, account, &grantor, rep);
    return txn->status;
}
