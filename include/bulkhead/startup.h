/*
 * What a program finds when it starts: one read-only page at STARTUP_BASE, written by whoever made
 * the process (the instance for its monitor, else the monitor), and a stack that ends right below
 * the guard page under it.
 */
#ifndef BULKHEAD_STARTUP_H
#define BULKHEAD_STARTUP_H

#include <bulkhead/kcall.h>

#define STARTUP_BASE (USER_END - PAGE_SIZE)
#define STACK_TOP                                                                      \
    (STARTUP_BASE - PAGE_SIZE)    /* first stack pointer; the stack grows down from it \
                                   */
#define STACK_BYTES (64 * 1024UL) /* default; below it lies unmapped memory */
#define ARCHIVE_BASE                                                            \
    0x0000200000000000UL /* where the monitor finds the boot archive, read-only \
                          */

struct startup {
    uint64_t version; /* STARTUP_VERSION */
    endpoint_t self;
    endpoint_t monitor; /* of this core; ENDPOINT_NONE for the monitor */
    endpoint_t console; /* ENDPOINT_NONE when there is none yet */
    uint64_t archive;   /* address and size of the boot archive; 0 for all but the monitor */
    uint64_t archive_bytes;
    uint64_t tsc_frequency; /* Hz */
    uint32_t argc;
    uint32_t args_bytes; /* length of args[] */
    char args[]; /* argc strings, each with its terminating zero; the first is the program's name */
};

#define STARTUP_VERSION  1
#define STARTUP_ARGS_MAX (PAGE_SIZE - sizeof(struct startup))

#endif
