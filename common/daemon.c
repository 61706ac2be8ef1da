#include "common/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/offline.h"

/* clang-format off */
static const struct mc_config_key daemon_keys[] = {
    {"store.map_size", MC_CONFIG_SIZE, offsetof(struct daemon_config, map_size), "1GiB", 4 << 20, INT64_C(1) << 44,
        "Size of the store; taken from the disk at first start."},
    {"store.map_max", MC_CONFIG_SIZE, offsetof(struct daemon_config, map_max), "0", 0, INT64_C(1) << 44,
        "Grow the store by a quarter when it is 80 percent full, up to this and while the disk has room; 0: never."},
    {"store.preallocate", MC_CONFIG_BOOL, offsetof(struct daemon_config, preallocate), "true", 0, 0,
        "Take the store's whole size at first start, so that the disk cannot be full later."},
    {"listen.tcp", MC_CONFIG_STRING, offsetof(struct daemon_config, listen_tcp), "", 0, 200,
        "tcp://address:port for callers on other machines, always with CURVE; empty: ipc only."},
    {"listen.callers", MC_CONFIG_STRING, offsetof(struct daemon_config, callers_file), "callers", 0, 200,
        "File in keys.dir that lists who may connect over TCP: lines of name and CURVE key."},
    {"listen.group", MC_CONFIG_BOOL, offsetof(struct daemon_config, listen_group), "false", 0, 0,
        "Let the group of run.dir's folder connect to the socket: when each daemon has a user of its own."},
    {"listen.queue", MC_CONFIG_INT, offsetof(struct daemon_config, queue_max), "20000", 10, 1000000,
        "Messages kept per connection and direction."},
    {"http.allow_plain", MC_CONFIG_BOOL, offsetof(struct daemon_config, allow_plain_http), "false", 0, 0,
        "Let adapters call http:// addresses: for the sandbox only."},
    {"pool.threads", MC_CONFIG_INT, offsetof(struct daemon_config, pool_threads), "2", 1, 64,
        "Threads for password hashing."},
    {"pool.queue", MC_CONFIG_INT, offsetof(struct daemon_config, pool_queue), "100", 1, 10000,
        "Passwords waiting to be hashed; past it callers are asked to try again later."},
    {"actions.alone_max", MC_CONFIG_INT, offsetof(struct daemon_config, alone_max), "100", 0, 1000000,
        "Jobs that one operator may act on at once without a second one's word; 0: never one alone. Money always takes two."},
    {"backup.dir", MC_CONFIG_PATH, offsetof(struct daemon_config, backup_dir), "", 0, 200,
        "Folder that backups of the store are written into, each in <room>/<time>; empty: none can be made."},
    {"backup.rate", MC_CONFIG_SIZE, offsetof(struct daemon_config, backup_rate), "64MiB", 1 << 20, INT64_C(1) << 34,
        "Bytes a second that a backup takes of the disk."},
    {"backup.keep", MC_CONFIG_INT, offsetof(struct daemon_config, backup_keep), "14", 0, 4000,
        "Backups that are kept when a new one is good; 0: all."},
    {"backup.redo", MC_CONFIG_BOOL, offsetof(struct daemon_config, backup_redo), "true", 0, 0,
        "With backup.dir: tell every commit once more there, so that a backup can be carried on to any moment."},
};
/* clang-format on */

void daemon_log(struct daemon *d, enum mc_log_level level, const char *event, const char *key,
                const char *value)
{
    struct mc_log_line line;

    mc_log_begin(&line, &d->process.log, level, daemon_now(d), event);
    mc_log_text(&line, key, value);
    mc_log_end(&line);
}

