/* The last deaths of this core: what is kept for those who ask later. */
#ifndef MONITOR_DEATHS_H
#define MONITOR_DEATHS_H

#include "report.h"

struct death {
    struct death_report report;
    uint32_t refused[REFUSAL_COUNT]; /* what the dead was refused, by kind */
    struct report_image image;       /* that the dead ran */
};

/*
 * Keeps the report of a process that is dead but not destroyed, in place of the oldest of
 * MONITOR_REPORTS. What is returned is valid until that many later deaths.
 */
const struct death *death_remember(endpoint_t endpoint, struct report_image image);

/* The death of a process, or NULL when none is remembered. */
const struct death *death_find(endpoint_t endpoint);

/*
 * One line about it for the kernel log. Nothing when the process ended as it should, with status 0.
 */
void death_log(const struct death *death);

#endif
