#include "deaths.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/kcall.h>

static struct death deaths[MONITOR_REPORTS]; /* ring */
static size_t remembered;                    /* ever */

const struct death *death_remember(endpoint_t endpoint, struct report_image image) {
    struct death *death = &deaths[remembered++ % MONITOR_REPORTS];
    struct refusal_info refusals;

    *death = (struct death){ .image = image };
    if (getinfo(INFO_DEATH, &death->report, sizeof death->report, endpoint, NULL, NULL))
        death->report = (struct death_report){ .endpoint = endpoint, .cause = DEATH_KILLED };
    if (getinfo(INFO_REFUSALS, &refusals, sizeof refusals, endpoint, NULL, NULL) == 0)
        memcpy(death->refused, refusals.count, sizeof death->refused);
    return death;
}

const struct death *death_find(endpoint_t endpoint) {
    for (size_t i = 0; i < MONITOR_REPORTS; i++)
        if (deaths[i].report.endpoint == endpoint && endpoint != ENDPOINT_NONE)
            return &deaths[i];
    return NULL;
}

void death_log(const struct death *death) {
    char line[REPORT_LINE_BYTES];

    if (death->report.cause == DEATH_EXIT && death->report.status == 0)
        return;
    report_line(line, sizeof line, &death->report, death->image);
    puts(line);
}
