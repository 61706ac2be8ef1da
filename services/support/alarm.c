/*
 * Alarms: what is to be said because nothing happened.
 *
 *     alarms: due time, big-endian (8) ‖ kind (1) ‖ id (16) -> nothing
 */
#include <string.h>

#include "common/captcha.h"
#include "common/retention.h"

#include "feedback.h"
#include "integration.h"

enum { KEY_LEN = 8 + 1 + MC_ID_LEN };

static struct mc_bytes alarm_key(struct mc_txn *txn, enum support_kind kind, int64_t at_ms,
                                 struct mc_bytes id)
{
    uint8_t letter = (uint8_t)kind;
    struct mc_bytes front =
        mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), mc_keep(txn, &letter, 1));

    return mc_key_join(txn, front, id);
}

void support_alarm_put(struct mc_txn *txn, enum support_kind kind, int64_t at_ms,
                       struct mc_bytes id)
{
    mc_put(txn, SUPPORT_ALARMS, alarm_key(txn, kind, at_ms, id), mc_key_text(""));
}

void support_alarm_drop(struct mc_txn *txn, enum support_kind kind, int64_t at_ms,
                        struct mc_bytes id)
{
    mc_drop(txn, SUPPORT_ALARMS, alarm_key(txn, kind, at_ms, id));
}

static void ring(const struct support *support, struct mc_txn *txn, uint8_t kind,
                 struct mc_bytes id)
{
    if (kind == SUPPORT_REQUEST)
        support_request_overdue(txn, id);
    else if (kind == SUPPORT_FEEDBACK)
        support_feedback_overdue(txn, id);
    else if (kind == SUPPORT_BUDGET)
        mc_drop(txn, SUPPORT_BUDGETS, id);
    else if (kind == SUPPORT_OUTAGE)
        support_outage_lasts(support, txn, id);
}

static enum mc_status strike(const struct support *support, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_ALARMS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < SUPPORT_ALARM_ROWS && mc_next(&cursor); i++) {
        const uint8_t *key = cursor.key.data;
        uint64_t due = 0;

        if (cursor.key.len != KEY_LEN)
            return mc_fail(txn, MC_CORRUPT, "alarms index");
        for (int b = 0; b < 8; b++)
            due = due << 8 | key[b];
        if ((int64_t)due > txn->now_ms)
            break;
        ring(support, txn, key[8], mc_keep(txn, key + 9, MC_ID_LEN));
        mc_drop(txn, SUPPORT_ALARMS, cursor.key);
    }
    return txn->status;
}

/* Housekeeping, in bounded steps. */
enum mc_status support_tick(struct support *support, struct mc_txn *txn)
{
    if (strike(support, txn) != MC_OK)
        return txn->status;
    mc_retention_count(txn, "captchas",
                       mc_captcha_expire(txn, SUPPORT_CAPTCHAS, SUPPORT_CAPTCHA_ROWS));
    if (support_collect_files(support, txn) != MC_OK)
        return txn->status;
    return support_files_forget(support, txn);
}
