/*
 * CountAccounts: how many accounts there are, by subject kind, status, method and whether the
 * population register has confirmed the person (REG-47, indicator 4.5). One small row each, moved
 * in the transaction that changes the account, so that the number is there without a walk over ten
 * million rows.
 *
 *     key: kind (1) ‖ status (1) ‖ verified (1) ‖ method;  value: big-endian number (8)
 */
#include <string.h>

#include "account.h"

enum { KEY_HEAD_LEN = 3, COUNT_LEN = 8 };

static struct mc_bytes key_of(struct mc_txn *txn, const IdentityState__Account *account,
                              Identity__AccountStatus status, bool verified)
{
    const uint8_t head[KEY_HEAD_LEN] = {(uint8_t)account->subject_kind, (uint8_t)status, verified};

    return mc_key_join(txn, (struct mc_bytes){head, sizeof head}, mc_key_text(account->method));
}

static uint64_t number_in(struct mc_bytes value)
{
    const uint8_t *bytes = value.data;
    uint64_t number = 0;

    for (size_t i = 0; i < value.len; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void add(struct mc_txn *txn, struct mc_bytes key, int step)
{
    struct mc_bytes value;
    uint64_t number =
        mc_get(txn, IDENTITY_COUNTS, key, &value) && value.len == COUNT_LEN ? number_in(value) : 0;

    if (step < 0 && number == 0) /* opened before accounts were counted */
        return;
    number = step < 0 ? number - 1 : number + 1;
    mc_put(txn, IDENTITY_COUNTS, key, mc_key_u64(txn, number));
}

void identity_counts_add(struct mc_txn *txn, const IdentityState__Account *account)
{
    add(txn, key_of(txn, account, identity_status_of(account), account->verified_at_ms != 0), 1);
}

void identity_counts_move(struct mc_txn *txn, const IdentityState__Account *account,
                          Identity__AccountStatus old_status, bool old_verified)
{
    bool verified = account->verified_at_ms != 0;

    if (identity_status_of(account) == old_status && verified == old_verified)
        return;
    add(txn, key_of(txn, account, old_status, old_verified), -1);
    add(txn, key_of(txn, account, identity_status_of(account), verified), 1);
}

static Identity__AccountCount *row_of(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const uint8_t *key = cursor->key.data;
    Identity__AccountCount *row = mc_alloc(txn->arena, sizeof *row);
    size_t len = cursor->key.len - KEY_HEAD_LEN;
    char *method = row != NULL ? mc_alloc(txn->arena, len + 1) : NULL;

    if (method == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    memcpy(method, key + KEY_HEAD_LEN, len);
    method[len] = '\0';
    identity__account_count__init(row);
    row->subject_kind = (Identity__SubjectKind)key[0];
    row->status = (Identity__AccountStatus)key[1];
    row->verified = key[2] != 0;
    row->method = method;
    row->count = number_in(cursor->value);
    return row;
}

enum mc_status identity_count_accounts(struct identity *identity, struct mc_txn *txn,
                                       const Identity__CountAccountsRequest *req,
                                       Identity__CountAccountsReply *rep)
{
    (void)identity;
    (void)req;
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_COUNTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    rep->counts = mc_alloc(txn->arena, IDENTITY_COUNT_ROWS_MAX * sizeof(Identity__AccountCount *));
    if (rep->counts == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    while (rep->n_counts < IDENTITY_COUNT_ROWS_MAX && mc_next(&cursor)) {
        if (cursor.key.len < KEY_HEAD_LEN || cursor.value.len != COUNT_LEN)
            return mc_fail(txn, MC_CORRUPT, "counts");
        Identity__AccountCount *row = row_of(txn, &cursor);
        if (row == NULL)
            return txn->status;
        if (row->count == 0)
            continue;
        rep->counts[rep->n_counts++] = row;
        rep->total += row->count;
        if (row->verified && row->status != IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED)
            rep->verified += row->count;
    }
    return txn->status;
}
