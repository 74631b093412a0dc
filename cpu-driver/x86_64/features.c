#include "features.h"

#include "context.h"
#include "cpu.h"
#include "log.h"
#include "string.h"

#define CPUID_7_EBX_SMEP (1U << 7)
#define CPUID_7_EBX_SMAP (1U << 20)
#define CPUID_7_ECX_UMIP (1U << 2)

#define CPUID_BRAND_FIRST 0x80000002U
#define CPUID_BRAND_LAST  0x80000004U

static char text[FEATURES_TEXT_MAX];

int features_init(void) {
    struct cpuid leaf = cpu_cpuid(7, 0);
    const struct {
        const char *name;
        uint64_t cr4;
        bool present;
    } optional[] = {
        { "smep", CR4_SMEP, leaf.b & CPUID_7_EBX_SMEP },
        { "smap", CR4_SMAP, leaf.b & CPUID_7_EBX_SMAP },
        { "umip", CR4_UMIP, leaf.c & CPUID_7_ECX_UMIP },
    };
    uint64_t cr4 =
        cpu_read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
    int length = log_format(text, sizeof text, "wp nx xsave fsgsbase");
    for (unsigned i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        if (!optional[i].present)
            continue;
        cr4 |= optional[i].cr4;
        length += log_format(text + length, sizeof text - (size_t)length, " %s", optional[i].name);
    }
    cpu_write_cr4(cr4);
    cpu_write_cr0((cpu_read_cr0() | CR0_MP | CR0_NE | CR0_WP) & ~CR0_EM);
    return fpu_init();
}

const char *features_text(void) { return text; }

void features_brand(char brand[BRAND_TEXT_MAX + 1]) {
    memset(brand, 0, BRAND_TEXT_MAX + 1);
    if (cpu_cpuid(0x80000000U, 0).a < CPUID_BRAND_LAST)
        return;
    for (uint32_t leaf = CPUID_BRAND_FIRST; leaf <= CPUID_BRAND_LAST; leaf++) {
        struct cpuid part = cpu_cpuid(leaf, 0);
        memcpy(brand + (leaf - CPUID_BRAND_FIRST) * sizeof part, &part, sizeof part);
    }
}
