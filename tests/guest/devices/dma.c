/* MAPDMA: memory that a device is given; and vetting of what is written to ports. */
#include "tests.h"

#include <string.h>

#define BUFFER 0x0000310000000000UL
#define BYTES  (8 * PAGE_SIZE)

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

/* In a child: makes DMA memory, tells where, and lives on. */
static void have_buffer(void *unused) {
    (void)unused;
    struct message m = { .type = 0 };
    uint64_t physical = 0;
    int error = mapdma(MAPDMA_BELOW_4G, BUFFER, BYTES, &physical);
    if (!error && mem_unmap(ENDPOINT_SELF, BUFFER, PAGE_SIZE) != -E_FAULT)
        error = -E_STATE;
    for (;;) {
        ipc_receive(ENDPOINT_ANY, &m);
        m.arg[0] = physical;
        m.arg[1] = *(volatile uint64_t *)BUFFER;
        message_set_result(&m, error);
        ipc_nbsend(m.source, &m);
    }
}

static struct message ask(endpoint_t child) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    m.type = (uint32_t)ipc_request(child, &m);
    return m;
}

void test_dma(void) {
    uint64_t dma = frames_in(FRAME_DMA), pages = BYTES / PAGE_SIZE, own = 0;
    endpoint_t child = child_start("driver", have_buffer, NULL, &driver_policy);
    struct message m = ask(child);
    tap_is((int32_t)m.type, 0, "a driver maps memory for DMA, and cannot unmap it");
    uint64_t theirs = m.arg[0];
    tap_ok(theirs && theirs + BYTES <= UINT64_C(1) << 32, "below 4 GiB: %#lx", theirs);
    tap_is((int64_t)m.arg[1], 0, "it is zeroed");
    tap_is((int64_t)(frames_in(FRAME_DMA) - dma), (int64_t)pages, "its frames are DMA's");

    tap_is(mapdma(MAPDMA_ANYWHERE, BUFFER, PAGE_SIZE, &own), 0, "this program has some too");
    *(volatile uint64_t *)BUFFER = 0x1122334455667788;
    edu_copy(own, EDU_DMA_BUFFER, 64, 0);
    edu_copy(EDU_DMA_BUFFER, theirs, 64, EDU_DMA_TO_MEMORY);
    tap_is((int64_t)ask(child).arg[1], 0x1122334455667788, "the device reads and writes it");

    proc_kill(child, 0);
    tap_is((int64_t)(frames_in(FRAME_DMA) - dma), (int64_t)pages + 1,
           "the dead driver's frames stay DMA's");
    edu_copy(EDU_DMA_BUFFER, theirs, 64, EDU_DMA_TO_MEMORY);
    check_kernel("when the device of a dead driver goes on writing");
    proc_destroy(child);
    tap_is((int64_t)(frames_in(FRAME_DMA) - dma), 1, "until it is destroyed");
    uint64_t list[1];
    tap_is(mapdma_query(runtime_self(), BUFFER, PAGE_SIZE, list), -E_PERM,
           "where memory lies is for monitors to ask");
    drop_events();
}

/* In a child that may select the registers 2 and 4 of the clock, and only reads these. */
static void try_values(void *unused) {
    (void)unused;
    const int results[][2] = {
        { vdevio_out8(RTC_INDEX, 2), 0 },
        { vdevio_out8(RTC_INDEX, 4), 0 },
        { vdevio_out8(RTC_INDEX, 0x82), 0 }, /* the upper bit is not in the mask */
        { vdevio_out8(RTC_INDEX, 3), -E_PERM },
        { vdevio_out8(RTC_INDEX, 0), -E_PERM },
        { vdevio_out16(RTC_INDEX, 0x0002), -E_PERM },
    };
    for (unsigned i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i][0] != results[i][1])
            kcall_exit(i + 1);
    kcall_exit(0);
}

void test_vetting(void) {
    struct process process;
    struct death_report report;
    endpoint_t child = child_make("vetted", try_values, NULL, &driver_policy, &process);
    privctl_io(child, RTC_INDEX, 2);
    tap_is(privctl_vet(child, RTC_INDEX, 1, 0x7f, 2), 0, "one value is allowed");
    tap_is(privctl_vet(child, RTC_INDEX, 1, 0x7f, 4), 0, "and another one");
    process_start(&process);
    child_wait(child);
    tap_is(refused(child, REFUSED_REGISTER), 3, "what it writes besides is counted");
    child_bury(child, &report);
    tap_is((int64_t)report.status, 0, "it writes these, and nothing else (check)");
}
