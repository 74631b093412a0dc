/* VDEVIO and IRQCTL, on the real-time clock (Motorola MC146818, at its PC address), and SETALARM.
 */
#include "tests.h"

#include <string.h>

#define RTC_INDEX 0x70
#define RTC_DATA  0x71
#define RTC_LINE  8 /* ISA line 8 is global system interrupt 8 on PCs */

#define RTC_SECONDS 0x00
#define RTC_SECONDS_ALARM                                                   \
    0x01 /* compared only when its interrupt is enabled: free to be written \
          */
#define RTC_A          0x0a
#define RTC_B          0x0b
#define RTC_C          0x0c
#define RTC_D          0x0d
#define RTC_A_256_HZ   0x28 /* rate 8, usual divider */
#define RTC_B_PERIODIC 0x40
#define RTC_D_VALID    0x80

#define ACCESS(op, port, value) CALL(VDEVIO, op, port, value)

static uint8_t rtc_read(uint8_t index) {
    uint8_t value = 0;
    vdevio_out8(RTC_INDEX, index);
    vdevio_in8(RTC_DATA, &value);
    return value;
}

static void rtc_write(uint8_t index, uint8_t value) {
    vdevio_out8(RTC_INDEX, index);
    vdevio_out8(RTC_DATA, value);
}

static void test_single(void) {
    tap_is(ACCESS(VDEVIO_OUT8, RTC_INDEX, RTC_D), 0, "a port is written");
    tap_is(ACCESS(VDEVIO_IN8, RTC_DATA, 0xdeadbeef), 0, "a port is read");
    tap_ok(out[2] == RTC_D_VALID, "the clock has a battery (%#lx), in 8 bits", out[2]);
    uint8_t second = rtc_read(RTC_SECONDS);
    tap_ok((second & 0xf) < 10 && second >> 4 < 6, "the clock shows seconds (%#x)", second);
    rtc_write(RTC_SECONDS_ALARM, 0x12);
    tap_is(rtc_read(RTC_SECONDS_ALARM), 0x12, "what is written is there");
    tap_is(ACCESS(VDEVIO_IN16, RTC_INDEX, 0), 0, "16 bits are read");
    tap_ok(out[2] <= 0xffff, "as 16 bits");
    tap_is(ACCESS(VDEVIO_IN32, 0xcf8, 0), 0, "32 bits are read"); /* PCI configuration address */
    tap_is(ACCESS(VDEVIO_OUT32, 0xcf8, UINT64_C(0x1234567880000000)), 0, "32 bits are written");
    tap_is(ACCESS(VDEVIO_IN32, 0xcf8, 0), 0, "and read");
    tap_is((int64_t)out[2], 0x80000000, "back");
    ACCESS(VDEVIO_OUT32, 0xcf8, 0);
}

static void test_bad_operations(void) {
    static const uint64_t bad[] = { 0,  3,  5,   6,    7,          VDEVIO_WRITE, VDEVIO_WRITE | 3,
                                    32, 64, 255, 0x11, UINT32_MAX, UINT64_MAX };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        tap_is(ACCESS(bad[i], RTC_INDEX, 0), -E_INVAL, "operation %#lx", bad[i]);
    tap_is(ACCESS(VDEVIO_IN16, 0x71, 0), -E_INVAL, "16 bits at an odd port");
    tap_is(ACCESS(VDEVIO_IN32, 0x72, 0), -E_INVAL, "32 bits at an even port");
    tap_is(ACCESS(VDEVIO_IN8, 0x10000, 0), -E_PERM, "a port that is none");
    tap_is(ACCESS(VDEVIO_IN8, UINT64_C(0x100000070), 0), -E_PERM, "a port of more than 32 bits");
    tap_is(ACCESS(VDEVIO_IN32, UINT64_MAX - 3, 0), -E_PERM, "a port at the end of numbers");
}

