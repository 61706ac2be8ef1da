#include "common/unpack.h"

#include <string.h>

enum { DEPTH_MAX = 16, TAG_BITS = 3, VARINT_MAX = 10, SHORT_MAX = 5 };
enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

struct in {
    const uint8_t *at;
    const uint8_t *end;
    struct mc_arena *arena;
    unsigned depth;
};

/* False: cut off, or longer than it may be. */
static bool take_number(struct in *in, unsigned most, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < most && in->at < in->end; i++) {
        uint8_t byte = *in->at++;

        number |= (uint64_t)(byte & 0x7FU) << (7 * i);
        if (byte < 0x80) {
            *ret_number = number;
            return i < VARINT_MAX - 1 || byte <= 1;
        }
    }
    return false;
}

static bool take_varint(struct in *in, uint64_t *ret_number)
{
    return take_number(in, VARINT_MAX, ret_number);
}

/* A tag, or a length: protobuf-c takes no longer ones, whatever they come to. */
static bool take_short(struct in *in, uint64_t *ret_number)
{
    return take_number(in, SHORT_MAX, ret_number);
}

/* Steps over a length and what it counts. */
static bool take_bytes(struct in *in, struct mc_bytes *ret_bytes)
{
    uint64_t len = 0;

    if (!take_short(in, &len) || len > (uint64_t)(in->end - in->at))
        return false;
    *ret_bytes = (struct mc_bytes){in->at, (size_t)len};
    in->at += len;
    return true;
}

static void put_number(ProtobufCType type, void *to, uint64_t number)
{
    uint32_t half = (uint32_t)number;
    protobuf_c_boolean yes = number != 0;

    if (type == PROTOBUF_C_TYPE_BOOL)
        memcpy(to, &yes, sizeof yes);
    else if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_INT64)
        memcpy(to, &number, sizeof number);
    else
        memcpy(to, &half, sizeof half);
}

/* What one value takes in memory; 0: not a kind that is read here. */
static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    return 0;
}

static bool has_length(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
           type == PROTOBUF_C_TYPE_MESSAGE;
}

static void *take_message(struct in *in, const ProtobufCMessageDescriptor *type);

static bool take_text(struct in *in, struct mc_bytes bytes, char **to)
{
    char *text = mc_alloc(in->arena, bytes.len + 1); /* the arena's memory is zero */

    if (text == NULL)
        return false;
    memcpy(text, bytes.data, bytes.len);
    *to = text;
    return true;
}

static bool take_data(struct in *in, struct mc_bytes bytes, ProtobufCBinaryData *to)
{
    struct mc_bytes copy = {0};

    if (bytes.len > 0 && (copy = mc_copy(in->arena, bytes.data, bytes.len)).data == NULL)
        return false;
    *to = (ProtobufCBinaryData){.len = copy.len, .data = mc_unconst(copy.data)};
    return true;
}

static bool take_value(struct in *in, const ProtobufCFieldDescriptor *field, void *to)
{
    struct mc_bytes bytes;
    uint64_t number = 0;

    if (!has_length(field->type)) {
        if (!take_varint(in, &number))
            return false;
        put_number(field->type, to, number);
        return true;
    }
    if (!take_bytes(in, &bytes))
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return take_text(in, bytes, to);
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return take_data(in, bytes, to);
    struct in inner = {bytes.data, in->at, in->arena, in->depth + 1};
    void *message = take_message(&inner, field->descriptor);
    memcpy(to, &message, sizeof message);
    return message != NULL;
}

/* How many values of this field follow one another from here; the first one's tag is read. */
static size_t run_length(struct in in, uint64_t tag, bool sized)
{
    uint64_t next = tag;
    struct mc_bytes bytes;
    uint64_t number = 0;
    size_t n = 0;

    while (next == tag) {
        if (!(sized ? take_bytes(&in, &bytes) : take_varint(&in, &number)))
            return 0;
        n++;
        if (in.at == in.end || !take_short(&in, &next))
            break;
    }
    return n;
}

/* Numbers under one length: as many as there are last bytes of a varint. */
static bool take_packed(struct in *in, const ProtobufCFieldDescriptor *field, uint8_t *base)
{
    size_t size = size_of(field->type);
    struct mc_bytes bytes;
    size_t n = 0;

    if (field->type == PROTOBUF_C_TYPE_BOOL || !take_bytes(in, &bytes) || bytes.len == 0)
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        n += ((const uint8_t *)bytes.data)[i] < 0x80;
    uint8_t *items = mc_alloc(in->arena, MC_MAX(n, 1U) * size);
    struct in inner = {bytes.data, in->at, in->arena, in->depth};
    if (items == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!take_value(&inner, field, items + i * size))
            return false;
    memcpy(base + field->quantifier_offset, &n, sizeof n);
    memcpy(base + field->offset, &items, sizeof items);
    return inner.at == inner.end;
}

static bool take_list(struct in *in, const ProtobufCFieldDescriptor *field, uint64_t tag,
                      uint8_t *base)
{
    size_t n = run_length(*in, tag, has_length(field->type));
    size_t size = size_of(field->type);
    uint8_t *items = n > 0 ? mc_alloc(in->arena, n * size) : NULL;
    uint64_t next = 0;

    if (items == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && !take_short(in, &next))
            return false;
        if (!take_value(in, field, items + i * size))
            return false;
    }
    memcpy(base + field->quantifier_offset, &n, sizeof n);
    memcpy(base + field->offset, &items, sizeof items);
    return true;
}

static bool take_field(struct in *in, const ProtobufCFieldDescriptor *field, uint64_t tag,
                       uint8_t *base)
{
    unsigned wire = (unsigned)(tag & 7U);
    bool sized = has_length(field->type);

    if (size_of(field->type) == 0 || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED && !sized && wire == WIRE_LENGTH)
        return take_packed(in, field, base);
    if (wire != (sized ? (unsigned)WIRE_LENGTH : (unsigned)WIRE_VARINT))
        return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return take_list(in, field, tag, base);
    return field->label == PROTOBUF_C_LABEL_NONE && take_value(in, field, base + field->offset);
}

static void *take_message(struct in *in, const ProtobufCMessageDescriptor *type)
{
    uint8_t *base = in->depth < DEPTH_MAX ? mc_alloc(in->arena, type->sizeof_message) : NULL;
    unsigned next = 0; /* fields lie in the order of their numbers, and none comes twice */
    uint64_t tag = 0;

    if (base == NULL)
        return NULL;
    protobuf_c_message_init(type, base);
    while (in->at < in->end) {
        if (!take_short(in, &tag))
            return NULL;
        while (next < type->n_fields && type->fields[next].id < tag >> TAG_BITS)
            next++;
        if (next == type->n_fields || type->fields[next].id != tag >> TAG_BITS ||
            !take_field(in, &type->fields[next], tag, base))
            return NULL;
        next++;
    }
    return base;
}

void *mc_unpack_message(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                        struct mc_bytes bytes)
{
    static const uint8_t nothing[1];
    const uint8_t *from = bytes.len > 0 ? bytes.data : nothing;
    struct in in = {.at = from, .end = from + bytes.len, .arena = arena};
    size_t mark = arena->used;

    void *message = take_message(&in, type);
    if (message != NULL)
        return message;
    mc_arena_rewind(arena, mark);
    return protobuf_c_message_unpack(type, &arena->protobuf, bytes.len, bytes.data);
}
