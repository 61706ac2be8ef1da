/*
 * Cases, as they are kept:
 *
 *     cases     case id -> Case
 *     by_unit   "o" or "a": open ones, all of them (units.c)
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"

#include "payment.h"

static char *either(const char *text)
{
    return mc_unconst(text != NULL ? text : "");
}

static const char *uuid_key(struct mc_txn *txn, const char *prefix, ProtobufCBinaryData id)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, id.data);
    const char *key = mc_sprintf(txn->arena, "%s:%s", prefix, text);
    if (key == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return key;
}

static void emit(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Case *record,
                 const char *type)
{
    Payment__CaseChanged event = PAYMENT__CASE_CHANGED__INIT;
    const char *keys[4] = {NULL};
    size_t n = 0;

    event.case_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    event.state = (Payment__CaseState)record->state;
    event.kind = (Payment__CaseKind)record->kind;
    event.amount = record->amount;
    event.order_id = record->order_id;
    event.attempt_id = record->attempt_id;
    event.unit = record->unit;
    event.dossier_code = record->dossier_code;
    event.transaction_id = record->transaction_id;
    if (record->proposal != NULL)
        event.action = (Payment__CaseAction)record->proposal->action;
    event.by = mc_unconst(payment_actor(txn));
    keys[n++] = uuid_key(txn, "case", event.case_id);
    if (record->order_id.len == MC_ID_LEN)
        keys[n++] = uuid_key(txn, "payment", record->order_id);
    if (record->dossier_code[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "dossier:%s", record->dossier_code);
    if (txn->status == MC_OK)
        mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

static void note_add(struct mc_txn *txn, PaymentState__Case *record, const char *text)
{
    PaymentState__CaseNote *note = mc_alloc(txn->arena, sizeof *note);
    PaymentState__CaseNote **notes =
        mc_alloc(txn->arena, (record->n_notes + 1) * sizeof(PaymentState__CaseNote *));

    if (note == NULL || notes == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment_state__case_note__init(note);
    note->by = mc_unconst(payment_actor(txn));
    note->at_ms = txn->now_ms;
    note->text = mc_seal_text(txn, text);
    for (size_t i = 0; i < record->n_notes; i++)
        notes[i] = record->notes[i];
    notes[record->n_notes++] = note;
    record->notes = notes;
}

static void save(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                 const char *type, const char *note)
{
    record->version++;
    if (note[0] != '\0')
        note_add(txn, record, note);
    mc_save(txn, PAYMENT_CASES, id, &record->base);
    emit(txn, id, record, type);
}

struct mc_bytes payment_case_open(struct mc_txn *txn, const struct payment_case_spec *spec)
{
    PaymentState__Case record = PAYMENT_STATE__CASE__INIT;
    struct mc_bytes id = mc_new_id(txn);

    assert(spec->amount == 0 || spec->account != NULL);
    record.state = PAYMENT__CASE_STATE__CASE_OPEN;
    record.kind = spec->kind;
    record.amount = spec->amount;
    record.expected = spec->expected;
    record.account = either(spec->account);
    record.source = mc_unconst(spec->source != NULL ? spec->source : PAYMENT_RECEIVABLE);
    record.order_id = (ProtobufCBinaryData){spec->order_id.len, mc_unconst(spec->order_id.data)};
    record.attempt_id =
        (ProtobufCBinaryData){spec->attempt_id.len, mc_unconst(spec->attempt_id.data)};
    record.unit = either(spec->unit);
    record.dossier_code = either(spec->dossier_code);
    record.transaction_id = either(spec->transaction_id);
    record.bank = either(spec->bank);
    record.opened_at_ms = txn->now_ms;
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "o", record.unit, id);
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "a", record.unit, id);
    save(txn, id, &record, "payment.case_opened", either(spec->note));
    return id;
}

PaymentState__Case *payment_case_get(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, PAYMENT_CASES, id, &payment_state__case__descriptor);
}

PaymentState__Case *payment_case_take(struct mc_txn *txn, struct mc_bytes id, uint32_t version)
{
    if (id.len != MC_ID_LEN) {
        (void)mc_refuse(txn, MC_INVALID, "case_id", "FIELD_INVALID", "field", "case_id", NULL);
        return NULL;
    }
    PaymentState__Case *record = payment_case_get(txn, id);
    if (txn->status == MC_OK && (record == NULL || !mc_unit_mine(txn, record->unit)))
        (void)mc_refuse(txn, MC_NOT_FOUND, "case_id", "NOT_FOUND", NULL);
    else if (txn->status == MC_OK && record->state == PAYMENT__CASE_STATE__CASE_RESOLVED)
        (void)mc_refuse(txn, MC_CONFLICT, "", "CASE_RESOLVED", NULL);
    else if (txn->status == MC_OK && record->version != version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "CASE_CHANGED", NULL);
    else if (txn->status == MC_OK && record->n_notes >= PAYMENT_CASE_NOTES_MAX)
        (void)mc_refuse(txn, MC_LIMITED, "", "CASE_TOO_LONG", NULL);
    return txn->status == MC_OK ? record : NULL;
}

void payment_case_put(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                      const char *type, const char *note)
{
    save(txn, id, record, type, note);
}

void payment_case_end(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                      const char *note)
{
    record->state = PAYMENT__CASE_STATE__CASE_RESOLVED;
    record->decided_by = mc_unconst(payment_actor(txn));
    record->decided_at_ms = txn->now_ms;
    mc_unit_index_drop(txn, PAYMENT_BY_UNIT, "o", record->unit, id);
    save(txn, id, record, "payment.case_resolved", note);
}

static Payment__CaseProposal *proposal_show(struct mc_txn *txn,
                                            const PaymentState__CaseProposal *proposal)
{
    Payment__CaseProposal *shown = mc_alloc(txn->arena, sizeof *shown);

    if (shown == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment__case_proposal__init(shown);
    shown->action = (Payment__CaseAction)proposal->action;
    shown->order_id = proposal->order_id;
    shown->n_with_cases = proposal->n_with_cases;
    shown->with_cases = proposal->with_cases;
    shown->decision_number = proposal->decision_number;
    shown->by = proposal->by;
    shown->at_ms = proposal->at_ms;
    return shown;
}

static void notes_show(struct mc_txn *txn, const PaymentState__Case *record, Payment__Case *rep)
{
    Payment__CaseNote *notes = mc_alloc(txn->arena, (record->n_notes + 1) * sizeof *notes);

    rep->notes = mc_alloc(txn->arena, (record->n_notes + 1) * sizeof(Payment__CaseNote *));
    if (notes == NULL || rep->notes == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < record->n_notes; i++) {
        payment__case_note__init(&notes[i]);
        notes[i].by = record->notes[i]->by;
        notes[i].at_ms = record->notes[i]->at_ms;
        notes[i].text = mc_open_text(txn, record->notes[i]->text);
        rep->notes[rep->n_notes++] = &notes[i];
    }
}

void payment_case_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Case *record,
                       Payment__Case *rep)
{
    char amount[MC_MONEY_SIZE];

    mc_money_format(amount, sizeof amount, record->amount);
    rep->case_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->state = (Payment__CaseState)record->state;
    rep->kind = (Payment__CaseKind)record->kind;
    rep->amount = record->amount;
    rep->expected = record->expected;
    rep->amount_text = mc_sprintf(txn->arena, "%s VND", amount); /* RCP-07 */
    rep->order_id = record->order_id;
    rep->attempt_id = record->attempt_id;
    rep->unit = record->unit;
    rep->dossier_code = record->dossier_code;
    rep->transaction_id = record->transaction_id;
    rep->bank = record->bank;
    rep->opened_at_ms = record->opened_at_ms;
    rep->assigned_to = record->assigned_to;
    if (record->proposal != NULL)
        rep->proposal = proposal_show(txn, record->proposal);
    rep->decided_by = record->decided_by;
    rep->decided_at_ms = record->decided_at_ms;
    rep->version = record->version;
    notes_show(txn, record, rep);
    if (rep->amount_text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}
