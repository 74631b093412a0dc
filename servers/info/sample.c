#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include <runtime/ipc.h>
#include <runtime/startup.h>

#define PAGE_PROCESSES (MONITOR_TEXT_MAX / sizeof(struct process_info))
#define PAGE_DRIVERS   (MONITOR_TEXT_MAX / sizeof(struct monitor_driver))

static struct sample {
    uint64_t time; /* 0: none */
    struct core_sample core[CORES_MAX];
    size_t core_count;
    struct process_info *process;
    size_t count, room;
} samples[2], *now = &samples[0], *before = &samples[1];

static uint64_t number;
static struct information_core cores[CORES_MAX];
static struct information_process *processes; /* as many as `now` has room for */
static size_t room;

static int ask(struct message *m) { return ipc_request(runtime_monitor(), m); }

/* GETINFO on a core; *total, unless NULL, receives the bytes that there are. */
static int ask_core(uint32_t core, enum info what, void *buffer, size_t bytes, uint64_t selector,
                    size_t *written, size_t *total) {
    struct message m = { .type = MONITOR_GETINFO,
                         .arg = { (uint64_t)buffer, bytes, what, selector, [5] = core } };
    int error = ask(&m);

    if (written)
        *written = error ? 0 : m.arg[0];
    if (total)
        *total = error ? 0 : m.arg[1];
    return error;
}

static bool make_room(struct sample *s) {
    size_t wanted = 2 * s->room + PAGE_PROCESSES;

    if (s->room - s->count >= PAGE_PROCESSES)
        return true;
    struct process_info *larger = realloc(s->process, wanted * sizeof *larger);
    if (larger == NULL)
        return false;
    s->process = larger;
    s->room = wanted;
    return true;
}

/* The processes of a core, after those that are there; none, if it does not answer to the end. */
static void sample_processes(struct sample *s, struct core_sample *core) {
    size_t first = s->count, written = 0, total = 0;
    uint64_t slot = 0;

    do {
        if (!make_room(s))
            break;
        struct process_info *page = s->process + s->count;
        if (ask_core(core->core.core, INFO_PROCESSES, page, PAGE_PROCESSES * sizeof *page, slot,
                     &written, &total)) {
            s->count = first;
            core->answers = false;
            return;
        }
        s->count += written / sizeof *page;
        if (written != 0)
            slot = endpoint_slot(s->process[s->count - 1].endpoint) + 1U;
    } while (written != 0 && written < total);
    core->processes = (uint32_t)(s->count - first);
}

static void sample_core(struct sample *s, struct core_sample *core) {
    uint32_t which = core->core.core;

    core->processes = 0;
    core->answers =
        core->core.state == MONITOR_CORE_MEMBER &&
        ask_core(which, INFO_CORE, &core->info, sizeof core->info, 0, NULL, NULL) == 0 &&
        ask_core(which, INFO_MEMORY, &core->memory, sizeof core->memory, 0, NULL, NULL) == 0;
    if (core->answers)
        sample_processes(s, core);
}

/* If it fails, there is nothing in *s. */
static int take(struct sample *s) {
    static struct monitor_core list[CORES_MAX];
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)list, sizeof list } };
    int error = ask(&m);

    s->count = s->core_count = 0;
    s->time = 0;
    if (error)
        return error;
    s->core_count = m.arg[0] / sizeof list[0];
    for (size_t i = 0; i < s->core_count; i++) {
        s->core[i].core = list[i];
        sample_core(s, &s->core[i]);
    }
    s->time = time_now();
    return 0;
}

/* Processes of a core lie together, and those of one sample in about the order of the other's. */
static const struct process_info *find_before(endpoint_t endpoint) {
    static size_t at;

    for (size_t i = 0; i < before->count; i++) {
        at = at + 1 < before->count ? at + 1 : 0;
        if (before->process[at].endpoint == endpoint)
            return &before->process[at];
    }
    return NULL;
}

/* Which processes drive PCI devices; what is not answered is not known. */
static void mark_drivers(uint32_t core) {
    static struct monitor_driver drivers[PAGE_DRIVERS];
    uint64_t skip = 0, count;

    do {
        struct message m = { .type = MONITOR_DRIVERS,
                             .arg = { (uint64_t)drivers, sizeof drivers, skip, [5] = core } };
        if (ask(&m))
            return;
        count = m.arg[0] / sizeof drivers[0];
        for (size_t d = 0; d < count; d++)
            for (size_t i = 0; i < now->count; i++)
                if (processes[i].endpoint == drivers[d].endpoint) {
                    processes[i].driver = drivers[d].state;
                    processes[i].device = drivers[d].device;
                }
        skip += count;
    } while (count != 0);
}

static void describe(void) {
    if (room < now->count) {
        struct information_process *larger = realloc(processes, now->room * sizeof *larger);
        if (larger != NULL) {
            processes = larger;
            room = now->room;
        }
    }
    if (now->count > room)
        now->count = room;
    for (size_t i = 0, p = 0; i < now->core_count; i++) {
        const struct core_sample *earlier =
            before->time != 0 && i < before->core_count ? &before->core[i] : NULL;
        cores[i] = describe_core(earlier, &now->core[i]);
        uint64_t time = covered(earlier, &now->core[i]);
        for (size_t end = p + now->core[i].processes; p < end && p < now->count; p++)
            processes[p] =
                describe_process(find_before(now->process[p].endpoint), &now->process[p], time);
    }
    for (size_t i = 0; i < now->core_count; i++)
        if (now->core[i].answers)
            mark_drivers((uint32_t)i);
    sort_processes(processes, now->count);
    number++;
}

void sample_last(struct snapshot *snapshot) {
    *snapshot = (struct snapshot){
        .cores = cores,
        .core_count = number != 0 ? now->core_count : 0,
        .processes = processes,
        .process_count = number != 0 ? now->count : 0,
        .number = number,
        .period = before->time != 0 ? now->time - before->time : 0,
    };
}

int sample_now(struct snapshot *snapshot) {
    int error = 0;

    if (now->time == 0 || time_now() - now->time >= INFORMATION_PERIOD) {
        error = take(before);
        if (!error) {
            struct sample *oldest = before;
            before = now;
            now = oldest;
            describe();
        }
    }
    sample_last(snapshot);
    return error;
}
