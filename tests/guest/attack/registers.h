/* System calls in registers that no function of the library touches. */
#ifndef TESTS_GUEST_ATTACK_REGISTERS_H
#define TESTS_GUEST_ATTACK_REGISTERS_H

#include <runtime/ipc.h>

/* RECEIVE from anybody; *r14 is that register before, and after. */
int receive_and_watch(struct message *m, uint64_t *r14);

/* SEND with something in that register too. */
int send_with(endpoint_t to, uint64_t r14);

#endif
