#include "requests.h"

#include <string.h>

#include <bulkhead/protocol/iommu.h>

#include "bar.h"
#include "claim.h"
#include "config.h"
#include "filter.h"
#include "message.h"
#include "registers.h"

/* A handler returns the reply's result, or 1 if the reply will be sent later. */
typedef int handler(struct message *m);

/* What is asked for, and who has it. */
struct subject {
    struct device *device;
    struct claim *claim; /* NULL: nobody */
};

static int refuse(const struct message *m, enum refusal kind) {
    keeper_refused(m->source, kind);
    return -E_PERM;
}

/*
 * The client's own device. Its BARs are sized now at the latest: while it waits for an answer it
 * uses none.
 */
static int own(const struct message *m, struct subject *subject) {
    struct claim *claim = claim_of_driver(m->source);

    if (claim == NULL)
        return -E_NOENT;
    if (claim->state != CLAIM_RUNNING)
        return -E_BUSY;
    if (claim->lost)
        return -E_IO;
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (claim->device->bar[i].flags & PCI_BAR_UNSIZED) {
            claim_size(claim);
            break;
        }
    *subject = (struct subject){ claim->device, claim };
    return 0;
}

/* The device that an argument names. */
static int named(const struct message *m, uint64_t which, struct subject *subject) {
    if (which == PCI_OWN)
        return own(m, subject);
    if (!keeper_manages(m->source))
        return refuse(m, REFUSED_DEVICE);
    struct device *device = which <= UINT16_MAX ? device_find((uint16_t)which) : NULL;
    if (device == NULL)
        return -E_NOENT;
    *subject = (struct subject){ device, claim_of_device(device) };
    return 0;
}

static void describe(const struct subject *subject, uint64_t arg[3]) {
    memcpy(&arg[0], &subject->device->place, sizeof arg[0]);
    memcpy(&arg[1], &subject->device->ids, sizeof arg[1]);
    arg[2] = subject->claim != NULL ? subject->claim->driver.endpoint : ENDPOINT_NONE;
}

static int serve_next(struct message *m) {
    if (m->arg[0] >= device_count)
        return -E_NOENT;
    struct device *device = &devices[m->arg[0]];
    describe(&(struct subject){ device, claim_of_device(device) }, m->arg);
    return 0;
}

static int serve_attach(struct message *m) {
    if (!keeper_manages(m->source))
        return refuse(m, REFUSED_REQUEST);
    int error = claim_attach(m);
    return error ? error : 1;
}

static uint64_t state_of(const struct subject *subject) {
    uint16_t place = subject->device->place.device;
    uint32_t confines = subject->claim != NULL ? subject->claim->confines : 0;
    uint64_t state = config_16(place, REG_COMMAND) & COMMAND_MASTER ? PCI_MASTER : 0;

    if (confines & IOMMU_CONFINES_DMA)
        state |= PCI_CONFINED_DMA;
    if (confines & IOMMU_CONFINES_INTERRUPTS)
        state |= PCI_CONFINED_INTERRUPTS;
    if (subject->claim != NULL && subject->claim->storm)
        state |= PCI_STORM;
    if (messages_are_msix(subject->device))
        state |= PCI_MSIX;
    return state;
}

static int serve_self(struct message *m) {
    struct subject subject;
    int error = named(m, m->arg[0], &subject);

    if (error)
        return error;
    unsigned messages =
        subject.claim != NULL ? subject.claim->messages : messages_possible(subject.device);
    describe(&subject, m->arg);
    m->arg[3] = messages | state_of(&subject) << 32;
    m->arg[4] = reset_method(subject.device, claim_is_free);
    m->arg[5] = device_requester(subject.device);
    return 0;
}

static uint64_t pack(struct pages pages) {
    struct pci_pages packed = { pages.first, pages.end - pages.first };
    uint64_t arg;

    memcpy(&arg, &packed, sizeof arg);
    return arg;
}

static int serve_bar(struct message *m) {
    uint64_t number = m->arg[0];
    struct pages holes[2] = { { 0, 0 }, { 0, 0 } };
    struct subject subject;
    int error = named(m, m->arg[1], &subject);

    if (error)
        return error;
    if (number >= PCI_BARS)
        return -E_NOENT;
    const struct bar *bar = &subject.device->bar[number];
    if (bar->bytes == 0 && !(bar->flags & PCI_BAR_UNSIZED))
        return -E_NOENT;
    bar_holes(subject.device, (unsigned)number, holes);
    m->arg[0] = bar->flags;
    m->arg[1] = bar->base;
    m->arg[2] = bar->bytes;
    m->arg[3] = pack(holes[0]);
    m->arg[4] = pack(holes[1]);
    m->arg[5] = subject.claim != NULL ? pack(claim_vetted(subject.claim, (unsigned)number)) : 0;
    return 0;
}

static int serve_capability(struct message *m) {
    struct subject subject;
    uint32_t id = 0;
    int error = named(m, m->arg[1], &subject);

    if (error)
        return error;
    if (m->arg[0] > UINT32_MAX || m->arg[2] >= CONFIG_BYTES_EXTENDED)
        return -E_INVAL;
    m->arg[0] = device_capability(subject.device, (uint32_t)m->arg[0], (unsigned)m->arg[2], &id);
    m->arg[1] = id;
    return m->arg[0] != 0 ? 0 : -E_NOENT;
}

