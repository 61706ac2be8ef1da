/*
 * Arena: memory for one turn of the loop.
 *
 * Everything a turn allocates (decoded requests, loaded records, replies) comes
 * from its arena and is wiped by mc_arena_reset(). Nothing taken from an arena is
 * freed by hand. The size is fixed at start-up and only touched pages cost memory;
 * running out is NULL and `full`. A budget bounds what one message may take, so that
 * a hostile request (1 MB of empty sub-messages becomes 69 MB) spoils only itself.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/base.h"

struct mc_arena {
    uint8_t *base;
    size_t size;
    size_t used;
    size_t limit;                /* the current budget's end; size when there is none */
    size_t touched;              /* most used since pages went back, when beyond what is kept */
    unsigned quiet;              /* turns in a row that needed no more than is kept */
    bool full;                   /* something did not fit since the budget was set */
    ProtobufCAllocator protobuf; /* the same arena, as protobuf-c wants it */
};

mc_nodiscard enum mc_status mc_arena_init(struct mc_arena *arena, size_t size);
void mc_arena_done(struct mc_arena *arena);
void mc_arena_reset(struct mc_arena *arena);

/* Allows at most `bytes` more from here on, and forgets an earlier `full`. */
void mc_arena_budget(struct mc_arena *arena, size_t bytes);

/* Takes back all that was given out since `used` was what it says: nothing of it may be kept. */
void mc_arena_rewind(struct mc_arena *arena, size_t used);

/* Returns zeroed memory, or NULL when the arena or its budget is used up. */
mc_nodiscard void *mc_alloc(struct mc_arena *arena, size_t size);

/* Returns a copy of the bytes that lives as long as the arena's turn. */
mc_nodiscard struct mc_bytes mc_copy(struct mc_arena *arena, const void *data, size_t len);

/* The same for text; the copies end in NUL. NULL when the arena is full. */
mc_nodiscard char *mc_strdup(struct mc_arena *arena, const char *text);
mc_nodiscard char *mc_sprintf(struct mc_arena *arena, const char *fmt, ...) mc_printf(2, 3);
