#include "edu.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define IDS               0x11e81234U
#define REGISTERS_ADDRESS 0x0000003000000000UL
#define REGISTERS_BYTES   0x100000UL

/* Configuration registers (PCI 3.0, 6.1). */
#define CONFIG_COMMAND 0x04
#define CONFIG_BAR     0x10
#define CONFIG_LIST    0x34
#define COMMAND_MEMORY (1U << 1)
#define COMMAND_MASTER (1U << 2)
#define CAPABILITY_MSI 5

/* The device's registers. */
#define RAISE_INTERRUPT 0x60
#define CLEAR_INTERRUPT 0x64
#define DMA_SOURCE      0x80
#define DMA_DESTINATION 0x88
#define DMA_BYTES       0x90
#define DMA_COMMAND     0x98
#define DMA_START       1U
#define DMA_TO_MEMORY   2U
#define OWN_MEMORY      0x40000

uint16_t edu_device;

static volatile uint8_t *const registers = (volatile uint8_t *)REGISTERS_ADDRESS;

static uint32_t config(unsigned offset, bool write, uint32_t value) {
    struct vdevio_entry access[] = {
        { .port = 0xcf8,
          .op = VDEVIO_OUT32,
          .value = 1U << 31 | (uint32_t)edu_device << 8 | (offset & 0xfc) },
        { .port = 0xcfc, .op = write ? VDEVIO_OUT32 : VDEVIO_IN32, .value = value },
    };

    if (vdevio_vector(access, 2) != 0)
        tap_bail_out("the test may not use the ports of PCI");
    return access[1].value;
}

void edu_start(void) {
    for (edu_device = 0; edu_device < 0x100 && config(0, false, 0) != IDS; edu_device++)
        ;
    if (edu_device == 0x100)
        tap_bail_out("the machine has no edu device");
    uint32_t bar = config(CONFIG_BAR, false, 0) & ~0xfU;
    config(CONFIG_COMMAND, true, COMMAND_MEMORY | COMMAND_MASTER);
    if (memmap(REGISTERS_ADDRESS, bar, REGISTERS_BYTES, PROT_READ | PROT_WRITE) != 0)
        tap_bail_out("the registers at %#x cannot be mapped", bar);
}

static void set(unsigned at, uint64_t value) { *(volatile uint64_t *)(registers + at) = value; }

static void transfer(uint64_t from, uint64_t to, size_t bytes, uint32_t command) {
    uint64_t end = time_now() + 10 * TIME_SECOND;

    set(DMA_SOURCE, from);
    set(DMA_DESTINATION, to);
    set(DMA_BYTES, bytes);
    set(DMA_COMMAND, command | DMA_START);
    while (*(volatile uint64_t *)(registers + DMA_COMMAND) & DMA_START)
        if (time_now() > end)
            tap_bail_out("the device does not get on");
}

void edu_read_from(uint64_t address, size_t bytes) { transfer(address, OWN_MEMORY, bytes, 0); }

void edu_write_to(uint64_t address, size_t bytes) {
    transfer(OWN_MEMORY, address, bytes, DMA_TO_MEMORY);
}

static unsigned find_capability(unsigned id) {
    unsigned at = config(CONFIG_LIST, false, 0) & 0xfc;

    while (at != 0) {
        uint32_t header = config(at, false, 0);
        if ((header & 0xff) == id)
            return at;
        at = header >> 8 & 0xfc;
    }
    tap_bail_out("the device has no capability %u", id);
}

void edu_message(uint64_t address, uint32_t data, bool on) {
    unsigned at = find_capability(CAPABILITY_MSI);
    uint32_t header = config(at, false, 0) & ~(0x71U << 16);

    config(at, true, header);
    config(at + 4, true, (uint32_t)address);
    config(at + 8, true, (uint32_t)(address >> 32));
    config(at + 12, true, data);
    config(at, true, header | (on ? 1U << 16 : 0));
}

void edu_interrupt(void) {
    *(volatile uint32_t *)(registers + RAISE_INTERRUPT) = 1;
    *(volatile uint32_t *)(registers + CLEAR_INTERRUPT) = 1;
}
