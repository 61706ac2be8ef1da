/*
 * The partner room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the
 * call's arena; NULL or false means absent, or that the call has failed.
 */
#pragma once

#include "common/guard.h"
#include "common/service.h"
#include "common/unit_index.h"

#include "partner.pb-c.h"
#include "state.pb-c.h"

#define PARTNER_RIGHT_CHECK "API_TEST"
#define PARTNER_RIGHT_ADMIN "APCA_ADMIN"

enum partner_table {
    PARTNER_CHECKS = MC_TABLE_ROOM,
    PARTNER_BY_UNIT,
    PARTNER_BUDGETS,
    PARTNER_CONTRACTS,
    PARTNER_CONTRACT_RUNS,
    PARTNER_CONTRACTS_DUE,
    PARTNER_FEED,
    PARTNER_FEED_UNITS,
    PARTNER_WEBHOOKS,
    PARTNER_WEBHOOK_UNITS,
    PARTNER_PARTNERS,
    PARTNER_UNITS,
    PARTNER_CHANGES,
    PARTNER_CIRCUITS,
    PARTNER_SESSIONS,
    PARTNER_DELIVERIES,
    PARTNER_STREAMS,
    PARTNER_KNOWN,
    PARTNER_LISTED,
    PARTNER_INBOUND,
    PARTNER_INBOUND_NAMES,
    PARTNER_CERTIFICATES,
    PARTNER_CERTIFIED,
    PARTNER_TABLES_END
};

enum partner_lane {
    PARTNER_LANE_CHECK,
    PARTNER_LANE_WEBHOOK,
    PARTNER_LANE_DELIVER, /* to partners: its destinations have gates (circuit.c) */
    PARTNER_LANE_ROOMS,   /* to rooms of ours */
    PARTNER_LANES_LEN
};

enum {
    PARTNER_PAGE_DEFAULT = 20,
    PARTNER_PAGE_MAX = 50,
    PARTNER_WAIT_MAX_MS = 10000,
    PARTNER_TICK_ROWS = 100,
    PARTNER_REASON_MAX = 500, /* characters */
    PARTNER_TYPE_SIZE = 32,
    PARTNER_NAME_SIZE = 128,
    PARTNER_TYPES_MAX = 16,
    PARTNER_FIELDS_MAX = 64,
    PARTNER_MEANINGS_MAX = 32,
};

/* An API type, and what its answers hold (data/api_types.csv, data/answer_fields.csv). */
struct partner_field {
    char type[PARTNER_TYPE_SIZE];
    char path[64];
    char kind[16];
    bool required;
    char note[PARTNER_NAME_SIZE];
};

struct partner_type {
    char key[PARTNER_TYPE_SIZE];
    char name[PARTNER_NAME_SIZE];
    char code_field[PARTNER_TYPE_SIZE];
    char success[PARTNER_TYPE_SIZE]; /* "0|00" */
    struct mc_bytes sample;
};

struct partner_meaning {
    char field[PARTNER_TYPE_SIZE];
    char code[16];
    char text[PARTNER_NAME_SIZE];
};

struct partner_book {
    struct partner_type types[PARTNER_TYPES_MAX];
    size_t types_len;
    struct partner_field fields[PARTNER_FIELDS_MAX];
    size_t fields_len;
    struct partner_meaning meanings[PARTNER_MEANINGS_MAX];
    size_t meanings_len;
};

struct partner {
    /* from the configuration */
    struct mc_config_list check_networks;
    struct mc_config_list check_ports;
    bool allow_plain_http;
    int64_t checks_per_officer;
    int64_t checks_per_unit;
    int64_t check_life_ms;
    int64_t contract_hour;
    int64_t contract_spread_ms;
    int64_t check_limit_ms;
    int64_t rooms_limit_ms;
    int64_t feed_life_ms;
    int64_t webhook_patience_ms;
    bool call_test_systems;
    const char *file_base;
    const char *door_url;
    int64_t session_life_ms;
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t give_up_ms;
    int64_t late_after;
    int64_t refused_max;
    int64_t probe_first_ms;
    int64_t delivery_life_ms;

