/*
 * What the bank is asked about a link, and what follows from its answers:
 *
 *     POST <bank>/links                {"link_id", "login_name", "id_number", "phone", "tax_code"}
 *          {"result": "CODE_SENT", "sent_to": "091****101"}
 *          {"result": "REFUSED", "failed": ["ACCOUNT", "IDENTITY", "PHONE"]}
 *          {"result": "GOOD"}: all is well, no code was sent since tax_code was empty
 *     POST <bank>/links/<id>/confirm   {"code"}
 *          {"result": "LINKED", "token": "…"} | {"result": "CODE_WRONG"} | {"result": "EXPIRED"}
 *     POST <bank>/links/<id>/remove    {}
 *
 * A try that another took the place of is over: its answers change nothing here, and the bank is
 * told to forget it.
 */
#include <string.h>

#include "link.h"

enum { BANK_CONDITIONS = 3 };

static const PaymentState__LinkAsk *ask_of(const ProtobufCMessage *payload)
{
    return (const PaymentState__LinkAsk *)(const void *)payload;
}

/* The link this is about, in this state; NULL: it is over. */
static PaymentState__Link *live(struct mc_txn *txn, const PaymentState__LinkAsk *ask,
                                Payment__LinkState state)
{
    PaymentState__Link *link =
        mc_load(txn, PAYMENT_LINKS, mc_key_text(ask->account), &payment_state__link__descriptor);

    if (link == NULL || link->state != (uint32_t)state ||
        !mc_bytes_same(mc_key_bytes(link->link_id), mc_key_bytes(ask->link_id)))
        return NULL;
    return link;
}

static void ended(struct mc_txn *txn, const PaymentState__LinkAsk *ask, PaymentState__Link *link,
                  Payment__LinkState state, const char *error)
{
    link->state = state;
    link->error = mc_unconst(error);
    payment_link_save(txn, ask->account, link);
    payment_link_emit(txn, ask->account, link);
}

static const char *link_path(struct mc_arena *arena, const PaymentState__LinkAsk *ask,
                             const char *tail)
{
    char id[MC_UUID_TEXT_LEN + 1] = "";
    const char *path = NULL;

    if (ask->link_id.len == MC_ID_LEN)
        mc_uuid_text(id, ask->link_id.data);
    path = mc_sprintf(arena, "/%s/links/%s%s", ask->bank, id, tail);
    return path != NULL ? path : "";
}

enum mc_status payment_link_check_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    const PaymentState__LinkAsk *ask = ask_of(payload);
    const char *path = mc_sprintf(arena, "/%s/links", ask->bank);
    char id[MC_UUID_TEXT_LEN + 1] = "";
    struct mc_json_writer writer;

    (void)job;
    if (path == NULL || ask->link_id.len != MC_ID_LEN)
        return MC_FULL;
    mc_uuid_text(id, ask->link_id.data);
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    payment_json_pair(&writer, "link_id", id);
    payment_json_pair(&writer, "login_name", ask->login_name);
    payment_json_pair(&writer, "id_number", ask->id_number);
    payment_json_pair(&writer, "phone", ask->phone);
    payment_json_pair(&writer, "tax_code", ask->tax_code);
    mc_json_end(&writer);
    return payment_bank_post(ctx, arena, path, &writer, ret_request);
}

static const struct {
    const char *word;
    Payment__LinkCondition condition;
} told[BANK_CONDITIONS] = {
    {"ACCOUNT", PAYMENT__LINK_CONDITION__BANK_ACCOUNT},
    {"IDENTITY", PAYMENT__LINK_CONDITION__SAME_IDENTITY},
    {"PHONE", PAYMENT__LINK_CONDITION__SAME_PHONE},
};

