/* Upkeep of a daemon: what an operator asked for, done in two threads of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backup.h"
#include "common/daemon.h"
#include "common/redo.h"
#include "common/reseal.h"
#include "common/upkeep.h"

enum {
    UPKEEP_THREADS = 2, /* one copies, one moves */
    UPKEEP_JOBS = 4,
    RESEAL_MS = 5,         /* a step of sealing anew is made so often */
    PIECE_MS = 50,         /* a piece of a copy is moved so often */
    LOOK_MS = 1000,        /* how full the store is, is looked at so often */
    RESERVE = 64 << 20,    /* of the target's disk, left free */
    STORE_FULL_BEGIN = 80, /* percent: no copy is begun */
    STORE_FULL_STOP = 90,  /* percent: one that runs is stopped, for it holds free pages back */
};

struct upkeep {
    struct daemon *daemon;
    struct mc_pool *pool;
    struct mc_timer *timer;
    Motcua__UpkeepKind kind;
    struct mc_upkeep_result result;
    bool running;
    bool ended; /* its result is to be written */
    bool copying;
    bool moving;
    bool finishing;
    enum mc_status status; /* of the last step */
    int64_t looked_ms;
    struct mc_store_options open;
    struct mc_backup backup;
    struct mc_store_check check;
    struct mc_keyring keys;
    bool step_due; /* of sealing anew */
    struct mc_reseal_progress progress;
    char why[MC_BACKUP_WHY_MAX];
    const char *problems[MC_CHECK_PROBLEMS_MAX];
};

bool daemon_upkeep_ended(const struct daemon *d)
{
    return d->upkeep != NULL && d->upkeep->ended;
}

bool daemon_upkeep_runs(const struct daemon *d)
{
    return d->upkeep != NULL && d->upkeep->running;
}

static void list_problems(struct upkeep *u, const struct mc_store_check *check)
{
    for (size_t i = 0; i < check->problems_len; i++)
        u->problems[i] = check->problems[i];
    u->result.problems_len = check->problems_len;
    u->result.problems_more = check->problems_more;
}

/* The result waits for a turn. `why` is told when nothing else is. */
static void end(struct upkeep *u, bool good, const char *why)
{
    u->result.good = good;
    u->result.problems = u->problems;
    if (!good && u->result.problems_len == 0) {
        if (why != u->why)
            (void)snprintf(u->why, sizeof u->why, "%s", why);
        u->problems[0] = u->why;
        u->result.problems_len = 1;
    }
    daemon_log(u->daemon, good ? MC_LOG_NOTICE : MC_LOG_ERROR,
               good ? "upkeep_done" : "upkeep_failed", "what",
               good ? u->result.folder : u->problems[0]);
    u->ended = true;
    mc_loop_defer(u->daemon->soon);
}

static unsigned percent_full(struct daemon *d)
{
    struct mc_store_usage usage;

    mc_store_usage(d->service->store, &usage);
    return (unsigned)(usage.used_bytes / MC_MAX(usage.map_bytes / 100, (size_t)1));
}

/* --- backup --- */

static void finish_work(void *arg)
{
    struct upkeep *u = arg;

    u->status = mc_backup_finish(&u->backup);
}

static void finish_done(void *arg, enum mc_status status)
{
    struct upkeep *u = arg;

    u->finishing = false;
    u->result.done = u->result.total = atomic_load(&u->backup.bytes);
    u->result.folder = u->backup.folder;
    u->result.journal_last = u->backup.check.journal_last;
    list_problems(u, &u->backup.check);
    if (u->daemon->service->redo != NULL && status == MC_OK && u->status == MC_OK)
        mc_redo_backed_up(u->daemon->service->redo, u->backup.options.now_ms);
    (void)snprintf(u->why, sizeof u->why, "%s", u->backup.why);
    if (!u->daemon->stopping)
        end(u, status == MC_OK && u->status == MC_OK, u->why);
}

