/* Fines: what the decision says, of which the platform is told (fields of ThongTinBienLai). */
#include <string.h>

#include "common/date.h"

#include "payment.h"

static bool has_fine(const PaymentState__Order *order)
{
    for (size_t i = 0; i < order->n_items; i++)
        if (order->items[i]->kind == PAYMENT__ITEM_KIND__FINE)
            return true;
    return false;
}

static char *text_read(struct mc_txn *txn, const char *field, const char *text, bool needed)
{
    return mc_unconst(payment_line_read(txn, field, text, needed));
}

static char *date_read(struct mc_txn *txn, const char *field, char *text, bool needed)
{
    struct mc_date date;

    if (text[0] == '\0' && !needed)
        return text;
    if (mc_date_parse(text, &date) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
    return text;
}

ProtobufCBinaryData payment_fine_read(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                                      const PaymentState__Order *order)
{
    const Payment__Fine *fine = req->fine;
    Payment__Fine kept = PAYMENT__FINE__INIT;

    if (has_fine(order) != (fine != NULL))
        (void)mc_refuse(txn, MC_INVALID, "fine", fine != NULL ? "FIELD_INVALID" : "FIELD_REQUIRED",
                        "field", "fine", NULL);
    if (fine == NULL)
        return (ProtobufCBinaryData){0};
    kept.decision_number = text_read(txn, "fine.decision_number", fine->decision_number, true);
    kept.decision_date = date_read(txn, "fine.decision_date", fine->decision_date, true);
    kept.authority_code = text_read(txn, "fine.authority_code", fine->authority_code, false);
    kept.authority_name = text_read(txn, "fine.authority_name", fine->authority_name, true);
    kept.kind_code = text_read(txn, "fine.kind_code", fine->kind_code, false);
    kept.kind_name = text_read(txn, "fine.kind_name", fine->kind_name, false);
    kept.treasury = text_read(txn, "fine.treasury", fine->treasury, false);
    kept.violated_at = date_read(txn, "fine.violated_at", fine->violated_at, false);
    kept.place = text_read(txn, "fine.place", fine->place, false);
    kept.violator = text_read(txn, "fine.violator", fine->violator, true);
    if (txn->status != MC_OK)
        return (ProtobufCBinaryData){0};
    size_t len = payment__fine__get_packed_size(&kept);
    uint8_t *data = mc_alloc(txn->arena, len + 1);
    if (data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (ProtobufCBinaryData){0};
    }
    return mc_seal_bytes(txn, (struct mc_bytes){data, payment__fine__pack(&kept, data)});
}

const Payment__Fine *payment_fine_open(struct mc_arena *arena, struct mc_bytes packed)
{
    static const Payment__Fine none = PAYMENT__FINE__INIT;
    const Payment__Fine *fine =
        packed.len > 0 ? payment__fine__unpack(&arena->protobuf, packed.len, packed.data) : NULL;

    return fine != NULL ? fine : &none;
}
