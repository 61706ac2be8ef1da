#include "common/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/date.h"
#include "common/file.h"
#include "common/json.h"
#include "common/redo.h"
#include "common/txn.h"

enum { BUFFER = 256 << 10, FINISH_ARENA = 4 << 20, OLD_MAX = 4096 };

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static enum mc_status fail(struct mc_backup *backup, enum mc_status status, const char *path,
                           const char *what)
{
    (void)snprintf(backup->why, sizeof backup->why, "%.100s: %s", path, what);
    return status;
}

bool mc_folder_sync(const char *path)
{
    mc_cleanup(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0;
}

/* 20261122T214424.123, UTC: names in the order of time. */
static void name_of(char *out, size_t size, int64_t now_ms)
{
    char text[MC_RFC3339_SIZE];
    size_t len = 0;

    mc_time_format_rfc3339(text, sizeof text, now_ms);
    for (size_t i = 0; text[i] != '\0' && text[i] != 'Z' && len + 1 < size; i++)
        if (text[i] != '-' && text[i] != ':')
            out[len++] = text[i];
    out[len] = '\0';
}

static bool folder_make(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static void remove_folder(const char *path)
{
    static const char *const files[] = {"data.mdb", "manifest.json"};
    char file[MC_BACKUP_PATH_MAX + 16];

    for (size_t i = 0; i < MC_LEN(files); i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path, files[i]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

static int is_part(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".part") == 0;
}

/* What a copy left that was cut off by the daemon's end: a room has one daemon. */
static void remove_parts(const char *folder)
{
    char path[MC_BACKUP_PATH_MAX];
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_part, NULL);

    for (int i = 0; i < n; i++) {
        int len = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);

        if (len > 0 && (size_t)len < sizeof path)
            remove_folder(path);
        free(names[i]);
    }
    free(names);
}

enum mc_status mc_backup_begin(struct mc_backup *backup, const struct mc_backup_options *options)
{
    char path[MC_BACKUP_PATH_MAX + 16];
    char name[32];

    memset(backup, 0, sizeof *backup);
    backup->options = *options;
    backup->check.keys = &backup->options.keys;
    backup->fd = backup->ends[0] = backup->ends[1] = -1;
    name_of(name, sizeof name, options->now_ms);
    int len = snprintf(backup->part, sizeof backup->part, "%s/%s/%s.part", options->root,
                       options->room, name);
    if (len < 0 || (size_t)len >= sizeof backup->part)
        return fail(backup, MC_INVALID, options->root, "too long");
    (void)snprintf(backup->folder, sizeof backup->folder, "%.*s", len - 5, backup->part);

    (void)snprintf(path, sizeof path, "%s/%s", options->root, options->room);
    if (!folder_make(options->root) || !folder_make(path))
        return fail(backup, MC_IO, path, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    remove_parts(path);
    if (access(backup->folder, F_OK) == 0 || mkdir(backup->part, 0700) != 0) {
        backup->part[0] = '\0'; /* not ours to remove */
        return fail(backup, MC_CONFLICT, backup->folder, "is there already, or cannot be made");
    }
    (void)snprintf(path, sizeof path, "%s/data.mdb", backup->part);
    backup->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (backup->fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, backup->ends) != 0)
        return fail(backup, MC_IO, path, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    mc_hasher_begin(&backup->hasher);
    return MC_OK;
}

void mc_backup_copy(struct mc_backup *backup)
{
    backup->copied = mc_store_copy(backup->options.store, backup->ends[1]);
    (void)shutdown(backup->ends[1], SHUT_WR); /* the mover's end of file */
}

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

void mc_backup_move(struct mc_backup *backup)
{
    uint8_t *buffer = malloc(BUFFER);
    size_t moved = 0;

    if (buffer == NULL)
        backup->moved = MC_FULL;
    while (buffer != NULL && moved < backup->options.piece && backup->moved == MC_OK) {
        ssize_t n = read(backup->ends[0], buffer, BUFFER);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            backup->ended = true;
            break;
        }
        mc_hasher_add(&backup->hasher, (struct mc_bytes){buffer, (size_t)n});
        if (!write_all(backup->fd, buffer, (size_t)n))
            backup->moved = errno == ENOSPC || errno == EDQUOT ? MC_FULL : MC_IO;
        moved += (size_t)n;
        atomic_fetch_add(&backup->bytes, (uint64_t)n);
    }
    free(buffer);
    if (backup->moved == MC_OK && fdatasync(backup->fd) != 0)
        backup->moved = MC_IO;
    if (backup->moved != MC_OK) {
        backup->ended = true;
        mc_backup_stop(backup);
    }
}

void mc_backup_stop(struct mc_backup *backup)
{
    atomic_store(&backup->check.stop, true);
    for (size_t i = 0; i < MC_LEN(backup->ends); i++)
        if (backup->ends[i] >= 0)
            (void)shutdown(backup->ends[i], SHUT_RDWR);
}

/* --- the end --- */

static bool write_file(const char *path, struct mc_bytes text)
{
    mc_cleanup(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd >= 0 && write_all(fd, text.data, text.len) && fsync(fd) == 0;
}

static enum mc_status write_manifest(struct mc_backup *backup, struct mc_arena *arena)
{
    const struct mc_backup_options *options = &backup->options;
    Motcua__BackupManifest manifest = MOTCUA__BACKUP_MANIFEST__INIT;
    char *tables[MC_TABLES_MAX];
    uint32_t keys[MC_LEN(options->keys.keys)];
    char hash[2 * MC_HASH_LEN + 1];
    char lineage[2 * MC_ID_LEN + 1];
    char path[MC_BACKUP_PATH_MAX + 16];
    struct mc_bytes text;

    (void)mc_hex(hash, (struct mc_bytes){backup->hash, sizeof backup->hash});
    (void)mc_hex(lineage, (struct mc_bytes){options->lineage, sizeof options->lineage});
    for (unsigned i = 0; i < MC_TABLE_ROOM; i++)
        tables[i] = mc_unconst(mc_house_table(i));
    for (size_t i = 0; i < options->open->tables_len; i++)
        tables[MC_TABLE_ROOM + i] = mc_unconst(options->open->tables[i]);
    for (size_t i = 0; i < options->keys.len; i++)
        keys[i] = options->keys.keys[i].id;
    manifest.room = mc_unconst(options->room);
    manifest.version = mc_unconst(MC_VERSION);
    manifest.made_ms = options->now_ms;
    manifest.journal_last = backup->check.journal_last;
    manifest.size = atomic_load(&backup->bytes);
    manifest.sha256 = hash;
    manifest.rows = atomic_load(&backup->check.rows);
    manifest.tables = tables;
    manifest.n_tables = MC_TABLE_ROOM + options->open->tables_len;
    manifest.seal_keys = keys;
    manifest.n_seal_keys = options->keys.len;
    manifest.lineage = lineage;
    (void)snprintf(path, sizeof path, "%s/manifest.json", backup->part);
    if (mc_json_encode_pretty(arena, &manifest.base, &text) != MC_OK || !write_file(path, text))
        return fail(backup, MC_IO, path, "cannot be written");
    return MC_OK;
}

static enum mc_status look_back(struct mc_backup *backup)
{
    struct mc_store_options open = *backup->options.open;
    struct mc_store *copy = NULL;

    open.dir = backup->part;
    enum mc_status status = mc_store_open_copy(&copy, &open, backup->why, sizeof backup->why);
    if (status != MC_OK)
        return status;
    status = mc_store_check(copy, &backup->check);
    mc_store_close(copy);
    if (status == MC_BUSY)
        return fail(backup, status, backup->folder, "stopped");
    if (status != MC_OK)
        return fail(backup, status, backup->folder, "does not read back");
    return backup->check.problems_len > 0 ? MC_CORRUPT : MC_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_whole(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           strspn(entry->d_name, "0123456789T.") == strlen(entry->d_name);
}

/* What the oldest backup that is kept has, no file needs to tell again. */
static void prune_redo(const struct mc_backup *backup, const char *oldest)
{
    char dir[MC_REDO_PATH_MAX];
    char why[MC_BACKUP_WHY_MAX];
    struct mc_arena arena;

    if (mc_arena_init(&arena, FINISH_ARENA) != MC_OK)
        return; /* after the next one */
    const Motcua__BackupManifest *manifest = mc_backup_manifest(&arena, oldest, why, sizeof why);
    mc_redo_folder(dir, backup->options.root, backup->options.room);
    if (manifest != NULL)
        mc_redo_prune(dir, backup->options.lineage, manifest->made_ms);
    mc_arena_done(&arena);
}

/* The newest `keep` whole ones stay. */
static void remove_old(const struct mc_backup *backup)
{
    char path[MC_BACKUP_PATH_MAX];
    char old[MC_BACKUP_PATH_MAX];
    struct dirent **names = NULL;

    (void)snprintf(path, sizeof path, "%s/%s", backup->options.root, backup->options.room);
    int n = backup->options.keep > 0 ? scandir(path, &names, is_whole, by_name) : 0;
    int kept = (int)MC_MIN(backup->options.keep, (size_t)MC_MAX(n, 0));
    for (int i = 0; i < n; i++) {
        int len = snprintf(old, sizeof old, "%s/%s", path, names[i]->d_name);

        if (len > 0 && (size_t)len < sizeof old && i < n - kept)
            remove_folder(old);
        else if (i == n - kept)
            prune_redo(backup, old);
        free(names[i]);
    }
    free(names);
}

static enum mc_status place(struct mc_backup *backup, bool good)
{
    char path[MC_BACKUP_PATH_MAX];
    char bad[MC_BACKUP_PATH_MAX + 8];

    (void)snprintf(path, sizeof path, "%s/%s", backup->options.root, backup->options.room);
    (void)snprintf(bad, sizeof bad, "%s.bad", backup->folder);
    if (!mc_folder_sync(backup->part) || rename(backup->part, good ? backup->folder : bad) != 0 ||
        !mc_folder_sync(path))
        return fail(backup, MC_IO, backup->part, "cannot be named");
    if (!good)
        (void)snprintf(backup->folder, sizeof backup->folder, "%.*s",
                       (int)sizeof backup->folder - 1, bad);
    backup->part[0] = '\0';
    return MC_OK;
}

enum mc_status mc_backup_finish(struct mc_backup *backup)
{
    struct mc_arena arena;

    if (backup->copied != MC_OK || backup->moved != MC_OK)
        return fail(backup, backup->moved != MC_OK ? backup->moved : backup->copied, backup->folder,
                    atomic_load(&backup->check.stop) && backup->moved == MC_OK
                        ? "stopped"
                        : (backup->copied == MC_CORRUPT
                               ? "the store's list of free pages does not add up"
                               : "could not be written, or there was no room"));
    mc_hasher_end(&backup->hasher, backup->hash);
    if (fsync(backup->fd) != 0)
        return fail(backup, MC_IO, backup->folder, "could not be flushed");
    enum mc_status read = look_back(backup);
    if (read != MC_OK && read != MC_CORRUPT)
        return read;
    enum mc_status status = mc_arena_init(&arena, FINISH_ARENA);
    if (status != MC_OK)
        return fail(backup, status, backup->folder, "out of memory");
    status = write_manifest(backup, &arena);
    mc_arena_done(&arena);
    if (status == MC_OK)
        status = place(backup, read == MC_OK);
    if (status == MC_OK && read == MC_OK)
        remove_old(backup);
    return status == MC_OK ? read : status;
}

void mc_backup_close(struct mc_backup *backup)
{
    close_fd(&backup->fd);
    close_fd(&backup->ends[0]);
    close_fd(&backup->ends[1]);
    backup->fd = backup->ends[0] = backup->ends[1] = -1;
    if (backup->part[0] != '\0')
        remove_folder(backup->part);
    mc_keyring_wipe(&backup->options.keys);
}

/* --- reading one --- */

Motcua__BackupManifest *mc_backup_manifest_parse(struct mc_arena *arena, struct mc_bytes text,
                                                 struct mc_json_error *ret_error)
{
    ProtobufCMessage *message = NULL;

    return mc_json_decode(arena, &motcua__backup_manifest__descriptor, text, &message, ret_error) ==
                   MC_OK
               ? (Motcua__BackupManifest *)(void *)message
               : NULL;
}

Motcua__BackupManifest *mc_backup_manifest(struct mc_arena *arena, const char *folder, char *why,
                                           size_t why_size)
{
    char path[MC_BACKUP_PATH_MAX + 16];
    struct mc_json_error error = {0};
    struct mc_bytes text;

    (void)snprintf(path, sizeof path, "%s/manifest.json", folder);
    enum mc_status status = mc_file_read(arena, path, MC_MANIFEST_MAX, &text);
    if (status != MC_OK) {
        (void)snprintf(why, why_size, "%.150s: %s", path, mc_file_sentence(status));
        return NULL;
    }
    Motcua__BackupManifest *manifest = mc_backup_manifest_parse(arena, text, &error);
    if (manifest == NULL)
        (void)snprintf(why, why_size, "%.150s: %s %s", path, error.code, error.field);
    return manifest;
}

/* Reads all of `from` through a hash, into `to` when that is a descriptor. */
static enum mc_status pass(int from, int to, uint64_t *ret_size, uint8_t hash[MC_HASH_LEN])
{
    struct mc_hasher hasher;
    uint8_t *buffer = malloc(BUFFER);
    enum mc_status status = buffer != NULL ? MC_OK : MC_FULL;

    mc_hasher_begin(&hasher);
    *ret_size = 0;
    while (status == MC_OK) {
        ssize_t n = read(from, buffer, BUFFER);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            status = n < 0 ? MC_IO : MC_OK;
            break;
        }
        mc_hasher_add(&hasher, (struct mc_bytes){buffer, (size_t)n});
        *ret_size += (uint64_t)n;
        if (to >= 0 && !write_all(to, buffer, (size_t)n))
            status = MC_IO;
    }
    mc_hasher_end(&hasher, hash);
    free(buffer);
    return status;
}

enum mc_status mc_backup_read(const Motcua__BackupManifest *manifest, const char *folder,
                              const char *target, char *why, size_t why_size)
{
    char path[MC_BACKUP_PATH_MAX + 16];
    uint8_t hash[MC_HASH_LEN];
    uint8_t told[MC_HASH_LEN];
    uint64_t size = 0;

    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    mc_cleanup(close_fd) int from = open(path, O_RDONLY | O_CLOEXEC);
    mc_cleanup(close_fd) int to =
        target != NULL ? open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (from < 0 || (target != NULL && to < 0)) {
        (void)snprintf(why, why_size, "%.180s: cannot be opened", from < 0 ? path : target);
        return MC_IO;
    }
    enum mc_status status = pass(from, to, &size, hash);
    if (status == MC_OK && to >= 0 && fsync(to) != 0)
        status = MC_IO;
    (void)snprintf(why, why_size, "%.180s: cannot be read or copied", path);
    if (status != MC_OK)
        return status;
    (void)snprintf(why, why_size, "%.180s: not the file that manifest.json tells of", path);
    bool same = size == manifest->size &&
                mc_unhex(told, sizeof told, mc_key_text(manifest->sha256)) &&
                memcmp(hash, told, sizeof hash) == 0;
    return same ? MC_OK : MC_CORRUPT;
}
