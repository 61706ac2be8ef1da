/*
 * Where notices are found, and by whom.
 *
 *     NOTIFICATION_BY_KEY: business id, NUL, notice id (16) -> account id (16)
 *         a row for what the notice is about and for each key of its event, and one for
 *         "notice", which names it alone
 *
 * An account's are found in its inbox. Ids are time-ordered, so the newest are the last.
 */
#include "sent.h"

#include <string.h>

#include "common/text.h"
#include "common/unit_index.h"

static const char by_id[] = "notice";
static const char of_account[] = "account:";

/* Whose work a notice can be about (domain: quantri_rights.csv). */
static const char *const rights[] = {"DOSSIER_MONITOR", "DOSSIER_RECEIVE", "DOSSIER_PROCESS",
                                     "DOSSIER_APPROVE", "RESULT_RETURN",   "FEE_COLLECT",
                                     "RECONCILE"};

static struct mc_bytes prefix_of(struct mc_txn *txn, const char *key)
{
    return mc_keep(txn, key, strlen(key) + 1);
}

/* The row of a key; nothing when it needs none. */
static struct mc_bytes row_of(struct mc_txn *txn, const char *key, struct mc_bytes id)
{
    if (key[0] == '\0' || strlen(key) > NOTIFICATION_KEY_MAX ||
        strncmp(key, of_account, sizeof of_account - 1) == 0)
        return (struct mc_bytes){0};
    return mc_key_join(txn, prefix_of(txn, key), id);
}

/* `account`: nothing takes the rows away. */
static void set_rows(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                     const NotificationState__Notice *notice)
{
    for (size_t i = 0; i < notice->n_keys + 2; i++) {
        const char *key = i == 0 ? by_id : i == 1 ? notice->about : notice->keys[i - 2];
        struct mc_bytes row = row_of(txn, key, id);

        if (row.len != 0 && account.len != 0)
            mc_put(txn, NOTIFICATION_BY_KEY, row, account);
        else if (row.len != 0)
            mc_drop(txn, NOTIFICATION_BY_KEY, row);
    }
}

void sent_index(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                const NotificationState__Notice *notice)
{
    set_rows(txn, account, id, notice);
}

void sent_unindex(struct mc_txn *txn, struct mc_bytes id, const NotificationState__Notice *notice)
{
    set_rows(txn, (struct mc_bytes){0}, id, notice);
}

static bool has_right(const struct mc_caller *caller)
{
    for (size_t i = 0; i < caller->rights_len; i++)
        for (size_t k = 0; k < MC_LEN(rights); k++)
            if (strcmp(caller->rights[i], rights[k]) == 0)
                return true;
    return false;
}

static void check_purpose(struct mc_txn *txn)
{
    const char *purpose = txn->header->purpose;

    if (purpose[strspn(purpose, " \t")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "purpose", "PURPOSE_REQUIRED", NULL);
    else if (mc_text_chars(purpose) > NOTIFICATION_PURPOSE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "purpose", "FIELD_TOO_LONG", "field", "Mục đích", "max",
                        "200 ký tự", NULL);
}

bool sent_may_read(struct mc_txn *txn)
{
    const struct mc_caller *caller = txn->caller;
    bool operator_hand = caller->account_id == NULL && (caller->who & MC_OPERATOR) != 0;

    if (!operator_hand && (caller->unit == NULL || !has_right(caller)))
        (void)mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
    check_purpose(txn);
    return txn->status == MC_OK;
}

bool sent_is_mine(const struct mc_txn *txn, const NotificationState__Notice *notice)
{
    if (txn->caller->account_id != NULL && notice->unit[0] == '\0')
        return false; /* of no agency's work: an operator's affair */
    return mc_unit_mine(txn, notice->unit);
}

static struct mc_bytes account_of(struct mc_txn *txn, const char *key)
{
    uint8_t id[MC_ID_LEN];

    if (strncmp(key, of_account, sizeof of_account - 1) != 0 ||
        !mc_uuid_parse(id, mc_key_text(key + sizeof of_account - 1)))
        return (struct mc_bytes){0};
    return mc_keep(txn, id, sizeof id);
}

struct sent_walk sent_walk_open(struct mc_txn *txn, const char *key, struct mc_bytes before)
{
    struct mc_bytes account = account_of(txn, key);
    struct sent_walk walk = {.of_account = account.len != 0};
    struct mc_bytes prefix = walk.of_account ? account : prefix_of(txn, key);
    struct mc_bytes from = before.len != 0 ? mc_key_join(txn, prefix, before) : before;

    walk.cursor = mc_seek(txn, walk.of_account ? NOTIFICATION_NOTICES : NOTIFICATION_BY_KEY, prefix,
                          from, MC_BACKWARD);
    return walk;
}

bool sent_walk_next(struct sent_walk *walk, struct mc_bytes *ret_account, struct mc_bytes *ret_id)
{
    if (!mc_next(&walk->cursor) || walk->cursor.key.len < MC_ID_LEN)
        return false;
    const uint8_t *key = walk->cursor.key.data;
    *ret_id = (struct mc_bytes){key + walk->cursor.key.len - MC_ID_LEN, MC_ID_LEN};
    *ret_account = walk->of_account ? (struct mc_bytes){key, MC_ID_LEN} : walk->cursor.value;
    return true;
}

bool sent_find(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes *ret_account)
{
    return mc_get(txn, NOTIFICATION_BY_KEY, mc_key_join(txn, prefix_of(txn, by_id), id),
                  ret_account);
}

void sent_tell_read(struct mc_txn *txn, const char *what, const char *key, const char *also,
                    size_t rows)
{
    Notification__NoticesRead read = NOTIFICATION__NOTICES_READ__INIT;
    const char *keys[] = {key, also != NULL && strcmp(also, key) != 0 ? also : NULL, NULL};

    read.what = mc_unconst(what);
    read.key = mc_unconst(key);
    read.rows = (uint32_t)rows;
    read.purpose = txn->header->purpose;
    mc_emit(txn, "notification.notices_read", &read.base, MC_SEALED, keys);
}
