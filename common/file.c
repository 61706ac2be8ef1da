#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

enum mc_status mc_file_read(struct mc_arena *arena, const char *path, size_t max,
                            struct mc_bytes *ret_text)
{
    struct stat info;

    mc_cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : errno == EACCES ? MC_DENIED : MC_IO;
    if (fstat(fd, &info) != 0)
        return MC_IO;
    if (!S_ISREG(info.st_mode))
        return MC_INVALID;
    if ((uintmax_t)info.st_size > max)
        return MC_LIMITED;

    size_t len = (size_t)info.st_size;
    char *text = mc_alloc(arena, len + 1);
    if (text == NULL)
        return MC_FULL;
    for (size_t at = 0; at < len;) {
        ssize_t got = read(fd, text + at, len - at);
        if (got <= 0)
            return MC_IO;
        at += (size_t)got;
    }
    text[len] = '\0';
    *ret_text = (struct mc_bytes){text, len};
    return MC_OK;
}

const char *mc_file_sentence(enum mc_status status)
{
    switch ((int)status) {
    case MC_NOT_FOUND:
        return "no such file";
    case MC_DENIED:
        return "may not be read";
    case MC_INVALID:
        return "not a plain file";
    case MC_LIMITED:
        return "too long";
    default:
        return "cannot be read";
    }
}
