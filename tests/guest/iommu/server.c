#include "server.h"

#include <stdlib.h>

#include <bulkhead/protocol/iommu.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"
#include "fake.h"

uint64_t reply[MESSAGE_ARGS];

#define REGISTERS_FIRST 0xfed80UL
#define REGISTERS_PAGES 0x20UL

static endpoint_t server;

int iommu_main(void);

static void run(void *argument) {
    (void)argument;
    exit(iommu_main());
}

int server_request(uint32_t type, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3) {
    struct message m = { .type = type, .arg = { arg0, arg1, arg2, arg3 } };
    int error = ipc_request(server, &m);

    memcpy(reply, m.arg, sizeof reply);
    return error;
}

/* The memory of the tables, and where QEMU's units have their registers. */
static int give_memory(void) {
    struct firmware_memory tables = { 0 };
    int error = getinfo(INFO_FIRMWARE, &tables, sizeof tables, INFO_FIRMWARE_IOMMU, NULL, NULL);

    if (!error)
        error =
            privctl_memory(server, tables.base / PAGE_SIZE, (tables.end - tables.base) / PAGE_SIZE);
    return error ? error : privctl_memory(server, REGISTERS_FIRST, REGISTERS_PAGES);
}

void server_start(void) {
    static const struct child_policy policy = {
        .ipc = IPC_BIT(SENDREC) | IPC_BIT(RECEIVE) | IPC_BIT(NBSEND) | IPC_BIT(REPLYRECV),
        .kcalls = KCALL_BIT(EXIT) | KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP) |
                  KCALL_BIT(SETALARM) | KCALL_BIT(GETINFO) | KCALL_BIT(LOG) | KCALL_BIT(VDEVIO) |
                  KCALL_BIT(IRQCTL) | KCALL_BIT(MEMMAP),
        .talks = true,
    };
    struct process process;

    server = child_make("iommu", run, NULL, &policy, &process);
    int error = privctl_io(server, 0xcf8, 8);
    if (!error)
        error = privctl_irq(server, 0, 256);
    if (!error)
        error = give_memory();
    if (!error)
        error = process_start(&process);
    if (!error)
        error = server_request(IOMMU_STATUS, 0, 0, 0, 0);
    if (error) {
        struct death_report report = { .status = 0 };
        if (error == -E_PEERDEAD)
            child_bury(server, &report);
        tap_bail_out("the server does not serve: %s, exit status %lu (%s)", error_text(error),
                     report.status, error_text((int)report.status));
    }
}

void server_kill(void) { child_end(server); }

void server_tell_keepers(void) {
    if (mem_copy_to(server, (uint64_t)&fake, &fake, offsetof(struct fake_keepers, refused)) != 0)
        tap_bail_out("the server's memory cannot be written");
}

uint32_t server_refused(enum refusal kind) {
    struct fake_keepers theirs = { 0 };

    mem_copy_from(server, (uint64_t)&fake, &theirs, sizeof theirs);
    return theirs.refused[kind];
}
