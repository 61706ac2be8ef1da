/* An HTTP gateway that speaks Kannel's sendsms; the words are in kannel.c. */
#include <stdio.h>
#include <string.h>

#include "common/http.h"

#include "kannel.h"
#include "smsworker.h"

enum { ANSWER_MAX = 8192 };

static enum mc_status open_client(struct smsworker *worker, char *why, size_t why_size)
{
    const struct mc_http_config http = {
        .connections_max = (unsigned)worker->concurrency,
        .per_host_max = (unsigned)worker->concurrency,
        .requests_max = (unsigned)worker->concurrency,
        .allow_plain = worker->allow_plain_http,
    };

    (void)snprintf(why, why_size, "the HTTP client cannot be made");
    worker->http = mc_http_create(worker->process.loop, &http);
    return worker->http != NULL ? MC_OK : MC_FULL;
}

static enum mc_status http_open(struct smsworker *worker, char *why, size_t why_size)
{
    (void)snprintf(why, why_size,
                   "smsworker.url must be https:// (smsworker.allow_plain_http is off)");
    if (!worker->allow_plain_http && strncmp(worker->url, "https://", 8) != 0)
        return MC_INVALID;
    enum mc_status status = smsworker_password_load(worker, why, why_size);
    return status == MC_OK ? open_client(worker, why, why_size) : status;
}

static void http_close(struct smsworker *worker)
{
    if (worker->http != NULL)
        mc_http_destroy(worker->http);
}

static void answered(void *arg, const struct mc_http_answer *answer)
{
    struct slot *slot = arg;
    enum verdict verdict = kannel_judge(answer, slot->provider);
    char error[SMSWORKER_ERROR_SIZE];

    mc_arena_reset(&slot->worker->turn);
    (void)snprintf(error, sizeof error, "%s %d",
                   verdict == VERDICT_LOCKED ? "GATEWAY_LOCKED_OUT"
                   : answer->status == 0     ? "GATEWAY_AWAY"
                                             : "GATEWAY_HTTP",
                   answer->status);
    const struct outcome outcome = {verdict, error, answer->why[0] != '\0' ? answer->why : NULL};
    smsworker_sent(slot, &outcome);
}

static void http_send(struct slot *slot)
{
    struct smsworker *worker = slot->worker;
    const struct kannel_login login = {worker->url, worker->username, worker->password,
                                       worker->sender, worker->report_base};
    const struct kannel_sms sms = {slot->phone, slot->text, slot->ucs2, slot->report_path};
    const char *url = kannel_url(&worker->turn, &login, &sms);
    const struct mc_http_request request = {
        .method = "GET",
        .url = url,
        .timeout_ms = worker->timeout_ms,
        .answer_max = ANSWER_MAX,
        .ca_file = worker->ca_file[0] != '\0' ? worker->ca_file : NULL,
        .once = true,
    };
    enum mc_status status = MC_FULL;

    if (url != NULL)
        status = mc_http_start(worker->http, &request, answered, slot, NULL);
    if (status == MC_OK)
        return;
    const struct outcome outcome = {status == MC_INVALID ? VERDICT_REFUSED : VERDICT_LATER,
                                    "NOT_SENDABLE", NULL};
    smsworker_sent(slot, &outcome);
}

const struct driver smsworker_http = {
    .mode = "http",
    .open = http_open,
    .close = http_close,
    .send = http_send,
};
