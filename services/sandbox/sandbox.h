/*
 * The sandbox: what its files share. Nothing outside this folder includes it.
 *
 * One process, one thread, no disk: everything lives in `memory` until the process ends, in
 * tables that have an upper limit; past it the sandbox refuses, as the systems it plays would.
 * `turn` is wiped after each request. Handlers fill an answer; the router sends it, after the
 * fault that was ordered for the route's system has had its way with it.
 */
#pragma once

#include "common/date.h"
#include "common/http.h"
#include "common/httpd.h"
#include "common/json.h"
#include "common/process.h"

#include "bank.h"
#include "faults.h"
#include "hooks.h"
#include "platform.h"
#include "province.h"
#include "subscribers.h"
#include "vneid.h"

enum {
    SANDBOX_MESSAGES_MAX = 16384, /* texts kept, of all handsets; the oldest go */
    SANDBOX_TEXT_MAX = 2048,      /* bytes of one text */
    SANDBOX_SENDER_MAX = 32,
    SANDBOX_HANDSET_CHAINS = 16384,
    SANDBOX_LATER_MAX = 16384, /* delayed answers, waiting handsets, callbacks under way */
    SANDBOX_LATER_TEXT_MAX = 4096,
    SANDBOX_PAYMENTS_MAX = 65536,
    SANDBOX_WAIT_MAX_MS = 60000,
    SANDBOX_URL_MAX = 2048,
    SANDBOX_CALL_MS = 10000, /* one callback */
    SANDBOX_DLR_TRIES_MAX = 3,
    SANDBOX_PROMPTS_MAX = 256,
    SANDBOX_PARCELS_MAX = 4096,
    SANDBOX_PARCEL_NUMBER_SIZE = 80,
    SANDBOX_PROMPT_TEXT_MAX = 1024,
};

struct sandbox;

struct sandbox_answer {
    int status;
    const char *content_type;
    struct mc_bytes body;
    const char *location; /* of a redirect, or NULL */
    bool kept;            /* the handler has kept the request and answers it later itself */
};

/* Something that happens later. Taken from a pool, given back by whoever runs it. */
struct sandbox_later {
    struct sandbox *sandbox;
    struct sandbox_later *next;
    struct mc_timer *timer;
    void (*run)(struct sandbox_later *later);
    struct mc_httpd_request *request; /* owed an answer, or NULL */
    int status;
    const char *content_type;
    bool broken;
    char phone[SANDBOX_PHONE_SIZE];
    uint64_t number;  /* of a message, or of a payment */
    const char *told; /* what a CONFIRM says in a mood; NULL: how it is */
    int codes[4];     /* delivery states still to be told, ends with 0 */
    unsigned tries;
    unsigned copies;
    bool busy;
    char text[SANDBOX_LATER_TEXT_MAX];
    size_t text_len;
};

struct sandbox_message {
    uint64_t number;   /* 1, 2, 3 … over all handsets */
    uint64_t previous; /* in its chain; 0: none */
    int64_t at_ms;
    bool cleared;
    char phone[SANDBOX_PHONE_SIZE];
    char from[SANDBOX_SENDER_MAX + 1];
    int coding;
    char text[SANDBOX_TEXT_MAX + 1];
};

struct sandbox_sms {
    struct sandbox_message *messages[SANDBOX_MESSAGES_MAX]; /* by number */
    uint64_t last;
    uint64_t chains[SANDBOX_HANDSET_CHAINS]; /* by a hash of the phone: its newest message */
    struct sandbox_later *waiters;
};

struct sandbox_platform {
    struct sandbox_payment *payments[SANDBOX_PAYMENTS_MAX];
    uint32_t index[2 * SANDBOX_PAYMENTS_MAX]; /* open addressing: place + 1 */
    size_t len;
    uint64_t transactions;
};

/* A SIM or an app that is asked for a signature. */
enum sandbox_prompt_state {
    SANDBOX_PROMPT_PENDING,
    SANDBOX_PROMPT_SIGNED,
    SANDBOX_PROMPT_DECLINED
};
struct sandbox_prompt {
    char reference[40];
    char who[33];
    char check_code[9];
    enum sandbox_prompt_state state;
    int64_t at_ms;
    size_t text_len;
    uint8_t text[SANDBOX_PROMPT_TEXT_MAX];
};

struct sandbox_parcel {
    char number[SANDBOX_PARCEL_NUMBER_SIZE];
    char waybill[24];
    int status; /* 1 registered, 2 collecting, 3 delivered, 4 cancelled */
    int64_t at_ms;
};

struct sandbox {
    struct mc_process process;

    const char *listen;
    const char *public_url;
    const char *sms_username;
    const char *sms_password;
    int64_t dlr_after_ms;
    const char *payment_callback;
    const char *payment_return;
    const char *payment_partner;
    const char *payment_secret;
    const char *bank_secret;
    int64_t callback_backoff_ms;
    int64_t seed;
    const char *signers;

    char base[300]; /* where we are found: http://127.0.0.1:41234 */
    struct mc_httpd *httpd;
    struct mc_http *http;
    struct mc_arena memory;
    struct mc_arena turn;
    struct sandbox_faults faults;
    struct sandbox_later *later_free;
    struct sandbox_later *later_all[SANDBOX_LATER_MAX];
    size_t later_len;
    struct sandbox_sms sms;
    struct sandbox_platform platform;
    struct sandbox_prompt prompts[SANDBOX_PROMPTS_MAX]; /* the oldest gives way */
    size_t prompts_next;
    struct sandbox_vneid vneid;
    struct sandbox_banks banks;
    struct sandbox_parcel parcels[SANDBOX_PARCELS_MAX];
    size_t parcels_len;
    struct sandbox_provinces provinces;
    struct sandbox_hooks hooks;
};

