#include "rates.h"

#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* part * factor / whole, rounded, in 64 bits: both lose their low bits while the product has more.
 */
static uint64_t ratio(uint64_t part, uint64_t factor, uint64_t whole) {
    while (part > (UINT64_MAX - whole / 2) / factor) {
        part >>= 1;
        whole >>= 1;
    }
    return whole == 0 ? UINT64_MAX : (part * factor + whole / 2) / whole;
}

uint32_t rate_of(uint64_t count, uint64_t nanoseconds) {
    if (nanoseconds == 0)
        return 0;
    uint64_t rate = ratio(count, SECOND, nanoseconds);
    return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

uint32_t share_of(uint64_t part, uint64_t whole) {
    if (part >= whole)
        return whole == 0 ? 0 : 1000;
    return (uint32_t)ratio(part, 1000, whole);
}

uint64_t risen(uint64_t before, uint64_t after) { return after >= before ? after - before : after; }

static bool is_same(const struct core_sample *before, const struct core_sample *after) {
    return before != NULL && before->answers && after->answers &&
           before->core.incarnation == after->core.incarnation &&
           before->info.time <= after->info.time;
}

uint64_t covered(const struct core_sample *before, const struct core_sample *after) {
    return after->info.time - (is_same(before, after) ? before->info.time : 0);
}

struct information_core describe_core(const struct core_sample *before,
                                      const struct core_sample *after) {
    static const struct core_sample start;
    const struct core_info *a = &after->info;
    struct information_core core = { .core = after->core.core,
                                     .state = after->core.state,
                                     .incarnation = after->core.incarnation,
                                     .memory_bytes = after->core.memory_bytes };

    if (!after->answers)
        return core;
    const struct core_info *b = is_same(before, after) ? &before->info : &start.info;
    uint64_t time = covered(before, after);
    uint64_t messages = risen(b->messages, a->messages);
    core.processes = after->processes;
    core.busy = 1000 - share_of(risen(b->idle_time, a->idle_time), time);
    core.fast = share_of(risen(b->fastpath_hits, a->fastpath_hits), messages);
    core.messages = rate_of(messages, time);
    core.interrupts = rate_of(risen(b->interrupts, a->interrupts), time);
    core.switches = rate_of(risen(b->context_switches, a->context_switches), time);
    core.up = a->time;
    core.free_bytes = after->memory.frames[FRAME_FREE] * PAGE_SIZE;
    return core;
}

struct information_process describe_process(const struct process_info *before,
                                            const struct process_info *after,
                                            uint64_t nanoseconds) {
    static const struct process_info start;
    const struct process_info *b = before != NULL ? before : &start;
    struct information_process process = {
        .endpoint = after->endpoint,
        .state = after->state,
        .priority = after->priority,
        .busy = share_of(risen(b->cpu_time, after->cpu_time), nanoseconds),
        .sent = rate_of(risen(b->messages_sent, after->messages_sent), nanoseconds),
        .received = rate_of(risen(b->messages_received, after->messages_received), nanoseconds),
        .refusals = after->refusals,
        .cpu_time = after->cpu_time,
        .memory_bytes = after->frames * PAGE_SIZE,
    };

    memcpy(process.label, after->label, LABEL_MAX);
    return process;
}

static int compare(const void *left, const void *right) {
    const struct information_process *a = left, *b = right;
    uint64_t a_messages = (uint64_t)a->sent + a->received;
    uint64_t b_messages = (uint64_t)b->sent + b->received;

    if (a->busy != b->busy)
        return a->busy > b->busy ? -1 : 1;
    if (a_messages != b_messages)
        return a_messages > b_messages ? -1 : 1;
    return a->endpoint < b->endpoint ? -1 : a->endpoint > b->endpoint;
}

void sort_processes(struct information_process *processes, size_t count) {
    if (count > 0)
        qsort(processes, count, sizeof *processes, compare);
}
