/*
 * Faulty drivers, made on purpose: what each does, and what the driver manager is to find (thesis
 * 4.1, Fig. 4.1). The program test-faulty is one of them when it is started under the label
 * `faulty`, or `faulty-edu`, which has QEMU's educational device (tests/guest/drivers.conf):
 *
 *     faulty FAULT [once]
 *
 * It serves requests until its fault is asked for, by FAULTY_COMMIT, or, if it is one of its start,
 * from the start on. `once`: only the first process of its label has the fault, as the data store
 * says, so that a restart mends it.
 */
#ifndef TESTS_GUEST_FAULTY_H
#define TESTS_GUEST_FAULTY_H

#include <bulkhead/protocol/manager.h>

/*
 * X(NAME, argument, when, death, detail, verdict)
 *   when     START or COMMIT: when the fault shows
 *   death    enum death_cause that it ends with by itself; NONE: it does not, and has to be ended
 *   detail   exception number, or exit status
 *   verdict  enum manager_reason that the driver manager is to find
 */
#define FAULTS(X)                                                                                 \
    X(NULL, "null", COMMIT, EXCEPTION, 14, EXCEPTION)            /* dereferences null */          \
    X(DIVIDE, "divide", COMMIT, EXCEPTION, 0, EXCEPTION)         /* by zero */                    \
    X(ILLEGAL, "illegal", COMMIT, EXCEPTION, 6, EXCEPTION)       /* an illegal instruction */     \
    X(OVERFLOW, "overflow", COMMIT, EXCEPTION, 14, EXCEPTION)    /* of the stack */               \
    X(LOOP, "loop", COMMIT, NONE, 0, HEARTBEAT)                  /* for ever */                   \
    X(SLEEP, "sleep", COMMIT, NONE, 0, HEARTBEAT)                /* for ever */                   \
    X(PANIC, "panic", COMMIT, EXIT, 134, PANIC)                  /* finds itself inconsistent */  \
    X(EXIT_START, "exit-start", START, EXIT, 23, EXIT)           /* E_IO */                       \
    X(EXIT_REQUEST, "exit-request", COMMIT, EXIT, 23, EXIT)      /* instead of an answer */       \
    X(EXIT_ZERO, "exit-zero", COMMIT, EXIT, 0, EXIT)             /* nobody told it to */          \
    X(WRONG_REPLY, "wrong-reply", COMMIT, NONE, 0, COMPLAINT)    /* no result that there is */    \
    X(WRONG_PARTY, "wrong-party", COMMIT, NONE, 0, PROBE)        /* answers go to others */       \
    X(FLOOD, "flood", COMMIT, NONE, 0, HEARTBEAT)                /* of messages, for ever */      \
    X(NOTIFY_FLOOD, "notify-flood", COMMIT, NONE, 0, PROBE)      /* which look like heartbeats */ \
    X(LEAK, "leak", COMMIT, EXIT, 13, EXIT)                      /* of memory, to E_NOMEM */      \
    X(LOOP_CRASH, "crash-loop", START, EXCEPTION, 14, EXCEPTION) /* each time: given up */        \
    X(CORRUPT, "corrupt", COMMIT, NONE, 0, PROBE)                /* data, in silence */           \
    X(DEAF, "deaf", COMMIT, NONE, 0, PROBE)                      /* its device does not answer */ \
    X(STUCK_DOWN, "stuck-down", COMMIT, NONE, 0, NONE)           /* does not end when told to */  \
    X(TEXT, "text", COMMIT, NONE, 0, CHECKSUM)                   /* its text is another's */

enum fault_when { FAULT_START, FAULT_COMMIT };

enum fault {
#define X(name, argument, when, death, detail, verdict) FAULT_##name,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

struct fault_expected {
    const char *argument;
    enum fault_when when;
    enum death_cause death;
    int detail;
    enum manager_reason verdict;
};

extern const struct fault_expected faults[FAULT_COUNT];

/* Its protocol. */
enum faulty_request {
    FAULTY_ECHO = MESSAGE_TYPE_SERVICE, /* reply arg[0]: one more than arg[0] */
    FAULTY_COMMIT,                      /* now. If it is answered: as ECHO */
};

/* What the program is under such a label. Returns its exit status. */
int faulty_driver(int argc, char **argv);

#endif
