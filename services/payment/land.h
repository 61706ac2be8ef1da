/*
 * Land: what is owed to the state for a dossier about land. Only the payment room's files include
 * it.
 *
 *     land_dossiers   dossier code                     -> LandDossier: what we know of it
 *     land_notices    dossier code, 0, notice's number -> LandNotice
 *     land_look_ups   look-up id                       -> LandLookUp, for half an hour
 *
 * A notice comes twice: the province tells of it (land_notice_in.c), and the tax office lists it
 * when somebody looks it up (land_look_up.c), with what is still owed. One notice is paid at a
 * time, as an order of its own. When it is paid a voucher goes to the province, and the dossier may
 * go on when none is left.
 */
#pragma once

#include "tax.h"

enum {
    PAYMENT_LAND_LIFE_MS = 30 * 60 * 1000, /* of a look-up */
    PAYMENT_LAND_PER_MINUTE = 30,          /* look-ups of one source */
    PAYMENT_LAND_NOTICES_MAX = 50,         /* of one dossier */
    PAYMENT_NOTICE_MAX = 64,               /* bytes of a notice's number */
    PAYMENT_LAND_TICK_ROWS = 200,
};

enum payment_land_state {
    PAYMENT_LAND_DUE = 1,
    PAYMENT_LAND_PAID = 2,      /* here */
    PAYMENT_LAND_ELSEWHERE = 3, /* the tax office does not list it any more */
};

mc_nodiscard struct mc_bytes payment_land_key(struct mc_txn *txn, const char *code,
                                              const char *notice);
mc_nodiscard PaymentState__LandNotice *payment_land_load(struct mc_txn *txn, const char *code,
                                                         const char *notice);
void payment_land_save(struct mc_txn *txn, const char *code, const char *notice,
                       const PaymentState__LandNotice *record);
/* Its lines, opened; NULL with the call failed. */
mc_nodiscard PaymentState__TaxDebts *payment_land_lines(struct mc_txn *txn,
                                                        ProtobufCBinaryData sealed);

/* Sets the lines of a DUE notice and their sum. False: an amount no notice can have. */
mc_nodiscard bool payment_land_set(struct mc_txn *txn, PaymentState__LandNotice *record,
                                   PaymentState__TaxDebt **lines, size_t n);

/* Is a notice of this dossier still to be paid? */
bool payment_land_is_due(struct mc_txn *txn, const char *code);

/* A dossier of ours was accepted, or moved: who it is of, for notices and vouchers. */
void payment_land_dossier_keep(struct mc_txn *txn, const Dossier__Changed *body);

/* An order for a notice: the treasury's fields for the platform; and, once paid, the voucher. */
void payment_land_init(struct mc_txn *txn, const PaymentState__Order *order,
                       PaymentState__Init *init);
void payment_land_paid(struct mc_txn *txn, const struct payment_case *c);

/* The statistics office's code of a tax area, in the arena; "" when it is not in our table. */
const char *payment_tax_area(struct mc_arena *arena, const char *tax_area);

/* Drops look-ups that are over. */
void payment_land_tick(struct mc_txn *txn);

enum mc_status payment_start_land_look_up(struct payment *payment, struct mc_txn *txn,
                                          const Payment__StartLandLookUpRequest *req,
                                          Payment__LandLookUp *rep);
enum mc_status payment_get_land_look_up(struct payment *payment, struct mc_txn *txn,
                                        const Payment__GetLandLookUpRequest *req,
                                        Payment__LandLookUp *rep);
enum mc_status payment_pay_land(struct payment *payment, struct mc_txn *txn,
                                const Payment__PayLandRequest *req, Payment__Order *rep);
enum mc_status payment_tax_notice(struct payment *payment, struct mc_txn *txn,
                                  const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep);
enum mc_status payment_list_vouchers(struct payment *payment, struct mc_txn *txn,
                                     const Payment__ListVouchersRequest *req,
                                     Payment__ListVouchersReply *rep);
enum mc_status payment_set_voucher_delivery(struct payment *payment, struct mc_txn *txn,
                                            const Payment__SetVoucherDeliveryRequest *req,
                                            Payment__Voucher *rep);

/* Effect: tax.land. */
PAYMENT_EFFECT(tax_land);
