/*
 * Every event of every room becomes the next entry of the log. The frame hands each event over
 * exactly once and in its journal's order, and saves its cursor with what is written here.
 */
#include <string.h>

#include "audit.h"
#include "chain.h"
#include "order.h"

/* Keys of one prefix are neighbours: ids are time-ordered. Trace ids are not: one row per event. */
static void index_text(struct mc_txn *txn, const char *text, struct mc_bytes number)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (len > 0 && len <= AUDIT_KEY_MAX)
        mc_put(txn, AUDIT_KEYS, mc_key_join(txn, audit_key(txn, text), number),
               (struct mc_bytes){0});
}

static void index_entry(struct mc_txn *txn, const AuditState__Entry *entry, struct mc_bytes number)
{
    struct audit_place cause;

    for (size_t i = 0; i < MC_MIN(entry->n_keys, (size_t)AUDIT_KEYS_INDEXED_MAX); i++)
        index_text(txn, entry->keys[i], number);
    index_text(txn, audit_trace_key(txn, entry->traceparent), number);
    mc_put(txn, AUDIT_PLACES, audit_place_key(txn, mc_key_text(entry->room), entry->seq), number);
    if (audit_place_parse(entry->cause_event, &cause) && cause.room_len <= AUDIT_KEY_MAX) {
        struct mc_bytes key =
            audit_place_key(txn, (struct mc_bytes){cause.room, cause.room_len}, cause.seq);
        mc_put(txn, AUDIT_CAUSES, mc_key_join(txn, key, number), (struct mc_bytes){0});
    }
}

enum mc_status audit_append(void *ctx, struct mc_txn *txn, const Motcua__Event *event,
                            const ProtobufCMessage *body)
{
    AuditState__Entry entry = AUDIT_STATE__ENTRY__INIT;
    AuditState__Head *head = audit_head_load(txn);
    uint8_t body_hash[MC_HASH_LEN];
    uint8_t hash[MC_HASH_LEN];

    (void)ctx;
    (void)body;
    if (head == NULL)
        return txn->status;
    mc_hash(body_hash, mc_key_bytes(event->body));
    entry.room = event->room;
    entry.seq = event->seq;
    entry.type = event->type;
    entry.at_ms = event->at_ms;
    entry.actor = event->actor;
    entry.keys = event->keys;
    entry.n_keys = event->n_keys;
    entry.traceparent = event->traceparent;
    entry.cause = event->cause;
    entry.cause_event = event->cause_event;
    entry.body_hash = (ProtobufCBinaryData){sizeof body_hash, body_hash};
    audit_chain_next(hash, head->hash.data, head->size + 1, &entry);
    entry.hash = (ProtobufCBinaryData){sizeof hash, hash};

    head->size++;
    head->hash = entry.hash;
    head->at_ms = txn->now_ms;
    struct mc_bytes number = mc_key_u64(txn, head->size);
    mc_save(txn, AUDIT_ENTRIES, number, &entry.base);
    mc_save(txn, AUDIT_HEAD, mc_key_text("head"), &head->base);
    index_entry(txn, &entry, number);
    return txn->status;
}
