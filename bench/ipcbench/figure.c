#include "figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void figure_add(struct figure *figure, uint64_t sample) {
    if (figure->count < FIGURE_SAMPLES)
        figure->sample[figure->count++] = sample;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

uint64_t figure_quartile(struct figure *figure, unsigned quarters) {
    qsort(figure->sample, figure->count, sizeof figure->sample[0], compare);
    return figure->sample[(quarters * (figure->count - 1) + 2) / 4];
}

void figure_print_with(struct figure *figure, const char *unit, const char *keys) {
    static const char *const names[] = { "min", "q1", "median", "q3", "max" };

    if (figure->count == 0)
        return;
    printf("BENCH name=%s unit=%s n=%zu", figure->name, unit, figure->count);
    for (unsigned quarters = 0; quarters <= 4; quarters++)
        printf(" %s=%" PRIu64, names[quarters], figure_quartile(figure, quarters));
    printf("%s\n", keys);
}

void figure_print(struct figure *figure, const char *unit) { figure_print_with(figure, unit, ""); }