static void test_vector(void) {
    struct vdevio_entry entry[VDEVIO_MAX] = {
        { RTC_INDEX, VDEVIO_OUT8, RTC_SECONDS_ALARM },
        { RTC_DATA, VDEVIO_OUT8, 0x33 },
        { RTC_INDEX, VDEVIO_OUT8, RTC_SECONDS_ALARM },
        { RTC_DATA, VDEVIO_IN8, 0xdeadbeef },
    };
    tap_is(vdevio_vector(entry, 4), 0, "four accesses in one call");
    tap_is(entry[3].value, 0x33, "are done in order");
    entry[1].value = 0x44;
    entry[3] = (struct vdevio_entry){ RTC_DATA, VDEVIO_VECTOR, 0 };
    tap_is(vdevio_vector(entry, 4), -E_INVAL, "no vector in a vector");
    entry[3] = (struct vdevio_entry){ RTC_DATA, VDEVIO_IN16, 0 };
    tap_is(vdevio_vector(entry, 4), -E_INVAL, "no misaligned access");
    tap_is(rtc_read(RTC_SECONDS_ALARM), 0x33, "and none is done when one is bad");
    tap_is(vdevio_vector(entry, 0), -E_RANGE, "a vector of none");
    tap_is(vdevio_vector(entry, VDEVIO_MAX + 1), -E_RANGE, "too long a vector");
    tap_is(vdevio_vector(entry, SIZE_MAX), -E_RANGE, "absurdly long a vector");
    for (unsigned i = 0; i < VDEVIO_MAX; i++)
        entry[i] = (struct vdevio_entry){ RTC_INDEX, VDEVIO_OUT8, RTC_D };
    entry[VDEVIO_MAX - 1] = (struct vdevio_entry){ RTC_DATA, VDEVIO_IN8, 0 };
    tap_is(vdevio_vector(entry, VDEVIO_MAX), 0, "the longest vector");
    tap_is(entry[VDEVIO_MAX - 1].value, RTC_D_VALID, "to its end");
    struct vdevio_entry *at_end = (struct vdevio_entry *)STACK_TOP - 1;
    struct vdevio_entry saved = *at_end;
    *at_end = (struct vdevio_entry){ RTC_DATA, VDEVIO_IN8, 0 };
    tap_is(vdevio_vector(at_end, 1), 0, "a vector at the end of memory");
    tap_is(vdevio_vector(at_end, 2), -E_FAULT, "and beyond");
    *at_end = saved;
    tap_is(vdevio_vector(NULL, 1), -E_FAULT, "a vector at null");
    tap_is(vdevio_vector((void *)KERNEL_ADDRESS, 1), -E_FAULT, "a vector in the kernel");
    tap_is(vdevio_vector((void *)STARTUP_BASE, 1), -E_FAULT, "a vector in read-only memory");
}

/* In a child that has the ports 0x71 and 0x72: bit n of its status is set if check n fails. */
static void use_ports(void *unused) {
    struct vdevio_entry entry[2] = { { 0x71, VDEVIO_IN8, 0 }, { 0x70, VDEVIO_IN8, 0 } };
    (void)unused;
    const bool checks[] = {
        ACCESS(VDEVIO_IN8, 0x71, 0) == 0,
        ACCESS(VDEVIO_IN8, 0x72, 0) == 0,
        ACCESS(VDEVIO_IN8, 0x70, 0) == -E_PERM,
        ACCESS(VDEVIO_OUT8, 0x73, 0) == -E_PERM,
        ACCESS(VDEVIO_IN16, 0x70, 0) == -E_PERM,
        ACCESS(VDEVIO_IN16, 0x72, 0) == -E_PERM,
        ACCESS(VDEVIO_IN32, 0x70, 0) == -E_PERM,
        ACCESS(VDEVIO_IN8, 0x3f8, 0) == -E_PERM,
        vdevio_vector(entry, 1) == 0,
        vdevio_vector(entry, 2) == -E_PERM,
    };
    uint64_t wrong = 0;
    for (unsigned i = 0; i < sizeof checks; i++)
        wrong |= (uint64_t)!checks[i] << i;
    kcall_exit(wrong);
}

