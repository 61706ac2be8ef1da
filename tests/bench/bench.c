/*
 * Bench: JSON lines on stdout, a summary for people on stderr.
 *
 *     bench --bin FOLDER [--dir FOLDER] [--seconds 2] [--rounds 5] [--levels 1,64,1024,8192]
 *           [--only memory,issue,read,life] [--lives 1:1,1024:100]
 *
 * References and product take turns in short slices, so that a noisy moment hits both; a
 * ratio is the median of the ratios of neighbouring slices.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROUNDS_MAX = 32,
    LEVELS_MAX = 8,
    SHAPE_CALLS = 4096,
    MAP_MIB = 6144,
    STORE_VALUE = 300, /* of ref-seq */
    SUBJECTS_MAX = 4,  /* measured side by side */
    PAGE = 4096,
    NOTICES_TOGETHER = 100,
};

static struct {
    const char *bin;
    const char *dir;
    const char *only;
    double seconds;
    size_t rounds;
    size_t levels[LEVELS_MAX];
    size_t levels_len;
    struct {
        size_t outstanding;
        size_t batch;
    } lives[LEVELS_MAX];
    size_t lives_len;
    size_t notices; /* in one call; 0: codes */
} options = {.dir = ".", .only = "", .seconds = 2, .rounds = 5};

static char house[BENCH_PATH];

static void pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

