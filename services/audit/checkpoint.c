/*
 * Checkpoints: every minute in which the log grew, and when the daemon stops, its size and root are
 * signed. Provinces and others keep them, and may sign them too (Cosign); from then on the log can
 * be held to what it was, whoever owns this machine.
 */
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#include "audit.h"

/* One key a line; lines that begin with # are remarks. */
static bool read_witnesses(struct audit *audit, struct mc_bytes text)
{
    const char *at = text.data;
    const char *end = at + text.len;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);

        if (len > 0 && *at != '#') {
            struct mc_note_key *key = &audit->witnesses[audit->witnesses_len];
            if (audit->witnesses_len == AUDIT_WITNESSES_MAX ||
                !mc_note_key_parse(key, (struct mc_bytes){at, len}) ||
                key->kind != MC_NOTE_COSIGNED)
                return false;
            audit->witnesses_len++;
        }
        at += len + 1;
    }
    return true;
}

static enum mc_status load_witnesses(struct audit *audit, struct mc_boot *boot)
{
    struct mc_arena arena;
    struct mc_bytes text;

    if (audit->witnesses_file[0] == '\0')
        return MC_OK;
    if (mc_arena_init(&arena, 2 * (size_t)AUDIT_WITNESSES_FILE_MAX) != MC_OK)
        return MC_FULL;
    enum mc_status status =
        mc_file_read(&arena, audit->witnesses_file, AUDIT_WITNESSES_FILE_MAX, &text);
    if (status != MC_OK) {
        (void)snprintf(boot->why, sizeof boot->why, "audit.witnesses_file: %s",
                       mc_file_sentence(status));
    } else if (!read_witnesses(audit, text)) {
        status = MC_INVALID;
        (void)snprintf(boot->why, sizeof boot->why,
                       "audit.witnesses_file: key %zu is not a cosigner's",
                       audit->witnesses_len + 1);
    }
    mc_arena_done(&arena);
    return status;
}

struct mc_note_key audit_key_now(const struct audit *audit)
{
    struct mc_note_key key = {.kind = MC_NOTE_SIGNED};

    (void)snprintf(key.name, sizeof key.name, "%s", audit->origin);
    mc_sign_public(key.public_key, audit->sign_secret);
    return key;
}

enum mc_status audit_checkpoint_boot(struct audit *audit, struct mc_boot *boot)
{
    if (!mc_note_name_is_valid(audit->origin)) {
        (void)snprintf(boot->why, sizeof boot->why, "audit.origin: no blanks, no plus sign");
        return MC_INVALID;
    }
    audit->sign_secret = boot->sign_secret;
    audit->boot = boot;
    return load_witnesses(audit, boot);
}

AuditState__Checkpoint *audit_checkpoint_load(struct mc_txn *txn, uint64_t size, uint64_t *ret_size)
{
    struct mc_cursor cursor;

    if (size != 0) {
        if (ret_size != NULL)
            *ret_size = size;
        return mc_load(txn, AUDIT_CHECKPOINTS, mc_key_u64(txn, size),
                       &audit_state__checkpoint__descriptor);
    }
    cursor =
        mc_seek(txn, AUDIT_CHECKPOINTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_BACKWARD);
    if (!mc_next(&cursor))
        return NULL;
    if (ret_size != NULL)
        *ret_size = audit_key_number(cursor.key);
    return mc_row(&cursor, &audit_state__checkpoint__descriptor);
}

char *audit_checkpoint_note(struct mc_txn *txn, const AuditState__Checkpoint *checkpoint)
{
    return mc_sprintf(txn->arena, "%s\n%s", checkpoint->text, checkpoint->signatures);
}

/* Signed by the key of now, or by one before it: those stay published as long as the log. */
static bool is_signed(const struct audit *audit, struct mc_bytes note)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    struct mc_note_key key = audit_key_now(audit);
    size_t len = audit->boot->public_keys(audit->boot, "audit", keys);

    for (size_t i = 0; i < len; i++) {
        memcpy(key.public_key, keys[i], sizeof keys[i]);
        if (mc_note_verify(note, &key, NULL))
            return true;
    }
    return false;
}

bool audit_checkpoint_fits(const struct audit *audit, struct mc_txn *txn, uint64_t size,
                           const AuditState__Checkpoint *checkpoint)
{
    const char *note = audit_checkpoint_note(txn, checkpoint);
    struct mc_checkpoint told;
    uint8_t root[MC_HASH_LEN];

    return note != NULL && is_signed(audit, mc_key_text(note)) &&
           mc_checkpoint_parse(&told, mc_key_text(note)) && told.size == size &&
           strcmp(told.origin, audit->origin) == 0 && audit_root(txn, size, root) &&
           memcmp(root, told.root, sizeof root) == 0;
}

static enum mc_status sign(const struct audit *audit, struct mc_txn *txn, uint64_t size)
{
    AuditState__Checkpoint record = AUDIT_STATE__CHECKPOINT__INIT;
    struct mc_checkpoint checkpoint = {.size = size};

    const struct mc_note_key key = audit_key_now(audit);

    memcpy(checkpoint.origin, key.name, sizeof checkpoint.origin);
    if (!audit_root(txn, size, checkpoint.root))
        return txn->status;
    record.at_ms = txn->now_ms;
    record.text = mc_checkpoint_text(txn->arena, &checkpoint);
    if (record.text != NULL)
        record.signatures =
            mc_note_sign(txn->arena, record.text, &key, audit->sign_secret, txn->now_ms);
    if (record.text == NULL || record.signatures == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    mc_save(txn, AUDIT_CHECKPOINTS, mc_key_u64(txn, size), &record.base);
    return txn->status;
}

/* Signs what is new since the last one, when that is old enough. */
static enum mc_status sign_news(const struct audit *audit, struct mc_txn *txn, int64_t age_ms)
{
    uint64_t signed_size = 0;
    const AuditState__Checkpoint *last = audit_checkpoint_load(txn, 0, &signed_size);
    const AuditState__Head *head = audit_head_load(txn);

    if (head == NULL || head->size <= signed_size ||
        (last != NULL && txn->now_ms - last->at_ms < age_ms))
        return txn->status;
    return sign(audit, txn, head->size);
}

enum mc_status audit_tick(void *ctx, struct mc_txn *txn)
{
    const struct audit *audit = ctx;

    audit_own(txn);
    return sign_news(audit, txn, audit->checkpoint_every_ms);
}

enum mc_status audit_closing(void *ctx, struct mc_txn *txn)
{
    audit_own(txn);
    return sign_news(ctx, txn, 0);
}
