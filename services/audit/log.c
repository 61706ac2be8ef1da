/* The log's own rows and the keys of its indexes. */
#include <endian.h>
#include <string.h>

#include "audit.h"

static const char head_name[] = "head";

AuditState__Head *audit_head_load(struct mc_txn *txn)
{
    AuditState__Head *head =
        mc_load(txn, AUDIT_HEAD, mc_key_text(head_name), &audit_state__head__descriptor);

    if (head != NULL || txn->status != MC_OK)
        return head;
    head = mc_alloc(txn->arena, sizeof *head);
    if (head == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        audit_state__head__init(head);
    return head;
}

bool audit_entry_open(struct mc_txn *txn, uint64_t number, const AuditState__Entry *record,
                      struct audit_entry *ret_entry)
{
    static const Audit__Disclosure nothing = AUDIT__DISCLOSURE__INIT;
    struct mc_validate_error error;

    ret_entry->number = number;
    ret_entry->bytes = mc_key_bytes(record->leaf);
    ret_entry->disclosed = mc_key_bytes(record->disclosure);
    ret_entry->leaf = (const Audit__Leaf *)(const void *)mc_body_open(
        txn->arena, &audit__leaf__descriptor, ret_entry->bytes, MC_BODY_MAX, &error);
    ret_entry->about = &nothing;
    if (ret_entry->disclosed.len > 0)
        ret_entry->about = (const Audit__Disclosure *)(const void *)mc_body_open(
            txn->arena, &audit__disclosure__descriptor, ret_entry->disclosed, MC_BODY_MAX, &error);
    if (ret_entry->leaf != NULL && ret_entry->about != NULL)
        return true;
    (void)mc_fail(txn, MC_CORRUPT, "an entry");
    return false;
}

bool audit_entry_load(struct mc_txn *txn, uint64_t number, struct audit_entry *ret_entry)
{
    const AuditState__Entry *record =
        mc_load(txn, AUDIT_ENTRIES, mc_key_u64(txn, number), &audit_state__entry__descriptor);

    return record != NULL && audit_entry_open(txn, number, record, ret_entry);
}

static bool tree_read(void *arg, uint64_t place, uint8_t ret_hash[MC_HASH_LEN])
{
    struct mc_txn *txn = arg;
    struct mc_bytes hash;

    if (!mc_get(txn, AUDIT_TREE, mc_key_u64(txn, place), &hash) || hash.len != MC_HASH_LEN)
        return false;
    memcpy(ret_hash, hash.data, MC_HASH_LEN);
    return true;
}

static void tree_keep(void *arg, uint64_t place, const uint8_t hash[MC_HASH_LEN])
{
    struct mc_txn *txn = arg;

    mc_put(txn, AUDIT_TREE, mc_key_u64(txn, place), (struct mc_bytes){hash, MC_HASH_LEN});
}

struct mc_merkle audit_tree(struct mc_txn *txn)
{
    return (struct mc_merkle){.read = tree_read, .keep = tree_keep, .arg = txn};
}

enum mc_status audit_damaged(struct mc_txn *txn)
{
    return mc_fail(txn, MC_CORRUPT, "the tree lacks a hash");
}

bool audit_root(struct mc_txn *txn, uint64_t size, uint8_t ret_root[MC_HASH_LEN])
{
    struct mc_merkle tree = audit_tree(txn);

    return mc_merkle_root(&tree, size, ret_root) || audit_damaged(txn) == MC_OK;
}

ProtobufCBinaryData *audit_path(struct mc_txn *txn, const struct mc_merkle_path *path)
{
    ProtobufCBinaryData *list = mc_alloc(txn->arena, (path->len + 1) * sizeof *list);

    for (size_t i = 0; list != NULL && i < path->len; i++) {
        struct mc_bytes hash = mc_keep(txn, path->hashes[i], MC_HASH_LEN);
        list[i] = (ProtobufCBinaryData){hash.len, mc_unconst(hash.data)};
    }
    if (list == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return list;
}

struct mc_bytes audit_key(struct mc_txn *txn, const char *text)
{
    return mc_key_join(txn, mc_key_text(text), (struct mc_bytes){"", 1});
}

struct mc_bytes audit_place_key(struct mc_txn *txn, struct mc_bytes room, uint64_t seq)
{
    struct mc_bytes named = mc_key_join(txn, room, (struct mc_bytes){"", 1});

    return mc_key_join(txn, named, mc_key_u64(txn, seq));
}

uint64_t audit_key_number(struct mc_bytes key)
{
    uint64_t big = 0;

    if (key.len >= sizeof big)
        memcpy(&big, (const uint8_t *)key.data + key.len - sizeof big, sizeof big);
    return be64toh(big);
}

/* W3C Trace Context: 00-<trace id>-<span>-<flags>. The frame lets no other form pass. */
enum { TRACE_AT = 3, TRACE_LEN = 32 };

const char *audit_trace_key(struct mc_txn *txn, const char *traceparent)
{
    if (strlen(traceparent) < TRACE_AT + TRACE_LEN)
        return NULL;
    return mc_sprintf(txn->arena, "trace:%.*s", TRACE_LEN, traceparent + TRACE_AT);
}

bool audit_trace_same(const char *a, const char *b)
{
    return strncmp(a, b, TRACE_AT + TRACE_LEN) == 0;
}
