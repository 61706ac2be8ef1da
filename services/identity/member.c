/*
 * ReadForMember: what a member's own system is told of an account when it changes («đồng bộ tài
 * khoản», REG-46, SYS-04). Only the client that its owner agreed to, only the scopes agreed to,
 * under the `sub` its sign-ins give (Luật 91/2025/QH15); with the consent taken back, only that it
 * is to forget. The partner room carries it, and asks when its turn comes: the newest is told.
 */
#include "account.h"
#include "oidc.h"

void oidc_member_tell(struct mc_txn *txn, const char *client_id, struct mc_bytes account)
{
    Identity__MemberAccount body = IDENTITY__MEMBER_ACCOUNT__INIT;
    const IdentityState__Client *client = oidc_client_load(txn, client_id);
    const char *keys[] = {identity_key(txn, "account", account),
                          mc_sprintf(txn->arena, "client:%s", client_id), NULL};

    if (client == NULL || client->disabled)
        return;
    if (keys[1] == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    body.client_id = mc_unconst(client_id);
    body.unit = client->unit;
    body.account_id = (ProtobufCBinaryData){account.len, mc_unconst(account.data)};
    mc_emit(txn, "identity.member_account", &body.base, MC_PLAIN, keys);
}

void oidc_members_tell(struct mc_txn *txn, struct mc_bytes account)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_CONSENTS, account, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < OIDC_CONSENTS_MAX && mc_next(&cursor); n++) {
        const char *client_id = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - MC_ID_LEN),
                                           (const char *)cursor.key.data + MC_ID_LEN);

        if (client_id == NULL)
            (void)mc_fail(txn, MC_FULL, "arena");
        else
            oidc_member_tell(txn, client_id, account);
    }
}

static void note(struct mc_txn *txn, const Identity__ReadForMemberRequest *req,
                 const IdentityState__Consent *consent)
{
    Identity__ReadForMember read = IDENTITY__READ_FOR_MEMBER__INIT;
    struct mc_bytes account = mc_key_bytes(req->account_id);
    const char *keys[] = {identity_key(txn, "account", account),
                          mc_sprintf(txn->arena, "partner:%s", req->partner_id), NULL};

    if (keys[1] == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    read.client_id = req->client_id;
    read.partner_id = req->partner_id;
    read.account_id = identity_uuid(txn, account);
    if (consent != NULL) {
        read.scopes = consent->scopes;
        read.n_scopes = consent->n_scopes;
    }
    txn->actor = keys[1]; /* the partner room asks in its name */
    mc_emit(txn, "identity.read_for_member", &read.base, MC_PLAIN, keys);
}

enum mc_status identity_read_for_member(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ReadForMemberRequest *req,
                                        Identity__ReadForMemberReply *rep)
{
    struct mc_bytes id = mc_key_bytes(req->account_id);
    const IdentityState__Client *client =
        oidc_client_id_ok(req->client_id) ? oidc_client_load(txn, req->client_id) : NULL;
    const IdentityState__Account *account =
        id.len == MC_ID_LEN ? identity_account_load(txn, id) : NULL;

    (void)identity;
    if (req->partner_id[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "partner_id", "FIELD_REQUIRED", "field", "đối tác", NULL);
    if (client == NULL || client->disabled || account == NULL)
        return txn->status != MC_OK ? txn->status
                                    : mc_refuse(txn, MC_NOT_FOUND, "client_id", "NOT_FOUND", NULL);
    const IdentityState__Consent *consent =
        mc_load(txn, IDENTITY_CONSENTS, oidc_consent_key(txn, id, req->client_id),
                &identity_state__consent__descriptor);
    struct mc_bytes json = oidc_member_claims(txn, req->client_id, client, id, account, consent);
    if (txn->status != MC_OK)
        return txn->status;
    rep->json = mc_unconst(json.data);
    note(txn, req, consent);
    return txn->status;
}
