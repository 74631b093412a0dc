/*
 * The dumper: writes the core files of processes that have died, on any core, to a serial port. The
 * monitors keep the dead for it (protocol/monitor.h, MONITOR_DEAD). It has no state of its own:
 * what it has not released when it dies, the next one finds again.
 *
 * Exits with status E_NOTSUP when the machine has no such port.
 */
#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "core_file.h"
#include "line.h"
#include "port.h"

#define PERIOD (2 * TIME_SECOND) /* after which cores are asked that may have been started */

static int ask(struct message *m) { return ipc_request(runtime_monitor(), m); }

static int send_packet(enum dump_packet type, uint64_t offset, const void *data, size_t bytes) {
    static uint8_t line[LINE_BYTES_MAX];

    return port_write(line, line_packet(type, offset, data, bytes, line));
}

/* What it has in memory, as far as a core file has room for it. */
static int find_ranges(endpoint_t dead, struct core_range *ranges, size_t *count) {
    uint64_t address = 0;

    for (*count = 0; *count < CORE_RANGES_MAX; ++*count) {
        struct message m = { .type = MONITOR_DEAD_RANGE, .arg = { dead, address } };
        int error = ask(&m);
        if (error)
            return error == -E_NOENT ? 0 : error;
        ranges[*count] = (struct core_range){ .begin = m.arg[0],
                                              .end = m.arg[1],
                                              .protection = (uint32_t)m.arg[2] };
        address = m.arg[1];
    }
    return 0;
}

static bool is_zero(const uint8_t *page) {
    for (size_t i = 0; i < PAGE_SIZE; i++)
        if (page[i] != 0)
            return false;
    return true;
}

static int send_page(endpoint_t dead, uint64_t address, uint64_t offset) {
    static uint8_t page[PAGE_SIZE];
    struct message m = { .type = MONITOR_DEAD_MEMORY,
                         .arg = { dead, (uint64_t)page, sizeof page, address } };
    int error = ask(&m);

    if (error)
        return error;
    return is_zero(page) ? 0 : send_packet(DUMP_DATA, offset, page, sizeof page);
}

static int send_head(const uint8_t *head) {
    int error = 0;

    for (size_t at = 0; at < CORE_HEAD_BYTES && !error; at += DUMP_DATA_MAX)
        error = send_packet(DUMP_DATA, at, head + at, DUMP_DATA_MAX);
    return error;
}

static int send_file(const struct monitor_dead *dead) {
    static struct core_range ranges[CORE_RANGES_MAX];
    static uint8_t head[CORE_HEAD_BYTES];
    size_t count;
    int error = find_ranges(dead->report.endpoint, ranges, &count);

    if (error)
        return error;
    uint64_t bytes = core_file_head(dead, ranges, count, head);
    error = send_head(head);
    for (const struct core_range *r = ranges; r < ranges + count && !error; r++)
        for (uint64_t at = r->begin; at < r->end && !error; at += PAGE_SIZE)
            error = send_page(dead->report.endpoint, at, r->offset + (at - r->begin));
    return error ? error : send_packet(DUMP_END, bytes, NULL, 0);
}

static void dump(const struct monitor_dead *dead) {
    struct message m = { .type = MONITOR_DEAD_RELEASE, .arg = { dead->report.endpoint } };
    char name[CORE_NAME_BYTES];

    core_file_name(&dead->report, name);
    int error = send_packet(DUMP_BEGIN, 0, name, strlen(name));
    if (!error)
        error = send_file(dead);
    if (error) {
        printf("dumper: %s: %s\n", name, error_text(error));
        send_packet(DUMP_ABORT, 0, error_text(error), strlen(error_text(error)));
    }
    ask(&m);
}

/* All that a core keeps; the monitor there tells us of more from now on. */
static void serve_core(uint32_t core) {
    static struct monitor_dead dead;

    for (;;) {
        struct message m = { .type = MONITOR_DEAD,
                             .arg = { (uint64_t)&dead, sizeof dead, [5] = core } };
        if (ask(&m) || m.arg[0] != sizeof dead)
            return;
        dump(&dead);
    }
}

static void serve_all(void) {
    static struct monitor_core cores[CORES_MAX];
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)cores, sizeof cores } };

    if (ask(&m))
        return;
    for (size_t i = 0; i < m.arg[0] / sizeof cores[0]; i++)
        if (cores[i].state == MONITOR_CORE_MEMBER)
            serve_core(cores[i].core);
}

/* Until there may be something to do. Who asks it something is refused. */
static int await_news(void) {
    struct message m = { 0 };
    int error = alarm_set(PERIOD, NULL);

    while (!error && m.type != MESSAGE_NOTIFY) {
        error = ipc_receive(ENDPOINT_ANY, &m);
        if (error || m.type == MESSAGE_NOTIFY)
            break;
        message_set_result(&m, -E_BADCALL);
        ipc_nbsend(m.source, &m);
    }
    return error;
}

int main(void) {
    int error = port_open();

    while (!error) {
        serve_all();
        error = await_news();
    }
    return -error;
}
