/* Roles of operators, at every method of the house: who may look, change, approve. */
#include "common/frame.h"
#include "common/role.h"

#include "bell_room.h"

static void words(void **state)
{
    static const struct {
        const char *text;
        bool good;
        unsigned want;
    } cases[] = {
        {"view", true, MC_ROLE_VIEW},
        {"operate", true, MC_ROLE_VIEW | MC_ROLE_OPERATE},
        {"approve", true, MC_ROLE_VIEW | MC_ROLE_APPROVE},
        {"operate,approve", true, MC_ROLES_ALL},
        {"view,operate,approve", true, MC_ROLES_ALL},
        {"", false, 0},
        {"operate,", false, 0},
        {",operate", false, 0},
        {"operate approve", false, 0},
        {"Operate", false, 0},
        {"operates", false, 0},
        {"admin", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        unsigned got = 0;

        if (mc_roles_read(cases[i].text, &got) != cases[i].good || got != cases[i].want)
            fail_msg("'%s': %u", cases[i].text, got);
    }
}

/* What a call came to: MC_DENIED for want of a role, or whatever the method itself says. */
static bool is_denied(struct harness *h, const struct mc_method *method, const char *roles,
                      bool tcp, unsigned tcp_roles)
{
    struct mc_service *service = harness_service(h);
    Motcua__Header head = MOTCUA__HEADER__INIT;
    static uint8_t id[MC_ID_LEN] = {0x01, 0xa0, 0x79, 0xaa, 0x50, 0x80, 0x70, 0, 0x80};
    struct mc_turn turn;

    id[MC_ID_LEN - 1]++;
    if (id[MC_ID_LEN - 1] == 0)
        id[MC_ID_LEN - 2]++;
    mc_arena_budget(&service->arena, service->arena.size);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method->name);
    head.caller = mc_unconst("operator:an");
    head.roles = mc_unconst(roles);
    struct mc_call call = {.header = mc_envelope_pack(&service->arena, &head),
                           .arrived_ms = harness_now(h),
                           .transport_caller = tcp ? "operator:an" : NULL,
                           .transport_roles = tcp_roles};
    assert_true(mc_call_open(service, &call));
    if (mc_call_is_read(&call)) {
        mc_call_read(service, &call);
    } else {
        mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
        mc_call_write(service, &turn, &call);
        mc_turn_abort(&turn);
    }
    mc_arena_reset(&service->arena);
    return call.status == MC_DENIED;
}

/* Each role at each method for operators. */
static void each_role_at_each_method(void **state)
{
    struct harness *h = harness_open(&bell_room, NULL);
    const struct mc_service *service = harness_service(h);
    size_t reads = 0;
    size_t writes = 0;
    size_t approvals = 0;

    (void)state;
    for (size_t i = 0; i < service->methods_len; i++) {
        const struct mc_method *method = &service->methods[i];
        bool approves = strcmp(method->proto->name, "ApproveAction") == 0 ||
                        strcmp(method->proto->name, "ReleaseHold") == 0;
        bool reads_only = method->route->mode == MC_READ;
        static const struct {
            const char *words;
            unsigned bits;
        } roles[] = {{"view", MC_ROLE_VIEW},
                     {"operate", MC_ROLE_VIEW | MC_ROLE_OPERATE},
                     {"approve", MC_ROLE_VIEW | MC_ROLE_APPROVE},
                     {"operate,approve", MC_ROLES_ALL}};

        if ((method->route->who & MC_OPERATOR) == 0)
            continue;
        reads += reads_only;
        approvals += approves;
        writes += !reads_only && !approves;
        assert_false(is_denied(h, method, "", false, 0)); /* our own users may all */
        assert_true(is_denied(h, method, "root", false, 0));
        for (size_t j = 0; j < MC_LEN(roles); j++) {
            bool may = reads_only || (approves ? (roles[j].bits & MC_ROLE_APPROVE) != 0
                                               : (roles[j].bits & MC_ROLE_OPERATE) != 0);

            if (is_denied(h, method, roles[j].words, false, 0) == may ||
                is_denied(h, method, "", true, roles[j].bits) == may)
                fail_msg("%s: %s", method->name, roles[j].words);
            /* a header takes rights away, and gives none */
            assert_int_equal(is_denied(h, method, "view", true, roles[j].bits), !reads_only);
            assert_int_equal(is_denied(h, method, "operate,approve", true, MC_ROLE_VIEW),
                             !reads_only);
        }
        assert_true(is_denied(h, method, "", true, 0));
    }
    assert_true(reads >= 6);
    assert_true(writes >= 5);
    assert_int_equal(approvals, 2);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(each_role_at_each_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
