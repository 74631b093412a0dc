#include "devices.h"

#include <string.h>

#include <runtime/pci.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "manager.h"

uint16_t device_find(uint16_t vendor, uint16_t device, endpoint_t *driver) {
    for (uint64_t index = 0;; index++) {
        struct message m = { .type = PCI_NEXT, .arg = { index } };
        struct pci_place place;
        struct pci_ids ids;
        if (pci_request(&m))
            return NO_DEVICE;
        memcpy(&place, &m.arg[0], sizeof place);
        memcpy(&ids, &m.arg[1], sizeof ids);
        if (ids.vendor != vendor || ids.device != device)
            continue;
        if (driver != NULL)
            *driver = m.arg[2];
        return place.device;
    }
}

endpoint_t driver_spawn(uint64_t core, const char *args) {
    endpoint_t driver;
    size_t bytes = 0;
    uint32_t argc = 0;
    bool waits;

    for (; args[bytes] != '\0'; argc++)
        bytes += strlen(args + bytes) + 1;
    int error = manager_spawn_driver(core, args, bytes, argc, &driver, &waits);
    if (error || !waits)
        tap_bail_out("cannot start %s as a driver: %s", args, error_text(error));
    return driver;
}

int driver_attach(endpoint_t driver, struct message *m) {
    *m = (struct message){ .type = PCI_ATTACH, .arg = { driver } };
    return pci_request(m);
}

endpoint_t driver_start(uint64_t core, const char *args) {
    endpoint_t driver = driver_spawn(core, args);
    struct message m;
    int error = driver_attach(driver, &m);

    if (error)
        tap_bail_out("%s does not get its device: %s", args, error_text(error));
    return driver;
}

int64_t driver_wait(endpoint_t driver) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status = 0;
    struct message m;

    for (;;) {
        int error = manager_status(driver, &cause, &status);
        if (error)
            tap_bail_out("status: %s", error_text(error));
        if (cause != DEATH_NONE)
            return cause == DEATH_EXIT ? (int64_t)status : -1;
        ipc_receive(runtime_monitor(), &m);
    }
}

void driver_end(endpoint_t driver) {
    int error = manager_kill(driver);

    if (error)
        tap_bail_out("kill: %s", error_text(error));
    driver_wait(driver);
}

void pci_server_restart(void) {
    endpoint_t before, now = ENDPOINT_NONE;
    int error = manager_lookup(CORE_HERE, "pci", &before);

    if (!error)
        error = manager_kill(before);
    if (error)
        tap_bail_out("the PCI server cannot be ended: %s", error_text(error));
    for (uint64_t began = time_now(); time_now() - began < 10 * TIME_SECOND;)
        if (manager_lookup(CORE_HERE, "pci", &now) == 0 && now != before &&
            device_find(0x8086, 0x29c0, NULL) != NO_DEVICE)
            return;
    tap_bail_out("the PCI server was not started again");
}
