#include "bar.h"

#include "config.h"
#include "registers.h"

#define ADDRESS_MEMORY 0xfffffff0U
#define ADDRESS_PORTS  0xfffffffcU
#define PORTS_END      0x10000U

/* What the server itself reaches configuration space by. */
#define CONFIG_PORTS_FIRST 0xcf8U
#define CONFIG_PORTS_LAST  0xcffU

static unsigned bar_count(const struct device *device) {
    static const unsigned count[] = {
        [HEADER_DEVICE] = PCI_BARS, [HEADER_BRIDGE] = 2, [HEADER_CARDBUS] = 1
    };

    return device->place.header <= HEADER_CARDBUS ? count[device->place.header] : 0;
}

static unsigned bar_register(unsigned number) { return REG_BAR + 4 * number; }

static void read_one(uint16_t place, unsigned number, bool room, struct bar *bar) {
    uint32_t low = config_32(place, bar_register(number));

    *bar = (struct bar){ .flags = PCI_BAR_UNSIZED };
    if (low & BAR_PORTS) {
        bar->flags |= PCI_BAR_PORTS;
        bar->base = low & ADDRESS_PORTS;
    } else {
        bar->base = low & ADDRESS_MEMORY;
        if (low & BAR_PREFETCHABLE)
            bar->flags |= PCI_BAR_PREFETCHABLE;
        if ((low & BAR_TYPE) == BAR_TYPE_64 && room) {
            bar->flags |= PCI_BAR_64;
            bar->base |= (uint64_t)config_32(place, bar_register(number + 1)) << 32;
        }
    }
    if (bar->base == 0)
        bar->flags |= PCI_BAR_UNASSIGNED;
}

void bars_read(struct device *device) {
    unsigned count = bar_count(device);

    for (unsigned i = 0; i < PCI_BARS; i++)
        device->bar[i] = (struct bar){ 0 };
    for (unsigned i = 0; i < count; i++) {
        read_one(device->place.device, i, i + 1 < count, &device->bar[i]);
        i += (device->bar[i].flags & PCI_BAR_64) != 0;
    }
    if (device->msix != 0) {
        device->bar[device->table_bar].flags |= PCI_BAR_TABLE;
        device->bar[device->pba_bar].flags |= PCI_BAR_TABLE;
    }
}

/* What a register holds after ones were written to it: the bits that can be set. */
static uint32_t probe(uint16_t place, unsigned number) {
    uint32_t before = config_32(place, bar_register(number));

    config_write(place, bar_register(number), 4, UINT32_MAX);
    uint32_t probed = config_32(place, bar_register(number));
    config_write(place, bar_register(number), 4, before);
    return probed;
}

/* The lowest bit that can be set is the size. */
static void size_one(uint16_t place, unsigned number, struct bar *bar) {
    uint64_t mask = probe(place, number);

    mask &= bar->flags & PCI_BAR_PORTS ? ADDRESS_PORTS : ADDRESS_MEMORY;
    if (bar->flags & PCI_BAR_64)
        mask |= (uint64_t)probe(place, number + 1) << 32;
    bar->flags &= ~(uint32_t)PCI_BAR_UNSIZED;
    bar->bytes = mask & -mask;
    if (bar->bytes == 0) {
        *bar = (struct bar){ 0 };
        return;
    }
    bool ports = bar->flags & PCI_BAR_PORTS;
    uint64_t room = ports ? PORTS_END : UINT64_C(1) << 52;
    if (bar->base >= room || bar->bytes > room - bar->base)
        bar->flags |= PCI_BAR_UNASSIGNED;
}

void bars_size(struct device *device) {
    uint16_t place = device->place.device;
    uint16_t command = config_16(place, REG_COMMAND);

    config_write(place, REG_COMMAND, 2, command & ~COMMAND_DECODE);
    for (unsigned i = 0; i < bar_count(device); i++)
        if (device->bar[i].flags & PCI_BAR_UNSIZED)
            size_one(place, i, &device->bar[i]);
    config_write(place, REG_COMMAND, 2, command);
}

/* ---- Which can be given ---- */

static bool is_there(const struct bar *bar) {
    return (bar->bytes != 0 || bar->flags & PCI_BAR_UNSIZED) && !(bar->flags & PCI_BAR_UNASSIGNED);
}

