/*
 * The driver of QEMU's educational device: factorials, and copies by DMA. Registers are those of
 * docs/specs/edu in QEMU's documentation. docs/write-a-driver.md explains it line by line.
 */
#include <string.h>

#include <bulkhead/protocol/edu.h>
#include <bulkhead/protocol/iommu.h>
#include <runtime/dma.h>
#include <runtime/event.h>
#include <runtime/pci.h>
#include <runtime/startup.h>

#define REG_ID          0x00 /* 0xRRrr00ed */
#define REG_LIVENESS    0x04 /* reads as the complement of what was written */
#define REG_FACTORIAL   0x08
#define REG_STATUS      0x20
#define REG_INTERRUPT   0x24 /* why there was one */
#define REG_ACKNOWLEDGE 0x64
#define REG_DMA_FROM    0x80 /* 64 bits, as the next two */
#define REG_DMA_TO      0x88
#define REG_DMA_COUNT   0x90
#define REG_DMA_COMMAND 0x98

#define STATUS_INTERRUPT    0x80 /* tell by interrupt that a factorial is done */
#define INTERRUPT_FACTORIAL 0x001
#define INTERRUPT_DMA       0x100

#define DMA_START     1
#define DMA_TO_MEMORY 2
#define DMA_INTERRUPT 4

#define DEVICE_MEMORY 0x40000 /* of the device itself, for DMA */
#define LINE_BIT      0
#define TIME_OUT      (5 * TIME_SECOND)

/* Where data goes out from, and comes in to. */
struct buffers {
    char out[EDU_DATA_MAX], in[EDU_DATA_MAX];
};

static struct pci_region registers;
static struct buffers *buffers;
static uint64_t buffers_device; /* the device's address of them */

/* Requests in order; the device works on the first. */
static struct message queue[EDU_WAITING];
static size_t waiting;
static struct event_alarm alarm;

static void start_next(void);

static void finish(int result) {
    event_alarm_cancel(&alarm);
    message_set_result(&queue[0], result);
    event_reply(queue[0].source, &queue[0]);
    memmove(&queue[0], &queue[1], --waiting * sizeof queue[0]);
    start_next();
}

static void timed_out(struct event_alarm *expired) {
    (void)expired;
    finish(-E_IO);
}

static void start_dma(uint64_t from, uint64_t to, uint64_t bytes, uint32_t direction) {
    pci_write_64(&registers, REG_DMA_FROM, from);
    pci_write_64(&registers, REG_DMA_TO, to);
    pci_write_64(&registers, REG_DMA_COUNT, bytes);
    pci_write_64(&registers, REG_DMA_COMMAND, DMA_START | DMA_INTERRUPT | direction);
}

static void start_copy(const struct message *m) {
    struct edu_data data;

    memcpy(&data, m->arg, sizeof data);
    memcpy(buffers->out, data.data, sizeof buffers->out);
    memset(buffers->in, 0, sizeof buffers->in);
    start_dma(buffers_device + offsetof(struct buffers, out), DEVICE_MEMORY, data.length, 0);
}

static int reset(void);

/* Sets the device to work on the first request, if there is one. */
static void start_next(void) {
    if (waiting == 0)
        return;
    event_alarm_set(&alarm, TIME_OUT, timed_out);
    if (queue[0].type == EDU_FACTORIAL)
        pci_write_32(&registers, REG_FACTORIAL, (uint32_t)queue[0].arg[0]);
    else if (queue[0].type == EDU_COPY)
        start_copy(&queue[0]);
    else
        finish(reset());
}

/* A half of the copy is done; the device's register says which. */
static void continue_copy(void) {
    struct edu_data data;

    memcpy(&data, queue[0].arg, sizeof data);
    if (pci_read_32(&registers, REG_DMA_TO) == DEVICE_MEMORY) {
        start_dma(DEVICE_MEMORY, buffers_device + offsetof(struct buffers, in), data.length,
                  DMA_TO_MEMORY);
        return;
    }
    memcpy(data.data, buffers->in, sizeof data.data);
    memcpy(queue[0].arg, &data, sizeof data);
    finish(0);
}

static void irq(void *context, uint32_t lines) {
    (void)context;
    (void)lines;
    irqctl_unmask(pci_line(0)); /* first: what comes from now on notifies again */
    uint32_t why = pci_read_32(&registers, REG_INTERRUPT);
    pci_write_32(&registers, REG_ACKNOWLEDGE, why);
    if (waiting == 0)
        return;
    if (why & INTERRUPT_FACTORIAL && queue[0].type == EDU_FACTORIAL) {
        queue[0].arg[0] = pci_read_32(&registers, REG_FACTORIAL);
        finish(0);
    } else if (why & INTERRUPT_DMA && queue[0].type == EDU_COPY) {
        continue_copy();
    }
}

static enum event_action request(void *context, struct message *m) {
    int error = 0;

    (void)context;
    if (m->type != EDU_FACTORIAL && m->type != EDU_COPY && m->type != EDU_RESET)
        error = -E_BADCALL;
    else if (m->type == EDU_COPY && (m->arg[0] == 0 || m->arg[0] > EDU_DATA_MAX))
        error = -E_RANGE;
    else if (waiting == EDU_WAITING)
        error = -E_BUSY;
    if (error) {
        message_set_result(m, error);
        return EVENT_REPLY;
    }
    queue[waiting++] = *m;
    if (waiting == 1)
        start_next();
    return EVENT_DEFER;
}

/* Whether the device is there and alive; then it may interrupt and do DMA. */
static int wake(void) {
    if ((pci_read_32(&registers, REG_ID) & 0xffff) != 0x00ed)
        return -E_IO;
    pci_write_32(&registers, REG_LIVENESS, 0x12345678);
    if (pci_read_32(&registers, REG_LIVENESS) != ~0x12345678U)
        return -E_IO;
    pci_write_32(&registers, REG_STATUS, STATUS_INTERRUPT);
    return pci_bus_master(true);
}

static int reset(void) {
    int error = pci_reset();

    return error ? error : wake();
}

int main(void) {
    static const struct event_handlers handlers = { .request = request, .irq = irq };
    void *memory;
    int error = pci_bar_map(0, &registers);

    if (!error)
        error = dma_alloc(PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, &memory, &buffers_device);
    if (error)
        return -error;
    buffers = memory;
    error = irqctl_register(pci_line(0), LINE_BIT);
    if (!error)
        error = irqctl_unmask(pci_line(0));
    if (!error)
        error = wake();
    return error ? -error : event_loop_run(&handlers);
}
