/*
 * RequestCorrection, ApproveCorrection, ListCorrections: money that was booked on a wrong account
 * is moved by another transfer; what was posted is never changed. One officer asks, another
 * decides.
 *
 *     corrections   correction id -> Correction
 *     by_unit       "k" or "K": to be decided, all of them (units.c)
 *
 * Only what an agency has: agency:, treasury: and payout: accounts of the officer's unit and below.
 * What goes to suspense becomes a case; what lies there is moved by cases alone.
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"

#include "payment.h"

/* The parts of an account's name; borrowed from `text`. */
struct parts {
    char text[PAYMENT_ACCOUNT_SIZE];
    const char *class;
    const char *unit;
    const char *kind; /* of agency: accounts */
    const char *code;
};

static bool account_split(const char *account, struct parts *parts)
{
    size_t len = strlen(account);
    char *rest = NULL;

    if (len >= sizeof parts->text)
        return false;
    memcpy(parts->text, account, len + 1);
    parts->class = strtok_r(parts->text, ":", &rest);
    parts->unit = strtok_r(NULL, ":", &rest);
    parts->kind = strtok_r(NULL, ":", &rest);
    parts->code = strtok_r(NULL, ":", &rest);
    return parts->unit != NULL && strtok_r(NULL, ":", &rest) == NULL;
}

/* Written exactly as the books write it: nothing is left out, doubled or added. */
static bool is_agencys(const char *account, const struct parts *parts)
{
    static const uint32_t kinds[] = {PAYMENT__ITEM_KIND__FEE, PAYMENT__ITEM_KIND__CHARGE,
                                     PAYMENT__ITEM_KIND__FINE, PAYMENT__ITEM_KIND__TAX_DEBT};
    char want[PAYMENT_ACCOUNT_SIZE];

    if (strcmp(parts->class, "agency") != 0)
        return false;
    for (size_t i = 0; parts->code != NULL && i < MC_LEN(kinds); i++)
        if (payment_account_agency(want, sizeof want, parts->unit, kinds[i], parts->code) &&
            strcmp(want, account) == 0)
            return true;
    return false;
}

static bool is_units(const char *account, const struct parts *parts)
{
    char want[PAYMENT_ACCOUNT_SIZE];

    if (parts->kind != NULL ||
        (strcmp(parts->class, "treasury") != 0 && strcmp(parts->class, "payout") != 0))
        return false;
    (void)snprintf(want, sizeof want, "%s:%s", parts->class, parts->unit);
    return strcmp(want, account) == 0;
}

/* The unit an account belongs to; NULL with the call refused when it may not be corrected. */
static const char *account_unit(struct mc_txn *txn, const char *field, const char *account)
{
    char unit[MC_AGENCY_CODE_SIZE];
    struct parts parts;

    if (!account_split(account, &parts) ||
        (!is_agencys(account, &parts) && !is_units(account, &parts)) ||
        mc_agency_parse(parts.unit, unit, sizeof unit) != MC_WHY_OK ||
        strcmp(unit, parts.unit) != 0)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
    else if (!mc_unit_mine(txn, unit))
        (void)mc_refuse(txn, MC_DENIED, field, "UNIT_NOT_YOURS", NULL);
    else
        return mc_strdup(txn->arena, unit);
    return NULL;
}

static void save(struct mc_txn *txn, struct mc_bytes id, PaymentState__Correction *correction,
                 const char *type)
{
    Payment__CorrectionChanged event = PAYMENT__CORRECTION_CHANGED__INIT;
    char text[MC_UUID_TEXT_LEN + 1];
    const char *keys[2] = {NULL};

    correction->version++;
    mc_save(txn, PAYMENT_CORRECTIONS, id, &correction->base);
    mc_uuid_text(text, id.data);
    keys[0] = mc_sprintf(txn->arena, "correction:%s", text);
    event.correction_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    event.state = (Payment__CorrectionState)correction->state;
    event.from_account = correction->from_account;
    event.to_account = correction->to_account;
    event.amount = correction->amount;
    event.unit = correction->unit;
    event.by = mc_unconst(payment_actor(txn));
    if (keys[0] == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

static void show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Correction *correction,
                 Payment__Correction *rep)
{
    rep->correction_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->state = (Payment__CorrectionState)correction->state;
    rep->from_account = correction->from_account;
    rep->to_account = correction->to_account;
    rep->amount = correction->amount;
    rep->unit = correction->unit;
    rep->reason = mc_open_text(txn, correction->reason);
    rep->requested_by = correction->requested_by;
    rep->requested_at_ms = correction->requested_at_ms;
    rep->decided_by = correction->decided_by;
    rep->decided_at_ms = correction->decided_at_ms;
    rep->version = correction->version;
}

enum mc_status payment_request_correction(struct payment *payment, struct mc_txn *txn,
                                          const Payment__RequestCorrectionRequest *req,
                                          Payment__Correction *rep)
{
    PaymentState__Correction correction = PAYMENT_STATE__CORRECTION__INIT;
    int64_t total = 0;

    (void)payment;
    const char *reason = payment_line_read(txn, "reason", req->reason, true);
    const char *unit = account_unit(txn, "from_account", req->from_account);
    if (strcmp(req->to_account, PAYMENT_SUSPENSE) != 0)
        (void)account_unit(txn, "to_account", req->to_account);
    if (strcmp(req->from_account, req->to_account) == 0)
        (void)mc_refuse(txn, MC_INVALID, "to_account", "FIELD_INVALID", "field", "to_account",
                        NULL);
    if (!payment_total_add(&total, req->amount))
        (void)mc_refuse(txn, MC_INVALID, "amount", "FIELD_INVALID", "field", "amount", NULL);
    if (txn->status != MC_OK || unit == NULL)
        return txn->status != MC_OK ? txn->status : mc_fail(txn, MC_LIMITED, "arena full");

    struct mc_bytes id = mc_new_id(txn);
    correction.state = PAYMENT__CORRECTION_STATE__CORRECTION_REQUESTED;
    correction.from_account = req->from_account;
    correction.to_account = req->to_account;
    correction.amount = req->amount;
    correction.unit = mc_unconst(unit);
    correction.reason = mc_seal_text(txn, reason);
    correction.requested_by = mc_unconst(payment_actor(txn));
    correction.requested_at_ms = txn->now_ms;
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "k", unit, id);
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "K", unit, id);
    save(txn, id, &correction, "payment.correction_requested");
    if (txn->status == MC_OK)
        show(txn, id, &correction, rep);
    return txn->status;
}

