/*
 * ReceiveProgress: a member's own system tells of steps of dossiers of its unit
 * (CapNhatTienDoHoSoMC). They are steps of its officers, by the same state table; whose rights they
 * needed, its own system has looked at.
 *
 * Members repeat what was not acknowledged, and late: a step whose time is not later than the last
 * one that was taken is known, and one that is older than a step taken here has come too late. So
 * an old «4» that comes once more does not bring a finished dossier back, nor end the wait for
 * papers.
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

static void refuse(struct mc_txn *txn, size_t i, const char *field, const char *label,
                   enum mc_status status, const char *code)
{
    const char *path = mc_sprintf(txn->arena, "steps[%zu].%s", i, field);

    (void)mc_refuse(txn, status, path != NULL ? path : field, code, "field", label, NULL);
}

bool dossier_is_of_member(const DossierState__Dossier *record, const char *unit)
{
    return mc_agency_within(record->unit, unit) ||
           (record->receiving_unit[0] != '\0' && mc_agency_within(record->receiving_unit, unit));
}

/* A code that is not the member's is one that there is not. */
static bool is_theirs(struct mc_txn *txn, const char *unit, const char *code)
{
    struct dossier_open open = {0};

    return dossier_open_any(txn, (ProtobufCBinaryData){0}, code, &open) == MC_OK &&
           dossier_is_of_member(open.record, unit);
}

static void check_steps(struct mc_txn *txn, const Dossier__ReceiveProgressRequest *req)
{
    bool theirs[DOSSIER_PROGRESS_MAX];

    for (size_t i = 0; i < req->n_steps; i++) /* before anything is refused: it ends all reading */
        theirs[i] = is_theirs(txn, req->unit, req->steps[i]->code);
    for (size_t i = 0; i < req->n_steps; i++) {
        const Dossier__ProgressStep *step = req->steps[i];

        if (!theirs[i])
            refuse(txn, i, "code", "mã hồ sơ", MC_NOT_FOUND, "DOSSIER_NOT_FOUND");
        if (step->to == DOSSIER__STATE__DRAFT)
            refuse(txn, i, "to", "trạng thái", MC_INVALID, "FIELD_INVALID");
        if (step->at_ms <= 0 || step->at_ms > txn->now_ms + DOSSIER_PROGRESS_AHEAD_MS)
            refuse(txn, i, "at_ms", "thời điểm xử lý", MC_INVALID, "FIELD_INVALID");
    }
}

static void check(struct mc_txn *txn, const Dossier__ReceiveProgressRequest *req)
{
    if (req->n_steps > 0 && req->n_steps <= DOSSIER_PROGRESS_MAX)
        check_steps(txn, req);
    if (req->unit[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_REQUIRED", "field", "đơn vị", NULL);
    if (req->partner_id[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "partner_id", "FIELD_REQUIRED", "field", "đối tác", NULL);
    if (req->n_steps == 0)
        (void)mc_refuse(txn, MC_INVALID, "steps", "FIELD_REQUIRED", "field", "data", NULL);
    else if (req->n_steps > DOSSIER_PROGRESS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "steps", "LIST_TOO_LONG", NULL);
}

/* Where it is already, and no row of the table stays there. */
static bool is_there(const struct dossier_open *open, Dossier__State to)
{
    return open->was == to && dossier_stage_find(to, to, DOSSIER_BY_OFFICER,
                                                 open->record->received_at_ms != 0) == NULL;
}

/* Older than the last step that was taken here, by more than clocks differ. */
static bool is_late(const DossierState__Dossier *record, int64_t at_ms)
{
    static const char told[] = "partner:";

    for (size_t i = record->n_steps; i > 0; i--)
        if (strncmp(record->steps[i - 1]->actor, told, sizeof told - 1) != 0)
            return at_ms + DOSSIER_PROGRESS_AHEAD_MS < record->steps[i - 1]->at_ms;
    return false;
}

static void take(struct dossier *dossier, struct mc_txn *txn, const char *partner,
                 const Dossier__ProgressStep *step, Dossier__ProgressTaken *ret_taken)
{
    Dossier__AdvanceRequest missing = DOSSIER__ADVANCE_REQUEST__INIT;
    struct dossier_open open = {0};

    if (dossier_open_any(txn, (ProtobufCBinaryData){0}, step->code, &open) != MC_OK)
        return;
    open.actor = DOSSIER_BY_OFFICER;
    open.member = partner;
    ret_taken->again = step->at_ms <= open.record->member_step_ms || is_there(&open, step->to) ||
                       is_late(open.record, step->at_ms);
    if (!ret_taken->again) {
        open.record->member_step_ms = step->at_ms;
        missing.reason = step->note;
        if (step->to == DOSSIER__STATE__SUPPLEMENT_REQUESTED)
            dossier_supplement_keep(dossier, txn, &open, &missing);
        if (dossier_move(dossier, txn, &open, step->to, step->note) != MC_OK)
            return;
    }
    ret_taken->code = open.record->code;
    ret_taken->state = (Dossier__State)open.record->state;
    ret_taken->version = open.record->version;
}

enum mc_status dossier_receive_progress(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__ReceiveProgressRequest *req,
                                        Dossier__ReceiveProgressReply *rep)
{
    check(txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    const char *actor = mc_sprintf(txn->arena, "partner:%s", req->partner_id);
    Dossier__ProgressTaken *rows = dossier_alloc(txn, req->n_steps * sizeof *rows);
    rep->steps = dossier_list(txn, req->n_steps);
    if (actor == NULL || rows == NULL || rep->steps == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    txn->actor = actor; /* history and journal name the member, not the gateway that hands it on */
    for (; rep->n_steps < req->n_steps && txn->status == MC_OK; rep->n_steps++) {
        dossier__progress_taken__init(&rows[rep->n_steps]);
        rep->steps[rep->n_steps] = &rows[rep->n_steps];
        take(dossier, txn, req->partner_id, req->steps[rep->n_steps], &rows[rep->n_steps]);
    }
    return txn->status;
}