/* After the commit: what waited for it goes out. */
static void turn_succeeded(struct daemon *d, const struct mc_turn *turn)
{
    for (size_t i = 0; i < d->writes_len; i++) {
        struct slot *slot = &d->slots[d->writes[i]];

        if (slot->call.status == MC_WAIT) {
            daemon_park(d, slot);
            continue;
        }
        daemon_note_empty(d, &slot->call);
        daemon_reply(d, slot);
    }
    daemon_batches_applied(d);
    daemon_results_told(d);
    daemon_upkeep_told(d);
    daemon_start_effects(d);
    d->tick_due = d->step_due = false;
    if (turn->changed)
        daemon_upkeep_look(d);
    if (turn->changed && d->parked.first != NULL) { /* there may be something for who waits */
        d->parked.look = true;
        mc_loop_defer(d->soon);
    }
}

static void turn_failed(struct daemon *d, const struct mc_turn *turn)
{
    daemon_log(d, MC_LOG_ERROR, "turn_failed", "why", turn->why);
    for (size_t i = 0; i < d->writes_len; i++) {
        struct slot *slot = &d->slots[d->writes[i]];

        mc_call_fail(d->service, &slot->call, turn->status);
        daemon_reply(d, slot);
    }
    /* Events and results stay where they are; a broken disk is for a fresh start to judge. */
    if (turn->status != MC_FULL) {
        daemon_log(d, MC_LOG_ERROR, "store_broken", "why", turn->why);
        abort();
    }
    mc_timer_start(d->pause_timer, REFUSING_PAUSE_MS);
    mc_timer_start(d->tend_timer, 0); /* it may grow */
}

static void count_turn(struct daemon *d)
{
    size_t bucket = 0;

    while (bucket < MC_TURN_BUCKETS - 1 && d->writes_len > (size_t)1 << bucket)
        bucket++;
    d->service->turns++;
    d->service->turn_sizes[bucket]++;
}

/*
 * Who waits for work looks last, on top of what this turn brought: it leaves in the same commit,
 * and its taker has waited for one flush instead of two.
 */
static void run_takers(struct daemon *d, struct mc_turn *turn, size_t first)
{
    for (size_t i = 0; i < d->writes_len && turn->status == MC_OK; i++) {
        struct mc_call *call = &d->slots[d->writes[i]].call;

        if (i >= first || (turn->changed && call->status == MC_WAIT))
            mc_call_write(d->service, turn, call);
    }
}

static void keep_house(struct daemon *d, struct mc_turn *turn)
{
    bool more = false;

    if (d->tick_due && turn->status == MC_OK)
        more = mc_service_tick(d->service, turn);
    else if (d->step_due && turn->status == MC_OK)
        more = mc_service_step(d->service, turn);
    if (more)
        mc_timer_start(d->step_timer, 1);
}

/* The one durable step for all that was admitted, and for what came from inside. */
static void write_turn(struct daemon *d, bool inner, size_t takers_from)
{
    struct mc_turn turn;

    if (d->writes_len == 0 && !inner)
        return;
    d->leased.len = 0;
    mc_turn_begin(&turn, d->service->store, &d->service->arena, daemon_now(d));
    for (size_t i = 0; i < takers_from && turn.status == MC_OK; i++)
        mc_call_write(d->service, &turn, &d->slots[d->writes[i]].call);
    daemon_apply_batches(d, &turn);
    daemon_tell_results(d, &turn);
    if (turn.status == MC_OK)
        daemon_upkeep_tell(d, &turn);
    keep_house(d, &turn);
    if (d->closing && turn.status == MC_OK)
        mc_service_closing(d->service, &turn);
    run_takers(d, &turn, takers_from);
    if (!d->stopping && turn.status == MC_OK && (d->effects_due || turn.changed))
        daemon_lease_effects(d, &turn);
    mc_arena_budget(&d->service->arena, d->service->arena.size);
    count_turn(d);
    if (mc_turn_commit(&turn) == MC_OK)
        turn_succeeded(d, &turn);
    else
        turn_failed(d, &turn);
}

