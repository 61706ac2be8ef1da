/* Lists of names: whatever comes and goes, and in whatever order, they say what a plain list says;
 * and what an older version has left is found before and after it has moved. */
#include <stdlib.h>

#include "common/frame.h"

#include "identity_help.h"
#include "services/identity/officer.h"

enum { IDS = 400, STEPS = 4000, NAMES = 3 };

struct model {
    struct harness *h;
    struct mc_random rng;
    struct mc_random_seeded seeded;
    uint8_t hashes[NAMES][MC_ID_LEN];
    uint8_t ids[IDS][MC_ID_LEN]; /* in their order */
    bool holds[NAMES][IDS];
};

struct moment {
    struct mc_service *service;
    struct mc_turn turn;
    struct mc_txn txn;
};

static void begin(struct harness *h, struct moment *moment)
{
    static const struct mc_caller caller = {.name = "system", .who = MC_ROOM};
    static const Motcua__Header header = MOTCUA__HEADER__INIT;

    moment->service = harness_service(h);
    mc_turn_begin(&moment->turn, moment->service->store, &moment->service->arena, harness_now(h));
    mc_txn_open(&moment->txn, &moment->turn);
    moment->txn.random = moment->service->options.random;
    moment->txn.secrets = &moment->service->secrets;
    moment->txn.caller = &caller;
    moment->txn.header = &header;
}

static void end(struct moment *moment)
{
    assert_int_equal(mc_txn_apply(&moment->txn), MC_OK);
    assert_int_equal(mc_turn_commit(&moment->turn), MC_OK);
    mc_arena_reset(&moment->service->arena);
}

static struct mc_bytes bytes(const uint8_t id[MC_ID_LEN])
{
    return (struct mc_bytes){id, MC_ID_LEN};
}

/* Hashes that are neighbours: a walk that leaves its own list would be in the next one. */
static void model_make(struct model *model, struct harness *h)
{
    memset(model, 0, sizeof *model);
    model->h = h;
    model->rng = mc_random_seed(&model->seeded, 11);
    for (size_t i = 0; i < NAMES; i++) {
        memset(model->hashes[i], 0x77, MC_ID_LEN);
        model->hashes[i][MC_ID_LEN - 1] = (uint8_t)i;
    }
    for (size_t i = 0; i < IDS; i++) {
        model->ids[i][0] = 1;
        model->ids[i][MC_ID_LEN - 2] = (uint8_t)(2 * i >> 8);
        model->ids[i][MC_ID_LEN - 1] = (uint8_t)(2 * i); /* with a gap between two */
    }
}

static void assert_steps(struct model *model, struct mc_txn *txn, size_t name, size_t from)
{
    uint8_t at[MC_ID_LEN];
    size_t want = from + 1;

    memcpy(at, model->ids[from], MC_ID_LEN);
    at[MC_ID_LEN - 1] |= (uint8_t)mc_random_below(&model->rng, 2); /* itself, or in the gap */
    while (want > 0 && !model->holds[name][want - 1])
        want--;
    bool found = identity_names_step(txn, bytes(model->hashes[name]), at);
    assert_int_equal(found, want > 0);
    if (found)
        assert_memory_equal(at, model->ids[want - 1], MC_ID_LEN);
}

static void one_change(struct model *model, struct mc_txn *txn, size_t step)
{
    size_t name = (size_t)mc_random_below(&model->rng, NAMES);
    size_t id = (size_t)mc_random_below(&model->rng, IDS);
    bool grows = step / 1000 % 2 == 0; /* fills up, then thins out */
    bool adds = mc_random_below(&model->rng, 8) < (grows ? 7 : 1);

    if (adds)
        identity_names_add(txn, bytes(model->hashes[name]), bytes(model->ids[id]));
    else
        identity_names_drop(txn, bytes(model->hashes[name]), bytes(model->ids[id]));
    model->holds[name][id] = adds;
}

