#include "edu.h"

#include <runtime/kcall.h>
#include <runtime/pci.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000U

#define IDENTITY 0x11e81234U /* device, vendor */
#define DEVICES  32U

enum config_register {
    CONFIG_ID = 0x00,
    CONFIG_COMMAND = 0x04,
    CONFIG_BAR_0 = 0x10,
    CONFIG_CAPABILITIES = 0x34,
};

#define COMMAND_MEMORY   (1U << 1)
#define COMMAND_MASTER   (1U << 2)
#define COMMAND_NO_LINES (1U << 10)

#define CAPABILITY_MSI 5U
#define MSI_ENABLE     (1U << 16) /* in the word that begins with the capability's number */
#define MSI_ADDRESS    0xfee00000U

static uint32_t device; /* its number on bus 0 */

static uint32_t config_read(uint32_t at) {
    uint32_t value = 0;
    vdevio_out32(CONFIG_ADDRESS, CONFIG_ENABLE | device << 11 | at);
    vdevio_in32(CONFIG_DATA, &value);
    return value;
}

static void config_write(uint32_t at, uint32_t value) {
    vdevio_out32(CONFIG_ADDRESS, CONFIG_ENABLE | device << 11 | at);
    vdevio_out32(CONFIG_DATA, value);
}

/* The PCI server quiets what has no driver when it starts: this asks it for something, so waits for
 * it. */
uint64_t edu_find(void) {
    struct message m = { .type = PCI_NEXT };
    pci_request(&m);
    for (device = 0; device < DEVICES && config_read(CONFIG_ID) != IDENTITY; device++)
        ;
    if (device == DEVICES)
        return 0;
    config_write(CONFIG_COMMAND, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINES);
    return config_read(CONFIG_BAR_0) & ~0xfU;
}

int edu_map(uint64_t physical) { return memmap(EDU_WINDOW, physical, EDU_BYTES, PROT_WRITE); }

static uint32_t find_msi(void) {
    uint32_t at = config_read(CONFIG_CAPABILITIES) & 0xfc;
    while (at && (config_read(at) & 0xff) != CAPABILITY_MSI)
        at = config_read(at) >> 8 & 0xfc;
    return at;
}

/* PCI Local Bus 3.0, 6.8.1: address, its upper half, data; Intel SDM vol. 3, 11.11. */
void edu_message(bool on, uint32_t apic_id, uint8_t vector) {
    uint32_t at = find_msi(), head = config_read(at) & ~MSI_ENABLE;
    config_write(at, head);
    config_write(at + 4, MSI_ADDRESS | apic_id << 12);
    config_write(at + 8, 0);
    config_write(at + 12, vector);
    config_write(at, on ? head | MSI_ENABLE : head);
}

void edu_copy(uint64_t from, uint64_t to, uint32_t bytes, enum edu_dma direction) {
    *(volatile uint64_t *)edu_at(EDU_DMA_FROM) = from;
    *(volatile uint64_t *)edu_at(EDU_DMA_TO) = to;
    *(volatile uint64_t *)edu_at(EDU_DMA_COUNT) = bytes;
    *(volatile uint64_t *)edu_at(EDU_DMA_COMMAND) = EDU_DMA_RUN | direction;
    while (*(volatile uint64_t *)edu_at(EDU_DMA_COMMAND) & EDU_DMA_RUN)
        ;
}
