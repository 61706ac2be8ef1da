#include "common/path.h"

#include <stdio.h>
#include <string.h>

#include "common/validate.h"

/* Adds text, whole characters only: a hostile name may be long and end up in a log or a reply. */
static void append(char *text, const char *more)
{
    size_t len = strlen(text);
    size_t room = MC_PATH_SIZE - 1 - len;
    size_t fits = mc_utf8_prefix((struct mc_bytes){more, strnlen(more, room)});

    memcpy(text + len, more, fits);
    text[len + fits] = '\0';
}

static void print(const struct mc_path *path, char *text)
{
    char index[32];

    if (path == NULL)
        return;
    print(path->up, text);
    if (path->name != NULL) {
        if (text[0] != '\0')
            append(text, ".");
        append(text, path->name);
    }
    if (path->index != MC_PATH_NO_INDEX) {
        (void)snprintf(index, sizeof index, "[%zu]", path->index);
        append(text, index);
    }
}

void mc_path_print(const struct mc_path *path, char text[MC_PATH_SIZE])
{
    text[0] = '\0';
    print(path, text);
}
