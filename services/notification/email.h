/*
 * E-mail addresses of accounts: nothing is sent to one before the code that was mailed there is
 * told back, so that nobody's notices go to a stranger by a slip of the finger. A new address takes
 * the place of the old one only then, and the old one hears of it.
 */
#pragma once

#include "mail.h"

enum {
    EMAIL_CODE_LIFE_MS = 30 * 60 * 1000, /* mail is slow */
    EMAIL_CODE_LEN = 6,
    EMAIL_TRIES_MAX = 5,
    EMAIL_CODES_MAX = 5, /* in a day, of an account: strangers' letter boxes are not ours to fill */
    EMAIL_CODES_WINDOW_MS = 24 * 3600 * 1000,
};

/* The proven address of an account that was not merged into another; NULL: it has none, or the call
 * has failed. */
const char *email_of(struct mc_txn *txn, struct mc_bytes owner);

/* A mail to an address came back for good: when it is the account's, it has to be proven again. */
void email_bounced(struct mc_txn *txn, struct mc_bytes owner, const char *address);

/* Methods, for the session's own account. */
enum mc_status notification_get_email(struct notification *notification, struct mc_txn *txn,
                                      const Notification__GetEmailRequest *req,
                                      Notification__EmailAddress *rep);
/* EMAIL_FORMAT; EMAIL_CODES_LIMIT; EMAIL_NOT_SET_UP, without a relay. */
enum mc_status notification_set_email(struct notification *notification, struct mc_txn *txn,
                                      const Notification__SetEmailRequest *req,
                                      Notification__EmailAddress *rep);
/* A wrong code is an answer that is remembered, not an error. */
enum mc_status notification_confirm_email(struct notification *notification, struct mc_txn *txn,
                                          const Notification__ConfirmEmailRequest *req,
                                          Notification__ConfirmEmailReply *rep);
