/* The clock of a dossier: when it must be done, when that is said, and that it is late. */
#include <string.h>

#include "indicators.h"

enum { ROWS_PER_TICK = 256 };

bool dossier_clock_runs(const DossierState__Dossier *record)
{
    switch ((Dossier__State)record->state) {
    case DOSSIER__STATE__NEW:
    case DOSSIER__STATE__RECEIVED:
    case DOSSIER__STATE__PROCESSING:
        return true;
    case DOSSIER__STATE__FINANCIAL_OBLIGATION: /* unless money suspends it */
        return record->received_at_ms != 0 && record->waiting_since_ms == 0;
    case DOSSIER__STATE__DRAFT:
    case DOSSIER__STATE__REFUSED:
    case DOSSIER__STATE__SUPPLEMENT_REQUESTED:
    case DOSSIER__STATE__WITHDRAWN:
    case DOSSIER__STATE__STOPPED:
    case DOSSIER__STATE__FINISHED:
    case DOSSIER__STATE__RETURNED:
    case _DOSSIER__STATE_IS_INT_SIZE:
    default:
        return false;
    }
}

int64_t dossier_work_due(const DossierState__Dossier *record)
{
    return record->received_at_ms == 0 ? record->check_by_ms : record->due_at_ms;
}

bool dossier_is_overdue(const DossierState__Dossier *record, int64_t now_ms)
{
    int64_t due_ms = dossier_work_due(record);

    return dossier_clock_runs(record) && due_ms != 0 && due_ms < now_ms;
}

/* Working time before the due time, the longer first; 0: no such reminder. */
static int64_t lead_ms(const struct dossier *dossier, uint32_t reminder)
{
    return dossier->remind_hours[reminder] * MC_HOUR_MS;
}

static uint32_t skip_unused(const struct dossier *dossier, uint32_t reminder)
{
    while (reminder < DOSSIER_REMINDERS && dossier->remind_hours[reminder] == 0)
        reminder++;
    return reminder;
}

/* How many reminders' time has come by then. */
static uint32_t reminders_until(const struct dossier *dossier, const struct mc_calendar *calendar,
                                int64_t due_ms, uint32_t reminder, int64_t now_ms)
{
    reminder = skip_unused(dossier, reminder);
    while (reminder < DOSSIER_REMINDERS &&
           mc_working_before(calendar, due_ms, lead_ms(dossier, reminder)) <= now_ms)
        reminder = skip_unused(dossier, reminder + 1);
    return reminder;
}

void dossier_due_set(const struct dossier *dossier, struct mc_txn *txn,
                     DossierState__Dossier *record, int64_t due_ms)
{
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, record->unit);

    record->due_at_ms = due_ms;
    record->overdue_at_ms = 0;
    record->reminders = reminders_until(dossier, calendar, due_ms, 0, txn->now_ms);
}

void dossier_check_begins(const struct dossier *dossier, struct mc_txn *txn,
                          DossierState__Dossier *record)
{
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, record->unit);

    record->check_by_ms =
        mc_working_due(calendar, txn->now_ms, MC_WORKING_HOUR, (uint32_t)dossier->check_hours);
    record->overdue_at_ms = 0;
}

/* After an apology the first due time still passes: indicators go by it. */
static int64_t promise_passes(const DossierState__Dossier *record)
{
    bool counted = record->counted != NULL && record->counted->late_at_ms != 0;

    return record->received_at_ms == 0 || counted ? INT64_MAX : record->promised_at_ms;
}

static int64_t next_told(const struct dossier *dossier, struct mc_txn *txn,
                         const DossierState__Dossier *record)
{
    uint32_t reminder = skip_unused(dossier, record->reminders);
    int64_t due_ms = dossier_work_due(record);

    if (record->overdue_at_ms != 0 || due_ms == 0)
        return INT64_MAX;
    if (record->received_at_ms == 0 || reminder == DOSSIER_REMINDERS)
        return due_ms;
    return mc_working_before(dossier_calendar_of(dossier, txn, record->unit), due_ms,
                             lead_ms(dossier, reminder));
}

