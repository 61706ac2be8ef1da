/*
 * Who may connect over tcp: CURVE keys, the list of callers, and the ZAP handler (RFC 27) that
 * ZeroMQ asks for each handshake.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bus_zmq.h"
#include "common/role.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"

enum { CURVE_KEY_BYTES = 32, CALLERS_LINE_MAX = 512 };

void mc_bus_key_make(char ret_public[MC_BUS_KEY_LEN + 1], char ret_secret[MC_BUS_KEY_LEN + 1])
{
    int rc = zmq_curve_keypair(ret_public, ret_secret);
    assert(rc == 0); /* only without CURVE, and then no bus opens */
    (void)rc;
}

bool bus_key_ok(const char *key)
{
    uint8_t raw[CURVE_KEY_BYTES];

    if (key == NULL || strnlen(key, MC_BUS_KEY_LEN + 1) != MC_BUS_KEY_LEN)
        return false;

    bool ok = zmq_z85_decode(raw, key) != NULL;
    explicit_bzero(raw, sizeof raw);
    return ok;
}

enum mc_status mc_bus_key_load(const char *path, char ret_secret[MC_BUS_KEY_LEN + 1])
{
    char text[MC_BUS_KEY_LEN + 2];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? MC_NOT_FOUND : errno == EACCES ? MC_DENIED : MC_IO;
    bool told_others = fstat(fd, &about) != 0 || (about.st_mode & S_IRWXO) != 0;
    ssize_t len = read(fd, text, sizeof text);
    (void)close(fd);
    bool whole = len == MC_BUS_KEY_LEN || (len == MC_BUS_KEY_LEN + 1 && text[len - 1] == '\n');
    if (whole && !told_others) {
        memcpy(ret_secret, text, MC_BUS_KEY_LEN);
        ret_secret[MC_BUS_KEY_LEN] = '\0';
    }
    explicit_bzero(text, sizeof text);
    if (told_others)
        return MC_DENIED;
    return whole && bus_key_ok(ret_secret) ? MC_OK : MC_INVALID;
}

bool mc_bus_key_public(const char *secret, char ret_public[MC_BUS_KEY_LEN + 1])
{
    return bus_key_ok(secret) && zmq_curve_public(ret_public, secret) == 0;
}

/* The list of callers */

static int compare_callers(const void *a, const void *b)
{
    const struct mc_bus_caller *left = a;
    const struct mc_bus_caller *right = b;

    return memcmp(left->key, right->key, MC_BUS_KEY_LEN);
}

const struct mc_bus_caller *bus_caller_find(const struct mc_bus *bus, const char *key)
{
    struct mc_bus_caller wanted;

    if (bus->callers_len == 0 || strnlen(key, MC_BUS_KEY_LEN + 1) != MC_BUS_KEY_LEN)
        return NULL;
    memcpy(wanted.key, key, sizeof wanted.key);
    return bsearch(&wanted, bus->callers, bus->callers_len, sizeof wanted, compare_callers);
}

static bool name_ok(const char *name)
{
    size_t len = strnlen(name, MC_BUS_CALLER_MAX + 1);
    size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789:_.-");

    return len > 0 && len <= MC_BUS_CALLER_MAX && plain == len;
}

static enum mc_status check_callers(const struct mc_bus_caller *sorted, size_t len, char *why,
                                    size_t why_size)
{
    for (size_t i = 0; i < len; i++) {
        const struct mc_bus_caller *caller = &sorted[i];

        if (!name_ok(caller->name))
            return bus_fail(MC_INVALID, why, why_size, "caller \"%.*s\": not a name",
                            MC_BUS_CALLER_MAX, caller->name);
        if (!bus_key_ok(caller->key))
            return bus_fail(MC_INVALID, why, why_size,
                            "caller %s: its key is not 40 characters of Z85", caller->name);
        if (i > 0 && compare_callers(caller, caller - 1) == 0 &&
            strcmp(caller->name, caller[-1].name) != 0)
            return bus_fail(MC_CONFLICT, why, why_size, "callers %s and %s: the same key",
                            caller[-1].name, caller->name);
    }
    return MC_OK;
}

