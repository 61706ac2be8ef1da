/* Config: layers, types, limits, and an error that says where. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"

struct frame {
    int64_t map_size;
    const char *folder;
    bool sync;
};

struct room {
    int64_t code_life;
    int64_t tries;
    const char *sender;
    struct mc_config_list gateways;
};

/* clang-format off */
static const struct mc_config_key frame_keys[] = {
    {"store.map_size", MC_CONFIG_SIZE, offsetof(struct frame, map_size), "64MiB", 1 << 20, 1LL << 40, "Room for the store."},
    {"store.folder",   MC_CONFIG_PATH, offsetof(struct frame, folder),   "/var/lib/motcua", 1, 100,  "Where the store is."},
    {"store.sync",     MC_CONFIG_BOOL, offsetof(struct frame, sync),     "true", 0, 0,               "Flush before every reply."},
};
static const struct mc_config_key room_keys[] = {
    {"otp.code_life", MC_CONFIG_DURATION, offsetof(struct room, code_life), "120s", 30000, 600000, "How long a code can be used."},
    {"otp.tries",     MC_CONFIG_INT,      offsetof(struct room, tries),     "5", 1, 10,            "Wrong codes before it dies."},
    {"otp.sender",    MC_CONFIG_STRING,   offsetof(struct room, sender),    "DVCQG", 0, 11,        "The name an SMS comes from."},
    {"otp.gateways",  MC_CONFIG_LIST,     offsetof(struct room, gateways),  "viettel,vnpt", 0, 3,  "Who may lease SMS."},
};
/* clang-format on */

struct fixture {
    struct frame frame;
    struct room room;
    struct mc_config_group groups[2];
    struct mc_config config;
};

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    f->groups[0] = (struct mc_config_group){frame_keys, MC_LEN(frame_keys), &f->frame};
    f->groups[1] = (struct mc_config_group){room_keys, MC_LEN(room_keys), &f->room};
    *state = f;
    return mc_config_open(&f->config, f->groups, MC_LEN(f->groups)) == MC_OK ? 0 : -1;
}

static int end(void **state)
{
    struct fixture *f = *state;

    mc_config_close(&f->config);
    free(f);
    return 0;
}

static enum mc_status yaml(struct fixture *f, const char *text)
{
    return mc_config_yaml(&f->config, "t.yaml", (struct mc_bytes){text, strlen(text)});
}

static enum mc_status set(struct fixture *f, const char *setting)
{
    return mc_config_set(&f->config, &setting, 1);
}

static void defaults(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->frame.map_size, 64 << 20);
    assert_string_equal(f->frame.folder, "/var/lib/motcua");
    assert_true(f->frame.sync);
    assert_int_equal(f->room.code_life, 120000);
    assert_int_equal(f->room.tries, 5);
    assert_int_equal(f->room.gateways.len, 2);
    assert_string_equal(f->room.gateways.items[1], "vnpt");
}

static void later_layers_win(void **state)
{
    struct fixture *f = *state;
    static const char *const environment[] = {"HOME=/root",
                                              "MOTCUA_STORE__MAP_SIZE=3MiB",
                                              "MOTCUA_OTP__CODE_LIFE=5m",
                                              "MOTCUA_OTP__GATEWAYS=a,b,c",
                                              "MOTCUA_OTP_SERVICE_HOST=10.0.0.1",
                                              NULL};

    assert_int_equal(yaml(f, "store:\n  map_size: 2MiB\n  sync: false\n"
                             "otp.tries: 7\notp: {code_life: 90s, gateways: [x]}\n"),
                     MC_OK);
    assert_int_equal(f->frame.map_size, 2 << 20);
    assert_false(f->frame.sync);
    assert_int_equal(f->room.tries, 7);
    assert_int_equal(f->room.code_life, 90000);
    assert_int_equal(f->room.gateways.len, 1);
    assert_int_equal(mc_config_environment(&f->config, environment), MC_OK);
    assert_int_equal(f->frame.map_size, 3 << 20);
    assert_int_equal(f->room.code_life, 300000);
    assert_int_equal(f->room.gateways.len, 3);
    assert_int_equal(set(f, "store.map_size=4MiB"), MC_OK);
    assert_int_equal(f->frame.map_size, 4 << 20);
    assert_int_equal(set(f, "otp.gateways="), MC_OK);
    assert_int_equal(f->room.gateways.len, 0);
    assert_int_equal(set(f, "otp.sender=a=b"), MC_OK);
    assert_string_equal(f->room.sender, "a=b");
}

