/*
 * Faults: what goes wrong with which system, how often and how. Pure.
 *
 * Each system has one order per kind of fault; several may stand at once. An order ends after
 * `count` times, or never; with a `rate` it strikes by chance, from a seeded stream, so that a
 * run can be had again.
 */
#pragma once

#include "common/base.h"
#include "common/crypto.h"

enum sandbox_system {
    SANDBOX_CARRIER,
    SANDBOX_SMS,
    SANDBOX_PLATFORM,
    SANDBOX_MNP,
    SANDBOX_INSURANCE,
    SANDBOX_POST,
    SANDBOX_POPULATION,
    SANDBOX_SIM,
    SANDBOX_SMARTCA,
    SANDBOX_VNEID,
    SANDBOX_DVCQG,
    SANDBOX_BANK,
    SANDBOX_GIP,
    SANDBOX_SYSTEMS_LEN,
    SANDBOX_NO_SYSTEM = SANDBOX_SYSTEMS_LEN
};

enum sandbox_fault_kind {
    SANDBOX_FAULT_NONE, /* as an order: forget all orders of the system */

    /* of requests */
    SANDBOX_FAULT_SLOW,         /* done, and answered after ms */
    SANDBOX_FAULT_HTTP500,      /* not done */
    SANDBOX_FAULT_GARBAGE,      /* done, and the answer cannot be understood */
    SANDBOX_FAULT_RESET,        /* not done, the answer breaks off */
    SANDBOX_FAULT_DROP_REPLY,   /* done, the answer breaks off, after ms */
    SANDBOX_FAULT_THROTTLE,     /* not done: too many requests */
    SANDBOX_FAULT_WRONG_PERSON, /* who knows people: a MATCH, and somebody else's data beside it */

    /* of callbacks: SMS delivery reports, the platform's CONFIRM */
    SANDBOX_FAULT_DUPLICATE_CALLBACK,
    SANDBOX_FAULT_LATE_CALLBACK, /* after ms more */
    SANDBOX_FAULT_NO_CALLBACK,
    SANDBOX_FAULT_WRONG_AMOUNT, /* platform: CONFIRM and QUERY tell 1.000 đ more */

    /* of the platform's word */
    SANDBOX_FAULT_CONTRADICT,     /* CONFIRM says the opposite of what QUERY says */
    SANDBOX_FAULT_STALE_CALLBACK, /* CONFIRM comes after ms, and tells what was before: reordered */
    SANDBOX_FAULT_FORGET,         /* QUERY knows nothing of a payment that is there */

    SANDBOX_FAULTS_LEN
};

enum { SANDBOX_FAULT_MS_MAX = 600000, SANDBOX_FAULT_COUNT_MAX = 1000000000 };

struct sandbox_order {
    bool stands;
    int64_t left;    /* times; 0: without end */
    uint32_t chance; /* of a million */
    int64_t ms;
    uint64_t struck; /* how often since it was ordered */
};

struct sandbox_faults {
    struct sandbox_order orders[SANDBOX_SYSTEMS_LEN][SANDBOX_FAULTS_LEN];
    struct mc_random_seeded seeded;
    struct mc_random random;
};

void sandbox_faults_open(struct sandbox_faults *faults, uint64_t seed);
void sandbox_faults_seed(struct sandbox_faults *faults, uint64_t seed);

const char *sandbox_system_name(enum sandbox_system system);
const char *sandbox_fault_name(enum sandbox_fault_kind kind);
mc_nodiscard bool sandbox_system_parse(const char *name, enum sandbox_system *ret_system);
mc_nodiscard bool sandbox_fault_parse(const char *name, enum sandbox_fault_kind *ret_kind);
/* Only the SMS gateway and the platform call back; only the platform has amounts, and a word. */
bool sandbox_fault_applies(enum sandbox_system system, enum sandbox_fault_kind kind);

/* A count of 0: until forgotten. ms below 0: the kind's own. A rate of 1 or more: always. */
void sandbox_fault_order(struct sandbox_faults *faults, enum sandbox_system system,
                         enum sandbox_fault_kind kind, int64_t count, double rate, int64_t ms);
void sandbox_fault_forget(struct sandbox_faults *faults, enum sandbox_system system);

/* Does this one strike now? Uses one up. */
bool sandbox_fault_strikes(struct sandbox_faults *faults, enum sandbox_system system,
                           enum sandbox_fault_kind kind, int64_t *ret_ms);
/* The first fault of a request that strikes, or SANDBOX_FAULT_NONE. */
enum sandbox_fault_kind sandbox_fault_of_request(struct sandbox_faults *faults,
                                                 enum sandbox_system system, int64_t *ret_ms);
