#include "common/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lineage.h"
#include "common/redo.h"
#include "common/reseal.h"

static void mismatch(const char *room, const char *method, const char *want, const char *got)
{
    fprintf(stderr, "fatal: %s %s: proto says %s, table says %s\n", room, method, want, got);
    abort();
}

/* Joins one route with its method of the proto; anything that does not fit is a bug. */
static void method_add(struct mc_service *service, const ProtobufCServiceDescriptor *proto,
                       const struct mc_route *route, bool house)
{
    const char *room = service->room->name;
    struct mc_method *method = &service->methods[service->methods_len++];
    const ProtobufCMethodDescriptor *m =
        protobuf_c_service_descriptor_get_method_by_name(proto, route->method);

    assert(service->methods_len <= MC_METHODS_MAX);
    if (m == NULL)
        mismatch(room, route->method, "(no such method)", route->request);
    if (strcmp(m->input->c_name, route->request) != 0)
        mismatch(room, route->method, m->input->c_name, route->request);
    if (strcmp(m->output->c_name, route->reply) != 0)
        mismatch(room, route->method, m->output->c_name, route->reply);
    if (mc_descriptor_check(m->input) != MC_OK || mc_descriptor_check(m->output) != MC_OK)
        mismatch(room, route->method, "a recursive or too deep message", "none");
    *method = (struct mc_method){.route = route, .service = proto, .proto = m, .house = house};
    (void)snprintf(method->name, sizeof method->name, "%s/%s", proto->name, m->name);
}

static void check_room(struct mc_service *service)
{
    const struct mc_room *room = service->room;

    if (room->proto->n_methods != room->routes_len)
        mismatch(room->name, "", "another number of methods", "this many");
    for (size_t i = 0; i < room->routes_len; i++)
        method_add(service, room->proto, &room->routes[i], false);
    for (size_t i = 0; i < mc_house_routes_len; i++)
        method_add(service, &motcua__room__descriptor, &mc_house_routes[i], true);
    assert(room->lanes_len <= MC_LANES_MAX);
}

static struct mc_followed *followed_find(struct mc_service *service, const char *room)
{
    for (size_t i = 0; i < service->followed_len; i++)
        if (strcmp(service->followed[i].room, room) == 0)
            return &service->followed[i];
    return NULL;
}

static void followed_add(struct mc_service *service, const char *room)
{
    if (followed_find(service, room) != NULL)
        return;
    assert(service->followed_len < MC_FOLLOWED_MAX);
    service->followed[service->followed_len++] = (struct mc_followed){.room = room};
}

static void load_revoked(struct mc_service *service, struct mc_txn *txn)
{
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_META, mc_key_text(mc_revoked_prefix),
                                      (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        const Motcua__SessionRevoked *revoked =
            mc_row(&cursor, &motcua__session_revoked__descriptor);

        if (revoked != NULL)
            mc_session_revoke(service, revoked);
        mc_pass(&cursor);
    }
}

/* What the service keeps in memory of what the store holds. */
static enum mc_status load_memory(struct mc_service *service)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(service->store, &service->arena, &txn);

    if (status != MC_OK)
        return status;
    for (size_t i = 0; i < service->followed_len; i++) {
        service->followed[i].applied = mc_cursor_load(&txn, service->followed[i].room);
        mc_lineage_known(&txn, &service->followed[i]);
    }
    load_revoked(service, &txn);
    status = txn.status;
    mc_snapshot_close(&txn);
    mc_arena_reset(&service->arena);
    return status;
}

/*
 * A store belongs to its master key: with another, all that is sealed in it would be noise and
 * nobody would be found any more. "master" -> what only that key derives; written once.
 */
static enum mc_status check_master(struct mc_service *service)
{
    struct mc_bytes row = mc_key_text("master");
    uint8_t check[MC_KEY_LEN];
    struct mc_bytes known;
    struct mc_turn turn;
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(service->store, &service->arena, &txn);

    if (status != MC_OK)
        return status;
    mc_key_derive(check, service->options.master, "check");
    bool found = mc_get(&txn, MC_TABLE_META, row, &known);
    bool same = found && known.len == sizeof check && mc_equal(known.data, check, sizeof check);
    status = txn.status;
    mc_snapshot_close(&txn);
    mc_arena_reset(&service->arena);
    if (found || status != MC_OK)
        return found && !same ? MC_DENIED : status;

    mc_turn_begin(&turn, service->store, &service->arena, service->started_ms);
    mc_txn_open(&txn, &turn);
    mc_put(&txn, MC_TABLE_META, row, (struct mc_bytes){check, sizeof check});
    (void)mc_txn_apply(&txn);
    status = mc_turn_commit(&turn);
    mc_arena_reset(&service->arena);
    return status == MC_FULL ? MC_OK : status; /* no room for it: at another start */
}

