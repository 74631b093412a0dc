#include "irq.h"

#include "core.h"
#include "ipc.h"
#include "trace.h"
#include "x86_64/ioapic.h"
#include "x86_64/lapic.h"
#include "x86_64/vectors.h"

struct line {
    struct process *driver; /* NULL: nobody's */
    uint8_t bit;
};

static struct line lines[IRQ_LINES];

void irq_init(void) {
    for (unsigned i = 0; i < IRQ_LINES; i++)
        lines[i].driver = NULL;
    ioapic_init();
}

int irq_register(struct process *p, uint64_t line, unsigned bit) {
    if (!ioapic_has(line))
        return -E_NOENT;
    if (lines[line].driver && lines[line].driver != p)
        return -E_BUSY;
    lines[line] = (struct line){ p, (uint8_t)bit };
    ioapic_route((unsigned)line, (uint8_t)(VECTOR_IRQ + line), (uint8_t)lapic_id());
    return 0;
}

static bool is_drivers(const struct process *p, uint64_t line) {
    return line < IRQ_LINES && lines[line].driver == p;
}

int irq_unregister(struct process *p, uint64_t line) {
    if (!is_drivers(p, line))
        return -E_STATE;
    ioapic_set_mask((unsigned)line, true);
    lines[line].driver = NULL;
    return 0;
}

int irq_set_mask(struct process *p, uint64_t line, bool masked) {
    if (!is_drivers(p, line))
        return -E_STATE;
    ioapic_set_mask((unsigned)line, masked);
    return 0;
}

void irq_release_all(struct process *p) {
    for (unsigned line = 0; line < IRQ_LINES; line++)
        if (lines[line].driver == p)
            irq_unregister(p, line);
}

unsigned irq_check(void) {
    unsigned wrong = 0;
    for (unsigned line = 0; line < IRQ_LINES; line++) {
        const struct process *p = lines[line].driver;
        wrong += p && (p->endpoint == ENDPOINT_NONE || p->state == PROCESS_DEAD ||
                       !priv_covers(p->irq, p->irq_count, line, 1));
    }
    return wrong;
}

void irq_fired(unsigned line) {
    struct process *driver = lines[line].driver;
    trace(TRACE_EVENT_IRQ, ENDPOINT_NONE, driver ? driver->endpoint : ENDPOINT_NONE,
          VECTOR_IRQ + line);
    if (!driver) { /* sent before its driver was gone */
        counters.unknown_interrupts++;
        return;
    }
    ioapic_set_mask(line, true);
    driver->irq_fired |= 1U << lines[line].bit;
    ipc_event(driver, EVENT_IRQ);
}
