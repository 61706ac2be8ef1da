/*
 * The SMS worker: what its files share. Nothing outside this folder includes it.
 *
 * A job lives in a slot from its lease until the otp room has taken our answer for it; slots are
 * made once. `turn` is wiped at each entry from the loop. Nothing is kept over a restart: a lease
 * that is not answered runs out, and the room hands the job to somebody else.
 */
#pragma once

#include "common/process.h"

#include "otp.pb-c.h"

#include "rate.h"
#include "verdict.h"

enum {
    SMSWORKER_CREDIT_MAX = 500,
    SMSWORKER_TOKEN_MAX = 64,
    SMSWORKER_REFERENCE_MAX = 64,
    SMSWORKER_PHONE_MAX = 20,
    SMSWORKER_TEXT_MAX = 2048, /* six parts of the longest letters */
    SMSWORKER_PATH_MAX = 512,
    SMSWORKER_ERROR_SIZE = 64,
    SMSWORKER_PASSWORD_MAX = 128,
    SMSWORKER_LANES_MAX = 3,
    SMSWORKER_BATCH_MAX = 200,       /* answers in one call */
    SMSWORKER_CALL_MS = 15000,       /* a call to the otp room */
    SMSWORKER_REPORT_CALL_MS = 5000, /* an SMSC waits about ten seconds for our answer */
    SMSWORKER_LEASE_CALL_MS = 3000,  /* to lease, beside the time it waits; a stop waits as long */
    SMSWORKER_LEASE_SLACK_MS = 1000, /* for the answer's way back */
    SMSWORKER_WAIT_SLACK_MS = 500,   /* what the room's waiting may take beyond smsworker.wait */
    SMSWORKER_PROVIDER_SIZE = 65,    /* a gateway's own reference; SMPP's message_id is as long */
    SMSWORKER_CONCURRENCY_MAX = 256,
    SMSWORKER_WINDOW_MAX = 100,
    SMSWORKER_SLOW_MS = 1000, /* a throttled text comes back then */
};

enum slot_state {
    SLOT_FREE,
    SLOT_QUEUED,
    SLOT_SENDING,
    SLOT_ACK,    /* to be acknowledged */
    SLOT_NACK,   /* to be given back */
    SLOT_REPORT, /* acknowledged, to be reported as delivered */
};

struct slot;
struct smpp;
struct mc_http;
struct smsworker;

/*
 * One kind of gateway, one file: driver_<mode>.c. `send` is given a slot in SLOT_SENDING and ends
 * with smsworker_sent(), at once or later, once for each slot. NULL stands for "nothing to do", and
 * for a gateway that is always ready.
 */
struct driver {
    const char *mode;
    bool taken_is_delivered;
    enum mc_status (*open)(struct smsworker *worker, char *why, size_t why_size);
    void (*close)(struct smsworker *worker); /* after an open that failed, too */
    bool (*ready)(const struct smsworker *worker);
    void (*send)(struct slot *slot);
    bool (*leave)(struct smsworker *worker); /* at the end, asked again until it says true */
};

/* What a driver says of a text. */
struct outcome {
    enum verdict verdict;
    const char *error; /* shown to operators, "GATEWAY_HTTP 503"; NULL when taken */
    const char *why;   /* for the log; may be NULL */
};

struct slot {
    struct smsworker *worker;
    uint64_t sequence;    /* in the order of their lease */
    int64_t lease_end_ms; /* by the monotonic clock */
    int64_t began_ms;
    int64_t expires_at_ms;
    size_t token_len;
    enum slot_state state;
    Otp__Lane lane;
    uint32_t retry_ms;
    uint32_t parts;
    uint32_t parts_sent; /* for a driver that sends them one by one */
    uint32_t parts_taken;
    bool told; /* its answer is in the call under way */
    bool ucs2;
    bool permanent;
    char phone[SMSWORKER_PHONE_MAX + 1];
    uint8_t token[SMSWORKER_TOKEN_MAX];
    char error[SMSWORKER_ERROR_SIZE];
    char reference[SMSWORKER_REFERENCE_MAX + 1];
    char provider[SMSWORKER_PROVIDER_SIZE];
    char report_path[SMSWORKER_PATH_MAX + 1];
    char text[SMSWORKER_TEXT_MAX + 1];
};

