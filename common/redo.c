#include "common/redo.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/backup.h"
#include "common/process.h"

enum {
    HEAD = 8,
    RECORD_HEAD = 4 + 8 + 8 + 8,
    ROW_HEAD = 1 + 2 + 4,
    NUMBER_LEN = 20, /* of the first commit in a file's name */
    LINEAGE_LEN = 2 * MC_ID_LEN,
    KEPT = 16 << 20, /* of memory between commits */
};

static const char head[] = "MCREDO1\n";
static const char ending[] = ".redo";

struct mc_redo {
    char dir[MC_REDO_PATH_MAX];
    char lineage[LINEAGE_LEN + 1];
    size_t segment;
    int fd; /* -1: no file yet, or what is written is lost */
    size_t size;
    size_t size_before; /* its last record */
    bool unflushed;
    int64_t retry_ms;  /* until then nothing is tried */
    int64_t missed_ms; /* the newest commit that was not told; 0: none since the last backup */
    uint8_t *rows;
    size_t rows_len;
    size_t rows_size;
    bool rows_lost; /* no memory for one */
};

static bool write_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0)
            return false; /* a signal cannot interrupt what goes to a disk */
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* --- rows and records --- */

void mc_redo_add(struct mc_redo *redo, const struct mc_redo_row *row)
{
    size_t len = ROW_HEAD + row->key.len + row->value.len;
    uint16_t key_len = htole16((uint16_t)row->key.len);
    uint32_t value_len = htole32(row->value.data != NULL ? (uint32_t)row->value.len : UINT32_MAX);

    if (redo->rows_size - redo->rows_len < len) {
        size_t size = 2 * redo->rows_size + len;
        uint8_t *larger = size <= MC_REDO_RECORD_MAX ? realloc(redo->rows, size) : NULL;

        if (larger == NULL) {
            redo->rows_lost = true;
            return;
        }
        redo->rows = larger;
        redo->rows_size = size;
    }
    uint8_t *at = redo->rows + redo->rows_len;
    *at++ = (uint8_t)row->table;
    at = mempcpy(at, &key_len, sizeof key_len);
    at = mempcpy(at, &value_len, sizeof value_len);
    at = mempcpy(at, row->key.data, row->key.len);
    if (row->value.len > 0)
        memcpy(at, row->value.data, row->value.len);
    redo->rows_len += len;
}

bool mc_redo_row_next(struct mc_bytes *left, struct mc_redo_row *ret_row)
{
    const uint8_t *at = left->data;
    uint16_t key_len = 0;
    uint32_t value_len = 0;

    if (left->len < ROW_HEAD)
        return false;
    memcpy(&key_len, at + 1, sizeof key_len);
    memcpy(&value_len, at + 3, sizeof value_len);
    key_len = le16toh(key_len);
    value_len = le32toh(value_len);
    bool dropped = value_len == UINT32_MAX;
    size_t len = ROW_HEAD + (size_t)key_len + (dropped ? 0 : value_len);
    if (key_len == 0 || key_len > MC_KEY_MAX || len > left->len)
        return false;
    *ret_row = (struct mc_redo_row){.table = at[0], .key = {at + ROW_HEAD, key_len}};
    if (!dropped)
        ret_row->value = (struct mc_bytes){at + ROW_HEAD + key_len, value_len};
    *left = (struct mc_bytes){at + len, left->len - len};
    return true;
}

static uint64_t checksum_of(uint64_t commit, int64_t at_ms, struct mc_bytes rows)
{
    uint64_t both[] = {htole64(commit), htole64((uint64_t)at_ms)};

    return mc_checksum((struct mc_bytes){both, sizeof both}, rows);
}

bool mc_redo_next(struct mc_bytes *left, struct mc_redo_record *ret_record)
{
    const uint8_t *at = left->data;
    uint32_t len = 0;
    uint64_t words[3];

    if (left->len < RECORD_HEAD)
        return false;
    memcpy(&len, at, sizeof len);
    memcpy(words, at + sizeof len, sizeof words);
    len = le32toh(len);
    if (len > MC_REDO_RECORD_MAX || left->len - RECORD_HEAD < len)
        return false;
    *ret_record = (struct mc_redo_record){.commit = le64toh(words[0]),
                                          .at_ms = (int64_t)le64toh(words[1]),
                                          .rows = {at + RECORD_HEAD, len}};
    if (le64toh(words[2]) != checksum_of(ret_record->commit, ret_record->at_ms, ret_record->rows))
        return false;
    *left = (struct mc_bytes){at + RECORD_HEAD + len, left->len - RECORD_HEAD - len};
    return true;
}

