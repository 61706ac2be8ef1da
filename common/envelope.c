#include "common/envelope.h"

#include <string.h>

#include "common/pack.h"
#include "common/unpack.h"

static void refuse(struct mc_validate_error *error, const char *field, const char *code)
{
    *error = (struct mc_validate_error){.code = code};
    mc_path_print(&(struct mc_path){NULL, field, MC_PATH_NO_INDEX}, error->field);
}

/* --- headers --- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Each of these steps over its part, or gives NULL. */
static const char *skip_text(const char *at, const char *text)
{
    size_t len = strlen(text);

    return strncmp(at, text, len) == 0 ? at + len : NULL;
}

static const char *skip_package(const char *at)
{
    if (!is_lower(*at))
        return NULL;
    while (is_lower(*at) || is_digit(*at) || *at == '_')
        at++;
    return at;
}

static const char *skip_version(const char *at)
{
    if (at[0] != 'v' || !is_digit(at[1]))
        return NULL;
    for (at++; is_digit(*at);)
        at++;
    return at;
}

static const char *skip_name(const char *at)
{
    if (!is_upper(*at))
        return NULL;
    while (is_upper(*at) || is_lower(*at) || is_digit(*at))
        at++;
    return at;
}

bool mc_method_is_valid(const char *method)
{
    const char *at = skip_text(method, "motcua.");

    if (strnlen(method, MC_METHOD_MAX + 1) > MC_METHOD_MAX)
        return false;
    if (at == NULL)
        return false;
    /* motcua.v1.Room is the house's own: it has no package between. */
    const char *version = skip_version(at);
    if (version == NULL || *version != '.') {
        if ((at = skip_package(at)) == NULL || *at++ != '.')
            return false;
        version = skip_version(at);
    }
    at = version;
    if (at == NULL || *at++ != '.')
        return false;
    if ((at = skip_name(at)) == NULL || *at++ != '/')
        return false;
    at = skip_name(at);
    return at != NULL && *at == '\0';
}

bool mc_source_is_valid(const char *source)
{
    size_t len = 0;

    for (; source[len] != '\0'; len++) {
        char c = source[len];
        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && strchr(".:/-_", c) == NULL)
            return false;
    }
    return len <= MC_SOURCE_MAX;
}

static bool header_is_valid(const Motcua__Header *header, bool is_reply,
                            struct mc_validate_error *error)
{
    bool may_lack_id = is_reply && header->request_id.len == 0;
    bool may_lack_method = is_reply && header->method[0] == '\0';

    if (!may_lack_id && header->request_id.len != MC_ID_LEN) {
        refuse(error, "request_id", MC_CODE_FIELD_INVALID);
        return false;
    }
    if (!may_lack_method && !mc_method_is_valid(header->method)) {
        refuse(error, "method", MC_CODE_FIELD_INVALID);
        return false;
    }
    if (!mc_source_is_valid(header->source)) {
        refuse(error, "source", MC_CODE_FIELD_INVALID);
        return false;
    }
    if (strlen(header->device) > MC_DEVICE_MAX) {
        refuse(error, "device", MC_CODE_FIELD_TOO_LONG);
        return false;
    }
    return true;
}

static ProtobufCMessage *unpack(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                struct mc_bytes wire, const struct mc_limits *limits,
                                struct mc_validate_error *error)
{
    if (mc_validate_within(type, wire, limits, error) != MC_OK)
        return NULL;
    ProtobufCMessage *message = mc_unpack_message(arena, type, wire);
    if (message == NULL) /* the bytes are good, so it is the memory */
        refuse(error, NULL, arena->full ? MC_CODE_ARENA_FULL : MC_CODE_WIRE_INVALID);
    return message;
}

static Motcua__Header *open_header(struct mc_arena *arena, struct mc_bytes bytes, bool is_reply,
                                   struct mc_validate_error *error)
{
    const struct mc_limits limits = {
        .string_max = MC_HEADER_TEXT_MAX,
        .bytes_max = MC_SESSION_MAX,
        .list_max = MC_VIOLATIONS_MAX,
        .depth_max = 2,
    };

