#include "message.h"

#include <bulkhead/error.h>

#include "bar.h"
#include "config.h"
#include "registers.h"

static uint16_t msix_control(const struct device *device) {
    return config_16(device->place.device, device->msix + MSIX_CONTROL);
}

static void set_msix_control(const struct device *device, uint32_t control) {
    config_write(device->place.device, device->msix + MSIX_CONTROL, 2, control);
}

static unsigned msix_entries(const struct device *device) {
    return (msix_control(device) & MSIX_SIZE) + 1;
}

bool messages_are_msix(const struct device *device) {
    return device->msix != 0 && bar_is_usable(&device->bar[device->table_bar]) &&
           !(device->bar[device->table_bar].flags & PCI_BAR_PORTS);
}

unsigned messages_possible(const struct device *device) {
    unsigned count = 0;

    if (messages_are_msix(device))
        count = msix_entries(device);
    else if (device->msi != 0)
        count = 1U << (config_16(device->place.device, device->msi + MSI_CONTROL) >> 1 & 7);
    return count < PCI_MESSAGES_MAX ? count : PCI_MESSAGES_MAX;
}

static int program_msi(const struct device *device, uint64_t address, uint32_t data,
                       unsigned count) {
    uint16_t place = device->place.device;
    unsigned msi = device->msi;
    uint16_t control = config_16(place, msi + MSI_CONTROL) & (uint16_t) ~(MSI_ENABLE | 7 << 4);
    bool wide = control & MSI_64;
    unsigned log2 = 0;

    if (!wide && address >> 32 != 0)
        return -E_RANGE;
    while (1U << log2 < count)
        log2++;
    config_write(place, msi + MSI_CONTROL, 2, control);
    config_write(place, msi + MSI_ADDRESS, 4, (uint32_t)address);
    if (wide)
        config_write(place, msi + MSI_ADDRESS_HI, 4, (uint32_t)(address >> 32));
    unsigned at = msi + MSI_ADDRESS + (wide ? 8 : 4);
    config_write(place, at, 2, data & 0xffff);
    if (control & MSI_MASKABLE)
        config_write(place, at + 4, 4, ~((1U << count) - 1));
    config_write(place, msi + MSI_CONTROL, 2, control | log2 << 4 | MSI_ENABLE);
    return 0;
}

/* Entry n, if it is on the page that is mapped; maps its page otherwise. NULL: it cannot be. */
static volatile uint32_t *entry(const struct device *device, unsigned n, uint64_t *mapped,
                                volatile void **page) {
    uint32_t offset = config_32(device->place.device, device->msix + MSIX_TABLE) & ~MSIX_BAR;
    const struct bar *bar = &device->bar[device->table_bar];
    uint64_t at = bar->base + offset + (uint64_t)n * MSIX_ENTRY_BYTES;

    if (bar->flags & PCI_BAR_UNASSIGNED ||
        (!(bar->flags & PCI_BAR_UNSIZED) &&
         offset + (uint64_t)(n + 1) * MSIX_ENTRY_BYTES > bar->bytes))
        return NULL;
    if (*page == NULL || *mapped != at / PAGE_SIZE) {
        if (*page != NULL)
            registers_unmap();
        *mapped = at / PAGE_SIZE;
        *page = registers_map(*mapped * PAGE_SIZE);
    }
    return *page != NULL ? (volatile uint32_t *)*page + at % PAGE_SIZE / 4 : NULL;
}

/* Calls for each entry up to and including the one that `visit` returns false for. */
static int visit_entries(const struct device *device,
                         bool (*visit)(volatile uint32_t *entry, unsigned n, void *context),
                         void *context) {
    volatile void *page = NULL;
    uint64_t mapped = 0;
    int error = 0;

    for (unsigned n = 0, count = msix_entries(device); n < count; n++) {
        volatile uint32_t *e = entry(device, n, &mapped, &page);
        if (e == NULL)
            error = -E_NOTSUP;
        if (e == NULL || !visit(e, n, context))
            break;
    }
    if (page != NULL)
        registers_unmap();
    return error;
}

struct program {
    uint64_t address;
    uint32_t data;
    unsigned count;
};

