/* config show, check, diff: what a room runs with, and what a new file would change. */
#include "common/config.h"

#include <string.h>

#include "room.pb-c.h"

#include "ctl.h"

/* Any key's target; nobody reads it. */
union target {
    int64_t number;
    const char *text;
    struct mc_config_list list;
};

static const Motcua__ConfigReply *ask(struct ctl *ctl, const char *room, int *ret_exit)
{
    Motcua__ConfigRequest request = MOTCUA__CONFIG_REQUEST__INIT;

    return ctl_call(ctl, room, &motcua__room__descriptor, "Config", &request.base, ret_exit);
}

static bool is_default(const Motcua__ConfigKey *key)
{
    return strcmp(key->origin, "default") == 0;
}

int ctl_config_show(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;
    bool all = argc == 2 && strcmp(argv[1], "all") == 0;

    if (argc < 1 || argc > 2 || (argc == 2 && !all))
        return CTL_USAGE;
    const Motcua__ConfigReply *told = ask(ctl, argv[0], &code);
    if (told == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &told->base);
    for (size_t i = 0; i < told->n_keys; i++) {
        const Motcua__ConfigKey *key = told->keys[i];

        if (!all && is_default(key))
            continue;
        if (ctl->output == CTL_NAME)
            printf("%s\n", key->name);
        else
            printf("%-32s %-32s %s\n", key->name, key->value[0] != '\0' ? key->value : "-",
                   key->origin);
        if (ctl->wide)
            printf("    %s\n", key->sentence);
    }
    return CTL_OK;
}

static void tell_problem(void *arg, const char *why)
{
    (void)arg;
    fprintf(stderr, "motcuactl: %s\n", why);
}

/* The room's own table of keys, with a file applied to it: as the room would read it. */
static bool try_file(struct ctl *ctl, const Motcua__ConfigReply *told, const char *path,
                     struct mc_config *config)
{
    struct mc_config_key *keys = mc_alloc(&ctl->arena, (told->n_keys + 1) * sizeof *keys);
    union target *targets = mc_alloc(&ctl->arena, (told->n_keys + 1) * sizeof *targets);
    struct mc_config_group *group = mc_alloc(&ctl->arena, sizeof *group);

    if (keys == NULL || targets == NULL || group == NULL || told->n_keys > MC_CONFIG_KEYS_MAX) {
        fprintf(stderr, "motcuactl: out of memory\n");
        return false;
    }
    for (size_t i = 0; i < told->n_keys; i++) {
        const Motcua__ConfigKey *key = told->keys[i];

        keys[i] = (struct mc_config_key){.name = key->name,
                                         .type = (enum mc_config_type)key->type,
                                         .offset = i * sizeof *targets,
                                         .default_text = key->default_text,
                                         .min = key->min,
                                         .max = key->max,
                                         .sentence = key->sentence};
    }
    *group = (struct mc_config_group){keys, told->n_keys, targets};
    enum mc_status status = mc_config_open(config, group, 1);
    config->problem = tell_problem; /* of all that is wrong, not only the first */
    if (status == MC_OK)
        status = mc_config_file(config, path);
    if (status != MC_OK)
        fprintf(stderr, "motcuactl: %s%s\n", status == MC_NOT_FOUND ? path : config->why,
                status == MC_NOT_FOUND ? ": no such file" : "");
    return status == MC_OK && config->problems == 0;
}

/* The environment and --set go before any file, in the next start too. */
static bool outranks_files(const Motcua__ConfigKey *key)
{
    return strcmp(key->origin, "--set") == 0 ||
           strncmp(key->origin, "environment ", strlen("environment ")) == 0;
}

static size_t print_changes(const struct ctl *ctl, const Motcua__ConfigReply *told,
                            const struct mc_config *config)
{
    size_t changes = 0;

    for (size_t i = 0; i < told->n_keys; i++) {
        const Motcua__ConfigKey *key = told->keys[i];
        const struct mc_config_value *next = &config->values[i];

        if (strcmp(key->value, next->text) == 0)
            continue;
        if (outranks_files(key)) {
            if (strcmp(next->origin, "default") != 0)
                fprintf(stderr, "%s: stays %s, which %s says; the file's %s does not count\n",
                        key->name, key->value, key->origin, next->text);
            continue;
        }
        changes++;
        if (ctl->output == CTL_NAME)
            printf("%s\n", key->name);
        else
            printf("%-32s %s -> %s    (%s)\n", key->name, key->value[0] != '\0' ? key->value : "-",
                   next->text[0] != '\0' ? next->text : "-", next->origin);
    }
    return changes;
}

static int with_file(struct ctl *ctl, int argc, char **argv, bool diff)
{
    static struct mc_config config; /* large, and the program ends after it */
    int code = CTL_OK;
    size_t changes = 0;

    if (argc != 2)
        return CTL_USAGE;
    const Motcua__ConfigReply *told = ask(ctl, argv[0], &code);
    if (told == NULL)
        return code;
    if (!try_file(ctl, told, argv[1], &config)) {
        code = CTL_DATA;
    } else if (diff) {
        changes = print_changes(ctl, told, &config);
        fprintf(stderr, changes > 0 ? "%zu keys change at the next start\n" : "nothing changes\n",
                changes);
    } else {
        printf("%s: every key is known to %s and within its range\n", argv[1], argv[0]);
    }
    mc_config_close(&config);
    return code;
}

int ctl_config_check(struct ctl *ctl, int argc, char **argv)
{
    return with_file(ctl, argc, argv, false);
}

int ctl_config_diff(struct ctl *ctl, int argc, char **argv)
{
    return with_file(ctl, argc, argv, true);
}
