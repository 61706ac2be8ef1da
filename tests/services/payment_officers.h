/* Two officers of a unit, and what they say of its cases. */
#pragma once

#include "payment_help.h"

#define FIRST  "0190a07b-0000-7000-8000-0000000000a1"
#define SECOND "0190a07b-0000-7000-8000-0000000000a2"

static const char *const rights[] = {"RECONCILE", "FEE_COLLECT"};

static inline void as_clerk(struct harness *h, const char *account, const char *unit)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = account,
                                      .unit = unit,
                                      .rights = rights,
                                      .rights_len = MC_LEN(rights),
                                      .ial = 2});
}

static inline const Payment__ListCasesReply *cases_of(struct harness *h, bool all)
{
    Payment__ListCasesRequest req = PAYMENT__LIST_CASES_REQUEST__INIT;

    req.all = all;
    as_clerk(h, FIRST, UNIT);
    return harness_call(h, "ListCases", &req.base, MC_OK);
}

static inline const Payment__Case *only_case(struct harness *h)
{
    const Payment__ListCasesReply *rep = cases_of(h, false);

    assert_int_equal(rep->n_cases, 1);
    assert_string_equal(rep->next_page_token, "");
    return rep->cases[0];
}

static inline const Payment__Case *propose(struct harness *h, const Payment__Case *of,
                                           Payment__ResolveCaseRequest req, enum mc_status want)
{
    static const Payment__ResolveCaseRequest blank = PAYMENT__RESOLVE_CASE_REQUEST__INIT;

    as_clerk(h, FIRST, UNIT);
    req.base = blank.base;
    if (req.decision_number == NULL)
        req.decision_number = text("");
    req.case_id = of->case_id;
    req.version = of->version;
    req.reason = text("đã đối chiếu sao kê");
    return harness_call(h, "ResolveCase", &req.base, want);
}

#define PROPOSE(...) ((Payment__ResolveCaseRequest){__VA_ARGS__})

static inline const Payment__Case *decide(struct harness *h, const Payment__Case *of,
                                          const char *who, bool approve, enum mc_status want)
{
    Payment__ApproveCaseRequest req = PAYMENT__APPROVE_CASE_REQUEST__INIT;

    as_clerk(h, who, UNIT);
    req.case_id = of->case_id;
    req.version = of->version;
    req.approve = approve;
    req.reason = text(approve ? "" : "chưa đủ chứng từ");
    return harness_call(h, "ApproveCase", &req.base, want);
}

/* A try of the order whose money comes as `body` says. */
static inline void come(struct harness *h, const char *transaction, const char *body)
{
    harness_advance(h, 1000);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .transaction = transaction)),
                        "00");
    query_answer(h, body);
}
