#include "plan.h"

#include <bulkhead/cmdline.h>
#include <bulkhead/kcall.h>

#include "../log.h"
#include "../partition.h"
#include "../string.h"

/*
 * Start-up code of cores runs in real mode, so below 640 KiB. The first 64 KiB are left to
 * firmware: there is some that writes there at any time.
 */
#define LOW_BASE  0x10000U
#define LOW_END   0xa0000U
#define LOW_BYTES (BOOT_LOW_PAGES * PAGE_SIZE)

/* The EBDA goes up to LOW_END; one that begins lower than this is something else. */
#define EBDA_LOWEST 0x20000U

#define NODES_LISTED 8U /* with more, the log would be of little else */
#define MIB          0x100000UL

void plan_low(struct boot_info *boot, const struct range_list *usable,
              const struct range_list *in_use, uint32_t ebda) {
    struct range_list low = *usable;

    ranges_remove(&low, 0, LOW_BASE);
    ranges_remove(&low, LOW_END, PHYSICAL_END);
    if (ebda >= EBDA_LOWEST)
        ranges_remove(&low, ebda, LOW_END);
    uint64_t base = ranges_find(&low, in_use, LOW_BYTES, PAGE_SIZE);
    if (base != RANGES_NONE) {
        boot->low = (struct range){ base, base + LOW_BYTES };
        return;
    }
    boot->low = (struct range){ 0, 0 };
    log_line("cores: only core 0 is used: no %lu KiB of free memory below 640 KiB",
             LOW_BYTES / 1024);
    boot->core_count = 1;
}

static bool has_table(const struct boot_info *boot, const char *signature) {
    for (uint32_t i = 0; i < BOOT_FIRMWARE_TABLES; i++)
        if (memcmp(&boot->firmware_table[i].signature, signature, 4) == 0)
            return true;
    return false;
}

uint64_t plan_iommu(struct boot_info *boot, const struct range_list *in_use) {
    boot->iommu_tables = (struct range){ 0, 0 };
    if (!has_table(boot, "DMAR") && !has_table(boot, "IVRS"))
        return 0;
    uint64_t base = ranges_find(&boot->memory, in_use, BOOT_IOMMU_BYTES, CHUNK_BYTES);
    if (base == RANGES_NONE) {
        log_line("iommu: not used: no %lu MiB of free memory for its tables",
                 BOOT_IOMMU_BYTES / MIB);
        return 0;
    }
    boot->iommu_tables = (struct range){ base, base + BOOT_IOMMU_BYTES };
    log_line("iommu: %lu MiB for its tables at %lx", BOOT_IOMMU_BYTES / MIB, base);
    return ranges_remove(&boot->memory, base, base + BOOT_IOMMU_BYTES);
}

/* The number that a word is, to its end; 0: it is none, or more than core numbers have digits. */
static uint32_t number(const char *word) {
    uint32_t value = 0;

    for (unsigned digits = 0; word[digits] != '\0'; digits++) {
        if (word[digits] < '0' || word[digits] > '9' || digits == 4)
            return 0;
        value = value * 10 + (uint32_t)(word[digits] - '0');
    }
    return value;
}

bool plan_cores(struct boot_info *boot) {
    char word[8];

    if (cmdline_get(boot->cmdline, "cores", word, sizeof word) < 0)
        return true;
    uint32_t cores = number(word);
    if (cores == 0 || cores > boot->core_count)
        return false;
    boot->core_count = cores;
    return true;
}

static void describe_node(const struct boot_info *boot, uint32_t node) {
    uint64_t bytes = 0;
    uint32_t cores = 0;

    for (uint32_t i = 0; i < boot->core_count; i++)
        cores += boot->core[i].node == node;
    for (uint32_t i = 0; i < boot->node_range_count; i++)
        if (boot->node_range[i].node == node)
            bytes += ranges_bytes_within(&boot->memory, boot->node_range[i].range.base,
                                         boot->node_range[i].range.end);
    log_line("node %u: cores %u, memory %lu MiB", node, cores, bytes / MIB);
}

static void describe_partitions(const struct boot_info *boot) {
    uint64_t least = UINT64_MAX, most = 0;

    for (uint32_t i = 0; i < boot->core_count; i++) {
        struct range_list share;
        partition_plan(boot, i, &share);
        uint64_t bytes = ranges_bytes(&share);
        least = bytes < least ? bytes : least;
        most = bytes > most ? bytes : most;
    }
    log_line("partitions: %u, of %lu to %lu MiB, %s", boot->core_count, least / MIB, most / MIB,
             boot->partition_by_node ? "near their cores" : "by ascending address");
}

void plan_partitions(struct boot_info *boot) {
    bool by_node = boot->node_count > 1;

    boot->partition_by_node = by_node && partition_by_node_serves(boot);
    if (by_node && boot->node_count <= NODES_LISTED)
        for (uint32_t i = 0; i < boot->node_count; i++)
            describe_node(boot, i);
    else if (by_node)
        log_line("nodes: %u", boot->node_count);
    if (by_node && !boot->partition_by_node)
        log_line("nodes: ignored, some core would get too little memory, or in too many pieces");
    if (boot->core_count > 1)
        describe_partitions(boot);
}
