/*
 * Legal holds: what is about a business id ("dossier:…", "account:…", "payment:…") stays, whatever
 * the rules of retention say, because a complaint, an inspection or a court needs it. One operator
 * holds, one who may approve releases; both are events (<room>.hold_added, <room>.hold_released).
 *
 * A row of META ("hold/" and the id) in each room that has a rule which minds holds; the others
 * delete no business data by time, and refuse one.
 */
#pragma once

#include "common/frame.h"

enum { MC_HOLD_KEY_MAX = 128 }; /* bytes of a business id */

/* Whether what is about this business id is held. */
bool mc_held(struct mc_txn *txn, const char *key);

/* Methods of the house. A hold that is there already is told as it is; MC_NOT_FOUND: none to
 * release; MC_INVALID: not a business id that is kept here, no reason. */
enum mc_status mc_hold_add(struct mc_service *service, struct mc_txn *txn,
                           const Motcua__AddHoldRequest *req, Motcua__Hold *rep);
enum mc_status mc_hold_release(struct mc_service *service, struct mc_txn *txn,
                               const Motcua__AddHoldRequest *req, Motcua__Hold *rep);
enum mc_status mc_hold_list(struct mc_service *service, struct mc_txn *txn,
                            const Motcua__ListHoldsRequest *req, Motcua__ListHoldsReply *rep);
