/*
 * Enumeration: buses from 0 on, and those that bridges lead to, as the firmware has numbered them.
 * A bridge is followed only to buses of higher numbers than its own that no other bridge leads to,
 * so nothing that a broken or hostile device says makes a loop.
 */
#include <string.h>

#include "config.h"
#include "device.h"
#include "registers.h"

struct device devices[DEVICES_MAX];
size_t device_count;

static bool bus_seen[256];

struct device *device_find(uint16_t place) {
    for (struct device *device = devices; device < devices + device_count; device++)
        if (device->place.device == place)
            return device;
    return NULL;
}

static struct window window(uint64_t base, uint64_t limit, uint64_t unit) {
    return (struct window){ .first = base, .last = limit | (unit - 1) };
}

static void read_windows(struct device *bridge) {
    uint16_t place = bridge->place.device;
    uint32_t memory = config_32(place, REG_WINDOW_MEMORY);
    uint32_t prefetch = config_32(place, REG_WINDOW_PREFETCH);
    uint16_t ports = config_16(place, REG_WINDOW_PORTS);
    uint32_t ports_hi = ports & 1 ? config_32(place, REG_PORTS_HI) : 0;
    bool wide = prefetch & 1;

    bridge->memory = window((uint64_t)(memory & 0xfff0) << 16, memory & 0xfff00000, 1 << 20);
    uint64_t base_hi = wide ? config_32(place, REG_PREFETCH_BASE_HI) : 0;
    uint64_t limit_hi = wide ? config_32(place, REG_PREFETCH_LIMIT_HI) : 0;
    bridge->prefetch = window(base_hi << 32 | (uint64_t)(prefetch & 0xfff0) << 16,
                              limit_hi << 32 | (prefetch & 0xfff00000), 1 << 20);
    bridge->ports = window((uint64_t)(ports_hi & 0xffff) << 16 | (ports & 0xf0U) << 8,
                           (uint64_t)(ports_hi >> 16) << 16 | (ports & 0xf000U), 1 << 12);
}

static struct pages pages_at(uint32_t reg, uint32_t bytes) {
    uint32_t offset = reg & ~MSIX_BAR;

    return (struct pages){ .first = offset / PAGE_SIZE,
                           .end =
                               (uint32_t)(((uint64_t)offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE) };
}

static void read_msix(struct device *device) {
    uint16_t place = device->place.device;
    uint32_t entries = (config_16(place, device->msix + MSIX_CONTROL) & MSIX_SIZE) + 1;
    uint32_t table = config_32(place, device->msix + MSIX_TABLE);
    uint32_t pba = config_32(place, device->msix + MSIX_PBA);

    if ((table & MSIX_BAR) >= PCI_BARS || (pba & MSIX_BAR) >= PCI_BARS) {
        device->msix = 0; /* it is broken: reserved values */
        return;
    }
    device->table_bar = table & MSIX_BAR;
    device->pba_bar = pba & MSIX_BAR;
    device->table = pages_at(table, entries * MSIX_ENTRY_BYTES);
    device->pba = pages_at(pba, (entries + 63) / 64 * 8);
}

static void read_capabilities(struct device *device) {
    device->express = (uint16_t)device_capability(device, CAP_EXPRESS, 0, NULL);
    device->pm = (uint16_t)device_capability(device, CAP_PM, 0, NULL);
    device->msi = (uint16_t)device_capability(device, CAP_MSI, 0, NULL);
    device->msix = (uint16_t)device_capability(device, CAP_MSIX, 0, NULL);
    device->af = (uint16_t)device_capability(device, CAP_AF, 0, NULL);
    if (device->msix != 0)
        read_msix(device);
}

/* NULL: there is no such function, or no room for it. */
static struct device *add(uint16_t place, struct device *bridge) {
    uint32_t id = config_32(place, REG_ID);

    if ((id & 0xffff) == 0xffff || (id & 0xffff) == 0 || device_count == DEVICES_MAX)
        return NULL;
    struct device *device = &devices[device_count++];
    uint32_t class_revision = config_32(place, REG_CLASS);
    uint8_t header = config_8(place, REG_HEADER) & HEADER_TYPE;
    uint32_t sub = header == HEADER_DEVICE ? config_32(place, REG_SUB) : 0;
    *device = (struct device){
        .place = { place, header, (uint8_t)class_revision, class_revision >> 8 },
        .ids = { (uint16_t)id, (uint16_t)(id >> 16), (uint16_t)sub, (uint16_t)(sub >> 16) },
        .bridge = bridge,
    };
    read_capabilities(device);
    if (header == HEADER_BRIDGE) {
        device->secondary = config_8(place, REG_BUSES + 1);
        device->subordinate = config_8(place, REG_BUSES + 2);
        read_windows(device);
    }
    return device;
}

/* Functions of one device: all eight only if the first says that it has several. */
static void scan_functions(uint16_t place, struct device *bridge) {
    if (add(place, bridge) == NULL || !(config_8(place, REG_HEADER) & HEADER_MULTI))
        return;
    for (uint16_t function = 1; function < 8; function++)
        add(place | function, bridge);
}

static void scan_bus(uint16_t bus, struct device *bridge) {
    bus_seen[bus] = true;
    for (uint16_t slot = 0; slot < 32; slot++)
        scan_functions((uint16_t)(bus << 8 | slot << 3), bridge);
}

static int compare(uint16_t a, uint16_t b) { return a < b ? -1 : a > b; }

/* In the order of their places, as people list them; pointers to bridges follow. */
static void sort(void) {
    static uint16_t above[DEVICES_MAX];

    for (size_t i = 0; i < device_count; i++)
        above[i] = devices[i].bridge != NULL ? devices[i].bridge->place.device : UINT16_MAX;
    for (size_t i = 1; i < device_count; i++)
        for (size_t j = i;
             j > 0 && compare(devices[j].place.device, devices[j - 1].place.device) < 0; j--) {
            struct device device = devices[j];
            uint16_t bridge = above[j];
            devices[j] = devices[j - 1];
            devices[j - 1] = device;
            above[j] = above[j - 1];
            above[j - 1] = bridge;
        }
    for (size_t i = 0; i < device_count; i++)
        devices[i].bridge = above[i] != UINT16_MAX ? device_find(above[i]) : NULL;
}

/* The list of devices is also that of the bridges that are still to be followed. */
void devices_scan(void) {
    device_count = 0;
    memset(bus_seen, 0, sizeof bus_seen);
    scan_bus(0, NULL);
    for (size_t i = 0; i < device_count; i++) {
        struct device *bridge = &devices[i];
        if (bridge->place.header == HEADER_BRIDGE && bridge->secondary > device_bus(bridge) &&
            !bus_seen[bridge->secondary])
            scan_bus(bridge->secondary, bridge);
    }
    sort();
}

uint16_t device_requester(const struct device *device) {
    uint16_t requester = device->place.device;

    /* The last of the bridges upwards that translates is who speaks for all below it. */
    for (const struct device *bridge = device->bridge; bridge != NULL; bridge = bridge->bridge) {
        if (bridge->express == 0)
            requester = bridge->place.device;
        else if (EXPRESS_TYPE(config_16(bridge->place.device, bridge->express + EXPRESS_FLAGS)) ==
                 EXPRESS_TO_PCI)
            requester = (uint16_t)(bridge->secondary << 8);
    }
    return requester;
}
