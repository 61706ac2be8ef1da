/*
 * ImportStatement: a partner's list of a day, in parts of at most 400 rows, each with the head
 * line; the last part closes the day. A row that a bank's notice did not bring is taken now like a
 * notice. One that the platform lists and we did not book is asked about (QUERY) when the reference
 * is ours, and an officer's case when not. What we booked and the partner does not list is a case
 * when the day is closed. The same part again changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "reconcile.h"

struct import {
    struct payment *payment;
    struct mc_txn *txn;
    const char *partner;
    const char *bin; /* "" of the platform */
    const char *account;
    const char *day; /* yyyyMMdd */
    PaymentState__Reconciliation *run;
};

static bool is_platform(const struct import *in)
{
    return in->bin[0] == '\0';
}

static void difference(const struct import *in, const char *reference, Payment__CaseKind kind,
                       int64_t ours, int64_t theirs, bool asked)
{
    PaymentState__Difference record = PAYMENT_STATE__DIFFERENCE__INIT;
    struct mc_bytes key = payment_partner_key(
        in->txn, in->partner, mc_sprintf(in->txn->arena, "%s%s", in->day, reference));
    struct mc_bytes before;

    if (mc_get(in->txn, PAYMENT_DIFFERENCES, key, &before))
        return;
    record.kind = kind;
    record.ours = ours;
    record.theirs = theirs;
    record.at_ms = in->txn->now_ms;
    record.asked = asked;
    if (!asked) {
        const struct payment_case_spec spec = {
            .kind = kind,
            .expected = ours,
            .transaction_id = reference,
            .bank = in->bin,
            .note = mc_sprintf(in->txn->arena, "%s, %s: %lld đ ở ta, %lld đ ở đối tác", in->partner,
                               in->day, (long long)ours, (long long)theirs),
        };
        struct mc_bytes id = payment_case_open(in->txn, &spec);
        record.case_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    }
    mc_save(in->txn, PAYMENT_DIFFERENCES, key, &record.base);
    in->run->differences++;
}

/* The platform says it was paid, and we have not booked it: its own answer decides. */
static void ask(const struct import *in, const struct payment_statement_line *line)
{
    struct payment_case c = {0};
    struct mc_bytes place;

    bool known = mc_get(in->txn, PAYMENT_REFERENCES, mc_key_text(line->reference), &place) &&
                 place.len == PAYMENT_PLACE_LEN &&
                 payment_case_load(
                     in->txn, (struct mc_bytes){place.data, MC_ID_LEN},
                     (struct mc_bytes){(const uint8_t *)place.data + MC_ID_LEN, MC_ID_LEN}, &c);
    if (known) {
        payment_query_plan(in->payment, in->txn, &c, in->txn->now_ms);
        payment_attempt_save(in->txn, &c);
    }
    difference(in, line->reference, PAYMENT__CASE_KIND__ONLY_THERE, 0, line->amount, known);
}

/* A row of a bank's: taken as its notice would have been. */
static void credit(const struct import *in, const struct payment_statement_line *line)
{
    const struct payment_credit taken = {
        .bin = in->bin,
        .account = in->account,
        .transaction_id = line->reference,
        .content = line->content,
        .amount = line->amount,
        .at_ms = line->at_ms,
    };
    bool same = true;

    (void)payment_credit_take(in->payment, in->txn, &taken, &same);
}

