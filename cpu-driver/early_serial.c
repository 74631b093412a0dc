/* Polled 16550 output. Source: National Semiconductor PC16550D data sheet, section 8. */
#include "early_serial.h"

#include <stdbool.h>
#include <stdint.h>

#include "x86_64/cpu.h"

#define PORT 0x3f8

enum uart_register {
    UART_DATA = PORT,           /* with DLAB: divisor, low byte */
    UART_INTERRUPTS = PORT + 1, /* with DLAB: divisor, high byte */
    UART_FIFO = PORT + 2,
    UART_LINE_CONTROL = PORT + 3,
    UART_MODEM_CONTROL = PORT + 4,
    UART_LINE_STATUS = PORT + 5,
    UART_SCRATCH = PORT + 7,
};

#define LINE_8N1        0x03
#define LINE_DLAB       0x80
#define FIFO_ON_CLEARED 0x07 /* enable, clear both directions */
#define MODEM_DTR_RTS   0x03
#define STATUS_TX_EMPTY 0x20 /* room for a character */
#define STATUS_TX_IDLE  0x40 /* nothing left in FIFO and shift register */
#define DIVISOR_115200  1

/*
 * A port read takes about a microsecond on a PC, a character 87: this is about a second of a UART
 * that does not move.
 */
#define POLLS_MAX 1000000

static bool present;

static bool wait_for(uint8_t status) {
    for (uint32_t polls = 0; polls < POLLS_MAX; polls++)
        if (cpu_in8(UART_LINE_STATUS) & status)
            return true;
    return false;
}

/* Where there is no UART the bus reads as ones, and the scratch register keeps nothing. */
static bool detect(void) {
    static const uint8_t pattern[] = { 0x5a, 0xa5 };

    for (size_t i = 0; i < sizeof pattern; i++) {
        cpu_out8(UART_SCRATCH, pattern[i]);
        if (cpu_in8(UART_SCRATCH) != pattern[i])
            return false;
    }
    return cpu_in8(UART_LINE_STATUS) != 0xff;
}

void early_serial_init(void) {
    /* What was written before is let out first: clearing the FIFO would lose it. */
    present = detect() && wait_for(STATUS_TX_IDLE);
    if (!present)
        return;
    cpu_out8(UART_LINE_CONTROL, LINE_DLAB);
    cpu_out8(UART_DATA, DIVISOR_115200);
    cpu_out8(UART_INTERRUPTS, 0);
    cpu_out8(UART_LINE_CONTROL, LINE_8N1);
    cpu_out8(UART_INTERRUPTS, 0);
    cpu_out8(UART_FIFO, FIFO_ON_CLEARED);
    cpu_out8(UART_MODEM_CONTROL, MODEM_DTR_RTS);
}

static void write_byte(uint8_t byte) {
    present = present && wait_for(STATUS_TX_EMPTY);
    if (present)
        cpu_out8(UART_DATA, byte);
}

void early_serial_write(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            write_byte('\r');
        write_byte((uint8_t)text[i]);
    }
}
