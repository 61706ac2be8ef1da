/* API checks and the contract tests that are kept of them. Private to this room. */
#pragma once

#include "partner.h"

/* How long runs of contract tests are kept. */
#define PARTNER_RUN_LIFE_MS (INT64_C(400) * 24 * 3600 * 1000)

enum {
    PARTNER_CHECK_BODY_MAX = 64 << 10, /* of a request, and of what is shown of an answer */
    PARTNER_CHECK_TIMEOUT_MS = 30000,
    PARTNER_CHECK_LEASE_MS = 45000,
    PARTNER_DSTCODE_MAX = 64,
    PARTNER_CONTRACT_NAME_MAX = 120, /* characters */
    PARTNER_PROBLEMS_MAX = 32,
    PARTNER_HOST_SIZE = MC_GUARD_HOST_MAX + 8,
};

/* What is to be asked; texts are borrowed. */
struct partner_asked {
    const char *api_type;
    const char *url;
    const char *dstcode;
    struct mc_bytes body;
    const char *unit;
    struct mc_bytes contract_id; /* empty: of no contract */
    /* An API of the registry, as partner_asked_resolve() finds it; else "". */
    const char *partner_id;
    const char *session_url;
    const char *username;
    const char *password;
};

/* Where the partner's API of this type is, and what is shown there. A stable code: it has none. */
mc_nodiscard const char *partner_asked_resolve(struct mc_txn *txn, struct partner_asked *asked);

/* Refuses what cannot be sent: every field that is wrong. */
void partner_asked_check(const struct partner *partner, struct mc_txn *txn,
                         const struct partner_asked *asked);

/* Refuses when officer or unit have used up their hour (API checks are calls to others' systems).
 */
void partner_budget_take(const struct partner *partner, struct mc_txn *txn, const char *unit);

/* Makes the check and its job; fills what it is told as. */
void partner_check_begin(struct mc_txn *txn, const struct partner_asked *asked,
                         Partner__ApiCheck *ret_told);

PartnerState__Check *partner_check_load(struct mc_txn *txn, struct mc_bytes id,
                                        Partner__ApiCheck **ret_told);
void partner_check_save(struct mc_txn *txn, struct mc_bytes id, PartnerState__Check *record,
                        const Partner__ApiCheck *told);
void partner_check_emit(struct mc_txn *txn, const char *type, const PartnerState__Check *record,
                        const Partner__ApiCheck *told);
void partner_check_job(struct mc_txn *txn, const PartnerState__CheckCall *call, const char *host);
void partner_check_drop(struct mc_txn *txn, struct mc_bytes id, const Partner__ApiCheck *told);

/* The effect check.call (check_effect.c). */
enum mc_status partner_check_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload,
                                  struct mc_http_request *ret_request);
enum mc_status partner_check_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict);

/*
 * Judges an answer by what the type's documentation says it holds (answer.c). Pure; all in the
 * arena. NULL: no memory.
 */
Partner__ApiVerdict *partner_answer_judge(const struct partner_book *book, struct mc_arena *arena,
                                          const char *api_type, unsigned http_status,
                                          struct mc_bytes body, bool whole);

/* Contracts (contract.c). */
PartnerState__Contract *partner_contract_load(struct mc_txn *txn, struct mc_bytes id,
                                              Partner__Contract **ret_told);
void partner_contract_save(struct mc_txn *txn, struct mc_bytes id, PartnerState__Contract *record,
                           const Partner__Contract *told);
void partner_contract_emit(struct mc_txn *txn, const char *type, const Partner__Contract *told,
                           struct mc_bytes check_id);
/* With the caller's right to it; refuses otherwise. */
PartnerState__Contract *partner_contract_mine(struct mc_txn *txn, ProtobufCBinaryData id,
                                              Partner__Contract **ret_told);
/* Moves the next nightly run: the same minute of the night for the same contract. */
void partner_contract_plan(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                           Partner__Contract *told);
void partner_contract_unplan(struct mc_txn *txn, struct mc_bytes id, const Partner__Contract *told);
/* A stable code: the registry has its API no more, and nothing was started. */
const char *partner_contract_start(struct mc_txn *txn, const PartnerState__Contract *record,
                                   const Partner__Contract *told, Partner__ApiCheck *ret_check);
/* A run of it has ended. */
void partner_contract_ran(struct mc_txn *txn, const Partner__ApiCheck *check);
/* It could not be run, for that is no API of the registry any more: a run that broke, without a
 * call. `why` is partner_contract_start()'s. */
void partner_contract_lost(struct mc_txn *txn, PartnerState__Contract *record,
                           Partner__Contract *told, const char *why);
