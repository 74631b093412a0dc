/* crash KIND: does one of the things that end a process, to look at its death report. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Compiled without optimisation, so that each function has its stack frame and the backtrace shows
 * them all.
 */

static void read_null(void) {
    const int *nothing = NULL;

    /* cppcheck-suppress nullPointer; it is to fault */
    printf("read %d\n", *nothing); /* NOLINT(clang-analyzer-core.NullDereference) */
}

static void divide_by_zero(void) {
    int one = 1, zero = 0;

    /* cppcheck-suppress zerodiv; it is to fault */
    printf("divided: %d\n", one / zero); /* NOLINT(clang-analyzer-core.DivideZero) */
}

static void stop_the_processor(void) { __asm__ volatile("hlt"); }

static uint64_t use_up_stack(uint64_t *depth) {
    uint64_t room[128];

    room[0] = ++*depth;
    return room[0] == 0 ? 0 : use_up_stack(depth) + room[0];
}

static void overrun_stack(void) {
    uint64_t depth = 0;

    printf("sum %llu\n", (unsigned long long)use_up_stack(&depth));
}

static void write_code(void) {
    char *code = (char *)(uintptr_t)read_null;

    *code = 0;
}

static const struct {
    const char *name, *help;
    void (*crash)(void);
} kinds[] = {
    { "null", "reads through a null pointer", read_null },
    { "div", "divides by zero", divide_by_zero },
    { "priv", "executes a privileged instruction", stop_the_processor },
    { "stack", "recurses until its stack is used up", overrun_stack },
    { "wx", "writes to its own code", write_code },
};

static int crash(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            kinds[i].crash();
            printf("crash: still alive\n");
            return 1;
        }
    printf("crash: '%s' is none of the kinds\n", name);
    return 2;
}

int main(int argc, char **argv) {
    if (argc == 2)
        return crash(argv[1]);
    puts("use it as: crash KIND, where KIND is one of");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        printf("  %-6s %s\n", kinds[i].name, kinds[i].help);
    return 2;
}