    if (bytes.len > MC_HEADER_MAX) {
        refuse(error, NULL, MC_CODE_TOO_LONG);
        return NULL;
    }
    Motcua__Header *header =
        (Motcua__Header *)unpack(arena, &motcua__header__descriptor, bytes, &limits, error);
    if (header == NULL || !header_is_valid(header, is_reply, error))
        return NULL;
    if (!mc_trace_is_valid(header->traceparent))
        header->traceparent = mc_unconst(protobuf_c_empty_string);
    return header;
}

Motcua__Header *mc_envelope_open(struct mc_arena *arena, struct mc_bytes header,
                                 struct mc_validate_error *error)
{
    return open_header(arena, header, false, error);
}

Motcua__Header *mc_envelope_open_reply(struct mc_arena *arena, struct mc_bytes header,
                                       struct mc_validate_error *error)
{
    return open_header(arena, header, true, error);
}

static struct mc_bytes pack(struct mc_arena *arena, const ProtobufCMessage *message)
{
    size_t len = 0;
    uint8_t *data = mc_pack(arena, message, 0, &len);

    return data != NULL ? (struct mc_bytes){data, len} : (struct mc_bytes){0};
}

struct mc_bytes mc_envelope_pack(struct mc_arena *arena, const Motcua__Header *header)
{
    Motcua__Header fitting = *header;
    size_t mark = arena->used;

    fitting.n_violations = MC_MIN(fitting.n_violations, (size_t)MC_VIOLATIONS_MAX);
    struct mc_bytes packed = pack(arena, &fitting.base);
    while (packed.len > MC_HEADER_MAX && fitting.n_violations > 0) {
        fitting.n_violations--;
        mc_arena_rewind(arena, mark);
        packed = pack(arena, &fitting.base);
    }
    return packed.len <= MC_HEADER_MAX ? packed : (struct mc_bytes){0};
}

/* --- bodies --- */

ProtobufCMessage *mc_body_open(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                               struct mc_bytes body, size_t body_max,
                               struct mc_validate_error *error)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;

    if (body.len > body_max) {
        refuse(error, NULL, MC_CODE_TOO_LONG);
        return NULL;
    }
    if (body_max > MC_BODY_MAX) { /* a method that takes files or forms */
        limits.bytes_max = body_max;
        limits.string_max = MC_FORM_MAX;
    }
    return unpack(arena, type, body, &limits, error);
}

struct mc_bytes mc_body_pack(struct mc_arena *arena, const ProtobufCMessage *message)
{
    return pack(arena, message);
}

/* --- statuses --- */

static const struct {
    const char *name;
    unsigned http;
    enum mc_status status;
} rpc_codes[] = {
    /* clang-format off */
    [0]  = {"ok",                  200, MC_OK},
    [1]  = {"canceled",            499, MC_BUSY},
    [2]  = {"unknown",             500, MC_IO},
    [3]  = {"invalid_argument",    400, MC_INVALID},
    [4]  = {"deadline_exceeded",   504, MC_BUSY},
    [5]  = {"not_found",           404, MC_NOT_FOUND},
    [6]  = {"already_exists",      409, MC_CONFLICT},
    [7]  = {"permission_denied",   403, MC_DENIED},
    [8]  = {"resource_exhausted",  429, MC_LIMITED},
    [9]  = {"failed_precondition", 400, MC_EXPIRED},
    [10] = {"aborted",             409, MC_CONFLICT},
    [11] = {"out_of_range",        400, MC_INVALID},
    [12] = {"unimplemented",       501, MC_NOT_FOUND},
    [13] = {"internal",            500, MC_IO},
    [14] = {"unavailable",         503, MC_BUSY},
    [15] = {"data_loss",           500, MC_CORRUPT},
    [16] = {"unauthenticated",     401, MC_UNAUTHENTICATED},
    /* clang-format on */
};

