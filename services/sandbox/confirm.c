/*
 * CONFIRM: the platform tells its partner, again and again with a growing pause, until it is
 * answered with MaLoi "00". What it tells is the payment as it is at that moment, unless it is in a
 * mood: see faults.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "sandbox.h"

enum { BACKOFF_MAX_MS = 60000, DOUBLINGS_MAX = 16 };

static void confirm_call(struct sandbox_later *later);

static void again(struct sandbox_later *later)
{
    int64_t pause_ms = later->sandbox->callback_backoff_ms
                       << MC_MIN(later->tries, (unsigned)DOUBLINGS_MAX);

    later->tries++;
    sandbox_later_start(later, MC_MIN(pause_ms, (int64_t)BACKOFF_MAX_MS), confirm_call);
}

static bool is_good(const struct mc_http_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (answer->outcome != MC_HTTP_ANSWERED || answer->status / 100 != 2 ||
        mc_json_parse(answer->body, &json) != MC_OK)
        return false;
    const char *code = mc_json_text(json, "MaLoi");
    return code != NULL && strcmp(code, "00") == 0;
}

static void confirm_answered(void *arg, const struct mc_http_answer *answer)
{
    struct sandbox_later *later = arg;

    mc_arena_reset(&later->sandbox->turn);
    if (!is_good(answer)) {
        again(later);
        return;
    }
    later->sandbox->platform.payments[later->number]->confirmed = true;
    if (later->copies == 0) {
        sandbox_later_give(later);
        return;
    }
    later->copies--;
    confirm_call(later);
}

static enum mc_status confirm_body(struct sandbox *sandbox, const struct sandbox_payment *payment,
                                   const char *state, struct mc_bytes *ret_body)
{
    struct mc_json_writer writer;
    char amount[24];
    char stamp[MC_STAMP_SIZE];
    char hash[SANDBOX_HASH_SIZE];
    const char *const *names = sandbox_fields_of("CONFIRM");

    (void)snprintf(amount, sizeof amount, "%" PRId64, payment->booked);
    mc_time_format_stamp(stamp, sizeof stamp, payment->chosen_ms);
    const char *const values[] = {
        "CONFIRM",
        state,
        payment->partner,
        payment->reference,
        amount,
        SANDBOX_CURRENCY,
        payment->transaction,
        payment->bank,
        stamp,
        payment->information,
        NULL,
    };
    sandbox_hash(hash, values, sandbox->payment_secret);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    for (size_t i = 0; names[i] != NULL; i++) {
        mc_json_key(&writer, names[i]);
        mc_json_string(&writer, values[i]);
    }
    mc_json_key(&writer, "MaXacThuc");
    mc_json_string(&writer, hash);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_body);
}

static void confirm_call(struct sandbox_later *later)
{
    struct sandbox *sandbox = later->sandbox;
    struct sandbox_payment *payment = sandbox->platform.payments[later->number];
    struct mc_http_request request = {
        .method = "POST",
        .url = sandbox->payment_callback,
        .content_type = "application/json",
        .timeout_ms = SANDBOX_CALL_MS,
    };

    const char *state = later->told != NULL ? later->told : payment->state;
    if (confirm_body(sandbox, payment, state, &request.body) != MC_OK ||
        mc_http_start(sandbox->http, &request, confirm_answered, later, NULL) != MC_OK) {
        again(later);
        return;
    }
    payment->confirms++;
}

void sandbox_confirm_plan(struct sandbox *sandbox, size_t place)
{
    struct sandbox_faults *faults = &sandbox->faults;
    int64_t late_ms = 0;
    int64_t unused = 0;

    if (sandbox->payment_callback[0] == '\0' ||
        sandbox_fault_strikes(faults, SANDBOX_PLATFORM, SANDBOX_FAULT_NO_CALLBACK, &unused))
        return;
    struct sandbox_later *later = sandbox_later_take(sandbox);
    if (later == NULL)
        return; /* the partner has QUERY */
    later->number = place;
    if (sandbox_fault_strikes(faults, SANDBOX_PLATFORM, SANDBOX_FAULT_DUPLICATE_CALLBACK, &unused))
        later->copies = 1;
    const struct sandbox_payment *payment = sandbox->platform.payments[place];
    bool paid = strcmp(payment->state, SANDBOX_PAID) == 0;
    (void)sandbox_fault_strikes(faults, SANDBOX_PLATFORM, SANDBOX_FAULT_LATE_CALLBACK, &late_ms);
    if (sandbox_fault_strikes(faults, SANDBOX_PLATFORM, SANDBOX_FAULT_STALE_CALLBACK, &late_ms))
        later->told = payment->state;
    if (sandbox_fault_strikes(faults, SANDBOX_PLATFORM, SANDBOX_FAULT_CONTRADICT, &unused))
        later->told = paid ? SANDBOX_FAILED : SANDBOX_PAID;
    sandbox_later_start(later, late_ms, confirm_call);
}
