/*
 * The audit room: what its files share. Nothing outside this folder includes it.
 *
 * Entries are only ever added. Records and texts that functions return live in the call's arena;
 * a function that returns NULL or false has found nothing or has failed the call.
 */
#pragma once

#include "common/service.h"

#include "audit.pb-c.h"
#include "state.pb-c.h"

enum audit_table {
    AUDIT_ENTRIES = MC_TABLE_ROOM,
    AUDIT_HEAD,
    AUDIT_KEYS,
    AUDIT_PLACES,
    AUDIT_CAUSES,
    AUDIT_TABLES_END
};

enum {
    AUDIT_KEY_MAX = 256,         /* bytes of a business id; longer ones are found by nobody */
    AUDIT_KEYS_INDEXED_MAX = 32, /* of one event; all are kept and hashed */
    AUDIT_TIMELINE_DEFAULT = 200,
    AUDIT_TIMELINE_MAX = 1000,
    AUDIT_VERIFY_STEP_MAX = 100000,
    AUDIT_SUMMARIES_MAX = 128,
    AUDIT_TYPE_SIZE = 64,
    AUDIT_SUMMARY_SIZE = 160,
};

/* What an officer needs; a row of the table of rights. */
#define AUDIT_RIGHT_VIEW "AUDIT_VIEW"

/* A row of data/event_summaries.csv. */
struct audit_summary {
    char type[AUDIT_TYPE_SIZE];
    char text[AUDIT_SUMMARY_SIZE];
};

struct audit {
    int64_t verify_step; /* from the configuration */

    /* from boot */
    struct audit_summary summaries[AUDIT_SUMMARIES_MAX];
    size_t summaries_len;
};

/* Handlers, one file each. */
enum mc_status audit_timeline(struct audit *audit, struct mc_txn *txn,
                              const Audit__TimelineRequest *req, Audit__TimelineReply *rep);
enum mc_status audit_verify(struct audit *audit, struct mc_txn *txn,
                            const Audit__VerifyRequest *req, Audit__VerifyReply *rep);
enum mc_status audit_head(struct audit *audit, struct mc_txn *txn, const Audit__HeadRequest *req,
                          Audit__HeadReply *rep);

/* Every event of every room. */
enum mc_status audit_append(void *ctx, struct mc_txn *txn, const Motcua__Event *event,
                            const ProtobufCMessage *body);

extern const char *const audit_rooms[];
extern const size_t audit_rooms_len;

/* The log (log.c). A log without entries has size 0 and a hash of zeros. */
AuditState__Head *audit_head_load(struct mc_txn *txn);
AuditState__Entry *audit_entry_load(struct mc_txn *txn, uint64_t number);

/* Keys of the indexes: what they lead to is the number in their last 8 bytes. */
struct mc_bytes audit_key(struct mc_txn *txn, const char *text); /* text, 0 */
struct mc_bytes audit_place_key(struct mc_txn *txn, struct mc_bytes room, uint64_t seq);
uint64_t audit_key_number(struct mc_bytes key);
/* "trace:<32 hex>", or NULL when there is no trace. */
const char *audit_trace_key(struct mc_txn *txn, const char *traceparent);
bool audit_trace_same(const char *a, const char *b); /* two without a trace are */

/* The table of sentences (summaries.c). */
mc_nodiscard enum mc_status audit_summaries_read(struct audit *audit, struct mc_bytes csv);
const char *audit_summary_of(const struct audit *audit, const char *type);

extern const struct mc_room audit_room;
