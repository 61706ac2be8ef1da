#include "common/config_value.h"

#include <inttypes.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first, for printing. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
static const struct unit sizes[] = {
    {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1},
};
static const struct unit integers[] = {{"", 1}};

static const struct {
    const char *name;
    const char *wrong;
    const struct unit *units;
    size_t units_len;
} types[] = {
    [MC_CONFIG_STRING] = {"text", "must be one text", NULL, 0},
    [MC_CONFIG_PATH] = {"path", "must be an absolute path", NULL, 0},
    [MC_CONFIG_BOOL] = {"true or false", "must be true or false", NULL, 0},
    [MC_CONFIG_INT] = {"number", "must be a whole number", integers, MC_LEN(integers)},
    [MC_CONFIG_DURATION] = {"duration", "must be a duration such as 250ms, 120s, 5m, 24h or 30d",
                            durations, MC_LEN(durations)},
    [MC_CONFIG_SIZE] = {"size", "must be a size such as 512, 64KiB, 64MiB or 1GiB", sizes,
                        MC_LEN(sizes)},
    [MC_CONFIG_LIST] = {"list", "must be a list of texts", NULL, 0},
};

const char *mc_config_type_name(enum mc_config_type type)
{
    return types[type].name;
}

void mc_config_number(char out[MC_CONFIG_NUMBER_SIZE], enum mc_config_type type, int64_t number)
{
    const struct unit *unit = types[type].units;
    const char *name = "";

    for (size_t i = 0; unit != NULL && i < types[type].units_len; i++, unit++) {
        name = unit->name;
        if (number != 0 && number % unit->factor == 0) {
            number /= unit->factor;
            break;
        }
    }
    (void)snprintf(out, MC_CONFIG_NUMBER_SIZE, "%" PRId64 "%s", number, name);
}

static bool number_parse(const char *text, enum mc_config_type type, int64_t *ret_number)
{
    const char *at = text + (*text == '-');
    int64_t number = 0;

    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return false;
    for (size_t i = 0; i < types[type].units_len; i++) {
        if (strcmp(at, types[type].units[i].name) == 0) {
            *ret_number = *text == '-' ? -number : number;
            return !__builtin_mul_overflow(*ret_number, types[type].units[i].factor, ret_number);
        }
    }
    if (*at == '\0' && number == 0) { /* nothing needs no unit */
        *ret_number = 0;
        return true;
    }
    return false;
}

/* The arena's message lives as long as `why` needs it. */
static enum mc_status range_check(struct mc_arena *arena, const struct mc_config_key *key,
                                  int64_t number, const char *of, const char **ret_wrong)
{
    char min[MC_CONFIG_NUMBER_SIZE];
    char max[MC_CONFIG_NUMBER_SIZE];

    if ((key->min == 0 && key->max == 0) || (number >= key->min && number <= key->max))
        return MC_OK;
    mc_config_number(min, key->type, key->min);
    mc_config_number(max, key->type, key->max);
    *ret_wrong = mc_sprintf(arena, "must be from %s to %s%s", min, max, of);
    return *ret_wrong != NULL ? MC_INVALID : MC_FULL;
}

/* Double quotes and these escapes are read back the same by every YAML. */
static size_t quote(char *out, const char *text)
{
    size_t used = 0;

    out[used++] = '"';
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            out[used++] = '\\';
        if (c < 0x20 || c == 0x7f)
            used += (size_t)snprintf(out + used, sizeof "\\x00", "\\x%02x", c);
        else
            out[used++] = *text;
    }
    out[used++] = '"';
    out[used] = '\0';
    return used;
}

