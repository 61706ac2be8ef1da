#include "map.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/httpd.h"
#include "common/json.h"
#include "common/messages.h"

#include "audit.pb-c.h"
#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "notification.pb-c.h"
#include "otp.pb-c.h"
#include "partner.pb-c.h"
#include "payment.pb-c.h"
#include "print.pb-c.h"
#include "support.pb-c.h"

enum {
    RPC_INVALID = 3,
    RPC_LIMITED = 8,
    RPC_UNAUTHENTICATED = 16,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_UNSUPPORTED_TYPE = 415,
    UUID_VERSION_AT = 6,
    UUID_VARIANT_AT = 8,
};

const struct gateway_room gateway_rooms[GATEWAY_ROOMS] = {
    {"identity", &identity__identity__descriptor},
    {"otp", &otp__otp__descriptor},
    {"dossier", &dossier__dossier__descriptor},
    {"payment", &payment__payment__descriptor},
    {"notification", &notification__notification__descriptor},
    {"audit", &audit__audit__descriptor},
    {"print", &print__print__descriptor},
    {"partner", &partner__partner__descriptor},
    {"support", &support__support__descriptor},
};

/* Methods that take files or forms: few, so that a public door takes little by default. */
static const char *const upload_methods[] = {
    "/motcua.dossier.v1.Dossier/Attach", "/motcua.dossier.v1.Dossier/DepositPaper",
    "/motcua.dossier.v1.Dossier/SaveDraft", "/motcua.dossier.v1.Dossier/UploadPart",
    "/motcua.support.v1.Support/UploadPart"};

static bool takes_files(const char *path)
{
    for (size_t i = 0; i < MC_LEN(upload_methods); i++)
        if (strcmp(path, upload_methods[i]) == 0)
            return true;
    return false;
}

struct gateway_method gateway_method_find(const char *path)
{
    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        const ProtobufCServiceDescriptor *service = gateway_rooms[i].service;
        size_t len = strlen(service->name);

        if (path[0] != '/' || strncmp(path + 1, service->name, len) != 0 || path[1 + len] != '/')
            continue;
        const ProtobufCMethodDescriptor *method =
            protobuf_c_service_descriptor_get_method_by_name(service, path + 1 + len + 1);
        if (method == NULL || method->input == &motcua__webhook_request__descriptor)
            break;
        return (struct gateway_method){&gateway_rooms[i], method, takes_files(path)};
    }
    return (struct gateway_method){0};
}

/* --- refusals --- */

/* Texts with a place for the field get it; those of the validator have none. */
static const char *text_of(struct mc_arena *arena, const char *field, const char *code)
{
    const char *const args[] = {"field", field[0] != '\0' ? field : "Yêu cầu", NULL};
    char text[512];

    if (strcmp(code, MC_CODE_FIELD_TOO_LONG) == 0 ||
        mc_message_format(text, sizeof text, code, args) == 0)
        return mc_validate_text(code);
    const char *copy = mc_strdup(arena, text);
    return copy != NULL ? copy : "";
}

bool gateway_refuse(struct mc_arena *arena, struct gateway_refusal *refusal, unsigned rpc,
                    const char *field, const char *code)
{
    Motcua__Violation *violation = mc_alloc(arena, sizeof *violation);
    Motcua__Violation **list = mc_alloc(arena, sizeof(Motcua__Violation *));

    *refusal = (struct gateway_refusal){.head = MOTCUA__HEADER__INIT};
    refusal->head.status = rpc;
    refusal->head.code = mc_unconst(code);
    refusal->head.message = mc_unconst(text_of(arena, field, code));
    if (violation == NULL || list == NULL)
        return false; /* what there is will do */
    motcua__violation__init(violation);
    violation->field = mc_unconst(field);
    violation->code = refusal->head.code;
    violation->message = refusal->head.message;
    list[0] = violation;
    refusal->head.violations = list;
    refusal->head.n_violations = 1;
    return false;
}

static bool refuse_http(struct mc_arena *arena, struct gateway_refusal *refusal, unsigned rpc,
                        const char *field, const char *code, unsigned http)
{
    (void)gateway_refuse(arena, refusal, rpc, field, code);
    refusal->http = http;
    return false;
}

