/* The drivers with a fault. */
#include <stdlib.h>
#include <string.h>

#include <driver.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/kcall.h>
#include <runtime/pci.h>
#include <runtime/startup.h>

#include "faulty.h"

const struct fault_expected faults[FAULT_COUNT] = {
#define X(name, argument, when, death, detail, verdict) \
    { argument, FAULT_##when, DEATH_##death, detail, MANAGER_REASON_##verdict },
    FAULTS(X)
#undef X
};

static enum fault fault;
static bool once;      /* and never again */
static bool mended;    /* a process before this one has had it */
static bool committed; /* the fault shows */

/* ---- The device of `deaf`: docs/specs/edu in QEMU's documentation ---- */

#define REG_FACTORIAL    0x08
#define REG_STATUS       0x20
#define REG_INTERRUPT    0x24
#define REG_ACKNOWLEDGE  0x64
#define STATUS_INTERRUPT 0x80

static struct pci_region registers;
static struct event_alarm device_alarm;

static void device_is_silent(struct event_alarm *alarm) {
    (void)alarm;
    driver_probed(-E_IO);
}

static void irq(uint32_t lines) {
    (void)lines;
    pci_write_32(&registers, REG_ACKNOWLEDGE, pci_read_32(&registers, REG_INTERRUPT));
    event_alarm_cancel(&device_alarm);
    driver_probed(pci_read_32(&registers, REG_FACTORIAL) == 120 ? 0 : -E_CHECKSUM);
}

static int ask_device(void) {
    pci_write_32(&registers, REG_FACTORIAL, 5);
    event_alarm_set(&device_alarm, TIME_SECOND, device_is_silent);
    return DRIVER_LATER;
}

static int find_device(void) {
    int error = pci_bar_map(0, &registers);

    if (!error)
        error = driver_irq(pci_line(0), 0);
    if (!error)
        error = pci_bus_master(true);
    if (!error)
        pci_write_32(&registers, REG_STATUS, STATUS_INTERRUPT);
    return error;
}

/* ---- The faults that end it, or that it does not come back from ---- */

/* The compiler is to see none of it coming. */
static volatile uint64_t zero;

static uint64_t recurse(uint64_t depth) {
    volatile char frame[1024];

    frame[0] = (char)depth;
    return zero != 0 ? 0 : recurse(depth + 1) + (uint64_t)frame[0];
}

static void sleep_for_ever(void) {
    struct message m;

    for (;;)
        ipc_receive(runtime_monitor(), &m);
}

static void flood(endpoint_t client) {
    const struct message m = { .type = MONITOR_PROGRAMS };

    for (;;) {
        ipc_nbsend(runtime_monitor(), &m);
        ipc_notify(runtime_monitor());
        ipc_nbsend(client, &m);
        ipc_notify(client);
    }
}

/* What a heartbeat's answer looks like, to who would be asking. */
static void flood_of_notifications(endpoint_t client) {
    struct message m = { .type = MONITOR_LOOKUP, .arg = { [5] = CORE_HERE } };

    memcpy(m.arg, DRIVER_MANAGER, sizeof DRIVER_MANAGER);
    if (ipc_request(runtime_monitor(), &m) == 0)
        client = m.arg[0];
    for (;;)
        ipc_notify(client);
}

static void leak(void) {
    for (;;) {
        char *lost = malloc(PAGE_SIZE);
        if (lost == NULL)
            exit(E_NOMEM);
        memset(lost, 1, PAGE_SIZE);
    }
}

/* A page of the text of its own: what is protected anew must not be running. */
extern uint8_t spare_text[PAGE_SIZE];
__asm__(".pushsection .text.spare, \"ax\"\n"
        ".balign 4096\n"
        "spare_text: .fill 4096, 1, 0x90\n"
        ".popsection");

static void change_text(void) {
    uint64_t text = (uint64_t)spare_text;

    if (mem_protect(ENDPOINT_SELF, text, PAGE_SIZE, PROT_READ | PROT_WRITE) == 0)
        spare_text[100] ^= 1;
    mem_protect(ENDPOINT_SELF, text, PAGE_SIZE, PROT_READ | PROT_EXEC);
}

/* Returns if the fault is one of what comes later. */
static void commit(endpoint_t client) {
    committed = true;
    switch (fault) {
    case FAULT_NULL:
    case FAULT_LOOP_CRASH:
        *(volatile uint8_t *)zero = 1;
        break;
    case FAULT_DIVIDE:
        zero = 1000 / zero; /* a 1 the compiler would compare */
        break;
    case FAULT_ILLEGAL:
        __asm__ volatile("ud2");
        break;
    case FAULT_OVERFLOW:
        zero = recurse(zero);
        break;
    case FAULT_LOOP:
        while (zero == 0)
            continue;
        break;
    case FAULT_SLEEP:
        sleep_for_ever();
        break;
    case FAULT_PANIC:
        driver_panic("faulty: panic, as it was told");
    case FAULT_EXIT_START:
    case FAULT_EXIT_REQUEST:
        exit(E_IO);
    case FAULT_EXIT_ZERO:
        exit(0);
    case FAULT_FLOOD:
        flood(client);
        break;
    case FAULT_NOTIFY_FLOOD:
        flood_of_notifications(client);
        break;
    case FAULT_LEAK:
        leak();
        break;
    case FAULT_DEAF:
        pci_bus_master(false); /* it cannot interrupt any more */
        break;
    case FAULT_TEXT:
        change_text();
        break;
    default:
        break;
    }
}

/* ---- The driver ---- */

/* What all requests and the probe go through. */
static uint64_t echo(uint64_t value) {
    return committed && fault == FAULT_CORRUPT ? value ^ 0x100 : value + 1;
}

static int request(struct message *m) {
    if (m->type != FAULTY_ECHO && m->type != FAULTY_COMMIT)
        return -E_BADCALL;
    if (m->type == FAULTY_COMMIT && !mended)
        commit(m->source);
    m->arg[0] = echo(m->arg[0]);
    if (committed && fault == FAULT_WRONG_REPLY)
        return 12345;
    if (committed && fault == FAULT_WRONG_PARTY) {
        ipc_nbsend(runtime_monitor(), m);
        return DRIVER_LATER; /* and never */
    }
    return 0;
}

static int probe(void) {
    if (fault == FAULT_DEAF)
        return ask_device();
    if (committed && fault == FAULT_WRONG_PARTY)
        return DRIVER_LATER;
    return echo(41) == 42 ? 0 : -E_CHECKSUM;
}

static int shutdown(void) {
    if (committed && fault == FAULT_STUCK_DOWN)
        sleep_for_ever();
    return 0;
}

static int start(bool restarted) {
    mended = once && restarted;
    if (faults[fault].when == FAULT_START && !mended)
        commit(ENDPOINT_NONE);
    return fault == FAULT_DEAF ? find_device() : 0;
}

/* Nothing; but that it saves says that there has been one. */
static size_t save(void *state, size_t room) {
    memset(state, 0, room);
    return 1;
}

int faulty_driver(int argc, char **argv) {
    struct driver table = {
        .name = "faulty",
        .start = start,
        .request = request,
        .irq = irq,
        .probe = probe,
        .shutdown = shutdown,
    };

    while (argc > 1 && fault < FAULT_COUNT && strcmp(faults[fault].argument, argv[1]) != 0)
        fault++;
    if (argc < 2 || fault == FAULT_COUNT)
        return E_INVAL;
    once = argc > 2 && strcmp(argv[2], "once") == 0;
    if (once)
        table.save = save;
    return driver_run(&table);
}
