/*
 * Health: which gateway gets less, by GOV.UK Notify's rule (part E). Of what the carrier took in
 * the last quarter of an hour, 15 in a hundred or more without a word of their end within five
 * minutes: the gateway is slow. The same of hand-overs that came back or were never reported: it
 * fails. Its share is cut by steps, one change at most every five minutes over all gateways, and
 * only while another one that takes the same is well: when all are slow it is not the gateway. A
 * gateway that does well again comes back by the same steps.
 *
 * One that never reports deliveries cannot be called slow.
 */
#include "otp.h"

enum { QUARTER_MS = 15 * 60 * 1000, PERCENT = 100, CUT_STEPS = 4, REASON_SIZE = 64 };

static const uint32_t cuts[CUT_STEPS] = {0, 50, 75, 90};

/* Pieces too young to be slow. */
static unsigned young(const struct otp *otp)
{
    int64_t length_ms = QUARTER_MS / OTP_WINDOW_PIECES;

    return (unsigned)((otp->health_slow_ms + length_ms - 1) / length_ms) + 1;
}

struct otp_health otp_gateway_health(const struct otp *otp, const OtpState__Gateway *gateway,
                                     int64_t now_ms)
{
    struct otp_health health = {
        .sent = otp_window_sum(gateway->sent, now_ms, QUARTER_MS, 0),
        .failed = otp_window_sum(gateway->failed, now_ms, QUARTER_MS, 0),
    };
    uint64_t old = otp_window_sum(gateway->sent, now_ms, QUARTER_MS, young(otp));
    uint64_t answered = otp_window_sum(gateway->answered, now_ms, QUARTER_MS, young(otp));
    uint64_t tried = health.sent + health.failed;
    uint64_t percent = (uint64_t)otp->health_percent;

    health.slow = gateway->reports && old > answered ? old - answered : 0;
    if (tried < (uint64_t)otp->health_min)
        return health;
    health.slow_too_often = health.slow > 0 && health.slow * PERCENT >= percent * health.sent;
    health.failed_too_often = health.failed > 0 && health.failed * PERCENT >= percent * tried;
    return health;
}

static uint32_t next_cut(uint32_t cut, bool bad)
{
    size_t at = 0;

    while (at < CUT_STEPS - 1 && cuts[at] < cut)
        at++;
    if (bad)
        return cuts[MC_MIN(at + 1, (size_t)CUT_STEPS - 1)];
    return at > 0 ? cuts[at - 1] : 0;
}

static bool wants_change(const struct otp *otp, const struct mc_txn *txn,
                         const struct otp_gateways *all, size_t at, const char **ret_why)
{
    const OtpState__Gateway *gateway = all->records[at];
    struct otp_health health = otp_gateway_health(otp, gateway, txn->now_ms);
    bool bad = health.slow_too_often || health.failed_too_often;

    *ret_why = health.failed_too_often ? "FAILING" : health.slow_too_often ? "SLOW" : "RECOVERED";
    if (!bad)
        return gateway->cut > 0;
    return gateway->cut < cuts[CUT_STEPS - 1] &&
           otp_gateway_has_other(otp, all, all->names[at], gateway, -1, true, txn->now_ms);
}

static void switch_shares(const struct otp *otp, struct mc_txn *txn, const struct otp_gateways *all)
{
    const char *why = "";

    for (size_t i = 0; i < all->len; i++)
        if (all->records[i]->cut_at_ms + otp->health_pause_ms > txn->now_ms)
            return;
    for (size_t i = 0; i < all->len; i++) {
        OtpState__Gateway *gateway = all->records[i];

        if (!wants_change(otp, txn, all, i, &why))
            continue;
        gateway->cut = next_cut(gateway->cut, why[0] != 'R');
        gateway->cut_at_ms = txn->now_ms;
        otp_gateway_save(txn, all->names[i], gateway);
        otp_gateway_emit(txn, "otp.gateway_share_changed", all->names[i], gateway, why);
        return;
    }
}

void otp_gateways_tick(const struct otp *otp, struct mc_txn *txn)
{
    struct otp_gateways *all = mc_alloc(txn->arena, sizeof *all);

    if (all == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    otp_gateways_load(txn, all);
    for (size_t i = 0; i < all->len; i++) {
        OtpState__Gateway *gateway = all->records[i];

        if (gateway->until_ms != 0 && gateway->until_ms <= txn->now_ms)
            otp_resume(txn, all->names[i], gateway, "UNTIL");
    }
    switch_shares(otp, txn, all);
}
