/* Temporary passwords: what an office sends by SMS (OFF-31, LOG-09). */
#include "common/frame.h"
#include "common/password.h"

#include "identity_help.h"

/* A room whose tick gives every account a temporary password, as an officer's handler would. */
static char given[MC_WORK_PASSWORD_MAX];
static enum mc_status give_all(void *ctx, struct mc_txn *txn)
{
    struct mc_work work = {0};
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    identity_password_temporary_prepare(txn, &work);
    assert_int_equal(work.kind, MC_WORK_HASH);
    work.ok = mc_password_hash(work.hash, work.password, MC_PASSWORD_COST_TEST) == MC_OK;
    txn->work = &work;
    while (mc_next(&cursor)) {
        IdentityState__Account *account = mc_row(&cursor, &identity_state__account__descriptor);
        assert_non_null(account);
        const char *password = identity_password_temporary(ctx, txn, account);
        assert_non_null(password);
        assert_true(account->password_temporary);
        assert_int_equal(account->password_expires_at_ms, txn->now_ms + 168 * 60 * MINUTE_MS);
        (void)snprintf(given, sizeof given, "%s", password);
        mc_save(txn, IDENTITY_ACCOUNTS, cursor.key, &account->base);
    }
    txn->work = NULL;
    return txn->status;
}

static struct harness *open_giving(void)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};
    static struct mc_room room;

    room = identity_room;
    room.tick = give_all;
    return harness_open(&room, settings);
}

static void a_temporary_password_signs_in_instead_of_the_old_one(void **state)
{
    (void)state;
    struct harness *h = open_giving();
    (void)open_account(h, &binh);
    harness_tick(h);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
    assert_string_equal(login_with(h, BINH_ID, given)->code, "");
    harness_close(h);
}

static void temporary_passwords_are_strong_and_never_the_same(void **state)
{
    struct harness *h = *state;
    struct mc_txn txn = {.random = harness_service(h)->options.random};
    char seen[100][MC_WORK_PASSWORD_MAX];

    for (size_t i = 0; i < MC_LEN(seen); i++) {
        struct mc_work work = {0};
        identity_password_temporary_prepare(&txn, &work);
        assert_int_equal(strlen(work.password), 12);
        assert_null(mc_password_check(work.password, NULL)); /* REG-23 */
        assert_int_equal(strcspn(work.password, "lI1O0io"), 12);
        memcpy(seen[i], work.password, sizeof seen[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_temporary_password_signs_in_instead_of_the_old_one),
        cmocka_unit_test_setup_teardown(temporary_passwords_are_strong_and_never_the_same,
                                        open_room, close_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
