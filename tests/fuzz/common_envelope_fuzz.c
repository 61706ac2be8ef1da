/* Any header: what opens can be packed, and opens again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "common/envelope.h"

enum { ARENA_SIZE = 4 << 20 };

static void check(struct mc_arena *arena, struct mc_bytes bytes)
{
    struct mc_validate_error error = {"", NULL};
    Motcua__Header *header = mc_envelope_open_reply(arena, bytes, &error);

    if (header == NULL) {
        if (error.code == NULL || mc_validate_text(error.code) == NULL)
            abort();
        return;
    }
    struct mc_bytes once = mc_envelope_pack(arena, header);
    if (once.data == NULL)
        abort();
    header = mc_envelope_open_reply(arena, once, &error);
    if (header == NULL)
        abort();
    struct mc_bytes twice = mc_envelope_pack(arena, header);
    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
        abort();
}

/* The same bytes as text, in the two places where text from outside is taken apart. */
static void check_text(struct mc_arena *arena, const uint8_t *data, size_t size)
{
    static const uint8_t random[MC_SPAN_RANDOM_LEN] = {1};
    char child[MC_TRACEPARENT_LEN + 1];
    char *text = mc_alloc(arena, size + 1);

    if (text == NULL)
        return;
    memcpy(text, data, size);
    if (mc_method_is_valid(text) && strlen(text) > MC_METHOD_MAX)
        abort();
    (void)mc_rpc_of_name(text);
    if (!mc_trace_is_valid(text))
        return;
    mc_trace_child(text, random, child);
    if (!mc_trace_is_valid(child))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;

    if (arena.base == NULL && mc_arena_init(&arena, ARENA_SIZE) != MC_OK)
        abort();
    check(&arena, (struct mc_bytes){data, size});
    if (size > 0)
        check_text(&arena, data, size);
    mc_arena_reset(&arena);
    return 0;
}
