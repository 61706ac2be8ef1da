/*
 * Where webhooks go: a developer of a portal gives http://…/hooks/<name> as his address, pastes the
 * secret he was told, and sees what comes, whether its signature holds, and what a sender does when
 * things go wrong. An address is there from its first call or order on.
 *
 *     POST /hooks/<name>    a CloudEvent, signed as Standard Webhooks says; a challenge is met
 *     GET  /hooks/<name>    what came, in order: id, type, verdict, times, at_ms
 *     POST /hooks/orders {"name", "fault", "secret", "count", "ms"}   none, slow, http500, garbage,
 *          expire, exists, lose, down (ms: for so long), gone; no fault or secret given: as it was
 *     GET  /hooks           the same for people
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, COUNT_MAX = 1000000 };

static int64_t now(const struct sandbox *sandbox)
{
    return mc_now_ms(&sandbox->process.clock);
}

static struct sandbox_hook *hook_of(struct sandbox *sandbox, const char *name,
                                    struct sandbox_answer *answer)
{
    struct sandbox_hook *hook =
        name != NULL ? sandbox_hook_of(&sandbox->hooks, &sandbox->memory, name) : NULL;

    if (hook == NULL)
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "name");
    return hook;
}

/* A connection that breaks: chunks are promised, and none comes. */
static void break_off(struct mc_httpd_request *request, struct sandbox_answer *answer)
{
    static const struct mc_header chunked[] = {{"Transfer-Encoding", "chunked"}, {NULL, NULL}};

    mc_httpd_reply(request, 200, chunked, (struct mc_bytes){"!\r\n\r\n", 5});
    answer->kept = true;
}

/* What strikes before anything is taken; true: that was the answer. */
static bool struck(struct mc_httpd_request *request, enum sandbox_hook_fault fault,
                   struct sandbox_answer *answer)
{
    switch (fault) {
    case SANDBOX_HOOK_HTTP500:
        sandbox_say(answer, 500, "text/plain", "Internal Server Error");
        return true;
    case SANDBOX_HOOK_EXPIRE:
        sandbox_say(answer, 401, "text/plain", "session expired");
        return true;
    case SANDBOX_HOOK_GONE:
        sandbox_say(answer, 410, "text/plain", "Gone");
        return true;
    case SANDBOX_HOOK_DOWN:
        break_off(request, answer);
        return true;
    case SANDBOX_HOOK_WELL:
    case SANDBOX_HOOK_SLOW:
    case SANDBOX_HOOK_GARBAGE:
    case SANDBOX_HOOK_EXISTS:
    case SANDBOX_HOOK_LOSE:
    case SANDBOX_HOOK_FAULTS_LEN:
        break;
    }
    return false;
}

