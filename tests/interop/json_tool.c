/*
 * The JSON mapper as a filter, for json_oracle.py.
 *
 * Reads requests [op][4 bytes length, little-endian][bytes] until the input ends, and answers
 * each with [status][length][bytes]. Op 'e': protobuf to JSON, 'd': JSON to protobuf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/validate.h"

#include "sample.pb-c.h"

enum { INPUT_MAX = 1 << 20, ARENA_SIZE = 32 << 20 };

static enum mc_status to_json(struct mc_arena *arena, struct mc_bytes in, struct mc_bytes *ret_out)
{
    struct mc_validate_error error;
    enum mc_status status = mc_validate(&sample__everything__descriptor, in, &error);

    if (status != MC_OK) {
        *ret_out = (struct mc_bytes){error.code, strlen(error.code)};
        return status;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(&sample__everything__descriptor,
                                                          &arena->protobuf, in.len, in.data);
    return message != NULL ? mc_json_encode(arena, message, ret_out) : MC_FULL;
}

static enum mc_status to_wire(struct mc_arena *arena, struct mc_bytes in, struct mc_bytes *ret_out)
{
    struct mc_json_error error;
    ProtobufCMessage *message;
    enum mc_status status =
        mc_json_decode(arena, &sample__everything__descriptor, in, &message, &error);

    if (status != MC_OK) {
        char *text = mc_sprintf(arena, "%s at '%s'", error.code, error.field);
        *ret_out = (struct mc_bytes){text, strlen(text)};
        return status;
    }
    uint8_t *wire = mc_alloc(arena, protobuf_c_message_get_packed_size(message));
    if (wire == NULL)
        return MC_FULL;
    *ret_out = (struct mc_bytes){wire, protobuf_c_message_pack(message, wire)};
    return MC_OK;
}

static bool read_request(uint8_t *op, uint8_t *data, uint32_t *len)
{
    return fread(op, 1, 1, stdin) == 1 && fread(len, sizeof *len, 1, stdin) == 1 &&
           *len <= INPUT_MAX && fread(data, 1, *len, stdin) == *len;
}

int main(void)
{
    static uint8_t data[INPUT_MAX];
    struct mc_arena arena;
    uint32_t len;
    uint8_t op;

    if (mc_arena_init(&arena, ARENA_SIZE) != MC_OK)
        return EXIT_FAILURE;
    while (read_request(&op, data, &len)) {
        struct mc_bytes in = {data, len};
        struct mc_bytes out = {0};
        uint8_t status =
            (uint8_t)(op == 'e' ? to_json(&arena, in, &out) : to_wire(&arena, in, &out));
        uint32_t out_len = (uint32_t)out.len;
        (void)fwrite(&status, 1, 1, stdout);
        (void)fwrite(&out_len, sizeof out_len, 1, stdout);
        (void)fwrite(out.data, 1, out.len, stdout);
        (void)fflush(stdout);
        mc_arena_reset(&arena);
    }
    mc_arena_done(&arena);
    return EXIT_SUCCESS;
}
