/*
 * What the IPC fast path and the null kernel call may not contain, whatever their number of
 * instructions: a pass, from SYSCALL to SYSRET, loads CR3 once for IPC, never for a kernel call,
 * and has nothing else of what costs a multiple of an ordinary instruction.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "walk.h"

#define KERNEL "build/cpu-driver.elf"

/* One half of a round trip between processes that wait for each other. */
static const struct route ipc = {
    .from = "syscall_entry",
    .leaves = { "ipc_slow", "ipc_entry.cold", "off", "kcall", "return_to_user.interrupted" },
};

static const struct route null_call = {
    .from = "syscall_entry",
    .leaves = { "ipc_slow", "ipc_entry.cold", "off", "refuse_call", "kcall.cold", "finish",
                "return_to_user.interrupted" },
    .through = "kcall_null",
    .indirect = "kcall_null",
};

#define LONGEST 150U /* instructions of one pass: half of a round trip of 300 */

static struct disassembly code;

static void init(void) { cr_assert(disassembly_read(&code, KERNEL), "cannot read " KERNEL); }

static void fini(void) { disassembly_free(&code); }

TestSuite(fast_path, .init = init, .fini = fini);

/* Whether a route is as it should be; if not, *why says what is wrong. */
static bool holds(const struct disassembly *d, const struct route *route, unsigned cr3_loads,
                  char why[200]) {
    struct walk result;
    walk(&result, d, route);
    snprintf(why, 200, "%s", result.error[0] ? result.error : "no way leads through it");
    if (result.error[0] || result.ways == 0)
        return false;
    for (unsigned kind = 0; kind < EXPENSIVE_COUNT; kind++) {
        unsigned allowed = kind == EXPENSIVE_CR3 ? cr3_loads : 0;
        snprintf(why, 200, "%u to %u times: %s; should be %u", result.least[kind],
                 result.most[kind], expensive_text((enum expensive)kind), allowed);
        if (result.least[kind] != allowed || result.most[kind] != allowed)
            return false;
    }
    snprintf(why, 200, "%u instructions, at most %u wanted", result.longest, LONGEST);
    return result.longest <= LONGEST;
}

Test(fast_path, ipc_loads_cr3_once_and_has_nothing_expensive) {
    char why[200];
    cr_assert(holds(&code, &ipc, 1, why), "%s", why);
}

Test(fast_path, null_kernel_call_has_nothing_expensive) {
    char why[200];
    cr_assert(holds(&code, &null_call, 0, why), "%s", why);
}

Test(fast_path, both_primitives_and_both_receivers_are_among_the_ways) {
    struct walk result;
    walk(&result, &code, &ipc);
    cr_assert_geq(result.ways, 4);
}

/* ---- The check itself: it finds what is put in ---- */

/* Puts an instruction in place of the padding or the instruction after `after`, on the path. */
static void put(struct disassembly *d, const char *after, const char *text) {
    uint64_t entry = disassembly_symbol(d, "ipc_entry");
    for (size_t i = disassembly_at(d, entry); i + 1 < d->count; i++) {
        if (!strstr(d->instruction[i].text, after))
            continue;
        snprintf(d->instruction[i + 1].text, INSTRUCTION_TEXT, "%s", text);
        return;
    }
    cr_assert_fail("no instruction like %s", after);
}

struct doctored {
    char after[32], text[64];
};

ParameterizedTestParameters(fast_path, check_finds) {
    static struct doctored list[] = {
        { "rdgsbase", "mov %rax,%cr3" },
        { "rdgsbase", "mov %rax,%cr0" },
        { "rdgsbase", "clts" },
        { "rdgsbase", "xsave64 (%rdi)" },
        { "rdgsbase", "xsaveopt64 (%rdi)" },
        { "rdgsbase", "xrstor64 (%rdi)" },
        { "rdgsbase", "fxsave (%rdi)" },
        { "rdgsbase", "wrmsr" },
        { "rdgsbase", "rdmsr" },
        { "rdgsbase", "swapgs" },
        { "rdgsbase", "mfence" },
        { "rdgsbase", "lfence" },
        { "rdgsbase", "sfence" },
        { "rdgsbase", "lock addq $0x1,0x110(%rdi)" },
        { "rdgsbase", "xchg %rax,0x110(%rdi)" },
        { "rdgsbase", "invlpg (%rax)" },
        { "rdgsbase", "cpuid" },
        { "rdgsbase", "in (%dx),%al" },
        { "rdgsbase", "call *%rax" },
        { "rdgsbase", "ud2" },
        { "wrgsbase", "nop" }, /* what it loads CR3 from, or the load itself */
    };
    return cr_make_param_array(struct doctored, list, sizeof list / sizeof list[0]);
}

ParameterizedTest(const struct doctored *change, fast_path, check_finds) {
    struct disassembly d;
    char why[200];
    if (strcmp(change->text, "nop") == 0) /* take the load of CR3 out */
        for (size_t i = 0; i < code.count; i++)
            if (strstr(code.instruction[i].text, ",%cr3"))
                snprintf(code.instruction[i].text, INSTRUCTION_TEXT, "nop");
    disassembly_copy(&d, &code);
    put(&d, change->after, change->text);
    cr_assert_not(holds(&d, &ipc, 1, why), "not found: %s", change->text);
    disassembly_free(&d);
}

Test(fast_path, check_finds_a_loop) {
    char text[64], why[200];
    snprintf(text, sizeof text, "jne %lx <ipc_entry>", disassembly_symbol(&code, "ipc_entry"));
    put(&code, "rdgsbase", text);
    cr_assert_not(holds(&code, &ipc, 1, why));
}

Test(fast_path, check_looks_into_called_functions) {
    char text[64], why[200];
    snprintf(text, sizeof text, "call %lx <frame_alloc>", disassembly_symbol(&code, "frame_alloc"));
    put(&code, "rdgsbase", text);
    cr_assert_not(holds(&code, &ipc, 1, why));
}

Test(fast_path, check_does_not_mind_the_slow_path) {
    char why[200];
    uint64_t slow = disassembly_symbol(&code, "ipc_slow");
    snprintf(code.instruction[disassembly_at(&code, slow)].text, INSTRUCTION_TEXT, "mfence");
    cr_assert(holds(&code, &ipc, 1, why), "%s", why);
}

Test(fast_path, check_finds_that_a_symbol_is_gone) {
    struct route wrong = ipc;
    char why[200];
    wrong.leaves[0] = "no_such_function";
    cr_assert_not(holds(&code, &wrong, 1, why));
    cr_assert_str_eq(why, "no symbol no_such_function");
}
