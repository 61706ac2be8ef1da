/* One step of the state table, and what it brings about. */
#include <stdio.h>
#include <string.h>

#include "indicators.h"

static bool accepted(const struct dossier_open *open)
{
    return open->record->received_at_ms != 0;
}

/* Names what could be done instead: «Đang xử lý, Dừng xử lý». */
static const char *possible(const struct dossier *dossier, struct mc_txn *txn,
                            const struct dossier_open *open)
{
    char text[1024] = "";
    size_t len = 0;
    size_t n;
    const struct dossier_stage *stages = dossier_stages(&n);

    for (size_t i = 0; i < n; i++) {
        if (!dossier_stage_fits(&stages[i], open->was, open->actor, accepted(open)))
            continue;
        int more = snprintf(text + len, sizeof text - len, "%s%s", len > 0 ? ", " : "",
                            dossier_state_text(dossier, stages[i].to, DOSSIER_BY_OFFICER));
        len += (size_t)more;
        assert(len < sizeof text); /* ten states, their names from our own table */
    }
    return dossier_text(txn, len > 0 ? text : "-");
}

static enum mc_status check_stage(const struct dossier *dossier, struct mc_txn *txn,
                                  const struct dossier_open *open,
                                  const struct dossier_stage *stage, Dossier__State to)
{
    if (stage == NULL)
        return mc_refuse(txn, MC_EXPIRED, "to", "TRANSITION_NOT_ALLOWED", "from",
                         dossier_state_text(dossier, open->was, DOSSIER_BY_OFFICER), "to",
                         dossier_state_text(dossier, to, DOSSIER_BY_OFFICER), "possible",
                         possible(dossier, txn, open), NULL);
    /* a member's own system has looked at the rights of its officers */
    if (open->actor == DOSSIER_BY_OFFICER && open->member == NULL && stage->right != NULL &&
        !dossier_may(txn->caller, stage->right))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", stage->right, NULL);
    bool of_desk = stage->right == NULL || strcmp(stage->right, DOSSIER_RIGHT_ACCEPT) == 0 ||
                   strcmp(stage->right, DOSSIER_RIGHT_RETURN) == 0;
    if (open->desk_only && !of_desk) /* it receives and returns for the unit that deals with it */
        return mc_refuse(txn, MC_DENIED, "", "DESK_ONLY", "unit", open->record->unit_name, NULL);
    return MC_OK;
}

/*
 * The law allows one request for supplements while a dossier is processed; a second needs the
 * leader, and counts as late (indicator 2.1).
 */
static enum mc_status check_supplement(struct mc_txn *txn, const struct dossier_open *open,
                                       Dossier__State to)
{
    if (to != DOSSIER__STATE__SUPPLEMENT_REQUESTED || open->record->supplements == 0 ||
        dossier_may(txn->caller, DOSSIER_RIGHT_APPROVE))
        return MC_OK;
    return mc_refuse(txn, MC_DENIED, "to", "SUPPLEMENT_ONCE", NULL);
}

static enum mc_status check_consent(struct mc_txn *txn, const struct dossier_open *open,
                                    const struct dossier_stage *stage)
{
    if (!stage->consent || open->actor != DOSSIER_BY_OFFICER ||
        open->record->withdraw_asked_at_ms != 0)
        return MC_OK;
    return mc_refuse(txn, MC_EXPIRED, "to", "WITHDRAW_NOT_ASKED", NULL);
}

/* While the post has the result, or may have it, nobody hands it over or takes it back. */
static enum mc_status check_parcel(struct mc_txn *txn, const struct dossier_open *open)
{
    if (open->was != DOSSIER__STATE__FINISHED || !dossier_parcel_is_under_way(open->record))
        return MC_OK;
    return mc_refuse(txn, MC_EXPIRED, "to", "PARCEL_UNDER_WAY", NULL);
}

