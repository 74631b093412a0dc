/*
 * Protocol of the information server (servers/info, program and label `info`): what all cores and
 * their processes are doing, and how fast (docs/information.md). Clients of any core use SENDREC;
 * it answers with NBSEND. Open to every client.
 *
 * It keeps nothing but its last two samples of the system, from which rates are computed: whoever
 * asks a new process of it has rates again after the second sample. A sample is taken when a client
 * asks for records from the first one on, and the last one is older than INFORMATION_PERIOD.
 *
 * The reply's type is 0 or a negated error. Errors: E_BADCALL unknown request, E_INVAL bad
 * arguments, those of SAFECOPY (grant.h) for the client's grant.
 */
#ifndef BULKHEAD_PROTOCOL_INFORMATION_H
#define BULKHEAD_PROTOCOL_INFORMATION_H

#include <bulkhead/info.h>

#define INFORMATION_LABEL  "info"
#define INFORMATION_PERIOD UINT64_C(250000000) /* nanoseconds between samples, at least */

/*
 * X(name, number). Arguments of both: arg[0]: id of a grant of the client's, writable for the
 * server, arg[1]: bytes there, for an array of records; arg[2]: number of the first record. Whole
 * records are written, as many as fit. Reply arg[0]: records written, arg[1]: records there are,
 * arg[2]: number of the sample, from 1 on, arg[3]: nanoseconds that rates were measured over, 0:
 * this is the first sample, and rates and shares are those since the start of each core or process.
 */
#define INFORMATION_REQUESTS(X)                                                     \
    X(CORES, MESSAGE_TYPE_SERVICE + 0)     /* struct information_core, by number */ \
    X(PROCESSES, MESSAGE_TYPE_SERVICE + 1) /* struct information_process, the busiest first */

enum information_request {
#define X(name, number) INFORMATION_##name = (number),
    INFORMATION_REQUESTS(X)
#undef X
};

/* Shares are in thousandths of a core's time, rates per second. */
struct information_core {
    uint32_t core;
    uint32_t state; /* enum monitor_core_state; what follows is 0 but for members that answer */
    uint32_t incarnation;
    uint32_t processes;
    uint32_t busy;                           /* share */
    uint32_t fast;                           /* of its messages, by the fast path, in thousandths */
    uint32_t messages, interrupts, switches; /* rates */
    uint32_t reserved;
    uint64_t up;                       /* nanoseconds since its start */
    uint64_t memory_bytes, free_bytes; /* of its partition */
};

struct information_process {
    endpoint_t endpoint;
    char label[LABEL_MAX];
    uint32_t state;    /* enum process_state */
    uint32_t priority; /* now */
    uint32_t busy;     /* share */
    uint32_t sent,
        received; /* rates of messages, in its kernel: those over channels are not in it */
    uint32_t refusals;
    uint64_t cpu_time; /* nanoseconds, ever */
    uint64_t memory_bytes;
    uint32_t driver; /* enum monitor_driver_state; 0: it drives no PCI device */
    uint32_t device; /* PCI: bus << 8 | device << 3 | function */
};

_Static_assert(sizeof(struct information_core) == 64 && sizeof(struct information_process) == 80,
               "the same in every program");

#endif
