#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include <bulkhead/symbols.h>

/* A text that grows in a buffer and stops at its end. */
struct text {
    char *buffer;
    size_t bytes, used; /* used < bytes: there is always a terminating zero */
};

/* `bytes` is more than 0. */
static struct text text_in(char *buffer, size_t bytes) {
    buffer[0] = '\0';
    return (struct text){ .buffer = buffer, .bytes = bytes };
}

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...) {
    size_t room = text->bytes - text->used;
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text->buffer + text->used, room, format, args);
    va_end(args);
    if (length > 0)
        text->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* Intel SDM vol. 3, table 6-1. */
static const char *const exception_names[32] = {
    [0] = "divide error",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid instruction",
    [7] = "no floating-point unit",
    [8] = "double fault",
    [10] = "invalid task state segment",
    [11] = "segment not present",
    [12] = "stack segment fault",
    [13] = "general protection: an instruction or address that a process may not use",
    [14] = "page fault",
    [16] = "x87 floating-point error",
    [17] = "misaligned memory access",
    [18] = "machine check",
    [19] = "SIMD floating-point error",
    [20] = "virtualization exception",
    [21] = "control protection: a corrupt return address",
};

enum { VECTOR_PAGE_FAULT = 14 };

/* Intel SDM vol. 3, figure 4-12: error code of a page fault. */
enum { FAULT_PRESENT = 1 << 0, FAULT_WRITE = 1 << 1, FAULT_FETCH = 1 << 4 };

/* "name+0x12", or nothing when no symbol is known. `address` is one that lies in the function. */
static void add_symbol(struct text *text, const char *before, struct report_image image,
                       uint64_t address) {
    uint64_t offset = 0;
    const char *name = symbols_find(image.base, image.bytes, address, &offset);

    if (name != NULL)
        add(text, "%s%s+0x%" PRIx64, before, name, offset);
}

static void add_page_fault(struct text *text, const struct death_report *death) {
    uint64_t code = death->error_code;
    const char *access = code & FAULT_FETCH   ? "executing"
                         : code & FAULT_WRITE ? "writing"
                                              : "reading";

    add(text, "page fault %s 0x%" PRIx64 ": %s", access, death->address,
        code & FAULT_PRESENT ? "not allowed there" : "no memory there");
}

static void add_exception(struct text *text, const struct death_report *death,
                          struct report_image image) {
    const char *name = death->exception < 32 ? exception_names[death->exception] : NULL;

    if (death->exception == VECTOR_PAGE_FAULT)
        add_page_fault(text, death);
    else if (name != NULL)
        add(text, "%s", name);
    else
        add(text, "exception %" PRIu32, death->exception);
    add_symbol(text, ", in ", image, death->rip);
}

static void add_line(struct text *text, const struct death_report *death,
                     struct report_image image) {
    add(text, "%.*s (%u.%u.%u) ", LABEL_MAX, death->label, endpoint_core(death->endpoint),
        endpoint_slot(death->endpoint), endpoint_slot_generation(death->endpoint));
    switch (death->cause) {
    case DEATH_EXIT:
        add(text, "exited with status %" PRIu64, death->status);
        break;
    case DEATH_KILLED:
        add(text, "was killed");
        if (death->status == KILL_ORPHANED)
            add(text, ": its supervisor had died");
        else if (death->status != KILL_REQUESTED)
            add(text, " (%" PRIu64 ")", death->status);
        break;
    case DEATH_EXCEPTION:
        add(text, "died: ");
        add_exception(text, death, image);
        break;
    default:
        add(text, "died of cause %" PRIu32, death->cause);
    }
}

static void add_backtrace(struct text *text, const struct death_report *death,
                          struct report_image image) {
    uint32_t length =
        death->backtrace_length < BACKTRACE_MAX ? death->backtrace_length : BACKTRACE_MAX;

    add(text, "  at 0x%016" PRIx64, death->rip);
    add_symbol(text, "  ", image, death->rip);
    add(text, "\n");
    for (uint32_t i = 0; i < length; i++) {
        uint32_t first = i;
        while (i + 1 < length && death->backtrace[i + 1] == death->backtrace[first])
            i++; /* a recursion */
        add(text, "  by 0x%016" PRIx64, death->backtrace[i]);
        /*
         * The call before the return address: after a call of a function that does not return,
         * another begins.
         */
        add_symbol(text, "  ", image, death->backtrace[i] - 1);
        if (i > first)
            add(text, "  (%" PRIu32 " times)", i - first + 1);
        add(text, "\n");
    }
}

static void add_registers(struct text *text, const struct death_report *death) {
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        { "rax", death->rax }, { "rbx", death->rbx }, { "rcx", death->rcx },
        { "rdx", death->rdx }, { "rsi", death->rsi }, { "rdi", death->rdi },
        { "rbp", death->rbp }, { "rsp", death->rsp }, { "r8", death->r8 },
        { "r9", death->r9 },   { "r10", death->r10 }, { "r11", death->r11 },
        { "r12", death->r12 }, { "r13", death->r13 }, { "r14", death->r14 },
        { "r15", death->r15 }, { "rip", death->rip }, { "flags", death->rflags },
    };

    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        bool last = i % 3 == 2;
        add(text, "%s%-5s %016" PRIx64 "%s", i % 3 == 0 ? "  " : "", registers[i].name,
            registers[i].value, last ? "\n" : "  ");
    }
}

void report_line(char *buffer, size_t bytes, const struct death_report *death,
                 struct report_image image) {
    struct text text = text_in(buffer, bytes);

    add_line(&text, death, image);
}

size_t report_refusals(char *buffer, size_t bytes, const uint32_t count[REFUSAL_COUNT]) {
    struct text text = text_in(buffer, bytes);

    for (unsigned kind = 0; kind < REFUSAL_COUNT; kind++)
        if (count[kind] != 0)
            add(&text, "  refused: %s, %" PRIu32 " %s\n", refusal_text(kind), count[kind],
                count[kind] == 1 ? "time" : "times");
    return text.used;
}

size_t report_text(char *buffer, size_t bytes, const struct death_report *death,
                   struct report_image image) {
    struct text text = text_in(buffer, bytes);

    add_line(&text, death, image);
    add(&text, "\n  %" PRIu64 ".%06" PRIu64 " s after the start of its core",
        death->time / 1000000000, death->time / 1000 % 1000000);
    if (death->cause == DEATH_EXCEPTION)
        add(&text, ", error code 0x%" PRIx64, death->error_code);
    add(&text, "\n");
    add_backtrace(&text, death, image);
    add_registers(&text, death);
    return text.used;
}
