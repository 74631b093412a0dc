#include <criterion/criterion.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/process.h>
#include <runtime/startup.h>

#include "../../../lib/start/args.h"
#include "../../../lib/start/start.h"

/* A program of three segments: text, read-only data, and data with a bss of a page and a bit. */
#define TEXT   0x400000
#define RODATA 0x401000
#define DATA   0x402010

struct image {
    struct elf_header header;
    struct elf_program_header segment[3];
    char text[16], rodata[16], data[16];
};

static struct image image;
static enum image_refusal why;
static const char args[] = "prog\0first\0";

static struct elf_program_header load(uint64_t vaddr, size_t offset, uint32_t flags, uint64_t bss) {
    return (struct elf_program_header){ .type = ELF_LOAD,
                                        .flags = flags,
                                        .offset = offset,
                                        .vaddr = vaddr,
                                        .file_bytes = 16,
                                        .memory_bytes = 16 + bss,
                                        .align = 1 };
}

static struct spawn spawn = {
    .label = "child",
    .frames = 64,
    .processes = 3,
    .image = &image,
    .image_bytes = sizeof image,
    .args = args,
    .args_bytes = sizeof args - 1,
    .argc = 2,
    .monitor = FAKE_MONITOR,
    .console = FAKE_CONSOLE,
    .stack_bytes = 2 * PAGE_SIZE,
};

static void init(void) {
    image = (struct image){
        .header = { .ident = { 0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_DATA_LSB,
                               ELF_VERSION_CURRENT },
                    .type = ELF_TYPE_EXEC,
                    .machine = ELF_MACHINE_X86_64,
                    .version = ELF_VERSION_CURRENT,
                    .entry = TEXT + 4,
                    .program_headers = offsetof(struct image, segment),
                    .header_bytes = sizeof(struct elf_header),
                    .program_header_bytes = sizeof(struct elf_program_header),
                    .program_header_count = 3 },
        .segment = { load(TEXT, offsetof(struct image, text), ELF_EXECUTE, 0),
                     load(RODATA, offsetof(struct image, rodata), 0, 0),
                     load(DATA, offsetof(struct image, data), ELF_WRITE, PAGE_SIZE) },
        .text = "text text text",
        .rodata = "constants",
        .data = "variables",
    };
}

TestSuite(process, .init = init);

static size_t mapped_pages(void) {
    size_t count = 0;
    for (size_t i = 0; i < FAKE_PAGES; i++)
        count += kernel.page[i].mapped;
    return count;
}

static void expect_page(uint64_t address, unsigned protection) {
    struct fake_page *page = fake_page_at(address);
    cr_assert_not_null(page, "nothing at %lx", address);
    cr_assert_eq(page->protection, protection, "%lx has %u", address, page->protection);
}

