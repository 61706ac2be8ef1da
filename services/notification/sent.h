/*
 * What was sent: notices as those who answer for them look them up, by business id.
 */
#pragma once

#include "notification.h"

/* Puts a new notice where it is found: by its own id, by what it is about, by its event's keys. */
void sent_index(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                const NotificationState__Notice *notice);
/* Once it goes: no key leads to its account any more. */
void sent_unindex(struct mc_txn *txn, struct mc_bytes id, const NotificationState__Notice *notice);

/* An operator, or an officer at work on dossiers or money, who has named a purpose; else refused.
 */
bool sent_may_read(struct mc_txn *txn);
/* The caller's own unit's work, or below it; an operator sees all. */
bool sent_is_mine(const struct mc_txn *txn, const NotificationState__Notice *notice);

/* A walk over the notices of a business id, newest first. */
struct sent_walk {
    struct mc_cursor cursor;
    bool of_account; /* the rows are the account's notices themselves */
};
/* `before`: the id that a page ended with, or none. */
struct sent_walk sent_walk_open(struct mc_txn *txn, const char *key, struct mc_bytes before);
mc_nodiscard bool sent_walk_next(struct sent_walk *walk, struct mc_bytes *ret_account,
                                 struct mc_bytes *ret_id);
/* Whose a notice is; false: there is no such notice. */
bool sent_find(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes *ret_account);

enum sent_showing { SENT_LIST, SENT_WHOLE };
/* False: the call has failed. */
bool sent_tell(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
               const NotificationState__Notice *record, enum sent_showing showing,
               Notification__SentNotice *rep);
/* The journal keeps who read what, and why; `also` is one more key of it, or NULL. */
void sent_tell_read(struct mc_txn *txn, const char *what, const char *key, const char *also,
                    size_t rows);