static bool refuse_read(struct mc_arena *arena, struct gateway_refusal *refusal, const char *field,
                        const char *code, size_t position)
{
    bool is_full = strcmp(code, MC_CODE_ARENA_FULL) == 0;
    const char *copy = mc_strdup(arena, field);

    (void)gateway_refuse(arena, refusal, is_full ? RPC_LIMITED : RPC_INVALID,
                         copy != NULL ? copy : "", code);
    if (strcmp(code, MC_CODE_JSON_INVALID) == 0) {
        char *text = mc_sprintf(arena, "%s (vị trí %zu)", refusal->head.message, position);

        if (text != NULL && refusal->head.n_violations == 1) {
            refusal->head.message = text;
            refusal->head.violations[0]->message = text;
        }
    }
    return false;
}

/* --- headers --- */

static const char *header(const struct gateway_asked *asked, const char *name)
{
    return asked->header(asked->arg, name);
}

/* "application/json; charset=utf-8" is application/json; another charset would be another text. */
static bool type_is(const char *type, const char *name)
{
    size_t len = strlen(name);

    if (strncasecmp(type, name, len) != 0)
        return false;
    type += len;
    type += strspn(type, " \t");
    if (*type == '\0')
        return true;
    if (*type++ != ';')
        return false;
    type += strspn(type, " \t");
    return strcasecmp(type, "charset=utf-8") == 0 || strcasecmp(type, "charset=\"utf-8\"") == 0;
}

static bool map_format(struct mc_arena *arena, const struct gateway_asked *asked,
                       enum gateway_format *ret_format, struct gateway_refusal *refusal)
{
    const char *type = header(asked, "Content-Type");
    const char *encoding = header(asked, "Content-Encoding");

    if (type != NULL && type_is(type, "application/json")) {
        *ret_format = GATEWAY_JSON;
    } else if (type != NULL && type_is(type, "application/proto")) {
        *ret_format = GATEWAY_PROTO;
    } else {
        (void)refuse_http(arena, refusal, RPC_INVALID, "Content-Type", "CONTENT_TYPE_UNSUPPORTED",
                          HTTP_UNSUPPORTED_TYPE);
        refusal->extra = (struct mc_header){"Accept-Post", "application/json, application/proto"};
        return false;
    }
    if (encoding != NULL && encoding[0] != '\0' && strcasecmp(encoding, "identity") != 0) {
        (void)gateway_refuse(arena, refusal, MC_RPC_UNIMPLEMENTED, "Content-Encoding",
                             "CONTENT_ENCODING_UNSUPPORTED");
        refusal->extra = (struct mc_header){"Accept-Encoding", "identity"};
        return false;
    }
    return true;
}

static bool map_version(struct mc_arena *arena, const struct gateway_asked *asked,
                        struct gateway_refusal *refusal)
{
    const char *version = header(asked, "Connect-Protocol-Version");

    if (version == NULL || strcmp(version, "1") == 0)
        return true;
    return gateway_refuse(arena, refusal, RPC_INVALID, "Connect-Protocol-Version",
                          "PROTOCOL_VERSION_UNSUPPORTED");
}

static bool map_timeout(struct mc_arena *arena, const struct gateway_asked *asked,
                        int64_t *ret_timeout_ms, struct gateway_refusal *refusal)
{
    const char *text = header(asked, "Connect-Timeout-Ms");
    int64_t timeout_ms = 0;

    *ret_timeout_ms = GATEWAY_TIMEOUT_MS;
    if (text == NULL)
        return true;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > GATEWAY_TIMEOUT_DIGITS_MAX || text[len] != '\0')
        return gateway_refuse(arena, refusal, RPC_INVALID, "Connect-Timeout-Ms", "TIMEOUT_INVALID");
    for (size_t i = 0; i < len; i++)
        timeout_ms = timeout_ms * 10 + (text[i] - '0');
    if (timeout_ms == 0) /* its time was over before it came */
        return gateway_refuse(arena, refusal, MC_RPC_DEADLINE_EXCEEDED, "", "DEADLINE_EXCEEDED");
    *ret_timeout_ms = MC_MIN(timeout_ms, (int64_t)GATEWAY_TIMEOUT_MAX_MS);
    return true;
}

static bool map_session(struct mc_arena *arena, const struct gateway_asked *asked,
                        struct gateway_call *call, struct gateway_refusal *refusal)
{
    static const char scheme[] = "Bearer ";
    const char *text = header(asked, "Authorization");

