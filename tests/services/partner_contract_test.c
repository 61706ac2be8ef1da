/* Contract tests: a check that is kept, the nights after it, and what is told of a change (C13). */
#include "partner_delivery_help.h"

#define FINE "{\"session\":\"x\",\"error_code\":\"0\"}"

static ProtobufCBinaryData keep(struct harness *h, const char *body)
{
    Partner__KeepContractRequest req = PARTNER__KEEP_CONTRACT_REQUEST__INIT;
    const Partner__ApiCheck *check = start_check(h, "session", PUBLIC_URL, MC_OK);

    check_answered(h, 200, body);
    req.check_id = check->check_id;
    req.name = text("Session Tây Ninh");
    return ((const Partner__Contract *)harness_call(h, "KeepContract", &req.base, MC_OK))
        ->contract_id;
}

static const Partner__Contract *only(struct harness *h)
{
    Partner__ListContractsRequest req = PARTNER__LIST_CONTRACTS_REQUEST__INIT;
    const Partner__ListContractsReply *rep = harness_call(h, "ListContracts", &req.base, MC_OK);

    assert_int_equal(rep->n_contracts, 1);
    return rep->contracts[0];
}

static const Partner__ListContractRunsReply *runs_of(struct harness *h, ProtobufCBinaryData id)
{
    Partner__ListContractRunsRequest req = PARTNER__LIST_CONTRACT_RUNS_REQUEST__INIT;

    req.contract_id = id;
    return harness_call(h, "ListContractRuns", &req.base, MC_OK);
}

static void a_night(struct harness *h)
{
    harness_set_clock(h, only(h)->next_run_ms);
    harness_tick(h);
}

static void kept_check_is_made_again_every_night(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = keep(h, FINE);
    int64_t first_ms = only(h)->next_run_ms;

    assert_int_equal(only(h)->state, PARTNER__CONTRACT_STATE__CONTRACT_HOLDS);
    assert_string_equal(only(h)->url, PUBLIC_URL);
    /* from 02:00 in Hà Nội on, within two hours */
    assert_true(first_ms > harness_now(h) && first_ms < harness_now(h) + DAY_MS);
    int64_t of_day = (first_ms + 7 * HOUR_MS) % DAY_MS;
    assert_true(of_day >= 2 * HOUR_MS && of_day < 4 * HOUR_MS);
    harness_set_clock(h, first_ms - 1);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, PARTNER_LANE_CHECK), 0);
    a_night(h);
    assert_int_equal(harness_jobs(h, PARTNER_LANE_CHECK), 1);
    check_answered(h, 200, FINE);
    assert_int_equal(only(h)->next_run_ms, first_ms + DAY_MS);
    assert_int_equal(runs_of(h, id)->n_runs, 1);
    assert_true(runs_of(h, id)->runs[0]->fits && runs_of(h, id)->runs[0]->same_shape);
    assert_int_equal(harness_events(h, "partner.contract_broken"), 0);
}

static void change_of_verdict_is_told_once(void **state)
{
    static const struct {
        const char *body;
        const char *reason;
    } nights[] = {{"{}", "MISSING"},
                  {"<html>", "NOT_JSON"},
                  {"{\"session\":\"x\",\"error_code\":\"-1\"}", "REFUSED"},
                  {FINE, ""},
                  {FINE, ""},
                  {"{\"session\":\"x\",\"error_code\":\"0\",\"more\":1}", ""}};
    struct harness *h = *state;
    ProtobufCBinaryData id = keep(h, FINE);

    for (size_t i = 0; i < MC_LEN(nights); i++) {
        a_night(h);
        check_answered(h, 200, nights[i].body);
        assert_string_equal(only(h)->reason, nights[i].reason);
        assert_int_equal(harness_events(h, "partner.contract_broken"), 1);
        assert_int_equal(harness_events(h, "partner.contract_mended"), i < 3 ? 0 : 1);
    }
    const Partner__ListContractRunsReply *runs = runs_of(h, id);
    assert_int_equal(runs->n_runs, MC_LEN(nights));
    assert_false(runs->runs[0]->same_shape); /* newest first: a field was added, nothing broke */
    assert_true(runs->runs[0]->fits);
    assert_false(runs->runs[MC_LEN(nights) - 1]->fits);
}

static void silence_breaks_it_too(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)keep(h, FINE);
    a_night(h);
    assert_true(harness_effect(h, "check.call", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_NOT_SENT});
    assert_string_equal(only(h)->reason, "NO_ANSWER");
    assert_int_equal(only(h)->state, PARTNER__CONTRACT_STATE__CONTRACT_BROKEN);
}

/* An API of the registry that is taken out of it: told the next night, once, and again when it is
 * back. Nothing is called in between. */
