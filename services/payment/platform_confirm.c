/*
 * PlatformConfirm: the platform's CONFIRM callback. Checked in the order of protocol 1.0.6: hash,
 * partner, reference, amount and currency. What fails is answered with an error, kept in the
 * audit, and changes nothing. What passes is still not believed: a query is made, and its answer
 * moves the money. A repeated callback gets the same good answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

#include "payment.h"

enum { MINUTE_MS = 60000 };

/* In the order of the hash. */
enum field {
    FIELD_KIND,
    FIELD_CODE,
    FIELD_PARTNER,
    FIELD_REFERENCE,
    FIELD_AMOUNT,
    FIELD_CURRENCY,
    FIELD_TRANSACTION,
    FIELD_BANK,
    FIELD_TIME,
    FIELD_INFORMATION,
    FIELDS_LEN
};

static const char *const field_names[FIELDS_LEN] = {
    "LoaiBanTin", "MaLoi",      "MaDoiTac",   "MaThamChieu", "SoTien",
    "MaTienTe",   "MaGiaoDich", "MaNganHang", "ThoiGianGD",  "ThongTinGiaoDich",
};

static const size_t field_max[FIELDS_LEN] = {
    PAYMENT_MALOI_SIZE,
    PAYMENT_MALOI_SIZE,
    PAYMENT_REFERENCE_MAX,
    PAYMENT_REFERENCE_MAX,
    20,
    PAYMENT_MALOI_SIZE,
    PAYMENT_TRANSACTION_MAX,
    PAYMENT_BANK_MAX,
    20,
    512,
};

struct confirm {
    const char *fields[FIELDS_LEN + 1];
    const char *hash;
};

/* False when a field is missing, too long, or holds a '|', which would blur the hash's borders. */
static bool confirm_read(struct mc_arena *arena, struct mc_bytes body, struct confirm *confirm)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (mc_json_parse(body, &json) != MC_OK)
        return false;
    for (size_t i = 0; i < FIELDS_LEN; i++) {
        const char *text = mc_json_text(json, field_names[i]);
        if (text == NULL || strlen(text) > field_max[i] || strchr(text, '|') != NULL)
            return false;
        confirm->fields[i] = mc_strdup(arena, text);
        if (confirm->fields[i] == NULL)
            return false;
    }
    const char *hash = mc_json_text(json, "MaXacThuc");
    if (hash == NULL || strlen(hash) >= PAYMENT_HASH_SIZE)
        return false;
    confirm->hash = mc_strdup(arena, hash);
    return confirm->hash != NULL && strcmp(confirm->fields[FIELD_KIND], "CONFIRM") == 0;
}

/* NULL when the callback may be looked into; else the meaning of the error to answer. */
static const char *confirm_check(const struct payment *payment, struct mc_txn *txn,
                                 const struct confirm *confirm, struct payment_case *c)
{
    char hash[PAYMENT_HASH_SIZE];
    char amount[24];
    struct mc_bytes place;

    payment_hash(hash, confirm->fields, payment->secret);
    if (!payment_hash_equal(hash, confirm->hash))
        return "HASH_WRONG";
    if (strcmp(confirm->fields[FIELD_PARTNER], payment->partner) != 0)
        return "PARTNER_WRONG";
    const char *reference = confirm->fields[FIELD_REFERENCE];
    if (reference[0] == '\0' || !mc_get(txn, PAYMENT_REFERENCES, mc_key_text(reference), &place) ||
        place.len != PAYMENT_PLACE_LEN)
        return "REFERENCE_UNKNOWN";
    if (!payment_case_load(txn, (struct mc_bytes){place.data, MC_ID_LEN},
                           (struct mc_bytes){(const uint8_t *)place.data + MC_ID_LEN, MC_ID_LEN},
                           c))
        return "REFERENCE_UNKNOWN";
    (void)snprintf(amount, sizeof amount, "%" PRId64, c->attempt->amount);
    if (strcmp(confirm->fields[FIELD_AMOUNT], amount) != 0)
        return "AMOUNT_WRONG";
    if (strcmp(confirm->fields[FIELD_CURRENCY], PAYMENT_CURRENCY) != 0)
        return "CURRENCY_WRONG";
    return NULL;
}

/* Only "paid" reopens a failed attempt; what is settled stays as it is. */
static bool is_news(const PaymentState__Attempt *attempt)
{
    return payment_attempt_next(attempt->state, PAYMENT_ATTEMPT_TOLD) !=
           PAYMENT__ATTEMPT_STATE__ATTEMPT_STATE_UNSPECIFIED;
}

