#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* clang-format off */
static const struct mc_config_key house_keys[] = {
    {"data.dir", MC_CONFIG_STRING, offsetof(struct mc_process_config, data_dir), "data", 1, 200,
        "Folder of the stores; each daemon keeps to its own folder in it."},
    {"run.dir", MC_CONFIG_STRING, offsetof(struct mc_process_config, run_dir), "data/run", 1, 80,
        "Folder of what exists while running; each daemon has its own folder in it, with its socket."},
    {"keys.dir", MC_CONFIG_STRING, offsetof(struct mc_process_config, keys_dir), "data/keys", 1, 200,
        "Folder of the key files."},
    {"keys.generate", MC_CONFIG_BOOL, offsetof(struct mc_process_config, keys_generate), "false", 0, 0,
        "Make missing keys at start: for development, and for the first start of an installation."},
    {"log.level", MC_CONFIG_STRING, offsetof(struct mc_process_config, log_level), "info", 1, 10,
        "error, warning, notice, info or debug."},
    {"log.format", MC_CONFIG_STRING, offsetof(struct mc_process_config, log_format), "logfmt", 1, 10,
        "logfmt or json."},
    {"remote", MC_CONFIG_LIST, offsetof(struct mc_process_config, remote), "", 0, 0,
        "Rooms on other machines: otp=tcp://10.0.0.5:7001=<their CURVE key>."},
};
/* clang-format on */

struct arguments {
    const char *file;
    const char *settings[64];
    size_t settings_len;
    bool print;
    bool check;
};

static int usage(const char *program, FILE *out, int code)
{
    fprintf(out,
            "Usage: %s [-c FILE] [--set KEY=VALUE]... [--config | --check-config] [--version]\n"
            "  -c, --file FILE        configuration (YAML)\n"
            "  -s, --set KEY=VALUE    one key, above file and environment\n"
            "      --config           print the effective configuration and exit\n"
            "      --check-config     tell everything that is wrong in it and exit\n"
            "      --version          print the version and exit\n"
            "a room also:\n"
            "      --verify [FOLDER]  look at every row of its store, or of a backup, and exit\n"
            "      --restore FOLDER   put a backup where its store belongs, and exit\n",
            program);
    return code;
}

/* False: *ret_exit is the program's end. */
static bool parse(int argc, char **argv, struct arguments *args, int *ret_exit)
{
    enum { PRINT = 256, VERSION, CHECK };
    static const struct option options[] = {
        {"file", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, 's'},
        {"config", no_argument, NULL, PRINT},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, 'h'},
        {"check-config", no_argument, NULL, CHECK},
        {NULL, 0, NULL, 0},
    };

    for (int c; (c = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1;) {
        if (c == 'c') {
            args->file = optarg;
        } else if (c == 's' && args->settings_len < MC_LEN(args->settings)) {
            args->settings[args->settings_len++] = optarg;
        } else if (c == PRINT) {
            args->print = true;
        } else if (c == CHECK) {
            args->check = true;
        } else if (c == VERSION) {
            printf("%s %s\n", argv[0], MC_VERSION);
            *ret_exit = EX_OK;
            return false;
        } else {
            *ret_exit = c == 'h' ? usage(argv[0], stdout, EX_OK) : usage(argv[0], stderr, EX_USAGE);
            return false;
        }
    }
    if (optind < argc) {
        *ret_exit = usage(argv[0], stderr, EX_USAGE);
        return false;
    }
    return true;
}

static void tell_problem(void *arg, const char *why)
{
    fprintf(stderr, "%s: %s\n", ((const struct mc_process *)arg)->name, why);
}

static bool configure(struct mc_process *process, const struct arguments *args, size_t groups_len,
                      int *ret_exit)
{
    enum mc_status status = mc_config_open(&process->config, process->groups, groups_len);

    if (args->check) {
        process->config.problem = tell_problem;
        process->config.problem_arg = process;
    }
    if (status == MC_OK && args->file != NULL) {
        status = mc_config_file(&process->config, args->file);
        if (status == MC_NOT_FOUND)
            (void)snprintf(process->config.why, sizeof process->config.why, "%s: no such file",
                           args->file);
    }
    if (status == MC_OK)
        status = mc_config_environment(&process->config, (const char *const *)environ);
    if (status == MC_OK)
        status = mc_config_set(&process->config, args->settings, args->settings_len);
    *ret_exit = EX_CONFIG;
    if (status != MC_OK) {
        fprintf(stderr, "%s: %s\n", process->name, process->config.why);
        return false;
    }
    if (process->config.problems > 0)
        return false; /* all of them are told */
    if (args->print || args->check) {
        if (args->print)
            mc_config_print(&process->config, stdout);
        *ret_exit = EX_OK;
        return false;
    }
    return true;
}

