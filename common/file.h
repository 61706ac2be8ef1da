/*
 * File: an operator's own tables and texts, read whole at boot. Secrets have mc_key_load().
 */
#pragma once

#include "common/arena.h"

/*
 * The text lives in the arena and ends in a NUL that is not counted. MC_NOT_FOUND, MC_DENIED,
 * MC_INVALID: not a plain file; MC_LIMITED: longer than `max`; MC_FULL: no memory; else MC_IO.
 */
mc_nodiscard enum mc_status mc_file_read(struct mc_arena *arena, const char *path, size_t max,
                                         struct mc_bytes *ret_text);

/* Why it could not be read, in words. */
const char *mc_file_sentence(enum mc_status status);

/* A file that was linked in (cmake/embed.cmake). */
struct mc_embedded {
    const char *name; /* without its ending; of a folder's files with it, and the way to it */
    const char *data;
    const size_t *len;
};
