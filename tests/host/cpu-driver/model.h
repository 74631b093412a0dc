/*
 * IPC as include/bulkhead/ipc.h describes it, written a second time without regard for speed, to be
 * compared with the kernel's. The only thing taken from the kernel is how it breaks ties among
 * several notifiers, or several ASEND tables: it goes round by slot, on from the one served last.
 *
 * Processes are numbered (their "lane"); a lane is given to a new process when its last is gone.
 */
#ifndef TESTS_CPU_DRIVER_MODEL_H
#define TESTS_CPU_DRIVER_MODEL_H

#include <stdbool.h>

#include <bulkhead/error.h>
#include <bulkhead/ipc.h>

#define LANES     7
#define TABLE_MAX 5 /* entries of an ASEND table */
#define NO_LANE   (-1)
#define GRAVES    64 /* endpoints of the dead that are remembered */

enum model_state { MODEL_READY, MODEL_SENDING, MODEL_RECEIVING, MODEL_DEAD, MODEL_GONE };

struct model_process {
    endpoint_t endpoint;
    enum model_state state;
    endpoint_t partner; /* whom it waits for */
    bool wants_reply;   /* its wait is the second half of SENDREC */
    bool calls;         /* its SENDING is the first half of SENDREC */

    /* Registers */
    int result;
    struct message registers; /* source: rdi */

    uint64_t sent, received;
    uint32_t primitives;
    bool target[LANES];

    int queue[LANES], queued; /* lanes that wait to send to it, in order */
    bool notified[LANES];     /* by whom */
    uint32_t events, irqs;
    unsigned served; /* slot that was served last */

    struct asend_entry table[TABLE_MAX];
    unsigned submitted; /* entries that the kernel knows of */
};

struct model {
    struct model_process lane[LANES];
    endpoint_t grave[GRAVES]; /* never a valid endpoint again */
    unsigned graves;
    uint64_t now; /* nanoseconds since the instance started */
};

/* A new process in a lane that is MODEL_GONE, with all primitives and no targets. */
void model_create(struct model *model, int lane, endpoint_t endpoint);

/* A ready process makes a call. */
void model_call(struct model *model, int lane, uint64_t operation, const struct message *m);

/* The same for ASEND, whose table of `entries` entries is lane[].table; error: of the arguments. */
void model_asend(struct model *model, int lane, unsigned entries, int error);

/* Kernel events with bits of interrupt lines. */
void model_event(struct model *model, int lane, uint32_t events, uint32_t irqs);

/* Two may not send to each other any more. */
void model_part(struct model *model, int a, int b);

/* A process dies; later its slot is given back. */
void model_kill(struct model *model, int lane);
void model_destroy(struct model *model, int lane);

#endif
