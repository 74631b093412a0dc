/*
 * Takes the place of <runtime/machine.h>, whose include guard it uses: the shell's traps go to a
 * kernel and a monitor of a machine with several cores, which the tests set up and look into.
 */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/ipc.h>
#include <bulkhead/protocol/monitor.h>
#include <bulkhead/refusal.h>
#include <bulkhead/startup.h>

#define IPC_INLINE static inline

int trap_message(uint64_t operation, uint64_t to, struct message *m);
int trap_send(uint64_t operation, endpoint_t to, const struct message *m);
int trap_receive(uint64_t operation, endpoint_t from, struct message *m);
int trap_1(uint64_t operation, uint64_t rdi);
int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi);
int trap_kernel_4(uint64_t call, uint64_t arg[4]);
int trap_kernel_5(uint64_t call, uint64_t arg[5]);
uint64_t machine_counter(void);

/* ---- What the tests see of it ---- */

#define FAKE_CORES       4
#define FAKE_PROCESSES   256
#define FAKE_OWN         1 /* the core that the shell runs on */
#define FAKE_INCARNATION UINT64_C(5)
#define FAKE_ENDPOINT(slot) \
    (FAKE_INCARNATION << 54 | UINT64_C(1) << 32 | (uint64_t)FAKE_OWN << 16 | (slot))
#define FAKE_MONITOR FAKE_ENDPOINT(0)
#define FAKE_CONSOLE FAKE_ENDPOINT(1)
#define FAKE_SELF    FAKE_ENDPOINT(2)

struct fake_core {
    struct monitor_core core;
    struct core_info info;
    uint64_t idle_step; /* percent of the time that it is idle, from now on */
    struct memory_info memory;
    struct process_info process[FAKE_PROCESSES]; /* by slot; endpoint ENDPOINT_NONE: free */
    struct refusal_info refused;                 /* of every process that has refusals */
    const char *log;                             /* all that was ever logged */
    size_t log_dropped;                          /* bytes of it that are not kept any more */
};

struct fake_machine {
    struct fake_core core[FAKE_CORES];
    uint64_t view;
    uint64_t now; /* nanoseconds; the counter ticks once in each */

    int fails_at;      /* the requests that are answered with this error from now on, and that */
    uint32_t fails_on; /* are for this core */

    /* What RECEIVE brings about, and gives: the next in order; when all are used up, the test
     * fails. */
    void (*happens[8])(struct message *m);
    size_t happened;

    char spawned[256]; /* "CORE: ARG ARG" */
    enum death_cause cause;
    uint64_t status; /* of what was spawned */

    endpoint_t killed;
    endpoint_t scheduled;
    uint64_t controlled; /* core, and how */
    enum core_control control;
    int control_error;
    size_t largest; /* bytes of text in one request */
};

extern struct fake_machine fake;

/* A machine of which all cores are members, each with its monitor. */
void fake_reset(void);

/* A new process in the lowest free slot of a core. */
endpoint_t fake_process(uint32_t core, const char *label);

/* A core leaves the view, and its processes are gone. */
void fake_fail(uint32_t core);

/* For `happens`. */
void fake_monitor_notifies(struct message *m);
void fake_program_ends(struct message *m);
void fake_interrupt(struct message *m);
void fake_alarm(struct message *m);

#endif