enum mc_status mc_bus_allow(struct mc_bus *bus, const struct mc_bus_caller *callers, size_t len,
                            char *why, size_t why_size)
{
    if (len > MC_BUS_CALLERS_MAX)
        return bus_fail(MC_INVALID, why, why_size, "more than %d callers", MC_BUS_CALLERS_MAX);

    struct mc_bus_caller *sorted = calloc(len + 1, sizeof *sorted);
    if (sorted == NULL)
        return bus_fail(MC_IO, why, why_size, "no memory for %zu callers", len);
    if (len > 0) {
        memcpy(sorted, callers, len * sizeof *sorted);
        qsort(sorted, len, sizeof *sorted, compare_callers);
    }

    enum mc_status status = check_callers(sorted, len, why, why_size);
    if (status != MC_OK) {
        free(sorted);
        return status;
    }

    struct mc_bus_caller *old = bus->callers;
    pthread_mutex_lock(&bus->lock);
    bus->callers = sorted;
    bus->callers_len = len;
    pthread_mutex_unlock(&bus->lock);
    free(old);
    return MC_OK;
}

/* What an operator may do is named behind the key; an operator without it may look only. */
static bool parse_roles(const char *roles, struct mc_bus_caller *caller)
{
    static const char kind[] = "operator:";
    bool is_operator = strncmp(caller->name, kind, sizeof kind - 1) == 0;

    if (roles != NULL)
        return is_operator && mc_roles_read(roles, &caller->roles);
    caller->roles = is_operator ? MC_ROLE_VIEW : 0;
    return true;
}

/* "name key roles": false when it is not that. The name comes first because a Z85 key may begin
 * with #. */
static bool parse_caller(char *line, struct mc_bus_caller *ret_caller)
{
    static const char blank[] = " \t\r\n";
    char *rest = NULL;
    const char *name = strtok_r(line, blank, &rest);
    const char *key = strtok_r(NULL, blank, &rest);
    const char *roles = strtok_r(NULL, blank, &rest);

    if (name == NULL || key == NULL || (roles != NULL && strtok_r(NULL, blank, &rest) != NULL))
        return false;
    if (strlen(name) > MC_BUS_CALLER_MAX || strlen(key) != MC_BUS_KEY_LEN)
        return false;
    *ret_caller = (struct mc_bus_caller){0};
    memcpy(ret_caller->name, name, strlen(name));
    memcpy(ret_caller->key, key, MC_BUS_KEY_LEN);
    return parse_roles(roles, ret_caller);
}

static enum mc_status read_callers(FILE *file, const char *path, struct mc_bus_caller *callers,
                                   size_t *ret_len, char *why, size_t why_size)
{
    char line[CALLERS_LINE_MAX];
    size_t len = 0;

    for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0')
            continue;
        if (len == MC_BUS_CALLERS_MAX)
            return bus_fail(MC_INVALID, why, why_size, "%s: more than %d callers", path,
                            MC_BUS_CALLERS_MAX);
        if (!parse_caller(line, &callers[len]))
            return bus_fail(MC_INVALID, why, why_size, "%s:%u: not \"name key [roles]\"", path,
                            number);
        len++;
    }
    if (ferror(file))
        return bus_fail(MC_IO, why, why_size, "%s: %s", path, strerror(errno));
    *ret_len = len;
    return MC_OK;
}

static enum mc_status allow_from(struct mc_bus *bus, FILE *file, const char *path, char *why,
                                 size_t why_size)
{
    struct stat info;
    size_t len = 0;

    if (fstat(fileno(file), &info) != 0)
        return bus_fail(MC_IO, why, why_size, "%s: %s", path, strerror(errno));
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return bus_fail(MC_DENIED, why, why_size, "%s: others may write to it", path);

    struct mc_bus_caller *callers = calloc(MC_BUS_CALLERS_MAX, sizeof *callers);
    if (callers == NULL)
        return bus_fail(MC_IO, why, why_size, "no memory for the callers");

    enum mc_status status = read_callers(file, path, callers, &len, why, why_size);
    if (status == MC_OK)
        status = mc_bus_allow(bus, callers, len, why, why_size);
    free(callers);
    return status;
}

enum mc_status mc_bus_allow_file(struct mc_bus *bus, const char *path, char *why, size_t why_size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return bus_fail(errno == ENOENT ? MC_NOT_FOUND : bus_status_of(errno), why, why_size,
                        "%s: %s", path, strerror(errno));

    enum mc_status status = allow_from(bus, file, path, why, why_size);
    (void)fclose(file);
    return status;
}

