#include "reset.h"

#include <bulkhead/error.h>

#include "config.h"
#include "message.h"
#include "registers.h"

#define MS INT64_C(1000000)

/* PCIe 6.6.2: a function is given 100 ms, and before that as long to end what it has begun. */
#define PAUSE_PENDING (50 * MS)
#define TRIES_PENDING 4
#define PAUSE_RESET   (100 * MS)
/* PCIe 5.3.1.4: between D3hot and D0. */
#define PAUSE_POWER (10 * MS)
/* PCIe 6.6.1, PCI 4.3.2: reset is held for at least 1 ms. */
#define PAUSE_BUS (2 * MS)
/* PCIe 6.6.1: a device is ready after 1 s, or is broken. */
#define PAUSE_READY (10 * MS)
#define TRIES_READY 100

static bool is_below(const struct device *device, const struct device *bridge) {
    return device_bus(device) >= bridge->secondary && device_bus(device) <= bridge->subordinate;
}

/* Only functions that can be restored, and that nobody has. */
static bool can_reset_bus(const struct device *device, bool (*is_free)(const struct device *)) {
    const struct device *bridge = device->bridge;
    unsigned below = 0;

    if (bridge == NULL)
        return false;
    for (const struct device *other = devices; other < devices + device_count; other++) {
        if (other == bridge || !is_below(other, bridge))
            continue;
        if (other->place.header != HEADER_DEVICE || (other != device && !is_free(other)) ||
            ++below > RESET_SAVED)
            return false;
    }
    return true;
}

enum pci_reset_method reset_method(const struct device *device,
                                   bool (*is_free)(const struct device *other)) {
    uint16_t place = device->place.device;

    if (device->express != 0 &&
        config_32(place, device->express + EXPRESS_DEVICE_CAPS) & EXPRESS_FLR)
        return PCI_RESET_FUNCTION;
    if (device->af != 0 && (config_8(place, device->af + AF_CAPS) & AF_BOTH) == AF_BOTH)
        return PCI_RESET_ADVANCED;
    if (can_reset_bus(device, is_free))
        return PCI_RESET_BUS;
    bool power = device->pm != 0 && !(config_16(place, device->pm + PM_CONTROL) & PM_NO_SOFT_RESET);
    return power ? PCI_RESET_POWER : PCI_RESET_NONE;
}

static void save(struct saved *saved, const struct device *device) {
    uint16_t place = device->place.device;

    *saved = (struct saved){
        .device = place,
        .command = config_16(place, REG_COMMAND),
        .cache = config_16(place, REG_CACHE),
        .line = config_8(place, REG_LINE),
    };
    for (unsigned i = 0; i < PCI_BARS; i++)
        saved->bar[i] = config_32(place, REG_BAR + 4 * i);
    if (device->express != 0) {
        saved->express_control = config_16(place, device->express + EXPRESS_CONTROL);
        saved->express_control_2 = config_16(place, device->express + EXPRESS_CONTROL_2);
    }
}

static void restore(const struct saved *saved) {
    const struct device *device = device_find(saved->device);
    uint16_t place = saved->device;

    for (unsigned i = 0; i < PCI_BARS; i++)
        config_write(place, REG_BAR + 4 * i, 4, saved->bar[i]);
    config_write(place, REG_CACHE, 2, saved->cache);
    config_write(place, REG_LINE, 1, saved->line);
    if (device->express != 0) {
        config_write(place, device->express + EXPRESS_CONTROL, 2, saved->express_control);
        config_write(place, device->express + EXPRESS_CONTROL_2, 2, saved->express_control_2);
    }
    config_write(place, REG_COMMAND, 2, (saved->command & ~COMMAND_MASTER) | COMMAND_INTX);
    messages_off(device);
}

void reset_begin(struct reset *reset, struct device *device, enum pci_reset_method method) {
    *reset = (struct reset){ .device = device, .method = method };
    device_quiet(device);
    if (method != PCI_RESET_BUS) {
        save(&reset->saved[reset->saved_count++], device);
        return;
    }
    for (const struct device *other = devices; other < devices + device_count; other++)
        if (other != device->bridge && is_below(other, device->bridge)) {
            device_quiet(other);
            save(&reset->saved[reset->saved_count++], other);
        }
}

/* Whether requests that it has made are still unanswered. */
static bool is_pending(const struct device *device) {
    uint16_t place = device->place.device;

    if (device->express != 0)
        return config_16(place, device->express + EXPRESS_STATUS) & EXPRESS_PENDING;
    return device->af != 0 && config_8(place, device->af + AF_STATUS) & AF_PENDING;
}

static void set_power(const struct device *device, uint32_t state) {
    unsigned offset = device->pm + PM_CONTROL;
    uint16_t place = device->place.device;

    /* Not PME status, which 1 clears. */
    config_write(place, offset, 2, (config_16(place, offset) & 0x7ffcU) | state);
}

static void set_bus_reset(const struct device *bridge, bool on) {
    uint16_t place = bridge->place.device;
    uint16_t control = config_16(place, REG_BRIDGE_CONTROL);

    config_write(place, REG_BRIDGE_CONTROL, 2,
                 on ? control | BRIDGE_RESET : control & ~BRIDGE_RESET);
}

/* Sets the reset off; the pause until it can be gone on with. */
static int64_t start(const struct reset *reset) {
    const struct device *device = reset->device;
    uint16_t place = device->place.device;

    switch (reset->method) {
    case PCI_RESET_FUNCTION:
        config_write(place, device->express + EXPRESS_CONTROL, 2,
                     config_16(place, device->express + EXPRESS_CONTROL) | EXPRESS_START_FLR);
        return PAUSE_RESET;
    case PCI_RESET_ADVANCED:
        config_write(place, device->af + AF_CONTROL, 1, AF_START);
        return PAUSE_RESET;
    case PCI_RESET_POWER:
        set_power(device, PM_D3);
        return PAUSE_POWER;
    case PCI_RESET_BUS:
        set_bus_reset(device->bridge, true);
        return PAUSE_BUS;
    default:
        return 0;
    }
}

/* Where setting it off had two ends, the other one. */
static int64_t finish(const struct reset *reset) {
    if (reset->method == PCI_RESET_POWER) {
        set_power(reset->device, 0);
        return PAUSE_POWER;
    }
    if (reset->method == PCI_RESET_BUS) {
        set_bus_reset(reset->device->bridge, false);
        return PAUSE_RESET;
    }
    return 1;
}

static bool is_ready(uint16_t place) {
    uint32_t id = config_32(place, REG_ID);

    return id != ID_NONE && id != ID_NOT_YET;
}

static bool all_ready(const struct reset *reset) {
    for (unsigned i = 0; i < reset->saved_count; i++)
        if (!is_ready(reset->saved[i].device))
            return false;
    return true;
}

int64_t reset_step(struct reset *reset) {
    enum { PENDING, START, FINISH, READY };

    if (reset->method == PCI_RESET_NONE)
        return 0;
    switch (reset->step) {
    case PENDING:
        if (is_pending(reset->device) && reset->tries++ < TRIES_PENDING)
            return PAUSE_PENDING;
        reset->step = START;
        reset->tries = 0;
        /* fallthrough */
    case START:
        reset->step = FINISH;
        return start(reset);
    case FINISH:
        reset->step = READY;
        return finish(reset);
    default:
        if (!all_ready(reset))
            return reset->tries++ < TRIES_READY ? PAUSE_READY : -E_IO;
        for (unsigned i = 0; i < reset->saved_count; i++)
            restore(&reset->saved[i]);
        return 0;
    }
}
