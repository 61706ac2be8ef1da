/*
 * The feed: what happens to a unit's dossiers and payments, one after another, as CloudEvents 1.0.
 * Read by ReadFeed, sent by webhooks. It names nobody: whoever may know more asks by the code.
 */
#pragma once

#include "dossier.pb-c.h"
#include "payment.pb-c.h"

#include "partner.h"

enum {
    PARTNER_FEED_TYPES_MAX = 16, /* one subscription names */
    PARTNER_FEED_LIMIT_DEFAULT = 50,
    PARTNER_FEED_LIMIT_MAX = 100,
    PARTNER_FEED_LOOK_MAX = 500,   /* rows looked at by one call, whatever their type */
    PARTNER_FEED_TICK_ROWS = 1000, /* too old, and dropped at once */
    PARTNER_SEQUENCE_LEN = 8,
    PARTNER_WEBHOOKS_PER_UNIT = 20,
    PARTNER_WEBHOOK_KEY_LEN = 32, /* Standard Webhooks: 24 to 64 */
    PARTNER_WEBHOOK_TIMEOUT_MS = 10000,
    PARTNER_WEBHOOK_LEASE_MS = 20000,
    PARTNER_WEBHOOK_BACKOFF_MS = 5000,
    PARTNER_WEBHOOK_BACKOFF_MAX_MS = 3600000,
    PARTNER_WEBHOOK_ANSWER_MAX = 4096,
};

/* Events of other rooms. */
enum mc_status partner_feed_dossier(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__Event *event, const Dossier__Changed *body);
enum mc_status partner_feed_payment(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__Event *event, const Payment__OrderChanged *body);

/* Refuses types that there are not; field is "types". */
void partner_feed_types_check(struct mc_txn *txn, char *const *types, size_t len);
bool partner_feed_wants(char *const *types, size_t len, const char *type);

/* The first row of a unit behind `after` that is wanted; 0: none among those looked at, and
 * *ret_looked says how far that was. */
uint64_t partner_feed_next(struct mc_txn *txn, const char *unit, uint64_t after, char *const *types,
                           size_t types_len, uint64_t *ret_looked, PartnerState__FeedRow **ret_row);
uint64_t partner_feed_last(struct mc_txn *txn);
uint64_t partner_feed_first(struct mc_txn *txn);
void partner_feed_tick(const struct partner *partner, struct mc_txn *txn);

/* Webhooks (webhook.c). */
PartnerState__Webhook *partner_webhook_load(struct mc_txn *txn, struct mc_bytes id,
                                            Partner__Webhook **ret_told);
void partner_webhook_save(struct mc_txn *txn, PartnerState__Webhook *record,
                          const Partner__Webhook *told);
/* The caller's to change; refuses otherwise, and what was removed. */
PartnerState__Webhook *partner_webhook_mine(struct mc_txn *txn, ProtobufCBinaryData id,
                                            Partner__Webhook **ret_told);
PartnerState__Secrets *partner_webhook_open(struct mc_txn *txn, PartnerState__Webhook *record);
void partner_webhook_emit(struct mc_txn *txn, const char *type, const PartnerState__Webhook *record,
                          const Partner__Webhook *told, const char *reason);
/* A new secret before the others; as it is told. NULL: no memory. */
char *partner_webhook_secret_make(struct mc_txn *txn, PartnerState__Secrets *secrets, bool alone);
/* What it is told as, with its address. */
void partner_webhook_show(struct mc_txn *txn, PartnerState__Webhook *record,
                          const Partner__Webhook *told, Partner__Webhook *rep);
/* Ends what is under way, and begins what is next: the challenge, an event, or nothing. */
void partner_webhook_restart(struct mc_txn *txn, PartnerState__Webhook *record,
                             Partner__Webhook *told);
/* An event of this unit has come: webhooks that rest and want it begin. */
void partner_webhooks_wake(struct mc_txn *txn, const char *unit);

enum mc_status partner_webhook_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request);
enum mc_status partner_webhook_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict);
