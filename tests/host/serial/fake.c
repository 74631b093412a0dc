#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <bulkhead/info.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#define BASE (device.second ? 0x2f8 : 0x3f8)
#define LINE (device.second ? 3U : 4U)
#define FIFO 16

struct fake_device device;
struct fake_client_state clients[FAKE_CLIENTS];
struct fake_kernel kernel;

static const struct startup fake_startup = { .version = STARTUP_VERSION,
                                             .self = FAKE_DRIVER,
                                             .monitor = FAKE_MONITOR };
const struct startup *const startup = &fake_startup;

/* ---- The device, after the data sheet; and its interrupt line, which is edge-triggered ---- */

static struct {
    uint8_t byte[FIFO], errors[FIFO];
    unsigned count;
    bool overrun;
    unsigned sending; /* bytes in the output FIFO */
    bool shifting;    /* the last byte has left the FIFO, not yet the device */
    bool output_event;
    uint8_t enabled, fifo_control, line_control, modem_control, scratch, divisor[2];
} uart;

static struct { bool level, registered, masked, fired; } irq = { .masked = true };

static unsigned fifo_depth(void) { return device.no_fifo ? 1 : FIFO; }

static unsigned identity(void) {
    static const uint8_t trigger[] = { 1, 4, 8, 14 };
    unsigned fifo = uart.fifo_control & 1 && !device.no_fifo ? 0xc0 : 0;
    unsigned level = fifo ? trigger[uart.fifo_control >> 6] : 1;

    if (uart.enabled & 4 && (uart.overrun || (uart.count > 0 && uart.errors[0])))
        return fifo | 6;
    if (uart.enabled & 1 && uart.count >= level)
        return fifo | 4;
    if (uart.enabled & 1 && uart.count > 0)
        return fifo | 0xc;
    if (uart.enabled & 2 && uart.output_event)
        return fifo | 2;
    return fifo | 1;
}

static void update_line(void) {
    bool level = !(identity() & 1) && uart.modem_control & 8;

    if (level && !irq.level && irq.registered && !irq.masked && !device.deaf_irq)
        irq.fired = irq.masked = true; /* an edge while it is masked is lost */
    irq.level = level;
}

bool device_accepts(void) { return uart.modem_control & 2 && uart.count < fifo_depth(); }

void device_receive(const char *bytes, size_t count, unsigned errors) {
    for (size_t i = 0; i < count; i++) {
        if (uart.count == fifo_depth()) {
            uart.overrun = true;
            device.lost++;
            continue;
        }
        uart.errors[uart.count] = (uint8_t)errors;
        uart.byte[uart.count++] = (uint8_t)bytes[i];
    }
    update_line();
}

/* Time passes: what is in the FIFO leaves. Its last byte does before the next alarm goes off. */
static void device_send(void) {
    if (uart.sending == 0 || device.stalled)
        return;
    uart.sending = 0;
    uart.shifting = true;
    uart.output_event = true;
    update_line();
}

static uint8_t read_data(void) {
    uint8_t byte = uart.byte[0];

    if (uart.count == 0)
        return 0xee;
    uart.count--;
    memmove(uart.byte, uart.byte + 1, uart.count);
    memmove(uart.errors, uart.errors + 1, uart.count);
    return byte;
}

static uint8_t read_status(void) {
    unsigned output = uart.sending > 0 ? 0 : uart.shifting ? 0x20 : 0x60;
    unsigned status = (uart.count > 0) | (uart.overrun ? 2 : 0) | output;

    if (uart.count > 0)
        status |= uart.errors[0];
    uart.overrun = false;
    uart.errors[0] = 0;
    return (uint8_t)status;
}

static uint8_t modem_status(void) {
    unsigned out = uart.modem_control;

    return out & 0x10 ? (uint8_t)((out & 0xc) << 4 | (out & 2) << 3 | (out & 1) << 5) : 0xb0;
}

