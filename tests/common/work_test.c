/* What the pool does with passwords: compares, hashes, measures, makes older hashes anew. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "common/work.h"

#define HARDER ((struct mc_password_cost){.passes = 2, .memory = 16384})

static struct mc_work work_of(enum mc_work_kind kind, const char *password, const char *hash)
{
    struct mc_work work = {.kind = kind};

    (void)snprintf(work.password, sizeof work.password, "%s", password);
    (void)snprintf(work.hash, sizeof work.hash, "%s", hash);
    return work;
}

static void hashes_fit_and_older_ones_are_made_anew(void **state)
{
    (void)state;
    struct mc_work made = work_of(MC_WORK_HASH, "Gieng#Lang7sau", "");
    mc_work_run(&made, MC_PASSWORD_COST_TEST, (struct mc_bytes){0});
    assert_true(made.ok);
    struct mc_work same = work_of(MC_WORK_VERIFY, "Gieng#Lang7sau", made.hash);
    mc_work_run(&same, MC_PASSWORD_COST_TEST, (struct mc_bytes){0});
    assert_true(same.ok);
    assert_string_equal(same.fresh, "");
    struct mc_work harder = work_of(MC_WORK_VERIFY, "Gieng#Lang7sau", made.hash);
    mc_work_run(&harder, HARDER, (struct mc_bytes){0});
    assert_true(harder.ok);
    assert_true(mc_password_verify(harder.fresh, "Gieng#Lang7sau"));
    assert_false(mc_password_needs_rehash(harder.fresh, HARDER));
    struct mc_work wrong = work_of(MC_WORK_VERIFY, "Gieng#Lang7sa", made.hash);
    mc_work_run(&wrong, HARDER, (struct mc_bytes){0});
    assert_false(wrong.ok);
    assert_string_equal(wrong.fresh, "");
}

static void a_change_needs_the_old_one_and_a_good_new_one(void **state)
{
    (void)state;
    struct mc_work made = work_of(MC_WORK_HASH, "Gieng#Lang7sau", "");
    mc_work_run(&made, MC_PASSWORD_COST_TEST, (struct mc_bytes){0});
    static const struct {
        const char *old, *next;
        bool ok, guessable, made;
    } cases[] = {
        {"Gieng#Lang7sau", "Nuoc#Chay8dau", true, false, true},
        {"Gieng#Lang7sau", "Matkhau@123", true, true, false},
        {"Gieng#Lang7x", "Nuoc#Chay8dau", false, false, false},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_work change = work_of(MC_WORK_CHANGE, cases[i].old, made.hash);
        (void)snprintf(change.next, sizeof change.next, "%s", cases[i].next);
        change.bits_min = 27;
        mc_work_run(&change, MC_PASSWORD_COST_TEST, (struct mc_bytes){0});
        assert_int_equal(change.ok, cases[i].ok);
        assert_int_equal(change.guessable, cases[i].guessable);
        assert_int_equal(change.fresh[0] != '\0', cases[i].made);
    }
}

/* The sum of the body, in the task's own memory. */
static const void *sum(const void *ctx, struct mc_arena *arena, struct mc_bytes body)
{
    unsigned *total = mc_alloc(arena, sizeof *total);

    for (size_t i = 0; total != NULL && i < body.len; i++)
        *total += ((const uint8_t *)body.data)[i] * *(const unsigned *)ctx;
    return total;
}

static void a_task_works_on_the_body_in_its_own_memory(void **state)
{
    (void)state;
    static const unsigned twice = 2;
    static const uint8_t body[] = {1, 2, 3};
    struct mc_work work = {.kind = MC_WORK_TASK, .task = sum, .task_ctx = &twice};

    mc_work_run(&work, MC_PASSWORD_COST_TEST, (struct mc_bytes){body, sizeof body});
    assert_int_equal(*(const unsigned *)work.task_result, 12);
    mc_work_done(&work);
    assert_null(work.task_result);
    mc_work_done(&work); /* nothing is left to give back */
}

/* libzxcvbn alone says 47 bits of "matkhau@123": it knows no Vietnamese. */
static void guessable_words_are_told(void **state)
{
    (void)state;
    static const char *const easy[] = {"Matkhau@123",  "Mậtkhẩu@123", "Dichvucong@2027",
                                       "Anhyeuem@123", "Saigon@2024", "Nguyen@123"};
    static const char *const hard[] = {"Nuoc#Chay8dau", "Mot-Cua#2026x", "xK4#pLm9", "tR7#kqPz"};

    for (size_t i = 0; i < MC_LEN(easy); i++)
        if (mc_password_bits(easy[i], "") >= 27)
            fail_msg("%s: %u", easy[i], mc_password_bits(easy[i], ""));
    for (size_t i = 0; i < MC_LEN(hard); i++)
        if (mc_password_bits(hard[i], "") < 27)
            fail_msg("%s: %u", hard[i], mc_password_bits(hard[i], ""));
    assert_true(mc_password_bits("Quetzalcoatl7#", "") >= 27);
    assert_true(mc_password_bits("Quetzalcoatl7#", "lan\nquetzalcoatl\n") < 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_fit_and_older_ones_are_made_anew),
        cmocka_unit_test(a_change_needs_the_old_one_and_a_good_new_one),
        cmocka_unit_test(a_task_works_on_the_body_in_its_own_memory),
        cmocka_unit_test(guessable_words_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
