/*
 * Sums, by unit and all above it, and month; the petitions' items of QĐ 766 are made of them.
 *
 *     sums: unit ‖ 0 ‖ month, "2026-09" -> Sums
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "feedback.h"

enum { MONTH_SIZE = 8, DEPTH_MAX = 8 };

static struct mc_bytes sums_key(struct mc_txn *txn, const char *unit, const char *month)
{
    return mc_key_join(txn, (struct mc_bytes){unit, strlen(unit) + 1}, mc_key_text(month));
}

static uint64_t *counter(SupportState__Sums *sums, enum support_sum what)
{
    switch (what) {
    case SUPPORT_SUM_RECEIVED:
        return &sums->received;
    case SUPPORT_SUM_ENDED:
        return &sums->ended;
    case SUPPORT_SUM_ON_TIME:
        return &sums->on_time;
    case SUPPORT_SUM_REFUSED:
        return &sums->refused;
    case SUPPORT_SUM_PUBLISHED:
        return &sums->published;
    case SUPPORT_SUM_RATED:
        return &sums->rated;
    case SUPPORT_SUM_SATISFIED:
        return &sums->satisfied;
    }
    return &sums->satisfied;
}

static void add_at(struct mc_txn *txn, const char *unit, const char *month, enum support_sum what)
{
    struct mc_bytes key = sums_key(txn, unit, month);
    SupportState__Sums *sums = mc_load(txn, SUPPORT_SUMS, key, &support_state__sums__descriptor);
    SupportState__Sums fresh = SUPPORT_STATE__SUMS__INIT;

    if (sums == NULL)
        sums = &fresh;
    (*counter(sums, what))++;
    mc_save(txn, SUPPORT_SUMS, key, &sums->base);
}

void support_sum_add(struct mc_txn *txn, const char *unit, enum support_sum what)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    const char *month = support_printf(txn, "%04d-%02d", today.year, today.month);
    char place[MC_AGENCY_CODE_SIZE];
    char above[MC_AGENCY_CODE_SIZE];

    if (strlen(unit) >= sizeof place)
        return;
    memcpy(place, unit, strlen(unit) + 1);
    for (int i = 0; i < DEPTH_MAX; i++) {
        add_at(txn, place, month, what);
        if (!mc_agency_parent(place, above, sizeof above))
            break;
        memcpy(place, above, sizeof place);
    }
    add_at(txn, "", month, what);
}

/* "2026-09" as months since year 0; -1: refused. */
static int month_of(struct mc_txn *txn, const char *field, const char *text)
{
    struct mc_date date = {0};

    if (strlen(text) == MONTH_SIZE - 1 && text[4] == '-' &&
        mc_date_parse(support_printf(txn, "01/%s/%.4s", text + 5, text), &date) == MC_WHY_OK)
        return date.year * 12 + date.month - 1;
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", support_label(field), NULL);
    return -1;
}

static void add_month(struct mc_txn *txn, const char *unit, int month,
                      Support__SumFeedbackReply *rep)
{
    const char *name = support_printf(txn, "%04d-%02d", month / 12, month % 12 + 1);
    const SupportState__Sums *sums =
        mc_load(txn, SUPPORT_SUMS, sums_key(txn, unit, name), &support_state__sums__descriptor);

    if (sums == NULL)
        return;
    rep->received += sums->received;
    rep->ended += sums->ended;
    rep->on_time += sums->on_time;
    rep->refused += sums->refused;
    rep->published += sums->published;
    rep->rated += sums->rated;
    rep->satisfied += sums->satisfied;
}

enum mc_status support_sum_feedback(struct support *support, struct mc_txn *txn,
                                    const Support__SumFeedbackRequest *req,
                                    Support__SumFeedbackReply *rep)
{
    int first = month_of(txn, "month", req->month);
    int last = req->until[0] != '\0' ? month_of(txn, "until", req->until) : first;
    const char *scope = support_feedback_scope(support, txn, req->unit);

    if (txn->status == MC_OK && (last < first || last - first >= SUPPORT_SUM_MONTHS_MAX))
        (void)mc_refuse(txn, MC_INVALID, "until", "FIELD_INVALID", "field", support_label("until"),
                        NULL);
    if (txn->status != MC_OK || scope == NULL)
        return txn->status;
    for (int month = first; month <= last; month++)
        add_month(txn, scope, month, rep);
    return txn->status;
}