static void test_grants(void) {
    static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC),
                                                .kcalls = KCALL_BIT(VDEVIO) };
    struct death_report report;
    struct process child;
    child_make("ports", use_ports, NULL, &policy, &child);
    privctl_io(child.endpoint, 0x71, 1);
    privctl_io(child.endpoint, 0x72, 1);
    process_start(&child);
    child_bury(child.endpoint, &report);
    tap_is((int64_t)report.status, 0, "a driver has its own ports, and no others");
}

void test_devices(void) {
    test_single();
    test_bad_operations();
    test_vector();
    test_grants();
}

/* ---- Interrupts ---- */

static const unsigned bit = 5;

/*
 * Waits for an interrupt; at most so long, 0: for ever. Returns whether there was one, with our
 * bit. The emulated clock's interrupts come in the host's time, in which the guest's may pass in no
 * time.
 */
static bool interrupt_comes(uint64_t within) {
    struct message m = { 0 };
    alarm_set(within, NULL);
    ipc_receive(ENDPOINT_KERNEL, &m);
    alarm_set(0, NULL);
    return m.arg[0] & EVENT_IRQ && m.arg[1] == 1U << bit;
}

static void test_rtc(void) {
    uint8_t a = rtc_read(RTC_A), b = rtc_read(RTC_B);
    tap_is(irqctl_register(RTC_LINE, bit), 0, "a line is registered");
    rtc_write(RTC_A, RTC_A_256_HZ);
    rtc_write(RTC_B, b | RTC_B_PERIODIC);
    rtc_read(RTC_C); /* acknowledges */
    tap_ok(!interrupt_comes(20 * TIME_MILLISECOND), "it is masked at first");
    unsigned came = 0;
    for (unsigned i = 0; i < 10; i++) {
        /* Unmask first: an edge that comes while the line is masked is lost. */
        irqctl_unmask(RTC_LINE);
        rtc_read(RTC_C);
        came += interrupt_comes(0);
    }
    tap_is(came, 10, "its interrupts come");
    rtc_read(RTC_C);
    tap_ok(!interrupt_comes(20 * TIME_MILLISECOND), "one at a time, until it is unmasked");
    irqctl_unmask(RTC_LINE);
    tap_is(irqctl_mask(RTC_LINE), 0, "it is masked again");
    rtc_read(RTC_C);
    drop_events();
    tap_ok(!interrupt_comes(20 * TIME_MILLISECOND), "and none comes");

    irqctl_unmask(RTC_LINE);
    rtc_read(RTC_C);
    uint64_t end = time_now() + 100 * TIME_MILLISECOND;
    while (time_now() < end)
        continue;
    struct message m = { 0 };
    tap_ok(ipc_receive_nonblock(ENDPOINT_KERNEL, &m) == 0 && m.arg[1] == 1U << bit,
           "an interrupt waits for a driver that is busy");
    tap_is(irqctl_register(RTC_LINE, bit), 0, "a driver may register again");
    tap_is(irqctl_unregister(RTC_LINE), 0, "and give the line up");
    rtc_write(RTC_B, b);
    rtc_write(RTC_A, a);
    rtc_read(RTC_C);
    drop_events();
}

/* In a child that has been given the line that the test holds: registers it, and ends. */
static void take_line(void *unused) {
    (void)unused;
    kcall_exit((uint64_t)-irqctl_register(RTC_LINE, 0));
}

static int64_t child_takes_line(uint32_t first, uint32_t count) {
    static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC),
                                                .kcalls = KCALL_BIT(IRQCTL) };
    struct death_report report;
    struct process child;
    child_make("driver", take_line, NULL, &policy, &child);
    if (count)
        privctl_irq(child.endpoint, first, count);
    process_start(&child);
    child_bury(child.endpoint, &report);
    return -(int64_t)report.status;
}