static void turn(void *arg)
{
    struct daemon *d = arg;

    mc_arena_reset(&d->service->arena);
    d->slots_len = 0;
    d->writes_len = 0;
    daemon_resume(d, &d->worked);
    if (d->parked.look)
        daemon_resume(d, &d->parked);
    if (d->screens.look)
        daemon_resume(d, &d->screens);
    if (d->takers.look) /* by the timer, or there was no room behind what came */
        daemon_resume(d, &d->takers);
    daemon_receive(d);
    bool paused = mc_timer_running(d->pause_timer);
    bool inner = !paused &&
                 (daemon_has_batches(d) || daemon_has_results(d) || d->tick_due || d->step_due ||
                  d->effects_due || d->closing || daemon_upkeep_ended(d) || daemon_upkeep_steps(d));
    size_t own = d->writes_len;
    if (own > 0 || inner)
        daemon_resume(d, &d->takers);
    daemon_tell_all(d);
    write_turn(d, inner, own);
    d->service->parked = (uint32_t)(d->parked.len + d->takers.len + d->screens.len);
    daemon_plan_effects(d);

    for (size_t i = 0; i < d->slots_len; i++) {
        if (d->slots[i].held != NULL)
            daemon_held_free(d->slots[i].held);
        else
            mc_message_close(&d->slots[i].message);
    }
    if (mc_listener_pending(d->listener))
        mc_loop_defer(d->soon);
}

static void soon(void *arg)
{
    turn(arg);
}

static void readable(void *arg, unsigned events)
{
    struct daemon *d = arg;

    (void)events;
    mc_loop_defer(d->soon);
}

static void parked_look(void *arg)
{
    struct daemon *d = arg;

    struct waiting *lists[] = {&d->parked, &d->takers, &d->screens};

    for (size_t i = 0; i < MC_LEN(lists); i++) {
        lists[i]->look = lists[i]->first != NULL;
        if (lists[i]->look)
            mc_loop_defer(d->soon);
    }
}

static void tick(void *arg)
{
    struct daemon *d = arg;
    int64_t every = d->service->room->tick_ms > 0 ? d->service->room->tick_ms : TICK_MS;

    daemon_upkeep_look(d);
    daemon_redo_tick(d);
    d->tick_due = true;
    mc_loop_defer(d->soon);
    mc_timer_start(d->tick_timer, every);
}

static void step(void *arg)
{
    struct daemon *d = arg;

    d->step_due = true;
    mc_loop_defer(d->soon);
}

/* Between two turns nothing is open in the store, unless a thread of an upkeep reads it. */
static void grow(struct daemon *d)
{
    struct mc_store *store = d->service->store;
    struct mc_store_usage usage;

    if (d->settings.map_max == 0 || daemon_upkeep_runs(d))
        return;
    mc_store_usage(store, &usage);
    size_t next = mc_store_next_size(&usage, (size_t)d->settings.map_max);
    if (next <= usage.map_bytes)
        return;
    if (mc_store_grow(store, next) == MC_OK)
        daemon_log(d, MC_LOG_NOTICE, "store_grown", "why", "nearly full");
    else if (!d->cannot_grow)
        daemon_log(d, MC_LOG_ERROR, "store_cannot_grow", "why", "the disk has no room");
    mc_store_usage(store, &usage);
    d->cannot_grow = usage.map_bytes < next;
}

static void tend(void *arg)
{
    struct daemon *d = arg;

    mc_store_tend(d->service->store);
    grow(d);
    mc_timer_start(d->tend_timer, TEND_MS);
}

static void effects_look(void *arg)
{
    struct daemon *d = arg;

    d->effects_due = true;
    mc_loop_defer(d->soon);
}

static void pause_over(void *arg)
{
    struct daemon *d = arg;

    mc_loop_defer(d->soon);
}

static size_t largest_body(const struct mc_room *room)
{
    size_t most = MC_BODY_MAX;

    for (size_t i = 0; i < room->routes_len; i++)
        most = MC_MAX(most, room->routes[i].body_max);
    return most;
}

/* Who may connect over TCP; read again on SIGHUP. */
static bool read_callers(struct daemon *d, char *why, size_t why_size)
{
    char path[256];

    (void)snprintf(why, why_size, "listen.callers: too long");
    return mc_process_key_path(&d->process, d->settings.callers_file, path, sizeof path) &&
           mc_bus_allow_file(d->process.bus, path, why, why_size) == MC_OK;
}

