/* ListClients: the portals that sign their users in here, by id, a page at a time. */
#include <string.h>

#include "oidc.h"

static Identity__Client *told(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const IdentityState__Client *record = mc_row(cursor, &identity_state__client__descriptor);
    Identity__Client *client = mc_alloc(txn->arena, sizeof *client);
    char *id = mc_sprintf(txn->arena, "%.*s", (int)cursor->key.len, (const char *)cursor->key.data);

    if (record == NULL || client == NULL || id == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__client__init(client);
    oidc_client_fill(id, record, client);
    return client;
}

enum mc_status identity_list_clients(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ListClientsRequest *req,
                                     Identity__ListClientsReply *rep)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_CLIENTS, (struct mc_bytes){0}, mc_key_text(req->after), MC_FORWARD);

    (void)identity;
    if (req->after[0] != '\0' && !oidc_client_id_ok(req->after))
        return mc_refuse(txn, MC_INVALID, "after", "OIDC_CLIENT_ID", NULL);
    rep->clients = mc_alloc(txn->arena, OIDC_CLIENTS_PAGE * sizeof(Identity__Client *));
    if (rep->clients == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    while (mc_next(&cursor)) {
        if (cursor.key.len == strlen(req->after) &&
            memcmp(cursor.key.data, req->after, cursor.key.len) == 0)
            continue;
        rep->more = rep->n_clients == OIDC_CLIENTS_PAGE;
        if (rep->more)
            break;
        Identity__Client *client = told(txn, &cursor);
        if (client == NULL)
            break;
        rep->clients[rep->n_clients++] = client;
    }
    return txn->status;
}
