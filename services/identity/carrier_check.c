/*
 * carrier.check: asks the carrier whether the SIM is registered to this person (REG-11, REG-22).
 * A look-up is safe to repeat, so whatever went wrong on the way is tried again; when the tries
 * are used up the person is told, and the queue is not kept full of dead questions.
 */
#include <string.h>

#include "common/ident.h"
#include "common/json.h"

#include "identity.h"

enum { HTTP_OK = 200, HTTP_TIMEOUT = 408, HTTP_TOO_MANY = 429, HTTP_SERVER = 500 };

void identity_carrier_ask(struct mc_txn *txn, struct mc_bytes registration_id,
                          const IdentityState__Person *person, int64_t expires_ms)
{
    IdentityState__CarrierCheck check = IDENTITY_STATE__CARRIER_CHECK__INIT;
    const char *keys[] = {identity_key(txn, "registration", registration_id), NULL};
    struct mc_carrier guess;

    check.registration_id = identity_data(registration_id);
    check.msisdn = person->phone;
    check.id_number = person->login_id;
    check.full_name = person->full_name;
    check.birth_date = person->birth_date;
    size_t size = identity_state__carrier_check__get_packed_size(&check);
    uint8_t *payload = mc_alloc(txn->arena, size);
    if (payload == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    (void)identity_state__carrier_check__pack(&check, payload);
    bool guessed = mc_carrier_guess(person->phone, &guess);
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_CARRIER,
                              .kind = "carrier.check",
                              .payload = {payload, size},
                              .expires_ms = expires_ms,
                              .attempts_max = IDENTITY_CARRIER_ATTEMPTS,
                              .backoff_ms = IDENTITY_CARRIER_BACKOFF_MS,
                              .backoff_max_ms = IDENTITY_CARRIER_BACKOFF_MAX_MS,
                              .destination = guessed ? guess.code : "carrier",
                              .keys = keys,
                              .forget = true,
                          });
}

enum mc_status identity_carrier_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request)
{
    (void)job;
    const struct identity *identity = ctx;
    const IdentityState__CarrierCheck *check = (const void *)payload;
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "msisdn");
    mc_json_string(&writer, check->msisdn);
    mc_json_key(&writer, "id_number");
    mc_json_string(&writer, check->id_number);
    mc_json_key(&writer, "full_name");
    mc_json_string(&writer, check->full_name);
    mc_json_key(&writer, "birth_date");
    mc_json_string(&writer, check->birth_date);
    mc_json_end(&writer);

    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = identity->carrier_url,
        .content_type = "application/json",
        .timeout_ms = identity->carrier_timeout_ms,
        .answer_max = IDENTITY_CARRIER_ANSWER_MAX,
        .ca_file = identity->carrier_ca_file[0] != '\0' ? identity->carrier_ca_file : NULL,
    };
    return mc_json_finish(&writer, &ret_request->body);
}

static void matched(struct mc_txn *txn, const IdentityState__CarrierCheck *check,
                    IdentityState__Registration *registration)
{
    struct mc_bytes id = mc_key_bytes(check->registration_id);
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    const IdentityState__Person *person = identity_person_open(txn, registration->person);

    if (person == NULL)
        return;
    registration->state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration->base);
    identity_code_ask_from(txn, OTP__PURPOSE__REGISTER, id, person,
                           identity_key(txn, "registration", id), registration->expires_at_ms,
                           registration->source);
    changed.state = IDENTITY__REGISTRATION_STATE__AWAITING_CODE;
    identity_registration_emit(txn, "identity.registration_checked", id, &changed);
}

/* The carrier's own name, else the prefix's: the seed's sentence always names one (REG-21). */
static void name_carrier(struct mc_txn *txn, const char *msisdn,
                         struct identity_carrier_answer *answer)
{
    struct mc_carrier guess;

    if (answer->carrier != NULL && answer->carrier[0] != '\0')
        return;
    answer->carrier = mc_carrier_guess(msisdn, &guess) ? mc_strdup(txn->arena, guess.name)
                                                       : mc_strdup(txn->arena, "");
    if (answer->carrier == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}

static bool is_worth_repeating(const struct mc_result *result)
{
    return result->outcome != MC_HTTP_ANSWERED || result->http_status == HTTP_OK ||
           result->http_status == HTTP_TIMEOUT || result->http_status == HTTP_TOO_MANY ||
           result->http_status >= HTTP_SERVER;
}

enum mc_status identity_carrier_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const IdentityState__CarrierCheck *check = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(check->registration_id);
    struct identity_carrier_answer answer = {.owner = IDENTITY_OWNER_UNREADABLE};
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    *ret_verdict = MC_DONE;
    if (registration == NULL ||
        registration->state != IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER)
        return txn->status; /* over, or answered by an earlier try */

    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_OK)
        identity_carrier_read(txn->arena, result->body, check, &answer);
    name_carrier(txn, check->msisdn, &answer);

    if (answer.owner == IDENTITY_OWNER_SAME) {
        matched(txn, check, registration);
    } else if (answer.owner == IDENTITY_OWNER_OTHER) {
        identity_registration_refuse(txn, id, registration, "SUBSCRIBER_MISMATCH", &answer);
    } else if (is_worth_repeating(result) && !result->gave_up) {
        *ret_verdict = MC_RETRY;
    } else {
        /* a 4xx is our own fault: an operator should see the dead letter */
        *ret_verdict = is_worth_repeating(result) ? MC_DONE : MC_BURY;
        identity_registration_refuse(txn, id, registration, "CARRIER_UNAVAILABLE", NULL);
    }
    return txn->status;
}
