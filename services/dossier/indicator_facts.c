/* What one dossier contributes to the indicators, and how the sums follow it. */
#include <string.h>

#include "common/date.h"

#include "indicators.h"

enum { VERIFIED_IAL = 2 }; /* identity was proved against the population database or a carrier */

uint32_t dossier_month_of(int64_t at_ms)
{
    struct mc_date date = mc_date_from_ms(at_ms);

    return (uint32_t)(date.year * 12 + date.month - 1);
}

static int64_t step_to(const DossierState__Dossier *record, Dossier__State state)
{
    for (size_t i = record->n_steps; i > 0; i--)
        if (record->steps[i - 1]->to == (uint32_t)state &&
            record->steps[i - 1]->from != (uint32_t)state)
            return record->steps[i - 1]->at_ms;
    return 0;
}

/* The first of finished, returned, stopped or refused (QĐ 766, 2.1); 0: it goes on, or was
 * withdrawn. */
static int64_t ended_at(const DossierState__Dossier *record)
{
    switch ((Dossier__State)record->state) {
    case DOSSIER__STATE__FINISHED:
    case DOSSIER__STATE__RETURNED:
        return record->finished_at_ms != 0 ? record->finished_at_ms : record->returned_at_ms;
    case DOSSIER__STATE__STOPPED:
        return step_to(record, DOSSIER__STATE__STOPPED);
    case DOSSIER__STATE__REFUSED:
        return record->refused_at_ms;
    case DOSSIER__STATE__DRAFT:
    case DOSSIER__STATE__NEW:
    case DOSSIER__STATE__RECEIVED:
    case DOSSIER__STATE__PROCESSING:
    case DOSSIER__STATE__SUPPLEMENT_REQUESTED:
    case DOSSIER__STATE__FINANCIAL_OBLIGATION:
    case DOSSIER__STATE__WITHDRAWN:
    case _DOSSIER__STATE_IS_INT_SIZE:
    default:
        return 0;
    }
}

static uint64_t received_bits(const DossierState__Dossier *record)
{
    uint64_t bits = DOSSIER_BIT(RECEIVED);

    if (record->channel == DOSSIER__CHANNEL__BY_PORTAL)
        bits |= DOSSIER_BIT(RECEIVED_ONLINE);
    if (record->counted != NULL && record->counted->verified)
        bits |= DOSSIER_BIT(VERIFIED);
    return bits;
}

static bool reuses(const DossierState__Dossier *record)
{
    for (size_t i = 0; i < record->n_papers; i++)
        if (record->papers[i]->digitised == DOSSIER__DIGITISED__REUSED ||
            record->papers[i]->digitised == DOSSIER__DIGITISED__REUSED_RESULT)
            return true;
    return false;
}

/* 3.3: channel 2 with an electronic result, of procedures that are served online; 4.3: fees not 0.
 */
static uint64_t resolved_bits(const DossierState__Dossier *record)
{
    uint64_t bits = DOSSIER_BIT(RESOLVED);
    bool result = record->n_results > 0;

    if (result)
        bits |= DOSSIER_BIT(RESULT);
    if (result && record->n_papers > 0)
        bits |= DOSSIER_BIT(DIGITISED);
    if (reuses(record))
        bits |= DOSSIER_BIT(REUSED);
    if (record->counted != NULL && record->counted->served_online) {
        bits |= DOSSIER_BIT(SERVED_ONLINE);
        if (result && record->channel == DOSSIER__CHANNEL__BY_PORTAL)
            bits |= DOSSIER_BIT(ONLINE);
    }
    if (record->fee > 0) {
        bits |= DOSSIER_BIT(FEE);
        if (dossier_was_paid(record))
            bits |= DOSSIER_BIT(PAID_ONLINE);
    }
    return bits;
}

/* 2.1: an apology does not help, nor does a second request for supplements. */
static uint64_t ended_bits(const DossierState__Dossier *record, int64_t end_ms)
{
    uint64_t bits = 0;

    if (record->received_at_ms == 0)
        return DOSSIER_BIT(REFUSED);
    bits |= DOSSIER_BIT(ENDED);
    if (end_ms > record->promised_at_ms)
        bits |= DOSSIER_BIT(LATE);
    if (record->supplements > 1)
        bits |= DOSSIER_BIT(SUPPLEMENTS);
    if (bits == DOSSIER_BIT(ENDED))
        bits |= DOSSIER_BIT(ON_TIME);
    if (record->state == DOSSIER__STATE__STOPPED)
        bits |= DOSSIER_BIT(STOPPED);
    if (record->state == DOSSIER__STATE__FINISHED || record->state == DOSSIER__STATE__RETURNED)
        bits |= resolved_bits(record);
    return bits;
}

