/*
 * The otp room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the
 * call's arena; a function that returns NULL or false has failed or refused the call.
 */
#pragma once

#include "common/ident.h"
#include "common/service.h"
#include "common/sms_text.h"
#include "common/text.h"

#include "otp.pb-c.h"
#include "state.pb-c.h"

#define OTP_PROOF_TYPE   "otp.proof"
#define OTP_PAUSE_MAX_MS (INT64_C(30) * 24 * 60 * 60 * 1000) /* of a gateway */

enum otp_table {
    OTP_CHALLENGES = MC_TABLE_ROOM,
    OTP_PHONES,
    OTP_MESSAGES,
    OTP_DEDUPE,
    OTP_LEASES,
    OTP_BUDGETS,
    OTP_GATEWAYS,
    OTP_COSTS,
    OTP_SHIELDS,
    OTP_ALARMS,
    OTP_TABLES_END
};

/* In the order gateways are served: a code never waits behind a notice. */
enum otp_lane { OTP_LANE_OTP, OTP_LANE_TRANSACTIONAL, OTP_LANE_BULK, OTP_LANES_LEN };

enum {
    OTP_PURPOSES_LEN = OTP__PURPOSE__ACCOUNT_CLOSE + 1,
    OTP_MAC_LEN = 16,
    OTP_BLIND_LEN = 16,
    OTP_CODE_END = 1000000, /* six digits (OTP-01) */
    OTP_CODE_SIZE = MC_OTP_LEN + 1,
    OTP_TAG_SIZE = 3,
    OTP_RESET_SENDS_MAX = 2, /* codes of one forgotten password */
    OTP_TAGS_MAX = 8,        /* remembered of one phone: its next code has none of them */
    OTP_TEMPLATE_SIZE = 200,
    OTP_TEMPLATE_NAME_MAX = 40,
    OTP_BRANDNAME_MAX = 11,
    OTP_COSTS_MAX = 500,                      /* units in one answer */
    OTP_TEXT_SIZE = 512,                      /* a code's text */
    OTP_UNIT_CHARS_MAX = 200,                 /* of a unit's name, as it is sent to us */
    OTP_UNIT_SMS_MAX = 60,                    /* of it in the text, which stays one part */
    OTP_UNIT_SIZE = 2 * OTP_UNIT_SMS_MAX + 1, /* GSM-7's letters take two bytes at most */
    OTP_ENQUEUE_MAX = 200,                    /* notices in one call */
    OTP_KEYS_MAX = 8,
    OTP_KEY_LEN_MAX = 100,
    OTP_DEDUPE_MAX = 128,
    OTP_WHO_MAX = 200, /* bytes of a name that is charged */
    OTP_BUDGET_MAX = 1000000,
    OTP_WINDOW_PIECES = 20,
    OTP_SCOPES = 2, /* of one code: its block of numbers, its unit */
    OTP_PUMPING_ENTERED = 5,
    OTP_ALARMS_MAX = 500,
    OTP_GATEWAYS_MAX = 64, /* that are listed and compared */
    OTP_RATE_MAX = 100000,
    OTP_WHY_MAX = 200,   /* characters of an operator's reason */
    OTP_SENDS_MAX = 100, /* times kept of one phone, at most */
    OTP_TRIES_MAX = 400,
    OTP_SMS_PARTS_MAX = 6,
    OTP_REASON_MAX = 200, /* bytes kept of what a carrier says */
    OTP_REFERENCE_LEN = 16,
    OTP_SIGNATURE_LEN = 32,
    OTP_CARRIERS_MAX = 32, /* in one lease's list, and known by prefix */
    OTP_CARRIER_SIZE = 16,
    OTP_PREFIXES = 1000, /* the three digits after the leading zero */

    OTP_CREDIT_MAX = 500,
    OTP_LEASE_MIN_MS = 1000,
    OTP_LEASE_MAX_MS = 5 * 60 * 1000,
    OTP_LEASE_DEFAULT_MS = 30 * 1000,
    OTP_WAIT_MAX_MS = 10 * 1000,
    OTP_SPENT_MAX = 1000, /* spent jobs one lease puts away */
    OTP_RETRY_MAX_MS = 24 * 60 * 60 * 1000,

