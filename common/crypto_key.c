#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto.h"

enum {
    TEXT_MAX = 2 * MC_KEY_FILE_MAX + 1,       /* hex, newline */
    PUBLIC_LINE = 2 * MC_SIGN_PUBLIC_LEN + 1, /* the same */
};

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* Root's files are ours too: that is how service managers hand out credentials. */
static enum mc_status key_file_check(int fd, size_t *ret_size)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return MC_IO;
    if (!S_ISREG(info.st_mode))
        return MC_INVALID;
    if ((info.st_mode & S_IRWXO) != 0 || (info.st_uid != geteuid() && info.st_uid != 0))
        return MC_DENIED;
    *ret_size = (size_t)info.st_size;
    return MC_OK;
}

enum mc_status mc_key_load(const char *path, uint8_t *out, size_t len)
{
    char text[TEXT_MAX + 1];
    size_t size;

    assert(len <= MC_KEY_FILE_MAX);
    mc_cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : errno == EACCES ? MC_DENIED : MC_IO;

    enum mc_status status = key_file_check(fd, &size);
    if (status != MC_OK)
        return status;
    if (size != 2 * len && size != 2 * len + 1)
        return MC_INVALID;

    ssize_t got = read(fd, text, size);
    if (got != (ssize_t)size)
        status = MC_IO;
    else if ((size > 2 * len && text[2 * len] != '\n') ||
             !mc_unhex(out, len, (struct mc_bytes){text, 2 * len}))
        status = MC_INVALID;
    mc_wipe(text, sizeof(text));
    return status;
}

static bool key_file_write(const char *path, struct mc_bytes text)
{
    mc_cleanup(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd >= 0 && fchmod(fd, 0600) == 0 &&
           write(fd, text.data, text.len) == (ssize_t)text.len && fsync(fd) == 0;
}

/* Never inlined: two paths are too much for one stack frame. */
__attribute__((noinline)) static bool folder_sync(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        (void)snprintf(folder, sizeof(folder), ".");
    else
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
    mc_cleanup(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* Written whole under another name, then linked: link() never replaces, and a crash leaves no half.
 */
static enum mc_status key_file_place(const char *path, const struct mc_random *random,
                                     struct mc_bytes text)
{
    char draft[PATH_MAX];
    enum mc_status status = MC_OK;

    int len = snprintf(draft, sizeof(draft), "%s.%08llx", path,
                       (unsigned long long)mc_random_below(random, 1ULL << 32));
    if (len < 0 || (size_t)len >= sizeof(draft))
        return MC_INVALID;

    if (!key_file_write(draft, text))
        status = MC_IO;
    else if (link(draft, path) != 0)
        status = errno == EEXIST ? MC_CONFLICT : MC_IO;
    (void)unlink(draft);
    if (status == MC_OK && !folder_sync(path))
        status = MC_IO;
    return status;
}

static enum mc_status key_place(const char *path, const struct mc_random *random,
                                struct mc_bytes key)
{
    char text[TEXT_MAX + 1];
    size_t text_len = mc_hex(text, key);

    text[text_len++] = '\n';
    enum mc_status status = key_file_place(path, random, (struct mc_bytes){text, text_len});
    mc_wipe(text, sizeof(text));
    return status;
}

enum mc_status mc_key_create(const char *path, const struct mc_random *random, size_t len)
{
    uint8_t key[MC_KEY_FILE_MAX];

    assert(len > 0 && len <= sizeof(key));
    mc_random_fill(random, key, len);
    enum mc_status status = key_place(path, random, (struct mc_bytes){key, len});
    mc_wipe(key, sizeof(key));
    return status;
}

enum mc_status mc_seal_key_create(const char *path, const struct mc_random *random,
                                  const uint8_t before[MC_KEY_LEN])
{
    uint8_t key[MC_KEY_LEN];
    struct mc_keyring ring;

    do {
        mc_random_fill(random, key, sizeof(key));
        mc_keyring_set(&ring, key, before);
    } while (ring.keys[0].id == ring.keys[1].id);
    enum mc_status status = key_place(path, random, (struct mc_bytes){key, sizeof(key)});
    mc_keyring_wipe(&ring);
    mc_wipe(key, sizeof(key));
    return status;
}

/* One line of hex for each; the last newline may be missing. */
static enum mc_status public_keys_parse(const char *text, size_t size,
                                        uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN], size_t *ret_len)
{
    size_t n = 0;

    for (size_t at = 0; at < size; at += PUBLIC_LINE) {
        if (size - at < PUBLIC_LINE - 1 ||
            (size - at >= PUBLIC_LINE && text[at + PUBLIC_LINE - 1] != '\n') ||
            !mc_unhex(ret_keys[n++], MC_SIGN_PUBLIC_LEN,
                      (struct mc_bytes){text + at, PUBLIC_LINE - 1}))
            return MC_INVALID;
    }
    *ret_len = n;
    return n > 0 ? MC_OK : MC_INVALID;
}

enum mc_status mc_public_keys_load(const char *path, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN],
                                   size_t *ret_len)
{
    char text[PUBLIC_LINE * MC_SIGN_KEYS_MAX];
    size_t size;

    mc_cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : errno == EACCES ? MC_DENIED : MC_IO;
    enum mc_status status = key_file_check(fd, &size);
    if (status != MC_OK)
        return status;
    if (size > sizeof(text))
        return MC_INVALID;
    if (read(fd, text, size) != (ssize_t)size)
        return MC_IO;
    return public_keys_parse(text, size, ret_keys, ret_len);
}

/* Root's change leaves the file with whom it belongs to. */
static bool like_before(int fd, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return errno == ENOENT;
    return fchown(fd, info.st_uid, info.st_gid) == 0 && fchmod(fd, info.st_mode & 0777) == 0;
}

enum mc_status mc_public_keys_save(const char *path, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                                   size_t len)
{
    char text[PUBLIC_LINE * MC_SIGN_KEYS_MAX + 1];
    char draft[PATH_MAX];

    assert(len > 0 && len <= MC_SIGN_KEYS_MAX);
    for (size_t i = 0; i < len; i++) {
        (void)mc_hex(text + i * PUBLIC_LINE, (struct mc_bytes){keys[i], MC_SIGN_PUBLIC_LEN});
        text[(i + 1) * PUBLIC_LINE - 1] = '\n';
    }
    int draft_len = snprintf(draft, sizeof(draft), "%s.new", path);
    if (draft_len < 0 || (size_t)draft_len >= sizeof(draft))
        return MC_INVALID;
    (void)unlink(draft); /* of one that was cut off */
    mc_cleanup(close_fd) int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !like_before(fd, path) ||
        write(fd, text, len * PUBLIC_LINE) != (ssize_t)(len * PUBLIC_LINE) || fsync(fd) != 0 ||
        rename(draft, path) != 0 || !folder_sync(path))
        return MC_IO;
    return MC_OK;
}

const char *mc_key_sentence(enum mc_status status)
{
    switch ((int)status) {
    case MC_OK:
        return "the key file is fine";
    case MC_NOT_FOUND:
        return "there is no such key file";
    case MC_DENIED:
        return "the key file must be ours or root's, and closed to others (chmod 0600)";
    case MC_INVALID:
        return "the key file must be one line of hex digits, of the right length";
    case MC_CONFLICT:
        return "a key file is there already, and keys are never overwritten";
    default:
        return "the key file could not be read or written";
    }
}
