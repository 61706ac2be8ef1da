/*
 * Stats: what the rooms tell about themselves, as Prometheus metrics. Pure.
 *
 * The rooms count; the gateway only translates, so one address serves all numbers.
 */
#pragma once

#include "common/arena.h"
#include "common/metrics.h"

#include "room.pb-c.h"

#include "map.h"

enum { GATEWAY_METRICS_MAX = 4 << 20 }; /* bytes of the whole text */

/*
 * The text for the rooms' answers (in the order of gateway_rooms; NULL: silent) and the edge's
 * own metrics. Its bytes are the arena's. MC_FULL: the arena, or more than GATEWAY_METRICS_MAX.
 */
mc_nodiscard enum mc_status
gateway_stats_text(struct mc_arena *arena, const Motcua__StatsReply *const replies[GATEWAY_ROOMS],
                   struct mc_metrics *own, struct mc_bytes *ret_text);
