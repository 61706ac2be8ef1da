/*
 * Gateways: what is known of each SMS gateway, and what it may take.
 *
 * A gateway is whoever leases jobs, by its name as the bus knows it ("sms:viettel"); its row is
 * made when it first asks. It may be paused by an operator, has a rate of its own when the
 * configuration names one (a bucket of one second), and while it does badly next to another that
 * could do the same work it gets a smaller share of it (health.c).
 */
#include <stdlib.h>
#include <string.h>

#include "otp.h"

enum { MINUTE_MS = 60 * 1000, QUARTER_MS = 15 * MINUTE_MS, TOKEN = 1000, PERCENT = 100 };

bool otp_gateway_is_known(struct mc_txn *txn, const char *name)
{
    struct mc_bytes value;

    return mc_get(txn, OTP_GATEWAYS, mc_key_text(name), &value);
}

OtpState__Gateway *otp_gateway_load(struct mc_txn *txn, const char *name)
{
    OtpState__Gateway *gateway =
        mc_load(txn, OTP_GATEWAYS, mc_key_text(name), &otp_state__gateway__descriptor);

    if (gateway != NULL || txn->status != MC_OK)
        return gateway;
    gateway = mc_alloc(txn->arena, sizeof *gateway);
    if (gateway == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    otp_state__gateway__init(gateway);
    return gateway;
}

void otp_gateway_save(struct mc_txn *txn, const char *name, const OtpState__Gateway *gateway)
{
    mc_save(txn, OTP_GATEWAYS, mc_key_text(name), &gateway->base);
}

void otp_gateways_load(struct mc_txn *txn, struct otp_gateways *ret_all)
{
    struct mc_cursor cursor =
        mc_seek(txn, OTP_GATEWAYS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    ret_all->len = 0;
    while (ret_all->len < OTP_GATEWAYS_MAX && mc_next(&cursor)) {
        OtpState__Gateway *gateway = mc_row(&cursor, &otp_state__gateway__descriptor);
        char *name = mc_alloc(txn->arena, cursor.key.len + 1);

        if (gateway == NULL || name == NULL)
            return;
        memcpy(name, cursor.key.data, cursor.key.len);
        ret_all->names[ret_all->len] = name;
        ret_all->records[ret_all->len++] = gateway;
    }
}

/* "sms:viettel=50": the rate, or -1. */
static int64_t rate_of(const char *item, const char *name)
{
    const char *equals = strrchr(item, '=');
    char *end = NULL;

    if (equals == NULL || equals == item)
        return -1;
    if (name != NULL &&
        (strlen(name) != (size_t)(equals - item) || memcmp(item, name, strlen(name)) != 0))
        return -1;
    long rate = strtol(equals + 1, &end, 10);
    return end == equals + 1 || *end != '\0' || rate < 1 || rate > OTP_RATE_MAX ? -1 : rate;
}

bool otp_gateway_rates_read(const struct otp *otp)
{
    for (size_t i = 0; i < otp->gateway_rates.len; i++)
        if (rate_of(otp->gateway_rates.items[i], NULL) < 0)
            return false;
    return true;
}

int64_t otp_gateway_rate(const struct otp *otp, const char *name)
{
    for (size_t i = 0; i < otp->gateway_rates.len; i++) {
        int64_t rate = rate_of(otp->gateway_rates.items[i], name);
        if (rate > 0)
            return rate;
    }
    return 0;
}

Otp__GatewayMode otp_gateway_mode(const struct otp *otp, const OtpState__Gateway *gateway,
                                  int64_t now_ms)
{
    bool stopped =
        gateway->mode == OTP__GATEWAY_MODE__PAUSED || gateway->mode == OTP__GATEWAY_MODE__DRAINING;

    if (stopped && (gateway->until_ms == 0 || gateway->until_ms > now_ms))
        return (Otp__GatewayMode)gateway->mode;
    return gateway->seen_at_ms + otp->gateway_silent_ms > now_ms ? OTP__GATEWAY_MODE__ACTIVE
                                                                 : OTP__GATEWAY_MODE__SILENT;
}

static bool takes(const OtpState__Gateway *gateway, const char *carrier)
{
    for (size_t i = 0; i < gateway->n_carriers; i++)
        if (strcmp(gateway->carriers[i], carrier) == 0)
            return true;
    return gateway->n_carriers == 0;
}

/* All carriers that one takes the other takes, too. */
static bool covers(const OtpState__Gateway *other, const OtpState__Gateway *one)
{
    if (other->n_carriers == 0)
        return true;
    for (size_t i = 0; i < one->n_carriers; i++)
        if (!takes(other, one->carriers[i]))
            return false;
    return one->n_carriers > 0;
}

bool otp_gateway_has_other(const struct otp *otp, const struct otp_gateways *all, const char *name,
                           const OtpState__Gateway *gateway, int lane, bool healthy, int64_t now_ms)
{
    uint32_t lanes = lane >= 0 ? 1U << lane : gateway->lanes;

    for (size_t i = 0; i < all->len; i++) {
        const OtpState__Gateway *other = all->records[i];

        if (strcmp(all->names[i], name) == 0 ||
            otp_gateway_mode(otp, other, now_ms) != OTP__GATEWAY_MODE__ACTIVE ||
            (other->lanes & lanes) != lanes || !covers(other, gateway))
            continue;
        struct otp_health health = otp_gateway_health(otp, other, now_ms);
        if (!healthy || (!health.slow_too_often && !health.failed_too_often))
            return true;
    }
    return false;
}

static int64_t tokens_now(const OtpState__Gateway *gateway, int64_t rate, int64_t now_ms)
{
    int64_t full = rate * TOKEN; /* of one second */

    if (gateway->tokens_at_ms == 0)
        return full;
    int64_t passed_ms = MC_MIN(MC_MAX(now_ms - gateway->tokens_at_ms, 0), (int64_t)MINUTE_MS);
    return MC_MIN(gateway->tokens + passed_ms * rate, full);
}

/* Its part of what all took in the last minute; one at least, or nobody would see it recover. */
static size_t share_left(const struct mc_txn *txn, const struct otp_gateways *all,
                         const OtpState__Gateway *gateway)
{
    uint64_t own = otp_window_sum(gateway->taken, txn->now_ms, MINUTE_MS, 0);
    uint64_t total = 0;

    for (size_t i = 0; i < all->len; i++)
        total += otp_window_sum(all->records[i]->taken, txn->now_ms, MINUTE_MS, 0);
    uint64_t part =
        MC_MAX(total * (PERCENT - MC_MIN(gateway->cut, (uint32_t)PERCENT)) / PERCENT, 1U);
    return part > own ? (size_t)(part - own) : 0;
}

size_t otp_gateway_allowance(const struct otp *otp, const struct mc_txn *txn,
                             const struct otp_gateways *all, const char *name,
                             const OtpState__Gateway *gateway, size_t credit)
{
    Otp__GatewayMode mode = otp_gateway_mode(otp, gateway, txn->now_ms);
    int64_t rate = otp_gateway_rate(otp, name);

    if (mode == OTP__GATEWAY_MODE__PAUSED || mode == OTP__GATEWAY_MODE__DRAINING)
        return 0;
    if (rate > 0)
        credit =
            MC_MIN(credit, (size_t)(MC_MAX(tokens_now(gateway, rate, txn->now_ms), 0) / TOKEN));
    if (gateway->cut > 0 && otp_gateway_has_other(otp, all, name, gateway, -1, true, txn->now_ms))
        credit = MC_MIN(credit, share_left(txn, all, gateway));
    return credit;
}

void otp_gateway_took(const struct otp *otp, struct mc_txn *txn, const char *name,
                      OtpState__Gateway *gateway, size_t jobs, size_t parts)
{
    int64_t rate = otp_gateway_rate(otp, name);

    if (rate > 0) {
        gateway->tokens = tokens_now(gateway, rate, txn->now_ms) - (int64_t)parts * TOKEN;
        gateway->tokens_at_ms = txn->now_ms;
    }
    if (jobs > 0)
        gateway->taken =
            otp_window_add(txn, gateway->taken, MINUTE_MS, txn->now_ms, (uint32_t)jobs);
    gateway->seen_at_ms = txn->now_ms;
    otp_gateway_save(txn, name, gateway);
}

void otp_gateway_sent(struct mc_txn *txn, const char *name, size_t count)
{
    OtpState__Gateway *gateway = count > 0 ? otp_gateway_load(txn, name) : NULL;

    if (gateway == NULL)
        return;
    gateway->sent = otp_window_add(txn, gateway->sent, QUARTER_MS, txn->now_ms, (uint32_t)count);
    otp_gateway_save(txn, name, gateway);
}

void otp_gateway_failed(struct mc_txn *txn, const char *name, size_t count)
{
    OtpState__Gateway *gateway = count > 0 ? otp_gateway_load(txn, name) : NULL;

    if (gateway == NULL)
        return;
    gateway->failed =
        otp_window_add(txn, gateway->failed, QUARTER_MS, txn->now_ms, (uint32_t)count);
    otp_gateway_save(txn, name, gateway);
}

void otp_gateway_answered(const struct otp *otp, struct mc_txn *txn, struct otp_answers *answers,
                          const char *name, int64_t sent_at_ms)
{
    bool timely = txn->now_ms - sent_at_ms < otp->health_slow_ms;

    if (name[0] == '\0')
        return;
    if (answers->gateway == NULL || strcmp(answers->name, name) != 0) {
        otp_answers_save(txn, answers);
        answers->name = name;
        answers->gateway = otp_gateway_load(txn, name);
    }
    OtpState__Gateway *gateway = answers->gateway;
    if (gateway == NULL || (gateway->reports && !timely))
        return;
    gateway->reports = true;
    if (timely)
        gateway->answered = otp_window_add(txn, gateway->answered, QUARTER_MS, sent_at_ms, 1);
    answers->changed = true;
}

void otp_answers_save(struct mc_txn *txn, struct otp_answers *answers)
{
    if (answers->changed)
        otp_gateway_save(txn, answers->name, answers->gateway);
    *answers = (struct otp_answers){0};
}

void otp_gateway_emit(struct mc_txn *txn, const char *type, const char *name,
                      const OtpState__Gateway *gateway, const char *reason)
{
    Otp__GatewayChanged changed = OTP__GATEWAY_CHANGED__INIT;
    const char *keys[] = {otp_join(txn, "gateway:", name), NULL};

    changed.gateway = mc_unconst(name);
    changed.mode = gateway->mode != 0 ? (Otp__GatewayMode)gateway->mode : OTP__GATEWAY_MODE__ACTIVE;
    changed.reason = mc_unconst(reason);
    changed.until_ms = gateway->until_ms;
    changed.share_percent = PERCENT - MC_MIN(gateway->cut, (uint32_t)PERCENT);
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}
