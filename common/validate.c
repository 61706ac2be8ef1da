#include "common/validate.h"

#include <string.h>

enum {
    VARINT_LEN_MAX = 10,
    TAG_LEN_MAX = 5, /* a tag has 32 bits: 29 of number, 3 of wire type */
    WIRE_VARINT = PROTOBUF_C_WIRE_TYPE_VARINT,
    WIRE_64BIT = PROTOBUF_C_WIRE_TYPE_64BIT,
    WIRE_LENGTH = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    WIRE_32BIT = PROTOBUF_C_WIRE_TYPE_32BIT,
};

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

struct check {
    const struct mc_limits *limits;
    struct mc_validate_error *error;
};

/* One message being read. */
struct level {
    const ProtobufCMessageDescriptor *type;
    struct mc_path path;
    unsigned depth;
    unsigned next;                          /* the field that probably comes now */
    unsigned cases_len;                     /* oneofs that have a member */
    unsigned cases[MC_MESSAGE_FIELDS_MAX];  /* their quantifier_offset */
    uint32_t counts[MC_MESSAGE_FIELDS_MAX]; /* per field, how often seen; only n_fields are set */
};

/* --- text --- */

#define EVERY_BYTE(byte) (0x0101010101010101ULL * (byte))

/* Skips eight bytes at a time while they are all ASCII and none is NUL. */
static size_t ascii_prefix(const uint8_t *text, size_t len)
{
    size_t at = 0;

    while (len - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + at, sizeof word);
        /* with no high bit set, taking 1 from each byte sets one only where there was a zero */
        if (((word | (word - EVERY_BYTE(1))) & EVERY_BYTE(0x80)) != 0)
            break;
        at += sizeof word;
    }
    return at;
}

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of the character at the start, or 0. Unicode 15, table 3-7. */
static size_t character_len(const uint8_t *text, size_t len)
{
    uint8_t first = text[0];

    if (first < 0x80)
        return first != 0;
    if (first < 0xc2 || first > 0xf4 || len < 2)
        return 0;
    if (first < 0xe0)
        return is_tail(text[1]) ? 2 : 0;

    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;  /* no overlong forms */
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf; /* no surrogates */
    if (text[1] < low || text[1] > high || len < 3 || !is_tail(text[2]))
        return 0;
    if (first < 0xf0)
        return 3;
    return len >= 4 && is_tail(text[3]) ? 4 : 0;
}

size_t mc_utf8_prefix(struct mc_bytes text)
{
    const uint8_t *data = text.data;
    size_t at = 0;

    while (at < text.len) {
        if (data[at] < 0x80)
            at += ascii_prefix(data + at, text.len - at);
        if (at == text.len)
            break;
        size_t len = character_len(data + at, text.len - at);
        if (len == 0)
            break;
        at += len;
    }
    return at;
}

/* --- refusals --- */

static enum mc_status refuse(const struct check *check, const struct mc_path *path,
                             const char *code)
{
    mc_path_print(path, check->error->field);
    check->error->code = code;
    return MC_INVALID;
}

static enum mc_status refuse_field(const struct check *check, const struct level *level,
                                   const ProtobufCFieldDescriptor *field, const char *code)
{
    size_t index = MC_PATH_NO_INDEX;

    if (field->label == PROTOBUF_C_LABEL_REPEATED && level->counts[field - level->type->fields] > 0)
        index = level->counts[field - level->type->fields] - 1;
    return refuse(check, &(struct mc_path){&level->path, field->name, index}, code);
}

/* The list as a whole, not one of its elements. */
static enum mc_status refuse_list(const struct check *check, const struct level *level,
                                  const ProtobufCFieldDescriptor *field)
{
    struct mc_path path = {&level->path, field->name, MC_PATH_NO_INDEX};

    return refuse(check, &path, MC_CODE_LIST_TOO_LONG);
}

/* --- reading --- */

