/*
 * Upkeep: work on a room's store that an operator asks for and that runs beside the calls: a
 * backup, a look at every row. One at a time.
 *
 * What is asked for is one row (META "upkeep"): the daemon finds it, does it in threads of its own
 * (daemon_upkeep.c), and the result is written in a turn. A daemon that ends in between finds the
 * row at its next start and begins again. Who asked, why and what came of it are events
 * (<room>.upkeep_…).
 */
#pragma once

#include "common/frame.h"

/* Methods of the house. MC_CONFLICT: UPKEEP_BUSY, another one runs; MC_DENIED: UPKEEP_NOT_SET_UP,
 * no folder for backups is configured. */
enum mc_status mc_upkeep_start(struct mc_service *service, struct mc_txn *txn,
                               const Motcua__StartUpkeepRequest *req, Motcua__Upkeep *rep);
enum mc_status mc_upkeep_get(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__GetUpkeepRequest *req, Motcua__Upkeep *rep);
enum mc_status mc_upkeep_stop(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__StopUpkeepRequest *req, Motcua__Upkeep *rep);

/* What is asked for and not ended; NULL: nothing. */
const Motcua__Upkeep *mc_upkeep_wanted(struct mc_txn *txn);

/* What came of it. Texts live until it is told. */
struct mc_upkeep_result {
    uint8_t upkeep_id[MC_ID_LEN];
    bool good;
    uint64_t done;
    uint64_t total;
    const char *folder;
    uint64_t journal_last;
    const char *const *problems;
    size_t problems_len;
    uint64_t problems_more;
};
/* In a turn of its own. One that was stopped meanwhile is passed over. */
void mc_upkeep_end(struct mc_service *service, struct mc_turn *turn,
                   const struct mc_upkeep_result *result);
