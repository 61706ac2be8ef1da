/* Events of other rooms that say that something fails, or is well again. */
#include <string.h>

#include "alert.h"

enum { HUNDRED = 100, MINUTE_MS = 60000 };

/* C13: contract tests of one system (DSTCODE) that break together are one alert. */
enum mc_status notification_contract_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Partner__ContractChanged *body)
{
    char id[2 * MC_ID_LEN + 1] = "";

    if (body->contract_id.len == MC_ID_LEN)
        (void)mc_hex(id, mc_key_bytes(body->contract_id));
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .api_type = body->api_type,
                   .unit = body->unit,
                   .subject = body->dstcode,
                   .member = body->name,
                   .object = id,
                   .code = "",
                   .error = body->reason,
               });
    return txn->status;
}

/*
 * RCP-06, domain 3.4 (5): what a partner does not take, by (unit, type of service). The code of the
 * words is the dossier's or the receipt's.
 */
enum mc_status notification_delivery_told(struct notification *notification, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Partner__DeliveryTold *body)
{
    char id[2 * MC_ID_LEN + 1] = "";

    if (body->delivery_id.len == MC_ID_LEN)
        (void)mc_hex(id, mc_key_bytes(body->delivery_id));
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .api_type = body->api_type,
                   .unit = body->partner_unit,
                   .subject = body->partner_id,
                   .member = body->partner_name,
                   .object = id,
                   .code = body->object,
                   .error = body->reason,
                   .attempts = body->attempts,
               });
    return txn->status;
}

/* C13: nothing is sent to a partner whose circuit is open. */
enum mc_status notification_circuit_told(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Partner__CircuitTold *body)
{
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .unit = body->partner_unit,
                   .subject = body->partner_id,
                   .member = body->partner_name,
                   .object = "",
                   .code = "",
                   .error = body->reason,
                   .attempts = body->failures,
               });
    return txn->status;
}

/* A gateway that gets less than its share fails or is slow (services/otp/health.c). */
enum mc_status notification_gateway_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Otp__GatewayChanged *body)
{
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .unit = "",
                   .subject = body->gateway,
                   .member = body->gateway,
                   .object = "",
                   .code = "",
                   .error = body->reason,
                   .well = body->share_percent >= HUNDRED,
               });
    return txn->status;
}

enum mc_status notification_pumping_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Otp__PumpingChanged *body)
{
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .unit = "",
                   .subject = body->scope,
                   .member = body->scope,
                   .object = "",
                   .code = "",
                   .error = "",
               });
    return txn->status;
}

/* A queue of any room, by what its house tells of it (common/lane_watch.h). */
enum mc_status notification_queue_late(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event, const Motcua__QueueLate *body)
{
    const char *queue = mc_sprintf(txn->arena, "%s/%s", event->room, body->lane);
    const char *age =
        mc_sprintf(txn->arena, "%lld phút", (long long)(body->oldest_age_ms / MINUTE_MS));

    if (queue == NULL || age == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    alert_hear(notification, txn,
               &(struct alert_fact){
                   .event = event,
                   .unit = "",
                   .subject = queue,
                   .member = queue,
                   .object = "",
                   .code = "",
                   .error = age,
                   .well = strcmp(event->type + strlen(event->room), ".queue_recovered") == 0,
               });
    return txn->status;
}
