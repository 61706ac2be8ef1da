/* Lists by unit and all above it; see cases.h. */
#include <string.h>

#include "common/crypto.h"

#include "payment.h"

enum { TOKEN_LEN = 2 * MC_ID_LEN };

const char *payment_actor(const struct mc_txn *txn)
{
    return txn->caller->account_id != NULL ? txn->caller->account_id : txn->caller->name;
}

static const char *unit_of(struct mc_txn *txn, const char *asked)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (asked[0] == '\0')
        return txn->caller->unit != NULL ? txn->caller->unit : "";
    if (mc_agency_parse(asked, code, sizeof code) != MC_WHY_OK) {
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
        return NULL;
    }
    if (!mc_unit_mine(txn, code)) {
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, code);
}

/* An officer's session outside a unit sees nothing; only the house's own hands see everything. */
static bool may_list(struct mc_txn *txn, const char *unit)
{
    if (unit[0] != '\0' || mc_unit_mine(txn, ""))
        return true;
    (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
    return false;
}

bool payment_page_open(struct mc_txn *txn, const char *kind, const char *unit, uint32_t size,
                       const char *token, struct payment_page *ret_page)
{
    uint8_t after[MC_ID_LEN];
    struct mc_bytes from = {0};

    if (size > PAYMENT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (token[0] != '\0' && !mc_unhex(after, sizeof after, mc_key_text(token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    const char *own = unit_of(txn, unit);
    if (txn->status != MC_OK || own == NULL || !may_list(txn, own))
        return false;
    struct mc_bytes prefix = mc_unit_index_prefix(txn, kind, own);
    if (token[0] != '\0') /* the key behind it is the first that is greater */
        from = mc_key_join(txn, mc_key_join(txn, prefix, (struct mc_bytes){after, sizeof after}),
                           (struct mc_bytes){"", 1});
    ret_page->cursor = mc_seek(txn, PAYMENT_BY_UNIT, prefix, from, MC_FORWARD);
    ret_page->size = size != 0 ? size : PAYMENT_PAGE_DEFAULT;
    return txn->status == MC_OK;
}

bool payment_page_next(struct payment_page *page, struct mc_bytes *ret_id)
{
    if (page->size == 0 || !mc_next(&page->cursor))
        return false;
    page->size--;
    *ret_id = (struct mc_bytes){
        (const uint8_t *)page->cursor.key.data + page->cursor.key.len - MC_ID_LEN, MC_ID_LEN};
    return true;
}

char *payment_page_token(struct mc_txn *txn, struct payment_page *page, struct mc_bytes last)
{
    char token[TOKEN_LEN + 1];

    if (page->size > 0 || last.len != MC_ID_LEN || !mc_next(&page->cursor))
        return mc_unconst("");
    (void)mc_hex(token, last);
    char *text = mc_strdup(txn->arena, token);
    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text != NULL ? text : mc_unconst("");
}
