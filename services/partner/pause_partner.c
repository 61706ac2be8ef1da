/*
 * PausePartner, ResumePartner: an operator or the partner's administrators stop sending to it, and
 * say why and until when. What is under way ends by itself; what waits is kept.
 */
#include "common/text.h"

#include "registry.h"

static const int64_t day_ms = INT64_C(86400000);

enum mc_status partner_pause_partner(struct partner *partner, struct mc_txn *txn,
                                     const Partner__PausePartnerRequest *req,
                                     Partner__PartnerView *rep)
{
    PartnerState__Partner *record = partner_mine(txn, req->partner_id);
    PartnerState__Pause pause = PARTNER_STATE__PAUSE__INIT;

    (void)partner;
    if (record == NULL)
        return txn->status;
    partner_reason_check(txn, req->reason);
    if (req->until_ms != 0 && (req->until_ms <= txn->now_ms ||
                               req->until_ms > txn->now_ms + PARTNER_PAUSE_DAYS_MAX * day_ms))
        (void)mc_refuse(txn, MC_INVALID, "until_ms", "FIELD_INVALID", "field",
                        "Thời điểm gọi lại (tối đa 30 ngày)", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    pause.by = mc_unconst(partner_actor(txn));
    pause.reason = req->reason;
    pause.since_ms = txn->now_ms;
    pause.until_ms = req->until_ms;
    record->pause = &pause;
    partner_changed(txn, req->partner_id, record,
                    &(struct partner_change){.type = "partner.paused",
                                             .reason = req->reason,
                                             .until_ms = req->until_ms});
    partner_save(txn, req->partner_id, record);
    partner_view(txn, req->partner_id, record, rep);
    return txn->status;
}

enum mc_status partner_resume_partner(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ResumePartnerRequest *req,
                                      Partner__PartnerView *rep)
{
    PartnerState__Partner *record = partner_mine(txn, req->partner_id);

    (void)partner;
    if (record == NULL)
        return txn->status;
    partner_reason_check(txn, req->reason);
    if (record->pause == NULL)
        (void)mc_refuse(txn, MC_CONFLICT, "partner_id", "PARTNER_NOT_PAUSED", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    record->pause = NULL;
    partner_changed(txn, req->partner_id, record,
                    &(struct partner_change){.type = "partner.resumed", .reason = req->reason});
    partner_save(txn, req->partner_id, record);
    partner_view(txn, req->partner_id, record, rep);
    return txn->status;
}
