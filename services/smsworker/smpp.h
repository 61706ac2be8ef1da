/*
 * SMPP mode: what its files share.
 *
 *     down -> connecting -> binding -> bound -> leaving -> left
 *       ^---------'------------'---------'
 *
 * smpp_session.c keeps the connection, smpp_submit.c what is under way on it, smpp_deliver.c what
 * comes back later.
 */
#pragma once

#include "smpp_awaited.h"
#include "smpp_link.h"
#include "smpp_receipt.h"
#include "smpp_status.h"
#include "smpp_text.h"
#include "smsworker.h"

enum {
    SMPP_REPORTS_MAX = 256,        /* receipts the room is being told of */
    SMPP_STRANGERS_MAX = 64,       /* receipts of unknown texts that were put off once */
    SMPP_LOCKED_PAUSE_MS = 300000, /* carriers close accounts that keep trying */
    SMPP_LEAVE_MS = 1000,          /* how long an unbind is waited for */
    SMPP_BEAT_MIN_MS = 50,
    SMPP_BEAT_MAX_MS = 1000,
};

enum smpp_state {
    SMPP_DOWN,
    SMPP_CONNECTING,
    SMPP_BINDING,
    SMPP_BOUND,
    SMPP_LEAVING,
    SMPP_LEFT,
};

/* A part sent and not yet answered. */
struct smpp_flight {
    bool used;
    uint32_t sequence;
    uint32_t part;
    int64_t sent_ms;
    struct slot *slot; /* NULL: its text was settled without it */
};

/* A receipt the otp room is being told of; the SMSC is answered when the room has taken it. */
struct smpp_report {
    struct smpp *smpp;
    bool used;
    unsigned connection;
    uint32_t sequence;
};

struct smpp {
    struct smsworker *worker;
    struct smpp_link *link;
    struct smpp_awaited *awaited;
    struct smpp_statuses statuses;
    enum smpp_state state;
    int answer_base; /* of ids: 10, 16, or 0 when both have the same form */
    int receipt_base;
    uint32_t sequence;
    unsigned connection; /* counts binds */
    unsigned failures;   /* to get bound, in a row */
    int64_t since_ms;    /* of the state */
    int64_t heard_ms;
    int64_t asked_ms; /* an enquire_link is not yet answered; 0: none */
    struct mc_timer *again;
    struct mc_timer *beat;
    unsigned reports_len;
    unsigned strangers_at;
    struct smpp_flight flights[SMSWORKER_WINDOW_MAX];
    struct smpp_report reports[SMPP_REPORTS_MAX];
    uint64_t strangers[SMPP_STRANGERS_MAX];
};

/* smpp_session.c */
mc_nodiscard bool smpp_session_open(struct smpp *smpp); /* begins to connect */
void smpp_session_close(struct smpp *smpp);
bool smpp_leave(struct smsworker *worker); /* true when the SMSC knows that we go */
uint32_t smpp_next(struct smpp *smpp);     /* a sequence number of ours */
mc_nodiscard bool smpp_send(struct smpp *smpp, const uint8_t *pdu, size_t len);
void smpp_lose(struct smpp *smpp, const char *why); /* ends the connection; again later */
void smpp_log(struct smpp *smpp, enum mc_log_level level, const char *state, const char *why);

/* smpp_submit.c */
void smpp_push(struct smpp *smpp); /* sends parts while the window has room */
void smpp_submitted(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu);
void smpp_overdue(struct smpp *smpp); /* settles texts that got no answer in time */
void smpp_cut_off(struct smpp *smpp); /* settles all texts: the connection is gone */

/* smpp_deliver.c */
void smpp_delivered(struct smpp *smpp, const struct smpp_head *head, struct mc_bytes pdu);
