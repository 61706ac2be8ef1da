/*
 * Webhooks: a unit's events posted to an address, in order, one at a time (Standard Webhooks; the
 * body is a CloudEvent in structured mode). Who takes one twice knows it by webhook-id. A webhook
 * has one job or none: the next event is looked for when the one before it has arrived, so an
 * address that is down costs one job, whatever waits behind it.
 */
#include <string.h>

#include "feed.h"

static const char secret_prefix[] = "whsec_";

PartnerState__Webhook *partner_webhook_load(struct mc_txn *txn, struct mc_bytes id,
                                            Partner__Webhook **ret_told)
{
    PartnerState__Webhook *record =
        mc_load(txn, PARTNER_WEBHOOKS, id, &partner_state__webhook__descriptor);

    if (record == NULL)
        return NULL;
    *ret_told = partner_unpack(txn, record->told, &partner__webhook__descriptor);
    return *ret_told != NULL ? record : NULL;
}

void partner_webhook_save(struct mc_txn *txn, PartnerState__Webhook *record,
                          const Partner__Webhook *told)
{
    record->told = partner_pack(txn, &told->base);
    mc_save(txn, PARTNER_WEBHOOKS, mc_key_bytes(told->webhook_id), &record->base);
}

PartnerState__Webhook *partner_webhook_mine(struct mc_txn *txn, ProtobufCBinaryData id,
                                            Partner__Webhook **ret_told)
{
    PartnerState__Webhook *record = NULL;

    if (id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "webhook_id", "FIELD_INVALID", "field", "webhook_id",
                        NULL);
    else
        record = partner_webhook_load(txn, mc_key_bytes(id), ret_told);
    if (txn->status != MC_OK)
        return NULL;
    if (record == NULL || !mc_unit_mine(txn, (*ret_told)->unit) ||
        (*ret_told)->state == PARTNER__WEBHOOK_STATE__WEBHOOK_REMOVED) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "webhook_id", "NOT_FOUND", NULL);
        return NULL;
    }
    return record;
}

PartnerState__Secrets *partner_webhook_open(struct mc_txn *txn, PartnerState__Webhook *record)
{
    return partner_open(txn, record->secret, &partner_state__secrets__descriptor);
}

