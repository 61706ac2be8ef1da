#include "common/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"

const double mc_metric_latency[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                    0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1,
                                    2.5,     5,      10,      20,     30,    60};
_Static_assert(MC_LEN(mc_metric_latency) <= MC_METRIC_BUCKETS_MAX, "buckets");

/* The index's slot of this series, or the free one where it would be. */
static uint16_t *slot_of(struct mc_metrics *metrics, const char *name, const char *labels)
{
    uint64_t at = mc_checksum((struct mc_bytes){name, strlen(name)},
                              (struct mc_bytes){labels, strlen(labels)});

    for (;; at++) {
        uint16_t *slot = &metrics->index[at % MC_METRICS_INDEX];
        if (*slot == 0)
            return slot;
        const struct mc_metric *metric = &metrics->series[*slot - 1];
        if (strcmp(metric->name, name) == 0 && strcmp(metric->labels, labels) == 0)
            return slot;
    }
}

static struct mc_metric *first_of(struct mc_metrics *metrics, const char *name)
{
    struct mc_metric *first = metrics->firsts;

    while (first != NULL && strcmp(first->name, name) != 0)
        first = first->next_name;
    return first;
}

/* Behind the others of its name, whose lines stand together. */
static void join(struct mc_metrics *metrics, struct mc_metric *metric)
{
    struct mc_metric *first = first_of(metrics, metric->name);

    if (first == NULL) {
        metric->last = metric;
        *metrics->names_end = metric;
        metrics->names_end = &metric->next_name;
        return;
    }
    assert(first->kind == metric->kind); /* one name is one kind */
    first->last->next = metric;
    first->last = metric;
}

static struct mc_metric *metric_get(struct mc_metrics *metrics, enum mc_metric_kind kind,
                                    const char *name, const char *labels, const char *help)
{
    labels = labels != NULL ? labels : "";
    uint16_t *slot = slot_of(metrics, name, labels);

    if (*slot != 0)
        return &metrics->series[*slot - 1];
    if (metrics->len == MC_METRICS_MAX || strlen(labels) >= MC_METRIC_LABELS_MAX) {
        mc_metric_add(metrics->dropped, 1);
        metrics->spare = (struct mc_metric){.name = name, .kind = kind};
        return &metrics->spare;
    }

    struct mc_metric *metric = &metrics->series[metrics->len++];
    *metric = (struct mc_metric){.name = name, .help = help, .kind = kind};
    memcpy(metric->labels, labels, strlen(labels) + 1);
    *slot = (uint16_t)metrics->len;
    join(metrics, metric);
    return metric;
}

void mc_metrics_init(struct mc_metrics *metrics)
{
    metrics->len = 0;
    memset(metrics->index, 0, sizeof metrics->index);
    metrics->firsts = NULL;
    metrics->names_end = &metrics->firsts;
    metrics->dropped =
        metric_get(metrics, MC_COUNTER, "motcua_metrics_dropped_total", NULL,
                   "Series that found the table full, each time they were asked for.");
}

struct mc_metric *mc_metric_counter(struct mc_metrics *metrics, const char *name,
                                    const char *labels, const char *help)
{
    return metric_get(metrics, MC_COUNTER, name, labels, help);
}

struct mc_metric *mc_metric_gauge(struct mc_metrics *metrics, const char *name, const char *labels,
                                  const char *help)
{
    return metric_get(metrics, MC_GAUGE, name, labels, help);
}

struct mc_metric *mc_metric_histogram(struct mc_metrics *metrics, const char *name,
                                      const char *labels, const char *help, const double *bounds,
                                      size_t bounds_len)
{
    struct mc_metric *metric = metric_get(metrics, MC_HISTOGRAM, name, labels, help);

    assert(bounds_len <= MC_METRIC_BUCKETS_MAX);
    if (metric->bounds == NULL) {
        metric->bounds = bounds != NULL ? bounds : mc_metric_latency;
        metric->bounds_len = bounds != NULL ? bounds_len : MC_LEN(mc_metric_latency);
    }
    return metric;
}

