#include "bystander.h"

#include "../support/cores.h"
#include "attack.h"

/* What an interrupt, and what a switch to another process, costs a core at most: the monitor's work
 * for a message is in it. */
#define INTERRUPT_COST 2000U
#define SWITCH_COST    10000U

static volatile uint64_t counted; /* by the bystander, in its own memory */
static endpoint_t bystander;

static void count(void *unused) {
    (void)unused;
    for (;;)
        ++counted;
}

void bystander_start(void) { bystander = start("bystander", count); }

void bystander_end(void) { child_end(bystander); }

uint64_t bystander_work(void) {
    LOOK(bystander, counted);
    return counted;
}

uint64_t disturbance_of(uint32_t core) {
    struct core_info info = { 0 };
    int error = core_getinfo(core, INFO_CORE, &info, sizeof info);
    if (error)
        tap_bail_out("core %u does not answer: %s", core, error_text(error));
    return info.interrupts * INTERRUPT_COST + info.context_switches * SWITCH_COST;
}
