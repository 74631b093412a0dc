/*
 * Registers of devices (thesis 3.3.3). The attacker is the driver of QEMU's NVMe disk: it may map
 * the pages of its registers that are before the table of its messages.
 */
#include "attack.h"

#include <runtime/pci.h>

#include "devices.h"

#define WINDOW 0x0000320000000000UL
#define LAPIC  0xfee00000UL

#define PORT    0x87 /* as in devices.c */
#define ALLOWED 0U

#define REG_BAR    0x10U
#define REG_LIST   0x34U
#define CAPABILITY 0xffU
#define MSIX       0x11U
#define MSIX_TABLE 4U

/* Found once, when they are needed first. */
static uint64_t own, table, foreign, kernel;

static uint32_t config(uint16_t device, uint32_t at) {
    struct message m = { .type = PCI_CONFIG_READ, .arg = { at, 4, device } };
    int error = pci_request(&m);
    if (error)
        tap_bail_out("cannot look at device %#x: %s", device, error_text(error));
    return (uint32_t)m.arg[0];
}

static uint64_t bar(uint16_t device) {
    uint64_t low = config(device, REG_BAR);
    bool wide = (low & 6) == 4;
    return (wide ? (uint64_t)config(device, REG_BAR + 4) << 32 : 0) | (low & ~UINT64_C(0xf));
}

static uint32_t msix(uint16_t device) {
    uint32_t at = config(device, REG_LIST) & CAPABILITY;
    while (at && (config(device, at) & CAPABILITY) != MSIX)
        at = config(device, at) >> 8 & CAPABILITY;
    return at;
}

static void find_devices(void) {
    static struct core_info info;
    uint16_t disk = device_find(0x1b36, 0x0010, NULL), edu = device_find(0x1234, 0x11e8, NULL);
    if (own)
        return;
    if (disk == NO_DEVICE || edu == NO_DEVICE)
        tap_bail_out("needs QEMU_EXTRA=\"-device edu -device nvme,serial=x\"");
    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    kernel = info.image_address;
    foreign = bar(edu);
    own = bar(disk);
    table = own + (config(disk, msix(disk) + MSIX_TABLE) & ~UINT32_C(7));
}

static void permit_registers(endpoint_t driver) {
    if (privctl_memory(driver, own / PAGE_SIZE, (table - own) / PAGE_SIZE))
        tap_bail_out("cannot give registers");
}

static bool map(uint64_t physical) {
    if (memmap(WINDOW, physical, PAGE_SIZE, PROT_READ | PROT_WRITE))
        return false;
    memmap_remove(WINDOW, PAGE_SIZE);
    return true;
}

static bool map_foreign(void) { return map(foreign); }
static bool map_table(void) { return map(table & ~(PAGE_SIZE - 1)); }
static bool map_kernel(void) { return map(kernel); }
static bool map_lapic(void) { return map(LAPIC); }

/* ---- A port that may have one value ---- */

static void permit_value(endpoint_t driver) {
    vdevio_out8(PORT, ALLOWED);
    if (privctl_io(driver, PORT, 1) || privctl_vet(driver, PORT, 1, 0xff, ALLOWED))
        tap_bail_out("cannot give a port");
}

static bool write_value(void) { return vdevio_out8(PORT, 0xa5) == 0; }

static bool value_changed(endpoint_t driver, bool said) {
    uint8_t value = ALLOWED;
    (void)driver;
    (void)said;
    vdevio_in8(PORT, &value);
    return value != ALLOWED;
}

#define MAP(text, function)                                                              \
    {                                                                                    \
        "device access: map " text, function, KCALLS(KCALL_BIT(MEMMAP)), REFUSED_DEVICE, \
            DEFENCE_DEVICE_MEMORY, find_devices, permit_registers, NULL, NULL            \
    }

const struct attack register_attacks[] = {
    MAP("another device's registers", map_foreign),
    MAP("the own table of messages", map_table),
    MAP("the kernel's memory", map_kernel),
    MAP("the local interrupt controller", map_lapic),
    { "device access: a value that is not allowed", write_value, KCALLS(KCALL_BIT(VDEVIO)),
      REFUSED_REGISTER, DEFENCE_VET, NULL, permit_value, value_changed, NULL },
    { 0 },
};
