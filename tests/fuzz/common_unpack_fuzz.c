/* Any bytes are read as protobuf-c reads them, and packed as it packs them; or refused by both. */
#include <stdlib.h>
#include <string.h>

#include "common/pack.h"
#include "common/unpack.h"

#include "room.pb-c.h"
#include "sample.pb-c.h"

enum { ARENA_SIZE = 256 << 20 };

static void check(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                  struct mc_bytes wire)
{
    const ProtobufCMessage *theirs =
        protobuf_c_message_unpack(type, &arena->protobuf, wire.len, wire.data);
    const ProtobufCMessage *ours = mc_unpack_message(arena, type, wire);
    size_t packed_len = 0;

    if ((theirs == NULL) != (ours == NULL))
        abort();
    if (theirs == NULL)
        return;
    size_t len = protobuf_c_message_get_packed_size(theirs);
    uint8_t *expected = mc_alloc(arena, len);
    if (expected == NULL)
        abort();
    (void)protobuf_c_message_pack(theirs, expected);
    const uint8_t *packed = mc_pack(arena, ours, 0, &packed_len);
    if (packed == NULL || packed_len != len || (len > 0 && memcmp(packed, expected, len) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;

    if (arena.base == NULL && mc_arena_init(&arena, ARENA_SIZE) != MC_OK)
        abort();
    check(&arena, &sample__everything__descriptor, (struct mc_bytes){data, size});
    check(&arena, &motcua__job__descriptor, (struct mc_bytes){data, size});
    check(&arena, &motcua__shape_reply__descriptor, (struct mc_bytes){data, size});
    mc_arena_reset(&arena);
    return 0;
}
