/* The life of domains, and what a server finds that is started again. */
#include <criterion/criterion.h>

#include "memory.h"

#define PROGRAM "iommu-test"
#include "../random.h"

static const char label[LABEL_MAX] = "edu";

static bool all_live(const struct domain *domain) {
    (void)domain;
    return true;
}

static bool odd_live(const struct domain *domain) { return domain->driver & 1; }

/* What the device can reach. */
static uint64_t reach(uint16_t requester, uint64_t address) {
    const struct domain *domain = domain_of_requester(requester);

    return fake.attached[requester] ? pages_entry(&tables, hardware->format, domain, address) : 0;
}

Test(domains, state_is_known_again) {
    memory_make(IOMMU_KIND_INTEL);
    cr_assert(state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES, IOMMU_KIND_INTEL));
    cr_assert(!state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES, IOMMU_KIND_AMD));
    cr_assert(
        !state_is_sealed(tables.state, MEMORY_PHYSICAL + 4096, MEMORY_PAGES, IOMMU_KIND_INTEL));
    cr_assert(!state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES - 1, IOMMU_KIND_INTEL));
    tables.state->units_page++;
    cr_assert(!state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES, IOMMU_KIND_INTEL));
    state_seal(tables.state);
    cr_assert(state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES, IOMMU_KIND_INTEL));
}

Test(domains, zeroes_are_no_state) {
    memory_make(IOMMU_KIND_INTEL);
    memset(tables.state, 0, sizeof *tables.state);
    cr_assert(!state_is_sealed(tables.state, 0, 0, IOMMU_KIND_NONE));
}

Test(domains, runs_of_pages_are_aligned_and_apart) {
    memory_make(IOMMU_KIND_AMD);
    uint32_t table = tables_take(&tables, 16, OWNER_UNITS);
    uint32_t odd = tables_take(&tables, 67, OWNER_UNITS);

    cr_assert_eq(table % 16, 0);
    cr_assert(odd >= table + 16 || odd + 67 <= table);
    cr_assert_eq(tables_take(&tables, MEMORY_PAGES, OWNER_UNITS), 0);
    for (unsigned i = 0; i < 67 * PAGE_SIZE / 8; i++)
        cr_assert_eq(tables_page(&tables, odd)[i], 0);
    tables_give(&tables, odd, 67);
    cr_assert_eq(tables_take(&tables, 67, OWNER_UNITS), odd);
}

Test(domains, one_device_one_domain) {
    memory_make(IOMMU_KIND_INTEL);
    cr_assert_eq(domain_make(0x20, 0x20, 7, label), 0);
    cr_assert(fake.attached[0x20]);
    cr_assert_eq(domain_make(0x20, 0x20, 8, label), -E_EXIST);
    cr_assert_eq(domain_make(0x21, 0x20, 8, label), -E_BUSY);
    cr_assert_eq(domain_make(0x321, 0x321, 8, label), -E_NOENT);
    cr_assert_eq(domain_of_driver(7), domain_of_device(0x20));
    cr_assert_null(domain_of_driver(8));
    cr_assert_eq(domain_end(domain_of_device(0x20)), 0);
    cr_assert(!fake.attached[0x20]);
    cr_assert_null(domain_of_device(0x20));
    cr_assert_eq(domain_make(0x21, 0x20, 8, label), 0);
}

/* Two devices behind one bridge cannot be told apart. */
Test(domains, the_firmware_knows_who_asks) {
    memory_make(IOMMU_KIND_INTEL);
    cr_assert_eq(domain_make(0x88, 0x88, 7, label), 0);
    cr_assert_eq(domain_make(0x99, 0x99, 8, label), -E_BUSY);
}

Test(domains, as_many_as_there_is_room_for) {
    memory_make(IOMMU_KIND_INTEL);
    for (unsigned i = 0; i < DOMAINS_MAX; i++)
        cr_assert_eq(domain_make((uint16_t)i, (uint16_t)i, i + 1, label), 0);
    cr_assert_eq(domain_make(0xf0, 0xf0, 99, label), -E_NOSLOT);
    cr_assert_eq(domain_number(63)->device, 63);
    cr_assert_null(domain_number(64));
}

Test(domains, unmapping_is_all_or_nothing) {
    const uint64_t frames[] = { 0x1000, 0x2000 };

    memory_make(IOMMU_KIND_INTEL);
    domain_make(0x20, 0x20, 7, label);
    struct domain *domain = domain_of_device(0x20);
    cr_assert_eq(domain_map(domain, IOMMU_BASE, frames, 2, IOMMU_READ), 0);
    cr_assert_eq(domain_unmap(domain, IOMMU_BASE, 3), -E_NOENT);
    cr_assert_neq(reach(0x20, IOMMU_BASE), 0);
    fake.flushes = 0;
    cr_assert_eq(domain_unmap(domain, IOMMU_BASE, 2), 0);
    cr_assert_gt(fake.flushes, 0);
    cr_assert_eq(reach(0x20, IOMMU_BASE), 0);
}

