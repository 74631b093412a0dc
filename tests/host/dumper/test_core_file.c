/* Core files: their layout, their names, and that the host's tools read them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bulkhead/image.h>

#include "core_file.h"

TestSuite(core_file, .timeout = 60);

static struct monitor_dead dead;
static struct core_range ranges[CORE_RANGES_MAX];
static uint8_t head[CORE_HEAD_BYTES];

static void make_dead(void) {
    dead = (struct monitor_dead){
        .report = { .endpoint = endpoint_make(1, 7, 2, 5),
                    .label = "crash",
                    .cause = DEATH_EXCEPTION,
                    .exception = 14,
                    .rip = 0x400014,
                    .rsp = 0x10000000ff8,
                    .rax = 0x1234567890abcdef,
                    .r15 = 15,
                    .rflags = 0x202 },
        .program = "crash",
    };
    ranges[0] = (struct core_range){ 0x400000, 0x402000, 0, PROT_READ | PROT_EXEC };
    ranges[1] = (struct core_range){ 0x10000000000, 0x10000001000, 0, PROT_READ | PROT_WRITE };
}

static struct elf_program_header segment(unsigned index) {
    struct elf_program_header segment;

    memcpy(&segment, head + sizeof(struct elf_header) + index * sizeof segment, sizeof segment);
    return segment;
}

Test(core_file, the_head_says_where_everything_is) {
    make_dead();
    uint64_t bytes = core_file_head(&dead, ranges, 2, head);
    struct elf_header header;

    memcpy(&header, head, sizeof header);
    cr_expect_eq(bytes, CORE_HEAD_BYTES + 3 * PAGE_SIZE);
    cr_expect(header.type == 4 && header.machine == ELF_MACHINE_X86_64 &&
              header.program_header_count == 3);
    cr_expect(segment(0).type == 4 && segment(0).offset + segment(0).file_bytes <= CORE_HEAD_BYTES);
    struct elf_program_header text = segment(1), stack = segment(2);
    cr_expect(text.type == ELF_LOAD && text.vaddr == 0x400000 && text.file_bytes == 2 * PAGE_SIZE &&
              text.memory_bytes == 2 * PAGE_SIZE && text.flags == (4 | ELF_EXECUTE));
    cr_expect_eq(stack.flags, 4 | ELF_WRITE);
    cr_expect(text.offset == ranges[0].offset && text.offset == CORE_HEAD_BYTES);
    cr_expect(stack.offset == ranges[1].offset && stack.offset == CORE_HEAD_BYTES + 2 * PAGE_SIZE);
}

Test(core_file, a_head_of_no_ranges_or_all_fits) {
    make_dead();
    cr_expect_eq(core_file_head(&dead, ranges, 0, head), CORE_HEAD_BYTES);
    for (unsigned i = 0; i < CORE_RANGES_MAX; i++)
        ranges[i] = (struct core_range){ i * 0x2000UL, i * 0x2000UL + PAGE_SIZE, 0, PROT_READ };
    cr_expect_eq(core_file_head(&dead, ranges, CORE_RANGES_MAX, head),
                 CORE_HEAD_BYTES + CORE_RANGES_MAX * PAGE_SIZE);
    struct elf_program_header notes = segment(0);
    cr_expect(notes.offset + notes.file_bytes <= CORE_HEAD_BYTES);
    cr_expect_eq(segment(CORE_RANGES_MAX).vaddr, (CORE_RANGES_MAX - 1) * 0x2000UL);
}

static void expect_name(const char *label, const char *expected) {
    struct death_report report = { .endpoint = endpoint_make(1, 7, 2, 5) };
    char name[CORE_NAME_BYTES];

    memcpy(report.label, label, strlen(label));
    core_file_name(&report, name);
    cr_expect_str_eq(name, expected);
}

Test(core_file, names_are_safe_on_the_host) {
    expect_name("crash", "crash-2.5.7.core");
    expect_name("../etc/passwd", "_._etc_passwd-2.5.7.core");
    expect_name("-rf*$(x)", "-rf___x_-2.5.7.core");
    expect_name("", "_-2.5.7.core");
    expect_name("a-label-of-24-characters", "a-label-of-24-characters-2.5.7.core");
}

Test(core_file, causes_are_signals) {
    static const struct {
        struct death_report report;
        int signal;
    } deaths[] = {
        { { .cause = DEATH_EXCEPTION, .exception = 0 }, 8 },
        { { .cause = DEATH_EXCEPTION, .exception = 6 }, 4 },
        { { .cause = DEATH_EXCEPTION, .exception = 13 }, 11 },
        { { .cause = DEATH_EXCEPTION, .exception = 14 }, 11 },
        { { .cause = DEATH_EXCEPTION, .exception = 4000 }, 11 },
        { { .cause = DEATH_EXIT, .status = 134 }, 6 },
        { { .cause = DEATH_KILLED }, 9 },
    };

    for (unsigned i = 0; i < sizeof deaths / sizeof deaths[0]; i++)
        cr_expect_eq(core_file_signal(&deaths[i].report), deaths[i].signal, "%u", i);
}

/* gdb and readelf find registers and memory; gdb says where with the program's symbols. */
Test(core_file, gdb_reads_it) {
    static const char expected[] = "rax            0x1234567890abcdef";
    static uint8_t page[PAGE_SIZE];
    char path[] = "/tmp/core XXXXXX", command[512], line[256];
    bool registers = false, symbol = false, memory = false, matches = true;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    make_dead();
    core_file_head(&dead, ranges, 2, head);
    cr_assert_eq(write(fd, head, sizeof head), sizeof head);
    cr_assert_eq(write(fd, page, sizeof page), sizeof page);
    cr_assert_eq(write(fd, page, sizeof page), sizeof page);
    memcpy(page, "a word of memory", 16);
    cr_assert_eq(write(fd, page, sizeof page), sizeof page);
    close(fd);
    (void)snprintf(command, sizeof command,
                   "gdb -q -nx -batch -ex 'info registers rax' -ex 'x/s 0x10000000000' "
                   "-ex 'info symbol $rip' build/program/crash.elf '%s' 2>&1",
                   path);
    FILE *gdb = popen(command, "r"); // NOLINT(cert-env33-c): its own words
    cr_assert_not_null(gdb);
    while (fgets(line, sizeof line, gdb)) {
        registers |= strncmp(line, expected, sizeof expected - 1) == 0;
        memory |= strstr(line, "\"a word of memory\"") != NULL;
        symbol |= strstr(line, "read_null + ") != NULL;
        matches &= strstr(line, "may not match") == NULL;
    }
    cr_expect_eq(pclose(gdb), 0);
    cr_expect(registers);
    cr_expect(memory);
    cr_expect(symbol);
    cr_expect(matches, "the file does not name its program");
    unlink(path);
}