static void reload(void *arg)
{
    struct daemon *d = arg;
    char why[256];

    if (d->settings.listen_tcp[0] == '\0')
        return;
    if (read_callers(d, why, sizeof why))
        daemon_log(d, MC_LOG_NOTICE, "reloaded", "what", "callers");
    else
        daemon_log(d, MC_LOG_ERROR, "reload_failed", "why", why); /* the old list stays */
}

/*
 * Tells the real TCP address in <run.dir>/<room>/tcp: the port may have been any free one. Whoever
 * looks while we start reads the old address or the new one, never half of one.
 */
static bool write_address(const struct daemon *d, char *why, size_t why_size)
{
    char path[256];
    char fresh[sizeof path + 4];

    (void)snprintf(path, sizeof path, "%s/tcp", d->process.run_dir);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)snprintf(why, why_size, "%.200s: cannot be written", path);
    FILE *file = fopen(fresh, "we");
    if (file == NULL)
        return false;
    bool written = fprintf(file, "%s\n", mc_listener_tcp(d->listener)) > 0;
    return fclose(file) == 0 && written && rename(fresh, path) == 0;
}

static bool open_listener(struct daemon *d, char *why, size_t why_size)
{
    char ipc[256];
    struct mc_listener_options options = {
        .ipc = ipc,
        .ipc_mode = d->settings.listen_group ? 0660 : 0600,
        .tcp = d->settings.listen_tcp[0] != '\0' ? d->settings.listen_tcp : NULL,
        .secret_key = d->settings.listen_tcp[0] != '\0' ? d->process.curve_secret : NULL,
        .frame_max = largest_body(d->service->room) + FRAME_SLACK,
        .reply_max = MC_BUS_FRAME_DEFAULT, /* a page of a journal may be larger than any request */
        .queue_max = (unsigned)d->settings.queue_max,
    };

    (void)snprintf(ipc, sizeof ipc, "ipc://%s/sock", d->process.run_dir);
    if (options.tcp != NULL && !read_callers(d, why, why_size))
        return false;
    if (mc_listener_open(&d->listener, d->process.bus, &options, why, why_size) != MC_OK)
        return false;
    for (unsigned i = 0; i < MC_LEN(d->watches); i++) {
        int fd = mc_listener_fd(d->listener, i);

        if (fd >= 0)
            d->watches[i] = mc_watch_create(d->process.loop, fd, MC_WATCH_READ, readable, d);
    }
    d->process.reload = reload;
    d->process.reload_arg = d;
    if (options.tcp == NULL)
        return true;
    daemon_log(d, MC_LOG_NOTICE, "listening", "tcp", mc_listener_tcp(d->listener));
    return write_address(d, why, why_size);
}

static bool has_prepare(const struct mc_room *room)
{
    for (size_t i = 0; i < room->routes_len; i++)
        if (room->routes[i].prepare != NULL)
            return true;
    return false;
}

static bool open_parts(struct daemon *d, char *why, size_t why_size)
{
    struct mc_loop *loop = d->process.loop;
    struct mc_http_config http = {.allow_plain = d->settings.allow_plain_http,
                                  .connections_max = EFFECTS_MAX,
                                  .per_host_max = 64,
                                  .requests_max = EFFECTS_MAX};

    (void)snprintf(why, why_size, "out of memory");
    if (!daemon_redo_open(d))
        return false;
    d->slots = calloc(TURN_CALLS_MAX, sizeof *d->slots);
    d->soon = mc_defer_create(loop, soon, d);
    d->parked_timer = mc_timer_create(loop, parked_look, d);
    d->tick_timer = mc_timer_create(loop, tick, d);
    d->step_timer = mc_timer_create(loop, step, d);
    d->effects_timer = mc_timer_create(loop, effects_look, d);
    d->tend_timer = mc_timer_create(loop, tend, d);
    d->pause_timer = mc_timer_create(loop, pause_over, d);
    if (d->service->room->effects_len > 0)
        d->http = mc_http_create(loop, &http);
    if (has_prepare(d->service->room))
        d->pool = mc_pool_create(loop, (unsigned)d->settings.pool_threads,
                                 (unsigned)d->settings.pool_queue);
    for (size_t i = 0; i < d->service->followed_len; i++) {
        d->follows[i] = (struct follow){.daemon = d, .state = &d->service->followed[i]};
        d->follows[i].again = mc_timer_create(loop, daemon_follow_again, &d->follows[i]);
        if (d->follows[i].again == NULL)
            return false;
    }
    if (d->slots == NULL || d->soon == NULL || d->parked_timer == NULL || d->tick_timer == NULL ||
        d->step_timer == NULL || d->effects_timer == NULL || d->tend_timer == NULL ||
        d->pause_timer == NULL || (d->service->room->effects_len > 0 && d->http == NULL) ||
        (has_prepare(d->service->room) && d->pool == NULL))
        return false;
    return open_listener(d, why, why_size);
}

