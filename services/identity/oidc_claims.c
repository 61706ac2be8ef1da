/*
 * Claims: what a portal is told, and under which scope. Names are those the national portal's
 * members know (LoaiTaiKhoan, SoDinhDanh, …); nobody gets more than its scopes say (Luật 91/2025).
 *
 *     openid    sub, acr, loAs, IAL       dinhdanh  SoDinhDanh or SoCMND
 *     profile   HoVaTen, NgayThangNamSinh, LoaiTaiKhoan
 *     phone     SoDienThoai               email     ThuDienTu               techid  TechID
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/json.h"

#include "account.h"
#include "oidc.h"

const char *const oidc_scopes[OIDC_SCOPES_LEN] = {"openid", "profile",  "phone",
                                                  "email",  "dinhdanh", "techid"};
const char *const oidc_levels[OIDC_LEVEL_MAX] = {"LoA1", "LoA2", "LoA3"};

bool oidc_scope_is_known(const char *scope)
{
    for (size_t i = 0; i < OIDC_SCOPES_LEN; i++)
        if (strcmp(oidc_scopes[i], scope) == 0)
            return true;
    return false;
}

bool oidc_scope_has(char *const *scopes, size_t len, const char *scope)
{
    return oidc_uri_is_among(scopes, len, scope);
}

char *oidc_scope_join(struct mc_txn *txn, char *const *scopes, size_t len)
{
    char *text = mc_strdup(txn->arena, "");

    for (size_t i = 0; i < len && text != NULL; i++)
        text = mc_sprintf(txn->arena, "%s%s%s", text, i > 0 ? " " : "", scopes[i]);
    if (text == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    return text;
}

/* How well the person has proved who he is here: a certificate may have told more than the account.
 */
unsigned oidc_level(const IdentityState__Session *session, const IdentityState__Account *account)
{
    uint32_t ial = identity_session_ial(session, account);

    return MC_MAX(1U, MC_MIN(ial, (unsigned)OIDC_LEVEL_MAX));
}

/* 16 bytes that only we can make, the same for ever, different for each pair. */
static char *pseudonym(struct mc_txn *txn, const char *purpose, const char *whom, const char *what)
{
    char text[2 * MC_ID_LEN];
    const char *both = mc_sprintf(txn->arena, "%s %s", whom, what);
    struct mc_bytes hash = mc_blind(txn, purpose, both != NULL ? both : "");

    if (both == NULL || hash.len != MC_ID_LEN) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    (void)mc_base64url(text, hash);
    char *copy = mc_strdup(txn->arena, text);
    return copy != NULL ? copy : mc_unconst("");
}

char *oidc_sub(struct mc_txn *txn, const char *client_id, const IdentityState__Client *client,
               struct mc_bytes account)
{
    const char *sector = client->sector[0] != '\0' ? client->sector : client_id;

    return pseudonym(txn, "oidc_sub", sector, identity_uuid(txn, account));
}

char *oidc_sid(struct mc_txn *txn, const char *client_id, struct mc_bytes session)
{
    return pseudonym(txn, "oidc_sid", client_id, identity_uuid(txn, session));
}

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void number(struct mc_json_writer *writer, const char *name, int64_t value)
{
    mc_json_key(writer, name);
    mc_json_int(writer, value);
}

static struct mc_bytes finish(struct mc_txn *txn, struct mc_json_writer *writer)
{
    struct mc_bytes text = {0};

    mc_json_end(writer);
    if (mc_json_finish(writer, &text) != MC_OK)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text;
}

/* The left half of its hash (Core 3.1.3.6): the ID token vouches for the access token beside it. */
static void write_token_hash(struct mc_json_writer *writer, const char *access_token)
{
    uint8_t hash[MC_HASH_LEN];
    char text[MC_HASH_LEN];

    mc_hash(hash, mc_key_text(access_token));
    (void)mc_base64url(text, (struct mc_bytes){hash, MC_HASH_LEN / 2});
    pair(writer, "at_hash", text);
}

