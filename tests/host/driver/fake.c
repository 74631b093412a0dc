#include "fake.h"

#include <string.h>

#include <criterion/criterion.h>

#include <runtime/ipc.h>
#include <runtime/startup.h>

struct fake fake = {
    .process = {
        [1] = { .label = "driver", .supervisor = FAKE_MONITOR },
        [2] = { .label = "manager", .supervisor = FAKE_MONITOR },
        [3] = { .label = "client", .supervisor = FAKE_MONITOR },
    },
};

static const struct startup fake_startup = { .version = STARTUP_VERSION,
                                             .self = FAKE_DRIVER,
                                             .monitor = FAKE_MONITOR };
const struct startup *const startup = &fake_startup;

void fake_message(endpoint_t source, uint32_t type, uint64_t argument) {
    cr_assert_lt(fake.incoming_count, (size_t)FAKE_MESSAGES);
    fake.incoming[fake.incoming_count++] =
        (struct message){ .source = source, .type = type, .tag = 9, .arg = { argument } };
}

void fake_event(uint64_t event, uint64_t argument) {
    fake_message(ENDPOINT_KERNEL, MESSAGE_NOTIFY, event);
    fake.incoming[fake.incoming_count - 1].arg[1] = argument;
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    cr_assert(operation == IPC_RECEIVE && (from == ENDPOINT_ANY || from == ENDPOINT_KERNEL));
    if (from == ENDPOINT_ANY && fake.taken < fake.incoming_count) {
        *m = fake.incoming[fake.taken++];
        return 0;
    }
    if (fake.alarm_at == 0)
        return -FAKE_DONE;
    fake.now = fake.alarm_at;
    fake.alarm_at = 0;
    *m = (struct message){ .source = ENDPOINT_KERNEL,
                           .type = MESSAGE_NOTIFY,
                           .arg = { EVENT_ALARM } };
    return 0;
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    cr_assert_eq(operation, IPC_NBSEND);
    fake.attempts++;
    if (fake.deaf > 0) {
        fake.deaf--;
        return -E_WOULDBLOCK;
    }
    cr_assert_lt(fake.sent_count, (size_t)FAKE_MESSAGES);
    fake.sent[fake.sent_count] = *m;
    fake.sent_to[fake.sent_count++] = to;
    return 0;
}

int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    cr_assert_eq(operation, IPC_REPLYRECV);
    int error = trap_send(IPC_NBSEND, to, m);
    return error ? error : trap_receive(IPC_RECEIVE, ENDPOINT_ANY, m);
}

int trap_1(uint64_t operation, uint64_t rdi) {
    cr_assert_eq(operation, IPC_NOTIFY);
    fake.notified[fake.notified_count++] = rdi;
    return 0;
}

static int irqctl(uint64_t operation, uint64_t line) {
    if (operation == IRQCTL_REGISTER)
        fake.registered |= 1U << line;
    else if (fake.unmask_error == 0)
        fake.unmasked |= 1U << line;
    return operation == IRQCTL_REGISTER ? 0 : fake.unmask_error;
}

static int process_info(struct process_info *info, endpoint_t endpoint) {
    uint64_t slot = endpoint == ENDPOINT_SELF ? 1 : endpoint & 0xffff;

    fake.inquiries++;
    if (slot >= sizeof fake.process / sizeof fake.process[0] || !fake.process[slot].label[0])
        return -E_BADEP;
    *info = fake.process[slot];
    return 0;
}

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    switch (call) {
    case KCALL_IRQCTL:
        return irqctl(arg[0], arg[1]);
    case KCALL_SETALARM:
        fake.alarm_at = fake.now + arg[0];
        return 0;
    case KCALL_GETINFO:
        return process_info((struct process_info *)arg[1], arg[3]);
    default:
        cr_assert_fail("kernel call %lu", call);
        return -E_BADCALL;
    }
}

static int copy(uint64_t id, uint64_t offset, uint64_t address, uint64_t bytes,
                uint64_t direction) {
    if (id != 7)
        return -E_NOENT;
    if (offset > sizeof fake.memory || bytes > sizeof fake.memory - offset)
        return -E_RANGE;
    if (direction == COPY_FROM)
        memcpy((void *)address, fake.memory + offset, bytes);
    else
        memcpy(fake.memory + offset, (void *)address, bytes);
    return 0;
}

int trap_kernel_6(uint64_t call, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                  uint64_t f) {
    const struct safecopy *vector = (const struct safecopy *)a;
    int error = fake.copy_error;

    cr_assert_eq(call, KCALL_SAFECOPY);
    fake.copies++;
    if (f != SAFECOPY_VECTOR) {
        cr_assert_eq(a, FAKE_CLIENT);
        return error ? error : copy(b, c, d, e, f);
    }
    for (size_t i = 0; i < b && !error; i++) {
        cr_assert_eq(vector[i].grantor, FAKE_CLIENT);
        error = copy(vector[i].id, vector[i].offset, vector[i].address, vector[i].bytes,
                     vector[i].direction);
    }
    return error;
}

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    cr_assert_fail("primitive %lu: %lx, %lx", operation, rdi, rsi);
    return -E_BADCALL;
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    cr_assert_fail("kernel call %lu: %lu", call, arg[0]);
    return -E_BADCALL;
}

/* A tick is a nanosecond, and all time passes asleep. */
uint64_t machine_counter(void) { return fake.now; }

uint64_t time_from_stamp(uint64_t ticks) { return ticks; }
