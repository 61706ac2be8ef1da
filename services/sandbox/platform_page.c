/*
 * The payer's page: he pays, or it fails.
 *
 *     GET  /platform/page/<reference>[?return_url=…]   a form
 *     POST /platform/page/<reference>                  action=pay|fail  bank=…  return_url=…
 *
 * Money is booked once, whatever is pressed how often; a failed payment may still be paid, as a
 * payer who takes another card does. Then CONFIRM is on its way, and the payer goes back to
 * return_url (else sandbox.payment_return) with reference and state, or sees the outcome here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/date.h"

#include "sandbox.h"

enum { WRONG_AMOUNT_BY = 1000 };

static const char page_form[] =
    "<!doctype html><html lang=vi><meta charset=utf-8><title>Thanh toán (mô phỏng)</title>"
    "<body style=\"font:16px sans-serif;max-width:32em;margin:2em auto\">"
    "<h1>Nền tảng thanh toán (mô phỏng)</h1><p>%s</p><p>Số tiền: <b>%" PRId64 " đ</b></p>"
    "<p>Mã tham chiếu: %s</p><p>Trạng thái: <b id=state>%s</b></p>"
    "<form method=post action=\"/platform/page/%s\"><p><select name=bank>"
    "<option>VIETINBANK<option>VIETCOMBANK<option>BIDV<option>AGRIBANK<option>MB<option>NAPAS"
    "</select><input type=hidden name=return_url value=\"%s\">"
    "<p><button name=action value=pay>Thanh toán</button> "
    "<button name=action value=fail>Thất bại / Hủy</button></form>";

static const char *state_text(const struct sandbox_payment *payment)
{
    if (strcmp(payment->state, SANDBOX_PAID) == 0)
        return "đã thanh toán (00)";
    return payment->chosen_ms != 0 ? "không thành công (24)" : "chờ thanh toán (01)";
}

static void page(struct sandbox *sandbox, const struct sandbox_payment *payment,
                 const char *return_url, struct sandbox_answer *answer)
{
    char *html =
        mc_sprintf(&sandbox->turn, page_form, sandbox_escape(sandbox, payment->information),
                   payment->amount, payment->reference, state_text(payment), payment->reference,
                   sandbox_escape(sandbox, return_url));

    sandbox_say(answer, 200, "text/html; charset=utf-8", html != NULL ? html : "");
}

static bool form_read(struct sandbox *sandbox, struct mc_bytes text, struct mc_form *ret_form,
                      struct sandbox_answer *answer)
{
    if (mc_form_decode(&sandbox->turn, text, ret_form) == MC_OK)
        return true;
    sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "form");
    return false;
}

static const char *given(const struct mc_form *form, const char *name, const char *otherwise)
{
    const char *value = mc_form_get(form, name);

    return value != NULL && value[0] != '\0' ? value : otherwise;
}

static struct sandbox_payment *find(struct sandbox *sandbox, const char *reference,
                                    size_t *ret_place, struct sandbox_answer *answer)
{
    struct sandbox_payment *payment = sandbox_reference_ok(reference)
                                          ? sandbox_payment_find(sandbox, reference, ret_place)
                                          : NULL;

    if (payment == NULL)
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "reference");
    return payment;
}

void sandbox_platform_page(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    const char *query = mc_httpd_query(request);
    const struct sandbox_payment *payment = find(sandbox, tail, NULL, answer);
    struct mc_form form;

    if (payment != NULL &&
        form_read(sandbox, (struct mc_bytes){query, strlen(query)}, &form, answer))
        page(sandbox, payment, given(&form, "return_url", ""), answer);
}

/* The payer has chosen; false when nothing changes by it any more. */
static bool book(struct sandbox *sandbox, struct sandbox_payment *payment, bool pays,
                 const char *bank)
{
    struct sandbox_platform *platform = &sandbox->platform;
    char stamp[MC_STAMP_SIZE];
    int64_t unused = 0;

    if (strcmp(payment->state, SANDBOX_PAID) == 0 || (payment->chosen_ms != 0 && !pays))
        return false;
    payment->chosen_ms = mc_now_ms(&sandbox->process.clock);
    payment->state = pays ? SANDBOX_PAID : SANDBOX_FAILED;
    payment->booked = payment->amount;
    if (sandbox_fault_strikes(&sandbox->faults, SANDBOX_PLATFORM, SANDBOX_FAULT_WRONG_AMOUNT,
                              &unused))
        payment->booked += WRONG_AMOUNT_BY;
    payment->bookings += pays;
    payment->confirmed = false;
    mc_time_format_stamp(stamp, sizeof stamp, payment->chosen_ms);
    (void)snprintf(payment->transaction, sizeof payment->transaction, "FT%s%06u", stamp,
                   (unsigned)(++platform->transactions % 1000000));
    (void)snprintf(payment->bank, sizeof payment->bank, "%s", bank);
    return true;
}

static bool is_web_address(const char *url)
{
    return (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
           strlen(url) <= SANDBOX_URL_MAX && mc_header_value_ok(url);
}

static void go_back(struct sandbox *sandbox, const struct sandbox_payment *payment,
                    const char *return_url, struct sandbox_answer *answer)
{
    if (return_url[0] == '\0') {
        page(sandbox, payment, "", answer);
        return;
    }
    answer->location =
        mc_sprintf(&sandbox->turn, "%s%creference=%s&state=%s", return_url,
                   strchr(return_url, '?') != NULL ? '&' : '?', payment->reference, payment->state);
    sandbox_say(answer, 302, "text/plain", "");
}

void sandbox_platform_choice(struct sandbox *sandbox, struct mc_httpd_request *request,
                             const char *tail, struct sandbox_answer *answer)
{
    size_t place = 0;
    struct sandbox_payment *payment = find(sandbox, tail, &place, answer);
    struct mc_form form;

    if (payment == NULL || !form_read(sandbox, mc_httpd_body(request), &form, answer))
        return;
    const char *action = given(&form, "action", "");
    const char *bank = given(&form, "bank", "VIETINBANK");
    const char *return_url = given(&form, "return_url", sandbox->payment_return);
    if (strcmp(action, "pay") != 0 && strcmp(action, "fail") != 0) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "action");
        return;
    }
    if (!sandbox_reference_ok(bank) || strlen(bank) >= SANDBOX_BANK_SIZE) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "bank");
        return;
    }
    if (return_url[0] != '\0' && !is_web_address(return_url)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "return_url");
        return;
    }
    if (book(sandbox, payment, strcmp(action, "pay") == 0, bank))
        sandbox_confirm_plan(sandbox, place);
    go_back(sandbox, payment, return_url, answer);
}
