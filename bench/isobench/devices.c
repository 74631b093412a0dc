/*
 * vdevio_1: an access to one port, through the kernel.
 *
 * msi_to_driver: from an interrupt message to the first instruction of the driver that waits for
 * it. The message is one that a store raises: QEMU's `edu` device sends it when its register is
 * written. Two ways are timed, both from a stamp before the store: with messages off, to a stamp by
 * the next instruction; and with messages on, to a stamp by the first instruction of the driver.
 * They differ by just what lies between the interrupt and the driver.
 */
#include <runtime/kcall.h>
#include <runtime/process.h>
#include <runtime/startup.h>

#include "../../tests/guest/support/edu.h"
#include "isobench.h"

#define WARM_UP 16
#define SAMPLES 200

#define KEYBOARD_STATUS 0x64 /* reading it does nothing */

int bench_vdevio_1(struct figure *figure) {
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES; i++) {
        uint32_t value = 0;
        uint32_t before = stamp();
        int error = vdevio_1(VDEVIO_IN8, KEYBOARD_STATUS, &value);
        uint32_t after = stamp();
        if (error)
            return error;
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    return 0;
}

/* The driver: asks for its message when it is pinged, remembers when that came last, and tells. */
static void drive(void *unused) {
    uint32_t last = 0;

    (void)unused;
    for (;;) {
        struct message m = { .type = 0 };
        uint32_t type, now = receive_stamped(&m.source, &type);
        if (m.source == ENDPOINT_KERNEL) {
            last = now;
            irqctl_unmask(IRQ_MSI_BASE);
            continue;
        }
        int result = 0;
        if (type == PARTNER_PING)
            result = irqctl_register(IRQ_MSI_BASE, 0);
        if (type == PARTNER_PING && result == 0)
            result = irqctl_unmask(IRQ_MSI_BASE);
        m.arg[0] = last;
        message_set_result(&m, result);
        ipc_nbsend(m.source, &m);
    }
}

/* Raises the message by one store; stamps from right before and right after it. */
static void __attribute__((noinline)) raise_message(uint32_t *before, uint32_t *after) {
    uint32_t first, second;

    __asm__ volatile("rdtsc\n\t"
                     "mov %%eax, %%ebx\n\t"
                     "movl $1, (%[raise])\n\t"
                     "rdtsc"
                     : "=&a"(second), "=&b"(first)
                     : [raise] "r"(edu_at(EDU_RAISE))
                     : "rdx", "memory");
    *before = first;
    *after = second;
}

/* Without the message: what the store costs. */
static uint32_t measure_store(void) {
    uint32_t before = 0, after = 0;

    edu_message(false, 0, 0);
    for (int i = 0; i < WARM_UP; i++)
        raise_message(&before, &after);
    return after - before;
}

static int measure(endpoint_t driver, struct figure *figure) {
    uint32_t apic_id = 0, store = measure_store();
    uint64_t came = 0;
    uint8_t vector = 0;
    int error = privctl_msi(driver, 1, &vector, &apic_id);

    if (!error)
        error = partner_ask(driver, PARTNER_PING, &came);
    edu_message(!error, apic_id, vector);
    for (int i = 0; i < SAMPLES && !error; i++) {
        uint32_t before, after;
        uint64_t earlier = came;
        raise_message(&before, &after);
        error = partner_ask(driver, PARTNER_STAMP, &came);
        if (!error && came == earlier)
            return -E_IO; /* none came */
        figure_add(figure, (uint32_t)came - before - store);
    }
    return error;
}

int bench_msi_to_driver(struct figure *figure) {
    static const struct partner partner = {
        .label = "bench-driver",
        .run = drive,
        .kcalls = KCALL_BIT(IRQCTL),
        .priority = PARTNER_URGENT,
    };
    uint64_t registers = edu_find();
    endpoint_t driver;

    if (registers == 0)
        return 0; /* no such device */
    int error = edu_map(registers);
    if (!error)
        error = partner_start(&partner, &driver);
    if (error)
        return error;
    error = measure(driver, figure);
    edu_message(false, 0, 0);
    partner_end(driver);
    return error ? error : memmap_remove(EDU_WINDOW, EDU_BYTES);
}