static void refusals_say_where(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"store:\n  map_sise: 2MiB\n", "t.yaml:2:13: unknown key \"store.map_sise\""},
        {"stoer:\n  map_size: 2MiB\n", "t.yaml:2:3: unknown section: stoer"},
        {"otp:\n  tries: many\n", "t.yaml:2:10: \"otp.tries\" must be a whole number"},
        {"otp: {tries: 0}\n", "t.yaml:1:14: \"otp.tries\" must be from 1 to 10"},
        {"otp: {tries: 11}\n", "t.yaml:1:14: \"otp.tries\" must be from 1 to 10"},
        {"otp:\n  tries: 3\n  tries: 4\n",
         "t.yaml:3:10: \"otp.tries\" is given twice, first at t.yaml:2:10"},
        {"otp: {tries: 3}\notp.tries: 3\n",
         "t.yaml:2:12: \"otp.tries\" is given twice, first at t.yaml:1:14"},
        {"otp: {code_life: 120}\n",
         "t.yaml:1:18: \"otp.code_life\" must be a duration such as 250ms, 120s, 5m, 24h or 30d"},
        {"otp: {code_life: 11m}\n", "t.yaml:1:18: \"otp.code_life\" must be from 30s to 10m"},
        {"store: {map_size: 1023KiB}\n",
         "t.yaml:1:19: \"store.map_size\" must be from 1MiB to 1TiB"},
        {"store: {sync: yes}\n", "t.yaml:1:15: \"store.sync\" must be true or false"},
        {"store: {folder: data}\n", "t.yaml:1:17: \"store.folder\" must be an absolute path"},
        {"store: {folder: ''}\n", "t.yaml:1:17: \"store.folder\" must be from 1 to 100 bytes long"},
        {"otp: {sender: 123456789012}\n",
         "t.yaml:1:15: \"otp.sender\" must be from 0 to 11 bytes long"},
        {"otp: {gateways: [a,b,c,d]}\n", "t.yaml:1:17: \"otp.gateways\" must be from 0 to 3 items"},
        {"otp: {sender: [a,b]}\n", "t.yaml:1:15: \"otp.sender\" must be one text"},
        {"otp:\n  sender:\n", "t.yaml:2:10: no value: otp.sender"},
        {"a: &a 1\nb: *a\n", "t.yaml:1:4: unknown key \"a\""},
        {"otp: {sender: \"a\\0b\"}\n", "t.yaml:1:15: NUL in a text: otp.sender"},
        {"- a\n", "t.yaml:1:1: the file must be a map of keys"},
        {"otp: {tries: 3}\n---\notp: {sender: a}\n", "t.yaml:2:1: more than one document"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_int_equal(yaml(f, cases[i].text), MC_INVALID);
        assert_string_equal(f->config.why, cases[i].why);
    }
    assert_int_equal(yaml(f, "a: [\n"), MC_INVALID);
    assert_non_null(strstr(f->config.why, "t.yaml:2:1: not YAML"));
    assert_int_equal(yaml(f, ""), MC_OK);
    assert_int_equal(yaml(f, "# nothing\n"), MC_OK);
}

static void refusals_of_other_layers(void **state)
{
    struct fixture *f = *state;
    static const char *const unknown[] = {"MOTCUA_OTP__TIRES=3", NULL};
    static const char *const bad[] = {"MOTCUA_OTP__TRIES=x", NULL};
    static const char *const twice[] = {"otp.tries=3", "otp.tries=4"};

    assert_int_equal(mc_config_environment(&f->config, unknown), MC_INVALID);
    assert_string_equal(f->config.why, "environment MOTCUA_OTP__TIRES: unknown key \"otp.tires\"");
    assert_int_equal(mc_config_environment(&f->config, bad), MC_INVALID);
    assert_int_equal(set(f, "otp.tries"), MC_INVALID);
    assert_string_equal(f->config.why, "--set otp.tries: not key=value");
    assert_int_equal(mc_config_set(&f->config, twice, 2), MC_INVALID);
    assert_int_equal(set(f, "otp.tries=99999999999999999999"), MC_INVALID);
    assert_int_equal(set(f, "store.map_size=9223372036854775807TiB"), MC_INVALID);
    assert_int_equal(mc_config_file(&f->config, "/nonexistent/otp.yaml"), MC_NOT_FOUND);
    assert_non_null(strstr(f->config.why, "/nonexistent/otp.yaml"));
    assert_int_equal(mc_config_file(&f->config, "/tmp"), MC_INVALID);
}

