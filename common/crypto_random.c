#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "common/crypto.h"

enum { POOL_PAGE = 4096 };

/* One page of its own: a fork finds it zeroed (left == 0), a core dump does not find it at all. */
struct pool {
    size_t left;
    uint8_t bytes[POOL_PAGE - sizeof(size_t)];
};

static void kernel_fill(void *arg, void *bytes, size_t len)
{
    uint8_t *out = bytes;

    (void)arg;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* no randomness, no service */
        if (got > 0) {
            out += got;
            len -= (size_t)got;
        }
    }
}

static void pool_fill(void *arg, void *bytes, size_t len)
{
    struct pool *pool = arg;

    if (len > sizeof(pool->bytes)) {
        kernel_fill(NULL, bytes, len);
        return;
    }
    if (len > pool->left) {
        kernel_fill(NULL, pool->bytes, sizeof(pool->bytes));
        pool->left = sizeof(pool->bytes);
    }
    pool->left -= len;
    memcpy(bytes, pool->bytes + pool->left, len);
    explicit_bzero(pool->bytes + pool->left, len);
}

enum mc_status mc_random_open(struct mc_random *random)
{
    *random = (struct mc_random){.fill = kernel_fill};

    void *page = mmap(NULL, POOL_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return MC_FULL;
    if (madvise(page, POOL_PAGE, MADV_WIPEONFORK) != 0) {
        (void)munmap(page, POOL_PAGE); /* a kernel that cannot: slower, and as safe */
        return MC_OK;
    }
    (void)madvise(page, POOL_PAGE, MADV_DONTDUMP);
    *random = (struct mc_random){.fill = pool_fill, .arg = page};
    return MC_OK;
}

void mc_random_close(struct mc_random *random)
{
    if (random->fill == pool_fill) {
        explicit_bzero(random->arg, POOL_PAGE);
        (void)munmap(random->arg, POOL_PAGE);
    }
    *random = (struct mc_random){0};
}

uint64_t mc_random_below(const struct mc_random *random, uint64_t end)
{
    uint64_t number;

    assert(end > 0);
    /* Numbers below 2^64 mod end would make the small results likelier: draw again. */
    uint64_t unfair = (0 - end) % end;
    do {
        mc_random_fill(random, &number, sizeof(number));
    } while (number < unfair);
    return number % end;
}

void mc_uuid7(uint8_t id[MC_ID_LEN], int64_t now_ms, const struct mc_random *random)
{
    mc_random_fill(random, id + 6, MC_ID_LEN - 6);
    for (size_t i = 0; i < 6; i++)
        id[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

bool mc_uuid7_time(const uint8_t id[MC_ID_LEN], int64_t *ret_ms)
{
    int64_t ms = 0;

    if (id[6] >> 4 != 7 || id[8] >> 6 != 2)
        return false;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | id[i];
    *ret_ms = ms;
    return true;
}

static bool dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void mc_uuid_text(char out[MC_UUID_TEXT_LEN + 1], const uint8_t id[MC_ID_LEN])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0, nibble = 0; i < MC_UUID_TEXT_LEN; i++) {
        if (dash_at(i)) {
            out[i] = '-';
            continue;
        }
        out[i] = digits[id[nibble / 2] >> (nibble % 2 == 0 ? 4 : 0) & 0xf];
        nibble++;
    }
    out[MC_UUID_TEXT_LEN] = '\0';
}

bool mc_uuid_parse(uint8_t id[MC_ID_LEN], struct mc_bytes text)
{
    const char *in = text.data;
    char hex[2 * MC_ID_LEN];
    size_t len = 0;

    if (text.len != MC_UUID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < MC_UUID_TEXT_LEN; i++) {
        if (dash_at(i) != (in[i] == '-'))
            return false;
        if (in[i] != '-')
            hex[len++] = in[i];
    }
    return mc_unhex(id, MC_ID_LEN, (struct mc_bytes){hex, len});
}
