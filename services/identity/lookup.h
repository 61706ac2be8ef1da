/*
 * Look-ups: what other systems are asked about a person (SYS-07, SYS-09, SYS-10, SYS-14), one
 * adapter file each, and what their answers share. Only the identity room's files include it.
 *
 * All of them answer alike: POST of JSON, and
 *
 *     {"result": "MATCH" | "MISMATCH" | "NOT_FOUND" | …, "fields": ["full_name"], "person": {…}}
 *
 * A look-up changes nothing over there, so it is repeated until there is an answer that can be
 * read, for as long as somebody waits for it.
 */
#pragma once

#include "common/json.h"

#include "identity.h"

enum {
    IDENTITY_LOOKUP_BACKOFF_MS = 1000,
    IDENTITY_LOOKUP_BACKOFF_MAX_MS = 60000,
    IDENTITY_LOOKUP_LEASE_MS = 30000,      /* longer than a look-up's timeout can be */
    IDENTITY_LOOKUP_ANSWER_MAX = 16 << 10, /* bytes */
    IDENTITY_SYSTEM_NAME_MAX = 40,         /* characters of a name from outside */
    IDENTITY_CARRIERS_MAX = 16,            /* addresses in identity.carriers */
    IDENTITY_POPULATION_BACKOFF_MAX_MS = 15 * 60 * 1000,
    IDENTITY_FIND_LIFE_MS = 60 * 60 * 1000, /* an answer later than that surprises */
    IDENTITY_FINDS_MAX = 3, /* questions after one person's insurance code in an hour */
};

enum identity_owner {
    IDENTITY_OWNER_SAME,
    IDENTITY_OWNER_OTHER,
    IDENTITY_OWNER_UNREADABLE,
    IDENTITY_OWNER_ELSEWHERE,   /* the carrier: not a number of ours */
    IDENTITY_OWNER_NOT_CHECKED, /* the post: nobody has seen this person's papers */
};

struct identity_answer {
    enum identity_owner owner;
    char *system;          /* who answered, for the text; may be empty */
    char *carrier;         /* the carrier's code it names, or empty */
    const char *fields[6]; /* which facts differ, never their values */
    size_t fields_len;
};

/* Reads and compares (answer.c, pure); `person` is where the JSON keeps the person. */
void identity_answer_read(struct mc_arena *arena, struct mc_bytes body, const char *person,
                          const IdentityState__Lookup *asked, struct identity_answer *ret_answer);

/* What a registration by one method says in its moods: codes of messages.csv. */
struct identity_lookup_words {
    Identity__RegistrationState checking;
    const char *mismatch;
    const char *unavailable;
};

/* Methods that this room's form serves. */
bool identity_lookup_has(const char *method);
/* What a method's form asks beside a person's fields; every failed one is refused. */
void identity_method_form_check(const struct identity *identity, struct mc_txn *txn,
                                const Identity__StartRegistrationRequest *req,
                                IdentityState__Person *person);
/* "", or that an old phone number was taken as the new one. */
char *identity_phone_notice(struct mc_txn *txn, const char *typed);

/* The first question about a registration, by its method; the state it waits in. */
Identity__RegistrationState
identity_lookup_begin(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                      const char *method, const IdentityState__Person *person, int64_t expires_ms);
bool identity_registration_is_checking(const IdentityState__Registration *registration);

/* A job of `kind` for the lane; the key is "registration:…" or "account:…". */
void identity_lookup_add(struct mc_txn *txn, const char *kind, enum identity_lane lane,
                         const char *destination, const IdentityState__Lookup *lookup,
                         const char *key, int64_t expires_ms);
IdentityState__Lookup identity_lookup_of(const IdentityState__Person *person, struct mc_bytes id);
/* The question as an HTTP request: `fields` of the look-up, by name, ended by NULL. */
enum mc_status identity_lookup_post(const struct identity *identity, struct mc_arena *arena,
                                    const char *url, const IdentityState__Lookup *lookup,
                                    const char *const *fields, struct mc_http_request *ret_request);
/* Whether it may come out otherwise another time. */
bool identity_lookup_may_repeat(const struct mc_result *result);
/* Moves the registration on, or lets it wait: what every adapter does with an answer. */
enum mc_verdict identity_lookup_conclude(struct mc_txn *txn, const struct mc_job *job,
                                         struct mc_bytes id,
                                         IdentityState__Registration *registration,
                                         const struct mc_result *result,
                                         const struct identity_answer *answer,
                                         const struct identity_lookup_words *words);

/* A check of a registration has its answer: all of a check's `done`, in its own words. */
enum mc_status identity_lookup_registration(struct mc_txn *txn, const struct mc_job *job,
                                            const ProtobufCMessage *payload,
                                            const struct mc_result *result,
                                            const struct identity_lookup_words *words,
                                            enum mc_verdict *ret_verdict);

/* The adapters: how to ask. */
void identity_mnp_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup, int64_t expires_ms);
void identity_carrier_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                          const char *carrier, int64_t expires_ms);
void identity_insurance_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                            int64_t expires_ms);
void identity_post_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup, int64_t expires_ms);
void identity_insurance_find_ask(struct mc_txn *txn, const IdentityState__Lookup *lookup,
                                 const char *key);
/*
 * Is this account's person in the population register, as he says he is (SYS-07, REG-47)? When so,
 * the account becomes verified; nothing waits for it. Asked when an account opens and whenever what
 * it says of the person changes; nothing happens without identity.population_url.
 */
void identity_population_ask(const struct identity *identity, struct mc_txn *txn,
                             struct mc_bytes account_id, const IdentityState__Person *person);

/* Effects, by kind: mnp.check, carrier.check, insurance.check, post.check, population.check. */
#define IDENTITY_EFFECT(name)                                                                      \
    enum mc_status identity_##name##_request(                                                      \
        void *ctx, struct mc_arena *arena, const struct mc_job *job,                               \
        const ProtobufCMessage *payload, struct mc_http_request *ret_request);                     \
    enum mc_status identity_##name##_done(                                                         \
        void *ctx, struct mc_txn *txn, const struct mc_job *job, const ProtobufCMessage *payload,  \
        const struct mc_result *result, enum mc_verdict *ret_verdict)
IDENTITY_EFFECT(mnp);
IDENTITY_EFFECT(carrier);
IDENTITY_EFFECT(insurance);
IDENTITY_EFFECT(post);
IDENTITY_EFFECT(population);
IDENTITY_EFFECT(insurance_find);
#undef IDENTITY_EFFECT

/* An https:// address; http:// only where plain HTTP is allowed. Boot checks them all. */
bool identity_lookup_urls_are_good(const struct identity *identity, char *why, size_t why_size);
