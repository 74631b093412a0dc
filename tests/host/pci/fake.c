#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "config.h"
#include "registers.h"

static struct function functions[FUNCTIONS_MAX];
static unsigned function_count;
static struct {
    uint64_t physical;
    uint32_t *content;
} pages[64];
static unsigned page_count;

uint64_t fake_ecam;
unsigned fake_mapped;
bool fake_map_fails, fake_full;

void fake_clear(void) {
    for (unsigned i = 0; i < page_count; i++)
        free(pages[i].content);
    memset(functions, 0, sizeof functions);
    function_count = page_count = fake_mapped = 0;
    fake_ecam = 0;
    fake_map_fails = fake_full = false;
}

void put(struct function *f, unsigned offset, unsigned width, uint32_t value) {
    memcpy(f->config + offset, &value, width);
}

uint32_t get(const struct function *f, unsigned offset, unsigned width) {
    uint32_t value = 0;

    memcpy(&value, f->config + offset, width);
    return value;
}

static void allow(struct function *f, unsigned offset, unsigned width, uint32_t mask) {
    memcpy(f->writable + offset, &mask, width);
}

struct function *fake_function(uint16_t place, uint32_t id, uint32_t class24, uint8_t header) {
    struct function *f = &functions[function_count++];

    cr_assert(function_count <= FUNCTIONS_MAX);
    f->place = place;
    put(f, REG_ID, 4, id);
    put(f, REG_CLASS, 4, class24 << 8);
    put(f, REG_HEADER, 1, header);
    allow(f, REG_COMMAND, 2, 0x7ff);
    allow(f, REG_CACHE, 2, 0xffff);
    allow(f, REG_LINE, 1, 0xff);
    f->clearable[REG_STATUS + 1] = STATUS_ERRORS >> 8;
    return f;
}

void fake_bar(struct function *f, unsigned number, uint64_t base, uint64_t bytes, uint32_t kind) {
    unsigned at = REG_BAR + 4 * number;
    uint64_t mask = ~(bytes - 1);

    put(f, at, 4, (uint32_t)base | kind);
    allow(f, at, 4, (uint32_t)mask & (kind & 1 ? ~3U : ~15U));
    if (kind & BAR_TYPE_64) {
        put(f, at + 4, 4, (uint32_t)(base >> 32));
        allow(f, at + 4, 4, (uint32_t)(mask >> 32));
    }
}

struct function *fake_bridge(uint16_t place, uint8_t secondary, uint8_t subordinate) {
    struct function *f = fake_function(place, 0x000c1b36, 0x060400, HEADER_BRIDGE);

    put(f, REG_BUSES + 1, 1, secondary);
    put(f, REG_BUSES + 2, 1, subordinate);
    put(f, REG_WINDOW_MEMORY, 4, 0x0000fff0); /* base above limit: closed */
    put(f, REG_WINDOW_PREFETCH, 4, 0x0000fff0);
    put(f, REG_WINDOW_PORTS, 2, 0x00f0);
    allow(f, REG_BRIDGE_CONTROL, 2, BRIDGE_RESET);
    return f;
}

void fake_capability(struct function *f, unsigned offset, uint8_t id) {
    put(f, offset, 1, id);
    put(f, offset + 1, 1, get(f, REG_CAPS, 1));
    put(f, REG_CAPS, 1, offset);
    put(f, REG_STATUS, 2, STATUS_CAPS);
}

void fake_express(struct function *f, unsigned offset, bool flr) {
    fake_capability(f, offset, CAP_EXPRESS);
    put(f, offset + EXPRESS_DEVICE_CAPS, 4, flr ? EXPRESS_FLR : 0);
    allow(f, offset + EXPRESS_CONTROL, 2, 0x7fff);
    allow(f, offset + EXPRESS_CONTROL_2, 2, 0xffff);
    f->clearable[offset + EXPRESS_STATUS] = 0xf;
    f->has_extended = true;
    f->express = (uint16_t)offset;
}

void fake_msi(struct function *f, unsigned offset, unsigned log2, bool wide) {
    fake_capability(f, offset, CAP_MSI);
    put(f, offset + MSI_CONTROL, 2, log2 << 1 | (wide ? MSI_64 : 0));
    allow(f, offset + MSI_CONTROL, 2, MSI_ENABLE | 7 << 4);
    allow(f, offset + MSI_ADDRESS, 4, ~3U);
    allow(f, offset + MSI_ADDRESS_HI, 4, UINT32_MAX);
    allow(f, offset + 12, 2, 0xffff);
}

