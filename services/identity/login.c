/*
 * Login: identity number and password, then a code to the phone (LOG-04, LOG-05, S09).
 *
 * Nothing about the answer, nor the time it takes, tells whether the account exists, is disabled,
 * or has another password: unknown numbers are compared with a dummy hash and are counted and
 * locked like known ones. A wrong password is MC_OK with a code, because it must be remembered.
 * This counter is apart from the one of codes: a stranger cannot use up both with one. Who is
 * locked, or brings no captcha where one is needed, costs no hash.
 */
#include <string.h>

#include "common/ident.h"
#include "common/password.h"

#include "account.h"

/* The hash the account has now; the dummy where there is no account. */
enum mc_status identity_login_prepare(void *ctx, struct mc_txn *snapshot,
                                      const ProtobufCMessage *req, struct mc_work *ret_work)
{
    const struct identity *identity = ctx;
    const Identity__LoginRequest *login = (const void *)req;
    struct identity_failures failures;
    char number[MC_TAX_CODE_SIZE];
    struct mc_bytes id;
    const char *hash = mc_password_dummy_hash;
    size_t len = strlen(login->password);

    ret_work->kind = MC_WORK_NONE;
    if (identity_number_parse(login->login_id, number) != MC_WHY_OK || len == 0 ||
        len > MC_PASSWORD_MAX)
        return MC_OK;
    struct mc_bytes index = identity_login_index(snapshot, number);
    identity_failures_look(identity, snapshot, index, &failures);
    if (failures.locked_until_ms > snapshot->now_ms ||
        !identity_captcha_holds(identity, snapshot, number, login->captcha, failures.level))
        return snapshot->status;
    if (identity_account_find(snapshot, index, &id)) {
        const IdentityState__Account *account = identity_account_load(snapshot, id);
        if (account != NULL)
            hash = mc_open_text(snapshot, account->password_hash);
    }
    if (snapshot->status != MC_OK || strlen(hash) >= sizeof ret_work->hash)
        return snapshot->status;
    memcpy(ret_work->password, login->password, len + 1);
    memcpy(ret_work->hash, hash, strlen(hash) + 1);
    ret_work->kind = MC_WORK_VERIFY;
    return MC_OK;
}

