/* A bug in the instance stops its core with a report that says what, where and how it came there.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

#define REPORT_SECONDS 60

struct bug {
    int kind;                 /* enum crash of <bulkhead/kcall.h> */
    char says[64];            /* what happened */
    char first[16], last[16]; /* functions that the report must name, the latter in the backtrace */
};

ParameterizedTestParameters(panic, report_says_what_and_where) {
    static struct bug bugs[] = {
        { 1, "kind != CRASH_ASSERT", "crash+", "kcall+" },
        { 2, "divide error", "crash+", "kcall+" },
        { 3, "page fault (vector 14, error code 0,", "crash+", "kcall+" },
        { 4, "page fault (vector 14, error code 3,", "crash+", "kcall+" },
        { 5, "page fault (vector 14, error code 11,", "kcall+", "kcall+" },
        { 6, "double fault", "at   ", "recurse+" },
    };
    return cr_make_param_array(struct bug, bugs, sizeof bugs / sizeof bugs[0]);
}

ParameterizedTest(struct bug *bug, panic, report_says_what_and_where, .timeout = 240) {
    char script[64];
    snprintf(script, sizeof script, "SCRIPT=run test-panic %d", bug->kind);
    struct qemu *q =
        qemu_start((const char *const[]){ "ISO=build/test.iso", "CMDLINE=debug=1", script, NULL });

    qemu_expect(q, "core 0 stopped", BOOT_SECONDS + REPORT_SECONDS);
    qemu_expect(q, bug->says, REPORT_SECONDS);
    qemu_expect(q, "while serving test-panic", REPORT_SECONDS);
    qemu_expect(q, bug->last, REPORT_SECONDS);
    cr_expect_not_null(strstr(strstr(qemu_console(q), "core 0 stopped"), bug->first), "%s",
                       qemu_console(q));
    qemu_stop(q);
}
