/*
 * Figures: samples of one quantity, and the line that tools read:
 *
 *     BENCH name=NAME unit=UNIT n=N min=.. q1=.. median=.. q3=.. max=..
 */
#ifndef IPCBENCH_FIGURE_H
#define IPCBENCH_FIGURE_H

#include <stddef.h>
#include <stdint.h>

#define FIGURE_SAMPLES 1000

struct figure {
    const char *name;
    size_t count;
    uint64_t sample[FIGURE_SAMPLES];
};

/* Adds a sample; those above FIGURE_SAMPLES are left out. */
void figure_add(struct figure *figure, uint64_t sample);

/*
 * The sample below which the given number of quarters (0 to 4) of all samples lie: of ranks, the
 * nearest. Sorts them.
 */
uint64_t figure_quartile(struct figure *figure, unsigned quarters);

/* Prints the line. A figure without samples has none. */
void figure_print(struct figure *figure, const char *unit);

/* With more keys: " key=value ...". */
void figure_print_with(struct figure *figure, const char *unit, const char *keys);

#endif
