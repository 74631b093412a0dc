/* What trampoline.asm finds in its page. */
#ifndef MONITOR_TRAMPOLINE_H
#define MONITOR_TRAMPOLINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TRAMPOLINE_PARAMETERS 0xf00 /* where they lie in the page */

/* No core: nobody may start. */
#define TICKET_TAKEN UINT32_MAX

struct trampoline_parameters {
    _Atomic uint32_t
        ticket; /* APIC ID of the core that may start, which takes it; or TICKET_TAKEN */
    _Atomic uint32_t rests; /* APIC ID of the core that came last without a ticket, and rests now */
    uint64_t tables;        /* physical, below 4 GiB: a PML4 with this page mapped where it lies */
    uint64_t pml4, entry, argument, stack; /* of the instance (instance_build()) */
};

_Static_assert(offsetof(struct trampoline_parameters, rests) == 4 &&
                   offsetof(struct trampoline_parameters, tables) == 8 &&
                   offsetof(struct trampoline_parameters, stack) == 40,
               "trampoline.inc");

extern const char trampoline[], trampoline_end[];

#endif
