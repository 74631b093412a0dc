#include "tests.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/tap.h>

const struct message full = { .type = TYPE,
                              .tag = 0xfedcba98,
                              .arg = { 1, UINT64_MAX, 0x123456789abcdef0, 4, INT64_MAX, 6 } };

const char *path;

bool same_content(const struct message *a, const struct message *b) {
    return a->type == b->type && a->tag == b->tag && memcmp(a->arg, b->arg, sizeof a->arg) == 0;
}

void is(int64_t got, int64_t expected, const char *name) {
    tap_is(got, expected, "%s%s", name, path);
}

void ok(bool condition, const char *name) { tap_ok(condition, "%s%s", name, path); }

static uint64_t fastpath_hits(void) {
    struct core_info core = { 0 };
    getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);
    return core.fastpath_hits;
}

static void run_all(void) {
    test_rendezvous();
    test_notifications();
    test_asend();
    test_deaths();
    test_cycles();
    test_refusals();
    test_registers();
}

/* Everything twice: the fast path must not be told from the general one. */
int main(void) {
    tap_plan(0);
    uint64_t before = fastpath_hits();
    path = "";
    run_all();
    tap_ok(fastpath_hits() > before, "the fast path was taken");
    check_kernel("after it");

    sysctl_fastpath(false);
    before = fastpath_hits();
    path = " [general path]";
    run_all();
    tap_is((int64_t)fastpath_hits(), (int64_t)before, "the fast path was not taken when off");
    sysctl_fastpath(true);
    check_kernel("after all");
    return tap_done();
}
