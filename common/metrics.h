/*
 * Metrics: counters, gauges and histograms, told in Prometheus' text format 0.0.4.
 *
 * One fixed table per process, filled at boot and as labels turn up; asking for a series again
 * gives the same one. Nothing fails: when the table is full, the series given is a spare one that
 * is not told, and motcua_metrics_dropped_total says so. One thread; a pool's numbers come back
 * with its results.
 */
#pragma once

#include "common/base.h"

enum {
    MC_METRICS_MAX = 4096,
    MC_METRICS_INDEX = 2 * MC_METRICS_MAX, /* a power of two */
    MC_METRIC_LABELS_MAX = 160,            /* bytes of one series' labels as rendered, with NUL */
    MC_METRIC_BUCKETS_MAX = 20,            /* beside the one for all the rest */
};

enum mc_metric_kind { MC_COUNTER, MC_GAUGE, MC_HISTOGRAM };

struct mc_metric {
    const char *name; /* borrowed: a constant of the code; so is help */
    const char *help;
    enum mc_metric_kind kind;
    char labels[MC_METRIC_LABELS_MAX];
    struct mc_metric *next; /* the next series of the same name */
    struct mc_metric *last; /* of the same name; of a name's first only, as the next: */
    struct mc_metric *next_name;
    uint64_t count; /* a counter's value; a histogram's observations */
    double value;   /* a gauge's value; a histogram's sum */
    const double *bounds;
    size_t bounds_len;
    uint64_t buckets[MC_METRIC_BUCKETS_MAX + 1]; /* each its own, not yet summed up */
};

struct mc_metrics {
    struct mc_metric series[MC_METRICS_MAX]; /* only the used ones' pages are touched */
    size_t len;
    uint16_t index[MC_METRICS_INDEX]; /* by hash of name and labels: 1 + place in series; 0: free */
    struct mc_metric *firsts;         /* of every name, in the order they turned up */
    struct mc_metric **names_end;
    struct mc_metric spare;
    struct mc_metric *dropped;
};

void mc_metrics_init(struct mc_metrics *metrics);

/* Labels as mc_metric_label() renders them, or NULL. The name of a counter ends in _total. */
struct mc_metric *mc_metric_counter(struct mc_metrics *metrics, const char *name,
                                    const char *labels, const char *help);
struct mc_metric *mc_metric_gauge(struct mc_metrics *metrics, const char *name, const char *labels,
                                  const char *help);
/* Bounds ascend and live as long as the metrics; NULL: mc_metric_latency, from 50 us to 60 s. */
struct mc_metric *mc_metric_histogram(struct mc_metrics *metrics, const char *name,
                                      const char *labels, const char *help, const double *bounds,
                                      size_t bounds_len);
extern const double mc_metric_latency[];

/* Adds name="value" to labels, escaped; a pair that does not fit is left out. */
void mc_metric_label(char labels[MC_METRIC_LABELS_MAX], const char *name, const char *value);

static inline void mc_metric_add(struct mc_metric *counter, uint64_t n)
{
    counter->count += n;
}

static inline void mc_metric_set(struct mc_metric *gauge, double value)
{
    gauge->value = value;
}

void mc_metric_observe(struct mc_metric *histogram, double value);

/* The estimate that histogram_quantile() makes: even within a bucket. 0 without observations. */
double mc_metric_quantile(const struct mc_metric *histogram, double q);

/* Like snprintf: returns the length of the whole text, and writes of it what fits, with NUL. */
size_t mc_metrics_text(const struct mc_metrics *metrics, char *out, size_t size);