/* Hardware that does not answer: nobody is told that the device is quiet. */
Test(domains, a_domain_whose_hardware_hangs_does_not_end) {
    memory_make(IOMMU_KIND_INTEL);
    domain_make(0x20, 0x20, 7, label);
    fake.error = -E_IO;
    cr_assert_eq(domain_end(domain_of_device(0x20)), -E_IO);
    cr_assert_eq(domain_make(0x20, 0x20, 8, label), -E_EXIST);
    cr_assert_null(domain_of_driver(7)); /* but it is the driver's no more */
    fake.error = 0;
    cr_assert_eq(domain_end(domain_of_device(0x20)), 0);
    cr_assert_eq(domain_make(0x20, 0x20, 8, label), 0);
}

Test(domains, a_new_server_ends_those_whose_driver_is_gone) {
    const uint64_t frame = 0x1000;

    memory_make(IOMMU_KIND_INTEL);
    domain_make(0x20, 0x20, 7, label);
    domain_make(0x28, 0x28, 8, label);
    domain_map(domain_of_device(0x20), IOMMU_BASE, &frame, 1, IOMMU_READ);
    domain_map(domain_of_device(0x28), IOMMU_BASE, &frame, 1, IOMMU_READ);
    domains_adopt(odd_live);
    cr_assert_neq(reach(0x20, IOMMU_BASE), 0);
    cr_assert(!fake.attached[0x28]);
    cr_assert_null(domain_of_device(0x28));
}

Test(domains, a_new_server_ends_those_that_do_not_check_out) {
    const uint64_t frame = 0x1000;

    memory_make(IOMMU_KIND_INTEL);
    domain_make(0x20, 0x20, 7, label);
    domain_make(0x28, 0x28, 9, label);
    domain_map(domain_of_device(0x20), IOMMU_BASE, &frame, 1, IOMMU_READ);
    tables_page(&tables, domain_of_device(0x20)->root)[7] = 0x123456003;
    domains_adopt(all_live);
    cr_assert(!fake.attached[0x20]);
    cr_assert(fake.attached[0x28]);
}

#define DEVICES_USED 4
#define FRAMES       4

/*
 * A server that dies in any call of the hardware, and its successor. What is promised to the
 * callers holds: what was unmapped or released with success is out of reach; what was mapped with
 * success, and is of live drivers, is reached; and the pages are those of the domains that there
 * are.
 */
static uint64_t promised[DEVICES_USED][FRAMES]; /* 0: out of reach */
static bool known[DEVICES_USED];                /* the last request was answered */

static void act(unsigned device, unsigned what) {
    uint64_t frame = (1 + random_below(1000)) * PAGE_SIZE, page = random_below(FRAMES);
    uint64_t address = IOMMU_BASE + page * PAGE_SIZE;
    struct domain *domain = domain_of_device((uint16_t)device);

    known[device] = false;
    if (what == 0 && domain == NULL) {
        if (domain_make((uint16_t)device, (uint16_t)device, device + 1, label) == 0)
            memset(promised[device], 0, sizeof promised[device]);
    } else if (what == 1 && domain != NULL) {
        if (domain_end(domain) == 0)
            memset(promised[device], 0, sizeof promised[device]);
    } else if (what == 2 && domain != NULL) {
        if (domain_map(domain, address, &frame, 1, IOMMU_READ | IOMMU_WRITE) == 0)
            promised[device][page] = frame;
    } else if (what == 3 && domain != NULL) {
        if (domain_unmap(domain, address, 1) == 0)
            promised[device][page] = 0;
    }
    known[device] = true;
}

/* Of a device whose last request was not answered: as if it had been carried out or not, or the
 * page in question is gone. */
static void check_device(unsigned device) {
    for (unsigned page = 0; page < FRAMES; page++) {
        uint64_t entry = reach((uint16_t)device, IOMMU_BASE + page * PAGE_SIZE);
        if (known[device])
            random_check((entry & ENTRY_ADDRESS) == promised[device][page]);
        else
            random_check(entry == 0 || (entry & ENTRY_ADDRESS) == promised[device][page]);
        promised[device][page] = entry & ENTRY_ADDRESS;
    }
    known[device] = true;
}

Test(domains, a_server_may_die_at_any_time) {
    random_start();
    memory_make(IOMMU_KIND_INTEL);
    unsigned before = tables_used(tables.state);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned device = (unsigned)random_below(DEVICES_USED);
        fake.calls_left = random_below(8) == 0 ? (int)random_below(3) : -1;
        if (setjmp(fake.death) == 0) {
            act(device, (unsigned)random_below(4));
        } else {
            fake.calls_left = -1;
            random_check(
                state_is_sealed(tables.state, MEMORY_PHYSICAL, MEMORY_PAGES, IOMMU_KIND_INTEL));
            domains_adopt(all_live);
        }
        for (unsigned i = 0; i < DEVICES_USED; i++)
            check_device(i);
    }
    fake.calls_left = -1;
    for (unsigned i = 0; i < DEVICES_USED; i++)
        if (domain_of_device((uint16_t)i))
            random_check(domain_end(domain_of_device((uint16_t)i)) == 0);
    random_check(tables_used(tables.state) == before);
}
