/*
 * The PCI server: finds the devices of the machine, gives each to at most one driver, and keeps it
 * quiet when that has died. docs/pci.md.
 *
 *     pci [LABEL... | vendor:VVVV/DDDD/OFFSET/MASK...]
 *
 * The labels, or patterns of them, are of those who may attach drivers and look at all devices.
 * `vendor:` names 32 bits of a vendor-specific capability that drivers of such a device may write.
 *
 * Nothing is kept anywhere else: a server that is started again finds all of its state in the
 * hardware and at the monitors.
 */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "claim.h"
#include "filter.h"
#include "managers.h"
#include "requests.h"

#define VENDOR "vendor:"

static bool take_argument(const char *argument) {
    if (strncmp(argument, VENDOR, strlen(VENDOR)) == 0)
        return filter_allow(argument + strlen(VENDOR));
    return managers_add(argument);
}

/* A driver has died, or something has happened to it that its monitor tells of. */
static void notify(void *context, endpoint_t source) {
    (void)context;
    (void)source;
    claims_look();
}

int main(int argc, char **argv) {
    static const struct event_handlers handlers = { .request = requests_serve, .notify = notify };

    for (int i = 1; i < argc; i++)
        if (!take_argument(argv[i])) {
            printf("'%s' is not an argument of the PCI server\n", argv[i]);
            return E_INVAL;
        }
    access_init();
    devices_scan();
    claims_recover();
    printf("%zu functions, by %s\n", device_count, access_name());
    return -event_loop_run(&handlers);
}
