/*
 * Handsets: what a citizen sees on his phone.
 *
 *     GET    /handset/<msisdn>?after=<n>              texts, newest first
 *     GET    /handset/<msisdn>/wait?after=<n>&ms=<m>  the same, but waits for one newer than n
 *     DELETE /handset/<msisdn>                        forgets them
 *
 * Numbers of texts rise over all handsets. The oldest go when SANDBOX_MESSAGES_MAX are kept.
 */
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"

#include "sandbox.h"

static size_t chain_of(const char *phone)
{
    return (size_t)(mc_checksum((struct mc_bytes){phone, strlen(phone)}, (struct mc_bytes){0}) %
                    SANDBOX_HANDSET_CHAINS);
}

/* NULL when it has been overwritten. */
static struct sandbox_message *message_of(const struct sandbox *sandbox, uint64_t number)
{
    struct sandbox_message *message =
        number != 0 ? sandbox->sms.messages[number % SANDBOX_MESSAGES_MAX] : NULL;

    return message != NULL && message->number == number ? message : NULL;
}

/* The next older text of that phone, beginning with this one. */
static struct sandbox_message *seek(const struct sandbox *sandbox, const char *phone,
                                    uint64_t number)
{
    struct sandbox_message *message = message_of(sandbox, number);

    while (message != NULL && (message->cleared || strcmp(message->phone, phone) != 0))
        message = message_of(sandbox, message->previous);
    return message;
}

static void messages_write(struct sandbox *sandbox, const char *phone, uint64_t after,
                           struct mc_json_writer *writer)
{
    char at[MC_RFC3339_SIZE];

    mc_json_begin(writer, &sandbox->turn);
    mc_json_array(writer);
    for (struct sandbox_message *message =
             seek(sandbox, phone, sandbox->sms.chains[chain_of(phone)]);
         message != NULL && message->number > after;
         message = seek(sandbox, phone, message->previous)) {
        mc_time_format_rfc3339(at, sizeof at, message->at_ms);
        mc_json_object(writer);
        mc_json_key(writer, "number");
        mc_json_uint(writer, message->number);
        mc_json_key(writer, "at");
        mc_json_string(writer, at);
        mc_json_key(writer, "from");
        mc_json_string(writer, message->from);
        mc_json_key(writer, "to");
        mc_json_string(writer, message->phone);
        mc_json_key(writer, "coding");
        mc_json_int(writer, message->coding);
        mc_json_key(writer, "text");
        mc_json_string(writer, message->text);
        mc_json_end(writer);
    }
    mc_json_end(writer);
}

static void show(struct sandbox *sandbox, const char *phone, uint64_t after,
                 struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    messages_write(sandbox, phone, after, &writer);
    sandbox_say_json(answer, 200, &writer);
}

/* A waiting handset gets its answer now, and its place back. */
static void waiter_answer(struct sandbox_later *waiter)
{
    static const struct mc_header json[] = {{"Content-Type", "application/json"}, {NULL, NULL}};
    struct sandbox_answer answer = {0};

    show(waiter->sandbox, waiter->phone, waiter->number, &answer);
    mc_httpd_reply(waiter->request, answer.status, json, answer.body);
    waiter->request = NULL;
    sandbox_later_give(waiter);
}

static void wait_over(struct sandbox_later *waiter)
{
    struct sandbox_later **at = &waiter->sandbox->sms.waiters;

    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    waiter_answer(waiter);
}

static void waiters_tell(struct sandbox *sandbox, const char *phone)
{
    struct sandbox_later **at = &sandbox->sms.waiters;

    while (*at != NULL) {
        struct sandbox_later *waiter = *at;

        if (strcmp(waiter->phone, phone) != 0) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiter_answer(waiter);
    }
}

