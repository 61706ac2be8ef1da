/*
 * Outages (C13): when a member's production system has not answered for support.outage_patience,
 * a request for support is sent by itself: in its unit's name, to who deals with requests. One that
 * comes and goes gets one request, and a word in it each time; to end it is for people.
 *
 *     outages: the first 16 bytes of the hash of the partner's id -> Outage
 */
#include <string.h>

#include "integration.h"

static const char group[] = "Tích hợp Cổng Dịch vụ công quốc gia";
static const char sender[] = "Hệ thống tự động";

static struct mc_bytes key_of(struct mc_txn *txn, const char *partner_id)
{
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, mc_key_text(partner_id));
    return mc_keep(txn, hash, MC_ID_LEN);
}

static SupportState__Outage *load(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, SUPPORT_OUTAGES, id, &support_state__outage__descriptor);
}

enum mc_status support_circuit_opened(struct support *support, struct mc_txn *txn,
                                      const Motcua__Event *event, const Partner__CircuitTold *body)
{
    SupportState__Outage fresh = SUPPORT_STATE__OUTAGE__INIT;
    struct mc_bytes id = key_of(txn, body->partner_id);
    SupportState__Outage *outage = load(txn, id);

    if (txn->status != MC_OK || !body->production)
        return txn->status;
    if (outage == NULL)
        outage = &fresh;
    if (outage->alarm_at_ms != 0)
        support_alarm_drop(txn, SUPPORT_OUTAGE, outage->alarm_at_ms, id);
    outage->partner_id = body->partner_id;
    outage->name = body->partner_name;
    outage->unit = body->partner_unit;
    outage->dstcode = body->dstcode;
    outage->reason = body->reason;
    outage->since_ms = body->since_ms != 0 ? body->since_ms : event->at_ms;
    outage->alarm_at_ms = outage->since_ms + support->outage_patience_ms;
    support_alarm_put(txn, SUPPORT_OUTAGE, outage->alarm_at_ms, id);
    mc_save(txn, SUPPORT_OUTAGES, id, &outage->base);
    return txn->status;
}

/* The request that was sent for it, unless it is over. */
static bool request_of(struct mc_txn *txn, const SupportState__Outage *outage,
                       struct support_request *ret_request)
{
    struct mc_bytes id = mc_key_bytes(outage->request_id);
    SupportState__Request *record =
        id.len == MC_ID_LEN
            ? mc_load(txn, SUPPORT_REQUESTS, id, &support_state__request__descriptor)
            : NULL;

    if (record == NULL || record->state == SUPPORT__REQUEST_STATE__REQUEST_DONE ||
        support_state_is_final((Support__RequestState)record->state))
        return false;
    *ret_request = (struct support_request){.record = record, .id = id, .was = record->state};
    return true;
}

/* A list of comments that is full says enough. */
static void say(struct mc_txn *txn, struct support_request *request, const char *text)
{
    if (request->record->comments >= SUPPORT_COMMENTS_MAX)
        return;
    support_comment_put(txn, request->id, &request->record->comments, text, false);
    support_request_save(txn, request, "support.request_commented");
}

enum mc_status support_circuit_closed(struct support *support, struct mc_txn *txn,
                                      const Motcua__Event *event, const Partner__CircuitTold *body)
{
    struct mc_bytes id = key_of(txn, body->partner_id);
    SupportState__Outage *outage = load(txn, id);
    struct support_request request;

    (void)support;
    if (outage == NULL || outage->since_ms == 0)
        return txn->status;
    if (outage->alarm_at_ms != 0)
        support_alarm_drop(txn, SUPPORT_OUTAGE, outage->alarm_at_ms, id);
    else if (request_of(txn, outage, &request))
        say(txn, &request,
            support_printf(txn, "Hệ thống đã trả lời trở lại lúc %s.",
                           support_time(txn, event->at_ms)));
    outage->alarm_at_ms = 0;
    outage->since_ms = 0;
    mc_save(txn, SUPPORT_OUTAGES, id, &outage->base);
    return txn->status;
}

static void send(const struct support *support, struct mc_txn *txn, SupportState__Outage *outage)
{
    SupportState__Request record = SUPPORT_STATE__REQUEST__INIT;
    struct support_request request = {
        .record = &record, .id = mc_new_id(txn), .actor = SUPPORT_BY_REQUESTER};
    const char *title = support_printf(txn, "%s- hệ thống không trả lời", outage->name);
    const char *description = support_printf(
        txn,
        "Hệ thống %s (DSTCODE %s) không trả lời từ %s.\nLỗi: %s.\nDữ liệu gửi tới "
        "hệ thống này được giữ lại và gửi khi hệ thống trả lời.",
        outage->partner_id, outage->dstcode, support_time(txn, outage->since_ms), outage->reason);

    record.unit = outage->unit;
    record.unit_name = outage->name;
    record.service_group = support_text(txn, group);
    record.requester = mc_seal_text(txn, sender);
    record.phone = mc_seal_text(txn, "");
    record.contact = mc_seal_text(txn, "");
    record.contact_phone = mc_seal_text(txn, "");
    record.email = mc_seal_text(txn, "");
    record.title = mc_seal_text(txn, title);
    record.description = mc_seal_text(txn, description);
    if (txn->status == MC_OK && support_request_send(support, txn, &request, title, sender))
        outage->request_id = support_bytes(request.id);
}

void support_outage_lasts(const struct support *support, struct mc_txn *txn, struct mc_bytes id)
{
    SupportState__Outage *outage = load(txn, id);
    struct support_request request;

    if (outage == NULL || outage->alarm_at_ms == 0)
        return;
    outage->alarm_at_ms = 0; /* its row is the one that is being dealt with */
    if (request_of(txn, outage, &request))
        say(txn, &request,
            support_printf(txn, "Hệ thống lại không trả lời từ %s.",
                           support_time(txn, outage->since_ms)));
    else
        send(support, txn, outage);
    mc_save(txn, SUPPORT_OUTAGES, id, &outage->base);
}