bool mc_folder_make(const char *path, unsigned mode)
{
    char part[256];

    for (size_t i = 1; i <= strlen(path) && i < sizeof part; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, path[i] == '\0' ? mode : 0755) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

int mc_folder_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static bool start_log(struct mc_process *process, int *ret_exit)
{
    enum mc_log_level level = MC_LOG_INFO;

    *ret_exit = EX_CONFIG;
    if (!mc_log_level_parse(process->settings.log_level, &level)) {
        fprintf(stderr, "%s: log.level: no such level: %s\n", process->name,
                process->settings.log_level);
        return false;
    }
    bool json = strcmp(process->settings.log_format, "json") == 0;
    if (!json && strcmp(process->settings.log_format, "logfmt") != 0) {
        fprintf(stderr, "%s: log.format: logfmt or json\n", process->name);
        return false;
    }
    process->log =
        mc_log_make(process->name, STDERR_FILENO, level, json ? MC_LOG_JSON : MC_LOG_LOGFMT,
                    getenv("JOURNAL_STREAM")); // NOLINT(concurrency-mt-unsafe): before any thread
    return true;
}

/* The bus's secret is in a file of its own; its public half beside it. */
static enum mc_status curve_key(struct mc_process *process, char *why, size_t why_size)
{
    char path[256];
    char file[80];
    char public[MC_BUS_KEY_LEN + 1];

    (void)snprintf(file, sizeof file, "%s.curve", process->name);
    if (!mc_process_key_path(process, file, path, sizeof path))
        return MC_INVALID;
    enum mc_status status = mc_bus_key_load(path, process->curve_secret);
    (void)snprintf(why, why_size, "%.150s: %s", path,
                   status == MC_INVALID ? "not a CURVE key" : mc_key_sentence(status));
    if (status != MC_NOT_FOUND)
        return status;
    mc_bus_key_make(public, process->curve_secret);
    if (!process->settings.keys_generate)
        return MC_OK; /* a key for this run only: nobody can know it, ipc needs none */
    (void)snprintf(why, why_size, "%.200s: cannot be written", path);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return MC_IO;
    bool written = dprintf(fd, "%s\n", process->curve_secret) > 0 && fsync(fd) == 0;
    (void)close(fd);
    (void)snprintf(file, sizeof file, "%s.curve.pub", process->name);
    if (!written || !mc_process_key_path(process, file, path, sizeof path))
        return MC_IO;
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    written = fd >= 0 && dprintf(fd, "%s\n", public) > 0;
    if (fd >= 0)
        (void)close(fd);
    return written ? MC_OK : MC_IO;
}

static void reload(void *arg)
{
    struct mc_process *process = arg;

    if (process->reload != NULL)
        process->reload(process->reload_arg);
}

static bool start_parts(struct mc_process *process, char *why, size_t why_size)
{
    process->clock = mc_clock_real();
    (void)snprintf(why, why_size, "no randomness");
    if (mc_random_open(&process->random) != MC_OK)
        return false;
    (void)snprintf(why, why_size, "%s, %s: %s", process->settings.run_dir,
                   process->settings.keys_dir, "cannot be made");
    (void)snprintf(process->run_dir, sizeof process->run_dir, "%s/%s", process->settings.run_dir,
                   process->name);
    if (!mc_folder_make(process->settings.run_dir, 0711) ||
        !mc_folder_make(process->run_dir, 0750) ||
        !mc_folder_make(process->settings.keys_dir, 0700) ||
        !mc_folder_make(process->settings.data_dir, 0700))
        return false;
    (void)snprintf(why, why_size, "the loop cannot be made");
    if ((process->loop = mc_loop_create()) == NULL ||
        mc_loop_signals(process->loop, reload, process) != MC_OK)
        return false;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
    process->notify = mc_notify_create(process->loop, getenv("NOTIFY_SOCKET"),
                                       getenv("WATCHDOG_USEC")); // NOLINT(concurrency-mt-unsafe)
    if (process->notify == NULL || mc_bus_open(&process->bus, why, why_size) != MC_OK ||
        curve_key(process, why, why_size) != MC_OK)
        return false;
    (void)snprintf(process->caller, sizeof process->caller, "room:%s", process->name);
    struct mc_links_options links = {
        .bus = process->bus,
        .loop = process->loop,
        .clock = &process->clock,
        .run_dir = process->settings.run_dir,
        .remote = process->settings.remote,
        .secret_key = process->curve_secret,
    };
    (void)snprintf(why, why_size, "the links cannot be made");
    return (process->links = mc_links_create(&links)) != NULL;
}

bool mc_process_open(struct mc_process *process, const char *name, int argc, char **argv,
                     const struct mc_config_group *groups, size_t len, int *ret_exit)
{
    struct arguments args = {0};
    char why[256] = "";

    memset(process, 0, sizeof *process);
    process->name = name;
    process->groups[0] = (struct mc_config_group){
        .keys = house_keys, .len = MC_LEN(house_keys), .base = &process->settings};
    assert(len < MC_LEN(process->groups));
    for (size_t i = 0; i < len; i++)
        process->groups[i + 1] = groups[i];

    if (!parse(argc, argv, &args, ret_exit) || !configure(process, &args, len + 1, ret_exit) ||
        !start_log(process, ret_exit))
        return false;
    if (!start_parts(process, why, sizeof why)) {
        *ret_exit = mc_process_fatal(process, why);
        mc_process_close(process);
        return false;
    }
    *ret_exit = EX_OK;
    return true;
}

void mc_process_close(struct mc_process *process)
{
    mc_links_destroy(process->links);
    mc_bus_close(process->bus);
    if (process->notify != NULL)
        mc_notify_destroy(process->notify);
    if (process->loop != NULL)
        mc_loop_destroy(process->loop);
    if (process->random.fill != NULL)
        mc_random_close(&process->random);
    mc_config_close(&process->config);
    mc_wipe(process->curve_secret, sizeof process->curve_secret);
}

enum mc_status mc_process_run(struct mc_process *process)
{
    struct mc_log_line line;

    mc_notify_ready(process->notify);
    mc_log_begin(&line, &process->log, MC_LOG_NOTICE, mc_now_ms(&process->clock), "ready");
    mc_log_text(&line, "version", MC_VERSION);
    mc_log_end(&line);
    enum mc_status status = mc_loop_run(process->loop);
    mc_notify_stopping(process->notify);
    mc_log_begin(&line, &process->log, MC_LOG_NOTICE, mc_now_ms(&process->clock), "stopping");
    mc_log_end(&line);
    return status;
}

int mc_process_fatal(struct mc_process *process, const char *why)
{
    struct mc_log_line line;
    struct mc_clock clock = mc_clock_real();

    mc_log_begin(&line, &process->log, MC_LOG_ERROR, mc_now_ms(&clock), "fatal");
    mc_log_text(&line, "why", why);
    mc_log_end(&line);
    return EX_SOFTWARE;
}

bool mc_process_key_path(const struct mc_process *process, const char *file, char *out, size_t size)
{
    int len = snprintf(out, size, "%s/%s", process->settings.keys_dir, file);

    return len > 0 && (size_t)len < size;
}

enum mc_status mc_process_secret(struct mc_process *process, const char *kind,
                                 uint8_t ret_key[MC_KEY_LEN], char *why, size_t why_size)
{
    char file[80];
    char path[256];

    (void)snprintf(file, sizeof file, "%s.%s", process->name, kind);
    if (!mc_process_key_path(process, file, path, sizeof path))
        return MC_INVALID;
    enum mc_status status = mc_key_load(path, ret_key, MC_KEY_LEN);
    if (status == MC_NOT_FOUND && process->settings.keys_generate) {
        status = mc_key_create(path, &process->random, MC_KEY_LEN);
        if (status == MC_OK)
            status = mc_key_load(path, ret_key, MC_KEY_LEN);
    }
    if (status != MC_OK)
        (void)snprintf(why, why_size, "%s: %s", path, mc_key_sentence(status));
    return status;
}

/* Key number n: a file, or for 0 the one that is derived. MC_NOT_FOUND: there is no such file. */
static enum mc_status seal_key(struct mc_process *process, unsigned n,
                               const uint8_t master[MC_KEY_LEN], uint8_t ret_key[MC_KEY_LEN],
                               char *why, size_t why_size)
{
    char file[80];
    char path[256];

    if (n == 0) {
        mc_key_derive(ret_key, master, "seal");
        return MC_OK;
    }
    (void)snprintf(file, sizeof file, "%s.seal.%u", process->name, n);
    if (!mc_process_key_path(process, file, path, sizeof path))
        return MC_INVALID;
    enum mc_status status = mc_key_load(path, ret_key, MC_KEY_LEN);
    if (status != MC_OK)
        (void)snprintf(why, why_size, "%.200s: %s", path, mc_key_sentence(status));
    return status;
}

enum mc_status mc_process_seal_keys(struct mc_process *process, const uint8_t master[MC_KEY_LEN],
                                    struct mc_keyring *ret_ring, unsigned *ret_number, char *why,
                                    size_t why_size)
{
    uint8_t now[MC_KEY_LEN];
    uint8_t next[MC_KEY_LEN];
    uint8_t before[MC_KEY_LEN];
    unsigned n = 0;
    enum mc_status status = seal_key(process, 0, master, now, why, why_size);

    memcpy(before, now, sizeof before);
    while (status == MC_OK &&
           (status = seal_key(process, n + 1, master, next, why, why_size)) == MC_OK) {
        memcpy(before, now, sizeof before);
        memcpy(now, next, sizeof now);
        n++;
    }
    if (status == MC_NOT_FOUND) { /* the one behind the newest */
        status = MC_OK;
        mc_keyring_set(ret_ring, now, n > 0 ? before : NULL);
        *ret_number = n;
        if (n > 0 && ret_ring->keys[0].id == ret_ring->keys[1].id) {
            status = MC_CONFLICT;
            (void)snprintf(why, why_size,
                           "%s.seal.%u: its id is that of the key before it: make another",
                           process->name, n);
        }
    }
    mc_wipe(now, sizeof now);
    mc_wipe(next, sizeof next);
    mc_wipe(before, sizeof before);
    return status;
}

enum mc_status mc_process_sign_seed(struct mc_process *process, const uint8_t first[MC_KEY_LEN],
                                    uint8_t ret_seed[MC_KEY_LEN], unsigned *ret_number, char *why,
                                    size_t why_size)
{
    enum mc_status status = MC_OK;
    uint8_t next[MC_KEY_LEN];
    char file[80];
    char path[256];

    /* Earlier ones may be gone (retired); numbers are given in a row, and small. */
    memcpy(ret_seed, first, MC_KEY_LEN);
    *ret_number = 0;
    for (unsigned n = 1; n <= MC_SIGN_NUMBER_MAX; n++) {
        (void)snprintf(file, sizeof file, "%s.sign.%u", process->name, n);
        if (!mc_process_key_path(process, file, path, sizeof path))
            return MC_INVALID;
        status = mc_key_load(path, next, sizeof next);
        if (status == MC_NOT_FOUND)
            continue;
        if (status != MC_OK) {
            (void)snprintf(why, why_size, "%.200s: %s", path, mc_key_sentence(status));
            return status;
        }
        memcpy(ret_seed, next, MC_KEY_LEN);
        *ret_number = n;
    }
    mc_wipe(next, sizeof next);
    return MC_OK;
}

size_t mc_process_public_keys(void *arg, const char *room, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    const struct mc_process *process = arg;
    char file[80];
    char path[256];
    size_t n = 0;

    (void)snprintf(file, sizeof file, "%s.pub", room);
    return mc_process_key_path(process, file, path, sizeof path) &&
                   mc_public_keys_load(path, ret_keys, &n) == MC_OK
               ? n
               : 0;
}

enum mc_status mc_process_publish(struct mc_process *process,
                                  const uint8_t public_key[MC_SIGN_PUBLIC_LEN])
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    char file[80];
    char path[256];
    size_t n = mc_process_public_keys(process, process->name, keys);

    for (size_t i = 0; i < n; i++)
        if (memcmp(keys[i], public_key, sizeof keys[i]) == 0)
            return MC_OK;
    if (n > 0)
        return MC_CONFLICT;
    (void)snprintf(file, sizeof file, "%s.pub", process->name);
    if (!mc_process_key_path(process, file, path, sizeof path))
        return MC_INVALID;
    memcpy(keys[0], public_key, sizeof keys[0]);
    return mc_public_keys_save(path, keys, 1);
}
