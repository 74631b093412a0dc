/*
 * Every primitive, every error and every refusal of include/bulkhead/ipc.h, in the running system.
 * The test works with partners: children that make the call they are ordered to, and run before the
 * test does, so that after an order the partner has finished or is blocked. One that has finished
 * waits to send to the test: what a test receives from ENDPOINT_ANY may be that.
 */
#ifndef TESTS_GUEST_IPC_TESTS_H
#define TESTS_GUEST_IPC_TESTS_H

#include <stdbool.h>

#include <runtime/ipc.h>

#include "../support/child.h"

#define TYPE (MESSAGE_TYPE_SERVICE + 5)

struct partner {
    endpoint_t endpoint;
    uint64_t orders; /* given so far */
};

/* A partner with all primitives that may send to the test. Kernel events of before are dropped. */
void partner_start(struct partner *p, const char *label);

/*
 * Lets a partner that has finished make a call: rax, rdi and *m; or make it several times in a row.
 * In the last form *m has the type TYPE and a number in arg[0].
 */
void partner_order(struct partner *p, uint64_t operation, uint64_t to, const struct message *m);
void partner_repeat(struct partner *p, uint64_t operation, uint64_t to, const struct message *m,
                    uint64_t times);
void partner_do(struct partner *p, uint64_t operation, uint64_t to, uint64_t number);

/* Lets a partner submit its ASEND table of so many entries, which partner_entry() has filled in. */
void partner_asend(struct partner *p, unsigned entries);
void partner_entry(const struct partner *p, unsigned index, endpoint_t to, uint64_t number);
struct asend_entry partner_table(const struct partner *p, unsigned index);

/* Whether the partner has finished its last order; if so, its result and message. */
bool partner_finished(const struct partner *p);
int partner_result(const struct partner *p);
struct message partner_message(const struct partner *p);

/* A check that it has finished with that result. */
bool partner_is(const struct partner *p, int result, const char *name);

/* A check that it is blocked: PROCESS_SENDING or PROCESS_RECEIVING, with whom. */
bool partner_waits(const struct partner *p, enum process_state state, endpoint_t with,
                   const char *name);

/* Ends it. */
void partner_end(struct partner *p);

/* Whether two messages have the same type, tag and arguments. */
bool same_content(const struct message *a, const struct message *b);

/* A message with something in every field. */
extern const struct message full;

/* tap_is() with the path under test in the name. */
void is(int64_t got, int64_t expected, const char *name);
void ok(bool condition, const char *name);
extern const char *path;

/*
 * registers.asm: a system call with rax, rdi and something in all other registers. `in` and `out`
 * receive the 16 general registers before and after, in the order of enum register_name.
 */
enum register_name { RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15 };
void call_with_all_registers(uint64_t rax, uint64_t rdi, uint64_t in[16], uint64_t out[16]);

void test_rendezvous(void);
void test_notifications(void);
void test_asend(void);
void test_deaths(void);
void test_cycles(void);
void test_refusals(void);
void test_registers(void);

#endif
