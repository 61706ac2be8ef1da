/* ListConsents: which portals a citizen has let know what, so that he can take it back. */
#include "oidc.h"

static Identity__ConsentGiven *told(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const IdentityState__Consent *consent = mc_row(cursor, &identity_state__consent__descriptor);
    Identity__ConsentGiven *given = mc_alloc(txn->arena, sizeof *given);
    char *id = mc_sprintf(txn->arena, "%.*s", (int)(cursor->key.len - MC_ID_LEN),
                          (const char *)cursor->key.data + MC_ID_LEN);

    if (consent == NULL || given == NULL || id == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    const IdentityState__Client *client = oidc_client_load(txn, id);
    identity__consent_given__init(given);
    given->client_id = id;
    given->client_name = client != NULL ? client->name : id;
    given->scopes = consent->scopes;
    given->n_scopes = consent->n_scopes;
    given->given_at_ms = consent->given_at_ms;
    return given;
}

enum mc_status identity_list_consents(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ListConsentsRequest *req,
                                      Identity__ListConsentsReply *rep)
{
    struct mc_bytes session_id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &session_id);

    (void)identity;
    (void)req;
    if (session == NULL)
        return txn->status;
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_CONSENTS, mc_key_bytes(session->account),
                                      (struct mc_bytes){0}, MC_FORWARD);
    rep->consents = mc_alloc(txn->arena, OIDC_CONSENTS_MAX * sizeof(Identity__ConsentGiven *));
    if (rep->consents == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    while (rep->n_consents < OIDC_CONSENTS_MAX && mc_next(&cursor)) {
        Identity__ConsentGiven *given = told(txn, &cursor);
        if (given == NULL)
            break;
        rep->consents[rep->n_consents++] = given;
    }
    return txn->status;
}
