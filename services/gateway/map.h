/*
 * Map: an HTTP request made a call, or refused. Pure: no socket, no clock, no room.
 *
 * The Connect unary protocol (connectrpc.com/docs/protocol): POST /<package>.<Service>/<Method>,
 * JSON or protobuf, found by descriptor. What the mapping makes lives as long as the arena's turn.
 */
#pragma once

#include "common/arena.h"
#include "common/crypto.h"
#include "common/envelope.h"
#include "common/header.h"

enum {
    GATEWAY_ROOMS = 9,
    GATEWAY_BODY_MAX = 256 << 10,   /* default; see gateway.body_max */
    GATEWAY_UPLOAD_MAX = 8 << 20,   /* default; base64 of 5 MiB and its wrapping */
    GATEWAY_TIMEOUT_MS = 30 * 1000, /* when the client names none */
    GATEWAY_TIMEOUT_MAX_MS = 60 * 1000,
    GATEWAY_TIMEOUT_DIGITS_MAX = 10, /* Connect protocol, Connect-Timeout-Ms */
    GATEWAY_KEY_MAX = 255,           /* characters of an Idempotency-Key */
    GATEWAY_PURPOSE_MAX = 512,       /* bytes of a purpose, decoded */
};

/* A room whose service is open to the public edge; its own checks say to whom. */
struct gateway_room {
    const char *name;
    const ProtobufCServiceDescriptor *service;
};
extern const struct gateway_room gateway_rooms[GATEWAY_ROOMS];

struct gateway_method {
    const struct gateway_room *room;
    const ProtobufCMethodDescriptor *proto; /* NULL: no such method */
    bool takes_files;
};

/*
 * "/motcua.otp.v1.Otp/Issue", exactly. Methods that take a WebhookRequest are not for clients:
 * in it the gateway says who the peer was, so nobody else may fill one.
 */
struct gateway_method gateway_method_find(const char *path);

/* What the mapping reads of a request. */
struct gateway_asked {
    const char *method; /* of HTTP */
    const char *path;
    const char *(*header)(const void *arg, const char *name); /* NULL: not there */
    const void *arg;
    const char *source; /* the peer's prefix (source.h); NULL: unknown */
    struct mc_bytes body;
};

struct gateway_limits {
    size_t body_max;
    size_t upload_max;
};

/* What the mapping cannot know by itself. */
struct gateway_moment {
    int64_t now_ms;
    const struct mc_random *random;
};

enum gateway_format { GATEWAY_JSON, GATEWAY_PROTO };

struct gateway_call {
    struct gateway_method method;
    enum gateway_format format;
    Motcua__Header head;
    uint8_t request_id[MC_ID_LEN]; /* what head.request_id points to; so the call may not move */
    char traceparent[MC_TRACEPARENT_LEN + 1];
    int64_t timeout_ms;
    struct mc_bytes body; /* protobuf */
};

/* A call that did not happen, in the words of a reply's header. */
struct gateway_refusal {
    unsigned http; /* 0: as the status says */
    Motcua__Header head;
    struct mc_header extra; /* Allow, Accept-Post …; NULL name: none */
};

/* False: refused. */
mc_nodiscard bool gateway_map(struct mc_arena *arena, const struct gateway_asked *asked,
                              const struct gateway_limits *limits,
                              const struct gateway_moment *moment, struct gateway_call *ret_call,
                              struct gateway_refusal *ret_refusal);

/* The same of a method that was found already. */
mc_nodiscard bool gateway_map_method(struct mc_arena *arena, const struct gateway_asked *asked,
                                     const struct gateway_method *method,
                                     const struct gateway_limits *limits,
                                     const struct gateway_moment *moment,
                                     struct gateway_call *ret_call,
                                     struct gateway_refusal *ret_refusal);

/* Refuses with one violation; the text is the code's. Always false. */
bool gateway_refuse(struct mc_arena *arena, struct gateway_refusal *refusal, unsigned rpc,
                    const char *field, const char *code);

/*
 * A request id from an Idempotency-Key: a UUIDv7 is taken as it is; of another text the hash,
 * as a UUIDv8 (RFC 9562 sect. 5.8): the same text is the same id, whoever sends it, and rooms
 * keep callers apart. False: empty, too long, or not plain text.
 */
mc_nodiscard bool gateway_id_of_key(const char *key, uint8_t ret_id[MC_ID_LEN]);

/* The header of any call the gateway makes: id, trace and deadline. Method and caller are left. */
void gateway_head_begin(struct gateway_call *call, const char *traceparent,
                        const struct gateway_moment *moment, int64_t timeout_ms);

/* The Connect error of a reply that is not OK. MC_FULL: the arena. */
mc_nodiscard enum mc_status gateway_error_json(struct mc_arena *arena, const Motcua__Header *head,
                                               struct mc_bytes *ret_text);