static void folder_make(char out[BENCH_PATH], const char *parent, const char *name)
{
    (void)snprintf(out, BENCH_PATH, "%.180s/%.60s", parent, name);
    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        bench_die("%s: %s", out, strerror(errno));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void clean_up(void)
{
    bench_servers_kill();
    if (house[0] != '\0')
        (void)nftw(house, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- slices --- */

/* One of those measured side by side. */
struct subject {
    const char *name;
    struct bench_load *load;
    struct bench_result results[ROUNDS_MAX];
};

static double median_of(const struct subject *subject, size_t offset)
{
    double values[ROUNDS_MAX];

    for (size_t i = 0; i < options.rounds; i++)
        memcpy(&values[i], (const char *)&subject->results[i] + offset, sizeof values[i]);
    return bench_median(values, options.rounds);
}
#define MEDIAN(subject, field) median_of(subject, offsetof(struct bench_result, field))

static void tell_subject(const struct subject *subject, size_t outstanding)
{
    double bytes = MEDIAN(subject, bytes);

    printf("{\"bench\":\"%s\",\"outstanding\":%zu,\"per_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
           "\"cpu_us\":%.2f,\"bytes\":%.0f,\"pages\":%.3f,\"charged\":%.0f,\"flushes\":%.4f,"
           "\"batch\":%.1f}\n",
           subject->name, outstanding, MEDIAN(subject, per_s), MEDIAN(subject, p50_us),
           MEDIAN(subject, p99_us), MEDIAN(subject, cpu_us), bytes, bytes / PAGE,
           MEDIAN(subject, charged), MEDIAN(subject, flushes), MEDIAN(subject, batch));
    fprintf(stderr,
            "  %-9s %6zu %9.0f/s  p50 %8.1f  p99 %8.1f us  cpu %6.2f us  %6.2f pages  "
            "%6.4f flushes  batch %.0f\n",
            subject->name, outstanding, MEDIAN(subject, per_s), MEDIAN(subject, p50_us),
            MEDIAN(subject, p99_us), MEDIAN(subject, cpu_us), bytes / PAGE,
            MEDIAN(subject, flushes), MEDIAN(subject, batch));
}

static void tell_ratio(const struct subject *product, const struct subject *reference,
                       size_t outstanding, double aim)
{
    double ratios[ROUNDS_MAX] = {0};

    for (size_t i = 0; i < options.rounds; i++)
        ratios[i] = product->results[i].per_s / reference->results[i].per_s;
    double median = bench_median(ratios, options.rounds);
    printf("{\"ratio\":\"%s/%s\",\"outstanding\":%zu,\"median\":%.3f,\"aim\":%.2f,\"runs\":[",
           product->name, reference->name, outstanding, median, aim);
    for (size_t i = 0; i < options.rounds; i++)
        printf("%s%.3f", i > 0 ? "," : "", ratios[i]);
    printf("]}\n");
    fprintf(stderr, "  %s/%s at %zu: %.3f%s\n", product->name, reference->name, outstanding, median,
            aim <= 0        ? ""
            : median >= aim ? " (aim met)"
                            : " (AIM MISSED)");
}

static void measure(struct subject *subjects, size_t n, size_t outstanding)
{
    struct bench_result warm_up;

    for (size_t i = 0; i < n; i++)
        bench_load_run(subjects[i].load, outstanding, 0.1, &warm_up);
    for (size_t round = 0; round < options.rounds; round++)
        for (size_t i = 0; i < n; i++)
            bench_load_run(subjects[i].load, outstanding, options.seconds / (double)options.rounds,
                           &subjects[i].results[round]);
    for (size_t i = 0; i < n; i++)
        tell_subject(&subjects[i], outstanding);
}

/* --- servers --- */

static void reference_start(struct bench_server *server, const char *name, const char *program,
                            const struct bench_load *like, const struct bench_shape *shape)
{
    static const char kinds[] = {[BENCH_COUNTER] = 'c',
                                 [BENCH_TIME] = 't',
                                 [BENCH_RANDOM] = 'r',
                                 [BENCH_ONCE] = 'o',
                                 [BENCH_STAGED] = 's'};
    static char texts[BENCH_ARGS][BENCH_PATH];
    char *args[BENCH_ARGS + 1] = {NULL};
    char folder[BENCH_PATH];
    size_t n = 0;

    folder_make(folder, house, name);
    (void)snprintf(texts[n++], BENCH_PATH, "%.180s/%s", options.bin, program);
    (void)snprintf(texts[n++], BENCH_PATH, "ipc://%.200s/%s.sock", house, name);
    if (shape != NULL) {
        (void)snprintf(texts[n++], BENCH_PATH, "%s", folder);
        (void)snprintf(texts[n++], BENCH_PATH, "%d", MAP_MIB);
    }
    (void)snprintf(texts[n++], BENCH_PATH, "%zu", like->reply_header);
    (void)snprintf(texts[n++], BENCH_PATH, "%zu", like->reply_body);
    for (size_t i = 0; shape != NULL && i < shape->len; i++)
        for (size_t put = 0; put < shape->rows[i].puts && n < BENCH_ARGS; put++)
            (void)snprintf(texts[n++], BENCH_PATH, "%c:%zu:%zu", kinds[shape->rows[i].kind],
                           shape->rows[i].key, shape->rows[i].value);
    for (size_t i = 0; i < n; i++)
        args[i] = texts[i];
    bench_server_start(server, folder, name, texts[1], args);
}

static void otp_start(struct bench_server *otp, const char *folder)
{
    char map[64];
    /* A code that ran out would end its SMS's life before the bench does. */
    const char *extra[] = {map, "otp.code_life=10m", NULL};

    (void)snprintf(map, sizeof map, "store.map_size=%dMiB", MAP_MIB);
    bench_daemon_start(otp, folder, options.bin, "otp", extra);
    (void)bench_daemon_ready(otp);
}

static void shape_tell(const struct bench_shape *shape)
{
    static const char *const kinds[] = {"counter", "time", "random", "once per commit",
                                        "random, staged and merged"};
    size_t bytes = 0;

    for (size_t i = 0; i < shape->len; i++) {
        const struct bench_row *row = &shape->rows[i];

        bytes += row->kind != BENCH_ONCE ? row->puts * (row->key + row->value) : 0;
        printf("{\"shape\":\"%s\",\"puts\":%zu,\"key\":%zu,\"value\":%zu,\"kind\":\"%s\"}\n",
               row->table, row->puts, row->key, row->value, kinds[row->kind]);
        fprintf(stderr, "  %-11s %zu x (%zu + %zu bytes), %s\n", row->table, row->puts, row->key,
                row->value, kinds[row->kind]);
    }
    fprintf(stderr, "  together %zu bytes a call, %.2f pages if they were full\n", bytes,
            (double)bytes / PAGE);
}

/* --- the benches --- */

static void bench_issue_and_read(bool issue_wanted, bool read_wanted)
{
    const struct bench_shape sequential = {
        .len = 1, .rows = {{.kind = BENCH_COUNTER, .key = 8, .value = STORE_VALUE, .puts = 2}}};
    struct bench_server otp;
    struct bench_server seq;
    struct bench_server same;
    struct bench_server staged;
    struct bench_server echo;
    struct bench_load issue;
    struct bench_load status;
    struct bench_load seq_load;
    struct bench_load same_load;
    struct bench_load staged_load;
    struct bench_load echo_load;
    struct bench_shape shape;
    struct bench_result ignored;
    char store[BENCH_PATH];

    otp_start(&otp, house);
    (void)snprintf(store, sizeof store, "%.200s/data/otp", house);
    bench_load_issue(&issue, &otp);
    bench_load_status(&status, &otp);
    /* Both short: what is staged must not be merged between the two looks. */
    bench_load_run(&issue, 64, 0.06, &ignored);
    bench_load_run(&status, 1, 0.05, &ignored);
    bench_shape_before(&shape, store);
    bench_load_run(&issue, 64, 0.06, &ignored);
    bench_shape_after(&shape, store, (size_t)ignored.calls);
    fprintf(stderr, "What Issue puts:\n");
    shape_tell(&shape);

    reference_start(&seq, "ref-seq", "ref_store", &issue, &sequential);
    reference_start(&staged, "ref-staged", "ref_store", &issue, &shape);
    for (size_t i = 0; i < shape.len; i++) /* the rows as the method asks for them: no stage */
        if (shape.rows[i].kind == BENCH_STAGED)
            shape.rows[i].kind = BENCH_RANDOM;
    reference_start(&same, "ref-same", "ref_store", &issue, &shape);
    reference_start(&echo, "echo", "ref_echo", &status, NULL);
    bench_load_plain(&seq_load, &seq, &issue);
    bench_load_plain(&same_load, &same, &issue);
    bench_load_plain(&staged_load, &staged, &issue);
    bench_load_plain(&echo_load, &echo, &status);
    for (size_t i = 0; issue_wanted && i < options.levels_len; i++) {
        static struct subject subjects[] = {
            {.name = "ref-same"}, {.name = "issue"}, {.name = "ref-seq"}, {.name = "ref-staged"}};

        subjects[0].load = &same_load;
        subjects[1].load = &issue;
        subjects[2].load = &seq_load;
        subjects[3].load = &staged_load;
        fprintf(stderr, "Issue, %zu outstanding:\n", options.levels[i]);
        measure(subjects, BENCH_LEN(subjects), options.levels[i]);
        tell_ratio(&subjects[1], &subjects[0], options.levels[i],
                   options.levels[i] == 1024 ? 0.5 : 0);
        tell_ratio(&subjects[1], &subjects[2], options.levels[i], 0);
        tell_ratio(&subjects[1], &subjects[3], options.levels[i], 0);
    }
    for (size_t i = 0; read_wanted && i < options.levels_len; i++) {
        static struct subject subjects[] = {{.name = "echo"}, {.name = "status"}};

        subjects[0].load = &echo_load;
        subjects[1].load = &status;
        fprintf(stderr, "Status (READ), %zu outstanding:\n", options.levels[i]);
        measure(subjects, BENCH_LEN(subjects), options.levels[i]);
        tell_ratio(&subjects[1], &subjects[0], options.levels[i],
                   options.levels[i] == 1024 ? 0.25 : 0);
    }
    struct bench_server *all[] = {&otp, &seq, &same, &staged, &echo};
    for (size_t i = 0; i < BENCH_LEN(all); i++)
        bench_server_stop(all[i]);
}

static void bench_life(void)
{
    struct bench_server otp;
    char folder[BENCH_PATH];

    folder_make(folder, house, "life");
    otp_start(&otp, folder);
    fprintf(stderr, "An SMS's life (%s, LeaseJobs, AckJobs, ReportDelivery, each on disk):\n",
            options.notices > 1    ? "EnqueueManySms"
            : options.notices == 1 ? "EnqueueSms"
                                   : "Issue");
    for (size_t i = 0; i < options.lives_len; i++) {
        struct bench_life runs[ROUNDS_MAX];
        double rates[ROUNDS_MAX];

        for (size_t round = 0; round < options.rounds; round++) {
            bench_life_run(&otp, options.notices, options.lives[i].outstanding,
                           options.lives[i].batch, options.seconds / (double)options.rounds,
                           &runs[round]);
            rates[round] = runs[round].per_s;
        }
        double median = bench_median(rates, options.rounds);
        const struct bench_life *one = &runs[0];
        for (size_t round = 1; round < options.rounds; round++) /* the middle one speaks */
            if (fabs(runs[round].per_s - median) < fabs(one->per_s - median))
                one = &runs[round];
        printf("{\"bench\":\"sms-life\",\"outstanding\":%zu,\"lease\":%zu,\"per_s\":%.0f,"
               "\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu_us\":%.2f,\"bytes\":%.0f,\"pages\":%.3f,"
               "\"flushes\":%.4f}\n",
               options.lives[i].outstanding, options.lives[i].batch, median, one->p50_us,
               one->p99_us, one->cpu_us, one->bytes, one->bytes / PAGE, one->flushes);
        fprintf(stderr,
                "  %5zu alive, leases of %-3zu %8.0f/s  p50 %8.1f  p99 %8.1f us  cpu "
                "%6.2f us  %6.2f pages  %6.4f flushes\n",
                options.lives[i].outstanding, options.lives[i].batch, median, one->p50_us,
                one->p99_us, one->cpu_us, one->bytes / PAGE, one->flushes);
    }
    bench_server_stop(&otp);
}

static void bench_handover(void)
{
    static const size_t levels[] = {1, 16, 64};
    struct bench_server otp;
    char folder[BENCH_PATH];

    folder_make(folder, house, "handover");
    otp_start(&otp, folder);
    fprintf(stderr, "Issue, the text in the gateway's hands, Verify:\n");
    for (size_t i = 0; i < BENCH_LEN(levels); i++) {
        struct bench_handover run;
        struct bench_flush disk;

        bench_flush_run(folder, &disk);
        bench_handover_run(&otp, levels[i], options.seconds, &run);
        printf("{\"bench\":\"handover\",\"outstanding\":%zu,\"per_s\":%.0f,\"p50_us\":%.1f,"
               "\"p99_us\":%.1f,\"flush_us\":%.1f,\"commit_p50_us\":%.1f,\"commit_p99_us\":%.1f,"
               "\"p99_flushes\":%.2f}\n",
               levels[i], run.per_s, run.p50_us, run.p99_us, disk.us, disk.commit_p50_us,
               disk.commit_p99_us, run.p99_us / disk.us);
        fprintf(
            stderr,
            "  %5zu at once %8.0f/s  in hand p50 %8.1f  p99 %8.1f us = %.1f flushes of %.0f us%s;"
            " a bare commit p50 %.1f  p99 %.1f us\n",
            levels[i], run.per_s, run.p50_us, run.p99_us, run.p99_us / disk.us, disk.us,
            levels[i] == 1 ? " (aim 5)" : "", disk.commit_p50_us, disk.commit_p99_us);
    }
    bench_server_stop(&otp);
}

static bool is_there(const char *room)
{
    char path[BENCH_PATH];

    (void)snprintf(path, sizeof path, "%.180s/motcua-%s", options.bin, room);
    return access(path, X_OK) == 0;
}

/* payment starts only with a secret in a file that nobody else may read. */
static void secret_make(char setting[BENCH_PATH], const char *folder)
{
    int n = snprintf(setting, BENCH_PATH, "payment.platform_secret_file=%.200s/secret", folder);
    int fd = open(setting + sizeof "payment.platform_secret_file=" - 1, O_WRONLY | O_CREAT, 0600);

    if (n < 0 || fd < 0 || write(fd, "6265bbcc6265bbcc\n", 17) != 17)
        bench_die("%s: %s", setting, strerror(errno));
    (void)close(fd);
}

/* All rooms at once: shared pages are shared as they are in a house. Twice: a first start makes
 * keys and takes the store's space, the second is what a restart costs. */
static void bench_memory(void)
{
    static const char *const rooms[] = {"identity",     "otp",   "dossier", "payment",
                                        "notification", "audit", "print",   "partner"};
    /* What rooms with a world outside need to start; nothing is there. */
    static const char *const none[] = {NULL};
    static const char *const carrier[] = {"identity.carrier_url=http://127.0.0.1:9/check",
                                          "identity.allow_plain_http=true", "http.allow_plain=true",
                                          NULL};
    char secret[BENCH_PATH];
    const char *const platform[] = {"payment.platform_url=http://127.0.0.1:9/platform", secret,
                                    "payment.allow_plain_http=true", "http.allow_plain=true", NULL};
    const char *const *const extra[] = {carrier, none, none, platform, none, none, none};
    struct bench_server servers[BENCH_LEN(rooms)];
    double first[BENCH_LEN(rooms)] = {0};
    double again[BENCH_LEN(rooms)] = {0};
    char folder[BENCH_PATH];

    folder_make(folder, house, "idle");
    secret_make(secret, folder);
    for (size_t i = 0; i < BENCH_LEN(rooms); i++)
        if (is_there(rooms[i])) {
            bench_daemon_start(&servers[i], folder, options.bin, rooms[i], extra[i]);
            first[i] = bench_daemon_ready(&servers[i]);
            bench_server_stop(&servers[i]);
        }
    for (size_t i = 0; i < BENCH_LEN(rooms); i++)
        if (is_there(rooms[i])) {
            bench_daemon_start(&servers[i], folder, options.bin, rooms[i], extra[i]);
            again[i] = bench_daemon_ready(&servers[i]);
        }
    pause_ms(500);
    fprintf(stderr, "Idle, default settings (KiB; aim 8192):\n");
    for (size_t i = 0; i < BENCH_LEN(rooms); i++)
        if (is_there(rooms[i])) {
            uint64_t rss = bench_server_memory(&servers[i], "Rss");
            uint64_t pss = bench_server_memory(&servers[i], "Pss");
            uint64_t private = bench_server_memory(&servers[i], "Private_Dirty") +
                               bench_server_memory(&servers[i], "Private_Clean");

            printf("{\"idle\":\"%s\",\"rss_kib\":%llu,\"pss_kib\":%llu,\"private_kib\":%llu,"
                   "\"first_start_ms\":%.1f,\"start_ms\":%.1f}\n",
                   rooms[i], (unsigned long long)rss, (unsigned long long)pss,
                   (unsigned long long)private, first[i], again[i]);
            fprintf(stderr,
                    "  %-13s RSS %6llu  PSS %6llu  private %6llu  first start %6.1f ms  "
                    "start %6.1f ms\n",
                    rooms[i], (unsigned long long)rss, (unsigned long long)pss,
                    (unsigned long long)private, first[i], again[i]);
        }
    for (size_t i = 0; i < BENCH_LEN(rooms); i++)
        if (is_there(rooms[i]))
            bench_server_stop(&servers[i]);
}

/* --- options --- */

static void parse_levels(const char *text)
{
    options.levels_len = 0;
    while (*text != '\0' && options.levels_len < LEVELS_MAX) {
        char *end = NULL;
        size_t level = strtoul(text, &end, 10);

        if (end == text || level < 1 || level > BENCH_SLOTS)
            bench_die("--levels: numbers from 1 to %d", BENCH_SLOTS);
        options.levels[options.levels_len++] = level;
        text = *end == ',' ? end + 1 : end;
    }
}

/* "outstanding:lease,…" */
static void parse_lives(const char *text)
{
    options.lives_len = 0;
    while (*text != '\0' && options.lives_len < LEVELS_MAX) {
        char *end = NULL;
        size_t outstanding = strtoul(text, &end, 10);
        size_t batch = *end == ':' ? strtoul(end + 1, &end, 10) : 0;

        if (outstanding < 1 || outstanding > BENCH_SLOTS || batch < 1 || batch > 500)
            bench_die("--lives: 1…%d:1…500", BENCH_SLOTS);
        options.lives[options.lives_len].outstanding = outstanding;
        options.lives[options.lives_len++].batch = batch;
        text = *end == ',' ? end + 1 : end;
    }
}

static void parse(int argc, char **argv)
{
    parse_levels("1,64,1024,8192");
    parse_lives("1:1,64:1,1024:1,1024:100,8192:500");
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--bin") == 0)
            options.bin = value;
        else if (strcmp(argv[i], "--dir") == 0)
            options.dir = value;
        else if (strcmp(argv[i], "--only") == 0)
            options.only = value;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = strtod(value, NULL);
        else if (strcmp(argv[i], "--rounds") == 0)
            options.rounds = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--levels") == 0)
            parse_levels(value);
        else if (strcmp(argv[i], "--lives") == 0)
            parse_lives(value);
        else if (strcmp(argv[i], "--queue") == 0)
            options.notices = strcmp(value, "notice") == 0    ? 1
                              : strcmp(value, "notices") == 0 ? NOTICES_TOGETHER
                                                              : 0;
        else
            bench_die("unknown option %s", argv[i]);
    }
    if (options.bin == NULL || options.seconds <= 0 || options.rounds < 1 ||
        options.rounds > ROUNDS_MAX)
        bench_die("--bin FOLDER [--dir FOLDER] [--seconds S] [--rounds 1…%d] [--levels N,…] "
                  "[--only memory,issue,read,life,handover] [--queue issue|notice|notices]",
                  ROUNDS_MAX);
}

static bool wanted(const char *what)
{
    return options.only[0] == '\0' || strstr(options.only, what) != NULL;
}

int main(int argc, char **argv)
{
    char path[BENCH_PATH];
    char *real = NULL;

    parse(argc, argv);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    real = realpath(options.dir, NULL);
    (void)snprintf(path, sizeof path, "%.150s/bench.XXXXXX", real != NULL ? real : options.dir);
    free(real);
    if (mkdtemp(path) == NULL)
        bench_die("%s: %s", path, strerror(errno));
    memcpy(house, path, sizeof house);
    if (atexit(clean_up) != 0)
        bench_die("no atexit");
    printf("{\"host\":{\"cores\":%ld},\"seconds\":%.2f,\"rounds\":%zu}\n",
           sysconf(_SC_NPROCESSORS_ONLN), options.seconds, options.rounds);
    if (wanted("memory"))
        bench_memory();
    if (wanted("issue") || wanted("read"))
        bench_issue_and_read(wanted("issue"), wanted("read"));
    if (wanted("life"))
        bench_life();
    if (wanted("handover"))
        bench_handover();
    return 0;
}