void dossier_alarm_set(const struct dossier *dossier, struct mc_txn *txn,
                       DossierState__Dossier *record)
{
    record->alarm_at_ms = 0;
    if (!dossier_clock_runs(record))
        return;
    int64_t at_ms = MC_MIN(next_told(dossier, txn, record), promise_passes(record));
    record->alarm_at_ms = at_ms != INT64_MAX ? at_ms : 0;
}

const char *dossier_officer_of(const DossierState__Dossier *record)
{
    static const char account[] = "account:";
    size_t len = sizeof account - 1;

    if (record->assignee[0] != '\0')
        return record->assignee;
    for (size_t i = record->n_steps; i > 0; i--) {
        const char *actor = record->steps[i - 1]->actor;

        if (strncmp(actor, account, len) == 0 && strcmp(actor + len, record->owner_account) != 0)
            return actor + len;
    }
    return "";
}

void dossier_tell_due(const struct dossier *dossier, struct mc_txn *txn,
                      const DossierState__Dossier *record, const char *event, const char *reason)
{
    Dossier__Due due = DOSSIER__DUE__INIT;

    due.dossier_id = record->dossier_id;
    due.code = record->code;
    due.internal_number = record->internal_number;
    due.state = (Dossier__State)record->state;
    due.procedure_code = record->procedure_code;
    due.procedure_name = record->procedure_name;
    due.unit = record->unit;
    due.unit_name = record->unit_name;
    due.owner_account = record->owner_account;
    due.officer = mc_unconst(dossier_officer_of(record));
    due.due_at_ms = dossier_work_due(record);
    due.due_before_ms = record->apology != NULL ? record->apology->due_before_ms : 0;
    due.working_ms_left =
        mc_working_ms(dossier_calendar_of(dossier, txn, record->unit), txn->now_ms, due.due_at_ms);
    due.reason = mc_unconst(reason);
    mc_emit(txn, event, &due.base, reason[0] != '\0' ? MC_SEALED : MC_PLAIN,
            dossier_keys(txn, record));
}

/*
 * What has become true by now is said once. After an outage only the latest is: who is told that
 * a dossier is late need not hear that it will be. NULL: nothing is said.
 */
static const char *strike(const struct dossier *dossier, struct mc_txn *txn,
                          DossierState__Dossier *record)
{
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, record->unit);
    int64_t due_ms = dossier_work_due(record);

    if (promise_passes(record) <= txn->now_ms)
        dossier_facts_late(txn, record);
    if (next_told(dossier, txn, record) > txn->now_ms)
        return NULL;
    if (due_ms > txn->now_ms) {
        record->reminders =
            reminders_until(dossier, calendar, due_ms, record->reminders, txn->now_ms);
        return "dossier.due_soon";
    }
    record->overdue_at_ms = txn->now_ms;
    return record->received_at_ms == 0 ? "dossier.unexamined" : "dossier.overdue";
}

/* The version stays: an officer's screen does not become stale because the clock has struck. */
static enum mc_status alarm(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id)
{
    DossierState__Dossier *record =
        mc_load(txn, DOSSIER_DOSSIERS, id, &dossier_state__dossier__descriptor);

    if (record == NULL)
        return mc_fail(txn, MC_CORRUPT, "alarms index");
    const char *event = strike(dossier, txn, record);
    dossier_alarm_set(dossier, txn, record);
    dossier_facts_sync(txn, record);
    dossier_work_index(txn, record);
    mc_save(txn, DOSSIER_DOSSIERS, id, &record->base);
    if (event != NULL)
        dossier_tell_due(dossier, txn, record, event, "");
    return txn->status;
}

enum mc_status dossier_alarms(const struct dossier *dossier, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_ALARMS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < ROWS_PER_TICK && mc_next(&cursor); i++) {
        const uint8_t *key = cursor.key.data;

        if (cursor.key.len != DOSSIER_WORK_TAIL)
            return mc_fail(txn, MC_CORRUPT, "alarms index");
        if (dossier_tail_due(key) > txn->now_ms)
            break;
        if (alarm(dossier, txn, mc_keep(txn, key + 8, MC_ID_LEN)) != MC_OK)
            break;
    }
    return txn->status;
}
