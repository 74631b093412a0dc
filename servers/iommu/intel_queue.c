/*
 * What the hardware's caches are told: by a queue of descriptors in memory, or, by units that have
 * none, by registers (6.5). All functions wait until it is done.
 *
 * The queues' pages: one whose words the units write when they have got to a wait, then one per
 * unit with 256 descriptors.
 */
#include "intel.h"

#define EXTENDED_QUEUE (1U << 1)

#define QUEUE_ENTRIES 256U

/* Types and fields of descriptors (6.5.2). */
#define TYPE_CONTEXT    1U
#define TYPE_PAGES      2U
#define TYPE_INTERRUPTS 4U
#define TYPE_WAIT       5U
#define GLOBAL          (1U << 4)
#define DOMAIN          (2U << 4)
#define DEVICE          (3U << 4) /* of contexts */
#define DRAIN           (3U << 6) /* of pages: reads and writes under way are over too */
#define WAIT_WRITE      (1U << 5)
#define WAIT_FENCE      (1U << 6) /* and nothing later begins before */

/* Registers (11.4.6). */
#define COMMAND_GO     (UINT64_C(1) << 63)
#define CONTEXT_GLOBAL (UINT64_C(1) << 61)
#define CONTEXT_DEVICE (UINT64_C(3) << 61)
#define PAGES_GLOBAL   (UINT64_C(1) << 60)
#define PAGES_DOMAIN   (UINT64_C(2) << 60)
#define PAGES_DRAIN    (UINT64_C(3) << 48)

struct descriptor {
    uint64_t low, high;
};

unsigned intel_queue_pages(void) { return 1 + intel_units; }

static bool has_queue(const struct intel_unit *unit) { return unit->extended & EXTENDED_QUEUE; }

static uint32_t queue_page(const struct intel_unit *unit) {
    return tables.state->queue_page + 1 + unit->number;
}

/* The word that a unit's waits write; each has a cache line. */
static volatile uint32_t *wait_word(const struct intel_unit *unit) {
    return (volatile uint32_t *)tables_page(&tables, tables.state->queue_page) +
           16UL * unit->number;
}

int intel_queue_start(struct intel_unit *unit) {
    if (!has_queue(unit))
        return 0;
    if (*intel_32(unit, GLOBAL_STATUS) & GLOBAL_QUEUE) {
        int error = intel_command(unit, GLOBAL_QUEUE, false);
        if (error)
            return error;
    }
    *intel_64(unit, QUEUE_TAIL) = 0;
    *intel_64(unit, QUEUE_ADDRESS) = tables_physical(&tables, queue_page(unit));
    unit->tail = 0;
    unit->waited = *wait_word(unit);
    return intel_command(unit, GLOBAL_QUEUE, true);
}

static void put(struct intel_unit *unit, uint64_t low, uint64_t high) {
    struct descriptor *at =
        (struct descriptor *)tables_page(&tables, queue_page(unit)) + unit->tail;

    *at = (struct descriptor){ low, high };
    tables_publish(&tables, at, sizeof *at);
    unit->tail = (unit->tail + 1) % QUEUE_ENTRIES;
}

/* Has the unit take all descriptors, and waits until they are done. */
static int run(struct intel_unit *unit) {
    uint64_t word = tables_physical(&tables, tables.state->queue_page) + 64UL * unit->number;
    uint32_t number = ++unit->waited;

    put(unit, (uint64_t)number << 32 | WAIT_FENCE | WAIT_WRITE | TYPE_WAIT, word);
    *intel_64(unit, QUEUE_TAIL) = (uint64_t)unit->tail * sizeof(struct descriptor);
    if (wait_for(wait_word(unit), UINT32_MAX, number))
        return 0;
    log_line("unit %u does not get on with its queue: fault status %x", unit->number,
             *intel_32(unit, FAULT_STATUS));
    return -E_IO;
}

/* A command to a register, whose highest bit says when it is done. */
static int run_register(const struct intel_unit *unit, unsigned at, uint64_t command) {
    *intel_64(unit, at) = command | COMMAND_GO;
    return wait_for(intel_32(unit, at + 4), (uint32_t)(COMMAND_GO >> 32), 0) ? 0 : -E_IO;
}

/* The register that pages are flushed by follows one for addresses. */
static unsigned pages_register(const struct intel_unit *unit) {
    return intel_field(unit->extended, 8, 10) * 16 + 8;
}

int intel_flush_all(struct intel_unit *unit) {
    if (!has_queue(unit)) {
        int error = run_register(unit, CONTEXT_COMMAND, CONTEXT_GLOBAL);
        return error ? error : run_register(unit, pages_register(unit), PAGES_GLOBAL | PAGES_DRAIN);
    }
    put(unit, GLOBAL | TYPE_CONTEXT, 0);
    put(unit, DRAIN | GLOBAL | TYPE_PAGES, 0);
    return run(unit);
}

int intel_flush_context(struct intel_unit *unit, uint16_t requester, uint16_t id) {
    if (!has_queue(unit))
        return run_register(unit, CONTEXT_COMMAND, CONTEXT_DEVICE | (uint64_t)requester << 16 | id);
    put(unit, (uint64_t)requester << 32 | (uint64_t)id << 16 | DEVICE | TYPE_CONTEXT, 0);
    return run(unit);
}

int intel_flush_pages(struct intel_unit *unit, uint16_t id) {
    if (!has_queue(unit))
        return run_register(unit, pages_register(unit),
                            PAGES_DOMAIN | PAGES_DRAIN | (uint64_t)id << 32);
    put(unit, (uint64_t)id << 16 | DRAIN | DOMAIN | TYPE_PAGES, 0);
    return run(unit);
}

/* Units without a queue do not remap interrupts (5.1). */
int intel_flush_interrupts(struct intel_unit *unit) {
    put(unit, TYPE_INTERRUPTS, 0);
    return run(unit);
}
