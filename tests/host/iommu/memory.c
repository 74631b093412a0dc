#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct fake fake;
static void *memory;

void memory_make(enum iommu_kind kind) {
    free(memory);
    memory = aligned_alloc(PAGE_SIZE, MEMORY_PAGES * PAGE_SIZE);
    memset(memory, 0xa5, MEMORY_PAGES * PAGE_SIZE);
    tables = (struct tables){ .state = memory };
    memset(&fake, 0, sizeof fake);
    fake.calls_left = -1;
    hardware = &fake_hardware;
    state_init(&tables, MEMORY_PHYSICAL, MEMORY_PAGES, kind);
    tables_take(&tables, 4, OWNER_UNITS);
}

void log_line(const char *format, ...) { (void)format; }

/* A call of the server: it may be the one in which it dies, before or after the hardware acts. */
static int call(void) {
    if (fake.calls_left >= 0 && fake.calls_left-- == 0)
        longjmp(fake.death, 1);
    return fake.error;
}

static int unit_of(uint16_t device, uint16_t *requester, uint8_t *levels) {
    if (device == 0x99)
        *requester = 0x88; /* the firmware knows of a bridge */
    *levels = 3;
    return device < 0x100 ? 0 : -1;
}

static int attach(struct domain *domain) {
    int error = call();

    if (!error)
        fake.attached[domain->requester] = true;
    return error ? error : call();
}

static int detach(struct domain *domain) {
    int error = call();

    if (!error)
        fake.attached[domain->requester] = false;
    return error ? error : call();
}

static int flush(struct domain *domain) {
    (void)domain;
    fake.flushes++;
    return call();
}

const struct hardware fake_hardware = {
    .kind = IOMMU_KIND_INTEL,
    .format = &format_intel,
    .unit_of = unit_of,
    .attach = attach,
    .detach = detach,
    .mapped = flush,
    .unmapped = flush,
};