static enum mc_status store_text(struct mc_arena *arena, const struct mc_config_key *key,
                                 const char *text, void *target, const char **ret_text,
                                 const char **ret_wrong)
{
    size_t len = strlen(text);

    if (key->type == MC_CONFIG_PATH && *text != '/' && *text != '\0')
        return MC_INVALID;
    enum mc_status status = range_check(arena, key, (int64_t)len, " bytes long", ret_wrong);
    if (status != MC_OK)
        return status;

    char *quoted = mc_alloc(arena, 4 * len + 3);
    const char *copy = mc_strdup(arena, text);
    if (quoted == NULL || copy == NULL)
        return MC_FULL;
    (void)quote(quoted, text);
    *ret_text = quoted;
    memcpy(target, &copy, sizeof(copy));
    return MC_OK;
}

static enum mc_status store_list(struct mc_arena *arena, const struct mc_config_key *key,
                                 const char *const *items, size_t len, void *target,
                                 const char **ret_text, const char **ret_wrong)
{
    size_t size = 3;
    size_t used = 1;
    enum mc_status status = range_check(arena, key, (int64_t)len, " items", ret_wrong);

    if (status != MC_OK)
        return status;
    for (size_t i = 0; i < len; i++)
        size += 4 * strlen(items[i]) + 4;
    char *text = mc_alloc(arena, size);
    const char **copies = mc_alloc(arena, len * sizeof(*copies) + 1);
    if (text == NULL || copies == NULL)
        return MC_FULL;
    text[0] = '[';
    for (size_t i = 0; i < len; i++) {
        if ((copies[i] = mc_strdup(arena, items[i])) == NULL)
            return MC_FULL;
        if (i > 0) {
            text[used++] = ',';
            text[used++] = ' ';
        }
        used += quote(text + used, items[i]);
    }
    text[used] = ']';
    *ret_text = text;
    memcpy(target, &(struct mc_config_list){copies, len}, sizeof(struct mc_config_list));
    return MC_OK;
}

static enum mc_status store_number(struct mc_arena *arena, const struct mc_config_key *key,
                                   const char *text, void *target, const char **ret_text,
                                   const char **ret_wrong)
{
    char number_text[MC_CONFIG_NUMBER_SIZE];
    int64_t number;

    if (!number_parse(text, key->type, &number))
        return MC_INVALID;
    enum mc_status status = range_check(arena, key, number, "", ret_wrong);
    if (status != MC_OK)
        return status;
    mc_config_number(number_text, key->type, number);
    if ((*ret_text = mc_strdup(arena, number_text)) == NULL)
        return MC_FULL;
    memcpy(target, &number, sizeof(number));
    return MC_OK;
}

static enum mc_status store_bool(const char *text, void *target, const char **ret_text)
{
    bool yes = strcmp(text, "true") == 0;

    if (!yes && strcmp(text, "false") != 0)
        return MC_INVALID;
    *ret_text = yes ? "true" : "false";
    memcpy(target, &yes, sizeof(yes));
    return MC_OK;
}

enum mc_status mc_config_value_store(struct mc_arena *arena, const struct mc_config_key *key,
                                     const char *const *items, size_t len, void *target,
                                     const char **ret_text, const char **ret_wrong)
{
    *ret_wrong = types[key->type].wrong;
    if (len > MC_CONFIG_ITEMS_MAX || (key->type != MC_CONFIG_LIST && len != 1))
        return MC_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (strnlen(items[i], MC_CONFIG_TEXT_MAX + 1) > MC_CONFIG_TEXT_MAX) {
            *ret_wrong = "is too long";
            return MC_INVALID;
        }
    }

    switch (key->type) {
    case MC_CONFIG_STRING:
    case MC_CONFIG_PATH:
        return store_text(arena, key, items[0], target, ret_text, ret_wrong);
    case MC_CONFIG_BOOL:
        return store_bool(items[0], target, ret_text);
    case MC_CONFIG_INT:
    case MC_CONFIG_DURATION:
    case MC_CONFIG_SIZE:
        return store_number(arena, key, items[0], target, ret_text, ret_wrong);
    case MC_CONFIG_LIST:
        return store_list(arena, key, items, len, target, ret_text, ret_wrong);
    }
    return MC_INVALID;
}
