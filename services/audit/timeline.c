/*
 * Timeline: everything about a business id, across rooms. Entries that name the id are found by
 * their keys, and by the other names of the same dossier (it has a code only once it is accepted);
 * then it looks one step further, at entries of the same trace and at causes and
 * effects in other rooms, so that the SMS, the payment and the notices of a dossier are seen too.
 * When there are more than asked for, the newest stay.
 */
#include <string.h>

#include "audit.h"
#include "order.h"

/* What a bare id may be: a dossier's code, or the UUID of any of these. */
static const char *const prefixes[] = {"dossier", "account", "payment", "registration", "login",
                                       "phone",   "notice",  "trace",   "message"};

struct find {
    struct mc_txn *txn;
    struct audit_entry entries[AUDIT_TIMELINE_MAX];
    size_t len;
    size_t limit;
    const char *missing[AUDIT_TIMELINE_MAX];
    size_t missing_len;
};

static bool has(const struct find *find, uint64_t number)
{
    for (size_t i = 0; i < find->len; i++)
        if (find->entries[i].number == number)
            return true;
    return false;
}

/* True when it is new, and was loaded. */
static bool take(struct find *find, uint64_t number)
{
    if (find->len == find->limit || has(find, number))
        return false;
    if (!audit_entry_load(find->txn, number, &find->entries[find->len]))
        return false;
    find->len++;
    return true;
}

/* Takes what an index has under a prefix, newest first. */
static void take_all(struct find *find, unsigned table, struct mc_bytes prefix)
{
    struct mc_cursor cursor = mc_seek(find->txn, table, prefix, (struct mc_bytes){0}, MC_BACKWARD);
    size_t walked = 0;

    while (find->len < find->limit && walked++ < AUDIT_TIMELINE_MAX && mc_next(&cursor))
        if (!take(find, audit_key_number(cursor.key)))
            mc_pass(&cursor);
}

static void take_key(struct find *find, const char *key)
{
    if (key != NULL)
        take_all(find, AUDIT_KEYS, audit_key(find->txn, key));
}

static void find_direct(struct find *find, const char *key)
{
    if (strchr(key, ':') != NULL) {
        take_key(find, key);
        return;
    }
    for (size_t i = 0; i < MC_LEN(prefixes); i++)
        take_key(find, mc_sprintf(find->txn->arena, "%s:%s", prefixes[i], key));
}

static const char dossier_noun[] = "dossier:";

static bool names_dossier(const Audit__Disclosure *entry, const char *id)
{
    size_t len = sizeof dossier_noun - 1;

    for (size_t i = 0; i < entry->n_keys; i++)
        if (strncmp(entry->keys[i], dossier_noun, len) == 0 &&
            strcmp(entry->keys[i] + len, id) == 0)
            return true;
    return false;
}

/* A dossier goes by its id before it has a code: both stand in the entry that gave the code. */
static void find_other_names(struct find *find, const char *key)
{
    size_t direct = find->len;
    const char *colon = strchr(key, ':');
    const char *id = colon != NULL ? colon + 1 : key;

    for (size_t i = 0; i < direct && find->txn->status == MC_OK; i++) {
        const Audit__Disclosure *entry = find->entries[i].about;

        for (size_t j = 0; j < entry->n_keys && names_dossier(entry, id); j++)
            if (strncmp(entry->keys[j], dossier_noun, sizeof dossier_noun - 1) == 0)
                take_key(find, entry->keys[j]);
    }
}

/* A cause that the log does not have: its room's journal is not here that far. */
static void note_missing(struct find *find, const char *room)
{
    for (size_t i = 0; i < find->missing_len; i++)
        if (strcmp(find->missing[i], room) == 0)
            return;
    find->missing[find->missing_len++] = room;
}

static void take_cause(struct find *find, const Audit__Leaf *entry)
{
    struct mc_bytes number;
    struct audit_place cause;

    if (!audit_place_parse(entry->cause_event, &cause) || cause.room_len > AUDIT_KEY_MAX)
        return;
    struct mc_bytes room = mc_copy(find->txn->arena, entry->cause_event, cause.room_len + 1);
    if (room.data == NULL)
        return;
    if (mc_get(find->txn, AUDIT_PLACES,
               audit_place_key(find->txn, (struct mc_bytes){room.data, cause.room_len}, cause.seq),
               &number)) {
        (void)take(find, audit_key_number(number));
        return;
    }
    char *name = mc_unconst(room.data);
    name[cause.room_len] = '\0';
    if (find->txn->status == MC_OK)
        note_missing(find, name);
}

