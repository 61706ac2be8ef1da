/* Two accounts of one person: the one that goes on sees and pays what the other owes (REG-46). */
#include "payment_help.h"

static void tell(struct harness *h, const char *type, const char *merged)
{
    static const char *const no_keys[] = {NULL};
    Identity__AccountsMerged body = IDENTITY__ACCOUNTS_MERGED__INIT;

    body.kept_account_id = text(STRANGER);
    body.merged_account_id = text(merged);
    harness_event(h, "identity", type, &body.base, no_keys);
}

static size_t listed(struct harness *h)
{
    Payment__ListOrdersRequest list = PAYMENT__LIST_ORDERS_REQUEST__INIT;

    as_account(h, STRANGER);
    const Payment__ListOrdersReply *reply = harness_call(h, "ListOrders", &list.base, MC_OK);
    return reply->n_orders;
}

static void pay(struct harness *h, ProtobufCBinaryData order_id, enum mc_status want)
{
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;

    as_account(h, STRANGER);
    req.order_id = order_id;
    req.payer_address = text("192.0.2.10");
    (void)harness_call(h, "StartPayment", &req.base, want);
}

static void merged_and_not(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData order = order_new(h)->order_id;

    assert_int_equal(listed(h), 0);
    pay(h, order, MC_NOT_FOUND);
    tell(h, "identity.accounts_merged", OWNER);
    harness_reopen(h);
    assert_int_equal(listed(h), 1);
    accept(h, "000.20.31.H53-260907-0008", 8000, 8); /* of a dossier the merged account filed */
    assert_int_equal(listed(h), 2);
    pay(h, order, MC_OK);
    assert_string_equal(current(h)->owner_account, OWNER);
    tell(h, "identity.accounts_unmerged", OWNER);
    assert_int_equal(listed(h), 0);
    pay(h, order, MC_NOT_FOUND);
    tell(h, "identity.accounts_merged", "nobody");
    assert_int_equal(harness_rows(h, PAYMENT_ALIASES), 0);
}

static int open_room(void **state)
{
    *state = room_open();
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(merged_and_not, open_room, close_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
