/*
 * test-ramdisk [--seed NUMBER] [--kills NUMBER]: the RAM disk and its clients, which do not notice
 * that its driver is killed.
 */
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "arguments.h"
#include "child.h"
#include "devices.h"
#include "manager.h"
#include "tests.h"

static int64_t exit_of(const char *args, size_t bytes, uint32_t argc) {
    endpoint_t driver;

    if (manager_spawn(CORE_HERE, args, bytes, argc, &driver))
        tap_bail_out("cannot start it");
    return driver_wait(driver);
}

static void test_sizes(void) {
    tap_is(exit_of("ramdisk\0"
                   "0",
                   10, 2),
           E_INVAL, "a disk of nothing");
    tap_is(exit_of("ramdisk\0"
                   "7",
                   10, 2),
           E_INVAL, "a disk of no whole pages");
    tap_is(exit_of("ramdisk\0"
                   "1000000",
                   16, 2),
           E_INVAL, "a disk that is too large");
    tap_is(exit_of("ramdisk\0"
                   "512",
                   12, 2),
           E_EXIST, "a disk of another size than it has");
}

int main(int argc, char **argv) {
    struct service disk = { .label = "ramdisk",
                            .args = "ramdisk\0"
                                    "256\0",
                            .core = CORE_HERE };

    if (strcmp(argv[0], "ramdisk-client") == 0)
        return client_main(argc, argv);
    tap_plan(0);
    test_seed = number_after(argc, argv, "--seed", 1);
    unsigned kills = (unsigned)number_after(argc, argv, "--kills", 25);
    tap_note("repeat with: run test-ramdisk --seed %lu --kills %u", test_seed, kills);
    service_start(&disk);
    test_requests(&disk);
    test_contents(&disk);
    service_kill(&disk); /* another process of its label would take the memory from it */
    test_sizes();
    service_start(&disk);
    test_recovery(&disk, kills);
    service_down(&disk);
    test_devices();
    check_kernel("after_all");
    return tap_done();
}
