#include "amd.h"

#define COMMANDS      256U
#define COMMANDS_CODE (UINT64_C(8) << 56)
#define EVENTS        8192UL
#define EVENTS_CODE   (UINT64_C(13) << 56)

_Static_assert(AMD_EVENT_PAGES *PAGE_SIZE == EVENTS * 16, "all have room");

#define FEATURE_FLUSH_ALL (UINT64_C(1) << 6)

/* Commands (2.4). */
#define COMMAND_WAIT       (UINT64_C(1) << 60)
#define COMMAND_DEVICE     (UINT64_C(2) << 60)
#define COMMAND_PAGES      (UINT64_C(3) << 60)
#define COMMAND_INTERRUPTS (UINT64_C(5) << 60)
#define COMMAND_ALL        (UINT64_C(8) << 60)
#define WAIT_WRITE         1U
#define PAGES_ALL          UINT64_C(0x7ffffffffffff003) /* every size, and what leads to pages too */

/* Events (2.5). */
enum {
    EVENT_DEVICE_ENTRY = 1,
    EVENT_PAGE = 2,
    EVENT_DEVICE_HARDWARE = 3,
    EVENT_TABLE_HARDWARE = 4,
    EVENT_COMMAND = 5,
    EVENT_COMMAND_HARDWARE = 6,
    EVENT_TIMEOUT = 7,
    EVENT_REQUEST = 8,
};
#define EVENT_INTERRUPT (UINT64_C(1) << 51) /* of a page fault: not an access, but an interrupt */
#define EVENT_WRITE     (UINT64_C(1) << 53)

struct pair {
    uint64_t low, high;
};

unsigned amd_queue_pages(void) { return 2 + amd_units * (1 + AMD_EVENT_PAGES); }

static uint32_t command_page(const struct amd_unit *unit) {
    return tables.state->queue_page + 2 + unit->number * (1 + AMD_EVENT_PAGES);
}

static volatile struct pair *events(const struct amd_unit *unit) {
    return (volatile struct pair *)tables_page(&tables, command_page(unit) + 1);
}

/* The word that a unit's waits write; each has a cache line. */
static volatile uint64_t *wait_word(const struct amd_unit *unit) {
    return tables_page(&tables, tables.state->queue_page) + 8UL * unit->number;
}

static int switch_off(const struct amd_unit *unit, uint64_t control, uint32_t status) {
    *amd_64(unit, CONTROL) &= ~control;
    return wait_for(amd_32(unit, STATUS), status, 0) ? 0 : -E_IO;
}

/* The log is empty: nothing in it, and both pointers at its beginning (3.4.1: writing the base
 * resets them). */
static int start_events(struct amd_unit *unit) {
    int error = switch_off(unit, CONTROL_EVENT_LOG, STATUS_EVENT_LOG);

    for (size_t i = 0; i < EVENTS; i++)
        events(unit)[i].low = events(unit)[i].high = 0;
    *amd_64(unit, EVENT_LOG) = tables_physical(&tables, command_page(unit) + 1) | EVENTS_CODE;
    *amd_64(unit, EVENT_HEAD) = 0;
    *amd_64(unit, EVENT_TAIL) = 0;
    *amd_32(unit, STATUS) = STATUS_EVENT_OVERFLOW;
    unit->event = 0;
    *amd_64(unit, CONTROL) |= CONTROL_EVENT_LOG;
    return error;
}

/* A unit that works already keeps translating meanwhile; one that does not begins to. */
int amd_queue_start(struct amd_unit *unit) {
    int error = switch_off(unit, CONTROL_COMMANDS, STATUS_COMMANDS);

    *amd_64(unit, COMMAND_BUFFER) = tables_physical(&tables, command_page(unit)) | COMMANDS_CODE;
    *amd_64(unit, COMMAND_HEAD) = 0;
    *amd_64(unit, COMMAND_TAIL) = 0;
    unit->tail = 0;
    unit->waited = *wait_word(unit);
    if (!error)
        error = start_events(unit);
    *amd_64(unit, CONTROL) |= CONTROL_ENABLE | CONTROL_COHERENT;
    *amd_64(unit, CONTROL) |= CONTROL_COMMANDS | CONTROL_EVENT_LOG;
    return error;
}

static void put(struct amd_unit *unit, uint64_t low, uint64_t high) {
    struct pair *at = (struct pair *)tables_page(&tables, command_page(unit)) + unit->tail;

    *at = (struct pair){ low, high };
    unit->tail = (unit->tail + 1) % COMMANDS;
}

