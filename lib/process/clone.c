#include <runtime/process.h>

#include <stdio.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "parts.h"

/*
 * The program in memory, page-aligned (program.ld). Of [data, end) the clone gets what lies before
 * `runtime`; the rest is the library's, and zero in a new process.
 */
extern char program_text[], program_rodata[], program_data[], program_runtime[], program_end[];

void _start(void);

static int copy_program(endpoint_t child) {
    const struct {
        const char *begin, *copied, *end;
        unsigned protection;
    } segment[] = {
        { program_text, program_rodata, program_rodata, PROT_READ | PROT_EXEC },
        { program_rodata, program_data, program_data, PROT_READ },
        { program_data, program_runtime, program_end, PROT_READ | PROT_WRITE },
    };

    for (size_t i = 0; i < sizeof segment / sizeof segment[0]; i++) {
        size_t bytes = (size_t)(segment[i].end - segment[i].begin);
        size_t copied = (size_t)(segment[i].copied - segment[i].begin);
        if (bytes == 0)
            continue;
        int error = process_fill(child, (uint64_t)segment[i].begin, bytes, 0, segment[i].begin,
                                 copied, segment[i].protection);
        if (error)
            return error;
    }
    return 0;
}

int process_clone(const char *label, uint64_t frames, uint64_t processes, void (*entry)(void *),
                  void *arg, struct process *process) {
    *process = (struct process){
        .entry = (uint64_t)_start, .stack = STACK_TOP, .rdi = (uint64_t)entry, .rsi = (uint64_t)arg
    };
    int error = proc_create(label, frames, processes, &process->endpoint);
    if (error)
        return error;

    fflush(stdout); /* or the clone, which gets a copy of the stream, would write it again */
    error = copy_program(process->endpoint);
    if (!error)
        error = process_map_stack(process->endpoint, STACK_BYTES);
    if (!error)
        error = process_map_startup(process->endpoint, startup, startup->args);
    return error ? process_abandon(process, error) : 0;
}
