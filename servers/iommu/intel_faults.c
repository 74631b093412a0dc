/* What the units have refused: recorded in registers, a few at a time (7.2). */
#include "intel.h"

#define RECORD_VALID (UINT64_C(1) << 63) /* written: it may be used again */
#define RECORD_READ  (UINT64_C(1) << 62)

/* Reasons (table 29): what they mean for the device. */
enum {
    REASON_ROOT = 1,
    REASON_CONTEXT = 2,
    REASON_CONTEXT_INVALID = 3,
    REASON_TOO_HIGH = 4,
    REASON_WRITE = 5,
    REASON_READ = 6,
    REASON_INTERRUPTS = 0x20, /* and above */
    REASON_INTERRUPTS_END = 0x2a,
};

static uint8_t reason_of(uint32_t code) {
    switch (code) {
    case REASON_ROOT:
    case REASON_CONTEXT:
    case REASON_CONTEXT_INVALID:
        return IOMMU_NO_DOMAIN;
    case REASON_TOO_HIGH:
        return IOMMU_NOT_MAPPED;
    case REASON_WRITE:
        return IOMMU_NOT_WRITABLE;
    case REASON_READ:
        return IOMMU_NOT_READABLE;
    default:
        return code >= REASON_INTERRUPTS && code < REASON_INTERRUPTS_END ? IOMMU_INTERRUPT_REFUSED
                                                                         : IOMMU_OTHER;
    }
}

static struct fault read_record(const struct intel_unit *unit, unsigned at) {
    uint64_t low = *intel_64(unit, at), high = *intel_64(unit, at + 8);
    struct fault fault = { .requester = (uint16_t)high, .code = (uint32_t)(high >> 32 & 0xff) };

    fault.reason = reason_of(fault.code);
    if (fault.reason == IOMMU_INTERRUPT_REFUSED) {
        fault.address = low >> 48; /* the index of the entry */
    } else {
        fault.address = low & ~UINT64_C(0xfff);
        fault.access = high & RECORD_READ ? IOMMU_READ : IOMMU_WRITE;
    }
    return fault;
}

static void poll_unit(const struct intel_unit *unit, void (*report)(const struct fault *fault)) {
    unsigned first = intel_field(unit->capability, 24, 10) * 16;
    unsigned count = intel_field(unit->capability, 40, 8) + 1;
    uint32_t status = *intel_32(unit, FAULT_STATUS);

    if (!(status & (FAULT_STATUS_PENDING | FAULT_STATUS_OVERFLOW)))
        return;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = first + (((status >> 8 & 0xff) + i) % count) * 16;
        if (!(*intel_64(unit, at + 8) & RECORD_VALID))
            continue;
        struct fault fault = read_record(unit, at);
        *intel_32(unit, at + 12) = (uint32_t)(RECORD_VALID >> 32);
        report(&fault);
    }
    *intel_32(unit, FAULT_STATUS) = FAULT_STATUS_OVERFLOW;
}

void intel_poll(void (*report)(const struct fault *fault)) {
    for (unsigned i = 0; i < intel_units; i++)
        poll_unit(&intel_unit[i], report);
}
