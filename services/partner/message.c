/* Messages that are kept within records: as they are, or sealed. */
#include "partner.h"

ProtobufCBinaryData partner_pack(struct mc_txn *txn, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = txn->status == MC_OK ? mc_alloc(txn->arena, size + 1) : NULL;

    if (packed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (ProtobufCBinaryData){0};
    }
    return (ProtobufCBinaryData){protobuf_c_message_pack(message, packed), packed};
}

ProtobufCBinaryData partner_seal(struct mc_txn *txn, const ProtobufCMessage *message)
{
    return mc_seal_bytes(txn, mc_key_bytes(partner_pack(txn, message)));
}

void *partner_unpack(struct mc_txn *txn, ProtobufCBinaryData packed,
                     const ProtobufCMessageDescriptor *type)
{
    if (txn->status != MC_OK)
        return NULL;
    void *message = protobuf_c_message_unpack(type, &txn->arena->protobuf, packed.len, packed.data);
    if (message == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_LIMITED : MC_CORRUPT, "record does not unpack");
    return message;
}

void *partner_open(struct mc_txn *txn, ProtobufCBinaryData sealed,
                   const ProtobufCMessageDescriptor *type)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);

    return partner_unpack(txn, (ProtobufCBinaryData){plain.len, mc_unconst(plain.data)}, type);
}
