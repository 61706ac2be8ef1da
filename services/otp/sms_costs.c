/*
 * SmsCosts: what carriers took, counted when they took it, in the parts that are paid for, by the
 * unit the message was for and the month in Vietnam. A text that two gateways took counts twice: it
 * costs twice. What nobody took costs nothing.
 *
 * A row's key is the month's six digits and the unit's code.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "otp.h"

enum { MONTH_LEN = 6, MONTH_TEXT_LEN = 7, COSTS_DEFAULT = 100 };

static void month_of(int64_t now_ms, char month[MONTH_LEN + 1])
{
    struct mc_date date = mc_date_from_ms(now_ms);
    unsigned number = (unsigned)(date.year * 100 + date.month) % 1000000;

    (void)snprintf(month, MONTH_LEN + 1, "%06u", number);
}

static void load(struct mc_txn *txn, struct otp_costs *costs, const char *unit)
{
    char month[MONTH_LEN + 1];

    month_of(txn->now_ms, month);
    costs->unit = unit;
    costs->key = mc_key_join(txn, mc_keep(txn, month, MONTH_LEN), mc_key_text(unit));
    const OtpState__Cost *old = mc_load(txn, OTP_COSTS, costs->key, &otp_state__cost__descriptor);
    if (old != NULL)
        costs->row = *old;
    else
        otp_state__cost__init(&costs->row);
}

void otp_cost_add(struct mc_txn *txn, struct otp_costs *costs, uint64_t job_id,
                  const OtpState__Note *note)
{
    if (costs->unit == NULL || strcmp(costs->unit, note->unit_code) != 0) {
        otp_costs_save(txn, costs);
        load(txn, costs, note->unit_code);
    }
    costs->row.messages += 1;
    costs->row.parts += note->parts;
    if (job_id >> 56 == OTP_LANE_OTP) {
        costs->row.code_messages += 1;
        costs->row.code_parts += note->parts;
    }
}

void otp_costs_save(struct mc_txn *txn, struct otp_costs *costs)
{
    if (costs->unit != NULL)
        mc_save(txn, OTP_COSTS, costs->key, &costs->row.base);
    costs->unit = NULL;
}

/* "2026-09" as "202609". */
static bool month_parse(const char *text, char month[MONTH_LEN + 1])
{
    if (strlen(text) != MONTH_TEXT_LEN || strspn(text, "0123456789") != 4 || text[4] != '-' ||
        strspn(text + 5, "0123456789") != 2 || strcmp(text + 5, "01") < 0 ||
        strcmp(text + 5, "12") > 0)
        return false;
    memcpy(month, text, 4);
    memcpy(month + 4, text + 5, 3);
    return true;
}

static void check(struct mc_txn *txn, const Otp__SmsCostsRequest *req, char month[MONTH_LEN + 1])
{
    month_of(txn->now_ms, month);
    if (req->month[0] != '\0' && !month_parse(req->month, month))
        otp_refuse_field(txn, "month", "Tháng (dạng 2026-09)");
    if (req->limit > OTP_COSTS_MAX)
        otp_refuse_field(txn, "limit", "Số dòng tối đa (1 đến 500)");
    if (strlen(req->after) > OTP_WHO_MAX)
        otp_refuse_long(txn, "after", "Mã đơn vị", "200 byte");
}

static bool fill(const struct mc_cursor *cursor, Otp__SmsCost *out)
{
    struct mc_txn *txn = cursor->txn;
    const OtpState__Cost *cost = mc_row(cursor, &otp_state__cost__descriptor);
    size_t len = cursor->key.len - MONTH_LEN;
    char *unit = mc_alloc(txn->arena, len + 1);

    if (cost == NULL || unit == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    memcpy(unit, (const char *)cursor->key.data + MONTH_LEN, len);
    otp__sms_cost__init(out);
    out->unit_code = unit;
    out->messages = cost->messages;
    out->parts = cost->parts;
    out->code_messages = cost->code_messages;
    out->code_parts = cost->code_parts;
    return true;
}

enum mc_status otp_sms_costs(struct otp *otp, struct mc_txn *txn, const Otp__SmsCostsRequest *req,
                             Otp__SmsCostsReply *rep)
{
    char month[MONTH_LEN + 1];
    const uint8_t zero = 0;
    size_t limit = req->limit != 0 ? req->limit : COSTS_DEFAULT;

    (void)otp;
    check(txn, req, month);
    if (txn->status != MC_OK)
        return txn->status;
    Otp__SmsCost *costs = mc_alloc(txn->arena, limit * sizeof *costs);
    rep->units = mc_alloc(txn->arena, limit * sizeof(void *));
    rep->month = mc_sprintf(txn->arena, "%.4s-%.2s", month, month + 4);
    if (costs == NULL || rep->units == NULL || rep->month == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");

    struct mc_bytes prefix = mc_keep(txn, month, MONTH_LEN);
    struct mc_bytes from = mc_key_join(txn, prefix, mc_key_text(req->after));
    if (req->after[0] != '\0') /* behind it */
        from = mc_key_join(txn, from, (struct mc_bytes){&zero, 1});
    struct mc_cursor cursor = mc_seek(txn, OTP_COSTS, prefix, from, MC_FORWARD);
    while (rep->n_units < limit && mc_next(&cursor) && fill(&cursor, &costs[rep->n_units])) {
        rep->units[rep->n_units] = &costs[rep->n_units];
        rep->n_units++;
    }
    return txn->status;
}
