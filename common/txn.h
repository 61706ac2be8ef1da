/*
 * Txn: the moment a handler runs in.
 *
 * It carries everything about one call that is not the room itself: a view of the store,
 * the time, the randomness, the caller, the memory. A handler that touches only its ctx
 * and its txn can be tested with neither sockets nor clock.
 *
 * What a handler writes goes to the call's own write buffer, and its own reads see it.
 * MC_OK: the frame applies the buffer to the turn's transaction. Anything else: the
 * buffer is dropped, nothing was written.
 *
 * Errors stick. After the first failure every call below does nothing and returns empty,
 * so a handler reads straight down and the frame looks at txn->status once.
 */
#pragma once

#include "common/store.h"

#include "envelope.pb-c.h"
#include "room.pb-c.h"

struct mc_turn;
struct mc_work;

/* Who calls. Bits, so that a route names all it allows. */
enum mc_who {
    MC_ANYONE = 0,
    MC_CITIZEN = 1 << 0,   /* a session of a person, enterprise or agency */
    MC_OFFICER = 1 << 1,   /* a session that acts for a unit */
    MC_ROOM = 1 << 2,      /* another daemon of ours */
    MC_PORTAL = 1 << 3,    /* a portal front end */
    MC_SMS = 1 << 4,       /* an SMS gateway */
    MC_OPERATOR = 1 << 5,  /* motcuactl, the dashboard */
    MC_TEMPORARY = 1 << 6, /* a session that can only set a password; elsewhere it is none */
};

/* The caller, as the frame established it. Strings live as long as the call. */
struct mc_caller {
    const char *name; /* "room:payment", "sms:viettel", "portal:tayninh", "" */
    unsigned who;
    unsigned roles; /* of an operator (role.h) */
    /* From the session token, when there is one: */
    const char *account_id; /* UUID text, or NULL */
    const char *session_id;
    unsigned ial;
    const char *unit; /* agency code an officer acts for, or NULL */
    const char *const *rights;
    size_t rights_len;
};

/* Keys of one room, all derived from its master key. */
struct mc_secrets {
    struct mc_keyring seal;
    uint8_t blind[32]; /* for look-up hashes of personal data */
    uint8_t mac[32];   /* for codes and references */
};

enum { MC_WRITE_BUCKETS = 32 }; /* of most calls; a call that writes more gets more */

/* How a call (or all calls so far) moved a lane's numbers. */
struct mc_lane_count {
    int64_t queued;
    int64_t leased;
    int64_t held;
    int64_t dead;
    int64_t enqueued_total;
    int64_t done_total;
    int64_t failed_total;
    int64_t expired_total;
};

struct mc_event_out; /* buffered journal entry */
struct mc_write;     /* buffered put or delete */
struct mc_tally_step;

struct mc_txn {
    struct mc_store *store;
    struct mc_arena *arena;
    struct mc_turn *turn; /* NULL: a snapshot, writing is a bug */
    void *view;           /* LMDB transaction to read from */
    int64_t now_ms;
    const struct mc_random *random;
    const struct mc_secrets *secrets;
    const struct mc_caller *caller; /* never NULL in a handler */
    const Motcua__Header *header;   /* of the request; never NULL in a handler */
    const struct mc_work *work;     /* what the pool computed for this call, or NULL */
    const char *cause_event;        /* "dossier/42" while an event is handled, else "" */
    const char *actor;              /* who the journal will name */

    enum mc_status status;
    const char *why; /* the first failure, for the log */
    Motcua__Violation **violations;
    size_t violations_len;
    int64_t retry_after_ms;
    int64_t arrived_ms; /* when the call came; it may have been parked since */

    struct mc_write *writes; /* oldest first */
    struct mc_write *writes_last;
    size_t writes_len;
    unsigned rewrites; /* how often a buffered write was overwritten: walks look again */
    struct mc_write *index[MC_WRITE_BUCKETS]; /* the same, by table and key */
    struct mc_write **index_large;            /* instead of that, once the call writes much */
    size_t index_large_len;
    struct mc_event_out *events;
    struct mc_event_out *events_last;
    uint64_t jobs_added;
    unsigned lanes_touched; /* bits of lanes[] that are not zero */
    struct mc_lane_count lanes[MC_LANES_MAX];
    struct mc_tally_step *tally; /* how its jobs moved (tally.h), oldest first */
    struct mc_tally_step *tally_last;
    bool pauses_changed; /* lanes were paused or resumed */
};

/* Fails the call, unless it has failed already. `why` is for the log. Returns its status. */
enum mc_status mc_fail(struct mc_txn *txn, enum mc_status status, const char *why);

/*
 * Refuses the call and says why: the field (or ""), a stable code of messages.csv, and
 * name-value pairs for its text, ended by NULL. May be called several times: every failed
 * condition is told, the first decides the status. Returns the call's status.
 */
enum mc_status mc_refuse(struct mc_txn *txn, enum mc_status status, const char *field,
                         const char *code, ...) __attribute__((sentinel));

/*
 * Nothing to give yet: MC_WAIT until `wait_ms` after the call came, then MC_OK (answer empty).
 * The frame runs the handler again whenever a commit may have brought something.
 */
enum mc_status mc_wait(const struct mc_txn *txn, int64_t wait_ms);

/*
 * Records. Keys are borrowed for the call; loaded records live in the arena. A key of no bytes
 * or of more than MC_KEY_MAX is nobody's: reads find nothing, writes are refused (MC_INVALID).
 */