    uint8_t forget_place[MC_ID_LEN]; /* how far old deliveries were looked at */
    bool forgetting;
    const char *own_dstcode;
    int64_t inbound_life_ms;
    int64_t inbound_per_minute;

    const uint8_t *sign_secret; /* of certificates' proofs; the frame's */
    struct mc_guard guard;      /* of every address that somebody outside gave us */
    struct partner_book book;
};

/* Handlers, one file each. */
enum mc_status partner_list_api_types(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ListApiTypesRequest *req,
                                      Partner__ListApiTypesReply *rep);
enum mc_status partner_start_api_check(struct partner *partner, struct mc_txn *txn,
                                       const Partner__StartApiCheckRequest *req,
                                       Partner__ApiCheck *rep);
enum mc_status partner_get_api_check(struct partner *partner, struct mc_txn *txn,
                                     const Partner__GetApiCheckRequest *req,
                                     Partner__ApiCheck *rep);
enum mc_status partner_list_api_checks(struct partner *partner, struct mc_txn *txn,
                                       const Partner__ListApiChecksRequest *req,
                                       Partner__ListApiChecksReply *rep);
enum mc_status partner_keep_contract(struct partner *partner, struct mc_txn *txn,
                                     const Partner__KeepContractRequest *req,
                                     Partner__Contract *rep);
enum mc_status partner_list_contracts(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ListContractsRequest *req,
                                      Partner__ListContractsReply *rep);
enum mc_status partner_run_contract(struct partner *partner, struct mc_txn *txn,
                                    const Partner__RunContractRequest *req, Partner__ApiCheck *rep);
enum mc_status partner_list_contract_runs(struct partner *partner, struct mc_txn *txn,
                                          const Partner__ListContractRunsRequest *req,
                                          Partner__ListContractRunsReply *rep);
enum mc_status partner_end_contract(struct partner *partner, struct mc_txn *txn,
                                    const Partner__EndContractRequest *req, Partner__Contract *rep);

enum mc_status partner_list_certificates(struct partner *partner, struct mc_txn *txn,
                                         const Partner__ListCertificatesRequest *req,
                                         Partner__ListCertificatesReply *rep);
enum mc_status partner_get_certificate(struct partner *partner, struct mc_txn *txn,
                                       const Partner__GetCertificateRequest *req,
                                       Partner__IntegrationCertificate *rep);
enum mc_status partner_verify_certificate(struct partner *partner, struct mc_txn *txn,
                                          const Partner__VerifyCertificateRequest *req,
                                          Partner__VerifyCertificateReply *rep);

enum mc_status partner_read_member_feed(struct partner *partner, struct mc_txn *txn,
                                        const Partner__ReadMemberFeedRequest *req,
                                        Partner__ReadFeedReply *rep);
enum mc_status partner_read_feed(struct partner *partner, struct mc_txn *txn,
                                 const Partner__ReadFeedRequest *req, Partner__ReadFeedReply *rep);
enum mc_status partner_save_webhook(struct partner *partner, struct mc_txn *txn,
                                    const Partner__SaveWebhookRequest *req,
                                    Partner__SaveWebhookReply *rep);
enum mc_status partner_get_webhook(struct partner *partner, struct mc_txn *txn,
                                   const Partner__GetWebhookRequest *req, Partner__Webhook *rep);
enum mc_status partner_list_webhooks(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListWebhooksRequest *req,
                                     Partner__ListWebhooksReply *rep);
enum mc_status partner_rotate_webhook_secret(struct partner *partner, struct mc_txn *txn,
                                             const Partner__RotateWebhookSecretRequest *req,
                                             Partner__SaveWebhookReply *rep);
enum mc_status partner_resume_webhook(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ResumeWebhookRequest *req,
                                      Partner__Webhook *rep);
enum mc_status partner_remove_webhook(struct partner *partner, struct mc_txn *txn,
                                      const Partner__RemoveWebhookRequest *req,
                                      Partner__Webhook *rep);
