/*
 * Headers of answers: those that protect whoever reads them, and CORS; cookies of requests. Pure.
 *
 * A list is filled in order and ends with a NULL name; what does not fit is a bug, and asserts.
 * Values are borrowed.
 */
#pragma once

#include "common/arena.h"
#include "common/config.h"
#include "common/header.h"

enum { GATEWAY_HEADER_LIST_MAX = 24 };

struct gateway_headers {
    struct mc_header lines[GATEWAY_HEADER_LIST_MAX + 1];
    size_t len;
};

void gateway_header_add(struct gateway_headers *headers, const char *name, const char *value);

/* On every answer: nothing is sniffed, framed, cached or executed. */
void gateway_headers_safe(struct gateway_headers *headers, bool is_tls);

/* Instead of its policy, one for a page with forms. */
void gateway_headers_policy(struct gateway_headers *headers, const char *policy);

/*
 * The origin as configured when it is on the list, else NULL. Exact text, as browsers compare;
 * "null" (sandboxed pages, files) is never on it.
 */
const char *gateway_origin_find(const struct mc_config_list *origins, const char *origin);

/* For an answer that the page may read, and for the preflight before it. */
void gateway_headers_cors(struct gateway_headers *headers, const char *origin);
void gateway_headers_preflight(struct gateway_headers *headers, const char *origin);

/* One cookie's value among those of a Cookie header (may be NULL); "": not there, or too long. */
const char *gateway_cookie(struct mc_arena *arena, const char *header, const char *name,
                           size_t max);
