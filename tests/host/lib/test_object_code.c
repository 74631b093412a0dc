/*
 * What the library's object code may contain. Runs in the top folder, after the library was built.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Calls `look` with every instruction that a command disassembles, and the function that it is in.
 */
static void each_instruction(const char *command,
                             void (*look)(const char *function, const char *instruction)) {
    char line[512], function[256] = "";
    size_t instructions = 0;
    FILE *dump = popen(command, "r"); // NOLINT(cert-env33-c): its own words

    cr_assert_not_null(dump);
    while (fgets(line, sizeof line, dump)) {
        if (sscanf(line, "%*x <%255[^>]>:", function) == 1)
            continue;
        const char *instruction = strchr(line, '\t');
        if (instruction && strstr(line, ":\t")) {
            look(function, instruction + 1);
            instructions++;
        }
    }
    cr_assert_eq(pclose(dump), 0);
    cr_assert_gt(instructions, 1000, "objdump's output is not understood");
}

static bool any_of(const char *const list[], const char *name) {
    for (size_t i = 0; list[i]; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* x87 instructions begin with f, and no others do; SSE's name their registers. */
static void check_floating_point(const char *function, const char *instruction) {
    static const char *const allowed[] = { "fmt_fp", "frexpl", "pop_arg", NULL };
    static const char *const variadic[] = { "printf",   "fprintf",  "sprintf",
                                            "snprintf", "asprintf", NULL };

    if (instruction[0] != 'f' && !strstr(instruction, "%xmm") && !strstr(instruction, "%mm"))
        return;
    /* These save the registers if their caller passes arguments in some. */
    if (any_of(variadic, function) && strncmp(instruction, "movaps", 6) == 0)
        return;
    cr_assert(any_of(allowed, function), "in %s: %s", function, instruction);
}

Test(object_code, floating_point_is_only_where_numbers_are_printed) {
    each_instruction("objdump -d --no-show-raw-insn build/lib/libruntime.a", check_floating_point);
}

static void check_system_call(const char *function, const char *instruction) {
    cr_assert(strncmp(instruction, "syscall", 7) != 0 && strncmp(instruction, "int ", 4) != 0,
              "in %s: %s", function, instruction);
}

Test(object_code, musl_makes_no_system_call) {
    each_instruction("find build/obj/lib/build/third-party/musl -name '*.o' |"
                     " xargs objdump -d --no-show-raw-insn",
                     check_system_call);
}
