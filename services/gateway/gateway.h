/*
 * gateway: the HTTP edge. No domain rules, and nothing of its own to remember.
 *
 * What arrives is an exchange until it is answered: exactly once, by gateway_answer(). Calls to
 * rooms take their time, so an exchange keeps what its answer needs; everything else a request
 * makes is in the turn's arena, which every entry from the loop (a request, a room's answer)
 * wipes when it is done.
 */
#pragma once

#include "common/httpd.h"
#include "common/metrics.h"
#include "common/process.h"

#include "dash.h"
#include "map.h"
#include "source.h"
#include "sse.h"
#include "stats.h"

enum {
    GATEWAY_ARENA = 128 << 20, /* address space: an upload in JSON, its bytes, its protobuf */
    GATEWAY_ROUNDS = 8,        /* questions to all rooms under way at once */
    GATEWAY_ROUND_ARENA = 4 << 20,
    GATEWAY_SLOW_MS = 1000,  /* what takes longer is logged at info */
    GATEWAY_DRAIN_MS = 5000, /* for calls under way at SIGTERM */
    GATEWAY_NOTE_SIZE = 400,
};

struct gateway;

/* A request on its way. */
struct gateway_exchange {
    struct gateway *gateway;
    struct gateway_exchange *next;    /* in the list of free ones */
    struct mc_httpd_request *request; /* NULL: free */
    const char *label;                /* for metrics and log: a constant, or a descriptor's name */
    const struct gateway_room *room;  /* of the method; NULL: not a method */
    const ProtobufCMethodDescriptor *method;
    enum gateway_format format;
    int64_t started_ns;
    bool has_id;
    uint8_t request_id[MC_ID_LEN];
    char traceparent[MC_TRACEPARENT_LEN + 1];
    const char *allowed_origin;   /* for CORS; NULL: none */
    char note[GATEWAY_NOTE_SIZE]; /* what a page is to say, while a room is asked about it */
    bool captcha;                 /* and that it must bring a captcha */
};

/* A question to every room, answered when all have answered or have been silent too long. */
struct gateway_round {
    struct gateway *gateway;
    struct gateway_exchange *exchange;         /* NULL: nobody waits for an HTTP answer */
    void (*done)(struct gateway_round *round); /* NULL: the round is free */
    const ProtobufCMessageDescriptor *reply_type;
    unsigned waiting;
    bool asking; /* still sending the questions: not done, whatever has been answered */
    struct mc_arena arena;
    struct gateway_room_answer {
        struct gateway_round *round;
        const ProtobufCMessage *reply; /* NULL: silent, or refused */
    } answers[GATEWAY_ROOMS];
};

struct gateway_settings {
    const char *listen;
    const char *tls_cert;
    const char *tls_key;
    int64_t body_max;
    int64_t upload_max;
    int64_t connections;
    int64_t connections_per_address;
    int64_t calls;
    int64_t webhook_timeout_ms;
    int64_t round_timeout_ms;
    struct mc_config_list cors_origins;
    struct mc_config_list proxies;
    int64_t source_ipv4;
    int64_t source_ipv6;
    const char *dashboard;
    struct mc_config_list dashboard_hosts;
    int64_t dashboard_session_ms;
};

struct gateway {
    struct mc_process process;
    struct gateway_settings settings;
    struct mc_httpd *httpd;
    struct mc_arena memory; /* of the process: the exchanges */
    struct mc_arena arena;  /* of the turn */
    struct gateway_exchange *exchanges;
    struct gateway_exchange *free;
    unsigned under_way;
    bool draining;
    struct gateway_stream *streams;     /* events.h */
    struct gateway_download *downloads; /* dvcqg_file.h */
    struct gateway_round rounds[GATEWAY_ROUNDS];
    struct mc_metrics metrics;  /* the edge's own */
    struct mc_httpd *dashboard; /* NULL: off */
    struct dash dash;
};

int gateway_main(struct gateway *gateway, int argc, char **argv);

/* Every request from the listener (routes.c). */
void gateway_handle(void *arg, struct mc_httpd_request *request);

/* A place for a request on its way; none: it is answered, and NULL. */
struct gateway_exchange *gateway_take(struct gateway *gateway, struct mc_httpd_request *request);
/* "127.0.0.1:8080" or "[::1]:8080". */
mc_nodiscard bool gateway_listen_parse(const char *text, char *host, size_t size,
                                       uint16_t *ret_port);
