/*
 * The carrier: is this SIM registered to this person? (REG-11, REG-22)
 *
 *     POST /carrier/check {"msisdn", "id_number", "full_name", "birth_date"}
 *     {"result": "MATCH" | "MISMATCH", "carrier": …, "fields": […], "owner": {…}}
 *     {"result": "NOT_FOUND", "carrier": …}
 *     POST /carrier/viettel/check: the same of one carrier, who may say also
 *     {"result": "NOT_MINE", "carrier_code": "vinaphone"}
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"

#include "sandbox.h"

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
    size_t n = sandbox_compare(owner, json, fields);

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

static const char *const asked[] = {"msisdn", "id_number", "full_name", "birth_date", NULL};

/* Who answers for the number, whichever carrier that is. */
void sandbox_carrier_check(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    struct sandbox_subscriber owner;
    char phone[SANDBOX_PHONE_SIZE];

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, asked, answer);
    if (json == NULL)
        return;
    if (!sandbox_phone(mc_json_text(json, "msisdn"), phone))
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "msisdn");
    else if (sandbox_subscriber_find(phone, &owner))
        found(sandbox, &owner, json, answer);
    else
        not_found(sandbox, phone, answer);
}

/* The carrier a number is with now: its owner's, else the one its prefix was given to. */
static void carrier_of(const char *phone, char out[SANDBOX_CARRIER_SIZE])
{
    struct sandbox_subscriber owner;
    struct mc_carrier guess;

    out[0] = '\0';
    if (sandbox_subscriber_find(phone, &owner))
        sandbox_subscriber_carrier(&owner, out);
    else if (mc_carrier_guess(phone, &guess))
        (void)snprintf(out, SANDBOX_CARRIER_SIZE, "%s", guess.code);
}

/* The carrier that gave a number away knows to whom; any other knows nothing of it. */
static void not_mine(struct sandbox *sandbox, const char *phone, const char *me, const char *whose,
                     struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    struct mc_carrier guess;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, "NOT_MINE");
    if (mc_carrier_guess(phone, &guess) && strcmp(guess.code, me) == 0) {
        mc_json_key(&writer, "carrier_code");
        mc_json_string(&writer, whose);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

/* One carrier of several: POST /carrier/viettel/check */
void sandbox_carrier_one(struct sandbox *sandbox, struct mc_httpd_request *request,
                         const char *tail, struct sandbox_answer *answer)
{
    char phone[SANDBOX_PHONE_SIZE];
    char whose[SANDBOX_CARRIER_SIZE];
    char me[SANDBOX_CARRIER_SIZE];
    struct mc_carrier known;
    const char *slash = strchr(tail, '/');

    if (slash == NULL || (size_t)(slash - tail) >= sizeof me || strcmp(slash, "/check") != 0) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "");
        return;
    }
    (void)snprintf(me, sizeof me, "%.*s", (int)(slash - tail), tail);
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, asked, answer);
    if (json == NULL)
        return;
    if (!mc_carrier_find(me, &known)) {
        sandbox_refuse(sandbox, answer, 404, "CARRIER_UNKNOWN", "");
        return;
    }
    if (!sandbox_phone(mc_json_text(json, "msisdn"), phone)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "msisdn");
        return;
    }
    carrier_of(phone, whose);
    if (strcmp(whose, me) == 0)
        sandbox_carrier_check(sandbox, request, "", answer);
    else
        not_mine(sandbox, phone, me, whose, answer);
}

/*
 * The register of ported numbers.
 *
 *     POST /mnp/check {"msisdn"}
 *     {"carrier_code": "vinaphone", "ported": true} or {"result": "NOT_FOUND"}
 */
void sandbox_mnp_check(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                       struct sandbox_answer *answer)
{
    static const char *const names[] = {"msisdn", NULL};
    char phone[SANDBOX_PHONE_SIZE];
    char whose[SANDBOX_CARRIER_SIZE];
    struct mc_json_writer writer;
    struct mc_carrier guess;
    struct sandbox_subscriber owner;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (!sandbox_phone(mc_json_text(json, "msisdn"), phone)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "msisdn");
        return;
    }
    if (!sandbox_subscriber_find(phone, &owner)) {
        sandbox_say_result(sandbox, "NOT_FOUND", answer);
        return;
    }
    carrier_of(phone, whose);
    bool guessed = mc_carrier_guess(phone, &guess);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "carrier_code");
    mc_json_string(&writer, whose);
    mc_json_key(&writer, "ported");
    mc_json_true_or_false(&writer, guessed && strcmp(guess.code, whose) != 0);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}
