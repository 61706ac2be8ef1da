/* Sending: to the HTTP gateway, or to a file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/date.h"
#include "common/json.h"

#include "smsworker.h"

static const char *verdict_name(enum kannel_verdict verdict)
{
    static const char *const names[] = {
        [KANNEL_TAKEN] = "taken",     [KANNEL_PERHAPS] = "unknown",   [KANNEL_RETRY] = "failed",
        [KANNEL_REFUSED] = "refused", [KANNEL_LOCKED] = "locked_out",
    };

    return names[verdict];
}

static void log_sms(struct slot *slot, enum kannel_verdict verdict,
                    const struct mc_http_answer *answer)
{
    struct smsworker *worker = slot->worker;
    struct mc_log_line line;

    mc_log_begin(&line, &worker->process.log,
                 verdict == KANNEL_LOCKED  ? MC_LOG_ERROR
                 : verdict == KANNEL_TAKEN ? MC_LOG_INFO
                                           : MC_LOG_WARNING,
                 mc_now_ms(&worker->process.clock), "sms");
    mc_log_text(&line, "outcome", verdict_name(verdict));
    mc_log_text(&line, "reference", slot->reference);
    mc_log_masked(&line, "phone", slot->phone);
    mc_log_int(&line, "lane", slot->lane);
    if (answer != NULL) {
        mc_log_int(&line, "http", answer->status);
        mc_log_text(&line, "why", answer->why[0] != '\0' ? answer->why : NULL);
        mc_log_int(&line, "ms", smsworker_mono_ms(worker) - slot->began_ms);
    }
    mc_log_end(&line);
}

/* Codes may still be in time elsewhere; notices come back after their lane's own back-off. */
static void give_all_back(struct smsworker *worker)
{
    for (int64_t i = 0; i < worker->credit; i++) {
        struct slot *slot = worker->slots[i];
        if (slot->state == SLOT_QUEUED)
            smsworker_nack(slot, "GATEWAY_RESTS", false, slot->lane == OTP__LANE__OTP ? 1 : 0);
    }
}

static void settle(struct slot *slot, enum kannel_verdict verdict, int http_status)
{
    char error[SMSWORKER_ERROR_SIZE];

    if (verdict == KANNEL_TAKEN) {
        slot->state = SLOT_ACK;
        return;
    }
    (void)snprintf(error, sizeof error, "%s %d",
                   verdict == KANNEL_LOCKED ? "GATEWAY_LOCKED_OUT"
                   : http_status == 0       ? "GATEWAY_AWAY"
                                            : "GATEWAY_HTTP",
                   http_status);
    smsworker_nack(slot, error, verdict == KANNEL_REFUSED, 0);
}

static void sent(void *arg, const struct mc_http_answer *answer)
{
    struct slot *slot = arg;
    struct smsworker *worker = slot->worker;
    enum kannel_verdict verdict = kannel_judge(answer, slot->provider);

    mc_arena_reset(&worker->turn);
    worker->sending--;
    log_sms(slot, verdict, answer);
    if (kannel_is_unwell(verdict)) {
        mc_timer_start(worker->rest, kannel_pause_ms(worker->failures++));
        give_all_back(worker);
    } else {
        worker->failures = 0;
    }
    settle(slot, kannel_settle(verdict, slot->lane == OTP__LANE__OTP), answer->status);
    mc_loop_defer(worker->pump);
}

static void start(struct smsworker *worker, struct slot *slot)
{
    const struct kannel_login login = {worker->url, worker->username, worker->password,
                                       worker->sender, worker->report_base};
    const struct kannel_sms sms = {slot->phone, slot->text, slot->ucs2, slot->report_path};
    const char *url = kannel_url(&worker->turn, &login, &sms);
    const struct mc_http_request request = {
        .method = "GET",
        .url = url,
        .timeout_ms = worker->timeout_ms,
        .answer_max = 8192,
        .ca_file = worker->ca_file[0] != '\0' ? worker->ca_file : NULL,
        .once = true,
    };
    enum mc_status status = MC_FULL;

    slot->began_ms = smsworker_mono_ms(worker);
    if (url != NULL)
        status = mc_http_start(worker->http, &request, sent, slot, NULL);
    if (status != MC_OK) {
        smsworker_nack(slot, "NOT_SENDABLE", status == MC_INVALID, 0);
        return;
    }
    slot->state = SLOT_SENDING;
    worker->sending++;
}

static void write_line(struct smsworker *worker, struct slot *slot)
{
    struct mc_json_writer writer;
    struct mc_bytes text;
    char at[MC_RFC3339_SIZE];

    mc_time_format_rfc3339(at, sizeof at, mc_now_ms(&worker->process.clock));
    mc_json_begin(&writer, &worker->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "at");
    mc_json_string(&writer, at);
    mc_json_key(&writer, "to");
    mc_json_string(&writer, slot->phone);
    mc_json_key(&writer, "reference");
    mc_json_string(&writer, slot->reference);
    mc_json_key(&writer, "text");
    mc_json_string(&writer, slot->text);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK) {
        smsworker_nack(slot, "NOT_SENDABLE", false, 0);
        return;
    }
    ((char *)mc_unconst(text.data))[text.len] = '\n'; /* in place of its NUL */
    if (write(worker->file_fd, text.data, text.len + 1) == (ssize_t)text.len + 1)
        slot->state = SLOT_ACK;
    else
        smsworker_nack(slot, "FILE", false, 0);
    log_sms(slot, slot->state == SLOT_ACK ? KANNEL_TAKEN : KANNEL_RETRY, NULL);
}

/* Codes first, then in the order they came. */
static struct slot *next(const struct smsworker *worker)
{
    struct slot *best = NULL;

    for (int64_t i = 0; i < worker->credit; i++) {
        struct slot *slot = worker->slots[i];
        if (slot->state == SLOT_QUEUED &&
            (best == NULL || slot->lane < best->lane ||
             (slot->lane == best->lane && slot->sequence < best->sequence)))
            best = slot;
    }
    return best;
}

void smsworker_send(struct smsworker *worker)
{
    struct slot *slot = NULL;

    while (worker->sending < (unsigned)worker->concurrency && !mc_timer_running(worker->rest) &&
           (slot = next(worker)) != NULL) {
        int64_t now_ms = mc_now_ms(&worker->process.clock);
        int64_t left_ms = slot->lease_end_ms - smsworker_mono_ms(worker);

        if (slot->expires_at_ms != 0 && now_ms >= slot->expires_at_ms)
            smsworker_nack(slot, "EXPIRED", false, 0);
        else if (left_ms < worker->timeout_ms + SMSWORKER_LEASE_SLACK_MS)
            smsworker_nack(slot, "LEASE_TOO_SHORT", false, 1); /* the answer might come too late */
        else if (worker->to_file)
            write_line(worker, slot);
        else
            start(worker, slot);
    }
}
