/*
 * Stopping a core: what happened, where, and how it came there, with the names of the functions.
 * Names come from the symbol table of the pristine image in the boot archive, so the instance
 * carries none of its own.
 */
#include "panic.h"

#include <bulkhead/symbols.h>

#include "core.h"
#include "log.h"
#include "mailbox.h"
#include "x86_64/cpu.h"

#define BACKTRACE_DEPTH 24

static bool panicking;
static const void *image; /* the pristine image, NULL before it is known */
static size_t image_bytes;

void panic_symbols(const void *elf, size_t bytes) {
    image = elf;
    image_bytes = bytes;
}

static void log_address(const char *what, uint64_t address) {
    uint64_t offset;
    const char *name = image ? symbols_find(image, image_bytes, address, &offset) : NULL;
    if (name)
        log_line("  %s %016lx %s+0x%lx", what, address, name, offset);
    else
        log_line("  %s %016lx", what, address);
}

static bool on_a_stack(uint64_t address) {
    uint64_t stack = (address - STACK_BASE) / STACK_SLOT;
    uint64_t bytes = stack == STACK_MAIN ? STACK_MAIN_BYTES : STACK_FAULT_BYTES;
    return address % 8 == 0 && stack < STACK_COUNT && address >= STACK_TOP_OF(stack) - bytes &&
           address + 16 <= STACK_TOP_OF(stack);
}

/* Follows frame pointers, as long as they lie on our stacks and lead upwards. */
static void log_backtrace(uint64_t frame) {
    for (unsigned depth = 0; depth < BACKTRACE_DEPTH && on_a_stack(frame); depth++) {
        const uint64_t *link = (const uint64_t *)frame;
        if (!link[1])
            return;
        log_address("from", link[1]);
        if (link[0] <= frame)
            return;
        frame = link[0];
    }
}

static void begin(void) {
    if (panicking) /* the report itself failed */
        cpu_halt_forever();
    panicking = true;
    if (!instance || instance->core == 0) /* others' reports are read by who fences them */
        log_serial(true);
    log_line("core %u stopped", instance ? instance->core : 0);
}

/* The report is complete: others may read it. */
_Noreturn static void stop(void) {
    mailbox_stop();
    cpu_halt_forever();
}

_Noreturn static void end(uint64_t frame) {
    if (current)
        log_line("  while serving %.24s (%lx)", current->label, current->endpoint);
    log_backtrace(frame);
    stop();
}

static void log_registers(const struct context *c) {
    log_line("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", c->rax, c->rbx, c->rcx, c->rdx);
    log_line("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx", c->rsi, c->rdi, c->rbp, c->rsp);
    log_line("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx", c->r8, c->r9, c->r10, c->r11);
    log_line("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx", c->r12, c->r13, c->r14, c->r15);
    log_line("  cs %lx ss %lx rflags %lx cr3 %lx", c->cs, c->ss, c->rflags, cpu_read_cr3());
}

_Noreturn void panic_process(const struct process *p, const char *cause) {
    begin();
    log_line("  the first process, %.24s, has died: %s, status %lu", p->label, cause, p->status);
    log_line("  at   %016lx (vector %lu, error code %lx, address %lx)", p->context.rip,
             p->context.vector, p->context.error, p->fault_address);
    log_registers(&p->context);
    for (uint32_t i = 0; i < p->backtrace_length; i++)
        log_line("  from %016lx", p->backtrace[i]);
    stop();
}

_Noreturn void panic_exception(const struct context *c, const char *name) {
    begin();
    log_line("  %s (vector %lu, error code %lx, cr2 %016lx)", name, c->vector, c->error,
             cpu_read_cr2());
    log_address("at  ", c->rip);
    log_registers(c);
    end(c->rbp);
}

_Noreturn void panic(const char *format, ...) {
    va_list args;
    begin();
    va_start(args, format);
    log_vline(format, args);
    va_end(args);
    end((uint64_t)__builtin_frame_address(0));
}
