/*
 * Random IPC and kernel calls, to see that nothing they do breaks the kernel or disturbs others.
 *
 *   main.c      supervises: starts the others, restarts who dies or hangs, verifies the kernel
 *   policies.c  what those who make random calls may do
 *   caller.c    those who make them
 *   arguments.c, devices.c, grants.c   plausible arguments of their kernel calls
 *   values.c    the values that these are made of
 *   ways.c      what can succeed, each of which must now and then
 *   echo.c      a server and its client, who exchange messages all the while and verify each
 *   random.h    the random numbers
 *
 * Who fails prints the command that repeats the run. With ACCEL=icount it is the same run on one
 * core, exactly with RECORD= and REPLAY= (tools/run.sh). On several cores the callers have the same
 * random numbers again, but QEMU takes turns with the processors in its own time, and records
 * machines of one processor alone: a failure may need some tries.
 */
#ifndef TESTS_GUEST_FUZZ_H
#define TESTS_GUEST_FUZZ_H

#include <runtime/kcall.h>

#include "random.h"

/* Two have drivers' policies, one an ordinary program's, and one no permission at all. */
enum caller_kind { CALLER_DRIVER, CALLER_SERVER_OF_LINES, CALLER_PROGRAM, CALLER_NOBODY, CALLERS };

static inline bool is_driver(unsigned kind) { return kind <= CALLER_SERVER_OF_LINES; }

/* What a caller is started with, in its clone's variables. */
struct caller {
    uint64_t seed;
    enum caller_kind kind;
    endpoint_t supervisor, echo;
    endpoint_t all[CALLERS]; /* itself and the others, as the supervisor has told last */
};

extern struct caller caller;

/* ---- What can succeed ---- */

/* A kernel call, by its number; after them a primitive, and after those an operation of a call. */
#define WAYS_PRIMITIVES   KCALL_COUNT
#define WAY_OF(primitive) (WAYS_PRIMITIVES + (primitive))
#define WAYS_OPERATIONS   (WAYS_PRIMITIVES + 8)
#define WAYS_MAX          128

struct ways {
    uint64_t word[WAYS_MAX / 64];
};

static inline void ways_add(struct ways *ways, unsigned way) {
    ways->word[way / 64] |= UINT64_C(1) << way % 64;
}

static inline bool ways_has(const struct ways *ways, unsigned way) {
    return ways->word[way / 64] >> way % 64 & 1;
}

/* Which way a call with these arguments goes besides that of its number; 0: none. */
unsigned way_of_operation(uint32_t call, const uint64_t arg[MESSAGE_ARGS]);

/* NULL: there is no such way, or none for the processes here. */
const char *way_name(unsigned way);

/* ---- Reports ---- */

/* A caller tells the supervisor of its calls by SENDREC, and goes on when that has answered: with
 * the endpoints of all callers. */
#define REPORT_TYPE  (MESSAGE_TYPE_SERVICE + 0xf022)
#define REPORT_CALLS 500

struct report {
    uint32_t calls;     /* made since the last report */
    uint32_t permitted; /* that were not refused for want of permission */
    uint64_t interrupts;
    struct ways succeeded;
    uint64_t proof; /* REPORT_PROOF ^ permitted ^ both words of succeeded */
    uint64_t unused;
};

#define REPORT_PROOF UINT64_C(0x5265706f72740a00)

_Static_assert(sizeof(struct report) == MESSAGE_ARG_BYTES, "fits a message");
_Static_assert(CALLERS <= MESSAGE_ARGS, "their endpoints fit a message");

/* ---- What drivers may use ---- */

/* None of it does anything: the ports of POST codes and DMA pages, a line that no device of the
 * machine has, device memory that nothing answers at. */
#define FUZZ_PORT         0x80
#define FUZZ_PORTS        4
#define FUZZ_LINE         5
#define FUZZ_MESSAGES     3
#define FUZZ_MEMORY       0xe0000000UL /* physical */
#define FUZZ_MEMORY_PAGES 4
#define FUZZ_ALL_LINES    160 /* that there can be: IRQ_LINES of the kernel */

/*
 * But the timer that nobody uses (Intel 8254): its channel 0 interrupts for ever, every 256 to
 * 65536 ticks of 838 ns, for it takes no command but to count the high byte in mode 2 or 0, or to
 * latch. The I/O APIC has it as line 2.
 */
#define TIMER_PORT    0x40
#define TIMER_PORTS   4
#define TIMER_COMMAND 0x43
#define TIMER_LINE    2

enum timer_command { TIMER_LATCH = 0x00, TIMER_ONE_SHOT = 0x20, TIMER_RATE = 0x24 };

/* ---- The processes ---- */

endpoint_t caller_start(enum caller_kind kind, uint64_t seed, const endpoint_t all[CALLERS],
                        endpoint_t echo);

/* Gives a driver another CPU budget and storm limit. */
int policy_change(endpoint_t driver, uint64_t *random);

void caller_main(void *unused);
void echo_main(void *unused);
void client_main(void *unused);

extern endpoint_t client_server;           /* whom the client asks */
extern volatile uint64_t client_exchanges; /* made and verified so far */

#endif
