#include "common/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config_value.h"

enum { ARENA_SIZE = 4 << 20 };

mc_printf(2, 3) static enum mc_status refuse(struct mc_config *config, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(config->why, sizeof(config->why), fmt, args);
    va_end(args);
    return MC_INVALID;
}

enum mc_status mc_config_tolerate(struct mc_config *config, enum mc_status status)
{
    if (status != MC_INVALID || config->problem == NULL)
        return status;
    config->problem(config->problem_arg, config->why);
    config->problems++;
    return MC_OK;
}

/* Finds a key, and its place among all groups' values. */
static const struct mc_config_key *key_find(const struct mc_config *config, const char *name,
                                            size_t *ret_index, void **ret_base)
{
    size_t index = 0;

    for (size_t g = 0; g < config->groups_len; g++) {
        const struct mc_config_group *group = &config->groups[g];

        for (size_t i = 0; i < group->len; i++, index++) {
            if (strcmp(group->keys[i].name, name) == 0) {
                *ret_index = index;
                *ret_base = group->base;
                return &group->keys[i];
            }
        }
    }
    return NULL;
}

enum mc_status mc_config_apply(struct mc_config *config, const char *name, const char *const *items,
                               size_t len, const char *origin)
{
    size_t index = 0;
    void *base = NULL;
    const char *wrong = NULL;
    const char *text = NULL;
    const struct mc_config_key *key = key_find(config, name, &index, &base);

    if (key == NULL)
        return refuse(config, "%s: unknown key \"%.*s\"", origin, MC_CONFIG_NAME_MAX, name);
    struct mc_config_value *value = &config->values[index];
    if (value->layer == config->layer && value->text != NULL)
        return refuse(config, "%s: \"%s\" is given twice, first at %s", origin, name,
                      value->origin);

    enum mc_status status = mc_config_value_store(&config->arena, key, items, len,
                                                  (uint8_t *)base + key->offset, &text, &wrong);
    if (status == MC_INVALID)
        return refuse(config, "%s: \"%s\" %s", origin, name, wrong);
    if (status != MC_OK || (origin = mc_strdup(&config->arena, origin)) == NULL) {
        (void)refuse(config, "%s: the configuration is too large", name);
        return MC_FULL;
    }
    *value = (struct mc_config_value){.text = text, .origin = origin, .layer = config->layer};
    return MC_OK;
}

/* A value outside YAML is one text; for a list it is split at its commas. */
static enum mc_status apply_text(struct mc_config *config, const char *name, const char *text,
                                 const char *origin)
{
    const char *items[MC_CONFIG_ITEMS_MAX + 1] = {text};
    size_t len = 1;
    size_t index;
    void *base;
    const struct mc_config_key *key = key_find(config, name, &index, &base);

    if (key != NULL && key->type == MC_CONFIG_LIST) {
        char *copy = mc_strdup(&config->arena, text);

        if (copy == NULL)
            return MC_FULL;
        len = 0;
        for (char *item; (item = strsep(&copy, ",")) != NULL && len < MC_LEN(items);)
            if (*item != '\0' || copy != NULL || len > 0)
                items[len++] = item;
    }
    return mc_config_apply(config, name, items, len, origin);
}

enum mc_status mc_config_open(struct mc_config *config, const struct mc_config_group *groups,
                              size_t len)
{
    size_t keys = 0;

    *config = (struct mc_config){.groups = groups, .groups_len = len};
    enum mc_status status = mc_arena_init(&config->arena, ARENA_SIZE);

    for (size_t g = 0; g < len; g++) {
        for (size_t i = 0; i < groups[g].len && status == MC_OK; i++) {
            const struct mc_config_key *key = &groups[g].keys[i];

            assert(++keys <= MC_CONFIG_KEYS_MAX && strlen(key->name) <= MC_CONFIG_NAME_MAX);
            status = apply_text(config, key->name, key->default_text, "default");
            assert(status != MC_INVALID); /* a key twice, or a default out of its own range */
        }
    }
    return status;
}

void mc_config_close(struct mc_config *config)
{
    mc_arena_done(&config->arena);
}

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

enum mc_status mc_config_file(struct mc_config *config, const char *path)
{
    struct stat info;
    size_t len = 0;
    ssize_t got = 1;

