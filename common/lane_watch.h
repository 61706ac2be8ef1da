/*
 * Lane watch: a queue that will miss its deadline says so, before it is too late, and when it is
 * well again (events <room>.queue_late, <room>.queue_recovered; motcua.v1.QueueLate).
 *
 * A follower hears journals, not counters: so each house looks at its own lanes that have a limit
 * (mc_room.lane_limit_ms), at most every MC_LANE_WATCH_MS. Late is: the oldest job has waited
 * longer than the limit, or the forecast has said for a minute that one will within half of
 * it. Well is: for a minute, the oldest is younger than half of it and no such forecast. Between
 * the two nothing changes, so that a queue at its limit does not tell the same all day. What was
 * told last is kept: a restart tells nothing again.
 */
#pragma once

#include "common/frame.h"

enum { MC_LANE_WATCH_MS = 5000, MC_LANE_WATCH_HOLD_MS = 60000 };

/* How a lane looks. */
struct mc_lane_sight {
    int64_t now_ms;
    int64_t limit_ms;
    int64_t oldest_age_ms;
    int64_t late_at_ms; /* by the forecast; 0: not in sight */
};

enum mc_lane_news { MC_LANE_SAME, MC_LANE_LATE, MC_LANE_WELL };

/* Pure: what is new of a lane. `row` is what is remembered of it, and is brought up to date. */
enum mc_lane_news mc_lane_judge(Motcua__LaneWatch *row, const struct mc_lane_sight *sight);

/* Looks at the room's lanes when it is time, and tells what is new. */
void mc_lane_watch_step(struct mc_service *service, struct mc_txn *txn);
