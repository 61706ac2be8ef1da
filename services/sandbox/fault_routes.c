/*
 *     POST   /faults {"system", "fault", "count", "rate", "ms", "seed"}
 *     GET    /faults   what stands, and how often it struck
 *     DELETE /faults   forgets all of it
 */
#include <string.h>

#include "sandbox.h"

static void write_state(struct sandbox *sandbox, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_array(&writer);
    for (unsigned system = 0; system < SANDBOX_SYSTEMS_LEN; system++) {
        for (unsigned kind = 1; kind < SANDBOX_FAULTS_LEN; kind++) {
            const struct sandbox_order *order = &sandbox->faults.orders[system][kind];

            if (!order->stands && order->struck == 0)
                continue;
            mc_json_object(&writer);
            mc_json_key(&writer, "system");
            mc_json_string(&writer, sandbox_system_name((enum sandbox_system)system));
            mc_json_key(&writer, "fault");
            mc_json_string(&writer, sandbox_fault_name((enum sandbox_fault_kind)kind));
            mc_json_key(&writer, "stands");
            mc_json_true_or_false(&writer, order->stands);
            mc_json_key(&writer, "left");
            mc_json_int(&writer, order->left);
            mc_json_key(&writer, "rate");
            mc_json_double(&writer, (double)order->chance / 1000000.0);
            mc_json_key(&writer, "ms");
            mc_json_int(&writer, order->ms);
            mc_json_key(&writer, "struck");
            mc_json_uint(&writer, order->struck);
            mc_json_end(&writer);
        }
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_faults_show(struct sandbox *sandbox, struct mc_httpd_request *request,
                         const char *tail, struct sandbox_answer *answer)
{
    (void)request;
    (void)tail;
    write_state(sandbox, answer);
}

/* An absent field is its default; one of another type is wrong. */
static bool number_read(const struct mc_json *json, const char *name, int64_t max, int64_t *number)
{
    int64_t given = 0;

    if (mc_json_at(json, name) == NULL)
        return true;
    if (!mc_json_number(json, name, &given) || given < 0 || given > max)
        return false;
    *number = given;
    return true;
}

static bool rate_read(const struct mc_json *json, double *rate)
{
    return mc_json_at(json, "rate") == NULL ||
           (mc_json_real(json, "rate", rate) && *rate >= 0.0 && *rate <= 1.0);
}

/* NULL, or the field that is wrong. */
static const char *order_read(struct sandbox *sandbox, const struct mc_json *json)
{
    const char *system_name = mc_json_text(json, "system");
    const char *fault_name = mc_json_text(json, "fault");
    enum sandbox_system system = SANDBOX_NO_SYSTEM;
    enum sandbox_fault_kind kind = SANDBOX_FAULT_NONE;
    int64_t count = 0;
    int64_t ms = -1;
    int64_t seed = -1;
    double rate = 1.0;

    if (system_name == NULL || !sandbox_system_parse(system_name, &system))
        return "system";
    if (fault_name == NULL || !sandbox_fault_parse(fault_name, &kind) ||
        !sandbox_fault_applies(system, kind))
        return "fault";
    if (!number_read(json, "count", SANDBOX_FAULT_COUNT_MAX, &count))
        return "count";
    if (!number_read(json, "ms", SANDBOX_FAULT_MS_MAX, &ms))
        return "ms";
    if (!number_read(json, "seed", INT64_MAX, &seed))
        return "seed";
    if (!rate_read(json, &rate))
        return "rate";
    if (seed >= 0)
        sandbox_faults_seed(&sandbox->faults, (uint64_t)seed);
    sandbox_fault_order(&sandbox->faults, system, kind, count, rate, ms);
    return NULL;
}

void sandbox_faults_order(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    (void)tail;
    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "JSON_INVALID", "");
        return;
    }
    const char *wrong = order_read(sandbox, json);
    if (wrong != NULL)
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", wrong);
    else
        write_state(sandbox, answer);
}

void sandbox_faults_clear(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    (void)request;
    (void)tail;
    for (unsigned system = 0; system < SANDBOX_SYSTEMS_LEN; system++)
        sandbox_fault_forget(&sandbox->faults, (enum sandbox_system)system);
    sandbox_say(answer, 204, "text/plain", "");
}