static uint8_t device_read(unsigned reg) {
    uint8_t value;

    if (device.absent)
        return 0xff;
    switch (reg) {
    case 0:
        return read_data();
    case 1:
        return uart.enabled;
    case 2:
        value = (uint8_t)identity();
        if ((value & 0xf) == 2)
            uart.output_event = false;
        return value;
    case 5:
        return read_status();
    case 6:
        return modem_status();
    case 7:
        return uart.scratch;
    default:
        return 0;
    }
}

static void write_data(uint8_t value) {
    cr_assert_lt(uart.sending, fifo_depth(), "the driver overran the output FIFO");
    cr_assert_lt(device.output_bytes, sizeof device.output);
    uart.sending++;
    uart.output_event = false;
    device.output[device.output_bytes++] = (char)value;
}

static void device_write(unsigned reg, uint8_t value) {
    if (device.absent)
        return;
    if (uart.line_control & 0x80 && reg < 2) {
        uart.divisor[reg] = value;
        return;
    }
    switch (reg) {
    case 0:
        write_data(value);
        break;
    case 1:
        if (value & 2 && !(uart.enabled & 2) && uart.sending == 0)
            uart.output_event = true;
        uart.enabled = value;
        break;
    case 2:
        uart.fifo_control = value;
        break;
    case 3:
        uart.line_control = value;
        break;
    case 4:
        uart.modem_control = value;
        break;
    case 7:
        uart.scratch = value;
        break;
    default:
        break;
    }
}

static int vdevio(uint64_t address, uint64_t count) {
    struct vdevio_entry *entry = (struct vdevio_entry *)address;

    cr_assert(count >= 1 && count <= VDEVIO_MAX);
    for (; count > 0; count--, entry++) {
        cr_assert(entry->port >= BASE && entry->port < BASE + 8);
        if (device.before_access)
            device.before_access();
        device.accesses++;
        if (entry->op == VDEVIO_IN8)
            entry->value = device_read(entry->port - BASE);
        else
            device_write(entry->port - BASE, (uint8_t)entry->value);
        update_line();
    }
    return 0;
}

/* ---- Clients ---- */

static struct message queue[1024];

static struct fake_client_state *client_of(endpoint_t endpoint) {
    for (unsigned i = 0; i < FAKE_CLIENTS; i++)
        if (fake_client(i) == endpoint)
            return &clients[i];
    return NULL;
}

void client_send(unsigned client, const struct message *m) {
    cr_assert_lt(kernel.queued, sizeof queue / sizeof queue[0]);
    queue[kernel.queued] = *m;
    queue[kernel.queued++].source = fake_client(client);
}

void client_ask(unsigned client, enum console_request request, const char *text) {
    struct message m = { .type = request, .tag = 7 };
    struct console_data data = { .length = text ? strlen(text) : 0 };

    memcpy(data.data, text ? text : "",
           data.length < CONSOLE_DATA_MAX ? data.length : CONSOLE_DATA_MAX);
    memcpy(m.arg, &data, sizeof data);
    clients[client].waits = true;
    client_send(client, &m);
}

int client_result(unsigned client) { return message_result(&clients[client].answer); }

const char *client_text(unsigned client) {
    static char text[CONSOLE_DATA_MAX + 1];
    struct console_data data;

    memcpy(&data, clients[client].answer.arg, sizeof data);
    cr_assert(data.length >= 1 && data.length <= CONSOLE_DATA_MAX);
    memcpy(text, data.data, data.length);
    text[data.length] = '\0';
    return text;
}

/* ---- The kernel ---- */

static uint64_t alarm_at; /* not 0: set */

static bool deliver_event(struct message *m, uint64_t event) {
    *m = (struct message){ .source = ENDPOINT_KERNEL,
                           .type = MESSAGE_NOTIFY,
                           .arg = { event, event == EVENT_IRQ ? 1 : 0 } };
    return true;
}

