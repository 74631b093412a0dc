/*
 * What is found out about the machine once, at boot, and handed to every instance: a copy of it
 * lies in each instance's own partition. Written by boot/, read by the instance. Plain data; all
 * addresses are physical.
 */
#ifndef CPU_DRIVER_BOOTINFO_H
#define CPU_DRIVER_BOOTINFO_H

#include <stdbool.h>
#include <stdint.h>

#define BULKHEAD_VERSION "0.1"

#define BOOT_RANGES_MAX      64
#define BOOT_CORES_MAX       64
#define BOOT_NODES_MAX       64
#define BOOT_NODE_RANGES_MAX 128
#define BOOT_IOAPICS_MAX     8
#define BOOT_CMDLINE_MAX     1024
#define BOOT_LOG_MAX         4096

#define BOOT_LOW_PAGES 8

#define BOOT_FIRMWARE_TABLES 3    /* MCFG, DMAR, IVRS */
#define BOOT_FIRMWARE_MAX    4096 /* bytes of all of them */
#define BOOT_IOMMU_BYTES     0x400000UL

struct range {
    uint64_t base, end; /* [base, end) */
};

/* A sorted list of disjoint, non-adjacent, page-aligned, non-empty ranges. */
struct range_list {
    uint32_t count;
    struct range range[BOOT_RANGES_MAX];
};

struct boot_framebuffer {
    uint64_t base;                 /* 0: there is none */
    uint32_t pitch, width, height; /* bytes, pixels, pixels; in text mode: bytes, columns, rows */
    uint8_t bits;                  /* per pixel: 24 or 32; 0: EGA text mode */
    uint8_t red_shift, green_shift, blue_shift; /* positions of the three 8-bit fields */
};

struct boot_ioapic {
    uint32_t base;
    uint32_t first_line; /* global system interrupt of its pin 0 (ACPI 6.5, 5.2.12.3) */
};

struct boot_core {
    uint32_t apic_id;
    bool x2apic;   /* from an x2APIC entry of the MADT */
    uint32_t node; /* below node_count */
};

/* Memory that is near the cores of a node. */
struct boot_node_range {
    struct range range; /* to the byte, as the tables say; not all of it need be RAM */
    uint32_t node;      /* below node_count */
};

/*
 * How an ISA line is wired, where it differs from "line n, edge, active high" (ACPI 6.5, 5.2.12.5).
 */
struct boot_isa_line {
    uint32_t line;
    bool level, active_low;
};

/* A table of the firmware's that is kept whole, for servers. */
struct boot_firmware {
    uint32_t signature;     /* its four characters, as they lie in memory; 0: no table */
    uint32_t offset, bytes; /* in boot_info.firmware; offsets are multiples of 8 */
};

struct boot_info {
    uint64_t entry_tsc;       /* at the first instruction of boot/ */
    struct range_list memory; /* usable RAM, archive and iommu_tables excluded */
    struct range archive;     /* page-aligned; outside all partitions */
    uint64_t archive_bytes;   /* its exact length */
    struct range low;         /* BOOT_LOW_PAGES pages below 640 KiB to start cores with, outside all
                                 partitions; base = end = 0: there are none, and core_count is 1 */

    uint32_t core_count;                   /* cores that are used */
    struct boot_core core[BOOT_CORES_MAX]; /* [0] is the one that booted */
    uint32_t node_count;                   /* NUMA nodes: at least 1, at most BOOT_NODES_MAX */
    uint32_t node_domain[BOOT_NODES_MAX];  /* proximity domain of each, as the tables number them */
    /* From one node to another, in units of the SLIT: 10 within a node, 255 unreachable. */
    uint8_t node_distance[BOOT_NODES_MAX][BOOT_NODES_MAX];
    uint32_t node_range_count;                               /* 0: nothing is known about nodes */
    struct boot_node_range node_range[BOOT_NODE_RANGES_MAX]; /* sorted, disjoint, not empty */
    bool partition_by_node;                                  /* see partition.h */
    uint64_t lapic;
    uint32_t ioapic_count;
    struct boot_ioapic ioapic[BOOT_IOAPICS_MAX];
    struct boot_isa_line isa_line[16];
    uint64_t hpet;      /* 0: none */
    uint64_t acpi_root; /* the XSDT, or without one the RSDT; 0: none */
    uint32_t pm_timer;  /* I/O port of the ACPI PM timer; 0: none */
    bool pm_timer_32bit;
    uint16_t pm1a_control, pm1b_control; /* I/O ports; 0: none */
    uint16_t smi_command; /* I/O port that turns ACPI mode on by acpi_enable; 0: it is always on */
    uint8_t acpi_enable;
    int16_t s5_type_a, s5_type_b; /* SLP_TYP values of \_S5; -1: not found */
    uint16_t reset_port;          /* ACPI reset register when it is an I/O port; 0: none */
    uint8_t reset_value;

    /* Length, checksum and place of each table have been checked; what is in it has not. */
    struct boot_firmware firmware_table[BOOT_FIRMWARE_TABLES];
    _Alignas(8) uint8_t firmware[BOOT_FIRMWARE_MAX];
    /* BOOT_IOMMU_BYTES of zeroed memory for tables of an IOMMU, outside all partitions; base = end
     * = 0: there are none */
    struct range iommu_tables;

    struct boot_framebuffer framebuffer;
    char cmdline[BOOT_CMDLINE_MAX];
    char log[BOOT_LOG_MAX]; /* what boot/ printed, zero-terminated */
};

#endif
