/* The sets of authorities, read at boot, and the end of signings and their evidence. */
#include <stdio.h>
#include <string.h>

#include "common/retention.h"

#include "signing.h"

static bool load(const char *path, const char *key, struct mc_trust **ret_trust, char *why,
                 size_t why_size)
{
    if (path[0] == '\0') /* nobody is trusted: signatures of that kind are refused */
        return true;
    enum mc_status status = mc_trust_load(path, ret_trust);
    if (status == MC_OK)
        return true;
    (void)snprintf(why, why_size, "%s: %s", key,
                   status == MC_NOT_FOUND ? "no such file or folder"
                                          : "no certificates (PEM) with a root among them");
    return false;
}

static bool is_safe(const struct identity *identity, const char *url)
{
    return url[0] == '\0' || strncmp(url, "https://", 8) == 0 ||
           (identity->allow_plain_http && strncmp(url, "http://", 7) == 0);
}

enum mc_status identity_signing_boot(struct identity *identity, char *why, size_t why_size)
{
    if (!is_safe(identity, identity->sim_url) || !is_safe(identity, identity->remote_url)) {
        (void)snprintf(why, why_size, "identity.sim_url, identity.remote_url: https:// is needed");
        return MC_INVALID;
    }
    if (load(identity->trust_public_path, "identity.trust_public", &identity->trust_public, why,
             why_size) &&
        load(identity->trust_government_path, "identity.trust_government",
             &identity->trust_government, why, why_size))
        return MC_OK;
    identity_signing_stop(identity);
    return MC_INVALID;
}

static void close_method(struct identity *identity, const char *code, bool possible)
{
    for (size_t i = 0; i < identity->methods_len; i++)
        if (!possible && strcmp(identity->methods[i].code, code) == 0)
            identity->methods[i].open = false;
}

/* A method that is open in the table but has nobody to ask or to trust here is not open. */
void identity_signing_close_methods(struct identity *identity)
{
    bool trusted = identity->trust_public != NULL || identity->trust_government != NULL;

    close_method(identity, "USB_TOKEN", trusted);
    close_method(identity, "SIM_PKI", trusted && identity->sim_url[0] != '\0');
    close_method(identity, "REMOTE_CA", trusted && identity->remote_url[0] != '\0');
}

void identity_signing_stop(struct identity *identity)
{
    mc_trust_free(identity->trust_public);
    mc_trust_free(identity->trust_government);
    identity->trust_public = NULL;
    identity->trust_government = NULL;
}

/* Keys are ids, which begin with their time: what is over lies in front. */
static void expire_evidence(struct mc_txn *txn, unsigned table, int64_t life_ms)
{
    struct mc_cursor cursor =
        mc_seek(txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Evidence *evidence =
            mc_row(&cursor, &identity_state__evidence__descriptor);
        if (evidence == NULL || evidence->used_at_ms + life_ms > txn->now_ms)
            break;
        mc_drop(txn, table, cursor.key);
        gone++;
    }
    mc_retention_count(txn, table == IDENTITY_EVIDENCE ? "evidence" : "login_evidence", gone);
}

void identity_signings_expire(const struct identity *identity, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SIGNINGS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Signing *signing =
            mc_row(&cursor, &identity_state__signing__descriptor);
        if (signing == NULL || signing->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_SIGNINGS, cursor.key);
        gone++;
    }
    expire_evidence(txn, IDENTITY_EVIDENCE, identity->evidence_life_ms);
    expire_evidence(txn, IDENTITY_LOGIN_EVIDENCE, identity->login_evidence_life_ms);
    mc_retention_count(txn, "signings", gone);
}
