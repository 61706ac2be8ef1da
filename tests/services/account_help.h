/* What the tests of accounts share: officers, statuses, the history. */
#pragma once

#include "identity_help.h"

#define PROVINCE  "000.00.00.H35"
#define DISTRICT  "000.00.43.H35"
#define ELSEWHERE "000.02.03.H48"

#define ACTIVE   IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE
#define INACTIVE IDENTITY__ACCOUNT_STATUS__ACCOUNT_INACTIVE
#define LOCKED   IDENTITY__ACCOUNT_STATUS__ACCOUNT_LOCKED
#define CLOSING  IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING
#define CLOSED   IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED

static const struct person pang = {"012203990033", "Lò Văn Pâng", "21/06/2003", "0912000303",
                                   "84912000303"};

struct rights {
    const char *list[4]; /* ends with NULL */
};

static inline void give_rights(struct harness *h, const struct person *person, const char *unit,
                               struct rights rights)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    request.login_id = text(person->login_id);
    request.unit = text(unit);
    request.rights = (char **)mc_unconst(rights.list);
    while (request.n_rights < MC_LEN(rights.list) && rights.list[request.n_rights] != NULL)
        request.n_rights += 1;
    request.reason = text("Quyết định 12/QĐ-UBND");
    act_as_operator(h);
    (void)harness_call(h, "GrantRights", &request.base, MC_OK);
    act_as_front(h);
}

/* Signs in and acts from now on. */
static inline const Motcua__SessionClaims *become(struct harness *h, const struct person *person)
{
    act_as_front(h);
    const Motcua__SessionClaims *claims = claims_of(sign_in(h, person)->session);
    act_as(h, claims);
    return claims;
}

/* Phạm Thử Nghiệm, an officer of a unit, acts from now on. */
static inline void act_as_officer(struct harness *h, const char *unit, struct rights rights)
{
    give_rights(h, &tho, "", (struct rights){{NULL}}); /* of other units: none are left */
    give_rights(h, &tho, unit, rights);
    (void)become(h, &tho);
}

static inline Identity__SetAccountStatusRequest status_request(const char *account_id,
                                                               Identity__AccountStatus status)
{
    Identity__SetAccountStatusRequest request = IDENTITY__SET_ACCOUNT_STATUS_REQUEST__INIT;

    request.account_id = text(account_id);
    request.status = status;
    request.reason = text("Nghỉ công tác");
    return request;
}

static inline const Identity__AccountCount *count_of(const Identity__CountAccountsReply *counts,
                                                     const char *method,
                                                     Identity__AccountStatus status, bool verified)
{
    static const Identity__AccountCount none = IDENTITY__ACCOUNT_COUNT__INIT;

    for (size_t i = 0; i < counts->n_counts; i++)
        if (strcmp(counts->counts[i]->method, method) == 0 && counts->counts[i]->status == status &&
            counts->counts[i]->verified == verified)
            return counts->counts[i];
    return &none;
}

static inline const Identity__CountAccountsReply *count_accounts(struct harness *h)
{
    Identity__CountAccountsRequest request = IDENTITY__COUNT_ACCOUNTS_REQUEST__INIT;

    act_as_operator(h);
    return harness_call(h, "CountAccounts", &request.base, MC_OK);
}

/* The change of a fact in a page of history, or NULL. */
static inline const Identity__FactChange *fact_in(const Identity__AccountChange *change,
                                                  const char *fact)
{
    for (size_t i = 0; i < change->n_facts; i++)
        if (strcmp(change->facts[i]->fact, fact) == 0)
            return change->facts[i];
    return NULL;
}

static inline const Identity__Profile *profile(struct harness *h)
{
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;

    return harness_call(h, "GetProfile", &get.base, MC_OK);
}
