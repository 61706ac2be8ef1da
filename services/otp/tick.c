/*
 * Housekeeping, in bounded steps: what nobody asks about any more goes, with the personal data it
 * held (DEC-15: how long codes and messages are kept is configured). Keys that grow with time have
 * what is over in front; hashes are walked a stretch per tick, round and round.
 */
#include <string.h>

#include "common/retention.h"

#include "otp.h"

static void forget_challenges(const struct otp *otp, struct mc_txn *txn)
{
    int64_t before_ms = txn->now_ms - otp->challenge_retention_ms;
    struct mc_cursor cursor =
        mc_seek(txn, OTP_CHALLENGES, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < OTP_TICK_ROWS && mc_next(&cursor); i++) {
        int64_t made_ms = 0;
        const OtpState__Challenge *challenge = mc_row(&cursor, &otp_state__challenge__descriptor);
        if (challenge == NULL)
            return;
        if (challenge->issued_at_ms <= before_ms) {
            mc_drop(txn, OTP_CHALLENGES, cursor.key);
            gone++;
        } else if (mc_uuid7_time(cursor.key.data, &made_ms) && made_ms > before_ms) {
            break; /* no code is older than its subject: the rest is young, too */
        }
    }
    mc_retention_count(txn, "challenges", gone);
}

static void forget_messages(const struct otp *otp, struct mc_txn *txn, unsigned lane)
{
    uint8_t prefix = (uint8_t)lane; /* a job's id begins with its lane */
    struct mc_cursor cursor =
        mc_seek(txn, OTP_MESSAGES, (struct mc_bytes){&prefix, 1}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < OTP_TICK_ROWS && mc_next(&cursor); i++) {
        const OtpState__Message *message = mc_row(&cursor, &otp_state__message__descriptor);
        if (message == NULL || message->changed_at_ms > txn->now_ms - otp->message_retention_ms)
            break;
        mc_drop(txn, OTP_MESSAGES, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "messages", gone);
}

static bool phone_is_over(const struct otp *otp, const struct mc_cursor *cursor)
{
    const OtpState__Phone *phone = mc_row(cursor, &otp_state__phone__descriptor);

    return phone != NULL && otp_phone_is_idle(otp, phone, cursor->txn->now_ms);
}

static bool sent_is_over(const struct otp *otp, const struct mc_cursor *cursor)
{
    const OtpState__Sent *sent = mc_row(cursor, &otp_state__sent__descriptor);

    (void)otp;
    return sent != NULL && sent->until_ms <= cursor->txn->now_ms;
}

static bool budget_is_over(const struct otp *otp, const struct mc_cursor *cursor)
{
    const OtpState__Window *window = mc_row(cursor, &otp_state__window__descriptor);

    (void)otp;
    return window != NULL && otp_budget_is_idle(window, cursor->txn->now_ms);
}

static bool shield_is_over(const struct otp *otp, const struct mc_cursor *cursor)
{
    const OtpState__Shield *row = mc_row(cursor, &otp_state__shield__descriptor);

    return row != NULL && otp_shield_is_idle(otp, row, cursor->txn->now_ms);
}

static void sweep(const struct otp *otp, struct mc_txn *txn, unsigned table,
                  bool (*is_over)(const struct otp *otp, const struct mc_cursor *cursor),
                  uint8_t place[OTP_BLIND_LEN])
{
    uint64_t gone = 0;
    int seen = 0;
    struct mc_cursor cursor = mc_seek(txn, table, (struct mc_bytes){0},
                                      (struct mc_bytes){place, OTP_BLIND_LEN}, MC_FORWARD);

    for (; seen < OTP_TICK_ROWS && mc_next(&cursor); seen++) {
        if (is_over(otp, &cursor)) {
            mc_drop(txn, table, cursor.key);
            gone++;
        }
        if (seen == OTP_TICK_ROWS - 1 && cursor.key.len == OTP_BLIND_LEN)
            memcpy(place, cursor.key.data, OTP_BLIND_LEN);
    }
    if (seen < OTP_TICK_ROWS)
        memset(place, 0, OTP_BLIND_LEN);
    mc_retention_count(txn, table == OTP_DEDUPE ? "dedupe" : "windows", gone);
}

/* No gateway asks for them any more: their carrier is away. */
static void put_away(struct otp *otp, struct mc_txn *txn, unsigned lane)
{
    struct mc_job jobs[OTP_TICK_SPENT];
    size_t n = mc_jobs_spent(txn, lane, &otp->spent_at[lane], OTP_TICK_ROWS, jobs, OTP_TICK_SPENT);

    for (size_t i = 0; i < n; i++)
        otp_job_put_away(txn, &jobs[i]);
}

enum mc_status otp_tick(void *ctx, struct mc_txn *txn)
{
    struct otp *otp = ctx;

    forget_challenges(otp, txn);
    for (unsigned lane = 0; lane < OTP_LANES_LEN; lane++)
        forget_messages(otp, txn, lane);
    for (unsigned lane = 0; lane < OTP_LANES_LEN; lane++)
        put_away(otp, txn, lane);
    otp_gateways_tick(otp, txn);
    otp_alarms_tick(otp, txn);
    sweep(otp, txn, OTP_SHIELDS, shield_is_over, otp->shields_at);
    sweep(otp, txn, OTP_PHONES, phone_is_over, otp->phones_at);
    sweep(otp, txn, OTP_DEDUPE, sent_is_over, otp->dedupe_at);
    sweep(otp, txn, OTP_BUDGETS, budget_is_over, otp->budgets_at);
    return txn->status;
}
