/*
 * A lost phone's change waits (OTP-09, part D1: who comes to a desk with somebody else's identity
 * card). The old phone is told at once, and until the day the account stays its: it gets the codes,
 * and who holds it signs in and stops the change, or sets a new password by a code, which stops it,
 * too. Whatever ends the account's being active stops it as well.
 *
 *     phone_waits: takes_effect_at_ms (8, big-endian) ‖ account id -> nothing. What no longer fits
 *     its account (it was stopped, or begun anew) is passed over.
 */
#include <string.h>

#include "common/ident.h"

#include "account.h"

enum { WHEN_LEN = 8, PHONES_A_TICK = 20 };

static void tell(struct mc_txn *txn, const struct identity_change *change, const char *type)
{
    Identity__PhoneChangeTold told = IDENTITY__PHONE_CHANGE_TOLD__INIT;
    const char *keys[] = {identity_key(txn, "account", change->id), NULL};
    char masked[MC_MASK_SIZE];

    mc_mask_phone(masked, sizeof masked, change->person->next_phone);
    told.account_id = identity_uuid(txn, change->id);
    told.phone_masked = masked;
    told.takes_effect_at_ms = change->account->next_phone_at_ms;
    mc_emit(txn, type, &told.base, MC_SEALED, keys);
}

static void forget(struct identity_change *change)
{
    change->account->next_phone_at_ms = 0;
    change->person->next_phone = mc_unconst("");
    change->person->next_phone_reason = mc_unconst("");
}

void identity_phone_stop(struct mc_txn *txn, struct identity_change *change)
{
    if (change->account->next_phone_at_ms == 0)
        return;
    tell(txn, change, "identity.phone_change_stopped");
    forget(change);
}

void identity_phone_change(struct mc_txn *txn, struct identity_change *change, const char *phone,
                           int64_t wait_ms, const char *reason)
{
    IdentityState__Person *person = change->person;

    if (wait_ms == 0 || person->phone[0] == '\0') {
        forget(change);
        person->phone = mc_unconst(phone);
        return;
    }
    if (strcmp(person->next_phone, phone) == 0)
        return; /* asked for again: it waits no longer than it did */
    int64_t at_ms = txn->now_ms + wait_ms;
    person->next_phone = mc_unconst(phone);
    person->next_phone_reason = mc_unconst(reason);
    change->account->next_phone_at_ms = at_ms;
    mc_put(txn, IDENTITY_PHONE_WAITS,
           mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), change->id), (struct mc_bytes){0});
    tell(txn, change, "identity.phone_change_waits");
}

void identity_phone_is_held(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account)
{
    struct identity_change change;

    if (account->next_phone_at_ms == 0 || !identity_change_begin(txn, id, account, &change))
        return;
    identity_phone_stop(txn, &change);
    identity_change_save(txn, &change, IDENTITY_BY_OWNER,
                         "Đặt lại mật khẩu bằng mã gửi về số đang dùng");
}

static void take_effect(struct mc_txn *txn, struct mc_bytes id)
{
    struct identity_change change;
    IdentityState__Account *account = identity_account_load(txn, id);

    if (account == NULL || account->next_phone_at_ms == 0 ||
        account->next_phone_at_ms > txn->now_ms ||
        !identity_change_begin(txn, id, account, &change))
        return;
    const char *reason = change.person->next_phone_reason;
    change.person->phone = change.person->next_phone;
    forget(&change);
    identity_change_save(txn, &change, IDENTITY_BY_SYSTEM, reason);
}

void identity_phones_due(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_PHONE_WAITS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms);

    for (int i = 0; i < PHONES_A_TICK && mc_next(&cursor); i++) {
        if (cursor.key.len != WHEN_LEN + MC_ID_LEN ||
            memcmp(cursor.key.data, now.data, now.len) > 0)
            return;
        take_effect(txn, (struct mc_bytes){(const uint8_t *)cursor.key.data + WHEN_LEN, MC_ID_LEN});
        mc_drop(txn, IDENTITY_PHONE_WAITS, cursor.key);
    }
}
