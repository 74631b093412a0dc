#include "port.h"

#include <stdbool.h>

#include <runtime/kcall.h>

/* National Semiconductor PC16550D data sheet, table II: registers by their distance from the base.
 */
enum {
    BASE = 0x3e8,
    DATA = BASE + 0,
    DIVISOR_LOW = BASE + 0,
    DIVISOR_HIGH = BASE + 1,
    INTERRUPTS = BASE + 1,
    FIFO_CONTROL = BASE + 2,
    LINE_CONTROL = BASE + 3,
    MODEM_CONTROL = BASE + 4,
    LINE_STATUS = BASE + 5,
    SCRATCH = BASE + 7,

    FIFO_ENABLE = 1,
    LINE_8N1 = 3,
    LINE_DIVISOR_ACCESS = 1 << 7,
    MODEM_THERE = 1 | 2, /* DTR, RTS */
    STATUS_ROOM = 1 << 5,
};

#define DIVISOR    1  /* 115200 baud */
#define FIFO_BYTES 16 /* that it takes when it has room */
#define PAUSE      (1 * TIME_MILLISECOND)
#define PATIENCE   (5 * TIME_SECOND)
#define IN(p) \
    { .port = (p), .op = VDEVIO_IN8 }
#define OUT(p, byte) \
    { .port = (p), .op = VDEVIO_OUT8, .value = (uint8_t)(byte) }

int port_open(void) {
    struct vdevio_entry setup[] = {
        OUT(SCRATCH, 0x5a),
        IN(SCRATCH),
        OUT(SCRATCH, 0xa5),
        IN(SCRATCH),
        OUT(INTERRUPTS, 0),
        OUT(LINE_CONTROL, LINE_DIVISOR_ACCESS),
        OUT(DIVISOR_LOW, DIVISOR),
        OUT(DIVISOR_HIGH, DIVISOR >> 8),
        OUT(LINE_CONTROL, LINE_8N1),
        OUT(FIFO_CONTROL, FIFO_ENABLE),
        OUT(MODEM_CONTROL, MODEM_THERE),
    };
    int error = vdevio_vector(setup, 4);

    if (error)
        return error;
    if (setup[1].value != 0x5a || setup[3].value != 0xa5)
        return -E_NOTSUP;
    return vdevio_vector(setup + 4, sizeof setup / sizeof setup[0] - 4);
}

/* An alarm, so that the CPU is free while the line is slower than it is. */
static void pause_a_while(void) {
    struct message m;

    if (alarm_set(PAUSE, NULL) == 0)
        ipc_receive(ENDPOINT_KERNEL, &m);
}

static int await_room(void) {
    struct vdevio_entry status = IN(LINE_STATUS);
    uint64_t end = time_now() + PATIENCE;

    for (;;) {
        int error = vdevio_vector(&status, 1);
        if (error || status.value & STATUS_ROOM)
            return error;
        if (time_now() > end)
            return -E_IO;
        pause_a_while();
    }
}

int port_write(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        struct vdevio_entry out[FIFO_BYTES];
        size_t part = count < FIFO_BYTES ? count : FIFO_BYTES;
        int error = await_room();
        for (size_t i = 0; i < part; i++)
            out[i] = (struct vdevio_entry)OUT(DATA, bytes[i]);
        if (!error)
            error = vdevio_vector(out, part);
        if (error)
            return error;
        bytes += part;
        count -= part;
    }
    return 0;
}
