/* Accounts: found by a keyed hash of the identity number, one per number (REG-48). */
#include "common/ident.h"

#include "identity.h"

struct mc_bytes identity_login_index(struct mc_txn *txn, const char *login_id)
{
    return mc_blind(txn, "login_id", login_id);
}

bool identity_account_find(struct mc_txn *txn, struct mc_bytes login_index, struct mc_bytes *ret_id)
{
    return mc_get(txn, IDENTITY_LOGIN_INDEX, login_index, ret_id);
}

IdentityState__Account *identity_account_load(struct mc_txn *txn, struct mc_bytes id)
{
    if (id.len != MC_ID_LEN)
        return NULL;
    return mc_load(txn, IDENTITY_ACCOUNTS, id, &identity_state__account__descriptor);
}

static char *kept(struct mc_txn *txn, const char *text)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return copy;
}

void identity_profile_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account, Identity__Profile *profile)
{
    char masked[MC_MASK_SIZE];
    const IdentityState__Person *person = identity_person_open(txn, account->person);

    if (person == NULL)
        return;
    profile->account_id = identity_uuid(txn, id);
    profile->subject_kind = (Identity__SubjectKind)account->subject_kind;
    profile->full_name = person->full_name;
    profile->birth_date = person->birth_date;
    profile->ial = account->ial;
    profile->unit = account->unit;
    profile->rights = account->rights;
    profile->n_rights = account->n_rights;
    mc_mask_identity(masked, sizeof masked, person->login_id);
    profile->login_id_masked = kept(txn, masked);
    mc_mask_phone(masked, sizeof masked, person->phone);
    profile->phone_masked = kept(txn, masked);
    if (person->email[0] != '\0') {
        mc_mask_email(masked, sizeof masked, person->email);
        profile->email_masked = kept(txn, masked);
    }
}
