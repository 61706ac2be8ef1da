/*
 * gather and report: a dossier is fetched from its room when its turn comes, and the rooms are told
 * whether a partner has what is theirs (ReportSync, SetVoucherDelivery).
 */
#include <string.h>

#include "delivery.h"

static void job_add(struct mc_txn *txn, const char *kind, const ProtobufCMessage *payload,
                    const char *room, const PartnerState__Delivery *delivery)
{
    const char *keys[] = {
        mc_sprintf(txn->arena, "%s:%s", partner_object_name(delivery), delivery->object), NULL};

    if (keys[0] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PARTNER_LANE_ROOMS,
                              .kind = kind,
                              .payload = mc_key_bytes(partner_pack(txn, payload)),
                              .backoff_ms = PARTNER_ROOM_BACKOFF_MS,
                              .backoff_max_ms = PARTNER_ROOM_BACKOFF_MAX_MS,
                              .destination = room,
                              .keys = keys,
                          });
}

void partner_gather_job(struct mc_txn *txn, struct mc_bytes id,
                        const PartnerState__Delivery *delivery)
{
    PartnerState__Work work = PARTNER_STATE__WORK__INIT;

    work.delivery_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    work.dossier_id = delivery->dossier_id;
    work.partner_id = delivery->partner_id;
    work.client_id = delivery->client_id;
    work.account_id = delivery->account_id;
    job_add(txn, "gather", &work.base, work.client_id[0] != '\0' ? "identity" : "dossier",
            delivery);
}

static enum mc_status account_call(struct mc_arena *arena, const PartnerState__Work *work,
                                   struct mc_room_call *ret_call)
{
    Identity__ReadForMemberRequest *request = mc_alloc(arena, sizeof *request);

    if (request == NULL)
        return MC_LIMITED;
    identity__read_for_member_request__init(request);
    request->client_id = work->client_id;
    request->account_id = work->account_id;
    request->partner_id = work->partner_id;
    *ret_call = (struct mc_room_call){.room = "identity",
                                      .service = &identity__identity__descriptor,
                                      .method = "ReadForMember",
                                      .request = &request->base};
    return MC_OK;
}

enum mc_status partner_gather_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    const PartnerState__Work *work = (const void *)payload;

    (void)ctx, (void)job;
    if (work->client_id[0] != '\0')
        return account_call(arena, work, ret_call);
    Dossier__ReadForPartnerRequest *request = mc_alloc(arena, sizeof *request);
    if (request == NULL)
        return MC_LIMITED;
    dossier__read_for_partner_request__init(request);
    request->dossier_id = work->dossier_id;
    request->partner_id = work->partner_id;
    *ret_call = (struct mc_room_call){.room = "dossier",
                                      .service = &dossier__dossier__descriptor,
                                      .method = "ReadForPartner",
                                      .request = &request->base};
    return MC_OK;
}

/* What its room has told, as it is sent. */
static const char *gathered(const struct partner *partner, struct mc_txn *txn,
                            PartnerState__Delivery *delivery, const ProtobufCMessage *reply)
{
    if (delivery->kind == PARTNER__DELIVERY_KIND__ACCOUNT)
        return ((const Identity__ReadForMemberReply *)(const void *)reply)->json;
    const Dossier__DossierView *view = (const void *)reply;
    delivery->version = view->version;
    return partner_body_dossier(partner, txn, view);
}

enum mc_status partner_gather_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict)
{
    const struct partner *partner = ctx;
    const PartnerState__Work *work = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(work->delivery_id);
    PartnerState__Delivery *delivery = partner_delivery_load(txn, id);

    (void)job;
    *ret_verdict = MC_DONE;
    if (delivery == NULL || delivery->state != PARTNER__DELIVERY_STATE__DELIVERY_GATHERING)
        return txn->status;
    if (result->status != MC_OK || result->reply == NULL) {
        bool never = result->status == MC_NOT_FOUND || result->status == MC_DENIED ||
                     result->status == MC_INVALID || result->status == MC_CORRUPT;
        *ret_verdict = never ? MC_BURY : MC_RETRY;
        if (!never)
            return txn->status;
        delivery->reason = mc_unconst("NOT_CALLABLE");
        delivery->state = PARTNER__DELIVERY_STATE__DELIVERY_FAILED;
        delivery->told = true;
        partner_failing_set(txn, id, delivery, true);
        partner_delivery_tell(partner, txn, "partner.delivery_failed", id, delivery);
    } else {
        const char *data = gathered(partner, txn, delivery, result->reply);
        if (data == NULL)
            return txn->status;
        delivery->data = mc_seal_text(txn, data);
        partner_deliver_job(partner, txn, id, delivery);
    }
    partner_delivery_save(txn, id, delivery);
    return txn->status;
}

void partner_report_job(struct mc_txn *txn, const PartnerState__Delivery *delivery,
                        const char *problem)
{
    PartnerState__Report report = PARTNER_STATE__REPORT__INIT;

    if (delivery->kind == PARTNER__DELIVERY_KIND__RECEIPT ||
        delivery->kind == PARTNER__DELIVERY_KIND__ACCOUNT)
        return; /* nobody keeps it there */
    report.problem = mc_unconst(problem);
    report.dossier_id = delivery->dossier_id;
    report.version = delivery->version;
    report.dossier_code = delivery->object;
    report.notice = delivery->notice;
    job_add(txn, "report", &report.base,
            delivery->kind == PARTNER__DELIVERY_KIND__TAX_VOUCHER ? "payment" : "dossier",
            delivery);
}

static enum mc_status voucher_call(struct mc_arena *arena, const PartnerState__Report *report,
                                   struct mc_room_call *ret_call)
{
    Payment__SetVoucherDeliveryRequest *request = mc_alloc(arena, sizeof *request);

    if (request == NULL)
        return MC_LIMITED;
    payment__set_voucher_delivery_request__init(request);
    request->dossier_code = report->dossier_code;
    request->notice = report->notice;
    request->state = report->problem[0] == '\0' ? PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED
                                                : PAYMENT__VOUCHER_STATE__VOUCHER_UNDELIVERED;
    request->error = report->problem;
    *ret_call = (struct mc_room_call){.room = "payment",
                                      .service = &payment__payment__descriptor,
                                      .method = "SetVoucherDelivery",
                                      .request = &request->base};
    return MC_OK;
}

enum mc_status partner_report_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    const PartnerState__Report *report = (const void *)payload;

    (void)ctx, (void)job;
    if (report->notice[0] != '\0')
        return voucher_call(arena, report, ret_call);
    Dossier__ReportSyncRequest *request = mc_alloc(arena, sizeof *request);
    if (request == NULL)
        return MC_LIMITED;
    dossier__report_sync_request__init(request);
    request->dossier_id = report->dossier_id;
    request->version = report->version;
    request->problem = report->problem;
    *ret_call = (struct mc_room_call){.room = "dossier",
                                      .service = &dossier__dossier__descriptor,
                                      .method = "ReportSync",
                                      .request = &request->base};
    return MC_OK;
}

enum mc_status partner_report_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict)
{
    bool never = result->status == MC_NOT_FOUND || result->status == MC_INVALID ||
                 result->status == MC_DENIED;

    (void)ctx, (void)job, (void)payload;
    if (result->status == MC_OK)
        *ret_verdict = MC_DONE;
    else
        *ret_verdict = never ? MC_BURY : MC_RETRY;
    return txn->status;
}
