/* ListDeliveries, GetDelivery, MarkDelivered: what partners were sent, for who administers them. */
#include <string.h>

#include "common/text.h"

#include "delivery.h"

/* The list a request asks for: its prefix in `listed`. */
static struct mc_bytes list_of(struct mc_txn *txn, const Partner__ListDeliveriesRequest *req)
{
    bool of_partner = req->partner_id[0] != '\0';
    const char *name = of_partner ? req->partner_id : req->object;
    const char *list = !of_partner ? "o" : req->failing ? "f" : "p";

    if (of_partner && partner_mine(txn, req->partner_id) == NULL)
        return (struct mc_bytes){0};
    if (name[0] == '\0' || strlen(name) > MC_KEY_MAX / 2) {
        (void)mc_refuse(txn, MC_INVALID, "partner_id", "FIELD_REQUIRED", "field",
                        "đối tác hoặc mã hồ sơ", NULL);
        return (struct mc_bytes){0};
    }
    return mc_key_join(txn, mc_key_text(list), (struct mc_bytes){name, strlen(name) + 1});
}

static bool may_see(struct mc_txn *txn, const PartnerState__Delivery *delivery)
{
    const PartnerState__Partner *record = partner_load(txn, delivery->partner_id);

    return record != NULL && mc_unit_mine(txn, record->unit);
}

enum mc_status partner_list_deliveries(struct partner *partner, struct mc_txn *txn,
                                       const Partner__ListDeliveriesRequest *req,
                                       Partner__ListDeliveriesReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PARTNER_PAGE_DEFAULT;
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};
    size_t looked = 0;

    (void)partner;
    if (size > PARTNER_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unhex(before, sizeof before, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    struct mc_bytes prefix = list_of(txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    rep->deliveries = mc_alloc(txn->arena, size * sizeof(Partner__Delivery *));
    struct mc_cursor cursor = mc_seek(txn, PARTNER_LISTED, prefix, from, MC_BACKWARD);
    while (rep->deliveries != NULL && looked++ < PARTNER_LIST_LOOK_ROWS && mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + prefix.len, MC_ID_LEN};
        const PartnerState__Delivery *delivery =
            cursor.key.len == prefix.len + MC_ID_LEN ? partner_delivery_load(txn, id) : NULL;
        Partner__Delivery *view = mc_alloc(txn->arena, sizeof *view);

        if (view == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        if (rep->n_deliveries == size || looked == PARTNER_LIST_LOOK_ROWS)
            break;
        rep->next_page_token = mc_unconst(partner_page_token(txn, id));
        if (delivery == NULL || !may_see(txn, delivery) ||
            (req->state != PARTNER__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED &&
             delivery->state != (uint32_t)req->state))
            continue;
        partner__delivery__init(view);
        partner_delivery_view(txn, id, delivery, false, view);
        rep->deliveries[rep->n_deliveries++] = view;
    }
    if (rep->n_deliveries < size && looked < PARTNER_LIST_LOOK_ROWS)
        rep->next_page_token = mc_unconst("");
    return txn->status;
}

static PartnerState__Delivery *mine(struct mc_txn *txn, struct mc_bytes id)
{
    PartnerState__Delivery *delivery = partner_delivery_load(txn, id);

    if (delivery != NULL && may_see(txn, delivery))
        return delivery;
    (void)mc_refuse(txn, MC_NOT_FOUND, "delivery_id", "NOT_FOUND", NULL);
    return NULL;
}

enum mc_status partner_get_delivery(struct partner *partner, struct mc_txn *txn,
                                    const Partner__GetDeliveryRequest *req, Partner__Delivery *rep)
{
    struct mc_bytes id = mc_key_bytes(req->delivery_id);
    const PartnerState__Delivery *delivery = mine(txn, id);

    (void)partner;
    if (delivery != NULL)
        partner_delivery_view(txn, id, delivery, true, rep);
    return txn->status;
}

enum mc_status partner_mark_delivered(struct partner *partner, struct mc_txn *txn,
                                      const Partner__MarkDeliveredRequest *req,
                                      Partner__Delivery *rep)
{
    struct mc_bytes id = mc_key_bytes(req->delivery_id);
    PartnerState__Delivery *delivery = mine(txn, id);

    if (delivery == NULL)
        return txn->status;
    partner_reason_check(txn, req->reason);
    if (req->evidence[strspn(req->evidence, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "evidence", "FIELD_REQUIRED", "field", "bằng chứng", NULL);
    else if (mc_text_chars(req->evidence) > PARTNER_EVIDENCE_CHARS_MAX)
        partner_refuse_long(txn, "evidence", "Bằng chứng", "500 ký tự");
    if (delivery->state != PARTNER__DELIVERY_STATE__DELIVERY_LATE &&
        delivery->state != PARTNER__DELIVERY_STATE__DELIVERY_FAILED)
        (void)mc_refuse(txn, MC_CONFLICT, "delivery_id", "DELIVERY_NOT_FAILING", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    mc_job_cancel(txn, delivery->job);
    mc_job_forget(txn, delivery->job);
    delivery->marked_by = mc_unconst(partner_actor(txn));
    delivery->marked_reason = req->reason;
    delivery->marked_evidence = req->evidence;
    delivery->told = false;
    partner_delivery_end(partner, txn, id, delivery, PARTNER__DELIVERY_STATE__DELIVERY_MARKED);
    partner_delivery_tell(partner, txn, "partner.delivery_marked", id, delivery);
    partner_delivery_tell(partner, txn, "partner.delivery_recovered", id, delivery);
    partner_report_job(txn, delivery, "");
    partner_delivery_view(txn, id, delivery, true, rep);
    return txn->status;
}