static bool open_service(struct daemon *d, const struct mc_room *room, void *ctx, char *dir,
                         size_t dir_size, char *why, size_t why_size)
{
    (void)snprintf(dir, dir_size, "%s/%s", d->process.settings.data_dir, room->name);
    if (!mc_folder_make(dir, 0700)) {
        (void)snprintf(why, why_size, "%s: cannot be made", dir);
        return false;
    }
    if ((d->lock = mc_folder_lock(dir)) < 0) {
        (void)snprintf(why, why_size, "%s: another process has it", dir);
        return false;
    }
    if (mc_process_secret(&d->process, "master", d->master, why, why_size) != MC_OK ||
        mc_process_secret(&d->process, "sign", d->first_seed, why, why_size) != MC_OK ||
        mc_process_sign_seed(&d->process, d->first_seed, d->sign_seed, &d->sign_number, why,
                             why_size) != MC_OK)
        return false;
    if (mc_process_seal_keys(&d->process, d->master, &d->seal, &d->seal_number, why, why_size) !=
        MC_OK)
        return false;
    struct mc_service_options options = {
        .seal = &d->seal,
        .data_dir = dir,
        .backup_dir = d->settings.backup_dir,
        .map_size = (size_t)d->settings.map_size,
        .map_max = (size_t)d->settings.map_max,
        .preallocate = d->settings.preallocate,
        .clock = &d->process.clock,
        .random = &d->process.random,
        .log = &d->process.log,
        .master = d->master,
        .sign_seed = d->sign_seed,
        .config = &d->process.config,
        .first_seed = d->first_seed,
        .public_keys = mc_process_public_keys,
        .public_keys_arg = &d->process,
        .alone_max = (uint64_t)d->settings.alone_max,
    };
    enum mc_status opened = mc_service_open(d->service, room, ctx, &options, why, why_size);
    mc_keyring_wipe(&d->seal);
    if (opened != MC_OK)
        return false;
    enum mc_status published = mc_process_publish(&d->process, d->service->sign_public);
    (void)snprintf(why, why_size, "%s.pub %s", room->name,
                   published == MC_CONFLICT ? "belongs to another key" : "cannot be written");
    if (published != MC_OK)
        mc_service_close(d->service);
    return published == MC_OK;
}

/* Lets what is under way end, a moment at most. New calls stay with the bus for the next start. */
static void drain(struct daemon *d)
{
    int64_t until = mc_mono_ns(&d->process.clock) / 1000000 + DRAIN_MS;

    d->stopping = true;
    mc_timer_start(d->parked_timer, DRAIN_MS); /* wakes the loop when nothing else does */
    while ((d->running > 0 || (d->pool != NULL && mc_pool_load(d->pool) > 0)) &&
           mc_mono_ns(&d->process.clock) / 1000000 < until)
        if (mc_loop_step(d->process.loop, true) != MC_OK)
            break;
    d->closing = true;
    turn(d);
}