uint64_t sandbox_receive(struct sandbox *sandbox, const char *phone, const char *from, int coding,
                         const char *text)
{
    struct sandbox_sms *sms = &sandbox->sms;
    uint64_t number = sms->last + 1;
    struct sandbox_message **slot = &sms->messages[number % SANDBOX_MESSAGES_MAX];
    uint64_t *chain = &sms->chains[chain_of(phone)];

    if (*slot == NULL)
        *slot = mc_alloc(&sandbox->memory, sizeof **slot);
    if (*slot == NULL)
        return 0;
    struct sandbox_message *message = *slot;
    message->number = number;
    message->previous = *chain;
    message->at_ms = mc_now_ms(&sandbox->process.clock);
    message->cleared = false;
    message->coding = coding;
    memcpy(message->phone, phone, strlen(phone) + 1);
    (void)snprintf(message->from, sizeof message->from, "%s", from);
    (void)snprintf(message->text, sizeof message->text, "%s", text);
    *chain = number;
    sms->last = number;
    waiters_tell(sandbox, phone);
    return number;
}

static bool number_read(const struct mc_form *form, const char *name, uint64_t max,
                        uint64_t *ret_number)
{
    const char *text = mc_form_get(form, name);
    uint64_t number = 0;

    if (text == NULL)
        return true;
    for (; *text >= '0' && *text <= '9' && number <= max; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    *ret_number = MC_MIN(number, max);
    return *text == '\0' || number > max;
}

static bool query_read(struct sandbox *sandbox, struct mc_httpd_request *request,
                       uint64_t *ret_after, uint64_t *ret_ms, struct sandbox_answer *answer)
{
    const char *query = mc_httpd_query(request);
    struct mc_form form;

    if (mc_form_decode(&sandbox->turn, (struct mc_bytes){query, strlen(query)}, &form) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "query");
        return false;
    }
    if (!number_read(&form, "after", UINT32_MAX, ret_after)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "after");
        return false;
    }
    if (!number_read(&form, "ms", SANDBOX_WAIT_MAX_MS, ret_ms)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "ms");
        return false;
    }
    return true;
}

/* "<msisdn>" or "<msisdn>/wait". */
static bool tail_read(struct sandbox *sandbox, const char *tail, char phone[SANDBOX_PHONE_SIZE],
                      bool *ret_wait, struct sandbox_answer *answer)
{
    char number[32];
    size_t len = strcspn(tail, "/");

    *ret_wait = strcmp(tail + len, "/wait") == 0;
    if (len >= sizeof number || (tail[len] != '\0' && !*ret_wait)) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "");
        return false;
    }
    memcpy(number, tail, len);
    number[len] = '\0';
    if (sandbox_phone(number, phone))
        return true;
    sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "msisdn");
    return false;
}

void sandbox_handset(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                     struct sandbox_answer *answer)
{
    char phone[SANDBOX_PHONE_SIZE];
    uint64_t after = 0;
    uint64_t ms = SANDBOX_WAIT_MAX_MS;
    bool wait = false;

    if (!tail_read(sandbox, tail, phone, &wait, answer) ||
        !query_read(sandbox, request, &after, &ms, answer))
        return;
    const struct sandbox_message *newest =
        seek(sandbox, phone, sandbox->sms.chains[chain_of(phone)]);
    struct sandbox_later *waiter = NULL;
    if (wait && ms > 0 && (newest == NULL || newest->number <= after))
        waiter = sandbox_later_take(sandbox);
    if (waiter == NULL) {
        show(sandbox, phone, after, answer);
        return;
    }
    waiter->request = request;
    waiter->number = after;
    memcpy(waiter->phone, phone, sizeof phone);
    waiter->next = sandbox->sms.waiters;
    sandbox->sms.waiters = waiter;
    sandbox_later_start(waiter, (int64_t)ms, wait_over);
    answer->kept = true;
}

void sandbox_handset_clear(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    char phone[SANDBOX_PHONE_SIZE];
    bool wait = false;

    (void)request;
    if (!tail_read(sandbox, tail, phone, &wait, answer))
        return;
    for (struct sandbox_message *message =
             seek(sandbox, phone, sandbox->sms.chains[chain_of(phone)]);
         message != NULL; message = seek(sandbox, phone, message->previous))
        message->cleared = true;
    sandbox_say(answer, 204, "text/plain", "");
}
