/* Interrupt messages of a real device: to their driver, late ones, forged ones, too many. */
#include "tests.h"

#include <runtime/ipc.h>

static const struct driver one = { IRQ_MSI_BASE, 1 }, two = { IRQ_MSI_BASE, 2 };

static uint8_t vector;
static uint32_t apic_id;

static endpoint_t start(const char *label, const struct driver *what) {
    struct process process;
    endpoint_t driver = driver_make(label, what, &process);
    if (privctl_msi(driver, what->count, &vector, &apic_id))
        tap_bail_out("no interrupt messages for %s", label);
    process_start(&process);
    return driver;
}

static void send(uint8_t what) {
    edu_message(true, apic_id, what);
    *edu_at(EDU_RAISE) = 1;
    *edu_at(EDU_ACKNOWLEDGE) = 1;
}

static void test_delivery(void) {
    endpoint_t driver = start("driver", &two);
    tap_ok(vector >= 0x30 && vector < 0xf0 && vector % 2 == 0, "vector %#x", vector);
    tap_is(driver_ask(driver), 0, "none has come");
    send(vector);
    tap_is(driver_ask(driver), 1, "one has come");
    for (unsigned i = 0; i < 100; i++)
        send(vector + i % 2);
    tap_is(driver_ask(driver), 100, "as many as are sent, when they are served");
    uint64_t unknown = unknown_interrupts();

    proc_kill(driver, 0);
    uint8_t old = vector;
    endpoint_t next = start("next", &two);
    tap_ok(vector != old, "the vectors of the dead are not given away");
    send(old);
    tap_is((int64_t)(unknown_interrupts() - unknown), 1, "a late message is counted");
    tap_is(driver_ask(next), 0, "and hits nobody else");
    proc_destroy(driver);
    send(old);
    tap_is((int64_t)(unknown_interrupts() - unknown), 2, "also when the driver is destroyed");
    endpoint_t third = start("third", &two);
    tap_is(vector, old, "then they are free");
    child_end(next);
    child_end(third);
    drop_events();
}

static void try_foreign(void *unused) {
    (void)unused;
    static const uint32_t lines[] = { 0, 4, 8, 255, IRQ_MSI_BASE, IRQ_MSI_BASE + 1, UINT32_MAX };
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (irqctl_register(lines[i], 0) != -E_PERM)
            kcall_exit(i + 1);
    kcall_exit(0);
}

static void test_refusals(void) {
    tap_is(child_run(try_foreign, NULL, &driver_policy), 0,
           "who was given none has no lines and no messages (check)");
}

void test_messages(void) {
    edu_map(edu);
    test_delivery();
    test_refusals();
}

/*
 * What a device without an IOMMU can send: any vector. Those that are exceptions stay pending for
 * good, and the others are no worse than a superfluous interrupt.
 */
void test_forged_messages(void) {
    static const uint8_t vectors[] = { 0x10, 0x11, 0x12, 0x15, 0x1e, 0x1f, 0x20, 0x2f,
                                       0x30, 0xef, 0xf0, 0xf1, 0xf2, 0xfe, 0xff };
    endpoint_t driver = start("driver", &one);
    for (unsigned i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        if (vectors[i] == vector)
            continue;
        send(vectors[i]);
        uint64_t before = time_now();
        sleep_for(1000000);
        tap_ok(time_now() - before < 100000000, "vector %#x: time goes on", vectors[i]);
        tap_is(driver_ask(driver), 0, "and it is not the driver's");
        send(vector);
        tap_is(driver_ask(driver), 1, "to whom its own message comes");
    }
    child_end(driver);
    check_kernel("after forged messages");
    drop_events();
}

#define LIMIT 50

void test_storms(void) {
    endpoint_t driver = start("driver", &one);
    tap_is(privctl_irq_limit(driver, LIMIT), 0, "a driver may have %u interrupts a second", LIMIT);
    drop_events();
    for (unsigned i = 0; i < LIMIT; i++)
        send(vector);
    tap_is(driver_ask(driver), LIMIT, "so many come");
    tap_is(refused(driver, REFUSED_STORM), 0, "which is no storm");
    for (unsigned i = 0; i < 10 * LIMIT; i++)
        send(vector);
    tap_is(driver_ask(driver), 0, "no more come");
    tap_is(refused(driver, REFUSED_STORM), 1, "that is one storm");
    struct message m = { .type = 0 };
    tap_ok(ipc_receive_nonblock(ENDPOINT_KERNEL, &m) == 0 && m.arg[0] & EVENT_STORM,
           "its supervisor is told");
    sleep_for(1100000000);
    send(vector);
    tap_is(driver_ask(driver), 0, "time does not end it");
    tap_is(privctl_irq_resume(driver), 0, "its supervisor does");
    tap_is(driver_ask(driver), 1, "what has come meanwhile is one interrupt");
    send(vector);
    tap_is(driver_ask(driver), 1, "and the next one comes");
    edu_message(false, 0, 0);
    child_end(driver);
    drop_events();
}
