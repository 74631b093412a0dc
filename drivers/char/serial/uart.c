#include "uart.h"

#include <runtime/kcall.h>

/* Registers, by their distance from the base port (table II). */
enum uart_register {
    DATA = 0,         /* read: received, write: to send */
    DIVISOR_LOW = 0,  /* with LINE_DIVISOR_ACCESS */
    DIVISOR_HIGH = 1, /* with LINE_DIVISOR_ACCESS */
    INTERRUPTS = 1,   /* enabled */
    IDENTITY = 2,     /* read: the most urgent cause of the interrupt */
    FIFO_CONTROL = 2, /* write */
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,
    MODEM_STATUS = 6,
    SCRATCH = 7,
};

enum {
    INTERRUPT_INPUT = 1 << 0,
    INTERRUPT_OUTPUT = 1 << 1, /* the FIFO has become empty */
    INTERRUPT_LINE = 1 << 2,   /* overrun, error, break */

    IDENTITY_NONE = 1 << 0,
    IDENTITY_MASK = 0x0f,
    IDENTITY_OUTPUT = 0x02,  /* INTERRUPT_OUTPUT; reading it takes it back */
    IDENTITY_TRIGGER = 0x04, /* the FIFO holds as many bytes as its trigger level */
    IDENTITY_FIFO = 0xc0,    /* a working FIFO */

    FIFO_ENABLE = 1 << 0,
    FIFO_TRIGGER_8 = 2 << 6,

    LINE_8N1 = 3,
    LINE_DIVISOR_ACCESS = 1 << 7,

    MODEM_THERE = 1 << 0,      /* DTR */
    MODEM_SEND = 1 << 1,       /* RTS: the other end may send */
    MODEM_INTERRUPTS = 1 << 3, /* OUT2 lets the interrupt out, on a PC */
    MODEM_LOOPBACK = 1 << 4,

    STATUS_INPUT = 1 << 0,
    STATUS_OVERRUN = 1 << 1,
    STATUS_DAMAGED = 1 << 2 | 1 << 3, /* parity or framing error in the oldest byte */
    STATUS_BREAK = 1 << 4,
    STATUS_ERRORS = STATUS_OVERRUN | STATUS_DAMAGED | STATUS_BREAK, /* reading them clears them */
    STATUS_ROOM = 1 << 5,                                           /* the output FIFO is empty */
    STATUS_IDLE = 1 << 6,                                           /* and the last byte has left */
};

#define FIFO_BYTES    16
#define TRIGGER_BYTES 8
#define DIVISOR       1  /* 1.8432 MHz / 16 / 115200 */
#define ROUNDS        32 /* of one service: more than a sound device has to say */
#define DRAIN_POLLS   5000
#define VECTOR_IN(r) \
    { .port = (uint16_t)(uart_base + (r)), .op = VDEVIO_IN8 }
#define VECTOR_OUT(r, v) \
    { .port = (uint16_t)(uart_base + (r)), .op = VDEVIO_OUT8, .value = (uint8_t)(v) }

static uint16_t uart_base;
static size_t fifo_bytes; /* that the device takes at once */
static bool holding;      /* the other end is held off: see control_flow() */
static bool awaits_room;  /* INTERRUPT_OUTPUT is enabled: see await_room() */

static int run(struct vdevio_entry *entries, size_t count) { return vdevio_vector(entries, count); }

/*
 * Whether anything answers at the ports: the scratch register keeps what is written, and in
 * loopback mode the modem outputs appear as inputs (figure of section 8.7). Nothing there reads as
 * ones. An error is VDEVIO's.
 */
