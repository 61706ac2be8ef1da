/*
 * Connect errors: {"code", "message", "details": [{"type", "value", "debug"} …]}.
 *
 * Each failed condition is one detail of type motcua.v1.Violation. The first carries the stable
 * code even when the room had only a status to tell, so that clients look in one place.
 */
#include <string.h>

#include "common/json.h"

#include "map.h"

/* Details have their base64 without padding (Connect protocol, "Error End-Stream"). */
static const char *value_of(struct mc_arena *arena, const Motcua__Violation *violation)
{
    struct mc_bytes wire = mc_body_pack(arena, &violation->base);
    char *text = wire.data != NULL ? mc_alloc(arena, mc_base64_size(wire.len)) : NULL;

    if (text == NULL)
        return NULL;
    size_t len = mc_base64(text, wire);
    while (len > 0 && text[len - 1] == '=')
        text[--len] = '\0';
    return text;
}

static bool write_detail(struct mc_arena *arena, struct mc_json_writer *writer,
                         const Motcua__Violation *violation)
{
    const char *value = value_of(arena, violation);

    if (value == NULL)
        return false;
    mc_json_object(writer);
    mc_json_key(writer, "type");
    mc_json_string(writer, "motcua.v1.Violation");
    mc_json_key(writer, "value");
    mc_json_string(writer, value);
    mc_json_key(writer, "debug");
    mc_json_object(writer);
    mc_json_key(writer, "field");
    mc_json_string(writer, violation->field);
    mc_json_key(writer, "code");
    mc_json_string(writer, violation->code);
    mc_json_key(writer, "message");
    mc_json_string(writer, violation->message);
    mc_json_end(writer);
    mc_json_end(writer);
    return true;
}

static bool write_details(struct mc_arena *arena, struct mc_json_writer *writer,
                          const Motcua__Header *head)
{
    Motcua__Violation whole = MOTCUA__VIOLATION__INIT;
    bool told = head->n_violations > 0 && strcmp(head->violations[0]->code, head->code) == 0;

    whole.code = head->code;
    whole.message = head->message;
    if (!told && head->code[0] != '\0' && !write_detail(arena, writer, &whole))
        return false;
    for (size_t i = 0; i < head->n_violations; i++)
        if (!write_detail(arena, writer, head->violations[i]))
            return false;
    return true;
}

enum mc_status gateway_error_json(struct mc_arena *arena, const Motcua__Header *head,
                                  struct mc_bytes *ret_text)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "code");
    mc_json_string(&writer, mc_rpc_name(head->status));
    mc_json_key(&writer, "message");
    mc_json_string(&writer, head->message);
    mc_json_key(&writer, "details");
    mc_json_array(&writer);
    if (!write_details(arena, &writer, head))
        return MC_FULL;
    mc_json_end(&writer);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_text);
}
