/*
 * How the figures are measured. All are differences of two readings of the time-stamp counter, of
 * its low half, less what two readings one after the other differ by. In QEMU with -icount the
 * counter counts instructions; else it counts cycles, of which the processor may reorder some
 * around a reading.
 *
 * What is waited for is always waiting when a measurement begins: partners are more urgent than the
 * benchmark, or are asked for an answer in between.
 */
#ifndef IPCBENCH_BENCH_H
#define IPCBENCH_BENCH_H

#include <stdbool.h>

#include <runtime/ipc.h>

#include "figure.h"

/*
 * Measures a figure of which only the name is set. 0, or a negated error; no samples: it cannot be
 * measured here.
 */
typedef int bench_fn(struct figure *figure);

/* A figure that a program measures; `keys`, unless NULL, is what its line says besides. */
struct bench {
    const char *name;
    bench_fn *measure;
    const char *keys;
};

/*
 * What main() of such a program does: measures those of `all`, up to the one without a name, that
 * the arguments name, or all. Arguments of the form NAME=VALUE are the program's own.
 */
int bench_main(const struct bench *all, int argc, char **argv);

/* What the time-stamp counter counts: "insn", where QEMU is made to do so, or "cycles". */
const char *bench_unit(void);

/* Whether the arguments name a figure, or none at all. */
bool bench_wanted(int argc, char **argv, const char *name);

bench_fn bench_kcall_null, bench_sendrec_0, bench_sendrec_6, bench_sendrec_slow, bench_asend,
    bench_notify;
bench_fn bench_irq_to_driver;
bench_fn bench_spawn_exit;

static inline uint32_t stamp(void) {
    uint32_t low;
    __asm__ volatile("rdtsc" : "=a"(low) : : "rdx", "memory");
    return low;
}

/* What two stamps one after the other differ by: the least there is. */
uint32_t stamp_overhead(void);

/* Adds what lies between two stamps. */
static inline void figure_add_stamps(struct figure *figure, uint32_t before, uint32_t after) {
    figure_add(figure, after - before - stamp_overhead());
}

/*
 * RECEIVE from anyone, and the stamp taken by the first instruction after it; the registers of a
 * message of which only *source and *type are wanted go unused.
 */
static inline uint32_t receive_stamped(endpoint_t *source, uint32_t *type) {
    uint64_t head;
    uint32_t low;

    *source = ENDPOINT_ANY;
    __asm__ volatile("syscall\n\t"
                     "rdtsc"
                     : "=a"(low), "+D"(*source), "=S"(head)
                     : "a"(IPC_RECEIVE)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "memory");
    *type = (uint32_t)head;
    return low;
}

/* ---- partner.c: processes to talk to ---- */

/* Requests to a partner: what is said by each that answers. */
enum partner_request {
    PARTNER_PING = MESSAGE_TYPE_SERVICE, /* the arguments */
    PARTNER_STAMP,                       /* arg[0]: the stamp of the last notification */
    PARTNER_MASK, /* arg[0]: whether to mask the interrupt line; of the driver alone */
};

struct partner {
    const char *label;
    void (*run)(void *); /* what it does: never returns */
    uint64_t kcalls;     /* besides what it may do anyway */
    uint8_t priority;
    uint16_t port, ports; /* I/O ports */
    uint8_t line, lines;  /* interrupt lines */
};

#define PARTNER_URGENT 2  /* more urgent than the benchmark */
#define PARTNER_EQUAL  8  /* as the benchmark */
#define PARTNER_LAST   15 /* runs only while the benchmark waits */

/* Starts a partner that may talk to the benchmark. */
int partner_start(const struct partner *partner, endpoint_t *endpoint);

/* Ends it. */
void partner_end(endpoint_t endpoint);

/*
 * Sends a request with one argument and waits for the answer, whose first argument is returned in
 * *value.
 */
int partner_ask(endpoint_t endpoint, enum partner_request request, uint64_t *value);

#endif
