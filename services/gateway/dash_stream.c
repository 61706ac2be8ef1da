/*
 * The picture of the house, every second: one question to all rooms serves all viewers, and while
 * nobody looks nobody asks. A room that does not answer is in the picture as one that did not.
 *
 *     event: picture
 *     data:
 * {"atMs":…,"rooms":[{"room":"otp","up":true,"stats":{StatsReply},"health":{HealthReply}}]}
 */
#include <string.h>

#include "common/json.h"

#include "room.pb-c.h"

#include "gateway.h"

enum { RPC_LIMITED = 8 };

static bool still_in(const struct dash_viewer *viewer, int64_t now_ms)
{
    return viewer->session->expires_ms > now_ms &&
           memcmp(viewer->session->hash, viewer->hash, sizeof viewer->hash) == 0;
}

static bool anybody(const struct dash *dash)
{
    for (size_t i = 0; i < DASH_VIEWERS_MAX; i++)
        if (dash->viewers[i].sse.request != NULL)
            return true;
    return false;
}

static void send_all(struct gateway *gateway)
{
    struct dash *dash = &gateway->dash;
    int64_t now_ms = mc_now_ms(&gateway->process.clock);

    for (size_t i = 0; i < DASH_VIEWERS_MAX; i++) {
        struct dash_viewer *viewer = &dash->viewers[i];

        if (viewer->sse.request == NULL)
            continue;
        if (!still_in(viewer, now_ms))
            gateway_sse_close(&viewer->sse);
        else
            (void)!gateway_sse_send(&viewer->sse, dash->latest);
    }
}

/* Both answers, or the one that came: half a picture of a room is told as it is. */
static void write_room(struct mc_json_writer *writer, const char *name,
                       const Motcua__StatsReply *stats, const Motcua__HealthReply *health)
{
    mc_json_object(writer);
    mc_json_key(writer, "room");
    mc_json_string(writer, name);
    mc_json_key(writer, "up");
    mc_json_true_or_false(writer, stats != NULL);
    if (stats != NULL) {
        mc_json_key(writer, "stats");
        mc_json_message(writer, &stats->base);
    }
    if (health != NULL) {
        mc_json_key(writer, "health");
        mc_json_message(writer, &health->base);
    }
    mc_json_end(writer);
}

static const void *answer_of(struct gateway *gateway, struct mc_bytes wire,
                             const ProtobufCMessageDescriptor *type)
{
    return wire.data == NULL
               ? NULL
               : protobuf_c_message_unpack(type, &gateway->arena.protobuf, wire.len, wire.data);
}

static bool picture_write(struct gateway *gateway, struct mc_bytes *ret_text)
{
    const struct dash *dash = &gateway->dash;
    struct mc_json_writer writer;

    mc_json_begin(&writer, &gateway->arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "atMs");
    mc_json_int(&writer, mc_now_ms(&gateway->process.clock));
    mc_json_key(&writer, "rooms");
    mc_json_array(&writer);
    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        write_room(&writer, gateway_rooms[i].name,
                   answer_of(gateway, dash->stats[i], &motcua__stats_reply__descriptor),
                   answer_of(gateway, dash->health[i], &motcua__health_reply__descriptor));
    mc_json_end(&writer);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_text) == MC_OK;
}

/* The second of the two rounds to end makes the picture. */
static void round_over(struct gateway *gateway)
{
    struct dash *dash = &gateway->dash;
    struct mc_bytes text = {0};

    if (--dash->looking > 0)
        return;
    bool written = picture_write(gateway, &text);
    mc_arena_reset(&dash->arena);
    memset(dash->stats, 0, sizeof dash->stats);
    memset(dash->health, 0, sizeof dash->health);
    dash->latest = (struct mc_bytes){0};
    if (written &&
        gateway_sse_text(&dash->arena, &(struct gateway_sse_event){.type = "picture", .data = text},
                         &dash->latest) == MC_OK)
        send_all(gateway);
}

/* Answers are kept past their round. Without the times of every method, which nobody draws each
 * second: /metrics has them. */
static void stats_done(struct gateway_round *round)
{
    struct dash *dash = &round->gateway->dash;

    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        Motcua__StatsReply *stats =
            (Motcua__StatsReply *)mc_unconst((const char *)round->answers[i].reply);

        if (stats == NULL)
            continue;
        stats->n_methods = 0;
        dash->stats[i] = mc_body_pack(&dash->arena, &stats->base);
    }
    round_over(round->gateway);
}

static void health_done(struct gateway_round *round)
{
    struct dash *dash = &round->gateway->dash;

    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        if (round->answers[i].reply != NULL)
            dash->health[i] = mc_body_pack(&dash->arena, round->answers[i].reply);
    round_over(round->gateway);
}

void dash_tick(void *arg)
{
    struct gateway *gateway = arg;
    struct dash *dash = &gateway->dash;

    if (!anybody(dash))
        return;
    mc_timer_start(dash->tick, DASH_TICK_MS);
    if (dash->looking > 0) /* a room is slow: its picture comes, then the next is taken */
        return;
    dash->looking = 3; /* both rounds, and we who begin them: a round may end at once */
    if (!gateway_round_begin(gateway, "motcua.v1.Room/Stats", &motcua__stats_reply__descriptor,
                             stats_done))
        dash->looking--;
    if (!gateway_round_begin(gateway, "motcua.v1.Room/Health", &motcua__health_reply__descriptor,
                             health_done))
        dash->looking--;
    round_over(gateway);
    mc_arena_reset(&gateway->arena);
}

static struct dash_viewer *viewer_take(struct dash *dash)
{
    for (size_t i = 0; i < DASH_VIEWERS_MAX; i++)
        if (dash->viewers[i].sse.request == NULL)
            return &dash->viewers[i];
    return NULL;
}

void dash_stream(struct gateway_exchange *exchange, struct dash_session *session)
{
    struct gateway *gateway = exchange->gateway;
    struct dash *dash = &gateway->dash;
    struct dash_viewer *viewer = viewer_take(dash);

    if (viewer == NULL || !gateway_answer_events(exchange, &viewer->sse, NULL, NULL)) {
        gateway_refuse_with(exchange, 0, RPC_LIMITED, "BUSY", (struct mc_header){0});
        return;
    }
    viewer->session = session;
    memcpy(viewer->hash, session->hash, sizeof viewer->hash);
    if (dash->latest.data != NULL)
        (void)!gateway_sse_send(&viewer->sse, dash->latest);
    if (!mc_timer_running(dash->tick))
        mc_timer_start(dash->tick, 0);
}
