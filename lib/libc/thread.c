/*
 * The one thread's block, to which FS points: crt0.asm fills in self and canary,
 * runtime_thread_init() the rest of what musl's functions look at (errno and the locale).
 */
#include <stddef.h>

#include "libc.h"
#include "pthread_impl.h"

#include "../start/start.h"

_Static_assert(offsetof(struct pthread, self) == 0, "crt0.asm");
_Static_assert(offsetof(struct pthread, canary) == 0x28, "crt0.asm, and the compiler");

extern struct pthread runtime_thread;
struct pthread runtime_thread;

void runtime_thread_init(void) { runtime_thread.locale = &libc.global_locale; }