    if (text == NULL)
        return true;
    if (strncasecmp(text, scheme, sizeof scheme - 1) == 0) {
        text += sizeof scheme - 1;
        text += strspn(text, " ");
        size_t len = strlen(text);
        if (len > 0 && len <= MC_SESSION_MAX) {
            call->head.session = (ProtobufCBinaryData){len, mc_unconst(text)};
            return true;
        }
    }
    return gateway_refuse(arena, refusal, RPC_UNAUTHENTICATED, "Authorization", "SESSION_INVALID");
}

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return mc_utf8_is_valid((struct mc_bytes){text, strlen(text)});
}

/* Browsers send Latin-1 at most, so a Vietnamese purpose comes with percent signs. */
static bool map_purpose(struct mc_arena *arena, const struct gateway_asked *asked,
                        struct gateway_call *call, struct gateway_refusal *refusal)
{
    const char *text = header(asked, "Purpose");
    const char *purpose = NULL;

    if (text == NULL)
        return true;
    if (mc_percent_decode(arena, (struct mc_bytes){text, strlen(text)}, &purpose) != MC_OK ||
        strlen(purpose) > GATEWAY_PURPOSE_MAX || !is_plain(purpose))
        return gateway_refuse(arena, refusal, RPC_INVALID, "Purpose", "PURPOSE_INVALID");
    call->head.purpose = mc_unconst(purpose);
    return true;
}

/* --- ids --- */

/* The header's draft writes the key as a quoted string; clients also send it bare. */
static struct mc_bytes without_quotes(const char *key)
{
    size_t len = strlen(key);

    if (len >= 2 && key[0] == '"' && key[len - 1] == '"')
        return (struct mc_bytes){key + 1, len - 2};
    return (struct mc_bytes){key, len};
}

bool gateway_id_of_key(const char *key, uint8_t ret_id[MC_ID_LEN])
{
    struct mc_bytes text = without_quotes(key);
    uint8_t id[MC_ID_LEN];
    uint8_t hash[MC_HASH_LEN];
    int64_t made_ms = 0;

    if (text.len == 0 || text.len > GATEWAY_KEY_MAX || !is_plain(key))
        return false;
    if (mc_uuid_parse(id, text) && mc_uuid7_time(id, &made_ms)) {
        memcpy(ret_id, id, MC_ID_LEN);
        return true;
    }
    mc_hash(hash, text);
    memcpy(ret_id, hash, MC_ID_LEN);
    ret_id[UUID_VERSION_AT] = (uint8_t)(0x80 | (ret_id[UUID_VERSION_AT] & 0x0f));
    ret_id[UUID_VARIANT_AT] = (uint8_t)(0x80 | (ret_id[UUID_VARIANT_AT] & 0x3f));
    return true;
}

void gateway_head_begin(struct gateway_call *call, const char *traceparent,
                        const struct gateway_moment *moment, int64_t timeout_ms)
{
    uint8_t random[MC_TRACE_RANDOM_LEN];

    motcua__header__init(&call->head);
    mc_uuid7(call->request_id, moment->now_ms, moment->random);
    call->head.request_id = (ProtobufCBinaryData){MC_ID_LEN, call->request_id};

    mc_random_fill(moment->random, random, sizeof random);
    if (traceparent != NULL && mc_trace_is_valid(traceparent))
        mc_trace_child(traceparent, random, call->traceparent);
    else
        mc_trace_new(random, call->traceparent);
    call->head.traceparent = call->traceparent;
    call->timeout_ms = timeout_ms;
    call->head.deadline_ms = moment->now_ms + timeout_ms;
}

/* What a browser calls itself, shortened; nonsense is left out. */
static void map_device(struct mc_arena *arena, const struct gateway_asked *asked,
                       struct gateway_call *call)
{
    const char *text = header(asked, "User-Agent");

    if (text == NULL)
        return;
    size_t len = strnlen(text, MC_DEVICE_MAX);
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return;
    char *device = mc_sprintf(arena, "%.*s", (int)len, text);
    if (device != NULL)
        call->head.device = device;
}

static bool map_head(struct mc_arena *arena, const struct gateway_asked *asked,
                     const struct gateway_moment *moment, struct gateway_call *call,
                     struct gateway_refusal *refusal)
{
    const char *key = header(asked, "Idempotency-Key");
    int64_t timeout_ms = 0;

