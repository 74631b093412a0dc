/* Refusals: each counted by its kind, and told of in the log at a bounded rate. */
#include <string.h>

#include <criterion/criterion.h>

#include "fixture.h"
#include "log.h"
#include "time.h"
#include "x86_64/cpu.h"

static struct process *p;

static void setup(void) {
    fixture_boot();
    p = fixture_process("driver");
}

TestSuite(refusal, .init = setup, .fini = fixture_end);

/* Lines about refusals that the log has. */
static unsigned lines(void) {
    static char text[LOG_BYTES];
    uint64_t start, total;
    size_t bytes = log_read(0, text, sizeof text - 1, &start, &total);
    unsigned count = 0;
    text[bytes] = '\0';
    for (const char *at = text; (at = strstr(at, "refused: ")) != NULL; at++)
        count++;
    return count;
}

Test(refusal, kinds_are_counted_apart) {
    process_refuse(p, REFUSED_KCALL, -E_PERM);
    process_refuse(p, REFUSED_KCALL, -E_PERM);
    process_refuse(p, REFUSED_TARGET, -E_TARGET);
    cr_assert_eq(p->refused[REFUSED_KCALL], 2);
    cr_assert_eq(p->refused[REFUSED_TARGET], 1);
    cr_assert_eq(p->refusals, 3);
}

Test(refusal, exceptions_have_their_rows) {
    static const struct {
        uint64_t vector;
        enum refusal kind;
    } rows[] = {
        { 0, REFUSED_DIVIDE }, { 1, REFUSED_DEBUG },      { 3, REFUSED_BREAKPOINT },
        { 6, REFUSED_OPCODE }, { 12, REFUSED_STACK },     { 13, REFUSED_PROTECTION },
        { 14, REFUSED_PAGE },  { 17, REFUSED_EXCEPTION },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        process_count_exception(p, rows[i].vector);
        cr_assert_eq(p->refused[rows[i].kind], 1, "vector %lu", rows[i].vector);
    }
}

Test(refusal, the_log_is_not_flooded) {
    cpu.now += time_to_ticks(10000000000);
    unsigned before = lines();
    for (unsigned i = 0; i < 100000; i++)
        process_refuse(p, (enum refusal)(i % REFUSAL_COUNT), -E_PERM);
    cr_assert_leq(lines() - before, 4);
    cr_assert_eq(p->refusals, 100000);
}

Test(refusal, what_the_log_left_out_is_told_later) {
    cpu.now += time_to_ticks(10000000000);
    for (unsigned kind = 0; kind < REFUSAL_COUNT; kind++)
        process_refuse(p, (enum refusal)kind, -E_PERM);
    unsigned before = lines();
    cpu.now += time_to_ticks(10000000000);
    process_refuse(p, REFUSED_KCALL, -E_PERM);
    cr_assert_eq(lines() - before, 2);
}

Test(refusal, getinfo_tells_them) {
    struct refusal_info info;
    uint64_t arg[MESSAGE_ARGS] = { INFO_REFUSALS, FIXTURE_MEMORY, sizeof info, ENDPOINT_SELF };
    process_refuse(p, REFUSED_DEVICE, -E_PERM);
    cr_assert_eq(fixture_kcall(p, KCALL_GETINFO, arg), 0);
    memcpy(&info, fixture_memory(p, FIXTURE_MEMORY), sizeof info);
    cr_assert_eq(info.endpoint, p->endpoint);
    cr_assert_eq(info.count[REFUSED_DEVICE], 1);
    cr_assert_eq(memcmp(info.label, "driver", 7), 0);
}
