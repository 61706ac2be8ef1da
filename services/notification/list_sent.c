/*
 * ListSent: what people were told of a dossier, a payment, an account; newest first. An officer
 * sees what the own unit and those below it deal with. Texts are GetNotice's.
 */
#include <string.h>

#include "sent.h"

static void check(struct mc_txn *txn, const Notification__ListSentRequest *req,
                  struct mc_bytes *ret_before)
{
    uint8_t before[MC_ID_LEN];

    if (req->key[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_REQUIRED", "field", "mã cần tra cứu", NULL);
    else if (strlen(req->key) > NOTIFICATION_KEY_MAX)
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_TOO_LONG", "field", "Mã cần tra cứu", "max",
                        "128", NULL);
    if (req->page_size > NOTIFICATION_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] == '\0')
        return;
    if (!mc_unhex(before, sizeof before, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    else
        *ret_before = mc_keep(txn, before, sizeof before);
}

static bool add(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                const NotificationState__Notice *record, Notification__ListSentReply *rep)
{
    Notification__SentNotice *notice = mc_alloc(txn->arena, sizeof *notice);

    if (notice == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full") == MC_OK;
    notification__sent_notice__init(notice);
    rep->notices[rep->n_notices] = notice;
    if (!sent_tell(txn, account, id, record, SENT_LIST, notice))
        return false;
    rep->n_notices++;
    return true;
}

/* A page ends when it is full, or when enough rows of others were looked at. */
static void fill(struct mc_txn *txn, struct sent_walk *walk, size_t size,
                 Notification__ListSentReply *rep)
{
    char token[2 * MC_ID_LEN + 1] = "";
    struct mc_bytes account;
    struct mc_bytes id;

    for (size_t looks = 0; sent_walk_next(walk, &account, &id); looks++) {
        const NotificationState__Notice *record = notification_notice_load(txn, account, id);
        bool mine = record != NULL && sent_is_mine(txn, record);
        if ((mine && rep->n_notices == size) || looks == NOTIFICATION_LOOKS_MAX) {
            rep->next_page_token = mc_strdup(txn->arena, token);
            if (rep->next_page_token == NULL)
                (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        (void)mc_hex(token, id);
        if (!mine)
            mc_pass(&walk->cursor);
        else if (!add(txn, account, id, record, rep))
            return;
    }
}

enum mc_status notification_list_sent(struct notification *notification, struct mc_txn *txn,
                                      const Notification__ListSentRequest *req,
                                      Notification__ListSentReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : NOTIFICATION_PAGE_DEFAULT;
    struct mc_bytes before = {0};

    (void)notification;
    (void)sent_may_read(txn);
    check(txn, req, &before);
    if (txn->status != MC_OK)
        return txn->status;
    rep->notices = mc_alloc(txn->arena, size * sizeof(Notification__SentNotice *));
    if (rep->notices == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct sent_walk walk = sent_walk_open(txn, req->key, before);
    fill(txn, &walk, size, rep);
    if (rep->n_notices > 0) /* else the key is whatever was typed, and nothing was read */
        sent_tell_read(txn, "LIST", req->key, NULL, rep->n_notices);
    return txn->status;
}