/* Ours first, whatever is published; then what is published of it and others. */
static size_t boot_public_keys(const struct mc_boot *boot, const char *room,
                               uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    const struct mc_service *service = boot->keys;
    uint8_t found[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    bool own = strcmp(room, service->room->name) == 0;
    size_t n = 0;
    size_t len = service->options.public_keys != NULL
                     ? service->options.public_keys(service->options.public_keys_arg, room, found)
                     : 0;

    if (own)
        memcpy(ret_keys[n++], service->sign_public, MC_SIGN_PUBLIC_LEN);
    for (size_t i = 0; i < len && n < MC_SIGN_KEYS_MAX; i++)
        if (!own || memcmp(found[i], service->sign_public, MC_SIGN_PUBLIC_LEN) != 0)
            memcpy(ret_keys[n++], found[i], MC_SIGN_PUBLIC_LEN);
    return n;
}

static enum mc_status boot_room(struct mc_service *service, char *why, size_t why_size)
{
    const struct mc_room *room = service->room;

    service->boot = (struct mc_boot){
        .data_dir = service->options.data_dir,
        .random = service->options.random,
        .secrets = &service->secrets,
        .sign_secret = service->sign_secret,
        .public_keys = boot_public_keys,
        .keys = service,
    };
    enum mc_status status = room->boot != NULL ? room->boot(service->ctx, &service->boot) : MC_OK;
    if (status != MC_OK)
        (void)snprintf(why, why_size, "%s", service->boot.why);
    return status;
}

static void derive_secrets(struct mc_service *service)
{
    uint8_t key[MC_KEY_LEN];

    mc_key_derive(key, service->options.master, "seal");
    mc_keyring_set(&service->secrets.seal, key, NULL);
    if (service->options.seal != NULL)
        service->secrets.seal = *service->options.seal;
    service->options.seal = NULL; /* the caller's, and only now */
    mc_key_derive(service->secrets.blind, service->options.master, "blind");
    mc_key_derive(service->secrets.mac, service->options.master, "mac");
    const uint8_t *first = service->options.first_seed != NULL ? service->options.first_seed
                                                               : service->options.sign_seed;
    mc_sign_key(first, service->first_public, service->sign_secret);
    mc_sign_key(service->options.sign_seed, service->sign_public, service->sign_secret);
    mc_wipe(key, sizeof key);
}

enum mc_status mc_service_open(struct mc_service *service, const struct mc_room *room, void *ctx,
                               const struct mc_service_options *options, char *why, size_t why_size)
{
    memset(service, 0, sizeof *service);
    service->room = room;
    service->ctx = ctx;
    service->options = *options;
    service->started_ms = mc_now_ms(options->clock);
    check_room(service);
    /* Every room but identity hears from it which sessions are revoked. */
    if (strcmp(room->name, "identity") != 0)
        followed_add(service, "identity");
    for (size_t i = 0; i < room->follows_len; i++)
        followed_add(service, room->follows[i].room);
    derive_secrets(service);

    service->revoked = calloc(MC_REVOKED_MAX, sizeof *service->revoked);
    if (service->revoked == NULL || mc_arena_init(&service->arena, MC_TURN_ARENA) != MC_OK) {
        (void)snprintf(why, why_size, "out of memory");
        mc_service_close(service);
        return MC_FULL;
    }
    struct mc_store_options store = {
        .dir = options->data_dir,
        .map_size = options->map_size,
        .preallocate = options->preallocate,
        .unsafe_no_sync = options->unsafe_no_sync,
        .tables = room->tables,
        .tables_len = room->tables_len,
        .staged = room->staged,
    };
    enum mc_status status = mc_store_open(&service->store, &store, why, why_size);
    if (status == MC_OK && (status = load_memory(service)) != MC_OK)
        (void)snprintf(why, why_size, "the store does not read");
    if (status == MC_OK && (status = check_master(service)) != MC_OK)
        (void)snprintf(why, why_size,
                       status == MC_DENIED ? "the store was sealed with another master key"
                                           : "the store cannot be written");
    if (status == MC_OK && (status = mc_lineage_open(service)) != MC_OK)
        (void)snprintf(why, why_size, "the store cannot be written");
    if (status == MC_OK)
        mc_reseal_open(service);
    if (status == MC_OK)
        status = boot_room(service, why, why_size);
    if (status != MC_OK)
        mc_service_close(service);
    return status;
}

void mc_service_close(struct mc_service *service)
{
    if (service->store != NULL) {
        if (service->room->shutdown != NULL)
            service->room->shutdown(service->ctx);
        mc_store_close(service->store);
        if (service->redo != NULL)
            mc_redo_close(service->redo);
        service->redo = NULL;
    }
    if (service->arena.base != NULL)
        mc_arena_done(&service->arena);
    free(service->revoked);
    mc_keyring_wipe(&service->secrets.seal);
    mc_wipe(service->sign_secret, sizeof service->sign_secret);
    service->store = NULL;
    service->revoked = NULL;
}

int mc_lane_named(const struct mc_room *room, const char *name)
{
    for (size_t i = 0; i < room->lanes_len; i++)
        if (strcmp(room->lanes[i], name) == 0)
            return (int)i;
    return -1;
}

size_t mc_store_next_size(const struct mc_store_usage *usage, size_t map_max)
{
    enum { FULL_PERCENT = 80, PAGE = 4096, STEP_MIN = 16 << 20 };

    if (usage->map_bytes >= map_max || usage->used_bytes < usage->map_bytes / 100 * FULL_PERCENT)
        return usage->map_bytes;
    size_t next = usage->map_bytes + MC_MAX(usage->map_bytes / 4, (size_t)STEP_MIN);
    return MC_MIN(next, map_max) / PAGE * PAGE;
}
