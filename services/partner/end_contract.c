/* EndContract: it is not run any more. It stays, with its runs, and says who ended it and why. */
#include "common/text.h"

#include "check.h"

enum mc_status partner_end_contract(struct partner *partner, struct mc_txn *txn,
                                    const Partner__EndContractRequest *req, Partner__Contract *rep)
{
    Partner__Contract *told = NULL;

    (void)partner;
    if (req->reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(req->reason) > PARTNER_REASON_MAX)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "500 ký tự", NULL);
    PartnerState__Contract *record = partner_contract_mine(txn, req->contract_id, &told);
    if (record == NULL || txn->status != MC_OK)
        return txn->status;
    if (told->state == PARTNER__CONTRACT_STATE__CONTRACT_ENDED)
        return mc_refuse(txn, MC_EXPIRED, "contract_id", "CONTRACT_OVER", NULL);
    partner_contract_unplan(txn, mc_key_bytes(told->contract_id), told);
    told->state = PARTNER__CONTRACT_STATE__CONTRACT_ENDED;
    told->next_run_ms = 0;
    told->changed_ms = txn->now_ms;
    told->reason = req->reason;
    partner_contract_save(txn, mc_key_bytes(told->contract_id), record, told);
    partner_contract_emit(txn, "partner.contract_ended", told, (struct mc_bytes){0});
    const ProtobufCMessage base = rep->base;
    *rep = *told;
    rep->base = base;
    return txn->status;
}
