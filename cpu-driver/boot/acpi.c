#include "acpi.h"

#include <stdbool.h>

#include "../log.h"
#include "../string.h"
#include "acpi_entry.h"
#include "acpi_tables.h"
#include "aml.h"
#include "slit.h"
#include "srat.h"

#define TABLE_BYTES_MAX  0x1000000U
#define ROOT_ENTRIES_MAX 256U

#define LAPIC_DEFAULT  0xfee00000U /* Intel SDM vol. 3, 11.4.1 */
#define IOAPIC_DEFAULT 0xfec00000U

/*
 * Where the RSDP lies on a PC with BIOS (5.2.5.1): the first KiB of the EBDA, or the BIOS itself.
 */
#define EBDA_SEGMENT 0x40eU
#define EBDA_BYTES   1024U
#define BIOS_BASE    0xe0000U
#define BIOS_BYTES   0x20000U
#define RSDP_ALIGN   16U

struct reader {
    const struct acpi_memory *memory;
    struct boot_info *boot;
    const struct acpi_srat *srat; /* read last, when the cores are known */
    const struct acpi_slit *slit; /* and this, when the nodes are */
    uint32_t cores_ignored;
};

static const void *at(const struct reader *reader, uint64_t physical, uint64_t bytes) {
    return reader->memory->at(reader->memory, physical, bytes);
}

static bool sums_to_zero(const void *data, size_t bytes) {
    const uint8_t *byte = data;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum += byte[i];
    return sum == 0;
}

static bool has_signature(const struct acpi_header *header, const char *signature) {
    return memcmp(header->signature, signature, sizeof header->signature) == 0;
}

/*
 * The table at a physical address, if it is of this signature, at least `bytes_min` long, and
 * valid. Says in the log what is wrong with one that is of this signature but not valid.
 */
static const struct acpi_header *table_at(const struct reader *reader, uint64_t physical,
                                          const char *signature, size_t bytes_min) {
    const struct acpi_header *header = at(reader, physical, sizeof *header);

    if (header == NULL || !has_signature(header, signature))
        return NULL;
    uint32_t bytes = header->bytes;
    if (bytes < bytes_min || bytes > TABLE_BYTES_MAX || at(reader, physical, bytes) == NULL) {
        log_line("acpi: table %s ignored: impossible length %u", signature, bytes);
        return NULL;
    }
    if (!sums_to_zero(header, bytes)) {
        log_line("acpi: table %s ignored: wrong checksum", signature);
        return NULL;
    }
    return header;
}

static void add_core(struct reader *reader, uint32_t apic_id, bool x2apic) {
    struct boot_info *boot = reader->boot;

    for (uint32_t i = 0; i < boot->core_count; i++) {
        if (boot->core[i].apic_id == apic_id) {
            boot->core[i].x2apic |= x2apic && i == 0;
            return;
        }
    }
    if (boot->core_count == BOOT_CORES_MAX)
        reader->cores_ignored++;
    else
        boot->core[boot->core_count++] = (struct boot_core){ .apic_id = apic_id, .x2apic = x2apic };
}

static void read_lapic(struct reader *reader, const void *entry) {
    const struct acpi_madt_lapic *lapic = entry;
    if (lapic->flags & ACPI_CORE_ENABLED && lapic->apic_id != ACPI_LAPIC_ALL)
        add_core(reader, lapic->apic_id, false);
}

static void read_x2apic(struct reader *reader, const void *entry) {
    const struct acpi_madt_x2apic *x2apic = entry;
    if (x2apic->flags & ACPI_CORE_ENABLED && x2apic->apic_id != ACPI_X2APIC_ALL)
        add_core(reader, x2apic->apic_id, true);
}

static void read_ioapic(struct reader *reader, const void *entry) {
    const struct acpi_madt_ioapic *ioapic = entry;
    struct boot_info *boot = reader->boot;

    if (boot->ioapic_count == BOOT_IOAPICS_MAX)
        log_line("acpi: IO-APIC at %x ignored: more than %d", ioapic->base, BOOT_IOAPICS_MAX);
    else if (ioapic->base != 0)
        boot->ioapic[boot->ioapic_count++] =
            (struct boot_ioapic){ .base = ioapic->base, .first_line = ioapic->first_line };
}

