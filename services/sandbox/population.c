/*
 * The national population register: is there such a person? (SYS-07)
 *
 *     POST /population/check {"id_number", "full_name", "birth_date"}
 *     {"result": "MATCH" | "MISMATCH", "fields": […]} or {"result": "NOT_FOUND"}
 */
#include "sandbox.h"

void sandbox_population_check(struct sandbox *sandbox, struct mc_httpd_request *request,
                              const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"id_number", "full_name", "birth_date", NULL};
    struct sandbox_subscriber person;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (sandbox_person_find(mc_json_text(json, "id_number"), &person))
        sandbox_say_compared(sandbox, &person, json, answer);
    else
        sandbox_say_result(sandbox, "NOT_FOUND", answer);
}
