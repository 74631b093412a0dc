/*
 * What topology/generate makes of machines, compared with golden/, byte by byte; and of what is
 * none. What it made is in build/host/topology/, to be copied when a difference is meant.
 */
#include <criterion/criterion.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GENERATE "build/tool/topology-generate"
#define MADE     "build/host/topology"
#define GOLDEN   "tests/host/topology/golden"
#define TEXT_MAX 65536

#define IRREGULAR GOLDEN "/irregular.xml"

static const struct machine {
    const char *name, *input;
    bool in_qemu;
    const char *nodes; /* what QEMU says of them */
} machines[] = {
    { "one-core", "pu:1", true, "0 nodes" },
    { "four-cores", "core:4 pu:1", true, "0 nodes" },
    { "two-packages", "package:2 core:4 pu:2", true, "0 nodes" },
    { "eight-packages", "package:8 core:4 pu:1", true, "0 nodes" },
    { "caches-and-nodes", "package:2 numa:1 l3:2 core:2 pu:1", true, "2 nodes" },
    { "irregular", IRREGULAR, false, NULL },
};

#define MACHINES (sizeof machines / sizeof *machines)

static char said[TEXT_MAX]; /* by the last command */

/* Runs a command, and returns its exit status. */
static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...) {
    char command[2048];
    va_list arguments;
    size_t bytes;
    FILE *pipe;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r"); // NOLINT(cert-env33-c): its own words
    cr_assert_not_null(pipe);
    bytes = fread(said, 1, sizeof said - 1, pipe);
    said[bytes] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static int generate(const char *options, const char *input) {
    return run(GENERATE " %s '%s' 2>&1", options, input);
}

static void read_file(const char *path, char *text) {
    FILE *file = fopen(path, "rb");
    size_t bytes;

    cr_assert_not_null(file, "%s", path);
    bytes = fread(text, 1, TEXT_MAX - 1, file);
    text[bytes] = '\0';
    fclose(file);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");

    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void expect_golden(const char *name, const char *kind) {
    static char made[TEXT_MAX], golden[TEXT_MAX];
    char path[256];

    snprintf(path, sizeof path, MADE "/%s.%s", name, kind);
    read_file(path, made);
    snprintf(path, sizeof path, GOLDEN "/%s.%s", name, kind);
    read_file(path, golden);
    cr_expect_str_eq(made, golden, "%s.%s is not as in golden/", name, kind);
}

static void make_folder(void) { run("mkdir -p " MADE); }

TestSuite(generate, .init = make_folder);

Test(generate, headers_and_arguments_are_golden) {
    for (const struct machine *m = machines; m < machines + MACHINES; m++) {
        char options[512];
        snprintf(options, sizeof options, "--header=" MADE "/%s.header", m->name);
        if (m->in_qemu)
            snprintf(options + strlen(options), sizeof options - strlen(options),
                     " --qemu=" MADE "/%s.args", m->name);
        cr_assert_eq(generate(options, m->input), 0, "%s: %s", m->name, said);
        cr_assert_str_empty(said);
        expect_golden(m->name, "header");
        if (m->in_qemu)
            expect_golden(m->name, "args");
    }
}

Test(generate, same_machine_gives_the_same_picture) {
    for (const struct machine *m = machines; m < machines + MACHINES; m++) {
        static char first[TEXT_MAX];
        cr_assert_eq(generate("--svg=-", m->input), 0);
        memcpy(first, said, sizeof first);
        cr_assert_eq(generate("--svg=-", m->input), 0);
        cr_expect_str_eq(first, said);
        cr_expect(strncmp(said, "<svg ", 5) == 0 && strstr(said, "</svg>\n"));
    }
}

Test(generate, headers_compile_that_of_no_machine_too) {
    const char *cc = "gcc -std=gnu11 -Wall -Wextra -Wundef -Werror -Itopology/include -x c "
                     "-fsyntax-only - 2>&1";

    cr_expect_eq(run("%s --none --header=- | %s", GENERATE, cc), 0, "%s", said);
    for (const struct machine *m = machines; m < machines + MACHINES; m++)
        cr_expect_eq(run("%s --header=- '%s' | %s", GENERATE, m->input, cc), 0, "%s", said);
    cr_expect_eq(run(GENERATE " --none --header=-"), 0);
    cr_expect(strstr(said, "#define TOPOLOGY_KNOWN_CORES 0\n"));
}

Test(generate, name_is_a_string_of_c_whatever_is_in_it) {
    static const char path[] = MADE "/a \"\\\?\?! \n\001\xff.xml";

    cr_assert_eq(run("cp " IRREGULAR " '%s'", path), 0);
    cr_assert_eq(run("{ echo '#include <stdio.h>'; " GENERATE " --header=- '%s'; "
                     "echo 'int main(void) { fputs(TOPOLOGY_KNOWN_NAME, stdout); }'; } | "
                     "gcc -trigraphs -Wno-trigraphs -Itopology/include -x c -o " MADE
                     "/name - 2>&1 && " MADE "/name",
                     path),
                 0, "%s", said);
    cr_expect_str_eq(said, path);
}

Test(generate, qemu_takes_the_arguments) {
    for (const struct machine *m = machines; m < machines + MACHINES; m++) {
        if (!m->in_qemu)
            continue;
        cr_expect_eq(run("while read -r argument; do set -- \"$@\" \"$argument\"; done <" GOLDEN
                         "/%s.args; printf 'info numa\nquit\n' | qemu-system-x86_64 -machine q35 "
                         "-m 512M -nodefaults -display none -S -accel tcg "
                         "-cpu max,vendor=GenuineIntel -monitor stdio \"$@\" 2>&1",
                         m->name),
                     0, "%s", said);
        cr_expect(strstr(said, m->nodes), "%s: %s", m->name, said);
    }
}

Test(generate, machine_that_qemu_cannot_have_is_refused) {
    cr_expect_eq(generate("--qemu=" MADE "/irregular.args", IRREGULAR), 2);
    cr_expect(strstr(said, "QEMU cannot have this machine: core 3"), "%s", said);
    cr_expect_neq(access(MADE "/irregular.args", F_OK), 0);
}

Test(generate, unchanged_file_is_not_touched) {
    const char *path = MADE "/untouched";
    struct stat status;

    cr_assert_eq(generate("--header=" MADE "/untouched", "pu:2"), 0);
    cr_assert_eq(run("touch -d @1000 %s", path), 0);
    cr_assert_eq(generate("--header=" MADE "/untouched", "pu:2"), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_mtime, 1000);
    cr_assert_eq(generate("--header=" MADE "/untouched", "pu:3"), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_neq(status.st_mtime, 1000);
}

/* ---- What is no machine ---- */

/* Exit status 2, one line that says all of `what`, and the old files as they were. */
static void expect_refused(const char *input, const char *where, const char *what) {
    static char left[TEXT_MAX];

    write_file(MADE "/old.header", "old");
    write_file(MADE "/old.args", "old");
    cr_expect_eq(generate("--header=" MADE "/old.header --qemu=" MADE "/old.args", input), 2,
                 "%s: %s", input, said);
    cr_expect(strstr(said, where) && strstr(said, what), "`%s`: %s", input, said);
    cr_expect(strchr(said, '\n') == said + strlen(said) - 1, "`%s`: %s", input, said);
    read_file(MADE "/old.header", left);
    cr_expect_str_eq(left, "old");
    read_file(MADE "/old.args", left);
    cr_expect_str_eq(left, "old");
}

Test(generate, bad_description_is_refused_where_it_is_bad) {
    static const char *const refused[][3] = {
        { "", "empty", "hwloc" },
        { "  ", "empty", "hwloc" },
        { "garbage", "column 1,", "unknown object type" },
        { "package:2 bogus:2 pu:2", "column 11, `bogus:2`", "unknown object type" },
        { "package:2 core:0 pu:1", "column 11, `core:0`", "disallow 0" },
        { "package:2 core:x pu:1", "column 11, `core:x`", "number of objects" },
        { "package:2 core pu:1", "column 11, `core`", "Synthetic string" },
        { "package:2 core:4", "column 11, `core:4`", "non-PU type for last level" },
        { "package:2 core:2 package:2 pu:1", "column 18, `package:2`", "several package levels" },
        { "core:65 pu:1", "65 cores", "more than 64" },
        { "package:4 core:16 pu:2", "128 cores", "more than 64" },
        { "package:3000 core:4000 pu:1000", "package:3000", "more than 4096 cores" },
        { "numa:65 pu:1", "65 NUMA nodes", "must be 1 to 64" },
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        expect_refused(refused[i][0], refused[i][1], refused[i][2]);
}

/* The irregular machine, with the first `from` in it replaced, or ending with it. */
static void expect_broken(const char *from, const char *to, const char *where, const char *what) {
    static char text[TEXT_MAX], broken[2 * TEXT_MAX];
    char *at;

    read_file(IRREGULAR, text);
    at = strstr(text, from);
    cr_assert_not_null(at);
    snprintf(broken, sizeof broken, "%.*s%s%s", (int)(at - text), text, to ? to : "",
             to ? at + strlen(from) : "");
    write_file(MADE "/broken.xml", broken);
    expect_refused(MADE "/broken.xml", where, what);
}

Test(generate, broken_file_is_refused_where_it_is_broken) {
    expect_refused("no-such-file.xml", "no-such-file.xml", "No such file");
    expect_refused("/", "/", "directory");
    write_file(MADE "/broken.xml", "");
    expect_refused(MADE "/broken.xml", "line 1", "no topology");
    write_file(MADE "/broken.xml", "garbage\n");
    expect_refused(MADE "/broken.xml", "line 1", "not XML");
    write_file(MADE "/broken.xml", "<?xml version=\"1.0\"?>\n<html>\n</html>\n");
    expect_refused(MADE "/broken.xml", "line 2", "not a topology");
    expect_broken("    <object type=\"Package\" os_index=\"1\"", NULL, "line 4", "not closed");
    expect_broken("</object>", "", "line 53", "not open");
    expect_broken("\"L3Cache\"", "\"L3Cash\"", "line 11", "L3Cash");
}

Test(generate, more_cores_can_be_asked_for) {
    cr_expect_eq(generate("--cores-max=128 --header=- >/dev/null", "core:65 pu:1"), 0, "%s", said);
    cr_expect_eq(generate("--cores-max=4097 --header=-", "pu:1"), 2);
    cr_expect(strstr(said, "--cores-max=4097: must be 1 to 4096"));
}
