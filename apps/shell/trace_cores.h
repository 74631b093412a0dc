/*
 * Tracing on all members: the own kernel is asked directly, others through the monitors. A core
 * that fails meanwhile is left out.
 */
#ifndef SHELL_TRACE_CORES_H
#define SHELL_TRACE_CORES_H

#include <runtime/timeline.h>

/* Records `classes`, a set of enum trace_class, from now on. */
int trace_cores_start(uint32_t classes);

/*
 * Stops recording; what was recorded stays. `cores` receives the cores that have answered, and
 * *count how many.
 */
int trace_cores_stop(struct timeline_core cores[CORES_MAX], size_t *count);

/* As events() of struct timeline_feed. */
int trace_core_events(uint32_t core, struct trace_event *events, size_t capacity, uint64_t *from,
                      size_t *count);

#endif