struct smsworker {
    struct mc_process process;

    const char *name;
    const char *mode;
    const char *file;
    const char *url;
    const char *username;
    const char *password_file;
    const char *sender;
    const char *report_base;
    const char *ca_file;
    const char *smpp_address;
    const char *smpp_system_type;
    const char *smpp_ids;
    bool allow_plain_http;
    int64_t credit;
    int64_t concurrency;
    int64_t rate_max;
    int64_t smpp_window;
    int64_t smpp_enquire_ms;
    int64_t smpp_receipts;
    int64_t lease_ms;
    int64_t wait_ms;
    int64_t timeout_ms;
    struct mc_config_list lanes;
    struct mc_config_list carriers;

    char password[SMSWORKER_PASSWORD_MAX + 1];
    char caller[64]; /* "sms:viettel" */
    Otp__Lane lane_numbers[SMSWORKER_LANES_MAX];
    const struct driver *driver;
    struct rate rate;

    /* of the drivers: only the one in use has made its own */
    int file_fd;
    struct mc_http *http;
    struct smpp *smpp;

    struct mc_arena turn;
    struct mc_defer *pump;       /* look what can be done now */
    struct mc_timer *rest;       /* the gateway is left alone until it fires */
    struct mc_timer *pace;       /* the rate allows the next part when it fires */
    struct mc_timer *lease_rest; /* the otp room is; its end looks at everything again */
    struct slot *slots[SMSWORKER_CREDIT_MAX]; /* the first `credit` are there */
    uint64_t sequence;
    unsigned sending;
    unsigned failures;       /* of the gateway, in a row */
    unsigned lease_failures; /* of the otp room, in a row */
    bool leasing;
    bool draining;
    int64_t lease_began_ms;
    bool settling[SLOT_REPORT + 1]; /* a call for slots of that state is under way */
};

extern const struct driver smsworker_http;
extern const struct driver smsworker_smpp;
extern const struct driver smsworker_file;

extern const struct mc_config_key smsworker_config[];
extern const size_t smsworker_config_len;

mc_nodiscard enum mc_status smsworker_open(struct smsworker *worker, char *why, size_t why_size);
void smsworker_close(struct smsworker *worker);
/* After the loop was stopped: finishes what is held; false when it did not end in time. */
bool smsworker_drain(struct smsworker *worker);

/* Checks what was configured, and makes ready what follows from it (settings.c). */
mc_nodiscard enum mc_status smsworker_settings(struct smsworker *worker, char *why,
                                               size_t why_size);

int64_t smsworker_mono_ms(const struct smsworker *worker);
unsigned smsworker_held(const struct smsworker *worker);
void smsworker_nack(struct slot *slot, const char *error, bool permanent, uint32_t retry_ms);

/* From a driver: what became of a text; and: look again what can be done. */
void smsworker_sent(struct slot *slot, const struct outcome *outcome);
void smsworker_look(struct smsworker *worker);
bool smsworker_ready(const struct smsworker *worker);

/* The first slot of that state for which `wanted` (NULL: any): codes first, then as they came. */
struct slot *smsworker_first(const struct smsworker *worker, enum slot_state state,
                             bool (*wanted)(const struct slot *slot));

/* One call to the otp room; false when it could not be made. */
mc_nodiscard bool smsworker_call(struct smsworker *worker, const char *method,
                                 const ProtobufCMessage *request, int64_t timeout_ms,
                                 mc_link_answered *answered, void *arg);

void smsworker_lease(struct smsworker *worker);  /* asks for jobs, when there is room */
void smsworker_send(struct smsworker *worker);   /* starts what may be started */
void smsworker_settle(struct smsworker *worker); /* tells the otp room what became of them */

/* Reads a password file: one line. Others may not read it. */
mc_nodiscard enum mc_status smsworker_password(const char *path,
                                               char ret_password[SMSWORKER_PASSWORD_MAX + 1]);
/* The configured one, for a driver that needs it. */
mc_nodiscard enum mc_status smsworker_password_load(struct smsworker *worker, char *why,
                                                    size_t why_size);
/* "otp", "transactional", "bulk" */
mc_nodiscard bool smsworker_lane_parse(const char *name, Otp__Lane *ret_lane);