static int detect(void) {
    enum { OUTPUTS = 1 << 1 | 1 << 3, AS_INPUTS = 1 << 4 | 1 << 7, INPUTS = 0xf0 };
    struct vdevio_entry test[] = {
        VECTOR_OUT(SCRATCH, 0x5a),
        VECTOR_IN(SCRATCH),
        VECTOR_OUT(SCRATCH, 0xa5),
        VECTOR_IN(SCRATCH),
        VECTOR_OUT(MODEM_CONTROL, MODEM_LOOPBACK | OUTPUTS),
        VECTOR_IN(MODEM_STATUS),
        VECTOR_OUT(MODEM_CONTROL, MODEM_THERE),
    };
    int error = run(test, sizeof test / sizeof test[0]);

    if (error)
        return error;
    bool present =
        test[1].value == 0x5a && test[3].value == 0xa5 && (test[5].value & INPUTS) == AS_INPUTS;
    return present ? 0 : -E_NOTSUP;
}

/* Lets what the kernel has written last leave the device, whose speed is about to be set. */
static int drain(void) {
    struct vdevio_entry status = VECTOR_IN(LINE_STATUS);

    for (unsigned i = 0; i < DRAIN_POLLS; i++) {
        int error = run(&status, 1);
        if (error || status.value & STATUS_IDLE)
            return error;
    }
    return 0;
}

int uart_init(uint16_t base) {
    uart_base = base;
    int error = drain();
    if (!error)
        error = detect();
    if (error)
        return error;

    struct vdevio_entry setup[] = {
        VECTOR_OUT(INTERRUPTS, 0),
        VECTOR_OUT(LINE_CONTROL, LINE_DIVISOR_ACCESS),
        VECTOR_OUT(DIVISOR_LOW, DIVISOR),
        VECTOR_OUT(DIVISOR_HIGH, DIVISOR >> 8),
        VECTOR_OUT(LINE_CONTROL, LINE_8N1),
        VECTOR_OUT(FIFO_CONTROL, FIFO_ENABLE | FIFO_TRIGGER_8),
        VECTOR_IN(IDENTITY),
        VECTOR_IN(MODEM_STATUS),
        VECTOR_OUT(MODEM_CONTROL, MODEM_THERE | MODEM_SEND | MODEM_INTERRUPTS),
        VECTOR_OUT(INTERRUPTS, INTERRUPT_INPUT | INTERRUPT_LINE),
    };
    error = run(setup, sizeof setup / sizeof setup[0]);
    fifo_bytes = (setup[6].value & IDENTITY_FIFO) == IDENTITY_FIFO ? FIFO_BYTES : 1;
    return error;
}

/*
 * One received byte, for which there is room; `status` is the line status before it was read, and
 * describes it.
 */
static int accept(struct ring *in, uint32_t status, uint8_t byte) {
    int events = status & STATUS_OVERRUN ? UART_OVERRUN : 0;

    if (status & STATUS_BREAK) /* the byte is zero and means nothing */
        return events | UART_BREAK;
    if (status & STATUS_DAMAGED)
        return events | UART_OVERRUN;
    ring_put(in, byte);
    return events;
}

/*
 * Takes `count` bytes that are known to be there; *status is the line status now, and after. Each
 * byte is read before the status that follows it, so that none is taken unseen when it arrives in
 * between.
 */
static int receive(struct ring *in, size_t count, uint32_t *status) {
    struct vdevio_entry vector[2 * TRIGGER_BYTES];
    int events = 0;

    for (size_t i = 0; i < count; i++) {
        vector[2 * i] = (struct vdevio_entry)VECTOR_IN(DATA);
        vector[2 * i + 1] = (struct vdevio_entry)VECTOR_IN(LINE_STATUS);
    }
    int error = run(vector, 2 * count);
    if (error)
        return error;
    for (size_t i = 0; i < count; i++) {
        events |= accept(in, *status, (uint8_t)vector[2 * i].value);
        *status = vector[2 * i + 1].value;
    }
    return events;
}

/*
 * Fills the output FIFO, if it is empty by the status last seen, and reads the device's state: in
 * one kernel call, which costs as much as the accesses.
 */