static void close_parts(struct daemon *d)
{
    daemon_upkeep_close(d);
    daemon_redo_close(d);
    if (d->pool != NULL)
        mc_pool_destroy(d->pool);
    if (d->http != NULL)
        mc_http_destroy(d->http);
    for (size_t i = 0; i < MC_LEN(d->watches); i++)
        if (d->watches[i] != NULL)
            mc_watch_destroy(d->watches[i]);
    mc_listener_close(d->listener);
    for (size_t i = 0; i < d->service->followed_len; i++) {
        free(d->follows[i].batch);
        if (d->follows[i].again != NULL)
            mc_timer_destroy(d->follows[i].again);
    }
    for (size_t i = 0; i < EFFECTS_MAX; i++)
        free(d->exchanges[i].body);
    struct held *lists[] = {d->parked.first, d->takers.first, d->screens.first, d->worked.first};
    for (size_t i = 0; i < MC_LEN(lists); i++)
        for (struct held *held = lists[i]; held != NULL;) {
            struct held *next = held->next;

            daemon_held_free(held);
            held = next;
        }
    struct mc_timer *timers[] = {d->parked_timer,  d->tick_timer,  d->step_timer,
                                 d->effects_timer, d->pause_timer, d->tend_timer};
    for (size_t i = 0; i < MC_LEN(timers); i++)
        if (timers[i] != NULL)
            mc_timer_destroy(timers[i]);
    if (d->soon != NULL)
        mc_defer_destroy(d->soon);
    free(d->slots);
}

static int run(struct daemon *d)
{
    struct mc_turn turn_now;

    mc_turn_begin(&turn_now, d->service->store, &d->service->arena, daemon_now(d));
    mc_effects_reclaim(d->service, &turn_now);
    if (mc_turn_commit(&turn_now) != MC_OK)
        daemon_log(d, MC_LOG_WARNING, "reclaim_failed", "why", turn_now.why);
    mc_arena_reset(&d->service->arena);
    for (size_t i = 0; i < d->service->followed_len; i++)
        daemon_follow_ask(&d->follows[i]);
    tick(d);
    tend(d);
    daemon_plan_effects(d);
    mc_loop_defer(d->soon);
    enum mc_status status = mc_process_run(&d->process);
    drain(d);
    return status == MC_OK ? 0 : mc_process_fatal(&d->process, "the loop broke");
}

int mc_service_main(const struct mc_room *room, int argc, char **argv)
{
    struct daemon *d = calloc(1, sizeof *d);
    struct mc_service *service = calloc(1, sizeof *service);
    void *ctx = calloc(1, room->ctx_size > 0 ? room->ctx_size : 1);
    char dir[256] = "";
    char why[256] = "";
    int code = 1;
    struct mc_offline offline;

    if (d == NULL || service == NULL || ctx == NULL)
        abort(); /* nothing has begun */
    d->service = service;
    d->lock = -1;
    struct mc_config_group groups[] = {
        {.keys = daemon_keys, .len = MC_LEN(daemon_keys), .base = &d->settings},
        {.keys = room->config, .len = room->config_len, .base = ctx},
    };
    if (!mc_offline_parse(&argc, argv, &offline))
        code = EX_USAGE;
    else if (mc_process_open(&d->process, room->name, argc, argv, groups, MC_LEN(groups), &code)) {
        if (offline.what != MC_ONLINE) {
            code = mc_offline_run(&d->process, room, &offline);
        } else if (!open_service(d, room, ctx, dir, sizeof dir, why, sizeof why)) {
            code = mc_process_fatal(&d->process, why);
        } else {
            code = open_parts(d, why, sizeof why) ? run(d) : mc_process_fatal(&d->process, why);
            close_parts(d);
            mc_service_close(service);
        }
        if (d->lock >= 0)
            (void)close(d->lock);
        mc_process_close(&d->process);
    }
    mc_wipe(d->master, sizeof d->master);
    mc_wipe(d->sign_seed, sizeof d->sign_seed);
    mc_wipe(d->first_seed, sizeof d->first_seed);
    free(d);
    free(service);
    free(ctx);
    return code;
}
