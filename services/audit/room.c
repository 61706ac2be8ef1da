/*
 * audit: one tamper-evident log of what every room did.
 *
 * It follows every room's journal from the start and adds each event as the next entry: who, when,
 * about which business ids, in which trace, in answer to what. Bodies are not copied: personal
 * data stays in the room that owns it, and only the body's hash is here. Each entry's hash covers
 * the one before (chain.h), so nothing can be changed unseen; Verify shows it, Head is what others
 * keep to hold us to. Timeline tells the story of a dossier, a payment, an account across rooms.
 *
 * Nothing here is ever changed or dropped, and nobody but the journals can add to it.
 */
#include <stddef.h>
#include <stdio.h>

#include "audit.h"

/* clang-format off */
/*    method     handler         request                 reply                 mode     who                        right */
#define AUDIT_ROUTES(X)                                                                                                     \
    X(Timeline,  audit_timeline, Audit__TimelineRequest, Audit__TimelineReply, MC_READ, MC_OPERATOR | MC_OFFICER,  AUDIT_RIGHT_VIEW) \
    X(Verify,    audit_verify,   Audit__VerifyRequest,   Audit__VerifyReply,   MC_READ, MC_OPERATOR | MC_ROOM,     NULL) \
    X(Head,      audit_head,     Audit__HeadRequest,     Audit__HeadReply,     MC_READ, MC_OPERATOR | MC_ROOM,     NULL)

static const char *const tables[AUDIT_TABLES_END - MC_TABLE_ROOM] = {
    [AUDIT_ENTRIES - MC_TABLE_ROOM] = "entries", /* number                     -> Entry */
    [AUDIT_HEAD    - MC_TABLE_ROOM] = "head",    /* "head"                     -> Head */
    [AUDIT_KEYS    - MC_TABLE_ROOM] = "keys",    /* business id or trace, 0, number -> nothing */
    [AUDIT_PLACES  - MC_TABLE_ROOM] = "places",  /* room, 0, sequence          -> number */
    [AUDIT_CAUSES  - MC_TABLE_ROOM] = "causes",  /* cause's room, 0, sequence, number -> nothing */
};

static const struct mc_config_key config[] = {
    {"audit.verify_step", MC_CONFIG_INT, offsetof(struct audit, verify_step), "100000", 100, AUDIT_VERIFY_STEP_MAX, "Entries one Verify call recomputes; it holds up the room for about 3 microseconds each."},
};

static const struct mc_follow follows[] = {
    {"identity",     "*", NULL, audit_append},
    {"otp",          "*", NULL, audit_append},
    {"dossier",      "*", NULL, audit_append},
    {"payment",      "*", NULL, audit_append},
    {"notification", "*", NULL, audit_append},
};
/* clang-format on */

const char *const audit_rooms[] = {"identity", "otp", "dossier", "payment", "notification"};
const size_t audit_rooms_len = MC_LEN(audit_rooms);
_Static_assert(MC_LEN(audit_rooms) == MC_LEN(follows), "every room that is followed");

#define AUDIT_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct audit, fn, req, rep)
AUDIT_ROUTES(AUDIT_CALL)

static const struct mc_route routes[] = {AUDIT_ROUTES(MC_ROUTE_ROW)};

extern const char mc_data_event_summaries[];
extern const size_t mc_data_event_summaries_len;

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct mc_bytes csv = {mc_data_event_summaries, mc_data_event_summaries_len};
    enum mc_status status = audit_summaries_read(ctx, csv);

    if (status != MC_OK)
        (void)snprintf(with->why, sizeof with->why, "table event_summaries cannot be read");
    return status;
}

const struct mc_room audit_room = {
    .name = "audit",
    .proto = &audit__audit__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .config = config,
    .config_len = MC_LEN(config),
    .ctx_size = sizeof(struct audit),
    .boot = boot,
};
