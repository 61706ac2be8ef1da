/* Bus: real sockets, in one process; every wait is on a descriptor, as a loop would. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "common/bus.h"
#include "common/role.h"

enum {
    PATIENCE_MS = 10000, /* only a failing test waits that long */
    STEP_MS = 20,
    FRAME_MAX = 64 << 10,
};

struct world {
    char dir[32];
    char socket[64];
    char ipc[80];
    char why[256];
    struct mc_bus *bus;
    struct mc_listener *listener;
    char server_public[MC_BUS_KEY_LEN + 1];
    char server_secret[MC_BUS_KEY_LEN + 1];
    char public[MC_BUS_KEY_LEN + 1];
    char secret[MC_BUS_KEY_LEN + 1];
    void *raw; /* a context for clients that are not ours */
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/bus_test.XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->socket, sizeof world->socket, "%s/room.sock", world->dir);
    (void)snprintf(world->ipc, sizeof world->ipc, "ipc://%s", world->socket);
    assert_int_equal(mc_bus_open(&world->bus, world->why, sizeof world->why), MC_OK);
    mc_bus_key_make(world->server_public, world->server_secret);
    mc_bus_key_make(world->public, world->secret);
    world->raw = zmq_ctx_new();
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    mc_listener_close(world->listener);
    mc_bus_close(world->bus);
    zmq_ctx_term(world->raw);
    (void)unlink(world->socket);
    assert_int_equal(rmdir(world->dir), 0);
    free(world);
    return 0;
}

static enum mc_status try_listen(struct world *world, struct mc_listener_options options)
{
    return mc_listener_open(&world->listener, world->bus, &options, world->why, sizeof world->why);
}

static void listen_ipc(struct world *world, unsigned queue_max)
{
    struct mc_listener_options options = {
        .ipc = world->ipc, .frame_max = FRAME_MAX, .queue_max = queue_max};

    assert_int_equal(try_listen(world, options), MC_OK);
}

static void listen_both(struct world *world)
{
    struct mc_listener_options options = {.ipc = world->ipc,
                                          .tcp = "tcp://127.0.0.1:*",
                                          .secret_key = world->server_secret,
                                          .frame_max = FRAME_MAX};

    assert_int_equal(try_listen(world, options), MC_OK);
}

static struct mc_peer *dial(struct world *world, const char *endpoint, const char *secret)
{
    struct mc_peer_options options = {.endpoint = endpoint,
                                      .server_key = world->server_public,
                                      .secret_key = secret,
                                      .frame_max = FRAME_MAX};
    struct mc_peer *peer = NULL;

    assert_int_equal(mc_peer_open(&peer, world->bus, &options, world->why, sizeof world->why),
                     MC_OK);
    return peer;
}

static void allow(struct world *world, const char *name, const char *key)
{
    struct mc_bus_caller caller = {0};

    (void)snprintf(caller.name, sizeof caller.name, "%s", name);
    (void)snprintf(caller.key, sizeof caller.key, "%s", key);
    assert_int_equal(mc_bus_allow(world->bus, &caller, 1, world->why, sizeof world->why), MC_OK);
}

static struct mc_bytes text(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

static void assert_bytes(struct mc_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.data, want, got.len);
}

/* True when the fd spoke; false after a while. */
static bool heard(int fd, int timeout_ms)
{
    struct pollfd watch = {.fd = fd, .events = POLLIN};

    return poll(&watch, 1, timeout_ms) == 1;
}

static void until_writable(struct mc_peer *peer)
{
    while (!mc_peer_writable(peer))
        assert_true(heard(mc_peer_fd(peer), PATIENCE_MS));
}

static void until_peer_receives(struct mc_peer *peer, struct mc_message *message)
{
    while (!mc_peer_receive(peer, message)) {
        if (!mc_peer_pending(peer))
            assert_true(heard(mc_peer_fd(peer), PATIENCE_MS));
    }
}

/* Waits on the doors' fds, and on nothing else. */
static void sleep_on(const struct mc_listener *listener)
{
    struct pollfd watch[2] = {{mc_listener_fd(listener, 0), POLLIN, 0},
                              {mc_listener_fd(listener, 1), POLLIN, 0}};

    assert_int_equal(mc_listener_fd(listener, 2), -1);
    assert_true(poll(watch, 2, PATIENCE_MS) > 0);
}

static void until_received(struct world *world, struct mc_message *message)
{
    while (!mc_listener_receive(world->listener, message)) {
        if (!mc_listener_pending(world->listener))
            sleep_on(world->listener);
    }
}

static void ask(struct mc_peer *peer, const char *header)
{
    until_writable(peer);
    assert_int_equal(mc_peer_send(peer, text(header), text("body")), MC_OK);
}

