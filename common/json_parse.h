/* What the json*.c files share, and nobody else: jansson goes no further than these. */
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "common/base.h"

/* The parsed document, to be given to json_decref(); or NULL, with why and where. */
json_t *mc_json_load(struct mc_bytes text, const char **ret_code, size_t *ret_position);

/* ASCII only; whatever the locale. */
static inline char mc_json_upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
}

/* What one value of the type takes in protobuf-c's structures. */
size_t mc_json_value_size(ProtobufCType type);