static void a_list_says_what_a_plain_one_says(void **state)
{
    struct model *model = calloc(1, sizeof *model);

    assert_non_null(model);
    model_make(model, *state);
    for (size_t i = 0; i < STEPS;) {
        struct moment moment;

        begin(model->h, &moment);
        for (size_t j = 0; j < 40; j++, i++) { /* reads see what the same call has written */
            one_change(model, &moment.txn, i);
            assert_steps(model, &moment.txn, (size_t)mc_random_below(&model->rng, NAMES),
                         (size_t)mc_random_below(&model->rng, IDS));
        }
        end(&moment);
    }
    free(model);
}

static void ids_in_their_order_fill_their_rows(void **state)
{
    struct model *model = calloc(1, sizeof *model);
    size_t before = harness_rows(*state, IDENTITY_ACCOUNT_NAMES);
    struct moment moment;

    assert_non_null(model);
    model_make(model, *state);
    begin(*state, &moment);
    for (size_t i = 0; i < IDENTITY_NAMES_PIECE; i++)
        identity_names_add(&moment.txn, bytes(model->hashes[0]), bytes(model->ids[i]));
    end(&moment);
    assert_int_equal(harness_rows(*state, IDENTITY_ACCOUNT_NAMES), before + 1);
    begin(*state, &moment);
    identity_names_add(&moment.txn, bytes(model->hashes[0]),
                       bytes(model->ids[IDENTITY_NAMES_PIECE]));
    end(&moment);
    assert_int_equal(harness_rows(*state, IDENTITY_ACCOUNT_NAMES), before + 2);
    free(model);
}

static size_t found(struct harness *h, const char *name)
{
    Identity__SearchStaffRequest request = IDENTITY__SEARCH_STAFF_REQUEST__INIT;
    Identity__StaffFilter filter = IDENTITY__STAFF_FILTER__INIT;

    act_as_operator(h);
    harness_purpose(h, "Kiểm tra");
    filter.name = text(name);
    filter.everyone = true;
    request.filter = &filter;
    return ((Identity__SearchStaffReply *)harness_call(h, "SearchStaff", &request.base, MC_OK))
        ->n_rows;
}

/* The row of account_index that an older version wrote, and none of names. */
static void put_as_before(struct harness *h, const char *account, const char *folded)
{
    struct moment moment;

    begin(h, &moment);
    struct mc_bytes id = identity_id_parse(&moment.txn, account);
    struct mc_bytes hash = identity_index_hash(&moment.txn, IDENTITY_INDEX_NAME, folded);
    identity_names_drop(&moment.txn, hash, id);
    mc_put(&moment.txn, IDENTITY_ACCOUNT_INDEX, mc_key_join(&moment.txn, hash, id),
           (struct mc_bytes){"", 0});
    mc_drop(&moment.txn, IDENTITY_ACCOUNT_NAMES, (struct mc_bytes){"", 1}); /* none has moved */
    end(&moment);
}

static void names_of_an_older_version_are_found_and_move(void **state)
{
    static const struct person twin = {"038085990033", "Nguyễn Thị Hoà Bình", "17/11/1985",
                                       "0868000303", "84868000303"};
    struct harness *h = *state;
    char *first = open_account(h, &binh);
    (void)open_account(h, &twin);

    assert_int_equal(found(h, binh.name), 2);
    size_t rows = harness_rows(h, IDENTITY_ACCOUNT_INDEX);
    put_as_before(h, first, "nguyen thi hoa binh");
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNT_INDEX), rows + 1);
    assert_int_equal(found(h, binh.name), 2); /* one here, one there */
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNT_INDEX), rows);
    assert_int_equal(found(h, binh.name), 2);
    harness_tick(h); /* and no more than once */
    assert_int_equal(found(h, binh.name), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_says_what_a_plain_one_says),
        TEST(ids_in_their_order_fill_their_rows),
        TEST(names_of_an_older_version_are_found_and_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