/* False: it does not end, or has more than 64 bits. */
static bool read_varint(struct reader *reader, uint64_t *ret_value)
{
    const uint8_t *at = reader->at;
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_LEN_MAX && at < reader->end; i++) {
        uint8_t byte = *at++;
        if (i == VARINT_LEN_MAX - 1 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            reader->at = at;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool read_tag(struct reader *reader, uint32_t *ret_id, unsigned *ret_wire_type)
{
    const uint8_t *start = reader->at;
    uint64_t tag;

    if (!read_varint(reader, &tag) || reader->at - start > TAG_LEN_MAX || tag > UINT32_MAX)
        return false;
    *ret_id = (uint32_t)(tag >> 3);
    *ret_wire_type = (unsigned)tag & 7;
    return *ret_id != 0;
}

static bool read_length(struct reader *reader, struct reader *ret_inside)
{
    const uint8_t *start = reader->at;
    uint64_t len;

    if (!read_varint(reader, &len) || reader->at - start > TAG_LEN_MAX ||
        len > (uint64_t)(reader->end - reader->at))
        return false;
    *ret_inside = (struct reader){reader->at, reader->at + len};
    reader->at += len;
    return true;
}

static bool read_fixed(struct reader *reader, ptrdiff_t size)
{
    if (reader->end - reader->at < size)
        return false;
    reader->at += size;
    return true;
}

static const ProtobufCFieldDescriptor *find_field(struct level *level, uint32_t id)
{
    const ProtobufCMessageDescriptor *type = level->type;

    /* Fields come in order, and repeated ones come again. */
    for (unsigned guess = level->next; guess < type->n_fields && guess < level->next + 2; guess++) {
        if (type->fields[guess].id == id) {
            level->next = guess;
            return &type->fields[guess];
        }
    }

    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, id);
    if (field != NULL)
        level->next = (unsigned)(field - type->fields);
    return field;
}

static unsigned wire_type_of(ProtobufCType type)
{
    static const uint8_t wire_types[] = {
        [PROTOBUF_C_TYPE_INT32] = WIRE_VARINT,   [PROTOBUF_C_TYPE_SINT32] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_SFIXED32] = WIRE_32BIT, [PROTOBUF_C_TYPE_INT64] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_SINT64] = WIRE_VARINT,  [PROTOBUF_C_TYPE_SFIXED64] = WIRE_64BIT,
        [PROTOBUF_C_TYPE_UINT32] = WIRE_VARINT,  [PROTOBUF_C_TYPE_FIXED32] = WIRE_32BIT,
        [PROTOBUF_C_TYPE_UINT64] = WIRE_VARINT,  [PROTOBUF_C_TYPE_FIXED64] = WIRE_64BIT,
        [PROTOBUF_C_TYPE_FLOAT] = WIRE_32BIT,    [PROTOBUF_C_TYPE_DOUBLE] = WIRE_64BIT,
        [PROTOBUF_C_TYPE_BOOL] = WIRE_VARINT,    [PROTOBUF_C_TYPE_ENUM] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_STRING] = WIRE_LENGTH,  [PROTOBUF_C_TYPE_BYTES] = WIRE_LENGTH,
        [PROTOBUF_C_TYPE_MESSAGE] = WIRE_LENGTH,
    };

    return wire_types[type];
}

/* protobuf-c would cut off the bits that do not fit. */
static bool varint_fits(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    bool fits_signed = value <= UINT32_MAX || value >= (uint64_t)INT32_MIN;

    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return value <= 1;
    if (field->type == PROTOBUF_C_TYPE_INT32)
        return fits_signed;
    if (field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_SINT32)
        return value <= UINT32_MAX;
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return fits_signed && protobuf_c_enum_descriptor_get_value(field->descriptor,
                                                                   (int)(uint32_t)value) != NULL;
    return true;
}

/* --- one field --- */

static enum mc_status check_scalar(const struct check *check, const struct level *level,
                                   const ProtobufCFieldDescriptor *field, struct reader *reader)
{
    unsigned wire_type = wire_type_of(field->type);
    const uint8_t *start = reader->at;
    uint64_t value;
    bool whole = false;

    if (wire_type == WIRE_VARINT)
        whole = read_varint(reader, &value);
    else
        whole = read_fixed(reader, wire_type == WIRE_64BIT ? 8 : 4);
    if (!whole)
        return refuse_field(check, level, field, MC_CODE_WIRE_INVALID);
    if (wire_type == WIRE_VARINT && !varint_fits(field, value))
        return refuse_field(check, level, field, MC_CODE_FIELD_INVALID);
    /* protobuf-c reads a packed bool as one byte, so a padded one must not pass */
    if (field->type == PROTOBUF_C_TYPE_BOOL && reader->at - start != 1)
        return refuse_field(check, level, field, MC_CODE_FIELD_INVALID);
    return MC_OK;
}

