/*
 * The history of every change: beside each write of a dossier that was sent, what its fields were
 * and what they became, in a table of its own, so that the record does not grow with it.
 *
 *     changes: dossier id, version after the change (8 bytes, big-endian) -> DossierState__Change
 *
 * A dossier as it was is today's with the changes since undone, newest first. The steps need no
 * undoing: they are only ever appended, with their time.
 */
#include <string.h>

#include "dossier.h"
#include "fields.h"

/* What is not a change: the history itself, and what the clock does (it keeps the version). */
static const unsigned not_changes[] = {16 /* steps */,
                                       23 /* version */,
                                       48 /* sync */,
                                       50 /* alarm_at_ms */,
                                       53 /* reminders */,
                                       54 /* overdue_at_ms */,
                                       58 /* counted */};

DossierState__Dossier *dossier_unpack(struct mc_txn *txn, struct mc_bytes packed)
{
    DossierState__Dossier *record =
        dossier_state__dossier__unpack(&txn->arena->protobuf, packed.len, packed.data);

    if (record == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_LIMITED : MC_CORRUPT, "a dossier as it was");
    return record;
}

static struct mc_bytes change_key(struct mc_txn *txn, const DossierState__Dossier *record,
                                  uint64_t version)
{
    return mc_key_join(txn, mc_key_bytes(record->dossier_id), mc_key_u64(txn, version));
}

static struct dossier_fields *split(struct mc_txn *txn, struct mc_bytes packed)
{
    struct dossier_fields *fields = dossier_alloc(txn, sizeof *fields);

    if (fields != NULL && !dossier_fields_split(packed, fields)) {
        (void)mc_fail(txn, MC_CORRUPT, "fields of a dossier");
        return NULL;
    }
    return fields;
}

static struct mc_bytes join(struct mc_txn *txn, const struct dossier_fields *fields)
{
    size_t size = dossier_fields_size(fields);
    uint8_t *out = dossier_alloc(txn, size + 1);

    if (out == NULL)
        return (struct mc_bytes){0};
    dossier_fields_join(fields, out);
    return (struct mc_bytes){out, size};
}

static struct mc_bytes pack(struct mc_txn *txn, const DossierState__Dossier *record)
{
    size_t size = dossier_state__dossier__get_packed_size(record);
    uint8_t *out = dossier_alloc(txn, size + 1);

    if (out == NULL)
        return (struct mc_bytes){0};
    return (struct mc_bytes){out, dossier_state__dossier__pack(record, out)};
}

static ProtobufCBinaryData lend(struct mc_bytes bytes)
{
    return (ProtobufCBinaryData){bytes.len, mc_unconst(bytes.data)};
}

/* The fields that a change touched, as `then` has them: those that are empty in it too. */
static void set_touched(struct dossier_fields *fields, const struct dossier_fields *then,
                        const struct dossier_fields *other)
{
    for (size_t i = 0; i < DOSSIER_FIELDS_MAX; i++)
        if (then->of[i].len > 0 || other->of[i].len > 0)
            fields->of[i] = then->of[i];
}

/* The owner's last edit and this one become one: what he typed before he sent it is his affair. */
static bool join_typing(struct mc_txn *txn, const DossierState__Dossier *record,
                        DossierState__Change *change)
{
    struct mc_bytes key = change_key(txn, record, record->version - 1);
    const DossierState__Change *last =
        mc_load(txn, DOSSIER_CHANGES, key, &dossier_state__change__descriptor);

    if (last == NULL || !last->owner_typing || strcmp(last->actor, change->actor) != 0)
        return false;
    struct dossier_fields *before = split(txn, mc_key_bytes(change->before));
    struct dossier_fields *after = split(txn, mc_key_bytes(last->after));
    const struct dossier_fields *first = split(txn, mc_key_bytes(last->before));
    const struct dossier_fields *first_after = split(txn, mc_key_bytes(last->after));
    const struct dossier_fields *now = split(txn, mc_key_bytes(change->after));
    const struct dossier_fields *now_before = split(txn, mc_key_bytes(change->before));
    if (txn->status != MC_OK || before == NULL || after == NULL || first == NULL ||
        first_after == NULL || now == NULL || now_before == NULL)
        return false;
    set_touched(before, first, first_after);
    set_touched(after, now, now_before);
    change->before = lend(join(txn, before));
    change->after = lend(join(txn, after));
    mc_drop(txn, DOSSIER_CHANGES, key);
    return true;
}

