/*
 * Where subscriptions and alerts are found.
 *
 *     NOTIFICATION_ALERT_UNITS:    kind, unit, NUL, id (16) -> nothing
 *         a row for the unit, each above it, and "", so that a page costs what it shows
 *     NOTIFICATION_ALERT_SERVICES: service, NUL, unit -> subscription id
 */
#include <string.h>

#include "alert.h"

static const char *unit_of(struct mc_txn *txn, const char *asked)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (asked[0] == '\0')
        return txn->caller->unit != NULL ? txn->caller->unit : "";
    if (mc_agency_parse(asked, code, sizeof code) != MC_WHY_OK) {
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
        return NULL;
    }
    if (!alert_unit_mine(txn, code)) {
        (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, code);
}

bool alert_page_open(struct mc_txn *txn, const char *kind, const char *unit, uint32_t size,
                     const char *token, struct alert_page *ret_page)
{
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};

    if (size > NOTIFICATION_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (token[0] != '\0' && !mc_unhex(before, sizeof before, mc_key_text(token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    const char *own = unit_of(txn, unit);
    if (txn->status != MC_OK || own == NULL)
        return false;
    if (own[0] == '\0' && !alert_unit_mine(txn, ""))
        return mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL) == MC_OK;
    struct mc_bytes prefix = mc_unit_index_prefix(txn, kind, own);
    if (token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    ret_page->cursor = mc_seek(txn, NOTIFICATION_ALERT_UNITS, prefix, from, MC_BACKWARD);
    ret_page->size = size != 0 ? size : NOTIFICATION_PAGE_DEFAULT;
    ret_page->prefix_len = prefix.len;
    ret_page->seen = 0;
    return txn->status == MC_OK;
}

bool alert_page_next(struct alert_page *page, struct mc_bytes *ret_id)
{
    if (page->seen == ALERT_SCAN_MAX || !mc_next(&page->cursor) ||
        page->cursor.key.len != page->prefix_len + MC_ID_LEN)
        return false;
    page->seen++;
    *ret_id =
        (struct mc_bytes){(const uint8_t *)page->cursor.key.data + page->prefix_len, MC_ID_LEN};
    return true;
}

const char *alert_page_token(struct mc_txn *txn, struct mc_bytes id)
{
    char *token = mc_alloc(txn->arena, 2 * MC_ID_LEN + 1);

    if (token == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_hex(token, id);
    return token != NULL ? token : "";
}

static struct mc_bytes service_key(struct mc_txn *txn, const char *service, const char *unit)
{
    return mc_key_join(txn, (struct mc_bytes){service, strlen(service) + 1}, mc_key_text(unit));
}

bool alert_subscribed(struct mc_txn *txn, const char *service, const char *unit,
                      struct mc_bytes *ret_id)
{
    return mc_get(txn, NOTIFICATION_ALERT_SERVICES, service_key(txn, service, unit), ret_id);
}

void alert_subscribed_put(struct mc_txn *txn, const char *service, const char *unit,
                          struct mc_bytes id)
{
    mc_put(txn, NOTIFICATION_ALERT_SERVICES, service_key(txn, service, unit), id);
}

void alert_subscribed_drop(struct mc_txn *txn, const char *service, const char *unit)
{
    mc_drop(txn, NOTIFICATION_ALERT_SERVICES, service_key(txn, service, unit));
}

size_t alert_subscribed_count(struct mc_txn *txn, const char *service, size_t most)
{
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_ALERT_SERVICES, service_key(txn, service, ""),
                (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    while (n < most && mc_next(&cursor))
        n++;
    return n;
}

size_t alert_subscribed_to(struct mc_txn *txn, const char *service, const char *unit,
                           struct mc_bytes ret_ids[ALERT_HOUSE_MAX])
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = 0;

    if (unit[0] != '\0') {
        size_t len = mc_unit_places(unit, places) - 1; /* nobody subscribes for "" */

        for (size_t i = 0; i < len; i++)
            if (alert_subscribed(txn, service, places[i], &ret_ids[n]))
                n++;
        return n;
    }
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_ALERT_SERVICES, service_key(txn, service, ""),
                (struct mc_bytes){0}, MC_FORWARD);
    while (n < ALERT_HOUSE_MAX && mc_next(&cursor))
        ret_ids[n++] = cursor.value;
    return n;
}