struct mc_bytes oidc_id_claims(const struct identity *identity, struct mc_txn *txn,
                               const IdentityState__Code *code, const IdentityState__Client *client,
                               unsigned level, const char *access_token)
{
    struct mc_json_writer writer;
    int64_t now = txn->now_ms / 1000;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    pair(&writer, "iss", identity->oidc_issuer);
    pair(&writer, "sub", oidc_sub(txn, code->client_id, client, mc_key_bytes(code->account)));
    pair(&writer, "aud", code->client_id);
    number(&writer, "iat", now);
    number(&writer, "exp", now + OIDC_ID_TOKEN_MS / 1000);
    number(&writer, "auth_time", code->signed_in_at_ms / 1000);
    if (code->nonce[0] != '\0')
        pair(&writer, "nonce", code->nonce);
    pair(&writer, "acr", oidc_levels[level - 1]);
    pair(&writer, "sid", oidc_sid(txn, code->client_id, mc_key_bytes(code->session)));
    write_token_hash(&writer, access_token);
    return finish(txn, &writer);
}

static void write_number(struct mc_json_writer *writer, const char *login_id)
{
    char number_text[MC_CCCD_SIZE];
    enum mc_identity_kind kind = MC_IDENTITY_NONE;

    if (mc_identity_parse(login_id, number_text, sizeof number_text, &kind) != MC_WHY_OK)
        return;
    pair(writer, kind == MC_IDENTITY_CMND ? "SoCMND" : "SoDinhDanh", number_text);
}

static void write_person(struct mc_json_writer *writer, char *const *scopes, size_t len,
                         const IdentityState__Account *account, const IdentityState__Person *person)
{
    char kind[16];

    if (oidc_scope_has(scopes, len, "profile")) {
        (void)snprintf(kind, sizeof kind, "%u", (unsigned)account->subject_kind);
        pair(writer, "HoVaTen", person->full_name);
        pair(writer, "NgayThangNamSinh", person->birth_date);
        pair(writer, "LoaiTaiKhoan", kind);
    }
    if (oidc_scope_has(scopes, len, "dinhdanh"))
        write_number(writer, person->login_id);
    if (oidc_scope_has(scopes, len, "phone"))
        pair(writer, "SoDienThoai", person->phone);
    if (oidc_scope_has(scopes, len, "email") && person->email[0] != '\0')
        pair(writer, "ThuDienTu", person->email);
}

struct mc_bytes oidc_userinfo_claims(struct mc_txn *txn, const IdentityState__AccessToken *token,
                                     const IdentityState__Client *client,
                                     const IdentityState__Session *session,
                                     const IdentityState__Account *account)
{
    struct mc_json_writer writer;
    struct mc_bytes id = mc_key_bytes(token->account);
    const IdentityState__Person *person = identity_person_open(txn, account->person);

    if (person == NULL)
        return (struct mc_bytes){0};
    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    pair(&writer, "sub", oidc_sub(txn, token->client_id, client, id));
    pair(&writer, "loAs", oidc_levels[oidc_level(session, account) - 1]);
    number(&writer, "IAL", identity_session_ial(session, account));
    write_person(&writer, token->scopes, token->n_scopes, account, person);
    if (oidc_scope_has(token->scopes, token->n_scopes, "techid"))
        pair(&writer, "TechID", identity_uuid(txn, id));
    return finish(txn, &writer);
}

/* 0: not to be known any more; else as AccountStatus counts. */
static void write_status(struct mc_json_writer *writer, unsigned status)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", status);
    pair(writer, "TrangThai", text);
}

struct mc_bytes oidc_member_claims(struct mc_txn *txn, const char *client_id,
                                   const IdentityState__Client *client, struct mc_bytes id,
                                   const IdentityState__Account *account,
                                   const IdentityState__Consent *consent)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    pair(&writer, "MaUngDung", client_id);
    pair(&writer, "sub", oidc_sub(txn, client_id, client, id));
    write_status(&writer, consent != NULL ? (unsigned)identity_status_of(account) : 0);
    if (consent != NULL) {
        const IdentityState__Person *person = identity_person_open(txn, account->person);
        if (person == NULL)
            return (struct mc_bytes){0};
        number(&writer, "IAL", account->ial);
        write_person(&writer, consent->scopes, consent->n_scopes, account, person);
        if (oidc_scope_has(consent->scopes, consent->n_scopes, "techid"))
            pair(&writer, "TechID", identity_uuid(txn, id));
    }
    return finish(txn, &writer);
}
