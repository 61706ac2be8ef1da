/*
 * Lineage: whose journal a follower has applied.
 *
 * A room that is restored from a backup has lost its newest events, and gives their numbers to
 * others from then on. A follower that had applied the lost ones would pass over the new ones
 * without a word. So a journal has a name, and gets another one by each restore; META "lineage"
 * holds them all, with the event after which each begins. A follower says which one it knows:
 *
 *     the same, or an older one and no event after the fork    it is served, and learns the new
 * name else                                                     it is told so, stops, and alarms
 *
 * until an operator has accepted the new one: then it goes on from the fork, and applies what the
 * restored room tells since. What it did on the lost events stays done (META "follow/<room>": the
 * name it knows).
 */
#pragma once

#include "common/frame.h"

/* At the service's start: loads the newest name; a store without one gets its first. */
mc_nodiscard enum mc_status mc_lineage_open(struct mc_service *service);

/* The leader's side of Follow; false: the follower has applied what is not in this journal. */
bool mc_lineage_serve(struct mc_service *service, struct mc_txn *txn,
                      const Motcua__FollowRequest *req, Motcua__FollowReply *rep);

/* The follower's side: what a reply said of it, in the turn that applies its events. */
void mc_lineage_heard(struct mc_service *service, struct mc_turn *turn, struct mc_followed *from,
                      const Motcua__FollowReply *reply);
/* The name that is known of a followed room, or nothing. */
void mc_lineage_known(struct mc_txn *txn, struct mc_followed *from);

/* A restored store's journal begins anew behind its last event. The id is drawn by the caller. */
void mc_lineage_begin(struct mc_txn *txn, const uint8_t id[MC_ID_LEN]);

/* House method. MC_NOT_FOUND: not followed; MC_CONFLICT: LINEAGE_OTHER, there is nothing to accept,
 * or not this. */
enum mc_status mc_lineage_accept(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__AcceptLineageRequest *req,
                                 Motcua__AcceptLineageReply *rep);
