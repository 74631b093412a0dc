/*
 * The rescue shell: a person's way into a system of which nothing but the cpu-driver, the monitor
 * and a console need work. It reads commands from the console, or, when the boot command line has
 * `script=`, from there: then it runs them in order, says how many have failed, and switches the
 * machine off.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/cmdline.h>
#include <bulkhead/protocol/console.h>
#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "line.h"
#include "members.h"
#include "shell.h"

#define BOOT_LINE_BYTES 1024

static uint64_t prompt_stamp;
static bool booting = true; /* the first prompt that is seen will end the boot */
static bool power_off;      /* wanted */
static bool in_script;

uint64_t shell_prompt_stamp(void) { return prompt_stamp; }

/* Returns only when it cannot be done. */
static void power_off_now(void) {
    console_flush();
    int error = sysctl_poweroff();
    printf("poweroff: %s\n", error_text(error));
}

void shell_power_off(void) {
    power_off = true;
    if (!in_script)
        power_off_now();
}

static void prompt_shown(void) {
    fflush(stdout);
    if (booting)
        prompt_stamp = time_stamp();
    booting = false;
}

static void run_script(const char *script) {
    static struct command command;
    unsigned commands = 0, failed = 0;

    in_script = true;
    shell_attach();
    while (!power_off && command_next(&script, &command)) {
        printf(PROMPT);
        prompt_shown();
        printf("%.*s\n", (int)command.text_bytes, command.text);
        commands++;
        if (shell_execute(&command) != STATUS_OK)
            failed++;
    }
    /* A script that is cut short by `poweroff` has not ended: its result is not known. */
    if (!command_next(&script, &command))
        printf("script: %u commands, %u failed\n", commands, failed);
    power_off_now();
}

static void terminal_write(const char *text, size_t bytes) { fwrite(text, 1, bytes, stdout); }

/* Completions: of a command's name at the start of a command, else of its arguments. */
static const char *complete(const char *line, size_t start, size_t index) {
    size_t first = start;

    while (first > 0 && line[first - 1] != ';')
        first--;
    first += strspn(line + first, " ");
    if (first >= start)
        return index < builtin_count ? builtins[index].name : NULL;
    size_t length = strcspn(line + first, " ");
    for (const struct builtin *builtin = builtins; builtin < builtins + builtin_count; builtin++)
        if (strlen(builtin->name) == length && strncmp(builtin->name, line + first, length) == 0)
            return builtin->candidate != NULL ? builtin->candidate(index) : NULL;
    return NULL;
}

/*
 * Input that has been read and not yet been fed to the editor: what was typed ahead of a command's
 * end.
 */
static char input[CONSOLE_DATA_MAX];
static size_t input_bytes, input_used;

/* Waits for input. False: there is a new console, which has not seen the prompt. */
static bool read_input(void) {
    enum { INTERRUPT_KEY = 'C' & 0x1f };
    endpoint_t console = runtime_console();

    fflush(stdout);
    while (runtime_console() == console) {
        int result = console_read(input, sizeof input);
        if (result == -E_INTR) { /* what the interrupt key is for a reader */
            shell_drop_interrupt();
            input[0] = INTERRUPT_KEY;
            result = 1;
        }
        if (result > 0) {
            input_used = 0;
            input_bytes = (size_t)result;
            return true;
        }
        /* Another reads, or the console has died: the monitor will tell of a new one. */
        shell_wait(TIME_SECOND);
    }
    return false;
}

/* A line from the person at the console. False: there was none worth running. */
static bool read_line(struct line_editor *editor) {
    enum line_state state = LINE_EDITING;

    shell_attach(); /* before the prompt is seen: the interrupt key is heard from then on */
    line_start(editor);
    prompt_shown();
    while (state == LINE_EDITING) {
        if (input_used == input_bytes && !read_input())
            return false;
        state = line_feed(editor, input[input_used++]);
    }
    return state == LINE_ENTERED;
}

static void welcome(bool again) {
    const struct core_list *list = cores_now();
    unsigned members = 0;
    uint64_t memory = 0;

    if (again)
        puts("\nThe shell has been started again.");
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        members += list->core[i].state == MONITOR_CORE_MEMBER;
        memory += list->core[i].memory_bytes;
    }
    printf("\nBulkhead on %u", members);
    if (list != NULL && members != list->count)
        printf(" of %zu", list->count);
    printf(" core%s with %" PRIu64 " MiB of memory. Type `help` for the commands.\n",
           members == 1 ? "" : "s", memory >> 20);
}

static void serve_console(void) {
    static const struct line_terminal terminal = { .write = terminal_write, .candidate = complete };
    static struct line_editor editor;
    static struct command command;

    line_init(&editor, &terminal, PROMPT);
    for (;;) {
        jobs_announce();
        if (!read_line(&editor))
            continue;
        const char *at = editor.text;
        while (command_next(&at, &command))
            shell_execute(&command);
    }
}

int main(int argc, char **argv) {
    static char boot_line[BOOT_LINE_BYTES], script[BOOT_LINE_BYTES];
    bool again = argc > 1 && strcmp(argv[1], "again") == 0;
    int error = getinfo(INFO_CMDLINE, boot_line, sizeof boot_line - 1, 0, NULL, NULL);

    booting = !again;
    if (!error && cmdline_get(boot_line, "script", script, sizeof script) >= 0) {
        if (again) /* a script has no second run: without its last word it counts as failed */
            power_off_now();
        else
            run_script(script);
    }
    welcome(again);
    serve_console();
}
