#include "smpp_awaited.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crypto.h"

enum {
    LINE_MAX_LEN = 128,
    PATH_SIZE = 1100,
};

struct smpp_awaited {
    struct smpp_await *ring; /* max of them */
    uint32_t *buckets;       /* place + 1 */
    uint32_t max;
    uint32_t bits; /* buckets: 2^bits */
    uint64_t added;
    uint64_t lines; /* of the file */
    int fd;
    char path[PATH_SIZE];
};

static uint64_t key_of(const char *id)
{
    return mc_checksum((struct mc_bytes){id, strlen(id)}, (struct mc_bytes){0});
}

static uint32_t *bucket_of(const struct smpp_awaited *awaited, uint64_t key)
{
    return &awaited->buckets[key & ((1ULL << awaited->bits) - 1)];
}

static void unlink_place(struct smpp_awaited *awaited, uint32_t place)
{
    struct smpp_await *row = &awaited->ring[place];

    if (row->reference[0] == '\0')
        return;
    for (uint32_t *at = bucket_of(awaited, row->key); *at != 0; at = &awaited->ring[*at - 1].next)
        if (*at == place + 1) {
            *at = row->next;
            return;
        }
}

static void keep(struct smpp_awaited *awaited, uint64_t key, const char *reference, bool last)
{
    uint32_t place = (uint32_t)(awaited->added++ % awaited->max);
    struct smpp_await *row = &awaited->ring[place];

    unlink_place(awaited, place);
    *row = (struct smpp_await){.key = key, .last = last};
    memcpy(row->reference, reference, strlen(reference) + 1);
    uint32_t *bucket = bucket_of(awaited, key);
    row->next = *bucket; /* the newest of an id is found first */
    *bucket = place + 1;
}

/* 9f86d081884c7d65 L 0100000000000007: the id's hash, last part or not, the reference */
static bool line_write(struct smpp_awaited *awaited, int fd, const struct smpp_await *row)
{
    char line[LINE_MAX_LEN];
    int len = snprintf(line, sizeof line, "%016" PRIx64 " %c %s\n", row->key, row->last ? 'L' : '-',
                       row->reference);

    awaited->lines++;
    return len > 0 && (size_t)len < sizeof line && write(fd, line, (size_t)len) == len;
}

static void line_read(struct smpp_awaited *awaited, char *line)
{
    char *end = NULL;

    line[strcspn(line, "\n")] = '\0';
    errno = 0;
    uint64_t key = strtoull(line, &end, 16);
    if (errno != 0 || end != line + 16 || end[0] != ' ' || (end[1] != 'L' && end[1] != '-') ||
        end[2] != ' ')
        return; /* cut off when the machine went down */
    const char *reference = end + 3;
    if (reference[0] != '\0' && strlen(reference) < SMPP_AWAITED_REFERENCE_SIZE)
        keep(awaited, key, reference, end[1] == 'L');
}

static void file_read(struct smpp_awaited *awaited)
{
    char line[LINE_MAX_LEN];
    FILE *file = fopen(awaited->path, "re");

    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        line_read(awaited, line);
    (void)fclose(file);
}

static bool rows_write(struct smpp_awaited *awaited, int fd)
{
    uint64_t first = awaited->added > awaited->max ? awaited->added - awaited->max : 0;
    bool well = true;

    awaited->lines = 0;
    for (uint64_t i = first; i < awaited->added && well; i++)
        well = line_write(awaited, fd, &awaited->ring[i % awaited->max]);
    return well;
}

/* What is kept, in a new file in place of the old one. */
static bool file_renew(struct smpp_awaited *awaited)
{
    char path[PATH_SIZE + 8];

    (void)snprintf(path, sizeof path, "%s.new", awaited->path);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (!rows_write(awaited, fd) || rename(path, awaited->path) != 0) {
        (void)close(fd);
        return false;
    }
    if (awaited->fd >= 0)
        (void)close(awaited->fd);
    awaited->fd = fd;
    return true;
}

static bool memory_open(struct smpp_awaited *awaited, uint32_t max)
{
    awaited->max = max;
    awaited->fd = -1;
    while (1ULL << awaited->bits < max)
        awaited->bits++;
    awaited->ring = calloc(max, sizeof *awaited->ring);
    awaited->buckets = calloc(1ULL << awaited->bits, sizeof *awaited->buckets);
    return awaited->ring != NULL && awaited->buckets != NULL;
}

struct smpp_awaited *smpp_awaited_open(const char *path, uint32_t max)
{
    struct smpp_awaited *awaited = calloc(1, sizeof *awaited);
    bool well = awaited != NULL && strlen(path) < PATH_SIZE && memory_open(awaited, max);

    if (well && path[0] != '\0') {
        memcpy(awaited->path, path, strlen(path) + 1);
        file_read(awaited);
        well = file_renew(awaited);
    }
    if (well)
        return awaited;
    smpp_awaited_close(awaited);
    return NULL;
}

void smpp_awaited_close(struct smpp_awaited *awaited)
{
    if (awaited == NULL)
        return;
    if (awaited->fd >= 0)
        (void)close(awaited->fd);
    free(awaited->buckets);
    free(awaited->ring);
    free(awaited);
}

bool smpp_awaited_add(struct smpp_awaited *awaited, const char *id, const char *reference,
                      bool last)
{
    if (reference[0] == '\0' || strlen(reference) >= SMPP_AWAITED_REFERENCE_SIZE)
        return false;
    keep(awaited, key_of(id), reference, last);
    if (awaited->path[0] == '\0')
        return true;
    if (awaited->lines >= 2ULL * awaited->max)
        return file_renew(awaited);
    return line_write(awaited, awaited->fd, &awaited->ring[(awaited->added - 1) % awaited->max]);
}

const struct smpp_await *smpp_awaited_find(const struct smpp_awaited *awaited, const char *id)
{
    uint64_t key = key_of(id);

    for (uint32_t at = *bucket_of(awaited, key); at != 0; at = awaited->ring[at - 1].next)
        if (awaited->ring[at - 1].key == key)
            return &awaited->ring[at - 1];
    return NULL;
}