static void api_that_left_the_registry_breaks_it(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    struct profile p;
    Partner__StartApiCheckRequest check = PARTNER__START_API_CHECK_REQUEST__INIT;
    Partner__KeepContractRequest req = PARTNER__KEEP_CONTRACT_REQUEST__INIT;

    check.api_type = text("dossier_sync");
    check.partner_id = text(PARTNER_ID);
    check.body = data("{}");
    req.check_id =
        ((const Partner__ApiCheck *)harness_call(h, "StartApiCheck", &check.base, MC_OK))->check_id;
    check_answered(h, 200, SESSION_OK);
    check_answered(h, 200, TAKEN_JSON);
    req.name = text("Đồng bộ hồ sơ");
    const Partner__Contract *kept = harness_call(h, "KeepContract", &req.base, MC_OK);
    uint8_t id[MC_ID_LEN];
    memcpy(id, kept->contract_id.data, sizeof id);
    Partner__ContractState first = kept->state;

    profile_init(&p);
    p.request.version = 2;       /* saved, and given a credential */
    p.profile.apis = p.list + 1; /* without the first, dossier_sync */
    p.profile.n_apis = MC_LEN(p.list) - 1;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    for (int night = 0; night < 2; night++) {
        a_night(h);
        assert_false(harness_effect(h, "check.call", &exchange));
        assert_int_equal(only(h)->state, PARTNER__CONTRACT_STATE__CONTRACT_BROKEN);
        assert_string_equal(only(h)->reason, "PARTNER_API_MISSING");
        assert_int_equal(harness_events(h, "partner.contract_broken"), 1);
    }
    assert_int_equal(first, PARTNER__CONTRACT_STATE__CONTRACT_HOLDS);
    const Partner__ListContractRunsReply *runs = runs_of(h, (ProtobufCBinaryData){sizeof id, id});
    assert_int_equal(runs->n_runs, 2);
    assert_false(runs->runs[0]->fits);
    assert_string_equal(runs->runs[0]->reason, "PARTNER_API_MISSING");

    p.request.version = 3;
    p.profile.apis = p.list;
    p.profile.n_apis = MC_LEN(p.list);
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    a_night(h);
    check_answered(h, 200, SESSION_OK);
    check_answered(h, 200, TAKEN_JSON);
    assert_int_equal(only(h)->state, PARTNER__CONTRACT_STATE__CONTRACT_HOLDS);
    assert_int_equal(harness_events(h, "partner.contract_mended"), 1);
}

static void run_by_hand_counts(void **state)
{
    struct harness *h = *state;
    Partner__RunContractRequest req = PARTNER__RUN_CONTRACT_REQUEST__INIT;

    req.contract_id = keep(h, FINE);
    assert_non_null(harness_call(h, "RunContract", &req.base, MC_OK));
    check_answered(h, 200, "{}");
    assert_int_equal(only(h)->state, PARTNER__CONTRACT_STATE__CONTRACT_BROKEN);
    as_officer(h, MINH, LONG_AN);
    assert_null(harness_call(h, "RunContract", &req.base, MC_NOT_FOUND));
}

static void ended_one_is_not_run(void **state)
{
    struct harness *h = *state;
    Partner__EndContractRequest req = PARTNER__END_CONTRACT_REQUEST__INIT;
    Partner__RunContractRequest run = PARTNER__RUN_CONTRACT_REQUEST__INIT;

    req.contract_id = run.contract_id = keep(h, FINE);
    assert_null(harness_call(h, "EndContract", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    req.reason = text("địa phương đổi API");
    assert_non_null(harness_call(h, "EndContract", &req.base, MC_OK));
    assert_null(harness_call(h, "EndContract", &req.base, MC_EXPIRED));
    assert_null(harness_call(h, "RunContract", &run.base, MC_EXPIRED));
    harness_advance(h, 2 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_jobs(h, PARTNER_LANE_CHECK), 0);
    assert_int_equal(harness_rows(h, PARTNER_CONTRACTS_DUE), 0);
}

static void only_answered_checks_are_kept(void **state)
{
    static char name[PARTNER_CONTRACT_NAME_MAX + 2];
    struct harness *h = *state;
    Partner__KeepContractRequest req = PARTNER__KEEP_CONTRACT_REQUEST__INIT;

    assert_null(harness_call(h, "KeepContract", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "check_id", "FIELD_INVALID"));
    assert_true(harness_violated(h, "name", "FIELD_REQUIRED"));
    req.check_id = start_check(h, "session", PUBLIC_URL, MC_OK)->check_id;
    memset(name, 'x', sizeof name - 1);
    req.name = name;
    assert_null(harness_call(h, "KeepContract", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "name", "FIELD_TOO_LONG"));
    name[PARTNER_CONTRACT_NAME_MAX] = '\0';
    assert_null(harness_call(h, "KeepContract", &req.base, MC_EXPIRED));
    check_answered(h, 500, "");
    const Partner__Contract *kept = harness_call(h, "KeepContract", &req.base, MC_OK);
    assert_int_equal(kept->state, PARTNER__CONTRACT_STATE__CONTRACT_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(kept_check_is_made_again_every_night),
        ROOM_TEST(change_of_verdict_is_told_once),
        ROOM_TEST(silence_breaks_it_too),
        PARTNER_TEST(api_that_left_the_registry_breaks_it),
        ROOM_TEST(run_by_hand_counts),
        ROOM_TEST(ended_one_is_not_run),
        ROOM_TEST(only_answered_checks_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
