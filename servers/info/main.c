/*
 * The information server (protocol/information.h): asks the monitors of all cores what there is,
 * and tells whoever asks how fast that changes. What it has is its last two samples; it may die at
 * any time, and the next one knows as much after as many samples.
 */
#include <runtime/event.h>
#include <runtime/grant.h>

#include "sample.h"

/* Whole records from `first` on into the client's grant. */
static int deliver(struct message *m, const void *records, size_t bytes, size_t count) {
    struct grant_name grant = { m->source, m->arg[0] };
    uint64_t first = m->arg[2] < count ? m->arg[2] : count, fit = m->arg[1] / bytes;

    if (fit > count - first)
        fit = count - first;
    int error =
        fit == 0 ? 0 : safe_copy_to(grant, 0, (const char *)records + first * bytes, fit * bytes);
    if (!error) {
        m->arg[0] = fit;
        m->arg[1] = count;
    }
    return error;
}

static int tell(struct message *m) {
    struct snapshot snapshot;
    int error = 0;

    if (m->type != INFORMATION_CORES && m->type != INFORMATION_PROCESSES)
        return -E_BADCALL;
    sample_last(&snapshot);
    if (m->arg[2] == 0 || snapshot.number == 0)
        error = sample_now(&snapshot);
    if (error)
        return error;
    error =
        m->type == INFORMATION_CORES
            ? deliver(m, snapshot.cores, sizeof *snapshot.cores, snapshot.core_count)
            : deliver(m, snapshot.processes, sizeof *snapshot.processes, snapshot.process_count);
    m->arg[2] = snapshot.number;
    m->arg[3] = snapshot.period;
    return error;
}

static enum event_action request(void *context, struct message *m) {
    (void)context;
    message_set_result(m, tell(m));
    return EVENT_REPLY;
}

int main(void) {
    static const struct event_handlers handlers = { .request = request };

    return -event_loop_run(&handlers);
}
