/* Versions of a procedure: compared field by field, and checked. */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/json.h"

#include "upkeep.h"

enum { PROVENANCE_FROM = 50, NUMBER_SIZE = 24 };

static const void *member(const Dossier__ProcedureDetail *detail, size_t offset)
{
    return (const char *)(const void *)detail + offset;
}

static size_t count_of(const Dossier__ProcedureDetail *detail,
                       const ProtobufCFieldDescriptor *field)
{
    size_t count = 1;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy(&count, member(detail, field->quantifier_offset), sizeof count);
    return count;
}

/* One element as text: what people read, messages as JSON. */
static const char *element(struct mc_arena *arena, const ProtobufCFieldDescriptor *field,
                           const void *at)
{
    struct mc_bytes json;
    const char *text = NULL;
    const ProtobufCMessage *message = NULL;
    uint32_t number = 0;
    int choice = 0;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&text, at, sizeof text);
        return text;
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&number, at, sizeof number);
        return number != 0 ? mc_sprintf(arena, "%u", number) : "";
    case PROTOBUF_C_TYPE_ENUM: {
        memcpy(&choice, at, sizeof choice);
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(field->descriptor, choice);
        return value != NULL ? value->name : "";
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        message = *(const ProtobufCMessage *const *)at;
        return mc_json_encode(arena, message, &json) == MC_OK ? json.data : NULL;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_BYTES:
    default:
        assert(false); /* a kind of field that procedures do not have */
        return "";
    }
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_ENUM
               ? sizeof(uint32_t)
               : sizeof(void *);
}

/* A field as text, a list one a line. NULL: no memory. */
static const char *field_text(struct mc_arena *arena, const Dossier__ProcedureDetail *detail,
                              const ProtobufCFieldDescriptor *field)
{
    const char *text = "";

    if (detail == NULL)
        return "";
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return element(arena, field, member(detail, field->offset));
    const char *list = NULL;
    memcpy(&list, member(detail, field->offset), sizeof list);
    for (size_t i = 0; text != NULL && i < count_of(detail, field); i++) {
        const char *one = element(arena, field, list + i * element_size(field));
        text = one != NULL ? mc_sprintf(arena, "%s%s%s", text, i > 0 ? "\n" : "", one) : NULL;
    }
    return text;
}

size_t dossier_detail_compare(struct mc_arena *arena, const Dossier__ProcedureDetail *old,
                              const Dossier__ProcedureDetail *new, dossier_told *told, void *arg)
{
    const ProtobufCMessageDescriptor *type = &dossier__procedure_detail__descriptor;
    size_t differ = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->id >= PROVENANCE_FROM)
            continue;
        const char *was = field_text(arena, old, field);
        const char *is = field_text(arena, new, field);
        if (was == NULL || is == NULL) /* the arena is full, which its owner is told */
            return differ + 1;
        if (strcmp(was, is) == 0)
            continue;
        differ++;
        if (told != NULL)
            told(arg, field->name, was, is);
    }
    return differ;
}

struct mc_bytes dossier_detail_content(struct mc_arena *arena,
                                       const Dossier__ProcedureDetail *detail)
{
    Dossier__ProcedureDetail content = *detail;

    content.version = 0;
    content.changed_at_ms = 0;
    content.changed_by = content.reason = mc_unconst("");
    content.import_id = (ProtobufCBinaryData){0};
    return mc_body_pack(arena, &content.base);
}

const char *dossier_level_of_old(unsigned old_level)
{
    static const char *const levels[] = {"", "INFORMATION", "PARTIAL", "PARTIAL", "FULL"};

    return old_level < MC_LEN(levels) ? levels[old_level] : "";
}

static const char *check_lists(const Dossier__ProcedureDetail *detail, const char **ret_code)
{
    char code[MC_AGENCY_CODE_SIZE];
    enum mc_time_limit limit;

    for (size_t i = 0; i < detail->n_limits; i++) {
        *ret_code = "LIMIT_INVALID";
        if (!mc_time_limit_parse(mc_key_text(detail->limits[i]->unit), &limit) ||
            detail->limits[i]->value > MC_TIME_LIMIT_MAX)
            return "limits";
    }
    for (size_t i = 0; i < detail->n_fees; i++) {
        *ret_code = "FEE_INVALID";
        if (detail->fees[i]->amount < 0 || detail->fees[i]->amount > DOSSIER_FEE_MAX ||
            (detail->fees[i]->unit[0] != '\0' &&
             mc_agency_parse(detail->fees[i]->unit, code, sizeof code) != MC_WHY_OK))
            return "fees";
    }
    for (size_t i = 0; i < detail->n_agencies; i++) {
        *ret_code = "AGENCY_CODE_FORMAT";
        if (mc_agency_parse(detail->agencies[i], code, sizeof code) != MC_WHY_OK)
            return "agencies";
    }
    return NULL;
}

static bool is_level(const char *level)
{
    return strcmp(level, "FULL") == 0 || strcmp(level, "PARTIAL") == 0 ||
           strcmp(level, "INFORMATION") == 0;
}

const char *dossier_detail_check(const Dossier__ProcedureDetail *detail, const char **ret_code)
{
    int64_t from = 0;
    int64_t until = 0;
    char key[DOSSIER_KEY_SIZE];

    *ret_code = "FIELD_REQUIRED";
    if (detail->name[0] == '\0')
        return "name";
    if (detail->sector[0] == '\0')
        return "sector";
    if (detail->level[0] == '\0')
        return "level";
    if (detail->n_limits == 0)
        return "limits";
    *ret_code = "FIELD_TOO_LONG";
    if (dossier_key(key, detail->name) != MC_OK)
        return "name";
    if (dossier_key(key, detail->sector) != MC_OK)
        return "sector";
    if (dossier_key(key, detail->level) != MC_OK)
        return "level";
    *ret_code = "SERVICE_LEVEL_INVALID";
    if (!is_level(detail->service_level) || detail->old_level > 4)
        return "service_level";
    /* DOS-13: what a person must come for is not served in full */
    *ret_code = "SERVICE_LEVEL_PRESENCE";
    if (strcmp(detail->service_level, "FULL") == 0 && detail->presence[0] != '\0')
        return "service_level";
    *ret_code = "DATE_INVALID";
    if (!dossier_day_parse(detail->valid_from, DOSSIER_DAY_MIN, &from))
        return "valid_from";
    if (!dossier_day_parse(detail->valid_until, DOSSIER_DAY_MAX, &until) || until < from)
        return "valid_until";
    return check_lists(detail, ret_code);
}
