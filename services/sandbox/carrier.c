/*
 * The carrier: is this SIM registered to this person? (REG-11, REG-22)
 *
 *     POST /carrier/check {"msisdn", "id_number", "full_name", "birth_date"}
 *     {"result": "MATCH" | "MISMATCH", "carrier": …, "fields": […], "owner": {…}}
 *     {"result": "NOT_FOUND", "carrier": …}
 */
#include <string.h>

#include "common/text.h"

#include "sandbox.h"

static bool dates_are_same(const char *a, const char *b)
{
    struct mc_date first;
    struct mc_date second;

    return mc_birth_parse(a, &first) == MC_WHY_OK && mc_birth_parse(b, &second) == MC_WHY_OK &&
           mc_date_compare(first, second) == 0;
}

static void not_found(struct sandbox *sandbox, const char *phone, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    char carrier[SANDBOX_CARRIER_SIZE];

    sandbox_carrier_name(phone, carrier);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, "NOT_FOUND");
    mc_json_key(&writer, "carrier");
    mc_json_string(&writer, carrier);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void found(struct sandbox *sandbox, const struct sandbox_subscriber *owner,
                  const struct mc_json *json, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    const char *fields[3];
    size_t n = 0;

    if (!mc_text_same(owner->full_name, mc_json_text(json, "full_name")))
        fields[n++] = "full_name";
    if (strcmp(owner->id_number, mc_json_text(json, "id_number")) != 0)
        fields[n++] = "id_number";
    if (!dates_are_same(owner->birth_date, mc_json_text(json, "birth_date")))
        fields[n++] = "birth_date";

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, n == 0 ? "MATCH" : "MISMATCH");
    mc_json_key(&writer, "carrier");
    mc_json_string(&writer, owner->carrier);
    mc_json_key(&writer, "fields");
    mc_json_array(&writer);
    for (size_t i = 0; i < n; i++)
        mc_json_string(&writer, fields[i]);
    mc_json_end(&writer);
    mc_json_key(&writer, "owner");
    mc_json_object(&writer);
    mc_json_key(&writer, "full_name");
    mc_json_string(&writer, owner->full_name);
    mc_json_key(&writer, "id_number");
    mc_json_string(&writer, owner->id_number);
    mc_json_key(&writer, "birth_date");
    mc_json_string(&writer, owner->birth_date);
    mc_json_end(&writer);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_carrier_check(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"msisdn", "id_number", "full_name", "birth_date"};
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct sandbox_subscriber owner;
    char phone[SANDBOX_PHONE_SIZE];

    (void)tail;
    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "JSON_INVALID", "");
        return;
    }
    for (size_t i = 0; i < MC_LEN(names); i++) {
        const char *text = mc_json_text(json, names[i]);
        if (text != NULL && text[0] != '\0')
            continue;
        sandbox_refuse(sandbox, answer, 400, "FIELD_REQUIRED", names[i]);
        return;
    }
    if (!sandbox_phone(mc_json_text(json, "msisdn"), phone)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "msisdn");
        return;
    }
    if (sandbox_subscriber_find(phone, &owner))
        found(sandbox, &owner, json, answer);
    else
        not_found(sandbox, phone, answer);
}
