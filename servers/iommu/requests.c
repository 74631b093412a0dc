#include "requests.h"

#include <string.h>

#include <runtime/kcall.h>

#include "faults.h"
#include "keepers.h"

static bool interrupts_remapped;

static unsigned confines(void) {
    bool interrupts = interrupts_remapped && tables.state->refuses_others;

    return IOMMU_CONFINES_DMA | (interrupts ? IOMMU_CONFINES_INTERRUPTS : 0U);
}

/* A device, as a request names it. */
static int read_device(uint64_t value, uint16_t *device) {
    *device = (uint16_t)value;
    return value <= UINT16_MAX ? 0 : -E_RANGE;
}

/* ---- Requests of drivers ---- */

static int check_range(uint64_t address, uint64_t bytes) {
    if (address % PAGE_SIZE != 0 || bytes % PAGE_SIZE != 0 || bytes == 0)
        return -E_INVAL;
    if (address < IOMMU_BASE || address >= IOMMU_END || bytes > IOMMU_END - address ||
        bytes > IOMMU_MAP_MAX)
        return -E_RANGE;
    return 0;
}

static int serve_map(struct message *m) {
    static uint64_t frames[IOMMU_MAP_MAX / PAGE_SIZE];
    uint64_t address = m->arg[0], bytes = m->arg[1], access = m->arg[2];
    struct domain *domain = domain_of_driver(m->source);

    if (domain == NULL)
        return -E_NOENT;
    int error = check_range(address, bytes);
    if (error)
        return error;
    if (access == 0 || access > (IOMMU_READ | IOMMU_WRITE))
        return -E_INVAL;
    error = keepers_frames(m->source, address, bytes / PAGE_SIZE, frames);
    if (!error)
        error = domain_map(domain, address, frames, bytes / PAGE_SIZE, (unsigned)access);
    return error; /* arg[0] is the address already */
}

static int serve_unmap(struct message *m) {
    struct domain *domain = domain_of_driver(m->source);

    if (domain == NULL)
        return -E_NOENT;
    int error = check_range(m->arg[0], m->arg[1]);
    return error ? error : domain_unmap(domain, m->arg[0], m->arg[1] / PAGE_SIZE);
}

/* ---- Requests of the PCI server ---- */

static int serve_domain(struct message *m) {
    char label[LABEL_MAX];
    uint16_t device, requester;

    if (read_device(m->arg[0], &device) != 0 || read_device(m->arg[2], &requester) != 0)
        return -E_RANGE;
    keepers_label(m->arg[1], label);
    int error = domain_make(device, requester, m->arg[1], label);
    m->arg[0] = confines();
    return error;
}

static int find_domain(uint64_t device, struct domain **domain) {
    uint16_t number;

    if (read_device(device, &number) != 0)
        return -E_RANGE;
    *domain = domain_of_device(number);
    return *domain != NULL ? 0 : -E_NOENT;
}

static int serve_release(struct message *m) {
    struct domain *domain;
    int error = find_domain(m->arg[0], &domain);

    faults_poll(); /* while it is known whose they are */
    return error ? error : domain_end(domain);
}

static int serve_interrupt(struct message *m) {
    uint64_t apic_id = m->arg[1], vector = m->arg[2], count = m->arg[3];
    struct domain *domain;
    int error = find_domain(m->arg[0], &domain);

    if (error)
        return error;
    if (!interrupts_remapped)
        return -E_NOTSUP;
    if (count > IOMMU_MESSAGES || vector < 32 || vector + count > 256 || apic_id >= 255)
        return -E_RANGE;
    struct interrupt first = { .apic_id = (uint32_t)apic_id,
                               .vector = (uint8_t)vector,
                               .source = domain->requester };
    uint32_t data = 0;
    error = hardware->interrupts(domain, &first, (unsigned)count, &m->arg[0], &data);
    domain->interrupts = error ? 0 : (uint8_t)count;
    m->arg[1] = data;
    return error;
}

/* ---- Open requests ---- */

