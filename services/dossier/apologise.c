/*
 * Apologise: form 04 (TT 03/2025), an apology for a dossier that will be or is late, with a new
 * date. There is one (NĐ 61/2018, the usual reading); indicators keep to the old due time (S22).
 */
#include "work.h"

static bool within_working_time(const struct mc_calendar *calendar, int64_t at_ms)
{
    return mc_working_start(calendar, at_ms) == at_ms ||
           mc_working_ms(calendar, at_ms - 1, at_ms) > 0; /* the very end of it */
}

static enum mc_status check_due(const struct dossier *dossier, struct mc_txn *txn,
                                const DossierState__Dossier *record, int64_t due_ms)
{
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, record->unit);
    int64_t far_ms = mc_working_due(calendar, MC_MAX(record->due_at_ms, txn->now_ms),
                                    MC_WORKING_DAY, (uint32_t)dossier->apology_days);

    if (due_ms <= record->due_at_ms || due_ms <= txn->now_ms)
        return mc_refuse(txn, MC_INVALID, "due_at_ms", "DUE_NOT_LATER", NULL);
    if (due_ms > far_ms)
        return mc_refuse(txn, MC_INVALID, "due_at_ms", "DUE_TOO_FAR", "days",
                         dossier_number_text(txn, (uint64_t)dossier->apology_days), NULL);
    if (!within_working_time(calendar, due_ms))
        return mc_refuse(txn, MC_INVALID, "due_at_ms", "DUE_NOT_WORKING_TIME", NULL);
    return MC_OK;
}

static enum mc_status check(const struct dossier *dossier, struct mc_txn *txn,
                            const DossierState__Dossier *record, const char *reason, int64_t due_ms)
{
    if (!dossier_may(txn->caller, DOSSIER_RIGHT_PROCESS))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_PROCESS, NULL);
    if (record->apology != NULL)
        return mc_refuse(txn, MC_EXPIRED, "", "APOLOGY_ONCE", NULL);
    if (record->received_at_ms == 0 || !dossier_clock_runs(record))
        return mc_refuse(txn, MC_EXPIRED, "", "APOLOGY_NOT_NOW", NULL);
    if (reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    (void)check_due(dossier, txn, record, due_ms);
    return txn->status;
}

enum mc_status dossier_apologise(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ApologiseRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    const char *reason = dossier_lines(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);
    DossierState__Apology *apology = dossier_alloc(txn, sizeof *apology);

    if (reason == NULL || apology == NULL ||
        dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        dossier_check_version(txn, &open, req->version) != MC_OK ||
        check(dossier, txn, open.record, reason, req->due_at_ms) != MC_OK)
        return txn->status;
    dossier_state__apology__init(apology);
    apology->at_ms = txn->now_ms;
    apology->by = dossier_text(txn, txn->caller->account_id);
    apology->reason = mc_seal_text(txn, reason);
    apology->due_before_ms = open.record->due_at_ms;
    apology->due_after_ms = req->due_at_ms;
    open.record->apology = apology;
    dossier_due_set(dossier, txn, open.record, req->due_at_ms);
    dossier_alarm_set(dossier, txn, open.record);
    dossier_note(txn, &open, reason);
    dossier_save(txn, &open);
    dossier_tell_due(dossier, txn, open.record, "dossier.apologised", reason);
    (void)dossier_document_make(dossier, txn, open.record, DOSSIER_APOLOGY_LETTER, reason);
    dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
