/* The end of a core, with a report. core.h has panic(). */
#ifndef CPU_DRIVER_PANIC_H
#define CPU_DRIVER_PANIC_H

#include "process.h"

/* Tells where the pristine image (an ELF file) lies, for the names of functions. */
void panic_symbols(const void *elf, size_t bytes);

/* Stops the core because of an exception in the instance; `c` is the frame. */
_Noreturn void panic_exception(const struct context *c, const char *name);

/* Stops the core because its first process, without which it is of no use, has died. */
_Noreturn void panic_process(const struct process *p, const char *cause);

#endif