static struct mc_bus_traffic traffic(const struct world *world)
{
    struct mc_bus_traffic counts;

    mc_listener_traffic(world->listener, &counts);
    return counts;
}

static void echo_over_ipc(void **state)
{
    struct world *world = *state;
    struct mc_message message;
    struct mc_message reply;

    listen_ipc(world, 0);
    assert_string_equal(mc_listener_ipc(world->listener), world->ipc);
    assert_string_equal(mc_listener_tcp(world->listener), "");
    struct mc_peer *peer = dial(world, world->ipc, NULL);
    until_writable(peer);
    assert_int_equal(mc_peer_send(peer, text("header"), text("")), MC_OK);

    until_received(world, &message);
    assert_null(message.caller);
    assert_bytes(message.header, "header");
    assert_bytes(message.body, "");
    struct mc_origin origin = message.origin;
    mc_message_close(&message);

    assert_int_equal(mc_listener_send(world->listener, &origin, text("answer"), text("more")),
                     MC_OK);
    until_peer_receives(peer, &reply);
    assert_null(reply.caller);
    assert_bytes(reply.header, "answer");
    assert_bytes(reply.body, "more");
    mc_message_close(&reply);
    assert_int_equal(traffic(world).received, 1);
    assert_int_equal(traffic(world).sent, 1);
    mc_peer_close(peer);
}

/* A reply that was taken leaves although both ends of the conversation close at once. */
static void last_reply_leaves(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    listen_ipc(world, 0);
    void *client = zmq_socket(world->raw, ZMQ_DEALER);
    assert_int_equal(zmq_connect(client, world->ipc), 0);
    assert_true(zmq_send(client, "a", 1, ZMQ_SNDMORE) == 1 && zmq_send(client, "b", 1, 0) == 1);
    until_received(world, &message);
    assert_int_equal(
        mc_listener_send(world->listener, &message.origin, message.header, message.body), MC_OK);
    mc_message_close(&message);
    mc_listener_close(world->listener);
    mc_bus_close(world->bus);
    world->listener = NULL;
    world->bus = NULL;

    char got[2];
    assert_int_equal(zmq_recv(client, got, sizeof got, 0), 1);
    assert_int_equal(zmq_recv(client, got, sizeof got, 0), 1);
    zmq_close(client);
}

/* One turn of a daemon as bus.h prescribes it: small batches, so that the edge is lost often. */
static bool echo_turn(struct world *world)
{
    enum { BATCH = 7 };
    struct mc_message message;

    for (unsigned i = 0; i < BATCH && mc_listener_receive(world->listener, &message); i++) {
        enum mc_status status =
            mc_listener_send(world->listener, &message.origin, message.header, message.body);
        assert_int_equal(status, MC_OK);
        mc_message_close(&message);
    }
    return mc_listener_pending(world->listener);
}

static unsigned drain_replies(struct mc_peer *peer)
{
    struct mc_message reply;
    unsigned n = 0;

    while (mc_peer_receive(peer, &reply)) {
        mc_message_close(&reply);
        n++;
    }
    return n;
}

static void edge_rule_loses_nothing(void **state)
{
    enum { MESSAGES = 20000, OUTSTANDING = 500 };
    struct world *world = *state;
    unsigned sent = 0;
    unsigned answered = 0;

    listen_ipc(world, 0);
    struct mc_peer *peer = dial(world, world->ipc, NULL);
    while (answered < MESSAGES) {
        while (sent < MESSAGES && sent - answered < OUTSTANDING &&
               mc_peer_send(peer, text("header"), text("body")) == MC_OK)
            sent++;
        answered += drain_replies(peer);
        bool room = sent < MESSAGES && sent - answered < OUTSTANDING && mc_peer_writable(peer);
        if (echo_turn(world) || room || mc_peer_pending(peer)) /* asked last: it takes the edge */
            continue;

        struct pollfd watch[] = {{mc_listener_fd(world->listener, 0), POLLIN, 0},
                                 {mc_peer_fd(peer), POLLIN, 0}};
        assert_true(answered == MESSAGES || poll(watch, 2, PATIENCE_MS) > 0);
    }
    assert_int_equal(sent, MESSAGES);
    assert_int_equal(traffic(world).received, MESSAGES);
    mc_peer_close(peer);
}

static void pending_speaks_when_the_fd_is_silent(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    listen_ipc(world, 0);
    struct mc_peer *peer = dial(world, world->ipc, NULL);
    for (unsigned i = 0; i < 5; i++)
        ask(peer, "header");
    for (unsigned left = 5; left > 0; left--) {
        until_received(world, &message);
        mc_message_close(&message);
        while (left > 1 && !mc_listener_pending(world->listener))
            sleep_on(world->listener);
    }
    assert_false(mc_listener_pending(world->listener));
    mc_peer_close(peer);
}

