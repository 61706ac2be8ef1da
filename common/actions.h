/*
 * Actions: what operators do to many jobs at once.
 *
 *     Prepare: the jobs that fit a filter are counted, sampled and bound    COUNTING -> PREPARED
 *     Run: names the hash of what was bound, so what was seen is what runs  -> RUNNING, or ASKED
 *     Approve: a second operator, when it is large or about money           ASKED -> RUNNING
 *     Stop: at any time; what was done stays done                           -> STOPPED
 *
 * The set is rows of MC_TABLE_ACTION_SET, made and used up in steps between the calls of others,
 * so that an action on a hundred thousand jobs costs no memory and holds nobody up, and goes on
 * after a crash where it was. A job that has moved on by itself meanwhile is passed over. Each step
 * is an event <room>.queue_action_…, so audit knows who did what and why.
 */
#pragma once

#include "common/frame.h"

enum {
    MC_ACTION_CHUNK = 200, /* rows looked at in the call that prepares */
    MC_ACTION_STEP = 12, /* jobs done, or rows looked at, in a turn: who calls meanwhile feels it */
    MC_ACTION_SET_MAX = 1000000, /* jobs of one action */
    MC_ACTION_IDS_MAX = 1000,    /* named one by one */
    MC_ACTION_SAMPLE = 10,
    MC_ACTION_ALONE_MAX = 100,          /* jobs without a second operator, as it comes */
    MC_ACTION_LIFE_MS = 60 * 60 * 1000, /* prepared and not run: forgotten */
    MC_ACTION_OPEN_MAX = 20,            /* not ended, of one room */
    MC_ACTION_PAGE = 20,
    MC_ACTION_PAGE_MAX = 100,
};

/* Methods of the house (house.c). */
enum mc_status mc_action_prepare(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__PrepareActionRequest *req, Motcua__Action *rep);
enum mc_status mc_action_run(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__RunActionRequest *req, Motcua__Action *rep);
enum mc_status mc_action_approve(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__RunActionRequest *req, Motcua__Action *rep);
enum mc_status mc_action_stop(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__StopActionRequest *req, Motcua__Action *rep);
enum mc_status mc_action_get(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__GetActionRequest *req, Motcua__Action *rep);
enum mc_status mc_action_list(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ListActionsRequest *req, Motcua__ListActionsReply *rep);

/* One step of the newest action that has something to do; true: there is more. */
bool mc_actions_step(struct mc_service *service, struct mc_txn *txn);
