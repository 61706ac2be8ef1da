/* ListPlaces: the provinces, or the communes of one: the choices of a form's fields. */
#include <string.h>

#include "dossier.h"

static void add(struct mc_txn *txn, const struct dossier_place *place,
                Dossier__ListPlacesReply *rep)
{
    Dossier__Place *row = dossier_alloc(txn, sizeof *row);

    if (row == NULL)
        return;
    dossier__place__init(row);
    row->code = mc_unconst(place->code); /* lives as long as the process */
    row->name = mc_unconst(place->name);
    rep->places[rep->n_places++] = row;
}

enum mc_status dossier_list_places(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListPlacesRequest *req,
                                   Dossier__ListPlacesReply *rep)
{
    const struct dossier_places *places = &dossier->forms.places;
    bool provinces = req->province[0] == '\0';
    const struct dossier_place *rows = provinces ? places->provinces : places->communes;
    size_t len = provinces ? places->provinces_len : places->communes_len;

    if (!provinces && dossier_province_find(places, req->province) == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "province", "PLACE_UNKNOWN", NULL);
    rep->places = dossier_list(txn, len);
    for (size_t i = 0; rep->places != NULL && i < len; i++)
        if (provinces || strcmp(rows[i].province, req->province) == 0)
            add(txn, &rows[i], rep);
    return txn->status;
}
