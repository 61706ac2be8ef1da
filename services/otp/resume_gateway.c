/* ResumeGateway: a gateway that was paused or drained takes jobs again, with its whole share. */
#include "otp.h"

void otp_resume(struct mc_txn *txn, const char *name, OtpState__Gateway *gateway,
                const char *reason)
{
    gateway->mode = 0;
    gateway->reason = mc_unconst("");
    gateway->by = mc_unconst("");
    gateway->since_ms = 0;
    gateway->until_ms = 0;
    otp_gateway_save(txn, name, gateway);
    otp_gateway_emit(txn, "otp.gateway_resumed", name, gateway, reason);
}

enum mc_status otp_resume_gateway(struct otp *otp, struct mc_txn *txn,
                                  const Otp__ResumeGatewayRequest *req, Otp__GatewayView *rep)
{
    bool known = otp_gateway_is_known(txn, req->gateway);
    OtpState__Gateway *gateway = known ? otp_gateway_load(txn, req->gateway) : NULL;

    otp_check_reason(txn, req->reason);
    if (!known)
        (void)mc_refuse(txn, MC_NOT_FOUND, "gateway", "NOT_FOUND", NULL);
    else if (gateway != NULL && gateway->mode == 0)
        (void)mc_refuse(txn, MC_CONFLICT, "gateway", "CONFLICT", NULL);
    if (txn->status != MC_OK || gateway == NULL)
        return txn->status;
    otp_resume(txn, req->gateway, gateway, req->reason);
    (void)otp_gateway_view(otp, txn, req->gateway, gateway, rep);
    return txn->status;
}
