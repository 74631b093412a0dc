/* GETINFO, SYSCTL, LOG, TRACE. */
#include "tests.h"

#include <stdio.h>
#include <string.h>

#define GET(what, buffer, bytes, selector) CALL(GETINFO, what, (uint64_t)(buffer), bytes, selector)

static void test_processes_info(void) {
    static struct process_info all[64];
    tap_is(GET(INFO_PROCESSES, all, sizeof all, 0), 0, "all processes");
    uint64_t count = out[0] / sizeof all[0];
    tap_ok(count >= 3 && out[0] == out[1], "are several (%lu)", count);
    bool in_order = true, self = false;
    for (uint64_t i = 0; i < count; i++) {
        in_order = in_order &&
                   (i == 0 || endpoint_slot(all[i - 1].endpoint) < endpoint_slot(all[i].endpoint));
        self = self || (all[i].endpoint == runtime_self() && all[i].state == PROCESS_RUNNING);
    }
    tap_ok(in_order && self, "in order of their slots, and we are running");
    tap_is_string(all[0].label, "monitor", "the first is the monitor");
    tap_ok(all[0].supervisor == ENDPOINT_NONE, "which has no supervisor");

    tap_is(GET(INFO_PROCESSES, all, sizeof all[0] * 2 - 1, 0), 0, "a short buffer");
    tap_ok(out[0] == sizeof all[0] && out[1] == count * sizeof all[0], "gets whole records");
    tap_is(GET(INFO_PROCESSES, all, 0, 0), 0, "no buffer");
    tap_ok(out[0] == 0 && out[1] == count * sizeof all[0], "is told how much there is");
    tap_is(GET(INFO_PROCESSES, NULL, 0, 0), 0, "at no address");
    tap_is(GET(INFO_PROCESSES, all, sizeof all, 1), 0, "from the second slot on");
    tap_is((int64_t)out[1], (int64_t)((count - 1) * sizeof all[0]), "are the others");
    tap_is(GET(INFO_PROCESSES, all, sizeof all, 100000), 0, "from beyond the last slot");
    tap_is((int64_t)out[1], 0, "are none");
}

static void test_process_info(void) {
    struct process_info info = { 0 };
    endpoint_t gone = ENDPOINT_NONE;
    proc_create("brief", PROCESS_FRAMES_MIN, 0, &gone);
    proc_kill(gone, 0);
    tap_is(GET(INFO_PROCESS, &info, sizeof info, gone), 0, "a dead process");
    tap_is(info.state, PROCESS_DEAD, "is dead");
    proc_destroy(gone);
    tap_is(GET(INFO_PROCESS, &info, sizeof info, gone), -E_PEERDEAD, "then it is gone");
    tap_is(GET(INFO_PROCESS, &info, sizeof info, ENDPOINT_NONE), -E_BADEP, "nobody");
    tap_is(GET(INFO_PROCESS, &info, sizeof info, ENDPOINT_KERNEL), -E_BADEP, "the kernel");
    tap_is(GET(INFO_PROCESS, &info, sizeof info, ENDPOINT_SELF), 0, "ourselves");
    tap_ok(info.endpoint == runtime_self() && strcmp(info.label, "test-kcall") == 0 &&
               info.frames > 10 && info.frames <= info.frames_quota && info.cpu_time > 0 &&
               info.messages_sent > 0 && info.kcalls_permitted == (KCALL_ALL & ~KCALL_MONITOR) &&
               info.ipc_permitted == IPC_ALL,
           "are as we know us");
    uint64_t cpu = info.cpu_time, end = time_now() + 3 * TIME_MILLISECOND;
    while (time_now() < end)
        continue;
    GET(INFO_PROCESS, &info, sizeof info, ENDPOINT_SELF);
    tap_ok(info.cpu_time - cpu > 2 * TIME_MILLISECOND, "computing takes CPU time (%lu us)",
           (info.cpu_time - cpu) / TIME_MICROSECOND);

    struct death_report report;
    tap_is(GET(INFO_DEATH, &report, sizeof report, runtime_self()), -E_PERM, "our death");
    tap_is(GET(INFO_DEATH, &report, sizeof report, runtime_monitor()), -E_PERM, "another's");
    proc_create("alive", PROCESS_FRAMES_MIN, 0, &gone);
    tap_is(GET(INFO_DEATH, &report, sizeof report, gone), -E_STATE, "a living child's");
    child_end(gone);
    tap_is(GET(INFO_DEATH, &report, sizeof report, gone), -E_PEERDEAD, "a destroyed child's");
}

