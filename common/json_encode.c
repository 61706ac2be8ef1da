#include <string.h>

#include "common/json.h"
#include "common/json_parse.h"

enum { NAME_SIZE = 128 };

static const void *member_at(const ProtobufCMessage *message, unsigned offset)
{
    return (const uint8_t *)message + offset;
}

/* customer_id -> customerId */
static void camel_name(const char *name, char text[NAME_SIZE])
{
    size_t len = 0;
    bool raise = false;

    for (; *name != '\0' && len < NAME_SIZE - 1; name++) {
        if (*name == '_') {
            raise = true;
            continue;
        }
        text[len] = *name;
        if (raise)
            text[len] = mc_json_upper(*name);
        len++;
        raise = false;
    }
    text[len] = '\0';
}

static int64_t read_int32(const void *value)
{
    int32_t number;

    memcpy(&number, value, sizeof number);
    return number;
}

static uint32_t read_uint32(const void *value)
{
    uint32_t number;

    memcpy(&number, value, sizeof number);
    return number;
}

static uint64_t read_uint64(const void *value)
{
    uint64_t number;

    memcpy(&number, value, sizeof number);
    return number;
}

static float read_float(const void *value)
{
    float number;

    memcpy(&number, value, sizeof number);
    return number;
}

static double read_double(const void *value)
{
    double number;

    memcpy(&number, value, sizeof number);
    return number;
}

static const void *read_pointer(const void *value)
{
    const void *pointer;

    memcpy(&pointer, value, sizeof pointer);
    return pointer;
}

static struct mc_bytes read_bytes(const void *value)
{
    ProtobufCBinaryData data;

    memcpy(&data, value, sizeof data);
    return (struct mc_bytes){data.data, data.len};
}

/* JavaScript's numbers end at 2^53, so 64 bits go in quotes. */
static void encode_long(struct mc_json_writer *writer, uint64_t number, bool is_signed)
{
    char text[24];
    size_t at = sizeof text;
    bool negative = is_signed && number > INT64_MAX;
    uint64_t left = negative ? 0 - number : number;

    do
        text[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (negative)
        text[--at] = '-';
    mc_json_string_n(writer, (struct mc_bytes){text + at, sizeof text - at});
}

static void encode_enum(struct mc_json_writer *writer, const ProtobufCEnumDescriptor *type,
                        int64_t number)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, (int)number);

    if (known != NULL)
        mc_json_string(writer, known->name);
    else
        mc_json_int(writer, number);
}

static void encode_value(struct mc_json_writer *writer, const ProtobufCFieldDescriptor *field,
                         const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        mc_json_int(writer, read_int32(value));
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        mc_json_uint(writer, read_uint32(value));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        encode_long(writer, read_uint64(value), true);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        encode_long(writer, read_uint64(value), false);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        mc_json_float(writer, read_float(value));
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        mc_json_double(writer, read_double(value));
        break;
    case PROTOBUF_C_TYPE_BOOL:
        mc_json_true_or_false(writer, read_int32(value) != 0);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        encode_enum(writer, field->descriptor, read_int32(value));
        break;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = read_pointer(value);
        mc_json_string(writer, text != NULL ? text : "");
        break;
    }
    case PROTOBUF_C_TYPE_BYTES:
        mc_json_base64(writer, read_bytes(value));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        mc_json_message(writer, read_pointer(value));
        break;
    }
}

size_t mc_json_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    return 8;
}

static void encode_list(struct mc_json_writer *writer, const ProtobufCFieldDescriptor *field,
                        const ProtobufCMessage *message)
{
    size_t len = read_uint64(member_at(message, field->quantifier_offset));
    const uint8_t *values = read_pointer(member_at(message, field->offset));
    size_t size = mc_json_value_size(field->type);

    mc_json_array(writer);
    for (size_t i = 0; i < len; i++)
        encode_value(writer, field, values + i * size);
    mc_json_end(writer);
}

/* A proto3 field without presence is there when it is not its default. */
static bool is_set_by_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = read_pointer(value);
        return text != NULL && text[0] != '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return read_bytes(value).len > 0;
    if (field->type == PROTOBUF_C_TYPE_FLOAT)
        return read_float(value) != 0; /* as protobuf-c packs it: -0.0 too is nothing */
    if (field->type == PROTOBUF_C_TYPE_DOUBLE)
        return read_double(value) != 0;
    if (mc_json_value_size(field->type) == 8)
        return read_uint64(value) != 0;
    return read_uint32(value) != 0;
}

static bool is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const void *value = member_at(message, field->offset);

    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        bool chosen = read_uint32(member_at(message, field->quantifier_offset)) == field->id;
        return chosen && (field->type != PROTOBUF_C_TYPE_MESSAGE || read_pointer(value) != NULL);
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_uint64(member_at(message, field->quantifier_offset)) > 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_pointer(value) != NULL;
    return is_set_by_value(field, value);
}

void mc_json_message(struct mc_json_writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    char name[NAME_SIZE];

    mc_json_object(writer);
    for (unsigned i = 0; i < type->n_fields && !writer->failed; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (!is_set(field, message))
            continue;
        camel_name(field->name, name);
        mc_json_key(writer, name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            encode_list(writer, field, message);
        else
            encode_value(writer, field, member_at(message, field->offset));
    }
    mc_json_end(writer);
}

static enum mc_status encode(struct mc_arena *arena, const ProtobufCMessage *message, bool pretty,
                             struct mc_bytes *ret_text)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    writer.pretty = pretty;
    mc_json_message(&writer, message);
    return mc_json_finish(&writer, ret_text);
}

enum mc_status mc_json_encode(struct mc_arena *arena, const ProtobufCMessage *message,
                              struct mc_bytes *ret_text)
{
    return encode(arena, message, false, ret_text);
}

enum mc_status mc_json_encode_pretty(struct mc_arena *arena, const ProtobufCMessage *message,
                                     struct mc_bytes *ret_text)
{
    return encode(arena, message, true, ret_text);
}
