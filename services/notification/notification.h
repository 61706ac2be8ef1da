/*
 * The notification room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the
 * call's arena; NULL or false means absent, or that the call has failed.
 */
#pragma once

#include "common/service.h"

#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "notification.pb-c.h"
#include "otp.pb-c.h"
#include "partner.pb-c.h"
#include "payment.pb-c.h"
#include "state.pb-c.h"
#include "support.pb-c.h"

#include "alert_book.h"
#include "book.h"

enum notification_table {
    NOTIFICATION_NOTICES = MC_TABLE_ROOM,
    NOTIFICATION_UNREAD,
    NOTIFICATION_INBOXES,
    NOTIFICATION_ACCOUNTS,
    NOTIFICATION_WAITING,
    NOTIFICATION_ALIASES,
    NOTIFICATION_SUBSCRIPTIONS,
    NOTIFICATION_ALERT_UNITS,
    NOTIFICATION_ALERT_SERVICES,
    NOTIFICATION_EPISODES,
    NOTIFICATION_FAILING,
    NOTIFICATION_TOLD,
    NOTIFICATION_ALERTS_DUE,
    NOTIFICATION_ALERT_BUDGETS,
    NOTIFICATION_ALERTS,
    NOTIFICATION_MAILS,
    NOTIFICATION_MAIL_DEDUPES,
    NOTIFICATION_PREFERENCES,
    NOTIFICATION_MORNING,
    NOTIFICATION_BY_KEY,
    NOTIFICATION_EMAILS,
    NOTIFICATION_TABLES_END
};

enum notification_lane {
    NOTIFICATION_LANE_SMS,
    NOTIFICATION_LANE_ALERTS,
    NOTIFICATION_LANE_MAIL,
    NOTIFICATION_LANES_LEN
};

enum {
    NOTIFICATION_PAGE_DEFAULT = 20,
    NOTIFICATION_PAGE_MAX = 50,
    NOTIFICATION_MARK_MAX = 100,      /* ids in one MarkRead */
    NOTIFICATION_MARK_ALL_MAX = 1000, /* what a MarkRead without ids marks at once */
    NOTIFICATION_KEYS_MAX = 8,        /* business ids taken over from an event */
    NOTIFICATION_SMS_KEYS_MAX = 8,    /* of one text, as the otp room takes them */
    NOTIFICATION_HELD_MAX = 100,      /* newest notices looked at when an account becomes known */
    NOTIFICATION_SWEEP_LOOKS = 2000,  /* notices a tick looks at, whether they are too old */
    NOTIFICATION_TICK_ROWS = 100,
    NOTIFICATION_TICK_LOOKS = 1000,  /* held SMS looked at in one tick */
    NOTIFICATION_MORNING_ROWS = 500, /* SMS that a tick sends after the quiet hours */
    NOTIFICATION_LOOKS_MAX = 500,    /* notices one ListInbox looks at */
    NOTIFICATION_SWITCHES_MAX = 30,  /* in one SetPreferences */
    NOTIFICATION_KEY_MAX = 128,      /* bytes of a business id that notices are found by */
    NOTIFICATION_PURPOSE_MAX = 200,  /* characters */
    NOTIFICATION_SMS_ATTEMPTS = 12,
    NOTIFICATION_SMS_BACKOFF_MS = 1000,
    NOTIFICATION_SMS_BACKOFF_MAX_MS = 300000,
    NOTIFICATION_SMS_LEASE_MS = 15000,
    NOTIFICATION_TABLE_FILE_MAX = 1 << 20, /* bytes of an operator's table */
    NOTIFICATION_PASSWORD_MAX = 64,        /* bytes, of the relay */
};

/* Whom e-mails are handed to (mail_relay.c), from the configuration. */
struct notification_relay {
    const char *relay; /* "": e-mail is off */
    const char *user;
    const char *password_file;
    char password[NOTIFICATION_PASSWORD_MAX + 1];
    const char *ca_file;
    const char *from;
    const char *from_name;
    const char *bounce_to; /* ""; else where reports come back to */
    bool plain;
    int64_t retry_ms;
    int64_t life_ms;
    int64_t keep_ms;
};

/* When SMS that can wait are not sent (prefs.c), in minutes of the day in Vietnam. */
struct notification_quiet {
    const char *from_text;
    const char *until_text;
    int from;
    int until; /* as from: there are no quiet hours */
};

struct notification {
    struct notification_relay mail;
    struct notification_quiet quiet;
    const char *templates_file; /* the operator's own tables (own_tables.c); "": none */
    const char *rules_file;
    int64_t sms_life_ms; /* from the configuration */
    int64_t mail_limit_ms;
    int64_t alerts_per_subscription;
    int64_t alerts_per_phone;
    int64_t alert_keep_ms;
    int64_t keep_ms; /* of notices; 0: for ever */
    /* a hint only: where the next sweep of old notices goes on */
    uint8_t sweep_place[2 * MC_ID_LEN];
    size_t sweep_place_len;
    uint8_t mail_place[MC_ID_LEN]; /* the last mail looked at */
    bool mail_sweeping;
    struct notification_book book;
    struct alert_book alerts;
};

