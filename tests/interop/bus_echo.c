/*
 * A daemon of one listener that echoes, for clients that are not written in C.
 *
 *     bus_echo SOCKET CALLERS
 *
 * prints its ipc endpoint, tcp endpoint and CURVE public key on a line, serves until its
 * standard input ends, and answers each message with [caller or "local"][body].
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/bus.h"

enum { BATCH = 64 };

static struct mc_bytes answer_of(const struct mc_message *message)
{
    const char *caller = message->caller != NULL ? message->caller : "local";

    return (struct mc_bytes){caller, strlen(caller)};
}

static bool turn(struct mc_listener *listener)
{
    struct mc_message message;

    for (unsigned i = 0; i < BATCH && mc_listener_receive(listener, &message); i++) {
        (void)mc_listener_send(listener, &message.origin, answer_of(&message), message.body);
        mc_message_close(&message);
    }
    return mc_listener_pending(listener);
}

static void serve(struct mc_listener *listener)
{
    struct pollfd watch[] = {{STDIN_FILENO, POLLIN, 0},
                             {mc_listener_fd(listener, 0), POLLIN, 0},
                             {mc_listener_fd(listener, 1), POLLIN, 0}};

    do {
        while (turn(listener))
            ;
        (void)poll(watch, MC_LEN(watch), -1);
    } while (watch[0].revents == 0);
}

int main(int argc, char **argv)
{
    struct mc_bus *bus = NULL;
    struct mc_listener *listener = NULL;
    char public_key[MC_BUS_KEY_LEN + 1];
    char secret_key[MC_BUS_KEY_LEN + 1];
    char ipc[128];
    char why[256] = "usage: bus_echo SOCKET CALLERS";

    mc_bus_key_make(public_key, secret_key);
    (void)snprintf(ipc, sizeof ipc, "ipc://%s", argc == 3 ? argv[1] : "");
    struct mc_listener_options options = {
        .ipc = ipc, .tcp = "tcp://127.0.0.1:*", .secret_key = secret_key, .frame_max = 1 << 20};
    if (argc != 3 || mc_bus_open(&bus, why, sizeof why) != MC_OK ||
        mc_bus_allow_file(bus, argv[2], why, sizeof why) != MC_OK ||
        mc_listener_open(&listener, bus, &options, why, sizeof why) != MC_OK) {
        (void)fprintf(stderr, "%s\n", why);
        mc_bus_close(bus);
        return 1;
    }
    (void)printf("%s %s %s\n", mc_listener_ipc(listener), mc_listener_tcp(listener), public_key);
    (void)fflush(stdout);
    serve(listener);
    mc_listener_close(listener);
    mc_bus_close(bus);
    return 0;
}
