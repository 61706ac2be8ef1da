/*
 * Inside: a room in this process, without sockets: what its handlers and its store cost by
 * themselves. What should not happen ends the program with one line.
 */
#pragma once

#include <time.h>

#include "common/config.h"
#include "common/frame.h"

struct inside {
    struct mc_service service;
    struct mc_config config;
    struct mc_config_group group;
    struct mc_clock_manual time;
    struct mc_clock clock;
    struct mc_random random;
    struct mc_random_seeded seeded;
    struct mc_arena keep; /* requests and replies, between two resets */
    uint8_t key[MC_KEY_LEN];
};

struct inside_options {
    const struct mc_room *room;
    void *ctx; /* its own struct, zeroed */
    const char *dir;
    int64_t now_ms;
    size_t map_size;
    size_t keep; /* bytes */
    bool flush;  /* commits are on the disk */
};

/* The clock, the memory and the room's defaults; then what is not as by default; then its store. */
void inside_begin(struct inside *in, const struct inside_options *options);
void inside_set(struct inside *in, const char *const *settings, size_t len);
void inside_open(struct inside *in, const struct inside_options *options);

_Noreturn void inside_die(const char *what, const char *why);
void inside_must(bool is_so, const char *what);
void inside_ok(enum mc_status status, const char *what);
double inside_us(clockid_t id); /* microseconds of a clock */
