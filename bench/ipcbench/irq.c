/*
 * irq_to_driver: from an interrupt to the first instruction of the driver that waits for it.
 *
 * The interrupt is one that an instruction raises: the keyboard controller's command 0xD2 puts the
 * byte written next to its data port into its output buffer, as if a key had been pressed, and
 * raises line 1 while that write is done (IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboard and Auxiliary Device Controller"). The write is a kernel call, so the interrupt is
 * pending when the kernel returns from it, and comes before the next instruction.
 *
 * Two ways are timed, both from a stamp before the call: with the line masked, to a stamp by the
 * first instruction after the call; and with the line open, to a stamp by the first instruction of
 * the driver. They differ by just what lies between the interrupt and the driver.
 */
#include <runtime/kcall.h>

#include "bench.h"

enum {
    KEYBOARD_DATA = 0x60,
    KEYBOARD_STATUS = 0x64,  /* read */
    KEYBOARD_COMMAND = 0x64, /* write */
    KEYBOARD_LINE = 1,

    STATUS_OUTPUT = 1 << 0, /* there is a byte to read */
    STATUS_INPUT = 1 << 1,  /* the controller has not yet taken what was written */

    COMMAND_READ_MODE = 0x20,
    COMMAND_WRITE_MODE = 0x60,
    COMMAND_WRITE_OUTPUT = 0xd2,

    MODE_INTERRUPT = 1 << 0, /* line 1 when there is a byte */
};

#define POLLS   10000 /* of the status: the controller is slow on real machines */
#define SAMPLES 200
#define BYTE    0x5a

/*
 * The driver: serves its device, remembers when it was interrupted last, tells, and masks its line
 * when asked.
 */
static void drive(void *unused) {
    uint32_t last = 0;

    (void)unused;
    int result = irqctl_register(KEYBOARD_LINE, 0);
    for (;;) {
        struct message m = { .type = 0 };
        uint32_t type, now = receive_stamped(&m.source, &type);
        uint8_t byte;
        if (m.source == ENDPOINT_KERNEL) {
            last = now;
            vdevio_in8(KEYBOARD_DATA, &byte);
            irqctl_unmask(KEYBOARD_LINE);
            continue;
        }
        if (type == PARTNER_MASK && result == 0)
            result = irqctl_mask(KEYBOARD_LINE);
        else if (type == PARTNER_PING && result == 0)
            result = irqctl_unmask(KEYBOARD_LINE);
        m.arg[0] = last;
        message_set_result(&m, result);
        ipc_nbsend(m.source, &m);
    }
}

/* Waits until of the status bits in `mask` those in `wanted` are set. -E_NOTSUP: they never are. */
static int await(uint8_t mask, uint8_t wanted) {
    for (int i = 0; i < POLLS; i++) {
        uint8_t status;
        int error = vdevio_in8(KEYBOARD_STATUS, &status);
        if (error)
            return error;
        if ((status & mask) == wanted)
            return 0;
    }
    return -E_NOTSUP;
}

static int command(uint8_t code) {
    int error = await(STATUS_INPUT, 0);

    if (!error)
        error = vdevio_out8(KEYBOARD_COMMAND, code);
    return error ? error : await(STATUS_INPUT, 0);
}

static int read_mode(uint8_t *mode) {
    int error = command(COMMAND_READ_MODE);

    if (!error)
        error = await(STATUS_OUTPUT, STATUS_OUTPUT);
    return error ? error : vdevio_in8(KEYBOARD_DATA, mode);
}

static int write_mode(uint8_t mode) {
    int error = command(COMMAND_WRITE_MODE);

    return error ? error : vdevio_out8(KEYBOARD_DATA, mode);
}

/* Empties the output buffer. A machine without the controller reads ones, and never gets empty. */
static int drain(void) {
    for (int i = 0; i < POLLS; i++) {
        uint8_t status, byte;
        int error = vdevio_in8(KEYBOARD_STATUS, &status);
        if (!error && !(status & STATUS_OUTPUT))
            return 0;
        if (!error)
            error = vdevio_in8(KEYBOARD_DATA, &byte);
        if (error)
            return error;
    }
    return -E_NOTSUP;
}

/*
 * Raises the interrupt. *before is a stamp from right before the call that does it, *after one from
 * right after, by its own instructions alone: for what lies between, both ways of measuring run the
 * same code.
 */
static int __attribute__((noinline)) raise_interrupt(uint32_t *before, uint32_t *after) {
    int error = command(COMMAND_WRITE_OUTPUT);
    register uint64_t port __asm__("r10") = KEYBOARD_DATA;
    register uint64_t value __asm__("r8") = BYTE;
    uint64_t to = ENDPOINT_KERNEL, call = KCALL_VDEVIO;
    uint32_t first, second;

    if (error)
        return error;
    __asm__ volatile("rdtsc\n\t"
                     "mov %%eax, %%ebx\n\t"
                     "mov %[sendrec], %%eax\n\t"
                     "mov %[write], %%edx\n\t"
                     "syscall\n\t"
                     "rdtsc"
                     : "=&a"(second), "=&b"(first), "+r"(port), "+r"(value), "+D"(to), "+S"(call)
                     : [sendrec] "i"(IPC_SENDREC), [write] "i"(VDEVIO_OUT8)
                     : "rcx", "rdx", "r9", "r11", "r12", "r13", "memory");
    *before = first;
    *after = second;
    return 0;
}

/* Without the interrupt: the cost of raising it. */
static int measure_call(endpoint_t driver, struct figure *call) {
    uint64_t unused = 0;
    int error = partner_ask(driver, PARTNER_MASK, &unused);

    for (int i = 0; i < SAMPLES && !error; i++) {
        uint32_t before = 0, after = 0;
        error = raise_interrupt(&before, &after);
        if (!error)
            error = drain();
        figure_add(call, after - before);
    }
    return error;
}

static int measure_interrupt(endpoint_t driver, struct figure *figure, uint64_t call) {
    uint64_t stamp = 0;
    int error = partner_ask(driver, PARTNER_PING, &stamp);

    for (int i = 0; i < SAMPLES && !error; i++) {
        uint32_t before = 0, after = 0;
        uint64_t earlier = stamp;
        error = raise_interrupt(&before, &after);
        if (!error)
            error = partner_ask(driver, PARTNER_STAMP, &stamp);
        if (!error && stamp == earlier)
            return -E_IO; /* no interrupt came */
        figure_add(figure, (uint32_t)stamp - before - call);
    }
    return error;
}

static int measure(struct figure *figure) {
    static const struct partner partner = {
        .label = "bench-driver",
        .run = drive,
        .kcalls = KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL),
        .priority = PARTNER_URGENT,
        .port = KEYBOARD_DATA,
        .ports = 1,
        .line = KEYBOARD_LINE,
        .lines = 1,
    };
    static struct figure call;
    endpoint_t driver;
    int error = partner_start(&partner, &driver);

    if (error)
        return error;
    call.count = 0;
    error = measure_call(driver, &call);
    if (!error)
        error = measure_interrupt(driver, figure, figure_quartile(&call, 2));
    partner_end(driver);
    return error;
}

int bench_irq_to_driver(struct figure *figure) {
    uint8_t mode = 0;
    int error = drain();

    if (!error)
        error = read_mode(&mode);
    if (error == -E_NOTSUP)
        return 0; /* no keyboard controller */
    if (!error)
        error = write_mode(mode | MODE_INTERRUPT);
    if (!error)
        error = measure(figure);
    write_mode(mode);
    return error;
}
