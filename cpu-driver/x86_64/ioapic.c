#include "ioapic.h"

#include "core.h"
#include "cpu.h"
#include "vectors.h"

#define REG_SELECT 0x00
#define REG_WINDOW 0x10

#define INDEX_ID          0x00
#define INDEX_VERSION     0x01
#define INDEX_REDIRECTION 0x10 /* two words per pin, the one with the mask first */

#define REDIRECTION_ACTIVE_LOW 0x2000U
#define REDIRECTION_LEVEL      0x8000U
#define REDIRECTION_MASKED     0x10000U

/* The remappable format: bits 14:0 of the index in the high word, bit 15 in the low one (Intel VT-d
 * specification, 5.1.5.1). */
#define REMAPPED_FORMAT      0x10000U
#define REMAPPED_INDEX_SHIFT 17
#define REMAPPED_INDEX_15    0x800U

#define PIC_1         0x20
#define PIC_2         0xa0
#define PIC_INIT      0x11 /* ICW1: edge, cascade, ICW4 follows */
#define PIC_8086_MODE 0x01

#define ISA_LINES 16

/* What lies behind a line: its controller's registers, its pin, and the low redirection word as
 * last written. */
struct pin {
    volatile uint8_t *registers; /* NULL: no such line */
    uint32_t low;
    uint32_t handle; /* index in the table of the IOMMU and 1 more, or 0 */
    uint8_t number;
};

static struct pin pins[IRQ_LINES];

static uint32_t read(volatile uint8_t *registers, unsigned index) {
    *(volatile uint32_t *)(registers + REG_SELECT) = index;
    return *(volatile uint32_t *)(registers + REG_WINDOW);
}

static void write(volatile uint8_t *registers, unsigned index, uint32_t value) {
    *(volatile uint32_t *)(registers + REG_SELECT) = index;
    *(volatile uint32_t *)(registers + REG_WINDOW) = value;
}

static void write_low(struct pin *pin, uint32_t low) {
    pin->low = low;
    write(pin->registers, INDEX_REDIRECTION + 2U * pin->number, low);
}

/* Moves the 8259s' vectors away from the exceptions, and masks all their inputs. */
static void pic_disable(void) {
    static const struct {
        uint16_t port;
        uint8_t vector, cascade;
    } pic[2] = { { PIC_1, VECTOR_PIC, 4 }, { PIC_2, VECTOR_PIC + 8, 2 } };
    for (unsigned i = 0; i < 2; i++) {
        cpu_out8(pic[i].port, PIC_INIT);
        cpu_out8(pic[i].port + 1, pic[i].vector);
        cpu_out8(pic[i].port + 1, pic[i].cascade);
        cpu_out8(pic[i].port + 1, PIC_8086_MODE);
        cpu_out8(pic[i].port + 1, 0xff);
    }
}

void ioapic_init(void) {
    pic_disable();
    for (uint32_t i = 0; i < instance->boot.ioapic_count; i++) {
        volatile uint8_t *registers = (volatile uint8_t *)instance->ioapic[i];
        uint32_t first = instance->boot.ioapic[i].first_line;
        uint32_t count = (read(registers, INDEX_VERSION) >> 16 & 0xff) + 1;
        for (uint32_t n = 0; n < count && first + n < IRQ_LINES; n++) {
            struct pin *pin = &pins[first + n];
            *pin = (struct pin){ .registers = registers, .number = (uint8_t)n };
            write_low(pin, REDIRECTION_MASKED);
        }
    }
}

bool ioapic_has(uint64_t line) { return line < IRQ_LINES && pins[line].registers; }

/* ISA lines are edge-triggered and active high unless the MADT says otherwise; all others are
 * PCI's: level, low. */
static uint32_t trigger_mode(unsigned line) {
    for (unsigned isa = 0; isa < ISA_LINES; isa++) {
        const struct boot_isa_line *wired = &instance->boot.isa_line[isa];
        if (wired->line == line)
            return (wired->level ? REDIRECTION_LEVEL : 0) |
                   (wired->active_low ? REDIRECTION_ACTIVE_LOW : 0);
    }
    return REDIRECTION_LEVEL | REDIRECTION_ACTIVE_LOW;
}

void ioapic_route(unsigned line, uint8_t vector, uint8_t apic_id) {
    struct pin *pin = &pins[line];
    uint32_t index = pin->handle - 1, high = (uint32_t)apic_id << 24;
    uint32_t low = REDIRECTION_MASKED | trigger_mode(line) | vector;
    if (pin->handle) {
        high = index << REMAPPED_INDEX_SHIFT | REMAPPED_FORMAT;
        low |= index >> 15 ? REMAPPED_INDEX_15 : 0;
    }
    write(pin->registers, INDEX_REDIRECTION + 2U * pin->number + 1, high);
    write_low(pin, low);
}

void ioapic_remap(unsigned line, uint32_t handle) { pins[line].handle = handle; }

bool ioapic_is_level(unsigned line) { return trigger_mode(line) & REDIRECTION_LEVEL; }

uint8_t ioapic_id(unsigned line) { return read(pins[line].registers, INDEX_ID) >> 24 & 0xf; }

void ioapic_set_mask(unsigned line, bool masked) {
    uint32_t low = pins[line].low;
    write_low(&pins[line], masked ? low | REDIRECTION_MASKED : low & ~REDIRECTION_MASKED);
}
