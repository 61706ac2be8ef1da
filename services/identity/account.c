/* Accounts: found by a keyed hash of the identity number, one per number (REG-48). */
#include "account.h"

#include "common/ident.h"

#include "officer.h"

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

void identity_account_open(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account)
{
    account->status = IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE;
    account->version = 1;
    account->opened_at_ms = txn->now_ms;
    identity_account_save(txn, id, account);
    mc_put(txn, IDENTITY_LOGIN_INDEX, mc_key_bytes(account->login_index), id);
    identity_counts_add(txn, account);
}

static char *kept(struct mc_txn *txn, const char *text)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return copy;
}

static void fill_numbers(struct mc_txn *txn, const IdentityState__Person *person,
                         Identity__Profile *profile)
{
    char masked[MC_MASK_SIZE];

    profile->numbers_masked = mc_alloc(txn->arena, (person->n_numbers + 1) * sizeof(char *));
    if (profile->numbers_masked == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    for (size_t i = 0; i < person->n_numbers; i++) {
        mc_mask_identity(masked, sizeof masked, person->numbers[i]);
        profile->numbers_masked[i] = kept(txn, masked);
    }
    profile->n_numbers_masked = person->n_numbers;
    if (person->tax_code[0] != '\0') {
        mc_mask_identity(masked, sizeof masked, person->tax_code);
        profile->tax_code_masked = kept(txn, masked);
    }
}

static void fill_status(const IdentityState__Account *account, Identity__Profile *profile)
{
    profile->status = identity_status_of(account);
    profile->status_text = mc_unconst(identity_status_text(profile->status));
    profile->version = account->version;
    profile->verified_by = account->verified_by;
    profile->verified_at_ms = account->verified_at_ms;
    profile->closes_at_ms = account->closes_at_ms;
}

/* What an officer may act for, when it is more than one unit. */
static void list_units(struct mc_txn *txn, const IdentityState__Account *account,
                       Identity__Profile *profile)
{
    struct identity_units units;

    identity_units_read(txn, account, &units);
    profile->units = mc_alloc(txn->arena, IDENTITY_UNITS_MAX * sizeof *profile->units);
    if (profile->units == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    for (size_t i = 0; i < units.len; i++)
        profile->units[profile->n_units++] = units.rows[i]->unit;
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
    list_units(txn, account, profile);
    mc_mask_identity(masked, sizeof masked, person->login_id);
    profile->login_id_masked = kept(txn, masked);
    if (person->phone[0] != '\0') { /* a certificate needs none */
        mc_mask_phone(masked, sizeof masked, person->phone);
        profile->phone_masked = kept(txn, masked);
    }
    if (person->next_phone[0] != '\0') {
        mc_mask_phone(masked, sizeof masked, person->next_phone);
        profile->next_phone_masked = kept(txn, masked);
        profile->next_phone_at_ms = account->next_phone_at_ms;
    }
    if (person->email[0] != '\0') {
        mc_mask_email(masked, sizeof masked, person->email);
        profile->email_masked = kept(txn, masked);
    }
    profile->has_address = person->address[0] != '\0';
    fill_numbers(txn, person, profile);
    fill_status(account, profile);
}
