/*
 * The default is that a register may not be changed. Never: base addresses and expansion ROM (where
 * the device answers), decoding and interrupts by pin (the server's), MSI and MSI-X (where
 * interrupts go), power states and function-level reset (they forget all of the above: PCI_RESET
 * does it), vendor-specific capabilities (virtio's VIRTIO_PCI_CAP_PCI_CFG, for one, is a window to
 * any register, MSI-X tables included), maximum payload (a fabric of one opinion).
 */
#include "filter.h"

#include <stdlib.h>

#include <bulkhead/error.h>
#include <runtime/defence.h>

#include "config.h"
#include "registers.h"

/* Of 32 bits: those that may be changed, and those that may be written as 1 to clear them. */
struct rule {
    uint32_t change, clear;
};

#define COMMAND_ALLOWED (COMMAND_MASTER | COMMAND_MWI | COMMAND_PARITY | COMMAND_SERR)

/* PCIe 7.5.3.4: error reporting, relaxed ordering, extended tags, no snoop, read request size. */
#define EXPRESS_ALLOWED 0x791fU
/* PCIe 7.5.3.5: the four kinds of errors detected. */
#define EXPRESS_CLEARED 0xf0000U
/* PCIe 7.5.3.16: completion time-out. */
#define EXPRESS_2_ALLOWED 0x1fU

static struct vendor_rule vendor_rules[VENDOR_RULES_MAX];
static unsigned vendor_rule_count;

static bool parse(const char **at, char after, uint32_t most, uint32_t *value) {
    char *end;
    unsigned long parsed = strtoul(*at, &end, 16);
    bool good = end != *at && **at != '-' && parsed <= most && *end == after;

    *at = end + 1;
    *value = (uint32_t)parsed;
    return good;
}

bool filter_allow(const char *text) {
    uint32_t vendor, device, offset, mask;

    if (vendor_rule_count == VENDOR_RULES_MAX || !parse(&text, '/', 0xffff, &vendor) ||
        !parse(&text, '/', 0xffff, &device) || !parse(&text, '/', 0xfc, &offset) ||
        !parse(&text, '\0', UINT32_MAX, &mask) || offset % 4 != 0 || offset == 0)
        return false;
    vendor_rules[vendor_rule_count++] =
        (struct vendor_rule){ (uint16_t)vendor, (uint16_t)device, offset, mask };
    return true;
}

/* Whether a rule's register, in one of the vendor-specific capabilities, is at `offset`. */
static bool is_at(const struct device *device, const struct vendor_rule *rule, unsigned offset) {
    for (unsigned at = 0; (at = device_capability(device, CAP_VENDOR, at, NULL)) != 0;)
        /* Byte 2 of one is its length. */
        if (at + rule->offset == offset &&
            rule->offset + 4 <= config_8(device->place.device, at + 2))
            return true;
    return false;
}

static uint32_t vendor_mask(const struct device *device, unsigned offset) {
    uint32_t mask = 0;

    for (unsigned i = 0; i < vendor_rule_count; i++)
        if (vendor_rules[i].vendor == device->ids.vendor &&
            vendor_rules[i].device == device->ids.device && is_at(device, &vendor_rules[i], offset))
            mask |= vendor_rules[i].mask;
    return mask;
}

static struct rule express_rule(unsigned offset) {
    switch (offset) {
    case EXPRESS_CONTROL:
        return (struct rule){ EXPRESS_ALLOWED, EXPRESS_CLEARED };
    case EXPRESS_CONTROL_2:
        return (struct rule){ .change = EXPRESS_2_ALLOWED };
    default:
        return (struct rule){ 0 };
    }
}

/* What is allowed of the 32 bits at `offset`. */
static struct rule rule_at(const struct device *device, unsigned offset) {
    if (offset == REG_COMMAND)
        return (struct rule){ COMMAND_ALLOWED, (uint32_t)STATUS_ERRORS << 16 };
    if (offset == REG_CACHE)
        return (struct rule){ .change = 0xffff }; /* cache line size and latency timer */
    if (offset >= CONFIG_BYTES) {
        unsigned aer = device_capability(device, CAP_AER | PCI_EXTENDED, 0, NULL);
        bool status =
            aer != 0 && (offset == aer + AER_UNCORRECTABLE || offset == aer + AER_CORRECTABLE);
        return (struct rule){ .clear = status ? UINT32_MAX : 0 };
    }
    if (device->express != 0 && offset >= device->express && offset < device->express + 0x3cU)
        return express_rule(offset - device->express);
    return (struct rule){ .change = offset >= 0x40 ? vendor_mask(device, offset) : 0 };
}

int filter_access(const struct device *device, unsigned offset, unsigned width) {
    if ((width != 1 && width != 2 && width != 4) || offset % width != 0)
        return -E_INVAL;
    return offset < device_config_bytes(device) ? 0 : -E_RANGE;
}

int filter_write(const struct device *device, unsigned offset, unsigned width, uint32_t value) {
    int error = filter_access(device, offset, width);

    if (error)
        return error;
    if (width < 4 && value >> 8 * width != 0)
        return -E_INVAL;
    struct rule rule = rule_at(device, offset & ~3U);
    unsigned shift = 8 * (offset & 3);
    uint32_t written = value << shift;
    uint32_t bytes = (width < 4 ? (1U << 8 * width) - 1 : UINT32_MAX) << shift;
    uint32_t now = config_32(device->place.device, offset & ~3U);
    /* What is neither is to stay as it is. */
    bool allowed = ((written ^ now) & bytes & ~(rule.change | rule.clear)) == 0;
    return allowed || !DEFENCE(CONFIGURATION) ? 0 : -E_PERM;
}