/* --- writing --- */

static void end_file(struct mc_redo *redo)
{
    if (redo->fd < 0)
        return;
    (void)fdatasync(redo->fd); /* what the thread has not come to */
    (void)close(redo->fd);
    redo->fd = -1;
}

static void stop(struct mc_redo *redo, int64_t now_ms)
{
    end_file(redo);
    redo->retry_ms = now_ms + MC_REDO_RETRY_MS;
    redo->missed_ms = now_ms;
}

/* A file of this name tells of a commit that never happened, if of any: it is begun anew. */
static bool begin(struct mc_redo *redo, uint64_t commit)
{
    char path[MC_REDO_PATH_MAX + LINEAGE_LEN + NUMBER_LEN + sizeof ending + 2];

    if (!mc_folder_make(redo->dir, 0700))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s-%020llu%s", redo->dir, redo->lineage,
                   (unsigned long long)commit, ending);
    redo->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    redo->size = redo->size_before = HEAD;
    return redo->fd >= 0 && write_all(redo->fd, head, HEAD) && mc_folder_sync(redo->dir);
}

static bool write_record(struct mc_redo *redo, uint64_t commit, int64_t now_ms)
{
    const struct mc_bytes rows = {redo->rows, redo->rows_len};
    uint32_t len = htole32((uint32_t)rows.len);
    uint64_t words[] = {htole64(commit), htole64((uint64_t)now_ms),
                        htole64(checksum_of(commit, now_ms, rows))};
    uint8_t bytes[RECORD_HEAD];

    memcpy(bytes, &len, sizeof len);
    memcpy(bytes + sizeof len, words, sizeof words);
    if (!write_all(redo->fd, bytes, sizeof bytes) || !write_all(redo->fd, rows.data, rows.len))
        return false;
    redo->size_before = redo->size;
    redo->size += sizeof bytes + rows.len;
    redo->unflushed = true;
    return true;
}

static bool back_to(const struct mc_redo *redo, size_t size)
{
    return ftruncate(redo->fd, (off_t)size) == 0 &&
           lseek(redo->fd, (off_t)size, SEEK_SET) == (off_t)size;
}

void mc_redo_write(struct mc_redo *redo, uint64_t commit, int64_t now_ms)
{
    if (redo->size >= redo->segment)
        end_file(redo);
    bool tried = redo->fd >= 0 || now_ms >= redo->retry_ms;
    if (!tried)
        redo->missed_ms = now_ms;
    else if (redo->rows_lost || (redo->fd < 0 && !begin(redo, commit)))
        stop(redo, now_ms);
    else if (!write_record(redo, commit, now_ms)) {
        (void)!back_to(redo, redo->size); /* a torn record at the end does no harm either */
        stop(redo, now_ms);
    }
    mc_redo_forget(redo);
}

void mc_redo_undo(struct mc_redo *redo)
{
    if (redo->fd < 0)
        return;
    if (!back_to(redo, redo->size_before))
        end_file(redo); /* the next one's begin overrules it */
    redo->size = redo->size_before;
}

void mc_redo_forget(struct mc_redo *redo)
{
    redo->rows_len = 0;
    redo->rows_lost = false;
    if (redo->rows_size > KEPT) {
        free(redo->rows);
        redo->rows = NULL;
        redo->rows_size = 0;
    }
}

/* --- its files --- */

static bool is_of(const char *name, const char *lineage, uint64_t *ret_first)
{
    char *end = NULL;

    if (strncmp(name, lineage, LINEAGE_LEN) != 0 || name[LINEAGE_LEN] != '-' ||
        strspn(name + LINEAGE_LEN + 1, "0123456789") != NUMBER_LEN)
        return false;
    *ret_first = strtoull(name + LINEAGE_LEN + 1, &end, 10);
    return strcmp(end, ending) == 0;
}

static size_t list(const char *dir, struct dirent ***ret_names)
{
    int n = scandir(dir, ret_names, NULL, alphasort);

    return n > 0 ? (size_t)n : 0;
}