void partner_webhook_emit(struct mc_txn *txn, const char *type, const PartnerState__Webhook *record,
                          const Partner__Webhook *told, const char *reason)
{
    Partner__WebhookChanged event = PARTNER__WEBHOOK_CHANGED__INIT;
    char id[2 * MC_ID_LEN + 1];

    (void)mc_hex(id, mc_key_bytes(told->webhook_id));
    const char *keys[] = {mc_sprintf(txn->arena, "webhook:%s", id),
                          mc_sprintf(txn->arena, "unit:%s", told->unit), NULL};
    event.webhook_id = told->webhook_id;
    event.unit = told->unit;
    event.host = record->host;
    event.state = told->state;
    event.reason = mc_unconst(reason);
    event.since_ms = told->failing_since_ms;
    mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

char *partner_webhook_secret_make(struct mc_txn *txn, PartnerState__Secrets *secrets, bool alone)
{
    uint8_t *key = mc_alloc(txn->arena, PARTNER_WEBHOOK_KEY_LEN);
    ProtobufCBinaryData *keys = mc_alloc(txn->arena, 2 * sizeof *keys);
    char *text =
        mc_alloc(txn->arena, sizeof secret_prefix + mc_base64_size(PARTNER_WEBHOOK_KEY_LEN));

    if (key == NULL || keys == NULL || text == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    mc_random_fill(txn->random, key, PARTNER_WEBHOOK_KEY_LEN);
    keys[0] = (ProtobufCBinaryData){PARTNER_WEBHOOK_KEY_LEN, key};
    if (!alone && secrets->n_keys > 0)
        keys[1] = secrets->keys[0];
    secrets->n_keys = !alone && secrets->n_keys > 0 ? 2 : 1;
    secrets->keys = keys;
    (void)mc_base64(stpcpy(text, secret_prefix), (struct mc_bytes){key, PARTNER_WEBHOOK_KEY_LEN});
    return text;
}

void partner_webhook_show(struct mc_txn *txn, PartnerState__Webhook *record,
                          const Partner__Webhook *told, Partner__Webhook *rep)
{
    const PartnerState__Secrets *secrets = partner_webhook_open(txn, record);
    const ProtobufCMessage base = rep->base;

    *rep = *told;
    rep->base = base;
    if (secrets != NULL) {
        rep->url = secrets->url;
        rep->secrets = (uint32_t)secrets->n_keys;
    }
}

static char *challenge_make(struct mc_txn *txn)
{
    uint8_t random[MC_ID_LEN];
    char *text = mc_alloc(txn->arena, 2 * sizeof random + 1);

    mc_random_fill(txn->random, random, sizeof random);
    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_hex(text, (struct mc_bytes){random, sizeof random});
    return text;
}

static void start(struct mc_txn *txn, PartnerState__Webhook *record, const Partner__Webhook *told,
                  uint64_t sequence, ProtobufCBinaryData event)
{
    PartnerState__WebhookSend send = PARTNER_STATE__WEBHOOK_SEND__INIT;
    const PartnerState__Secrets *secrets = partner_webhook_open(txn, record);
    char id[2 * MC_ID_LEN + 1];

    if (secrets == NULL)
        return;
    (void)mc_hex(id, mc_key_bytes(told->webhook_id));
    send.webhook_id = told->webhook_id;
    send.url = secrets->url;
    send.keys = secrets->keys;
    send.n_keys = secrets->n_keys;
    send.sequence = sequence;
    send.event = event;
    if (sequence == 0 && (send.challenge = challenge_make(txn)) == NULL)
        return;
    record->sending = sequence;
    record->job = mc_job_add(txn, &(struct mc_job_spec){
                                      .lane = PARTNER_LANE_WEBHOOK,
                                      .kind = "webhook.send",
                                      .payload = mc_key_bytes(partner_pack(txn, &send.base)),
                                      .backoff_ms = PARTNER_WEBHOOK_BACKOFF_MS,
                                      .backoff_max_ms = PARTNER_WEBHOOK_BACKOFF_MAX_MS,
                                      .destination = id,
                                      .forget = true,
                                  });
}

/* What is next. Events of other types are passed over for good. */
static void begin(struct mc_txn *txn, PartnerState__Webhook *record, Partner__Webhook *told)
{
    PartnerState__FeedRow *row = NULL;

    record->job = 0;
    if (told->state == PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING) {
        start(txn, record, told, 0, (ProtobufCBinaryData){0});
        return;
    }
    if (told->state != PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE)
        return;
    for (uint64_t before = told->delivered + 1; before != told->delivered;) {
        before = told->delivered;
        uint64_t sequence = partner_feed_next(txn, told->unit, before, told->types, told->n_types,
                                              &told->delivered, &row);
        if (sequence != 0) {
            told->delivered = before;
            start(txn, record, told, sequence, row->event);
            return;
        }
    }
}

void partner_webhook_restart(struct mc_txn *txn, PartnerState__Webhook *record,
                             Partner__Webhook *told)
{
    if (record->job != 0)
        mc_job_cancel(txn, record->job);
    begin(txn, record, told);
}

static void wake(struct mc_txn *txn, struct mc_bytes id)
{
    Partner__Webhook *told = NULL;
    PartnerState__Webhook *record = partner_webhook_load(txn, id, &told);

    if (record == NULL || record->job != 0 || told->state != PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE)
        return;
    begin(txn, record, told);
    partner_webhook_save(txn, record, told);
}

void partner_webhooks_wake(struct mc_txn *txn, const char *unit)
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = mc_unit_places(unit, places);

    for (size_t i = 0; i < n; i++) {
        struct mc_bytes prefix = {places[i], strlen(places[i]) + 1};
        struct mc_cursor cursor =
            mc_seek(txn, PARTNER_WEBHOOK_UNITS, prefix, (struct mc_bytes){0}, MC_FORWARD);

        for (unsigned k = 0; k < PARTNER_WEBHOOKS_PER_UNIT && mc_next(&cursor); k++) {
            if (cursor.key.len == prefix.len + MC_ID_LEN)
                wake(txn,
                     (struct mc_bytes){(const uint8_t *)cursor.key.data + prefix.len, MC_ID_LEN});
        }
    }
}
