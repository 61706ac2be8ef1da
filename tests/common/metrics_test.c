/* Metrics: the text Prometheus reads, and a table that cannot overflow. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/metrics.h"

#define DROPPED                                                                                    \
    "# HELP motcua_metrics_dropped_total Series that found the table full, each time they were "   \
    "asked for.\n# TYPE motcua_metrics_dropped_total counter\n"

static int begin(void **state)
{
    struct mc_metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics == NULL)
        return -1;
    mc_metrics_init(metrics);
    *state = metrics;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static char *text_of(const struct mc_metrics *metrics)
{
    size_t len = mc_metrics_text(metrics, NULL, 0);
    char *text = malloc(len + 1);

    assert_non_null(text);
    assert_int_equal(mc_metrics_text(metrics, text, len + 1), len);
    assert_int_equal(strlen(text), len);
    return text;
}

static void text_format(void **state)
{
    struct mc_metrics *metrics = *state;
    static const double bounds[] = {0.5, 1};
    char labels[MC_METRIC_LABELS_MAX] = "";

    mc_metric_label(labels, "method", "Issue");
    mc_metric_label(labels, "odd", "a\"b\\c\nd");
    mc_metric_add(mc_metric_counter(metrics, "calls_total", labels, "Calls\\\nof all."), 2);
    mc_metric_set(mc_metric_gauge(metrics, "age_seconds", NULL, "Age."), 0.1);
    mc_metric_add(mc_metric_counter(metrics, "calls_total", "method=\"Verify\"", "Calls."), 3);
    mc_metric_add(mc_metric_counter(metrics, "calls_total", labels, "Calls."), 1);
    struct mc_metric *took =
        mc_metric_histogram(metrics, "took_seconds", "lane=\"otp\"", "Took.", bounds, 2);
    mc_metric_observe(took, 0.5);
    mc_metric_observe(took, 0.75);
    mc_metric_observe(took, 7);

    char *text = text_of(metrics);
    assert_string_equal(text, DROPPED "motcua_metrics_dropped_total 0\n"
                                      "# HELP calls_total Calls\\\\\\nof all.\n"
                                      "# TYPE calls_total counter\n"
                                      "calls_total{method=\"Issue\",odd=\"a\\\"b\\\\c\\nd\"} 3\n"
                                      "calls_total{method=\"Verify\"} 3\n"
                                      "# HELP age_seconds Age.\n"
                                      "# TYPE age_seconds gauge\n"
                                      "age_seconds 0.1\n"
                                      "# HELP took_seconds Took.\n"
                                      "# TYPE took_seconds histogram\n"
                                      "took_seconds_bucket{lane=\"otp\",le=\"0.5\"} 1\n"
                                      "took_seconds_bucket{lane=\"otp\",le=\"1\"} 2\n"
                                      "took_seconds_bucket{lane=\"otp\",le=\"+Inf\"} 3\n"
                                      "took_seconds_sum{lane=\"otp\"} 8.25\n"
                                      "took_seconds_count{lane=\"otp\"} 3\n");
    char part[40];
    assert_int_equal(mc_metrics_text(metrics, part, sizeof(part)), strlen(text));
    assert_int_equal(strncmp(part, text, sizeof(part) - 1), 0);
    assert_int_equal(part[sizeof(part) - 1], '\0');
    free(text);
}

static void odd_numbers(void **state)
{
    struct mc_metrics *metrics = *state;

    mc_metric_set(mc_metric_gauge(metrics, "a", NULL, ""), (double)NAN);
    mc_metric_set(mc_metric_gauge(metrics, "b", NULL, ""), (double)-INFINITY);
    mc_metric_set(mc_metric_gauge(metrics, "c", NULL, ""), 1788747600.412);
    mc_metric_set(mc_metric_gauge(metrics, "d", NULL, ""), 1.0 / 3);
    mc_metric_add(mc_metric_counter(metrics, "e_total", NULL, ""), UINT64_MAX);
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "\na NaN\n"));
    assert_non_null(strstr(text, "\nb -Inf\n"));
    assert_non_null(strstr(text, "\nc 1788747600.412\n"));
    assert_non_null(strstr(text, "\nd 0.3333333333333333\n"));
    assert_non_null(strstr(text, "\ne_total 18446744073709551615\n"));
    free(text);
}

static void full_table(void **state)
{
    struct mc_metrics *metrics = *state;
    char labels[MC_METRIC_LABELS_MAX];

    for (size_t i = metrics->len; i < MC_METRICS_MAX; i++) {
        (void)snprintf(labels, sizeof(labels), "n=\"%zu\"", i);
        mc_metric_add(mc_metric_counter(metrics, "many_total", labels, "Many."), 1);
    }
    assert_int_equal(metrics->dropped->count, 0);
    struct mc_metric *took = mc_metric_histogram(metrics, "late_seconds", NULL, "Late.", NULL, 0);
    assert_ptr_equal(took, &metrics->spare);
    mc_metric_observe(took, 1);
    assert_int_equal(metrics->dropped->count, 1);
    mc_metric_add(mc_metric_counter(metrics, "many_total", labels, "Many."), 1);
    assert_int_equal(metrics->dropped->count, 1); /* known ones still are */
    char *text = text_of(metrics);
    assert_null(strstr(text, "late_seconds"));
    assert_non_null(strstr(text, "many_total{n=\"4095\"} 2\n"));
    free(text);
}