static int serve_status(struct message *m) {
    const struct state *state = tables.state;
    unsigned domains = 0;

    while (domain_number(domains))
        domains++;
    m->arg[0] = hardware->kind;
    m->arg[1] = confines();
    m->arg[2] = (uint64_t)hardware->units() << 32 | domains;
    m->arg[3] = state->faults;
    m->arg[4] = (uint64_t)tables_used(state) << 32 | state->pages;
    m->arg[5] = 32; /* IOMMU_END is below 4 GiB */
    return 0;
}

static int serve_device(struct message *m) {
    const struct domain *domain =
        m->arg[0] < DOMAINS_MAX ? domain_number((unsigned)m->arg[0]) : NULL;

    if (domain == NULL)
        return -E_NOENT;
    m->arg[0] = domain->device | (uint64_t)domain->requester << 16;
    m->arg[1] = domain->pages << 32 | domain->interrupts;
    m->arg[2] = domain->faults;
    memcpy(&m->arg[3], domain->label, LABEL_MAX);
    return 0;
}

static int serve_fault(struct message *m) {
    const struct fault_record *record = fault_number(&m->arg[0]);

    if (record == NULL)
        return -E_NOENT;
    m->arg[1] = record->fault.address;
    m->arg[2] = record->device | (uint64_t)record->fault.access << 16 |
                (uint64_t)record->fault.reason << 24 | (uint64_t)record->fault.code << 32;
    memcpy(&m->arg[3], record->label, LABEL_MAX);
    return 0;
}

static const struct {
    int (*serve)(struct message *m);
    bool pci_only;
} requests[] = {
    [IOMMU_MAP - MESSAGE_TYPE_SERVICE] = { serve_map, false },
    [IOMMU_UNMAP - MESSAGE_TYPE_SERVICE] = { serve_unmap, false },
    [IOMMU_DOMAIN - MESSAGE_TYPE_SERVICE] = { serve_domain, true },
    [IOMMU_RELEASE - MESSAGE_TYPE_SERVICE] = { serve_release, true },
    [IOMMU_INTERRUPT - MESSAGE_TYPE_SERVICE] = { serve_interrupt, true },
    [IOMMU_STATUS - MESSAGE_TYPE_SERVICE] = { serve_status, false },
    [IOMMU_DEVICE - MESSAGE_TYPE_SERVICE] = { serve_device, false },
    [IOMMU_FAULT - MESSAGE_TYPE_SERVICE] = { serve_fault, false },
};

/* Faults are looked for with every request, so that what is told is true now. */
enum event_action requests_serve(void *context, struct message *m) {
    unsigned number = m->type - MESSAGE_TYPE_SERVICE;
    int result;

    (void)context;
    faults_poll();
    if (number >= sizeof requests / sizeof requests[0])
        result = -E_BADCALL;
    else if (requests[number].pci_only && !keepers_is_pci(m->source))
        result = -E_PERM;
    else
        result = requests[number].serve(m);
    if (result == -E_PERM || result == -E_BADCALL)
        keepers_refused(m->source, REFUSED_REQUEST);
    message_set_result(m, result);
    return EVENT_REPLY;
}

/* ---- Interrupts of lines ---- */

/* Lets one line through. -E_NOENT: there is no such line. */
static int start_line(unsigned line) {
    struct interrupt interrupt = { 0 };
    struct irqctl_line wired;
    uint32_t handle;
    int error = irqctl_remap(line, 0, &wired);

    if (error)
        return error;
    interrupt = (struct interrupt){ .apic_id = wired.apic_id,
                                    .vector = (uint8_t)wired.vector,
                                    .level = wired.level };
    error = hardware->line(line, wired.ioapic_id, &interrupt, &handle);
    return error || handle == 0 ? error : irqctl_remap(line, handle, &wired);
}

void requests_start(void) {
    int error = hardware->remaps() ? 0 : -E_NOTSUP;

    for (unsigned line = 0; line < LINES && !error; line++) {
        error = start_line(line);
        if (error == -E_NOENT)
            error = 0;
    }
    if (!error)
        error = hardware->refuse_others();
    interrupts_remapped = error == 0;
    if (error)
        log_line("WARNING: interrupts of devices are not remapped: %s", error_text(error));
    else if (!tables.state->refuses_others)
        log_line("WARNING: this hardware lets interrupts through that are not remapped: a device "
                 "can make them up by DMA");
}