    mc_cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        enum mc_status status = errno == ENOENT ? MC_NOT_FOUND : MC_IO;
        (void)refuse(config, "%s: %s", path, strerrordesc_np(errno));
        return status;
    }
    if (!S_ISREG(info.st_mode) || info.st_size > MC_CONFIG_FILE_MAX)
        return refuse(config, "%s: not a file of at most %d bytes", path, MC_CONFIG_FILE_MAX);

    size_t size = (size_t)info.st_size;
    char *text = mc_alloc(&config->arena, size + 1);
    if (text == NULL)
        return MC_FULL;
    while (len < size && (got = read(fd, text + len, size - len)) > 0)
        len += (size_t)got;
    if (got < 0) {
        (void)refuse(config, "%s: %s", path, strerrordesc_np(errno));
        return MC_IO;
    }
    return mc_config_yaml(config, path, (struct mc_bytes){text, len});
}

#define ENVIRONMENT_PREFIX "MOTCUA_"

/* "STORE__MAP_SIZE=" is how the environment says "store.map_size". */
static bool variable_name(char out[MC_CONFIG_NAME_MAX + 1], const char *variable, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        char c = variable[i];

        if (used >= MC_CONFIG_NAME_MAX)
            return false;
        if (c == '_' && i + 1 < len && variable[i + 1] == '_') {
            c = '.';
            i++;
        } else if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

static enum mc_status apply_variable(struct mc_config *config, const char *variable)
{
    char name[MC_CONFIG_NAME_MAX + 1];
    char origin[128];
    size_t index;
    void *base;
    const char *text = variable + strlen(ENVIRONMENT_PREFIX);
    size_t len = strcspn(text, "=");
    bool ours = memmem(text, len, "__", 2) != NULL;

    if (text[len] != '=')
        return MC_OK;
    (void)snprintf(origin, sizeof(origin), "environment " ENVIRONMENT_PREFIX "%.*s",
                   (int)MC_MIN(len, 80U), text);
    bool named = variable_name(name, text, len);
    if (!ours && (!named || key_find(config, name, &index, &base) == NULL))
        return MC_OK;
    if (!named)
        return refuse(config, "%s: unknown key", origin);
    return apply_text(config, name, text + len + 1, origin);
}

enum mc_status mc_config_environment(struct mc_config *config, const char *const *environment)
{
    config->layer++;
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) != 0)
            continue;
        enum mc_status status = mc_config_tolerate(config, apply_variable(config, *environment));
        if (status != MC_OK)
            return status;
    }
    return MC_OK;
}

static enum mc_status apply_setting(struct mc_config *config, const char *setting)
{
    char name[MC_CONFIG_NAME_MAX + 1];
    size_t name_len = strcspn(setting, "=");

    if (setting[name_len] != '=' || name_len > MC_CONFIG_NAME_MAX)
        return refuse(config, "--set %.64s: not key=value", setting);
    (void)snprintf(name, sizeof(name), "%.*s", (int)name_len, setting);
    return apply_text(config, name, setting + name_len + 1, "--set");
}

enum mc_status mc_config_set(struct mc_config *config, const char *const *settings, size_t len)
{
    config->layer++;
    for (size_t i = 0; i < len; i++) {
        enum mc_status status = mc_config_tolerate(config, apply_setting(config, settings[i]));
        if (status != MC_OK)
            return status;
    }
    return MC_OK;
}

static void print_key(const struct mc_config_key *key, const struct mc_config_value *value,
                      FILE *out)
{
    char min[MC_CONFIG_NUMBER_SIZE];
    char max[MC_CONFIG_NUMBER_SIZE];

    (void)fprintf(out, "# %s\n# %s", key->sentence, mc_config_type_name(key->type));
    if (key->min != 0 || key->max != 0) {
        mc_config_number(min, key->type, key->min);
        mc_config_number(max, key->type, key->max);
        (void)fprintf(out, ", %s to %s", min, max);
    }
    (void)fprintf(out, "; default %s; from %s\n%s: %s\n\n",
                  *key->default_text != '\0' ? key->default_text : "empty", value->origin,
                  key->name, value->text);
}

void mc_config_print(const struct mc_config *config, FILE *out)
{
    const struct mc_config_value *value = config->values;

    for (size_t g = 0; g < config->groups_len; g++)
        for (size_t i = 0; i < config->groups[g].len; i++, value++)
            print_key(&config->groups[g].keys[i], value, out);
}
