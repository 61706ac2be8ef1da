/*
 * Verify: recomputes the tree from the stored entries, a step at a time, and holds it against every
 * checkpoint on the way. What it can find: an entry that was edited, dropped, added or moved, also
 * when its hashes were made to fit; an end that was cut off; rows of a journal that are not in the
 * log. What it cannot: a log that was written anew by who has our signing key; for that there are
 * checkpoints kept elsewhere, and witnesses.
 */
#include <string.h>

#include "audit.h"

struct check {
    struct mc_txn *txn;
    const struct audit *audit;
    const AuditState__Head *head;
    struct mc_merkle tree;
    uint64_t next;
    const char *problem;
};

static void found(struct check *check, uint64_t number, const char *what)
{
    check->problem =
        mc_sprintf(check->txn->arena, "entry %llu: %s", (unsigned long long)number, what);
}

/* What is disclosed is what the leaf was committed to. */
static bool disclosure_fits(const struct audit_entry *entry)
{
    uint8_t hash[MC_HASH_LEN];

    if (entry->disclosed.len == 0)
        return true; /* forgotten */
    mc_hash(hash, entry->disclosed);
    return entry->leaf->commitment.len == MC_HASH_LEN &&
           memcmp(hash, entry->leaf->commitment.data, MC_HASH_LEN) == 0;
}

static void step(struct check *check, uint64_t number, const AuditState__Entry *record)
{
    struct audit_entry entry;
    uint8_t hash[MC_HASH_LEN];
    bool same = false;

    if (number != check->next) {
        found(check, check->next, "missing");
        return;
    }
    mc_merkle_leaf(hash, mc_key_bytes(record->leaf));
    if (!mc_merkle_check(&check->tree, number - 1, hash, &same))
        found(check, number, "the tree lacks a hash");
    else if (!same)
        found(check, number, "its hash is not the tree's");
    else if (!audit_entry_open(check->txn, number, record, &entry) || entry.leaf->number != number)
        found(check, number, "unreadable, or of another place");
    else if (!disclosure_fits(&entry))
        found(check, number, "who or about whom was changed");
    else
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

/* The checkpoints over what was walked: [first, next). */
static void hold_against(struct check *check, uint64_t first)
{
    struct mc_txn *txn = check->txn;
    struct mc_cursor cursor =
        mc_seek(txn, AUDIT_CHECKPOINTS, (struct mc_bytes){0}, mc_key_u64(txn, first), MC_FORWARD);

    while (check->problem == NULL && mc_next(&cursor)) {
        uint64_t size = audit_key_number(cursor.key);
        const AuditState__Checkpoint *checkpoint;

        if (size >= check->next && size <= check->head->size)
            return; /* of a later step */
        if (size > check->head->size) {
            found(check, size, "was signed for, and is not there");
            return;
        }
        checkpoint = mc_row(&cursor, &audit_state__checkpoint__descriptor);
        if (checkpoint == NULL)
            return;
        if (!audit_checkpoint_fits(check->audit, txn, size, checkpoint))
            found(check, size, "another log was signed up to here");
        else
            mc_pass(&cursor);
    }
}

/*
 * How many events the index of journals has: their sequences are without gaps. A room that was
 * restored from a backup gives numbers anew: those it had before are entries too.
 */
static uint64_t indexed(struct mc_txn *txn)
{
    uint64_t sum = audit_counted(txn, "superseded");

    for (size_t i = 0; i < audit_rooms_len; i++) {
        struct mc_cursor cursor = mc_seek(txn, AUDIT_PLACES, audit_key(txn, audit_rooms[i]),
                                          (struct mc_bytes){0}, MC_BACKWARD);
        if (mc_next(&cursor))
            sum += audit_key_number(cursor.key);
    }
    return sum;
}

/* Behind the last entry there is nothing. */
static void end(struct check *check)
{
    struct mc_txn *txn = check->txn;
    struct mc_bytes row;

    if (mc_get(txn, AUDIT_ENTRIES, mc_key_u64(txn, check->head->size + 1), &row))
        found(check, check->head->size + 1, "beyond the head");
    else if (indexed(txn) != check->head->size)
        found(check, check->head->size, "the journals' index has another number of events");
}

static void answer(struct check *check, uint64_t first, uint64_t last, Audit__VerifyReply *rep)
{
    uint8_t root[MC_HASH_LEN] = {0};

    rep->checked = check->next - first;
    if (check->problem == NULL && check->next <= last)
        rep->next = check->next;
    if (check->problem != NULL)
        rep->problem = mc_unconst(check->problem);
    rep->whole = check->problem == NULL;
    if (rep->whole && !audit_root(check->txn, check->next - 1, root))
        return;
    struct mc_bytes kept = mc_keep(check->txn, root, sizeof root);
    rep->head = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
}

enum mc_status audit_verify(struct audit *audit, struct mc_txn *txn,
                            const Audit__VerifyRequest *req, Audit__VerifyReply *rep)
{
    struct check check = {
        .txn = txn, .audit = audit, .head = audit_head_load(txn), .tree = audit_tree(txn)};
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
    walk(&check, last, (uint64_t)audit->verify_step);
    hold_against(&check, first);
    if (check.problem == NULL && check.next > last && last == size)
        end(&check);
    if (txn->status == MC_OK)
        answer(&check, first, last, rep);
    return txn->status;
}
