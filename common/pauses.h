/*
 * Pauses: lanes, or one destination of a lane, that nobody takes jobs of.
 *
 *     MC_TABLE_META: "pause/" ‖ lane (1) ‖ '*' (all of it) or '=' destination ->
 * motcua.v1.LanePause
 *
 * Who paused it, why and until when is seen in Stats, Shape and Health. A pause holds from the
 * commit that its caller hears of; a job in a worker's hands stays there. Taking jobs asks memory
 * whether a lane or destination is paused, so what waits behind a pause costs nothing.
 */
#pragma once

#include "common/txn.h"

struct mc_service;

enum {
    MC_PAUSES_MAX = 200, /* of one room */
    MC_PAUSE_DESTINATION_MAX = 64,
    MC_PAUSE_DAYS_MAX = 30, /* one that has an end */
};

/* Refuses a destination that the room does not know; where it cannot say, any is good. */
void mc_destination_check(const struct mc_service *service, struct mc_txn *txn, int lane,
                          const char *destination);

/* Methods of the house (house.c). */
enum mc_status mc_pause_lane(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__PauseLaneRequest *req, Motcua__LanePause *rep);
enum mc_status mc_resume_lane(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ResumeLaneRequest *req, Motcua__LanePause *rep);

/* Nobody takes jobs of this destination; NULL: of the whole lane. */
bool mc_is_paused(const struct mc_store *store, unsigned lane, const char *destination,
                  int64_t now_ms);
/* When the first pause of a lane ends by itself; INT64_MAX: none does. */
int64_t mc_pause_ends(const struct mc_store *store, unsigned lane, int64_t now_ms);
/* The pauses of a lane that hold, with all that is known of them; every lane's: lane -1. */
size_t mc_pauses_of(struct mc_txn *txn, int lane, Motcua__LanePause ***ret_pauses);

/* Ends pauses whose time has come, and says so in the journal. */
void mc_pauses_step(struct mc_service *service, struct mc_txn *txn);

/* The store's part: what memory knows of the rows, read again when a commit changed them. */
mc_nodiscard enum mc_status mc_pauses_load(struct mc_store *store, struct mc_arena *arena);
void mc_pauses_free(struct mc_store *store);
