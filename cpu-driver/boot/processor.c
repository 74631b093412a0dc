/* Source: Intel SDM vol. 2, CPUID; vol. 3, 4.1.1 and 11.4.6. */
#include "processor.h"

#include <stddef.h>

#include "../x86_64/cpu.h"

enum cpuid_leaf {
    LEAF_FEATURES = 1,
    LEAF_STRUCTURED_FEATURES = 7,
    LEAF_TOPOLOGY = 0xb,
    LEAF_EXTENDED_FEATURES = 0x80000001,
};

#define GIB_PAGES (1U << 26) /* of LEAF_EXTENDED_FEATURES, d */

struct feature {
    const char *name;
    uint32_t leaf, bit;
    size_t reg; /* where in struct cpuid */
};

static const struct feature required[] = {
    { "no-execute pages (NX)", LEAF_EXTENDED_FEATURES, 20, offsetof(struct cpuid, d) },
    { "FSGSBASE", LEAF_STRUCTURED_FEATURES, 0, offsetof(struct cpuid, b) },
    { "XSAVE", LEAF_FEATURES, 26, offsetof(struct cpuid, c) },
};

/* A leaf that the processor does not have reads as zero. */
static struct cpuid leaf_or_zero(uint32_t leaf) {
    uint32_t last = cpu_cpuid(leaf & 0x80000000, 0).a;
    return leaf <= last ? cpu_cpuid(leaf, 0) : (struct cpuid){ 0 };
}

static bool has(const struct feature *feature) {
    struct cpuid leaf = leaf_or_zero(feature->leaf);
    const uint32_t *reg = (const void *)((const char *)&leaf + feature->reg);
    return *reg >> feature->bit & 1;
}

const char *processor_lacks(void) {
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (!has(&required[i]))
            return required[i].name;
    return NULL;
}

bool processor_has_gib_pages(void) { return leaf_or_zero(LEAF_EXTENDED_FEATURES).d & GIB_PAGES; }

uint32_t processor_apic_id(void) {
    struct cpuid topology = leaf_or_zero(LEAF_TOPOLOGY);
    return topology.b != 0 ? topology.d : cpu_cpuid(LEAF_FEATURES, 0).b >> 24;
}

void processor_protect_pages(void) {
    cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_NXE);
    cpu_write_cr0(cpu_read_cr0() | CR0_WP);
}