static bool program_entry(volatile uint32_t *entry, unsigned n, void *context) {
    const struct program *program = context;
    bool used = n < program->count;

    entry[3] = MSIX_MASKED;
    entry[0] = used ? (uint32_t)program->address : 0;
    entry[1] = used ? (uint32_t)(program->address >> 32) : 0;
    entry[2] = used ? program->data + n : 0;
    if (used)
        entry[3] = 0;
    return true;
}

static int program_msix(const struct device *device, struct program *program) {
    uint32_t control = msix_control(device) & MSIX_SIZE;

    set_msix_control(device, control | MSIX_ENABLE | MSIX_MASK_ALL);
    int error = visit_entries(device, program_entry, program);
    set_msix_control(device, error ? control : control | MSIX_ENABLE);
    return error;
}

int messages_program(const struct device *device, uint64_t address, uint32_t data, unsigned count) {
    if (count == 0 || count > messages_possible(device))
        return -E_INVAL;
    if (!messages_are_msix(device))
        return program_msi(device, address, data, count);
    return program_msix(device, &(struct program){ address, data, count });
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as visit_entries() wants it */
static bool read_entry(volatile uint32_t *entry, unsigned n, void *context) {
    struct program *program = context;

    if (entry[3] & MSIX_MASKED)
        return false;
    if (n == 0) {
        program->address = (uint64_t)entry[1] << 32 | entry[0];
        program->data = entry[2];
    }
    program->count = n + 1;
    return true;
}

static void read_msi(const struct device *device, uint16_t control, struct program *program) {
    uint16_t place = device->place.device;
    unsigned at = device->msi + MSI_ADDRESS;
    bool wide = control & MSI_64;

    program->address = config_32(place, at);
    if (wide)
        program->address |= (uint64_t)config_32(place, at + 4) << 32;
    program->data = config_16(place, at + (wide ? 8 : 4));
    program->count = 1U << (control >> 4 & 7);
}

unsigned messages_programmed(const struct device *device, uint64_t *address, uint32_t *data) {
    struct program program = { 0 };
    uint16_t control =
        device->msi != 0 ? config_16(device->place.device, device->msi + MSI_CONTROL) : 0;

    if (device->msix != 0 && msix_control(device) & MSIX_ENABLE)
        visit_entries(device, read_entry, &program);
    else if (control & MSI_ENABLE)
        read_msi(device, control, &program);
    *address = program.address;
    *data = program.data;
    return program.count;
}

void messages_off(const struct device *device) {
    uint16_t place = device->place.device;

    if (device->msi != 0)
        config_write(place, device->msi + MSI_CONTROL, 2,
                     config_16(place, device->msi + MSI_CONTROL) & ~MSI_ENABLE);
    /* Not disabled: a device may then take to its pin, and QEMU's e1000e does not survive it. */
    if (device->msix != 0 && msix_control(device) & MSIX_ENABLE)
        set_msix_control(device, msix_control(device) | MSIX_MASK_ALL);
    config_16(place, REG_STATUS); /* read back: the writes have arrived */
}

static void change_command(const struct device *device, uint32_t clear, uint32_t set) {
    uint16_t place = device->place.device;
    uint16_t command = config_16(place, REG_COMMAND);

    config_write(place, REG_COMMAND, 2, (command & ~clear) | set);
    config_16(place, REG_COMMAND);
}

void device_quiet(const struct device *device) {
    change_command(device, COMMAND_MASTER | COMMAND_MWI, COMMAND_INTX);
    messages_off(device);
}

void device_enable(const struct device *device) {
    uint32_t decode = 0;

    for (unsigned i = 0; i < PCI_BARS; i++)
        if (bar_is_usable(&device->bar[i]))
            decode |= device->bar[i].flags & PCI_BAR_PORTS ? COMMAND_PORTS : COMMAND_MEMORY;
    change_command(device, COMMAND_DECODE, decode | COMMAND_INTX);
    for (const struct device *bridge = device->bridge; bridge; bridge = bridge->bridge)
        change_command(bridge, 0, COMMAND_DECODE | COMMAND_MASTER);
}
