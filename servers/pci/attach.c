#include "attach.h"

#include <bulkhead/error.h>
#include <bulkhead/protocol/iommu.h>
#include <runtime/defence.h>

#include "bar.h"
#include "message.h"

static bool matches(const struct monitor_driver *driver, const struct device *device,
                    bool by_class) {
    for (unsigned i = 0; i < driver->patterns && i < 4; i++) {
        uint32_t difference = device->place.class24 ^ driver->pattern[i].class24;
        uint16_t vendor = driver->pattern[i].vendor, id = driver->pattern[i].device;
        if (driver->pattern[i].by_class != by_class)
            continue;
        if (by_class ? (difference & driver->pattern[i].class_mask) == 0
                     : vendor == device->ids.vendor && (id == 0xffff || id == device->ids.device))
            return true;
    }
    return false;
}

/* Devices that it names come before those of a class. */
struct device *attach_match(const struct monitor_driver *driver, struct device **busy) {
    *busy = NULL;
    for (int by_class = 0; by_class < 2; by_class++)
        for (struct device *device = devices; device < devices + device_count; device++) {
            if (!device_is_for_drivers(device) || !matches(driver, device, by_class))
                continue;
            if (claim_is_free(device))
                return device;
            if (*busy == NULL)
                *busy = device;
        }
    return NULL;
}

/* ---- Registers ---- */

struct pages claim_vetted(const struct claim *claim, unsigned bar) {
    struct pages run = { 0, 0 };

    if (claim->device->bar[bar].flags & PCI_BAR_PORTS)
        return run;
    for (unsigned i = 0; i < claim->driver.vets && i < 8; i++) {
        uint32_t first = claim->driver.vet[i].offset / (uint32_t)PAGE_SIZE;
        if (claim->driver.vet[i].bar != bar)
            continue;
        if (run.first == run.end)
            run = (struct pages){ first, first + 1 };
        run.first = first < run.first ? first : run.first;
        run.end = first + 1 > run.end ? first + 1 : run.end;
    }
    return run;
}

/* Whether one of the rules with this one's register and mask allows the value. */
static bool allowed(const struct monitor_driver *driver, unsigned rule, uint64_t value) {
    for (unsigned i = 0; i < driver->vets && i < 8; i++)
        if (driver->vet[i].bar == driver->vet[rule].bar &&
            driver->vet[i].offset == driver->vet[rule].offset &&
            driver->vet[i].mask == driver->vet[rule].mask &&
            (value & driver->vet[i].mask) == driver->vet[i].value)
            return true;
    return false;
}

bool claim_vets(const struct claim *claim, unsigned bar, uint64_t offset, unsigned width,
                uint64_t value) {
    const struct monitor_driver *driver = &claim->driver;

    for (unsigned i = 0; i < driver->vets && i < 8; i++) {
        uint64_t first = driver->vet[i].offset, bytes = driver->vet[i].width;
        if (driver->vet[i].bar != bar || offset + width <= first || first + bytes <= offset)
            continue;
        if (offset != first || width != bytes || !allowed(driver, i, value))
            return !DEFENCE(VET);
    }
    return true;
}

static int give_pages(const struct claim *claim, const struct bar *bar, uint32_t first,
                      uint32_t end) {
    uint64_t out[2];

    if (first >= end)
        return 0;
    return keeper_give(claim->driver.endpoint, GIVE_MEMORY, bar->base / PAGE_SIZE + first,
                       end - first, out);
}

/* A run of pages: what is before the vetted ones, and what is behind them. */
static int give_run(const struct claim *claim, const struct bar *bar, struct pages run,
                    struct pages vetted) {
    if (vetted.first == vetted.end)
        return give_pages(claim, bar, run.first, run.end);
    uint32_t before = run.end < vetted.first ? run.end : vetted.first;
    uint32_t behind = run.first > vetted.end ? run.first : vetted.end;
    int error = give_pages(claim, bar, run.first, before);
    return error ? error : give_pages(claim, bar, behind, run.end);
}

static int give_ports(const struct claim *claim, unsigned number) {
    const struct bar *bar = &claim->device->bar[number];
    uint64_t out[2];
    int error = 0;

    /* Vetted first: ports are not to be had without it. */
    for (unsigned i = 0; i < claim->driver.vets && i < 8 && !error; i++)
        if (claim->driver.vet[i].bar == number && claim->driver.vet[i].offset < bar->bytes)
            error = keeper_give(
                claim->driver.endpoint, GIVE_VET,
                (bar->base + claim->driver.vet[i].offset) << 32 | claim->driver.vet[i].width,
                (uint64_t)claim->driver.vet[i].mask << 32 | claim->driver.vet[i].value, out);
    return error ? error
                 : keeper_give(claim->driver.endpoint, GIVE_PORTS, bar->base, bar->bytes, out);
}

static int give_bar(const struct claim *claim, unsigned number) {
    const struct bar *bar = &claim->device->bar[number];
    struct pages pieces[BAR_PIECES];
    int error = 0;

    if (!bar_is_usable(bar))
        return 0;
    if (bar->flags & PCI_BAR_PORTS)
        return give_ports(claim, number);
    unsigned count = bar_pieces(claim->device, number, pieces);
    for (unsigned i = 0; i < count && !error; i++)
        error = give_run(claim, bar, pieces[i], claim_vetted(claim, number));
    return error;
}

/* ---- Interrupts ---- */

/* What the processor understands without an IOMMU (Intel SDM vol. 3, 10.11): fixed, edge. */
static void plain_message(struct claim *claim, uint64_t apic_id, uint32_t vector) {
    claim->message_address = UINT64_C(0xfee00000) | (apic_id & 0xff) << 12;
    claim->message_data = vector;
}

static int give_messages(struct claim *claim) {
    uint16_t place = claim->device->place.device;
    uint64_t out[2] = { 0 };

    claim->messages = messages_possible(claim->device);
    if (claim->messages == 0)
        return 0;
    int error = keeper_give(claim->driver.endpoint, GIVE_MSI, claim->messages, 0, out);
    if (error)
        return error;
    error = keeper_interrupt(place, (uint32_t)out[1], (uint32_t)out[0], claim->messages,
                             &claim->message_address, &claim->message_data);
    if (error == -E_NOTSUP)
        plain_message(claim, out[1], (uint32_t)out[0]);
    else if (error)
        return error;
    return messages_program(claim->device, claim->message_address, claim->message_data,
                            claim->messages);
}

int attach_give(struct claim *claim) {
    struct device *device = claim->device;
    uint16_t place = device->place.device;
    endpoint_t driver = claim->driver.endpoint;
    int error = keeper_domain(place, driver, device_requester(device), &claim->confines);

    if (!error)
        device_enable(device);
    for (unsigned i = 0; i < PCI_BARS && !error; i++)
        error = give_bar(claim, i);
    if (!error)
        error = give_messages(claim);
    return error ? error : keeper_attach(driver, place);
}