static void row(const struct import *in, const struct payment_statement_line *line)
{
    struct mc_txn *txn = in->txn;
    PaymentState__StatementRow record = PAYMENT_STATE__STATEMENT_ROW__INIT;
    const char *reference = mc_strdup(txn->arena, line->reference);
    struct mc_bytes before;

    if (reference == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    struct mc_bytes key = payment_partner_key(txn, in->partner, reference);
    if (mc_get(txn, PAYMENT_STATEMENT_ROWS, key, &before))
        return; /* listed before */
    record.day = mc_unconst(in->day);
    record.amount = line->amount;
    mc_save(txn, PAYMENT_STATEMENT_ROWS, key, &record.base);
    in->run->rows++;
    in->run->theirs += line->amount;
    if (!is_platform(in))
        credit(in, line);
    const PaymentState__Booked *booked =
        mc_load(txn, PAYMENT_BOOKED, key, &payment_state__booked__descriptor);
    if (booked == NULL && is_platform(in))
        ask(in, line);
    else if (booked == NULL)
        difference(in, reference, PAYMENT__CASE_KIND__ONLY_THERE, 0, line->amount, false);
    else if (booked->amount != line->amount)
        difference(in, reference, PAYMENT__CASE_KIND__AMOUNT_DIFFERS, booked->amount, line->amount,
                   false);
    else
        in->run->matched++;
}

/* NULL, or why the part cannot be taken. */
static const char *rows_take(const struct import *in, struct mc_bytes text)
{
    struct payment_statement_line line;
    struct payment_statement statement;
    size_t n = 0;

    if (!payment_statement_open(&statement, text, is_platform(in)))
        return "STATEMENT_COLUMNS";
    for (;;) {
        switch (payment_statement_next(&statement, &line)) {
        case PAYMENT_STATEMENT_END:
            return NULL;
        case PAYMENT_STATEMENT_SKIP:
            continue;
        case PAYMENT_STATEMENT_BAD:
            return "STATEMENT_ROW";
        case PAYMENT_STATEMENT_ROW:
            break;
        }
        const struct payment_credit like = {"970415",     "1",         line.reference,
                                            line.content, line.amount, 0};
        if (n++ == PAYMENT_STATEMENT_ROWS_MAX)
            return "LIST_TOO_LONG";
        if (payment_credit_check(&like) != NULL || (!is_platform(in) && line.at_ms == 0))
            return "STATEMENT_ROW";
        row(in, &line);
    }
}

/* Booked that day, and not listed by now: late ones may stand in the next statement. */
static void only_here(const struct import *in, const char *day, int64_t from_ms, int64_t until_ms)
{
    struct mc_txn *txn = in->txn;
    struct mc_bytes prefix = payment_partner_key(txn, in->partner, day);
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BOOKED_DAYS, prefix, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < PAYMENT_BOOKED_DAY_MAX && mc_next(&cursor); n++) {
        const char *reference = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                           (const char *)cursor.key.data + prefix.len);
        struct mc_bytes key =
            payment_partner_key(txn, in->partner, reference != NULL ? reference : "");
        const PaymentState__Booked *booked =
            mc_load(txn, PAYMENT_BOOKED, key, &payment_state__booked__descriptor);
        struct mc_bytes listed;
        bool missing = booked != NULL && reference != NULL && booked->at_ms >= from_ms &&
                       booked->at_ms < until_ms &&
                       !mc_get(txn, PAYMENT_STATEMENT_ROWS, key, &listed);
        if (missing)
            difference(in, reference, PAYMENT__CASE_KIND__ONLY_HERE, booked->amount, 0, false);
        else if (txn->status == MC_OK)
            mc_pass(&cursor);
    }
}

static void close_day(const struct import *in, struct mc_date date)
{
    int64_t begins_ms = mc_date_to_ms(date);
    int64_t ends_ms = mc_date_to_ms(mc_date_from_days(mc_date_days(date) + 1));
    struct mc_date before = mc_date_from_days(mc_date_days(date) - 1);
    char stamp[MC_STAMP_SIZE];

    mc_time_format_stamp(stamp, sizeof stamp, mc_date_to_ms(before));
    stamp[PAYMENT_DAY_SIZE - 1] = '\0';
    only_here(in, stamp, begins_ms - PAYMENT_DAY_SLACK_MS, begins_ms);
    only_here(in, in->day, begins_ms, ends_ms - PAYMENT_DAY_SLACK_MS);
    in->run->closed_at_ms = in->txn->now_ms;
}

static void tell(const struct import *in)
{
    static const char *const no_keys[] = {NULL};
    Payment__ReconciliationDone event = PAYMENT__RECONCILIATION_DONE__INIT;

    event.partner = mc_unconst(in->partner);
    event.day = mc_unconst(in->day);
    event.rows = in->run->rows;
    event.matched = in->run->matched;
    event.differences = in->run->differences;
    mc_emit(in->txn, "payment.reconciled", &event.base, MC_PLAIN, no_keys);
}

enum mc_status payment_import_statement(struct payment *payment, struct mc_txn *txn,
                                        const Payment__ImportStatementRequest *req,
                                        Payment__Reconciliation *rep)
{
    PaymentState__Reconciliation fresh = PAYMENT_STATE__RECONCILIATION__INIT;
    Payment__GetReconciliationRequest shown = PAYMENT__GET_RECONCILIATION_REQUEST__INIT;
    const char *partner = NULL;
    struct mc_date date;
    char day[PAYMENT_DAY_SIZE];

    if (!payment_partner_read(txn, req->bin, req->account, &partner) ||
        !payment_day_read(txn, req->day, &date, day))
        return txn->status;
    struct import in = {payment,
                        txn,
                        partner,
                        req->bin,
                        req->account,
                        mc_strdup(txn->arena, day),
                        mc_load(txn, PAYMENT_RECONCILIATIONS,
                                payment_partner_key(txn, partner, day),
                                &payment_state__reconciliation__descriptor)};
    if (in.day == NULL || txn->status != MC_OK)
        return mc_fail(txn, MC_LIMITED, "arena full");
    if (in.run == NULL)
        in.run = &fresh;
    const char *wrong = rows_take(&in, mc_key_bytes(req->content));
    if (wrong != NULL)
        return mc_refuse(txn, MC_INVALID, "content", wrong, "max", "400", NULL);
    if (req->last) {
        close_day(&in, date);
        tell(&in);
    }
    mc_save(txn, PAYMENT_RECONCILIATIONS, payment_partner_key(txn, partner, in.day), &in.run->base);
    shown.bin = req->bin;
    shown.account = req->account;
    shown.day = req->day;
    return txn->status == MC_OK ? payment_get_reconciliation(payment, txn, &shown, rep)
                                : txn->status;
}
