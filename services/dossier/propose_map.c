/*
 * ProposeMap: one province of one list against the same of another (MAP-02 to MAP-05), on a day.
 * What an officer has decided stays, as long as the code it leads to is valid.
 */
#include <stdio.h>
#include <string.h>

#include "codelist.h"

struct side {
    struct mc_txn *txn;
    const char *list;
    const char *province;
    int64_t day;
    struct dossier_area *areas;
    size_t len;
};

static void add_area(struct side *side, const char *code, const DossierState__ListCode *record)
{
    struct dossier_area *area = &side->areas[side->len++];
    char kind[16];

    *area = (struct dossier_area){.code = code, .name = record->name};
    dossier_area_name(record->name, area->kind, area->key);
    if (strcmp(record->parent, side->province) == 0)
        return;
    const DossierState__ListCode *parent = dossier_code_last(side->txn, side->list, record->parent);
    if (parent != NULL)
        dossier_area_name(parent->name, kind, area->parent);
}

static bool load_side(struct side *side)
{
    const char *parts[] = {side->list, side->province};
    struct mc_bytes prefix = dossier_list_key(side->txn, parts, MC_LEN(parts));
    struct mc_cursor cursor =
        mc_seek(side->txn, DOSSIER_LIST_NAMES, prefix, (struct mc_bytes){0}, MC_FORWARD);

    side->areas = dossier_alloc(side->txn, DOSSIER_AREAS_MAX * sizeof side->areas[0]);
    while (side->areas != NULL && mc_next(&cursor)) {
        const char *code = NULL;
        const DossierState__ListCode *record =
            dossier_code_at(side->txn, side->list, cursor.key, prefix.len, side->day, &code);

        if (record == NULL)
            continue;
        if (side->len == DOSSIER_AREAS_MAX) {
            mc_refuse(side->txn, MC_LIMITED, "province", "LIST_TOO_LONG", NULL);
            return false;
        }
        add_area(side, code, record);
    }
    dossier_areas_sort(side->areas, side->len);
    return side->txn->status == MC_OK;
}

/* The one uppermost code of the same name; NULL: none, or several. */
static const char *same_province(struct mc_txn *txn, const char *to_list, const char *name,
                                 int64_t day)
{
    char kind[16];
    char key[DOSSIER_AREA_KEY];

    dossier_area_name(name, kind, key);
    const char *parts[] = {to_list, "", key};
    struct mc_bytes prefix = dossier_list_key(txn, parts, MC_LEN(parts));
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_LIST_NAMES, prefix, (struct mc_bytes){0}, MC_FORWARD);
    const char *found = NULL;
    while (mc_next(&cursor)) {
        const char *code = NULL;

        if (dossier_code_at(txn, to_list, cursor.key, prefix.len - strlen(key) - 1, day, &code) ==
            NULL)
            continue;
        if (found != NULL)
            return NULL;
        found = code;
    }
    return found;
}

static bool stands(struct mc_txn *txn, const char *to_list, const DossierState__Mapping *mapping,
                   int64_t day)
{
    return mapping != NULL && (mapping->state == DOSSIER__MAP_STATE__MAP_REJECTED ||
                               (mapping->state == DOSSIER__MAP_STATE__MAP_CONFIRMED &&
                                dossier_code_on(txn, to_list, mapping->to_code, day) != NULL));
}

static bool same_again(const DossierState__Mapping *old, const DossierState__Mapping *new)
{
    bool same = old != NULL && old->state == new->state &&strcmp(old->to_code, new->to_code) == 0 &&
                strcmp(old->rule, new->rule) == 0 && old->n_candidates == new->n_candidates;

    for (size_t i = 0; same && i < new->n_candidates; i++)
        same = strcmp(old->candidates[i], new->candidates[i]) == 0;
    return same;
}

static void propose(struct mc_txn *txn, const struct side *from, const struct side *to, size_t at)
{
    DossierState__Mapping mapping = DOSSIER_STATE__MAPPING__INIT;
    struct dossier_area_match match;
    const char *code = from->areas[at].code;
    const DossierState__Mapping *old = dossier_map_load(txn, from->list, to->list, code);

    if (stands(txn, to->list, old, from->day))
        return;
    dossier_area_match(from->areas, from->len, at, to->areas, to->len, &match);
    mapping.state = match.state;
    mapping.rule = mc_unconst(match.rule);
    mapping.candidates = dossier_list(txn, match.candidates_len);
    for (size_t i = 0; mapping.candidates != NULL && i < match.candidates_len; i++)
        mapping.candidates[mapping.n_candidates++] =
            mc_unconst(to->areas[match.candidates[i]].code);
    if (match.state == DOSSIER__MAP_STATE__MAP_PROPOSED && mapping.n_candidates == 1)
        mapping.to_code = mapping.candidates[0];
    if (!same_again(old, &mapping))
        dossier_map_save(txn, from->list, to->list, code, &mapping);
}

enum mc_status dossier_propose_map(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ProposeMapRequest *req, Dossier__MapCounts *rep)
{
    (void)dossier;
    int64_t day = 0;

    if (!dossier_map_check(txn, req->from_list, req->to_list) ||
        !dossier_day_of(txn, "day", req->day, &day))
        return txn->status;
    if (strlen(req->province) > DOSSIER_CODE_MAX || strlen(req->to_province) > DOSSIER_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "province", "CODE_FORMAT", NULL);
    const DossierState__ListCode *province =
        dossier_code_on(txn, req->from_list, req->province, day);
    if (province == NULL || province->parent[0] != '\0')
        return mc_refuse(txn, MC_NOT_FOUND, "province", "CODE_UNKNOWN", NULL);
    const char *other = req->to_province;
    if (other[0] == '\0')
        other = same_province(txn, req->to_list, province->name, day);
    if (other == NULL || dossier_code_on(txn, req->to_list, other, day) == NULL)
        return mc_refuse(txn, MC_INVALID, "to_province", "MAP_PROVINCE", NULL);
    struct side from = {.txn = txn, .list = req->from_list, .province = req->province, .day = day};
    struct side to = {.txn = txn, .list = req->to_list, .province = other, .day = day};
    if (!load_side(&from) || !load_side(&to))
        return txn->status;
    for (size_t i = 0; i < from.len && txn->status == MC_OK; i++)
        propose(txn, &from, &to, i);
    const DossierState__MapHead *head = dossier_map_head(txn, req->from_list, req->to_list);
    if (head != NULL)
        dossier_map_counts(head, rep);
    return txn->status;
}
