/*
 * Links: calls to other rooms, over the bus.
 *
 * A process has one set of links; a connection to a room is made at the first call. The bus
 * may lose anything, so a call is sent again with the same request id until it is answered or
 * its time is over: rooms answer a repeat without doing it twice. The number of calls under
 * way is bounded. Belongs to the loop's thread.
 */
#pragma once

#include "common/bus.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/envelope.h"
#include "common/loop.h"

enum {
    MC_LINKS_MAX = 16,         /* rooms one process talks to */
    MC_LINK_CALLS_MAX = 16384, /* calls under way */
    MC_LINK_RESEND_MS = 1000,  /* first repeat of an unanswered call; doubles */
    MC_LINK_RESEND_MAX_MS = 8000,
};

struct mc_links;
struct mc_links_options {
    struct mc_bus *bus;
    struct mc_loop *loop;
    const struct mc_clock *clock;
    const char *run_dir; /* ipc sockets: <run_dir>/<room>/sock */
    /* Rooms elsewhere: "otp=tcp://10.0.0.5:7001=<their CURVE key>". */
    struct mc_config_list remote;
    const char *secret_key; /* our CURVE key, for those; NULL when there are none */
};

mc_nodiscard struct mc_links *mc_links_create(const struct mc_links_options *options);
/* Calls under way are forgotten, not answered. */
void mc_links_destroy(struct mc_links *links);

/* head is NULL when no answer came in time. Head and body are borrowed for the callback. */
typedef void mc_link_answered(void *arg, const Motcua__Header *head, struct mc_bytes body);

/*
 * Calls a method of a room. Head and body are copied; the head's tag is ours to set. MC_BUSY:
 * too many calls under way; MC_INVALID: the header cannot be packed, or no such room.
 */
mc_nodiscard enum mc_status mc_link_call(struct mc_links *links, const char *room,
                                         const Motcua__Header *head, struct mc_bytes body,
                                         int64_t timeout_ms, mc_link_answered *answered, void *arg);

/* Forgets all calls with this arg; their callback will not be called. */
void mc_link_forget(struct mc_links *links, const void *arg);
unsigned mc_link_load(const struct mc_links *links);
