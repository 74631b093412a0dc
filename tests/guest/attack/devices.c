/* Device access and interrupt handling (thesis 3.1.2, class III). */
#include "attack.h"

#define PORT        0x87 /* page register of the DMA controller's first channel: keeps what is written */
#define LINE        5  /* no device of the machine has these lines */
#define LINES_AFTER 16 /* nor have these a driver */

#define DRIVER (KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL))

static uint8_t port_value(void) {
    uint8_t value = 0;
    if (vdevio_in8(PORT, &value))
        tap_bail_out("cannot look at a port");
    return value;
}

static void clear_port(void) { vdevio_out8(PORT, 0); }

static bool write_port(void) { return vdevio_out8(PORT, 0xa5) == 0; }

static bool write_port_by_vector(void) {
    struct vdevio_entry entry = { PORT, VDEVIO_OUT8, 0xa5 };
    return vdevio_vector(&entry, 1) == 0;
}

static bool port_changed(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    return port_value() == 0xa5;
}

static bool take_line(void) {
    int error = irqctl_register(LINE, 0);
    kcall_exit(error == 0); /* the line is free again */
}

/* A driver has had a line and died. Its successor must get it. Another line each time: without the
 * defence it is lost for good. */
static uint32_t line_after = LINES_AFTER;

static void use_another_line(void) {
    if (++line_after == 24)
        line_after = LINES_AFTER;
}

static void use_line_and_die(void *unused) {
    (void)unused;
    kcall_exit((uint64_t)-irqctl_register(line_after, 0));
}

static void permit_line(endpoint_t driver) {
    if (privctl_irq(driver, line_after, 1))
        tap_bail_out("cannot give a line");
}

static bool line_is_used_up(void) { return irqctl_register(line_after, 0) != 0; }

static void let_line_be_left(endpoint_t successor) {
    static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC), .kcalls = DRIVER };
    struct death_report report;
    struct process process;
    permit_line(child_make("predecessor", use_line_and_die, NULL, &policy, &process));
    process_start(&process);
    child_bury(process.endpoint, &report);
    permit_line(successor);
}

const struct attack device_attacks[] = {
    { "device access: write to a port", write_port, KCALLS(DRIVER), REFUSED_DEVICE, DEFENCE_PORT,
      clear_port, NULL, port_changed, NULL },
    { "device access: write to a port, by a vector", write_port_by_vector, KCALLS(DRIVER),
      REFUSED_DEVICE, DEFENCE_PORT, clear_port, NULL, port_changed, NULL },
    { "interrupt handling: take a line", take_line, KCALLS(DRIVER), REFUSED_LINE, DEFENCE_LINE, 0 },
    { "interrupt handling: die with a line", line_is_used_up, KCALLS(DRIVER), UNCOUNTED,
      DEFENCE_LINE_CLEANUP, use_another_line, let_line_be_left, NULL, NULL, .early = true },
    { 0 },
};
