/*
 * Deliveries: what partners are sent. Each is a row, kept when it is over; what goes to one partner
 * about one thing is a stream, and of a stream only the first that is not over has a job. So a
 * dossier is created before it moves, one at a time, and what cannot be delivered holds up nothing
 * but its own dossier. Private to this room.
 *
 *     deliveries: delivery id -> Delivery
 *     streams:    partner id, NUL, stream, NUL, delivery id -> nothing: not over yet, in order
 *     known:      partner id, NUL, dossier id -> nothing: a DOSSIER_CREATE was made for it
 *     listed:     'p', partner id, NUL, delivery id    all of a partner
 *                 'f', partner id, NUL, delivery id    those that are late or failed
 *                 'o', object, NUL, delivery id        all of a dossier or receipt
 */
#pragma once

#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "payment.pb-c.h"

#include "circuit.h"
#include "registry.h"

enum {
    PARTNER_HISTORY_HEAD = 5,  /* attempts kept of the first */
    PARTNER_HISTORY_MAX = 40,  /* and with the last ones */
    PARTNER_DATA_MAX = 200000, /* bytes of what is sent */
    PARTNER_ANSWER_MAX = 64 << 10,
    PARTNER_DELIVER_LEASE_MS = 75000, /* longer than the longest timeout */
    PARTNER_ROOM_LEASE_MS = 30000,
    PARTNER_ROOM_BACKOFF_MS = 1000,
    PARTNER_ROOM_BACKOFF_MAX_MS = 300000,
    PARTNER_EVIDENCE_CHARS_MAX = 500,
    PARTNER_LIST_LOOK_ROWS = 1000,
};

/* Of each kind: its API, the service's name in the body. */
struct partner_goods {
    const char *api_type;
    const char *service;
};
const struct partner_goods *partner_goods_of(Partner__DeliveryKind kind);

/* What its object is, in keys of events and jobs. */
const char *partner_object_name(const PartnerState__Delivery *delivery);

PartnerState__Delivery *partner_delivery_load(struct mc_txn *txn, struct mc_bytes id);
void partner_delivery_save(struct mc_txn *txn, struct mc_bytes id,
                           const PartnerState__Delivery *delivery);
/* A new one at the end of its stream; `delivery` has everything but its state and times. */
void partner_delivery_begin(const struct partner *partner, struct mc_txn *txn,
                            PartnerState__Delivery *delivery);
/* It is over: it leaves its stream, and the next begins. */
void partner_delivery_end(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                          PartnerState__Delivery *delivery, Partner__DeliveryState state);
/* The job that sends it; `delivery` is saved by the caller. */
void partner_deliver_job(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                         PartnerState__Delivery *delivery);
/* Late or failed from now on, or not any more: the partner's count and list of such. */
void partner_failing_set(struct mc_txn *txn, struct mc_bytes id, PartnerState__Delivery *delivery,
                         bool failing);
void partner_delivery_tell(const struct partner *partner, struct mc_txn *txn, const char *type,
                           struct mc_bytes id, const PartnerState__Delivery *delivery);
void partner_delivery_view(struct mc_txn *txn, struct mc_bytes id,
                           const PartnerState__Delivery *delivery, bool history,
                           Partner__Delivery *rep);

/* What is sent of each, as JSON text (body.c); NULL: the call has failed. */
char *partner_body_dossier(const struct partner *partner, struct mc_txn *txn,
                           const Dossier__DossierView *view);
char *partner_body_progress(struct mc_txn *txn, const Dossier__Changed *changed, int64_t at_ms);
char *partner_body_voucher(const struct partner *partner, struct mc_txn *txn,
                           const Payment__VoucherIssued *voucher);
char *partner_body_receipt(const struct partner *partner, struct mc_txn *txn,
                           const Payment__ReceiptChanged *receipt, int64_t at_ms);

/* Events of other rooms (follow.c). */
enum mc_status partner_dossier_changed(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__Event *event, const Dossier__Changed *body);
enum mc_status partner_voucher_issued(struct partner *partner, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Payment__VoucherIssued *body);
enum mc_status partner_receipt_printed(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Payment__ReceiptChanged *body);
enum mc_status partner_member_account(struct partner *partner, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__MemberAccount *body);

/* Effects: deliver (deliver.c), gather and report (rooms.c). */
enum mc_status partner_deliver_http(void *ctx, struct mc_txn *snapshot, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request);
enum mc_status partner_deliver_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict);
void partner_gather_job(struct mc_txn *txn, struct mc_bytes id,
                        const PartnerState__Delivery *delivery);
enum mc_status partner_gather_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload, struct mc_room_call *ret_call);
enum mc_status partner_gather_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict);
/* Tells the room it came from how it went; problem "": it has arrived. */
void partner_report_job(struct mc_txn *txn, const PartnerState__Delivery *delivery,
                        const char *problem);
enum mc_status partner_report_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload, struct mc_room_call *ret_call);
enum mc_status partner_report_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict);

/* Deliveries that have been over for partner.delivery_life go; some rows at a time. */
void partner_deliveries_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep);
void partner_deliveries_forget(struct partner *partner, struct mc_txn *txn);