Test(process, spawn_maps_segments_stack_and_startup_page) {
    struct process process;
    cr_assert_eq(process_spawn(&spawn, &process), 0);
    cr_assert_str_eq(kernel.child_label, "child");
    cr_assert_eq(kernel.child_frames, 64);
    cr_assert_eq(kernel.child_processes, 3);
    cr_assert_eq(mapped_pages(), 4 + 2 + 1);

    expect_page(TEXT, PROT_READ | PROT_EXEC);
    expect_page(RODATA, PROT_READ);
    expect_page(DATA, PROT_READ | PROT_WRITE);
    expect_page(DATA + PAGE_SIZE, PROT_READ | PROT_WRITE);
    expect_page(STACK_TOP - PAGE_SIZE, PROT_READ | PROT_WRITE);
    expect_page(STACK_TOP - 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
    expect_page(STARTUP_BASE, PROT_READ);
    cr_assert_null(fake_page_at(STACK_TOP), "no guard above the stack");
    cr_assert_null(fake_page_at(STACK_TOP - 3 * PAGE_SIZE), "no guard below the stack");

    cr_assert_str_eq(fake_page_at(TEXT)->bytes, "text text text");
    cr_assert_str_eq(fake_page_at(RODATA)->bytes, "constants");
    cr_assert_str_eq(fake_page_at(DATA)->bytes + DATA % PAGE_SIZE, "variables");
    for (size_t i = DATA % PAGE_SIZE + 16; i < PAGE_SIZE; i++)
        cr_assert_eq(fake_page_at(DATA)->bytes[i], 0);
}

Test(process, startup_page_says_what_the_child_needs) {
    struct process process;
    cr_assert_eq(process_spawn(&spawn, &process), 0);
    const struct startup *page = (const void *)fake_page_at(STARTUP_BASE)->bytes;
    cr_assert_eq(page->version, STARTUP_VERSION);
    cr_assert_eq(page->self, FAKE_CHILD);
    cr_assert_eq(page->monitor, FAKE_MONITOR);
    cr_assert_eq(page->console, FAKE_CONSOLE);
    cr_assert_eq(page->archive, 0);
    cr_assert_eq(page->tsc_frequency, fake_startup.tsc_frequency);
    cr_assert_eq(page->argc, 2);
    cr_assert_eq(page->args_bytes, sizeof args - 1);
    cr_assert_eq(memcmp(page->args, args, sizeof args - 1), 0);
}

Test(process, start_passes_entry_and_stack) {
    struct process process;
    process_spawn(&spawn, &process);
    cr_assert_not(kernel.child_started);
    cr_assert_eq(process_start(&process), 0);
    cr_assert_eq(kernel.start_args[0], TEXT + 4);
    cr_assert_eq(kernel.start_args[1], STACK_TOP);
    cr_assert_eq(kernel.start_args[2], 0);
    cr_assert_eq(kernel.start_args[3], 0);
}

Test(process, default_stack_has_stack_bytes) {
    struct process process;
    spawn.stack_bytes = 0;
    cr_assert_eq(process_spawn(&spawn, &process), 0);
    cr_assert_eq(mapped_pages(), 4 + STACK_BYTES / PAGE_SIZE + 1);
}

Test(process, any_failure_leaves_nothing) {
    struct process process;
    for (kernel.fail_at = 1;; kernel.fail_at++) {
        kernel.process_calls = 0;
        int error = process_spawn(&spawn, &process);
        if (!error)
            error = process_start(&process);
        if (!error)
            break;
        cr_assert_eq(error, -E_QUOTA);
        cr_assert_not(kernel.child_exists);
        cr_assert_eq(mapped_pages(), 0);
        cr_assert_not(kernel.child_started);
    }
    cr_assert_eq(kernel.fail_at, kernel.process_calls + 1);
    cr_assert_gt(kernel.process_calls, 10);
}

Test(process, bad_image_is_refused_with_its_reason) {
    struct process process;
    image.header.machine = 40;
    spawn.why = &why;
    cr_assert_eq(process_spawn(&spawn, &process), -E_IMAGE);
    cr_assert_eq(why, IMAGE_BAD_FOREIGN);
    cr_assert_not(kernel.child_exists);
}

Test(process, image_larger_than_the_quota_is_refused) {
    struct process process;
    spawn.frames = 3;
    spawn.why = &why;
    cr_assert_eq(process_spawn(&spawn, &process), -E_IMAGE);
    cr_assert_eq(why, IMAGE_BAD_OVERSIZED);
}

Test(process, image_may_not_reach_into_the_heap) {
    struct process process;
    image.segment[2].vaddr = PROCESS_IMAGE_END - 16;
    cr_assert_eq(process_spawn(&spawn, &process), -E_IMAGE);
}

Test(process, bad_arguments_are_refused) {
    struct process process;
    spawn.argc = 3;
    cr_assert_eq(process_spawn(&spawn, &process), -E_INVAL);
    spawn.argc = 2;
    spawn.args_bytes--;
    cr_assert_eq(process_spawn(&spawn, &process), -E_INVAL);
    spawn.args_bytes = STARTUP_ARGS_MAX + 1;
    cr_assert_eq(process_spawn(&spawn, &process), -E_TOOBIG);
    spawn.args_bytes = sizeof args - 1;
    spawn.label = "";
    cr_assert_eq(process_spawn(&spawn, &process), -E_INVAL);
    spawn.label = "a-label-of-twenty-5-chars";
    cr_assert_eq(process_spawn(&spawn, &process), -E_INVAL);
    cr_assert_eq(kernel.process_calls, 0);
}

Test(process, label_of_full_length_fits) {
    struct process process;
    spawn.label = "a-label-of-24-characters";
    cr_assert_eq(strlen(spawn.label), LABEL_MAX);
    cr_assert_eq(process_spawn(&spawn, &process), 0);
    cr_assert_str_eq(kernel.child_label, spawn.label);
}

Test(args, are_exactly_the_strings_counted) {
    cr_assert(args_valid("", 0, 0));
    cr_assert(args_valid("a", 2, 1));
    cr_assert(args_valid("\0", 2, 2));
    cr_assert_not(args_valid("a", 1, 0));
    cr_assert_not(args_valid("a", 1, 1));
    cr_assert_not(args_valid("a\0b", 3, 1));
    cr_assert_not(args_valid("", 0, 1));
}

Test(args, are_split_into_argv) {
    char *argv[4];
    args_split("one\0\0three", 3, argv);
    cr_assert_str_eq(argv[0], "one");
    cr_assert_str_eq(argv[1], "");
    cr_assert_str_eq(argv[2], "three");
    cr_assert_null(argv[3]);
}

Test(time, counter_becomes_nanoseconds) {
    static const uint64_t frequencies[] = { 10000000, 999999999, 1000000000, 2394374000,
                                            5000000000 };
    for (size_t i = 0; i < sizeof frequencies / sizeof frequencies[0]; i++) {
        uint64_t f = frequencies[i];
        time_init(f);
        cr_assert_eq(time_from_stamp(0), 0);
        for (uint64_t seconds = 1; seconds < 100000000; seconds *= 10) {
            uint64_t ns = time_from_stamp(seconds * f), exact = seconds * TIME_SECOND;
            cr_assert_leq(ns, exact);
            cr_assert_leq(exact - ns, 1 + (exact >> 40), "%lu Hz, %lu s: %lu", f, seconds, ns);
        }
    }
}