static void test_core_info(void) {
    struct core_info core = { 0 }, later = { 0 };
    tap_is(GET(INFO_CORE, &core, sizeof core, 0), 0, "the core");
    sleep_for(5 * TIME_MILLISECOND);
    GET(INFO_CORE, &later, sizeof later, 0);
    tap_is((int64_t)core.tsc_frequency, (int64_t)runtime_tsc_frequency(), "has our clock");
    tap_ok(later.time - core.time >= 5 * TIME_MILLISECOND, "which goes on");
    tap_ok(later.idle_time > core.idle_time, "was idle while we slept (%lu us)",
           (later.idle_time - core.idle_time) / TIME_MICROSECOND);
    tap_ok(later.interrupts > core.interrupts && later.context_switches > core.context_switches &&
               later.messages > core.messages,
           "counts interrupts, switches and messages");
    tap_ok(core.cores >= 1 && core.tsc_start > 0 && core.tsc_start < machine_counter(),
           "knows when it was started");
    tap_ok(strstr(core.features, "nx") != NULL && strlen(core.features) < sizeof core.features,
           "has features (%s)", core.features);
    tap_ok(core.instance_bytes <= 2 << 20, "its instance has at most 2 MiB (%lu KiB)",
           core.instance_bytes / 1024);
    tap_is((int64_t)core.instance_bytes,
           (int64_t)(core.image_bytes + core.stack_bytes + core.page_table_bytes +
                     core.frame_table_bytes),
           "which is the sum of its parts");
}

static void test_memory_info(void) {
    struct memory_info memory = { 0 }, after = { 0 };
    uint64_t sum = 0;
    tap_is(GET(INFO_MEMORY, &memory, sizeof memory, 0), 0, "memory");
    for (unsigned i = 0; i < FRAME_STATE_COUNT; i++)
        sum += memory.frames[i] * PAGE_SIZE;
    tap_is((int64_t)sum, (int64_t)(memory.chunks * (2UL << 20)), "each frame has one state");
    CALL(MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS, 10 * PAGE_SIZE, PROT_READ);
    GET(INFO_MEMORY, &after, sizeof after, 0);
    tap_ok(after.frames[FRAME_PRIVATE] == memory.frames[FRAME_PRIVATE] + 10 &&
               after.frames[FRAME_TABLE] == memory.frames[FRAME_TABLE] + 3 &&
               after.frames[FRAME_FREE] == memory.frames[FRAME_FREE] - 13,
           "mapping changes the states of frames");
    CALL(MEM_UNMAP, ENDPOINT_SELF, FREE_ADDRESS, 10 * PAGE_SIZE);
    GET(INFO_MEMORY, &after, sizeof after, 0);
    tap_ok(memcmp(&after, &memory, sizeof memory) == 0, "and unmapping changes them back");
    tap_ok(memory.archive_bytes > 0, "there is an archive (%lu KiB)", memory.archive_bytes / 1024);
}