static void read_isa_line(struct reader *reader, const void *entry) {
    const struct acpi_madt_isa_line *isa = entry;

    if (isa->bus == 0 && isa->source < 16)
        reader->boot->isa_line[isa->source] = (struct boot_isa_line){
            .line = isa->line,
            .level = (isa->flags & ACPI_LEVEL) == ACPI_LEVEL,
            .active_low = (isa->flags & ACPI_ACTIVE_LOW) == ACPI_ACTIVE_LOW,
        };
}

static void read_lapic_address(struct reader *reader, const void *entry) {
    const struct acpi_madt_lapic_address *address = entry;
    reader->boot->lapic = address->base;
}

static const struct {
    uint8_t type, bytes_min;
    void (*read)(struct reader *reader, const void *entry);
} madt_entries[] = {
    { ACPI_MADT_LAPIC, sizeof(struct acpi_madt_lapic), read_lapic },
    { ACPI_MADT_IOAPIC, sizeof(struct acpi_madt_ioapic), read_ioapic },
    { ACPI_MADT_ISA_LINE, sizeof(struct acpi_madt_isa_line), read_isa_line },
    { ACPI_MADT_LAPIC_ADDRESS, sizeof(struct acpi_madt_lapic_address), read_lapic_address },
    { ACPI_MADT_X2APIC, sizeof(struct acpi_madt_x2apic), read_x2apic },
};

static void read_madt(struct reader *reader, const struct acpi_header *header) {
    const struct acpi_entry *entry = NULL;

    reader->boot->lapic = ((const struct acpi_madt *)header)->lapic;
    reader->boot->ioapic_count = 0;
    while ((entry = acpi_entry_next(header, sizeof(struct acpi_madt), entry)) != NULL)
        for (size_t i = 0; i < sizeof madt_entries / sizeof *madt_entries; i++)
            if (entry->type == madt_entries[i].type && entry->bytes >= madt_entries[i].bytes_min)
                madt_entries[i].read(reader, entry);
    if (reader->boot->lapic == 0)
        reader->boot->lapic = LAPIC_DEFAULT;
}

static void keep_srat(struct reader *reader, const struct acpi_header *header) {
    reader->srat = (const void *)header;
}

static void keep_slit(struct reader *reader, const struct acpi_header *header) {
    reader->slit = (const void *)header;
}

static void read_hpet(struct reader *reader, const struct acpi_header *header) {
    const struct acpi_hpet *hpet = (const void *)header;
    if (hpet->base.space == ACPI_SPACE_MEMORY)
        reader->boot->hpet = hpet->base.address;
}

/* DSDT and SSDT. */
static void read_definition_block(struct reader *reader, const struct acpi_header *header) {
    struct boot_info *boot = reader->boot;
    if (boot->s5_type_a < 0)
        aml_find_s5((const uint8_t *)(header + 1), header->bytes - sizeof *header, &boot->s5_type_a,
                    &boot->s5_type_b);
}

/*
 * An I/O port given twice: by number, and in tables long enough by a generic address, which counts
 * if it is not 0.
 */
static uint16_t port_of(const struct acpi_fadt *fadt, uint32_t number,
                        const struct acpi_address *address) {
    bool present = (const uint8_t *)(address + 1) <= (const uint8_t *)fadt + fadt->header.bytes;

    if (present && address->address != 0 && address->space == ACPI_SPACE_IO &&
        address->address <= UINT16_MAX)
        return (uint16_t)address->address;
    return number <= UINT16_MAX ? (uint16_t)number : 0;
}

static uint64_t dsdt_of(const struct acpi_fadt *fadt) {
    bool present =
        fadt->header.bytes >= __builtin_offsetof(struct acpi_fadt, x_dsdt) + sizeof fadt->x_dsdt;
    return present && fadt->x_dsdt != 0 ? fadt->x_dsdt : fadt->dsdt;
}

