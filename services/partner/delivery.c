#include "delivery.h"

#include <string.h>

#include "common/holds.h"
#include "common/retention.h"

static const struct partner_goods goods[] = {
    [PARTNER__DELIVERY_KIND__DELIVERY_KIND_UNSPECIFIED] = {"", ""},
    [PARTNER__DELIVERY_KIND__DOSSIER_CREATE] = {"dossier_sync", "DongBoHoSoMC"},
    [PARTNER__DELIVERY_KIND__DOSSIER_UPDATE] = {"dossier_sync", "DongBoHoSoMC"},
    [PARTNER__DELIVERY_KIND__DOSSIER_PROGRESS] = {"dossier_progress", "CapNhatTienDoHoSoMC"},
    [PARTNER__DELIVERY_KIND__TAX_VOUCHER] = {"land_payment", "ThanhToanThueDat"},
    [PARTNER__DELIVERY_KIND__RECEIPT] = {"receipt", "NhanBienLai"},
    [PARTNER__DELIVERY_KIND__ACCOUNT] = {"account_sync", "DongBoTaiKhoan"},
};

const struct partner_goods *partner_goods_of(Partner__DeliveryKind kind)
{
    return &goods[(size_t)kind < MC_LEN(goods) ? (size_t)kind : 0];
}

const char *partner_object_name(const PartnerState__Delivery *delivery)
{
    if (delivery->kind == PARTNER__DELIVERY_KIND__RECEIPT)
        return "receipt";
    return delivery->kind == PARTNER__DELIVERY_KIND__ACCOUNT ? "account" : "dossier";
}

PartnerState__Delivery *partner_delivery_load(struct mc_txn *txn, struct mc_bytes id)
{
    return id.len == MC_ID_LEN
               ? mc_load(txn, PARTNER_DELIVERIES, id, &partner_state__delivery__descriptor)
               : NULL;
}

void partner_delivery_save(struct mc_txn *txn, struct mc_bytes id,
                           const PartnerState__Delivery *delivery)
{
    mc_save(txn, PARTNER_DELIVERIES, id, &delivery->base);
}

/* text, NUL: of keys, so that no name is the beginning of another's. */
static struct mc_bytes piece(const char *text)
{
    return (struct mc_bytes){text, strlen(text) + 1};
}

static struct mc_bytes stream_prefix(struct mc_txn *txn, const PartnerState__Delivery *delivery)
{
    return mc_key_join(txn, piece(delivery->partner_id), piece(delivery->stream));
}

static struct mc_bytes listed_key(struct mc_txn *txn, const char *list, const char *name,
                                  struct mc_bytes id)
{
    return mc_key_join(txn, mc_key_text(list), mc_key_join(txn, piece(name), id));
}

/* The first of a stream that is not over. */
static struct mc_bytes stream_first(struct mc_txn *txn, const PartnerState__Delivery *delivery)
{
    struct mc_bytes prefix = stream_prefix(txn, delivery);
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_STREAMS, prefix, (struct mc_bytes){0}, MC_FORWARD);

    if (!mc_next(&cursor) || cursor.key.len != prefix.len + MC_ID_LEN)
        return (struct mc_bytes){0};
    return mc_keep(txn, (const uint8_t *)cursor.key.data + prefix.len, MC_ID_LEN);
}