static void test_text_info(void) {
    static char text[4096];
    struct sched_info sched = { 0 };
    tap_is(GET(INFO_SCHED, &sched, sizeof sched, 0), 0, "scheduling");
    tap_ok(sched.count >= 2 && sched.current < sched.count &&
               strcmp(sched.name[sched.current], "mlfq") == 0 && sched.boost_period > 0,
           "has policies");
    tap_is(GET(INFO_CMDLINE, text, sizeof text, 0), 0, "the command line");
    tap_ok(out[0] == strlen(text) + 1 && strstr(text, "test-kcall") != NULL, "says what is run");
    tap_is(GET(INFO_CMDLINE, text, 3, 0), 0, "the command line, too short a buffer");
    tap_is((int64_t)out[0], 0, "gets no part of it");

    tap_is(GET(INFO_LOG, text, sizeof text, 0), 0, "the log");
    uint64_t total = out[1];
    tap_ok(out[0] > 0 && out[2] + out[0] <= total && memchr(text, '\n', out[0]) != NULL,
           "has lines (%lu bytes)", total);
    tap_is(CALL(LOG, (uint64_t) "hello\nworld\x1b[2J", 15), 0, "a line is logged");
    tap_is(GET(INFO_LOG, text, sizeof text, total), 0, "the rest of the log");
    text[out[0]] = '\0';
    tap_is_string(text, "test-kcall: hello?world?[2J\n",
                  "is that line, without control characters");
    tap_is(GET(INFO_LOG, text, sizeof text, out[1]), 0, "from its end on");
    tap_is((int64_t)out[0], 0, "there is nothing");
    tap_is(CALL(LOG, (uint64_t)text, LOG_LINE_MAX + 1), -E_TOOBIG, "a line too long");
    tap_is(CALL(LOG, 0, 1), -E_FAULT, "a line at null");
    tap_is(CALL(LOG, KERNEL_ADDRESS, 8), -E_FAULT, "a line in the kernel");
    tap_is(CALL(LOG, 0, 0), 0, "an empty line");
}

static void test_bad_info(void) {
    struct core_info core;
    tap_is(GET(0, &core, sizeof core, 0), -E_BADCALL, "no information");
    tap_is(GET(INFO_FIRMWARE + 1, &core, sizeof core, 0), -E_BADCALL, "no such information");
    tap_is(GET(UINT64_MAX, &core, sizeof core, 0), -E_BADCALL, "no such information at all");
    for (uint64_t what = INFO_PROCESSES; what <= INFO_CMDLINE; what++) {
        if (what == INFO_DEATH)
            continue;
        uint64_t selector = what == INFO_PROCESS ? ENDPOINT_SELF : 0;
        tap_is(GET(what, NULL, 100000, selector), -E_FAULT, "information %lu at null", what);
        tap_is(GET(what, KERNEL_ADDRESS, 100000, selector), -E_FAULT, "%lu in the kernel", what);
        tap_is(GET(what, STARTUP_BASE, 100000, selector), -E_FAULT, "%lu in read-only memory",
               what);
    }
    tap_is(GET(INFO_CORE, STACK_TOP - sizeof core + 1, sizeof core, 0), -E_FAULT,
           "across the end of memory");
}

static void test_sysctl(void) {
    EXPECT("no operation", -E_BADCALL, SYSCTL, 0);
    EXPECT("a retired operation", -E_BADCALL, SYSCTL, 1);
    EXPECT("no such operation", -E_BADCALL, SYSCTL, 8);
    EXPECT("no such operation at all", -E_BADCALL, SYSCTL, UINT64_MAX);
    EXPECT("crashing is for debugging", -E_PERM, SYSCTL, SYSCTL_CRASH, CRASH_ASSERT);
    EXPECT("the fast path is turned off", 0, SYSCTL, SYSCTL_FASTPATH, 0);
    EXPECT("and on", 0, SYSCTL, SYSCTL_FASTPATH, 1);
    EXPECT("the kernel is kept off the serial port", 0, SYSCTL, SYSCTL_CONSOLE, 1);
}

void test_information(void) {
    test_processes_info();
    test_process_info();
    test_core_info();
    test_memory_info();
    test_text_info();
    test_bad_info();
    test_sysctl();
}

/* ---- Trace ---- */

#define READ(buffer, bytes, first) CALL(TRACE, TRACE_READ, (uint64_t)(buffer), bytes, first)

static struct trace_event events[64];

