/*
 * Lists by unit: a row for the unit, each above it, and "" for who may see all, so that a page of a
 * unit's list, with what is below it, costs what it shows.
 *
 *     kind ‖ unit, NUL ‖ id -> nothing
 */
#pragma once

#include "common/ident.h"
#include "common/txn.h"

enum { MC_UNITS_DEPTH_MAX = 8 }; /* a unit, those above it, and "" */

/* The unit, each above it, and "": returns how many. */
size_t mc_unit_places(const char *unit, char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE]);

/* Where the rows of a unit's list begin, in a room's own table of such rows. */
struct mc_bytes mc_unit_index_prefix(struct mc_txn *txn, const char *kind, const char *unit);
void mc_unit_index_put(struct mc_txn *txn, unsigned table, const char *kind, const char *unit,
                       struct mc_bytes id);
void mc_unit_index_drop(struct mc_txn *txn, unsigned table, const char *kind, const char *unit,
                        struct mc_bytes id);

/* An officer sees the own unit and those below; the house's own hands see all. */
bool mc_unit_mine(const struct mc_txn *txn, const char *unit);
