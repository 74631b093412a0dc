#include <runtime/dma.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

/* How long a server is waited for: one that there has been, and one that there should be. */
#define RESTART_TIME (5 * TIME_SECOND)
#define START_TIME   TIME_SECOND

static endpoint_t server;
static bool known; /* there has been one */
static bool again; /* the last request was repeated: it may have been carried out before */

/* Where the next memory goes: nothing else of a program lies there. */
static uint64_t next = IOMMU_BASE;

static int find_server(void) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, "iommu", 5);
    int error = ipc_request(runtime_monitor(), &m);
    server = error ? ENDPOINT_NONE : m.arg[0];
    known |= !error;
    return error;
}

/* Whether the machine has an IOMMU: then memory is set aside for its tables. */
static bool has_iommu(void) {
    struct firmware_memory memory = { 0 };

    return getinfo(INFO_FIRMWARE, &memory, sizeof memory, INFO_FIRMWARE_IOMMU, NULL, NULL) == 0;
}

/* Errors of a server that is no more; E_TARGET: that is new, and not allowed yet. */
static bool is_gone(int error) {
    return error == -E_PEERDEAD || error == -E_BADEP || error == -E_TARGET;
}

int iommu_request(struct message *m) {
    const struct message request = *m;
    uint64_t began = time_now(), patience = has_iommu() ? START_TIME : 0;
    int error;

    again = false;
    do {
        error = server == ENDPOINT_NONE ? find_server() : 0;
        if (!error) {
            *m = request;
            error = ipc_call(server, m);
            if (!error)
                return message_result(m);
        }
        if (error != -E_NOENT && !is_gone(error))
            return error;
        again |= server != ENDPOINT_NONE;
        server = ENDPOINT_NONE;
        if (known)
            patience = RESTART_TIME;
    } while (time_now() - began < patience);
    return error;
}

int dma_map(uint64_t device, uint64_t bytes, unsigned access) {
    struct message m = { .type = IOMMU_MAP, .arg = { device, bytes, access } };
    int error = iommu_request(&m);

    return error == -E_EXIST && again ? 0 : error;
}

int dma_unmap(uint64_t device, uint64_t bytes) {
    struct message m = { .type = IOMMU_UNMAP, .arg = { device, bytes } };
    int error = iommu_request(&m);

    return error == -E_NOENT && (again || server == ENDPOINT_NONE) ? 0 : error;
}

/* New memory at `next`, which is used up only if it is there. */
static int take(enum mapdma_op where, uint64_t bytes, uint64_t *address, uint64_t *physical) {
    if (bytes > IOMMU_END - next)
        return -E_RANGE;
    int error = mapdma(where, next, bytes, physical);
    if (!error) {
        *address = next;
        next += bytes;
    }
    return error;
}

int dma_alloc(uint64_t bytes, unsigned access, void **memory, uint64_t *device) {
    uint64_t address, physical;

    if (bytes == 0 || bytes > IOMMU_MAP_MAX)
        return -E_RANGE;
    bytes = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    /* Without an IOMMU a device may have 32 address bits. */
    int error = take(has_iommu() ? MAPDMA_ANYWHERE : MAPDMA_BELOW_4G, bytes, &address, &physical);
    if (error)
        return error;
    error = dma_map(address, bytes, access);
    *device = address;
    if (error == -E_NOENT && server == ENDPOINT_NONE) {
        *device = physical;
        error = 0;
    }
    /* cppcheck-suppress intToPointerCast; the kernel has mapped it there */
    *memory = (void *)address;
    return error;
}