static void perform(struct mc_txn *txn, struct mc_bytes id,
                    const PaymentState__Correction *correction, const char *reason)
{
    const struct payment_line lines[] = {{correction->from_account, correction->amount},
                                         {correction->to_account, -correction->amount}};

    (void)payment_transfer(txn, lines, MC_LEN(lines),
                           &(struct payment_cause){.kind = PAYMENT_CAUSE_CORRECTION, .id = id});
    if (txn->status == MC_OK && strcmp(correction->to_account, PAYMENT_SUSPENSE) == 0)
        (void)payment_case_open(txn, &(struct payment_case_spec){
                                         .kind = PAYMENT__CASE_KIND__UNMATCHED_PAYMENT,
                                         .amount = correction->amount,
                                         .account = PAYMENT_SUSPENSE,
                                         .unit = correction->unit,
                                         .note = reason,
                                     });
}

enum mc_status payment_approve_correction(struct payment *payment, struct mc_txn *txn,
                                          const Payment__ApproveCorrectionRequest *req,
                                          Payment__Correction *rep)
{
    struct mc_bytes id = mc_key_bytes(req->correction_id);

    (void)payment;
    const char *reason = payment_line_read(txn, "reason", req->reason, !req->approve);
    if (id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "correction_id", "FIELD_INVALID", "field", "correction_id",
                        NULL);
    if (txn->status != MC_OK)
        return txn->status;
    PaymentState__Correction *correction =
        mc_load(txn, PAYMENT_CORRECTIONS, id, &payment_state__correction__descriptor);
    if (txn->status == MC_OK && (correction == NULL || !mc_unit_mine(txn, correction->unit)))
        return mc_refuse(txn, MC_NOT_FOUND, "correction_id", "NOT_FOUND", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    if (correction->version != req->version)
        return mc_refuse(txn, MC_CONFLICT, "version", "CASE_CHANGED", NULL);
    if (correction->state != PAYMENT__CORRECTION_STATE__CORRECTION_REQUESTED)
        return mc_refuse(txn, MC_CONFLICT, "", "CORRECTION_DECIDED", NULL);
    if (strcmp(correction->requested_by, payment_actor(txn)) == 0)
        return mc_refuse(txn, MC_DENIED, "", "SECOND_PERSON_NEEDED", NULL);

    correction->state = req->approve ? PAYMENT__CORRECTION_STATE__CORRECTION_DONE
                                     : PAYMENT__CORRECTION_STATE__CORRECTION_REFUSED;
    correction->decided_by = mc_unconst(payment_actor(txn));
    correction->decided_at_ms = txn->now_ms;
    if (req->approve)
        perform(txn, id, correction, reason);
    mc_unit_index_drop(txn, PAYMENT_BY_UNIT, "k", correction->unit, id);
    save(txn, id, correction,
         req->approve ? "payment.correction_done" : "payment.correction_refused");
    if (txn->status == MC_OK)
        show(txn, id, correction, rep);
    return txn->status;
}

enum mc_status payment_list_corrections(struct payment *payment, struct mc_txn *txn,
                                        const Payment__ListCorrectionsRequest *req,
                                        Payment__ListCorrectionsReply *rep)
{
    struct payment_page page;
    struct mc_bytes id = {0};

    (void)payment;
    if (!payment_page_open(txn, req->all ? "K" : "k", req->unit, req->page_size, req->page_token,
                           &page))
        return txn->status;
    rep->corrections = mc_alloc(txn->arena, page.size * sizeof(Payment__Correction *));
    if (rep->corrections == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (payment_page_next(&page, &id)) {
        const PaymentState__Correction *correction =
            mc_load(txn, PAYMENT_CORRECTIONS, id, &payment_state__correction__descriptor);
        Payment__Correction *shown = mc_alloc(txn->arena, sizeof *shown);
        if (correction == NULL || shown == NULL)
            return mc_fail(txn, MC_CORRUPT, "a row without its correction");
        payment__correction__init(shown);
        show(txn, id, correction, shown);
        rep->corrections[rep->n_corrections++] = shown;
    }
    rep->next_page_token = payment_page_token(txn, &page, id);
    return txn->status;
}
