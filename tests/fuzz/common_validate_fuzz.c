/* What the validator lets pass always unpacks, packs again, and passes again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/validate.h"

#include "sample.pb-c.h"

enum { ARENA_SIZE = 64 << 20 };

static struct mc_bytes repack(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                              struct mc_bytes wire)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &arena->protobuf, wire.len, wire.data);

    if (message == NULL || message->n_unknown_fields > 0)
        abort();
    uint8_t *data = mc_alloc(arena, protobuf_c_message_get_packed_size(message));
    if (data == NULL)
        abort();
    return (struct mc_bytes){data, protobuf_c_message_pack(message, data)};
}

static void check(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                  struct mc_bytes wire)
{
    struct mc_validate_error error = {"", NULL};

    if (mc_validate(type, wire, &error) != MC_OK) {
        if (error.code == NULL || strlen(error.field) >= sizeof error.field)
            abort();
        return;
    }
    struct mc_bytes once = repack(arena, type, wire);
    if (mc_validate(type, once, &error) != MC_OK)
        abort();
    struct mc_bytes twice = repack(arena, type, once);
    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;

    if (arena.base == NULL && mc_arena_init(&arena, ARENA_SIZE) != MC_OK)
        abort();
    check(&arena, &sample__everything__descriptor, (struct mc_bytes){data, size});
    check(&arena, &sample__loop__descriptor, (struct mc_bytes){data, size});
    mc_arena_reset(&arena);
    return 0;
}
