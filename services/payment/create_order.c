/* CreateOrder: an order that another room or an operator asks for. */
#include <string.h>

#include "common/ident.h"

#include "payment.h"

static void invalid(struct mc_txn *txn, const char *field)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
}

static bool item_code_valid(const char *code)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(code);

    return len > 0 && len <= PAYMENT_ITEM_CODE_MAX && strspn(code, letters) == len;
}

static void item_read(struct mc_txn *txn, size_t i, const Payment__Item *item,
                      PaymentState__Order *order)
{
    PaymentState__Item *kept = mc_alloc(txn->arena, sizeof *kept);
    const char *path = mc_sprintf(txn->arena, "items[%zu]", i);
    const char *name = mc_sprintf(txn->arena, "items[%zu].name", i);

    if (kept == NULL || path == NULL || name == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment_state__item__init(kept);
    if (item->kind < PAYMENT__ITEM_KIND__FEE || item->kind > PAYMENT__ITEM_KIND__TAX_DEBT)
        invalid(txn, mc_sprintf(txn->arena, "%s.kind", path));
    if (!item_code_valid(item->code))
        invalid(txn, mc_sprintf(txn->arena, "%s.code", path));
    if (item->amount < 1)
        invalid(txn, mc_sprintf(txn->arena, "%s.amount", path));
    else if (!payment_total_add(&order->total, item->amount))
        (void)mc_refuse(txn, MC_INVALID, mc_sprintf(txn->arena, "%s.amount", path),
                        "AMOUNT_TOO_LARGE", NULL);
    kept->kind = item->kind;
    kept->code = item->code;
    kept->name = mc_unconst(payment_line_read(txn, name, item->name, true));
    kept->amount = item->amount;
    order->items[order->n_items++] = kept;
}

static void items_read(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                       PaymentState__Order *order)
{
    if (req->n_items == 0) {
        (void)mc_refuse(txn, MC_INVALID, "items", "FIELD_REQUIRED", "field", "items", NULL);
        return;
    }
    if (req->n_items > PAYMENT_ITEMS_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "items", "FIELD_TOO_LONG", "field", "items", "max", "20",
                        NULL);
        return;
    }
    order->items = mc_alloc(txn->arena, req->n_items * sizeof(PaymentState__Item *));
    if (order->items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < req->n_items; i++)
        item_read(txn, i, req->items[i], order);
}

/* Codes of other members' dossiers need not obey our grammar, but are letters, digits, . - / _ */
static bool dossier_code_valid(const char *code)
{
    static const char letters[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-/_";
    size_t len = strlen(code);

    return len <= PAYMENT_CODE_MAX && strspn(code, letters) == len;
}

static void codes_read(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                       PaymentState__Order *order)
{
    uint8_t account[MC_ID_LEN];
    char *unit = mc_alloc(txn->arena, MC_AGENCY_CODE_SIZE);
    char *procedure = mc_alloc(txn->arena, MC_PROCEDURE_CODE_SIZE);
    enum mc_why why = MC_WHY_OK;

    if (unit == NULL || procedure == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    why = mc_agency_parse(req->unit, unit, MC_AGENCY_CODE_SIZE);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), "field", "unit", NULL);
    if (req->procedure_code[0] != '\0') {
        why = mc_procedure_parse(req->procedure_code, procedure, MC_PROCEDURE_CODE_SIZE);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, "procedure_code", mc_why_code(why), NULL);
    }
    if (!mc_uuid_parse(account, mc_key_text(req->owner_account)))
        invalid(txn, "owner_account");
    if (!dossier_code_valid(req->dossier_code))
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    if (req->dossier_id.len != 0 && req->dossier_id.len != MC_ID_LEN)
        invalid(txn, "dossier_id");
    order->unit = unit;
    order->procedure_code = procedure;
    order->owner_account = req->owner_account;
    order->dossier_code = req->dossier_code;
    order->dossier_id = req->dossier_id;
}

enum mc_status payment_create_order(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CreateOrderRequest *req, Payment__Order *rep)
{
    PaymentState__Order order = PAYMENT_STATE__ORDER__INIT;

    codes_read(txn, req, &order);
    items_read(txn, req, &order);
    order.unit_name = mc_unconst(payment_line_read(txn, "unit_name", req->unit_name, false));
    order.procedure_name =
        mc_unconst(payment_line_read(txn, "procedure_name", req->procedure_name, false));
    order.fine = payment_fine_read(txn, req, &order);
    struct mc_bytes known = payment_client_order(txn, req);
    const char *description = payment_line_read(txn, "description", req->description, false);
    if (txn->status != MC_OK)
        return txn->status;

    if (known.len > 0) { /* asked for before: the order as it is now */
        const PaymentState__Order *there = payment_order_load(txn, known);
        if (there != NULL)
            payment_order_show(txn, known, there, rep);
        return txn->status;
    }
    order.description = mc_seal_text(txn, description);
    struct mc_bytes id = payment_order_open(payment, txn, &order);
    payment_client_order_put(txn, req, id);
    if (txn->status == MC_OK)
        payment_order_show(txn, id, &order, rep);
    return txn->status;
}
