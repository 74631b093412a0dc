/*
 * ACPI tables as they lie in memory, at any alignment (ACPI Specification 6.5; section numbers at
 * each). Fields that we do not read are named reserved.
 */
#ifndef CPU_DRIVER_BOOT_ACPI_TABLES_H
#define CPU_DRIVER_BOOT_ACPI_TABLES_H

#include <stdint.h>

#define PACKED __attribute__((packed))

/* Root System Description Pointer, 5.2.5.3. Fields from `bytes` on: revision 2 and later. */
struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* of the first ACPI_RSDP_V1_BYTES */
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t bytes;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} PACKED;

#define ACPI_RSDP_V1_BYTES 20

/*
 * 5.2.6. Tables of 4-byte (RSDT) or 8-byte (XSDT) addresses are nothing but this and the addresses.
 */
struct acpi_header {
    char signature[4];
    uint32_t bytes; /* of the whole table */
    uint8_t revision;
    uint8_t checksum; /* makes the sum of all bytes 0 */
    char oem[6], oem_table[8];
    uint32_t oem_revision;
    char creator[4];
    uint32_t creator_revision;
} PACKED;

/* Generic Address Structure, 5.2.3.2. */
struct acpi_address {
    uint8_t space, bits, offset, access;
    uint64_t address;
} PACKED;

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1 };

/* Fixed ACPI Description Table, 5.2.9. */
struct acpi_fadt {
    struct acpi_header header;
    uint32_t reserved_facs, dsdt;
    uint8_t reserved_model, reserved_profile;
    uint16_t reserved_sci;
    uint32_t smi_command;
    uint8_t acpi_enable, reserved_acpi_disable, reserved_s4, reserved_pstate;
    uint32_t reserved_pm1a_event, reserved_pm1b_event, pm1a_control, pm1b_control;
    uint32_t reserved_pm2, pm_timer, reserved_gpe0, reserved_gpe1;
    uint8_t reserved_pm1_event_bytes, reserved_pm1_control_bytes, reserved_pm2_bytes,
        pm_timer_bytes;
    uint8_t reserved_various[20];
    uint32_t flags;
    struct acpi_address reset;
    uint8_t reset_value;
    uint8_t reserved_arm[2], reserved_minor;
    uint64_t reserved_x_facs, x_dsdt;
    struct acpi_address reserved_x_pm1a_event, reserved_x_pm1b_event, x_pm1a_control,
        x_pm1b_control;
    struct acpi_address reserved_x_pm2, x_pm_timer;
} PACKED;

_Static_assert(__builtin_offsetof(struct acpi_fadt, flags) == 112, "5.2.9");
_Static_assert(__builtin_offsetof(struct acpi_fadt, x_pm_timer) == 208, "5.2.9");

enum acpi_fadt_flag {
    ACPI_TIMER_32BIT = 1 << 8,
    ACPI_RESET_SUPPORTED = 1 << 10,
};

/* IA-PC HPET Specification 1.0a, 3.2.4. */
struct acpi_hpet {
    struct acpi_header header;
    uint32_t reserved_id;
    struct acpi_address base;
    uint8_t reserved[4];
} PACKED;

/* How each entry of a MADT or SRAT begins. */
struct acpi_entry {
    uint8_t type, bytes; /* bytes: of the whole entry */
} PACKED;

/* Multiple APIC Description Table, 5.2.12, followed by entries. */
struct acpi_madt {
    struct acpi_header header;
    uint32_t lapic, flags;
} PACKED;

enum acpi_madt_type {
    ACPI_MADT_LAPIC = 0,
    ACPI_MADT_IOAPIC = 1,
    ACPI_MADT_ISA_LINE = 2,
    ACPI_MADT_LAPIC_ADDRESS = 5,
    ACPI_MADT_X2APIC = 9,
};

#define ACPI_CORE_ENABLED 1U

/* What the architecture has no core of: a message to this one is to all. */
#define ACPI_LAPIC_ALL  0xffU
#define ACPI_X2APIC_ALL 0xffffffffU

struct acpi_madt_lapic { /* 5.2.12.2 */
    struct acpi_entry entry;
    uint8_t reserved_uid, apic_id;
    uint32_t flags;
} PACKED;

struct acpi_madt_ioapic { /* 5.2.12.3 */
    struct acpi_entry entry;
    uint8_t reserved_id, reserved;
    uint32_t base, first_line;
} PACKED;

struct acpi_madt_isa_line { /* 5.2.12.5 */
    struct acpi_entry entry;
    uint8_t bus, source;
    uint32_t line;
    uint16_t flags; /* bits 0-1: polarity, bits 2-3: trigger mode (table 5.26) */
} PACKED;

enum acpi_line_flag { ACPI_ACTIVE_LOW = 3 << 0, ACPI_LEVEL = 3 << 2 };

struct acpi_madt_lapic_address { /* 5.2.12.8 */
    struct acpi_entry entry;
    uint16_t reserved;
    uint64_t base;
} PACKED;

struct acpi_madt_x2apic { /* 5.2.12.12 */
    struct acpi_entry entry;
    uint16_t reserved;
    uint32_t apic_id, flags, reserved_uid;
} PACKED;

/* System Locality Information Table, 5.2.17, followed by a matrix of bytes, row by row. */
struct acpi_slit {
    struct acpi_header header;
    uint64_t localities;
    uint8_t distance[];
} PACKED;

/* System Resource Affinity Table, 5.2.16, followed by entries. */
struct acpi_srat {
    struct acpi_header header;
    uint8_t reserved[12];
} PACKED;

enum acpi_srat_type { ACPI_SRAT_LAPIC = 0, ACPI_SRAT_MEMORY = 1, ACPI_SRAT_X2APIC = 2 };

#define ACPI_AFFINITY_ENABLED 1U

struct acpi_srat_lapic { /* 5.2.16.1 */
    struct acpi_entry entry;
    uint8_t domain_low, apic_id;
    uint32_t flags;
    uint8_t reserved_sapic, domain_high[3];
    uint32_t reserved_clock;
} PACKED;

struct acpi_srat_memory { /* 5.2.16.2 */
    struct acpi_entry entry;
    uint32_t domain;
    uint16_t reserved;
    uint64_t base, bytes;
    uint32_t reserved_2, flags;
    uint64_t reserved_3;
} PACKED;

struct acpi_srat_x2apic { /* 5.2.16.3 */
    struct acpi_entry entry;
    uint16_t reserved;
    uint32_t domain, apic_id, flags, reserved_clock, reserved_2;
} PACKED;

/*
 * Tables that are only kept: the header and the fields before their entries. PCI Firmware
 * Specification 3.3, 4.1.2; Intel VT-d specification 4.1, 8.1; AMD IOMMU specification 3.08, 5.2.1.
 */
#define ACPI_MCFG_BYTES_MIN 44
#define ACPI_DMAR_BYTES_MIN 48
#define ACPI_IVRS_BYTES_MIN 48

_Static_assert(sizeof(struct acpi_srat_lapic) == 16, "5.2.16.1");
_Static_assert(sizeof(struct acpi_srat_memory) == 40, "5.2.16.2");
_Static_assert(sizeof(struct acpi_srat_x2apic) == 24, "5.2.16.3");

#undef PACKED

#endif