static unsigned narrow(uint64_t value) {
    return value <= UINT32_MAX ? (unsigned)value : UINT32_MAX;
}

static int serve_config_read(struct message *m) {
    unsigned offset = narrow(m->arg[0]), width = narrow(m->arg[1]);
    struct subject subject;
    int error = named(m, m->arg[2], &subject);

    if (!error)
        error = filter_access(subject.device, offset, width);
    if (!error)
        m->arg[0] = config_read(subject.device->place.device, offset, width);
    return error;
}

static int serve_config_write(struct message *m) {
    unsigned offset = narrow(m->arg[0]), width = narrow(m->arg[1]);
    struct subject subject;
    int error = own(m, &subject);

    if (error)
        return error;
    if (m->arg[2] > UINT32_MAX)
        return -E_INVAL;
    error = filter_write(subject.device, offset, width, (uint32_t)m->arg[2]);
    if (error == -E_PERM)
        return refuse(m, REFUSED_REGISTER);
    if (error)
        return error;
    uint16_t place = subject.device->place.device;
    config_write(place, offset, width, (uint32_t)m->arg[2]);
    if (config_16(place, REG_COMMAND) & COMMAND_MASTER)
        claim_master(subject.claim);
    return 0;
}

/* Where a register of the client's is that it has to ask for. */
static int find_register(const struct message *m, struct subject *subject, uint64_t *physical) {
    uint64_t number = m->arg[0], offset = m->arg[1], width = m->arg[2];
    struct pages holes[2] = { { 0, 0 }, { 0, 0 } };
    int error = own(m, subject);

    if (error)
        return error;
    if ((width != 1 && width != 2 && width != 4) || offset % width != 0)
        return -E_INVAL;
    const struct bar *bar = number < PCI_BARS ? &subject->device->bar[number] : NULL;
    if (bar == NULL || !bar_is_usable(bar) || offset >= bar->bytes)
        return refuse(m, REFUSED_DEVICE);
    struct pages vetted = claim_vetted(subject->claim, (unsigned)number);
    uint64_t page = offset / PAGE_SIZE;
    if (page < vetted.first || page >= vetted.end)
        return refuse(m, REFUSED_DEVICE);
    unsigned count = bar_holes(subject->device, (unsigned)number, holes);
    for (unsigned i = 0; i < count; i++)
        if (page >= holes[i].first && page < holes[i].end)
            return refuse(m, REFUSED_DEVICE);
    *physical = bar->base + offset;
    return 0;
}

static int serve_read_register(struct message *m) {
    struct subject subject;
    uint64_t physical;
    int error = find_register(m, &subject, &physical);
    volatile char *page = error ? NULL : registers_map(physical & ~(PAGE_SIZE - 1));

    if (page == NULL)
        return error ? error : -E_NOTSUP;
    volatile void *at = page + physical % PAGE_SIZE;
    m->arg[0] = m->arg[2] == 1   ? *(volatile uint8_t *)at
                : m->arg[2] == 2 ? *(volatile uint16_t *)at
                                 : *(volatile uint32_t *)at;
    registers_unmap();
    return 0;
}

static int serve_write_register(struct message *m) {
    struct subject subject;
    uint64_t physical;
    int error = find_register(m, &subject, &physical);

    if (error)
        return error;
    if (!claim_vets(subject.claim, (unsigned)m->arg[0], m->arg[1], (unsigned)m->arg[2], m->arg[3]))
        return refuse(m, REFUSED_REGISTER);
    volatile char *page = registers_map(physical & ~(PAGE_SIZE - 1));
    if (page == NULL)
        return -E_NOTSUP;
    volatile void *at = page + physical % PAGE_SIZE;
    if (m->arg[2] == 1)
        *(volatile uint8_t *)at = (uint8_t)m->arg[3];
    else if (m->arg[2] == 2)
        *(volatile uint16_t *)at = (uint16_t)m->arg[3];
    else
        *(volatile uint32_t *)at = (uint32_t)m->arg[3];
    registers_unmap();
    return 0;
}

static int serve_reset(struct message *m) {
    struct subject subject;
    int error = own(m, &subject);

    if (!error)
        error = claim_reset(subject.claim, m);
    return error ? error : 1;
}

static handler *const handlers[] = {
#define ROW(name) [PCI_##name - MESSAGE_TYPE_SERVICE]
    ROW(NEXT) = serve_next,
    ROW(ATTACH) = serve_attach,
    ROW(SELF) = serve_self,
    ROW(BAR) = serve_bar,
    ROW(CAPABILITY) = serve_capability,
    ROW(CONFIG_READ) = serve_config_read,
    ROW(CONFIG_WRITE) = serve_config_write,
    ROW(WRITE_REGISTER) = serve_write_register,
    ROW(READ_REGISTER) = serve_read_register,
    ROW(RESET) = serve_reset,
#undef ROW
};

enum event_action requests_serve(void *context, struct message *m) {
    uint32_t number = m->type - MESSAGE_TYPE_SERVICE;

    (void)context;
    int result = number < sizeof handlers / sizeof handlers[0] ? handlers[number](m) : -E_BADCALL;
    if (result > 0)
        return EVENT_DEFER;
    message_set_result(m, result);
    return EVENT_REPLY;
}