/* Each trace is walked once, so that all walks together are no longer than the answer. */
static bool trace_is_new(const struct find *find, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (audit_trace_same(find->entries[i].leaf->traceparent,
                             find->entries[at].leaf->traceparent))
            return false;
    return true;
}

/* One step further: what is found here is not looked at again. */
static void expand(struct find *find)
{
    size_t direct = find->len;

    for (size_t i = 0; i < direct && find->txn->status == MC_OK; i++) {
        const Audit__Leaf *entry = find->entries[i].leaf;

        take_cause(find, entry);
        take_all(find, AUDIT_CAUSES,
                 audit_place_key(find->txn, mc_key_text(entry->room), entry->seq));
        if (trace_is_new(find, i))
            take_key(find, audit_trace_key(find->txn, entry->traceparent));
    }
}

static Audit__Entry *tell(const struct audit *audit, struct mc_txn *txn,
                          const struct audit_entry *from)
{
    Audit__Entry *entry = mc_alloc(txn->arena, sizeof *entry);
    const char *summary = audit_summary_of(audit, from->leaf->type);
    uint8_t hash[MC_HASH_LEN];

    if (entry == NULL)
        return NULL;
    audit__entry__init(entry);
    mc_merkle_leaf(hash, from->bytes);
    struct mc_bytes kept = mc_keep(txn, hash, sizeof hash);
    entry->number = from->number;
    entry->room = from->leaf->room;
    entry->seq = from->leaf->seq;
    entry->type = from->leaf->type;
    entry->at_ms = from->leaf->at_ms;
    entry->actor = from->about->actor;
    entry->n_keys = from->about->n_keys;
    entry->keys = from->about->keys;
    entry->traceparent = from->leaf->traceparent;
    entry->cause = from->leaf->cause;
    entry->cause_event = from->leaf->cause_event;
    entry->body_hash = from->about->body_hash;
    entry->hash = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
    entry->summary = mc_unconst(summary != NULL ? summary : from->leaf->type);
    entry->forgotten = from->disclosed.len == 0;
    return entry;
}

static enum mc_status answer(const struct audit *audit, struct find *find,
                             Audit__TimelineReply *rep)
{
    struct mc_txn *txn = find->txn;

    rep->entries = mc_alloc(txn->arena, (find->len + 1) * sizeof(Audit__Entry *));
    if (rep->entries == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = 0; i < find->len; i++) {
        rep->entries[i] = tell(audit, txn, &find->entries[i]);
        if (rep->entries[i] == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
    }
    if (!audit_order(txn->arena, rep->entries, find->len))
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->n_entries = find->len;
    rep->missing = mc_unconst(find->missing);
    rep->n_missing = find->missing_len;
    return txn->status;
}

enum mc_status audit_timeline(struct audit *audit, struct mc_txn *txn,
                              const Audit__TimelineRequest *req, Audit__TimelineReply *rep)
{
    size_t len = strlen(req->key);

    if (len == 0)
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_REQUIRED", "field", "mã cần tra cứu", NULL);
    if (len > AUDIT_KEY_MAX)
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_TOO_LONG", "field", "Mã cần tra cứu", "max",
                        "256 byte", NULL);
    if (req->limit > AUDIT_TIMELINE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "limit", "FIELD_INVALID", "field", "limit", NULL);
    if (txn->status != MC_OK)
        return txn->status;

    struct find *find = mc_alloc(txn->arena, sizeof *find);
    if (find == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    find->txn = txn;
    find->limit = req->limit != 0 ? req->limit : AUDIT_TIMELINE_DEFAULT;
    find_direct(find, req->key);
    find_other_names(find, req->key);
    expand(find);
    return txn->status == MC_OK ? answer(audit, find, rep) : txn->status;
}
