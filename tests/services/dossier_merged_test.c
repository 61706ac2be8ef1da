/* Two accounts of one person: the one that goes on owns what the other filed (REG-46, REG-48). */
#include "dossier_help.h"

#define CAROL_ID "0190a07b-0000-7000-8000-000000000ca0"

static const struct mc_caller carol = {.account_id = CAROL_ID, .ial = 2};

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static void tell(struct harness *h, const char *type, const struct mc_caller *stays,
                 const char *merged)
{
    static const char *const no_keys[] = {NULL};
    Identity__AccountsMerged body = IDENTITY__ACCOUNTS_MERGED__INIT;

    body.kept_account_id = mc_unconst(stays->account_id);
    body.merged_account_id = mc_unconst(merged);
    harness_event(h, "identity", type, &body.base, no_keys);
}

static size_t listed(struct harness *h, const struct mc_caller *who)
{
    Dossier__ListMineRequest req = DOSSIER__LIST_MINE_REQUEST__INIT;

    harness_as(h, who);
    const Dossier__ListReply *reply = harness_call(h, "ListMine", &req.base, MC_OK);
    return reply->n_dossiers;
}

static void test_merged_and_not(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    (void)save_as(h, &bob, SINGLE, MC_OK);

    (void)get_as(h, &bob, draft->dossier_id, MC_NOT_FOUND);
    tell(h, "identity.accounts_merged", &bob, ALICE_ID);
    harness_reopen(h);
    assert_int_equal(listed(h, &bob), 2);
    (void)submit_as(h, &bob, draft->dossier_id, MC_OK); /* he goes on where she was */
    assert_string_equal(get_as(h, &bob, draft->dossier_id, MC_OK)->owner_account, ALICE_ID);
    (void)get_as(h, &carol, draft->dossier_id, MC_NOT_FOUND);

    tell(h, "identity.accounts_merged", &carol, bob.account_id); /* and again */
    assert_int_equal(listed(h, &carol), 2);
    (void)get_as(h, &carol, draft->dossier_id, MC_OK);
    tell(h, "identity.accounts_unmerged", &carol, bob.account_id);
    assert_int_equal(listed(h, &carol), 0);
    (void)get_as(h, &carol, draft->dossier_id, MC_NOT_FOUND);
    tell(h, "identity.accounts_unmerged", &bob, ALICE_ID);
    assert_int_equal(listed(h, &bob), 1);
    (void)get_as(h, &bob, draft->dossier_id, MC_NOT_FOUND);
    (void)get_as(h, &alice, draft->dossier_id, MC_OK);
}

/* A refused event is passed over: the journal does not stop at it. */
static void test_an_event_without_accounts(void **state)
{
    struct harness *h = *state;

    tell(h, "identity.accounts_merged", &bob, "");
    tell(h, "identity.accounts_unmerged", &bob, "nobody");
    assert_int_equal(harness_rows(h, DOSSIER_ALIASES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merged_and_not, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_an_event_without_accounts, open_room, close_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