static void finish_when_ready(struct upkeep *u)
{
    if (u->copying || u->moving || u->finishing || !u->backup.ended)
        return;
    u->finishing = true;
    if (u->daemon->stopping || mc_pool_run(u->pool, finish_work, finish_done, u) != MC_OK)
        u->finishing = false;
}

static void copy_work(void *arg)
{
    struct upkeep *u = arg;

    mc_backup_copy(&u->backup);
}

static void copy_done(void *arg, enum mc_status status)
{
    struct upkeep *u = arg;

    (void)status;
    u->copying = false;
    finish_when_ready(u);
}

static void move_work(void *arg)
{
    struct upkeep *u = arg;

    mc_backup_move(&u->backup);
}

static void move_done(void *arg, enum mc_status status)
{
    struct upkeep *u = arg;

    (void)status;
    u->moving = false;
    if (u->backup.ended)
        finish_when_ready(u);
    else
        mc_timer_start(u->timer, PIECE_MS);
}

static void begin_backup(struct upkeep *u)
{
    struct daemon *d = u->daemon;
    struct mc_service *service = d->service;
    struct mc_store_usage usage;
    struct mc_backup_options options = {
        .root = service->options.backup_dir,
        .room = service->room->name,
        .store = service->store,
        .open = &u->open,
        .keys = service->secrets.seal,
        .now_ms = daemon_now(d),
        .piece =
            MC_MAX((size_t)d->settings.backup_rate * PIECE_MS / 1000, (size_t)MC_BACKUP_PIECE_MIN),
        .keep = (size_t)d->settings.backup_keep,
    };

    memcpy(options.lineage, service->lineage, sizeof options.lineage);
    enum mc_status status = mc_backup_begin(&u->backup, &options);
    mc_keyring_wipe(&options.keys);
    mc_store_usage(service->store, &usage);
    service->upkeep_total = usage.used_bytes;
    if (status == MC_OK &&
        mc_store_disk_free(u->backup.part) < (uint64_t)usage.used_bytes + RESERVE) {
        (void)snprintf(u->backup.why, sizeof u->backup.why, "%.100s: not enough room",
                       options.root);
        status = MC_FULL;
    }
    if (status != MC_OK) {
        end(u, false, u->backup.why);
        return;
    }
    u->copying = mc_pool_run(u->pool, copy_work, copy_done, u) == MC_OK;
    u->moving = u->copying && mc_pool_run(u->pool, move_work, move_done, u) == MC_OK;
    if (!u->moving)
        mc_backup_stop(&u->backup);
}

/* --- verify --- */

static void check_work(void *arg)
{
    struct upkeep *u = arg;

    u->status = mc_store_check(u->daemon->service->store, &u->check);
}

static void check_done(void *arg, enum mc_status status)
{
    struct upkeep *u = arg;

    u->finishing = false;
    mc_keyring_wipe(&u->keys);
    u->result.done = atomic_load(&u->check.rows);
    u->result.total = u->check.rows_total;
    u->result.journal_last = u->check.journal_last;
    list_problems(u, &u->check);
    if (!u->daemon->stopping)
        end(u, status == MC_OK && u->status == MC_OK && u->check.problems_len == 0,
            u->status == MC_BUSY ? "stopped" : "the store does not read");
}

static void begin_check(struct upkeep *u)
{
    u->keys = u->daemon->service->secrets.seal;
    u->check = (struct mc_store_check){.keys = &u->keys};
    u->finishing = mc_pool_run(u->pool, check_work, check_done, u) == MC_OK;
    mc_timer_start(u->timer, PIECE_MS);
}

/* --- reseal --- */

static bool is_reseal(const struct upkeep *u)
{
    return u->kind == MOTCUA__UPKEEP_KIND__RESEAL;
}

