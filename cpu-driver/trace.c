#include "trace.h"

#include <stddef.h>

#include "x86_64/cpu.h"

unsigned trace_classes;

static struct trace_event ring[TRACE_RING_EVENTS];
static uint64_t recorded;

static const uint8_t class_of[] = {
#define X(name, class, text) [TRACE_EVENT_##name] = TRACE_CLASS_##class,
    TRACE_EVENTS(X)
#undef X
};

void trace_record(enum trace_type type, endpoint_t process, endpoint_t peer, uint64_t value) {
    if (!(trace_classes & class_of[type]))
        return;
    ring[recorded++ % TRACE_RING_EVENTS] = (struct trace_event){
        .tsc = cpu_rdtsc(),
        .type = type,
        .process = process,
        .peer = peer,
        .value = value,
    };
}

void trace_start(unsigned classes) {
    recorded = 0;
    trace_classes = classes;
}

void trace_stop(void) { trace_classes = 0; }

uint64_t trace_count(void) { return recorded; }

const struct trace_event *trace_get(uint64_t number) {
    if (number >= recorded || recorded - number > TRACE_RING_EVENTS)
        return NULL;
    return &ring[number % TRACE_RING_EVENTS];
}