size_t mc_redo_files(const char *dir, const char *lineage, struct mc_redo_file **ret_files)
{
    struct dirent **names = NULL;
    size_t n = list(dir, &names);
    struct mc_redo_file *files = calloc(n + 1, sizeof *files);
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        struct mc_redo_file *file = files != NULL ? &files[found] : NULL;
        struct stat now;

        if (file != NULL && strlen(lineage) == LINEAGE_LEN &&
            is_of(names[i]->d_name, lineage, &file->first)) {
            int len = snprintf(file->path, sizeof file->path, "%s/%s", dir, names[i]->d_name);

            if (len > 0 && (size_t)len < sizeof file->path && stat(file->path, &now) == 0) {
                file->size = (uint64_t)now.st_size;
                found++;
            }
        }
        free(names[i]);
    }
    free(names);
    *ret_files = files;
    return found;
}

bool mc_redo_map(const struct mc_redo_file *file, struct mc_bytes *ret_map,
                 struct mc_bytes *ret_records)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    void *map = fd >= 0 && file->size >= HEAD
                    ? mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0)
                    : MAP_FAILED;

    if (fd >= 0)
        (void)close(fd);
    if (map == MAP_FAILED)
        return false;
    if (memcmp(map, head, HEAD) != 0) {
        (void)munmap(map, file->size);
        return false;
    }
    *ret_map = (struct mc_bytes){map, file->size};
    *ret_records = (struct mc_bytes){(const uint8_t *)map + HEAD, file->size - HEAD};
    return true;
}

void mc_redo_prune(const char *dir, const uint8_t lineage[MC_ID_LEN], int64_t before_ms)
{
    char path[MC_REDO_PATH_MAX + NAME_MAX + 2];
    char own[LINEAGE_LEN + 1];
    struct dirent **names = NULL;
    size_t n = list(dir, &names);
    size_t newest = n; /* of the room's lineage; names are in order */
    uint64_t first = 0;

    (void)mc_hex(own, (struct mc_bytes){lineage, MC_ID_LEN});
    for (size_t i = 0; i < n; i++)
        if (is_of(names[i]->d_name, own, &first))
            newest = i;
    for (size_t i = 0; i < n; i++) {
        const char *dot = strrchr(names[i]->d_name, '.');
        struct stat now;

        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        if (i != newest && dot != NULL && strcmp(dot, ending) == 0 && stat(path, &now) == 0 &&
            (int64_t)now.st_mtim.tv_sec * 1000 + 999 < before_ms)
            (void)unlink(path);
        free(names[i]);
    }
    free(names);
}

/* --- open, close --- */

void mc_redo_folder(char dir[MC_REDO_PATH_MAX], const char *root, const char *room)
{
    (void)snprintf(dir, MC_REDO_PATH_MAX, "%s/%s/redo", root, room);
}

struct mc_redo_record mc_redo_last(const char *dir, const char *lineage)
{
    struct mc_redo_file *files = NULL;
    size_t n = mc_redo_files(dir, lineage, &files);
    struct mc_redo_record record = {0};
    struct mc_bytes map;
    struct mc_bytes left;

    if (n > 0 && mc_redo_map(&files[n - 1], &map, &left)) {
        record.commit = files[n - 1].first - 1;
        while (mc_redo_next(&left, &record))
            continue;
        record.rows = (struct mc_bytes){0};
        (void)munmap(mc_unconst(map.data), map.len);
    }
    free(files);
    return record;
}

enum mc_status mc_redo_open(struct mc_redo **ret_redo, const struct mc_redo_options *options)
{
    struct mc_redo *redo = calloc(1, sizeof *redo);

    if (redo == NULL)
        return MC_FULL;
    (void)snprintf(redo->dir, sizeof redo->dir, "%s", options->dir);
    (void)mc_hex(redo->lineage, (struct mc_bytes){options->lineage, sizeof options->lineage});
    redo->segment = options->segment != 0 ? options->segment : MC_REDO_SEGMENT;
    redo->fd = -1;
    uint64_t told = mc_redo_last(redo->dir, redo->lineage).commit;
    if (told != 0 && told < options->commit)
        redo->missed_ms = options->now_ms;
    *ret_redo = redo;
    return MC_OK;
}

void mc_redo_close(struct mc_redo *redo)
{
    end_file(redo);
    free(redo->rows);
    free(redo);
}

bool mc_redo_broken(const struct mc_redo *redo)
{
    return redo->missed_ms != 0;
}

void mc_redo_backed_up(struct mc_redo *redo, int64_t begun_ms)
{
    if (begun_ms > redo->missed_ms)
        redo->missed_ms = 0;
}

int mc_redo_unflushed(struct mc_redo *redo)
{
    if (!redo->unflushed || redo->fd < 0)
        return -1;
    redo->unflushed = false;
    return fcntl(redo->fd, F_DUPFD_CLOEXEC, 0);
}