static void facts_of(const DossierState__Dossier *record, Dossier__CountedFacts *facts)
{
    const DossierState__Counted *kept = record->counted;
    int64_t end_ms = ended_at(record);
    bool over = dossier_state_is_final((Dossier__State)record->state) || end_ms != 0;

    dossier__counted_facts__init(facts);
    if (record->received_at_ms != 0) {
        facts->received_month = dossier_month_of(record->received_at_ms);
        facts->received = received_bits(record);
    }
    if (kept != NULL && kept->late_at_ms != 0) {
        facts->late_month = dossier_month_of(kept->late_at_ms);
        facts->late_officer = kept->late_officer;
        if (over)
            facts->late_ended_month = dossier_month_of(
                end_ms != 0 ? end_ms : step_to(record, (Dossier__State)record->state));
    }
    if (end_ms != 0) {
        facts->ended_month = dossier_month_of(end_ms);
        facts->ended = ended_bits(record, end_ms);
        facts->ended_officer = mc_unconst(dossier_officer_of(record));
    }
}

void dossier_facts_add(struct dossier_fact_sink *sink, const Dossier__CountedFacts *facts)
{
    if (facts->received_month != 0)
        sink->add(sink, "", facts->received_month, facts->received);
    if (facts->late_month != 0) {
        sink->add(sink, "", facts->late_month, DOSSIER_BIT(WENT_LATE));
        if (facts->late_officer[0] != '\0')
            sink->add(sink, facts->late_officer, facts->late_month, DOSSIER_BIT(WENT_LATE));
    }
    if (facts->late_ended_month != 0) {
        sink->add(sink, "", facts->late_ended_month, DOSSIER_BIT(LATE_ENDED));
        if (facts->late_officer[0] != '\0')
            sink->add(sink, facts->late_officer, facts->late_ended_month, DOSSIER_BIT(LATE_ENDED));
    }
    if (facts->ended_month != 0) {
        sink->add(sink, "", facts->ended_month, facts->ended);
        if (facts->ended_officer[0] != '\0')
            sink->add(sink, facts->ended_officer, facts->ended_month, facts->ended);
    }
}

struct store_sink {
    struct dossier_fact_sink base;
    struct mc_txn *txn;
    const char *unit;
    bool more;
};

static void store_add(struct dossier_fact_sink *sink, const char *officer, uint32_t month,
                      uint64_t bits)
{
    const struct store_sink *store = (const struct store_sink *)(const void *)sink;

    dossier_tally_add(store->txn, store->unit, officer, month, bits, store->more);
}

/* The rows behind the sums. The value: the facts' bits; of what went late, the month it ended in.
 */
static void put_row(struct mc_txn *txn, const DossierState__Dossier *record, const char *officer,
                    enum dossier_fact_kind kind, uint32_t month, uint64_t value, bool more)
{
    uint8_t end[2] = {(uint8_t)(month >> 8), (uint8_t)month};
    struct mc_bytes key = mc_key_join(
        txn, dossier_fact_prefix(txn, record->unit, officer, kind),
        mc_key_join(txn, mc_keep(txn, end, sizeof end), mc_key_bytes(record->dossier_id)));

    if (more)
        mc_put(txn, DOSSIER_FACTS, key, mc_key_u64(txn, value));
    else
        mc_drop(txn, DOSSIER_FACTS, key);
}

static void put_rows(struct mc_txn *txn, const DossierState__Dossier *record,
                     const Dossier__CountedFacts *facts, bool more)
{
    if (facts->received_month != 0)
        put_row(txn, record, "", DOSSIER_FACT_RECEIVED, facts->received_month, facts->received,
                more);
    if (facts->late_month != 0) {
        put_row(txn, record, "", DOSSIER_FACT_LATE, facts->late_month, facts->late_ended_month,
                more);
        if (facts->late_officer[0] != '\0')
            put_row(txn, record, facts->late_officer, DOSSIER_FACT_LATE, facts->late_month,
                    facts->late_ended_month, more);
    }
    if (facts->ended_month != 0) {
        put_row(txn, record, "", DOSSIER_FACT_ENDED, facts->ended_month, facts->ended, more);
        if (facts->ended_officer[0] != '\0')
            put_row(txn, record, facts->ended_officer, DOSSIER_FACT_ENDED, facts->ended_month,
                    facts->ended, more);
    }
}

