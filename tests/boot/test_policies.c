/* Policies of the boot archive: what is wrong with them is told, and the machine comes up. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

TestSuite(policies, .timeout = 200);

static char folder[] = "/tmp/bulkhead-policies-XXXXXX";

/* Runs a program to its end, with its output thrown away; it must succeed. */
static void run_tool(const char *const argv[]) {
    pid_t pid = fork();
    int status = 0;

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        (void)freopen("/dev/null", "w", stdout);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0, "%s failed", argv[0]);
}

#define PROGRAM(name) #name "=build/stripped/program/" #name

/* Boots an image of the system with this text as its only policies (NULL: without any), and a
 * script. Returns what the console showed; the caller frees it. */
static char *boot(const char *text, const char *cores, const char *script) {
    char image[64], archive[64], policies[64], member[80], setting[96], command[256];

    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(image, sizeof image, "%s/image", folder);
    (void)snprintf(archive, sizeof archive, "%s/archive", folder);
    (void)snprintf(policies, sizeof policies, "%s/policies", folder);
    (void)snprintf(member, sizeof member, "drivers.conf=%s", policies);
    (void)snprintf(setting, sizeof setting, "ISO=%s", image);
    (void)snprintf(command, sizeof command, "SCRIPT=%s", script);
    FILE *file = fopen(policies, "w");
    cr_assert_not_null(file);
    (void)fputs(text != NULL ? text : "", file);
    cr_assert_eq(fclose(file), 0);
    run_tool((const char *const[]){
        "build/tool/mkarchive", archive, "cpu-driver=build/stripped/cpu-driver", PROGRAM(monitor),
        PROGRAM(serial), PROGRAM(shell), PROGRAM(hello), text != NULL ? member : NULL, NULL });
    run_tool((const char *const[]){ "tools/make-iso.sh", image, "build/stripped/boot", archive,
                                    "mk/grub.cfg", NULL });
    struct qemu *q =
        qemu_start((const char *const[]){ setting, cores, command, "TIMEOUT=90", NULL });
    (void)qemu_wait_exit(q, 120);
    char *console = strdup(qemu_console(q));
    cr_assert_not_null(console);
    cr_expect(strstr(console, PROMPT) != NULL, "%s", console);
    qemu_stop(q);
    run_tool((const char *const[]){ "/bin/rm", "-rf", folder, NULL });
    return console;
}

static void expect_shown(const char *console, const char *text) {
    cr_expect(strstr(console, text) != NULL, "no '%s' in:\n%s", text, console);
}

static void expect_not_shown(const char *console, const char *text) {
    cr_expect(strstr(console, text) == NULL, "'%s' in:\n%s", text, console);
}

#define CLASSES                                                                          \
    "class runtime { ipc calls SENDREC RECEIVE NOTIFY; ipc targets KERNEL; memory 1MiB;" \
    " ipc kernel NULL EXIT MEM_MAP MEM_UNMAP SETALARM GETINFO; };\n"                     \
    "class program { use runtime; ipc targets monitor serial; memory 512KiB; };\n"
#define CONSOLE                                                                            \
    "driver serial { use runtime; ipc calls NBSEND; ipc kernel VDEVIO IRQCTL; channels 8;" \
    " service console; arguments com1 shell; isa io 0x3f8:8; isa irq 4;"                   \
    " schedule priority 1; };\n"
#define SHELL                                                                     \
    "driver shell { use program; ipc calls NBSEND; service shell; driver manage;" \
    " ipc kernel SYSCTL SCHED TRACE LOG; memory 1MiB; channels 8; schedule priority 4; };\n"

Test(policies, only_a_driver_with_an_error_is_refused) {
    char *console = boot(CLASSES CONSOLE SHELL "driver hello {\n    use program; isa io x;\n};\n"
                                               "driver greeter { use program; image hello; };\n",
                         "CORES=1", "run hello; run greeter");

    expect_shown(console, "drivers.conf:6:25: expected a port from 0 to 65535, found 'x'");
    expect_shown(console, "run: 'hello' is not a program to be run");
    expect_shown(console, "Hello from process 0.");
    free(console);
}

Test(policies, a_shell_that_is_refused_has_a_replacement) {
    char *console =
        boot(CLASSES CONSOLE "driver shell { frob; };\ndriver hello { use program; };\n", "CORES=1",
             "run hello");

    expect_shown(console, "drivers.conf:4:16: expected a key, found 'frob'");
    expect_shown(console, "Hello from process 0.");
    free(console);
}

Test(policies, a_file_without_sense_leaves_console_and_shell) {
    char *console = boot("This is no policy.\n" CLASSES "driver hello { use program; };\n",
                         "CORES=2", "run hello; ps");

    expect_shown(console, "drivers.conf:1:1: expected 'driver' or 'class', found 'This'");
    expect_shown(console, "the policies that follow are not read");
    expect_shown(console, "run: 'hello' is not a program to be run");
    expect_not_shown(console, "Hello from process");
    expect_shown(console, "serial");
    free(console);
}

Test(policies, an_archive_without_any_leaves_console_and_shell) {
    char *console = boot(NULL, "CORES=1", "run hello");

    expect_shown(console, "run: 'hello' is not a program to be run");
    free(console);
}

Test(policies, a_program_runs_on_its_core_alone) {
    char *console =
        boot(CLASSES CONSOLE SHELL "driver hello { use program; core 1; channels 1; };\n",
             "CORES=2", "run hello; run hello --core 1");

    expect_shown(console, "run: not on this core, says the program's policy (E_CORE)");
    expect_shown(console, "Hello from process 1.");
    expect_not_shown(console, "Hello from process 0.");
    free(console);
}

/* Its words reach the console of another core by a channel. */
Test(policies, a_program_without_channels_reaches_no_other_core) {
    char *console = boot(CLASSES CONSOLE SHELL "driver mute { use program; image hello; };\n"
                                               "driver hello { use program; channels 1; };\n",
                         "CORES=2", "run mute --core 1; run hello --core 1");

    expect_shown(console, "Hello from process 1.2.1");
    expect_not_shown(console, "Hello from process 1.1.1");
    free(console);
}
