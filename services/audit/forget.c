/*
 * Forget: who and about whom goes from the entries of a business id, for whom the law lets be
 * forgotten (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15). The leaves stay, and with them every proof:
 * they hold only a salted hash of it. That something was forgotten, and why, is an entry itself.
 */
#include <string.h>

#include "common/text.h"

#include "audit.h"

/* Its names lead to it no more. */
static void drop_index(struct mc_txn *txn, const struct audit_entry *entry)
{
    struct mc_bytes number = mc_key_u64(txn, entry->number);

    for (size_t i = 0; i < entry->about->n_keys; i++) {
        const char *key = entry->about->keys[i];
        if (key[0] != '\0' && strlen(key) <= AUDIT_KEY_MAX)
            mc_drop(txn, AUDIT_KEYS, mc_key_join(txn, audit_key(txn, key), number));
    }
}

static void forget(struct mc_txn *txn, uint64_t number)
{
    AuditState__Entry bare = AUDIT_STATE__ENTRY__INIT;
    struct audit_entry entry;

    if (!audit_entry_load(txn, number, &entry)) {
        (void)mc_fail(txn, MC_CORRUPT, "an entry of the index");
        return;
    }
    drop_index(txn, &entry);
    bare.leaf = (ProtobufCBinaryData){entry.bytes.len, mc_unconst(entry.bytes.data)};
    mc_save(txn, AUDIT_ENTRIES, mc_key_u64(txn, number), &bare.base);
}

/* In our journal, and in the log: the one room whose journal nobody follows is this. */
static void tell(struct mc_txn *txn, const char *reason, uint32_t entries)
{
    static const char type[] = "audit.forgotten";
    Audit__Forgotten body = AUDIT__FORGOTTEN__INIT;
    Motcua__Event event = MOTCUA__EVENT__INIT;

    body.reason = mc_unconst(reason);
    body.entries = entries;
    audit_own(txn); /* so that its number is its place in the journal */
    struct mc_bytes bytes = mc_body_pack(txn->arena, &body.base);
    event.room = mc_unconst("audit");
    event.seq = mc_count(txn, "own");
    event.type = mc_unconst(type);
    event.at_ms = txn->now_ms;
    event.actor = mc_unconst(txn->actor);
    event.traceparent = txn->header->traceparent;
    event.cause = txn->header->request_id;
    event.body = (ProtobufCBinaryData){bytes.len, mc_unconst(bytes.data)};
    mc_emit(txn, type, &body.base, MC_SEALED, (const char *const[]){NULL});
    audit_add(txn, &event);
}

enum mc_status audit_forget(struct audit *audit, struct mc_txn *txn,
                            const Audit__ForgetRequest *req, Audit__ForgetReply *rep)
{
    struct mc_bytes prefix;

    (void)audit;
    if (strchr(req->key, ':') == NULL || strlen(req->key) > AUDIT_KEY_MAX)
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_INVALID", "field", "key", NULL);
    if (req->reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    if (mc_text_chars(req->reason) > AUDIT_REASON_MAX)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "1000 ký tự", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    prefix = audit_key(txn, req->key);
    struct mc_cursor cursor = mc_seek(txn, AUDIT_KEYS, prefix, (struct mc_bytes){0}, MC_FORWARD);
    while (mc_next(&cursor)) {
        if (rep->forgotten == AUDIT_FORGET_STEP) {
            rep->more = true;
            break;
        }
        forget(txn, audit_key_number(cursor.key));
        rep->forgotten++;
    }
    if (rep->forgotten > 0)
        tell(txn, req->reason, rep->forgotten);
    return txn->status;
}
