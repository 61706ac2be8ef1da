#include "common/pack.h"

#include <string.h>

enum { SCRATCH = 8 << 10, TAG_BITS = 3 };
enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

/* Grows downwards: what is at `at` was written last. */
struct out {
    uint8_t *begin;
    uint8_t *at;
};

static bool put_varint(struct out *out, uint64_t number)
{
    size_t len = 1;

    for (uint64_t rest = number >> 7; rest != 0; rest >>= 7)
        len++;
    if ((size_t)(out->at - out->begin) < len)
        return false;
    out->at -= len;
    for (size_t i = 0; i + 1 < len; i++, number >>= 7)
        out->at[i] = (uint8_t)(number | 0x80U);
    out->at[len - 1] = (uint8_t)number;
    return true;
}

static bool put_tag(struct out *out, uint32_t id, unsigned wire)
{
    return put_varint(out, (uint64_t)id << TAG_BITS | wire);
}

/* The length, then the tag, of what was written since `end`. */
static bool put_length(struct out *out, const uint8_t *end, uint32_t id)
{
    return put_varint(out, (uint64_t)(end - out->at)) && put_tag(out, id, WIRE_LENGTH);
}

static bool put_bytes(struct out *out, uint32_t id, const void *data, size_t len)
{
    const uint8_t *end = out->at;

    if ((size_t)(out->at - out->begin) < len)
        return false;
    out->at -= len;
    if (len > 0)
        memcpy(out->at, data, len);
    return put_length(out, end, id);
}

/* What a varint field holds; false: it is of another kind. */
static bool number_of(ProtobufCType type, const void *value, uint64_t *ret_number)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        *ret_number = *(const protobuf_c_boolean *)value != 0;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        *ret_number = *(const uint32_t *)value;
        return true;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
        *ret_number = (uint64_t)(int64_t) * (const int32_t *)value;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        *ret_number = *(const uint64_t *)value;
        return true;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return false;
}

static size_t size_of(ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_BOOL)
        return sizeof(protobuf_c_boolean);
    if (type == PROTOBUF_C_TYPE_BYTES)
        return sizeof(ProtobufCBinaryData);
    if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_INT64)
        return sizeof(uint64_t);
    if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE)
        return sizeof(void *);
    return sizeof(uint32_t);
}

static bool put_message(struct out *out, const ProtobufCMessage *message);

/* A field of its own: nothing is written for what proto3 calls absent. */
static bool put_single(struct out *out, const ProtobufCFieldDescriptor *field, const void *value,
                       bool always)
{
    uint64_t number = 0;

    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        if (text == NULL || text[0] == '\0')
            return !always || put_bytes(out, field->id, text, 0);
        return put_bytes(out, field->id, text, strlen(text));
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = value;
        return (data->len == 0 && !always) || put_bytes(out, field->id, data->data, data->len);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
        const uint8_t *end = out->at;
        if (inner == NULL && !always)
            return true;
        return (inner == NULL || put_message(out, inner)) && put_length(out, end, field->id);
    }
    if (!number_of(field->type, value, &number))
        return false;
    return (number == 0 && !always) ||
           (put_varint(out, number) && put_tag(out, field->id, WIRE_VARINT));
}

static bool put_list(struct out *out, const ProtobufCFieldDescriptor *field, const uint8_t *items,
                     size_t n)
{
    const uint8_t *end = out->at;
    bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
    size_t size = size_of(field->type);

    while (n-- > 0) {
        uint64_t number = 0;
        bool fits =
            packed ? number_of(field->type, items + n * size, &number) && put_varint(out, number)
                   : put_single(out, field, items + n * size, true);
        if (!fits)
            return false;
    }
    return !packed || end == out->at || put_length(out, end, field->id);
}

/* False: it does not fit, or is not for us. */
static bool put_message(struct out *out, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const uint8_t *base = (const uint8_t *)message;
    bool fits = message->n_unknown_fields == 0;

    for (unsigned i = type->n_fields; fits && i-- > 0;) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const void *value = base + field->offset;

        bool chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0; /* we have none */

        if (!chosen && field->label == PROTOBUF_C_LABEL_NONE)
            fits = put_single(out, field, value, false);
        else if (!chosen && field->label == PROTOBUF_C_LABEL_REPEATED)
            fits = put_list(out, field, *(const uint8_t *const *)value,
                            *(const size_t *)(const void *)(base + field->quantifier_offset));
        else
            fits = false;
    }
    return fits;
}

uint8_t *mc_pack(struct mc_arena *arena, const ProtobufCMessage *message, size_t head,
                 size_t *ret_len)
{
    static _Thread_local uint8_t scratch[SCRATCH];
    struct out out = {.begin = scratch, .at = scratch + SCRATCH};
    bool fits = put_message(&out, message);
    size_t written = (size_t)(scratch + SCRATCH - out.at);
    size_t len = fits ? written : protobuf_c_message_get_packed_size(message);
    uint8_t *packed = mc_alloc(arena, head + len);

    if (packed != NULL && fits)
        memcpy(packed + head, out.at, len);
    else if (packed != NULL)
        (void)protobuf_c_message_pack(message, packed + head);
    explicit_bzero(out.at, written); /* as the arena's own memory: it may hold personal data */
    *ret_len = len;
    return packed;
}
