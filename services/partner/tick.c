/* Housekeeping: contract tests whose hour has come, and what is too old to keep. */
#include "common/retention.h"

#include "check.h"
#include "delivery.h"
#include "feed.h"

static void run_due(const struct partner *partner, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_CONTRACTS_DUE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms + 1);

    for (unsigned n = 0; n < PARTNER_TICK_ROWS && mc_next(&cursor); n++) {
        Partner__ApiCheck check = PARTNER__API_CHECK__INIT;
        Partner__Contract *told = NULL;

        if (cursor.key.len != now.len + MC_ID_LEN ||
            __builtin_memcmp(cursor.key.data, now.data, now.len) >= 0)
            break;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + now.len, MC_ID_LEN};
        PartnerState__Contract *record = partner_contract_load(txn, id, &told);
        if (record == NULL) {
            mc_drop(txn, PARTNER_CONTRACTS_DUE, cursor.key);
            continue;
        }
        partner_contract_plan(partner, txn, id, told);
        partner_contract_save(txn, id, record, told);
        /* what the registry has no more is broken; to end it is for people, so the next night comes
         * all the same */
        const char *why = partner_contract_start(txn, record, told, &check);
        if (why != NULL)
            partner_contract_lost(txn, record, told, why);
    }
}

/* Ids are time-ordered, so the oldest come first. */
static void drop_old(const struct partner *partner, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_CHECKS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (unsigned n = 0; n < PARTNER_TICK_ROWS && mc_next(&cursor); n++) {
        int64_t at_ms = 0;
        Partner__ApiCheck *told = NULL;

        if (cursor.key.len != MC_ID_LEN || !mc_uuid7_time(cursor.key.data, &at_ms) ||
            at_ms > txn->now_ms - partner->check_life_ms)
            break;
        if (partner_check_load(txn, cursor.key, &told) == NULL)
            continue;
        partner_check_drop(txn, cursor.key, told);
        gone++;
    }
    mc_retention_count(txn, "checks", gone);
}

enum mc_status partner_tick(void *ctx, struct mc_txn *txn)
{
    struct partner *partner = ctx;

    partner_deliveries_forget(partner, txn);
    run_due(partner, txn);
    drop_old(partner, txn);
    partner_feed_tick(partner, txn);
    return txn->status;
}
