#include "keeper.h"

#include <string.h>

#include <bulkhead/protocol/iommu.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/pattern.h>
#include <runtime/startup.h>

#include "managers.h"

static int ask(struct message *m) { return ipc_request(runtime_monitor(), m); }

int keeper_driver(endpoint_t driver, struct monitor_driver *out) {
    struct message m = { .type = MONITOR_DRIVER, .arg = { driver, (uint64_t)out, sizeof *out } };

    return ask(&m);
}

/* A reply has room for some of them. */
int keeper_drivers(uint32_t core, struct monitor_driver *out, size_t most, size_t *count) {
    *count = 0;
    for (;;) {
        struct message m = { .type = MONITOR_DRIVERS,
                             .arg = { (uint64_t)&out[*count], (most - *count) * sizeof *out,
                                      *count, [5] = core } };
        int error = ask(&m);
        if (error)
            return error;
        size_t more = m.arg[0] / sizeof *out;
        *count += more;
        if (more == 0 || *count >= m.arg[1] || *count >= most)
            return 0;
    }
}

uint32_t keeper_cores(void) {
    struct core_info core = { 0 };

    return getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL) ? 1 : core.cores;
}

int keeper_give(endpoint_t driver, enum monitor_give what, uint64_t arg2, uint64_t arg3,
                uint64_t out[2]) {
    struct message m = { .type = MONITOR_GIVE, .arg = { driver, what, arg2, arg3 } };
    int error = ask(&m);

    out[0] = error ? 0 : m.arg[0];
    out[1] = error ? 0 : m.arg[1];
    return error;
}

int keeper_attach(endpoint_t driver, uint16_t device) {
    struct message m = { .type = MONITOR_ATTACH, .arg = { driver, device } };

    return ask(&m);
}

int keeper_release(endpoint_t driver) {
    struct message m = { .type = MONITOR_RELEASE, .arg = { driver } };

    return ask(&m);
}

void keeper_refused(endpoint_t client, enum refusal kind) {
    struct message m = { .type = MONITOR_REFUSED, .arg = { client, kind } };

    ask(&m); /* of one that has died meanwhile there is nothing to count */
}

/* ---- Managers ---- */

static const char *managers[MANAGERS_MAX];
static unsigned manager_count;

bool managers_add(const char *label) {
    if (manager_count == MANAGERS_MAX)
        return false;
    managers[manager_count++] = label;
    return true;
}

/* A label tells who a process is only if the monitor has given it: others name their children. */
bool keeper_manages(endpoint_t client) {
    struct process_info info = { 0 };
    char label[LABEL_MAX + 1] = "";

    if (getinfo(INFO_PROCESS, &info, sizeof info, client, NULL, NULL) ||
        info.supervisor != runtime_monitor())
        return false;
    memcpy(label, info.label, LABEL_MAX);
    for (unsigned i = 0; i < manager_count; i++)
        if (pattern_matches(managers[i], label))
            return true;
    return false;
}

/* ---- IOMMU ---- */

/* Found each time: it may have been started again. -E_NOENT: there is none. */
static int ask_iommu(struct message *m) {
    struct message find = { .type = MONITOR_FIND };

    memcpy(find.arg, "iommu", 5);
    int error = ask(&find);
    return error ? error : ipc_request(find.arg[0], m);
}

int keeper_domain(uint16_t device, endpoint_t driver, uint16_t requester, uint32_t *confines) {
    struct message m = { .type = IOMMU_DOMAIN, .arg = { device, driver, requester } };
    int error = ask_iommu(&m);

    *confines = error ? 0 : (uint32_t)m.arg[0];
    return error == -E_NOENT ? 0 : error;
}

int keeper_domain_end(uint16_t device) {
    struct message m = { .type = IOMMU_RELEASE, .arg = { device } };
    int error = ask_iommu(&m);

    return error == -E_NOENT ? 0 : error;
}

uint32_t keeper_confines(uint16_t device) {
    for (uint64_t index = 0;; index++) {
        struct message m = { .type = IOMMU_DEVICE, .arg = { index } };
        if (ask_iommu(&m))
            return 0;
        if ((uint16_t)m.arg[0] == device)
            break;
    }
    struct message status = { .type = IOMMU_STATUS };
    return ask_iommu(&status) ? 0 : (uint32_t)status.arg[1];
}

int keeper_interrupt(uint16_t device, uint32_t apic_id, uint32_t vector, unsigned count,
                     uint64_t *address, uint32_t *data) {
    struct message m = { .type = IOMMU_INTERRUPT, .arg = { device, apic_id, vector, count } };
    int error = ask_iommu(&m);

    *address = error ? 0 : m.arg[0];
    *data = error ? 0 : (uint32_t)m.arg[1];
    return error == -E_NOENT ? -E_NOTSUP : error; /* no IOMMU, or none for this device */
}
