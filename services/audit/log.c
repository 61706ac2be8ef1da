/* The log's own rows and the keys of its indexes. */
#include <endian.h>
#include <string.h>

#include "audit.h"

static const char head_name[] = "head";

AuditState__Head *audit_head_load(struct mc_txn *txn)
{
    static const uint8_t zeros[MC_HASH_LEN];
    AuditState__Head *head =
        mc_load(txn, AUDIT_HEAD, mc_key_text(head_name), &audit_state__head__descriptor);

    if (head == NULL && txn->status == MC_OK) {
        head = mc_alloc(txn->arena, sizeof *head);
        if (head == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return NULL;
        }
        audit_state__head__init(head);
        head->hash = (ProtobufCBinaryData){MC_HASH_LEN, mc_unconst(zeros)};
    }
    if (head != NULL && head->hash.len != MC_HASH_LEN) {
        (void)mc_fail(txn, MC_CORRUPT, "the head's hash");
        return NULL;
    }
    return head;
}

AuditState__Entry *audit_entry_load(struct mc_txn *txn, uint64_t number)
{
    return mc_load(txn, AUDIT_ENTRIES, mc_key_u64(txn, number), &audit_state__entry__descriptor);
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
