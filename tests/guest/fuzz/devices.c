/* Arguments of the calls for drivers, and of those that give a child what it may do. */
#include "values.h"

#include <bulkhead/refusal.h>

/* ---- Ports ---- */

static uint16_t some_port(void) {
    static const uint16_t ports[] = {
        FUZZ_PORT,
        FUZZ_PORT + 1,
        FUZZ_PORT + FUZZ_PORTS - 1,
        FUZZ_PORT + FUZZ_PORTS,
        TIMER_PORT,
        TIMER_PORT + 2,
        TIMER_COMMAND,
        UINT16_MAX,
    };
    return ports[below(sizeof ports / sizeof ports[0])];
}

/* What a driver would write there, or what it may not. */
static uint32_t some_port_value(uint16_t port) {
    if (port == TIMER_COMMAND && below(2))
        return one_in(4) ? TIMER_LATCH : one_in(4) ? TIMER_ONE_SHOT : TIMER_RATE;
    return (uint32_t)random_next(&values_state);
}

/* As many accesses as chance wants. Returns how many. */
static uint64_t some_accesses(struct vdevio_entry *vector, uint64_t limit) {
    bool safe = below(2); /* else it is seldom that all of it is allowed */
    uint64_t count = 1 + below(limit);
    for (unsigned i = 0; i < count; i++) {
        uint16_t port = safe ? (uint16_t)(FUZZ_PORT + below(FUZZ_PORTS)) : some_port();
        vector[i] = (struct vdevio_entry){ port, (uint16_t)(VDEVIO_IN8 | below(2) * VDEVIO_WRITE),
                                           some_port_value(port) };
    }
    return count;
}

/* Has the timer interrupt, once or again and again. */
static uint64_t start_timer(struct vdevio_entry *vector) {
    uint32_t command = one_in(8) ? TIMER_ONE_SHOT : TIMER_RATE;
    vector[0] = (struct vdevio_entry){ TIMER_COMMAND, VDEVIO_OUT8, command };
    vector[1] = (struct vdevio_entry){ TIMER_PORT, VDEVIO_OUT8, 1 + (uint32_t)below(8) };
    return 2;
}

void vdevio_args(uint64_t arg[MESSAGE_ARGS]) {
    struct vdevio_entry *vector = (struct vdevio_entry *)buffer;
    arg[0] = below(2) ? VDEVIO_IN8 | below(2) * VDEVIO_WRITE : below(16);
    arg[1] = some_port();
    arg[2] = some_port_value((uint16_t)arg[1]);
    if (below(2))
        return;
    arg[0] = VDEVIO_VECTOR;
    arg[1] = below(8) ? (uint64_t)buffer : some_address();
    arg[2] = below(2) ? start_timer(vector) : some_accesses(vector, 4);
    if (one_in(8))
        arg[2] = odd_number();
}

/* ---- Interrupts ---- */

static uint64_t some_line(void) {
    switch (below(8)) {
    case 0:
        return odd_number();
    case 1:
        return FUZZ_LINE;
    case 2:
    case 3:
    case 4:
        return TIMER_LINE;
    default: /* one more than it has */
        return IRQ_MSI_BASE + below(FUZZ_MESSAGES + 1);
    }
}

/* Lines are unmasked more often than anything else is done to them, as drivers do. Only a line
 * without a device asks for an entry of an IOMMU that is not there. */
void irqctl_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(2)   ? IRQCTL_UNMASK
             : below(8) ? IRQCTL_REGISTER + below(IRQCTL_REMAP)
                        : odd_number();
    arg[1] = some_line();
    arg[2] = below(33);
    if (arg[0] == IRQCTL_REMAP)
        arg[2] = arg[1] == FUZZ_LINE ? (below(2) ? below(0x10002) : odd_number()) : 0;
}

/* ---- Memory ---- */

/* RAM, or where the first local APIC is, seldom. */
static uint64_t some_device_page(void) {
    if (one_in(16))
        return below(2) ? 0x100000 : 0xfee00000;
    return FUZZ_MEMORY + below(FUZZ_MEMORY_PAGES + 1) * PAGE_SIZE;
}

void memmap_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? MEMMAP_MAP + below(2) : odd_number();
    arg[1] = below(16) ? some_page() : some_address();
    arg[2] = below(16) ? some_device_page() : odd_number();
    arg[3] = some_pages_bytes(3);
    arg[4] = below(8) ? below(2) * PROT_WRITE : below(2) ? MEMMAP_CACHED : odd_number();
}

void mapdma_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? below(3) : odd_number();
    arg[1] = below(16) ? DMA + below(DMA_PAGES) * PAGE_SIZE : some_address();
    arg[2] = some_pages_bytes(3);
    if (one_in(16)) { /* as if it were restarted, half-way */
        arg[3] = below(2) ? odd_number() : 0x100001;
        arg[4] = odd_number();
    }
    if (arg[0] != MAPDMA_QUERY)
        return;
    arg[3] = arg[2];
    arg[2] = arg[1];
    arg[1] = some_child();
    arg[4] = some_address();
}

/* ---- Permissions ---- */

static void budget_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[2] = below(4) ? SCHED_BUDGET_MIN + below(SCHED_PERIOD_MIN) : odd_number();
    arg[3] = below(4) ? SCHED_PERIOD_MIN + below(SCHED_PERIOD_MIN) : odd_number();
}

/* What one who has it would give, by operation: arg[2], arg[3]. */
static void sensible_gift(uint64_t arg[MESSAGE_ARGS]) {
    switch (arg[0]) {
    case PRIVCTL_ALLOW:
        arg[2] = below(2) ? some_child() : below(2) ? some_caller() : caller.echo;
        break;
    case PRIVCTL_IO:
        arg[2] = FUZZ_PORT + below(FUZZ_PORTS);
        break;
    case PRIVCTL_IRQ:
        arg[2] = FUZZ_LINE;
        arg[3] = 1;
        break;
    case PRIVCTL_SCHED:
        arg[2] = below(SCHED_PRIORITIES + 1);
        break;
    case PRIVCTL_MEMORY:
        arg[2] = FUZZ_MEMORY / PAGE_SIZE + below(FUZZ_MEMORY_PAGES);
        break;
    case PRIVCTL_MSI:
        arg[2] = 1 + below(FUZZ_MESSAGES + 1);
        break;
    case PRIVCTL_VET:
        arg[2] = (FUZZ_PORT + below(FUZZ_PORTS)) << 32 | UINT64_C(1) << below(3);
        arg[3] = below(256) << 32;
        break;
    case PRIVCTL_BUDGET:
        budget_args(arg);
        break;
    case PRIVCTL_REFUSED:
        arg[2] = below(REFUSAL_COUNT + 1);
        break;
    default:
        break;
    }
}

void privctl_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(PRIVCTL_REFUSED + 2);
    arg[1] = below(16) ? some_child() : some_endpoint();
    arg[2] = below(4) ? below(256) : odd_number();
    arg[3] = 1 + below(4);
    if (below(4))
        sensible_gift(arg);
    /* Itself and the echo server go on talking: the exchange is what is verified. */
    if (arg[0] == PRIVCTL_DENY)
        arg[2] = some_child();
}