    /* A code is tried while it is of use; a second copy of it is harmless: its tag is the same. */
    OTP_CODE_ATTEMPTS = 5,
    OTP_CODE_BACKOFF_MS = 1000,
    OTP_CODE_BACKOFF_MAX_MS = 15 * 1000,
    OTP_NOTICE_ATTEMPTS = 20,
    OTP_NOTICE_BACKOFF_MS = 30 * 1000,
    OTP_NOTICE_BACKOFF_MAX_MS = 2 * 60 * 60 * 1000,
    OTP_NOTICE_LIFE_MS = 3 * 24 * 60 * 60 * 1000,
    OTP_NOTICE_LIFE_MAX_MS = 7 * 24 * 60 * 60 * 1000,

    OTP_TICK_ROWS = 500,  /* rows one tick looks at, per table */
    OTP_TICK_SPENT = 100, /* jobs one tick puts away, per lane */
};

struct otp {
    /* from the configuration */
    int64_t code_life_ms;
    int64_t attempts_max;
    int64_t resend_gap_ms;
    int64_t sends_short;
    int64_t sends_short_window_ms;
    int64_t sends_day;
    int64_t sends_identity;
    int64_t sends_officer;
    int64_t sends_unit;
    int64_t sends_source;
    int64_t dead_codes_max;
    int64_t failure_window_ms;
    int64_t lock_ms;
    int64_t min_useful_life_ms;
    int64_t proof_life_ms;
    int64_t challenge_retention_ms;
    int64_t message_retention_ms;
    int64_t dedupe_life_ms;
    bool keep_accents;
    int64_t pumping_window_ms;
    int64_t pumping_sends;
    int64_t pumping_percent;
    int64_t pumping_most;
    int64_t pumping_hold_ms;
    int64_t pumping_digits;
    int64_t report_wait_ms;
    int64_t hint_after_ms;
    const char *brandname;
    int64_t gateway_silent_ms;
    int64_t gateway_leave_ms;
    int64_t health_slow_ms;
    int64_t health_percent;
    int64_t health_pause_ms;
    int64_t health_min;
    int64_t notice_limit_ms;
    int64_t bulk_limit_ms;
    struct mc_config_list gateway_rates; /* "sms:viettel=50" */

    /* from boot */
    const uint8_t *sign_secret;
    char templates[OTP_PURPOSES_LEN][OTP_TEMPLATE_SIZE];
    char template_names[OTP_PURPOSES_LEN][OTP_TEMPLATE_NAME_MAX + 1];
    char life_text[32];                                /* "2 phut" */
    char carriers[OTP_CARRIERS_MAX][OTP_CARRIER_SIZE]; /* [0] is "": unknown */
    size_t carriers_len;
    uint8_t carrier_of[OTP_PREFIXES];

    /* hints only: where the tick's next walk over keys in no order goes on */
    uint8_t phones_at[OTP_BLIND_LEN];
    uint8_t dedupe_at[OTP_BLIND_LEN];
    uint8_t budgets_at[OTP_BLIND_LEN];
    uint8_t shields_at[OTP_BLIND_LEN];
    uint64_t spent_at[OTP_LANES_LEN];
};

/* Handlers, one file each. */
enum mc_status otp_issue(struct otp *otp, struct mc_txn *txn, const Otp__IssueRequest *req,
                         Otp__IssueReply *rep);
enum mc_status otp_resend(struct otp *otp, struct mc_txn *txn, const Otp__ResendRequest *req,
                          Otp__IssueReply *rep);
enum mc_status otp_verify(struct otp *otp, struct mc_txn *txn, const Otp__VerifyRequest *req,
                          Otp__VerifyReply *rep);
enum mc_status otp_status(struct otp *otp, struct mc_txn *txn, const Otp__StatusRequest *req,
                          Otp__StatusReply *rep);
