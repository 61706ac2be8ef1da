/*
 * The wire validator: every inbound message goes through it before protobuf-c.
 *
 * protobuf-c keeps unknown fields, lets the last duplicate win, does not check UTF-8,
 * cuts strings at NUL, takes any number for an enum and has no limit on lists or depth.
 * Two parties that read the same bytes differently is how signatures and limits are
 * passed by, so here all of that is refused, with the field's name.
 *
 * Nothing is allocated and nothing kept. What passes always unpacks, unless memory is short.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/base.h"
#include "common/path.h"

enum {
    MC_STRING_MAX = 4096,       /* bytes in a string field */
    MC_BYTES_MAX = 256 * 1024,  /* in a bytes field */
    MC_UPLOAD_MAX = 6 << 20,    /* in a bytes field of a method that takes files */
    MC_LIST_MAX = 1000,         /* elements in a repeated field */
    MC_DEPTH_MAX = 8,           /* messages within messages, the outermost counted */
    MC_MESSAGE_FIELDS_MAX = 128 /* fields one message type may have */
};

struct mc_limits {
    size_t string_max;
    size_t bytes_max;
    size_t list_max;
    unsigned depth_max; /* at most MC_DEPTH_MAX */
};

#define MC_LIMITS_DEFAULT                                                                          \
    ((struct mc_limits){.string_max = MC_STRING_MAX,                                               \
                        .bytes_max = MC_BYTES_MAX,                                                 \
                        .list_max = MC_LIST_MAX,                                                   \
                        .depth_max = MC_DEPTH_MAX})

/* The codes are part of the interface: peers and pages match on them. */
#define MC_CODE_WIRE_INVALID    "WIRE_INVALID"    /* not protobuf: truncated, bad tag, a group */
#define MC_CODE_FIELD_UNKNOWN   "FIELD_UNKNOWN"   /* no such field in this message */
#define MC_CODE_FIELD_INVALID   "FIELD_INVALID"   /* wrong type, out of range, unknown enum value */
#define MC_CODE_FIELD_UTF8      "FIELD_UTF8"      /* not UTF-8, or a NUL inside */
#define MC_CODE_FIELD_TOO_LONG  "FIELD_TOO_LONG"  /* string or bytes over the limit */
#define MC_CODE_FIELD_DUPLICATE "FIELD_DUPLICATE" /* twice, or two members of one oneof */
#define MC_CODE_LIST_TOO_LONG   "LIST_TOO_LONG"
#define MC_CODE_TOO_DEEP        "TOO_DEEP"
#define MC_CODE_TOO_LONG        "MESSAGE_TOO_LONG" /* the whole message */
#define MC_CODE_ARENA_FULL      "MEMORY_FULL" /* the turn's memory is used up: not the peer's fault */

struct mc_validate_error {
    char field[MC_PATH_SIZE]; /* "items[2].amount"; empty: the whole message */
    const char *code;         /* one of MC_CODE_… */
};

/* MC_OK or MC_INVALID. `error` is written only on refusal. */
mc_nodiscard enum mc_status mc_validate(const ProtobufCMessageDescriptor *type,
                                        struct mc_bytes wire, struct mc_validate_error *error);
mc_nodiscard enum mc_status mc_validate_within(const ProtobufCMessageDescriptor *type,
                                               struct mc_bytes wire, const struct mc_limits *limits,
                                               struct mc_validate_error *error);

/* The Vietnamese text of a code, for the person whose request it was. Never NULL. */
const char *mc_validate_text(const char *code);

/* How many bytes from the start are well-formed UTF-8 (Unicode table 3-7) without NUL. */
size_t mc_utf8_prefix(struct mc_bytes text);

static inline bool mc_utf8_is_valid(struct mc_bytes text)
{
    return mc_utf8_prefix(text) == text.len;
}

/*
 * Walks a message type and all it contains: MC_INVALID if it contains itself, is deeper than
 * MC_DEPTH_MAX, has more than MC_MESSAGE_FIELDS_MAX fields, or a map (common/json.h has no way
 * to tell one). Every daemon asks at boot.
 */
mc_nodiscard enum mc_status mc_descriptor_check(const ProtobufCMessageDescriptor *type);
