/* The driver: obeys orders, and looks after nothing. Registers: docs/specs/edu of QEMU. */
#include "evil.h"

#include <string.h>

#include <bulkhead/protocol/pci.h>
#include <runtime/dma.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/pci.h>

#include "edu.h"

#define WINDOW 0x0000320000000000UL /* where nothing else of it lies */

/* Longer than the device takes for a transfer (0.1 s). */
#define TRANSFER_TIME (101 * TIME_MILLISECOND)

static struct pci_region registers;
static uint64_t device, physical;

static uint8_t *page(uint64_t n) { return (uint8_t *)(IOMMU_BASE + n * PAGE_SIZE); }

static void begin(uint64_t from, uint64_t to, uint64_t bytes, uint64_t direction) {
    pci_write_64(&registers, EDU_DMA_FROM, from);
    pci_write_64(&registers, EDU_DMA_TO, to);
    pci_write_64(&registers, EDU_DMA_COUNT, bytes);
    pci_write_64(&registers, EDU_DMA_COMMAND, EDU_DMA_RUN | direction);
}

/* The device does one transfer at a time, whatever it is told meanwhile. */
static void transfer(uint64_t from, uint64_t to, uint64_t bytes, uint64_t direction) {
    struct message m;

    begin(from, to, bytes, direction);
    do {
        alarm_set(TRANSFER_TIME, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
    } while (pci_read_64(&registers, EDU_DMA_COMMAND) & EDU_DMA_RUN);
}

static void load(uint8_t value) {
    memset(page(EVIL_OUT), value, PAGE_SIZE);
    transfer(device + EVIL_OUT * PAGE_SIZE, EDU_DMA_BUFFER, EVIL_TRANSFER, 0);
}

static void read_from(uint64_t address, uint64_t bytes, uint64_t arg[MESSAGE_ARGS]) {
    load(0);
    transfer(address, EDU_DMA_BUFFER, bytes, 0);
    transfer(EDU_DMA_BUFFER, device + EVIL_IN * PAGE_SIZE, EVIL_TRANSFER, EDU_DMA_TO_MEMORY);
    memcpy(arg, page(EVIL_IN), MESSAGE_ARGS * sizeof arg[0]);
}

static int write_configuration(const struct message *m) {
    return pci_config_write((unsigned)m->arg[0], (unsigned)m->arg[1], (uint32_t)m->arg[2]);
}

static int look_at_configuration(struct message *m) {
    uint32_t value = 0;
    int error = pci_config_read((unsigned)m->arg[0], 4, &value);

    m->arg[0] = value;
    return error;
}

static int ask_iommu(const struct message *m) {
    struct message request = { .type = (uint32_t)m->arg[0],
                               .arg = { m->arg[1], m->arg[2], m->arg[3] } };

    return iommu_request(&request);
}

static int map(uint64_t address) {
    int error = memmap(WINDOW, address, PAGE_SIZE, PROT_READ | PROT_WRITE);

    if (!error)
        memmap_remove(WINDOW, PAGE_SIZE);
    return error;
}

static int obey(struct message *m) {
    switch (m->type) {
    case EVIL_WHERE:
        m->arg[0] = device;
        m->arg[1] = physical;
        return 0;
    case EVIL_LOAD:
        load((uint8_t)m->arg[0]);
        return 0;
    case EVIL_WRITE:
        transfer(EDU_DMA_BUFFER, m->arg[0], m->arg[1], EDU_DMA_TO_MEMORY);
        return 0;
    case EVIL_BEGIN:
        begin(EDU_DMA_BUFFER, m->arg[0], m->arg[1], EDU_DMA_TO_MEMORY);
        return 0;
    case EVIL_READ:
        read_from(m->arg[0], m->arg[1], m->arg);
        return 0;
    case EVIL_LOOK:
        m->arg[0] = *(volatile uint64_t *)page(m->arg[0]);
        return 0;
    case EVIL_CONFIG:
        return write_configuration(m);
    case EVIL_CONFIG_LOOK:
        return look_at_configuration(m);
    case EVIL_REGISTER:
        return pci_write_slowly(&registers, m->arg[0], 4, (uint32_t)m->arg[1]);
    case EVIL_REGISTER_LOOK:
        m->arg[0] = pci_read_32(&registers, m->arg[0]);
        return 0;
    case EVIL_MEMMAP:
        return map(m->arg[0]);
    case EVIL_IOMMU:
        return ask_iommu(m);
    default:
        return -E_BADCALL;
    }
}

/* Memory for DMA, by its own hand: dma_alloc() does not tell where it is. */
static int take_memory(void) {
    int error = mapdma(MAPDMA_BELOW_4G, IOMMU_BASE, EVIL_BYTES, &physical);

    if (!error)
        error = dma_map(IOMMU_BASE, EVIL_BYTES, IOMMU_READ | IOMMU_WRITE);
    device = error == -E_NOENT ? physical : IOMMU_BASE; /* no IOMMU */
    return error == -E_NOENT ? 0 : error;
}

int evil_driver(void) {
    int error = pci_bar_map(0, &registers);

    if (!error)
        error = take_memory();
    if (!error)
        error = pci_bus_master(true);
    if (error)
        return -error;
    for (;;) {
        struct message m;

        if (ipc_receive(ENDPOINT_ANY, &m) || m.type == MESSAGE_NOTIFY)
            continue;
        message_set_result(&m, obey(&m));
        ipc_nbsend(m.source, &m);
    }
}
