/*
 * A line for a driver on another core, through its event loop: the clock's periodic interrupt. The
 * driver is another run of this program, on core 1, whose exit status tells.
 */
#include "tests.h"

#include <stdio.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/event.h>

#define RTC_INDEX      0x70
#define RTC_DATA       0x71
#define RTC_LINE       8
#define RTC_A          0x0a
#define RTC_B          0x0b
#define RTC_C          0x0c
#define RTC_A_256_HZ   0x28
#define RTC_B_PERIODIC 0x40

#define WANTED 20
#define BIT    5

enum { SERVED = 0, WRONG_BIT = 1, WHILE_MASKED = 2, NOT_MASKED = 3, TOO_LATE = 4, REFUSED = 10 };

static unsigned came;
static bool masked;
static struct event_alarm alarm;

static void rtc_write(uint8_t index, uint8_t value) {
    vdevio_out8(RTC_INDEX, index);
    vdevio_out8(RTC_DATA, value);
}

static void acknowledge(void) {
    uint8_t value;
    vdevio_out8(RTC_INDEX, RTC_C);
    vdevio_in8(RTC_DATA, &value);
}

/* It was masked for a while, in which the clock has gone on. */
static void unmask(struct event_alarm *unused) {
    (void)unused;
    masked = false;
    irqctl_unmask(RTC_LINE);
    acknowledge();
}

static void give_up(struct event_alarm *unused) {
    (void)unused;
    event_loop_stop(TOO_LATE);
}

static void served(void *context, uint32_t lines) {
    static struct event_alarm pause;
    (void)context;
    if (lines != 1U << BIT)
        event_loop_stop(WRONG_BIT);
    if (masked)
        event_loop_stop(WHILE_MASKED);
    if (++came == WANTED)
        event_loop_stop(SERVED);
    irqctl_unmask(RTC_LINE);
    acknowledge();
    if (came == WANTED / 2) {
        masked = true;
        irqctl_mask(RTC_LINE);
        event_alarm_set(&pause, 50000000, unmask);
    }
}

int line_driver(void) {
    static const struct event_handlers handlers = { .irq = served };
    int error = irqctl_register(RTC_LINE, BIT);
    if (error)
        return REFUSED - error;
    error = irqctl_unmask(RTC_LINE);
    if (error)
        return REFUSED - error;
    event_alarm_set(&alarm, 10000000000, give_up);
    rtc_write(RTC_A, RTC_A_256_HZ);
    rtc_write(RTC_B, 2 | RTC_B_PERIODIC);
    acknowledge();
    int status = event_loop_run(&handlers);
    rtc_write(RTC_B, 2);
    return status;
}

int line_refusals(void) {
    struct message m = { .type = MONITOR_LINE, .arg = { IRQ_MSI_BASE + IRQ_MSI_MAX } };
    const int results[][2] = {
        { irqctl_register(200, 0), -E_NOENT },
        { irqctl_register(0x3fff, 0), -E_NOENT },
        { irqctl_register(0x4000 + RTC_LINE, 0), -E_NOENT },
        { irqctl_register(RTC_LINE, 32), -E_RANGE },
        { irqctl_unmask(RTC_LINE), -E_STATE },
        { irqctl_mask(RTC_LINE), -E_STATE },
        { irqctl_unregister(RTC_LINE), -E_STATE },
        { ipc_request(runtime_monitor(), &m), -E_PERM },
        { (int)refused(ENDPOINT_SELF, REFUSED_LINE), 1 },
    };
    for (unsigned i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i][0] != results[i][1])
            return (int)i + 1;
    return 0;
}

/* Holds the line until it is killed. */
int line_holder(void) {
    static const struct event_handlers handlers = { 0 };
    int error = irqctl_register(RTC_LINE, 0);
    return error ? REFUSED - error : event_loop_run(&handlers);
}

static endpoint_t spawn(const char *part) {
    char text[64];
    size_t length = (size_t)snprintf(text, sizeof text, "test-devices%c--%s", 0, part) + 1;
    struct message m = { .type = MONITOR_SPAWN, .arg = { (uint64_t)text, length, 2, 0, 0, 1 } };
    int error = ipc_request(runtime_monitor(), &m);
    return error ? ENDPOINT_NONE : m.arg[0];
}

/* Asks until it has ended. */
static int64_t status_of(endpoint_t program) {
    for (unsigned i = 0; i < 1000; i++) {
        struct message m = { .type = MONITOR_STATUS, .arg = { program } };
        if (ipc_request(runtime_monitor(), &m))
            return -1000;
        if (m.arg[0] != DEATH_NONE)
            return m.arg[0] == DEATH_EXIT ? (int64_t)m.arg[1] : -(int64_t)m.arg[0];
        sleep_for(20000000);
    }
    return -2000;
}

static void test_holder(void) {
    endpoint_t holder = spawn("hold");
    struct message m = { .type = MONITOR_KILL, .arg = { holder } };
    for (unsigned i = 0; i < 100 && irqctl_register(RTC_LINE, 0) == 0; i++) {
        irqctl_unregister(RTC_LINE);
        sleep_for(10000000);
    }
    tap_is(irqctl_register(RTC_LINE, 0), -E_BUSY, "it is nobody else's, on no core");
    tap_is(status_of(spawn("line")), REFUSED + E_BUSY, "nor another driver's there");
    ipc_request(runtime_monitor(), &m);
    status_of(holder);
    int error = -E_BUSY;
    for (unsigned i = 0; i < 100 && error; i++) {
        error = irqctl_register(RTC_LINE, 0);
        sleep_for(10000000);
    }
    tap_is(error, 0, "when its driver is dead it is free");
    irqctl_unregister(RTC_LINE);
}

void test_line(void) {
    tap_is(status_of(spawn("line")), SERVED, "a driver on core 1 serves a line");
    tap_is(status_of(spawn("line")), SERVED, "and when it has ended another one does");
    tap_is(status_of(spawn("refusals")), 0,
           "lines that are not there, or not its own, are refused (check)");
    test_holder();
}