static void read_fadt(struct reader *reader, const struct acpi_header *header) {
    const struct acpi_fadt *fadt = (const void *)header;
    struct boot_info *boot = reader->boot;

    boot->pm1a_control = port_of(fadt, fadt->pm1a_control, &fadt->x_pm1a_control);
    boot->pm1b_control = port_of(fadt, fadt->pm1b_control, &fadt->x_pm1b_control);
    if (fadt->pm_timer_bytes == 4)
        boot->pm_timer = port_of(fadt, fadt->pm_timer, &fadt->x_pm_timer);
    boot->pm_timer_32bit = fadt->flags & ACPI_TIMER_32BIT;
    if (fadt->smi_command != 0 && fadt->smi_command <= UINT16_MAX && fadt->acpi_enable != 0) {
        boot->smi_command = (uint16_t)fadt->smi_command;
        boot->acpi_enable = fadt->acpi_enable;
    }
    bool has_reset = header->bytes > __builtin_offsetof(struct acpi_fadt, reset_value);
    if (has_reset && (fadt->flags & ACPI_RESET_SUPPORTED) && fadt->reset.space == ACPI_SPACE_IO &&
        fadt->reset.address <= UINT16_MAX) {
        boot->reset_port = (uint16_t)fadt->reset.address;
        boot->reset_value = fadt->reset_value;
    }
    const struct acpi_header *dsdt = table_at(reader, dsdt_of(fadt), "DSDT", sizeof *dsdt);
    if (dsdt != NULL)
        read_definition_block(reader, dsdt);
}

/* The first table of its kind, for the servers that understand it. */
static void keep_whole(struct reader *reader, const struct acpi_header *header) {
    struct boot_info *boot = reader->boot;
    uint32_t signature, offset = 0;

    memcpy(&signature, header->signature, sizeof signature);
    for (uint32_t i = 0; i < BOOT_FIRMWARE_TABLES; i++) {
        struct boot_firmware *kept = &boot->firmware_table[i];
        if (kept->signature == signature)
            return;
        if (kept->signature != 0) {
            offset = (kept->offset + kept->bytes + 7) & ~7U;
            continue;
        }
        if (offset > BOOT_FIRMWARE_MAX || header->bytes > BOOT_FIRMWARE_MAX - offset) {
            log_line("acpi: table %.4s ignored: no room for %u bytes", header->signature,
                     header->bytes);
            return;
        }
        *kept = (struct boot_firmware){ signature, offset, header->bytes };
        memcpy(boot->firmware + offset, header, header->bytes);
        return;
    }
}

static const struct {
    const char *signature;
    size_t bytes_min;
    void (*read)(struct reader *reader, const struct acpi_header *header);
} tables[] = {
    { "APIC", sizeof(struct acpi_madt), read_madt },
    { "HPET", sizeof(struct acpi_hpet), read_hpet },
    { "FACP", __builtin_offsetof(struct acpi_fadt, reset), read_fadt }, /* the length in ACPI 1.0 */
    { "SRAT", sizeof(struct acpi_srat), keep_srat },
    { "SLIT", sizeof(struct acpi_slit), keep_slit },
    { "SSDT", sizeof(struct acpi_header), read_definition_block },
    { "MCFG", ACPI_MCFG_BYTES_MIN, keep_whole },
    { "DMAR", ACPI_DMAR_BYTES_MIN, keep_whole },
    { "IVRS", ACPI_IVRS_BYTES_MIN, keep_whole },
};

/* Reads all tables that the root names by addresses of `address_bytes` bytes. */
static void read_root(struct reader *reader, const struct acpi_header *root, size_t address_bytes) {
    const uint8_t *entry = (const uint8_t *)(root + 1);
    size_t count = (root->bytes - sizeof *root) / address_bytes;

    for (size_t i = 0; i < count && i < ROOT_ENTRIES_MAX; i++, entry += address_bytes) {
        uint64_t physical = 0;
        memcpy(&physical, entry, address_bytes);
        for (size_t j = 0; j < sizeof tables / sizeof *tables; j++) {
            const struct acpi_header *table =
                table_at(reader, physical, tables[j].signature, tables[j].bytes_min);
            if (table != NULL)
                tables[j].read(reader, table);
        }
    }
}

static bool rsdp_ok(const struct acpi_rsdp *rsdp, size_t bytes) {
    return bytes >= ACPI_RSDP_V1_BYTES &&
           memcmp(rsdp->signature, "RSD PTR ", sizeof rsdp->signature) == 0 &&
           sums_to_zero(rsdp, ACPI_RSDP_V1_BYTES);
}

