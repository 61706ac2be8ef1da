/*
 * Any text: what is taken would pass the wire validator, and comes out as JSON that reads
 * back as the same message. And the writer makes JSON of any bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"

#include "sample.pb-c.h"

enum { ARENA_SIZE = 64 << 20 };

static const ProtobufCMessageDescriptor *const type = &sample__everything__descriptor;

static struct mc_bytes pack(struct mc_arena *arena, const ProtobufCMessage *message)
{
    uint8_t *data = mc_alloc(arena, protobuf_c_message_get_packed_size(message));

    if (data == NULL)
        abort();
    return (struct mc_bytes){data, protobuf_c_message_pack(message, data)};
}

static void check_message(struct mc_arena *arena, struct mc_bytes text)
{
    struct mc_validate_error refusal;
    struct mc_json_error error;
    ProtobufCMessage *message;
    struct mc_bytes written;

    if (mc_json_decode(arena, type, text, &message, &error) != MC_OK)
        return;
    struct mc_bytes wire = pack(arena, message);
    if (mc_validate(type, wire, &refusal) != MC_OK)
        abort();
    if (mc_json_encode_pretty(arena, message, &written) != MC_OK ||
        mc_json_decode(arena, type, written, &message, &error) != MC_OK)
        abort();
    struct mc_bytes again = pack(arena, message);
    if (again.len != wire.len || memcmp(again.data, wire.data, wire.len) != 0)
        abort();
}

static void check_writer(struct mc_arena *arena, struct mc_bytes text)
{
    struct mc_json_writer writer;
    struct mc_bytes written;
    struct mc_json *json;

    mc_json_begin(&writer, arena);
    mc_json_array(&writer);
    mc_json_base64(&writer, text);
    if (memchr(text.data, '\0', text.len) == NULL) /* jansson takes no \u0000 */
        mc_json_string_n(&writer, text);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &written) != MC_OK || mc_json_parse(written, &json) != MC_OK)
        abort();
    (void)mc_json_text(json, "1");
    mc_json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct mc_bytes text = {data, size};

    if (arena.base == NULL && mc_arena_init(&arena, ARENA_SIZE) != MC_OK)
        abort();
    check_message(&arena, text);
    if (size > 0)
        check_writer(&arena, text);
    mc_arena_reset(&arena);
    return 0;
}
