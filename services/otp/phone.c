/*
 * Phones: how many codes a number got and how often it was guessed at, over all its challenges.
 *
 * One row per number that was sent something lately, under a keyed hash of it. This is the one
 * random page a code costs; it is what keeps a stranger from ringing somebody's phone all night
 * (S05) and from guessing on and on with fresh codes: NIST SP 800-63B-4 sect. 3.1.3.2, a new
 * secret does not reset the failed count. So wrong tries are counted here, one by one: as many as
 * five codes allow, within an hour, lock the number for that purpose. Purposes are apart, so that
 * who guesses at registrations with somebody's number does not keep its owner from signing in; and
 * passwords are counted elsewhere altogether (identity).
 */
#include <stdio.h>
#include <string.h>

#include "otp.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, MINUTE_MS = 60 * 1000, PHONE_KEY_SIZE = 48 };

struct mc_bytes otp_phone_blind(struct mc_txn *txn, const char *phone)
{
    return mc_blind(txn, "phone", phone);
}

const char *otp_phone_key(struct mc_txn *txn, struct mc_bytes blind)
{
    char hex[2 * OTP_BLIND_LEN + 1] = "";

    if (blind.len == OTP_BLIND_LEN)
        (void)mc_hex(hex, blind);
    return otp_join(txn, "phone:", hex);
}