static void labels_limit(void **unused)
{
    (void)unused;
    char labels[MC_METRIC_LABELS_MAX] = "a=\"1\"";
    char value[MC_METRIC_LABELS_MAX + 1];
    size_t most = MC_METRIC_LABELS_MAX - 1 - strlen("a=\"1\",b=\"\"") - 1;

    for (size_t len = 0; len <= MC_METRIC_LABELS_MAX; len++) {
        memset(value, len % 2 == 0 ? 'x' : '"', len);
        value[len] = '\0';
        (void)snprintf(labels, sizeof(labels), "a=\"1\"");
        mc_metric_label(labels, "b", value);
        assert_true(strlen(labels) < sizeof(labels));
        if (len % 2 == 0 && len <= most)
            assert_int_equal(strlen(labels), strlen("a=\"1\",b=\"\"") + len);
        if (len > most + 1)
            assert_string_equal(labels, "a=\"1\"");
    }
}

static void quantiles(void **state)
{
    struct mc_metrics *metrics = *state;
    static const double bounds[] = {1, 2, 4};
    struct mc_metric *took = mc_metric_histogram(metrics, "took", NULL, "Took.", bounds, 3);

    assert_true(mc_metric_quantile(took, 0.5) == 0);
    for (size_t i = 0; i < 10; i++)
        mc_metric_observe(took, 1.5);
    assert_true(fabs(mc_metric_quantile(took, 0.5) - 1.5) < 1e-9);
    for (size_t i = 0; i < 10; i++)
        mc_metric_observe(took, 3);
    assert_true(fabs(mc_metric_quantile(took, 0.5) - 2) < 1e-9);
    assert_true(fabs(mc_metric_quantile(took, 0.75) - 3) < 1e-9);
    for (size_t i = 0; i < 20; i++)
        mc_metric_observe(took, 100);
    assert_true(fabs(mc_metric_quantile(took, 0.99) - 4) < 1e-9);
    struct mc_metric *latency = mc_metric_histogram(metrics, "lat", NULL, "Lat.", NULL, 0);
    mc_metric_observe(latency, 61);
    assert_true(fabs(mc_metric_quantile(latency, 0.5) - 60) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_format, begin, end),
        cmocka_unit_test_setup_teardown(odd_numbers, begin, end),
        cmocka_unit_test_setup_teardown(full_table, begin, end),
        cmocka_unit_test(labels_limit),
        cmocka_unit_test_setup_teardown(quantiles, begin, end),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
