/*
 * Shim: a disk that fails when it is told to. Loaded before the C library (LD_PRELOAD) into a
 * daemon under test, never linked into one.
 *
 * The test and the shim share a file, named by MC_SHIM: the test arms it with one order, the shim
 * counts the calls from then on and strikes at the `after`th. Only writes to data.mdb are looked
 * at. LMDB commits in three steps: pages (pwrite, writev), fdatasync, then the meta page through a
 * descriptor opened with O_DSYNC: after that call returns the commit is on disk.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum point { POINT_PAGES = 1, POINT_SYNC, POINT_META };
enum action { KILL_BEFORE = 1, KILL_AFTER, FAIL, SHORT, TORN };

struct order {
    volatile uint32_t armed;
    uint32_t point;
    uint32_t after; /* the first: 1 */
    uint32_t action;
    uint32_t error;
    uint32_t sticky; /* go on failing until disarmed */
    volatile uint32_t seen;
    volatile uint32_t struck;
};

static struct order *order;

__attribute__((constructor)) static void open_order(void)
{
    const char *path = getenv("MC_SHIM");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    order = map != MAP_FAILED ? map : NULL;
    (void)close(fd);
}

static int is_store(int fd)
{
    char link[64] = "/proc/self/fd/";
    char path[256];
    char digits[16];
    size_t n = 0;

    for (int rest = fd; n == 0 || rest > 0; rest /= 10)
        digits[n++] = (char)('0' + rest % 10);
    for (size_t i = 0; i < n; i++)
        link[14 + i] = digits[n - 1 - i];
    link[14 + n] = '\0';
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 8)
        return 0;
    path[len] = '\0';
    return strcmp(path + len - 8, "data.mdb") == 0;
}

static int strikes(int fd, enum point point)
{
    if (order == NULL || !order->armed || order->point != (uint32_t)point || !is_store(fd))
        return 0;
    uint32_t seen = __sync_add_and_fetch(&order->seen, 1);
    if (order->sticky ? seen < order->after : seen != order->after)
        return 0;
    order->struck++;
    if (!order->sticky)
        order->armed = 0;
    return 1;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static enum point point_of(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_DSYNC) != 0 ? POINT_META : POINT_PAGES;
}

static void *next_of(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);
typedef ssize_t writev_fn(int, const struct iovec *, int);
typedef int sync_fn(int);

static ssize_t pwrite_shimmed(int fd, const void *data, size_t len, off_t at, pwrite_fn *real)
{
    if (!strikes(fd, point_of(fd)))
        return real(fd, data, len, at);
    ssize_t done = 0;
    switch ((enum action)order->action) {
    case KILL_BEFORE:
        die();
        break;
    case KILL_AFTER:
        done = real(fd, data, len, at);
        die();
        break;
    case SHORT:
        return real(fd, data, len / 2, at);
    case TORN:
        done = real(fd, data, len / 2, at);
        die();
        break;
    case FAIL:
        break;
    }
    (void)done;
    errno = (int)order->error;
    return -1;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    static pwrite_fn *real;

    if (real == NULL)
        *(void **)&real = next_of("pwrite");
    return pwrite_shimmed(fd, data, len, at, real);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    static pwrite_fn *real;

    if (real == NULL)
        *(void **)&real = next_of("pwrite64");
    return pwrite_shimmed(fd, data, len, at, real);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    static writev_fn *real;

    if (real == NULL)
        *(void **)&real = next_of("writev");
    if (!strikes(fd, point_of(fd)))
        return real(fd, parts, n);
    ssize_t done = 0;
    int half = n > 1 ? n / 2 : 0;
    switch ((enum action)order->action) {
    case KILL_BEFORE:
        die();
        break;
    case KILL_AFTER:
        done = real(fd, parts, n);
        die();
        break;
    case SHORT:
        return half > 0 ? real(fd, parts, half) : 0;
    case TORN:
        done = half > 0 ? real(fd, parts, half) : 0;
        die();
        break;
    case FAIL:
        break;
    }
    (void)done;
    errno = (int)order->error;
    return -1;
}

static int sync_shimmed(int fd, sync_fn *real)
{
    if (!strikes(fd, POINT_SYNC))
        return real(fd);
    if (order->action == KILL_BEFORE)
        die();
    if (order->action == KILL_AFTER) {
        (void)real(fd);
        die();
    }
    errno = (int)order->error;
    return -1;
}

int fdatasync(int fd)
{
    static sync_fn *real;

    if (real == NULL)
        *(void **)&real = next_of("fdatasync");
    return sync_shimmed(fd, real);
}

int fsync(int fd)
{
    static sync_fn *real;

    if (real == NULL)
        *(void **)&real = next_of("fsync");
    return sync_shimmed(fd, real);
}