static enum mc_status check_packed(const struct check *check, struct level *level,
                                   const ProtobufCFieldDescriptor *field, struct reader *reader)
{
    uint32_t *count = &level->counts[field - level->type->fields];
    struct reader inside;
    enum mc_status status = MC_OK;

    if (!read_length(reader, &inside))
        return refuse_field(check, level, field, MC_CODE_WIRE_INVALID);
    while (inside.at < inside.end && status == MC_OK) {
        if (*count >= check->limits->list_max)
            return refuse_list(check, level, field);
        *count += 1;
        status = check_scalar(check, level, field, &inside);
    }
    return status;
}

static enum mc_status check_message(const struct check *check, struct level *level,
                                    struct reader reader);

static enum mc_status check_inside(const struct check *check, const struct level *level,
                                   const ProtobufCFieldDescriptor *field, struct reader inside)
{
    size_t index = field->label == PROTOBUF_C_LABEL_REPEATED
                       ? level->counts[field - level->type->fields] - 1
                       : MC_PATH_NO_INDEX;
    struct level below;

    if (level->depth >= MC_MIN(check->limits->depth_max, (unsigned)MC_DEPTH_MAX))
        return refuse_field(check, level, field, MC_CODE_TOO_DEEP);
    below.type = field->descriptor;
    below.path = (struct mc_path){&level->path, field->name, index};
    below.depth = level->depth + 1;
    return check_message(check, &below, inside);
}

static enum mc_status check_length(const struct check *check, const struct level *level,
                                   const ProtobufCFieldDescriptor *field, struct reader *reader)
{
    struct reader inside;

    if (!read_length(reader, &inside))
        return refuse_field(check, level, field, MC_CODE_WIRE_INVALID);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_inside(check, level, field, inside);

    struct mc_bytes value = {inside.at, (size_t)(inside.end - inside.at)};
    bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
    if (value.len > (is_text ? check->limits->string_max : check->limits->bytes_max))
        return refuse_field(check, level, field, MC_CODE_FIELD_TOO_LONG);
    if (is_text && !mc_utf8_is_valid(value))
        return refuse_field(check, level, field, MC_CODE_FIELD_UTF8);
    return MC_OK;
}

/* Counts a field in: how many of a list, once of anything else, one member of a oneof. */
static enum mc_status check_count(const struct check *check, struct level *level,
                                  const ProtobufCFieldDescriptor *field)
{
    uint32_t *count = &level->counts[field - level->type->fields];

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (*count >= check->limits->list_max)
            return refuse_list(check, level, field);
    } else if (*count > 0) {
        return refuse_field(check, level, field, MC_CODE_FIELD_DUPLICATE);
    }
    *count += 1;

    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return MC_OK;
    for (unsigned i = 0; i < level->cases_len; i++)
        if (level->cases[i] == field->quantifier_offset)
            return refuse_field(check, level, field, MC_CODE_FIELD_DUPLICATE);
    level->cases[level->cases_len++] = field->quantifier_offset;
    return MC_OK;
}

static enum mc_status check_field(const struct check *check, struct level *level,
                                  const ProtobufCFieldDescriptor *field, unsigned wire_type,
                                  struct reader *reader)
{
    unsigned wanted = wire_type_of(field->type);

    /* Both forms of a list of numbers are legal, whatever the .proto says. */
    if (wire_type == WIRE_LENGTH && wanted != WIRE_LENGTH &&
        field->label == PROTOBUF_C_LABEL_REPEATED)
        return check_packed(check, level, field, reader);
    if (wire_type != wanted)
        return refuse_field(check, level, field, MC_CODE_FIELD_INVALID);

    enum mc_status status = check_count(check, level, field);
    if (status != MC_OK)
        return status;
    if (wanted == WIRE_LENGTH)
        return check_length(check, level, field, reader);
    return check_scalar(check, level, field, reader);
}

static enum mc_status refuse_unknown(const struct check *check, const struct level *level,
                                     uint32_t id)
{
    char name[16];
    size_t at = sizeof name - 1;

    name[at] = '\0';
    for (; id > 0; id /= 10)
        name[--at] = (char)('0' + id % 10);
    return refuse(check, &(struct mc_path){&level->path, name + at, MC_PATH_NO_INDEX},
                  MC_CODE_FIELD_UNKNOWN);
}

/* Everything in `level` but type, path and depth is set here. */
static enum mc_status check_message(const struct check *check, struct level *level,
                                    struct reader reader)
{
    assert(level->type->n_fields <= MC_MESSAGE_FIELDS_MAX); /* mc_descriptor_check at boot */

