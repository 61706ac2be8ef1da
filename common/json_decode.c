#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_parse.h"

struct decode {
    struct mc_arena *arena;
    const struct mc_limits *limits;
    struct mc_json_error *error;
};

/* Where the decoder stands, and how many messages are open. */
struct place {
    struct mc_path path;
    unsigned depth;
};

static enum mc_status refuse(const struct decode *decode, const struct place *place,
                             const char *code)
{
    mc_path_print(&place->path, decode->error->field);
    decode->error->code = code;
    decode->error->position = 0;
    return MC_INVALID;
}

/* --- numbers --- */

/* -?[0-9]+ and nothing else; what has more digits than 64 bits is refused. */
static bool parse_integer(const char *text, bool *ret_negative, uint64_t *ret_size)
{
    uint64_t size = 0;
    bool negative = *text == '-';

    text += negative ? 1 : 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(size, 10, &size) ||
            __builtin_add_overflow(size, (uint64_t)(*text - '0'), &size))
            return false;
    }
    *ret_negative = negative;
    *ret_size = size;
    return true;
}

/* The page allows 1.0 and 1e2 where an integer is wanted. */
static bool integer_of_real(double number, bool *ret_negative, uint64_t *ret_size)
{
    double size = fabs(number);

    if (size >= 0x1p64 || (double)(uint64_t)size != size)
        return false;
    *ret_negative = number < 0;
    *ret_size = (uint64_t)size;
    return true;
}

static bool read_integer(const json_t *json, bool *ret_negative, uint64_t *ret_size)
{
    if (json_is_string(json))
        return parse_integer(json_string_value(json), ret_negative, ret_size);
    if (json_is_real(json))
        return integer_of_real(json_real_value(json), ret_negative, ret_size);
    if (!json_is_integer(json))
        return false;

    json_int_t number = json_integer_value(json);
    *ret_negative = number < 0;
    *ret_size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    return true;
}

/* As two's complement, when it lies between -below and above. */
static bool read_between(const json_t *json, uint64_t below, uint64_t above, uint64_t *ret_bits)
{
    bool negative;
    uint64_t size;

    if (!read_integer(json, &negative, &size) || size > (negative ? below : above))
        return false;
    *ret_bits = negative ? 0 - size : size;
    return true;
}

static bool read_real(const json_t *json, double *ret_number)
{
    const char *text = json_string_value(json);
    char *end;

    if (json_is_number(json)) {
        *ret_number = json_number_value(json);
        return true;
    }
    if (text == NULL)
        return false;
    if (strcmp(text, "NaN") == 0) {
        *ret_number = NAN;
    } else if (strcmp(text, "Infinity") == 0) {
        *ret_number = INFINITY;
    } else if (strcmp(text, "-Infinity") == 0) {
        *ret_number = -INFINITY;
    } else {
        /* strtod would also take blanks, "inf" and hexadecimal */
        if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
            return false;
        *ret_number = strtod(text, &end);
        return *end == '\0' && isfinite(*ret_number);
    }
    return true;
}

static bool store_float(const json_t *json, void *value)
{
    const double too_large = 0x1.ffffffp127; /* half a step above FLT_MAX: rounds to infinity */
    double number;

    if (!read_real(json, &number) || (isfinite(number) && fabs(number) >= too_large))
        return false;
    float rounded = fabs(number) > (double)FLT_MAX && isfinite(number)
                        ? (number < 0 ? -FLT_MAX : FLT_MAX)
                        : (float)number;
    memcpy(value, &rounded, sizeof rounded);
    return true;
}

static bool store_double(const json_t *json, void *value)
{
    double number;

    if (!read_real(json, &number))
        return false;
    memcpy(value, &number, sizeof number);
    return true;
}

static bool store_32(const json_t *json, uint64_t below, uint64_t above, void *value)
{
    uint64_t bits;

    if (!read_between(json, below, above, &bits))
        return false;
    uint32_t half = (uint32_t)bits;
    memcpy(value, &half, sizeof half);
    return true;
}

static bool store_64(const json_t *json, uint64_t below, uint64_t above, void *value)
{
    uint64_t bits;

    if (!read_between(json, below, above, &bits))
        return false;
    memcpy(value, &bits, sizeof bits);
    return true;
}

static bool store_bool(const json_t *json, void *value)
{
    protobuf_c_boolean is_true = json_is_true(json);

    if (!json_is_boolean(json))
        return false;
    memcpy(value, &is_true, sizeof is_true);
    return true;
}

static bool store_enum(const json_t *json, const ProtobufCEnumDescriptor *type, void *value)
{
    const ProtobufCEnumValue *known = NULL;
    uint64_t bits;

    if (json_is_string(json))
        known = protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(json));
    else if (read_between(json, (uint64_t)INT32_MAX + 1, INT32_MAX, &bits))
        known = protobuf_c_enum_descriptor_get_value(type, (int)(uint32_t)bits);
    if (known == NULL)
        return false;
    memcpy(value, &known->value, sizeof known->value);
    return true;
}

