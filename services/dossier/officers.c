/* identity.rights_granted, identity.units_assigned: who can be given dossiers, and where. */
#include <string.h>

#include "dossier.h"

static struct mc_bytes officer_key(struct mc_txn *txn, struct mc_bytes account, const char *unit)
{
    return mc_key_join(txn, account, mc_key_text(unit));
}

static struct mc_bytes account_of(struct mc_txn *txn, const char *text)
{
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(text)))
        return (struct mc_bytes){0};
    return mc_keep(txn, id, sizeof id);
}

/* His units save those in the list. Rights are few: an officer has a handful of units. */
static void forget_others(struct mc_txn *txn, struct mc_bytes account, char *const *units, size_t n)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_OFFICERS, account, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        struct mc_bytes unit = {(const uint8_t *)cursor.key.data + account.len,
                                cursor.key.len - account.len};
        bool kept = false;

        for (size_t i = 0; i < n && !kept; i++)
            kept = strlen(units[i]) == unit.len && memcmp(units[i], unit.data, unit.len) == 0;
        if (!kept)
            mc_drop(txn, DOSSIER_OFFICERS, cursor.key);
    }
}

enum mc_status dossier_rights_granted(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__RightsGranted *body)
{
    struct mc_bytes account = account_of(txn, body->account_id);
    DossierState__Officer officer = DOSSIER_STATE__OFFICER__INIT;

    (void)dossier;
    (void)event;
    if (account.len == 0)
        return txn->status; /* not an account of ours */
    if (body->unit[0] == '\0') {
        forget_others(txn, account, NULL, 0);
        return txn->status;
    }
    officer.rights = body->rights;
    officer.n_rights = body->n_rights;
    mc_save(txn, DOSSIER_OFFICERS, officer_key(txn, account, body->unit), &officer.base);
    return txn->status;
}

enum mc_status dossier_units_assigned(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__UnitsAssigned *body)
{
    struct mc_bytes account = account_of(txn, body->account_id);

    (void)dossier;
    (void)event;
    if (account.len > 0)
        forget_others(txn, account, body->units, body->n_units);
    return txn->status;
}
