/*
 * GetApiCheck: what came back, raw, as Postman would show it (API-04): status line, headers, body,
 * times; and what the portal makes of it. Officers of the unit that asked, and of those above it.
 */
#include "check.h"

static bool is_waiting(const Partner__ApiCheck *told)
{
    return told->state == PARTNER__API_CHECK_STATE__API_CHECK_WAITING;
}

static void open_sealed(struct mc_txn *txn, const PartnerState__Check *record,
                        Partner__ApiCheck *rep)
{
    const PartnerState__Asked *asked =
        partner_open(txn, record->asked, &partner_state__asked__descriptor);
    const PartnerState__Answered *answered =
        record->answered.len > 0
            ? partner_open(txn, record->answered, &partner_state__answered__descriptor)
            : NULL;

    if (asked != NULL) {
        rep->url = asked->url;
        rep->request_body = asked->body;
    }
    if (answered != NULL) {
        rep->head = answered->head;
        rep->body = answered->body;
    }
}

enum mc_status partner_get_api_check(struct partner *partner, struct mc_txn *txn,
                                     const Partner__GetApiCheckRequest *req, Partner__ApiCheck *rep)
{
    Partner__ApiCheck *told = NULL;

    (void)partner;
    if (req->check_id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "check_id", "FIELD_INVALID", "field", "check_id", NULL);
    if (req->wait_ms > PARTNER_WAIT_MAX_MS)
        (void)mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field",
                        "Thời gian chờ (tối đa 10 giây)", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    const PartnerState__Check *record = partner_check_load(txn, mc_key_bytes(req->check_id), &told);
    if (txn->status != MC_OK)
        return txn->status;
    if (record == NULL || !mc_unit_mine(txn, told->unit))
        return mc_refuse(txn, MC_NOT_FOUND, "check_id", "NOT_FOUND", NULL);
    if (is_waiting(told) && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    const ProtobufCMessage base = rep->base;
    *rep = *told;
    rep->base = base;
    open_sealed(txn, record, rep);
    return txn->status;
}
