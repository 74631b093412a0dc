/*
 * Bindings: this core's ends of connections to other cores (include/bulkhead/binding.h). The table
 * is all there is: nothing is allocated on behalf of a bell.
 */
#ifndef CPU_DRIVER_BINDING_H
#define CPU_DRIVER_BINDING_H

#include <bulkhead/binding.h>

#include "process.h"

enum binding_state { BINDING_FREE, BINDING_OPEN, BINDING_CLOSED };

struct binding {
    endpoint_t name; /* of this use of the entry */
    struct process *process;
    struct binding *next;            /* in the process' queue of rung ones */
    bool rung;                       /* it is in there */
    uint8_t state;                   /* enum binding_state */
    uint16_t peer_core, peer_number; /* the other end */
    bool peer_known;                 /* its number is */
    bool has_line;                   /* an interrupt line of this core has it, no process: */
    bool fired;                      /* that has, before the peer was known */
    uint16_t line;
    uint64_t cookie;
    uint64_t address, pages; /* the window in the process; 0 pages: none */
    uint64_t mapped;  /* how many of them are there: differs while a call is being restarted */
    uint64_t scratch; /* frame for the window when it is taken away; 0: none */
    int error;        /* why a window that was begun is being undone, step by step; 0: it is not */
};

void binding_init(void);

/* The monitor's end of its channel with the monitor of a core, whose number there is ours. */
void binding_open_first(uint32_t peer, struct process *monitor);

/* The binding that a name stands for, if `p` has it; or NULL. */
struct binding *binding_find(const struct process *p, endpoint_t name);

/* Whether it has been closed and nothing is left of its window: what its bell then tells. */
static inline bool binding_has_ended(const struct binding *b) {
    return b->state == BINDING_CLOSED && !b->mapped;
}

/* RECEIVE from a name. Errors: -E_BADEP, -E_PEERDEAD it has ended, and the process been told. */
int binding_await(const struct process *p, endpoint_t name);

/* NOTIFY to a name. Errors: -E_BADEP, -E_PEERDEAD it is closed, -E_STATE its other end is not
 * known. */
int binding_notify(const struct process *p, endpoint_t name);

/* A core has rung a number, below BINDINGS_MAX; whether it may is not known. */
void binding_rung(uint32_t core, uint32_t number);

/* The line of a number has fired: the other end rings. Whether that number has that line. */
void binding_line_fired(uint32_t number);
bool binding_has_line(uint32_t number, uint32_t line);

/* Puts a binding of the process, which is not in there, at the end of its queue of bells. */
void binding_queue(struct process *p, struct binding *b);

/* The first bell of a process' queue, or that of `from`, taken out; NULL: it has not rung. */
struct binding *binding_take(struct process *p, endpoint_t from);

/* BIND's operations on a number, permissions and range checked; steps as the calls are restarted.
 */
int binding_open(uint32_t number, struct process *p, uint32_t core, uint64_t cookie,
                 endpoint_t *name);
int binding_open_line(uint32_t number, uint64_t line, uint32_t core, uint32_t limit);
int binding_peer(uint32_t number, uint64_t peer_number);
int binding_map(uint32_t number, struct process *caller, uint64_t address, uint64_t physical,
                uint64_t pages);
int binding_close(uint32_t number);
int binding_free(uint32_t number);

/* A process has died: its bells are silent. It is destroyed: its scratch frames are free. */
void binding_process_died(struct process *p);
void binding_process_gone(struct process *p);

/* For the check of invariants: scratch frames of a process, and how much in the table is wrong. */
uint64_t binding_scratches(const struct process *p);
unsigned binding_check(void);

#endif