/* {"challenge": text} to a challenge, {} to an event. */
static void thank(struct sandbox *sandbox, const char *challenge, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    if (challenge != NULL) {
        mc_json_key(&writer, "challenge");
        mc_json_string(&writer, challenge);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void taken(struct sandbox *sandbox, struct mc_httpd_request *request,
                  const struct sandbox_hook *hook, enum sandbox_hook_fault fault,
                  const char *challenge, struct sandbox_answer *answer)
{
    if (fault == SANDBOX_HOOK_LOSE)
        break_off(request, answer);
    else if (fault == SANDBOX_HOOK_EXISTS)
        sandbox_say(answer, 409, "text/plain", "duplicate");
    else if (fault == SANDBOX_HOOK_GARBAGE)
        sandbox_say(answer, 200, "text/html", "<html><body>It works!</body");
    else
        thank(sandbox, challenge, answer);
    if (fault == SANDBOX_HOOK_SLOW &&
        sandbox_postpone(sandbox, request, answer, false, hook->fault_ms))
        answer->kept = true;
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* The first message of an address is met before its secret can be known: it is told in the answer
 * to who asked for the webhook. From then on a signature that does not hold is refused. */
void sandbox_hook_call(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                       struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct sandbox_hook *hook = hook_of(sandbox, tail, answer);
    const struct sandbox_hook_signed message = {
        .id = mc_httpd_header(request, "webhook-id"),
        .timestamp = mc_httpd_header(request, "webhook-timestamp"),
        .signature = mc_httpd_header(request, "webhook-signature"),
        .body = mc_httpd_body(request),
    };

    if (hook == NULL)
        return;
    hook->calls++;
    enum sandbox_hook_fault fault = sandbox_hook_strikes(hook, now(sandbox));
    if (struck(request, fault, answer))
        return;
    if (mc_json_parse(message.body, &json) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "body");
        return;
    }
    enum sandbox_hook_verdict verdict =
        sandbox_hook_verify(&sandbox->turn, hook->secret, &message, now(sandbox));
    sandbox_hook_take(hook, text_or(message.id, ""), text_or(mc_json_text(json, "type"), ""),
                      verdict, now(sandbox));
    if (verdict != SANDBOX_HOOK_VALID && verdict != SANDBOX_HOOK_NO_SECRET)
        sandbox_refuse(sandbox, answer, 401, sandbox_hook_verdict_name(verdict),
                       "webhook-signature");
    else
        taken(sandbox, request, hook, fault, mc_json_text(json, "data.challenge"), answer);
}

static uint64_t first_kept(const struct sandbox_hook *hook)
{
    return hook->taken > SANDBOX_HOOK_KEPT ? hook->taken - SANDBOX_HOOK_KEPT : 0;
}

void sandbox_hook_received(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    const struct sandbox_hook *hook = hook_of(sandbox, tail, answer);
    struct mc_json_writer writer;

    (void)request;
    if (hook == NULL)
        return;
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_array(&writer);
    for (uint64_t i = first_kept(hook); i < hook->taken; i++) {
        const struct sandbox_hook_item *item = &hook->items[i % SANDBOX_HOOK_KEPT];

        mc_json_object(&writer);
        mc_json_key(&writer, "id");
        mc_json_string(&writer, item->id);
        mc_json_key(&writer, "type");
        mc_json_string(&writer, item->type);
        mc_json_key(&writer, "verdict");
        mc_json_string(&writer, sandbox_hook_verdict_name(item->verdict));
        mc_json_key(&writer, "times");
        mc_json_uint(&writer, item->times);
        mc_json_key(&writer, "at_ms");
        mc_json_int(&writer, item->at_ms);
        mc_json_end(&writer);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

struct order {
    const char *name;
    const char *fault;  /* NULL: as it was */
    const char *secret; /* NULL: as it was */
    int64_t count;
    int64_t ms;
};

/* False: refused, by the field that is wrong. */
static bool obey(struct sandbox *sandbox, const struct order *order, struct sandbox_answer *answer)
{
    enum sandbox_hook_fault fault = SANDBOX_HOOK_WELL;
    const char *wrong = NULL;

    if (order->fault != NULL && !sandbox_hook_fault_parse(order->fault, &fault))
        wrong = "fault";
    else if (order->secret != NULL && !sandbox_hook_secret_ok(order->secret))
        wrong = "secret";
    else if (order->count < 0 || order->count > COUNT_MAX)
        wrong = "count";
    else if (order->ms < 0 || order->ms > DAY_MS)
        wrong = "ms";
    if (wrong != NULL) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", wrong);
        return false;
    }
    struct sandbox_hook *hook = hook_of(sandbox, order->name, answer);
    if (hook == NULL)
        return false;
    if (order->secret != NULL)
        (void)snprintf(hook->secret, sizeof hook->secret, "%s", order->secret);
    if (order->fault != NULL) {
        hook->fault = fault;
        hook->fault_left = order->count;
        hook->fault_ms = order->ms;
        hook->fault_until_ms =
            fault == SANDBOX_HOOK_DOWN && order->ms > 0 ? now(sandbox) + order->ms : 0;
    }
    return true;
}

void sandbox_hook_order(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                        struct sandbox_answer *answer)
{
    static const char *const names[] = {"name", NULL};
    struct order order = {0};

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    order.name = mc_json_text(json, "name");
    order.fault = mc_json_text(json, "fault");
    order.secret = mc_json_text(json, "secret");
    (void)mc_json_number(json, "count", &order.count);
    (void)mc_json_number(json, "ms", &order.ms);
    if (obey(sandbox, &order, answer))
        sandbox_say(answer, 204, "text/plain", "");
}

static const char *options_of(struct sandbox *sandbox, const struct sandbox_hook *hook)
{
    static const char *const words[SANDBOX_HOOK_FAULTS_LEN] = {
        [SANDBOX_HOOK_WELL] = "không lỗi",
        [SANDBOX_HOOK_SLOW] = "nhận, trả lời sau ms",
        [SANDBOX_HOOK_HTTP500] = "không nhận, 500",
        [SANDBOX_HOOK_GARBAGE] = "nhận, trả lời không phải JSON",
        [SANDBOX_HOOK_EXPIRE] = "không nhận, hết phiên (401)",
        [SANDBOX_HOOK_EXISTS] = "nhận, báo trùng (409)",
        [SANDBOX_HOOK_LOSE] = "nhận, đứt kết nối",
        [SANDBOX_HOOK_DOWN] = "ngừng hoạt động (ms: bao lâu; 3600000 là một giờ)",
        [SANDBOX_HOOK_GONE] = "không nhận nữa (410)",
    };
    const char *options = "";

    for (unsigned i = 0; i < SANDBOX_HOOK_FAULTS_LEN && options != NULL; i++)
        options =
            mc_sprintf(&sandbox->turn, "%s<option value=%s%s>%s", options,
                       sandbox_hook_fault_name((enum sandbox_hook_fault)i),
                       hook != NULL && i == (unsigned)hook->fault ? " selected" : "", words[i]);
    return text_or(options, "");
}

static const char *items_of(struct sandbox *sandbox, const struct sandbox_hook *hook)
{
    enum { SHOWN = 5 };
    const char *items = "";

    for (uint64_t i = hook->taken; i > first_kept(hook) && i + SHOWN > hook->taken; i--) {
        const struct sandbox_hook_item *item = &hook->items[(i - 1) % SANDBOX_HOOK_KEPT];
        items = mc_sprintf(&sandbox->turn, "%s%s %s <b>%s</b> ×%u<br>", items,
                           sandbox_escape(sandbox, item->type), sandbox_escape(sandbox, item->id),
                           sandbox_hook_verdict_name(item->verdict), item->times);
        if (items == NULL)
            return "";
    }
    return items;
}

static const char *row_of(struct sandbox *sandbox, const struct sandbox_hook *hook)
{
    const char *row = mc_sprintf(
        &sandbox->turn,
        "<tr><td><a href=\"/hooks/%s\">%s</a><td>%" PRIu64 "<td>%s<td>%s<td>"
        "<form method=post action=\"/hooks\"><input type=hidden name=name value=\"%s\">"
        "<select name=fault>%s</select> <input name=ms size=8 value=\"%" PRId64
        "\"> ms<br><input name=secret placeholder=\"whsec_… (để trống: giữ nguyên)\" size=40> "
        "<button>Đặt</button></form>",
        hook->name, hook->name, hook->calls, hook->secret[0] != '\0' ? "có" : "chưa",
        items_of(sandbox, hook), hook->name, options_of(sandbox, hook), hook->fault_ms);

    return text_or(row, "");
}

void sandbox_hook_page(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                       struct sandbox_answer *answer)
{
    enum { ROWS_MAX = 100 };
    const char *rows = "";

    (void)request;
    (void)tail;
    for (size_t i = 0; i < sandbox->hooks.len && i < ROWS_MAX && rows != NULL; i++)
        rows = mc_sprintf(&sandbox->turn, "%s%s", rows, row_of(sandbox, sandbox->hooks.rows[i]));
    const char *html = mc_sprintf(
        &sandbox->turn,
        "<!doctype html><html lang=vi><meta charset=utf-8><title>Nhận webhook (mô phỏng)</title>"
        "<body style=\"font:16px sans-serif;max-width:80em;margin:2em auto\">"
        "<h1>Nhận webhook (mô phỏng)</h1><p>Địa chỉ để đăng ký: <code>%s/hooks/&lt;tên&gt;</code>; "
        "tên gồm chữ không dấu, số, «-», «_». Dán khóa bí mật <code>whsec_…</code> vào đây để chữ "
        "ký (Standard Webhooks) được kiểm tra; khi có khóa, chữ ký sai bị trả 401."
        "<form method=post action=\"/hooks\"><input name=name placeholder=\"tên\" size=20> "
        "<input name=secret placeholder=\"whsec_…\" size=40><input type=hidden name=fault "
        "value=none><button>Thêm</button></form>"
        "<table border=1 cellpadding=6><tr><th>tên<th>lượt gọi<th>khóa<th>mới nhận<th>lỗi đang "
        "đặt%s</table>",
        sandbox->base, text_or(rows, ""));
    sandbox_say(answer, 200, "text/html; charset=utf-8", text_or(html, ""));
}

void sandbox_hook_form(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                       struct sandbox_answer *answer)
{
    enum { DIGITS_MAX = 9 };
    struct mc_form form;
    struct order order = {0};

    if (mc_form_decode(&sandbox->turn, mc_httpd_body(request), &form) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "form");
        return;
    }
    order.name = mc_form_get(&form, "name");
    order.fault = mc_form_get(&form, "fault");
    order.secret = mc_form_get(&form, "secret");
    if (order.secret != NULL && order.secret[0] == '\0')
        order.secret = NULL;
    const char *text = text_or(mc_form_get(&form, "ms"), "");
    for (size_t i = 0; i < DIGITS_MAX && text[i] >= '0' && text[i] <= '9'; i++)
        order.ms = order.ms * 10 + (text[i] - '0');
    if (obey(sandbox, &order, answer))
        sandbox_hook_page(sandbox, request, tail, answer);
}