enum { RPC_UNKNOWN = 2, RPC_INTERNAL = 13 };

unsigned mc_status_rpc(enum mc_status status)
{
    static const uint8_t codes[] = {
        [MC_OK] = 0,
        [MC_INVALID] = 3,
        [MC_UNAUTHENTICATED] = 16,
        [MC_DENIED] = 7,
        [MC_NOT_FOUND] = 5,
        [MC_CONFLICT] = 6,
        [MC_EXPIRED] = 9,
        [MC_LIMITED] = 8,
        [MC_BUSY] = 14,
        [MC_FULL] = 14,
        [MC_CORRUPT] = 15,
        [MC_IO] = 13,
        [MC_WAIT] = RPC_INTERNAL, /* parked calls are not answered */
    };

    assert((size_t)status < MC_LEN(codes));
    return codes[status];
}

enum mc_status mc_status_of_rpc(unsigned rpc)
{
    return rpc < MC_LEN(rpc_codes) ? rpc_codes[rpc].status : MC_IO;
}

const char *mc_rpc_name(unsigned rpc)
{
    return rpc_codes[rpc < MC_LEN(rpc_codes) ? rpc : RPC_UNKNOWN].name;
}

unsigned mc_rpc_of_name(const char *name)
{
    for (unsigned rpc = 0; rpc < MC_LEN(rpc_codes); rpc++)
        if (strcmp(rpc_codes[rpc].name, name) == 0)
            return rpc;
    return RPC_UNKNOWN;
}

unsigned mc_rpc_http(unsigned rpc)
{
    return rpc_codes[rpc < MC_LEN(rpc_codes) ? rpc : RPC_UNKNOWN].http;
}

/* --- traces --- */

enum { TRACE_AT = 3, TRACE_LEN = 32, SPAN_AT = 36, SPAN_LEN = 16, FLAGS_AT = 53, FLAGS_LEN = 2 };

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

static bool is_zero(const char *text, size_t len)
{
    return strspn(text, "0") >= len;
}

/* Version 00 only: what a later one means is not ours to guess. */
bool mc_trace_is_valid(const char *traceparent)
{
    if (strnlen(traceparent, MC_TRACEPARENT_LEN + 1) != MC_TRACEPARENT_LEN)
        return false;
    if (memcmp(traceparent, "00-", 3) != 0 || traceparent[SPAN_AT - 1] != '-' ||
        traceparent[FLAGS_AT - 1] != '-')
        return false;
    return is_hex(traceparent + TRACE_AT, TRACE_LEN) && is_hex(traceparent + SPAN_AT, SPAN_LEN) &&
           is_hex(traceparent + FLAGS_AT, FLAGS_LEN) &&
           !is_zero(traceparent + TRACE_AT, TRACE_LEN) && !is_zero(traceparent + SPAN_AT, SPAN_LEN);
}

/* All zeros is "none" in the standard, so that one draw in 2^64 becomes a one. */
static void put_hex(char *text, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    if (is_zero(text, 2 * len))
        text[2 * len - 1] = '1';
}

void mc_trace_new(const uint8_t random[MC_TRACE_RANDOM_LEN], char text[MC_TRACEPARENT_LEN + 1])
{
    memset(text, '-', MC_TRACEPARENT_LEN);
    memset(text, '0', 2);
    put_hex(text + TRACE_AT, random, TRACE_LEN / 2);
    put_hex(text + SPAN_AT, random + TRACE_LEN / 2, SPAN_LEN / 2);
    memcpy(text + FLAGS_AT, "01", FLAGS_LEN + 1);
}

void mc_trace_child(const char *parent, const uint8_t random[MC_SPAN_RANDOM_LEN],
                    char text[MC_TRACEPARENT_LEN + 1])
{
    assert(mc_trace_is_valid(parent));

    memcpy(text, parent, MC_TRACEPARENT_LEN + 1);
    put_hex(text + SPAN_AT, random, SPAN_LEN / 2);
}
