#include "assign.h"

#include "config.h"
#include "registers.h"

/* Interrupt controllers and firmware are above, on PCs. */
#define MEMORY_END UINT64_C(0xfec00000)

static bool same_kind(const struct bar *a, const struct bar *b) {
    return (a->flags & PCI_BAR_PORTS) == (b->flags & PCI_BAR_PORTS);
}

static bool has_place(const struct bar *bar) {
    return bar->bytes != 0 && !(bar->flags & PCI_BAR_UNASSIGNED);
}

/* BARs lie at multiples of their sizes; a page is given to a driver as a whole. */
static uint64_t align_up(const struct bar *bar, uint64_t base) {
    bool small = !(bar->flags & PCI_BAR_PORTS) && bar->bytes < PAGE_SIZE;
    uint64_t align = small ? PAGE_SIZE : bar->bytes;

    return (base + align - 1) & ~(align - 1);
}

/* Moves *base behind what is there of a range, if they overlap. */
static bool avoid(uint64_t first, uint64_t last, const struct bar *bar, uint64_t *base) {
    uint64_t end = align_up(bar, *base + bar->bytes);

    if (first > last || last < *base || first >= end)
        return false;
    *base = align_up(bar, last + 1);
    return true;
}

static bool avoid_window(const struct device *other, const struct bar *bar, uint64_t *base) {
    if (other->place.header != HEADER_BRIDGE)
        return false;
    if (bar->flags & PCI_BAR_PORTS)
        return avoid(other->ports.first, other->ports.last, bar, base);
    return avoid(other->memory.first, other->memory.last, bar, base) ||
           avoid(other->prefetch.first, other->prefetch.last, bar, base);
}

/* Moves *base behind the first thing on the same bus that it would overlap. */
static bool avoid_any(const struct device *device, const struct bar *bar, uint64_t *base) {
    for (const struct device *other = devices; other < devices + device_count; other++) {
        if (other->bridge != device->bridge)
            continue;
        if (avoid_window(other, bar, base))
            return true;
        for (unsigned i = 0; i < PCI_BARS; i++)
            if (&other->bar[i] != bar && same_kind(&other->bar[i], bar) &&
                has_place(&other->bar[i]) &&
                avoid(other->bar[i].base, other->bar[i].base + other->bar[i].bytes - 1, bar, base))
                return true;
    }
    return false;
}

static bool find_place(const struct device *device, const struct window *window, struct bar *bar) {
    uint64_t base = align_up(bar, window->first);

    while (base <= window->last && bar->bytes - 1 <= window->last - base) {
        if (avoid_any(device, bar, &base))
            continue;
        if (!(bar->flags & PCI_BAR_PORTS) && config_lies_in(base, bar->bytes))
            return false;
        bar->base = base;
        bar->flags &= ~(uint32_t)PCI_BAR_UNASSIGNED;
        return true;
    }
    return false;
}

/* From the first to the last address of this kind on bus 0, below 4 GiB. */
static struct window hull(const struct bar *kind) {
    struct window hull = { UINT64_MAX, 0 };

    for (const struct device *device = devices; device < devices + device_count; device++)
        for (unsigned i = 0; i < PCI_BARS && device->bridge == NULL; i++) {
            const struct bar *bar = &device->bar[i];
            uint64_t last = bar->base + bar->bytes - 1;
            if (!same_kind(bar, kind) || !has_place(bar) || last >= MEMORY_END)
                continue;
            hull.first = bar->base < hull.first ? bar->base : hull.first;
            hull.last = last > hull.last ? last : hull.last;
        }
    return hull;
}

static bool assign(struct device *device, struct bar *bar) {
    const struct device *bridge = device->bridge;

    if (bridge == NULL) {
        struct window all = hull(bar);
        return find_place(device, &all, bar);
    }
    if (bar->flags & PCI_BAR_PORTS)
        return find_place(device, &bridge->ports, bar);
    /* Above 4 GiB only where it fits. */
    bool wide = bar->flags & PCI_BAR_64 || bridge->prefetch.last <= UINT32_MAX;
    return (bar->flags & PCI_BAR_PREFETCHABLE && wide &&
            find_place(device, &bridge->prefetch, bar)) ||
           find_place(device, &bridge->memory, bar);
}

static void write_base(const struct device *device, unsigned number) {
    const struct bar *bar = &device->bar[number];
    uint16_t place = device->place.device;

    config_write(place, REG_BAR + 4 * number, 4, (uint32_t)bar->base);
    if (bar->flags & PCI_BAR_64)
        config_write(place, REG_BAR + 4 * number + 4, 4, (uint32_t)(bar->base >> 32));
}

/* What was lost with the addresses: payloads as large as the port above sends them. */
static void match_payload(const struct device *device) {
    const struct device *bridge = device->bridge;

    if (device->express == 0 || bridge == NULL || bridge->express == 0)
        return;
    unsigned offset = device->express + EXPRESS_CONTROL;
    uint16_t above = config_16(bridge->place.device, bridge->express + EXPRESS_CONTROL);
    uint16_t own = config_16(device->place.device, offset);
    config_write(device->place.device, offset, 2,
                 (own & ~EXPRESS_PAYLOAD) | (above & EXPRESS_PAYLOAD));
}

void bars_assign(struct device *device) {
    uint16_t place = device->place.device;
    bool assigned = false;

    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct bar *bar = &device->bar[i];
        if (bar->bytes == 0 || !(bar->flags & PCI_BAR_UNASSIGNED) || !assign(device, bar))
            continue;
        if (!assigned)
            config_write(place, REG_COMMAND, 2, config_16(place, REG_COMMAND) & ~COMMAND_DECODE);
        write_base(device, i);
        assigned = true;
    }
    if (assigned)
        match_payload(device);
}
