/*
 * Banks: links of Internet-banking accounts, and tax payments. All need "Authorization: Bearer" and
 * sandbox.bank_secret.
 *
 *     POST /banks/<bank>/links               conditions; a code to the handset when all hold
 *     POST /banks/<bank>/links/<id>/confirm
 *     POST /banks/<bank>/links/<id>/remove
 *     POST /banks/<bank>/taxes               a page to pay at
 *     POST /banks/<bank>/taxes/<reference>   what became of it
 *     GET  /bankpage/<reference>             the payer's page; POST action=pay|fail
 *
 * Accounts: data/bank_accounts.csv, and by the rule nbNNNNNN of who owns 0981NNNNNN. A repeated
 * question with the same id gets the same answer and no second text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/ident.h"

#include "sandbox.h"

enum { CODE_LIFE_MS = 120000, CODE_VALUES = 1000000, TAIL_MAX = 256 };

extern const char mc_data_bank_accounts[];
extern const size_t mc_data_bank_accounts_len;

struct account {
    char id_number[SANDBOX_ID_NUMBER_SIZE];
    char phone[SANDBOX_PHONE_SIZE];
};

static bool account_find(const char *bank, const char *login, struct account *ret_account)
{
    enum { BANK, LOGIN, ID_NUMBER, PHONE };
    struct sandbox_subscriber person;
    struct mc_csv csv;
    char phone[SANDBOX_PHONE_SIZE];

    mc_csv_open(&csv, mc_data_bank_accounts, mc_data_bank_accounts_len);
    while (mc_csv_next(&csv))
        if (mc_csv_is(&csv, BANK, bank) && mc_csv_is(&csv, LOGIN, login))
            return mc_csv_copy(&csv, ID_NUMBER, ret_account->id_number,
                               sizeof ret_account->id_number) &&
                   mc_csv_copy(&csv, PHONE, ret_account->phone, sizeof ret_account->phone);
    if (strncmp(login, "nb", 2) != 0 || strlen(login) != 8)
        return false;
    (void)snprintf(phone, sizeof phone, "84981%.6s", login + 2);
    if (!sandbox_subscriber_rule(phone, &person))
        return false;
    memcpy(ret_account->id_number, person.id_number, sizeof ret_account->id_number);
    memcpy(ret_account->phone, person.phone, sizeof ret_account->phone);
    return true;
}

static bool is_ours(struct sandbox *sandbox, struct mc_httpd_request *request,
                    struct sandbox_answer *answer)
{
    const char *given = mc_httpd_header(request, "Authorization");
    const char *wanted = mc_sprintf(&sandbox->turn, "Bearer %s", sandbox->bank_secret);

    if (given != NULL && wanted != NULL && strcmp(given, wanted) == 0)
        return true;
    sandbox_refuse(sandbox, answer, 401, "UNAUTHORIZED", "");
    return false;
}

static struct sandbox_link *link_find(struct sandbox *sandbox, const char *bank, const char *id)
{
    struct sandbox_banks *banks = &sandbox->banks;

    for (size_t i = banks->links_len; i-- > 0;)
        if (strcmp(banks->links[i].id, id) == 0 && strcmp(banks->links[i].bank, bank) == 0)
            return &banks->links[i];
    return NULL;
}

static void say_pair(struct sandbox *sandbox, struct sandbox_answer *answer, const char *result,
                     const char *name, const char *value)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, result);
    if (name != NULL) {
        mc_json_key(&writer, name);
        mc_json_string(&writer, value);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

/* Which conditions fail: as many as do. */
static size_t failed_of(const struct mc_json *json, bool exists, const struct account *account,
                        const char *failed[3])
{
    size_t n = 0;

    if (!exists)
        failed[n++] = "ACCOUNT";
    if (exists && strcmp(account->id_number, mc_json_text(json, "id_number")) != 0)
        failed[n++] = "IDENTITY";
    if (exists && strcmp(account->phone, mc_json_text(json, "phone")) != 0)
        failed[n++] = "PHONE";
    return n;
}

static void say_failed(struct sandbox *sandbox, struct sandbox_answer *answer,
                       const char *const *failed, size_t n)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, "REFUSED");
    mc_json_key(&writer, "failed");
    mc_json_array(&writer);
    for (size_t i = 0; i < n; i++)
        mc_json_string(&writer, failed[i]);
    mc_json_end(&writer);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void code_send(struct sandbox *sandbox, const char *bank, const struct mc_json *json,
                      const char *phone)
{
    struct sandbox_link *link = &sandbox->banks.links[sandbox->banks.links_len++];

    *link = (struct sandbox_link){.at_ms = mc_now_ms(&sandbox->process.clock)};
    (void)snprintf(link->bank, sizeof link->bank, "%s", bank);
    (void)snprintf(link->id, sizeof link->id, "%s", mc_json_text(json, "link_id"));
    (void)snprintf(link->login, sizeof link->login, "%s", mc_json_text(json, "login_name"));
    (void)snprintf(link->code, sizeof link->code, "%06u",
                   (unsigned)mc_random_below(&sandbox->faults.random, CODE_VALUES));
    char *text = mc_sprintf(&sandbox->turn, "%s: ma OTP lien ket tai khoan Cong DVCQG la %s.", bank,
                            link->code);
    if (text != NULL)
        (void)sandbox_receive(sandbox, phone, bank, 0, text);
}

