/* Drivers that are killed under clients which check what they get. */
#include <stdio.h>
#include <string.h>

#include <bulkhead/info.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/store.h>
#include <runtime/tap.h>

#include "child.h"
#include "devices.h"
#include "manager.h"
#include "tests.h"

static uint64_t counted(const char *name) {
    uint64_t value = 0;

    store_retrieve_integer(name, 0, &value);
    return value;
}

static uint64_t free_frames(void) {
    struct memory_info info = { 0 };

    getinfo(INFO_MEMORY, &info, sizeof info, 0, NULL, NULL);
    return info.frames[FRAME_FREE];
}

/* The arguments of the client of the disk, with a seed of its own. */
static const char *disk_client(void) {
    static char args[64];
    char seed[24];
    size_t bytes = sizeof "ramdisk-client\0disk";

    memset(args, 0, sizeof args);
    memcpy(args, "ramdisk-client\0disk", bytes);
    snprintf(seed, sizeof seed, "%lu", test_random());
    memcpy(args + bytes, seed, strlen(seed) + 1);
    return args;
}

static void run_disk(struct service *disk, unsigned kills, uint64_t core, const char *where) {
    unsigned before = disk->starts;

    tap_is(service_run(disk, disk_client(), kills, core), 0,
           "%s: all that is read is what was written (else: the line)", where);
    tap_is(disk->starts - before, kills, "%s: each kill is one restart", where);
    tap_note("%s: %lu operations, %lu of them sent again", where,
             counted("ramdisk-client.operations"), counted("ramdisk-client.replays"));
}

void test_recovery(struct service *disk, unsigned kills) {
    struct core_info core = { 0 };

    getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);
    run_disk(disk, 1, CORE_HERE, "one kill");
    uint64_t frames = free_frames();
    run_disk(disk, kills, CORE_HERE, "kills");
    tap_is((int64_t)free_frames(), (int64_t)frames, "no frame is lost");
    if (core.cores < 2)
        return;
    manager_core_control(1, CORE_CONTROL_START);
    run_disk(disk, kills, 1, "kills, from another core");
    run_disk(disk, kills, 1, "and again");
}

static void run_device(const char *args, const char *client, unsigned kills, const char *name) {
    struct service faulty = { .label = "faulty", .args = args, .core = CORE_HERE };

    service_start(&faulty);
    tap_is(service_run(&faulty, client, kills, CORE_HERE), 0, "%s (else: the line)", name);
    tap_is(faulty.starts, 2, "%s: by one restart", name);
    service_down(&faulty);
    store_collect("faulty", NULL);
}

static void test_no_successor(void) {
    static const char args[] = "ramdisk-client\0device\0";
    struct service faulty = { .label = "faulty", .args = "faulty\0null\0", .core = CORE_HERE };
    endpoint_t client;

    service_start(&faulty);
    if (manager_spawn(CORE_HERE, args, sizeof args - 1, 2, &client))
        tap_bail_out("no client");
    tap_is(driver_wait(faulty.endpoint), -1, "a driver dies of a request");
    sleep_for(5 * TIME_MILLISECOND);
    faulty.endpoint = ENDPOINT_NONE;
    service_down(&faulty);
    tap_is(driver_wait(client), 0, "its client is told that there will be no other");
}

void test_devices(void) {
    run_device("faulty\0null\0once\0", "ramdisk-client\0request\0", 0,
               "a request that was lost is told of, and all later ones");
    run_device("faulty\0null\0once\0", "ramdisk-client\0request-reopen\0", 0,
               "it is told of once to who wants to go on");
    run_device("faulty\0corrupt\0", "ramdisk-client\0nothing\0", 1,
               "a restart between requests is told of");
    run_device("faulty\0corrupt\0", "ramdisk-client\0nothing-reopen\0", 1,
               "but not to who wants to go on");
    test_no_successor();
}