/* The newest key seals from now on; the one before it still opens, until nothing needs it. */
static void begin_reseal(struct upkeep *u)
{
    struct daemon *d = u->daemon;
    struct mc_keyring *ring = &d->service->secrets.seal;
    unsigned number = 0;
    struct mc_keyring found;

    if (mc_process_seal_keys(&d->process, d->master, &found, &number, u->why, sizeof u->why) !=
        MC_OK) {
        end(u, false, u->why);
        return;
    }
    if (number > d->seal_number + 1) {
        end(u, false, "more than one key is new: they are taken one after the other");
    } else if (number == d->seal_number && ring->len == 1) {
        end(u, false, "there is no newer key in keys.dir, and all is sealed with this one");
    } else {
        *ring = found;
        d->seal_number = number;
        mc_timer_start(u->timer, RESEAL_MS);
    }
    mc_keyring_wipe(&found);
}

/* --- signing keys --- */

/*
 * The newest key signs from now on, in this room, without a moment in which nothing does: rooms and
 * handlers sign with what the frame points to. It must have been published: others believe it then.
 */
static void begin_sign(struct upkeep *u)
{
    struct daemon *d = u->daemon;
    struct mc_service *service = d->service;
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
    uint8_t secret_key[MC_SIGN_SECRET_LEN];
    uint8_t seed[MC_KEY_LEN];
    unsigned number = 0;

    if (mc_process_sign_seed(&d->process, d->first_seed, seed, &number, u->why, sizeof u->why) !=
        MC_OK) {
        end(u, false, u->why);
        return;
    }
    mc_sign_key(seed, public_key, secret_key);
    if (mc_process_publish(&d->process, public_key) != MC_OK) {
        end(u, false, "the newest key is not in the file of published ones");
    } else {
        memcpy(d->sign_seed, seed, sizeof seed);
        d->sign_number = number;
        memcpy(service->sign_public, public_key, sizeof public_key);
        memcpy(service->sign_secret, secret_key, sizeof secret_key);
        u->result.done = number;
        u->result.total = mc_process_public_keys(&d->process, d->process.name, keys);
        end(u, true, "");
    }
    mc_wipe(seed, sizeof seed);
    mc_wipe(secret_key, sizeof secret_key);
}

bool daemon_upkeep_steps(const struct daemon *d)
{
    return d->upkeep != NULL && d->upkeep->running && d->upkeep->step_due;
}

/* After the commit: the next step, or nothing is left under the old key. */
static void reseal_stepped(struct upkeep *u)
{
    struct mc_keyring *ring = &u->daemon->service->secrets.seal;

    u->step_due = false;
    u->daemon->service->upkeep_done = u->result.done = u->progress.resealed;
    if (!u->progress.done) {
        mc_timer_start(u->timer, RESEAL_MS);
        return;
    }
    mc_wipe(&ring->keys[1], sizeof ring->keys[1]);
    ring->len = 1;
    u->result.total = u->result.done;
    end(u, true, "");
}

/* --- all --- */

static bool is_backup(const struct upkeep *u)
{
    return u->kind == MOTCUA__UPKEEP_KIND__BACKUP;
}

static void stop(struct upkeep *u)
{
    if (is_reseal(u)) { /* goes on where it was when it is asked for again */
        mc_timer_cancel(u->timer);
        u->step_due = false;
        end(u, false, "stopped");
        return;
    }
    if (is_backup(u))
        mc_backup_stop(&u->backup);
    atomic_store(&u->check.stop, true);
}

static void tell_progress(struct upkeep *u)
{
    struct mc_service *service = u->daemon->service;

    service->upkeep_done =
        is_backup(u) ? atomic_load(&u->backup.bytes) : atomic_load(&u->check.rows);
    if (!is_backup(u) && service->upkeep_done > 0) /* the thread has set it before its first row */
        service->upkeep_total = u->check.rows_total;
}

static void step(void *arg)
{
    struct upkeep *u = arg;
    struct daemon *d = u->daemon;

    if (!u->running || u->ended || d->stopping)
        return;
    if (is_reseal(u)) {
        u->step_due = true;
        mc_loop_defer(d->soon);
        return;
    }
    tell_progress(u);
    if (daemon_now(d) - u->looked_ms >= LOOK_MS) {
        u->looked_ms = daemon_now(d);
        if (percent_full(d) >= STORE_FULL_STOP)
            stop(u);
    }
    if (!is_backup(u)) {
        mc_timer_start(u->timer, PIECE_MS);
    } else if (!u->moving && !u->backup.ended) {
        u->moving = mc_pool_run(u->pool, move_work, move_done, u) == MC_OK;
        if (!u->moving)
            mc_timer_start(u->timer, PIECE_MS);
    }
}

