/*
 * The kernel calls on other cores, on shared memory and on bindings, a function each; for monitors.
 * What they do, and their errors, is in <bulkhead/cores.h>, <bulkhead/binding.h> and
 * <bulkhead/grant.h>. All return 0 or a negated error, and write no output on an error.
 */
#ifndef RUNTIME_CORES_H
#define RUNTIME_CORES_H

#include <bulkhead/binding.h>
#include <bulkhead/cores.h>
#include <bulkhead/grant.h>

#include <runtime/ipc.h>

static inline int core_map(uint32_t core, uint64_t address, uint64_t physical, uint64_t bytes) {
    uint64_t arg[5] = { CORE_MAP, core, address, physical, bytes };
    return trap_kernel_5(KCALL_CORE, arg);
}

static inline int core_unmap(uint32_t core, uint64_t address, uint64_t bytes) {
    uint64_t arg[5] = { CORE_UNMAP, core, address, 0, bytes };
    return trap_kernel_5(KCALL_CORE, arg);
}

/* CORE_NMI, CORE_INIT, or CORE_STARTUP with the page in `argument`. */
static inline int core_interrupt(uint32_t core, enum core_op operation, uint64_t argument) {
    uint64_t arg[4] = { operation, core, argument, 0 };
    return trap_kernel_4(KCALL_CORE, arg);
}

static inline int core_stopped(uint64_t *cores) {
    uint64_t arg[4] = { CORE_STOPPED };
    int error = trap_kernel_4(KCALL_CORE, arg);
    if (!error)
        *cores = arg[0];
    return error;
}

static inline int core_chunk_give(uint64_t *physical) {
    uint64_t arg[4] = { CORE_CHUNK_GIVE };
    int error = trap_kernel_4(KCALL_CORE, arg);
    if (!error)
        *physical = arg[0];
    return error;
}

static inline int core_chunk_take(uint64_t physical, enum chunk_taking how) {
    uint64_t arg[4] = { CORE_CHUNK_TAKE, 0, physical, how };
    return trap_kernel_4(KCALL_CORE, arg);
}

static inline int share_alloc(uint64_t address, uint64_t bytes, uint64_t *physical) {
    uint64_t arg[5] = { SHARE_ALLOC, address, bytes };
    int error = trap_kernel_5(KCALL_SHARE, arg);
    if (!error)
        *physical = arg[0];
    return error;
}

static inline int share_free(uint64_t address, uint64_t bytes) {
    uint64_t arg[4] = { SHARE_FREE, address, bytes };
    return trap_kernel_4(KCALL_SHARE, arg);
}

static inline int bind_open(uint32_t number, endpoint_t child, uint32_t core, uint64_t cookie,
                            endpoint_t *name) {
    uint64_t arg[5] = { BIND_OPEN, number, child, core, cookie };
    int error = trap_kernel_5(KCALL_BIND, arg);
    if (!error)
        *name = arg[0];
    return error;
}

static inline int bind_line(uint32_t number, uint32_t line, uint32_t core, uint32_t limit) {
    uint64_t arg[5] = { BIND_LINE, number, line, core, limit };
    return trap_kernel_5(KCALL_BIND, arg);
}

static inline int bind_map(uint32_t number, uint64_t address, uint64_t physical, uint64_t bytes) {
    uint64_t arg[5] = { BIND_MAP, number, address, physical, bytes };
    return trap_kernel_5(KCALL_BIND, arg);
}

static inline int bind_peer(uint32_t number, uint32_t peer_number) {
    uint64_t arg[4] = { BIND_PEER, number, peer_number };
    return trap_kernel_4(KCALL_BIND, arg);
}

static inline int bind_close(uint32_t number) {
    uint64_t arg[4] = { BIND_CLOSE, number };
    return trap_kernel_4(KCALL_BIND, arg);
}

static inline int bind_free(uint32_t number) {
    uint64_t arg[4] = { BIND_FREE, number };
    return trap_kernel_4(KCALL_BIND, arg);
}

/* mark: sets GRANT_REMOTE in each grant of the chain. */
static inline int grant_resolve(struct grant_claim *claim, bool mark) {
    uint64_t arg[4] = { GRANT_RESOLVE, (uint64_t)claim, mark, 0 };
    return trap_kernel_4(KCALL_GRANT, arg);
}

static inline int grant_copy(const struct grant_claim *claim, void *local,
                             enum copy_direction direction) {
    return trap_kernel_6(KCALL_GRANT, GRANT_COPY, (uint64_t)claim, (uint64_t)local, direction, 0,
                         0);
}

static inline int grant_pin(endpoint_t process, uint64_t address, uint64_t bytes,
                            uint64_t *physical, unsigned protection) {
    return trap_kernel_6(KCALL_GRANT, GRANT_PIN, process, address, bytes, (uint64_t)physical,
                         protection);
}

static inline int grant_unpin(endpoint_t process, uint64_t address, uint64_t bytes) {
    return trap_kernel_6(KCALL_GRANT, GRANT_UNPIN, process, address, bytes, 0, 0);
}

static inline int grant_import(endpoint_t child, uint64_t address, uint64_t bytes,
                               const uint64_t *physical, unsigned protection) {
    return trap_kernel_6(KCALL_GRANT, GRANT_IMPORT, child, address, bytes, (uint64_t)physical,
                         protection);
}

static inline int grant_withdraw(endpoint_t child, uint64_t address) {
    return trap_kernel_6(KCALL_GRANT, GRANT_WITHDRAW, child, address, 0, 0, 0);
}

#endif
