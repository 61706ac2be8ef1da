/*
 * Mail: e-mails of this room, kept with what became of them, and handed to a relay (NOT-07).
 *
 * A relay that is away or says 4xx is asked again until the mail's life is over; what it says 5xx
 * to has failed for good. When a connection is lost before the relay's word, the mail is sent again
 * with the same Message-ID: none is lost, and some readers may see one twice.
 */
#pragma once

#include "notification.h"

enum {
    MAIL_SUBJECT_MAX = 200, /* characters; what is longer is cut */
    MAIL_TIMEOUT_MS = 30000,
    MAIL_LEASE_MS = 60000, /* longer than the exchange can take */
    MAIL_BACKOFF_MAX_MS = 3600000,
    MAIL_TICK_ROWS = 100,
    NOTIFY_EMAILS_MAX = 10,
    NOTIFY_VALUES_MAX = 20,
    NOTIFY_DEDUPE_MAX = 200, /* bytes */
};

struct notification_mail {
    const char *to;
    const char *subject;
    const char *text;
    const struct notification_template *words; /* what it was made of */
    char *const *keys;                         /* business ids */
    size_t keys_len;
    const char *dedupe;       /* the same for the same fact; NULL: each call is a mail */
    int64_t at_ms;            /* of the fact: its life begins */
    int64_t expires_ms;       /* 0: when its life is over; it never lives longer */
    struct mc_bytes account;  /* whose notice it is, or none */
    struct mc_bytes alert_id; /* of the alert that is told of its state; or none */
    uint32_t place;           /* there */
};

/* False: no relay is set up. */
bool notification_mail_is_on(const struct notification *notification);

/*
 * Keeps the mail and queues it; one of the same dedupe is not made again. Returns its state:
 * WAITING, or NO_RELAY, REFUSED (the address is none), EXPIRED at once. UNSPECIFIED: the call has
 * failed.
 */
Notification__MailState notification_send_mail(const struct notification *notification,
                                               struct mc_txn *txn,
                                               const struct notification_mail *mail);

/* A mail that was sent came back: its state, and the proven address of whose notice it was. */
enum mc_status notification_report_bounce(struct notification *notification, struct mc_txn *txn,
                                          const Notification__ReportBounceRequest *req,
                                          Notification__ReportBounceReply *rep);

/* The mail of a fact, by its dedupe; false: none was made, or it is forgotten. Texts live as long
 * as the call. */
struct notification_mail_fate {
    Notification__MailState state;
    const char *reason;
    int64_t at_ms;
};
bool notification_mail_fate(struct mc_txn *txn, const char *dedupe,
                            struct notification_mail_fate *ret_fate);

/* Forgets mails that were kept long enough, in steps. */

/* Refuses settings and templates that do not fit. */
enum mc_status notification_mail_boot(struct notification *notification, struct mc_boot *with);

/* "MAIL_NO_RELAY" when rules want e-mail and nobody takes any; NULL: all is well. */
const char *notification_mail_problem(const void *ctx);

enum mc_status notification_mail_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request);
enum mc_status notification_mail_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      const struct mc_result *result, enum mc_verdict *ret_verdict);

enum mc_status notification_notify(struct notification *notification, struct mc_txn *txn,
                                   const Notification__NotifyRequest *req,
                                   Notification__NotifyReply *rep);

/* support.mail_wanted: «Email phản hồi» (mail_support.c). */
enum mc_status notification_mail_wanted(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event,
                                        const Support__MailWanted *body);
