/*
 * Circuits: whether a partner can be reached. Faults of the way to it (no answer, 5xx, what is no
 * JSON) count; a refusal does not: who refuses is there. Private to this room.
 */
#pragma once

#include "partner.h"

enum {
    PARTNER_FAULTS_TO_OPEN = 5, /* one after another */
    PARTNER_PROBE_FIRST_MS = 30000,
    PARTNER_PROBE_MAX_MS = 600000,
};

PartnerState__Circuit *partner_circuit_load(struct mc_txn *txn, const char *id);
Partner__CircuitState partner_circuit_state(const PartnerState__Circuit *circuit, int64_t now_ms);
/* The partner answered; a circuit that was open closes, and that is told. */
void partner_circuit_good(struct mc_txn *txn, const char *id, const PartnerState__Partner *record);
void partner_circuit_fault(const struct partner *partner, struct mc_txn *txn, const char *id,
                           const PartnerState__Partner *record, const char *reason);
/* It has to answer once more before it is asked for several things at a time. */
void partner_circuit_cool(struct mc_txn *txn, const char *id);
/* Jobs that wait for it. */
uint64_t partner_waiting(const struct mc_txn *txn, const char *id);

/* The gate of the lane `deliver` (common/service.h). */
void partner_gate(void *ctx, struct mc_txn *txn, const char *destination, struct mc_gate *ret_gate);
