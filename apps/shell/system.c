/* mem, log, uptime, poweroff, reboot. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "manager.h"
#include "members.h"
#include "shell.h"
#include "table.h"

#define LOG_SHOWN       32768 /* bytes of it, at most */
#define LOG_POLL_PERIOD (100 * TIME_MILLISECOND)

static void print_frames(const struct memory_info *memory) {
    static const struct table_column columns[] = {
        { "FRAMES", TABLE_LEFT },
        { "NUMBER", TABLE_RIGHT },
        { "MEMORY", TABLE_RIGHT },
    };
    static const char *const states[] = {
#define X(name, text) text,
        FRAME_STATES(X)
#undef X
    };
    struct table table;

    table_begin(&table, stdout, columns, 3);
    while (table_pass(&table))
        for (unsigned state = 0; state < FRAME_STATE_COUNT; state++) {
            table_cell(&table, "%s", states[state]);
            table_cell(&table, "%" PRIu64, memory->frames[state]);
            table_cell_bytes(&table, memory->frames[state] * PAGE_SIZE);
        }
}

static void print_instance(const struct core_info *core, const struct memory_info *memory) {
    static const struct table_column columns[] = { { "INSTANCE", TABLE_LEFT },
                                                   { "MEMORY", TABLE_RIGHT } };
    const struct {
        const char *name;
        uint64_t bytes;
    } parts[] = {
        { "image", core->image_bytes },
        { "stacks", core->stack_bytes },
        { "page tables", core->page_table_bytes },
        { "frame table", core->frame_table_bytes },
        { "process table", core->process_table_bytes },
        { "all of it", core->instance_bytes },
        { "boot archive", memory->archive_bytes },
    };
    struct table table;

    table_begin(&table, stdout, columns, 2);
    while (table_pass(&table))
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            table_cell(&table, "%s", parts[i].name);
            table_cell_bytes(&table, parts[i].bytes);
        }
}

/* mem move MIB FROM TO */
static enum status move_memory(const struct command *command) {
    uint64_t mib, moved = 0;
    uint32_t from, to;

    if (command->words != 5 || !shell_number(command->word[2], 2, UINT32_MAX, &mib) || mib % 2)
        return shell_misused(command, "use it as: mem move MIB FROM TO, an even number of MiB");
    if (!core_parse(command, command->word[3], &from) ||
        !core_parse(command, command->word[4], &to))
        return STATUS_USAGE;
    int error = manager_memory_move(mib, from, to, &moved);
    if (!error || moved)
        printf("%" PRIu64 " MiB moved from core %u to core %u\n", moved, from, to);
    return error ? shell_failed(command, error) : STATUS_OK;
}

const char *mem_candidate(size_t index) { return index ? core_candidate(index - 1) : "move"; }

enum status builtin_mem(const struct command *command) {
    struct memory_info memory = { 0 };
    struct core_info core = { 0 };
    uint32_t number;
    bool none;

    if (command->words > 1 && strcmp(command->word[1], "move") == 0)
        return move_memory(command);
    if (!core_arguments(command, NULL, &none, &number))
        return STATUS_USAGE;
    int error = core_getinfo(number, INFO_MEMORY, &memory, sizeof memory, 0, NULL);
    if (!error)
        error = core_getinfo(number, INFO_CORE, &core, sizeof core, 0, NULL);
    if (error)
        return core_failed(command, number, error);
    printf("partition of core %u: %" PRIu64 " chunks of 2 MiB, from 0x%" PRIx64 "\n\n", number,
           memory.chunks, memory.partition_base);
    print_frames(&memory);
    putchar('\n');
    print_instance(&core, &memory);
    return STATUS_OK;
}

/*
 * Prints what a core has logged from *position on, up to now: without a console, output goes to the
 * own log itself. A kernel gives it in pieces, and keeps only the last of it.
 */
static int print_log(uint32_t core, uint64_t *position) {
    static char text[1024];
    struct info_result piece = { 0 };
    int error = core_getinfo(core, INFO_LOG, text, 0, *position, &piece);
    size_t end = piece.total;

    if (!error && end - *position > LOG_SHOWN)
        *position = end - LOG_SHOWN;
    while (!error && *position < end) {
        error = core_getinfo(core, INFO_LOG, text, sizeof text, *position, &piece);
        if (error || piece.bytes == 0)
            break;
        fwrite(text, 1, piece.bytes, stdout);
        *position = piece.position + piece.bytes;
    }
    return error;
}

enum status builtin_log(const struct command *command) {
    uint64_t position = 0;
    uint32_t core;
    bool follow;

    if (!core_arguments(command, "-f", &follow, &core))
        return STATUS_USAGE;
    int error = print_log(core, &position);
    while (!error && follow && shell_sleep(LOG_POLL_PERIOD))
        error = print_log(core, &position);
    return error ? core_failed(command, core, error) : STATUS_OK;
}

static void print_time(const char *what, uint64_t nanoseconds) {
    printf("%s %" PRIu64 ".%03" PRIu64 " s", what, nanoseconds / TIME_SECOND,
           nanoseconds / TIME_MILLISECOND % 1000);
}

static void print_details(const struct core_info *core) {
    printf("cpu               %.*s, %" PRIu64 " MHz\n", (int)sizeof core->cpu, core->cpu,
           core->tsc_frequency / 1000000);
    printf("features in use   %.*s\n", (int)sizeof core->features, core->features);
    printf("context switches  %" PRIu64 "\n", core->context_switches);
    printf("messages          %" PRIu64 ", %" PRIu64 " by the fast path\n", core->messages,
           core->fastpath_hits);
    printf("interrupts        %" PRIu64 ", %" PRIu64 " of unknown origin\n", core->interrupts,
           core->unknown_interrupts);
    if (core->core == core_own() && shell_prompt_stamp() != 0)
        printf("boot to prompt    %" PRIu64 " ticks of the time-stamp counter\n",
               shell_prompt_stamp() - core->tsc_start);
}

enum status builtin_uptime(const struct command *command) {
    struct core_info core = { 0 };
    uint32_t number;
    bool details;

    if (!core_arguments(command, "-v", &details, &number))
        return STATUS_USAGE;
    int error = core_getinfo(number, INFO_CORE, &core, sizeof core, 0, NULL);
    if (error)
        return core_failed(command, number, error);
    printf("core %u of %u:", core.core, core.cores);
    print_time(" up", core.time);
    print_time(", idle", core.idle_time);
    putchar('\n');
    if (details)
        print_details(&core);
    return STATUS_OK;
}

enum status builtin_poweroff(const struct command *command) {
    (void)command;
    shell_power_off();
    return STATUS_OK;
}

enum status builtin_reboot(const struct command *command) {
    console_flush();
    return shell_failed(command, sysctl_reboot());
}
