/*
 * I8: one order, a platform of any mood, by seed. Whatever is lost, repeated, late or restarted,
 * what the platform holds in the end is what our books hold: once, in the order or in suspense.
 */
#include "payment_help.h"

enum { SEEDS = 120, STEPS = 100, REFERENCES_MAX = PAYMENT_ATTEMPTS_MAX };

enum bank_state { BANK_NONE, BANK_PAGE, BANK_PAID, BANK_FAILED };

/* The platform's own memory: the oracle. */
struct bank {
    struct bank_row {
        char reference[PAYMENT_REFERENCE_MAX + 1];
        enum bank_state state;
        unsigned inits;
    } rows[REFERENCES_MAX];
    size_t len;
};

struct story {
    struct harness *h;
    struct mc_random_seeded seeded;
    struct mc_random random;
    struct bank bank;
};

/* What the stories together came through: a test that sees nothing proves nothing. */
struct seen {
    size_t succeeded;
    size_t suspended;
    size_t failed;
};

static uint64_t below(struct story *story, uint64_t end)
{
    return mc_random_below(&story->random, end);
}

static struct bank_row *row_of(struct bank *bank, const char *reference)
{
    for (size_t i = 0; i < bank->len; i++)
        if (strcmp(bank->rows[i].reference, reference) == 0)
            return &bank->rows[i];
    assert_true(bank->len < REFERENCES_MAX);
    struct bank_row *row = &bank->rows[bank->len++];
    (void)snprintf(row->reference, sizeof row->reference, "%s", reference);
    return row;
}

static struct bank_row *row_of_body(struct bank *bank, struct mc_bytes body)
{
    struct mc_json *json = NULL;

    assert_int_equal(mc_json_parse(body, &json), MC_OK);
    struct bank_row *row = row_of(bank, mc_json_text(json, "MaThamChieu"));
    mc_json_free(json);
    return row;
}

static bool is_open(Payment__AttemptState state)
{
    return state == PAYMENT__ATTEMPT_STATE__STARTING || state == PAYMENT__ATTEMPT_STATE__WAITING ||
           state == PAYMENT__ATTEMPT_STATE__CONFIRMING || state == PAYMENT__ATTEMPT_STATE__UNKNOWN;
}

static bool any_open(const Payment__Order *order)
{
    for (size_t i = 0; i < order->n_attempts; i++)
        if (is_open(order->attempts[i]->state))
            return true;
    return false;
}

static void step_start(struct story *story)
{
    const Payment__Order *order = current(story->h);
    bool may = order->state == PAYMENT__ORDER_STATE__PENDING && !any_open(order) &&
               order->expires_at_ms > harness_now(story->h);

    if (order->n_attempts < REFERENCES_MAX - 1 && (may || any_open(order)))
        if (order->state == PAYMENT__ORDER_STATE__PENDING &&
            order->expires_at_ms > harness_now(story->h))
            (void)start_as(story->h, order->order_id, may ? MC_OK : MC_CONFLICT);
}

static void tell(struct harness *h, const struct harness_exchange *exchange,
                 enum mc_http_outcome outcome)
{
    harness_result(h, exchange, &(struct mc_result){.outcome = outcome, .code = ""});
}

static void step_init(struct story *story)
{
    struct harness_exchange exchange;

    if (!harness_effect(story->h, "platform.init", &exchange))
        return;
    uint64_t mood = below(story, 7);
    if (mood == 0) {
        tell(story->h, &exchange, MC_HTTP_NOT_SENT);
        return;
    }
    if (mood == 1) { /* lost on the way there */
        tell(story->h, &exchange, MC_HTTP_UNKNOWN);
        return;
    }
    struct bank_row *row = row_of_body(&story->bank, exchange.http.body);
    row->inits++;
    if (row->state == BANK_NONE)
        row->state = BANK_PAGE;
    if (mood == 2) /* lost on the way back */
        tell(story->h, &exchange, MC_HTTP_UNKNOWN);
    else if (mood == 3)
        harness_answer(story->h, &exchange, 500, "");
    else if (mood == 4)
        harness_reopen(story->h); /* we died before we heard it */
    else
        harness_answer(story->h, &exchange, 200, INIT_OK);
}

static void answer_query(struct story *story, bool honest)
{
    static const char *const answers[] = {QUERY_FAILED, QUERY_PENDING, QUERY_PAID, QUERY_FAILED};
    struct harness_exchange exchange;

    if (!harness_effect(story->h, "platform.query", &exchange))
        return;
    const struct bank_row *row = row_of_body(&story->bank, exchange.http.body);
    uint64_t mood = honest ? 9 : below(story, 8);
    if (mood == 0)
        tell(story->h, &exchange, MC_HTTP_UNKNOWN);
    else if (mood == 1)
        harness_answer(story->h, &exchange, 502, "");
    else if (mood == 2)
        harness_reopen(story->h);
    else
        harness_answer(story->h, &exchange, 200, answers[row->state]);
}