static void reply_to_nobody(void **state)
{
    struct world *world = *state;
    struct mc_origin nobody = {.len = 5, .id = {0, 1, 2, 3, 4}};
    struct mc_message message;
    enum mc_status status = MC_OK;

    listen_ipc(world, 0);
    assert_int_equal(mc_listener_send(world->listener, &nobody, text("h"), text("b")),
                     MC_NOT_FOUND);

    struct mc_peer *peer = dial(world, world->ipc, NULL);
    ask(peer, "header");
    until_received(world, &message);
    mc_peer_close(peer);
    for (int waited = 0; status == MC_OK && waited < PATIENCE_MS; waited += STEP_MS) {
        status = mc_listener_send(world->listener, &message.origin, text("h"), text("b"));
        assert_false(mc_listener_pending(world->listener)); /* and the edge is taken */
        (void)heard(mc_listener_fd(world->listener, 0), STEP_MS);
    }
    mc_message_close(&message);
    assert_int_equal(status, MC_NOT_FOUND);
    assert_int_equal(traffic(world).refused_gone, 2);
}

/* A caller that does not read costs its replies, and neither time nor endless memory. */
static void slow_reader_is_refused(void **state)
{
    enum { QUEUE = 4, ENOUGH = 10000 };
    static uint8_t big[FRAME_MAX];
    struct world *world = *state;
    struct mc_message message;
    enum mc_status status = MC_OK;
    unsigned taken = 0;

    listen_ipc(world, QUEUE);
    struct mc_peer *peer = dial(world, world->ipc, NULL);
    ask(peer, "header");
    until_received(world, &message);
    for (; status == MC_OK && taken < ENOUGH; taken++)
        status = mc_listener_send(world->listener, &message.origin, text("h"),
                                  (struct mc_bytes){big, sizeof big});
    mc_message_close(&message);
    assert_int_equal(status, MC_BUSY);
    assert_int_equal(traffic(world).refused_busy, 1);
    mc_peer_close(peer);
}

/* The queue has room for a million; what they would weigh is the end. Taken, they weigh nothing. */
static void unread_replies_have_a_weight(void **state)
{
    enum { ROUNDS = 1000, MOST = MC_BUS_UNREAD_MAX / FRAME_MAX };
    static uint8_t big[FRAME_MAX];
    struct world *world = *state;
    struct mc_bytes body = {big, sizeof big};
    struct mc_message message;
    struct mc_message reply;
    unsigned sent = 0;
    unsigned read = 0;

    listen_ipc(world, MC_BUS_QUEUE_MAX);
    struct mc_peer *peer = dial(world, world->ipc, NULL);
    ask(peer, "header");
    until_received(world, &message);
    for (unsigned i = 0; i < ROUNDS * MOST && traffic(world).refused_busy == 0; i++)
        sent += mc_listener_send(world->listener, &message.origin, text("h"), body) == MC_OK;
    assert_int_equal(traffic(world).refused_busy, 1);
    assert_true(sent >= MOST); /* and as many more as are with the peer already */

    while (read < sent) {
        if (!mc_peer_receive(peer, &reply)) {
            (void)heard(mc_peer_fd(peer), STEP_MS);
            continue;
        }
        read++;
        mc_message_close(&reply);
    }
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("h"), body), MC_OK);
    mc_message_close(&message);
    mc_peer_close(peer);
}

static void peer_without_connection_is_busy(void **state)
{
    struct world *world = *state;
    struct mc_bus_traffic counts;
    struct mc_message message;

    struct mc_peer *peer = dial(world, world->ipc, NULL);
    assert_false(mc_peer_writable(peer));
    assert_int_equal(mc_peer_send(peer, text("h"), text("b")), MC_BUSY);
    mc_peer_traffic(peer, &counts);
    assert_int_equal(counts.refused_busy, 1);
    assert_int_equal(counts.sent, 0);

    listen_ipc(world, 0); /* later than the peer: it finds it */
    ask(peer, "header");
    until_received(world, &message);
    assert_bytes(message.header, "header");
    mc_message_close(&message);
    mc_peer_close(peer);
}

/* CURVE */

