/*
 * Reminders of a round: once before each deadline and once after it, to the officers who could
 * confirm and whose unit has not (RPT-11); and, after the units' deadline, to who monitors at the
 * round's own unit, with the number of those that are behind. The officers are walked some a tick.
 */
#include <string.h>

#include "rounds.h"

enum { OFFICERS_PER_TICK = 256, ALARM_KEY_LEN = 8 + MC_ID_LEN + 1 };

static int64_t alarm_at(const DossierState__Round *record, enum dossier_round_alarm kind)
{
    switch (kind) {
    case DOSSIER_ROUND_UNITS_SOON:
        return record->units_by_ms - record->remind_ms;
    case DOSSIER_ROUND_UNITS_LATE:
        return record->units_by_ms;
    case DOSSIER_ROUND_ROLLUP_SOON:
        return record->rollup_by_ms - record->remind_ms;
    case DOSSIER_ROUND_ROLLUP_LATE:
        return record->rollup_by_ms;
    case DOSSIER_ROUND_ALARMS_END:
    default:
        return 0;
    }
}

static struct mc_bytes alarm_key(struct mc_txn *txn, int64_t at_ms, struct mc_bytes id,
                                 enum dossier_round_alarm kind)
{
    uint8_t end = (uint8_t)kind;

    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms),
                       mc_key_join(txn, id, mc_keep(txn, &end, 1)));
}

void dossier_round_alarms_set(struct mc_txn *txn, const struct dossier_round *round, bool on)
{
    for (int i = DOSSIER_ROUND_UNITS_SOON; i < DOSSIER_ROUND_ALARMS_END; i++) {
        enum dossier_round_alarm kind = (enum dossier_round_alarm)i;
        int64_t at_ms = alarm_at(round->record, kind);

        if (at_ms <= 0)
            continue;
        struct mc_bytes key = alarm_key(txn, at_ms, round->id, kind);
        if (!on)
            mc_drop(txn, DOSSIER_ROUND_ALARMS, key);
        else if (at_ms > txn->now_ms)
            mc_put(txn, DOSSIER_ROUND_ALARMS, key, (struct mc_bytes){"", 0});
    }
}

/* After an outage who is told that he is late need not hear that he will be. */
static bool strikes(const struct mc_txn *txn, const DossierState__Round *record,
                    enum dossier_round_alarm kind)
{
    bool rollup = kind == DOSSIER_ROUND_ROLLUP_SOON || kind == DOSSIER_ROUND_ROLLUP_LATE;
    bool late = kind == DOSSIER_ROUND_UNITS_LATE || kind == DOSSIER_ROUND_ROLLUP_LATE;
    int64_t by_ms = rollup ? record->rollup_by_ms : record->units_by_ms;

    return !record->closed && late == (by_ms <= txn->now_ms);
}

static bool has(const DossierState__Officer *officer, const char *right)
{
    for (size_t i = 0; i < officer->n_rights; i++)
        if (strcmp(officer->rights[i], right) == 0)
            return true;
    return false;
}

struct reminder {
    const struct dossier *dossier;
    struct mc_txn *txn;
    struct dossier_round round;
    enum dossier_round_alarm kind;
    uint32_t behind;
};

/* What this officer of the unit is told; NULL: nothing. */
static const char *event_for(const struct reminder *reminder, const DossierState__Officer *officer,
                             const char *unit)
{
    const DossierState__Round *record = reminder->round.record;
    bool own = strcmp(unit, record->unit) == 0;
    bool late =
        reminder->kind == DOSSIER_ROUND_UNITS_LATE || reminder->kind == DOSSIER_ROUND_ROLLUP_LATE;
    bool of_units =
        reminder->kind == DOSSIER_ROUND_UNITS_SOON || reminder->kind == DOSSIER_ROUND_UNITS_LATE;

    if (own && of_units)
        return late && reminder->behind > 0 && has(officer, DOSSIER_RIGHT_MONITOR)
                   ? "dossier.round_behind"
                   : NULL;
    if (own != !of_units || !has(officer, DOSSIER_RIGHT_APPROVE) ||
        !dossier_round_has(reminder->dossier, record, unit) ||
        dossier_round_report(reminder->txn, reminder->round.id, unit) != NULL)
        return NULL;
    return late ? "dossier.round_late" : "dossier.round_due_soon";
}

