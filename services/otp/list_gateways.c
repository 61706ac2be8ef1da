/* ListGateways: who sends, how well, and what operators and the health rule have decided. */
#include "otp.h"

enum { HELD_LOOK_MAX = 5000, PERCENT = 100 };

static void fill_lanes(struct mc_txn *txn, const OtpState__Gateway *gateway, Otp__GatewayView *view)
{
    view->lanes = mc_alloc(txn->arena, OTP_LANES_LEN * sizeof *view->lanes);
    if (view->lanes == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (unsigned lane = 0; lane < OTP_LANES_LEN; lane++)
        if ((gateway->lanes & 1U << lane) != 0)
            view->lanes[view->n_lanes++] = (Otp__Lane)(lane + OTP__LANE__OTP);
}

Otp__GatewayView *otp_gateway_view(const struct otp *otp, struct mc_txn *txn, const char *name,
                                   const OtpState__Gateway *gateway, Otp__GatewayView *view)
{
    struct otp_health health = otp_gateway_health(otp, gateway, txn->now_ms);

    view->gateway = mc_unconst(name);
    view->mode = otp_gateway_mode(otp, gateway, txn->now_ms);
    view->reason = gateway->reason;
    view->by = gateway->by;
    view->since_ms = gateway->since_ms;
    view->until_ms = gateway->until_ms;
    view->seen_at_ms = gateway->seen_at_ms;
    fill_lanes(txn, gateway, view);
    view->carriers = gateway->carriers;
    view->n_carriers = gateway->n_carriers;
    for (unsigned lane = 0; lane < OTP_LANES_LEN; lane++)
        view->held += (uint32_t)mc_jobs_held_by(txn, lane, name, false, HELD_LOOK_MAX);
    view->share_percent = PERCENT - MC_MIN(gateway->cut, (uint32_t)PERCENT);
    view->rate = (uint32_t)otp_gateway_rate(otp, name);
    view->sent = (uint32_t)health.sent;
    view->failed = (uint32_t)health.failed;
    view->slow = (uint32_t)health.slow;
    view->reports = gateway->reports;
    view->healthy = !health.slow_too_often && !health.failed_too_often;
    return view;
}

enum mc_status otp_list_gateways(struct otp *otp, struct mc_txn *txn,
                                 const Otp__ListGatewaysRequest *req, Otp__ListGatewaysReply *rep)
{
    struct otp_gateways *all = mc_alloc(txn->arena, sizeof *all);
    Otp__GatewayView *views = mc_alloc(txn->arena, OTP_GATEWAYS_MAX * sizeof *views);

    (void)req;
    rep->gateways = mc_alloc(txn->arena, OTP_GATEWAYS_MAX * sizeof(void *));
    if (all == NULL || views == NULL || rep->gateways == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    otp_gateways_load(txn, all);
    for (size_t i = 0; i < all->len; i++) {
        otp__gateway_view__init(&views[i]);
        rep->gateways[rep->n_gateways++] =
            otp_gateway_view(otp, txn, all->names[i], all->records[i], &views[i]);
    }
    return txn->status;
}
