/* A header line of HTTP, as requests and replies both carry it. Lists end with a NULL name. */
#pragma once

#include "common/base.h"

struct mc_header {
    const char *name;
    const char *value;
};

/* Letters, digits and '-' only: what every proxy reads the same way. */
bool mc_header_name_ok(const char *name);

/* No control characters: a CR or LF would start another header, a NUL would end the text. */
bool mc_header_value_ok(const char *value);

/* Every line of a list (NULL is an empty one). */
bool mc_headers_ok(const struct mc_header *headers);
