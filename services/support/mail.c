/*
 * Mail to «Email phản hồi» at each outcome (NOT-07): a job, performed by the notification room,
 * which has the templates and the mail server.
 */
#include "support.h"

enum { BACKOFF_MS = 5000, BACKOFF_MAX_MS = 600000, LIFE_MS = 3 * 24 * 60 * 60 * 1000 };

static const char *template_of(Support__RequestState state)
{
    static const char *const templates[] = {
        [SUPPORT__REQUEST_STATE__REQUEST_SENT] = "SUPPORT_REQUEST_SENT",
        [SUPPORT__REQUEST_STATE__REQUEST_ASSIGNED] = "SUPPORT_REQUEST_MOVED",
        [SUPPORT__REQUEST_STATE__REQUEST_IN_PROGRESS] = "SUPPORT_REQUEST_MOVED",
        [SUPPORT__REQUEST_STATE__REQUEST_WAITING] = "SUPPORT_REQUEST_MOVED",
        [SUPPORT__REQUEST_STATE__REQUEST_DONE] = "SUPPORT_REQUEST_MOVED",
        [SUPPORT__REQUEST_STATE__REQUEST_CANCELLED] = "SUPPORT_REQUEST_MOVED",
        [SUPPORT__REQUEST_STATE__REQUEST_REOPENED] = "SUPPORT_REQUEST_MOVED",
    };

    return templates[state];
}

void support_request_mail(struct mc_txn *txn, const struct support_request *request,
                          const char *text)
{
    const SupportState__Request *record = request->record;
    SupportState__Mail mail = SUPPORT_STATE__MAIL__INIT;
    const char *keys[] = {support_printf(txn, "support:%s", record->code), NULL};

    mail.template_ = mc_unconst(template_of((Support__RequestState)record->state));
    mail.email = mc_open_text(txn, record->email);
    mail.code = record->code;
    mail.title = mc_open_text(txn, record->title);
    mail.state_name = mc_unconst(support_state_name((Support__RequestState)record->state));
    mail.text = mc_unconst(text);
    mail.time = support_time(txn, txn->now_ms);
    if (txn->status != MC_OK)
        return;
    size_t len = support_state__mail__get_packed_size(&mail);
    uint8_t *packed = support_alloc(txn, len + 1);
    if (packed == NULL)
        return;
    (void)support_state__mail__pack(&mail, packed);
    const struct mc_job_spec job = {
        .lane = SUPPORT_LANE_MAIL,
        .kind = "mail",
        .payload = {packed, len},
        .expires_ms = txn->now_ms + LIFE_MS,
        .backoff_ms = BACKOFF_MS,
        .backoff_max_ms = BACKOFF_MAX_MS,
        .destination = "notification",
        .keys = keys,
        .forget = true,
    };
    (void)mc_job_add(txn, &job);
}
