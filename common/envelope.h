/*
 * The envelope: what every message travels in, [Header][body], checked before anything is done.
 *
 * Headers and bodies come and go as bytes; what is opened lives as long as the arena's turn.
 * Refusals name the field and a stable code (common/validate.h). A traceparent that is not
 * one is dropped, never refused: losing a trace may not lose a call.
 */
#pragma once

#include "common/arena.h"
#include "common/base.h"
#include "common/validate.h"

#include "envelope.pb-c.h"

enum {
    MC_HEADER_MAX = 8 * 1024,
    MC_SESSION_MAX = 2 * 1024,
    MC_HEADER_TEXT_MAX = 1024, /* any string in a header */
    MC_VIOLATIONS_MAX = 100,
    MC_METHOD_MAX = 100,
    MC_DEVICE_MAX = 200,      /* bytes of a device's words */
    MC_SOURCE_MAX = 64,       /* "2001:db8:1::/48", or a portal's own word for where its user is */
    MC_BODY_MAX = 256 * 1024, /* unless the method says otherwise */
    MC_FORM_MAX = 64 * 1024,  /* a string in a body that may be larger than that */
    MC_FORM_BODY_MAX = MC_BODY_MAX + MC_FORM_MAX, /* for a method that takes a form as text */

    MC_TRACEPARENT_LEN = 55, /* 00-<32 hex>-<16 hex>-<2 hex> */
    MC_TRACE_RANDOM_LEN = 24,
    MC_SPAN_RANDOM_LEN = 8,
};

/* --- headers --- */

/* A request's header, or NULL with `error` set. The session and all strings are within limits. */
mc_nodiscard Motcua__Header *mc_envelope_open(struct mc_arena *arena, struct mc_bytes header,
                                              struct mc_validate_error *error);

/* The same of a reply, in which request id and method may be empty: the request was unreadable. */
mc_nodiscard Motcua__Header *mc_envelope_open_reply(struct mc_arena *arena, struct mc_bytes header,
                                                    struct mc_validate_error *error);

/*
 * The header's bytes; .data is NULL when the arena is full or it is over MC_HEADER_MAX even
 * without violations. Violations that do not fit are left out, the last ones first.
 */
mc_nodiscard struct mc_bytes mc_envelope_pack(struct mc_arena *arena, const Motcua__Header *header);

/* "motcua.otp.v1.Otp/Issue" */
bool mc_method_is_valid(const char *method);

/* Letters, digits and ". : / - _", at most MC_SOURCE_MAX; or nothing at all. */
bool mc_source_is_valid(const char *source);

/* --- bodies --- */

/*
 * The body as a message, or NULL with `error` set. `body_max` bounds the whole and, when
 * larger than MC_BODY_MAX, its bytes fields too, and its strings may be MC_FORM_MAX. An empty
 * body is a message of defaults.
 */
mc_nodiscard ProtobufCMessage *mc_body_open(struct mc_arena *arena,
                                            const ProtobufCMessageDescriptor *type,
                                            struct mc_bytes body, size_t body_max,
                                            struct mc_validate_error *error);

mc_nodiscard struct mc_bytes mc_body_pack(struct mc_arena *arena, const ProtobufCMessage *message);

/* --- statuses: ours, the canonical RPC codes, Connect's names, HTTP --- */

enum { MC_RPC_DEADLINE_EXCEEDED = 4, MC_RPC_UNIMPLEMENTED = 12 }; /* those that have no mc_status */

unsigned mc_status_rpc(enum mc_status status);
enum mc_status mc_status_of_rpc(unsigned rpc); /* unknown codes: MC_IO */
const char *mc_rpc_name(unsigned rpc);         /* "invalid_argument"; "unknown" if it is */
unsigned mc_rpc_of_name(const char *name);     /* 2 (unknown) if it is */
unsigned mc_rpc_http(unsigned rpc);            /* Connect protocol, "Error Codes" */

/* --- W3C Trace Context --- */

bool mc_trace_is_valid(const char *traceparent);
void mc_trace_new(const uint8_t random[MC_TRACE_RANDOM_LEN], char text[MC_TRACEPARENT_LEN + 1]);

/* The same trace and flags, a new span. `parent` must be valid. */
void mc_trace_child(const char *parent, const uint8_t random[MC_SPAN_RANDOM_LEN],
                    char text[MC_TRACEPARENT_LEN + 1]);