/* DOS-08, DOS-09: the official code; a sequence per agency and local day, without gaps. */
static void give_code(struct mc_txn *txn, DossierState__Dossier *record)
{
    char code[MC_DOSSIER_CODE_SIZE];
    char day[MC_YYMMDD_SIZE];
    struct mc_date today = mc_date_from_ms(txn->now_ms);

    mc_date_format_yymmdd(day, sizeof day, today);
    char counter[MC_DOSSIER_CODE_SIZE + sizeof "code/"];
    /* received for another unit, the code is the receiving desk's */
    const char *agency = record->receiving_unit[0] != '\0' ? record->receiving_unit : record->unit;
    (void)snprintf(counter, sizeof counter, "code/%s-%s", agency, day);
    uint64_t number = mc_count(txn, counter);
    if (number > DOSSIER_SEQUENCE_MAX)
        mc_refuse(txn, MC_LIMITED, "", "CODES_USED_UP", NULL);
    if (txn->status != MC_OK)
        return;
    mc_dossier_code_make(code, sizeof code, agency, today, (int)number);
    record->code = dossier_text(txn, code);
    mc_put(txn, DOSSIER_CODES, mc_key_text(record->code), mc_key_bytes(record->dossier_id));
}

/* The dossier keeps its procedure as it is today: time limit and fee do not change under it. */
static void receive(const struct dossier *dossier, struct mc_txn *txn,
                    DossierState__Dossier *record)
{
    const struct dossier_procedure *procedure =
        dossier_procedure_last(&dossier->catalogue, record->procedure_code);
    const struct dossier_fee *fee =
        dossier_fee_find(&dossier->catalogue, record->procedure_code, record->unit);
    bool online = record->channel == DOSSIER__CHANNEL__BY_PORTAL;

    if (procedure == NULL) {
        mc_refuse(txn, MC_EXPIRED, "", "PROCEDURE_UNKNOWN", NULL);
        return;
    }
    give_code(txn, record);
    record->received_at_ms = txn->now_ms;
    enum mc_time_limit limit = online ? procedure->limit : procedure->limit_desk;
    record->procedure_version = procedure->version;
    record->limit = dossier_text(txn, mc_time_limit_name(limit));
    record->limit_value = online ? procedure->limit_value : procedure->limit_desk_value;
    dossier_due_set(dossier, txn, record,
                    mc_working_due(dossier_calendar_of(dossier, txn, record->unit), txn->now_ms,
                                   limit, record->limit_value));
    record->promised_at_ms = record->due_at_ms;
    dossier_facts_received(txn, record, strcmp(procedure->service_level, "INFORMATION") != 0);
    int64_t amount = fee == NULL ? 0 : online ? fee->amount : fee->amount_desk;
    if (dossier_was_paid(record) || amount == 0)
        return;
    record->fee = amount;
    if (fee->before)
        record->money = DOSSIER__MONEY_STATE__DUE;
}

static void pay_before(const struct dossier *dossier, DossierState__Dossier *record)
{
    const struct dossier_fee *fee =
        dossier_fee_find(&dossier->catalogue, record->procedure_code, record->unit);

    record->money = DOSSIER__MONEY_STATE__DUE;
    if (record->fee == 0 && fee != NULL)
        record->fee =
            record->channel == DOSSIER__CHANNEL__BY_PORTAL ? fee->amount : fee->amount_desk;
}

/* The wait ends with the citizen's answer, not with the officer's look at it. */
static void resume(const struct dossier *dossier, struct mc_txn *txn, DossierState__Dossier *record)
{
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, record->unit);
    int64_t until = record->answered_at_ms != 0 ? record->answered_at_ms : txn->now_ms;
    int64_t waited = mc_working_ms(calendar, record->waiting_since_ms, until);

    if (record->due_at_ms == 0)
        return;
    record->due_at_ms = mc_working_extended(calendar, record->due_at_ms, waited);
    record->promised_at_ms = mc_working_extended(calendar, record->promised_at_ms, waited);
    if (record->due_at_ms > txn->now_ms)
        record->overdue_at_ms = 0;
}

