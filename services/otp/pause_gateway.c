/*
 * PauseGateway: an operator stops a gateway, and says why and until when. What a paused one holds
 * goes back to the queue at once and its tokens are stale: a text it has just sent may go out
 * twice, a code as the same code. A draining one may finish what it holds; ListGateways shows when
 * it has.
 */
#include <string.h>

#include "common/text.h"

#include "otp.h"

enum { TAKE_BACK_MAX = 1000 };

void otp_check_reason(struct mc_txn *txn, const char *reason)
{
    if (reason[strspn(reason, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(reason) > OTP_WHY_MAX)
        otp_refuse_long(txn, "reason", "Lý do", "200 ký tự");
    for (const char *at = reason; *at != '\0'; at++)
        if ((unsigned char)*at < ' ') {
            otp_refuse_field(txn, "reason", "Lý do");
            return;
        }
}

static enum mc_status check(struct mc_txn *txn, const Otp__PauseGatewayRequest *req)
{
    bool known = otp_gateway_is_known(txn, req->gateway);

    otp_check_reason(txn, req->reason);
    if (req->until_ms != 0 &&
        (req->until_ms <= txn->now_ms || req->until_ms > txn->now_ms + OTP_PAUSE_MAX_MS))
        otp_refuse_field(txn, "until_ms", "Thời điểm chạy lại (tối đa 30 ngày)");
    if (!known)
        (void)mc_refuse(txn, MC_NOT_FOUND, "gateway", "NOT_FOUND", NULL);
    return txn->status;
}

enum mc_status otp_pause_gateway(struct otp *otp, struct mc_txn *txn,
                                 const Otp__PauseGatewayRequest *req, Otp__GatewayView *rep)
{
    if (check(txn, req) != MC_OK)
        return txn->status;
    OtpState__Gateway *gateway = otp_gateway_load(txn, req->gateway);
    if (gateway == NULL)
        return txn->status;

    gateway->mode = req->drain ? OTP__GATEWAY_MODE__DRAINING : OTP__GATEWAY_MODE__PAUSED;
    gateway->reason = req->reason;
    gateway->by = mc_unconst(txn->actor);
    gateway->since_ms = txn->now_ms;
    gateway->until_ms = req->until_ms;
    otp_gateway_save(txn, req->gateway, gateway);
    for (unsigned lane = 0; !req->drain && lane < OTP_LANES_LEN; lane++)
        (void)mc_jobs_held_by(txn, lane, req->gateway, true, TAKE_BACK_MAX);
    otp_gateway_emit(txn, "otp.gateway_paused", req->gateway, gateway, req->reason);
    (void)otp_gateway_view(otp, txn, req->gateway, gateway, rep);
    return txn->status;
}