    if (!map_timeout(arena, asked, &timeout_ms, refusal))
        return false;
    gateway_head_begin(call, header(asked, "Traceparent"), moment, timeout_ms);
    /* Whoever comes through this door is a public client, whatever it says it is. */
    call->head.caller = mc_unconst("portal:http");
    call->head.source = mc_unconst(asked->source != NULL ? asked->source : "");
    map_device(arena, asked, call);
    call->head.method = mc_strdup(arena, asked->path + 1);
    if (call->head.method == NULL)
        return gateway_refuse(arena, refusal, RPC_LIMITED, "", MC_CODE_ARENA_FULL);
    if (key != NULL && !gateway_id_of_key(key, call->request_id))
        return gateway_refuse(arena, refusal, RPC_INVALID, "Idempotency-Key",
                              "IDEMPOTENCY_KEY_INVALID");
    return map_session(arena, asked, call, refusal) && map_purpose(arena, asked, call, refusal);
}

/* --- bodies --- */

static bool map_json(struct mc_arena *arena, const struct gateway_asked *asked,
                     struct gateway_call *call, struct gateway_refusal *refusal)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;
    struct mc_json_error error = {0};
    ProtobufCMessage *message = NULL;

    if (call->method.takes_files) {
        limits.bytes_max = MC_UPLOAD_MAX;
        limits.string_max = MC_FORM_MAX;
    }
    enum mc_status status = mc_json_decode_within(arena, call->method.proto->input, asked->body,
                                                  &limits, &message, &error);
    if (status == MC_INVALID)
        return refuse_read(arena, refusal, error.field, error.code, error.position);
    if (status == MC_OK)
        call->body = mc_body_pack(arena, message);
    if (call->body.data == NULL)
        return refuse_read(arena, refusal, "", MC_CODE_ARENA_FULL, 0);
    return true;
}

/* Protobuf passes as it came: the room reads it more strictly than we could. */
static bool map_body(struct mc_arena *arena, const struct gateway_asked *asked,
                     const struct gateway_limits *limits, struct gateway_call *call,
                     struct gateway_refusal *refusal)
{
    size_t max = call->method.takes_files ? limits->upload_max : limits->body_max;

    if (call->format == GATEWAY_PROTO && call->method.takes_files)
        max = MC_MIN(max, (size_t)MC_UPLOAD_MAX);
    if (asked->body.len > max)
        return refuse_read(arena, refusal, "", MC_CODE_TOO_LONG, 0);
    if (call->format == GATEWAY_JSON)
        return map_json(arena, asked, call, refusal);
    call->body = asked->body;
    return true;
}

bool gateway_map_method(struct mc_arena *arena, const struct gateway_asked *asked,
                        const struct gateway_method *method, const struct gateway_limits *limits,
                        const struct gateway_moment *moment, struct gateway_call *ret_call,
                        struct gateway_refusal *ret_refusal)
{
    *ret_call = (struct gateway_call){.method = *method};
    if (method->proto == NULL)
        return refuse_http(arena, ret_refusal, MC_RPC_UNIMPLEMENTED, "", "METHOD_UNKNOWN",
                           HTTP_NOT_FOUND);
    if (strcmp(asked->method, "POST") != 0) {
        (void)refuse_http(arena, ret_refusal, MC_RPC_UNIMPLEMENTED, "", "HTTP_METHOD_UNSUPPORTED",
                          HTTP_METHOD_NOT_ALLOWED);
        ret_refusal->extra = (struct mc_header){"Allow", "POST"};
        return false;
    }
    return map_format(arena, asked, &ret_call->format, ret_refusal) &&
           map_version(arena, asked, ret_refusal) &&
           map_head(arena, asked, moment, ret_call, ret_refusal) &&
           map_body(arena, asked, limits, ret_call, ret_refusal);
}

bool gateway_map(struct mc_arena *arena, const struct gateway_asked *asked,
                 const struct gateway_limits *limits, const struct gateway_moment *moment,
                 struct gateway_call *ret_call, struct gateway_refusal *ret_refusal)
{
    struct gateway_method method = gateway_method_find(asked->path);

    return gateway_map_method(arena, asked, &method, limits, moment, ret_call, ret_refusal);
}
