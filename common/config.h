/*
 * Config: a table of keys, filled in layers and printed with its own words.
 *
 *     default < YAML file < environment MOTCUA_STORE__MAP_SIZE < --set store.map_size=1GiB
 *
 * Nested maps are flattened by dots, so "store.map_size" may be written either way. An unknown
 * key, a wrong type, a value out of range or a key given twice in one layer refuses the whole
 * (MC_INVALID) and says in `why` which key, and where: file:line:column. Targets are written as
 * the layers are applied; after a refusal they are of no use. Texts and lists live as long as the
 * config. Secrets are never values here, only paths, so printing is safe.
 */
#pragma once

#include <stdio.h>

#include "common/arena.h"
#include "common/base.h"

enum {
    MC_CONFIG_KEYS_MAX = 256,
    MC_CONFIG_NAME_MAX = 64,
    MC_CONFIG_TEXT_MAX = 4096, /* bytes of one value */
    MC_CONFIG_ITEMS_MAX = 64,  /* of a list */
    MC_CONFIG_DEPTH_MAX = 8,
    MC_CONFIG_FILE_MAX = 256 * 1024,
    MC_CONFIG_WHY_MAX = 512,
};

enum mc_config_type {                     /* the target is a … */
                      MC_CONFIG_STRING,   /* const char * */
                      MC_CONFIG_PATH,     /* const char *; absolute, or empty where min is 0 */
                      MC_CONFIG_BOOL,     /* bool: true, false */
                      MC_CONFIG_INT,      /* int64_t */
                      MC_CONFIG_DURATION, /* int64_t, milliseconds: 250ms 120s 5m 24h 30d */
                      MC_CONFIG_SIZE,     /* int64_t, bytes: 512 64KiB 64MiB 1GiB 1TiB */
                      MC_CONFIG_LIST, /* struct mc_config_list; outside YAML its items are split at
                                         commas */
};

struct mc_config_list {
    const char *const *items;
    size_t len;
};

/* Min and max are of the number; of texts, of their bytes; of lists, of their items. 0, 0: any. */
struct mc_config_key {
    const char *name; /* "store.map_size" */
    enum mc_config_type type;
    size_t offset; /* of the target, from the group's base */
    const char *default_text;
    int64_t min;
    int64_t max;
    const char *sentence; /* for who runs the daemon */
};

/* The frame's keys fill one struct, the room's another. */
struct mc_config_group {
    const struct mc_config_key *keys;
    size_t len;
    void *base;
};

struct mc_config {
    const struct mc_config_group *groups;
    size_t groups_len;
    struct mc_arena arena;
    struct mc_config_value { /* one per key, over all groups in order */
        const char *text;
        const char *origin; /* "default", "/etc/motcua/otp.yaml:3", … */
        unsigned layer;     /* the last that gave it */
    } values[MC_CONFIG_KEYS_MAX];
    unsigned layer;
    char why[MC_CONFIG_WHY_MAX];
    /*
     * Set after mc_config_open: told of everything that is wrong, and the reading goes on where it
     * can; how many there were is counted. What is not YAML still ends it.
     */
    void (*problem)(void *arg, const char *why);
    void *problem_arg;
    unsigned problems;
};

/* Sets the defaults. A default that its own key refuses is a bug, and asserts. */
mc_nodiscard enum mc_status mc_config_open(struct mc_config *config,
                                           const struct mc_config_group *groups, size_t len);
void mc_config_close(struct mc_config *config);

/* The layers, in the order they are called. MC_NOT_FOUND: no such file. */
mc_nodiscard enum mc_status mc_config_file(struct mc_config *config, const char *path);
mc_nodiscard enum mc_status mc_config_yaml(struct mc_config *config, const char *name,
                                           struct mc_bytes text);
/* Variables MOTCUA_… with a double underscore are ours; others (orchestrators make some) are not.
 */
mc_nodiscard enum mc_status mc_config_environment(struct mc_config *config,
                                                  const char *const *environment);
mc_nodiscard enum mc_status mc_config_set(struct mc_config *config, const char *const *settings,
                                          size_t len); /* "store.map_size=1GiB" each */

/* What holds now, as a file that could be read back: sentence, type, range and origin as comments.
 */
void mc_config_print(const struct mc_config *config, FILE *out);
