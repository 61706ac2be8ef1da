/*
 * Vietnam Post: whose is an account, and has anybody there seen the person? (SYS-14)
 *
 *     POST /vnpost/check {"post_account", "id_number", "full_name", "birth_date"}
 *     {"result": "MATCH" | "MISMATCH", "fields": […]}
 *     {"result": "NOT_FOUND"}, {"result": "NOT_CHECKED"}
 */
#include "sandbox.h"

void sandbox_post_check(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                        struct sandbox_answer *answer)
{
    static const char *const names[] = {"post_account", "id_number", "full_name", "birth_date",
                                        NULL};
    struct sandbox_subscriber person;
    const char *fields[3];
    bool checked = false;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (!sandbox_post_find(mc_json_text(json, "post_account"), &person, &checked))
        sandbox_say_result(sandbox, "NOT_FOUND", answer);
    else if (!checked && sandbox_compare(&person, json, fields) == 0)
        sandbox_say_result(sandbox, "NOT_CHECKED", answer);
    else
        sandbox_say_compared(sandbox, &person, json, answer);
}
