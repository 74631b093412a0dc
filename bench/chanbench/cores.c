/* A core, from asking for its start to its being a member. */
#include "chanbench.h"

#include <bulkhead/protocol/monitor.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#define SAMPLES 5

static int control(enum core_control what, uint32_t core) {
    struct message m = { .type = MONITOR_CORE_CONTROL, .arg = { what } };

    m.arg[5] = core;
    return ipc_request(runtime_monitor(), &m);
}

/* A core that is neither ours nor the partner's. -E_NOENT: there is none, so there is no figure. */
int bench_core_start(struct figure *figure) {
    uint32_t core = 1;
    int error = 0;

    while (core == endpoint_core(runtime_self()) || core == endpoint_core(partner))
        core++;
    for (unsigned i = 0; i < SAMPLES && !error; i++) {
        error = control(CORE_CONTROL_STOP, core);
        uint64_t begin = time_stamp();
        if (!error)
            error = control(CORE_CONTROL_START, core);
        figure_add(figure, time_stamp() - begin);
    }
    return error;
}
