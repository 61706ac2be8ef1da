/* Any bytes as a configuration: refused with a reason, or printed as something that is read back.
 */
#include <stdlib.h>
#include <string.h>

#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
    int64_t life;
    int64_t size;
    int64_t number;
    const char *text;
    const char *path;
    struct mc_config_list list;
    bool yes;
};

/* clang-format off */
static const struct mc_config_key keys[] = {
    {"a.life",   MC_CONFIG_DURATION, offsetof(struct target, life),   "1s",    0, 0,    "."},
    {"a.size",   MC_CONFIG_SIZE,     offsetof(struct target, size),   "1KiB",  0, 0,    "."},
    {"a.b.c",    MC_CONFIG_INT,      offsetof(struct target, number), "1",     -9, 999, "."},
    {"text",     MC_CONFIG_STRING,   offsetof(struct target, text),   "",      0, 0,    "."},
    {"path",     MC_CONFIG_PATH,     offsetof(struct target, path),   "",      0, 0,    "."},
    {"list",     MC_CONFIG_LIST,     offsetof(struct target, list),   "",      0, 0,    "."},
    {"yes",      MC_CONFIG_BOOL,     offsetof(struct target, yes),    "false", 0, 0,    "."},
};
/* clang-format on */

static void read_back(struct mc_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert(out != NULL);
    mc_config_print(config, out);
    (void)fclose(out);
    assert(mc_config_yaml(config, "printed", (struct mc_bytes){text, size}) == MC_OK);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target = {0};
    const struct mc_config_group group = {keys, MC_LEN(keys), &target};
    static struct mc_config config;

    assert(mc_config_open(&config, &group, 1) == MC_OK);
    if (mc_config_yaml(&config, "fuzz", (struct mc_bytes){data, size}) == MC_OK)
        read_back(&config);
    else
        assert(config.why[0] != '\0');

    char *setting = strndup((const char *)data, size);
    const char *list[] = {setting, NULL};
    (void)!mc_config_set(&config, list, 1);
    (void)!mc_config_environment(&config, list);
    free(setting);
    mc_config_close(&config);
    return 0;
}