static void call_back(struct story *story, const struct bank_row *row)
{
    char transaction[PAYMENT_TRANSACTION_MAX];

    (void)snprintf(transaction, sizeof transaction, "FT%s", row->reference + 3);
    assert_string_equal(confirm(story->h, CONFIRM(.reference = row->reference,
                                                  .code = row->state == BANK_PAID ? "00" : "24",
                                                  .transaction = transaction)),
                        "00");
}

static struct bank_row *any_row(struct story *story)
{
    return story->bank.len > 0 ? &story->bank.rows[below(story, story->bank.len)] : NULL;
}

/* The payer pays, or gives up, wherever a page is; sometimes after the platform said "failed". */
static void step_payer(struct story *story)
{
    struct bank_row *row = any_row(story);

    if (row != NULL && row->state == BANK_PAGE)
        row->state = below(story, 3) == 0 ? BANK_FAILED : BANK_PAID;
    else if (row != NULL && row->state == BANK_FAILED && below(story, 4) == 0)
        row->state = BANK_PAID;
}

static void step_callback(struct story *story)
{
    const struct bank_row *row = any_row(story);

    if (row != NULL && (row->state == BANK_PAID || row->state == BANK_FAILED))
        call_back(story, row);
}

static void step_time(struct story *story)
{
    static const int64_t steps[] = {1, 1000, 5000, MINUTE_MS, 15 * MINUTE_MS, DAY_MS, DAY_MS * 8};

    harness_advance(story->h, steps[below(story, MC_LEN(steps))]);
    harness_tick(story->h);
}

static void step(struct story *story)
{
    switch (below(story, 10)) {
    case 0:
    case 1:
        step_start(story);
        break;
    case 2:
    case 3:
        step_init(story);
        break;
    case 4:
        step_payer(story);
        break;
    case 5:
        step_callback(story);
        break;
    case 6:
    case 7:
        answer_query(story, false);
        break;
    case 8:
        step_time(story);
        break;
    default:
        harness_reopen(story->h);
        break;
    }
    (void)books(story->h); /* I7: at every step */
}

/* The faults stop: callbacks are delivered, questions answered, until nothing is open. */
static void calm(struct story *story)
{
    for (int i = 0; i < 200; i++) {
        step_init(story);
        answer_query(story, true);
        harness_advance(story->h, 10 * MINUTE_MS);
        for (size_t n = 0; n < story->bank.len && i % 20 == 0; n++)
            if (story->bank.rows[n].state == BANK_PAID)
                call_back(story, &story->bank.rows[n]);
    }
}

static void judge(struct story *story, struct seen *seen)
{
    const Payment__Order *order = current(story->h);
    size_t succeeded = 0;
    size_t suspended = 0;
    size_t paid = 0;

    for (size_t i = 0; i < story->bank.len; i++) {
        paid += story->bank.rows[i].state == BANK_PAID;
        assert_true(story->bank.rows[i].inits <= 1); /* never a blind second INIT */
    }
    for (size_t i = 0; i < order->n_attempts; i++) {
        assert_false(is_open(order->attempts[i]->state));
        succeeded += order->attempts[i]->state == PAYMENT__ATTEMPT_STATE__SUCCEEDED;
        suspended += order->attempts[i]->state == PAYMENT__ATTEMPT_STATE__SUSPENSE;
    }
    assert_int_equal(succeeded + suspended, paid);
    assert_true(succeeded <= 1);
    assert_int_equal(order->state == PAYMENT__ORDER_STATE__PAID, succeeded == 1);
    assert_int_equal(order->n_receipts, succeeded);
    assert_int_equal(harness_rows(story->h, PAYMENT_RECEIPTS), succeeded);
    assert_int_equal(harness_events(story->h, "payment.paid"), succeeded);
    assert_int_equal(harness_events(story->h, "payment.suspense"), suspended);
    money_is(story->h, (int64_t)(8000 * succeeded), (int64_t)(8000 * suspended));
    seen->succeeded += succeeded;
    seen->suspended += suspended;
    seen->failed += order->n_attempts - succeeded - suspended;
}

static void a_platform_of_any_mood(void **state)
{
    struct seen seen = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct story story = {.h = room_open()};

        story.random = mc_random_seed(&story.seeded, seed);
        (void)order_new(story.h);
        for (int i = 0; i < STEPS; i++)
            step(&story);
        calm(&story);
        judge(&story, &seen);
        harness_close(story.h);
    }
    print_message("succeeded %zu, suspense %zu, failed %zu\n", seen.succeeded, seen.suspended,
                  seen.failed);
    assert_true(seen.succeeded > SEEDS / 3 && seen.suspended > 0 && seen.failed > SEEDS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_platform_of_any_mood)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
