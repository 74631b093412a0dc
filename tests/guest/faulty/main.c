/*
 * test-faulty: that each of the faulty drivers has its fault, does no harm with it, and leaves
 * nothing behind. What the driver manager makes of them is tested with it.
 */
#include <string.h>

#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "child.h"
#include "devices.h"
#include "faulty.h"
#include "manager.h"

#define PATIENCE (50 * TIME_MILLISECOND)

static endpoint_t spawn(const char *label, const char *argument, bool *waits) {
    char args[64];
    size_t bytes = strlen(label) + 1;
    endpoint_t driver;

    memcpy(args, label, bytes);
    memcpy(args + bytes, argument, strlen(argument) + 1);
    bytes += strlen(argument) + 1;
    int error = manager_spawn_driver(CORE_HERE, args, bytes, 2, &driver, waits);
    if (error)
        tap_bail_out("cannot start %s: %s", argument, error_text(error));
    return driver;
}

static endpoint_t start(enum fault fault) {
    struct message m;
    bool waits;
    endpoint_t driver =
        spawn(fault == FAULT_DEAF ? "faulty-edu" : "faulty", faults[fault].argument, &waits);

    if (waits && driver_attach(driver, &m))
        tap_bail_out("%s does not get its device", faults[fault].argument);
    return driver;
}

/* The driver's next message that is no notification. */
static int hear(endpoint_t driver, struct message *m) {
    alarm_set(PATIENCE, NULL);
    for (uint64_t end = time_now() + PATIENCE; time_now() < end;) {
        int error = ipc_receive(ENDPOINT_ANY, m);
        if (error)
            return error;
        if (m->source == driver && m->type != MESSAGE_NOTIFY)
            return message_result(m);
        uint32_t state = process_info(driver).state;
        if (state == PROCESS_DEAD || state == PROCESS_FREE)
            return -E_PEERDEAD;
    }
    return -E_WOULDBLOCK;
}

/* Asks, and waits for an answer, but not for ever. */
static int ask(endpoint_t driver, enum faulty_request type, struct message *m) {
    int error = -E_WOULDBLOCK;

    *m = (struct message){ .type = type, .arg = { 1 } };
    for (uint64_t end = time_now() + PATIENCE; error == -E_WOULDBLOCK && time_now() < end;) {
        error = ipc_nbsend(driver, m);
        if (error)
            sleep_for(TIME_MILLISECOND);
    }
    return error ? error : hear(driver, m);
}

static void expect_death(enum fault fault, endpoint_t driver) {
    const struct fault_expected *expected = &faults[fault];
    enum death_cause cause = DEATH_NONE;
    uint64_t detail = 0;

    driver_wait(driver);
    manager_status(driver, &cause, &detail);
    tap_is(cause, expected->death, "%s: it dies as it should", expected->argument);
    tap_is((int64_t)detail, expected->detail, "%s: of what it should", expected->argument);
}

/* What is still there answers as the fault has it, or not at all. */
static void expect_answer(enum fault fault, endpoint_t driver, int result,
                          const struct message *m) {
    const char *name = faults[fault].argument;
    struct message next;
    int later = ask(driver, FAULTY_ECHO, &next);

    switch (fault) {
    case FAULT_WRONG_REPLY:
        tap_is(result, 12345, "%s: there is no such result", name);
        break;
    case FAULT_FLOOD:
        tap_ok(result == -E_WOULDBLOCK || result == MONITOR_PROGRAMS,
               "%s: what it sends is no answer", name);
        break;
    case FAULT_CORRUPT:
        tap_ok(result == 0 && later == 0 && m->arg[0] != 2 && next.arg[0] != 2,
               "%s: it answers wrongly", name);
        break;
    case FAULT_DEAF:
    case FAULT_STUCK_DOWN:
    case FAULT_TEXT:
        tap_ok(result == 0 && later == 0 && next.arg[0] == 2, "%s: it seems to work", name);
        break;
    default:
        tap_ok(result == -E_WOULDBLOCK && later == -E_WOULDBLOCK, "%s: it answers no more", name);
    }
    driver_end(driver);
}

static void test_fault(enum fault fault) {
    const char *name = faults[fault].argument;
    endpoint_t driver = start(fault);
    struct message m = { 0 };
    int result = 0;

    if (faults[fault].when == FAULT_COMMIT) {
        result = ask(driver, FAULTY_ECHO, &m);
        if (!tap_ok(result == 0 && m.arg[0] == 2, "%s: works before it shows", name))
            tap_bail_out("it says %s", error_text(result));
        result = ask(driver, FAULTY_COMMIT, &m);
    }
    if (faults[fault].death != DEATH_NONE)
        expect_death(fault, driver);
    else
        expect_answer(fault, driver, result, &m);
}

static void test_arguments(void) {
    bool waits;

    tap_is(driver_wait(spawn("faulty", "no-such-fault", &waits)), E_INVAL, "an unknown fault");
}

int main(int argc, char **argv) {
    if (strncmp(argv[0], "faulty", 6) == 0)
        return faulty_driver(argc, argv);
    tap_plan(0);
    uint32_t frames = process_info(runtime_self()).frames;
    test_arguments();
    for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
        test_fault(fault);
    tap_is(process_info(runtime_self()).frames, frames, "nothing is left behind here");
    check_kernel("after all faults");
    return tap_done();
}
