/*
 * Queue: what operators see of a lane and of one job (methods of the house, house.c). Looking
 * changes nothing and costs the same whatever waits: the numbers are kept (tally.h, minutes.h).
 */
#pragma once

#include "common/txn.h"

struct mc_service;

enum {
    MC_SHAPE_ROWS = 20,
    MC_SHAPE_ROWS_MAX = 200,
    MC_SHAPE_LIST_MAX = 50, /* workers, reasons */
    MC_FIND_JOBS = 50,
    MC_FIND_JOBS_MAX = 200,
    MC_FIND_LOOK_MAX = 4000, /* jobs read in one call: some milliseconds */
    MC_FIND_KEY_CHARS = 200,
    MC_JOB_ACTIONS_MAX = 8, /* of its page */
};

enum mc_status mc_queue_shape(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ShapeRequest *req, Motcua__ShapeReply *rep);
enum mc_status mc_queue_job(struct mc_service *service, struct mc_txn *txn,
                            const Motcua__GetJobRequest *req, Motcua__JobPage *rep);
enum mc_status mc_queue_find(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__FindJobsRequest *req, Motcua__FindJobsReply *rep);

/* All that Stats tells of a lane. */
void mc_queue_stats(struct mc_service *service, struct mc_txn *txn, unsigned lane,
                    Motcua__LaneStats *ret_stats);
