/*
 * Linked procedures: one request, several dossiers. Each is dealt with by its own unit; one that
 * waits for another is accepted only when that is finished, and never when that came to nothing.
 *
 *     groups: group id -> DossierState__Group, the parts in the bundle's order
 */
#include <string.h>

#include "work.h"

DossierState__Group *dossier_group_load(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, DOSSIER_GROUPS, id, &dossier_state__group__descriptor);
}

static bool is_done(Dossier__State state)
{
    return state == DOSSIER__STATE__FINISHED || state == DOSSIER__STATE__RETURNED;
}

static bool is_lost(Dossier__State state)
{
    return dossier_state_is_final(state) && !is_done(state);
}

/* The state of another part, as this call sees it; a draft when there is none (any more). */
static Dossier__State state_of(struct mc_txn *txn, ProtobufCBinaryData id)
{
    struct dossier_open open = {0};

    return dossier_open_any(txn, id, "", &open) == MC_OK ? open.was : DOSSIER__STATE__DRAFT;
}

unsigned dossier_group_waits(struct mc_txn *txn, const DossierState__Group *group, size_t part,
                             bool *ret_lost)
{
    unsigned waits = 0;

    *ret_lost = false;
    for (size_t i = 0; i < group->n_parts && part < group->n_parts; i++) {
        if ((group->parts[part]->after & (1U << i)) == 0)
            continue;
        Dossier__State state = state_of(txn, group->parts[i]->dossier_id);
        if (!is_done(state))
            waits |= 1U << i;
        *ret_lost = *ret_lost || is_lost(state);
    }
    return waits;
}

enum mc_status dossier_group_check(struct mc_txn *txn, const struct dossier_open *open,
                                   Dossier__State to)
{
    const DossierState__Dossier *record = open->record;
    bool lost = false;

    if (record->group_id.len == 0 || to != DOSSIER__STATE__RECEIVED)
        return MC_OK;
    const DossierState__Group *group = dossier_group_load(txn, mc_key_bytes(record->group_id));
    if (group == NULL)
        return txn->status;
    if (dossier_group_waits(txn, group, record->part - 1, &lost) == 0)
        return txn->status;
    return mc_refuse(txn, MC_EXPIRED, "", lost ? "LINKED_LOST" : "LINKED_WAITS", NULL);
}

bool dossier_group_holds(struct mc_txn *txn, const DossierState__Dossier *record)
{
    bool lost = false;
    const DossierState__Group *group =
        record->group_id.len > 0 ? dossier_group_load(txn, mc_key_bytes(record->group_id)) : NULL;

    return group != NULL && dossier_group_waits(txn, group, record->part - 1, &lost) != 0;
}

static void tell_ready(const struct dossier *dossier, struct mc_txn *txn,
                       const DossierState__Group *group, size_t done)
{
    struct dossier_open open = {0};
    bool lost = false;

    for (size_t i = 0; i < group->n_parts; i++) {
        if ((group->parts[i]->after & (1U << done)) == 0 ||
            dossier_group_waits(txn, group, i, &lost) != 0 ||
            dossier_open_any(txn, group->parts[i]->dossier_id, "", &open) != MC_OK ||
            open.was != DOSSIER__STATE__NEW)
            continue;
        dossier_check_begins(dossier, txn, open.record);
        dossier_alarm_set(dossier, txn, open.record);
        dossier_save(txn, &open);
        dossier_tell(txn, &open, "dossier.linked_ready", "");
    }
}

void dossier_group_moved(const struct dossier *dossier, struct mc_txn *txn,
                         const struct dossier_open *open)
{
    const DossierState__Dossier *record = open->record;

    if (record->group_id.len == 0 || record->state != DOSSIER__STATE__FINISHED ||
        txn->status != MC_OK)
        return;
    const DossierState__Group *group = dossier_group_load(txn, mc_key_bytes(record->group_id));
    if (group != NULL)
        tell_ready(dossier, txn, group, record->part - 1);
}
