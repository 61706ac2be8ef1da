/*
 * What the systems that know people share: the question read, the person compared.
 */
#include <string.h>

#include "common/text.h"

#include "sandbox.h"

struct mc_json *sandbox_question(struct sandbox *sandbox, struct mc_httpd_request *request,
                                 const char *const *names, struct sandbox_answer *answer)
{
    struct mc_json *json = NULL;

    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "JSON_INVALID", "");
        return NULL;
    }
    for (; *names != NULL; names++) {
        const char *text = mc_json_text(json, *names);
        if (text != NULL && text[0] != '\0')
            continue;
        sandbox_refuse(sandbox, answer, 400, "FIELD_REQUIRED", *names);
        mc_json_free(json);
        return NULL;
    }
    return json;
}

static bool dates_are_same(const char *a, const char *b)
{
    struct mc_date first;
    struct mc_date second;

    return mc_birth_parse(a, &first) == MC_WHY_OK && mc_birth_parse(b, &second) == MC_WHY_OK &&
           mc_date_compare(first, second) == 0;
}

size_t sandbox_compare(const struct sandbox_subscriber *person, const struct mc_json *json,
                       const char *ret_fields[3])
{
    size_t n = 0;

    if (!mc_text_same(person->full_name, mc_json_text(json, "full_name")))
        ret_fields[n++] = "full_name";
    if (strcmp(person->id_number, mc_json_text(json, "id_number")) != 0)
        ret_fields[n++] = "id_number";
    if (!dates_are_same(person->birth_date, mc_json_text(json, "birth_date")))
        ret_fields[n++] = "birth_date";
    return n;
}

void sandbox_say_compared(struct sandbox *sandbox, const struct sandbox_subscriber *person,
                          const struct mc_json *json, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    const char *fields[3];
    size_t n = sandbox_compare(person, json, fields);

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, n == 0 ? "MATCH" : "MISMATCH");
    mc_json_key(&writer, "fields");
    mc_json_array(&writer);
    for (size_t i = 0; i < n; i++)
        mc_json_string(&writer, fields[i]);
    mc_json_end(&writer);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_say_result(struct sandbox *sandbox, const char *result, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, result);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}
