/* What the callers may do, and that they are started. */
#include "values.h"

#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"

#define CALLER_FRAMES 500
#define DEVICE_CALLS  (KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL) | KCALL_BIT(MEMMAP) | KCALL_BIT(MAPDMA))

static const char *const labels[CALLERS] = { "driver", "lines", "program", "nobody" };

static const struct child_policy policies[CALLERS] = {
    { IPC_ALL, KCALL_ALL & ~KCALL_MONITOR, true, false, CALLER_FRAMES, 16 },
    { IPC_ALL, KCALL_ALL & ~KCALL_MONITOR, true, false, CALLER_FRAMES, 16 },
    { IPC_ALL, KCALL_ALL & ~KCALL_MONITOR & ~DEVICE_CALLS, true, false, CALLER_FRAMES, 16 },
    { 0, 0, false, false, 0, 0 },
};

/* What a policy file would say of the timer's registers. */
static int give_timer(endpoint_t driver) {
    static const uint8_t commands[] = { TIMER_LATCH, TIMER_ONE_SHOT, TIMER_RATE };
    int error = privctl_io(driver, TIMER_PORT, TIMER_PORTS);
    if (!error)
        error = privctl_vet(driver, TIMER_PORT, 1, 0, 0);
    for (unsigned i = 0; i < sizeof commands && !error; i++)
        error = privctl_vet(driver, TIMER_COMMAND, 1, 0xff, commands[i]);
    return error;
}

static int give_lines(endpoint_t driver, enum caller_kind kind) {
    if (kind == CALLER_SERVER_OF_LINES)
        return privctl_irq(driver, 0, FUZZ_ALL_LINES);
    int error = privctl_irq(driver, FUZZ_LINE, 1);
    return error ? error : privctl_irq(driver, TIMER_LINE, 1);
}

static int give_devices(endpoint_t driver, enum caller_kind kind) {
    uint8_t vector;
    uint32_t apic_id;
    int error = give_lines(driver, kind);
    if (!error)
        error = privctl_msi(driver, FUZZ_MESSAGES, &vector, &apic_id);
    if (!error)
        error = privctl_io(driver, FUZZ_PORT, FUZZ_PORTS);
    if (!error)
        error = give_timer(driver);
    if (!error)
        error = privctl_memory(driver, FUZZ_MEMORY / PAGE_SIZE, FUZZ_MEMORY_PAGES);
    return error;
}

int policy_change(endpoint_t driver, uint64_t *random) {
    uint64_t period = SCHED_PERIOD_MIN * (1 + random_next(random) % 5);
    uint64_t budget = random_next(random) % 3 ? period * (2 + random_next(random) % 7) / 16 : 0;
    uint32_t limit = random_next(random) % 8 ? 1 + (uint32_t)(random_next(random) % 8) : 0;
    int error = privctl_budget(driver, budget, period);
    return error ? error : privctl_irq_limit(driver, limit);
}

/* So that the others get on, whatever the policy. */
static int keep_in_background(endpoint_t process) {
    int error = sched_priority(process, SCHED_PRIORITIES - 1);
    return error ? error : sched_quantum(process, SCHED_QUANTUM_MIN);
}

/* Whom it may send to: the echo server and the other callers, who have no answer for it. */
static int give_targets(endpoint_t process, const endpoint_t all[CALLERS], endpoint_t echo) {
    int error = privctl_allow(process, echo);
    for (unsigned i = 0; i < CALLER_NOBODY && !error; i++)
        if (all[i] != ENDPOINT_NONE)
            error = privctl_allow(process, all[i]);
    return error;
}

endpoint_t caller_start(enum caller_kind kind, uint64_t seed, const endpoint_t all[CALLERS],
                        endpoint_t echo) {
    struct process process;
    caller =
        (struct caller){ .seed = seed, .kind = kind, .supervisor = runtime_self(), .echo = echo };
    memcpy(caller.all, all, sizeof caller.all);
    endpoint_t endpoint = child_make(labels[kind], caller_main, NULL, &policies[kind], &process);
    int error = mem_map(endpoint, BUFFER, BUFFER_BYTES, PROT_READ | PROT_WRITE);
    if (!error && is_driver(kind))
        error = give_devices(endpoint, kind);
    if (!error)
        error = kind == CALLER_NOBODY ? keep_in_background(endpoint)
                                      : give_targets(endpoint, all, echo);
    if (!error)
        error = process_start(&process);
    if (error)
        tap_bail_out("%s cannot be started: %s", labels[kind], error_text(error));
    return endpoint;
}