/* Whether the fields of revision 2 are there and valid. */
static bool rsdp_has_xsdt(const struct acpi_rsdp *rsdp, size_t bytes) {
    return rsdp->revision >= 2 && bytes >= sizeof *rsdp && rsdp->bytes >= sizeof *rsdp &&
           rsdp->bytes <= bytes && sums_to_zero(rsdp, rsdp->bytes) && rsdp->xsdt != 0;
}

static const struct acpi_rsdp *search(const struct reader *reader, uint64_t base, uint64_t bytes) {
    for (uint64_t offset = 0; offset + sizeof(struct acpi_rsdp) <= bytes; offset += RSDP_ALIGN) {
        const struct acpi_rsdp *rsdp = at(reader, base + offset, sizeof *rsdp);
        if (rsdp != NULL && rsdp_ok(rsdp, sizeof *rsdp))
            return rsdp;
    }
    return NULL;
}

uint32_t acpi_ebda(const struct acpi_memory *memory) {
    const uint8_t *segment = memory->at(memory, EBDA_SEGMENT, 2);
    return segment == NULL ? 0 : (uint32_t)(segment[0] | segment[1] << 8) << 4;
}

static const struct acpi_rsdp *search_bios(const struct reader *reader) {
    uint32_t ebda = acpi_ebda(reader->memory);
    const struct acpi_rsdp *rsdp = ebda == 0 ? NULL : search(reader, ebda, EBDA_BYTES);

    return rsdp != NULL ? rsdp : search(reader, BIOS_BASE, BIOS_BYTES);
}

static void read_tables(struct reader *reader, const struct acpi_rsdp *rsdp, size_t rsdp_bytes) {
    if (rsdp_has_xsdt(rsdp, rsdp_bytes)) {
        const struct acpi_header *xsdt = table_at(reader, rsdp->xsdt, "XSDT", sizeof *xsdt);
        if (xsdt != NULL) {
            reader->boot->acpi_root = rsdp->xsdt;
            read_root(reader, xsdt, sizeof(uint64_t));
            return;
        }
    }
    const struct acpi_header *rsdt = table_at(reader, rsdp->rsdt, "RSDT", sizeof *rsdt);
    if (rsdt != NULL) {
        reader->boot->acpi_root = rsdp->rsdt;
        read_root(reader, rsdt, sizeof(uint32_t));
    }
}

static void set_defaults(struct boot_info *boot, uint32_t apic_id) {
    boot->core_count = 1;
    boot->core[0] = (struct boot_core){ .apic_id = apic_id };
    boot->lapic = LAPIC_DEFAULT;
    boot->ioapic_count = 1;
    boot->ioapic[0] = (struct boot_ioapic){ .base = IOAPIC_DEFAULT };
    for (uint32_t i = 0; i < 16; i++)
        boot->isa_line[i] = (struct boot_isa_line){ .line = i };
    boot->hpet = boot->acpi_root = 0;
    boot->pm_timer = 0;
    boot->pm_timer_32bit = false;
    boot->pm1a_control = boot->pm1b_control = 0;
    boot->smi_command = boot->reset_port = 0;
    boot->acpi_enable = boot->reset_value = 0;
    boot->s5_type_a = boot->s5_type_b = -1;
    memset(boot->firmware_table, 0, sizeof boot->firmware_table);
}

void acpi_read(const struct acpi_memory *memory, const void *rsdp, size_t rsdp_bytes,
               uint32_t apic_id, struct boot_info *boot) {
    struct reader reader = { .memory = memory, .boot = boot };

    set_defaults(boot, apic_id);
    if (rsdp == NULL || !rsdp_ok(rsdp, rsdp_bytes)) {
        rsdp = search_bios(&reader);
        rsdp_bytes = sizeof(struct acpi_rsdp);
    }
    if (rsdp != NULL)
        read_tables(&reader, rsdp, rsdp_bytes);
    if (boot->acpi_root == 0)
        log_line("acpi: no valid tables found; assuming a PC with one core");
    if (reader.cores_ignored > 0)
        log_line("acpi: %u cores ignored: more than %d", reader.cores_ignored, BOOT_CORES_MAX);
    srat_read(reader.srat, boot);
    slit_read(reader.slit, boot);
}
