/* ImportAgencies: an operator brings the table of agencies up to date, up to 500 rows a call. */
#include "officer.h"

enum mc_status identity_import_agencies(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ImportAgenciesRequest *req,
                                        Identity__ImportAgenciesReply *rep)
{
    (void)identity;
    Identity__AgenciesImported imported = IDENTITY__AGENCIES_IMPORTED__INIT;
    struct identity_import import;
    const char *keys[] = {NULL};

    identity_check_reason(txn, req->reason);
    identity_agencies_import(txn, mc_key_bytes(req->csv), IDENTITY_AGENCY_ROWS_MAX, &import);
    if (txn->status != MC_OK)
        return txn->status;
    rep->added = imported.added = import.added;
    rep->changed = imported.changed = import.changed;
    rep->same = import.same;
    imported.reason = req->reason;
    mc_emit(txn, "identity.agencies_imported", &imported.base, MC_PLAIN, keys);
    return txn->status;
}
