#include <limits.h>
#include <string.h>
#include <yaml.h>

#include "common/config_value.h"

/* Walks libyaml's events, so that nothing is built which a hostile file could make large. */
struct reader {
    struct mc_config *config;
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event;
    bool held;                                           /* the event is ours to delete */
    bool broken;                                         /* it is not YAML: nothing follows */
    unsigned nesting;                                    /* lists and maps that are open */
    char path[MC_CONFIG_DEPTH_MAX * MC_CONFIG_NAME_MAX]; /* "store.map_size" */
    char origin[PATH_MAX + 32];
};

static enum mc_status refuse_at(struct reader *reader, yaml_mark_t mark, const char *what,
                                const char *about)
{
    (void)snprintf(reader->config->why, sizeof(reader->config->why), "%.200s:%zu:%zu: %s%s%.100s",
                   reader->file, mark.line + 1, mark.column + 1, what, *about != '\0' ? ": " : "",
                   about);
    return MC_INVALID;
}

static enum mc_status refuse_event(struct reader *reader, const char *what)
{
    return refuse_at(reader, reader->event.start_mark, what, reader->path);
}

static enum mc_status event_next(struct reader *reader)
{
    if (reader->held)
        yaml_event_delete(&reader->event);
    reader->held = false;
    reader->broken = yaml_parser_parse(&reader->parser, &reader->event) == 0;
    if (reader->broken)
        return refuse_at(reader, reader->parser.problem_mark, "not YAML",
                         reader->parser.problem != NULL ? reader->parser.problem : "");
    reader->held = true;
    if (reader->event.type == YAML_SEQUENCE_START_EVENT ||
        reader->event.type == YAML_MAPPING_START_EVENT)
        reader->nesting++;
    else if (reader->event.type == YAML_SEQUENCE_END_EVENT ||
             reader->event.type == YAML_MAPPING_END_EVENT)
        reader->nesting--;
    (void)snprintf(reader->origin, sizeof(reader->origin), "%s:%zu:%zu", reader->file,
                   reader->event.start_mark.line + 1, reader->event.start_mark.column + 1);
    return MC_OK;
}

static const char *scalar(const struct reader *reader)
{
    return (const char *)reader->event.data.scalar.value;
}

/* A NUL would hide what follows it; nothing at all, or ~, is somebody's forgotten value. */
static enum mc_status scalar_check(struct reader *reader)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return refuse_event(reader, "a list holds texts only, and nothing is repeated by name");
    if (strlen(scalar(reader)) != reader->event.data.scalar.length)
        return refuse_event(reader, "NUL in a text");
    if (reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        (*scalar(reader) == '\0' || strcmp(scalar(reader), "~") == 0 ||
         strcmp(scalar(reader), "null") == 0))
        return refuse_event(reader, "no value");
    return MC_OK;
}

static enum mc_status read_list(struct reader *reader)
{
    const char *items[MC_CONFIG_ITEMS_MAX + 1];
    char origin[sizeof(reader->origin)];
    size_t len = 0;
    enum mc_status status;

    (void)snprintf(origin, sizeof(origin), "%s", reader->origin);
    while ((status = event_next(reader)) == MC_OK &&
           reader->event.type != YAML_SEQUENCE_END_EVENT) {
        if ((status = scalar_check(reader)) != MC_OK)
            return status;
        if (len == MC_LEN(items))
            return refuse_event(reader, "too many items");
        if ((items[len++] = mc_strdup(&reader->config->arena, scalar(reader))) == NULL)
            return MC_FULL;
    }
    return status == MC_OK ? mc_config_apply(reader->config, reader->path, items, len, origin)
                           : status;
}

static bool section_known(const struct mc_config *config, const char *path)
{
    size_t len = strlen(path);

    for (size_t g = 0; g < config->groups_len; g++)
        for (size_t i = 0; i < config->groups[g].len; i++)
            if (strncmp(config->groups[g].keys[i].name, path, len) == 0 &&
                config->groups[g].keys[i].name[len] == '.')
                return true;
    return false;
}