void mc_metric_label(char labels[MC_METRIC_LABELS_MAX], const char *name, const char *value)
{
    size_t used = strlen(labels);
    size_t at = used;
    int len =
        snprintf(labels + at, MC_METRIC_LABELS_MAX - at, "%s%s=\"", used > 0 ? "," : "", name);

    at += len > 0 ? (size_t)len : 0;
    for (; *value != '\0' && at + 4 <= MC_METRIC_LABELS_MAX; value++) {
        if (*value == '"' || *value == '\\' || *value == '\n')
            labels[at++] = '\\';
        labels[at] = 'n';
        if (*value != '\n')
            labels[at] = *value;
        at++;
    }
    if (*value != '\0' || at + 2 > MC_METRIC_LABELS_MAX) {
        labels[used] = '\0';
        return;
    }
    labels[at++] = '"';
    labels[at] = '\0';
}

void mc_metric_observe(struct mc_metric *histogram, double value)
{
    size_t i = 0;

    while (i < histogram->bounds_len && value > histogram->bounds[i])
        i++;
    histogram->buckets[i]++;
    histogram->count++;
    histogram->value += value;
}

double mc_metric_quantile(const struct mc_metric *histogram, double q)
{
    double rank = q * (double)histogram->count;
    double below = 0;

    if (histogram->count == 0)
        return 0;
    for (size_t i = 0; i < histogram->bounds_len; i++) {
        double in = (double)histogram->buckets[i];

        if (in > 0 && below + in >= rank) {
            double low = i > 0 ? histogram->bounds[i - 1] : 0;
            return low + (histogram->bounds[i] - low) * (rank - below) / in;
        }
        below += in;
    }
    return histogram->bounds[histogram->bounds_len - 1]; /* beyond the last, nobody knows */
}

struct writer {
    char *out;
    size_t size;
    size_t len;
};

mc_printf(2, 3) static void print(struct writer *writer, const char *fmt, ...)
{
    va_list args;
    size_t left = writer->size > writer->len ? writer->size - writer->len : 0;

    va_start(args, fmt);
    int len = vsnprintf(left > 0 ? writer->out + writer->len : NULL, left, fmt, args);
    va_end(args);
    writer->len += len > 0 ? (size_t)len : 0;
}

static void print_help(struct writer *writer, const struct mc_metric *metric)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    print(writer, "# HELP %s ", metric->name);
    for (const char *at = metric->help; *at != '\0'; at++) {
        if (*at == '\\' || *at == '\n')
            print(writer, "\\%c", *at == '\n' ? 'n' : '\\');
        else
            print(writer, "%c", *at);
    }
    print(writer, "\n# TYPE %s %s\n", metric->name, kinds[metric->kind]);
}

/* The shortest text that is read back as the same number. */
static void print_number(struct writer *writer, double number)
{
    char text[32];

    if (isnan(number) || isinf(number)) {
        print(writer, "%s", isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    print(writer, "%s", text);
}

static void print_series(struct writer *writer, const struct mc_metric *metric, const char *suffix)
{
    bool labels = metric->labels[0] != '\0';

    print(writer, "%s%s%s%s%s ", metric->name, suffix, labels ? "{" : "", metric->labels,
          labels ? "}" : "");
}

static void print_histogram(struct writer *writer, const struct mc_metric *metric)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= metric->bounds_len; i++) {
        sum += metric->buckets[i];
        print(writer, "%s_bucket{%s%sle=\"", metric->name, metric->labels,
              metric->labels[0] != '\0' ? "," : "");
        print_number(writer, i < metric->bounds_len ? metric->bounds[i] : (double)INFINITY);
        print(writer, "\"} %" PRIu64 "\n", sum);
    }
    print_series(writer, metric, "_sum");
    print_number(writer, metric->value);
    print(writer, "\n");
    print_series(writer, metric, "_count");
    print(writer, "%" PRIu64 "\n", metric->count);
}

static void print_metric(struct writer *writer, const struct mc_metric *metric)
{
    switch (metric->kind) {
    case MC_COUNTER:
        print_series(writer, metric, "");
        print(writer, "%" PRIu64 "\n", metric->count);
        break;
    case MC_GAUGE:
        print_series(writer, metric, "");
        print_number(writer, metric->value);
        print(writer, "\n");
        break;
    case MC_HISTOGRAM:
        print_histogram(writer, metric);
        break;
    }
}

size_t mc_metrics_text(const struct mc_metrics *metrics, char *out, size_t size)
{
    struct writer writer = {.out = out, .size = size};

    if (size > 0)
        out[0] = '\0';
    for (const struct mc_metric *first = metrics->firsts; first != NULL; first = first->next_name) {
        print_help(&writer, first);
        for (const struct mc_metric *metric = first; metric != NULL; metric = metric->next)
            print_metric(&writer, metric);
    }
    return writer.len;
}