static void link_check(struct sandbox *sandbox, struct mc_httpd_request *request, const char *bank,
                       struct sandbox_answer *answer)
{
    static const char *const names[] = {"link_id", "login_name", "id_number", "phone", NULL};
    struct account account = {0};
    const char *failed[3];
    char masked[MC_MASK_SIZE];

    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    bool exists = account_find(bank, mc_json_text(json, "login_name"), &account);
    size_t n = failed_of(json, exists, &account, failed);
    const char *tax_code = mc_json_text(json, "tax_code");
    if (n > 0) {
        say_failed(sandbox, answer, failed, n);
        return;
    }
    if (tax_code == NULL || tax_code[0] == '\0') {
        say_pair(sandbox, answer, "GOOD", NULL, NULL);
        return;
    }
    bool known = link_find(sandbox, bank, mc_json_text(json, "link_id")) != NULL;
    if (!known && sandbox->banks.links_len == SANDBOX_LINKS_MAX) {
        sandbox_refuse(sandbox, answer, 503, "FULL", "");
        return;
    }
    if (!known)
        code_send(sandbox, bank, json, account.phone);
    mc_mask_phone(masked, sizeof masked, account.phone);
    say_pair(sandbox, answer, "CODE_SENT", "sent_to", masked);
}

static void link_confirm(struct sandbox *sandbox, struct mc_httpd_request *request,
                         struct sandbox_link *link, struct sandbox_answer *answer)
{
    static const char *const names[] = {"code", NULL};
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    uint8_t random[12];

    if (json == NULL)
        return;
    if (link->state == SANDBOX_LINK_GONE ||
        mc_now_ms(&sandbox->process.clock) - link->at_ms > CODE_LIFE_MS) {
        say_pair(sandbox, answer, "EXPIRED", NULL, NULL);
    } else if (strcmp(link->code, mc_json_text(json, "code")) != 0) {
        say_pair(sandbox, answer, "CODE_WRONG", NULL, NULL);
    } else {
        if (link->state != SANDBOX_LINK_LIVE) {
            mc_random_fill(&sandbox->faults.random, random, sizeof random);
            (void)mc_hex(link->token, (struct mc_bytes){random, sizeof random});
            link->state = SANDBOX_LINK_LIVE;
        }
        say_pair(sandbox, answer, "LINKED", "token", link->token);
    }
}

static struct sandbox_tax *tax_find(struct sandbox *sandbox, const char *reference)
{
    for (size_t i = 0; i < sandbox->banks.taxes_len; i++)
        if (strcmp(sandbox->banks.taxes[i].reference, reference) == 0)
            return &sandbox->banks.taxes[i];
    return NULL;
}

static bool token_is_live(struct sandbox *sandbox, const char *bank, const char *token)
{
    for (size_t i = 0; i < sandbox->banks.links_len; i++) {
        const struct sandbox_link *link = &sandbox->banks.links[i];
        if (link->state == SANDBOX_LINK_LIVE && strcmp(link->bank, bank) == 0 &&
            strcmp(link->token, token) == 0)
            return true;
    }
    return false;
}

static void items_read(const struct mc_json *json, struct sandbox_tax *tax)
{
    size_t n = MC_MIN(mc_json_count(json, "items"), (size_t)SANDBOX_TAX_ITEMS_MAX);

    for (size_t i = 0; i < n; i++) {
        const struct mc_json *item = mc_json_item(json, "items", i);
        const char *decision = mc_json_text(item, "SO_QDINH");
        int64_t amount = 0;
        (void)mc_json_number(item, "SO_TIEN", &amount);
        tax->amount += amount;
        (void)snprintf(tax->decisions[tax->decisions_len++], SANDBOX_DECISION_SIZE, "%s",
                       decision != NULL ? decision : "");
    }
}