static bool store_number(const json_t *json, const ProtobufCFieldDescriptor *field, void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return store_32(json, (uint64_t)INT32_MAX + 1, INT32_MAX, value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return store_32(json, 0, UINT32_MAX, value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return store_64(json, (uint64_t)INT64_MAX + 1, INT64_MAX, value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return store_64(json, 0, UINT64_MAX, value);
    case PROTOBUF_C_TYPE_FLOAT:
        return store_float(json, value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return store_double(json, value);
    case PROTOBUF_C_TYPE_BOOL:
        return store_bool(json, value);
    case PROTOBUF_C_TYPE_ENUM:
        return store_enum(json, field->descriptor, value);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return false;
}

/* --- text and bytes --- */

static enum mc_status store_text(const struct decode *decode, const struct place *place,
                                 const json_t *json, void *value)
{
    size_t len = json_string_length(json);

    if (!json_is_string(json))
        return refuse(decode, place, MC_CODE_FIELD_INVALID);
    if (len > decode->limits->string_max)
        return refuse(decode, place, MC_CODE_FIELD_TOO_LONG);
    struct mc_bytes copy = mc_copy(decode->arena, json_string_value(json), len + 1);
    if (copy.data == NULL)
        return MC_FULL;
    memcpy(value, &copy.data, sizeof copy.data);
    return MC_OK;
}

/* Both alphabets of RFC 4648; 64 for anything else. */
static unsigned base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : 64;
}

/* How many digits before the padding, which may be left out but not be wrong; or SIZE_MAX. */
static size_t base64_digits(const char *text, size_t len)
{
    size_t digits = len;

    while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
        digits--;
    if (digits % 4 == 1 || (digits != len && len % 4 != 0))
        return SIZE_MAX;
    return digits;
}

static bool base64_decode(const char *text, size_t digits, uint8_t *data)
{
    uint32_t bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < digits; i++) {
        unsigned digit = base64_digit(text[i]);
        if (digit > 63)
            return false;
        bits = bits << 6 | digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *data++ = (uint8_t)(bits >> held);
            bits &= (1U << held) - 1;
        }
    }
    return bits == 0; /* else two texts would mean the same bytes */
}

static enum mc_status store_bytes(const struct decode *decode, const struct place *place,
                                  const json_t *json, void *value)
{
    const char *text = json_string_value(json);
    size_t digits = json_is_string(json) ? base64_digits(text, json_string_length(json)) : SIZE_MAX;

    if (digits == SIZE_MAX)
        return refuse(decode, place, MC_CODE_FIELD_INVALID);
    size_t len = digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0);
    if (len > decode->limits->bytes_max)
        return refuse(decode, place, MC_CODE_FIELD_TOO_LONG);
    uint8_t *data = mc_alloc(decode->arena, len);
    if (data == NULL)
        return MC_FULL;
    if (!base64_decode(text, digits, data))
        return refuse(decode, place, MC_CODE_FIELD_INVALID);
    memcpy(value, &(ProtobufCBinaryData){len, data}, sizeof(ProtobufCBinaryData));
    return MC_OK;
}

/* --- messages --- */

static enum mc_status decode_message(const struct decode *decode, const struct place *place,
                                     const ProtobufCMessageDescriptor *type, const json_t *json,
                                     ProtobufCMessage **ret_message);

static enum mc_status store_message(const struct decode *decode, const struct place *place,
                                    const ProtobufCFieldDescriptor *field, const json_t *json,
                                    void *value)
{
    ProtobufCMessage *message;

    if (place->depth >= MC_MIN(decode->limits->depth_max, (unsigned)MC_DEPTH_MAX))
        return refuse(decode, place, MC_CODE_TOO_DEEP);
    struct place below = {place->path, place->depth + 1};
    enum mc_status status = decode_message(decode, &below, field->descriptor, json, &message);
    if (status == MC_OK)
        memcpy(value, &message, sizeof(void *));
    return status;
}

static enum mc_status store_value(const struct decode *decode, const struct place *place,
                                  const ProtobufCFieldDescriptor *field, const json_t *json,
                                  void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return store_text(decode, place, json, value);
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return store_bytes(decode, place, json, value);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return store_message(decode, place, field, json, value);
    if (!store_number(json, field, value))
        return refuse(decode, place, MC_CODE_FIELD_INVALID);
    return MC_OK;
}