void partner_deliver_job(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                         PartnerState__Delivery *delivery)
{
    PartnerState__Work work = PARTNER_STATE__WORK__INIT;
    const char *keys[] = {
        mc_sprintf(txn->arena, "partner:%s", delivery->partner_id),
        mc_sprintf(txn->arena, "%s:%s", partner_object_name(delivery), delivery->object), NULL};

    if (keys[0] == NULL || keys[1] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    work.delivery_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    delivery->state = PARTNER__DELIVERY_STATE__DELIVERY_WAITING;
    delivery->job = mc_job_add(txn, &(struct mc_job_spec){
                                        .lane = PARTNER_LANE_DELIVER,
                                        .kind = "deliver",
                                        .payload = mc_key_bytes(partner_pack(txn, &work.base)),
                                        .backoff_ms = (uint32_t)partner->retry_first_ms,
                                        .backoff_max_ms = (uint32_t)partner->retry_max_ms,
                                        .destination = delivery->partner_id,
                                        .keys = keys,
                                    });
}

/* The first of its stream: its data is there, or is fetched now. */
static void start(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                  PartnerState__Delivery *delivery)
{
    if (delivery->data.len > 0) {
        partner_deliver_job(partner, txn, id, delivery);
    } else {
        delivery->state = PARTNER__DELIVERY_STATE__DELIVERY_GATHERING;
        partner_gather_job(txn, id, delivery);
    }
}

void partner_delivery_begin(const struct partner *partner, struct mc_txn *txn,
                            PartnerState__Delivery *delivery)
{
    struct mc_bytes id = mc_new_id(txn);
    bool first = stream_first(txn, delivery).len == 0;

    delivery->created_ms = txn->now_ms;
    delivery->state = PARTNER__DELIVERY_STATE__DELIVERY_BLOCKED;
    mc_put(txn, PARTNER_STREAMS, mc_key_join(txn, stream_prefix(txn, delivery), id),
           (struct mc_bytes){0});
    mc_put(txn, PARTNER_LISTED, listed_key(txn, "p", delivery->partner_id, id),
           (struct mc_bytes){0});
    mc_put(txn, PARTNER_LISTED, listed_key(txn, "o", delivery->object, id), (struct mc_bytes){0});
    if (first)
        start(partner, txn, id, delivery);
    partner_delivery_save(txn, id, delivery);
}

void partner_failing_set(struct mc_txn *txn, struct mc_bytes id, PartnerState__Delivery *delivery,
                         bool failing)
{
    PartnerState__Partner *record = partner_load(txn, delivery->partner_id);
    struct mc_bytes key = listed_key(txn, "f", delivery->partner_id, id);
    struct mc_bytes value;

    if (mc_get(txn, PARTNER_LISTED, key, &value) == failing)
        return;
    if (failing)
        mc_put(txn, PARTNER_LISTED, key, (struct mc_bytes){0});
    else
        mc_drop(txn, PARTNER_LISTED, key);
    if (record == NULL)
        return;
    if (failing)
        record->failing++;
    else if (record->failing > 0)
        record->failing--;
    partner_save(txn, delivery->partner_id, record);
}

void partner_delivery_end(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                          PartnerState__Delivery *delivery, Partner__DeliveryState state)
{
    delivery->state = state;
    delivery->ended_ms = txn->now_ms;
    delivery->data = (ProtobufCBinaryData){0};
    delivery->job = 0;
    partner_failing_set(txn, id, delivery, false);
    partner_delivery_save(txn, id, delivery);
    mc_drop(txn, PARTNER_STREAMS, mc_key_join(txn, stream_prefix(txn, delivery), id));
    struct mc_bytes next_id = stream_first(txn, delivery);
    PartnerState__Delivery *next = partner_delivery_load(txn, next_id);
    if (next == NULL || next->state != PARTNER__DELIVERY_STATE__DELIVERY_BLOCKED)
        return;
    start(partner, txn, next_id, next);
    partner_delivery_save(txn, next_id, next);
}

void partner_delivery_tell(const struct partner *partner, struct mc_txn *txn, const char *type,
                           struct mc_bytes id, const PartnerState__Delivery *delivery)
{
    const PartnerState__Partner *record = partner_load(txn, delivery->partner_id);
    const struct partner_goods *what = partner_goods_of((Partner__DeliveryKind)delivery->kind);
    const struct partner_type *api = partner_type_find(&partner->book, what->api_type);
    Partner__DeliveryTold told = PARTNER__DELIVERY_TOLD__INIT;
    const char *keys[] = {
        mc_sprintf(txn->arena, "partner:%s", delivery->partner_id),
        mc_sprintf(txn->arena, "%s:%s", partner_object_name(delivery), delivery->object), NULL};

    if (keys[0] == NULL || keys[1] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    told.delivery_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    told.partner_id = delivery->partner_id;
    if (record != NULL) {
        told.partner_name = record->name;
        told.dstcode = record->dstcode;
        told.partner_unit = record->unit;
        told.production = record->production;
        told.failing = record->failing;
    }
    told.unit = delivery->unit;
    told.api_type = mc_unconst(what->api_type);
    told.api_name = mc_unconst(api != NULL ? api->name : "");
    told.kind = (Partner__DeliveryKind)delivery->kind;
    told.object = delivery->object;
    told.notice = delivery->notice;
    told.reason = delivery->reason;
    told.attempts = delivery->attempts;
    told.since_ms = delivery->first_tried_ms;
    told.waiting = partner_waiting(txn, delivery->partner_id);
    mc_emit(txn, type, &told.base, MC_PLAIN, keys);
}

static void view_history(struct mc_txn *txn, const PartnerState__Delivery *delivery,
                         Partner__Delivery *rep)
{
    Partner__DeliveryAttempt *rows = mc_alloc(txn->arena, (delivery->n_history + 1) * sizeof *rows);

    rep->history =
        mc_alloc(txn->arena, (delivery->n_history + 1) * sizeof(Partner__DeliveryAttempt *));
    if (rows == NULL || rep->history == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < delivery->n_history; i++) {
        partner__delivery_attempt__init(&rows[i]);
        rows[i].at_ms = delivery->history[i]->at_ms;
        rows[i].verdict = (Partner__AttemptVerdict)delivery->history[i]->verdict;
        rows[i].http_status = delivery->history[i]->http_status;
        rows[i].error_code = delivery->history[i]->error_code;
        rows[i].session = delivery->history[i]->session;
        rep->history[rep->n_history++] = &rows[i];
    }
}

void partner_delivery_view(struct mc_txn *txn, struct mc_bytes id,
                           const PartnerState__Delivery *delivery, bool history,
                           Partner__Delivery *rep)
{
    const struct partner_goods *what = partner_goods_of((Partner__DeliveryKind)delivery->kind);

    rep->delivery_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->partner_id = delivery->partner_id;
    rep->kind = (Partner__DeliveryKind)delivery->kind;
    rep->api_type = mc_unconst(what->api_type);
    rep->service = mc_unconst(what->service);
    rep->object = delivery->object;
    rep->unit = delivery->unit;
    rep->state = (Partner__DeliveryState)delivery->state;
    rep->created_ms = delivery->created_ms;
    rep->first_tried_ms = delivery->first_tried_ms;
    rep->last_tried_ms = delivery->last_tried_ms;
    rep->ended_ms = delivery->ended_ms;
    rep->attempts = delivery->attempts;
    rep->version = delivery->version;
    rep->notice = delivery->notice;
    rep->job = delivery->job;
    rep->marked_by = delivery->marked_by;
    rep->marked_reason = delivery->marked_reason;
    rep->marked_evidence = delivery->marked_evidence;
    rep->reason = delivery->reason;
    if (history)
        view_history(txn, delivery, rep);
}

static bool is_over(const PartnerState__Delivery *delivery)
{
    return delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_DELIVERED ||
           delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_MARKED;
}

/* What it is about is held: the dossier, the account, or the payment behind a voucher. */
static bool is_held(struct mc_txn *txn, const PartnerState__Delivery *delivery)
{
    char uuid[MC_UUID_TEXT_LEN + 1] = "";
    const char *key = NULL;

    if (delivery->order_id.len == MC_ID_LEN) {
        mc_uuid_text(uuid, delivery->order_id.data);
        key = mc_sprintf(txn->arena, "payment:%s", uuid);
        if (key != NULL && mc_held(txn, key))
            return true;
    }
    if (delivery->kind == PARTNER__DELIVERY_KIND__RECEIPT)
        return false;
    key = mc_sprintf(txn->arena, "%s:%s", partner_object_name(delivery), delivery->object);
    return key != NULL && mc_held(txn, key);
}

static void forget(struct mc_txn *txn, struct mc_bytes id, const PartnerState__Delivery *delivery)
{
    mc_drop(txn, PARTNER_LISTED, listed_key(txn, "p", delivery->partner_id, id));
    mc_drop(txn, PARTNER_LISTED, listed_key(txn, "o", delivery->object, id));
    mc_drop(txn, PARTNER_DELIVERIES, id);
}

void partner_deliveries_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep)
{
    struct partner *partner = ctx;
    struct mc_bytes from = {partner->forget_place, partner->forgetting ? MC_ID_LEN : 0};

    if (sweep->dry)
        from.len = 0;
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_DELIVERIES, (struct mc_bytes){0}, from, MC_FORWARD);
    while (sweep->looked_at < sweep->looks && mc_next(&cursor)) {
        const PartnerState__Delivery *delivery =
            mc_row(&cursor, &partner_state__delivery__descriptor);

        if (delivery == NULL || cursor.key.len != MC_ID_LEN ||
            delivery->created_ms > sweep->before_ms)
            return;
        sweep->looked_at++;
        if (!sweep->dry)
            memcpy(partner->forget_place, cursor.key.data, MC_ID_LEN);
        /* what is not over is never dropped before somebody has seen to it */
        if (is_over(delivery) &&
            mc_sweep_takes(sweep, delivery->created_ms, is_held(txn, delivery)))
            forget(txn, cursor.key, delivery);
        else
            mc_pass(&cursor);
    }
    sweep->more = sweep->looked_at == sweep->looks;
}

void partner_deliveries_forget(struct partner *partner, struct mc_txn *txn)
{
    struct mc_sweep sweep = {.before_ms = txn->now_ms - partner->delivery_life_ms,
                             .looks = PARTNER_TICK_ROWS};

    partner_deliveries_sweep(partner, txn, &sweep);
    mc_retention_count(txn, "deliveries", sweep.over);
    partner->forgetting = sweep.more; /* else from the first again */
}