static void tell(const struct reminder *reminder, const char *event, const char *unit,
                 const uint8_t account[MC_ID_LEN])
{
    const struct dossier_round *round = &reminder->round;
    const DossierState__Round *record = round->record;
    bool of_units =
        reminder->kind == DOSSIER_ROUND_UNITS_SOON || reminder->kind == DOSSIER_ROUND_UNITS_LATE;
    Dossier__RoundReminder told = DOSSIER__ROUND_REMINDER__INIT;
    char uuid[MC_UUID_TEXT_LEN + 1];
    char who[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(uuid, round->id.data);
    mc_uuid_text(who, account);
    const char *key = mc_sprintf(reminder->txn->arena, "round:%s", uuid);
    const char *whose = mc_sprintf(reminder->txn->arena, "account:%s", who);
    const char *const keys[] = {key != NULL ? key : "", whose != NULL ? whose : "", NULL};
    told.round_id = (ProtobufCBinaryData){round->id.len, mc_unconst(round->id.data)};
    told.name = record->name;
    told.unit = mc_unconst(unit);
    told.account = who;
    told.by_ms = of_units ? record->units_by_ms : record->rollup_by_ms;
    told.behind = reminder->behind;
    mc_emit(reminder->txn, event, &told.base, MC_PLAIN, keys);
}

/* Some officers from `after` on; the last one's key, or empty: that was all. */
static struct mc_bytes walk(const struct reminder *reminder, struct mc_bytes after)
{
    struct mc_txn *txn = reminder->txn;
    struct mc_bytes last = after;
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_OFFICERS, (struct mc_bytes){0}, after, MC_FORWARD);

    for (int i = 0; i < OFFICERS_PER_TICK; i++) {
        if (!mc_next(&cursor))
            return (struct mc_bytes){0};
        const uint8_t *key = cursor.key.data;
        bool again = cursor.key.len == after.len && memcmp(key, after.data, after.len) == 0;
        const DossierState__Officer *officer = mc_row(&cursor, &dossier_state__officer__descriptor);

        last = cursor.key;
        if (again || officer == NULL || cursor.key.len <= MC_ID_LEN)
            continue;
        const char *unit = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - MC_ID_LEN),
                                      (const char *)key + MC_ID_LEN);
        const char *event = unit != NULL ? event_for(reminder, officer, unit) : NULL;
        if (event != NULL)
            tell(reminder, event, unit, key);
    }
    return last;
}

static void alarm(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes key,
                  struct mc_bytes after)
{
    const uint8_t *at = key.data;
    struct reminder reminder = {.dossier = dossier, .txn = txn};

    reminder.round.id = mc_keep(txn, at + 8, MC_ID_LEN);
    reminder.round.record =
        mc_load(txn, DOSSIER_ROUNDS, reminder.round.id, &dossier_state__round__descriptor);
    reminder.kind = (enum dossier_round_alarm)at[8 + MC_ID_LEN];
    const DossierState__Round *record = reminder.round.record;
    if (record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "round alarms");
        return;
    }
    struct mc_bytes last = {0};
    if (strikes(txn, record, reminder.kind)) {
        uint32_t units = dossier_round_units(dossier, record);
        reminder.behind = units > record->confirmed ? units - record->confirmed : 0;
        last = walk(&reminder, after);
    }
    if (last.len == 0)
        mc_drop(txn, DOSSIER_ROUND_ALARMS, key);
    else
        mc_put(txn, DOSSIER_ROUND_ALARMS, key, last);
}

enum mc_status dossier_round_alarms(const struct dossier *dossier, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_ROUND_ALARMS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    if (!mc_next(&cursor))
        return txn->status;
    if (cursor.key.len != ALARM_KEY_LEN)
        return mc_fail(txn, MC_CORRUPT, "round alarms");
    if (dossier_tail_due(cursor.key.data) > txn->now_ms)
        return txn->status;
    alarm(dossier, txn, mc_keep(txn, cursor.key.data, cursor.key.len), cursor.value);
    return txn->status;
}
