#include "trace_all.h"

#include <inttypes.h>
#include <stdio.h>

#include <bulkhead/error.h>
#include <runtime/startup.h>
#include <runtime/timeline.h>

#include "manager.h"
#include "trace_cores.h"
#include "trace_port.h"

/* What the timeline is made of, and how far it is. */
struct progress {
    uint64_t events, bytes;
};

static int feed_events(void *context, uint32_t core, struct trace_event *events, size_t capacity,
                       uint64_t *from, size_t *count) {
    struct progress *progress = context;
    int error = trace_core_events(core, events, capacity, from, count);

    progress->events += error ? 0 : *count;
    return error;
}

static void feed_label(void *context, endpoint_t process, char label[LABEL_MAX + 1]) {
    (void)context;
    (void)manager_label(process, label);
}

static int feed_write(void *context, const char *text, size_t bytes) {
    struct progress *progress = context;

    progress->bytes += bytes;
    return trace_port_write(text, bytes);
}

/* Recording ends first: to write a timeline makes more events than it writes. */
static int write_timeline(struct progress *progress) {
    static struct timeline_core cores[CORES_MAX];
    struct timeline_feed feed = { progress, feed_events, feed_label, feed_write };
    size_t count = 0;
    int error = trace_cores_stop(cores, &count);

    if (!error)
        error = trace_port_open();
    if (!error)
        error = timeline_write(&feed, cores, count, runtime_tsc_frequency());
    return error ? error : trace_port_close();
}

enum status trace_all(const struct command *command) {
    struct progress progress = { 0 };
    int error = write_timeline(&progress);

    if (error == -E_NOTSUP) {
        printf("%s: this machine has no second serial port to write to: run it with TRACE=FILE\n",
               command->word[0]);
        return STATUS_FAILED;
    }
    if (error)
        return shell_failed(command, error);
    printf("%" PRIu64 " events in %" PRIu64 " bytes\n", progress.events, progress.bytes);
    return STATUS_OK;
}
