#include "keepers.h"

#include <string.h>

#include <bulkhead/cmdline.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

static endpoint_t pci_server;

bool keepers_switched_off(void) {
    static char line[4096];
    char value[8];

    return getinfo(INFO_CMDLINE, line, sizeof line, 0, NULL, NULL) == 0 &&
           cmdline_get(line, "iommu", value, sizeof value) >= 0 && strcmp(value, "off") == 0;
}

/* A name of at most 16 bytes, as it stands in arg[0] and arg[1]. */
static int find_name(const char *name, endpoint_t *endpoint) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, name, strlen(name));
    int error = ipc_request(runtime_monitor(), &m);
    if (!error)
        *endpoint = m.arg[0];
    return error;
}

/* It is asked for again when another comes: the PCI server may have been started again. */
bool keepers_is_pci(endpoint_t client) {
    if (client != pci_server && find_name("pci", &pci_server) != 0)
        pci_server = ENDPOINT_NONE;
    return client == pci_server;
}

void keepers_label(endpoint_t process, char label[LABEL_MAX]) {
    char text[LABEL_MAX + 1] = "";

    if (ipc_label(process, text) != 0)
        text[0] = '\0';
    memset(label, 0, LABEL_MAX);
    memcpy(label, text, strnlen(text, LABEL_MAX));
}

bool keepers_has_device(endpoint_t driver, uint16_t device) {
    struct monitor_driver found;
    struct message m = { .type = MONITOR_DRIVER,
                         .arg = { driver, (uint64_t)&found, sizeof found } };

    return ipc_request(runtime_monitor(), &m) == 0 && found.state != MONITOR_DRIVER_DEAD &&
           found.device == device;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the monitor writes there */
int keepers_frames(endpoint_t driver, uint64_t address, uint64_t count, uint64_t *frames) {
    struct message m = { .type = MONITOR_DMA,
                         .arg = { driver, (uint64_t)frames, count * sizeof *frames, address,
                                  count * PAGE_SIZE } };
    int error = ipc_request(runtime_monitor(), &m);

    return error == -E_PERM ? -E_FAULT : error; /* it is the client's memory that is not right */
}

void keepers_refused(endpoint_t process, enum refusal kind) {
    struct message m = { .type = MONITOR_REFUSED, .arg = { process, kind } };

    ipc_request(runtime_monitor(), &m); /* one that is dead has no counters */
}
