/* Pages of rows under one prefix: the token is the tail of the last row's key, as hex. */
#include <string.h>

#include "dossier.h"

bool dossier_page_of(struct mc_txn *txn, struct mc_bytes prefix, size_t tail_len, uint32_t size,
                     const char *token, struct dossier_page *ret_page)
{
    uint8_t tail[MC_KEY_MAX];

    *ret_page = (struct dossier_page){.prefix = prefix, .last = mc_unconst("")};
    if (!dossier_page(txn, size, &ret_page->size))
        return false;
    if (token[0] == '\0')
        return true;
    if (!mc_unhex(tail, tail_len, mc_key_text(token))) {
        mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
        return false;
    }
    ret_page->from = mc_key_join(txn, prefix, (struct mc_bytes){tail, tail_len});
    return txn->status == MC_OK;
}

void dossier_page_at(struct mc_txn *txn, struct dossier_page *page, struct mc_bytes key)
{
    size_t len = key.len - page->prefix.len;
    char *text = dossier_alloc(txn, 2 * len + 1);

    if (text == NULL)
        return;
    (void)mc_hex(text, (struct mc_bytes){(const uint8_t *)key.data + page->prefix.len, len});
    page->last = text;
}