/* OTP-06: 091****101 */
char *otp_phone_masked(struct mc_txn *txn, const char *phone)
{
    char masked[MC_MASK_SIZE];

    mc_mask_phone(masked, sizeof masked, phone);
    char *copy = mc_strdup(txn->arena, masked);
    if (copy == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy != NULL ? copy : mc_unconst("");
}

OtpState__Phone *otp_phone_load(struct mc_txn *txn, struct mc_bytes blind)
{
    OtpState__Phone *phone = mc_load(txn, OTP_PHONES, blind, &otp_state__phone__descriptor);

    if (phone != NULL)
        return phone;
    phone = mc_alloc(txn->arena, sizeof *phone);
    if (phone == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    otp_state__phone__init(phone);
    return txn->status == MC_OK ? phone : NULL;
}

void otp_phone_save(struct mc_txn *txn, struct mc_bytes blind, const OtpState__Phone *phone)
{
    mc_save(txn, OTP_PHONES, blind, &phone->base);
}

const char *otp_minutes(struct mc_txn *txn, int64_t ms)
{
    const char *text =
        mc_sprintf(txn->arena, "%lld", (long long)MC_MAX((ms + MINUTE_MS - 1) / MINUTE_MS, 1));

    return text != NULL ? text : "";
}

/* When a list of times leaves room for one more: at most `most` in the window. 0: now. */
static int64_t free_at(const int64_t *times, size_t n, int64_t most, int64_t window_ms,
                       int64_t now_ms)
{
    if (n < (size_t)most)
        return 0;
    int64_t at = times[n - (size_t)most] + window_ms;
    return at > now_ms ? at : 0;
}

static OtpState__Failures *failures_of(const OtpState__Phone *phone, Otp__Purpose purpose)
{
    for (size_t i = 0; i < phone->n_failures; i++)
        if (phone->failures[i]->purpose == (uint32_t)purpose)
            return phone->failures[i];
    return NULL;
}

int64_t otp_phone_locked_until(const OtpState__Phone *phone, Otp__Purpose purpose)
{
    const OtpState__Failures *failures = failures_of(phone, purpose);

    return failures != NULL ? failures->locked_until_ms : 0;
}

bool otp_phone_may_receive(const struct otp *otp, struct mc_txn *txn, const OtpState__Phone *phone,
                           Otp__Purpose purpose)
{
    int64_t now = txn->now_ms;
    int64_t locked_until_ms = otp_phone_locked_until(phone, purpose);

    if (locked_until_ms > now) {
        txn->retry_after_ms = MC_MAX(txn->retry_after_ms, locked_until_ms - now);
        (void)mc_refuse(txn, MC_LIMITED, "phone", "OTP_TOO_MANY", "minutes",
                        otp_minutes(txn, locked_until_ms - now), NULL);
        return false;
    }
    int64_t short_at = free_at(phone->sent_at_ms, phone->n_sent_at_ms, otp->sends_short,
                               otp->sends_short_window_ms, now);
    int64_t day_at = free_at(phone->sent_at_ms, phone->n_sent_at_ms, otp->sends_day, DAY_MS, now);
    int64_t at = MC_MAX(short_at, day_at);
    if (at == 0)
        return true;
    txn->retry_after_ms = MC_MAX(txn->retry_after_ms, at - now);
    (void)mc_refuse(txn, MC_LIMITED, "phone", "OTP_SEND_LIMIT", "minutes",
                    otp_minutes(txn, at - now), NULL);
    return false;
}

/* Times after `since`, and now, at most `most` of them. */
static void add_time(struct mc_txn *txn, int64_t **times, size_t *n, int64_t since_ms, size_t most)
{
    int64_t *kept = mc_alloc(txn->arena, (*n + 1) * sizeof *kept);
    size_t len = 0;

    if (kept == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = *n >= most ? *n - most + 1 : 0; i < *n; i++)
        if ((*times)[i] > since_ms)
            kept[len++] = (*times)[i];
    kept[len++] = txn->now_ms;
    *times = kept;
    *n = len;
}

void otp_phone_sent(struct mc_txn *txn, OtpState__Phone *phone)
{
    add_time(txn, &phone->sent_at_ms, &phone->n_sent_at_ms, txn->now_ms - DAY_MS, OTP_SENDS_MAX);
}

/* The purpose's failures, with room for one more. NULL when the call has failed. */
static OtpState__Failures *failures_open(struct mc_txn *txn, OtpState__Phone *phone,
                                         Otp__Purpose purpose)
{
    OtpState__Failures *failures = failures_of(phone, purpose);

    if (failures != NULL)
        return failures;
    failures = mc_alloc(txn->arena, sizeof *failures);
    OtpState__Failures **list = mc_alloc(txn->arena, (phone->n_failures + 1) * sizeof(void *));
    if (failures == NULL || list == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    otp_state__failures__init(failures);
    failures->purpose = (uint32_t)purpose;
    for (size_t i = 0; i < phone->n_failures; i++)
        list[i] = phone->failures[i];
    list[phone->n_failures++] = failures;
    phone->failures = list;
    return failures;
}

void otp_phone_failed(const struct otp *otp, struct mc_txn *txn, OtpState__Phone *phone,
                      Otp__Purpose purpose)
{
    size_t most = (size_t)(otp->dead_codes_max * otp->attempts_max);
    OtpState__Failures *failures = failures_open(txn, phone, purpose);

    if (failures == NULL)
        return;
    add_time(txn, &failures->at_ms, &failures->n_at_ms, txn->now_ms - otp->failure_window_ms,
             OTP_TRIES_MAX);
    if (failures->n_at_ms < most)
        return;
    failures->locked_until_ms = txn->now_ms + otp->lock_ms;
    failures->n_at_ms = 0;
}

static bool is_past(const struct otp *otp, const OtpState__Failures *failures, int64_t now_ms)
{
    size_t n = failures->n_at_ms;

    return failures->locked_until_ms <= now_ms &&
           (n == 0 || failures->at_ms[n - 1] <= now_ms - otp->failure_window_ms);
}

/* Nothing in it counts any more. */
bool otp_phone_is_idle(const struct otp *otp, const OtpState__Phone *phone, int64_t now_ms)
{
    size_t sent = phone->n_sent_at_ms;

    for (size_t i = 0; i < phone->n_failures; i++)
        if (!is_past(otp, phone->failures[i], now_ms))
            return false;
    return sent == 0 || phone->sent_at_ms[sent - 1] <= now_ms - DAY_MS;
}
