/* What the look-ups of all systems share: the job, the question, and what an answer leads to. */
#include "lookup.h"

#include <string.h>

#include "common/ident.h"

enum { HTTP_OK = 200, HTTP_TIMEOUT = 408, HTTP_TOO_MANY = 429, HTTP_SERVER = 500 };

IdentityState__Lookup identity_lookup_of(const IdentityState__Person *person, struct mc_bytes id)
{
    IdentityState__Lookup lookup = IDENTITY_STATE__LOOKUP__INIT;

    lookup.subject = identity_data(id);
    lookup.msisdn = person->phone;
    lookup.id_number = person->login_id;
    lookup.full_name = person->full_name;
    lookup.birth_date = person->birth_date;
    lookup.insurance_no = person->insurance_no;
    lookup.post_account = person->post_account;
    return lookup;
}

bool identity_lookup_has(const char *method)
{
    return strcmp(method, "SUBSCRIBER") == 0 || strcmp(method, "SOCIAL_INSURANCE") == 0 ||
           strcmp(method, "VNPOST") == 0;
}

Identity__RegistrationState
identity_lookup_begin(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                      const char *method, const IdentityState__Person *person, int64_t expires_ms)
{
    IdentityState__Lookup lookup = identity_lookup_of(person, id);

    if (strcmp(method, "SOCIAL_INSURANCE") == 0) {
        identity_insurance_ask(txn, &lookup, expires_ms);
        return IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE;
    }
    if (strcmp(method, "VNPOST") == 0) {
        identity_post_ask(txn, &lookup, expires_ms);
        return IDENTITY__REGISTRATION_STATE__CHECKING_POST;
    }
    if (identity->mnp_url[0] != '\0')
        identity_mnp_ask(txn, &lookup, expires_ms);
    else
        identity_carrier_ask(txn, &lookup, "", expires_ms);
    return IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
}

bool identity_registration_is_checking(const IdentityState__Registration *registration)
{
    return registration->state == IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER ||
           registration->state == IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE ||
           registration->state == IDENTITY__REGISTRATION_STATE__CHECKING_POST;
}

void identity_lookup_add(struct mc_txn *txn, const char *kind, enum identity_lane lane,
                         const char *destination, const IdentityState__Lookup *lookup,
                         const char *key, int64_t expires_ms)
{
    const char *keys[] = {key, NULL};

    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = lane,
                              .kind = kind,
                              .payload = identity_pack(txn, &lookup->base),
                              .expires_ms = expires_ms,
                              .backoff_ms = IDENTITY_LOOKUP_BACKOFF_MS,
                              .backoff_max_ms = lane == IDENTITY_LANE_POPULATION
                                                    ? IDENTITY_POPULATION_BACKOFF_MAX_MS
                                                    : IDENTITY_LOOKUP_BACKOFF_MAX_MS,
                              .destination = destination,
                              .keys = keys,
                              .forget = true,
                          });
}

static const char *value_of(const IdentityState__Lookup *lookup, const char *field)
{
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"msisdn", lookup->msisdn},
        {"id_number", lookup->id_number},
        {"full_name", lookup->full_name},
        {"birth_date", lookup->birth_date},
        {"insurance_no", lookup->insurance_no},
        {"post_account", lookup->post_account},
    };

    for (size_t i = 0; i < MC_LEN(values); i++)
        if (strcmp(values[i].name, field) == 0)
            return values[i].value;
    return "";
}

enum mc_status identity_lookup_post(const struct identity *identity, struct mc_arena *arena,
                                    const char *url, const IdentityState__Lookup *lookup,
                                    const char *const *fields, struct mc_http_request *ret_request)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    for (; *fields != NULL; fields++) {
        mc_json_key(&writer, *fields);
        mc_json_string(&writer, value_of(lookup, *fields));
    }
    mc_json_end(&writer);
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = url,
        .content_type = "application/json",
        .timeout_ms = identity->carrier_timeout_ms,
        .answer_max = IDENTITY_LOOKUP_ANSWER_MAX,
        .ca_file = identity->carrier_ca_file[0] != '\0' ? identity->carrier_ca_file : NULL,
    };
    return mc_json_finish(&writer, &ret_request->body);
}

