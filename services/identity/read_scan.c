/*
 * ReadScan: the paper behind an account that was made at a desk, for officers of the unit that made
 * it and for administrators above it; for a purpose, and every time in the log.
 */
#include <string.h>

#include "officer.h"

static bool may_read(const struct identity *identity, struct mc_txn *txn, const char *unit)
{
    struct identity_desk desk;
    struct identity_grantor grantor;

    if ((txn->caller->who & MC_OFFICER) != 0 && identity_caller_has(txn, "CITIZEN_ACCOUNT_CREATE"))
        return identity_desk_open(txn, unit, &desk);
    if (!identity_grantor_find(identity, txn, &grantor))
        return false;
    if (!identity_grantor_reaches(txn, &grantor, unit))
        (void)mc_refuse(txn, MC_DENIED, "account_id", "UNIT_OUTSIDE", NULL);
    return txn->status == MC_OK;
}

enum mc_status identity_read_scan(struct identity *identity, struct mc_txn *txn,
                                  const Identity__ReadScanRequest *req,
                                  Identity__ReadScanReply *rep)
{
    struct identity_target target = {.id = identity_id_parse(txn, req->account_id),
                                     .way = IDENTITY_AT_DESK};
    const IdentityState__Made *made = NULL;
    const char *type = "";

    if (target.id.len == MC_ID_LEN)
        made = mc_load(txn, IDENTITY_MADE, target.id, &identity_state__made__descriptor);
    if (!may_read(identity, txn, made != NULL ? made->unit : "") || !identity_check_purpose(txn))
        return txn->status;
    if (made == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "account_id", "NO_ACCOUNTS_FOUND", NULL);
    struct mc_bytes content = identity_scan_read(txn, mc_key_bytes(made->scan), &type);
    const IdentityState__Desk *block = identity_desk_unseal(txn, made->desk);
    if (content.len == 0 || block == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "account_id", "SCAN_GONE", NULL);
    rep->content = identity_data(content);
    rep->type = mc_unconst(type);
    rep->name = block->scan_name;
    identity_read_emit(txn, &target, "scan");
    return txn->status;
}
