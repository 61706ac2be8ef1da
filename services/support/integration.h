/*
 * Integration of a member, in six steps: addresses, checks, the request to configure, a test with
 * a real dossier, the request to confirm, and the word of Văn phòng Chính phủ (SUP-12 … SUP-18).
 *
 * What a step lacks is computed from what is there, each time: a request that is dealt with, a
 * check that fits, makes it done without anybody saying so.
 */
#pragma once

#include "partner.pb-c.h"

#include "support.h"

enum {
    SUPPORT_STEPS_LEN = SUPPORT__INTEGRATION_STEP__STEP_CONFIRM + 1,
    SUPPORT_CHECKS_MAX = 20, /* of one case */
    SUPPORT_MISSING_MAX = 8, /* of one step */
    SUPPORT_CODE_CHARS_MAX = 64,
    SUPPORT_CERTIFICATE_MAX = 32, /* bytes of its number */
    SUPPORT_OPEN = 1,             /* states of lists */
    SUPPORT_CONFIRMED = 2,
};

struct support_case {
    SupportState__Integration *record;
    struct mc_bytes id;
    unsigned actor; /* enum support_actor */
};

mc_nodiscard bool support_case_open(const struct support *support, struct mc_txn *txn,
                                    const char *code, struct support_case *ret_case);
/* The same for a change: of this version, not confirmed yet. */
mc_nodiscard bool support_case_take(const struct support *support, struct mc_txn *txn,
                                    const char *code, uint64_t version,
                                    struct support_case *ret_case);
void support_case_save(struct mc_txn *txn, struct support_case *at, Support__IntegrationStep step,
                       const char *event);
void support_case_show(struct mc_txn *txn, const struct support_case *at,
                       Support__Integration *rep);
/* What a step lacks, as words; at most SUPPORT_MISSING_MAX. */
size_t support_case_missing(struct mc_txn *txn, const SupportState__Integration *record,
                            Support__IntegrationStep step, char **ret_words);

/* Handlers. */
enum mc_status support_open_integration(struct support *support, struct mc_txn *txn,
                                        const Support__OpenIntegrationRequest *req,
                                        Support__Integration *rep);
enum mc_status support_record_step(struct support *support, struct mc_txn *txn,
                                   const Support__RecordStepRequest *req,
                                   Support__Integration *rep);
enum mc_status support_confirm_integration(struct support *support, struct mc_txn *txn,
                                           const Support__ConfirmIntegrationRequest *req,
                                           Support__Integration *rep);
enum mc_status support_get_integration(struct support *support, struct mc_txn *txn,
                                       const Support__GetIntegrationRequest *req,
                                       Support__Integration *rep);
enum mc_status support_list_integrations(struct support *support, struct mc_txn *txn,
                                         const Support__ListIntegrationsRequest *req,
                                         Support__ListIntegrationsReply *rep);
/* What the partner room tells. */
enum mc_status support_api_checked(struct support *support, struct mc_txn *txn,
                                   const Motcua__Event *event, const Partner__ApiChecked *body);
enum mc_status support_circuit_opened(struct support *support, struct mc_txn *txn,
                                      const Motcua__Event *event, const Partner__CircuitTold *body);
enum mc_status support_circuit_closed(struct support *support, struct mc_txn *txn,
                                      const Motcua__Event *event, const Partner__CircuitTold *body);
/* It has not answered for support.outage_patience: the alarm (outage.c). */
void support_outage_lasts(const struct support *support, struct mc_txn *txn, struct mc_bytes id);
enum mc_status support_certificate_issued(struct support *support, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Partner__CertificateIssued *body);
