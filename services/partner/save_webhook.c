/*
 * SaveWebhook: a new address for a unit's events, or other terms for one. A new address is asked
 * for the challenge first; until it has answered it is told nothing else. Its events begin now.
 */
#include <string.h>

#include "feed.h"

static void check(const struct partner *partner, struct mc_txn *txn,
                  const Partner__SaveWebhookRequest *req)
{
    static const char label[] = "Địa chỉ nhận sự kiện";

    if (req->url[0] == '\0') {
        (void)mc_refuse(txn, MC_INVALID, "url", "FIELD_REQUIRED", "field", label, NULL);
    } else {
        const char *why = mc_guard_url(&partner->guard, req->url);
        if (why != NULL)
            (void)mc_refuse(txn, MC_INVALID, "url", why, "field", label, NULL);
    }
    if (req->webhook_id.len != 0 && req->webhook_id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "webhook_id", "FIELD_INVALID", "field", "webhook_id",
                        NULL);
    partner_feed_types_check(txn, req->types, req->n_types);
}

static struct mc_bytes place_of(const char *unit)
{
    return (struct mc_bytes){unit, strlen(unit) + 1};
}

static bool has_room(struct mc_txn *txn, const char *unit)
{
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_WEBHOOK_UNITS, place_of(unit), (struct mc_bytes){0}, MC_FORWARD);
    unsigned n = 0;

    while (n < PARTNER_WEBHOOKS_PER_UNIT && mc_next(&cursor))
        n++;
    if (n == PARTNER_WEBHOOKS_PER_UNIT)
        (void)mc_refuse(txn, MC_LIMITED, "unit", "WEBHOOKS_TOO_MANY", NULL);
    return txn->status == MC_OK;
}

static char *host_of(struct mc_txn *txn, const char *url)
{
    const char *host = strstr(url, "://") + 3; /* the guard has seen it */
    char *text = mc_sprintf(txn->arena, "%.*s", (int)strcspn(host, "/?"), host);

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text;
}

/* A new one: its place, its secret, and the events from now on. */
static char *make(struct mc_txn *txn, const char *unit, PartnerState__Secrets *secrets,
                  Partner__Webhook *told)
{
    struct mc_bytes id = mc_new_id(txn);

    if (!has_room(txn, unit))
        return NULL;
    told->webhook_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    told->unit = mc_unconst(unit);
    told->created_ms = txn->now_ms;
    told->created_by = mc_unconst(partner_actor(txn));
    told->delivered = partner_feed_last(txn);
    mc_unit_index_put(txn, PARTNER_BY_UNIT, "webhook", unit, id);
    mc_put(txn, PARTNER_WEBHOOK_UNITS, mc_key_join(txn, place_of(unit), id), (struct mc_bytes){0});
    return partner_webhook_secret_make(txn, secrets, true);
}

enum mc_status partner_save_webhook(struct partner *partner, struct mc_txn *txn,
                                    const Partner__SaveWebhookRequest *req,
                                    Partner__SaveWebhookReply *rep)
{
    PartnerState__Webhook fresh = PARTNER_STATE__WEBHOOK__INIT;
    PartnerState__Secrets fresh_secrets = PARTNER_STATE__SECRETS__INIT;
    Partner__Webhook fresh_told = PARTNER__WEBHOOK__INIT;
    PartnerState__Webhook *record = &fresh;
    PartnerState__Secrets *secrets = &fresh_secrets;
    Partner__Webhook *told = &fresh_told;
    bool is_new = req->webhook_id.len == 0;

    check(partner, txn, req);
    const char *unit = is_new ? partner_unit_asked(txn, req->unit) : "";
    if (txn->status != MC_OK || unit == NULL)
        return txn->status;
    if (is_new)
        rep->secret = make(txn, unit, secrets, told);
    else if ((record = partner_webhook_mine(txn, req->webhook_id, &told)) != NULL)
        secrets = partner_webhook_open(txn, record);
    if (txn->status != MC_OK || record == NULL || secrets == NULL)
        return txn->status;

    if (is_new || strcmp(secrets->url, req->url) != 0)
        told->state = PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING;
    told->types = req->types;
    told->n_types = req->n_types;
    secrets->url = req->url;
    record->host = host_of(txn, req->url);
    record->secret = partner_seal(txn, &secrets->base);
    partner_webhook_restart(txn, record, told);
    partner_webhook_save(txn, record, told);
    partner_webhook_emit(txn, "partner.webhook_saved", record, told, "");
    rep->webhook = mc_alloc(txn->arena, sizeof *rep->webhook);
    if (rep->webhook == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    partner__webhook__init(rep->webhook);
    partner_webhook_show(txn, record, told, rep->webhook);
    if (rep->secret == NULL)
        rep->secret = mc_unconst("");
    return txn->status;
}