/* ZAP (RFC 27): libzmq asks about each CURVE client; the answer's user id is the key itself. */

enum zap_frame {
    ZAP_VERSION,
    ZAP_REQUEST_ID,
    ZAP_REQUEST_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_CREDENTIALS,
    ZAP_FRAMES,
};

struct zap_request {
    struct {
        uint8_t data[MC_BUS_IDENTITY_MAX];
        size_t len;
    } frames[ZAP_FRAMES];
    size_t len;
};

/* False: the bus is closing. */
static bool zap_read(void *socket, struct zap_request *request)
{
    int more = 1;

    for (request->len = 0; more; request->len++) {
        uint8_t extra[1];
        bool fits = request->len < ZAP_FRAMES;
        void *data = fits ? request->frames[request->len].data : extra;
        int len = zmq_recv(socket, data, fits ? MC_BUS_IDENTITY_MAX : sizeof extra, 0);
        size_t size = sizeof more;

        if (len < 0 && errno == EINTR) {
            request->len--; /* try the same frame again */
            continue;
        }
        if (len < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
        if (fits) /* a frame longer than its room is cut, and then is none we know */
            request->frames[request->len].len = MC_MIN((size_t)len, (size_t)MC_BUS_IDENTITY_MAX);
    }
    return true;
}

static bool zap_is(const struct zap_request *request, enum zap_frame frame, const char *text)
{
    return request->frames[frame].len == strlen(text) &&
           memcmp(request->frames[frame].data, text, strlen(text)) == 0;
}

static bool zap_admits(struct mc_bus *bus, const struct zap_request *request, char *ret_key)
{
    if (request->len != ZAP_FRAMES || !zap_is(request, ZAP_VERSION, "1.0") ||
        !zap_is(request, ZAP_REQUEST_DOMAIN, BUS_ZAP_DOMAIN) ||
        !zap_is(request, ZAP_MECHANISM, "CURVE") ||
        request->frames[ZAP_CREDENTIALS].len != CURVE_KEY_BYTES)
        return false;
    if (zmq_z85_encode(ret_key, request->frames[ZAP_CREDENTIALS].data, CURVE_KEY_BYTES) == NULL)
        return false;

    pthread_mutex_lock(&bus->lock);
    bool known = bus_caller_find(bus, ret_key) != NULL;
    pthread_mutex_unlock(&bus->lock);
    return known;
}

/*
 * 300 (temporary) rather than 400 for a stranger: libzmq's own clients give up for ever on 400,
 * and a room that started before its key was listed would never come back.
 */
static void zap_answer(void *socket, const struct zap_request *request, bool known, const char *key)
{
    size_t id_len = request->len > ZAP_REQUEST_ID ? request->frames[ZAP_REQUEST_ID].len : 0;

    (void)zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, request->frames[ZAP_REQUEST_ID].data, id_len, ZMQ_SNDMORE);
    (void)zmq_send(socket, known ? "200" : "300", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(socket, key, known ? MC_BUS_KEY_LEN : 0, ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, 0);
}

static void *zap_run(void *arg)
{
    struct mc_bus *bus = arg;
    struct zap_request request;
    char key[MC_BUS_KEY_LEN + 1];

    while (zap_read(bus->zap, &request)) {
        bool known = zap_admits(bus, &request, key);

        atomic_fetch_add(known ? &bus->admitted : &bus->refused, 1);
        zap_answer(bus->zap, &request, known, key);
    }
    (void)zmq_close(bus->zap);
    return NULL;
}

/* With every signal blocked: those are the owner's. */
static int zap_start_thread(struct mc_bus *bus)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&bus->zap_thread, NULL, zap_run, bus);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Bound here, not in the thread: it has to be there before a CURVE socket is. */
bool bus_zap_start(struct mc_bus *bus)
{
    if (bus->zap != NULL)
        return true;

    void *socket = zmq_socket(bus->context, ZMQ_REP);
    if (socket == NULL)
        return false;
    bus->zap = socket;
    if (zmq_bind(socket, ZAP_ENDPOINT) == 0 && zap_start_thread(bus) == 0)
        return true;
    (void)zmq_close(socket);
    bus->zap = NULL;
    return false;
}