enum mc_status otp_enqueue_many_sms(struct otp *otp, struct mc_txn *txn,
                                    const Otp__EnqueueManySmsRequest *req,
                                    Otp__EnqueueManySmsReply *rep);
enum mc_status otp_enqueue_sms(struct otp *otp, struct mc_txn *txn,
                               const Otp__EnqueueSmsRequest *req, Otp__EnqueueSmsReply *rep);
enum mc_status otp_lease_jobs(struct otp *otp, struct mc_txn *txn, const Otp__LeaseJobsRequest *req,
                              Otp__LeaseJobsReply *rep);
enum mc_status otp_ack_jobs(struct otp *otp, struct mc_txn *txn, const Otp__AckJobsRequest *req,
                            Otp__JobResults *rep);
enum mc_status otp_nack_jobs(struct otp *otp, struct mc_txn *txn, const Otp__NackJobsRequest *req,
                             Otp__JobResults *rep);
enum mc_status otp_report_delivery(struct otp *otp, struct mc_txn *txn,
                                   const Otp__ReportDeliveryRequest *req,
                                   Otp__ReportDeliveryReply *rep);
enum mc_status otp_delivery_webhook(struct otp *otp, struct mc_txn *txn,
                                    const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep);
enum mc_status otp_tick(void *ctx, struct mc_txn *txn);

/* Checks (check.c): each refuses by itself and lets the next one speak, too. */
void otp_check_subject(struct mc_txn *txn, Otp__Purpose purpose, ProtobufCBinaryData subject);
void otp_check_phone(const struct otp *otp, struct mc_txn *txn, const char *text,
                     struct mc_phone *ret_phone);
void otp_check_keys(struct mc_txn *txn, char *const *keys, size_t n);
void otp_check_who(struct mc_txn *txn, const char *field, const char *label, const char *who);
void otp_refuse_field(struct mc_txn *txn, const char *field, const char *label);
void otp_refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max);
/* An OK line of what somebody else wrote: at most OTP_REASON_MAX bytes, no control characters. */
char *otp_clip(struct mc_txn *txn, const char *text);
/* Two texts as one; on the way of every code, where printf would be felt. */
char *otp_join(struct mc_txn *txn, const char *first, const char *second);
struct mc_bytes otp_pack(struct mc_txn *txn, const ProtobufCMessage *message);

/* Boot (tables.c): the templates and the prefixes. False: they cannot be read. */
mc_nodiscard bool otp_templates_read(struct otp *otp);
bool otp_brandname_is_valid(const char *name);
void otp_carriers_read(struct otp *otp);
/* A number as rooms send it, 84… or 0…, with a prefix that is in use. */
bool otp_phone_is_plain(const struct otp *otp, const char *text, struct mc_phone *ret_phone);
const char *otp_carrier(const struct otp *otp, const char *phone); /* "" when unknown */
/* A code's text: always GSM-7 and one part, as boot has made sure. */
void otp_text_make(const struct otp *otp, Otp__Purpose purpose, const char *code, const char *tag,
                   const char *unit, char text[OTP_TEXT_SIZE]);

/* Challenges (challenge.c). */
struct otp_subject {
    Otp__Purpose purpose;
    struct mc_bytes id;
    struct mc_bytes key; /* in OTP_CHALLENGES */
};
struct otp_subject otp_subject_of(struct mc_txn *txn, Otp__Purpose purpose, ProtobufCBinaryData id);
OtpState__Challenge *otp_challenge_load(struct mc_txn *txn, const struct otp_subject *subject);
void otp_challenge_mac(const struct mc_txn *txn, const struct otp_subject *subject,
                       const OtpState__Challenge *challenge, const char *code,
                       uint8_t mac[OTP_MAC_LEN]);
/* Business ids of its events: the phone, the subject, what the asking room gave. */
const char *const *otp_challenge_keys(struct mc_txn *txn, const struct otp_subject *subject,
                                      const OtpState__Challenge *challenge);