void fake_msix(struct function *f, unsigned offset, unsigned entries, uint32_t table,
               uint32_t pba) {
    fake_capability(f, offset, CAP_MSIX);
    put(f, offset + MSIX_CONTROL, 2, entries - 1);
    put(f, offset + MSIX_TABLE, 4, table);
    put(f, offset + MSIX_PBA, 4, pba);
    allow(f, offset + MSIX_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
}

void fake_settle(struct function *f) {
    memcpy(f->initial, f->config, sizeof f->initial);
    for (unsigned i = 0; i < 6; i++) { /* the firmware has put in the addresses */
        uint32_t mask;
        memcpy(&mask, f->writable + REG_BAR + 4UL * i, 4);
        uint32_t bar = get(f, REG_BAR + 4 * i, 4) & ~mask;
        memcpy(f->initial + REG_BAR + 4UL * i, &bar, 4);
    }
    memset(f->initial + REG_COMMAND, 0, 2);
}

static struct function *find(uint16_t place) {
    for (unsigned i = 0; i < function_count; i++)
        if (functions[i].place == place)
            return &functions[i];
    return fake_full ? &functions[0] : NULL;
}

static void do_reset(struct function *f) {
    memcpy(f->config, f->initial, sizeof f->config);
    f->busy = f->busy_after_reset;
    f->resets++;
}

uint32_t config_read(uint16_t device, unsigned offset, unsigned width) {
    struct function *f = find(device);
    uint32_t ones = width < 4 ? (1U << 8 * width) - 1 : UINT32_MAX;

    cr_assert(width == 1 || width == 2 || width == 4);
    cr_assert(offset % width == 0 && offset < 4096);
    if (f == NULL || (offset >= 256 && !f->has_extended))
        return ones;
    if (f->busy > 0) {
        f->busy -= offset == REG_ID;
        return ones;
    }
    return get(f, offset, width);
}

static bool touches(unsigned offset, unsigned width, unsigned reg) {
    return offset <= reg && reg < offset + width;
}

static void after_write(struct function *f, unsigned offset, unsigned width, uint32_t value) {
    bool flr = f->express && touches(offset, width, f->express + EXPRESS_CONTROL + 1) &&
               value >> 8 * (f->express + EXPRESS_CONTROL + 1 - offset) & EXPRESS_START_FLR >> 8;
    bool advanced = f->af && touches(offset, width, f->af + AF_CONTROL) && value & AF_START;
    bool power =
        f->forgets_in_d3 && touches(offset, width, f->pm + PM_CONTROL) && (value & 3) == PM_D3;
    if (flr || advanced || power)
        do_reset(f);
    if (get(f, REG_HEADER, 1) == HEADER_BRIDGE && touches(offset, width, REG_BRIDGE_CONTROL) &&
        value & BRIDGE_RESET)
        for (unsigned i = 0; i < function_count; i++)
            if (functions[i].place >> 8 >= f->config[REG_BUSES + 1] &&
                functions[i].place >> 8 <= f->config[REG_BUSES + 2])
                do_reset(&functions[i]);
}

void config_write(uint16_t device, unsigned offset, unsigned width, uint32_t value) {
    struct function *f = find(device);

    cr_assert(width == 1 || width == 2 || width == 4);
    cr_assert(offset % width == 0 && offset < 4096);
    if (f == NULL || f->busy > 0 || (offset >= 256 && !f->has_extended))
        return;
    bool header = get(f, REG_HEADER, 1) == HEADER_DEVICE;
    if (header && offset >= REG_BAR && offset < REG_BAR + 24 &&
        get(f, REG_COMMAND, 2) & COMMAND_DECODE && get(f, offset, 4) != value)
        f->bar_written_while_decoding = true;
    for (unsigned i = 0; i < width; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i), w = f->writable[offset + i];
        uint8_t *at = &f->config[offset + i];
        *at = (uint8_t)((*at & ~w) | (byte & w));
        *at &= (uint8_t) ~(byte & f->clearable[offset + i]);
    }
    after_write(f, offset, width, value);
}

bool config_is_extended(uint16_t device) {
    const struct function *f = find(device);
    return f != NULL && f->has_extended;
}

bool config_lies_in(uint64_t base, uint64_t bytes) {
    return fake_ecam != 0 && base < fake_ecam + (256 << 20) && fake_ecam < base + bytes;
}

uint32_t *fake_page(uint64_t physical) {
    for (unsigned i = 0; i < page_count; i++)
        if (pages[i].physical == physical)
            return pages[i].content;
    cr_assert(page_count < 64);
    pages[page_count].physical = physical;
    pages[page_count].content = calloc(1, PAGE_SIZE);
    return pages[page_count++].content;
}

volatile void *registers_map(uint64_t physical) {
    cr_assert_eq(physical % PAGE_SIZE, 0);
    cr_assert_eq(fake_mapped, 0, "one at a time");
    if (fake_map_fails)
        return NULL;
    fake_mapped++;
    return fake_page(physical);
}

void registers_unmap(void) {
    cr_assert_eq(fake_mapped, 1);
    fake_mapped--;
}
