/*
 * The SMS gateway, as Kannel's smsbox speaks (userguide, "Using HTTP interface to send"):
 *
 *     GET /cgi-bin/sendsms?username&password&from&to&text&coding&charset&dlr-mask&dlr-url
 *
 * Several receivers in `to` are separated by blanks. Delivery reports follow at dlr-url, as the
 * mask asks: 8 (the carrier took it), then 1 (delivered). By the number's last digits: …998 is
 * told 8 then 2 (failed), …999 only 8 and then 4 (its phone is off), …997 16 (refused).
 */
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

enum {
    DLR_DELIVERED = 1,
    DLR_FAILED = 2,
    DLR_BUFFERED = 4,
    DLR_TAKEN = 8,
    DLR_REFUSED = 16,
    DLR_RETRY_MS = 1000,
    RECEIVERS_MAX = 20,
    MASK_MAX = 31,
};

void sandbox_dlr_states(const char *phone, unsigned mask, int ret_codes[4])
{
    static const struct {
        const char *end;
        int codes[3];
    } handsets[] = {
        {"997", {DLR_REFUSED, 0}},
        {"998", {DLR_TAKEN, DLR_FAILED, 0}},
        {"999", {DLR_TAKEN, DLR_BUFFERED, 0}},
        {"", {DLR_TAKEN, DLR_DELIVERED, 0}},
    };
    size_t len = strlen(phone);
    size_t kind = 0;
    size_t n = 0;

    while (handsets[kind].end[0] != '\0' &&
           (len < 3 || strcmp(phone + len - 3, handsets[kind].end) != 0))
        kind++;
    for (size_t i = 0; i < 3 && handsets[kind].codes[i] != 0; i++)
        if ((mask & (unsigned)handsets[kind].codes[i]) != 0)
            ret_codes[n++] = handsets[kind].codes[i];
    ret_codes[n] = 0;
}

const char *sandbox_dlr_url(struct mc_arena *arena, const char *pattern, int state,
                            const char *phone, int64_t now_ms)
{
    size_t size = strlen(pattern) + 1;
    char stamp[MC_STAMP_SIZE];
    char value[32];

    for (const char *c = pattern; *c != '\0'; c++)
        size += *c == '%' ? sizeof value : 0;
    char *url = mc_alloc(arena, size);
    char *out = url;
    if (url == NULL)
        return NULL;
    mc_time_format_stamp(stamp, sizeof stamp, now_ms);
    for (const char *c = pattern; *c != '\0'; c++) {
        value[0] = '\0';
        if (c[0] == '%' && c[1] == 'd')
            (void)snprintf(value, sizeof value, "%d", state);
        else if (c[0] == '%' && c[1] == 'p')
            (void)snprintf(value, sizeof value, "%%2B%s", phone);
        else if (c[0] == '%' && c[1] == 't')
            memcpy(value, stamp, sizeof stamp);
        else if (c[0] == '%' && c[1] == 'A')
            (void)snprintf(value, sizeof value, "%s",
                           state == DLR_FAILED || state == DLR_REFUSED ? "NACK" : "ACK");
        if (value[0] == '\0') {
            *out++ = *c;
            continue;
        }
        size_t len = strlen(value);
        memcpy(out, value, len);
        out += len;
        c++;
    }
    *out = '\0';
    return url;
}

static void dlr_call(struct sandbox_later *later);

static void dlr_next(struct sandbox_later *later)
{
    later->tries = 0;
    memmove(later->codes, later->codes + 1, sizeof later->codes - sizeof later->codes[0]);
    later->codes[MC_LEN(later->codes) - 1] = 0;
    if (later->codes[0] == 0)
        sandbox_later_give(later);
    else
        sandbox_later_start(later, later->sandbox->dlr_after_ms, dlr_call);
}

static void dlr_answered(void *arg, const struct mc_http_answer *answer)
{
    struct sandbox_later *later = arg;
    bool told = answer->outcome == MC_HTTP_ANSWERED && answer->status / 100 == 2;

    mc_arena_reset(&later->sandbox->turn);
    if (told && later->copies > 0) {
        later->copies--;
        dlr_call(later);
    } else if (told || ++later->tries >= SANDBOX_DLR_TRIES_MAX) {
        dlr_next(later);
    } else {
        sandbox_later_start(later, DLR_RETRY_MS, dlr_call);
    }
}

static void dlr_call(struct sandbox_later *later)
{
    struct sandbox *sandbox = later->sandbox;
    const char *url = sandbox_dlr_url(&sandbox->turn, later->text, later->codes[0], later->phone,
                                      mc_now_ms(&sandbox->process.clock));
    struct mc_http_request request = {.method = "GET", .url = url, .timeout_ms = SANDBOX_CALL_MS};
    enum mc_status status = MC_FULL;

    if (url != NULL)
        status = mc_http_start(sandbox->http, &request, dlr_answered, later, NULL);
    if (status == MC_INVALID || (status != MC_OK && ++later->tries >= SANDBOX_DLR_TRIES_MAX))
        sandbox_later_give(later);
    else if (status != MC_OK)
        sandbox_later_start(later, DLR_RETRY_MS, dlr_call);
}

