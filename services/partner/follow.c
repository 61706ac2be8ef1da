/*
 * What happens to dossiers and payments becomes deliveries: of a unit whose partner has the API,
 * and of a dossier that has its official code (DOS-09; before that no other system knows it).
 */
#include <string.h>

#include "delivery.h"

static void take(struct mc_txn *txn, PartnerState__Delivery *delivery, const char *id,
                 Partner__DeliveryKind kind, const char *object, const char *unit)
{
    (void)txn;
    partner_state__delivery__init(delivery);
    delivery->partner_id = mc_unconst(id);
    delivery->kind = kind;
    delivery->object = mc_unconst(object);
    delivery->unit = mc_unconst(unit);
}

static bool begin(const struct partner *partner, struct mc_txn *txn,
                  PartnerState__Delivery *delivery, char prefix, struct mc_bytes about)
{
    char *hex = mc_alloc(txn->arena, 2 * about.len + 2);

    if (hex == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    hex[0] = prefix;
    (void)mc_hex(hex + 1, about);
    delivery->stream = hex;
    partner_delivery_begin(partner, txn, delivery);
    return txn->status == MC_OK;
}

static struct mc_bytes known_key(struct mc_txn *txn, const char *id, struct mc_bytes dossier)
{
    return mc_key_join(txn, (struct mc_bytes){id, strlen(id) + 1}, dossier);
}

/* Of a dossier that stays where it is: what changes fields of HoSo. */
static bool changes_fields(const char *type)
{
    static const char *const types[] = {"dossier.paid", "dossier.refunded", "dossier.return_chosen",
                                        "dossier.supplemented"};

    for (size_t i = 0; i < MC_LEN(types); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* A step that this very partner told us of: sending it back would be an echo, and it is told that
 * the partner has it. */
static void known_there(struct mc_txn *txn, const char *id, const Dossier__Changed *body)
{
    PartnerState__Delivery delivery;

    take(txn, &delivery, id, PARTNER__DELIVERY_KIND__DOSSIER_PROGRESS, body->code, body->unit);
    delivery.dossier_id = body->dossier_id;
    delivery.version = body->version;
    partner_report_job(txn, &delivery, "");
}

enum mc_status partner_dossier_changed(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__Event *event, const Dossier__Changed *body)
{
    struct mc_bytes dossier = mc_key_bytes(body->dossier_id);
    PartnerState__Delivery delivery;
    struct mc_bytes value;
    const char *id = NULL;

    bool moved = body->from != body->to;
    if (body->code[0] == '\0' || dossier.len != MC_ID_LEN ||
        (!moved && !changes_fields(event->type)))
        return MC_OK;
    if (partner_of_unit(partner, txn, body->unit, "dossier_sync", &id) == NULL)
        return txn->status;
    struct mc_bytes known = known_key(txn, id, dossier);
    if (moved && strcmp(body->told_by, id) == 0 && mc_get(txn, PARTNER_KNOWN, known, &value)) {
        known_there(txn, id, body);
        return txn->status;
    }
    Partner__DeliveryKind kind = PARTNER__DELIVERY_KIND__DOSSIER_CREATE;
    if (mc_get(txn, PARTNER_KNOWN, known, &value))
        kind = moved ? PARTNER__DELIVERY_KIND__DOSSIER_PROGRESS
                     : PARTNER__DELIVERY_KIND__DOSSIER_UPDATE;
    else
        mc_put(txn, PARTNER_KNOWN, known, (struct mc_bytes){0});
    take(txn, &delivery, id, kind, body->code, body->unit);
    delivery.dossier_id = body->dossier_id;
    delivery.version = body->version;
    if (kind == PARTNER__DELIVERY_KIND__DOSSIER_PROGRESS) {
        const char *data = partner_body_progress(txn, body, event->at_ms);
        if (data == NULL)
            return txn->status;
        delivery.data = mc_seal_text(txn, data);
    } /* the others are fetched when their turn comes, as they are then */
    (void)begin(partner, txn, &delivery, 'd', dossier);
    return txn->status;
}

enum mc_status partner_voucher_issued(struct partner *partner, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Payment__VoucherIssued *body)
{
    PartnerState__Delivery delivery;
    uint8_t hash[MC_HASH_LEN];
    const char *id = NULL;

    (void)event;
    if (partner_of_unit(partner, txn, body->unit, "land_payment", &id) == NULL)
        return txn->status;
    const char *data = partner_body_voucher(partner, txn, body);
    if (data == NULL)
        return txn->status;
    take(txn, &delivery, id, PARTNER__DELIVERY_KIND__TAX_VOUCHER, body->dossier_code, body->unit);
    delivery.notice = body->notice;
    delivery.order_id = body->order_id;
    delivery.data = mc_seal_text(txn, data);
    mc_hash_parts(hash,
                  (struct mc_bytes[]){{body->dossier_code, strlen(body->dossier_code) + 1},
                                      mc_key_text(body->notice)},
                  2);
    (void)begin(partner, txn, &delivery, 'v', (struct mc_bytes){hash, MC_ID_LEN});
    return txn->status;
}

enum mc_status partner_receipt_printed(struct partner *partner, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Payment__ReceiptChanged *body)
{
    PartnerState__Delivery delivery;
    uint8_t hash[MC_HASH_LEN];
    const char *id = NULL;

    if (partner_of_unit(partner, txn, body->unit, "receipt", &id) == NULL)
        return txn->status;
    const char *data = partner_body_receipt(partner, txn, body, event->at_ms);
    if (data == NULL)
        return txn->status;
    take(txn, &delivery, id, PARTNER__DELIVERY_KIND__RECEIPT, body->number, body->unit);
    delivery.data = mc_seal_text(txn, data);
    mc_hash_parts(hash, (struct mc_bytes[]){mc_key_text(body->number)}, 1);
    (void)begin(partner, txn, &delivery, 'r', (struct mc_bytes){hash, MC_ID_LEN});
    return txn->status;
}

/* «Đồng bộ tài khoản»: the member of the client's unit, when it has the API; what it is told is
 * fetched when its turn comes, as the account and its owner's consent are then. */
enum mc_status partner_member_account(struct partner *partner, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__MemberAccount *body)
{
    struct mc_bytes account = mc_key_bytes(body->account_id);
    PartnerState__Delivery delivery;
    char text[MC_UUID_TEXT_LEN + 1];
    const char *id = NULL;

    (void)event;
    if (account.len != MC_ID_LEN ||
        partner_of_unit(partner, txn, body->unit, "account_sync", &id) == NULL)
        return txn->status;
    mc_uuid_text(text, account.data);
    const char *object = mc_strdup(txn->arena, text);
    if (object == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    take(txn, &delivery, id, PARTNER__DELIVERY_KIND__ACCOUNT, object, body->unit);
    delivery.client_id = body->client_id;
    delivery.account_id = body->account_id;
    (void)begin(partner, txn, &delivery, 'a', account);
    return txn->status;
}
