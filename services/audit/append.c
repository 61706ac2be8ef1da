/*
 * Every event of every room becomes the next entry of the log. The frame hands each event over
 * exactly once and in its journal's order, and saves its cursor with what is written here.
 */
#include <endian.h>
#include <string.h>

#include "audit.h"
#include "order.h"

/* Keys of one prefix are neighbours: ids are time-ordered. Trace ids are not: one row per event. */
static void index_text(struct mc_txn *txn, const char *text, struct mc_bytes number)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (len > 0 && len <= AUDIT_KEY_MAX)
        mc_put(txn, AUDIT_KEYS, mc_key_join(txn, audit_key(txn, text), number),
               (struct mc_bytes){0});
}

static void index_entry(struct mc_txn *txn, const Motcua__Event *event, struct mc_bytes number)
{
    struct audit_place cause;
    struct mc_bytes before;

    for (size_t i = 0; i < MC_MIN(event->n_keys, (size_t)AUDIT_KEYS_INDEXED_MAX); i++)
        index_text(txn, event->keys[i], number);
    index_text(txn, audit_trace_key(txn, event->traceparent), number);
    struct mc_bytes place = audit_place_key(txn, mc_key_text(event->room), event->seq);
    if (mc_get(txn, AUDIT_PLACES, place, &before)) /* of a journal that was lost (lineage) */
        (void)mc_count(txn, "superseded");
    mc_put(txn, AUDIT_PLACES, place, number);
    if (audit_place_parse(event->cause_event, &cause) && cause.room_len <= AUDIT_KEY_MAX) {
        struct mc_bytes key =
            audit_place_key(txn, (struct mc_bytes){cause.room, cause.room_len}, cause.seq);
        mc_put(txn, AUDIT_CAUSES, mc_key_join(txn, key, number), (struct mc_bytes){0});
    }
}

/* The bytes of the disclosure; its hash is the leaf's commitment. */
static struct mc_bytes disclose(struct mc_txn *txn, const Motcua__Event *event)
{
    Audit__Disclosure about = AUDIT__DISCLOSURE__INIT;
    uint8_t salt[AUDIT_SALT_LEN];
    uint8_t body_hash[MC_HASH_LEN];

    mc_random_fill(txn->random, salt, sizeof salt);
    mc_hash(body_hash, mc_key_bytes(event->body));
    about.salt = (ProtobufCBinaryData){sizeof salt, salt};
    about.actor = event->actor;
    about.keys = event->keys;
    about.n_keys = event->n_keys;
    about.body_hash = (ProtobufCBinaryData){sizeof body_hash, body_hash};
    return mc_body_pack(txn->arena, &about.base);
}

static struct mc_bytes leaf_of(struct mc_txn *txn, const Motcua__Event *event, uint64_t number,
                               struct mc_bytes disclosed)
{
    Audit__Leaf leaf = AUDIT__LEAF__INIT;
    uint8_t commitment[MC_HASH_LEN];

    mc_hash(commitment, disclosed);
    leaf.number = number;
    leaf.room = event->room;
    leaf.seq = event->seq;
    leaf.type = event->type;
    leaf.at_ms = event->at_ms;
    leaf.traceparent = event->traceparent;
    leaf.cause = event->cause;
    leaf.cause_event = event->cause_event;
    leaf.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
    return mc_body_pack(txn->arena, &leaf.base);
}

void audit_add(struct mc_txn *txn, const Motcua__Event *event)
{
    AuditState__Entry entry = AUDIT_STATE__ENTRY__INIT;
    AuditState__Head *head = audit_head_load(txn);
    struct mc_merkle tree = audit_tree(txn);
    uint8_t hash[MC_HASH_LEN];

    if (head == NULL)
        return;
    struct mc_bytes disclosed = disclose(txn, event);
    struct mc_bytes leaf = leaf_of(txn, event, head->size + 1, disclosed);
    if (disclosed.len == 0 || leaf.len == 0) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    mc_merkle_leaf(hash, leaf);
    if (!mc_merkle_append(&tree, head->size, hash)) {
        (void)audit_damaged(txn);
        return;
    }
    head->size++;
    head->at_ms = txn->now_ms;
    entry.leaf = (ProtobufCBinaryData){leaf.len, mc_unconst(leaf.data)};
    entry.disclosure = (ProtobufCBinaryData){disclosed.len, mc_unconst(disclosed.data)};
    struct mc_bytes number = mc_key_u64(txn, head->size);
    mc_save(txn, AUDIT_ENTRIES, number, &entry.base);
    mc_save(txn, AUDIT_HEAD, mc_key_text("head"), &head->base);
    index_entry(txn, event, number);
}

enum mc_status audit_append(void *ctx, struct mc_txn *txn, const Motcua__Event *event,
                            const ProtobufCMessage *body)
{
    (void)ctx;
    (void)body;
    audit_add(txn, event);
    return txn->status;
}

uint64_t audit_counted(struct mc_txn *txn, const char *name)
{
    struct mc_bytes key = mc_key_join(txn, mc_key_text("count/"), mc_key_text(name));
    struct mc_bytes value;
    uint64_t number = 0;

    if (mc_get(txn, MC_TABLE_META, key, &value) && value.len == sizeof number)
        memcpy(&number, value.data, sizeof number);
    return le64toh(number);
}

void audit_own(struct mc_txn *txn)
{
    enum { MAX = 100 }; /* the rest at the next tick */
    Motcua__Event *events[MAX];
    /* "own" counts what the log has of our own journal: it is the place there, too. */
    size_t n = mc_journal_read(txn, audit_counted(txn, "own"), events, MAX, MC_EVENT_MAX);

    for (size_t i = 0; i < n && txn->status == MC_OK; i++) {
        events[i]->room = mc_unconst("audit");
        if (events[i]->seq == mc_count(txn, "own"))
            audit_add(txn, events[i]);
        else
            (void)audit_damaged(txn);
    }
}