/* Notices that are older than notification.keep go (retention.c). */
void notification_notices_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep);
void notification_mails_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep);
void notification_mails_tick(struct notification *notification, struct mc_txn *txn);
void notification_notices_tick(struct notification *notification, struct mc_txn *txn);

/* Reads our tables and the operator's; what is wrong stops the boot, named with file and line. */
enum mc_status notification_tables_boot(struct notification *notification, struct mc_boot *with);

/* Handlers, one file each. */
enum mc_status notification_list_inbox(struct notification *notification, struct mc_txn *txn,
                                       const Notification__ListInboxRequest *req,
                                       Notification__ListInboxReply *rep);
enum mc_status notification_mark_read(struct notification *notification, struct mc_txn *txn,
                                      const Notification__MarkReadRequest *req,
                                      Notification__MarkReadReply *rep);

enum mc_status notification_get_preferences(struct notification *notification, struct mc_txn *txn,
                                            const Notification__GetPreferencesRequest *req,
                                            Notification__Preferences *rep);
enum mc_status notification_set_preferences(struct notification *notification, struct mc_txn *txn,
                                            const Notification__SetPreferencesRequest *req,
                                            Notification__Preferences *rep);

enum mc_status notification_list_sent(struct notification *notification, struct mc_txn *txn,
                                      const Notification__ListSentRequest *req,
                                      Notification__ListSentReply *rep);
enum mc_status notification_get_notice(struct notification *notification, struct mc_txn *txn,
                                       const Notification__GetNoticeRequest *req,
                                       Notification__SentNotice *rep);
enum mc_status notification_list_templates(struct notification *notification, struct mc_txn *txn,
                                           const Notification__ListTemplatesRequest *req,
                                           Notification__ListTemplatesReply *rep);
enum mc_status notification_preview_template(struct notification *notification, struct mc_txn *txn,
                                             const Notification__PreviewTemplateRequest *req,
                                             Notification__TemplatePreview *rep);

enum mc_status notification_list_alert_services(struct notification *notification,
                                                struct mc_txn *txn,
                                                const Notification__ListAlertServicesRequest *req,
                                                Notification__ListAlertServicesReply *rep);
enum mc_status
notification_save_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                     const Notification__SaveAlertSubscriptionRequest *req,
                                     Notification__AlertSubscription *rep);
enum mc_status
notification_get_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                    const Notification__GetAlertSubscriptionRequest *req,
                                    Notification__AlertSubscription *rep);
enum mc_status
notification_list_alert_subscriptions(struct notification *notification, struct mc_txn *txn,
                                      const Notification__ListAlertSubscriptionsRequest *req,
                                      Notification__ListAlertSubscriptionsReply *rep);
enum mc_status
notification_delete_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                       const Notification__DeleteAlertSubscriptionRequest *req,
                                       Notification__AlertSubscription *rep);
enum mc_status notification_set_follow(struct notification *notification, struct mc_txn *txn,
                                       const Notification__SetFollowRequest *req,
                                       Notification__AlertSubscription *rep);
enum mc_status notification_list_alerts(struct notification *notification, struct mc_txn *txn,
                                        const Notification__ListAlertsRequest *req,
                                        Notification__ListAlertsReply *rep);

/* What fails and what is mended (alert_events.c). */
enum mc_status notification_contract_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Partner__ContractChanged *body);
enum mc_status notification_delivery_told(struct notification *notification, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Partner__DeliveryTold *body);
enum mc_status notification_circuit_told(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Partner__CircuitTold *body);
enum mc_status notification_gateway_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Otp__GatewayChanged *body);
enum mc_status notification_pumping_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Otp__PumpingChanged *body);
enum mc_status notification_queue_late(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event, const Motcua__QueueLate *body);
/* How the SMS of an alert goes on in the otp room (alert_delivery.c). */
enum mc_status notification_alert_sms_changed(struct notification *notification, struct mc_txn *txn,
                                              const Motcua__Event *event,
                                              const Otp__SmsChanged *body);
enum mc_status notification_alert_sms_call(void *ctx, struct mc_arena *arena,
                                           const struct mc_job *job,
                                           const ProtobufCMessage *payload,
                                           struct mc_room_call *ret_call);
enum mc_status notification_alert_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                           const ProtobufCMessage *payload,
                                           const struct mc_result *result,
                                           enum mc_verdict *ret_verdict);

/* Events of other rooms (events.c). */
enum mc_status notification_account_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Identity__AccountOpened *body);
enum mc_status notification_security_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Identity__SecurityChanged *body);
enum mc_status notification_accounts_merged(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Identity__AccountsMerged *body);
enum mc_status notification_accounts_unmerged(struct notification *notification, struct mc_txn *txn,
                                              const Motcua__Event *event,
                                              const Identity__AccountsMerged *body);
