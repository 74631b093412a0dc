/* DMA into the kernel, and interrupts that are made up by DMA. */
#include "tests.h"

#include <string.h>

#include <runtime/dma.h>

/* Even, so that no entry of a page table is present that is made of it. */
#define POISON 0x5eU
#define LITTLE 16U /* bytes */

#define PAGES_MAX 48U /* of each part */

#define VECTOR 0x78U /* nobody's: the kernel counts it as unknown */

void check_fault(const char *what, uint64_t before, uint64_t address, enum iommu_access access) {
    struct message m = { .type = IOMMU_FAULT, .arg = { before } };
    char label[3 * sizeof(uint64_t) + 1] = { 0 };

    if (!tap_ok(faults() > before, "%s is told of", what) || kind == IOMMU_KIND_AMD)
        return; /* QEMU's tells no more: docs/iommu.md */
    tap_is(iommu_request(&m), 0, "%s: the fault", what);
    memcpy(label, &m.arg[3], sizeof label - 1);
    tap_is_string(label, "evil", "%s: its driver", what);
    tap_ok((m.arg[2] & 0xffff) == evil_device && (m.arg[2] >> 16 & 0xff) == access &&
               m.arg[1] == (address & ~(PAGE_SIZE - 1)),
           "%s: its device, access and address", what);
}

/* ---- The kernel ---- */

/*
 * Blocked: the attack is to destroy all that it reaches, so that the core would stop. If it is not
 * blocked it takes a few bytes that nobody needs now, and puts them back: the first of the image
 * are those of alarm_init(), the lowest of the stack were never used, and the lowest of the
 * kernel's own page tables are of user space, where the kernel has nothing.
 */
static void attack(const char *what, uint64_t address, uint64_t bytes) {
    uint64_t before = faults();
    uint32_t counted = refused(REFUSED_DMA);

    if (bytes > PAGES_MAX * PAGE_SIZE)
        bytes = PAGES_MAX * PAGE_SIZE;
    order(EVIL_LOAD, POISON, 0, 0, 0);
    for (uint64_t at = address; at < address + bytes; at += PAGE_SIZE)
        order(EVIL_WRITE, at, EVIL_TRANSFER, 0, 0);
    check_fault(what, before, address, IOMMU_WRITE);
    before = faults();
    order(EVIL_READ, address, EVIL_TRANSFER, 0, 0);
    bool anything = false;
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        anything = anything || reply.arg[i] != 0;
    tap_ok(!anything, "%s is not read", what);
    tap_ok(faults() > before, "%s: to read is told of", what);
    if (kind == IOMMU_KIND_INTEL)
        tap_ok(refused(REFUSED_DMA) > counted, "%s: counted at the driver", what);
}

static bool holds(const uint64_t arg[MESSAGE_ARGS], uint8_t value) {
    uint8_t expected[LITTLE];

    memset(expected, value, sizeof expected);
    return memcmp(arg, expected, sizeof expected) == 0;
}

/* Puts bytes where they were, by one transfer each. */
static void put_back(uint64_t address, const uint64_t word[MESSAGE_ARGS]) {
    for (unsigned i = 0; i < LITTLE; i++) {
        order(EVIL_LOAD, ((const uint8_t *)word)[i], 0, 0, 0);
        order(EVIL_WRITE, address + i, 1, 0, 0);
    }
}

static void attack_gently(const char *what, uint64_t address) {
    uint64_t word[MESSAGE_ARGS];

    order(EVIL_READ, address, LITTLE, 0, 0);
    memcpy(word, reply.arg, sizeof word);
    order(EVIL_LOAD, POISON, 0, 0, 0);
    order(EVIL_WRITE, address, LITTLE, 0, 0);
    order(EVIL_READ, address, LITTLE, 0, 0);
    tap_ok(holds(reply.arg, POISON), "control: without an IOMMU %s is written", what);
    put_back(address, word);
    order(EVIL_READ, address, LITTLE, 0, 0);
    tap_ok(memcmp(reply.arg, word, LITTLE) == 0, "control: and read");
}

void test_kernel(void) {
    static struct core_info info;

    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    const struct {
        const char *name;
        uint64_t address, bytes;
        bool needed; /* all of it, at any time */
    } parts[] = {
        { "the kernel's image", info.image_address, info.image_bytes, false },
        { "the kernel's stack", info.stack_address, info.stack_bytes, false },
        { "the kernel's page table", info.page_table_address, PAGE_SIZE, false },
        { "the table of frames", info.frame_table_address, info.frame_table_bytes, true },
    };
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (kind != IOMMU_KIND_NONE)
            attack(parts[i].name, parts[i].address, parts[i].bytes);
        else if (!parts[i].needed)
            attack_gently(parts[i].name, parts[i].address);
    check_kernel("after DMA into the kernel");
}

/* ---- Messages ---- */

static uint64_t unknown_interrupts(void) {
    static struct core_info info;

    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    return info.unknown_interrupts;
}

/* Whether a message arrives that the device makes up, by DMA. All bytes of it are the same. */
static bool arrives(uint64_t address, unsigned bytes, uint8_t value) {
    uint64_t before = unknown_interrupts();

    order(EVIL_LOAD, value, 0, 0, 0);
    order(EVIL_WRITE, address, bytes, 0, 0);
    return unknown_interrupts() > before;
}

void test_messages(void) {
    /* The second byte of the data is the same: an edge, delivery mode fixed. */
    bool plain = arrives(0xfee00000, 4, VECTOR);
    if (kind == IOMMU_KIND_NONE)
        tap_ok(plain, "control: without an IOMMU a made-up message arrives");
    else if (kind == IOMMU_KIND_AMD)
        tap_ok(!plain, "a made-up message does not arrive");
    else
        tap_note("QEMU's Intel unit %s made-up messages in compatibility format",
                 plain ? "lets through" : "refuses");
    /* Remappable format, an entry that nobody has. */
    tap_ok(kind == IOMMU_KIND_NONE || !arrives(0xfee00010 | 0x1f00 << 5, 4, 0),
           "a made-up message of no entry does not arrive");
}
