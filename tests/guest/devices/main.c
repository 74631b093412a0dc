/* test-devices: what tests.h says. */
#include "tests.h"

#include <string.h>

uint64_t edu;

const struct child_policy driver_policy = {
    .ipc = IPC_ALL,
    .kcalls = KCALL_BIT(NULL) | KCALL_BIT(EXIT) | KCALL_BIT(IRQCTL) | KCALL_BIT(VDEVIO) |
              KCALL_BIT(MEMMAP) | KCALL_BIT(MAPDMA) | KCALL_BIT(MEM_UNMAP),
    .talks = true,
    .urgent = true,
};

static int register_all(const struct driver *driver) {
    int error = 0;
    for (uint32_t i = 0; i < driver->count && !error; i++) {
        error = irqctl_register(driver->first + i, i);
        if (!error)
            error = irqctl_unmask(driver->first + i);
    }
    return error;
}

static void drive(void *argument) {
    const struct driver *driver = argument;
    int result = register_all(driver);
    for (uint64_t came = 0;;) {
        struct message m = { .type = 0 };
        ipc_receive(ENDPOINT_ANY, &m);
        if (m.source == ENDPOINT_KERNEL) {
            came++;
            for (uint32_t i = 0; i < driver->count; i++)
                if (m.arg[1] >> i & 1)
                    irqctl_unmask(driver->first + i);
            continue;
        }
        m.arg[0] = came;
        came = 0;
        message_set_result(&m, result);
        ipc_nbsend(m.source, &m);
    }
}

endpoint_t driver_make(const char *label, const struct driver *driver, struct process *process) {
    return child_make(label, drive, (void *)driver, &driver_policy, process);
}

int64_t driver_ask(endpoint_t driver) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    int error = ipc_request(driver, &m);
    return error ? error : (int64_t)m.arg[0];
}

uint64_t unknown_interrupts(void) {
    static struct core_info info;
    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    return info.unknown_interrupts;
}

uint32_t refused(endpoint_t process, enum refusal kind) {
    static struct refusal_info info;
    getinfo(INFO_REFUSALS, &info, sizeof info, process, NULL, NULL);
    return info.count[kind];
}

uint64_t frames_in(enum frame_state state) {
    static struct memory_info info;
    getinfo(INFO_MEMORY, &info, sizeof info, 0, NULL, NULL);
    return info.frames[state];
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--line") == 0)
        return line_driver();
    if (argc > 1 && strcmp(argv[1], "--refusals") == 0)
        return line_refusals();
    if (argc > 1 && strcmp(argv[1], "--hold") == 0)
        return line_holder();
    tap_plan(0);
    edu = edu_find();
    if (!edu)
        tap_bail_out("there is no edu device; QEMU_EXTRA='-device edu' adds one");
    test_memory();
    test_messages();
    test_forged_messages();
    test_storms();
    test_dma();
    test_vetting();
    test_line();
    check_kernel("in the end");
    return tap_done();
}
