/* A request for the mapping, without sockets: what the gateway's tests share. */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/messages.h"

#include "../../services/gateway/map.h"

enum { ASKED_HEADERS_MAX = 8, TEST_ARENA = 64 << 20 };
#define TEST_NOW_MS INT64_C(1788000000000)
#define TEST_TRACE  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct edge {
    struct mc_arena arena;
    struct mc_random_seeded seeded;
    struct mc_random random;
    struct mc_header headers[ASKED_HEADERS_MAX + 1];
    struct gateway_asked asked;
    struct gateway_limits limits;
    struct gateway_call call;
    struct gateway_refusal refusal;
};

static inline const char *edge_header_of(const void *arg, const char *name)
{
    const struct edge *edge = arg;

    for (const struct mc_header *line = edge->headers; line->name != NULL; line++)
        if (strcasecmp(line->name, name) == 0)
            return line->value;
    return NULL;
}

/* Sets a header, or takes it away (NULL). */
static inline void edge_header(struct edge *edge, const char *name, const char *value)
{
    size_t i = 0;

    while (edge->headers[i].name != NULL && strcasecmp(edge->headers[i].name, name) != 0)
        i++;
    assert_true(i < ASKED_HEADERS_MAX);
    edge->headers[i] = (struct mc_header){name, value};
}

static inline void edge_body(struct edge *edge, const char *text)
{
    edge->asked.body = (struct mc_bytes){text, strlen(text)};
}

static inline int edge_open(void **state)
{
    static struct edge edge;

    memset(&edge, 0, sizeof edge);
    assert_int_equal(mc_arena_init(&edge.arena, TEST_ARENA), MC_OK);
    edge.random = mc_random_seed(&edge.seeded, 7);
    edge.limits = (struct gateway_limits){GATEWAY_BODY_MAX, GATEWAY_UPLOAD_MAX};
    edge.asked = (struct gateway_asked){
        .method = "POST",
        .path = "/motcua.otp.v1.Otp/Issue",
        .header = edge_header_of,
        .arg = &edge,
    };
    edge_header(&edge, "Content-Type", "application/json");
    edge_body(&edge, "{\"phone\":\"0912000101\"}");
    *state = &edge;
    return 0;
}

static inline int edge_close(void **state)
{
    struct edge *edge = *state;

    mc_arena_done(&edge->arena);
    return 0;
}

static inline bool edge_map(struct edge *edge)
{
    struct gateway_moment moment = {TEST_NOW_MS, &edge->random};

    return gateway_map(&edge->arena, &edge->asked, &edge->limits, &moment, &edge->call,
                       &edge->refusal);
}

static inline void assert_refused(struct edge *edge, unsigned rpc, const char *field,
                                  const char *code)
{
    assert_false(edge_map(edge));
    assert_string_equal(edge->refusal.head.code, code);
    assert_int_equal(edge->refusal.head.status, rpc);
    assert_int_equal(edge->refusal.head.n_violations, 1);
    assert_string_equal(edge->refusal.head.violations[0]->field, field);
    assert_true(strlen(edge->refusal.head.message) > 0);
    assert_null(strchr(edge->refusal.head.message, '{')); /* no name was left in braces */
}