static void curve_names_its_caller(void **state)
{
    struct world *world = *state;
    struct mc_message message;
    struct mc_bus_stats stats;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    struct mc_peer *remote = dial(world, mc_listener_tcp(world->listener), world->secret);
    struct mc_peer *local = dial(world, world->ipc, NULL);
    ask(remote, "remote");
    until_received(world, &message);
    assert_bytes(message.header, "remote");
    assert_non_null(message.caller);
    assert_string_equal(message.caller, "portal:tayninh");
    assert_int_equal(
        mc_listener_send(world->listener, &message.origin, message.header, message.body), MC_OK);
    mc_message_close(&message);
    until_peer_receives(remote, &message);
    mc_message_close(&message);

    ask(local, "local");
    until_received(world, &message);
    assert_bytes(message.header, "local");
    assert_null(message.caller);
    assert_int_equal(
        mc_listener_send(world->listener, &message.origin, message.header, message.body), MC_OK);
    mc_message_close(&message);
    until_peer_receives(local, &message);
    mc_message_close(&message);

    mc_bus_stats(world->bus, &stats);
    assert_int_equal(stats.handshakes_admitted, 1);
    assert_int_equal(stats.handshakes_refused, 0);
    mc_peer_close(remote);
    mc_peer_close(local);
}

static void until_refused(struct world *world, struct mc_peer *peer)
{
    struct mc_bus_stats stats = {0};

    for (int waited = 0; stats.handshakes_refused == 0; waited += STEP_MS) {
        assert_true(waited < PATIENCE_MS);
        assert_false(mc_peer_writable(peer));
        (void)heard(mc_peer_fd(peer), STEP_MS);
        mc_bus_stats(world->bus, &stats);
    }
}

/* CURVE by itself would encrypt for anybody. A key listed later needs no restart anywhere. */
static void curve_stranger_waits_until_listed(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    listen_both(world); /* nobody is listed */
    struct mc_peer *peer = dial(world, mc_listener_tcp(world->listener), world->secret);
    until_refused(world, peer);
    assert_int_equal(mc_peer_send(peer, text("h"), text("b")), MC_BUSY);
    assert_false(mc_listener_receive(world->listener, &message));

    allow(world, "sms:viettel", world->public);
    ask(peer, "in");
    until_received(world, &message);
    assert_string_equal(message.caller, "sms:viettel");
    mc_message_close(&message);
    mc_peer_close(peer);
}

static void curve_keys_rotate(void **state)
{
    struct world *world = *state;
    struct mc_message message;
    struct mc_bus_caller both[2] = {{.name = "room:payment"}, {.name = "room:payment"}};
    char next_secret[MC_BUS_KEY_LEN + 1];

    memcpy(both[0].key, world->public, sizeof both[0].key);
    mc_bus_key_make(both[1].key, next_secret);
    assert_int_equal(mc_bus_allow(world->bus, both, 2, world->why, sizeof world->why), MC_OK);
    listen_both(world);
    struct mc_peer *old = dial(world, mc_listener_tcp(world->listener), world->secret);
    struct mc_peer *new = dial(world, mc_listener_tcp(world->listener), next_secret);
    ask(old, "old");
    until_received(world, &message);
    assert_string_equal(message.caller, "room:payment");
    mc_message_close(&message);
    ask(new, "new");
    until_received(world, &message);
    assert_string_equal(message.caller, "room:payment");
    mc_message_close(&message);

    /* Taken off while connected: deaf at once. */
    allow(world, "room:payment", both[1].key);
    ask(old, "old");
    while (traffic(world).dropped_revoked == 0) {
        assert_false(mc_listener_receive(world->listener, &message));
        if (!mc_listener_pending(world->listener) && traffic(world).dropped_revoked == 0)
            sleep_on(world->listener);
    }
    ask(new, "new");
    until_received(world, &message);
    assert_bytes(message.header, "new");
    mc_message_close(&message);
    mc_peer_close(old);
    mc_peer_close(new);
}

static void *raw_dealer(struct world *world, const char *id)
{
    void *client = zmq_socket(world->raw, ZMQ_DEALER);
    int linger = 0;

    assert_int_equal(zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof linger), 0);
    if (id != NULL)
        assert_int_equal(zmq_setsockopt(client, ZMQ_ROUTING_ID, id, strlen(id)), 0);
    return client;
}

static void raw_frames(void *client, unsigned frames, const char *each)
{
    for (unsigned i = 1; i <= frames; i++)
        assert_true(zmq_send(client, each, strlen(each), i < frames ? ZMQ_SNDMORE : 0) >= 0);
}

static void raw_curve(struct world *world, void *client)
{
    size_t size = MC_BUS_KEY_LEN + 1;

    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, world->server_public, size), 0);
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, world->public, size), 0);
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, world->secret, size), 0);
}

/* Else a caller could take the id, and the replies, of another that has just left. */
static void curve_caller_may_not_choose_its_id(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    void *client = raw_dealer(world, "portal");
    raw_curve(world, client);
    assert_int_equal(zmq_connect(client, mc_listener_tcp(world->listener)), 0);
    raw_frames(client, 2, "x");
    while (traffic(world).dropped_named == 0) {
        assert_false(mc_listener_receive(world->listener, &message));
        if (!mc_listener_pending(world->listener) && traffic(world).dropped_named == 0)
            sleep_on(world->listener);
    }
    zmq_close(client);
}

