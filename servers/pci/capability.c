#include "config.h"
#include "device.h"
#include "registers.h"

#define FIRST 0x40 /* capabilities come after the header */

unsigned device_config_bytes(const struct device *device) {
    return device->express != 0 && config_is_extended(device->place.device) ? CONFIG_BYTES_EXTENDED
                                                                            : CONFIG_BYTES;
}

/* Where the list goes on after the one at `offset`; offset 0: where it begins. */
static unsigned next_of(uint16_t device, unsigned offset) {
    return config_8(device, offset == 0 ? REG_CAPS : offset + 1) & 0xfcU;
}

/* No list has more members than there is room for: longer ones loop. */
static unsigned find(const struct device *device, uint32_t wanted, unsigned after, uint32_t *id) {
    uint16_t place = device->place.device;
    bool passed = after == 0;
    unsigned offset = next_of(place, 0);

    if (!(config_16(place, REG_STATUS) & STATUS_CAPS))
        return 0;
    for (unsigned left = (CONFIG_BYTES - FIRST) / 4; left > 0 && offset >= FIRST; left--) {
        uint32_t found = config_8(place, offset);
        if (found == 0xff)
            return 0;
        if (passed && (wanted == PCI_ANY || wanted == found)) {
            *id = found;
            return offset;
        }
        passed |= offset == after;
        offset = next_of(place, offset);
    }
    return 0;
}

static unsigned find_extended(const struct device *device, uint32_t wanted, unsigned after,
                              uint32_t *id) {
    unsigned offset = CONFIG_BYTES;
    bool passed = after < CONFIG_BYTES;

    if (device_config_bytes(device) <= CONFIG_BYTES)
        return 0;
    for (unsigned left = (CONFIG_BYTES_EXTENDED - CONFIG_BYTES) / 4;
         left > 0 && offset >= CONFIG_BYTES; left--) {
        uint32_t header = config_32(device->place.device, offset);
        if (header == 0 || header == ID_NONE)
            return 0;
        *id = (header & 0xffff) | PCI_EXTENDED;
        if (passed && (wanted == PCI_ANY || wanted == *id))
            return offset;
        passed |= offset == after;
        offset = header >> 20 & 0xffc;
    }
    return 0;
}

unsigned device_capability(const struct device *device, uint32_t wanted, unsigned after,
                           uint32_t *id) {
    uint32_t unused = 0;
    uint32_t *found = id != NULL ? id : &unused;
    unsigned offset = 0;

    if (!(wanted & PCI_EXTENDED) && after < CONFIG_BYTES)
        offset = find(device, wanted, after, found);
    if (offset == 0 && (wanted & PCI_EXTENDED || wanted == PCI_ANY))
        offset = find_extended(device, wanted, after, found);
    return offset;
}
