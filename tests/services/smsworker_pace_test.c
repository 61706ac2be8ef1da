/* How fast texts leave, and what is remembered of those a carrier took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../services/smsworker/rate.h"
#include "../../services/smsworker/smpp_awaited.h"

/* Sends whatever the rate allows in one second; how many parts. */
static unsigned second(struct rate *rate, int64_t *now_ms, unsigned parts)
{
    int64_t end_ms = *now_ms + 1000;
    unsigned sent = 0;

    while (*now_ms < end_ms) {
        int64_t wait_ms = rate_wait_ms(rate, *now_ms);
        if (wait_ms > 0) {
            *now_ms += wait_ms;
            continue;
        }
        rate_take(rate, *now_ms, parts);
        sent += parts;
    }
    *now_ms = end_ms;
    return sent;
}

static void no_more_than_the_rate(void **state)
{
    struct rate rate = {.max = 10};
    int64_t now_ms = 5000;

    (void)state;
    assert_int_equal(second(&rate, &now_ms, 1), 10);
    assert_int_equal(second(&rate, &now_ms, 1), 10);
    now_ms += 60000; /* what was not used is not saved up */
    assert_int_equal(second(&rate, &now_ms, 1), 10);
    assert_in_range(second(&rate, &now_ms, 3), 9, 12); /* a text of three parts counts three */
}

static void no_rate_is_no_limit(void **state)
{
    struct rate rate = {0};

    (void)state;
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(rate_wait_ms(&rate, 1000), 0);
        rate_take(&rate, 1000, 1);
    }
}

static void throttled_halves_and_grows_back(void **state)
{
    struct rate rate = {.max = 100};
    int64_t now_ms = 1000;

    (void)state;
    assert_int_equal(second(&rate, &now_ms, 1), 100);
    for (int i = 0; i < 10; i++) /* a whole window was thrown back: one complaint */
        rate_slow(&rate, now_ms);
    assert_in_range(second(&rate, &now_ms, 1), 48, 56);
    rate_slow(&rate, now_ms);
    assert_in_range(second(&rate, &now_ms, 1), 24, 31);
    for (int i = 0; i < 30; i++)
        (void)second(&rate, &now_ms, 1);
    assert_int_equal(second(&rate, &now_ms, 1), 100);
}

static void throttled_without_a_rate_goes_by_what_was_sent(void **state)
{
    struct rate rate = {0};
    int64_t now_ms = 1000;

    (void)state;
    for (int i = 0; i < 40; i++)
        rate_take(&rate, now_ms, 1);
    rate_slow(&rate, now_ms);
    assert_in_range(second(&rate, &now_ms, 1), 19, 21);
    rate = (struct rate){.max = 1};
    rate_slow(&rate, now_ms);
    assert_int_equal(rate.now, RATE_MIN);
}

static char folder[] = "/tmp/awaited_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/gw.awaited", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static const char *reference_of(struct smpp_awaited *awaited, const char *id)
{
    const struct smpp_await *await = smpp_awaited_find(awaited, id);

    return await != NULL ? await->reference : NULL;
}

static void the_last_ones_are_known(void **state)
{
    struct smpp_awaited *awaited = smpp_awaited_open("", 3);

    (void)state;
    assert_non_null(awaited);
    assert_null(smpp_awaited_find(awaited, "a"));
    assert_true(smpp_awaited_add(awaited, "a", "ref-a", false));
    assert_true(smpp_awaited_add(awaited, "b", "ref-b", true));
    assert_true(smpp_awaited_add(awaited, "c", "ref-c", true));
    assert_string_equal(reference_of(awaited, "a"), "ref-a");
    assert_false(smpp_awaited_find(awaited, "a")->last);
    assert_true(smpp_awaited_find(awaited, "b")->last);
    assert_true(smpp_awaited_add(awaited, "d", "ref-d", true));
    assert_null(smpp_awaited_find(awaited, "a"));
    assert_true(smpp_awaited_add(awaited, "d", "again", true)); /* a carrier's counter began anew */
    assert_string_equal(reference_of(awaited, "d"), "again");
    assert_string_equal(reference_of(awaited, "c"), "ref-c");
    assert_false(smpp_awaited_add(awaited, "e", "", true));
    smpp_awaited_close(awaited);
}

static void known_after_a_restart(void **state)
{
    char id[16];
    struct smpp_awaited *awaited = smpp_awaited_open(path, 100);

    (void)state;
    assert_non_null(awaited);
    for (int i = 0; i < 450; i++) { /* the file is written anew on the way */
        (void)snprintf(id, sizeof id, "id%d", i);
        assert_true(smpp_awaited_add(awaited, id, id, i % 2 == 0));
    }
    smpp_awaited_close(awaited);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_true(about.st_size < 100 * 2 * 30);
    assert_int_equal(about.st_mode & 0777, 0600);
    awaited = smpp_awaited_open(path, 100);
    assert_string_equal(reference_of(awaited, "id350"), "id350");
    assert_string_equal(reference_of(awaited, "id449"), "id449");
    assert_true(smpp_awaited_find(awaited, "id448")->last);
    assert_false(smpp_awaited_find(awaited, "id449")->last);
    assert_null(smpp_awaited_find(awaited, "id349"));
    smpp_awaited_close(awaited);
}

static void broken_lines_are_passed_over(void **state)
{
    static const char text[] = "\n9f86\nzzzzzzzzzzzzzzzz L ref\n0123456789abcdef X ref\n"
                               "0123456789abcdef L \n0123456789abcdef L good\n0123456789abcd";
    FILE *file = fopen(path, "we");

    (void)state;
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof text - 1, file), sizeof text - 1);
    assert_int_equal(fclose(file), 0);
    struct smpp_awaited *awaited = smpp_awaited_open(path, 10);
    assert_non_null(awaited);
    smpp_awaited_close(awaited);
    char left[64] = "";
    file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(left, 1, sizeof left, file), strlen("0123456789abcdef L good\n"));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(left, "0123456789abcdef L good\n");
    assert_null(smpp_awaited_open("/nowhere/at/all", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_the_rate),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(throttled_halves_and_grows_back),
        cmocka_unit_test(throttled_without_a_rate_goes_by_what_was_sent),
        cmocka_unit_test(the_last_ones_are_known),
        cmocka_unit_test_setup_teardown(known_after_a_restart, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(broken_lines_are_passed_over, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