mc_nodiscard void *mc_load(struct mc_txn *txn, unsigned table, struct mc_bytes key,
                           const ProtobufCMessageDescriptor *type);
void mc_save(struct mc_txn *txn, unsigned table, struct mc_bytes key,
             const ProtobufCMessage *record);
void mc_drop(struct mc_txn *txn, unsigned table, struct mc_bytes key);

/* Plain values, for indexes. The value lives in the arena; false if absent or failed. */
bool mc_get(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes *ret_value);
void mc_put(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes bytes);

/*
 * Walks the keys that begin with `prefix`, in order; sees the call's own writes.
 * Forward: from the first key >= from (or the prefix itself when from is empty).
 * Backward: from the last key < from (or the prefix's last key when from is empty).
 *
 *     struct mc_cursor cursor = mc_seek(txn, table, prefix, from, MC_FORWARD);
 *     while (mc_next(&cursor)) ... cursor.key, cursor.value ...
 *
 * A row costs about a microsecond: bound your loops. Writing while walking is allowed.
 * mc_pass gives back the memory of the current row and of all that was made since (records,
 * writes): for rows that are passed over, so that a long walk fits the call's memory.
 */
enum mc_direction { MC_FORWARD, MC_BACKWARD };
struct mc_cursor {
    struct mc_txn *txn;
    unsigned table;
    enum mc_direction direction;
    struct mc_bytes prefix;
    struct mc_bytes from;
    struct mc_bytes key;   /* current row; arena memory */
    struct mc_bytes value; /* current row; arena memory */
    bool started;
    size_t mark;               /* the arena before the current row */
    uint8_t place[MC_KEY_MAX]; /* the current row's key: the walk needs no arena memory */
    size_t place_len;
    /* What the walk knows of the call's writes: the nearest one ahead among those up to `seen`. */
    const struct mc_write *seen;
    const struct mc_write *nearest;
    unsigned rewrites;
};
mc_nodiscard struct mc_cursor mc_seek(struct mc_txn *txn, unsigned table, struct mc_bytes prefix,
                                      struct mc_bytes from, enum mc_direction direction);
mc_nodiscard bool mc_next(struct mc_cursor *cursor);
void mc_pass(struct mc_cursor *cursor);
/* Unpacks the row's value; NULL with the call failed when it does not open. */
mc_nodiscard void *mc_row(const struct mc_cursor *cursor, const ProtobufCMessageDescriptor *type);

/* A named counter: 1, 2, 3 … without gaps among calls that succeed. 0 when the call has failed. */
uint64_t mc_count(struct mc_txn *txn, const char *name);

/*
 * Adds a fact to the journal: followers and audit hear it if and only if this call commits.
 * keys: business ids ("dossier:…", "account:…"), ended by NULL. Sealed: the body holds
 * personal data and is encrypted at rest.
 */
enum mc_seal { MC_PLAIN, MC_SEALED };
enum { MC_EVENT_MAX = 256 * 1024 }; /* an event's body: a follower can always take it */
void mc_emit(struct mc_txn *txn, const char *type, const ProtobufCMessage *body, enum mc_seal seal,
             const char *const *keys);

/* The room's own events after a sequence, oldest first, bodies opened; at most max of about
 * max_bytes. */
size_t mc_journal_read(struct mc_txn *txn, uint64_t after, Motcua__Event **ret_events, size_t max,
                       size_t max_bytes);

/* Personal data at rest. Results live in the arena; empty when the call has failed. */
ProtobufCBinaryData mc_seal_text(struct mc_txn *txn, const char *plain);
char *mc_open_text(struct mc_txn *txn, ProtobufCBinaryData sealed);
ProtobufCBinaryData mc_seal_bytes(struct mc_txn *txn, struct mc_bytes plain);
struct mc_bytes mc_open_bytes(struct mc_txn *txn, ProtobufCBinaryData sealed);

/* A copy in the call's arena; empty, and the call failed, when it does not fit. */
struct mc_bytes mc_keep(struct mc_txn *txn, const void *data, size_t len);

/* A keyed hash to find personal data by: 16 bytes, the same for the same purpose and text. */
struct mc_bytes mc_blind(struct mc_txn *txn, const char *purpose, const char *text);

/*
 * Where the call comes from, for budgets: "portal:http 203.0.113.0/24". The caller's name is part
 * of it, so that one front end cannot use up what belongs to the users of another; one that
 * names no source has one budget for all its users. In the arena; "" when the call has failed.
 */
const char *mc_source(struct mc_txn *txn);

/* A new id, in the arena: behind all that were made before it. */
struct mc_bytes mc_new_id(struct mc_txn *txn);

/* Keys: numbers as big-endian, pieces joined. In the arena. */
struct mc_bytes mc_key_u64(struct mc_txn *txn, uint64_t number);
struct mc_bytes mc_key_join(struct mc_txn *txn, struct mc_bytes a, struct mc_bytes b);
/* A NULL-terminated list, copied. NULL when the arena is full. */
mc_nodiscard char **mc_list_copy(struct mc_arena *arena, const char *const *list, size_t *ret_len);

static inline struct mc_bytes mc_key_text(const char *text)
{
    return (struct mc_bytes){text, __builtin_strlen(text)};
}
static inline struct mc_bytes mc_key_bytes(ProtobufCBinaryData data)
{
    return (struct mc_bytes){data.data, data.len};
}
