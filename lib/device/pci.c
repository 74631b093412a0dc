#include <runtime/pci.h>

#include <runtime/startup.h>

#include <bulkhead/protocol/monitor.h>

/* Where registers are mapped: a window for each base address register. */
#define WINDOW       UINT64_C(0x0000003000000000)
#define WINDOW_BYTES (UINT64_C(1) << 36)

/* How long a new server is waited for. */
#define RESTART_TIME (5 * TIME_SECOND)

#define SERVER "pci"

#define REG_COMMAND    0x04
#define COMMAND_MASTER 4U

static endpoint_t server;
static bool known; /* there has been one */

/* By its name; just after boot that is not agreed on yet, but its own monitor knows it by its
 * label.
 */
static int find_server(void) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, SERVER, sizeof SERVER);
    int error = ipc_request(runtime_monitor(), &m);
    if (error == -E_NOENT) {
        m = (struct message){ .type = MONITOR_LOOKUP, .arg = { [5] = CORE_ANY } };
        memcpy(m.arg, SERVER, sizeof SERVER);
        error = ipc_request(runtime_monitor(), &m);
    }
    server = error ? ENDPOINT_NONE : m.arg[0];
    known |= !error;
    return error;
}

/* Errors of a server that is no more; E_TARGET: that is new, and not yet allowed. */
static bool is_gone(int error) {
    return error == -E_PEERDEAD || error == -E_BADEP || error == -E_TARGET;
}

/*
 * Nothing that can be asked for does harm when it is done twice, but writes to registers: those are
 * not repeated.
 */
int pci_request(struct message *m) {
    const struct message request = *m;
    uint64_t began = time_now();
    int error;

    do {
        error = server == ENDPOINT_NONE ? find_server() : 0;
        if (error && (error != -E_NOENT || !known))
            return error;
        if (!error) {
            *m = request;
            error = ipc_call(server, m);
            if (!error)
                return message_result(m);
            if (!is_gone(error))
                return error;
            server = ENDPOINT_NONE;
            if (request.type == PCI_WRITE_REGISTER)
                return error;
        }
    } while (time_now() - began < RESTART_TIME);
    return error;
}

int pci_self(struct pci_self *self) {
    struct message m = { .type = PCI_SELF, .arg = { PCI_OWN } };
    int error = pci_request(&m);

    if (error)
        return error;
    memcpy(&self->place, &m.arg[0], sizeof self->place);
    memcpy(&self->ids, &m.arg[1], sizeof self->ids);
    self->messages = (unsigned)(uint32_t)m.arg[3];
    self->state = (uint32_t)(m.arg[3] >> 32);
    self->reset = (enum pci_reset_method)m.arg[4];
    return 0;
}

static bool is_in(uint64_t page, struct pci_pages pages) {
    return page - pages.first < pages.count;
}

/* Maps runs of pages that are in none of `without`. */
static int map_pages(uint64_t address, uint64_t physical, uint64_t pages,
                     const struct pci_pages without[3]) {
    uint64_t first = 0;
    int error = 0;

    for (uint64_t page = 0; page <= pages && !error; page++) {
        bool out = page == pages || is_in(page, without[0]) || is_in(page, without[1]) ||
                   is_in(page, without[2]);
        if (!out)
            continue;
        if (first < page)
            error = memmap(address + first * PAGE_SIZE, physical + first * PAGE_SIZE,
                           (page - first) * PAGE_SIZE, PROT_READ | PROT_WRITE);
        first = page + 1;
    }
    return error;
}

int pci_bar_map(unsigned bar, struct pci_region *region) {
    const uint32_t unusable = PCI_BAR_UNASSIGNED | PCI_BAR_UNREACHABLE | PCI_BAR_SHARED;
    struct message m = { .type = PCI_BAR, .arg = { bar, PCI_OWN } };
    struct pci_pages without[3];
    int error = pci_request(&m);

    if (error)
        return error;
    memcpy(without, &m.arg[3], sizeof without);
    *region = (struct pci_region){
        .ports = m.arg[0] & PCI_BAR_PORTS,
        .bar = bar,
        .base = m.arg[1],
        .bytes = m.arg[2],
        .vetted = without[2],
    };
    if (m.arg[0] & unusable || region->bytes > WINDOW_BYTES)
        return -E_NOTSUP;
    if (region->ports)
        return 0;
    uint64_t in_page = region->base % PAGE_SIZE, physical = region->base - in_page;
    uint64_t address = WINDOW + bar * WINDOW_BYTES;
    region->base = address + in_page;
    region->direct = region->vetted.count == 0;
    return map_pages(address, physical, (in_page + region->bytes + PAGE_SIZE - 1) / PAGE_SIZE,
                     without);
}

int pci_config_read(unsigned offset, unsigned width, uint32_t *value) {
    struct message m = { .type = PCI_CONFIG_READ, .arg = { offset, width, PCI_OWN } };
    int error = pci_request(&m);

    if (!error)
        *value = (uint32_t)m.arg[0];
    return error;
}

int pci_config_write(unsigned offset, unsigned width, uint32_t value) {
    struct message m = { .type = PCI_CONFIG_WRITE, .arg = { offset, width, value } };

    return pci_request(&m);
}

int pci_bus_master(bool on) {
    uint32_t command;
    int error = pci_config_read(REG_COMMAND, 2, &command);

    if (error)
        return error;
    command = on ? command | COMMAND_MASTER : command & ~COMMAND_MASTER;
    return pci_config_write(REG_COMMAND, 2, command);
}

int pci_reset(void) {
    struct message m = { .type = PCI_RESET };

    return pci_request(&m);
}

int pci_capability(uint32_t id, unsigned *offset) {
    struct message m = { .type = PCI_CAPABILITY, .arg = { id, PCI_OWN, *offset } };
    int error = pci_request(&m);

    if (!error)
        *offset = (unsigned)m.arg[0];
    return error;
}

/* ---- Registers ---- */

static bool is_mapped(const struct pci_region *region, uint64_t offset) {
    return !region->ports && !is_in(offset / PAGE_SIZE, region->vetted);
}

static uint32_t load(uint64_t address, unsigned width) {
    return width == 1   ? *(volatile uint8_t *)address
           : width == 2 ? *(volatile uint16_t *)address
                        : *(volatile uint32_t *)address;
}

static void store(uint64_t address, unsigned width, uint32_t value) {
    if (width == 1)
        *(volatile uint8_t *)address = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)address = (uint16_t)value;
    else
        *(volatile uint32_t *)address = value;
}

uint32_t pci_read_slowly(const struct pci_region *region, uint64_t offset, unsigned width) {
    struct message m = { .type = PCI_READ_REGISTER, .arg = { region->bar, offset, width } };
    uint32_t value = UINT32_MAX;

    if (is_mapped(region, offset))
        return load(region->base + offset, width);
    if (region->ports)
        vdevio_1((enum vdevio_op)width, (uint16_t)(region->base + offset), &value);
    else if (pci_request(&m) == 0)
        value = (uint32_t)m.arg[0];
    return value;
}

int pci_write_slowly(const struct pci_region *region, uint64_t offset, unsigned width,
                     uint32_t value) {
    struct message m = { .type = PCI_WRITE_REGISTER, .arg = { region->bar, offset, width, value } };

    if (is_mapped(region, offset)) {
        store(region->base + offset, width, value);
        return 0;
    }
    return region->ports ? vdevio_1((enum vdevio_op)(VDEVIO_WRITE | width),
                                    (uint16_t)(region->base + offset), &value)
                         : pci_request(&m);
}
