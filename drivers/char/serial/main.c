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

#include <runtime/kcall.h>
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

#define IRQ_BIT 0

/*
 * While there is output to wait for, the device is also looked at this often: it says by interrupt
 * that its FIFO is empty, but not that the last byte has left; and some devices lose an interrupt
 * now and then.
 */
#define PATROL_FLUSH  (200 * TIME_MICROSECOND)
#define PATROL_OUTPUT (50 * TIME_MILLISECOND)

static uint64_t patrol_period; /* that the alarm is set for; 0: it is not set */

/* While a flush waits nobody else is served: it is not to wait for an alarm that was set before. */
static int patrol(void) {
    bool output = ring_used(&console_output) != 0;
    uint64_t period = output ? PATROL_OUTPUT : PATROL_FLUSH;

    if (!output && !console_flushing())
        return 0;
    if (patrol_period != 0 && patrol_period <= period)
        return 0;
    patrol_period = period;
    return alarm_set(period, NULL);
}

/* Does all that can be done now. */
static int work(void) {
    int events = uart_service(&console_input, &console_output);

    if (events < 0)
        return events;
    if (events & UART_OVERRUN)
        console_input_lost();
    console_input_changed(events & UART_BREAK);
    console_answer(events & UART_IDLE);
    return patrol();
}

/* A kernel notification. */
static int serve_events(const struct message *m) {
    if (m->arg[0] & EVENT_ALARM)
        patrol_period = 0;
    /*
     * Unmasked before the device is served: an ISA line is edge-triggered, and an edge that comes
     * while it is masked is lost (Intel 82093AA data sheet, 3.2.4). Served afterwards, whatever it
     * came for is seen.
     */
    return m->arg[0] & EVENT_IRQ ? irqctl_unmask(port->line) : 0;
}

static int serve_next(void) {
    struct message m;
    int error = ipc_receive(console_ready() ? ENDPOINT_ANY : ENDPOINT_KERNEL, &m);

    if (error)
        return error;
    if (m.source == ENDPOINT_KERNEL)
        error = serve_events(&m);
    else if (m.type != MESSAGE_NOTIFY)
        console_request(&m);
    return error ? error : work();
}

static const struct port *find_port(const char *name) {
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (strcmp(ports[i].name, name) == 0)
            return &ports[i];
    return NULL;
}

int main(int argc, char **argv) {
    port = argc > 1 ? find_port(argv[1]) : NULL;
    if (port == NULL)
        return E_INVAL;
    console_init(argv + 2);
    int error = uart_init(port->base);
    if (!error)
        error = irqctl_register(port->line, IRQ_BIT);
    if (!error)
        error = irqctl_unmask(port->line);
    if (!error)
        error = work();
    while (!error)
        error = serve_next();
    return -error;
}
