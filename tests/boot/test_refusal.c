/* What cannot work is refused at boot, with the reason on the console, and nothing of it is run. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

TestSuite(refusal, .timeout = 120);

#define ARCHIVE_FILE "build/bulkhead.archive"
#define REFUSED      "Bulkhead cannot start: "

/* Boots with two settings (the second may be NULL) and waits for the refusal and its reason. */
static void expect_refusal(const char *setting, const char *another, const char *reason) {
    struct qemu *q = qemu_start((const char *const[]){ setting, another, NULL });

    qemu_expect(q, REFUSED, BOOT_SECONDS);
    qemu_expect(q, reason, 5);
    qemu_stop(q);
}

Test(refusal, too_little_memory) { expect_refusal("QEMU_EXTRA=-m 32M", NULL, "MiB needed"); }

Test(refusal, too_little_memory_for_so_many_cores) {
    expect_refusal("CORES=16", "QEMU_EXTRA=-m 127M", "128 MiB needed: 64 MiB, and 4 MiB for each");
}

Test(refusal, more_cores_wanted_than_there_are) {
    expect_refusal("CORES=2", "CMDLINE=cores=3", "the command line's cores=N is not 1 to 2");
}

Test(refusal, processor_without_fsgsbase) {
    expect_refusal("QEMU_EXTRA=-cpu max,-fsgsbase", NULL, "the processor lacks");
}

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

/* A folder for one test's files, removed at its end. */
static char folder[] = "/tmp/bulkhead-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[4][64];
    static unsigned next;
    char *result = path[next++ % 4];

    (void)snprintf(result, sizeof path[0], "%s/%s", folder, name);
    return result;
}

static void make_folder(void) { cr_assert_not_null(mkdtemp(folder)); }

static void remove_folder(void) {
    run_tool((const char *const[]){ "/bin/rm", "-rf", folder, NULL });
}

/* Boots an image with this archive in place of ours. */
static void expect_archive_refused(const char *archive, const char *reason) {
    char setting[80];

    run_tool((const char *const[]){ "tools/make-iso.sh", in_folder("image"), "build/stripped/boot",
                                    archive, "mk/grub.cfg", NULL });
    (void)snprintf(setting, sizeof setting, "ISO=%s", in_folder("image"));
    expect_refusal(setting, NULL, reason);
}

/* Our archive's bytes; the caller frees them. */
static unsigned char *read_archive(size_t *bytes) {
    FILE *file = fopen(ARCHIVE_FILE, "rb");
    struct stat stat;

    cr_assert_not_null(file);
    cr_assert_eq(fstat(fileno(file), &stat), 0);
    *bytes = (size_t)stat.st_size;
    unsigned char *content = malloc(*bytes);
    cr_assert_not_null(content);
    cr_assert_eq(fread(content, 1, *bytes, file), *bytes);
    (void)fclose(file);
    return content;
}

static const char *write_archive(const void *content, size_t bytes) {
    const char *path = in_folder("archive");
    FILE *file = fopen(path, "wb");

    cr_assert_not_null(file);
    cr_assert_eq(fwrite(content, 1, bytes, file), bytes);
    cr_assert_eq(fclose(file), 0);
    return path;
}

Test(refusal, archive_with_a_flipped_bit, .init = make_folder, .fini = remove_folder) {
    size_t bytes;
    unsigned char *content = read_archive(&bytes);

    content[bytes / 2] ^= 0x10;
    expect_archive_refused(write_archive(content, bytes), "boot archive: checksum mismatch");
    free(content);
}

Test(refusal, archive_cut_short, .init = make_folder, .fini = remove_folder) {
    size_t bytes;
    unsigned char *content = read_archive(&bytes);

    expect_archive_refused(write_archive(content, bytes - 1), "boot archive: truncated");
    free(content);
}

Test(refusal, file_that_is_no_archive, .init = make_folder, .fini = remove_folder) {
    expect_archive_refused("Makefile", "boot archive: not a boot archive");
}

Test(refusal, archive_without_a_cpu_driver, .init = make_folder, .fini = remove_folder) {
    const char *archive = in_folder("archive");

    run_tool((const char *const[]){ "build/tool/mkarchive", archive,
                                    "monitor=build/stripped/program/monitor", NULL });
    expect_archive_refused(archive, "the boot archive has no cpu-driver");
}

Test(refusal, cpu_driver_that_is_no_image, .init = make_folder, .fini = remove_folder) {
    const char *archive = in_folder("archive");

    run_tool((const char *const[]){ "build/tool/mkarchive", archive, "cpu-driver=Makefile", NULL });
    expect_archive_refused(archive, "cpu-driver: not an ELF file");
}