static void leave(const struct dossier *dossier, struct mc_txn *txn,
                  const struct dossier_open *open, Dossier__State to)
{
    DossierState__Dossier *record = open->record;

    if (record->waiting_since_ms != 0 && to == DOSSIER__STATE__PROCESSING)
        resume(dossier, txn, record);
    if (open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        dossier_supplement_unwatch(txn, record);
    record->waiting_since_ms = 0;
    record->answered_at_ms = 0;
    if (to != open->was)
        record->sub_state = mc_unconst("");
    if (to == DOSSIER__STATE__PROCESSING)
        record->finished_at_ms = 0; /* the leader sent the result back */
}

static void enter(const struct dossier *dossier, struct mc_txn *txn,
                  const struct dossier_open *open, Dossier__State to)
{
    DossierState__Dossier *record = open->record;

    switch (to) {
    case DOSSIER__STATE__NEW: /* paid for: the time to examine it begins anew */
        if (open->was != DOSSIER__STATE__SUPPLEMENT_REQUESTED)
            record->sent_at_ms = txn->now_ms;
        record->check_by_ms = 0;
        if (!dossier_group_holds(txn, record))
            dossier_check_begins(dossier, txn, record);
        if (open->actor == DOSSIER_BY_CITIZEN)
            dossier_facts_sent(txn, record);
        break;
    case DOSSIER__STATE__RECEIVED:
        receive(dossier, txn, record);
        break;
    case DOSSIER__STATE__SUPPLEMENT_REQUESTED:
        record->waiting_since_ms = txn->now_ms;
        record->supplements += open->was == DOSSIER__STATE__PROCESSING;
        break;
    case DOSSIER__STATE__FINANCIAL_OBLIGATION:
        if (dossier->money_suspends)
            record->waiting_since_ms = txn->now_ms;
        pay_before(dossier, record);
        break;
    case DOSSIER__STATE__FINISHED:
        record->finished_at_ms = txn->now_ms;
        if (record->return_way == DOSSIER__RETURN_WAY__RETURN_BY_POST)
            dossier_parcel_order(txn, record);
        break;
    case DOSSIER__STATE__RETURNED: /* NgayTra is when the post handed it over, not when we heard */
        record->returned_at_ms = open->actor == DOSSIER_BY_SYSTEM && record->parcel != NULL &&
                                         record->parcel->delivered_at_ms != 0
                                     ? record->parcel->delivered_at_ms
                                     : txn->now_ms;
        break;
    case DOSSIER__STATE__REFUSED:
        record->refused_at_ms = txn->now_ms; /* NgayTuChoi */
        break;
    case DOSSIER__STATE__DRAFT:
    case DOSSIER__STATE__PROCESSING:
    case DOSSIER__STATE__WITHDRAWN:
    case DOSSIER__STATE__STOPPED:
    case _DOSSIER__STATE_IS_INT_SIZE:
    default:
        break;
    }
}

enum mc_status dossier_move(struct dossier *dossier, struct mc_txn *txn, struct dossier_open *open,
                            Dossier__State to, const char *reason)
{
    DossierState__Dossier *record = open->record;
    const struct dossier_stage *stage =
        dossier_stage_find(open->was, to, open->actor, accepted(open));
    const char *why = dossier_lines(txn, "reason", reason, DOSSIER_REASON_CHARS_MAX);

    if (why == NULL || check_stage(dossier, txn, open, stage, to) != MC_OK)
        return txn->status;
    if (stage->reason && why[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    /* Money that came is a fact: no paper keeps the dossier from hearing of it. */
    if ((to == DOSSIER__STATE__RECEIVED || to == DOSSIER__STATE__PROCESSING) &&
        open->actor != DOSSIER_BY_PAYMENT &&
        dossier_scan_check_papers(dossier, txn, record) != MC_OK)
        return txn->status;
    if (check_supplement(txn, open, to) != MC_OK || check_consent(txn, open, stage) != MC_OK ||
        check_parcel(txn, open) != MC_OK || dossier_group_check(txn, open, to) != MC_OK)
        return txn->status;

    const char *event = stage->event;
    if (stage->consent && open->actor == DOSSIER_BY_CITIZEN) {
        event = "dossier.withdraw_asked";
        record->withdraw_asked_at_ms = txn->now_ms; /* an officer confirms */
    } else {
        leave(dossier, txn, open, to);
        record->state = (uint32_t)to;
        enter(dossier, txn, open, to);
        dossier_alarm_set(dossier, txn, record);
    }
    dossier_note(txn, open, why);
    dossier_save(txn, open);
    dossier_tell(txn, open, event, why);
    dossier_group_moved(dossier, txn, open);
    if ((Dossier__State)record->state == to && open->was != to)
        dossier_document_of_step(dossier, txn, record, to, why);
    return txn->status;
}