    level->next = 0;
    level->cases_len = 0;
    memset(level->counts, 0, level->type->n_fields * sizeof level->counts[0]);

    while (reader.at < reader.end) {
        uint32_t id;
        unsigned wire_type;

        if (!read_tag(&reader, &id, &wire_type) || wire_type == 3 || wire_type == 4 ||
            wire_type > WIRE_32BIT)
            return refuse(check, &level->path, MC_CODE_WIRE_INVALID);
        const ProtobufCFieldDescriptor *field = find_field(level, id);
        if (field == NULL)
            return refuse_unknown(check, level, id);
        enum mc_status status = check_field(check, level, field, wire_type, &reader);
        if (status != MC_OK)
            return status;
    }
    return MC_OK;
}

enum mc_status mc_validate_within(const ProtobufCMessageDescriptor *type, struct mc_bytes wire,
                                  const struct mc_limits *limits, struct mc_validate_error *error)
{
    static const uint8_t nothing[1];
    struct check check = {limits, error};
    const uint8_t *data = wire.data != NULL ? wire.data : nothing;
    struct level level;

    level.type = type;
    level.path = (struct mc_path){NULL, NULL, MC_PATH_NO_INDEX};
    level.depth = 1;
    return check_message(&check, &level, (struct reader){data, data + wire.len});
}

enum mc_status mc_validate(const ProtobufCMessageDescriptor *type, struct mc_bytes wire,
                           struct mc_validate_error *error)
{
    static const struct mc_limits limits = {
        .string_max = MC_STRING_MAX,
        .bytes_max = MC_BYTES_MAX,
        .list_max = MC_LIST_MAX,
        .depth_max = MC_DEPTH_MAX,
    };

    return mc_validate_within(type, wire, &limits, error);
}

const char *mc_validate_text(const char *code)
{
    static const struct {
        const char *code;
        const char *text;
    } texts[] = {
        {MC_CODE_WIRE_INVALID, "Yêu cầu không đúng định dạng."},
        {MC_CODE_FIELD_UNKNOWN, "Yêu cầu có trường không được hỗ trợ."},
        {MC_CODE_FIELD_INVALID, "Giá trị của trường không hợp lệ."},
        {MC_CODE_FIELD_UTF8, "Nội dung của trường không phải là văn bản Unicode hợp lệ."},
        {MC_CODE_FIELD_TOO_LONG, "Nội dung của trường vượt quá độ dài cho phép."},
        {MC_CODE_FIELD_DUPLICATE, "Trường xuất hiện nhiều hơn một lần."},
        {MC_CODE_LIST_TOO_LONG, "Danh sách có quá nhiều phần tử."},
        {MC_CODE_TOO_DEEP, "Yêu cầu có quá nhiều cấp lồng nhau."},
        {MC_CODE_TOO_LONG, "Yêu cầu vượt quá dung lượng cho phép."},
        {MC_CODE_ARENA_FULL, "Hệ thống đang bận, vui lòng thử lại sau."},
    };

    for (size_t i = 0; i < MC_LEN(texts); i++)
        if (strcmp(texts[i].code, code) == 0)
            return texts[i].text;
    return "Yêu cầu không hợp lệ.";
}

/* --- types --- */

/*
 * What protoc makes of map<K, V>. protobuf-c does not mark it as such, so the JSON would be
 * a list of pairs where every other language has an object: no map is used.
 */
static bool type_is_map(const ProtobufCMessageDescriptor *type)
{
    size_t len = strlen(type->short_name);

    return len > 5 && strcmp(type->short_name + len - 5, "Entry") == 0 && type->n_fields == 2 &&
           type->fields[0].id == 1 && strcmp(type->fields[0].name, "key") == 0 &&
           type->fields[1].id == 2 && strcmp(type->fields[1].name, "value") == 0;
}

/* A type that contains itself is as deep as you like, so depth alone finds it. */
static bool type_is_bounded(const ProtobufCMessageDescriptor *type, unsigned depth)
{
    if (depth > MC_DEPTH_MAX || type->n_fields > MC_MESSAGE_FIELDS_MAX || type_is_map(type))
        return false;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            !type_is_bounded(type->fields[i].descriptor, depth + 1))
            return false;
    return true;
}

enum mc_status mc_descriptor_check(const ProtobufCMessageDescriptor *type)
{
    return type_is_bounded(type, 1) ? MC_OK : MC_INVALID;
}