static enum mc_status read_map(struct reader *reader, unsigned depth);

static enum mc_status read_value(struct reader *reader, unsigned depth)
{
    enum mc_status status = event_next(reader);

    if (status != MC_OK)
        return status;
    switch ((int)reader->event.type) {
    case YAML_SCALAR_EVENT:
        if ((status = scalar_check(reader)) != MC_OK)
            return status;
        return mc_config_apply(reader->config, reader->path, (const char *[]){scalar(reader)}, 1,
                               reader->origin);
    case YAML_SEQUENCE_START_EVENT:
        return read_list(reader);
    case YAML_MAPPING_START_EVENT:
        if (depth == MC_CONFIG_DEPTH_MAX)
            return refuse_event(reader, "nested too deep");
        if (!section_known(reader->config, reader->path))
            return refuse_event(reader, "unknown section");
        return read_map(reader, depth + 1);
    default:
        return refuse_event(reader, "aliases are not used here");
    }
}

/* A wrong value is told and passed over, when somebody wants to hear of all that is wrong. */
static enum mc_status read_or_pass(struct reader *reader, unsigned depth)
{
    unsigned before = reader->nesting;
    enum mc_status status = read_value(reader, depth);

    if (!reader->broken)
        status = mc_config_tolerate(reader->config, status);
    while (status == MC_OK && reader->nesting > before)
        status = event_next(reader);
    return status;
}

static enum mc_status read_map(struct reader *reader, unsigned depth)
{
    size_t path_len = strlen(reader->path);
    enum mc_status status;

    while ((status = event_next(reader)) == MC_OK && reader->event.type != YAML_MAPPING_END_EVENT) {
        if ((status = scalar_check(reader)) != MC_OK)
            return status;
        if (reader->event.data.scalar.length > MC_CONFIG_NAME_MAX)
            return refuse_event(reader, "a key's name is too long");
        int used = snprintf(reader->path + path_len, sizeof(reader->path) - path_len, "%s%s",
                            path_len > 0 ? "." : "", scalar(reader));
        if (used < 0 || (size_t)used >= sizeof(reader->path) - path_len)
            return refuse_event(reader, "a key's name is too long");
        if ((status = read_or_pass(reader, depth)) != MC_OK)
            return status;
        reader->path[path_len] = '\0';
    }
    return status;
}

/* One document, which is one map; an empty file is one too. */
static enum mc_status read_document(struct reader *reader)
{
    enum mc_status status;

    do {
        status = event_next(reader);
    } while (status == MC_OK && (reader->event.type == YAML_STREAM_START_EVENT ||
                                 reader->event.type == YAML_DOCUMENT_START_EVENT));
    if (status != MC_OK || reader->event.type == YAML_STREAM_END_EVENT)
        return status;
    if (reader->event.type == YAML_SCALAR_EVENT && *scalar(reader) == '\0')
        return MC_OK;
    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return refuse_event(reader, "the file must be a map of keys");
    if ((status = read_map(reader, 1)) != MC_OK)
        return status;
    while ((status = event_next(reader)) == MC_OK && reader->event.type != YAML_STREAM_END_EVENT)
        if (reader->event.type != YAML_DOCUMENT_END_EVENT)
            return refuse_event(reader, "more than one document");
    return status;
}

enum mc_status mc_config_yaml(struct mc_config *config, const char *name, struct mc_bytes text)
{
    struct reader reader = {.config = config, .file = name};

    config->layer++;
    if (text.len > MC_CONFIG_FILE_MAX)
        return refuse_at(&reader, (yaml_mark_t){0}, "the file is too large", "");
    if (yaml_parser_initialize(&reader.parser) == 0)
        return MC_FULL;
    static const uint8_t nothing[1]; /* no bytes have no address either */
    yaml_parser_set_input_string(&reader.parser, text.len > 0 ? text.data : nothing, text.len);
    enum mc_status status = mc_config_tolerate(config, read_document(&reader));
    if (reader.held)
        yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}