static void test_line_refusals(void) {
    EXPECT("no operation", -E_BADCALL, IRQCTL, 0, RTC_LINE, 0);
    EXPECT("no such operation", -E_BADCALL, IRQCTL, IRQCTL_REMAP + 1, RTC_LINE, 0);
    EXPECT("no such operation at all", -E_BADCALL, IRQCTL, UINT64_MAX, RTC_LINE, 0);
    EXPECT("a bit beyond the set", -E_RANGE, IRQCTL, IRQCTL_REGISTER, RTC_LINE, 32);
    EXPECT("a line of no controller", -E_NOENT, IRQCTL, IRQCTL_REGISTER, 150, 0);
    EXPECT("a line beyond those granted", -E_PERM, IRQCTL, IRQCTL_REGISTER,
           IRQ_MSI_BASE + IRQ_MSI_MAX, 0);
    EXPECT("a line of more than 32 bits", -E_PERM, IRQCTL, IRQCTL_REGISTER, UINT64_C(0x100000008),
           0);
    EXPECT("unmasking before registering", -E_STATE, IRQCTL, IRQCTL_UNMASK, RTC_LINE);
    EXPECT("masking before registering", -E_STATE, IRQCTL, IRQCTL_MASK, RTC_LINE);
    EXPECT("giving up before registering", -E_STATE, IRQCTL, IRQCTL_UNREGISTER, RTC_LINE);
    tap_is(child_takes_line(0, 0), -E_PERM, "a driver without lines has none");
    tap_is(child_takes_line(RTC_LINE + 1, 3), -E_PERM, "a driver has only its own lines");
    tap_is(irqctl_register(RTC_LINE, 0), 0, "a line");
    tap_is(child_takes_line(RTC_LINE, 1), -E_BUSY, "has one driver");
    tap_is(irqctl_unregister(RTC_LINE), 0, "which gives it up");
    tap_is(child_takes_line(RTC_LINE - 3, 4), 0, "then another may have it");
    tap_is(irqctl_register(RTC_LINE, 0), 0, "and when that is dead, again another");
    irqctl_unregister(RTC_LINE);
    EXPECT("the console's line is the console's", -E_BUSY, IRQCTL, IRQCTL_REGISTER, 4, 0);
}

void test_interrupts(void) {
    test_line_refusals();
    test_rtc();
}

/* ---- Alarms ---- */

void test_alarms(void) {
    struct message m = { 0 };
    EXPECT("an alarm", 0, SETALARM, 10 * TIME_SECOND);
    tap_is((int64_t)out[0], 0, "there was none before");
    EXPECT("another", 0, SETALARM, 5 * TIME_SECOND);
    tap_ok(out[0] <= 10 * TIME_SECOND && out[0] > 9 * TIME_SECOND, "tells what was left (%lu)",
           out[0]);
    EXPECT("none", 0, SETALARM, 0);
    tap_ok(out[0] <= 5 * TIME_SECOND && out[0] > 4 * TIME_SECOND, "takes it back");
    EXPECT("none again", 0, SETALARM, 0);
    tap_is((int64_t)out[0], 0, "there is none now");
    EXPECT("never", 0, SETALARM, UINT64_MAX);
    EXPECT("is as good as none", 0, SETALARM, 0);
    tap_ok(out[0] > 1000 * TIME_SECOND, "in every life");

    unsigned good = 0;
    for (uint64_t i = 1; i <= 50; i++) {
        uint64_t before = time_now(), wanted = i * 37 * TIME_MICROSECOND;
        alarm_set(wanted, NULL);
        good += ipc_receive(ENDPOINT_KERNEL, &m) == 0 && m.arg[0] == EVENT_ALARM &&
                time_now() - before + TIME_MICROSECOND >= wanted;
    }
    tap_is(good, 50, "alarms go off, and not before their time");
    alarm_set(1, NULL);
    uint64_t end = time_now() + 50 * TIME_MILLISECOND; /* emulated timers may be late */
    while (time_now() < end)
        continue;
    tap_is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), 0, "an alarm waits for who is busy");
    tap_is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), -E_WOULDBLOCK, "and goes off once");
}