/* The account that is told what an account would be: itself, or the one it was merged into. */
struct mc_bytes notification_recipient(struct mc_txn *txn, struct mc_bytes account);
enum mc_status notification_dossier_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Dossier__Changed *body);
enum mc_status notification_dossier_due(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Dossier__Due *body);
enum mc_status notification_round_reminder(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Dossier__RoundReminder *body);
enum mc_status notification_order_changed(struct notification *notification, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Payment__OrderChanged *body);

enum mc_status notification_tax_notice(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Payment__TaxNoticeTold *body);
/* Words of a notice; never NULL: what did not fit has failed the call. */
const char *notification_time_text(struct mc_txn *txn, int64_t at_ms); /* HH:mm dd/MM/yyyy */
const char *notification_money_text(struct mc_txn *txn, int64_t amount);
const char *notification_about(struct mc_txn *txn, const char *kind, const char *code,
                               struct mc_bytes id);
enum mc_status notification_refund_changed(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Payment__RefundChanged *body);
enum mc_status notification_link_changed(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Payment__LinkChanged *body);
enum mc_status notification_tax_changed(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event,
                                        const Payment__TaxChanged *body);
enum mc_status notification_account_made(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountMade *body);
enum mc_status notification_phone_told(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__PhoneChangeTold *body);
enum mc_status notification_account_edited(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Identity__AccountChanged *body);

enum mc_status notification_receipt_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Payment__ReceiptChanged *body);
enum mc_status notification_copy_changed(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Dossier__CopyChanged *body);
enum mc_status notification_status_changed(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Identity__StatusChanged *body);
enum mc_status notification_vneid_linked(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__VneidChanged *body);
/* Tells the account that goes on, of a merge or of its end. */
enum mc_status notification_merge_tell(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body);
enum mc_status notification_feedback_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Support__FeedbackChanged *body);
/* Makes the notice of a fact that is one account's; "": nobody is told. unit: as in a fact. */
enum mc_status notification_tell_owner(const struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event, int state, const char *account,
                                       const char *unit, const char *about,
                                       const struct notification_value *values);

/* Notices (notice.c). */
struct notification_fact {
    const Motcua__Event *event;
    int to_state;        /* of a dossier, or NOTIFICATION_STATE_ANY */
    const char *account; /* UUID text */
    const char *unit;    /* whose officers may look it up; NULL or "": of no agency's work */
    const char *about;
    const struct notification_value *values;
    const char *also_phone; /* told by SMS, too: the phone an account had before; or NULL */
};
/* Makes the notice that the rules want of this fact, if any. */
void notification_make(const struct notification *notification, struct mc_txn *txn,
                       const struct notification_fact *fact);
NotificationState__Notice *notification_notice_load(struct mc_txn *txn, struct mc_bytes account,
                                                    struct mc_bytes id);
void notification_notice_save(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                              const NotificationState__Notice *notice);
/* The table of unread notices is the only record of it: marking rewrites no texts. */
bool notification_is_unread(struct mc_txn *txn, struct mc_bytes key); /* account id, notice id */
NotificationState__Content *notification_content_open(struct mc_txn *txn,
                                                      const NotificationState__Notice *notice);
NotificationState__Inbox *notification_inbox_load(struct mc_txn *txn, struct mc_bytes account);
ProtobufCBinaryData notification_seal(struct mc_txn *txn, const ProtobufCMessage *message);
/* What people see of an SMS: "waiting", "queued" … */
const char *notification_sms_state_name(NotificationState__SmsState state);
void notification_tell(struct mc_txn *txn, const char *type, struct mc_bytes account,
                       struct mc_bytes id, const NotificationState__Notice *notice);
/* The account of the caller's session; refuses the call when there is none. */
struct mc_bytes notification_caller_account(struct mc_txn *txn);

/* SMS (sms.c): held while the account is unknown, then queued in the otp room. */
void notification_sms_begin(const struct notification *notification, struct mc_txn *txn,
                            struct mc_bytes account, struct mc_bytes id,
                            NotificationState__Notice *notice, const char *text);
/* The same words to one more phone; how that goes is the otp room's to tell. */
void notification_sms_copy(struct mc_txn *txn, struct mc_bytes account,
                           const NotificationState__Notice *notice, const char *phone,
                           const char *text);
/* What the otp room's journal calls a notice's SMS; NULL: the arena is full (sms_delivery.c). */
char *notification_sms_key(struct mc_arena *arena, struct mc_bytes account, struct mc_bytes id);
/* States only move on: what another journal tells may overtake an answer, or come again. */
bool notification_sms_moves(const NotificationState__Notice *notice,
                            NotificationState__SmsState state);
enum mc_status notification_sms_changed(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Otp__SmsChanged *body);
/* The phone kept for an account, or NULL: none is. */
const char *notification_sms_phone(struct mc_txn *txn, struct mc_bytes account);
void notification_sms_release(const struct notification *notification, struct mc_txn *txn,
                              struct mc_bytes account);
enum mc_status notification_sms_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_room_call *ret_call);
enum mc_status notification_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict);
enum mc_status notification_tick(void *ctx, struct mc_txn *txn);

extern const struct mc_room notification_room;