/* No mechanism at all is not a way around CURVE. */
static void curve_refuses_plain_clients(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    void *client = raw_dealer(world, NULL);
    assert_int_equal(zmq_connect(client, mc_listener_tcp(world->listener)), 0);
    raw_frames(client, 2, "x");
    struct mc_peer *peer = dial(world, mc_listener_tcp(world->listener), world->secret);
    ask(peer, "right");
    until_received(world, &message);
    assert_bytes(message.header, "right");
    mc_message_close(&message);
    assert_false(mc_listener_receive(world->listener, &message));
    mc_peer_close(peer);
    zmq_close(client);
}

static void doors_take_turns(void **state)
{
    enum { MANY = 500 };
    struct world *world = *state;
    struct mc_message message;
    unsigned before = 0;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    struct mc_peer *local = dial(world, world->ipc, NULL);
    struct mc_peer *remote = dial(world, mc_listener_tcp(world->listener), world->secret);
    ask(remote, "remote");
    for (unsigned i = 0; i < MANY; i++)
        ask(local, "local");
    for (until_received(world, &message); message.caller == NULL; until_received(world, &message)) {
        mc_message_close(&message);
        before++;
    }
    mc_message_close(&message);
    assert_true(before < MANY);
    mc_peer_close(local);
    mc_peer_close(remote);
}

/* Shapes and sizes */

static void wrong_shapes_are_dropped(void **state)
{
    struct world *world = *state;
    struct mc_message message;

    listen_ipc(world, 0);
    void *client = raw_dealer(world, NULL);
    assert_int_equal(zmq_connect(client, world->ipc), 0);
    raw_frames(client, 1, "x");
    raw_frames(client, 3, "x");
    raw_frames(client, 2, ""); /* a delimiter, and then one frame */
    raw_frames(client, 1, "");
    raw_frames(client, 4, "");
    raw_frames(client, 2, "good");
    until_received(world, &message);
    assert_bytes(message.header, "good");
    assert_bytes(message.body, "good");
    assert_false(message.origin.delimited);
    mc_message_close(&message);
    assert_int_equal(traffic(world).dropped_shape, 5);
    assert_int_equal(traffic(world).dropped_frames, 1 + 3 + 2 + 1 + 4);
    zmq_close(client);
}

/* What one receive throws away is bounded, whatever it was that came. */
static void endless_message_does_not_hold_the_turn(void **state)
{
    enum { FRAMES = 3 * MC_BUS_SKIP_MAX };
    struct world *world = *state;
    struct mc_message message;
    uint64_t seen = 0;

    listen_ipc(world, 0);
    void *client = raw_dealer(world, NULL);
    assert_int_equal(zmq_connect(client, world->ipc), 0);
    raw_frames(client, FRAMES, "x");
    raw_frames(client, 2, "good");
    while (!mc_listener_receive(world->listener, &message)) {
        uint64_t dropped = traffic(world).dropped_frames;

        assert_true(dropped - seen <= MC_BUS_SKIP_MAX + 2);
        seen = dropped;
        if (!mc_listener_pending(world->listener))
            sleep_on(world->listener);
    }
    assert_bytes(message.header, "good");
    mc_message_close(&message);
    assert_int_equal(traffic(world).dropped_shape, 1);
    assert_int_equal(traffic(world).dropped_frames, FRAMES);
    zmq_close(client);
}

static void req_clients_get_their_delimiter(void **state)
{
    struct world *world = *state;
    struct mc_message message;
    char got[8];

    listen_ipc(world, 0);
    void *client = zmq_socket(world->raw, ZMQ_REQ);
    assert_int_equal(zmq_connect(client, world->ipc), 0);
    raw_frames(client, 2, "req");
    until_received(world, &message);
    assert_true(message.origin.delimited);
    assert_bytes(message.header, "req");
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("yes"), text("body")),
                     MC_OK);
    mc_message_close(&message);
    assert_int_equal(zmq_recv(client, got, sizeof got, 0), 3);
    assert_memory_equal(got, "yes", 3);
    assert_int_equal(zmq_recv(client, got, sizeof got, 0), 4);
    zmq_close(client);
}

