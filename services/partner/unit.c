/*
 * Lists by unit: a row for the unit, each above it, and "" for who may see all, so that a page
 * costs what it shows.
 *
 *     PARTNER_BY_UNIT: kind ‖ unit, NUL ‖ id (16) -> nothing
 */
#include <string.h>

#include "partner.h"

static struct mc_bytes prefix_of(struct mc_txn *txn, const char *kind, const char *unit)
{
    /* the NUL keeps H1 from being a beginning of H15 */
    return mc_key_join(txn, mc_key_text(kind), (struct mc_bytes){unit, strlen(unit) + 1});
}

size_t partner_unit_places(const char *unit,
                           char places[PARTNER_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE])
{
    size_t n = 0;

    if (unit[0] != '\0' && strlen(unit) < MC_AGENCY_CODE_SIZE)
        memcpy(places[n++], unit, strlen(unit) + 1);
    while (n > 0 && n < PARTNER_UNITS_DEPTH_MAX - 1 &&
           mc_agency_parent(places[n - 1], places[n], MC_AGENCY_CODE_SIZE))
        n++;
    places[n++][0] = '\0';
    return n;
}

void partner_unit_put(struct mc_txn *txn, const char *kind, const char *unit, struct mc_bytes id)
{
    char places[PARTNER_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = partner_unit_places(unit, places);

    for (size_t i = 0; i < n; i++)
        mc_put(txn, PARTNER_BY_UNIT, mc_key_join(txn, prefix_of(txn, kind, places[i]), id),
               (struct mc_bytes){0});
}

void partner_unit_drop(struct mc_txn *txn, const char *kind, const char *unit, struct mc_bytes id)
{
    char places[PARTNER_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = partner_unit_places(unit, places);

    for (size_t i = 0; i < n; i++)
        mc_drop(txn, PARTNER_BY_UNIT, mc_key_join(txn, prefix_of(txn, kind, places[i]), id));
}

bool partner_unit_mine(const struct mc_txn *txn, const char *unit)
{
    const struct mc_caller *caller = txn->caller;

    if ((caller->who & MC_OFFICER) != 0 && caller->unit != NULL)
        return mc_agency_within(unit, caller->unit);
    return caller->account_id == NULL && (caller->who & (MC_ROOM | MC_OPERATOR)) != 0;
}

const char *partner_actor(const struct mc_txn *txn)
{
    return txn->caller->account_id != NULL ? txn->caller->account_id : txn->caller->name;
}

const char *partner_unit_asked(struct mc_txn *txn, const char *asked)
{
    char code[MC_AGENCY_CODE_SIZE] = "";

    if (asked[0] == '\0' && txn->caller->unit != NULL) {
        asked = txn->caller->unit;
    } else if (asked[0] != '\0') {
        if (mc_agency_parse(asked, code, sizeof code) != MC_WHY_OK) {
            (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
            return NULL;
        }
        asked = code;
    }
    /* an officer's session outside a unit sees nothing; the house's own hands see everything */
    if (!partner_unit_mine(txn, asked)) {
        (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, asked);
}

bool partner_page_open(struct mc_txn *txn, const char *kind, const char *unit, uint32_t size,
                       const char *token, struct partner_page *ret_page)
{
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};

    if (size > PARTNER_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (token[0] != '\0' && !mc_unhex(before, sizeof before, mc_key_text(token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    const char *own = partner_unit_asked(txn, unit);
    if (txn->status != MC_OK || own == NULL)
        return false;
    struct mc_bytes prefix = prefix_of(txn, kind, own);
    if (token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    ret_page->cursor = mc_seek(txn, PARTNER_BY_UNIT, prefix, from, MC_BACKWARD);
    ret_page->size = size != 0 ? size : PARTNER_PAGE_DEFAULT;
    ret_page->prefix_len = prefix.len;
    return txn->status == MC_OK;
}

bool partner_page_next(struct partner_page *page, struct mc_bytes *ret_id)
{
    if (!mc_next(&page->cursor) || page->cursor.key.len != page->prefix_len + MC_ID_LEN)
        return false;
    *ret_id =
        (struct mc_bytes){(const uint8_t *)page->cursor.key.data + page->prefix_len, MC_ID_LEN};
    return true;
}

const char *partner_page_token(struct mc_txn *txn, struct mc_bytes id)
{
    char *token = mc_alloc(txn->arena, 2 * MC_ID_LEN + 1);

    if (token == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_hex(token, id);
    return token != NULL ? token : "";
}
