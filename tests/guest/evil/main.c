/*
 * test-evil intel | amd | none: an evil twin of edu's driver, attached by the PCI server as any
 * driver is, has its device do all that its policy is to keep it from. The monitor, the PCI server
 * and the IOMMU server are the machine's own. With `none` the same succeeds: the positive control.
 * With --controls, in the debug build (build/attack.iso): what the PCI server refuses succeeds
 * without its defence.
 */
#include "tests.h"

#include <string.h>

#include <bulkhead/protocol/iommu.h>
#include <runtime/dma.h>

#include "manager.h"

endpoint_t evil;
uint16_t evil_device;
enum iommu_kind kind;
struct message reply;

int order(uint32_t type, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3) {
    reply = (struct message){ .type = type, .arg = { arg0, arg1, arg2, arg3 } };
    return ipc_request(evil, &reply);
}

uint32_t refused(enum refusal what) {
    static struct refusal_info info;
    uint64_t arg[4] = { INFO_REFUSALS, (uint64_t)&info, sizeof info, evil };
    int error = manager_getinfo(CORE_HERE, arg);

    if (error)
        tap_bail_out("the driver's refusals: %s", error_text(error));
    return info.count[what];
}

uint64_t faults(void) {
    struct message m = { .type = IOMMU_STATUS };

    return iommu_request(&m) ? 0 : m.arg[3];
}

/* Who cannot reach its own memory proves nothing by not reaching others'. */
void check_device_works(const char *when) {
    order(EVIL_LOAD, 0xa4, 0, 0, 0);
    uint64_t before = faults();
    order(EVIL_WHERE, 0, 0, 0, 0);
    order(EVIL_WRITE, reply.arg[0] + EVIL_MINE * PAGE_SIZE, EVIL_TRANSFER, 0, 0);
    order(EVIL_LOOK, EVIL_MINE, 0, 0, 0);
    tap_is((int64_t)reply.arg[0], (int64_t)0xa4a4a4a4a4a4a4a4, "%s: it reaches its own memory",
           when);
    tap_is((int64_t)(faults() - before), 0, "%s: which is no fault", when);
}

void evil_start(const char *label) {
    evil = driver_start(CORE_HERE, label);
    evil_device = device_find(0x1234, 0x11e8, NULL);
}

static void find_iommu(const char *expected) {
    struct message m = { .type = IOMMU_STATUS };

    if (iommu_request(&m) == 0)
        kind = (enum iommu_kind)m.arg[0];
    const char *found = kind == IOMMU_KIND_INTEL ? "intel"
                        : kind == IOMMU_KIND_AMD ? "amd"
                                                 : "none";
    if (strcmp(found, expected) != 0)
        tap_bail_out("IOMMU: %s, not %s", found, expected);
}

int main(int argc, char **argv) {
    if (strncmp(argv[0], "evil", 4) == 0)
        return evil_driver();
    tap_plan(0);
    if (argc > 1 && strcmp(argv[1], "--controls") == 0) {
        test_controls();
        return tap_done();
    }
    find_iommu(argc > 1 ? argv[1] : "");
    evil_start("evil\0");
    check_device_works("at first");
    test_kernel();
    test_messages();
    if (kind != IOMMU_KIND_NONE)
        test_requests();
    test_configuration();
    test_memory_of_devices();
    check_device_works("after that");
    test_freed_memory();
    check_device_works("its successor");
    driver_end(evil);
    test_vetted_register();
    check_kernel("in the end");
    return tap_done();
}