/* The daemon's own keys, and what it serves. */
extern const struct mc_config_key sandbox_config[];
extern const size_t sandbox_config_len;
void sandbox_serve(void *arg, struct mc_httpd_request *request);

/* Boot and end, apart from the process. */
mc_nodiscard enum mc_status sandbox_open(struct sandbox *sandbox, char *why, size_t why_size);
void sandbox_close(struct sandbox *sandbox);

/* Answers. Text is borrowed until the request is answered. */
void sandbox_say(struct sandbox_answer *answer, int status, const char *content_type,
                 const char *text);
void sandbox_say_json(struct sandbox_answer *answer, int status, struct mc_json_writer *writer);
/* {"error": code, "field": …} */
void sandbox_refuse(struct sandbox *sandbox, struct sandbox_answer *answer, int status,
                    const char *code, const char *field);
/* & < > " as entities; "" when the turn's memory is used up. */
const char *sandbox_escape(struct sandbox *sandbox, const char *text);

/* Later. NULL: too much of it. The timer of what was taken is not running. */
mc_nodiscard struct sandbox_later *sandbox_later_take(struct sandbox *sandbox);
void sandbox_later_start(struct sandbox_later *later, int64_t after_ms,
                         void (*run)(struct sandbox_later *later));
void sandbox_later_give(struct sandbox_later *later);

/* The answer comes after ms, whole or broken off. False: no place, or too long: then it is to be
 * given at once. */
bool sandbox_postpone(struct sandbox *sandbox, struct mc_httpd_request *request,
                      const struct sandbox_answer *answer, bool broken, int64_t ms);

/* Handlers: tail is what follows the route's path. */
typedef void sandbox_handler(struct sandbox *sandbox, struct mc_httpd_request *request,
                             const char *tail, struct sandbox_answer *answer);
sandbox_handler sandbox_index;
sandbox_handler sandbox_carrier_check;
sandbox_handler sandbox_carrier_one;
sandbox_handler sandbox_mnp_check;
sandbox_handler sandbox_insurance_check;
sandbox_handler sandbox_insurance_find;
sandbox_handler sandbox_post_check;
sandbox_handler sandbox_population_check;
sandbox_handler sandbox_parcel_order;
sandbox_handler sandbox_parcel_track;
sandbox_handler sandbox_parcel_cancel;
sandbox_handler sandbox_parcel_move;
sandbox_handler sandbox_sendsms;
sandbox_handler sandbox_handset;
sandbox_handler sandbox_handset_clear;
sandbox_handler sandbox_platform_message;
sandbox_handler sandbox_platform_page;
sandbox_handler sandbox_platform_choice;
sandbox_handler sandbox_platform_ledger;
sandbox_handler sandbox_bank;
sandbox_handler sandbox_bank_page;
sandbox_handler sandbox_gip;
sandbox_handler sandbox_gip_land;
sandbox_handler sandbox_signer_ask;
sandbox_handler sandbox_prompt_show;
sandbox_handler sandbox_prompt_answer;
sandbox_handler sandbox_vneid_authorize;
sandbox_handler sandbox_vneid_choice;
sandbox_handler sandbox_vneid_token;
sandbox_handler sandbox_vneid_userinfo;
sandbox_handler sandbox_vneid_jwks;
sandbox_handler sandbox_vneid_rotate;
sandbox_handler sandbox_national_session;
sandbox_handler sandbox_national_data;
sandbox_handler sandbox_province_session;
sandbox_handler sandbox_province_data;
sandbox_handler sandbox_province_received;
sandbox_handler sandbox_province_fault;
sandbox_handler sandbox_province_page;
sandbox_handler sandbox_province_form;
sandbox_handler sandbox_hook_call;
sandbox_handler sandbox_hook_received;
sandbox_handler sandbox_hook_order;
sandbox_handler sandbox_hook_page;
sandbox_handler sandbox_hook_form;
sandbox_handler sandbox_faults_show;
sandbox_handler sandbox_faults_order;
sandbox_handler sandbox_faults_clear;

/* The request's JSON with these texts in it, names ended by NULL; NULL: refused already. */
struct mc_json *sandbox_question(struct sandbox *sandbox, struct mc_httpd_request *request,
                                 const char *const *names, struct sandbox_answer *answer);
/* MATCH, or MISMATCH and the facts that differ: name, identity number, birth date. */
void sandbox_say_compared(struct sandbox *sandbox, const struct sandbox_subscriber *person,
                          const struct mc_json *json, struct sandbox_answer *answer);
void sandbox_say_result(struct sandbox *sandbox, const char *result, struct sandbox_answer *answer);
/* Which of "full_name", "id_number", "birth_date" differ; how many. */
size_t sandbox_compare(const struct sandbox_subscriber *person, const struct mc_json *json,
                       const char *ret_fields[3]);

/* A text arrives at a handset; returns its number. 0: no memory. */
uint64_t sandbox_receive(struct sandbox *sandbox, const char *phone, const char *from, int coding,
                         const char *text);

/*
 * Kannel's escapes in a dlr-url: %d state, %p phone, %P sender, %A answer, %t time, %% percent;
 * anything else stays. NULL: arena full.
 */
const char *sandbox_dlr_url(struct mc_arena *arena, const char *pattern, int state,
                            const char *phone, int64_t now_ms);
/* What a handset does, by its number's last digits; states in the order they are told. */
void sandbox_dlr_states(const char *phone, unsigned mask, int ret_codes[4]);

/* CONFIRM of the payer's last choice, until it is answered "00". */
void sandbox_confirm_plan(struct sandbox *sandbox, size_t place);
struct sandbox_payment *sandbox_payment_find(const struct sandbox *sandbox, const char *reference,
                                             size_t *ret_place);