static bool make(struct daemon *d)
{
    if (d->upkeep == NULL)
        d->upkeep = calloc(1, sizeof *d->upkeep);
    if (d->upkeep == NULL)
        return false;
    d->upkeep->daemon = d;
    if (d->upkeep->timer == NULL)
        d->upkeep->timer = mc_timer_create(d->process.loop, step, d->upkeep);
    if (d->upkeep->pool == NULL)
        d->upkeep->pool = mc_pool_create(d->process.loop, UPKEEP_THREADS, UPKEEP_JOBS);
    return d->upkeep->timer != NULL && d->upkeep->pool != NULL;
}

static void begin(struct upkeep *u, const Motcua__Upkeep *wanted)
{
    const struct mc_service *service = u->daemon->service;

    u->kind = wanted->kind;
    u->result = (struct mc_upkeep_result){.folder = ""};
    memcpy(u->result.upkeep_id, wanted->upkeep_id.data, MC_ID_LEN);
    u->open = (struct mc_store_options){.tables = service->room->tables,
                                        .tables_len = service->room->tables_len,
                                        .staged = service->room->staged};
    u->running = true;
    u->daemon->service->upkeep_done = u->daemon->service->upkeep_total = 0;
    if (is_reseal(u))
        begin_reseal(u);
    else if (u->kind == MOTCUA__UPKEEP_KIND__SIGN)
        begin_sign(u);
    else if (percent_full(u->daemon) >= STORE_FULL_BEGIN)
        end(u, false, "the store is too full: pages that are given up could not be used again");
    else if (is_backup(u))
        begin_backup(u);
    else
        begin_check(u);
}

/* Begins what is asked for; stops what no longer is. */
void daemon_upkeep_look(struct daemon *d)
{
    struct mc_service *service = d->service;
    struct mc_txn txn;

    if (d->stopping || daemon_upkeep_ended(d) ||
        mc_snapshot_open(service->store, &service->arena, &txn) != MC_OK)
        return;
    bool running = d->upkeep != NULL && d->upkeep->running;
    const Motcua__Upkeep *wanted = mc_upkeep_wanted(&txn);
    if (running && (wanted == NULL ||
                    memcmp(wanted->upkeep_id.data, d->upkeep->result.upkeep_id, MC_ID_LEN) != 0))
        stop(d->upkeep);
    else if (!running && wanted != NULL && make(d))
        begin(d->upkeep, wanted);
    mc_snapshot_close(&txn);
}

void daemon_upkeep_tell(struct daemon *d, struct mc_turn *turn)
{
    if (daemon_upkeep_steps(d))
        mc_reseal_step(d->service, turn, &d->upkeep->progress);
    else if (daemon_upkeep_ended(d))
        mc_upkeep_end(d->service, turn, &d->upkeep->result);
}

void daemon_upkeep_told(struct daemon *d)
{
    struct upkeep *u = d->upkeep;

    if (daemon_upkeep_steps(d)) {
        reseal_stepped(u);
        return;
    }
    if (!daemon_upkeep_ended(d))
        return;
    if (is_backup(u))
        mc_backup_close(&u->backup);
    u->ended = u->running = false;
}

void daemon_upkeep_close(struct daemon *d)
{
    struct upkeep *u = d->upkeep;

    if (u == NULL)
        return;
    if (u->running && !is_reseal(u))
        stop(u);
    if (u->pool != NULL)
        mc_pool_destroy(u->pool); /* waits for both */
    if (u->running && is_backup(u))
        mc_backup_close(&u->backup);
    if (u->timer != NULL)
        mc_timer_destroy(u->timer);
    mc_keyring_wipe(&u->keys);
    free(u);
    d->upkeep = NULL;
}