/* Has the unit take all commands, and waits until they are done. */
static int run(struct amd_unit *unit) {
    uint64_t word = tables_physical(&tables, tables.state->queue_page) + 64UL * unit->number;
    uint64_t number = ++unit->waited;

    put(unit, COMMAND_WAIT | word | WAIT_WRITE, number);
    tables_publish(&tables, NULL, 0);
    *amd_64(unit, COMMAND_TAIL) = (uint64_t)unit->tail * sizeof(struct pair);
    if (wait_for((const volatile uint32_t *)wait_word(unit), UINT32_MAX, (uint32_t)number))
        return 0;
    log_line("unit %u does not get on with its commands: status %x", unit->number,
             *amd_32(unit, STATUS));
    return -E_IO;
}

int amd_flush_device(struct amd_unit *unit, uint16_t device) {
    put(unit, COMMAND_DEVICE | device, 0);
    put(unit, COMMAND_INTERRUPTS | device, 0);
    return run(unit);
}

int amd_flush_pages(struct amd_unit *unit, uint16_t id) {
    put(unit, COMMAND_PAGES | (uint64_t)id << 32, PAGES_ALL);
    return run(unit);
}

int amd_flush_all(struct amd_unit *unit) {
    int error = 0;

    if (unit->features & FEATURE_FLUSH_ALL) {
        put(unit, COMMAND_ALL, 0);
        return run(unit);
    }
    for (unsigned device = 0; device < DEVICES && !error; device++)
        error = amd_flush_device(unit, (uint16_t)device);
    for (uint16_t id = 0; id <= DOMAINS_MAX && !error; id++)
        error = amd_flush_pages(unit, id);
    return error;
}

static struct fault read_event(struct pair event) {
    struct fault fault = {
        .requester = (uint16_t)event.low,
        .code = (uint32_t)(event.low >> 60),
        .reason = IOMMU_OTHER,
        .address = event.high,
    };

    if (fault.code == EVENT_PAGE || fault.code == EVENT_DEVICE_ENTRY) {
        if (event.low & EVENT_INTERRUPT) {
            fault.reason = IOMMU_INTERRUPT_REFUSED;
            return fault;
        }
        fault.access = event.low & EVENT_WRITE ? IOMMU_WRITE : IOMMU_READ;
        fault.reason = event.low & EVENT_WRITE ? IOMMU_NOT_WRITABLE : IOMMU_NOT_READABLE;
    }
    return fault;
}

/* Of the command and status register of a PCI function: it has refused an access (PCI 3.0, 6.2.3).
 */
#define PCI_STATUS         0x04
#define PCI_COMMAND_BITS   0xffffU
#define PCI_STATUS_REFUSED (1U << 27)

/* What a unit shows that logs nothing: that of QEMU 7.2. */
static void poll_status(const struct amd_unit *unit, bool logged,
                        void (*report)(const struct fault *fault)) {
    static const struct fault fault = { .requester = IOMMU_NO_DEVICE, .reason = IOMMU_UNTOLD };
    uint32_t status = pci_reader.read(NULL, unit->device, PCI_STATUS);

    if (status == UINT32_MAX || !(status & PCI_STATUS_REFUSED))
        return;
    pci_write(unit->device, PCI_STATUS, (status & PCI_COMMAND_BITS) | PCI_STATUS_REFUSED);
    if (!logged)
        report(&fault);
}

/*
 * An entry is taken for written when it is not zero, and is made zero when it is read: the tail is
 * not to be relied on, which the hardware moves before it writes (erratum 732 of family 15h), and
 * QEMU 7.2 not at all.
 */
static void poll_unit(struct amd_unit *unit, void (*report)(const struct fault *fault)) {
    size_t limit = EVENTS;

    for (; limit > 0; limit--) {
        volatile struct pair *at = &events(unit)[unit->event];
        struct pair event = { at->low, at->high };
        if (event.low == 0)
            break;
        at->low = at->high = 0;
        unit->event = (unsigned)((unit->event + 1) % EVENTS);
        *amd_64(unit, EVENT_HEAD) = unit->event * sizeof event;
        struct fault fault = read_event(event);
        report(&fault);
    }
    poll_status(unit, limit < EVENTS, report);
    /* A log that is full stops (2.5.2); it is begun again in time. */
    if (*amd_32(unit, STATUS) & STATUS_EVENT_OVERFLOW || (limit > 0 && unit->event >= EVENTS / 64))
        start_events(unit);
}

void amd_poll(void (*report)(const struct fault *fault)) {
    for (unsigned i = 0; i < amd_units; i++)
        poll_unit(&amd_unit[i], report);
}