/* False: the answer names no condition that we know. */
static bool failed_read(struct mc_txn *txn, const struct mc_json *json, bool no_tax_code,
                        PaymentState__Link *link)
{
    size_t count = mc_json_count(json, "failed");

    link->n_failed = 0;
    link->failed = mc_alloc(txn->arena, (BANK_CONDITIONS + 1) * sizeof *link->failed);
    if (link->failed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    if (no_tax_code)
        link->failed[link->n_failed++] = PAYMENT__LINK_CONDITION__TAX_CODE_PRESENT;
    for (size_t i = 0; i < BANK_CONDITIONS; i++)
        for (size_t at = 0; at < count; at++) {
            const char *word = mc_json_text(mc_json_item(json, "failed", at), "");
            if (word == NULL || strcmp(word, told[i].word) != 0)
                continue;
            link->failed[link->n_failed++] = told[i].condition;
            break;
        }
    return link->n_failed > 0;
}

/* False: not an answer to this question. */
static bool checked(struct mc_txn *txn, const PaymentState__LinkAsk *ask, PaymentState__Link *link,
                    const struct mc_json *json)
{
    const char *result = mc_json_text(json, "result");
    bool no_tax_code = ask->tax_code[0] == '\0';

    if (result == NULL)
        return false;
    if (strcmp(result, "CODE_SENT") == 0 && !no_tax_code) {
        link->code_sent_to = payment_outside_text(txn->arena, json, "sent_to");
        ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_AWAITING_CODE, "");
        return true;
    }
    bool good = strcmp(result, "GOOD") == 0;
    if (!(good && no_tax_code) && strcmp(result, "REFUSED") != 0)
        return false;
    if (!failed_read(txn, json, no_tax_code, link))
        return false;
    ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_REFUSED, "LINK_REFUSED");
    return true;
}

enum mc_status payment_link_check_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const PaymentState__LinkAsk *ask = ask_of(payload);
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__Link *link = live(txn, ask, PAYMENT__LINK_STATE__LINK_CHECKING);
    if (link == NULL) {
        PaymentState__Link gone = PAYMENT_STATE__LINK__INIT;
        gone.link_id = ask->link_id;
        gone.bank = ask->bank;
        payment_link_forget(txn, ask->account, &gone);
        return txn->status;
    }
    if (json != NULL && checked(txn, ask, link, json))
        return txn->status;
    if (result->gave_up)
        ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_FAILED, "BANK_OFFLINE");
    else
        *ret_verdict = MC_RETRY;
    return txn->status;
}

enum mc_status payment_link_confirm_http(void *ctx, struct mc_arena *arena,
                                         const struct mc_job *job, const ProtobufCMessage *payload,
                                         struct mc_http_request *ret_request)
{
    const PaymentState__LinkAsk *ask = ask_of(payload);
    struct mc_json_writer writer;

    (void)job;
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    payment_json_pair(&writer, "code", ask->code);
    mc_json_end(&writer);
    return payment_bank_post(ctx, arena, link_path(arena, ask, "/confirm"), &writer, ret_request);
}

static bool confirmed(struct mc_txn *txn, const PaymentState__LinkAsk *ask,
                      PaymentState__Link *link, const struct mc_json *json)
{
    const char *result = mc_json_text(json, "result");
    const char *token = payment_outside_text(txn->arena, json, "token");

    if (result == NULL)
        return false;
    if (strcmp(result, "LINKED") == 0 && token[0] != '\0') {
        link->token = mc_seal_text(txn, token);
        link->linked_at_ms = txn->now_ms;
        ended(txn, ask, link, PAYMENT__LINK_STATE__LINKED, "");
    } else if (strcmp(result, "CODE_WRONG") == 0) {
        ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_AWAITING_CODE, "LINK_CODE_WRONG");
    } else if (strcmp(result, "EXPIRED") == 0) {
        ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_FAILED, "LINK_EXPIRED");
    } else {
        return false;
    }
    return true;
}

enum mc_status payment_link_confirm_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                         const ProtobufCMessage *payload,
                                         const struct mc_result *result,
                                         enum mc_verdict *ret_verdict)
{
    const PaymentState__LinkAsk *ask = ask_of(payload);
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__Link *link = live(txn, ask, PAYMENT__LINK_STATE__LINK_CONFIRMING);
    if (link == NULL || (json != NULL && confirmed(txn, ask, link, json)))
        return txn->status;
    if (!result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    /* it may be linked over there: what we do not know of must not stay */
    payment_link_forget(txn, ask->account, link);
    ended(txn, ask, link, PAYMENT__LINK_STATE__LINK_FAILED, "BANK_OFFLINE");
    return txn->status;
}

enum mc_status payment_link_remove_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request)
{
    struct mc_json_writer writer;

    (void)job;
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_end(&writer);
    return payment_bank_post(ctx, arena, link_path(arena, ask_of(payload), "/remove"), &writer,
                             ret_request);
}

enum mc_status payment_link_remove_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict)
{
    enum { NOT_FOUND = 404 };

    (void)ctx;
    (void)job;
    (void)payload;
    bool heard = result->outcome == MC_HTTP_ANSWERED &&
                 (result->http_status / 100 == 2 || result->http_status == NOT_FOUND);
    *ret_verdict = heard ? MC_DONE : MC_RETRY;
    return txn->status;
}
