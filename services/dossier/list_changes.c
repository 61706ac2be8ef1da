/* ListChanges: what each write changed, newest first, for its owner and its unit's officers. */
#include <inttypes.h>
#include <string.h>

#include "common/date.h"

#include "dossier.h"

static char *number_text(struct mc_txn *txn, const char *name, int64_t number)
{
    char time[MC_RFC3339_SIZE];
    size_t len = strlen(name);

    if (number == 0)
        return dossier_text(txn, "");
    if (len > 6 && strcmp(name + len - 6, "_at_ms") == 0) {
        mc_time_format_rfc3339(time, sizeof time, number);
        return dossier_text(txn, time);
    }
    return dossier_text(txn, mc_sprintf(txn->arena, "%" PRId64, number));
}

static char *enum_text(struct mc_txn *txn, const ProtobufCEnumDescriptor *type, uint32_t number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, (int)number);

    return dossier_text(txn, value != NULL ? value->name : "");
}

static char *papers_text(struct mc_txn *txn, DossierState__Paper *const *papers, size_t n)
{
    const char *text = "";

    for (size_t i = 0; i < n && text != NULL; i++)
        text = mc_sprintf(txn->arena, "%s%s%s: %s", text, i > 0 ? "; " : "", papers[i]->component,
                          mc_open_text(txn, papers[i]->file_name));
    return dossier_text(txn, text != NULL ? text : "");
}

static char *supplement_text(struct mc_txn *txn, const DossierState__Dossier *record)
{
    const DossierState__Supplement *supplement = record->supplement;

    return supplement != NULL && supplement->reason.len > 0 ? mc_open_text(txn, supplement->reason)
                                                            : dossier_text(txn, "");
}

/* Sealed texts are opened; ids are told as hex. */
static char *bytes_text(struct mc_txn *txn, const char *name, ProtobufCBinaryData bytes)
{
    size_t len = strlen(name);
    bool is_id = len > 3 && strcmp(name + len - 3, "_id") == 0;

    if (bytes.len == 0)
        return dossier_text(txn, "");
    if (is_id || strcmp(name, "copied_from") == 0)
        return dossier_token_text(txn, bytes);
    return mc_open_text(txn, bytes);
}

static char *value_text(struct mc_txn *txn, const DossierState__Dossier *record,
                        const ProtobufCFieldDescriptor *field)
{
    const uint8_t *at = (const uint8_t *)record + field->offset;
    ProtobufCBinaryData bytes;
    const char *text = NULL;
    uint32_t small = 0;
    int64_t large = 0;

    if (strcmp(field->name, "papers") == 0)
        return papers_text(txn, record->papers, record->n_papers);
    if (strcmp(field->name, "results") == 0)
        return papers_text(txn, record->results, record->n_results);
    if (strcmp(field->name, "supplement") == 0)
        return supplement_text(txn, record);
    if (strcmp(field->name, "applicant") == 0)
        return record->applicant != NULL ? mc_open_text(txn, record->applicant->full_name)
                                         : dossier_text(txn, "");
    if (strcmp(field->name, "parcel") == 0)
        return record->parcel != NULL
                   ? enum_text(txn, &dossier__parcel_state__descriptor, record->parcel->state)
                   : dossier_text(txn, "");
    if (strcmp(field->name, "return_address") == 0)
        return record->return_address != NULL ? mc_open_text(txn, record->return_address->address)
                                              : dossier_text(txn, "");
    if (field->label == PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return dossier_text(txn, "…");
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&text, at, sizeof(char *));
        return dossier_text(txn, text);
    case PROTOBUF_C_TYPE_BYTES:
        memcpy(&bytes, at, sizeof bytes);
        return bytes_text(txn, field->name, bytes);
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&small, at, sizeof small);
        if (strcmp(field->name, "state") == 0)
            return enum_text(txn, &dossier__state__descriptor, small);
        if (strcmp(field->name, "return_way") == 0)
            return enum_text(txn, &dossier__return_way__descriptor, small);
        if (strcmp(field->name, "channel") == 0)
            return enum_text(txn, &dossier__channel__descriptor, small);
        if (strcmp(field->name, "money") == 0)
            return enum_text(txn, &dossier__money_state__descriptor, small);
        return number_text(txn, field->name, small);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        memcpy(&large, at, sizeof large);
        return number_text(txn, field->name, large);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return dossier_text(txn, "…");
    }
}

static void add_field(struct mc_txn *txn, const ProtobufCFieldDescriptor *field,
                      const DossierState__Dossier *before, const DossierState__Dossier *after,
                      Dossier__Change *out)
{
    Dossier__FieldChange *row = dossier_alloc(txn, sizeof *row);

    if (row == NULL)
        return;
    dossier__field_change__init(row);
    row->field = mc_unconst(field->name);
    row->old = value_text(txn, before, field);
    row->new_ = value_text(txn, after, field);
    if (strcmp(row->old, row->new_) != 0)
        out->fields[out->n_fields++] = row;
}

static Dossier__Change *change_of(struct mc_txn *txn, const DossierState__Change *change)
{
    const ProtobufCMessageDescriptor *type = &dossier_state__dossier__descriptor;
    Dossier__Change *out = dossier_alloc(txn, sizeof *out);
    const DossierState__Dossier *before = dossier_unpack(txn, mc_key_bytes(change->before));
    const DossierState__Dossier *after = dossier_unpack(txn, mc_key_bytes(change->after));

    if (out == NULL || before == NULL || after == NULL)
        return NULL;
    dossier__change__init(out);
    out->at_ms = change->at_ms;
    out->actor = change->actor;
    out->version = change->version;
    out->fields = dossier_list(txn, type->n_fields);
    for (unsigned i = 0; i < type->n_fields && out->fields != NULL; i++)
        add_field(txn, &type->fields[i], before, after, out);
    return txn->status == MC_OK ? out : NULL;
}

enum mc_status dossier_list_changes(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListChangesRequest *req,
                                    Dossier__ListChangesReply *rep)
{
    struct dossier_open open = {0};
    struct dossier_page page;

    (void)dossier;
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        !dossier_page_of(txn, mc_key_bytes(open.record->dossier_id), sizeof(uint64_t),
                         req->page_size, req->page_token, &page))
        return txn->status;
    rep->changes = dossier_list(txn, page.size);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_CHANGES, page.prefix, page.from, MC_BACKWARD);
    while (rep->changes != NULL && mc_next(&cursor)) {
        if (rep->n_changes == page.size) {
            rep->next_page_token = page.last;
            break;
        }
        const DossierState__Change *row = mc_row(&cursor, &dossier_state__change__descriptor);
        Dossier__Change *change = row != NULL ? change_of(txn, row) : NULL;
        if (change == NULL)
            break;
        rep->changes[rep->n_changes++] = change;
        dossier_page_at(txn, &page, cursor.key);
    }
    return txn->status;
}
