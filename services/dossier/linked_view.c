/* A request of linked procedures as its owner and the officers of its parts see it. */
#include <string.h>

#include "dossier.h"

/* One word for all: what the citizen asks first. */
static Dossier__LinkedState state_of(const Dossier__LinkedView *view)
{
    size_t drafts = 0;
    size_t ends = 0;
    bool lost = false;

    for (size_t i = 0; i < view->n_parts; i++) {
        Dossier__State state = view->parts[i]->dossier->state;

        drafts += state == DOSSIER__STATE__DRAFT;
        ends += dossier_state_is_final(state);
        lost = lost || (dossier_state_is_final(state) && state != DOSSIER__STATE__RETURNED);
    }
    if (drafts == view->n_parts)
        return DOSSIER__LINKED_STATE__LINKED_DRAFT;
    if (lost)
        return DOSSIER__LINKED_STATE__LINKED_BROKEN;
    return ends == view->n_parts ? DOSSIER__LINKED_STATE__LINKED_DONE
                                 : DOSSIER__LINKED_STATE__LINKED_RUNNING;
}

static void set_waits(struct mc_txn *txn, const DossierState__Group *group, size_t part,
                      Dossier__LinkedPart *out)
{
    bool lost = false;
    unsigned waits = dossier_group_waits(txn, group, part, &lost);

    out->waits_for = dossier_alloc(txn, (group->n_parts + 1) * sizeof *out->waits_for);
    for (uint32_t i = 0; i < group->n_parts && out->waits_for != NULL; i++)
        if ((waits & (1U << i)) != 0)
            out->waits_for[out->n_waits_for++] = i + 1;
    out->lost = lost;
}

static Dossier__LinkedPart *part_of(const struct dossier *dossier, struct mc_txn *txn,
                                    const DossierState__Group *group, size_t part, unsigned actor)
{
    Dossier__LinkedPart *out = dossier_alloc(txn, sizeof *out);
    struct dossier_open open = {0};

    if (out == NULL)
        return NULL;
    dossier__linked_part__init(out);
    if (dossier_open_any(txn, group->parts[part]->dossier_id, "", &open) != MC_OK) {
        (void)mc_fail(txn, MC_CORRUPT, "part of a group");
        return NULL;
    }
    out->part = (uint32_t)part + 1;
    out->procedure_code = open.record->procedure_code;
    out->unit = open.record->unit;
    out->dossier = dossier_summary(dossier, txn, open.record, actor);
    set_waits(txn, group, part, out);
    return txn->status == MC_OK ? out : NULL;
}

void dossier_fill_linked(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id,
                         const DossierState__Group *group, unsigned actor, Dossier__LinkedView *rep)
{
    rep->group_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->bundle = group->bundle;
    rep->name = group->name;
    rep->created_at_ms = group->created_at_ms;
    rep->parts = dossier_list(txn, group->n_parts);
    if (rep->parts == NULL)
        return;
    for (size_t i = 0; i < group->n_parts; i++) {
        Dossier__LinkedPart *part = part_of(dossier, txn, group, i, actor);

        if (part == NULL)
            return;
        rep->parts[rep->n_parts++] = part;
    }
    rep->state = state_of(rep);
}

DossierState__Group *dossier_group_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                        unsigned *ret_actor)
{
    DossierState__Group *group =
        id.len == MC_ID_LEN ? dossier_group_load(txn, mc_key_bytes(id)) : NULL;
    struct dossier_open open = {0};

    *ret_actor = 0;
    for (size_t i = 0; group != NULL && i < group->n_parts; i++)
        if (dossier_open_any(txn, group->parts[i]->dossier_id, "", &open) == MC_OK)
            *ret_actor |= dossier_actor_of(txn, open.record);
    if (group != NULL && *ret_actor != 0)
        return group;
    mc_refuse(txn, MC_NOT_FOUND, "", "DOSSIER_NOT_FOUND", NULL);
    return NULL;
}

enum mc_status dossier_get_linked(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__GetLinkedRequest *req, Dossier__LinkedView *rep)
{
    unsigned actor = 0;
    const DossierState__Group *group = dossier_group_open(txn, req->group_id, &actor);

    if (group != NULL)
        dossier_fill_linked(dossier, txn, mc_key_bytes(req->group_id), group,
                            actor & DOSSIER_BY_CITIZEN ? DOSSIER_BY_CITIZEN : DOSSIER_BY_OFFICER,
                            rep);
    return txn->status;
}
