/*
 * Takes the place of <runtime/machine.h>, whose include guard it uses: the driver's traps go to a
 * kernel with a 16550A and clients that the tests script.
 */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/ipc.h>

#define IPC_INLINE static inline

int trap_message(uint64_t operation, uint64_t to, struct message *m);
int trap_send(uint64_t operation, endpoint_t to, const struct message *m);
int trap_receive(uint64_t operation, endpoint_t from, struct message *m);
int trap_1(uint64_t operation, uint64_t rdi);
int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi);
int trap_kernel_4(uint64_t call, uint64_t arg[4]);
int trap_kernel_5(uint64_t call, uint64_t arg[5]);
uint64_t machine_counter(void);

/* The driver's main(), by the name that component.mk gives it here. */
int driver_main(int argc, char **argv);

#endif
