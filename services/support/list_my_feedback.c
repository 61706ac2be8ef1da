/* ListMyFeedback: what the caller has sent, the newest first. */
#include "feedback.h"

static bool page_of(struct mc_txn *txn, const Support__ListMyFeedbackRequest *req,
                    struct mc_bytes account, size_t *ret_size, struct mc_bytes *ret_from)
{
    uint8_t before[MC_ID_LEN];

    *ret_size = req->page_size != 0 ? req->page_size : SUPPORT_PAGE_DEFAULT;
    *ret_from = (struct mc_bytes){0};
    if (req->page_size > SUPPORT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max",
                        support_printf(txn, "%d", SUPPORT_PAGE_MAX), NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unhex(before, sizeof before, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    else if (req->page_token[0] != '\0')
        *ret_from = mc_key_join(txn, account, (struct mc_bytes){before, sizeof before});
    return txn->status == MC_OK;
}

enum mc_status support_list_my_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__ListMyFeedbackRequest *req,
                                        Support__ListFeedbackReply *rep)
{
    struct support_found found = {.next_page_token = mc_unconst("")};
    uint8_t id[MC_ID_LEN];
    struct mc_bytes from;
    size_t size;

    if (txn->caller->account_id == NULL || !mc_uuid_parse(id, mc_key_text(txn->caller->account_id)))
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    struct mc_bytes account = mc_keep(txn, id, sizeof id);
    if (!page_of(txn, req, account, &size, &from))
        return txn->status;
    found.ids = support_alloc(txn, (size + 1) * sizeof found.ids[0]);
    struct mc_cursor cursor = mc_seek(txn, SUPPORT_OWNED, account, from, MC_BACKWARD);
    while (found.ids != NULL && found.len <= size && mc_next(&cursor))
        found.ids[found.len++] =
            mc_keep(txn, (const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN);
    if (found.len > size) {
        char token[2 * MC_ID_LEN + 1];

        found.len = size;
        (void)mc_hex(token, found.ids[size - 1]);
        rep->next_page_token = support_text(txn, token);
    }
    rep->rows = support_feedback_rows(support, txn, &found);
    rep->n_rows = found.len;
    return txn->status;
}
