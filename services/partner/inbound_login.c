/*
 * User names of partners that call us: the registry's INBOUND credentials, two of which may be live
 * at once. A name is one partner's; it is found by a keyed hash.
 *
 *     PARTNER_INBOUND_NAMES: keyed hash of the user name -> partner id
 */
#include <string.h>

#include "inbound.h"

static struct mc_bytes name_key(struct mc_txn *txn, const char *username)
{
    return mc_blind(txn, "partner_username", username);
}

static const char *partner_of(struct mc_txn *txn, const char *username)
{
    struct mc_bytes id;

    if (!mc_get(txn, PARTNER_INBOUND_NAMES, name_key(txn, username), &id))
        return NULL;
    return mc_sprintf(txn->arena, "%.*s", (int)id.len, (const char *)id.data);
}

bool partner_inbound_claim(struct mc_txn *txn, const char *username, const char *partner_id)
{
    const char *owner = partner_of(txn, username);

    if (owner != NULL && strcmp(owner, partner_id) != 0) {
        (void)mc_refuse(txn, MC_CONFLICT, "username", "INBOUND_NAME_TAKEN", NULL);
        return false;
    }
    mc_put(txn, PARTNER_INBOUND_NAMES, name_key(txn, username), mc_key_text(partner_id));
    return txn->status == MC_OK;
}

static void hash_of(struct mc_txn *txn, const char *username, const char *password,
                    uint8_t out[MC_HASH_LEN])
{
    const struct mc_bytes parts[] = {mc_key_text(username), mc_key_text(password)};

    mc_mac(out, txn->secrets->mac, "inbound-login", parts, MC_LEN(parts));
}

static bool is_inbound(const PartnerState__Credential *credential, int64_t now_ms)
{
    return credential->way == (uint32_t)PARTNER__CREDENTIAL_WAY__INBOUND &&
           partner_credential_is_live(credential, now_ms);
}

bool partner_inbound_is_live(struct mc_txn *txn, const char *partner_id,
                             struct mc_bytes credential_id)
{
    const PartnerState__Partner *record = partner_load(txn, partner_id);

    for (size_t i = 0; record != NULL && i < record->n_credentials; i++)
        if (is_inbound(record->credentials[i], txn->now_ms) &&
            mc_bytes_same(mc_key_bytes(record->credentials[i]->credential_id), credential_id))
            return true;
    return false;
}

/* Hashes are compared: in constant time, and whatever the lengths are. */
bool partner_inbound_find(struct mc_txn *txn, const char *username, const char *password,
                          struct partner_inbound *ret_who)
{
    const char *partner_id = partner_of(txn, username);
    const PartnerState__Partner *record = partner_id != NULL ? partner_load(txn, partner_id) : NULL;
    uint8_t given[MC_HASH_LEN];
    uint8_t wanted[MC_HASH_LEN];
    bool found = false;

    hash_of(txn, username, password, given);
    for (size_t i = 0; record != NULL && i < record->n_credentials; i++) {
        const PartnerState__Credential *credential = record->credentials[i];

        if (!is_inbound(credential, txn->now_ms))
            continue;
        const PartnerState__Secret *secret = partner_credential_open(txn, credential);
        if (secret == NULL)
            return false;
        hash_of(txn, secret->username, secret->password, wanted);
        if (mc_equal(given, wanted, sizeof given)) {
            *ret_who = (struct partner_inbound){partner_id, record->unit,
                                                mc_key_bytes(credential->credential_id)};
            found = true;
        }
    }
    return found && txn->status == MC_OK;
}
