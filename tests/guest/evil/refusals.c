/* What the servers and the kernel refuse an evil driver. */
#include "tests.h"

#include <runtime/pci.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The IOMMU server ---- */

/* Thesis Fig. 5.8, "wrong IOMMU setting": the driver has its memory mapped with a right too few.
 * Its own transfer fails, nothing else does, and the right setting mends it. */
static void test_wrong_setting(void) {
    const uint64_t address = IOMMU_BASE + EVIL_MINE * PAGE_SIZE;

    order(EVIL_LOAD, 0x77, 0, 0, 0);
    tap_is(order(EVIL_IOMMU, IOMMU_UNMAP, address, PAGE_SIZE, 0), 0, "a page is taken away");
    tap_is(order(EVIL_IOMMU, IOMMU_MAP, address, PAGE_SIZE, IOMMU_READ), 0,
           "and given for reading alone");
    uint32_t counted = refused(REFUSED_DMA);
    uint64_t before = faults();
    order(EVIL_WRITE, address, EVIL_TRANSFER, 0, 0);
    order(EVIL_LOOK, EVIL_MINE, 0, 0, 0);
    tap_ok(reply.arg[0] != 0x7777777777777777, "with the wrong setting a legitimate write fails");
    tap_ok(kind == IOMMU_KIND_AMD || (faults() > before && refused(REFUSED_DMA) > counted),
           "as a fault of the driver"); /* QEMU's AMD unit does not tell */
    order(EVIL_IOMMU, IOMMU_UNMAP, address, PAGE_SIZE, 0);
    order(EVIL_IOMMU, IOMMU_MAP, address, PAGE_SIZE, IOMMU_READ | IOMMU_WRITE);
    order(EVIL_WRITE, address, EVIL_TRANSFER, 0, 0);
    order(EVIL_LOOK, EVIL_MINE, 0, 0, 0);
    tap_is((int64_t)reply.arg[0], 0x7777777777777777, "with the right one it works");
}

void test_requests(void) {
    uint32_t counted = refused(REFUSED_DMA), rejected = refused(REFUSED_REQUEST);

    tap_is(order(EVIL_IOMMU, IOMMU_MAP, IOMMU_BASE + EVIL_BYTES, PAGE_SIZE, IOMMU_WRITE), -E_FAULT,
           "it maps no memory but its own");
    tap_is(refused(REFUSED_DMA) - counted, 1, "counted");
    tap_is(order(EVIL_IOMMU, IOMMU_DOMAIN, 8, evil, 8), -E_PERM, "it makes no domains");
    tap_is(order(EVIL_IOMMU, IOMMU_RELEASE, evil_device, 0, 0), -E_PERM, "it ends none");
    tap_is(order(EVIL_IOMMU, IOMMU_INTERRUPT, evil_device, 0, 0x78), -E_PERM,
           "it takes no interrupts");
    tap_is(refused(REFUSED_REQUEST) - rejected, 3, "counted");
    test_wrong_setting();
}

/* ---- The PCI server ---- */

static uint32_t config(uint64_t offset) {
    order(EVIL_CONFIG_LOOK, offset, 0, 0, 0);
    return (uint32_t)reply.arg[0];
}

/* Thesis Fig. 5.8, "device ID reprogrammed by the driver", and all else that would make the device
 * another, answer elsewhere or interrupt somebody else. */
void test_configuration(void) {
    const uint64_t message = config(0x34) & 0xfc;
    const struct {
        uint64_t offset, width, value;
        const char *name;
    } writes[] = {
        { 0x00, 4, 0x10d38086, "its identifiers" },
        { 0x02, 2, 0x10d3, "its device identifier" },
        { 0x04, 2, 0, "decoding" },
        { 0x10, 4, 0xfee00000, "its base address" },
        { message + 2, 2, 1, "messages" },
        { message + 4, 4, 0xfee01000, "their address" },
    };
    uint32_t counted = refused(REFUSED_REGISTER);

    for (unsigned i = 0; i < COUNT(writes); i++) {
        uint32_t before = config(writes[i].offset & ~3UL);
        tap_is(order(EVIL_CONFIG, writes[i].offset, writes[i].width, writes[i].value, 0), -E_PERM,
               "it cannot write %s", writes[i].name);
        tap_is(config(writes[i].offset & ~3UL), before, "which stays as it is");
    }
    tap_is(refused(REFUSED_REGISTER) - counted, COUNT(writes), "counted");
    tap_is(device_find(0x1234, 0x11e8, NULL), evil_device, "the device is still what it was");
}

/* ---- MEMMAP ---- */

/* The first base address of a device, as the PCI server tells those who manage. */
static uint64_t bar(uint16_t vendor, uint16_t id) {
    struct message m = { .type = PCI_CONFIG_READ,
                         .arg = { 0x10, 4, device_find(vendor, id, NULL) } };

    if (pci_request(&m))
        tap_bail_out("no device %04x:%04x", vendor, id);
    return m.arg[0] & ~0xfUL;
}

void test_memory_of_devices(void) {
    static struct core_info info;

    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    const struct {
        const char *name;
        uint64_t address;
    } pages[] = {
        { "another device's registers", bar(0x1234, 0x1111) },
        { "the kernel's image", info.image_address },
        { "its page table", info.page_table_address },
        { "the local interrupt controller", 0xfee00000 },
        { "the interrupt controller of lines", 0xfec00000 },
        { "the IOMMU's registers", 0xfed90000 },
    };
    uint32_t counted = refused(REFUSED_DEVICE);

    for (unsigned i = 0; i < COUNT(pages); i++)
        tap_is(order(EVIL_MEMMAP, pages[i].address, 0, 0, 0), -E_PERM, "it cannot map %s",
               pages[i].name);
    tap_is(refused(REFUSED_DEVICE) - counted, COUNT(pages), "counted");
    tap_is(order(EVIL_MEMMAP, bar(0x1234, 0x11e8), 0, 0, 0), 0, "its own registers it can map");
}

/* ---- A register that may have one value ---- */

#define STATUS           0x20U
#define STATUS_INTERRUPT 0x80U

void test_vetted_register(void) {
    evil_start("evil-vetted\0");
    uint32_t counted = refused(REFUSED_REGISTER), device = refused(REFUSED_DEVICE);
    tap_is(order(EVIL_REGISTER, STATUS, STATUS_INTERRUPT, 0, 0), 0, "it writes what it may");
    tap_is(order(EVIL_REGISTER, STATUS, 0, 0, 0), -E_PERM, "another value is refused");
    tap_is(order(EVIL_REGISTER, STATUS + 4, 0, 0, 0), 0, "in another register it is not");
    order(EVIL_REGISTER_LOOK, STATUS, 0, 0, 0);
    tap_is((int64_t)reply.arg[0] & STATUS_INTERRUPT, STATUS_INTERRUPT, "the register is unchanged");
    tap_is(refused(REFUSED_REGISTER) - counted, 1, "counted");
    tap_is(order(EVIL_MEMMAP, bar(0x1234, 0x11e8), 0, 0, 0), -E_PERM, "nor can it map that page");
    tap_is(refused(REFUSED_DEVICE) - device, 1, "counted too");
    driver_end(evil);
}