bool identity_lookup_may_repeat(const struct mc_result *result)
{
    return result->outcome != MC_HTTP_ANSWERED || result->http_status == HTTP_OK ||
           result->http_status == HTTP_TIMEOUT || result->http_status == HTTP_TOO_MANY ||
           result->http_status >= HTTP_SERVER;
}

static void matched(struct mc_txn *txn, struct mc_bytes id,
                    IdentityState__Registration *registration)
{
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    const IdentityState__Person *person = identity_person_open(txn, registration->person);

    if (person == NULL)
        return;
    registration->state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
    if (registration->officer.len == 0) /* at a desk the citizen reads and signs first (OFF-29) */
        identity_code_ask_from(txn, OTP__PURPOSE__REGISTER, id, person,
                               identity_key(txn, "registration", id), registration->expires_at_ms,
                               registration->source);
    changed.state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    identity_registration_emit(txn, "identity.registration_checked", id, &changed);
}

/* As the queue will count it (common/jobs.c): the pause after this attempt. */
static int64_t pause_after(const struct mc_job *job)
{
    uint32_t doublings = MC_MIN(job->record->attempts > 0 ? job->record->attempts - 1 : 0, 16U);

    return MC_MIN((int64_t)IDENTITY_LOOKUP_BACKOFF_MS << doublings,
                  (int64_t)IDENTITY_LOOKUP_BACKOFF_MAX_MS);
}

/* False: the registration would be over before it is asked again. */
static bool wait_on(struct mc_txn *txn, const struct mc_job *job, struct mc_bytes id,
                    IdentityState__Registration *registration, const struct identity_answer *answer)
{
    if (txn->now_ms + pause_after(job) >= registration->expires_at_ms)
        return false;
    registration->tries = job->record->attempts;
    registration->carrier = answer->system;
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
    return true;
}

enum mc_verdict identity_lookup_conclude(struct mc_txn *txn, const struct mc_job *job,
                                         struct mc_bytes id,
                                         IdentityState__Registration *registration,
                                         const struct mc_result *result,
                                         const struct identity_answer *answer,
                                         const struct identity_lookup_words *words)
{
    switch (answer->owner) {
    case IDENTITY_OWNER_SAME:
        matched(txn, id, registration);
        return MC_DONE;
    case IDENTITY_OWNER_OTHER:
    case IDENTITY_OWNER_ELSEWHERE:
        identity_registration_refuse(txn, id, registration, words->mismatch, answer);
        return MC_DONE;
    case IDENTITY_OWNER_NOT_CHECKED:
        identity_registration_refuse(txn, id, registration, "POST_NOT_CHECKED", answer);
        return MC_DONE;
    case IDENTITY_OWNER_UNREADABLE:
        break;
    }
    bool again = identity_lookup_may_repeat(result);
    if (again && !result->gave_up && wait_on(txn, job, id, registration, answer))
        return MC_RETRY;
    identity_registration_refuse(txn, id, registration, words->unavailable, NULL);
    return again ? MC_DONE : MC_BURY; /* a 4xx is our own fault: an operator should see it */
}

enum mc_status identity_lookup_registration(struct mc_txn *txn, const struct mc_job *job,
                                            const ProtobufCMessage *payload,
                                            const struct mc_result *result,
                                            const struct identity_lookup_words *words,
                                            enum mc_verdict *ret_verdict)
{
    const IdentityState__Lookup *lookup = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(lookup->subject);
    struct identity_answer answer = {.owner = IDENTITY_OWNER_UNREADABLE};
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    *ret_verdict = MC_DONE;
    if (registration == NULL || registration->state != (uint32_t)words->checking)
        return txn->status; /* over, or answered by an earlier try */
    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == 200)
        identity_answer_read(txn->arena, result->body, "person", lookup, &answer);
    answer.system = mc_unconst("");
    *ret_verdict = identity_lookup_conclude(txn, job, id, registration, result, &answer, words);
    return txn->status;
}