/* A room that takes small requests only may still answer with a page of its journal. */
static void replies_may_be_larger_than_requests(void **state)
{
    static uint8_t big[4 * FRAME_MAX + 1];
    struct world *world = *state;
    struct mc_message message;
    struct mc_peer_options wide = {.endpoint = world->ipc};
    struct mc_peer *peer = NULL;

    assert_int_equal(try_listen(world, (struct mc_listener_options){.ipc = world->ipc,
                                                                    .frame_max = FRAME_MAX,
                                                                    .reply_max = 4 * FRAME_MAX}),
                     MC_OK);
    assert_int_equal(mc_peer_open(&peer, world->bus, &wide, world->why, sizeof world->why), MC_OK);
    until_writable(peer);
    assert_int_equal(mc_peer_send(peer, text("h"), text("b")), MC_OK);
    until_received(world, &message);
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("h"),
                                      (struct mc_bytes){big, sizeof big}),
                     MC_INVALID);
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("h"),
                                      (struct mc_bytes){big, sizeof big - 1}),
                     MC_OK);
    mc_message_close(&message);
    until_peer_receives(peer, &message);
    assert_int_equal(message.body.len, sizeof big - 1);
    mc_message_close(&message);
    mc_peer_close(peer);
}

static void assert_frame_limit(struct world *world, const char *endpoint)
{
    static uint8_t big[FRAME_MAX + 1];
    const struct mc_bytes most = {big, FRAME_MAX};
    const struct mc_bytes past = {big, FRAME_MAX + 1};
    struct mc_message message;
    struct mc_bus_traffic counts;

    struct mc_peer *peer = dial(world, endpoint, world->secret);
    until_writable(peer);
    assert_int_equal(mc_peer_send(peer, text("h"), past), MC_INVALID);
    assert_int_equal(mc_peer_send(peer, past, text("b")), MC_INVALID);
    assert_int_equal(mc_peer_send(peer, text("h"), most), MC_OK);
    mc_peer_traffic(peer, &counts);
    assert_int_equal(counts.refused_size, 2);

    until_received(world, &message);
    assert_int_equal(message.body.len, FRAME_MAX);
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("h"), past),
                     MC_INVALID);
    assert_int_equal(mc_listener_send(world->listener, &message.origin, text("h"), most), MC_OK);
    mc_message_close(&message);
    until_peer_receives(peer, &message);
    assert_int_equal(message.body.len, FRAME_MAX);
    mc_message_close(&message);
    mc_peer_close(peer);
}

static void frame_at_the_limit_and_one_past(void **state)
{
    struct world *world = *state;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    assert_frame_limit(world, world->ipc);
    assert_frame_limit(world, mc_listener_tcp(world->listener));
}

