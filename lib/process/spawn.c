#include <runtime/process.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "../start/args.h"
#include "parts.h"

int process_fill(endpoint_t child, uint64_t address, uint64_t bytes, uint64_t offset,
                 const void *content, size_t filled, unsigned protection) {
    int error = mem_map(child, address, bytes, PROT_READ | PROT_WRITE);
    if (!error && filled > 0)
        error = mem_copy_to(child, address + offset, content, filled);
    if (!error && !(protection & PROT_WRITE))
        error = mem_protect(child, address, bytes, protection);
    return error;
}

int process_load(endpoint_t child, const void *image, size_t bytes, uint64_t memory_max,
                 uint64_t *entry, enum image_refusal *why) {
    struct image_plan plan;
    enum image_refusal refusal =
        image_check(image, bytes, PROCESS_IMAGE_BASE, PROCESS_IMAGE_END, memory_max, &plan);
    if (refusal != IMAGE_OK) {
        if (why)
            *why = refusal;
        return -E_IMAGE;
    }
    for (uint32_t i = 0; i < plan.count; i++) {
        const struct image_segment *segment = &plan.segment[i];
        uint64_t begin = image_page_down(segment->vaddr);
        uint64_t end = image_page_up(segment->vaddr + segment->memory_bytes);
        int error = process_fill(child, begin, end - begin, segment->vaddr - begin,
                                 (const char *)image + segment->file_offset, segment->file_bytes,
                                 segment->protection);
        if (error)
            return error;
    }
    *entry = plan.entry;
    return 0;
}

int process_map_stack(endpoint_t child, uint64_t bytes) {
    return mem_map(child, STACK_TOP - bytes, bytes, PROT_READ | PROT_WRITE);
}

int process_map_startup(endpoint_t child, const struct startup *page, const char *args) {
    struct startup own = *page;
    own.version = STARTUP_VERSION;
    own.self = child;

    int error = mem_map(child, STARTUP_BASE, PAGE_SIZE, PROT_READ | PROT_WRITE);
    if (!error)
        error = mem_copy_to(child, STARTUP_BASE, &own, sizeof own);
    if (!error && own.args_bytes > 0)
        error = mem_copy_to(child, STARTUP_BASE + sizeof own, args, own.args_bytes);
    return error ? error : mem_protect(child, STARTUP_BASE, PAGE_SIZE, PROT_READ);
}

/* Everything between PROC_CREATE and PROC_START. */
static int furnish(const struct spawn *spawn, struct process *process) {
    const struct startup page = {
        .monitor = spawn->monitor,
        .console = spawn->console,
        .tsc_frequency = startup->tsc_frequency,
        .argc = spawn->argc,
        .args_bytes = (uint32_t)spawn->args_bytes,
    };
    endpoint_t child = process->endpoint;

    int error = process_load(child, spawn->image, spawn->image_bytes, spawn->frames * PAGE_SIZE,
                             &process->entry, spawn->why);
    if (!error)
        error = process_map_stack(child, spawn->stack_bytes ? spawn->stack_bytes : STACK_BYTES);
    return error ? error : process_map_startup(child, &page, spawn->args);
}

int process_spawn(const struct spawn *spawn, struct process *process) {
    if (spawn->args_bytes > STARTUP_ARGS_MAX)
        return -E_TOOBIG;
    if (!args_valid(spawn->args, spawn->args_bytes, spawn->argc))
        return -E_INVAL;

    *process = (struct process){ .stack = STACK_TOP };
    int error = proc_create(spawn->label, spawn->frames, spawn->processes, &process->endpoint);
    if (error)
        return error;
    error = furnish(spawn, process);
    return error ? process_abandon(process, error) : 0;
}

int process_start(const struct process *process) {
    int error =
        proc_start(process->endpoint, process->entry, process->stack, process->rdi, process->rsi);
    return error ? process_abandon(process, error) : 0;
}

int process_abandon(const struct process *process, int error) {
    proc_kill(process->endpoint, 0);
    proc_destroy(process->endpoint);
    return error;
}
