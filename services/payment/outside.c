#include "outside.h"

#include <string.h>

uint64_t payment_ask(struct mc_txn *txn, enum payment_lane lane, const char *kind,
                     const ProtobufCMessage *payload, const char *account, int64_t life_ms)
{
    const char *keys[] = {NULL, NULL};

    if (account[0] != '\0')
        keys[0] = mc_sprintf(txn->arena, "account:%s", account);

    return mc_job_add(txn, &(struct mc_job_spec){
                               .lane = lane,
                               .kind = kind,
                               .payload = payment_packed(txn, payload),
                               .expires_ms = txn->now_ms + life_ms,
                               .backoff_ms = PAYMENT_OUTSIDE_BACKOFF_MS,
                               .backoff_max_ms = PAYMENT_OUTSIDE_BACKOFF_MAX_MS,
                               .destination = kind,
                               .keys = keys,
                               .forget = true,
                           });
}

enum mc_status payment_bank_post(const struct payment *payment, struct mc_arena *arena,
                                 const char *path, struct mc_json_writer *writer,
                                 struct mc_http_request *ret_request)
{
    struct mc_header *headers = mc_alloc(arena, 2 * sizeof *headers);
    const char *url = mc_sprintf(arena, "%s%s", payment->bank_gateway_url, path);
    const char *bearer = mc_sprintf(arena, "Bearer %s", payment->bank_secret);

    if (headers == NULL || url == NULL || bearer == NULL)
        return MC_FULL;
    headers[0] = (struct mc_header){"Authorization", bearer};
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = url,
        .headers = headers,
        .content_type = "application/json",
        .timeout_ms = PAYMENT_HTTP_TIMEOUT_MS,
        .answer_max = PAYMENT_OUTSIDE_ANSWER_MAX,
    };
    return mc_json_finish(writer, &ret_request->body);
}

struct mc_json *payment_outside_read(const struct mc_result *result)
{
    struct mc_json *json = NULL;

    if (result->outcome != MC_HTTP_ANSWERED || result->http_status / 100 != 2 ||
        mc_json_parse(result->body, &json) != MC_OK)
        return NULL;
    return json;
}

char *payment_outside_text(struct mc_arena *arena, const struct mc_json *json, const char *path)
{
    const char *text = mc_json_text(json, path);
    char *copy = text != NULL && strlen(text) <= PAYMENT_NOTE_MAX ? mc_strdup(arena, text) : NULL;

    return copy != NULL ? copy : mc_unconst("");
}

void payment_json_pair(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

static const char *opened(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    const char *text = sealed.len > 0 ? mc_open_text(txn, sealed) : NULL;

    return text != NULL ? text : "";
}

struct payment_person payment_person_of(struct mc_txn *txn, const char *account)
{
    struct payment_person person = {"", "", "", ""};
    const PaymentState__Payer *payer =
        mc_load(txn, PAYMENT_PAYERS, mc_key_text(account), &payment_state__payer__descriptor);

    if (payer != NULL)
        person = (struct payment_person){opened(txn, payer->name), opened(txn, payer->identity),
                                         opened(txn, payer->phone), opened(txn, payer->tax_code)};
    return person;
}
