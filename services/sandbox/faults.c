#include "faults.h"

#include <string.h>

enum { MILLION = 1000000, SLOW_MS = 2000, LATE_MS = 5000 };

static const char *const systems[SANDBOX_SYSTEMS_LEN] = {
    [SANDBOX_CARRIER] = "carrier",
    [SANDBOX_SMS] = "sms",
    [SANDBOX_PLATFORM] = "platform",
    [SANDBOX_MNP] = "mnp",
    [SANDBOX_INSURANCE] = "insurance",
    [SANDBOX_POST] = "post",
    [SANDBOX_POPULATION] = "population",
    [SANDBOX_SIM] = "sim",
    [SANDBOX_SMARTCA] = "smartca",
    [SANDBOX_VNEID] = "vneid",
    [SANDBOX_DVCQG] = "dvcqg",
    [SANDBOX_BANK] = "bank",
    [SANDBOX_GIP] = "gip",
};

static const struct {
    const char *name;
    int64_t ms;
} kinds[SANDBOX_FAULTS_LEN] = {
    [SANDBOX_FAULT_NONE] = {"none", 0},
    [SANDBOX_FAULT_SLOW] = {"slow", SLOW_MS},
    [SANDBOX_FAULT_HTTP500] = {"http500", 0},
    [SANDBOX_FAULT_GARBAGE] = {"garbage", 0},
    [SANDBOX_FAULT_RESET] = {"reset", 0},
    [SANDBOX_FAULT_DROP_REPLY] = {"drop_reply", 0},
    [SANDBOX_FAULT_THROTTLE] = {"throttle", 0},
    [SANDBOX_FAULT_WRONG_PERSON] = {"wrong_person", 0},
    [SANDBOX_FAULT_DUPLICATE_CALLBACK] = {"duplicate_callback", 0},
    [SANDBOX_FAULT_LATE_CALLBACK] = {"late_callback", LATE_MS},
    [SANDBOX_FAULT_NO_CALLBACK] = {"no_callback", 0},
    [SANDBOX_FAULT_WRONG_AMOUNT] = {"wrong_amount", 0},
    [SANDBOX_FAULT_CONTRADICT] = {"contradict", 0},
    [SANDBOX_FAULT_STALE_CALLBACK] = {"stale_callback", LATE_MS},
    [SANDBOX_FAULT_FORGET] = {"forget", 0},
};

void sandbox_faults_open(struct sandbox_faults *faults, uint64_t seed)
{
    memset(faults, 0, sizeof *faults);
    sandbox_faults_seed(faults, seed);
}

void sandbox_faults_seed(struct sandbox_faults *faults, uint64_t seed)
{
    faults->random = mc_random_seed(&faults->seeded, seed);
}

const char *sandbox_system_name(enum sandbox_system system)
{
    return systems[system];
}

const char *sandbox_fault_name(enum sandbox_fault_kind kind)
{
    return kinds[kind].name;
}

bool sandbox_system_parse(const char *name, enum sandbox_system *ret_system)
{
    for (unsigned i = 0; i < SANDBOX_SYSTEMS_LEN; i++) {
        if (strcmp(name, systems[i]) != 0)
            continue;
        *ret_system = (enum sandbox_system)i;
        return true;
    }
    return false;
}

bool sandbox_fault_parse(const char *name, enum sandbox_fault_kind *ret_kind)
{
    for (unsigned i = 0; i < SANDBOX_FAULTS_LEN; i++) {
        if (strcmp(name, kinds[i].name) != 0)
            continue;
        *ret_kind = (enum sandbox_fault_kind)i;
        return true;
    }
    return false;
}

bool sandbox_fault_applies(enum sandbox_system system, enum sandbox_fault_kind kind)
{
    if (kind == SANDBOX_FAULT_WRONG_PERSON)
        return system == SANDBOX_CARRIER || system == SANDBOX_INSURANCE || system == SANDBOX_POST ||
               system == SANDBOX_POPULATION;
    if (kind >= SANDBOX_FAULT_WRONG_AMOUNT)
        return system == SANDBOX_PLATFORM;
    return kind < SANDBOX_FAULT_DUPLICATE_CALLBACK || system == SANDBOX_SMS ||
           system == SANDBOX_PLATFORM;
}

void sandbox_fault_order(struct sandbox_faults *faults, enum sandbox_system system,
                         enum sandbox_fault_kind kind, int64_t count, double rate, int64_t ms)
{
    if (kind == SANDBOX_FAULT_NONE) {
        sandbox_fault_forget(faults, system);
        return;
    }
    faults->orders[system][kind] = (struct sandbox_order){
        .stands = true,
        .left = count,
        .chance = rate >= 1.0 ? MILLION : (uint32_t)(rate * MILLION),
        .ms = ms >= 0 ? ms : kinds[kind].ms,
    };
}

void sandbox_fault_forget(struct sandbox_faults *faults, enum sandbox_system system)
{
    memset(faults->orders[system], 0, sizeof faults->orders[system]);
}

bool sandbox_fault_strikes(struct sandbox_faults *faults, enum sandbox_system system,
                           enum sandbox_fault_kind kind, int64_t *ret_ms)
{
    struct sandbox_order *order = &faults->orders[system][kind];

    if (!order->stands)
        return false;
    if (order->chance < MILLION && mc_random_below(&faults->random, MILLION) >= order->chance)
        return false;
    order->struck++;
    *ret_ms = order->ms;
    if (order->left > 0 && --order->left == 0)
        order->stands = false;
    return true;
}

enum sandbox_fault_kind sandbox_fault_of_request(struct sandbox_faults *faults,
                                                 enum sandbox_system system, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (system == SANDBOX_NO_SYSTEM)
        return SANDBOX_FAULT_NONE;
    for (unsigned kind = SANDBOX_FAULT_SLOW; kind <= SANDBOX_FAULT_WRONG_PERSON; kind++)
        if (sandbox_fault_strikes(faults, system, (enum sandbox_fault_kind)kind, ret_ms))
            return (enum sandbox_fault_kind)kind;
    return SANDBOX_FAULT_NONE;
}