static void limits(void **state)
{
    struct fixture *f = *state;
    char *large = malloc(MC_CONFIG_FILE_MAX + 1);

    assert_non_null(large);
    memset(large, '\n', MC_CONFIG_FILE_MAX + 1);
    assert_int_equal(mc_config_yaml(&f->config, "t", (struct mc_bytes){large, MC_CONFIG_FILE_MAX}),
                     MC_OK);
    assert_int_equal(
        mc_config_yaml(&f->config, "t", (struct mc_bytes){large, MC_CONFIG_FILE_MAX + 1}),
        MC_INVALID);
    memset(large, 'a', MC_CONFIG_NAME_MAX + 2);
    memcpy(large + MC_CONFIG_NAME_MAX, ": 1", 4);
    assert_int_equal(yaml(f, large), MC_INVALID);
    assert_non_null(strstr(f->config.why, "unknown key"));
    memset(large, 'a', MC_CONFIG_NAME_MAX + 1);
    memcpy(large + MC_CONFIG_NAME_MAX + 1, ": 1", 4);
    assert_int_equal(yaml(f, large), MC_INVALID);
    assert_non_null(strstr(f->config.why, "too long"));
    assert_int_equal(set(f, "otp.code_life=30s"), MC_OK);
    assert_int_equal(set(f, "otp.code_life=29999ms"), MC_INVALID);
    assert_int_equal(set(f, "otp.code_life=10m"), MC_OK);
    assert_int_equal(set(f, "otp.code_life=600001ms"), MC_INVALID);
    free(large);
}

static void printed_reads_back(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    char *again = NULL;
    size_t size = 0;

    assert_int_equal(yaml(f, "otp: {sender: 'a\"\\: é', code_life: 90s, gateways: ['x y', z]}"),
                     MC_OK);
    FILE *out = open_memstream(&text, &size);
    mc_config_print(&f->config, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "# How long a code can be used.\n# duration, 30s to 10m; "
                                 "default 120s; from t.yaml:1:36\notp.code_life: 90s\n"));
    assert_non_null(strstr(text, "store.map_size: 64MiB\n"));
    assert_int_equal(set(f, "otp.sender=x"), MC_OK);
    assert_int_equal(yaml(f, text), MC_OK);
    assert_string_equal(f->room.sender, "a\"\\: é");
    assert_string_equal(f->room.gateways.items[0], "x y");
    out = open_memstream(&again, &size);
    mc_config_print(&f->config, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(again, "otp.code_life: 90s\n"));
    free(text);
    free(again);
}

static void file_is_read(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/motcua-config-XXXXXX";
    char path[64];

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/otp.yaml", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs("otp:\n  tries: 4\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mc_config_file(&f->config, path), MC_OK);
    assert_int_equal(f->room.tries, 4);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

enum { TOLD_SIZE = 4096 };

static void gather(void *arg, const char *why)
{
    char *all = arg;
    size_t used = strlen(all);

    (void)snprintf(all + used, TOLD_SIZE - used, "%s\n", why);
}

/* Everything that is wrong is told, and what is right is applied; what is not YAML ends it. */
static void every_problem_is_told(void **state)
{
    struct fixture *f = *state;
    char all[TOLD_SIZE] = "";

    f->config.problem = gather;
    f->config.problem_arg = all;
    assert_int_equal(yaml(f, "otp:\n  tries: 11\n  trees: [1, 2]\n  gateways: [a, {b: c}, d]\n"
                             "  sender: DVC\nball: {x: {y: 1}}\nstore.sync: perhaps\n"),
                     MC_OK);
    assert_int_equal(f->config.problems, 5);
    assert_non_null(strstr(all, "t.yaml:2:10: \"otp.tries\""));
    assert_non_null(strstr(all, "t.yaml:3:10: unknown key \"otp.trees\""));
    assert_non_null(strstr(all, "t.yaml:4:17: a list holds texts only"));
    assert_non_null(strstr(all, "t.yaml:6:7: unknown section"));
    assert_non_null(strstr(all, "t.yaml:7:13: \"store.sync\""));
    assert_string_equal(f->room.sender, "DVC");
    assert_int_equal(mc_config_set(&f->config, (const char *const[]){"x", "otp.tries=0"}, 2),
                     MC_OK);
    assert_int_equal(f->config.problems, 7);
    assert_int_equal(yaml(f, "otp: [1\nstore.sync: never\n"), MC_OK);
    assert_int_equal(f->config.problems, 8);
    assert_int_equal(mc_config_yaml(&f->config, "none", (struct mc_bytes){0}), MC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults, begin, end),
        cmocka_unit_test_setup_teardown(later_layers_win, begin, end),
        cmocka_unit_test_setup_teardown(refusals_say_where, begin, end),
        cmocka_unit_test_setup_teardown(refusals_of_other_layers, begin, end),
        cmocka_unit_test_setup_teardown(limits, begin, end),
        cmocka_unit_test_setup_teardown(printed_reads_back, begin, end),
        cmocka_unit_test_setup_teardown(file_is_read, begin, end),
        cmocka_unit_test_setup_teardown(every_problem_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
