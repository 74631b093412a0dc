#include "core_file.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/image.h>

enum {
    ELF_TYPE_CORE = 4,
    ELF_NOTE = 4, /* segment type */
    ELF_READ = 4, /* segment flag */
    NOTE_PRSTATUS = 1,
    NOTE_PRPSINFO = 3,
};

/* Linux, arch/x86/include/asm/user_64.h: struct user_regs_struct. */
struct linux_registers {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip,
        cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

/* Linux, include/uapi/linux/elfcore.h: struct elf_prstatus. */
struct linux_status {
    int32_t signal, code, error;
    int16_t current_signal;
    uint16_t padding;
    uint64_t pending, held;
    int32_t pid, parent, group, session;
    uint64_t times[8];
    struct linux_registers registers;
    int32_t fpu_valid;
    int32_t padding_2;
};

/* struct elf_prpsinfo. */
struct linux_info {
    char state, state_name, zombie, nice;
    uint32_t padding;
    uint64_t flags;
    uint32_t uid, gid;
    int32_t pid, parent, group, session;
    char name[16], arguments[80];
};

_Static_assert(sizeof(struct linux_status) == 336 && sizeof(struct linux_info) == 136,
               "as on Linux");

struct note {
    uint32_t name_bytes, bytes, type;
    char name[8];
};

struct notes {
    struct note status_note;
    struct linux_status status __attribute__((packed));
    struct note info_note;
    struct linux_info info __attribute__((packed));
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct elf_header) +
                       (1 + CORE_RANGES_MAX) * sizeof(struct elf_program_header) +
                       sizeof(struct notes) <=
                   CORE_HEAD_BYTES,
               "room for all");

/* Intel SDM vol. 3, table 6-1, and what Linux makes of it. */
static int exception_signal(uint32_t vector) {
    enum { SIGNAL_ILL = 4, SIGNAL_TRAP = 5, SIGNAL_BUS = 7, SIGNAL_FPE = 8, SIGNAL_SEGV = 11 };
    static const uint8_t signals[32] = {
        [0] = SIGNAL_FPE,  [1] = SIGNAL_TRAP, [3] = SIGNAL_TRAP,
        [6] = SIGNAL_ILL,  [12] = SIGNAL_BUS, [16] = SIGNAL_FPE,
        [17] = SIGNAL_BUS, [18] = SIGNAL_BUS, [19] = SIGNAL_FPE,
    };

    return vector < 32 && signals[vector] != 0 ? signals[vector] : SIGNAL_SEGV;
}

int core_file_signal(const struct death_report *report) {
    enum { SIGNAL_ABRT = 6, SIGNAL_KILL = 9 };

    return report->cause == DEATH_EXCEPTION ? exception_signal(report->exception)
           : report->cause == DEATH_EXIT    ? SIGNAL_ABRT
                                            : SIGNAL_KILL;
}

static struct linux_registers registers_of(const struct death_report *r) {
    enum { USER_CODE = 0x33, USER_DATA = 0x2b }; /* what debuggers take for a 64-bit program's */

    return (struct linux_registers){
        .r15 = r->r15,
        .r14 = r->r14,
        .r13 = r->r13,
        .r12 = r->r12,
        .rbp = r->rbp,
        .rbx = r->rbx,
        .r11 = r->r11,
        .r10 = r->r10,
        .r9 = r->r9,
        .r8 = r->r8,
        .rax = r->rax,
        .rcx = r->rcx,
        .rdx = r->rdx,
        .rsi = r->rsi,
        .rdi = r->rdi,
        .orig_rax = UINT64_MAX, /* in no system call: nothing is to be made again */
        .rip = r->rip,
        .cs = USER_CODE,
        .eflags = r->rflags,
        .rsp = r->rsp,
        .ss = USER_DATA,
    };
}

/* A number for a process that fits: its slot, with its core. */
static int32_t number_of(endpoint_t endpoint) {
    return (int32_t)((uint32_t)endpoint_core(endpoint) << 16 | endpoint_slot(endpoint));
}

