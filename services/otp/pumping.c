/*
 * The pumping shield: somebody who earns by texts has codes sent to numbers of his own, or of a
 * whole block, and enters none. So codes are counted by block of numbers and by unit, those sent
 * and those entered. Many sent within the window and too few of them entered, the youngest not
 * counted, which may still be on their way: an alarm is raised, once, and from then on the scope
 * gets few codes. It ends when enough of these few are entered, or when it is old.
 *
 * A reset of a password is counted and never refused here: that would tell who has an account. It
 * has small budgets of its own.
 */
#include <string.h>

#include "otp.h"

enum { PERCENT = 100, COUNTRY_LEN = 2 };

static const char *const type_suspected = "otp.pumping_suspected";
static const char *const type_ended = "otp.pumping_ended";

static const char *prefix_scope(const struct otp *otp, struct mc_txn *txn, const char *phone)
{
    char digits[MC_PHONE_SIZE] = "";
    size_t len = MC_MIN((size_t)otp->pumping_digits + COUNTRY_LEN, strlen(phone));

    memcpy(digits, phone, MC_MIN(len, sizeof digits - 1));
    return otp_join(txn, "prefix:", digits);
}

void otp_shield_open(const struct otp *otp, struct mc_txn *txn, const char *phone,
                     const char *unit_code, struct otp_shield *ret)
{
    *ret = (struct otp_shield){.scopes = {prefix_scope(otp, txn, phone)}, .len = 1};
    if (unit_code[0] != '\0')
        ret->scopes[ret->len++] = otp_join(txn, "unit:", unit_code);
    for (size_t i = 0; i < ret->len; i++) {
        ret->keys[i] = mc_blind(txn, "otp.shield", ret->scopes[i]);
        ret->rows[i] = mc_load(txn, OTP_SHIELDS, ret->keys[i], &otp_state__shield__descriptor);
        ret->alarms[i] =
            mc_load(txn, OTP_ALARMS, mc_key_text(ret->scopes[i]), &otp_state__alarm__descriptor);
    }
}

bool otp_shield_allows(const struct otp *otp, struct mc_txn *txn, const struct otp_shield *shield,
                       Otp__Purpose purpose)
{
    bool allowed = true;

    for (size_t i = 0; purpose != OTP__PURPOSE__PASSWORD_RESET && i < shield->len; i++) {
        int64_t at = shield->alarms[i] == NULL
                         ? 0
                         : otp_window_free_at(shield->alarms[i]->used, txn->now_ms,
                                              otp->pumping_window_ms, otp->pumping_most);
        if (at == 0)
            continue;
        allowed = false;
        txn->retry_after_ms = MC_MAX(txn->retry_after_ms, at - txn->now_ms);
        (void)mc_refuse(txn, MC_LIMITED, i == 0 ? "phone" : "unit_code", "OTP_LIMIT_UNUSUAL",
                        "minutes", otp_minutes(txn, at - txn->now_ms), NULL);
    }
    return allowed;
}

static void tell(struct mc_txn *txn, const char *type, const char *scope,
                 const OtpState__Alarm *alarm, const char *reason)
{
    Otp__PumpingChanged changed = OTP__PUMPING_CHANGED__INIT;
    const char *keys[] = {scope, NULL};

    changed.scope = mc_unconst(scope);
    changed.sent = alarm->sent;
    changed.verified = alarm->verified;
    changed.reason = mc_unconst(reason);
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}

static void raise_alarm(struct mc_txn *txn, const char *scope, uint64_t sent, uint64_t verified)
{
    OtpState__Alarm alarm = OTP_STATE__ALARM__INIT;

    alarm.since_ms = txn->now_ms;
    alarm.sent = sent;
    alarm.verified = verified;
    mc_save(txn, OTP_ALARMS, mc_key_text(scope), &alarm.base);
    tell(txn, type_suspected, scope, &alarm, "");
}

/* What was forgotten with the alarm is not held against the scope again. */
static void end_alarm(struct mc_txn *txn, const char *scope, const OtpState__Alarm *alarm,
                      const char *reason)
{
    mc_drop(txn, OTP_ALARMS, mc_key_text(scope));
    mc_drop(txn, OTP_SHIELDS, mc_blind(txn, "otp.shield", scope));
    tell(txn, type_ended, scope, alarm, reason);
}

/* Codes younger than their life, by pieces of the window. */
static unsigned young(const struct otp *otp)
{
    int64_t length_ms = otp->pumping_window_ms / OTP_WINDOW_PIECES;

    return (unsigned)((otp->code_life_ms + length_ms - 1) / length_ms);
}

static void judge(const struct otp *otp, struct mc_txn *txn, const char *scope,
                  const OtpState__Shield *row)
{
    int64_t window_ms = otp->pumping_window_ms;
    uint64_t sent = otp_window_sum(row->sent, txn->now_ms, window_ms, young(otp));
    uint64_t verified = otp_window_sum(row->verified, txn->now_ms, window_ms, 0);

    if (sent >= (uint64_t)otp->pumping_sends &&
        verified * PERCENT < (uint64_t)otp->pumping_percent * sent)
        raise_alarm(txn, scope, sent, verified);
}

