/*
 * Lists by unit: a row for the unit, each above it, and "" for who may see all, so that a page
 * costs what it shows.
 *
 *     PARTNER_BY_UNIT: kind ‖ unit, NUL ‖ id (16) -> nothing
 */
#include <string.h>

#include "partner.h"

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
    if (!mc_unit_mine(txn, asked)) {
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
    struct mc_bytes prefix = mc_unit_index_prefix(txn, kind, own);
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