static void told(struct payment *payment, struct mc_txn *txn, const struct confirm *confirm,
                 struct payment_case *c)
{
    bool paid = strcmp(confirm->fields[FIELD_CODE], "00") == 0;
    bool better = c->attempt->state == PAYMENT__ATTEMPT_STATE__CONFIRMING && paid &&
                  strcmp(c->attempt->told, "00") != 0;

    if (c->attempt->state == PAYMENT__ATTEMPT_STATE__FAILED && !paid) {
        /* no news; but the word alone proves nothing in this direction either */
        payment_query_plan(payment, txn, c, txn->now_ms);
        payment_attempt_save(txn, c);
        return;
    }
    if (!better && !is_news(c->attempt))
        return;
    c->attempt->told = mc_unconst(confirm->fields[FIELD_CODE]);
    c->attempt->transaction_id = mc_unconst(confirm->fields[FIELD_TRANSACTION]);
    c->attempt->bank = mc_unconst(confirm->fields[FIELD_BANK]);
    if (!better) /* else the query is under way already */
        payment_attempt_step(c, PAYMENT_ATTEMPT_TOLD);
    payment_query_plan(payment, txn, c, txn->now_ms);
    payment_attempt_save(txn, c);
}

static enum mc_status answer(const struct payment *payment, struct mc_txn *txn,
                             const struct confirm *confirm, const char *meaning,
                             Motcua__WebhookReply *rep)
{
    struct payment_maloi maloi = payment_maloi_of(meaning);
    const char *reference = confirm != NULL ? confirm->fields[FIELD_REFERENCE] : "";
    const char *time = confirm != NULL ? confirm->fields[FIELD_TIME] : "";
    char hash[PAYMENT_HASH_SIZE];
    struct mc_json_writer writer;
    struct mc_bytes body;

    /* which fields the reply's hash takes is not published: all of them, in their order */
    const char *const fields[] = {maloi.code, maloi.text, payment->partner, reference, time, NULL};
    static const char *const names[] = {"MaLoi", "MoTaLoi", "MaDoiTac", "MaThamChieu",
                                        "ThoiGianGD"};
    payment_hash(hash, fields, payment->secret);
    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    for (size_t i = 0; i < MC_LEN(names); i++) {
        mc_json_key(&writer, names[i]);
        mc_json_string(&writer, fields[i]);
    }
    mc_json_key(&writer, "MaXacThuc");
    mc_json_string(&writer, hash);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &body) != MC_OK)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->status = confirm != NULL ? 200 : 400;
    rep->content_type = mc_unconst("application/json");
    rep->body = (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
    return txn->status;
}

/* Anyone can send what has no good hash: of those only so many a minute fill the journal. */
static bool is_worth_telling(struct mc_txn *txn)
{
    struct mc_bytes key = mc_key_text("callbacks");
    PaymentState__Unproven now = PAYMENT_STATE__UNPROVEN__INIT;
    const PaymentState__Unproven *before =
        mc_load(txn, PAYMENT_UNPROVEN, key, &payment_state__unproven__descriptor);

    now.minute = txn->now_ms / MINUTE_MS;
    if (before != NULL && before->minute == now.minute)
        now.count = before->count;
    if (now.count >= PAYMENT_UNPROVEN_PER_MINUTE)
        return false;
    now.count++;
    mc_save(txn, PAYMENT_UNPROVEN, key, &now.base);
    return true;
}

/* The audit hears of the callbacks that were not believed. */
static void refused(struct mc_txn *txn, const struct payment_case *c, const char *meaning)
{
    static const char *const no_keys[] = {NULL};
    Payment__OrderChanged event = PAYMENT__ORDER_CHANGED__INIT;

    if (c->order != NULL) {
        payment_emit(txn, "payment.confirm_refused", c, meaning);
        return;
    }
    event.reason = mc_unconst(meaning);
    if (is_worth_telling(txn))
        mc_emit(txn, "payment.confirm_refused", &event.base, MC_PLAIN, no_keys);
}

enum mc_status payment_platform_confirm(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__WebhookRequest *req,
                                        Motcua__WebhookReply *rep)
{
    struct confirm confirm = {0};
    struct payment_case c = {0};

    if (!confirm_read(txn->arena, mc_key_bytes(req->body), &confirm)) {
        refused(txn, &c, "MALFORMED");
        return answer(payment, txn, NULL, "MALFORMED", rep);
    }
    const char *wrong = confirm_check(payment, txn, &confirm, &c);
    if (wrong != NULL) {
        refused(txn, &c, wrong);
        return answer(payment, txn, &confirm, wrong, rep);
    }
    told(payment, txn, &confirm, &c);
    return answer(payment, txn, &confirm, "OK", rep);
}