/* Delivery reports of a text that the gateway took; `mask` as Kannel's dlr-mask. */
static void dlr_plan(struct sandbox *sandbox, const char *phone, const char *url, unsigned mask)
{
    struct sandbox_faults *faults = &sandbox->faults;
    int64_t late_ms = 0;
    int64_t unused = 0;
    size_t len = strlen(url);

    if (sandbox_fault_strikes(faults, SANDBOX_SMS, SANDBOX_FAULT_NO_CALLBACK, &unused) ||
        len >= SANDBOX_LATER_TEXT_MAX)
        return;
    struct sandbox_later *later = sandbox_later_take(sandbox);
    if (later == NULL)
        return; /* as a gateway that lost its memory of it */
    sandbox_dlr_states(phone, mask, later->codes);
    if (later->codes[0] == 0) {
        sandbox_later_give(later);
        return;
    }
    memcpy(later->text, url, len + 1);
    memcpy(later->phone, phone, SANDBOX_PHONE_SIZE);
    if (sandbox_fault_strikes(faults, SANDBOX_SMS, SANDBOX_FAULT_DUPLICATE_CALLBACK, &unused))
        later->copies = 1;
    (void)sandbox_fault_strikes(faults, SANDBOX_SMS, SANDBOX_FAULT_LATE_CALLBACK, &late_ms);
    sandbox_later_start(later, sandbox->dlr_after_ms + late_ms, dlr_call);
}

static unsigned number_of(const char *text, unsigned otherwise, unsigned max)
{
    unsigned number = 0;

    if (text == NULL || text[0] == '\0')
        return otherwise;
    for (; *text >= '0' && *text <= '9' && number <= max; text++)
        number = number * 10 + (unsigned)(*text - '0');
    return *text == '\0' && number <= max ? number : otherwise;
}

struct submission {
    const char *from;
    const char *text;
    const char *dlr_url;
    unsigned coding;
    unsigned mask;
    char phones[RECEIVERS_MAX][SANDBOX_PHONE_SIZE];
    size_t phones_len;
};

/* Receivers are separated by blanks; a leading plus arrives as one too. */
static bool receivers_read(const char *to, struct submission *submission)
{
    char number[32];

    for (;;) {
        to += strspn(to, " ");
        size_t len = strcspn(to, " ");
        if (len == 0)
            return submission->phones_len > 0;
        if (len >= sizeof number || submission->phones_len == RECEIVERS_MAX)
            return false;
        memcpy(number, to, len);
        number[len] = '\0';
        if (!sandbox_phone(number, submission->phones[submission->phones_len++]))
            return false;
        to += len;
    }
}

/* NULL, or why Kannel says 400. */
static const char *submission_read(const struct mc_form *form, struct submission *submission)
{
    const char *to = mc_form_get(form, "to");
    const char *charset = mc_form_get(form, "charset");

    submission->from = mc_form_get(form, "from");
    submission->text = mc_form_get(form, "text");
    submission->dlr_url = mc_form_get(form, "dlr-url");
    submission->coding = number_of(mc_form_get(form, "coding"), 0, 2);
    submission->mask = number_of(mc_form_get(form, "dlr-mask"), 0, MASK_MAX);
    if (to == NULL || to[0] == '\0')
        return "Missing receiver number, rejected";
    if (!receivers_read(to, submission))
        return "Invalid receiver number, rejected";
    if (submission->from == NULL || submission->from[0] == '\0' ||
        strlen(submission->from) > SANDBOX_SENDER_MAX)
        return "Sender missing and no global set, rejected";
    if (charset != NULL && strcmp(charset, "UTF-8") != 0 && strcmp(charset, "utf-8") != 0)
        return "Charset conversion failed, rejected";
    if (submission->text == NULL || submission->text[0] == '\0' ||
        strlen(submission->text) > SANDBOX_TEXT_MAX)
        return "Missing or too long text, rejected";
    return NULL;
}

static bool may_send(const struct sandbox *sandbox, const struct mc_form *form)
{
    const char *username = mc_form_get(form, "username");
    const char *password = mc_form_get(form, "password");

    return username != NULL && password != NULL && strcmp(username, sandbox->sms_username) == 0 &&
           strcmp(password, sandbox->sms_password) == 0;
}

void sandbox_sendsms(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                     struct sandbox_answer *answer)
{
    struct submission submission = {0};
    const char *query = mc_httpd_query(request);
    struct mc_form form;

    (void)tail;
    if (mc_form_decode(&sandbox->turn, (struct mc_bytes){query, strlen(query)}, &form) != MC_OK) {
        sandbox_say(answer, 400, "text/plain", "Malformed query, rejected");
        return;
    }
    if (!may_send(sandbox, &form)) {
        sandbox_say(answer, 403, "text/plain", "Authorization failed for sendsms");
        return;
    }
    const char *wrong = submission_read(&form, &submission);
    if (wrong != NULL) {
        sandbox_say(answer, 400, "text/plain", wrong);
        return;
    }
    for (size_t i = 0; i < submission.phones_len; i++) {
        if (sandbox_receive(sandbox, submission.phones[i], submission.from, (int)submission.coding,
                            submission.text) == 0) {
            sandbox_say(answer, 503, "text/plain", "Temporal failure, try again later.");
            return;
        }
        if (submission.dlr_url != NULL && submission.mask != 0)
            dlr_plan(sandbox, submission.phones[i], submission.dlr_url, submission.mask);
    }
    sandbox_say(answer, 202, "text/plain", "0: Accepted for delivery");
}