/* Who is charged for a code, beside the phone (budget.c); NULL or "": nobody. */
enum otp_budget {
    OTP_BUDGET_IDENTITY,
    OTP_BUDGET_OFFICER,
    OTP_BUDGET_UNIT,
    OTP_BUDGET_SOURCE,
    OTP_BUDGETS_LEN
};
struct otp_charge {
    const char *who[OTP_BUDGETS_LEN];
};
/* False: refused, for each that is used up. */
mc_nodiscard bool otp_budgets_allow(const struct otp *otp, struct mc_txn *txn,
                                    const struct otp_charge *charge);
void otp_budgets_charge(struct mc_txn *txn, const struct otp_charge *charge);
bool otp_budget_is_idle(const OtpState__Window *window, int64_t now_ms);

/* The pumping shield (pumping.c): what is known of a code's block of numbers and unit. */
struct otp_shield {
    const char *scopes[OTP_SCOPES];
    struct mc_bytes keys[OTP_SCOPES];
    const OtpState__Shield *rows[OTP_SCOPES]; /* NULL: nothing lately */
    OtpState__Alarm *alarms[OTP_SCOPES];      /* NULL: not suspected */
    size_t len;
};
void otp_shield_open(const struct otp *otp, struct mc_txn *txn, const char *phone,
                     const char *unit_code, struct otp_shield *ret);
/* False: refused. */
mc_nodiscard bool otp_shield_allows(const struct otp *otp, struct mc_txn *txn,
                                    const struct otp_shield *shield, Otp__Purpose purpose);
void otp_shield_sent(const struct otp *otp, struct mc_txn *txn, const struct otp_shield *shield);
void otp_shield_entered(const struct otp *otp, struct mc_txn *txn, const char *phone,
                        const char *unit_code);
bool otp_shield_is_idle(const struct otp *otp, const OtpState__Shield *row, int64_t now_ms);
void otp_alarms_tick(const struct otp *otp, struct mc_txn *txn);
enum mc_status otp_list_alarms(struct otp *otp, struct mc_txn *txn,
                               const Otp__ListAlarmsRequest *req, Otp__ListAlarmsReply *rep);

/* Windows (window.c). A window that is not there is empty. */
uint64_t otp_window_sum(const OtpState__Window *window, int64_t now_ms, int64_t window_ms,
                        unsigned skip); /* without so many of the newest pieces */
/* A new one with some more of a time; NULL when the call has failed. */
OtpState__Window *otp_window_add(struct mc_txn *txn, const OtpState__Window *old, int64_t window_ms,
                                 int64_t at_ms, uint32_t count);
/* When less than `most` will count; 0: now. */
int64_t otp_window_free_at(const OtpState__Window *window, int64_t now_ms, int64_t window_ms,
                           int64_t most);

/* A new code in place of the old one, its SMS and its event; refuses by all budgets. */
struct otp_recipient {
    const char *phone; /* 84… */
    struct mc_bytes blind;
    ProtobufCBinaryData sealed; /* empty: still to be sealed */
    const char *unit;
    struct otp_charge charge;
    char **keys;
    size_t keys_len;
    bool decoy; /* nobody: nothing is sent */
};
void otp_code_send(struct otp *otp, struct mc_txn *txn, const struct otp_subject *subject,
                   const struct otp_recipient *to, const OtpState__Challenge *old,
                   Otp__IssueReply *rep);

/* Phones (phone.c). */
struct mc_bytes otp_phone_blind(struct mc_txn *txn, const char *phone);
const char *otp_phone_key(struct mc_txn *txn, struct mc_bytes blind); /* "phone:…" for events */
char *otp_phone_masked(struct mc_txn *txn, const char *phone);
OtpState__Phone *otp_phone_load(struct mc_txn *txn, struct mc_bytes blind); /* new when unknown */
void otp_phone_save(struct mc_txn *txn, struct mc_bytes blind, const OtpState__Phone *phone);
mc_nodiscard bool otp_phone_may_receive(const struct otp *otp, struct mc_txn *txn,
                                        const OtpState__Phone *phone, Otp__Purpose purpose);
