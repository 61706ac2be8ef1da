/*
 * The social insurance: whose is a code? (REG-30, SYS-09)
 *
 *     POST /bhxh/check {"insurance_no", "id_number", "full_name", "birth_date"}
 *     {"result": "MATCH" | "MISMATCH", "fields": […]} or {"result": "NOT_FOUND"}
 *     POST /bhxh/find {"id_number", "full_name", "birth_date"}     (REG-29)
 *     {"result": "FOUND", "insurance_no": "1299000017", "phone": "84912000101"} or NOT_FOUND
 */
#include "sandbox.h"

void sandbox_insurance_check(struct sandbox *sandbox, struct mc_httpd_request *request,
                             const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"insurance_no", "id_number", "full_name", "birth_date",
                                        NULL};
    struct sandbox_subscriber person;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (sandbox_insured_find(mc_json_text(json, "insurance_no"), &person))
        sandbox_say_compared(sandbox, &person, json, answer);
    else
        sandbox_say_result(sandbox, "NOT_FOUND", answer);
}

void sandbox_insurance_find(struct sandbox *sandbox, struct mc_httpd_request *request,
                            const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"id_number", "full_name", "birth_date", NULL};
    struct sandbox_subscriber person;
    char number[SANDBOX_ID_NUMBER_SIZE];
    const char *fields[3];
    struct mc_json_writer writer;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (!sandbox_person_find(mc_json_text(json, "id_number"), &person) ||
        sandbox_compare(&person, json, fields) > 0 || !sandbox_insured_number(&person, number)) {
        sandbox_say_result(sandbox, "NOT_FOUND", answer);
        return;
    }
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, "FOUND");
    mc_json_key(&writer, "insurance_no");
    mc_json_string(&writer, number);
    mc_json_key(&writer, "phone");
    mc_json_string(&writer, person.phone);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}
