/*
 * Failure alerts («Đăng ký nhận cảnh báo lỗi», NOT-02 … NOT-06, RCP-06): what the alert_*.c files
 * share. A subscription names a unit, a type of service, phones and addresses. What fails opens an
 * episode, and the subscribed are told at once; what fails further is gathered and told in one
 * message; when everything of an episode is mended, who was told of it is told once more.
 */
#pragma once

#include "common/unit_index.h"
#include "common/why.h"

#include "notification.h"

#define ALERT_RIGHT          "ERROR_ALERT_SUBSCRIBE" /* domain/quantri_rights.csv */
#define ALERT_RIGHT_NATIONAL "APCA_ADMIN"            /* for what is the house's own */

enum {
    ALERT_PHONES_MAX = 10, /* of a subscription */
    ALERT_EMAILS_MAX = 10,
    ALERT_HOUSE_MAX = 50, /* subscriptions of one type of service that is the house's own */
    ALERT_CHANGES_MAX = 20,
    ALERT_SCAN_MAX = 500, /* rows that one page of a list looks at */
    ALERT_TICK_ROWS = 50,
    ALERT_BUDGET_MAX = 100,
    ALERT_PLACE_MAX = ALERT_PHONES_MAX + ALERT_EMAILS_MAX,
};

/* --- subscriptions (alert_subscription.c) --- */

/* The caller acts for the unit or one above it, or is the house. */
bool alert_unit_mine(const struct mc_txn *txn, const char *unit);
/* A subscription of the caller's reach; refuses the call when there is none. */
NotificationState__AlertSubscription *alert_subscription_mine(struct mc_txn *txn,
                                                              ProtobufCBinaryData id);
NotificationState__AlertSubscription *alert_subscription_load(struct mc_txn *txn,
                                                              struct mc_bytes id);
NotificationState__AlertContacts *
alert_contacts_open(struct mc_txn *txn, const NotificationState__AlertSubscription *record);
/* A new version with what was changed in its history; saves it. */
void alert_subscription_change(struct mc_txn *txn, struct mc_bytes id,
                               NotificationState__AlertSubscription *record, const char *what,
                               const char *const *fields);
void alert_subscription_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                             const NotificationState__AlertSubscription *record,
                             const char *const *fields);
enum alert_showing { ALERT_MASKED, ALERT_WHOLE };
/* Fills a reply; false: the call has failed. */
bool alert_subscription_tell(const struct alert_book *book, struct mc_txn *txn, struct mc_bytes id,
                             const NotificationState__AlertSubscription *record,
                             enum alert_showing showing, Notification__AlertSubscription *rep);
/* The same for a call's reply: with its history when whole. */
enum mc_status alert_subscription_reply(const struct notification *notification, struct mc_txn *txn,
                                        struct mc_bytes id,
                                        const NotificationState__AlertSubscription *record,
                                        Notification__AlertSubscription *rep);

/* --- lists by unit (alert_index.c): "s" subscriptions, "a" alerts --- */

struct alert_page {
    struct mc_cursor cursor;
    size_t size;
    size_t prefix_len;
    size_t seen;
};
/* False: refused, every wrong field named. */
mc_nodiscard bool alert_page_open(struct mc_txn *txn, const char *kind, const char *unit,
                                  uint32_t size, const char *token, struct alert_page *ret_page);
/* The next id, newest first; false at the end, and after ALERT_SCAN_MAX rows. */
mc_nodiscard bool alert_page_next(struct alert_page *page, struct mc_bytes *ret_id);
const char *alert_page_token(struct mc_txn *txn, struct mc_bytes id);

/* Who is subscribed: one subscription of a unit and a type of service (alert_index.c). */
bool alert_subscribed(struct mc_txn *txn, const char *service, const char *unit,
                      struct mc_bytes *ret_id);
void alert_subscribed_put(struct mc_txn *txn, const char *service, const char *unit,
                          struct mc_bytes id);
void alert_subscribed_drop(struct mc_txn *txn, const char *service, const char *unit);
size_t alert_subscribed_count(struct mc_txn *txn, const char *service, size_t most);
/* Those of the unit and of each above it; unit "": all of the service. At most ALERT_HOUSE_MAX. */
size_t alert_subscribed_to(struct mc_txn *txn, const char *service, const char *unit,
                           struct mc_bytes ret_ids[ALERT_HOUSE_MAX]);

/* --- episodes (alert_episode.c) --- */

/* What an event says, whichever it is. */
struct alert_fact {
    const Motcua__Event *event;
    const char *api_type; /* the service it is about; NULL: its rule says */
    const char *unit;     /* "": of the house */
    const char *subject;  /* what is gathered in one episode: a partner's id */
    const char *member;   /* how people call that */
    const char *object;   /* what of it failed; "": the subject itself */
    const char *code;     /* a dossier's, for the words; or "" */
    const char *error;
    uint32_t attempts;
    bool well; /* of a rule that takes either */
};
void alert_hear(const struct notification *notification, struct mc_txn *txn,
                const struct alert_fact *fact);
/* Tells what was gathered and is due. */
void alert_tick(const struct notification *notification, struct mc_txn *txn);

/* What became of one message of an alert (alert_delivery.c); states only move on. */
void notification_alert_note(struct mc_txn *txn, struct mc_bytes id, uint32_t place,
                             Notification__AlertMessageState state, const char *reason);

/* --- sending (alert_send.c) --- */

struct alert_message {
    struct mc_bytes subscription_id;
    const NotificationState__AlertSubscription *subscription;
    const NotificationState__AlertEpisode *episode;
    const struct alert_rule *rule;
    Notification__AlertKind kind;
    uint64_t more; /* failures since the last word, this one not counted */
};
void alert_send(const struct notification *notification, struct mc_txn *txn,
                const struct alert_message *message);
/* When one more may be sent within an hour's budget; 0: now. Counting is apart from asking. */
int64_t alert_budget_free_at(struct mc_txn *txn, struct mc_bytes key, int64_t most);
void alert_budget_count(struct mc_txn *txn, struct mc_bytes key, int64_t most, int64_t at_ms);
