#include "machine.h"

#include <stdio.h>

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/kcall.h>

#include "locality.h"

#define SYSTEM_BLOCK 0x0000211000000000UL

_Static_assert(SYSTEM_PAGES == BOOT_LOW_PAGES, "the block that boot/ leaves");

struct boot_info machine_boot;
struct core_info machine_own;
struct topology machine_topology;

/* Without other cores there is nobody to share it with. */
void *machine_page(enum system_page page) {
    static _Alignas(PAGE_SIZE) char own[PAGE_SIZE];
    return machine_cores() == 1 ? (void *)own : (void *)(SYSTEM_BLOCK + page * PAGE_SIZE);
}

/* CORE_MAP wants another core's number, whichever. */
static uint32_t some_other_core(void) { return machine_self() == 0 ? 1 : 0; }

int machine_open(void) {
    int error = getinfo(INFO_BOOT, &machine_boot, sizeof machine_boot, 0, NULL, NULL);

    if (!error)
        error = getinfo(INFO_CORE, &machine_own, sizeof machine_own, 0, NULL, NULL);
    struct locality_shifts shifts = locality_shifts();
    locality_describe(&machine_boot, &shifts, &machine_topology);
    if (error || machine_cores() == 1)
        return error;
    return core_map(some_other_core(), SYSTEM_BLOCK, machine_boot.low.base,
                    SYSTEM_PAGES * PAGE_SIZE);
}
