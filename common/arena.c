#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * What a turn used beyond this goes back to the system, but only after as many turns in a row
 * that did not need it: under load, giving pages back and faulting them in again costs more
 * than the turn's own work.
 */
enum { KEEP_RESIDENT = 1 << 20, QUIET_TURNS = 16 };

static void *arena_protobuf_alloc(void *arena, size_t size)
{
    return mc_alloc(arena, size);
}

static void arena_protobuf_free(void *arena, void *pointer)
{
    /* Memory goes back all at once, in mc_arena_reset(). */
    (void)arena;
    (void)pointer;
}

enum mc_status mc_arena_init(struct mc_arena *arena, size_t size)
{
    assert(size > 0);

    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *arena =
        (struct mc_arena){.base = base != MAP_FAILED ? base : NULL, .size = size, .limit = size};
    arena->protobuf = (ProtobufCAllocator){
        .alloc = arena_protobuf_alloc,
        .free = arena_protobuf_free,
        .allocator_data = arena,
    };
    return arena->base != NULL ? MC_OK : MC_FULL;
}

void mc_arena_done(struct mc_arena *arena)
{
    if (arena->base != NULL) {
        mc_arena_reset(arena);
        (void)munmap(arena->base, arena->size);
    }
    *arena = (struct mc_arena){0};
}

void mc_arena_reset(struct mc_arena *arena)
{
    explicit_bzero(arena->base, arena->used); /* requests carry codes and phone numbers */
    if (arena->used > KEEP_RESIDENT) {
        arena->touched = MC_MAX(arena->touched, arena->used);
        arena->quiet = 0;
    } else if (arena->touched > 0 && ++arena->quiet == QUIET_TURNS) {
        (void)madvise(arena->base + KEEP_RESIDENT, arena->touched - KEEP_RESIDENT, MADV_DONTNEED);
        arena->touched = 0;
        arena->quiet = 0;
    }
    arena->used = 0;
    arena->limit = arena->size;
    arena->full = false;
}

void mc_arena_budget(struct mc_arena *arena, size_t bytes)
{
    arena->limit = arena->used + MC_MIN(bytes, arena->size - arena->used);
    arena->full = false;
}

void mc_arena_rewind(struct mc_arena *arena, size_t used)
{
    assert(used <= arena->used);
    explicit_bzero(arena->base + used, arena->used - used);
    arena->used = used;
}

void *mc_alloc(struct mc_arena *arena, size_t size)
{
    size_t align = _Alignof(max_align_t);
    size_t start = (arena->used + align - 1) / align * align;

    if (start > arena->limit || size > arena->limit - start) {
        arena->full = true;
        return NULL;
    }

    arena->used = start + size;
    return arena->base + start; /* fresh pages are zero and reset wipes the rest */
}

struct mc_bytes mc_copy(struct mc_arena *arena, const void *data, size_t len)
{
    void *copy = mc_alloc(arena, len);

    if (copy == NULL)
        return (struct mc_bytes){0};
    if (len > 0)
        memcpy(copy, data, len);
    return (struct mc_bytes){copy, len};
}

char *mc_strdup(struct mc_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mc_alloc(arena, size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

char *mc_sprintf(struct mc_arena *arena, const char *fmt, ...)
{
    size_t before = arena->used;
    va_list args;

    if (mc_alloc(arena, 1) == NULL)
        return NULL;
    char *text = (char *)arena->base + arena->used - 1;
    size_t room = arena->limit - arena->used + 1;
    va_start(args, fmt);
    int len = vsnprintf(text, room, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < room) {
        arena->used += (size_t)len;
        return text;
    }
    arena->used = arena->limit; /* so that what was begun is wiped */
    mc_arena_rewind(arena, before);
    arena->full = true;
    return NULL;
}