/* How many events of a type are among the first 64, and whether all are in order of time. */
static unsigned count_events(enum trace_type type, endpoint_t process, bool *ordered) {
    unsigned count = 0;
    if (READ(events, sizeof events, 0))
        return 0;
    *ordered = true;
    for (uint64_t i = 0; i < out[0]; i++) {
        count += events[i].type == type && events[i].process == process;
        *ordered = *ordered && (i == 0 || events[i].tsc >= events[i - 1].tsc);
    }
    return count;
}

void test_tracing(void) {
    bool ordered = false;
    EXPECT("no operation", -E_BADCALL, TRACE, 0);
    EXPECT("no such operation", -E_BADCALL, TRACE, 4);
    EXPECT("no such class", -E_INVAL, TRACE, TRACE_START, TRACE_CLASS_ALL + 1);
    EXPECT("no class of more than 32 bits", -E_INVAL, TRACE, TRACE_START, UINT64_C(1) << 32);
    EXPECT("kernel calls are traced", 0, TRACE, TRACE_START, TRACE_CLASS_KCALL);
    for (unsigned i = 0; i < 5; i++)
        CALL(NULL);
    CALL(SCHED, 99);
    EXPECT("and no more", 0, TRACE, TRACE_STOP);
    CALL(NULL);
    unsigned count = count_events(TRACE_EVENT_KCALL, runtime_self(), &ordered);
    tap_ok(count >= 6 && ordered, "they are recorded in order (%u)", count);
    bool null = false, refused = false;
    for (uint64_t i = 0; i < 64; i++) {
        null = null || (events[i].type == TRACE_EVENT_KCALL && events[i].value == KCALL_NULL);
        refused =
            refused || (events[i].type == TRACE_EVENT_KCALL &&
                        events[i].value == ((uint64_t)(uint32_t)-E_BADCALL << 32 | KCALL_SCHED));
    }
    tap_ok(null && refused, "with their numbers and results");

    CALL(TRACE, TRACE_START, TRACE_CLASS_IPC | TRACE_CLASS_SCHED | TRACE_CLASS_PROCESS);
    endpoint_t child = ENDPOINT_NONE;
    proc_create("traced", PROCESS_FRAMES_MIN, 0, &child);
    ipc_notify(runtime_monitor());
    proc_kill(child, 0);
    proc_destroy(child);
    CALL(TRACE, TRACE_STOP);
    tap_is(count_events(TRACE_EVENT_CREATE, child, &ordered), 1, "a birth is recorded");
    tap_is(count_events(TRACE_EVENT_EXIT, child, &ordered), 1, "and a death");
    tap_is(count_events(TRACE_EVENT_NOTIFY, runtime_self(), &ordered), 1, "and a notification");
    tap_is(count_events(TRACE_EVENT_KCALL, runtime_self(), &ordered), 0, "but no kernel calls now");

    CALL(TRACE, TRACE_START, TRACE_CLASS_KCALL);
    for (unsigned i = 0; i < 10000; i++)
        CALL(NULL);
    CALL(TRACE, TRACE_STOP);
    READ(events, sizeof events, 0);
    tap_ok(out[0] == 64 && out[1] > 0 && out[2] > 10000, "old events are overwritten (%lu of %lu)",
           out[1], out[2]);
    uint64_t total = out[2];
    READ(events, sizeof events, total - 3);
    tap_ok(out[0] == 3 && out[1] == total - 3, "the latest are there");
    READ(events, sizeof events, total + 10);
    tap_is((int64_t)out[0], 0, "those to come are not");
    READ(events, sizeof events[0] * 2 + 1, total - 10);
    tap_is((int64_t)out[0], 2, "a short buffer gets whole events");
    tap_is(READ(NULL, sizeof events, 0), -E_FAULT, "events at null");
    tap_is(READ(KERNEL_ADDRESS, sizeof events, 0), -E_FAULT, "events in the kernel");
    EXPECT("the ring is cleared", 0, TRACE, TRACE_START, 0);
    READ(events, sizeof events, 0);
    tap_is((int64_t)out[2], 0, "by starting");
    CALL(TRACE, TRACE_STOP);
}
