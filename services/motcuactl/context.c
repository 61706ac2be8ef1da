/*
 * Contexts: where a house is, and with which key it is spoken to. One YAML file each:
 *
 *     ~/.config/motcua/tayninh.yaml
 *         run_dir: /run/motcua               # on this machine, over ipc
 *         remote:                            # or elsewhere, over CURVE
 *           - otp=tcp://10.0.0.5:7001=<otp.curve.pub of that house>
 *         key_file: /home/an/an.curve        # ours, made by `motcuactl key make`
 *         timeout: 5s
 *
 * `current` in the same folder names the one that is used when nobody says otherwise.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

enum { TIMEOUT_MIN_MS = 100, TIMEOUT_MAX_MS = 600000, NAME_MAX_LEN = 64 };

/* clang-format off */
#define AT(field) offsetof(struct ctl_context, field)
static const struct mc_config_key keys[] = {
    {"run_dir",  MC_CONFIG_PATH,     AT(run_dir),    "",   0, 0, "Rooms on this machine: the folder of their sockets."},
    {"remote",   MC_CONFIG_LIST,     AT(remote),     "",   0, MC_LINKS_MAX, "Rooms elsewhere: room=tcp://host:port=their CURVE key."},
    {"key_file", MC_CONFIG_PATH,     AT(key_file),   "",   0, 0, "Our CURVE secret, for rooms elsewhere."},
    {"timeout",  MC_CONFIG_DURATION, AT(timeout_ms), "3s", TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, "How long an answer is waited for."},
};
/* clang-format on */

static bool name_is_sound(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_LEN && strspn(name, letters) == len;
}

/* The folder, or a file in it. */
static const char *path_of(struct ctl *ctl, const char *name, const char *suffix)
{
    const char *base = getenv("XDG_CONFIG_HOME"); // NOLINT(concurrency-mt-unsafe): one thread
    const char *home = getenv("HOME");            // NOLINT(concurrency-mt-unsafe)
    const char *rest = "";

    if (base == NULL || base[0] != '/') {
        base = home != NULL ? home : "";
        rest = "/.config";
    }
    const char *path = mc_sprintf(&ctl->arena, "%s%s/motcua%s%s%s", base, rest,
                                  name[0] != '\0' ? "/" : "", name, suffix);
    return path != NULL ? path : "";
}

/* Its name, or "" when there is none. */
static const char *current(struct ctl *ctl)
{
    struct stat about;
    const char *path = path_of(ctl, "current", "");

    if (stat(path, &about) != 0)
        return "";
    struct mc_bytes text = ctl_file_read(ctl, path);
    char *name = mc_alloc(&ctl->arena, text.len + 1);
    if (name == NULL || text.len == 0)
        return "";
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    name[strcspn(name, "\n")] = '\0';
    return name;
}

/* Its texts live until the program ends: the config is never closed. */
static bool load(struct ctl *ctl, const char *name, struct ctl_context *ret_context)
{
    struct mc_config *config = mc_alloc(&ctl->arena, sizeof *config);
    struct mc_config_group *group = mc_alloc(&ctl->arena, sizeof *group);

    if (config == NULL || group == NULL)
        return false;
    *group = (struct mc_config_group){keys, MC_LEN(keys), ret_context};
    if (!name_is_sound(name)) {
        fprintf(stderr, "motcuactl: %s: not a context's name\n", name);
        return false;
    }
    const char *path = path_of(ctl, name, ".yaml");
    enum mc_status status = mc_config_open(config, group, 1);
    if (status == MC_OK)
        status = mc_config_file(config, path);
    if (status == MC_OK)
        return true;
    fprintf(stderr, "motcuactl: %s\n",
            status == MC_NOT_FOUND ? mc_sprintf(&ctl->arena, "%s: no such context", path)
                                   : config->why);
    return false;
}

static bool take_key(struct ctl *ctl, const struct ctl_context *context)
{
    if (context->remote.len == 0)
        return true;
    enum mc_status status = mc_bus_key_load(context->key_file, ctl->secret_key);
    if (status == MC_OK)
        return true;
    fprintf(stderr, "motcuactl: key_file %s: %s\n", context->key_file,
            status == MC_INVALID ? "not a CURVE key" : mc_key_sentence(status));
    return false;
}

bool ctl_context_use(struct ctl *ctl, const char *name)
{
    struct ctl_context context = {0};

    if (name == NULL)
        name = current(ctl);
    if (name[0] == '\0')
        return true;
    if (!load(ctl, name, &context) || !take_key(ctl, &context))
        return false;
    if (context.run_dir[0] != '\0')
        ctl->run_dir = context.run_dir;
    ctl->remote = context.remote;
    if (ctl->timeout_ms == 0)
        ctl->timeout_ms = context.timeout_ms;
    return true;
}

int ctl_context_list(struct ctl *ctl, int argc, char **argv)
{
    const char *used = current(ctl);
    DIR *folder = opendir(path_of(ctl, "", ""));

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    if (folder == NULL)
        return CTL_OK;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) { // NOLINT: one thread
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".yaml") != 0)
            continue;
        int len = (int)(dot - entry->d_name);
        bool is_used =
            strlen(used) == (size_t)len && strncmp(used, entry->d_name, (size_t)len) == 0;
        printf("%s%.*s\n",
               ctl->output == CTL_NAME ? ""
               : is_used               ? "* "
                                       : "  ",
               len, entry->d_name);
    }
    (void)closedir(folder);
    return CTL_OK;
}

int ctl_context_show(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_context context = {0};
    const char *name = argc == 1 ? argv[0] : current(ctl);

    if (argc > 1)
        return CTL_USAGE;
    if (name[0] == '\0') {
        fprintf(stderr, "motcuactl: no context is in use\n");
        return CTL_DATA;
    }
    if (!load(ctl, name, &context))
        return CTL_DATA;
    printf("context: %s\nrun_dir: %s\nkey_file: %s\ntimeout: %lldms\n", name, context.run_dir,
           context.key_file, (long long)context.timeout_ms);
    for (size_t i = 0; i < context.remote.len; i++)
        printf("remote: %s\n", context.remote.items[i]);
    return CTL_OK;
}

/* "-": none from now on. Written beside and renamed, so that it is never half. */
int ctl_context_use_command(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_context context = {0};
    const char *path = path_of(ctl, "current", "");
    const char *next = path_of(ctl, "current", ".new");

    if (argc != 1)
        return CTL_USAGE;
    if (strcmp(argv[0], "-") == 0)
        return unlink(path) == 0 || errno == ENOENT ? CTL_OK : CTL_DATA;
    if (!load(ctl, argv[0], &context))
        return CTL_DATA;
    FILE *file = fopen(next, "we");
    bool written = file != NULL && fprintf(file, "%s\n", argv[0]) > 0;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    if (!written || rename(next, path) != 0) {
        fprintf(stderr, "motcuactl: %s: cannot be written\n", path);
        return CTL_DATA;
    }
    return CTL_OK;
}
