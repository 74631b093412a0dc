#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"

struct prices prices_published(void) {
    return (struct prices){ .unit = "cycles", .lines = tree_costs_published, .invalidation = 200 };
}

struct prices prices_uniform(void) {
    struct prices prices = { .unit = "transfers" };

    for (unsigned reach = REACH_SIBLING; reach < REACHES; reach++)
        prices.lines.transfer[reach] = 1;
    return prices;
}

/* The median round trip of a line between processors placed as said: 0, if the line is another. */
static double round_trip(const char *line, const char *placement) {
    const char *median = strstr(line, "\"median\": ");
    char wanted[40];

    snprintf(wanted, sizeof wanted, "\"placement\": \"%s\"", placement);
    if (!median || !strstr(line, "\"name\": \"raw_rtt\"") ||
        !strstr(line, "\"transport\": \"raw\"") || !strstr(line, wanted))
        return 0;
    return strtod(median + strlen("\"median\": "), NULL);
}

const char *prices_read(struct prices *prices, const char *file) {
    static char line[4096];
    double cores = 0, threads = 0, found;
    FILE *in = fopen(file, "r");

    if (!in)
        return "cannot be read";
    while (fgets(line, sizeof line, in)) {
        if ((found = round_trip(line, "cores")) > 0)
            cores = found;
        if ((found = round_trip(line, "hyperthreads")) > 0)
            threads = found;
    }
    fclose(in);
    if (cores <= 0)
        return "has no raw_rtt of the placement cores";

    *prices = prices_published();
    double scale = cores / 2 / prices->lines.transfer[REACH_CACHE];
    prices->unit = "ns";
    prices->invalidation = (uint64_t)(scale * (double)prices->invalidation + 0.5);
    for (unsigned reach = 0; reach < REACHES; reach++)
        prices->lines.transfer[reach] = (uint32_t)(scale * prices->lines.transfer[reach] + 0.5);
    if (threads > 0)
        prices->lines.transfer[REACH_SIBLING] = (uint32_t)(threads / 2 + 0.5);
    return 0;
}
