#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define SERIES_MAX   4096U
#define BINS         2048U
#define BINS_PER_OCT 48 /* a bin is 1.5 percent wide */

struct series {
    struct series_key key;
    unsigned count, room;
    double *values;
    double *raws;
    uint32_t *bins; /* NULL: no distribution */
};

static struct series all[SERIES_MAX];
static unsigned used;

static int is_same_but_pause(const struct series_key *a, const struct series_key *b) {
    return strcmp(a->name, b->name) == 0 && strcmp(a->transport, b->transport) == 0 &&
           strcmp(a->placement, b->placement) == 0 && a->slots == b->slots &&
           a->bytes == b->bytes && a->processors[0] == b->processors[0] &&
           a->processors[1] == b->processors[1];
}

struct series *series_of(const struct series_key *key) {
    for (unsigned i = 0; i < used; i++)
        if (is_same_but_pause(&all[i].key, key) && all[i].key.pause == key->pause)
            return &all[i];
    if (used == SERIES_MAX)
        bench_fail("too many series");
    all[used].key = *key;
    return &all[used++];
}

void series_add(struct series *series, double value, double raw) {
    if (series->count == series->room) {
        series->room = series->room ? 2 * series->room : 64;
        series->values = realloc(series->values, series->room * sizeof *series->values);
        series->raws = realloc(series->raws, series->room * sizeof *series->raws);
        if (!series->values || !series->raws)
            bench_fail("realloc");
    }
    series->values[series->count] = value;
    series->raws[series->count++] = raw;
}

void series_count(struct series *series, double ns) {
    double bin = log2(ns > 1 ? ns : 1) * BINS_PER_OCT;

    if (!series->bins)
        series->bins = calloc(BINS, sizeof *series->bins);
    if (!series->bins)
        bench_fail("calloc");
    series->bins[bin < BINS - 1 ? (unsigned)bin : BINS - 1]++;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value below which `part` of the sorted ones lie. */
static double quantile(const double *sorted, unsigned count, double part) {
    double at = part * (count - 1);
    unsigned below = (unsigned)at;

    if (below + 1 == count)
        return sorted[below];
    return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

static double median_of(double *values, unsigned count) {
    qsort(values, count, sizeof *values, compare);
    return quantile(values, count, 0.5);
}

/* Is `b` better than `a`? Of equals the first is. */
static int is_better(const struct series *b, const struct series *a) {
    double of_a = median_of(a->values, a->count), of_b = median_of(b->values, b->count);

    if (of_a == of_b)
        return b < a;
    return strcmp(a->key.unit, "ns") == 0 ? of_b < of_a : of_b > of_a;
}

/* Has it no samples, or differs a better one only in pausing? */
static int is_left_out(const struct series *series) {
    if (series->count == 0)
        return 1;
    for (unsigned i = 0; i < used; i++)
        if (&all[i] != series && all[i].count > 0 && is_same_but_pause(&all[i].key, &series->key) &&
            is_better(&all[i], series))
            return 1;
    return 0;
}

static void print(const struct series *series, FILE *file) {
    const struct series_key *key = &series->key;
    const double *sorted = series->values;
    unsigned n = series->count;

    qsort(series->values, n, sizeof *series->values, compare);
    fprintf(file, "BENCH name=%s unit=%s n=%u min=%.3f q1=%.3f median=%.3f q3=%.3f max=%.3f",
            key->name, key->unit, n, sorted[0], quantile(sorted, n, 0.25), quantile(sorted, n, 0.5),
            quantile(sorted, n, 0.75), sorted[n - 1]);
    fprintf(file, " transport=%s placement=%s", key->transport, key->placement);
    if (key->slots)
        fprintf(file, " slots=%u", key->slots);
    if (key->bytes)
        fprintf(file, " bytes=%u", key->bytes);
    if (key->processors[0] >= 0)
        fprintf(file, " processor0=%d processor1=%d", key->processors[0], key->processors[1]);
    if (key->pause >= 0)
        fprintf(file, " pause=%d", key->pause);
    fprintf(file, " raw=%.3f\n", median_of(series->raws, n));
}

void series_print(FILE *file, int both) {
    for (unsigned i = 0; i < used; i++)
        if (both ? all[i].count > 0 : !is_left_out(&all[i]))
            print(&all[i], file);
}

void series_print_distributions(FILE *file) {
    for (unsigned i = 0; i < used; i++) {
        const struct series *series = &all[i];
        if (!series->bins || is_left_out(series))
            continue;
        for (unsigned bin = 0; bin < BINS; bin++)
            if (series->bins[bin] > 0)
                fprintf(file, "%s %s %.2f %u\n", series->key.transport, series->key.placement,
                        exp2((double)bin / BINS_PER_OCT), series->bins[bin]);
    }
}

unsigned series_size(const struct series *series) { return series->count; }
