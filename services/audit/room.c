/*
 * audit: one tamper-evident log of what every room did.
 *
 * It follows every room's journal from the start and adds each event as the next entry: who, when,
 * about which business ids, in which trace, in answer to what. Bodies are not copied: personal
 * data stays in the room that owns it, and only the body's hash is here.
 *
 * The entries are the leaves of a Merkle tree (common/merkle.h), whose root is signed every minute
 * as a checkpoint. Who keeps a checkpoint, or signs it too as a witness, can hold the log to it for
 * ever: any entry is proved to be in it, and any later log to begin with it. What is hashed names
 * no person: who and about whom stands beside the leaf, under a salted hash, and can be forgotten
 * without a proof changing. Else nothing is ever changed or dropped.
 *
 * Timeline tells the story of a dossier, a payment, an account across rooms; ListAccesses tells a
 * person who read or changed what is kept about him.
 */
#include <stddef.h>
#include <stdio.h>

#include "audit.h"

/* clang-format off */
#define AUDIT_WITNESSES (MC_OPERATOR | MC_ROOM | MC_PORTAL)

/*    method     handler         request                 reply                 mode     who                        right */
#define AUDIT_ROUTES(X)                                                                                                     \
    X(Timeline,  audit_timeline, Audit__TimelineRequest, Audit__TimelineReply, MC_READ, MC_OPERATOR | MC_OFFICER,  AUDIT_RIGHT_VIEW) \
    X(ListAccesses, audit_list_accesses, Audit__ListAccessesRequest, Audit__ListAccessesReply, MC_READ, MC_CITIZEN | MC_OFFICER, NULL) \
    X(Verify,    audit_verify,   Audit__VerifyRequest,   Audit__VerifyReply,   MC_READ, MC_OPERATOR | MC_ROOM,     NULL) \
    X(Head,      audit_head,     Audit__HeadRequest,     Audit__HeadReply,     MC_READ, AUDIT_WITNESSES,           NULL) \
    X(ListCheckpoints, audit_list_checkpoints, Audit__ListCheckpointsRequest, Audit__ListCheckpointsReply, MC_READ, AUDIT_WITNESSES, NULL) \
    X(Cosign,    audit_cosign,   Audit__CosignRequest,   Audit__CosignReply,   MC_WRITE, AUDIT_WITNESSES,          NULL) \
    X(Prove,     audit_prove,    Audit__ProveRequest,    Audit__Proof,         MC_READ, MC_OPERATOR | MC_OFFICER,  AUDIT_RIGHT_VIEW) \
    X(ProveConsistency, audit_prove_consistency, Audit__ProveConsistencyRequest, Audit__ConsistencyProof, MC_READ, AUDIT_WITNESSES, NULL) \
    X(Export,    audit_export,   Audit__ExportRequest,   Audit__ExportReply,   MC_READ, MC_OPERATOR | MC_PORTAL,   NULL) \
    X(Forget,    audit_forget,   Audit__ForgetRequest,   Audit__ForgetReply,   MC_WRITE, MC_OPERATOR,              NULL)


static const char *const tables[AUDIT_TABLES_END - MC_TABLE_ROOM] = {
    [AUDIT_ENTRIES - MC_TABLE_ROOM] = "entries", /* number                     -> Entry */
    [AUDIT_HEAD    - MC_TABLE_ROOM] = "head",    /* "head"                     -> Head */
    [AUDIT_KEYS    - MC_TABLE_ROOM] = "keys",    /* business id or trace, 0, number -> nothing */
    [AUDIT_PLACES  - MC_TABLE_ROOM] = "places",  /* room, 0, sequence          -> number */
    [AUDIT_CAUSES  - MC_TABLE_ROOM] = "causes",  /* cause's room, 0, sequence, number -> nothing */
    [AUDIT_TREE    - MC_TABLE_ROOM] = "tree",    /* place (common/merkle.h)    -> hash */
    [AUDIT_CHECKPOINTS - MC_TABLE_ROOM] = "checkpoints", /* size               -> Checkpoint */
};

static const struct mc_config_key config[] = {
    {"audit.verify_step", MC_CONFIG_INT, offsetof(struct audit, verify_step), "100000", 100, AUDIT_VERIFY_STEP_MAX, "Entries one Verify call recomputes; it holds up the room for about 10 microseconds each."},
    {"audit.checkpoint_every", MC_CONFIG_DURATION, offsetof(struct audit, checkpoint_every_ms), "60s", 1000, 86400000, "How often the log's head is signed."},
    {"audit.origin", MC_CONFIG_STRING, offsetof(struct audit, origin), "motcua.invalid/audit", 1, MC_NOTE_NAME_MAX, "The log's name in its checkpoints: a host name of ours, and a path."},
    {"audit.witnesses_file", MC_CONFIG_PATH, offsetof(struct audit, witnesses_file), "", 0, 1024, "Keys of the witnesses that sign our checkpoints too, one a line."},
};

static const struct mc_follow follows[] = {
    {"identity",     "*", NULL, audit_append},
    {"otp",          "*", NULL, audit_append},
    {"dossier",      "*", NULL, audit_append},
    {"payment",      "*", NULL, audit_append},
    {"notification", "*", NULL, audit_append},
    {"partner",      "*", NULL, audit_append},
    {"support",      "*", NULL, audit_append},
    {"print",        "*", NULL, audit_append},
};
/* clang-format on */

const char *const audit_rooms[] = {"identity", "otp",     "dossier", "payment", "notification",
                                   "partner",  "support", "print",   "audit"};
const size_t audit_rooms_len = MC_LEN(audit_rooms);
_Static_assert(MC_LEN(audit_rooms) == MC_LEN(follows) + 1, "every room that is followed, and us");

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
    return status == MC_OK ? audit_checkpoint_boot(ctx, with) : status;
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "entries", .what = "Leaves of the log", .until = "for ever: they prove", .source = OURS},
    {.rule = "people", .what = "Who, and about whom, in an entry", .until = "until `audit forget`", .source = OURS, .action = MC_RETAIN_FORGET},
};
/* clang-format on */

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
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct audit),
    .boot = boot,
    .tick = audit_tick,
    .tick_ms = 1000,
    .closing = audit_closing,
};