static enum mc_status check(struct mc_txn *txn, const Identity__LoginRequest *req,
                            char number[MC_TAX_CODE_SIZE])
{
    enum mc_why why = identity_number_parse(req->login_id, number);

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    if (req->password[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "password", "FIELD_REQUIRED", "field", "mật khẩu", NULL);
    else if (strlen(req->password) > MC_PASSWORD_MAX)
        (void)mc_refuse(txn, MC_INVALID, "password", "FIELD_TOO_LONG", "field", "Mật khẩu", "max",
                        "128 byte", NULL);
    return txn->status;
}

/* The pool compared with the hash of a moment ago: it counts only if that is still the hash. */
static bool password_is_right(struct mc_txn *txn, const IdentityState__Account *account)
{
    if (account == NULL || !identity_account_may_sign_in(account) || !txn->work->ok)
        return false;
    const char *hash = mc_open_text(txn, account->password_hash);
    return txn->status == MC_OK && strcmp(hash, txn->work->hash) == 0;
}

static void emit(struct mc_txn *txn, const char *type, const char *code, struct mc_bytes login,
                 struct mc_bytes account)
{
    Identity__LoginChanged changed = IDENTITY__LOGIN_CHANGED__INIT;
    const char *keys[3] = {0};
    size_t len = 0;

    if (account.len != 0) {
        changed.account_id = identity_uuid(txn, account);
        keys[len++] = identity_key(txn, "account", account);
    }
    if (login.len != 0)
        keys[len++] = identity_key(txn, "login", login);
    keys[len] = NULL;
    changed.code = mc_unconst(code);
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}

static void refuse_password(struct identity *identity, struct mc_txn *txn,
                            const struct identity_failures *failures, struct mc_bytes account,
                            Identity__LoginReply *rep)
{
    int64_t until = identity_failures_count(identity, txn, failures);

    if (until > txn->now_ms) {
        identity_locked_say(txn, until, &rep->code, &rep->message);
        emit(txn, "identity.login_locked", "ACCOUNT_LOCKED", (struct mc_bytes){0}, account);
        return;
    }
    rep->code = mc_unconst("LOGIN_WRONG");
    rep->message = identity_text(txn, "LOGIN_WRONG", NULL);
    emit(txn, "identity.login_refused", "LOGIN_WRONG", (struct mc_bytes){0}, account);
}

/* LOG-09: a password that came too late; who holds it is told, nobody else can know. */
static void say_expired(struct mc_txn *txn, struct mc_bytes account, Identity__LoginReply *rep)
{
    rep->code = mc_unconst("PASSWORD_EXPIRED");
    rep->message = identity_text(txn, "PASSWORD_EXPIRED", NULL);
    emit(txn, "identity.login_refused", "PASSWORD_EXPIRED", (struct mc_bytes){0}, account);
}

/* Decree 69/2024: since 01/07/2024 citizens sign in by VNeID. Who acts for a unit keeps a password,
   and nobody learns of an account by this: the password was right. */
static bool is_vneids(const struct identity *identity, const IdentityState__Account *account)
{
    return !identity->citizen_passwords &&
           account->subject_kind == IDENTITY__SUBJECT_KIND__CITIZEN && account->unit[0] == '\0' &&
           account->n_more_units == 0;
}

static void send_to_vneid(struct mc_txn *txn, struct mc_bytes account, Identity__LoginReply *rep)
{
    rep->code = mc_unconst("LOGIN_BY_VNEID");
    rep->message = identity_text(txn, "LOGIN_BY_VNEID", NULL);
    emit(txn, "identity.login_refused", "LOGIN_BY_VNEID", (struct mc_bytes){0}, account);
}

/* The cost of hashes was raised since: the pool made another on the way. */
static void keep_fresh(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account)
{
    if (txn->work->fresh[0] == '\0')
        return;
    account->password_hash = mc_seal_text(txn, txn->work->fresh);
    mc_save(txn, IDENTITY_ACCOUNTS, id, &account->base);
}

static void ask_code(const struct identity *identity, struct mc_txn *txn, struct mc_bytes index,
                     struct mc_bytes id, const IdentityState__Account *account,
                     Identity__LoginReply *rep)
{
    IdentityState__Login login = IDENTITY_STATE__LOGIN__INIT;
    struct mc_bytes login_id = mc_new_id(txn);
    const IdentityState__Person *person = identity_person_open(txn, account->person);
    char masked[MC_MASK_SIZE];

    if (person == NULL)
        return;
    login.account = identity_data(id);
    login.login_index = identity_data(index);
    login.expires_at_ms = txn->now_ms + identity->login_life_ms;
    mc_save(txn, IDENTITY_LOGINS, login_id, &login.base);
    identity_code_ask(txn, OTP__PURPOSE__LOGIN, login_id, person,
                      identity_key(txn, "login", login_id), login.expires_at_ms);
    emit(txn, "identity.login_started", "", login_id, id);

    mc_mask_phone(masked, sizeof masked, person->phone);
    rep->login = identity_data(login_id);
    rep->phone_masked = mc_strdup(txn->arena, masked);
    rep->expires_at_ms = login.expires_at_ms;
    if (rep->phone_masked == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}

enum mc_status identity_login(struct identity *identity, struct mc_txn *txn,
                              const Identity__LoginRequest *req, Identity__LoginReply *rep)
{
    char number[MC_TAX_CODE_SIZE];
    struct mc_bytes id = {0};
    IdentityState__Account *account = NULL;
    struct identity_failures failures;

    if (check(txn, req, number) != MC_OK)
        return txn->status;
    struct mc_bytes index = identity_login_index(txn, number);
    identity_failures_look(identity, txn, index, &failures);
    if (failures.locked_until_ms > txn->now_ms) {
        identity_locked_say(txn, failures.locked_until_ms, &rep->code, &rep->message);
        return txn->status;
    }
    if (!identity_captcha_holds(identity, txn, number, req->captcha, failures.level))
        return txn->status;
    if (txn->work == NULL || txn->work->kind != MC_WORK_VERIFY)
        return mc_refuse(txn, MC_BUSY, "", "BUSY", NULL);

    if (identity_account_find(txn, index, &id))
        account = identity_account_load(txn, id);
    if (!password_is_right(txn, account)) {
        refuse_password(identity, txn, &failures, id, rep);
        return txn->status;
    }
    identity_failures_forget(txn, &failures);
    if (is_vneids(identity, account)) {
        send_to_vneid(txn, id, rep);
        return txn->status;
    }
    if (account->password_temporary && account->password_expires_at_ms <= txn->now_ms) {
        say_expired(txn, id, rep);
        return txn->status;
    }
    keep_fresh(txn, id, account);
    ask_code(identity, txn, index, id, account, rep);
    return txn->status;
}