static void apply(struct mc_txn *txn, const DossierState__Dossier *record,
                  const Dossier__CountedFacts *facts, bool more)
{
    struct store_sink sink = {
        .base = {.add = store_add}, .txn = txn, .unit = record->unit, .more = more};

    dossier_facts_add(&sink.base, facts);
    put_rows(txn, record, facts, more);
}

static struct mc_bytes pack(struct mc_txn *txn, const Dossier__CountedFacts *facts)
{
    size_t size = dossier__counted_facts__get_packed_size(facts);
    uint8_t *out = dossier_alloc(txn, size + 1);

    if (out == NULL)
        return (struct mc_bytes){0};
    return (struct mc_bytes){out, dossier__counted_facts__pack(facts, out)};
}

static DossierState__Counted *counted_of(struct mc_txn *txn, DossierState__Dossier *record)
{
    if (record->counted == NULL) {
        record->counted = dossier_alloc(txn, sizeof *record->counted);
        if (record->counted != NULL)
            dossier_state__counted__init(record->counted);
    }
    return record->counted;
}

static void tell(struct mc_txn *txn, const DossierState__Dossier *record,
                 Dossier__CountedFacts *was, Dossier__CountedFacts *is)
{
    Dossier__Counted counted = DOSSIER__COUNTED__INIT;

    counted.dossier_id = record->dossier_id;
    counted.unit = record->unit;
    counted.was = was;
    counted.is = is;
    const char *const *keys = dossier_keys(txn, record);
    if (keys == NULL)
        return;
    const char *const own[] = {keys[0], NULL}; /* the account has nothing to do with it */
    mc_emit(txn, "dossier.counted", &counted.base, MC_PLAIN, own);
}

void dossier_facts_sync(struct mc_txn *txn, DossierState__Dossier *record)
{
    Dossier__CountedFacts is;
    Dossier__CountedFacts *was = NULL;

    if (record->state == DOSSIER__STATE__DRAFT || txn->status != MC_OK)
        return;
    facts_of(record, &is);
    struct mc_bytes now = pack(txn, &is);
    struct mc_bytes before = {0};
    if (record->counted != NULL)
        before = mc_key_bytes(record->counted->facts);
    if (txn->status != MC_OK ||
        (now.len == before.len && (now.len == 0 || memcmp(now.data, before.data, now.len) == 0)))
        return;
    was = dossier__counted_facts__unpack(&txn->arena->protobuf, before.len, before.data);
    DossierState__Counted *kept = counted_of(txn, record);
    if (was == NULL || kept == NULL) {
        (void)mc_fail(txn, txn->arena->full ? MC_LIMITED : MC_CORRUPT, "what a dossier counted as");
        return;
    }
    if (was->ended_month == is.ended_month && was->ended_officer[0] != '\0')
        is.ended_officer = was->ended_officer; /* who ended it, not who touched it since */
    now = pack(txn, &is);
    apply(txn, record, was, false);
    apply(txn, record, &is, true);
    kept->facts = (ProtobufCBinaryData){now.len, mc_unconst(now.data)};
    tell(txn, record, was, &is);
}

void dossier_facts_late(struct mc_txn *txn, DossierState__Dossier *record)
{
    DossierState__Counted *kept = counted_of(txn, record);

    if (kept == NULL || kept->late_at_ms != 0)
        return;
    kept->late_at_ms = record->promised_at_ms;
    kept->late_officer = dossier_text(txn, dossier_officer_of(record));
}

void dossier_facts_sent(struct mc_txn *txn, DossierState__Dossier *record)
{
    DossierState__Counted *kept = counted_of(txn, record);

    if (kept != NULL)
        kept->verified = txn->caller->ial >= VERIFIED_IAL;
}

void dossier_facts_received(struct mc_txn *txn, DossierState__Dossier *record, bool served_online)
{
    DossierState__Counted *kept = counted_of(txn, record);

    if (kept != NULL)
        kept->served_online = served_online;
}
