#include "circuit.h"

#include <string.h>

#include "common/tally.h"

#include "registry.h"

PartnerState__Circuit *partner_circuit_load(struct mc_txn *txn, const char *id)
{
    return mc_load(txn, PARTNER_CIRCUITS, mc_key_text(id), &partner_state__circuit__descriptor);
}

static void save(struct mc_txn *txn, const char *id, const PartnerState__Circuit *circuit)
{
    mc_save(txn, PARTNER_CIRCUITS, mc_key_text(id), &circuit->base);
}

Partner__CircuitState partner_circuit_state(const PartnerState__Circuit *circuit, int64_t now_ms)
{
    if (circuit->state != PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN)
        return PARTNER__CIRCUIT_STATE__CIRCUIT_CLOSED;
    return circuit->probe_ms > now_ms ? PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN
                                      : PARTNER__CIRCUIT_STATE__CIRCUIT_HALF_OPEN;
}

uint64_t partner_waiting(const struct mc_txn *txn, const char *id)
{
    int64_t n = mc_tally_of_destination(txn->store, PARTNER_LANE_DELIVER, id, MC_TALLY_FRESH) +
                mc_tally_of_destination(txn->store, PARTNER_LANE_DELIVER, id, MC_TALLY_AGAIN) +
                mc_tally_of_destination(txn->store, PARTNER_LANE_DELIVER, id, MC_TALLY_HELD);

    return (uint64_t)MC_MAX(n, 0);
}

static void tell(struct mc_txn *txn, const char *type, const char *id,
                 const PartnerState__Partner *record, const PartnerState__Circuit *circuit)
{
    Partner__CircuitTold told = PARTNER__CIRCUIT_TOLD__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "partner:%s", id), NULL};

    if (keys[0] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    told.partner_id = mc_unconst(id);
    told.partner_name = record->name;
    told.dstcode = record->dstcode;
    told.partner_unit = record->unit;
    told.production = record->production;
    told.reason = circuit->reason;
    told.failures = circuit->failures;
    told.since_ms = circuit->opened_ms;
    told.waiting = partner_waiting(txn, id);
    mc_emit(txn, type, &told.base, MC_PLAIN, keys);
}

void partner_circuit_good(struct mc_txn *txn, const char *id, const PartnerState__Partner *record)
{
    PartnerState__Circuit fresh = PARTNER_STATE__CIRCUIT__INIT;
    PartnerState__Circuit *circuit = partner_circuit_load(txn, id);

    if (circuit == NULL)
        circuit = &fresh;
    if (circuit->warm && circuit->failures == 0 &&
        circuit->state == PARTNER__CIRCUIT_STATE__CIRCUIT_CLOSED)
        return; /* nothing to write down: so it is with nearly all calls */
    if (circuit->state == PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN) {
        tell(txn, "partner.circuit_closed", id, record, circuit);
        circuit->since_ms = txn->now_ms;
    }
    circuit->state = PARTNER__CIRCUIT_STATE__CIRCUIT_CLOSED;
    circuit->failures = 0;
    circuit->probes = 0;
    circuit->probe_ms = 0;
    circuit->reason = mc_unconst("");
    circuit->warm = true;
    save(txn, id, circuit);
}

/* Doubles from probe to probe. */
static int64_t probe_after(const struct partner *partner, uint32_t probes)
{
    return MC_MIN(partner->probe_first_ms << MC_MIN(probes, 20U), (int64_t)PARTNER_PROBE_MAX_MS);
}

void partner_circuit_fault(const struct partner *partner, struct mc_txn *txn, const char *id,
                           const PartnerState__Partner *record, const char *reason)
{
    PartnerState__Circuit fresh = PARTNER_STATE__CIRCUIT__INIT;
    PartnerState__Circuit *circuit = partner_circuit_load(txn, id);

    if (circuit == NULL)
        circuit = &fresh;
    circuit->failures++;
    circuit->warm = false;
    circuit->reason = mc_unconst(reason);
    if (circuit->state == PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN) {
        if (circuit->probe_ms <= txn->now_ms) /* the probe; else one that was under way before */
            circuit->probe_ms = txn->now_ms + probe_after(partner, ++circuit->probes);
    } else if (circuit->failures >= PARTNER_FAULTS_TO_OPEN) {
        circuit->state = PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN;
        circuit->since_ms = txn->now_ms;
        circuit->opened_ms = txn->now_ms;
        circuit->probe_ms = txn->now_ms + probe_after(partner, 0);
        tell(txn, "partner.circuit_opened", id, record, circuit);
    }
    save(txn, id, circuit);
}

void partner_circuit_cool(struct mc_txn *txn, const char *id)
{
    PartnerState__Circuit *circuit = partner_circuit_load(txn, id);

    if (circuit == NULL || !circuit->warm)
        return;
    circuit->warm = false;
    save(txn, id, circuit);
}

void partner_gate(void *ctx, struct mc_txn *txn, const char *destination, struct mc_gate *ret_gate)
{
    const PartnerState__Partner *record = partner_load(txn, destination);
    const PartnerState__Circuit *circuit = partner_circuit_load(txn, destination);

    (void)ctx;
    if (record == NULL)
        return; /* its jobs end by themselves: NOT_CALLABLE */
    ret_gate->open_ms = partner_open_ms(record, txn->now_ms);
    ret_gate->most = circuit != NULL && circuit->warm ? record->concurrency : 1;
    if (circuit != NULL && circuit->state == PARTNER__CIRCUIT_STATE__CIRCUIT_OPEN)
        ret_gate->open_ms = MC_MAX(ret_gate->open_ms, circuit->probe_ms);
}
