#include "trace_cores.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>

#include "manager.h"
#include "members.h"

/* The kernel call TRACE on a core: arg[] as there, and its outputs; *ahead: of its TSC. */
static int trace_on(uint32_t core, uint64_t arg[4], uint64_t *ahead) {
    *ahead = 0;
    if (core == core_own())
        return trap_kernel_4(KCALL_TRACE, arg);
    int error = manager_trace(core, arg);
    if (!error)
        *ahead = arg[3];
    return error;
}

/* Asks all members to start or to stop. */
static int trace_all_members(uint64_t op, uint64_t classes, struct timeline_core *answered,
                             size_t *count) {
    const struct core_list *list = cores_now();

    *count = 0;
    if (list == NULL)
        return -E_NOENT;
    for (uint32_t core = 0; core < list->count; core++) {
        uint64_t arg[4] = { op, classes }, ahead;
        if (list->core[core].state != MONITOR_CORE_MEMBER)
            continue;
        int error = trace_on(core, arg, &ahead);
        if (error && core == core_own())
            return error;
        if (!error)
            answered[(*count)++] = (struct timeline_core){ .number = core, .tsc_offset = -ahead };
    }
    return 0;
}

int trace_cores_start(uint32_t classes) {
    struct timeline_core cores[CORES_MAX];
    size_t count;

    return trace_all_members(TRACE_START, classes, cores, &count);
}

int trace_cores_stop(struct timeline_core cores[CORES_MAX], size_t *count) {
    return trace_all_members(TRACE_STOP, 0, cores, count);
}

int trace_core_events(uint32_t core, struct trace_event *events, size_t capacity, uint64_t *from,
                      size_t *count) {
    uint64_t arg[4] = { TRACE_READ, (uint64_t)events, capacity * sizeof *events, *from }, ahead;
    int error = trace_on(core, arg, &ahead);

    *count = error ? 0 : arg[0];
    *from = error ? *from : arg[1];
    return error;
}
