/*
 * JoinNumber: the other identity number of a person, CMND beside CCCD, leads to the same account
 * (a set of numbers per account; REG-48). An officer with ACCOUNT_EDIT compares both papers. Its
 * owner cannot do it from afar: the population register says that there is a person of this number,
 * name and date of birth, not that the two numbers are one person's, and names repeat. When the
 * number has an account of its own nothing is refused: an administrator is asked to merge the two.
 */
#include <string.h>

#include "common/ident.h"

#include "account.h"

static bool is_cccd(const char *number)
{
    return strlen(number) == MC_CCCD_SIZE - 1;
}

static bool has_cccd(const IdentityState__Person *person)
{
    bool has = is_cccd(person->login_id);

    for (size_t i = 0; i < person->n_numbers; i++)
        has = has || is_cccd(person->numbers[i]);
    return has;
}

static bool has_number(const IdentityState__Person *person, const char *number)
{
    bool has = strcmp(person->login_id, number) == 0;

    for (size_t i = 0; i < person->n_numbers; i++)
        has = has || strcmp(person->numbers[i], number) == 0;
    return has;
}

bool identity_number_add(struct mc_txn *txn, IdentityState__Person *person, const char *number)
{
    char **numbers = mc_alloc(txn->arena, (person->n_numbers + 1) * sizeof *numbers);

    if (has_number(person, number))
        return mc_refuse(txn, MC_CONFLICT, "number", "NUMBER_TWICE", NULL) == MC_OK;
    if (person->n_numbers >= IDENTITY_NUMBERS_MAX)
        return mc_refuse(txn, MC_CONFLICT, "number", "NUMBERS_TOO_MANY", NULL) == MC_OK;
    if (numbers == NULL)
        return mc_fail(txn, MC_FULL, "arena") == MC_OK;
    for (size_t i = 0; i < person->n_numbers; i++)
        numbers[i] = person->numbers[i];
    numbers[person->n_numbers] = mc_strdup(txn->arena, number);
    if (numbers[person->n_numbers] == NULL)
        return mc_fail(txn, MC_FULL, "arena") == MC_OK;
    person->numbers = numbers;
    person->n_numbers += 1;
    return true;
}

static enum mc_status check(struct mc_txn *txn, const Identity__JoinNumberRequest *req,
                            char number[MC_CCCD_SIZE])
{
    enum mc_identity_kind kind;
    enum mc_why why = mc_identity_parse(req->number, number, MC_CCCD_SIZE, &kind);

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "number", mc_why_code(why), NULL);
    identity_check_reason(txn, req->reason);
    return txn->status;
}

/* A CCCD tells the year of birth, and a person has one for life. */
static bool fits(struct mc_txn *txn, const IdentityState__Person *person, const char *number)
{
    struct mc_cccd cccd;
    struct mc_date birth;

    if (!is_cccd(number))
        return true;
    enum mc_why why = mc_cccd_parse(number, &cccd);
    if (why == MC_WHY_OK && mc_birth_parse(person->birth_date, &birth) == MC_WHY_OK)
        why = mc_cccd_check_birth(&cccd, birth);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "number", mc_why_code(why), NULL);
    else if (has_cccd(person) && !has_number(person, number))
        (void)mc_refuse(txn, MC_CONFLICT, "number", "NUMBER_SECOND_CCCD", NULL);
    return txn->status == MC_OK;
}

static void propose(struct mc_txn *txn, const struct identity_target *target, struct mc_bytes other,
                    const char *reason, Identity__JoinNumberReply *rep)
{
    rep->account_id = identity_uuid(txn, target->id);
    rep->version = target->account->version;
    rep->merge_id = identity_data(identity_merge_propose(txn, target->id, other, reason));
    rep->code = mc_unconst("NUMBER_HAS_ACCOUNT");
    rep->message = identity_text(txn, "NUMBER_HAS_ACCOUNT", NULL);
}

enum mc_status identity_join_number(struct identity *identity, struct mc_txn *txn,
                                    const Identity__JoinNumberRequest *req,
                                    Identity__JoinNumberReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;
    struct mc_bytes other;
    char number[MC_CCCD_SIZE];

    if (check(txn, req, number) != MC_OK ||
        !identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_EDIT",
                              &target))
        return txn->status;
    if (target.way == IDENTITY_BY_OWNER)
        return mc_refuse(txn, MC_DENIED, "", "OWN_ACCOUNT", NULL);
    if (!identity_account_is_active(txn, target.account) ||
        !identity_change_begin(txn, target.id, target.account, &change) ||
        !fits(txn, change.person, number))
        return txn->status;

    struct mc_bytes index = identity_login_index(txn, number);
    if (identity_account_find(txn, index, &other) &&
        memcmp(other.data, target.id.data, MC_ID_LEN) != 0) {
        propose(txn, &target, other, req->reason, rep);
        return txn->status;
    }
    if (!identity_number_add(txn, change.person, number))
        return txn->status;
    mc_put(txn, IDENTITY_LOGIN_INDEX, index, target.id);
    identity_change_save(txn, &change, target.way, req->reason);
    rep->account_id = identity_uuid(txn, target.id);
    rep->version = target.account->version;
    return txn->status;
}