static int transmit_and_look(struct ring *out, uint32_t *identity, uint32_t *status) {
    struct vdevio_entry vector[FIFO_BYTES + 2];
    size_t count = *status & STATUS_ROOM ? ring_used(out) : 0;

    if (count > fifo_bytes)
        count = fifo_bytes;
    for (size_t i = 0; i < count; i++)
        vector[i] = (struct vdevio_entry)VECTOR_OUT(DATA, ring_peek(out, i));
    vector[count] = (struct vdevio_entry)VECTOR_IN(IDENTITY);
    vector[count + 1] = (struct vdevio_entry)VECTOR_IN(LINE_STATUS);
    int error = run(vector, count + 2);
    if (error)
        return error;
    ring_drop(out, count);
    *identity = vector[count].value;
    *status = vector[count + 1].value;
    return 0;
}

static unsigned wanted_interrupts(void) {
    return INTERRUPT_LINE | (holding ? 0U : INTERRUPT_INPUT) |
           (awaits_room ? INTERRUPT_OUTPUT : 0U);
}

/*
 * Input that nobody takes is left in the device, which then does not interrupt for it, and the
 * other end is asked to stop. An end that does not listen overruns the device: input is lost, and
 * that is said.
 */
static int control_flow(const struct ring *in) {
    bool hold = ring_room(in) < (holding ? RING_BYTES / 2 : TRIGGER_BYTES);
    unsigned send = hold ? 0 : MODEM_SEND;

    if (hold == holding)
        return 0;
    holding = hold;
    struct vdevio_entry change[] = {
        VECTOR_OUT(INTERRUPTS, wanted_interrupts()),
        VECTOR_OUT(MODEM_CONTROL, MODEM_THERE | send | MODEM_INTERRUPTS),
    };
    return run(change, sizeof change / sizeof change[0]);
}

/*
 * An empty FIFO is worth an interrupt only while there is something to put into it. If it is empty
 * by now, enabling the interrupt causes it.
 */
static int await_room(const struct ring *out) {
    bool await = ring_used(out) != 0;

    if (await == awaits_room)
        return 0;
    awaits_room = await;
    return run(&(struct vdevio_entry)VECTOR_OUT(INTERRUPTS, wanted_interrupts()), 1);
}

/* Whether the device says why it interrupts, and that is not the output, which is looked at. */
static bool has_cause(uint32_t identity) {
    return !(identity & IDENTITY_NONE) && (identity & IDENTITY_MASK) != IDENTITY_OUTPUT;
}

/*
 * One look at the device. *status is the line status last seen, and after; its errors belong to the
 * oldest byte.
 */
static int serve_round(struct ring *in, struct ring *out, uint32_t *status, bool *done) {
    uint32_t errors = *status & STATUS_ERRORS, identity = 0;
    int events = control_flow(in);

    if (!events)
        events = transmit_and_look(out, &identity, status);
    if (events < 0)
        return events;
    *status |= errors;
    bool input = *status & STATUS_INPUT && !holding,
         output = *status & STATUS_ROOM && ring_used(out) != 0;
    *done = !input && !output && !has_cause(identity);
    if (*status & STATUS_IDLE && ring_used(out) == 0) /* however much input there is */
        events |= UART_IDLE;
    if (*status & STATUS_OVERRUN)
        events |= UART_OVERRUN;
    if (!input) {
        *status &= ~(uint32_t)STATUS_ERRORS;
        return events;
    }
    bool triggered = fifo_bytes > 1 && (identity & IDENTITY_MASK) == IDENTITY_TRIGGER;
    int received = receive(in, triggered ? TRIGGER_BYTES : 1, status);
    return received < 0 ? received : events | received;
}

int uart_service(struct ring *in, struct ring *out) {
    uint32_t status = 0;
    bool done = false;
    int events = 0;

    for (unsigned round = 0; round < ROUNDS && !done; round++) {
        int result = serve_round(in, out, &status, &done);
        if (result < 0)
            return result;
        events |= result;
    }
    int error = await_room(out);
    return error ? error : events;
}
