/*
 * The serial driver: a serial port as a console. An interrupt, a request or an alarm makes it look
 * at the device; it then does what the device and its clients are ready for, and waits again.
 *
 *     serial PORT [LABEL...]
 *
 * PORT is com1 or com2. The labels, or patterns of them (<runtime/pattern.h>), are of those who may
 * read its input and hear of the interrupt key; then a terminal is taken to be at the other end,
 * and newlines are made for it. Without labels nobody may, and bytes go out as they are.
 *
 * It exits with status E_NOTSUP when the machine has no such device, E_INVAL for no such PORT.
 */
#include <string.h>

#include <driver.h>

#include <runtime/startup.h>

#include "console.h"
#include "uart.h"

/* Where a PC has its serial ports, and the ISA interrupt line of each. */
static const struct port {
    const char *name;
    uint16_t base;
    unsigned line;
} ports[] = {
    { "com1", 0x3f8, 4 },
    { "com2", 0x2f8, 3 },
};

static const struct port *port; /* the one that is ours */
static struct event_alarm patrol_alarm;
static uint64_t patrol_period; /* that it is set for */

#define IRQ_BIT 0

/*
 * While there is output to wait for, the device is also looked at this often: it says by interrupt
 * that its FIFO is empty, but not that the last byte has left; and some devices lose an interrupt
 * now and then.
 */
#define PATROL_FLUSH  (200 * TIME_MICROSECOND)
#define PATROL_OUTPUT (50 * TIME_MILLISECOND)

static void on_patrol(struct event_alarm *alarm) {
    (void)alarm;
    driver_settle();
}

/* While a flush waits nobody else is served: it is not to wait for an alarm that was set before. */
static void patrol(void) {
    bool output = ring_used(&console_output) != 0;
    uint64_t period = output ? PATROL_OUTPUT : PATROL_FLUSH;

    if (!output && !console_flushing())
        return;
    if (patrol_alarm.set && patrol_period <= period)
        return;
    patrol_period = period;
    event_alarm_set(&patrol_alarm, period, on_patrol);
}

/* Does all that can be done now. Requests wait in the kernel while there is no room for them. */
static void work(void) {
    int events = uart_service(&console_input, &console_output);

    if (events < 0) {
        driver_fail(events);
        return;
    }
    if (events & UART_OVERRUN)
        console_input_lost();
    console_input_changed(events & UART_BREAK);
    console_answer(events & UART_IDLE);
    patrol();
    event_loop_hold(!console_ready());
}

static const struct port *find_port(const char *name) {
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (strcmp(ports[i].name, name) == 0)
            return &ports[i];
    return NULL;
}

static int start(bool restarted) {
    int error = uart_init(port->base);

    (void)restarted;
    return error ? error : driver_irq(port->line, IRQ_BIT);
}

int main(int argc, char **argv) {
    static const struct driver serial = {
        .name = "serial",
        .start = start,
        .request = console_request,
        .idle = work,
        .drain = console_drain,
        .busy = console_busy,
        .shutdown = uart_quiet,
    };

    port = argc > 1 ? find_port(argv[1]) : NULL;
    if (port == NULL)
        return E_INVAL;
    console_init(argv + 2);
    return driver_run(&serial);
}
