/*
 * Feed: a room fed with events as other rooms' journals hold them, number, trace and cause
 * included, and a hand in its store. For rooms that listen more than they are called.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/frame.h"

#include "../harness.h"

enum { FEED_MAP = 256 << 20, FEED_KEEP = 64 << 20 };

struct feed {
    char dir[64];
    const struct mc_room *room;
    void *ctx;
    struct mc_config config;
    struct mc_config_group group;
    struct mc_clock_manual time;
    struct mc_clock clock;
    struct mc_random_seeded random_state;
    struct mc_random random;
    struct mc_service service;
    struct mc_arena keep; /* what tests were given */
};

static inline void feed_boot(struct feed *feed)
{
    static const uint8_t seed[MC_KEY_LEN] = {7};
    char why[256] = "";
    const struct mc_service_options options = {
        .data_dir = feed->dir,
        .map_size = FEED_MAP,
        .unsafe_no_sync = true,
        .clock = &feed->clock,
        .random = &feed->random,
        .master = seed,
        .sign_seed = seed,
    };

    feed->ctx = calloc(1, feed->room->ctx_size);
    assert_non_null(feed->ctx);
    feed->group = (struct mc_config_group){
        .keys = feed->room->config, .len = feed->room->config_len, .base = feed->ctx};
    assert_int_equal(mc_config_open(&feed->config, &feed->group, 1), MC_OK);
    if (mc_service_open(&feed->service, feed->room, feed->ctx, &options, why, sizeof why) != MC_OK)
        fail_msg("boot: %s", why);
}

static inline void feed_shut(struct feed *feed)
{
    mc_service_close(&feed->service);
    mc_config_close(&feed->config);
    free(feed->ctx);
}

/* dir NULL: a temporary one, gone at the end. */
static inline struct feed *feed_open(const struct mc_room *room, const char *dir)
{
    struct feed *feed = calloc(1, sizeof *feed);

    assert_non_null(feed);
    (void)snprintf(feed->dir, sizeof feed->dir, "%s",
                   dir != NULL ? dir : "/tmp/motcua_feed.XXXXXX");
    if (dir == NULL)
        assert_non_null(mkdtemp(feed->dir));
    feed->room = room;
    feed->time = (struct mc_clock_manual){.now_ms = HARNESS_T0, .mono_ns = 1000000000};
    feed->clock = mc_clock_from(&feed->time);
    feed->random = mc_random_seed(&feed->random_state, 1);
    assert_int_equal(mc_arena_init(&feed->keep, FEED_KEEP), MC_OK);
    feed_boot(feed);
    return feed;
}

static inline void feed_close(struct feed *feed)
{
    char command[128];

    feed_shut(feed);
    mc_arena_done(&feed->keep);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", feed->dir);
    if (strncmp(feed->dir, "/tmp/motcua_feed.", 17) == 0)
        assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a folder of our own making
    free(feed);
}

static inline void feed_restart(struct feed *feed)
{
    feed_shut(feed);
    feed_boot(feed);
}

/* Hands over events in one turn, as the daemon does with a Follow's answer. */
static inline void feed_events(struct feed *feed, const Motcua__Event *events, size_t n)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, feed->service.store, &feed->service.arena, feed->time.now_ms);
    for (size_t i = 0; i < n; i++)
        mc_event_apply(&feed->service, &turn, &events[i]);
    if (mc_turn_commit(&turn) != MC_OK)
        fail_msg("events: %s", turn.why != NULL ? turn.why : "");
    mc_arena_reset(&feed->service.arena);
}

static inline uint64_t feed_cursor(struct feed *feed, const char *room)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, feed->service.store, &feed->service.arena, feed->time.now_ms);
    uint64_t applied = harness_cursor(&turn, room);
    mc_turn_abort(&turn);
    mc_arena_reset(&feed->service.arena);
    return applied;
}

/* Calls as an operator; the reply lives until the feed closes. NULL when want is not MC_OK. */
static inline void *feed_call(struct feed *feed, const char *method, const ProtobufCMessage *req,
                              enum mc_status want)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_validate_error error;
    uint8_t id[MC_ID_LEN];
    char name[MC_METHOD_MAX + 1];

    mc_uuid7(id, feed->time.now_ms, &feed->random);
    (void)snprintf(name, sizeof name, "%s/%s", feed->room->proto->name, method);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = name;
    head.caller = mc_unconst("operator:test");
    struct mc_call call = {
        .header = mc_envelope_pack(&feed->keep, &head),
        .body = mc_body_pack(&feed->keep, req),
        .arrived_ms = feed->time.now_ms,
    };
    assert_true(mc_call_open(&feed->service, &call));
    if (mc_call_is_read(&call)) {
        mc_call_read(&feed->service, &call);
    } else {
        struct mc_turn turn;

        mc_turn_begin(&turn, feed->service.store, &feed->service.arena, feed->time.now_ms);
        mc_call_write(&feed->service, &turn, &call);
        assert_int_equal(mc_turn_commit(&turn), MC_OK);
    }
    assert_int_equal(call.status, want);
    void *reply = NULL;
    if (want == MC_OK) {
        reply = mc_body_open(&feed->keep, call.method->proto->output, call.reply_body,
                             MC_UPLOAD_MAX, &error);
        assert_non_null(reply);
    }
    mc_arena_reset(&feed->service.arena);
    return reply;
}

/* The room's housekeeping, or its last turn before a clean end. */
static inline void feed_step(struct feed *feed, bool closing)
{
    struct mc_turn turn;

    mc_turn_begin(&turn, feed->service.store, &feed->service.arena, feed->time.now_ms);
    if (closing)
        mc_service_closing(&feed->service, &turn);
    else
        (void)mc_service_tick(&feed->service, &turn);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&feed->service.arena);
}

/* A hand in the store: what `change` writes is committed. */
static inline void feed_tamper(struct feed *feed, void (*change)(struct mc_txn *txn))
{
    static const struct mc_caller nobody = {.name = ""};
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_turn turn;
    struct mc_txn txn;

    mc_turn_begin(&turn, feed->service.store, &feed->service.arena, feed->time.now_ms);
    mc_txn_open(&txn, &turn);
    txn.now_ms = feed->time.now_ms;
    txn.secrets = &feed->service.secrets;
    txn.random = &feed->random;
    txn.caller = &nobody;
    txn.header = &head;
    change(&txn);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&feed->service.arena);
}
