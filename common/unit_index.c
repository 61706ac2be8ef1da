#include "common/unit_index.h"

#include <string.h>

size_t mc_unit_places(const char *unit, char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE])
{
    size_t n = 0;

    if (unit[0] != '\0' && strlen(unit) < MC_AGENCY_CODE_SIZE)
        memcpy(places[n++], unit, strlen(unit) + 1);
    while (n > 0 && n < MC_UNITS_DEPTH_MAX - 1 &&
           mc_agency_parent(places[n - 1], places[n], MC_AGENCY_CODE_SIZE))
        n++;
    places[n++][0] = '\0';
    return n;
}

struct mc_bytes mc_unit_index_prefix(struct mc_txn *txn, const char *kind, const char *unit)
{
    /* the NUL keeps H1 from being a beginning of H15 */
    return mc_key_join(txn, mc_key_text(kind), (struct mc_bytes){unit, strlen(unit) + 1});
}

void mc_unit_index_put(struct mc_txn *txn, unsigned table, const char *kind, const char *unit,
                       struct mc_bytes id)
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = mc_unit_places(unit, places);

    for (size_t i = 0; i < n; i++)
        mc_put(txn, table, mc_key_join(txn, mc_unit_index_prefix(txn, kind, places[i]), id),
               (struct mc_bytes){0});
}

void mc_unit_index_drop(struct mc_txn *txn, unsigned table, const char *kind, const char *unit,
                        struct mc_bytes id)
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = mc_unit_places(unit, places);

    for (size_t i = 0; i < n; i++)
        mc_drop(txn, table, mc_key_join(txn, mc_unit_index_prefix(txn, kind, places[i]), id));
}

bool mc_unit_mine(const struct mc_txn *txn, const char *unit)
{
    const struct mc_caller *caller = txn->caller;

    if ((caller->who & MC_OFFICER) != 0 && caller->unit != NULL)
        return mc_agency_within(unit, caller->unit);
    return caller->account_id == NULL && (caller->who & (MC_ROOM | MC_OPERATOR)) != 0;
}