void otp_phone_sent(struct mc_txn *txn, OtpState__Phone *phone);
void otp_phone_failed(const struct otp *otp, struct mc_txn *txn, OtpState__Phone *phone,
                      Otp__Purpose purpose);
/* Until when codes of this purpose are locked; 0 or past: they are not. */
int64_t otp_phone_locked_until(const OtpState__Phone *phone, Otp__Purpose purpose);
bool otp_phone_is_idle(const struct otp *otp, const OtpState__Phone *phone, int64_t now_ms);
const char *otp_minutes(struct mc_txn *txn, int64_t ms); /* rounded up, at least one */

/* What becomes of a message (delivery.c). */
struct otp_change {
    Otp__DeliveryState state;
    const char *phone_masked;
    const char *reason;
    const char *gateway;
    const char *provider_reference;
    const char *unit_code;
    char **keys;
    size_t keys_len;
};
/* What an event about a message is found by: these keys, and message:<job id>. */
const char *const *otp_message_keys(struct mc_txn *txn, uint64_t job_id, const char *const *keys,
                                    size_t len);
OtpState__Message *otp_message_load(struct mc_txn *txn, uint64_t job_id);
/* Where a message is now, whoever knows it (whereabouts.c). Nobody does: FAILED, and both NULL. */
struct otp_whereabouts {
    Otp__DeliveryState state;
    const OtpState__Message *message;
    const Motcua__Job *job;
};
struct otp_whereabouts otp_message_find(const struct otp *otp, struct mc_txn *txn, uint64_t job_id);
const char *otp_state_text(Otp__DeliveryState state);
/* What may be the matter, in the portal's words (OTP-12); none while there is no reason to ask. */
char **otp_hints(struct mc_txn *txn, Otp__DeliveryState state, bool late, bool code,
                 size_t *ret_len);
/* A job in hand is over: its message is kept and told, unless a report was faster. */
void otp_job_ended(struct mc_txn *txn, const struct mc_job *job, const OtpState__Note *note,
                   Otp__DeliveryState state, const char *reason, const char *provider_reference);
/* Its life is over, or the last gateway that had it never said what became of it. */
void otp_job_put_away(struct mc_txn *txn, const struct mc_job *job);
struct otp_answers;
/* False: unknown, late or double. Save the answers when the last report is applied. */
bool otp_report_apply(const struct otp *otp, struct mc_txn *txn, struct otp_answers *answers,
                      const Otp__DeliveryReport *report);
/* The job a gateway holds, or NULL: not its any more. Does not fail the call. */
struct mc_job *otp_job_held(struct mc_txn *txn, ProtobufCBinaryData token);
const OtpState__Sms *otp_job_sms(struct mc_txn *txn, struct mc_job *job);
struct mc_bytes otp_note_make(struct mc_txn *txn, const OtpState__Sms *sms);
const OtpState__Note *otp_job_note(struct mc_txn *txn, const struct mc_job *job);
Otp__JobResult **otp_results(struct mc_txn *txn, size_t n);
char *otp_reference(struct mc_txn *txn, uint64_t job_id);
void otp_reference_sign(const struct mc_txn *txn, const char *reference,
                        char signature[OTP_SIGNATURE_LEN + 1]);

/* Costs (sms_costs.c): what carriers took, by unit and month. */
struct otp_costs { /* the row at hand: most messages of a call are for one unit */
    const char *unit;
    struct mc_bytes key;
    OtpState__Cost row;
};
void otp_cost_add(struct mc_txn *txn, struct otp_costs *costs, uint64_t job_id,
                  const OtpState__Note *note);
void otp_costs_save(struct mc_txn *txn, struct otp_costs *costs);
enum mc_status otp_sms_costs(struct otp *otp, struct mc_txn *txn, const Otp__SmsCostsRequest *req,
                             Otp__SmsCostsReply *rep);
enum mc_status otp_sms_status(struct otp *otp, struct mc_txn *txn, const Otp__SmsStatusRequest *req,
                              Otp__SmsStatusReply *rep);