static uint64_t last_of(const struct bar *bar) {
    return bar->base + (bar->bytes != 0 ? bar->bytes : 1) - 1;
}

static bool within(const struct bar *bar, const struct window *window) {
    return window->first <= bar->base && last_of(bar) <= window->last;
}

static bool is_reachable(const struct device *device, const struct bar *bar) {
    for (const struct device *bridge = device->bridge; bridge; bridge = bridge->bridge) {
        bool passes = bar->flags & PCI_BAR_PORTS
                          ? within(bar, &bridge->ports)
                          : within(bar, &bridge->memory) || (bar->flags & PCI_BAR_PREFETCHABLE &&
                                                             within(bar, &bridge->prefetch));
        if (!passes)
            return false;
    }
    return true;
}

/* Whether giving one would give a part of the other: memory is given by pages, ports one by one. */
static bool overlap(const struct bar *a, const struct bar *b) {
    bool ports = a->flags & PCI_BAR_PORTS;
    uint64_t unit = ports ? 1 : PAGE_SIZE;

    if (ports != ((b->flags & PCI_BAR_PORTS) != 0) || !is_there(b))
        return false;
    return a->base / unit <= last_of(b) / unit && b->base / unit <= last_of(a) / unit;
}

static bool is_shared(const struct bar *bar) {
    for (const struct device *other = devices; other < devices + device_count; other++)
        for (unsigned i = 0; i < PCI_BARS; i++)
            if (&other->bar[i] != bar && overlap(bar, &other->bar[i]))
                return true;
    if (bar->flags & PCI_BAR_PORTS)
        return bar->base <= CONFIG_PORTS_LAST && last_of(bar) >= CONFIG_PORTS_FIRST;
    return config_lies_in(bar->base, last_of(bar) - bar->base + 1);
}

void bars_check(struct device *device) {
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct bar *bar = &device->bar[i];
        bar->flags &= ~(uint32_t)(PCI_BAR_UNREACHABLE | PCI_BAR_SHARED);
        if (!is_there(bar))
            continue;
        if (!is_reachable(device, bar))
            bar->flags |= PCI_BAR_UNREACHABLE;
        if (is_shared(bar))
            bar->flags |= PCI_BAR_SHARED;
    }
}

bool bar_is_usable(const struct bar *bar) {
    return bar->bytes != 0 &&
           !(bar->flags & (PCI_BAR_UNASSIGNED | PCI_BAR_UNREACHABLE | PCI_BAR_SHARED));
}

static uint32_t bar_pages(const struct bar *bar) {
    return (uint32_t)((bar->bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* Adds a run to those that there are, in order and apart. */
static unsigned add_hole(struct pages holes[2], unsigned count, struct pages hole) {
    if (hole.first >= hole.end)
        return count;
    if (count == 1 && hole.first <= holes[0].end && holes[0].first <= hole.end) {
        holes[0].first = hole.first < holes[0].first ? hole.first : holes[0].first;
        holes[0].end = hole.end > holes[0].end ? hole.end : holes[0].end;
        return 1;
    }
    if (count == 1 && hole.first < holes[0].first) {
        holes[1] = holes[0];
        holes[0] = hole;
        return 2;
    }
    holes[count] = hole;
    return count + 1;
}

static struct pages clip(struct pages pages, uint32_t end) {
    if (pages.end > end)
        pages.end = end;
    return pages;
}

unsigned bar_holes(const struct device *device, unsigned number, struct pages holes[2]) {
    uint32_t end = bar_pages(&device->bar[number]);
    unsigned count = 0;

    if (device->msix != 0 && device->table_bar == number)
        count = add_hole(holes, count, clip(device->table, end));
    if (device->msix != 0 && device->pba_bar == number)
        count = add_hole(holes, count, clip(device->pba, end));
    return count;
}

unsigned bar_pieces(const struct device *device, unsigned number, struct pages pieces[BAR_PIECES]) {
    struct pages holes[2];
    unsigned count = 0, holes_count = bar_holes(device, number, holes);
    uint32_t at = 0, end = bar_pages(&device->bar[number]);

    for (unsigned i = 0; i <= holes_count; i++) {
        uint32_t stop = i < holes_count ? holes[i].first : end;
        if (at < stop)
            pieces[count++] = (struct pages){ at, stop };
        at = i < holes_count ? holes[i].end : end;
    }
    return count;
}
