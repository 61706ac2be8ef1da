#include <jansson.h>
#include <string.h>

#include "common/json.h"
#include "common/json_parse.h"

/* jansson alone would go 2,048 deep, and so would whoever walks the result. */
static bool depth_is_bounded(struct mc_bytes text)
{
    const char *data = text.data;
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > MC_JSON_DEPTH_MAX)
            return false;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return true;
}

json_t *mc_json_load(struct mc_bytes text, const char **ret_code, size_t *ret_position)
{
    json_error_t error;

    *ret_position = 0;
    *ret_code = MC_CODE_TOO_LONG;
    if (text.len > MC_JSON_TEXT_MAX)
        return NULL;
    *ret_code = MC_CODE_TOO_DEEP;
    if (!depth_is_bounded(text))
        return NULL;

    *ret_code = MC_CODE_JSON_INVALID;
    if (text.len == 0)
        return NULL;
    json_t *json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL && error.position > 0)
        *ret_position = (size_t)error.position;
    return json;
}

/* --- the opaque handle: a json_t by another name --- */

static const json_t *inside(const struct mc_json *json)
{
    return (const json_t *)(const void *)json;
}

static const struct mc_json *outside(const json_t *json)
{
    return (const struct mc_json *)(const void *)json;
}

enum mc_status mc_json_parse(struct mc_bytes text, struct mc_json **ret_json)
{
    const char *code;
    size_t position;
    json_t *json = mc_json_load(text, &code, &position);

    if (json == NULL)
        return MC_INVALID;
    *ret_json = (struct mc_json *)(void *)json;
    return MC_OK;
}

void mc_json_free(struct mc_json *json)
{
    json_decref((json_t *)(void *)json);
}

void mc_json_freep(struct mc_json **json)
{
    mc_json_free(*json);
}

static const json_t *step(const json_t *json, const char *name, size_t len)
{
    size_t index = 0;

    if (json_is_object(json))
        return json_object_getn(json, name, len);
    if (!json_is_array(json) || len == 0 || len > 9)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (name[i] < '0' || name[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(name[i] - '0');
    }
    return json_array_get(json, index);
}

const struct mc_json *mc_json_at(const struct mc_json *json, const char *path)
{
    const json_t *at = inside(json);

    while (*path != '\0' && at != NULL) {
        size_t len = strcspn(path, ".");
        at = step(at, path, len);
        path += len;
        if (*path == '.')
            path++;
    }
    return outside(at);
}

const char *mc_json_text(const struct mc_json *json, const char *path)
{
    return json_string_value(inside(mc_json_at(json, path)));
}

bool mc_json_number(const struct mc_json *json, const char *path, int64_t *ret_number)
{
    const json_t *at = inside(mc_json_at(json, path));

    if (!json_is_integer(at))
        return false;
    *ret_number = json_integer_value(at);
    return true;
}

bool mc_json_real(const struct mc_json *json, const char *path, double *ret_number)
{
    const json_t *at = inside(mc_json_at(json, path));

    if (!json_is_number(at))
        return false;
    *ret_number = json_number_value(at);
    return true;
}

bool mc_json_bool(const struct mc_json *json, const char *path, bool *ret_value)
{
    const json_t *at = inside(mc_json_at(json, path));

    if (!json_is_boolean(at))
        return false;
    *ret_value = json_is_true(at);
    return true;
}

size_t mc_json_count(const struct mc_json *json, const char *path)
{
    const json_t *at = inside(mc_json_at(json, path));

    return json_is_array(at) ? json_array_size(at) : json_object_size(at);
}

const struct mc_json *mc_json_item(const struct mc_json *json, const char *path, size_t index)
{
    return outside(json_array_get(inside(mc_json_at(json, path)), index));
}

enum mc_json_kind mc_json_kind(const struct mc_json *json, const char *path)
{
    const json_t *at = inside(mc_json_at(json, path));

    if (at == NULL)
        return MC_JSON_ABSENT;
    switch (json_typeof(at)) {
    case JSON_OBJECT:
        return MC_JSON_OBJECT;
    case JSON_ARRAY:
        return MC_JSON_ARRAY;
    case JSON_STRING:
        return MC_JSON_TEXT;
    case JSON_INTEGER:
        return MC_JSON_INTEGER;
    case JSON_REAL:
        return MC_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return MC_JSON_BOOL;
    case JSON_NULL:
    default:
        return MC_JSON_ABSENT;
    }
}

bool mc_json_each(const struct mc_json *object, const void **place, const char **ret_key,
                  const struct mc_json **ret_value)
{
    json_t *at = mc_unconst(inside(object));
    void *member =
        *place == NULL ? json_object_iter(at) : json_object_iter_next(at, mc_unconst(*place));

    if (member == NULL)
        return false;
    *place = member;
    *ret_key = json_object_iter_key(member);
    *ret_value = outside(json_object_iter_value(member));
    return true;
}
