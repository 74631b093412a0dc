/*
 * Takes the place of <runtime/machine.h>, whose include guard it uses: the traps of drivers/lib go
 * to a kernel that the tests script.
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
int trap_kernel_6(uint64_t call, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                  uint64_t f);
uint64_t machine_counter(void);

#endif
