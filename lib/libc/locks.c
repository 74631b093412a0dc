/*
 * musl's locks. A process has one thread.
 */
#include "lock.h"
#include "stdio_impl.h"

// NOLINTBEGIN(readability-non-const-parameter): the declarations are musl's
void __lock(volatile int *lock) { (void)lock; }

void __unlock(volatile int *lock) { (void)lock; }
// NOLINTEND(readability-non-const-parameter)

int __lockfile(FILE *f) {
    (void)f;
    return 0;
}

void __unlockfile(FILE *f) { (void)f; }