/* Tells a port by a file in our run folder. */
mc_nodiscard bool gateway_port_write(const struct gateway *gateway, const char *file,
                                     uint16_t port);
/* Answers with one code; `http` 0: as the status says. */
void gateway_refuse_with(struct gateway_exchange *exchange, unsigned http, unsigned rpc,
                         const char *code, struct mc_header extra);

/* What to say. `headers` ends with a NULL name and may be NULL. */
struct gateway_answer {
    int http;
    const char *content_type; /* NULL: no body */
    struct mc_bytes body;
    const char *code; /* stable error code for the log; NULL: none */
    const struct mc_header *headers;
    const char *policy; /* Content-Security-Policy of a page with forms; NULL: nothing at all */
};
void gateway_answer(struct gateway_exchange *exchange, const struct gateway_answer *answer);

/* A refusal, as Connect error or (webhooks, pages) for people to read: JSON either way. */
void gateway_answer_refusal(struct gateway_exchange *exchange,
                            const struct gateway_refusal *refusal);

/*
 * Answers with server-sent events: the stream is the caller's from then on, the exchange is over.
 * False: no memory, and the exchange is not answered.
 */
mc_nodiscard bool gateway_answer_events(struct gateway_exchange *exchange, struct gateway_sse *sse,
                                        void (*closed)(void *arg), void *arg);

/*
 * Answers with a body that comes in pieces (mc_httpd_body_begin): the request is the caller's from
 * then on, the exchange is over.
 */
struct gateway_body {
    uint64_t length;
    void (*more)(void *arg);
    void (*closed)(void *arg);
    void *arg;
};
struct mc_httpd_request *gateway_answer_body(struct gateway_exchange *exchange,
                                             const struct gateway_answer *answer,
                                             const struct gateway_body *body);

struct gateway_moment gateway_now(struct gateway *gateway);

/* Calls a room; when it cannot be asked, the exchange is answered at once. */
void gateway_ask(struct gateway_exchange *exchange, const char *room,
                 const struct gateway_call *call, mc_link_answered *answered);

/* Where a request comes from: Header.source of every call that is made for it. */
void gateway_source_of(const struct gateway_exchange *exchange,
                       char ret_source[GATEWAY_SOURCE_SIZE]);

void gateway_rpc(struct gateway_exchange *exchange);
/* Asks the room of a call that was mapped, and answers with its reply. */
void gateway_rpc_call(struct gateway_exchange *exchange, const struct gateway_call *call);
void gateway_webhook_payment(struct gateway_exchange *exchange);
void gateway_webhook_bank(struct gateway_exchange *exchange);
void gateway_webhook_tax(struct gateway_exchange *exchange);
void gateway_webhook_sms(struct gateway_exchange *exchange);
void gateway_webhook_signer(struct gateway_exchange *exchange);
/*
 * Hands a request on raw to a method that takes a WebhookRequest; `then` takes the reply, NULL: it
 * is a WebhookReply, which is the answer. The second: a call made already, whose reply is one.
 */
void gateway_webhook_pass(struct gateway_exchange *exchange, const char *room, const char *method,
                          mc_link_answered *then);
/* The same with another body than the request's. */
void gateway_webhook_say(struct gateway_exchange *exchange, const char *room, const char *method,
                         struct mc_bytes body, mc_link_answered *then);
void gateway_webhook_ask(struct gateway_exchange *exchange, const char *room,
                         const struct gateway_call *call);
void gateway_dvcqg_session(struct gateway_exchange *exchange);
void gateway_dvcqg_data(struct gateway_exchange *exchange);
void gateway_dvcqg_file(struct gateway_exchange *exchange);
void gateway_events(struct gateway_exchange *exchange);
void gateway_page(struct gateway_exchange *exchange);
void gateway_livez(struct gateway_exchange *exchange);
void gateway_readyz(struct gateway_exchange *exchange);
void gateway_metrics(struct gateway_exchange *exchange);

/* Asks every room a method of motcua.v1.Room; `done` answers the exchange. */
void gateway_round_start(struct gateway_exchange *exchange, const char *method,
                         const ProtobufCMessageDescriptor *reply_type,
                         void (*done)(struct gateway_round *round));

/* The same for ourselves: `done` has no exchange. False: too many rounds are under way. */
mc_nodiscard bool gateway_round_begin(struct gateway *gateway, const char *method,
                                      const ProtobufCMessageDescriptor *reply_type,
                                      void (*done)(struct gateway_round *round));
