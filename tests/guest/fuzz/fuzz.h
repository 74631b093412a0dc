/*
 * Random IPC and kernel calls, to see that nothing they do breaks the kernel or disturbs others.
 *
 *   main.c    supervises: starts the others, restarts who dies or hangs, verifies the kernel
 *   caller.c  the two that make random calls: one with no permission at all, one with a driver's
 *   echo.c    a server and its client, who exchange messages all the while and verify each
 *   random.h  the random numbers; a run is a function of its seed
 */
#ifndef TESTS_GUEST_FUZZ_H
#define TESTS_GUEST_FUZZ_H

#include <runtime/kcall.h>

/* What can succeed: a kernel call, by its number, or a primitive, after them. */
#define WAYS_PRIMITIVES   KCALL_COUNT
#define WAYS              (WAYS_PRIMITIVES + 8)
#define WAY_OF(primitive) (WAYS_PRIMITIVES + (primitive))

/* A caller tells the supervisor of its calls by SENDREC, and goes on when that has answered. */
#define REPORT_TYPE  (MESSAGE_TYPE_SERVICE + 0xf022)
#define REPORT_CALLS 500

struct report {
    uint64_t calls;     /* made since the last report */
    uint64_t permitted; /* that were not refused for want of permission */
    uint64_t succeeded; /* set of ways */
    uint64_t proof;     /* REPORT_PROOF ^ permitted ^ succeeded */
    uint64_t unused[2];
};

#define REPORT_PROOF UINT64_C(0x5265706f72740a00)

_Static_assert(sizeof(struct report) == MESSAGE_ARG_BYTES, "fits a message");
_Static_assert(WAYS <= 64, "fits a word");

/* What a caller is started with, in its clone's variables. */
struct caller {
    uint64_t seed;
    bool privileged;
    endpoint_t supervisor, echo;
};

extern struct caller caller;

/* What the privileged caller may use. It does nothing: the ports of POST codes and DMA pages, a
 * line that no device of the machine has, and device memory that nothing answers at. */
#define FUZZ_PORT  0x80
#define FUZZ_PORTS 4
#define FUZZ_LINE  5

#define FUZZ_MEMORY       0xe0000000UL /* physical */
#define FUZZ_MEMORY_PAGES 4

void caller_main(void *unused);
void echo_main(void *unused);
void client_main(void *unused);

extern endpoint_t client_server;           /* whom the client asks */
extern volatile uint64_t client_exchanges; /* made and verified so far */

#endif