void dossier_change_keep(struct mc_txn *txn, const struct dossier_open *open)
{
    const DossierState__Dossier *record = open->record;
    DossierState__Change change = DOSSIER_STATE__CHANGE__INIT;
    struct mc_bytes old;

    /* A draft is its owner's; its history begins when it is sent, or taken at a desk. */
    if (record->state == DOSSIER__STATE__DRAFT)
        return;
    if (!mc_get(txn, DOSSIER_DOSSIERS, mc_key_bytes(record->dossier_id), &old))
        return;
    struct dossier_fields *before = split(txn, old);
    struct dossier_fields *after = split(txn, pack(txn, record));
    if (before == NULL || after == NULL)
        return;
    for (size_t i = 0; i < MC_LEN(not_changes); i++)
        before->of[not_changes[i]] = after->of[not_changes[i]] = (struct mc_bytes){0};
    if (dossier_fields_differ(before, after) == 0)
        return;
    change.at_ms = txn->now_ms;
    change.actor = dossier_text(txn, txn->actor);
    change.version = record->version;
    change.before = lend(join(txn, before));
    change.after = lend(join(txn, after));
    change.owner_typing = open->actor == DOSSIER_BY_CITIZEN && open->was == record->state &&
                          open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED &&
                          record->answered_at_ms == 0;
    if (change.owner_typing)
        (void)join_typing(txn, record, &change);
    mc_save(txn, DOSSIER_CHANGES, change_key(txn, record, record->version), &change.base);
}

static void cut_steps(DossierState__Dossier *record, int64_t at_ms)
{
    while (record->n_steps > 0 && record->steps[record->n_steps - 1]->at_ms > at_ms)
        record->n_steps--;
}

static enum mc_status too_early(struct mc_txn *txn)
{
    return mc_refuse(txn, MC_NOT_FOUND, "as_of_ms", "AS_OF_TOO_EARLY", NULL);
}

enum mc_status dossier_as_of(struct mc_txn *txn, int64_t at_ms, struct dossier_open *open)
{
    struct dossier_fields *fields = split(txn, pack(txn, open->record));
    uint64_t version = open->record->version;
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_CHANGES, mc_key_bytes(open->record->dossier_id),
                                      (struct mc_bytes){0}, MC_BACKWARD);

    while (fields != NULL && mc_next(&cursor)) {
        const DossierState__Change *change = mc_row(&cursor, &dossier_state__change__descriptor);
        if (change == NULL || change->at_ms <= at_ms)
            break;
        const struct dossier_fields *before = split(txn, mc_key_bytes(change->before));
        const struct dossier_fields *after = split(txn, mc_key_bytes(change->after));
        if (before == NULL || after == NULL)
            break;
        set_touched(fields, before, after);
        version = change->version - 1;
    }
    if (fields == NULL || txn->status != MC_OK)
        return txn->status;
    DossierState__Dossier *record = dossier_unpack(txn, join(txn, fields));
    if (record == NULL)
        return txn->status;
    bool was_draft = record->state == DOSSIER__STATE__DRAFT;
    if (record->created_at_ms > at_ms || (was_draft && open->was != DOSSIER__STATE__DRAFT))
        return too_early(txn);
    record->version = version;
    cut_steps(record, at_ms);
    open->record = record;
    open->was = (Dossier__State)record->state;
    return txn->status;
}
