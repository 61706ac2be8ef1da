/* Persons: sealed as one value, and what else is small. */
#include <string.h>

#include "common/messages.h"

#include "identity.h"

enum { TEXT_MAX = 512 }; /* bytes of a Vietnamese sentence with its arguments */

ProtobufCBinaryData identity_data(struct mc_bytes bytes)
{
    return (ProtobufCBinaryData){.len = bytes.len, .data = mc_unconst(bytes.data)};
}

struct mc_bytes identity_pack(struct mc_txn *txn, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = mc_alloc(txn->arena, size);

    if (packed == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return (struct mc_bytes){0};
    }
    return (struct mc_bytes){packed, protobuf_c_message_pack(message, packed)};
}

ProtobufCBinaryData identity_person_seal(struct mc_txn *txn, const IdentityState__Person *person)
{
    return mc_seal_bytes(txn, identity_pack(txn, &person->base));
}

/* NULL with the call failed when it does not open. */
IdentityState__Person *identity_person_open(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);

    if (txn->status != MC_OK)
        return NULL;
    IdentityState__Person *person =
        identity_state__person__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (person == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_FULL : MC_CORRUPT, "person");
    return person;
}

char *identity_uuid(struct mc_txn *txn, struct mc_bytes id)
{
    char *text = mc_alloc(txn->arena, MC_UUID_TEXT_LEN + 1);

    if (text == NULL || id.len != MC_ID_LEN) {
        (void)mc_fail(txn, text == NULL ? MC_FULL : MC_CORRUPT, "id");
        return mc_unconst("");
    }
    mc_uuid_text(text, id.data);
    return text;
}

struct mc_bytes identity_id_parse(struct mc_txn *txn, const char *uuid)
{
    uint8_t id[MC_ID_LEN];

    if (uuid == NULL || !mc_uuid_parse(id, mc_key_text(uuid)))
        return (struct mc_bytes){0};
    return mc_copy(txn->arena, id, sizeof id);
}

char *identity_key(struct mc_txn *txn, const char *kind, struct mc_bytes id)
{
    char *key = mc_sprintf(txn->arena, "%s:%s", kind, identity_uuid(txn, id));

    if (key == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    return key;
}

char *identity_text(struct mc_txn *txn, const char *code, const char *const *args)
{
    char text[TEXT_MAX];

    (void)mc_message_format(text, sizeof text, code, args);
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    return copy;
}