static void count_sent(const struct otp *otp, struct mc_txn *txn, const char *scope,
                       OtpState__Alarm *alarm)
{
    alarm->used = otp_window_add(txn, alarm->used, otp->pumping_window_ms, txn->now_ms, 1);
    alarm->issued += 1;
    mc_save(txn, OTP_ALARMS, mc_key_text(scope), &alarm->base);
}

void otp_shield_sent(const struct otp *otp, struct mc_txn *txn, const struct otp_shield *shield)
{
    for (size_t i = 0; i < shield->len; i++) {
        OtpState__Shield row = OTP_STATE__SHIELD__INIT;

        if (shield->rows[i] != NULL)
            row = *shield->rows[i];
        row.sent = otp_window_add(txn, row.sent, otp->pumping_window_ms, txn->now_ms, 1);
        mc_save(txn, OTP_SHIELDS, shield->keys[i], &row.base);
        if (shield->alarms[i] != NULL)
            count_sent(otp, txn, shield->scopes[i], shield->alarms[i]);
        else
            judge(otp, txn, shield->scopes[i], &row);
    }
}

/* Half of the few that were sent since, and five at least: people are there. */
static bool is_well(const OtpState__Alarm *alarm)
{
    return alarm->entered >= OTP_PUMPING_ENTERED && 2 * alarm->entered >= alarm->issued;
}

void otp_shield_entered(const struct otp *otp, struct mc_txn *txn, const char *phone,
                        const char *unit_code)
{
    struct otp_shield shield;

    otp_shield_open(otp, txn, phone, unit_code, &shield);
    for (size_t i = 0; i < shield.len; i++) {
        OtpState__Shield row = OTP_STATE__SHIELD__INIT;
        OtpState__Alarm *alarm = shield.alarms[i];

        if (shield.rows[i] != NULL)
            row = *shield.rows[i];
        row.verified = otp_window_add(txn, row.verified, otp->pumping_window_ms, txn->now_ms, 1);
        mc_save(txn, OTP_SHIELDS, shield.keys[i], &row.base);
        if (alarm == NULL)
            continue;
        alarm->entered += 1;
        if (is_well(alarm))
            end_alarm(txn, shield.scopes[i], alarm, "RECOVERED");
        else
            mc_save(txn, OTP_ALARMS, mc_key_text(shield.scopes[i]), &alarm->base);
    }
}

bool otp_shield_is_idle(const struct otp *otp, const OtpState__Shield *row, int64_t now_ms)
{
    return otp_window_sum(row->sent, now_ms, otp->pumping_window_ms, 0) == 0 &&
           otp_window_sum(row->verified, now_ms, otp->pumping_window_ms, 0) == 0;
}

static char *scope_of(const struct mc_cursor *cursor)
{
    char *scope = mc_alloc(cursor->txn->arena, cursor->key.len + 1);

    if (scope == NULL) {
        (void)mc_fail(cursor->txn, MC_LIMITED, "arena full");
        return NULL;
    }
    memcpy(scope, cursor->key.data, cursor->key.len);
    return scope;
}

void otp_alarms_tick(const struct otp *otp, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, OTP_ALARMS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < OTP_ALARMS_MAX && mc_next(&cursor); n++) {
        const OtpState__Alarm *alarm = mc_row(&cursor, &otp_state__alarm__descriptor);
        const char *scope = alarm != NULL ? scope_of(&cursor) : NULL;

        if (scope == NULL)
            return;
        if (alarm->since_ms + otp->pumping_hold_ms <= txn->now_ms)
            end_alarm(txn, scope, alarm, "QUIET");
    }
}

static Otp__PumpingAlarm *fill(const struct otp *otp, const struct mc_cursor *cursor)
{
    struct mc_txn *txn = cursor->txn;
    const OtpState__Alarm *alarm = mc_row(cursor, &otp_state__alarm__descriptor);
    Otp__PumpingAlarm *out = mc_alloc(txn->arena, sizeof *out);

    if (alarm == NULL || out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    otp__pumping_alarm__init(out);
    out->scope = scope_of(cursor);
    out->since_ms = alarm->since_ms;
    out->sent = alarm->sent;
    out->verified = alarm->verified;
    out->used = otp_window_sum(alarm->used, txn->now_ms, otp->pumping_window_ms, 0);
    out->most = (uint64_t)otp->pumping_most;
    return out;
}

enum mc_status otp_list_alarms(struct otp *otp, struct mc_txn *txn,
                               const Otp__ListAlarmsRequest *req, Otp__ListAlarmsReply *rep)
{
    struct mc_cursor cursor =
        mc_seek(txn, OTP_ALARMS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    (void)req;
    rep->alarms = mc_alloc(txn->arena, OTP_ALARMS_MAX * sizeof(void *));
    if (rep->alarms == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (rep->n_alarms < OTP_ALARMS_MAX && mc_next(&cursor)) {
        Otp__PumpingAlarm *alarm = fill(otp, &cursor);
        if (alarm == NULL)
            return txn->status;
        rep->alarms[rep->n_alarms++] = alarm;
    }
    return txn->status;
}
