/*
 * The audit room: what its files share. Nothing outside this folder includes it.
 *
 * Entries are only ever added. Records and texts that functions return live in the call's arena;
 * a function that returns NULL or false has found nothing or has failed the call.
 */
#pragma once

#include "common/merkle.h"
#include "common/note.h"
#include "common/service.h"

#include "audit.pb-c.h"
#include "state.pb-c.h"

enum audit_table {
    AUDIT_ENTRIES = MC_TABLE_ROOM,
    AUDIT_HEAD,
    AUDIT_KEYS,
    AUDIT_PLACES,
    AUDIT_CAUSES,
    AUDIT_TREE,
    AUDIT_CHECKPOINTS,
    AUDIT_TABLES_END
};

enum {
    AUDIT_KEY_MAX = 256,         /* bytes of a business id; longer ones are found by nobody */
    AUDIT_KEYS_INDEXED_MAX = 32, /* of one event; all are kept and hashed */
    AUDIT_TIMELINE_DEFAULT = 200,
    AUDIT_TIMELINE_MAX = 1000,
    AUDIT_VERIFY_STEP_MAX = 100000,
    AUDIT_SUMMARIES_MAX = 512,
    AUDIT_TYPE_SIZE = 64,
    AUDIT_SUMMARY_SIZE = 160,
    AUDIT_SALT_LEN = 16,
    AUDIT_ACCESSES_DEFAULT = 20,
    AUDIT_ACCESSES_MAX = 100,
    AUDIT_CHECKPOINTS_DEFAULT = 100,
    AUDIT_CHECKPOINTS_MAX = 1000,
    AUDIT_EXPORT_MAX = 1000,
    AUDIT_FORGET_STEP = 1000, /* entries one Forget takes */
    AUDIT_REASON_MAX = 1000,  /* characters */
    AUDIT_WITNESSES_MAX = 64,
    AUDIT_WITNESSES_FILE_MAX = 16 << 10,
};

/* What an officer needs; a row of the table of rights. */
#define AUDIT_RIGHT_VIEW "AUDIT_VIEW"

/* A row of data/event_summaries.csv. */
struct audit_summary {
    char type[AUDIT_TYPE_SIZE];
    char text[AUDIT_SUMMARY_SIZE];
};

struct audit {
    /* from the configuration */
    int64_t verify_step;
    int64_t checkpoint_every_ms;
    const char *origin;
    const char *witnesses_file;

    /* from boot */
    const uint8_t *sign_secret;
    const struct mc_boot *boot;
    struct mc_note_key witnesses[AUDIT_WITNESSES_MAX];
    size_t witnesses_len;
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
enum mc_status audit_list_accesses(struct audit *audit, struct mc_txn *txn,
                                   const Audit__ListAccessesRequest *req,
                                   Audit__ListAccessesReply *rep);
enum mc_status audit_list_checkpoints(struct audit *audit, struct mc_txn *txn,
                                      const Audit__ListCheckpointsRequest *req,
                                      Audit__ListCheckpointsReply *rep);
enum mc_status audit_cosign(struct audit *audit, struct mc_txn *txn,
                            const Audit__CosignRequest *req, Audit__CosignReply *rep);
enum mc_status audit_prove(struct audit *audit, struct mc_txn *txn, const Audit__ProveRequest *req,
                           Audit__Proof *rep);
enum mc_status audit_prove_consistency(struct audit *audit, struct mc_txn *txn,
                                       const Audit__ProveConsistencyRequest *req,
                                       Audit__ConsistencyProof *rep);
enum mc_status audit_export(struct audit *audit, struct mc_txn *txn,
                            const Audit__ExportRequest *req, Audit__ExportReply *rep);
enum mc_status audit_forget(struct audit *audit, struct mc_txn *txn,
                            const Audit__ForgetRequest *req, Audit__ForgetReply *rep);

/* Every event of every room. */
enum mc_status audit_append(void *ctx, struct mc_txn *txn, const Motcua__Event *event,
                            const ProtobufCMessage *body);

extern const char *const audit_rooms[];
extern const size_t audit_rooms_len;

/* One event, to be an entry (append.c). */
void audit_add(struct mc_txn *txn, const Motcua__Event *event);
/* A counter of mc_count(), not moved on. */
uint64_t audit_counted(struct mc_txn *txn, const char *name);
/* The same of our own journal, which nobody follows: what the house itself wrote there (upkeep). */
void audit_own(struct mc_txn *txn);

/* An entry as it is stored, and opened. */
struct audit_entry {
    uint64_t number;
    struct mc_bytes bytes; /* of the leaf: what is hashed */
    const Audit__Leaf *leaf;
    struct mc_bytes disclosed;      /* empty: forgotten */
    const Audit__Disclosure *about; /* never NULL; without contents when forgotten */
};

/* The log (log.c). */
AuditState__Head *audit_head_load(struct mc_txn *txn);
mc_nodiscard bool audit_entry_load(struct mc_txn *txn, uint64_t number,
                                   struct audit_entry *ret_entry);
mc_nodiscard bool audit_entry_open(struct mc_txn *txn, uint64_t number,
                                   const AuditState__Entry *record, struct audit_entry *ret_entry);
/* The tree over the leaves; entry n is its leaf n - 1. */
struct mc_merkle audit_tree(struct mc_txn *txn);
/* The root over the first `size` entries; false: the call has failed. */
mc_nodiscard bool audit_root(struct mc_txn *txn, uint64_t size, uint8_t ret_root[MC_HASH_LEN]);
/* What a path or a root could not be computed from is damage. */
enum mc_status audit_damaged(struct mc_txn *txn);
/* The hashes of a path, in the arena. */
ProtobufCBinaryData *audit_path(struct mc_txn *txn, const struct mc_merkle_path *path);

/* Checkpoints (checkpoint.c). */
/* Who signs now; its name is the origin. */
struct mc_note_key audit_key_now(const struct audit *audit);
enum mc_status audit_checkpoint_boot(struct audit *audit, struct mc_boot *boot);
/* The newest one, or that of a size; NULL: there is none. */
AuditState__Checkpoint *audit_checkpoint_load(struct mc_txn *txn, uint64_t size,
                                              uint64_t *ret_size);
char *audit_checkpoint_note(struct mc_txn *txn, const AuditState__Checkpoint *checkpoint);
/* Is it ours, and over these entries? */
mc_nodiscard bool audit_checkpoint_fits(const struct audit *audit, struct mc_txn *txn,
                                        uint64_t size, const AuditState__Checkpoint *checkpoint);
enum mc_status audit_tick(void *ctx, struct mc_txn *txn);
enum mc_status audit_closing(void *ctx, struct mc_txn *txn);

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
