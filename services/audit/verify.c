/*
 * Verify: recomputes the chain from the stored entries, a step at a time. What it can find: an
 * entry that was edited, dropped, added or moved, a head that is not the last entry's, an end
 * that was cut off, and rows of a journal that are not in the log. What it cannot: a log cut off
 * or written anew as a whole, with all hashes; for that a head kept elsewhere is compared.
 */
#include <string.h>

#include "audit.h"
#include "chain.h"

struct check {
    struct mc_txn *txn;
    const AuditState__Head *head;
    uint8_t hash[MC_HASH_LEN]; /* of the last entry that fitted */
    uint64_t next;
    const char *problem;
};

static void found(struct check *check, uint64_t number, const char *what)
{
    check->problem =
        mc_sprintf(check->txn->arena, "entry %llu: %s", (unsigned long long)number, what);
}

/* The hash to begin with is that of the entry before the first, as it is stored. */
static void begin(struct check *check)
{
    if (check->next == 1)
        return;
    const AuditState__Entry *before = audit_entry_load(check->txn, check->next - 1);
    if (before == NULL || before->hash.len != MC_HASH_LEN)
        found(check, check->next - 1, "missing");
    else
        memcpy(check->hash, before->hash.data, MC_HASH_LEN);
}

static void step(struct check *check, uint64_t number, const AuditState__Entry *entry)
{
    uint8_t hash[MC_HASH_LEN];

    if (number != check->next) {
        found(check, check->next, "missing");
        return;
    }
    audit_chain_next(hash, check->hash, number, entry);
    if (entry->hash.len != MC_HASH_LEN || !mc_equal(hash, entry->hash.data, MC_HASH_LEN)) {
        found(check, number, "its hash is not that of its content and the entry before");
        return;
    }
    memcpy(check->hash, hash, MC_HASH_LEN);
    check->next++;
}

/* Entries up to `last` and within the step, as long as they fit. */
static void walk(struct check *check, uint64_t last, uint64_t steps)
{
    struct mc_txn *txn = check->txn;
    struct mc_cursor cursor =
        mc_seek(txn, AUDIT_ENTRIES, (struct mc_bytes){0}, mc_key_u64(txn, check->next), MC_FORWARD);
    uint64_t end = MC_MIN(last, check->next - 1 + steps);

    while (check->next <= end && check->problem == NULL) {
        if (!mc_next(&cursor)) {
            if (txn->status == MC_OK)
                found(check, check->next, "missing");
            return;
        }
        const AuditState__Entry *entry = mc_row(&cursor, &audit_state__entry__descriptor);
        if (entry == NULL)
            return;
        step(check, audit_key_number(cursor.key), entry);
        if (check->problem == NULL)
            mc_pass(&cursor);
    }
}

/* How many events the index of journals has: their sequences are without gaps. */
static uint64_t indexed(struct mc_txn *txn)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < audit_rooms_len; i++) {
        struct mc_cursor cursor = mc_seek(txn, AUDIT_PLACES, audit_key(txn, audit_rooms[i]),
                                          (struct mc_bytes){0}, MC_BACKWARD);
        if (mc_next(&cursor))
            sum += audit_key_number(cursor.key);
    }
    return sum;
}

/* Behind the last entry there is nothing, and the head is its hash. */
static void end(struct check *check)
{
    struct mc_txn *txn = check->txn;

    if (!mc_equal(check->hash, check->head->hash.data, MC_HASH_LEN))
        found(check, check->head->size, "its hash is not the head's");
    else if (audit_entry_load(txn, check->head->size + 1) != NULL)
        found(check, check->head->size + 1, "beyond the head");
    else if (indexed(txn) != check->head->size)
        found(check, check->head->size, "the journals' index has another number of events");
}

enum mc_status audit_verify(struct audit *audit, struct mc_txn *txn,
                            const Audit__VerifyRequest *req, Audit__VerifyReply *rep)
{
    struct check check = {.txn = txn, .head = audit_head_load(txn)};
    uint64_t first = MC_MAX(req->from, (uint64_t)1);

    if (check.head == NULL)
        return txn->status;
    uint64_t size = check.head->size;
    uint64_t last = req->to != 0 ? req->to : size;
    if (first > size + 1)
        return mc_refuse(txn, MC_INVALID, "from", "FIELD_INVALID", "field", "from", NULL);
    if (last > size || last + 1 < first)
        return mc_refuse(txn, MC_INVALID, "to", "FIELD_INVALID", "field", "to", NULL);

    check.next = first;
    begin(&check);
    if (check.problem == NULL)
        walk(&check, last, (uint64_t)audit->verify_step);
    rep->checked = check.next - first;
    if (check.problem == NULL && check.next <= last)
        rep->next = check.next;
    else if (check.problem == NULL && last == size)
        end(&check);
    if (check.problem != NULL)
        rep->problem = mc_unconst(check.problem);
    rep->whole = check.problem == NULL;
    struct mc_bytes hash = mc_copy(txn->arena, check.hash, MC_HASH_LEN);
    rep->head = (ProtobufCBinaryData){hash.len, mc_unconst(hash.data)};
    return txn->status;
}