static bool deliver(endpoint_t from, struct message *m) {
    if (irq.fired) {
        irq.fired = false;
        return deliver_event(m, EVENT_IRQ);
    }
    if (from == ENDPOINT_ANY && kernel.queued > 0) {
        *m = queue[0];
        memmove(queue, queue + 1, --kernel.queued * sizeof queue[0]);
        return true;
    }
    if (uart.sending == 0 && alarm_at != 0) {
        kernel.slept += alarm_at;
        kernel.alarms++;
        alarm_at = 0;
        uart.shifting = false;
        return deliver_event(m, EVENT_ALARM);
    }
    return false;
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    cr_assert(operation == IPC_RECEIVE && (from == ENDPOINT_ANY || from == ENDPOINT_KERNEL));
    cr_assert_lt(++kernel.receives, 100000, "the driver does not come to rest");
    for (;;) {
        if (deliver(from, m))
            return 0;
        if (uart.sending > 0 && !device.stalled)
            device_send();
        else if (!kernel.idle || !kernel.idle())
            return -FAKE_DONE;
    }
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    struct fake_client_state *client = client_of(to);

    cr_assert(operation == IPC_NBSEND && client != NULL);
    cr_assert_eq(m->tag, 7);
    if (client->gone)
        return -E_PEERDEAD;
    if (!client->waits)
        return -E_WOULDBLOCK;
    client->waits = false;
    client->answers++;
    client->answer = *m;
    return 0;
}

int trap_1(uint64_t operation, uint64_t rdi) {
    struct fake_client_state *client = client_of(rdi);

    cr_assert(operation == IPC_NOTIFY && client != NULL);
    if (client->gone)
        return -E_PEERDEAD;
    client->notified = true;
    return 0;
}

static int irqctl(uint64_t operation, uint64_t line) {
    cr_assert_eq(line, LINE);
    if (operation == IRQCTL_REGISTER)
        irq.registered = true;
    else if (operation == IRQCTL_UNMASK)
        irq.masked = false;
    return 0;
}

static int process_info(struct process_info *info, endpoint_t endpoint) {
    const struct fake_client_state *client = client_of(endpoint);
    const char *label = client != NULL && client->label ? client->label : "reader";

    cr_assert_not_null(client);
    kernel.inquiries++;
    *info =
        (struct process_info){ .endpoint = endpoint,
                               .supervisor = client->supervisor ? client->supervisor : FAKE_MONITOR,
                               .state = client->gone    ? PROCESS_DEAD
                                        : client->waits ? PROCESS_RECEIVING
                                                        : PROCESS_READY,
                               .partner = FAKE_DRIVER };
    memcpy(info->label, label, strnlen(label, LABEL_MAX));
    return 0;
}

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    switch (call) {
    case KCALL_VDEVIO:
        cr_assert_eq(arg[0], VDEVIO_VECTOR);
        return vdevio(arg[1], arg[2]);
    case KCALL_IRQCTL:
        return irqctl(arg[0], arg[1]);
    case KCALL_SETALARM:
        alarm_at = arg[0];
        return 0;
    case KCALL_GETINFO:
        cr_assert_eq(arg[0], INFO_PROCESS);
        return process_info((struct process_info *)arg[1], arg[3]);
    default:
        cr_assert_fail("kernel call %lu", call);
        return -E_BADCALL;
    }
}

/* What the driver never uses. */
int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    cr_assert_fail("primitive %lu to %lx, type %u", operation, to, m->type);
    return -E_BADCALL;
}

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    cr_assert_fail("primitive %lu: %lx, %lx", operation, rdi, rsi);
    return -E_BADCALL;
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    cr_assert_fail("kernel call %lu: %lu", call, arg[0]);
    return -E_BADCALL;
}

uint64_t machine_counter(void) { return 0; }

int run_driver(void) {
    static char name[] = "serial", label[] = "reader", pattern[] = "test-*";

    return device.second
               ? driver_main(2, (char *[]){ name, (char[]){ "com2" }, NULL })
               : driver_main(4, (char *[]){ name, (char[]){ "com1" }, label, pattern, NULL });
}
