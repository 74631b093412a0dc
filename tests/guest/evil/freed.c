/*
 * DMA into memory that was the driver's. The first driver dies, while its device has been told to
 * write there; its memory goes to this test, as private memory and as its grant table. Then its
 * successor, which knows where that is, has the device write there too.
 *
 * Frames are given out from the lowest on, so that who takes many more than there were gets those:
 * the positive control verifies it.
 */
#include "tests.h"

#include <string.h>

#include <bulkhead/grant.h>
#include <runtime/grant.h>

#define POISON 0x5eU
#define SAFE   0x11U

#define REGION      0x0000330000000000UL
#define PAGES       640U
#define FREED       (EVIL_BYTES / PAGE_SIZE)
#define TABLE       256U /* page of the grant table, amid those that were the driver's */
#define ENTRIES     GRANTS_MAX
#define TABLE_PAGES (ENTRIES * sizeof(struct grant) / PAGE_SIZE)

/* Longer than the device takes for what it was told before. */
#define TRANSFER_TIME (150 * TIME_MILLISECOND)

/* In the control only a little of each page is overwritten: some may be another's. */
#define OFFSET 2048U
#define LITTLE 64U

static uint8_t *page(unsigned n) { return (uint8_t *)(REGION + n * PAGE_SIZE); }

static uint64_t frames_for_dma(void) {
    static struct memory_info info;

    getinfo(INFO_MEMORY, &info, sizeof info, 0, NULL, NULL);
    return info.frames[FRAME_DMA];
}

/* What is in the grant table: grants of all else to nobody in particular. */
static struct grant entry(unsigned n) {
    return (struct grant){ .flags = GRANT_VALID | GRANT_READ,
                           .id = grant_id(1, n),
                           .grantee = runtime_monitor(),
                           .start = REGION,
                           .bytes = PAGE_SIZE };
}

static void take_memory(void) {
    struct grant *table = (struct grant *)page(TABLE);
    int error = mem_map(ENDPOINT_SELF, REGION, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);

    if (error)
        tap_bail_out("no memory: %s", error_text(error));
    memset(page(0), SAFE, PAGES * PAGE_SIZE);
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = entry(i);
    error = kcall_setgrant(table, ENTRIES);
    if (error)
        tap_bail_out("no grant table: %s", error_text(error));
}

/* How many pages have changed, but those of the table. */
static unsigned pages_changed(void) {
    unsigned changed = 0;

    for (unsigned n = 0; n < PAGES; n++)
        for (unsigned i = 0; i < PAGE_SIZE && (n < TABLE || n >= TABLE + TABLE_PAGES); i++)
            if (page(n)[i] != SAFE) {
                changed++;
                break;
            }
    return changed;
}

static unsigned grants_changed(void) {
    const struct grant *table = (const struct grant *)page(TABLE);
    unsigned changed = 0;

    for (unsigned i = 0; i < ENTRIES; i++) {
        struct grant was = entry(i);
        changed += memcmp(&was, &table[i], sizeof was) != 0;
    }
    return changed;
}

/* The driver dies in the middle of a transfer. Returns where its memory was. */
static uint64_t end_predecessor(void) {
    order(EVIL_WHERE, 0, 0, 0, 0);
    uint64_t device = reply.arg[0], physical = reply.arg[1];
    uint64_t others = frames_for_dma() - FREED;

    order(EVIL_LOAD, POISON, 0, 0, 0);
    order(EVIL_BEGIN, device + EVIL_MINE * PAGE_SIZE, EVIL_TRANSFER, 0, 0);
    driver_end(evil);
    while (frames_for_dma() > others)
        sleep_for(TIME_MILLISECOND / 10);
    return physical;
}

static void attack(uint64_t physical) {
    bool confined = kind != IOMMU_KIND_NONE;
    uint64_t before = faults();

    order(EVIL_LOAD, POISON, 0, 0, 0);
    for (unsigned n = 0; n < FREED; n++) {
        order(EVIL_WRITE, physical + n * PAGE_SIZE + (confined ? 0 : OFFSET),
              confined ? EVIL_TRANSFER : LITTLE, 0, 0);
        if (confined && n == 0)
            check_fault("DMA into what was its predecessor's", before, physical, IOMMU_WRITE);
    }
}

void test_freed_memory(void) {
    bool confined = kind != IOMMU_KIND_NONE;
    uint64_t physical = end_predecessor(), began = time_now();

    take_memory();
    evil_start("evil\0");
    order(EVIL_WHERE, 0, 0, 0, 0); /* it is the master of its bus */
    uint64_t took = time_now() - began;
    sleep_for(TRANSFER_TIME);
    tap_note("a driver and its successor: %lu ms", took / TIME_MILLISECOND);
    unsigned pages = pages_changed();
    if (confined)
        tap_is(pages, 0, "what the dead driver's device was told to write does not arrive");
    else
        tap_is(pages, 1, "control: without an IOMMU what the dead driver began arrives");
    attack(physical);
    pages = pages_changed();
    unsigned grants = grants_changed();
    tap_note("%u pages and %u grants have changed", pages, grants);
    tap_ok(confined ? pages == 0 : pages > FREED / 2,
           confined ? "private memory that was its predecessor's is not written"
                    : "control: private memory is written");
    tap_ok(confined ? grants == 0 : grants >= TABLE_PAGES / 2,
           confined ? "nor is a grant table" : "control: and a grant table");
    kcall_setgrant(NULL, 0);
    mem_unmap(ENDPOINT_SELF, REGION, PAGES * PAGE_SIZE);
}
