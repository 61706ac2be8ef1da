/*
 * What an API answered, held against what its documentation says it holds (data/answer_fields.csv).
 * The shape is the answer's paths and kinds without its values, so that two answers about different
 * people have the same one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/messages.h"

#include "check.h"

enum { HTTP_OK = 200, SHAPE_DEPTH_MAX = 16, CODE_SIZE = 16 };

static void add(struct mc_arena *arena, Partner__ApiVerdict *verdict, const char *path,
                const char *code, const char *wanted)
{
    Partner__ApiProblem *problem =
        verdict->n_problems < PARTNER_PROBLEMS_MAX ? mc_alloc(arena, sizeof *problem) : NULL;
    char name[64];

    if (problem == NULL)
        return;
    (void)snprintf(name, sizeof name, "API_ANSWER_%s", code);
    const char *text = mc_message_text(name);
    partner__api_problem__init(problem);
    problem->path = mc_unconst(path);
    problem->code = mc_unconst(code);
    problem->wanted = mc_unconst(wanted);
    problem->message = mc_unconst(text != NULL ? text : "");
    verdict->problems[verdict->n_problems++] = problem;
}

static bool is_of_kind(const struct mc_json *json, const struct partner_field *field)
{
    enum mc_json_kind kind = mc_json_kind(json, field->path);

    if (strcmp(field->kind, "code") == 0)
        return kind == MC_JSON_TEXT || kind == MC_JSON_INTEGER;
    if (strcmp(field->kind, "text") == 0)
        return kind == MC_JSON_TEXT;
    if (strcmp(field->kind, "integer") == 0)
        return kind == MC_JSON_INTEGER;
    if (strcmp(field->kind, "object") == 0)
        return kind == MC_JSON_OBJECT;
    if (strcmp(field->kind, "array") == 0)
        return kind == MC_JSON_ARRAY;
    return kind == MC_JSON_BOOL;
}

/* error_code comes as text from some systems and as a number from others. */
static char *code_of(struct mc_arena *arena, const struct mc_json *json, const char *path)
{
    const char *text = mc_json_text(json, path);
    int64_t number = 0;

    if (text != NULL)
        return mc_sprintf(arena, "%.*s", (int)strnlen(text, CODE_SIZE), text);
    if (mc_json_number(json, path, &number))
        return mc_sprintf(arena, "%" PRId64, number);
    return mc_strdup(arena, "");
}

static bool is_among(const char *list, const char *code)
{
    size_t len = strlen(code);

    for (const char *at = list; len > 0 && *at != '\0'; at += strspn(at, "|")) {
        size_t part = strcspn(at, "|");
        if (part == len && memcmp(at, code, len) == 0)
            return true;
        at += part;
    }
    return false;
}

static void judge_fields(const struct partner_book *book, struct mc_arena *arena, const char *type,
                         const struct mc_json *json, Partner__ApiVerdict *verdict)
{
    for (size_t i = 0; i < book->fields_len; i++) {
        const struct partner_field *field = &book->fields[i];

        if (strcmp(field->type, type) != 0)
            continue;
        bool absent = mc_json_kind(json, field->path) == MC_JSON_ABSENT;
        if (absent && field->required)
            add(arena, verdict, field->path, "MISSING", field->kind);
        else if (!absent && !is_of_kind(json, field))
            add(arena, verdict, field->path, "WRONG_KIND", field->kind);
    }
}

static void shape_put(struct mc_hasher *hasher, const char *text)
{
    mc_hasher_add(hasher, (struct mc_bytes){text, strlen(text) + 1});
}

/* Keys in the order they come: a system that changes their order has changed. */
static void shape_walk(struct mc_hasher *hasher, const struct mc_json *json, unsigned depth)
{
    static const char *const kinds[] = {
        [MC_JSON_ABSENT] = "null", [MC_JSON_OBJECT] = "{",       [MC_JSON_ARRAY] = "[",
        [MC_JSON_TEXT] = "text",   [MC_JSON_INTEGER] = "number", [MC_JSON_REAL] = "number",
        [MC_JSON_BOOL] = "bool",
    };
    enum mc_json_kind kind = mc_json_kind(json, "");
    const void *place = NULL;
    const char *key = NULL;
    const struct mc_json *value = NULL;

    shape_put(hasher, kinds[kind]);
    if (depth == SHAPE_DEPTH_MAX)
        return;
    while (kind == MC_JSON_OBJECT && mc_json_each(json, &place, &key, &value)) {
        shape_put(hasher, key);
        shape_walk(hasher, value, depth + 1);
    }
    if (kind == MC_JSON_ARRAY && mc_json_count(json, "") > 0)
        shape_walk(hasher, mc_json_item(json, "", 0), depth + 1);
    if (kind == MC_JSON_OBJECT || kind == MC_JSON_ARRAY)
        shape_put(hasher, "}");
}

static char *shape_of(struct mc_arena *arena, const struct mc_json *json)
{
    struct mc_hasher hasher;
    uint8_t hash[MC_HASH_LEN];
    char *text = mc_alloc(arena, 2 * MC_HASH_LEN + 1);

    mc_hasher_begin(&hasher);
    shape_walk(&hasher, json, 0);
    mc_hasher_end(&hasher, hash);
    if (text != NULL)
        (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    return text;
}

Partner__ApiVerdict *partner_answer_judge(const struct partner_book *book, struct mc_arena *arena,
                                          const char *api_type, unsigned http_status,
                                          struct mc_bytes body, bool whole)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    const struct partner_type *type = partner_type_find(book, api_type);
    Partner__ApiVerdict *verdict = mc_alloc(arena, sizeof *verdict);

    if (verdict == NULL)
        return NULL;
    partner__api_verdict__init(verdict);
    verdict->problems = mc_alloc(arena, PARTNER_PROBLEMS_MAX * sizeof(Partner__ApiProblem *));
    if (verdict->problems == NULL)
        return NULL;
    if (http_status != HTTP_OK)
        add(arena, verdict, "", "HTTP_STATUS", "200");
    if (!whole) {
        add(arena, verdict, "", "TOO_LONG", "64 KB");
    } else if (mc_json_parse(body, &json) != MC_OK || mc_json_kind(json, "") != MC_JSON_OBJECT) {
        add(arena, verdict, "", "NOT_JSON", "object");
    } else if (type != NULL) {
        judge_fields(book, arena, api_type, json, verdict);
        verdict->error_code = code_of(arena, json, type->code_field);
        verdict->shape = shape_of(arena, json);
        if (verdict->error_code == NULL || verdict->shape == NULL)
            return NULL;
        verdict->error_meaning =
            mc_unconst(partner_meaning_of(book, type->code_field, verdict->error_code));
        verdict->succeeded = is_among(type->success, verdict->error_code);
    }
    verdict->fits = verdict->n_problems == 0;
    return verdict;
}