/* Gateways (gateway.c): what is known of each, and what it may take. */
struct otp_gateways {
    const char *names[OTP_GATEWAYS_MAX];
    OtpState__Gateway *records[OTP_GATEWAYS_MAX];
    size_t len;
};
OtpState__Gateway *otp_gateway_load(struct mc_txn *txn, const char *name); /* NULL: failed */
bool otp_gateway_is_known(struct mc_txn *txn, const char *name);
void otp_gateway_save(struct mc_txn *txn, const char *name, const OtpState__Gateway *gateway);
void otp_gateways_load(struct mc_txn *txn, struct otp_gateways *ret_all);
mc_nodiscard bool otp_gateway_rates_read(const struct otp *otp);   /* false: cannot be read */
int64_t otp_gateway_rate(const struct otp *otp, const char *name); /* parts a second; 0: any */
Otp__GatewayMode otp_gateway_mode(const struct otp *otp, const OtpState__Gateway *gateway,
                                  int64_t now_ms);
/* Another gateway that is at work and takes all this one takes (of a lane, or of all it asks for).
 */
bool otp_gateway_has_other(const struct otp *otp, const struct otp_gateways *all, const char *name,
                           const OtpState__Gateway *gateway, int lane, bool healthy,
                           int64_t now_ms);
/* How many jobs it may be given now, at most `credit`. */
size_t otp_gateway_allowance(const struct otp *otp, const struct mc_txn *txn,
                             const struct otp_gateways *all, const char *name,
                             const OtpState__Gateway *gateway, size_t credit);
void otp_gateway_took(const struct otp *otp, struct mc_txn *txn, const char *name,
                      OtpState__Gateway *gateway, size_t jobs, size_t parts);
void otp_gateway_sent(struct mc_txn *txn, const char *name, size_t count);
void otp_gateway_failed(struct mc_txn *txn, const char *name, size_t count);
/*
 * The end of a message that the carrier took at sent_at_ms was told. Most reports of a call are of
 * one gateway: its row stays at hand until another's turn, or otp_answers_save().
 */
struct otp_answers {
    const char *name;
    OtpState__Gateway *gateway;
    bool changed;
};
void otp_gateway_answered(const struct otp *otp, struct mc_txn *txn, struct otp_answers *answers,
                          const char *name, int64_t sent_at_ms);
void otp_answers_save(struct mc_txn *txn, struct otp_answers *answers);
void otp_gateway_emit(struct mc_txn *txn, const char *type, const char *name,
                      const OtpState__Gateway *gateway, const char *reason);
Otp__GatewayView *otp_gateway_view(const struct otp *otp, struct mc_txn *txn, const char *name,
                                   const OtpState__Gateway *gateway, Otp__GatewayView *view);
void otp_check_reason(struct mc_txn *txn, const char *reason);
void otp_resume(struct mc_txn *txn, const char *name, OtpState__Gateway *gateway,
                const char *reason);

/* How gateways do (health.c): GOV.UK Notify's rule. */
struct otp_health {
    uint64_t sent;
    uint64_t failed;
    uint64_t slow;
    bool slow_too_often;
    bool failed_too_often;
};
struct otp_health otp_gateway_health(const struct otp *otp, const OtpState__Gateway *gateway,
                                     int64_t now_ms);
void otp_gateways_tick(const struct otp *otp, struct mc_txn *txn);

enum mc_status otp_list_gateways(struct otp *otp, struct mc_txn *txn,
                                 const Otp__ListGatewaysRequest *req, Otp__ListGatewaysReply *rep);
enum mc_status otp_pause_gateway(struct otp *otp, struct mc_txn *txn,
                                 const Otp__PauseGatewayRequest *req, Otp__GatewayView *rep);
enum mc_status otp_resume_gateway(struct otp *otp, struct mc_txn *txn,
                                  const Otp__ResumeGatewayRequest *req, Otp__GatewayView *rep);

extern const struct mc_room otp_room;