enum mc_status partner_save_partner(struct partner *partner, struct mc_txn *txn,
                                    const Partner__SavePartnerRequest *req,
                                    Partner__PartnerView *rep);
enum mc_status partner_get_partner(struct partner *partner, struct mc_txn *txn,
                                   const Partner__GetPartnerRequest *req,
                                   Partner__PartnerView *rep);
enum mc_status partner_list_partners(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListPartnersRequest *req,
                                     Partner__ListPartnersReply *rep);
enum mc_status partner_list_partner_changes(struct partner *partner, struct mc_txn *txn,
                                            const Partner__ListPartnerChangesRequest *req,
                                            Partner__ListPartnerChangesReply *rep);
enum mc_status partner_save_credential(struct partner *partner, struct mc_txn *txn,
                                       const Partner__SaveCredentialRequest *req,
                                       Partner__PartnerView *rep);
enum mc_status partner_end_credential(struct partner *partner, struct mc_txn *txn,
                                      const Partner__EndCredentialRequest *req,
                                      Partner__PartnerView *rep);
enum mc_status partner_pause_partner(struct partner *partner, struct mc_txn *txn,
                                     const Partner__PausePartnerRequest *req,
                                     Partner__PartnerView *rep);
enum mc_status partner_resume_partner(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ResumePartnerRequest *req,
                                      Partner__PartnerView *rep);
enum mc_status partner_list_deliveries(struct partner *partner, struct mc_txn *txn,
                                       const Partner__ListDeliveriesRequest *req,
                                       Partner__ListDeliveriesReply *rep);
enum mc_status partner_get_delivery(struct partner *partner, struct mc_txn *txn,
                                    const Partner__GetDeliveryRequest *req, Partner__Delivery *rep);
enum mc_status partner_mark_delivered(struct partner *partner, struct mc_txn *txn,
                                      const Partner__MarkDeliveredRequest *req,
                                      Partner__Delivery *rep);
enum mc_status partner_list_circuits(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListCircuitsRequest *req,
                                     Partner__ListCircuitsReply *rep);

enum mc_status partner_inbound_session(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__WebhookRequest *req,
                                       Motcua__WebhookReply *rep);
enum mc_status partner_inbound_call(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__WebhookRequest *req,
                                    Partner__InboundCallReply *rep);

/* Housekeeping, in bounded steps (tick.c). */
enum mc_status partner_tick(void *ctx, struct mc_txn *txn);

/* Tables of data (book.c). MC_INVALID: one does not fit, and `why` says which. */
mc_nodiscard enum mc_status partner_book_read(struct partner_book *book, char *why, size_t size);
const struct partner_type *partner_type_find(const struct partner_book *book, const char *key);
const char *partner_meaning_of(const struct partner_book *book, const char *field,
                               const char *code); /* "" when it is not listed */

/* Messages within records, plain or sealed. */
ProtobufCBinaryData partner_pack(struct mc_txn *txn, const ProtobufCMessage *message);
ProtobufCBinaryData partner_seal(struct mc_txn *txn, const ProtobufCMessage *message);
void *partner_unpack(struct mc_txn *txn, ProtobufCBinaryData packed,
                     const ProtobufCMessageDescriptor *type);
void *partner_open(struct mc_txn *txn, ProtobufCBinaryData sealed,
                   const ProtobufCMessageDescriptor *type);

/* The unit that was asked for, or the caller's own; NULL, and refused, when it is not his. */
const char *partner_unit_asked(struct mc_txn *txn, const char *asked);
const char *partner_actor(const struct mc_txn *txn);

/* A page of such a list, newest first. False: refused. */
struct partner_page {
    struct mc_cursor cursor;
    size_t size;
    size_t prefix_len;
};
mc_nodiscard bool partner_page_open(struct mc_txn *txn, const char *kind, const char *unit,
                                    uint32_t size, const char *token,
                                    struct partner_page *ret_page);
mc_nodiscard bool partner_page_next(struct partner_page *page, struct mc_bytes *ret_id);
const char *partner_page_token(struct mc_txn *txn, struct mc_bytes id);

extern const struct mc_room partner_room;