static enum mc_status store_list(const struct decode *decode, const struct place *place,
                                 const ProtobufCFieldDescriptor *field, const json_t *json,
                                 uint8_t *message)
{
    size_t len = json_array_size(json);
    size_t size = mc_json_value_size(field->type);

    if (!json_is_array(json))
        return refuse(decode, place, MC_CODE_FIELD_INVALID);
    if (len > decode->limits->list_max)
        return refuse(decode, place, MC_CODE_LIST_TOO_LONG);
    if (len == 0)
        return MC_OK;
    uint8_t *values = mc_alloc(decode->arena, len * size);
    if (values == NULL)
        return MC_FULL;
    for (size_t i = 0; i < len; i++) {
        struct place element = {{place->path.up, place->path.name, i}, place->depth};
        enum mc_status status =
            store_value(decode, &element, field, json_array_get(json, i), values + i * size);
        if (status != MC_OK)
            return status;
    }
    memcpy(message + field->offset, &values, sizeof(void *));
    memcpy(message + field->quantifier_offset, &len, sizeof len);
    return MC_OK;
}

/* Is `key` the field's name, or the same in lowerCamel? */
static bool names_field(const ProtobufCFieldDescriptor *field, const char *key)
{
    const char *name = field->name;

    if (strcmp(name, key) == 0)
        return true;
    while (*name != '\0') {
        bool raise = *name == '_';
        while (*name == '_')
            name++;
        char c = *name;
        if (raise)
            c = mc_json_upper(c);
        if (c != *key)
            return false;
        if (c == '\0')
            return true;
        name++;
        key++;
    }
    return *key == '\0';
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  const char *key)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (names_field(&type->fields[i], key))
            return &type->fields[i];
    return NULL;
}

/* Marks the field, and for a oneof all its members. False: it has been given already. */
static bool mark_given(const ProtobufCMessageDescriptor *type,
                       const ProtobufCFieldDescriptor *field, uint8_t *message,
                       bool given[MC_MESSAGE_FIELDS_MAX])
{
    size_t index = (size_t)(field - type->fields);
    uint32_t chosen;

    if (given[index])
        return false;
    given[index] = true;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return true;
    memcpy(&chosen, message + field->quantifier_offset, sizeof chosen);
    if (chosen != 0)
        return false;
    memcpy(message + field->quantifier_offset, &field->id, sizeof field->id);
    return true;
}

static enum mc_status decode_fields(const struct decode *decode, const struct place *place,
                                    json_t *json, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    uint8_t *bytes = (uint8_t *)message;
    bool given[MC_MESSAGE_FIELDS_MAX] = {false};
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        const ProtobufCFieldDescriptor *field = find_field(type, key);
        struct place inside = {{&place->path, field != NULL ? field->name : key, MC_PATH_NO_INDEX},
                               place->depth};
        if (field == NULL)
            return refuse(decode, &inside, MC_CODE_FIELD_UNKNOWN);
        if (json_is_null(value))
            continue;
        if (!mark_given(type, field, bytes, given))
            return refuse(decode, &inside, MC_CODE_FIELD_DUPLICATE);
        enum mc_status status =
            field->label == PROTOBUF_C_LABEL_REPEATED
                ? store_list(decode, &inside, field, value, bytes)
                : store_value(decode, &inside, field, value, bytes + field->offset);
        if (status != MC_OK)
            return status;
    }
    return MC_OK;
}

static enum mc_status decode_message(const struct decode *decode, const struct place *place,
                                     const ProtobufCMessageDescriptor *type, const json_t *json,
                                     ProtobufCMessage **ret_message)
{
    assert(type->n_fields <= MC_MESSAGE_FIELDS_MAX); /* mc_descriptor_check at boot */

    if (!json_is_object(json))
        return refuse(decode, place,
                      place->depth == 1 ? MC_CODE_JSON_INVALID : MC_CODE_FIELD_INVALID);
    ProtobufCMessage *message = mc_alloc(decode->arena, type->sizeof_message);
    if (message == NULL)
        return MC_FULL;
    protobuf_c_message_init(type, message);
    enum mc_status status = decode_fields(decode, place, mc_unconst(json), message);
    if (status == MC_OK)
        *ret_message = message;
    return status;
}

enum mc_status mc_json_decode_within(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                     struct mc_bytes text, const struct mc_limits *limits,
                                     ProtobufCMessage **ret_message, struct mc_json_error *error)
{
    struct decode decode = {arena, limits, error};
    struct place place = {{NULL, NULL, MC_PATH_NO_INDEX}, 1};
    const char *code;
    size_t position;

    json_t *json = mc_json_load(text, &code, &position);
    if (json == NULL) {
        *error = (struct mc_json_error){.code = code, .position = position};
        return MC_INVALID;
    }
    enum mc_status status = decode_message(&decode, &place, type, json, ret_message);
    json_decref(json);
    if (status == MC_FULL)
        *error = (struct mc_json_error){.code = MC_CODE_ARENA_FULL};
    return status;
}

enum mc_status mc_json_decode(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                              struct mc_bytes text, ProtobufCMessage **ret_message,
                              struct mc_json_error *error)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;

    return mc_json_decode_within(arena, type, text, &limits, ret_message, error);
}
