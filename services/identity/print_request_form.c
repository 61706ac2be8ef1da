/*
 * PrintRequestForm: [Tải xuống] (OFF-29): «giấy đề nghị tạo tài khoản» as a page to print (HTML
 * with an A4 sheet of its own, so that no converter stands between the data and the paper), which
 * the citizen checks and signs before a code is sent. Every value is escaped: it was typed.
 */
#include <string.h>

#include "common/date.h"

#include "officer.h"

extern const char mc_data_request_form[];
extern const size_t mc_data_request_form_len;

enum { ESCAPED_MAX = 6 }; /* &quot; */

struct page {
    struct mc_txn *txn;
    char *out;
    size_t len;
    size_t size;
};

struct value {
    const char *name;
    const char *text;
};

static void put(struct page *page, const char *bytes, size_t len)
{
    if (len > page->size - page->len) {
        (void)mc_fail(page->txn, MC_FULL, "request form");
        return;
    }
    memcpy(page->out + page->len, bytes, len);
    page->len += len;
}

static void put_escaped(struct page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        put(page, entity != NULL ? entity : text, entity != NULL ? strlen(entity) : 1);
    }
}

static const struct value *find(const struct value *values, const char *name, size_t len)
{
    for (; values->name != NULL; values++)
        if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
            return values;
    return NULL;
}

/* Braces of the style sheet name nothing and stay. */
static void fill(struct page *page, const struct value *values)
{
    const char *at = mc_data_request_form;

    while (*at != '\0') {
        size_t plain = strcspn(at, "{");
        put(page, at, plain);
        at += plain;
        size_t name = *at == '{' ? strcspn(at + 1, "}") : 0;
        const struct value *value = name > 0 ? find(values, at + 1, name) : NULL;
        if (value != NULL) {
            put_escaped(page, value->text);
            at += name + 2;
        } else if (*at != '\0') {
            put(page, at++, 1);
        }
    }
}

static size_t room_for(const struct value *values)
{
    size_t size = mc_data_request_form_len;

    for (; values->name != NULL; values++)
        size += 2 * (size_t)ESCAPED_MAX * strlen(values->text); /* a value may stand twice */
    return size;
}

enum mc_status identity_print_request_form(struct identity *identity, struct mc_txn *txn,
                                           const Identity__PrintRequestFormRequest *req,
                                           Identity__PrintRequestFormReply *rep)
{
    (void)identity;
    struct identity_desk desk;
    char at[32];
    char day[MC_DATE_SIZE];
    const IdentityState__Registration *registration =
        identity_desk_request(txn, mc_key_bytes(req->registration_id), &desk);

    if (registration == NULL)
        return txn->status;
    const IdentityState__Person *person = identity_person_open(txn, registration->person);
    const IdentityState__Desk *block = identity_desk_unseal(txn, registration->desk);
    if (person == NULL || block == NULL)
        return txn->status;
    mc_time_format(at, sizeof at, block->at_ms);
    mc_date_format(day, sizeof day, mc_date_from_ms(txn->now_ms));
    const struct value values[] = {
        {"full_name", person->full_name},
        {"login_id", person->login_id},
        {"birth_date", person->birth_date},
        {"phone", person->phone},
        {"email", person->email},
        {"consent_version", registration->consent_version},
        {"unit", registration->unit},
        {"unit_name", block->unit_name},
        {"officer_name", block->officer_name},
        {"officer_phone", block->officer_phone},
        {"scan_name", block->scan_name},
        {"at", at},
        {"day", day},
        {NULL, NULL},
    };
    struct page page = {.txn = txn, .size = room_for(values)};
    page.out = mc_alloc(txn->arena, page.size);
    if (page.out == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    fill(&page, values);
    rep->content = identity_data((struct mc_bytes){page.out, page.len});
    rep->content_type = mc_unconst("text/html; charset=utf-8");
    rep->file_name = mc_unconst("giay-de-nghi-tao-tai-khoan.html");
    return txn->status;
}
