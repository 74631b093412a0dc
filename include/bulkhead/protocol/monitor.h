/*
 * Protocol of the monitor, the first process of a core: programs, their policies, their ends.
 * Clients use SENDREC; the monitor answers with NBSEND. Longer data lies in the client's memory,
 * which the monitor, as supervisor of all it has started, may read and write (MEM_COPY).
 *
 * The reply's type is 0 or a negated error. Errors of every request: E_BADCALL unknown request,
 * E_PERM the caller's policy does not let it manage processes, E_FAULT bad address in the caller's
 * memory.
 */
#ifndef BULKHEAD_PROTOCOL_MONITOR_H
#define BULKHEAD_PROTOCOL_MONITOR_H

#include <bulkhead/info.h>

/* X(name, number): arguments and reply are in the comment. */
#define MONITOR_REQUESTS(X)                                                                        \
    /* Start a program of the boot archive under its policy. arg[0]: address of its argument       \
     * strings, each with its terminating zero, the first is its name there; arg[1]: their bytes;  \
     * arg[2]: their number. Reply arg[0]: endpoint. The caller gets a NOTIFY when it ends.        \
     * E_NOENT no such program, E_PERM no policy for it, E_IMAGE, E_CHECKSUM, E_QUOTA */           \
    X(SPAWN, MESSAGE_TYPE_SERVICE + 0)                                                             \
    /* Has it ended? arg[0]: endpoint. Reply arg[0]: enum death_cause, arg[1]: exit status, or     \
     * kill or exception number. Works for the last MONITOR_REPORTS dead too. E_BADEP */           \
    X(STATUS, MESSAGE_TYPE_SERVICE + 1)                                                            \
    /* Text of a death report, symbolised. arg[0]: endpoint, arg[1]: address, arg[2]: bytes there. \
     * Reply arg[0]: bytes written. E_NOENT no such death is remembered */                         \
    X(REPORT, MESSAGE_TYPE_SERVICE + 2)                                                            \
    /* End a process. arg[0]: endpoint. E_BADEP, E_PERM it is needed by the system */              \
    X(KILL, MESSAGE_TYPE_SERVICE + 3)                                                              \
    /* Find a process. arg[0..2]: label. Reply arg[0]: endpoint of the oldest live process of that \
     * label. E_NOENT. Open to every client */                                                     \
    X(LOOKUP, MESSAGE_TYPE_SERVICE + 4)                                                            \
    /* Names of the archive's programs, a line each. arg[0]: address, arg[1]: bytes there. Reply   \
     * arg[0]: bytes written */                                                                    \
    X(PROGRAMS, MESSAGE_TYPE_SERVICE + 5)                                                          \
    /* Change how a process is scheduled. arg[0]: endpoint, arg[1]: SCHED_PRIORITY or              \
     * SCHED_QUANTUM, arg[2]: base priority, or quantum in nanoseconds. E_BADEP, E_INVAL, E_RANGE, \
     * E_PERM more urgent than its policy allows */                                                \
    X(SCHED, MESSAGE_TYPE_SERVICE + 6)

enum monitor_request {
#define X(name, number) MONITOR_##name = (number),
    MONITOR_REQUESTS(X)
#undef X
};

#define MONITOR_REPORTS 32 /* deaths remembered */

#endif