static void tax_start(struct sandbox *sandbox, struct mc_httpd_request *request, const char *bank,
                      struct sandbox_answer *answer)
{
    static const char *const names[] = {"reference", "tax_code", NULL};
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);

    if (json == NULL)
        return;
    const char *reference = mc_json_text(json, "reference");
    const char *token = mc_json_text(json, "link_token");
    const char *back = mc_json_text(json, "return_url");
    struct sandbox_tax *tax = tax_find(sandbox, reference);
    if (token != NULL && token[0] != '\0' && !token_is_live(sandbox, bank, token)) {
        say_pair(sandbox, answer, "REFUSED", "code", "TOKEN");
        return;
    }
    if (tax == NULL &&
        (sandbox->banks.taxes_len == SANDBOX_TAXES_MAX || !sandbox_reference_ok(reference))) {
        sandbox_refuse(sandbox, answer, 503, "FULL", "");
        return;
    }
    if (tax == NULL) {
        tax = &sandbox->banks.taxes[sandbox->banks.taxes_len++];
        *tax = (struct sandbox_tax){.state = "PENDING"};
        (void)snprintf(tax->bank, sizeof tax->bank, "%s", bank);
        (void)snprintf(tax->reference, sizeof tax->reference, "%s", reference);
        (void)snprintf(tax->tax_code, sizeof tax->tax_code, "%s", mc_json_text(json, "tax_code"));
        (void)snprintf(tax->return_url, sizeof tax->return_url, "%s", back != NULL ? back : "");
        tax->signed_in = token != NULL && token[0] != '\0';
        items_read(json, tax);
    }
    const char *url = mc_sprintf(&sandbox->turn, "%s/bankpage/%s", sandbox->base, reference);
    say_pair(sandbox, answer, "PAGE", "url", url != NULL ? url : "");
}

static void tax_state(struct sandbox *sandbox, const char *reference, struct sandbox_answer *answer)
{
    const struct sandbox_tax *tax = tax_find(sandbox, reference);
    struct mc_json_writer writer;

    if (tax == NULL) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "reference");
        return;
    }
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "state");
    mc_json_string(&writer, tax->state);
    mc_json_key(&writer, "transaction_id");
    mc_json_string(&writer, mc_sprintf(&sandbox->turn, "NSNN%.24s", reference));
    mc_json_key(&writer, "amount");
    mc_json_int(&writer, tax->amount);
    mc_json_key(&writer, "bookings");
    mc_json_int(&writer, tax->bookings);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

/* <bank>/links, <bank>/links/<id>/<what>, <bank>/taxes, <bank>/taxes/<reference> */
void sandbox_bank(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                  struct sandbox_answer *answer)
{
    char text[TAIL_MAX];
    char *save = NULL;

    if (!is_ours(sandbox, request, answer))
        return;
    (void)snprintf(text, sizeof text, "%s", tail);
    const char *bank = strtok_r(text, "/", &save);
    const char *kind = strtok_r(NULL, "/", &save);
    const char *id = strtok_r(NULL, "/", &save);
    const char *what = strtok_r(NULL, "/", &save);
    bool links = kind != NULL && strcmp(kind, "links") == 0;
    bool taxes = kind != NULL && strcmp(kind, "taxes") == 0;
    struct sandbox_link *link =
        links && id != NULL && what != NULL ? link_find(sandbox, bank, id) : NULL;

    if (links && id == NULL) {
        link_check(sandbox, request, bank, answer);
    } else if (link != NULL && strcmp(what, "confirm") == 0) {
        link_confirm(sandbox, request, link, answer);
    } else if (link != NULL && strcmp(what, "remove") == 0) {
        link->state = SANDBOX_LINK_GONE;
        say_pair(sandbox, answer, "REMOVED", NULL, NULL);
    } else if (taxes && id == NULL) {
        tax_start(sandbox, request, bank, answer);
    } else if (taxes && what == NULL) {
        tax_state(sandbox, id, answer);
    } else {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "");
    }
}

static const char page_form[] =
    "<!doctype html><html lang=vi><meta charset=utf-8><title>Nộp thuế (mô phỏng)</title>"
    "<body style=\"font:16px sans-serif;max-width:32em;margin:2em auto\">"
    "<h1>Ngân hàng %s (mô phỏng)</h1><p>%s</p><p>Số tiền: <b>%" PRId64 " đ</b></p>"
    "<p>Trạng thái: <b id=state>%s</b></p>"
    "<form method=post action=\"/bankpage/%s\"><button name=action value=pay>Nộp thuế</button> "
    "<button name=action value=fail>Hủy</button></form>";

void sandbox_bank_page(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                       struct sandbox_answer *answer)
{
    struct sandbox_tax *tax = tax_find(sandbox, tail);
    struct mc_form form;

    if (tax == NULL) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "reference");
        return;
    }
    if (strcmp(mc_httpd_method(request), "POST") == 0 &&
        mc_form_decode(&sandbox->turn, mc_httpd_body(request), &form) == MC_OK) {
        const char *action = mc_form_get(&form, "action");
        bool pays = action != NULL && strcmp(action, "pay") == 0;
        if (pays && strcmp(tax->state, "PAID") != 0) {
            tax->state = "PAID";
            tax->bookings++;
        } else if (!pays && strcmp(tax->state, "PENDING") == 0) {
            tax->state = "FAILED";
        }
    }
    char *html = mc_sprintf(&sandbox->turn, page_form, tax->bank,
                            tax->signed_in ? "Đã đăng nhập một lần từ Cổng DVCQG"
                                           : "Vui lòng đăng nhập Internet banking",
                            tax->amount, tax->state, tax->reference);
    sandbox_say(answer, 200, "text/html; charset=utf-8", html != NULL ? html : "");
}
