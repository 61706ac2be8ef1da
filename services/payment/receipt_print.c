/*
 * receipt.print: the print room makes the receipt's file. Never in the way of a payment: it is a
 * job of its own lane, repeated until it is done. The file is the same however often it is made,
 * but for the agency's signature.
 */
#include <string.h>

#include "common/date.h"
#include "common/proof.h"

#include "payment.h"

/* «ReceiptProof», version 1 (common/proof.h). */
#define PROOF_KIND "MCBL1"

enum { FIELDS_MAX = 20 };

const char *payment_kind_text(uint32_t kind)
{
    static const char *const texts[] = {
        [PAYMENT__ITEM_KIND__FEE] = "phí",
        [PAYMENT__ITEM_KIND__CHARGE] = "lệ phí",
        [PAYMENT__ITEM_KIND__FINE] = "tiền phạt",
        [PAYMENT__ITEM_KIND__TAX_DEBT] = "tiền thuế",
    };

    return kind < MC_LEN(texts) && texts[kind] != NULL ? texts[kind] : "";
}

PaymentState__ReceiptPrint payment_receipt_facts(struct mc_txn *txn, const char *number,
                                                 const PaymentState__Receipt *receipt,
                                                 const PaymentState__Order *order)
{
    PaymentState__ReceiptPrint facts = PAYMENT_STATE__RECEIPT_PRINT__INIT;

    facts.number = mc_unconst(number);
    facts.symbol = receipt->symbol;
    facts.serial = receipt->serial;
    facts.unit = order->unit;
    facts.unit_name = order->unit_name;
    facts.kind = receipt->kind;
    facts.item_name = receipt->item_name;
    facts.amount = receipt->amount;
    facts.dossier_code = order->dossier_code;
    facts.transaction_id = receipt->transaction_id;
    facts.bank = receipt->bank;
    if (receipt->payer_name.len > 0)
        facts.payer_name = mc_open_text(txn, receipt->payer_name);
    facts.replaces = receipt->replaces;
    facts.issued_at_ms = receipt->issued_at_ms;
    return facts;
}

static void job_add(struct mc_txn *txn, const PaymentState__ReceiptPrint *facts,
                    const char *const *keys)
{
    struct mc_bytes payload = mc_body_pack(txn->arena, &facts->base);

    if (payload.data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PAYMENT_LANE_PRINT,
                              .kind = "receipt.print",
                              .payload = payload,
                              .backoff_ms = PAYMENT_PRINT_BACKOFF_MS,
                              .backoff_max_ms = PAYMENT_PRINT_BACKOFF_MAX_MS,
                              .destination = "print",
                              .keys = keys,
                              .forget = true,
                          });
}

void payment_receipt_print(struct mc_txn *txn, const char *number,
                           const PaymentState__Receipt *receipt, const PaymentState__Order *order)
{
    const PaymentState__ReceiptPrint facts = payment_receipt_facts(txn, number, receipt, order);
    const char *keys[PAYMENT_KEYS_MAX];

    payment_order_keys(txn, mc_key_bytes(receipt->order_id), order, keys);
    job_add(txn, &facts, keys);
}

char *payment_receipt_proof(const struct payment *payment, struct mc_arena *arena,
                            const PaymentState__ReceiptPrint *receipt)
{
    Payment__ReceiptProof proof = PAYMENT__RECEIPT_PROOF__INIT;

    proof.number = receipt->number;
    proof.unit = receipt->unit;
    proof.kind = (Payment__ItemKind)receipt->kind;
    proof.amount = receipt->amount;
    proof.issued_at_s = receipt->issued_at_ms / 1000;
    proof.dossier_code = receipt->dossier_code;
    proof.transaction_id = receipt->transaction_id;
    proof.payer_name = receipt->payer_name;
    proof.replaces = receipt->replaces;
    struct mc_bytes message = mc_body_pack(arena, &proof.base);
    return message.data != NULL ? mc_proof_make(arena, payment->sign_secret, PROOF_KIND, message)
                                : NULL;
}

/* A field of the template; an empty one is left out. */
struct fields {
    struct mc_arena *arena;
    Print__RenderRequest *request;
    bool full;
};

static void add(struct fields *fields, const char *name, const char *value)
{
    Print__Field *field = mc_alloc(fields->arena, sizeof *field);

    fields->full =
        fields->full || field == NULL || value == NULL || fields->request->n_fields == FIELDS_MAX;
    if (fields->full || value[0] == '\0')
        return;
    print__field__init(field);
    field->name = mc_unconst(name);
    field->value = mc_unconst(value);
    fields->request->fields[fields->request->n_fields++] = field;
}

static const char *form_of(struct mc_arena *arena, const char *bank)
{
    return bank[0] != '\0' ? mc_sprintf(arena, "Thanh toán trực tuyến qua %s", bank)
                           : "Thanh toán trực tuyến";
}

