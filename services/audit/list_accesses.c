/*
 * ListAccesses: a person sees who read or changed what is kept about him, newest first: every
 * entry that names his account, be it his own doing, an officer's or a daemon's.
 */
#include <string.h>

#include "audit.h"

static bool parse_token(struct mc_txn *txn, const char *token, uint8_t ret_number[8])
{
    if (token[0] == '\0' || mc_unhex(ret_number, 8, mc_key_text(token)))
        return true;
    (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token", NULL);
    return false;
}

static void tell_who(const char *account, const struct audit_entry *entry, Audit__Access *access)
{
    static const struct {
        const char *noun;
        Audit__AccessBy by;
        const char *text;
    } kinds[] = {
        {"account:", AUDIT__ACCESS_BY__SOMEONE, "Cán bộ"},
        {"operator:", AUDIT__ACCESS_BY__OPERATOR, "Quản trị viên hệ thống"},
        {"", AUDIT__ACCESS_BY__SYSTEM, "Hệ thống"}, /* whatever is left */
    };
    const char *actor = entry->about->actor;

    if (strcmp(actor, account) == 0) {
        access->by = AUDIT__ACCESS_BY__YOURSELF;
        access->by_text = mc_unconst("Chính bạn");
        return;
    }
    size_t kind = 0;
    while (strncmp(actor, kinds[kind].noun, strlen(kinds[kind].noun)) != 0)
        kind++;
    access->by = kinds[kind].by;
    access->by_text = mc_unconst(kinds[kind].text);
    access->actor = mc_unconst(actor);
}

static Audit__Access *tell(const struct audit *audit, struct mc_txn *txn, const char *account,
                           uint64_t number)
{
    Audit__Access *access = mc_alloc(txn->arena, sizeof *access);
    struct audit_entry entry;

    if (access == NULL || !audit_entry_load(txn, number, &entry)) {
        (void)mc_fail(txn, access == NULL ? MC_LIMITED : MC_CORRUPT, "an entry of the index");
        return NULL;
    }
    const char *summary = audit_summary_of(audit, entry.leaf->type);
    audit__access__init(access);
    access->number = number;
    access->at_ms = entry.leaf->at_ms;
    access->type = entry.leaf->type;
    access->room = entry.leaf->room;
    access->summary = mc_unconst(summary != NULL ? summary : entry.leaf->type);
    tell_who(account, &entry, access);
    return access;
}

enum mc_status audit_list_accesses(struct audit *audit, struct mc_txn *txn,
                                   const Audit__ListAccessesRequest *req,
                                   Audit__ListAccessesReply *rep)
{
    uint32_t size = req->page_size != 0 ? req->page_size : AUDIT_ACCESSES_DEFAULT;
    const char *account = mc_sprintf(txn->arena, "account:%s", txn->caller->account_id);
    uint8_t before[8];
    char token[17];

    if (req->page_size > AUDIT_ACCESSES_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (!parse_token(txn, req->page_token, before) || txn->status != MC_OK)
        return txn->status;
    rep->accesses = mc_alloc(txn->arena, size * sizeof(void *));
    if (account == NULL || rep->accesses == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_bytes prefix = audit_key(txn, account);
    struct mc_bytes from = {0};
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    struct mc_cursor cursor = mc_seek(txn, AUDIT_KEYS, prefix, from, MC_BACKWARD);
    while (mc_next(&cursor)) {
        if (rep->n_accesses == size) {
            uint64_t last = rep->accesses[size - 1]->number;
            (void)mc_hex(token, mc_key_u64(txn, last));
            rep->next_page_token = mc_strdup(txn->arena, token);
            break;
        }
        Audit__Access *access = tell(audit, txn, account, audit_key_number(cursor.key));
        if (access == NULL)
            return txn->status;
        rep->accesses[rep->n_accesses++] = access;
    }
    return txn->status;
}
