/*
 * StartPasswordReset: «Quên mật khẩu?» (LOG-06). A number, a captcha, and a code to the account's
 * phone. Nothing tells whether there is such an account: an unknown number gets a reset that cannot
 * succeed and a code that is never sent, and of a reset's code the otp room shows no phone.
 *
 * Four a day for each number, so that a stranger cannot use up the codes its owner needs to sign
 * in; from where the owner has signed in before they are counted apart (part D1: flooding through
 * recovery).
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"

#include "account.h"

enum { RESETS_A_DAY = 4, DAY_MS = 24 * 60 * 60 * 1000, DECOY_DIGITS = 7, DECOY_SIZE = 12 };

static bool take(struct mc_txn *txn, const char *purpose, struct mc_bytes whose)
{
    IdentityState__Failures fresh = IDENTITY_STATE__FAILURES__INIT;
    char hex[2 * MC_HASH_LEN + 1];

    (void)mc_hex(hex, (struct mc_bytes){whose.data, MC_MIN(whose.len, (size_t)MC_HASH_LEN)});
    struct mc_bytes key = mc_blind(txn, purpose, hex);
    IdentityState__Failures *taken =
        mc_load(txn, IDENTITY_FAILURES, key, &identity_state__failures__descriptor);
    if (taken == NULL || taken->forget_at_ms <= txn->now_ms) {
        fresh.since_ms = txn->now_ms;
        fresh.forget_at_ms = txn->now_ms + DAY_MS;
        taken = &fresh;
    }
    if (taken->count >= RESETS_A_DAY) {
        txn->retry_after_ms = taken->forget_at_ms - txn->now_ms;
        (void)mc_refuse(txn, MC_LIMITED, "login_id", "RESET_TOO_MANY", NULL);
        return false;
    }
    taken->count += 1;
    mc_save(txn, IDENTITY_FAILURES, key, &taken->base);
    return txn->status == MC_OK;
}

/* A number of the otp room's own kind, always the same for the same person that there is not. */
static char *decoy_phone(struct mc_txn *txn, const char *number)
{
    struct mc_bytes blind = mc_blind(txn, "reset.decoy", number);
    char *phone = mc_alloc(txn->arena, DECOY_SIZE);
    size_t len = 4;

    if (phone == NULL || blind.len < DECOY_DIGITS) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    memcpy(phone, "8491", len);
    for (size_t i = 0; i < DECOY_DIGITS; i++)
        phone[len++] = (char)('0' + ((const uint8_t *)blind.data)[i] % 10);
    phone[len] = '\0';
    return phone;
}

static void ask_code(struct mc_txn *txn, struct mc_bytes id, const char *number,
                     const IdentityState__Account *account, int64_t expires_ms)
{
    IdentityState__Person nobody = IDENTITY_STATE__PERSON__INIT;
    const char *key = identity_key(txn, "reset", id);

    if (account != NULL) {
        const IdentityState__Person *person = identity_person_open(txn, account->person);
        if (person != NULL)
            identity_code_ask(txn, OTP__PURPOSE__PASSWORD_RESET, id, person, key, expires_ms);
        return;
    }
    nobody.login_id = mc_unconst(number);
    nobody.phone = decoy_phone(txn, number);
    if (nobody.phone != NULL)
        identity_code_ask_nobody(txn, OTP__PURPOSE__PASSWORD_RESET, id, &nobody, key, expires_ms);
}

static void begin(struct identity *identity, struct mc_txn *txn, const char *number,
                  struct mc_bytes index, Identity__StartPasswordResetReply *rep)
{
    IdentityState__Reset reset = IDENTITY_STATE__RESET__INIT;
    const IdentityState__Account *account = NULL;
    struct mc_bytes id = mc_new_id(txn);
    struct mc_bytes account_id;

    if (identity_account_find(txn, index, &account_id))
        account = identity_account_load(txn, account_id);
    if (account != NULL && !identity_account_may_sign_in(account))
        account = NULL;
    if (account != NULL)
        reset.account = identity_data(account_id);
    reset.login_index = identity_data(index);
    reset.expires_at_ms = txn->now_ms + identity->login_life_ms;
    mc_save(txn, IDENTITY_RESETS, id, &reset.base);
    ask_code(txn, id, number, account, reset.expires_at_ms);

    rep->reset = identity_data(id);
    rep->expires_at_ms = reset.expires_at_ms;
    rep->message = identity_text(txn, "RESET_STARTED", NULL);
}

enum mc_status identity_start_password_reset(struct identity *identity, struct mc_txn *txn,
                                             const Identity__StartPasswordResetRequest *req,
                                             Identity__StartPasswordResetReply *rep)
{
    struct identity_failures failures;
    char number[MC_TAX_CODE_SIZE];
    enum mc_why why = identity_number_parse(req->login_id, number);

    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    struct mc_bytes index = identity_login_index(txn, number);
    identity_failures_look(identity, txn, index, &failures);
    if (!identity_captcha_holds(identity, txn, number, req->captcha, failures.level))
        return txn->status;
    bool taken = failures.known ? take(txn, "reset.known", failures.pair)
                                : take(txn, "reset.stranger", failures.account);
    if (taken)
        begin(identity, txn, number, index, rep);
    return txn->status;
}