static void fill(const struct payment *payment, struct fields *fields,
                 const PaymentState__ReceiptPrint *receipt)
{
    const struct mc_date day = mc_date_from_ms(receipt->issued_at_ms);
    struct mc_arena *arena = fields->arena;
    char amount[MC_MONEY_SIZE];
    char words[MC_MONEY_WORDS_SIZE];

    mc_money_format(amount, sizeof amount, receipt->amount);
    mc_money_words(words, sizeof words, receipt->amount);
    add(fields, "agency", receipt->unit_name[0] != '\0' ? receipt->unit_name : receipt->unit);
    add(fields, "kind", payment_kind_text(receipt->kind));
    add(fields, "number", receipt->number);
    add(fields, "symbol", receipt->symbol);
    add(fields, "serial", mc_sprintf(arena, "%07llu", (unsigned long long)receipt->serial));
    add(fields, "payer", receipt->payer_name);
    add(fields, "item", receipt->item_name);
    add(fields, "amount", mc_strdup(arena, amount));
    add(fields, "amount_in_words", mc_strdup(arena, words));
    add(fields, "payment_form", form_of(arena, receipt->bank));
    add(fields, "transaction", receipt->transaction_id);
    add(fields, "dossier_code", receipt->dossier_code);
    add(fields, "place_date",
        mc_sprintf(arena, "Ngày %02d tháng %02d năm %04d", day.day, day.month, day.year));
    add(fields, "replaces", receipt->replaces);
    add(fields, "proof", payment_receipt_proof(payment, arena, receipt));
}

enum mc_status payment_receipt_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    const PaymentState__ReceiptPrint *receipt =
        (const PaymentState__ReceiptPrint *)(const void *)payload;
    Print__RenderRequest *request = mc_alloc(arena, sizeof *request);

    (void)job;
    if (request == NULL)
        return MC_LIMITED;
    print__render_request__init(request);
    request->template_ = mc_unconst("receipt");
    request->sign_as = receipt->unit;
    request->author = receipt->unit_name;
    request->at_ms = receipt->issued_at_ms;
    request->fields = mc_alloc(arena, FIELDS_MAX * sizeof(Print__Field *));
    if (request->fields == NULL)
        return MC_LIMITED;
    struct fields fields = {.arena = arena, .request = request};
    fill(ctx, &fields, receipt);
    *ret_call = (struct mc_room_call){.room = "print",
                                      .service = &print__print__descriptor,
                                      .method = "Render",
                                      .request = &request->base};
    return fields.full ? MC_LIMITED : MC_OK;
}

static void keep(struct mc_txn *txn, const char *number, const Print__RenderReply *made)
{
    PaymentState__ReceiptFile file = PAYMENT_STATE__RECEIPT_FILE__INIT;
    Payment__ReceiptChanged event = PAYMENT__RECEIPT_CHANGED__INIT;
    const PaymentState__Receipt *receipt =
        mc_load(txn, PAYMENT_RECEIPTS, mc_key_text(number), &payment_state__receipt__descriptor);
    const PaymentState__Order *order =
        receipt != NULL ? payment_order_load(txn, mc_key_bytes(receipt->order_id)) : NULL;

    if (order == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a receipt without its order");
        return;
    }
    file.pdf = mc_seal_bytes(txn, mc_key_bytes(made->pdf));
    file.pages = made->pages;
    file.signed_ = made->signed_;
    file.signed_by = made->signed_by;
    file.printed_at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_RECEIPT_FILES, mc_key_text(number), &file.base);
    event.signed_ = made->signed_;
    payment_receipt_emit(txn, "payment.receipt_printed", number, receipt, order, &event);
}

enum mc_status payment_receipt_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict)
{
    const PaymentState__ReceiptPrint *receipt =
        (const PaymentState__ReceiptPrint *)(const void *)payload;

    (void)ctx;
    *ret_verdict = MC_DONE;
    if (result->status == MC_OK && result->reply != NULL) {
        keep(txn, receipt->number, (const Print__RenderReply *)(const void *)result->reply);
    } else if (strcmp(result->code, "REQUEST_TOO_OLD") == 0) {
        /* the print room was away for a day: the call's id is of its job, so it takes a new one */
        job_add(txn, receipt, (const char *const *)job->record->keys);
    } else {
        *ret_verdict = result->status == MC_INVALID || result->status == MC_LIMITED ||
                               result->status == MC_NOT_FOUND
                           ? MC_BURY
                           : MC_RETRY;
    }
    return txn->status;
}

void payment_receipt_emit(struct mc_txn *txn, const char *type, const char *number,
                          const PaymentState__Receipt *receipt, const PaymentState__Order *order,
                          Payment__ReceiptChanged *event)
{
    const char *keys[PAYMENT_KEYS_MAX];

    event->number = mc_unconst(number);
    event->order_id = receipt->order_id;
    event->dossier_code = order->dossier_code;
    event->dossier_id = order->dossier_id;
    event->unit = order->unit;
    event->owner_account = order->owner_account;
    event->kind = (Payment__ItemKind)receipt->kind;
    event->amount = receipt->amount;
    event->replaces = receipt->replaces;
    payment_order_keys(txn, mc_key_bytes(receipt->order_id), order, keys);
    mc_emit(txn, type, &event->base, MC_PLAIN, keys);
}
