#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void inside_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
    exit(1);
}

void inside_must(bool is_so, const char *what)
{
    if (!is_so)
        inside_die(what, "failed");
}

void inside_ok(enum mc_status status, const char *what)
{
    inside_must(status == MC_OK, what);
}

double inside_us(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Every room has the same key. */
static size_t public_keys(void *arg, const char *room, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    const struct inside *in = arg;
    uint8_t secret[MC_SIGN_SECRET_LEN];

    (void)room;
    mc_sign_key(in->key, ret_keys[0], secret);
    return 1;
}

void inside_begin(struct inside *in, const struct inside_options *options)
{
    const struct mc_room *room = options->room;

    in->time = (struct mc_clock_manual){.now_ms = options->now_ms, .mono_ns = 1};
    in->clock = mc_clock_from(&in->time);
    in->random = mc_random_seed(&in->seeded, 1);
    in->group = (struct mc_config_group){
        .keys = room->config, .len = room->config_len, .base = options->ctx};
    inside_ok(mc_config_open(&in->config, &in->group, 1), "configuration");
    inside_ok(mc_arena_init(&in->keep, options->keep), "memory");
}

void inside_set(struct inside *in, const char *const *settings, size_t len)
{
    if (mc_config_set(&in->config, settings, len) != MC_OK)
        inside_die("configuration", in->config.why);
}

void inside_open(struct inside *in, const struct inside_options *options)
{
    char why[256] = "";
    const struct mc_service_options service = {
        .data_dir = options->dir,
        .map_size = options->map_size,
        .unsafe_no_sync = !options->flush,
        .clock = &in->clock,
        .random = &in->random,
        .master = in->key,
        .sign_seed = in->key,
        .public_keys = public_keys,
        .public_keys_arg = in,
    };

    if (mc_service_open(&in->service, options->room, options->ctx, &service, why, sizeof why) !=
        MC_OK)
        inside_die(options->dir, why);
}
