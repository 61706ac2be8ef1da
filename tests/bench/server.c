/* Child processes, and what the kernel says about them. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "room.pb-c.h"

#include "bench.h"

enum { CHILDREN_MAX = 32 };

static pid_t children[CHILDREN_MAX];
static void *context;

int64_t bench_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t bench_random(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

void bench_servers_kill(void)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (children[i] > 0)
            (void)kill(children[i], SIGKILL);
}

void bench_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
    va_end(args);
    bench_servers_kill();
    exit(1);
}

static void keep(pid_t pid)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (children[i] == 0) {
            children[i] = pid;
            return;
        }
    bench_die("too many children");
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (children[i] == pid)
            children[i] = 0;
}

static void connect_to(struct bench_server *server)
{
    int none = 0;
    int patience = 30000;
    int quick = 1; /* ms: a start-up time is measured by it */

    if (context == NULL)
        context = zmq_ctx_new();
    server->socket = zmq_socket(context, ZMQ_DEALER);
    if (server->socket == NULL ||
        zmq_setsockopt(server->socket, ZMQ_SNDHWM, &none, sizeof none) != 0 ||
        zmq_setsockopt(server->socket, ZMQ_RCVHWM, &none, sizeof none) != 0 ||
        zmq_setsockopt(server->socket, ZMQ_RCVTIMEO, &patience, sizeof patience) != 0 ||
        zmq_setsockopt(server->socket, ZMQ_LINGER, &none, sizeof none) != 0 ||
        zmq_setsockopt(server->socket, ZMQ_RECONNECT_IVL, &quick, sizeof quick) != 0 ||
        zmq_connect(server->socket, server->endpoint) != 0)
        bench_die("%s: %s", server->endpoint, zmq_strerror(zmq_errno()));
}

static _Noreturn void become(const char *folder, const char *name, char *const *args)
{
    char log[BENCH_PATH];

    (void)snprintf(log, sizeof log, "%s/%s.log", folder, name);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the bench may be killed, too */
    int fd = open(log, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || in < 0 || dup2(in, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(127);
    (void)execv(args[0], args);
    _exit(127);
}

void bench_server_start(struct bench_server *server, const char *folder, const char *name,
                        const char *endpoint, char *const *args)
{
    *server = (struct bench_server){.name = name};
    (void)snprintf(server->endpoint, sizeof server->endpoint, "%s", endpoint);
    server->started_ns = bench_ns();
    server->pid = fork();
    if (server->pid < 0)
        bench_die("no new process");
    if (server->pid == 0)
        become(folder, name, args);
    keep(server->pid);
    if (clock_getcpuclockid(server->pid, &server->cpu) != 0)
        bench_die("%s: no CPU clock", name);
    connect_to(server);
}

void bench_server_stop(struct bench_server *server)
{
    int status = 0;

    (void)zmq_close(server->socket);
    (void)kill(server->pid, SIGTERM);
    (void)waitpid(server->pid, &status, 0);
    forget(server->pid);
    server->pid = 0;
}

/* The number behind "key:" in one of the kernel's files about a process. */
static uint64_t proc_number(pid_t pid, const char *file, const char *key)
{
    char path[64];
    char line[256];
    uint64_t number = 0;
    bool found = false;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *in = fopen(path, "re");
    while (in != NULL && !found && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':') {
            number = strtoull(line + strlen(key) + 1, NULL, 10);
            found = true;
        }
    if (in != NULL)
        (void)fclose(in);
    if (!found)
        bench_die("%s: no %s", path, key);
    return number;
}

uint64_t bench_server_memory(const struct bench_server *server, const char *what)
{
    return proc_number(server->pid, "smaps_rollup", what);
}

void bench_server_use(const struct bench_server *server, struct bench_use *ret_use)
{
    struct timespec used = {0};

    if (clock_gettime(server->cpu, &used) != 0)
        bench_die("%s has ended; see its log", server->name);
    ret_use->cpu_ns = (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
    ret_use->written = proc_number(server->pid, "io", "wchar");
    ret_use->charged = proc_number(server->pid, "io", "write_bytes");
}

void bench_send(const struct bench_server *server, const struct bench_message *message)
{
    if (zmq_send(server->socket, message->header, message->header_len, ZMQ_SNDMORE) < 0 ||
        zmq_send(server->socket, message->body, message->body_len, 0) < 0)
        bench_die("%s: %s", server->name, zmq_strerror(zmq_errno()));
}

/* Calls one of the house's methods; the reply's body stays in `body`. */
static void house_call(const struct bench_server *server, const char *method, zmq_msg_t *body)
{
    struct bench_message message = {.body_len = 0};
    zmq_pollitem_t wait = {.socket = server->socket, .events = ZMQ_POLLIN};
    zmq_msg_t header;

    message.header_len = bench_header(message.header, method, "room:bench", 0);
    bench_send(server, &message);
    (void)zmq_msg_init(&header);
    (void)zmq_msg_init(body);
    if (zmq_poll(&wait, 1, 30000) != 1 || zmq_msg_recv(&header, server->socket, 0) < 0 ||
        zmq_msg_recv(body, server->socket, 0) < 0)
        bench_die("%s does not answer; see its log", server->name);
    (void)bench_tag_slot(zmq_msg_data(&header), zmq_msg_size(&header));
    (void)zmq_msg_close(&header);
}

void bench_daemon_commits(const struct bench_server *server, struct bench_use *use)
{
    zmq_msg_t body;

    house_call(server, "motcua.v1.Room/Stats", &body);
    Motcua__StatsReply *stats =
        motcua__stats_reply__unpack(NULL, zmq_msg_size(&body), zmq_msg_data(&body));
    if (stats == NULL || stats->store == NULL)
        bench_die("%s: no Stats", server->name);
    use->commits = stats->store->commits;
    motcua__stats_reply__free_unpacked(stats, NULL);
    (void)zmq_msg_close(&body);
}

double bench_daemon_ready(const struct bench_server *server)
{
    zmq_msg_t body;

    house_call(server, "motcua.v1.Room/Health", &body);
    (void)zmq_msg_close(&body);
    return (double)(bench_ns() - server->started_ns) / 1e6;
}

void bench_daemon_start(struct bench_server *server, const char *folder, const char *bin,
                        const char *room, const char *const *extra)
{
    static char texts[BENCH_ARGS][BENCH_PATH];
    char *args[BENCH_ARGS + 1] = {NULL};
    const char *const paths[] = {"data.dir", "run.dir", "keys.dir"};
    char endpoint[BENCH_PATH];
    size_t n = 0;

    (void)snprintf(texts[n++], BENCH_PATH, "%s/motcua-%s", bin, room);
    for (size_t i = 0; i < BENCH_LEN(paths); i++) {
        (void)snprintf(texts[n++], BENCH_PATH, "--set");
        (void)snprintf(texts[n++], BENCH_PATH, "%s=%s/%.*s", paths[i], folder,
                       (int)strcspn(paths[i], "."), paths[i]);
    }
    (void)snprintf(texts[n++], BENCH_PATH, "--set");
    (void)snprintf(texts[n++], BENCH_PATH, "keys.generate=true");
    for (; *extra != NULL; extra++) {
        (void)snprintf(texts[n++], BENCH_PATH, "--set");
        (void)snprintf(texts[n++], BENCH_PATH, "%s", *extra);
    }
    for (size_t i = 0; i < n; i++)
        args[i] = texts[i];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/run/%s/sock", folder, room);
    bench_server_start(server, folder, room, endpoint, args);
}
