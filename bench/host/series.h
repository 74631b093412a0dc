/* Samples of the same thing, and what is said of them: a line `BENCH ...` each. */
#ifndef BENCH_HOST_SERIES_H
#define BENCH_HOST_SERIES_H

#include <stdint.h>
#include <stdio.h>

/* What a series is of. */
struct series_key {
    const char *name; /* of the figure: docs/channels.md */
    const char *unit;
    const char *transport;
    const char *placement;
    unsigned slots;    /* of the queue; 0: does not matter */
    unsigned bytes;    /* of a block; 0: it is not blocks that are sent */
    int processors[2]; /* of this pair alone; -1: of all */
    int pause;         /* does the loop relax between polls? -1: does not apply */
};

struct series;

/* The series of `key`, whose strings are kept; made if there is none. */
struct series *series_of(const struct series_key *key);

/* Adds a sample, and the raw round trip beside it in ns. */
void series_add(struct series *series, double value, double raw);

/* Adds a round trip to the distribution of a series. */
void series_count(struct series *series, double ns);

/* Prints all. Of two that differ only in `pause` the better one, or both. */
void series_print(FILE *file, int both);

/* Prints the distributions: lines of transport, placement, ns and how many took so long. */
void series_print_distributions(FILE *file);

/* How many samples it has. */
unsigned series_size(const struct series *series);

#endif
