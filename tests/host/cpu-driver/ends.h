/*
 * What the tests of bindings have in common: a process with memory for windows, and ends of
 * connections to another core.
 */
#ifndef TESTS_CPU_DRIVER_ENDS_H
#define TESTS_CPU_DRIVER_ENDS_H

#include <criterion/criterion.h>

#include "binding.h"
#include "fixture.h"

#define NUMBER 100U /* of the binding of p's, to PEER there at core CORE */
#define CORE   5U
#define PEER   777U
#define COOKIE 0x123456789abcdefUL
#define WINDOW 0x20000000UL /* address of windows, in page tables of their own */

static struct process *first, *p, *q;

static inline void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    q = fixture_process("q");
    fixture_give_frames(p, 600);
}

#define BIND(...) fixture_kcall(first, KCALL_BIND, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

static inline int receive(struct process *who, endpoint_t from) {
    return fixture_ipc(who, IPC_RECEIVE | IPC_NONBLOCK, from, 0);
}

/* An end of `who` that can ring, and of which it has been told. */
static inline endpoint_t bind_to(uint32_t number, struct process *who, uint32_t core) {
    uint64_t args[MESSAGE_ARGS] = { BIND_OPEN, number, who->endpoint, core, COOKIE + number };
    cr_assert_eq(fixture_kcall(first, KCALL_BIND, args), 0);
    cr_assert_eq(BIND(BIND_PEER, number, PEER), 0);
    cr_assert_eq(receive(who, args[0]), 0);
    return args[0];
}

static inline endpoint_t bind_p(uint32_t number) { return bind_to(number, p, CORE); }

static inline int notify(struct process *who, endpoint_t name) {
    return fixture_ipc(who, IPC_NOTIFY, name, 0);
}

static inline void expect_bell(const struct process *who, endpoint_t name, uint32_t number,
                               bool closed) {
    struct message m = fixture_received(who);
    cr_assert_eq(who->state, PROCESS_READY);
    cr_assert_eq(m.source, name);
    cr_assert_eq(m.type, MESSAGE_NOTIFY);
    cr_assert_eq(m.arg[0], COOKIE + number);
    cr_assert_eq(m.arg[1], closed);
    cr_assert(m.tag == 0 && !m.arg[2] && !m.arg[3] && !m.arg[4] && !m.arg[5]);
}

#endif
