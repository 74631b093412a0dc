#include "deaths.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>
#include <bulkhead/symbols.h>
#include <runtime/kcall.h>

static struct death deaths[MONITOR_REPORTS]; /* ring */
static size_t remembered;                    /* ever */

/*
 * What the process has recorded, from where its image says that it does (lib/start/record.c). A
 * program that is not of our library has no such symbol.
 */
static void recall_messages(struct death *death) {
    static const uint8_t system_call[] = { 0x0f, 0x05 }; /* Intel SDM vol. 2B, SYSCALL */
    endpoint_t endpoint = death->report.endpoint;
    uint64_t address, rip = death->report.rip;
    uint8_t code[sizeof system_call];

    death->messages.found =
        symbols_address(death->image.base, death->image.bytes, RECORD_SYMBOL, &address) &&
        mem_copy_from(endpoint, address, &death->messages.record, sizeof death->messages.record) ==
            0;
    death->messages.in_call = rip >= sizeof code &&
                              mem_copy_from(endpoint, rip - sizeof code, code, sizeof code) == 0 &&
                              memcmp(code, system_call, sizeof code) == 0;
}

static bool is_orderly(const struct death_report *report) {
    return report->cause == DEATH_EXIT && report->status == 0;
}

const struct death *death_remember(endpoint_t endpoint, struct report_image image) {
    struct death *death = &deaths[remembered++ % MONITOR_REPORTS];
    struct refusal_info refusals = { 0 };

    *death = (struct death){ .image = image };
    if (getinfo(INFO_DEATH, &death->report, sizeof death->report, endpoint, NULL, NULL))
        death->report = (struct death_report){ .endpoint = endpoint, .cause = DEATH_KILLED };
    if (getinfo(INFO_REFUSALS, &refusals, sizeof refusals, endpoint, NULL, NULL) == 0)
        memcpy(death->refused, refusals.count, sizeof death->refused);
    recall_messages(death);
    return death;
}

const struct death *death_find(endpoint_t endpoint) {
    for (size_t i = 0; i < MONITOR_REPORTS; i++)
        if (deaths[i].report.endpoint == endpoint && endpoint != ENDPOINT_NONE)
            return &deaths[i];
    return NULL;
}

/* Of the living and of the remembered; on other cores there is nobody to ask without waiting. */
static void find_label(endpoint_t endpoint, char label[LABEL_MAX + 1]) {
    const struct death *death = death_find(endpoint);
    struct process_info info;

    memset(label, 0, LABEL_MAX + 1);
    if (getinfo(INFO_PROCESS, &info, sizeof info, endpoint, NULL, NULL) == 0)
        memcpy(label, info.label, LABEL_MAX);
    else if (death != NULL)
        memcpy(label, death->report.label, LABEL_MAX);
}

size_t death_text(const struct death *death, char buffer[REPORT_BYTES]) {
    size_t length = report_text(buffer, REPORT_BYTES, &death->report, death->image);

    length += report_messages(buffer + length, REPORT_BYTES - length, &death->report,
                              &death->messages, find_label);
    return length + report_refusals(buffer + length, REPORT_BYTES - length, death->refused);
}

void death_log(const struct death *death) {
    char line[REPORT_LINE_BYTES];

    if (is_orderly(&death->report))
        return;
    report_line(line, sizeof line, &death->report, death->image);
    puts(line);
}
