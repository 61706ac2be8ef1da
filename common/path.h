/*
 * Where in a message something is wrong: "items[2].amount".
 *
 * A chain of frames on the stack, one per level, turned into text only when there
 * is an error to tell.
 */
#pragma once

#include "common/base.h"

#define MC_PATH_NO_INDEX SIZE_MAX

enum { MC_PATH_SIZE = 128 }; /* with the NUL; longer paths are cut */

struct mc_path {
    const struct mc_path *up;
    const char *name; /* NULL: the message itself */
    size_t index;     /* MC_PATH_NO_INDEX: not in a list */
};

void mc_path_print(const struct mc_path *path, char text[MC_PATH_SIZE]);
