/* What the tests of bank links, taxes and land share: the room with banks and a tax office. */
#pragma once

#include "payment_help.h"

static inline struct harness *outside_open(void)
{
    static const char *const settings[] = {
        "payment.platform_secret_file=@secret", "payment.platform_url=https://platform.test/api",
        "payment.bank_secret_file=@secret",     "payment.bank_gateway_url=https://banks.test",
        "payment.tax_url=https://gip.test/api", NULL};

    return harness_open(&payment_room, settings);
}

static inline void person_known(struct harness *h, bool tax_code)
{
    static const char *const no_keys[] = {NULL};
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    Identity__TaxCodeChanged changed = IDENTITY__TAX_CODE_CHANGED__INIT;

    changed.account_id = text(OWNER);
    changed.tax_code = text("012193990017");
    if (tax_code)
        harness_event(h, "identity", "identity.tax_code_changed", &changed.base, no_keys);
    opened.account_id = text(OWNER);
    opened.full_name = text("Nguyễn Thị Hoà Bình");
    opened.login_id = text("012193990017");
    opened.phone = text("84912000101");
    harness_event(h, "identity", "identity.account_opened", &opened.base, no_keys);
}

/* The id of the question, as the answer must name it. */
static inline void gip_id(const struct harness_exchange *exchange, char *out, size_t size)
{
    struct mc_json *json = NULL;

    assert_int_equal(mc_json_parse(exchange->http.body, &json), MC_OK);
    (void)snprintf(out, size, "%s", mc_json_text(json, "HEADER.MSG_ID"));
    mc_json_free(json);
}

/* Answers the one question to the tax office; body is the inside of SOTHUE. */
static inline void gip_answer(struct harness *h, const char *kind, const char *type,
                              const char *sothue)
{
    struct harness_exchange exchange;
    char body[8192];
    char id[64];

    assert_true(harness_effect(h, kind, &exchange));
    assert_string_equal(exchange.http.url, "https://gip.test/api");
    gip_id(&exchange, id, sizeof id);
    (void)snprintf(body, sizeof body,
                   "{\"HEADER\":{\"TRAN_CODE\":\"05011\",\"MSG_REFID\":\"%s\",\"SEND_DATE\":"
                   "\"09-17-2026\",\"ERROR_CODE\":\"00\"},\"BODY\":{\"ROW\":{\"TYPE\":\"%s\","
                   "\"SOTHUE\":{%s}}}}",
                   id, type, sothue);
    harness_answer(h, &exchange, 200, body);
}
