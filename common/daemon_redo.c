/* Redo files of a daemon: begun behind what the store holds, flushed once a second. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/redo.h"

struct daemon_redo {
    struct daemon *daemon;
    struct mc_pool *pool;
    int fd; /* what the thread flushes, -1: nothing */
    bool told;
};

bool daemon_redo_open(struct daemon *d)
{
    struct mc_service *service = d->service;
    char dir[MC_REDO_PATH_MAX];
    struct mc_redo_options options = {
        .dir = dir, .commit = mc_store_counts(service->store)->commit, .now_ms = daemon_now(d)};

    if (d->settings.backup_dir[0] == '\0' || !d->settings.backup_redo)
        return true;
    memcpy(options.lineage, service->lineage, sizeof options.lineage);
    mc_redo_folder(dir, d->settings.backup_dir, service->room->name);
    d->redo = calloc(1, sizeof *d->redo);
    if (d->redo == NULL || mc_redo_open(&service->redo, &options) != MC_OK)
        return false;
    *d->redo = (struct daemon_redo){.daemon = d, .fd = -1};
    d->redo->pool = mc_pool_create(d->process.loop, 1, 1);
    mc_store_tell(service->store, service->redo);
    return d->redo->pool != NULL;
}

static void flush(void *arg)
{
    struct daemon_redo *redo = arg;

    (void)fdatasync(redo->fd); /* a disk that fails is told by the next write */
}

static void flushed(void *arg, enum mc_status status)
{
    struct daemon_redo *redo = arg;

    (void)status;
    (void)close(redo->fd);
    redo->fd = -1;
}

void daemon_redo_tick(struct daemon *d)
{
    struct daemon_redo *redo = d->redo;

    if (redo == NULL)
        return;
    if (mc_redo_broken(d->service->redo) != redo->told) {
        redo->told = !redo->told;
        daemon_log(d, redo->told ? MC_LOG_ERROR : MC_LOG_NOTICE,
                   redo->told ? "redo_broken" : "redo_whole", "dir", d->settings.backup_dir);
    }
    if (redo->fd >= 0 || (redo->fd = mc_redo_unflushed(d->service->redo)) < 0)
        return;
    if (mc_pool_run(redo->pool, flush, flushed, redo) != MC_OK)
        flushed(redo, MC_BUSY);
}

void daemon_redo_close(struct daemon *d)
{
    if (d->redo != NULL && d->redo->pool != NULL)
        mc_pool_destroy(d->redo->pool);
    free(d->redo);
    d->redo = NULL;
}