static struct note note_of(uint32_t type, uint32_t bytes) {
    return (struct note){ sizeof "CORE", bytes, type, "CORE" };
}

static void make_notes(const struct monitor_dead *dead, struct notes *notes) {
    const struct death_report *report = &dead->report;
    struct linux_info info = { .pid = number_of(report->endpoint) };
    char text[sizeof info.arguments];

    *notes = (struct notes){
        .status_note = note_of(NOTE_PRSTATUS, sizeof notes->status),
        .status = { .signal = core_file_signal(report),
                    .current_signal = (int16_t)core_file_signal(report),
                    .pid = number_of(report->endpoint),
                    .registers = registers_of(report) },
        .info_note = note_of(NOTE_PRPSINFO, sizeof notes->info),
    };
    (void)snprintf(text, sizeof text, "%.*s", LABEL_MAX, report->label);
    memcpy(info.arguments, text, sizeof info.arguments);
    /* What the program's file with debug information is called on the host: gdb compares. */
    (void)snprintf(text, sizeof text, "%.*s.elf", LABEL_MAX, dead->program);
    memcpy(info.name, text, sizeof info.name - 1);
    notes->info = info;
}

static uint32_t flags_of(uint32_t protection) {
    return ELF_READ | (protection & PROT_WRITE ? ELF_WRITE : 0) |
           (protection & PROT_EXEC ? ELF_EXECUTE : 0);
}

uint64_t core_file_head(const struct monitor_dead *dead, struct core_range *ranges, size_t count,
                        uint8_t head[CORE_HEAD_BYTES]) {
    const struct elf_header header = {
        .ident = { 0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_DATA_LSB, ELF_VERSION_CURRENT },
        .type = ELF_TYPE_CORE,
        .machine = ELF_MACHINE_X86_64,
        .version = ELF_VERSION_CURRENT,
        .program_headers = sizeof header,
        .header_bytes = sizeof header,
        .program_header_bytes = sizeof(struct elf_program_header),
        .program_header_count = (uint16_t)(1 + count),
    };
    uint64_t notes_at = sizeof header + (1 + count) * sizeof(struct elf_program_header);
    uint64_t end = CORE_HEAD_BYTES;
    struct elf_program_header segment = {
        .type = ELF_NOTE, .offset = notes_at, .file_bytes = sizeof(struct notes), .align = 4
    };
    struct notes notes;

    memset(head, 0, CORE_HEAD_BYTES);
    memcpy(head, &header, sizeof header);
    memcpy(head + sizeof header, &segment, sizeof segment);
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = ranges[i].end - ranges[i].begin;
        segment = (struct elf_program_header){ .type = ELF_LOAD,
                                               .flags = flags_of(ranges[i].protection),
                                               .offset = end,
                                               .vaddr = ranges[i].begin,
                                               .file_bytes = bytes,
                                               .memory_bytes = bytes,
                                               .align = PAGE_SIZE };
        ranges[i].offset = end;
        end += bytes;
        memcpy(head + sizeof header + (1 + i) * sizeof segment, &segment, sizeof segment);
    }
    make_notes(dead, &notes);
    memcpy(head + notes_at, &notes, sizeof notes);
    return end;
}

static char name_character(char c) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return plain || c == '-' || c == '_' || c == '.' ? c : '_';
}

void core_file_name(const struct death_report *report, char name[CORE_NAME_BYTES]) {
    endpoint_t endpoint = report->endpoint;
    char label[LABEL_MAX + 1] = "";

    memcpy(label, report->label, LABEL_MAX);
    for (char *at = label; *at != '\0'; at++)
        *at = at == label && *at == '.' ? '_' : name_character(*at);
    (void)snprintf(name, CORE_NAME_BYTES, "%s-%u.%u.%u.core", label[0] != '\0' ? label : "_",
                   endpoint_core(endpoint), endpoint_slot(endpoint),
                   endpoint_slot_generation(endpoint));
}
