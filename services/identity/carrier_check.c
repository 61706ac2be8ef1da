/*
 * carrier.check: asks the carrier whether the SIM is registered to this person (REG-11, REG-22).
 *
 * Since 2018 people take their number along to another carrier, so the prefix is only a guess: the
 * porting register is asked first when there is one (mnp_check.c), and a carrier that says the
 * number is not his is believed once: then the one he names is asked, or else the prefix's.
 */
#include <string.h>

#include "common/ident.h"

#include "lookup.h"

static const struct identity_lookup_words words = {
    IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER,
    "SUBSCRIBER_MISMATCH", /* REG-20, REG-21 */
    "CARRIER_UNAVAILABLE",
};

/* An empty carrier: the one the prefix was given to. */
void identity_carrier_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                          const char *carrier, int64_t expires_ms)
{
    IdentityState__Lookup ask = *lookup;
    struct mc_carrier guess;

    if (carrier[0] == '\0' && mc_carrier_guess(lookup->msisdn, &guess))
        carrier = mc_strdup(txn->arena, guess.code);
    if (carrier == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    ask.carrier = mc_unconst(carrier);
    identity_lookup_add(txn, "carrier.check", IDENTITY_LANE_CARRIER, carrier, &ask,
                        identity_key(txn, "registration", mc_key_bytes(lookup->subject)),
                        expires_ms);
}

/* The carrier's own address; else the common one, with {carrier} in it replaced. NULL: memory. */
static const char *url_of(const struct identity *identity, struct mc_arena *arena,
                          const char *carrier)
{
    static const char mark[] = "{carrier}";
    size_t len = strlen(carrier);

    for (size_t i = 0; i < identity->carriers.len; i++) {
        const char *item = identity->carriers.items[i];
        if (strncmp(item, carrier, len) == 0 && item[len] == '=')
            return item + len + 1;
    }
    const char *at = strstr(identity->carrier_url, mark);
    if (at == NULL)
        return identity->carrier_url;
    return mc_sprintf(arena, "%.*s%s%s", (int)(at - identity->carrier_url), identity->carrier_url,
                      carrier, at + sizeof mark - 1);
}

enum mc_status identity_carrier_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request)
{
    (void)job;
    static const char *const fields[] = {"msisdn", "id_number", "full_name", "birth_date", NULL};
    const struct identity *identity = ctx;
    const IdentityState__Lookup *lookup = (const void *)payload;
    const char *url = url_of(identity, arena, lookup->carrier);

    if (url == NULL)
        return MC_FULL;
    return identity_lookup_post(identity, arena, url, lookup, fields, ret_request);
}

/* The carrier's own name, else the one we asked: the seed's sentence always names one (REG-21). */
static void name_carrier(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                         struct identity_answer *answer)
{
    struct mc_carrier carrier;

    if (answer->system != NULL && answer->system[0] != '\0')
        return;
    bool known =
        mc_carrier_find(lookup->carrier, &carrier) || mc_carrier_guess(lookup->msisdn, &carrier);
    answer->system = mc_strdup(txn->arena, known ? carrier.name : "");
    if (answer->system == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}

/* Not his: whom to ask instead, once. False: nobody is left, so nobody vouches for the person. */
static bool ask_elsewhere(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                          const struct identity_answer *answer, int64_t expires_ms)
{
    IdentityState__Lookup again = *lookup;
    struct mc_carrier guess;
    const char *next = answer->carrier;

    if (lookup->second)
        return false;
    if ((next == NULL || next[0] == '\0' || strcmp(next, lookup->carrier) == 0) &&
        mc_carrier_guess(lookup->msisdn, &guess))
        next = guess.code;
    if (next == NULL || next[0] == '\0' || strcmp(next, lookup->carrier) == 0)
        return false;
    again.second = true;
    identity_carrier_ask(txn, &again, next, expires_ms);
    return true;
}

enum mc_status identity_carrier_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    (void)ctx;
    const IdentityState__Lookup *lookup = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(lookup->subject);
    struct identity_answer answer = {.owner = IDENTITY_OWNER_UNREADABLE};
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    *ret_verdict = MC_DONE;
    if (registration == NULL ||
        registration->state != IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER)
        return txn->status; /* over, or answered by an earlier try */

    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == 200)
        identity_answer_read(txn->arena, result->body, "owner", lookup, &answer);
    name_carrier(txn, lookup, &answer);
    if (answer.owner == IDENTITY_OWNER_ELSEWHERE) {
        if (ask_elsewhere(txn, lookup, &answer, registration->expires_at_ms))
            return txn->status;
        answer.fields[answer.fields_len++] = "msisdn";
    }
    *ret_verdict = identity_lookup_conclude(txn, job, id, registration, result, &answer, &words);
    return txn->status;
}
