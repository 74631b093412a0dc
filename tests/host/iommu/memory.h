/* Memory for tables, and hardware that notes what it is told. */
#ifndef TESTS_HOST_IOMMU_MEMORY_H
#define TESTS_HOST_IOMMU_MEMORY_H

#include <setjmp.h>

#include "domains.h"

#define MEMORY_PHYSICAL 0x7fc00000UL
#define MEMORY_PAGES    512

/* `tables` in new memory. */
void memory_make(enum iommu_kind kind);

/*
 * The fake hardware: its units look after the devices of bus 0. After `calls_left` calls (negative:
 * never) the server "dies": longjmp(death).
 */
struct fake {
    bool attached[65536];
    unsigned flushes;
    int calls_left;
    int error; /* what the next calls give */
    jmp_buf death;
};

extern struct fake fake;
extern const struct hardware fake_hardware;

#endif