static void assert_oversized_closes(struct world *world, const char *endpoint, bool curve)
{
    static uint8_t big[FRAME_MAX + 1];
    struct mc_message message;

    void *client = raw_dealer(world, NULL);
    if (curve)
        raw_curve(world, client);
    assert_int_equal(zmq_connect(client, endpoint), 0);
    assert_int_equal(zmq_send(client, "h", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(client, big, sizeof big, 0), (int)sizeof big);
    /* libzmq comes back by itself; what was on its way with the large frame is lost */
    for (raw_frames(client, 2, "small"); !mc_listener_receive(world->listener, &message);) {
        if (!mc_listener_pending(world->listener) &&
            !heard(mc_listener_fd(world->listener, curve), STEP_MS))
            raw_frames(client, 2, "small");
    }
    assert_bytes(message.body, "small");
    mc_message_close(&message);
    zmq_close(client);
}

/* Somebody with no limit of his own: his connection is closed before the frame is taken in. */
static void oversized_frame_costs_the_connection(void **state)
{
    struct world *world = *state;

    allow(world, "portal:tayninh", world->public);
    listen_both(world);
    assert_oversized_closes(world, world->ipc, false);
    assert_oversized_closes(world, mc_listener_tcp(world->listener), true);
}

/* The socket file */

static int bind_file(const struct world *world, bool answering)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", world->socket);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
    if (answering)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void stale_socket_is_replaced(void **state)
{
    struct world *world = *state;
    struct stat info;

    assert_int_equal(close(bind_file(world, true)), 0);
    assert_int_equal(stat(world->socket, &info), 0);
    echo_over_ipc(state);
    assert_int_equal(stat(world->socket, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void live_socket_is_not_stolen(void **state)
{
    struct world *world = *state;
    int fd = bind_file(world, true);

    assert_int_equal(try_listen(world, (struct mc_listener_options){.ipc = world->ipc}),
                     MC_CONFLICT);
    assert_non_null(strstr(world->why, "another process answers there"));
    assert_int_equal(close(fd), 0);
}

static void file_is_not_overwritten(void **state)
{
    struct world *world = *state;
    int fd = open(world->socket, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(try_listen(world, (struct mc_listener_options){.ipc = world->ipc}),
                     MC_CONFLICT);
    assert_int_equal(access(world->socket, F_OK), 0);
}

static void folder_is_made_and_judged(void **state)
{
    struct world *world = *state;
    struct stat info;
    char folder[64];
    char path[80];
    char endpoint[96];

    (void)snprintf(folder, sizeof folder, "%s/new", world->dir);
    (void)snprintf(path, sizeof path, "%s/room.sock", folder);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    struct mc_listener_options options = {.ipc = endpoint, .ipc_mode = 0660};
    assert_int_equal(try_listen(world, options), MC_OK);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    mc_listener_close(world->listener);
    mc_bus_close(world->bus);
    world->listener = NULL;
    assert_int_equal(mc_bus_open(&world->bus, world->why, sizeof world->why), MC_OK);

    assert_int_equal(chmod(folder, 0770), 0);
    assert_int_equal(try_listen(world, options), MC_DENIED);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void options_are_checked(void **state)
{
    struct world *world = *state;
    char longest[200];
    const char *tcp = "tcp://127.0.0.1:*";
    const char *key = world->server_secret;

    memset(longest, 'x', sizeof longest);
    memcpy(longest, "ipc:///", 7);
    longest[6 + 108] = '\0';
    const struct mc_listener_options wrong[] = {
        {0},
        {.ipc = "ipc://relative"},
        {.ipc = "ipc://@abstract"},
        {.ipc = "tcp://127.0.0.1:*"},
        {.ipc = longest},
        {.ipc = world->ipc, .ipc_mode = 0666},
        {.ipc = world->ipc, .frame_max = MC_BUS_FRAME_MIN - 1},
        {.ipc = world->ipc, .frame_max = (size_t)MC_BUS_FRAME_MAX + 1},
        {.ipc = world->ipc, .queue_max = MC_BUS_QUEUE_MAX + 1},
        {.tcp = tcp},
        {.tcp = tcp, .secret_key = "short"},
        {.tcp = "ipc:///x", .secret_key = key},
        {.tcp = "tcp://127.0.0.1", .secret_key = key},
    };

    for (size_t i = 0; i < MC_LEN(wrong); i++) {
        world->why[0] = '\0';
        assert_int_equal(try_listen(world, wrong[i]), MC_INVALID);
        assert_null(world->listener);
        assert_true(world->why[0] != '\0');
    }

    const struct mc_peer_options wrong_peers[] = {
        {.endpoint = "inproc://x"},
        {.endpoint = "tcp://127.0.0.1:1"},
        {.endpoint = "tcp://127.0.0.1:1", .server_key = world->server_public},
        {.endpoint = "tcp://127.0.0.1:1", .secret_key = world->secret},
        {.endpoint = world->ipc, .frame_max = 1},
    };
    struct mc_peer *peer = NULL;
    for (size_t i = 0; i < MC_LEN(wrong_peers); i++)
        assert_int_equal(
            mc_peer_open(&peer, world->bus, &wrong_peers[i], world->why, sizeof world->why),
            MC_INVALID);
}

/* Keys and the list */

static void keys_pair_up(void **state)
{
    struct world *world = *state;
    char derived[MC_BUS_KEY_LEN + 1];

    assert_int_equal(strlen(world->public), MC_BUS_KEY_LEN);
    assert_true(mc_bus_key_public(world->secret, derived));
    assert_string_equal(derived, world->public);
    assert_string_not_equal(world->public, world->server_public);
    assert_false(mc_bus_key_public("short", derived));
    assert_false(mc_bus_key_public("~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", derived));
    assert_false(mc_bus_key_public(NULL, derived));
}

static enum mc_status allow_text(struct world *world, const char *lines, mode_t mode)
{
    char path[64];

    (void)snprintf(path, sizeof path, "%s/callers", world->dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(lines, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    enum mc_status status = mc_bus_allow_file(world->bus, path, world->why, sizeof world->why);
    assert_int_equal(unlink(path), 0);
    return status;
}

static void list_is_read_whole_or_not_at_all(void **state)
{
    struct world *world = *state;
    struct mc_message message;
    char lines[512];

    assert_int_equal(mc_bus_allow_file(world->bus, "/nonexistent", world->why, sizeof world->why),
                     MC_NOT_FOUND);
    (void)snprintf(lines, sizeof lines, "# callers\n\n operator:an \t%s\r\n", world->public);
    assert_int_equal(allow_text(world, lines, 0660), MC_DENIED);
    assert_int_equal(allow_text(world, lines, 0640), MC_OK);
    (void)snprintf(lines, sizeof lines, "operator:an %s\nx y\n", world->server_public);
    assert_int_equal(allow_text(world, lines, 0600), MC_INVALID);
    assert_non_null(strstr(world->why, "/callers:2: "));
    (void)snprintf(lines, sizeof lines, "a %s more\n", world->public);
    assert_int_equal(allow_text(world, lines, 0600), MC_INVALID);
    (void)snprintf(lines, sizeof lines, "Viết %s\n", world->public);
    assert_int_equal(allow_text(world, lines, 0600), MC_INVALID);
    (void)snprintf(lines, sizeof lines, "a %s\nb %s\n", world->public, world->public);
    assert_int_equal(allow_text(world, lines, 0600), MC_CONFLICT);

    listen_both(world); /* the first list is still in force */
    struct mc_peer *peer = dial(world, mc_listener_tcp(world->listener), world->secret);
    ask(peer, "header");
    until_received(world, &message);
    assert_string_equal(message.caller, "operator:an");
    assert_int_equal(message.caller_roles, MC_ROLE_VIEW); /* none is named: it may look */
    mc_message_close(&message);
    mc_peer_close(peer);
}

static void operators_have_roles(void **state)
{
    static const struct {
        const char *name;
        const char *roles;
        enum mc_status want;
        unsigned want_roles;
    } cases[] = {
        {"operator:an", "view", MC_OK, MC_ROLE_VIEW},
        {"operator:an", "operate,approve", MC_OK, MC_ROLES_ALL},
        {"operator:an", "admin", MC_INVALID, 0},
        {"operator:an", "operate approve", MC_INVALID, 0},
        {"portal:an", "view", MC_INVALID, 0},
        {"operator:an", "approve", MC_OK, MC_ROLE_VIEW | MC_ROLE_APPROVE},
    };
    struct world *world = *state;
    struct mc_message message;
    char lines[512];

    listen_both(world);
    struct mc_peer *peer = dial(world, mc_listener_tcp(world->listener), world->secret);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)snprintf(lines, sizeof lines, "%s %s %s\n", cases[i].name, world->public,
                       cases[i].roles);
        assert_int_equal(allow_text(world, lines, 0600), cases[i].want);
        if (cases[i].want != MC_OK)
            continue;
        ask(peer, "header"); /* the newest list counts, whenever it connected */
        until_received(world, &message);
        assert_int_equal(message.caller_roles, cases[i].want_roles);
        mc_message_close(&message);
    }
    mc_peer_close(peer);
}

static void list_has_a_limit(void **state)
{
    struct world *world = *state;
    size_t len = MC_BUS_CALLERS_MAX + 1;
    struct mc_bus_caller *callers = calloc(len, sizeof *callers);

    assert_non_null(callers);
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(callers[i].name, sizeof callers[i].name, "portal:%zu", i);
        (void)snprintf(callers[i].key, sizeof callers[i].key, "%040zu", i);
    }
    assert_int_equal(mc_bus_allow(world->bus, callers, len, world->why, sizeof world->why),
                     MC_INVALID);
    assert_int_equal(mc_bus_allow(world->bus, callers, len - 1, world->why, sizeof world->why),
                     MC_OK);

    memset(callers[0].name, 'n', sizeof callers[0].name); /* 64, no NUL: one past */
    assert_int_equal(mc_bus_allow(world->bus, callers, 1, world->why, sizeof world->why),
                     MC_INVALID);
    callers[0].name[MC_BUS_CALLER_MAX] = '\0';
    assert_int_equal(mc_bus_allow(world->bus, callers, 1, world->why, sizeof world->why), MC_OK);
    callers[0].name[0] = '\0';
    assert_int_equal(mc_bus_allow(world->bus, callers, 1, world->why, sizeof world->why),
                     MC_INVALID);
    assert_int_equal(mc_bus_allow(world->bus, NULL, 0, world->why, sizeof world->why), MC_OK);
    free(callers);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(echo_over_ipc),
        CASE(last_reply_leaves),
        CASE(edge_rule_loses_nothing),
        CASE(pending_speaks_when_the_fd_is_silent),
        CASE(reply_to_nobody),
        CASE(slow_reader_is_refused),
        CASE(unread_replies_have_a_weight),
        CASE(peer_without_connection_is_busy),
        CASE(curve_names_its_caller),
        CASE(curve_stranger_waits_until_listed),
        CASE(curve_keys_rotate),
        CASE(curve_caller_may_not_choose_its_id),
        CASE(curve_refuses_plain_clients),
        CASE(doors_take_turns),
        CASE(wrong_shapes_are_dropped),
        CASE(endless_message_does_not_hold_the_turn),
        CASE(req_clients_get_their_delimiter),
        CASE(replies_may_be_larger_than_requests),
        CASE(frame_at_the_limit_and_one_past),
        CASE(oversized_frame_costs_the_connection),
        CASE(stale_socket_is_replaced),
        CASE(live_socket_is_not_stolen),
        CASE(file_is_not_overwritten),
        CASE(folder_is_made_and_judged),
        CASE(options_are_checked),
        CASE(keys_pair_up),
        CASE(list_is_read_whole_or_not_at_all),
        CASE(operators_have_roles),
        CASE(list_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
