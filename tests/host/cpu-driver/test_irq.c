/* Interrupts: vectors, lines, messages, storms, lines of other cores' drivers. */
#include <string.h>

#include <criterion/criterion.h>

#include <bulkhead/binding.h>

#include "../random.h"
#include "binding.h"
#include "fixture.h"
#include "x86_64/vectors.h"

static struct process *first, *p, *q;

#define CALL(who, number, ...) \
    fixture_kcall((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

#define LINE   5 /* edge-triggered */
#define LEVEL  16
#define SECOND 1000000000UL

static struct process *driver(const char *label) {
    struct process *made = fixture_process(label);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ, made->endpoint, LINE, 2), 0);
    return made;
}

static void init(void) {
    first = fixture_boot();
    p = driver("p");
    q = driver("q");
}

TestSuite(irq, .init = init, .fini = fixture_end);

/* Gives messages; returns the first vector, or a negated error. */
static int give(const struct process *to, unsigned count) {
    uint64_t args[MESSAGE_ARGS] = { PRIVCTL_MSI, to->endpoint, count };
    int error = fixture_kcall(first, KCALL_PRIVCTL, args);
    return error ? error : (int)args[0];
}

/* What the process has been told since it was asked last: the set of bits. */
static uint32_t told(struct process *who) {
    uint32_t bits = who->irq_fired;
    if (who->events & EVENT_IRQ) {
        cr_assert_eq(fixture_ipc(who, IPC_RECEIVE, ENDPOINT_KERNEL, 0), 0);
        cr_assert_eq(fixture_received(who).arg[1], bits);
    }
    return bits;
}

static void fire(int vector) { fixture_interrupt((uint64_t)vector); }

/* ---- Vectors ---- */

Test(irq, messages_are_aligned_to_their_number_and_disjoint) {
    static const unsigned counts[] = { 1, 2, 3, 4, 5, 16, 17, 32 };
    bool used[256] = { false };
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct process *r = fixture_process("r");
        int vector = give(r, counts[i]), size = 1;
        while (size < (int)counts[i])
            size *= 2;
        cr_assert(vector >= VECTOR_IRQ && vector % size == 0 &&
                  vector + size <= VECTOR_IRQ + IRQ_VECTORS);
        for (int n = 0; n < size; n++) {
            cr_assert(!used[vector + n]);
            used[vector + n] = true;
        }
        cr_assert_eq(CALL(r, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE + counts[i] - 1, 0), 0);
        cr_assert_eq(CALL(r, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE + counts[i], 0), -E_PERM);
    }
}

Test(irq, arguments_are_checked) {
    cr_assert_eq(give(p, 0), -E_RANGE);
    cr_assert_eq(give(p, IRQ_MSI_MAX + 1), -E_RANGE);
    cr_assert_gt(give(p, 1), 0);
    cr_assert_eq(give(p, 1), -E_STATE, "once");
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ_LIMIT, p->endpoint, UINT64_C(1) << 32), -E_RANGE);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 32), -E_RANGE);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE), -E_STATE);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), -E_PERM, "none was given");
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ, q->endpoint, IRQ_MSI_BASE, 1), 0);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), -E_NOENT, "nor is there one");
}

Test(irq, nobody_gives_messages_who_has_none) {
    uint64_t args[MESSAGE_ARGS] = { 'c', 0, 0, 16, 0 };
    cr_assert_eq(fixture_kcall(p, KCALL_PROC_CREATE, args), 0);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MSI, args[0], 1), -E_PERM);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_MSI, args[0], 1), -E_PERM, "no child of its");
    cr_assert_gt(give(p, 2), 0);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MSI, args[0], 4), -E_PERM);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MSI, args[0], 2), 0);
}

Test(irq, vectors_run_out_and_come_back) {
    struct process *r[16];
    unsigned count = 0;
    do
        r[count] = fixture_process("r");
    while (give(r[count++], 32) > 0);
    cr_assert_eq(count, 5 + 1, "192 vectors from 0x30 on have 5 such blocks");
    cr_assert_eq(CALL(first, PROC_KILL, r[0]->endpoint), 0);
    struct process *late = fixture_process("late");
    cr_assert_eq(give(late, 32), -E_NOSLOT, "not before it is destroyed");
    cr_assert_eq(CALL(first, PROC_DESTROY, r[0]->endpoint), 0);
    cr_assert_gt(give(late, 32), 0);
}

/* ---- Messages ---- */

Test(irq, message_masks_itself_and_is_remembered) {
    int vector = give(p, 2);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE + 1, 7), 0);
    fire(vector + 1);
    cr_assert_eq(told(p), 0, "masked at first");
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE + 1), 0);
    cr_assert_eq(told(p), 1 << 7, "but it is remembered");
    fire(vector + 1);
    fire(vector + 1);
    cr_assert_eq(told(p), 0);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE + 1), 0);
    cr_assert_eq(told(p), 1 << 7, "once");
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE + 1), 0);
    cr_assert_eq(told(p), 0);
    fire(vector + 1);
    cr_assert_eq(told(p), 1 << 7);
    fire(vector);
    cr_assert_eq(counters.unknown_interrupts, 1, "the other one is not registered");
}

/* The device of a dead driver may have one under way, and go on sending until somebody stops it. */
Test(irq, late_message_is_counted_and_hits_nobody) {
    int vector = give(p, 1);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), 0);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE), 0);
    endpoint_t dead = p->endpoint;
    cr_assert_eq(CALL(first, PROC_KILL, dead), 0);
    int other = give(q, 1);
    cr_assert_neq(other, vector, "a vector has no second owner before the first is destroyed");
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), 0);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE), 0);
    fire(vector);
    cr_assert_eq(counters.unknown_interrupts, 1);
    cr_assert_eq(told(q), 0);
    cr_assert_eq(CALL(first, PROC_DESTROY, dead), 0);
    fire(vector);
    cr_assert_eq(counters.unknown_interrupts, 2);
    struct process *r = driver("r");
    cr_assert_eq(give(r, 1), vector);
    fire(vector);
    cr_assert_eq(counters.unknown_interrupts, 3, "its new owner has not asked for it yet");
}

Test(irq, vectors_that_nobody_has_are_counted) {
    for (int vector = VECTOR_IRQ; vector < VECTOR_IRQ + IRQ_VECTORS; vector++)
        fire(vector);
    cr_assert_eq(counters.unknown_interrupts, IRQ_VECTORS);
}

/* ---- Lines ---- */

static void open_line(struct process *who, unsigned bit) {
    cr_assert_eq(CALL(who, IRQCTL, IRQCTL_REGISTER, LINE, bit), 0);
    cr_assert(fake_lines[LINE].masked);
    cr_assert_eq(CALL(who, IRQCTL, IRQCTL_UNMASK, LINE), 0);
    cr_assert(!fake_lines[LINE].masked);
}

Test(irq, line_keeps_its_vector) {
    open_line(p, 0);
    int vector = fake_lines[LINE].vector;
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, LINE, 0), -E_BUSY);
    cr_assert_eq(CALL(first, PROC_KILL, p->endpoint), 0);
    cr_assert(fake_lines[LINE].masked);
    fire(vector);
    cr_assert_eq(counters.unknown_interrupts, 1);
    cr_assert_neq(give(q, 1), vector);
    open_line(q, 3);
    cr_assert_eq(fake_lines[LINE].vector, vector);
    fire(vector);
    cr_assert_eq(told(q), 1 << 3);
    cr_assert(fake_lines[LINE].masked);
}

/* ---- An IOMMU ---- */

static uint64_t line_now[MESSAGE_ARGS];

/* Asks for a line, or gives it an entry of the IOMMU's table. */
static int remap(struct process *who, uint64_t line, uint64_t handle) {
    memcpy(line_now, (uint64_t[MESSAGE_ARGS]){ IRQCTL_REMAP, line, handle }, sizeof line_now);
    return fixture_kcall(who, KCALL_IRQCTL, line_now);
}

Test(irq, line_is_remapped_as_it_is) {
    open_line(p, 2);
    struct fake_line before = fake_lines[LINE];
    cr_assert_eq(remap(first, LINE, 0), 0);
    cr_assert_eq(line_now[0], before.vector);
    cr_assert_eq(line_now[2], 0, "edge");
    cr_assert_eq(line_now[3], FAKE_IOAPIC);
    cr_assert(!fake_lines[LINE].masked && !fake_lines[LINE].handle, "to ask changes nothing");
    cr_assert_eq(remap(first, LINE, 0x10000), 0);
    cr_assert_eq(fake_lines[LINE].handle, 0x10000);
    cr_assert_eq(fake_lines[LINE].vector, before.vector);
    cr_assert(!fake_lines[LINE].masked);
    fire(before.vector);
    cr_assert_eq(told(p), 1 << 2);
    cr_assert_eq(remap(first, LINE, LINE + 1), 0);
    cr_assert(fake_lines[LINE].masked, "until its driver asks for more");
}

Test(irq, line_of_nobody_is_remapped_and_keeps_its_vector) {
    cr_assert_eq(remap(first, LINE, LINE + 1), 0);
    cr_assert(fake_lines[LINE].masked);
    uint64_t vector = line_now[0];
    open_line(p, 0);
    cr_assert_eq(fake_lines[LINE].vector, vector);
    cr_assert_eq(fake_lines[LINE].handle, LINE + 1);
    cr_assert_eq(remap(first, 20, 0), 0);
    cr_assert_eq(line_now[2], 1, "level");
}

Test(irq, lines_are_remapped_by_who_has_all) {
    cr_assert_eq(remap(p, LINE, 0), -E_PERM);
    cr_assert_eq(remap(p, LINE, 1), -E_PERM);
    cr_assert_eq(remap(first, FAKE_LINES, 0), -E_NOENT);
    cr_assert_eq(remap(first, UINT64_MAX, 0), -E_NOENT);
    cr_assert_eq(remap(first, LINE, 0x10001), -E_RANGE);
}

/* ---- Storms ---- */

static void limit(const struct process *who, uint64_t per_second) {
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ_LIMIT, who->endpoint, per_second), 0);
}

/* Messages come, as fast as the driver serves them. Returns how many it is told of. */
static unsigned storm(int vector, unsigned count) {
    unsigned served = 0;
    for (unsigned i = 0; i < count; i++) {
        fire(vector);
        served += told(p) != 0;
        CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE);
    }
    return served;
}

static int open_message(void) {
    int vector = give(p, 1);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), 0);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE), 0);
    return vector;
}

Test(irq, storm_of_messages_is_cut_off_until_the_supervisor_resumes) {
    int vector = open_message();
    limit(p, 100);
    cr_assert_eq(storm(vector, 100), 100);
    cr_assert(!(first->events & EVENT_STORM));
    cr_assert_eq(storm(vector, 50), 0);
    cr_assert(first->events & EVENT_STORM);
    cr_assert_eq(p->refused[REFUSED_STORM], 1, "one storm, one refusal");
    cpu.now += 10 * SECOND;
    cr_assert_eq(storm(vector, 50), 0, "time does not end it");
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNREGISTER, IRQ_MSI_BASE), -E_STATE);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, IRQ_MSI_BASE, 0), 0);
    cr_assert_eq(storm(vector, 50), 0, "nor does the driver");
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ_RESUME, p->endpoint), 0);
    cr_assert_eq(told(p), 1, "of what came meanwhile");
    CALL(p, IRQCTL, IRQCTL_UNMASK, IRQ_MSI_BASE);
    cr_assert_eq(storm(vector, 200), 100);
}

Test(irq, as_many_interrupts_as_the_limit_are_no_storm) {
    int vector = open_message();
    limit(p, 100);
    for (unsigned second = 0; second < 5; second++, cpu.now += SECOND)
        cr_assert_eq(storm(vector, 100), 100);
    limit(p, 0);
    cr_assert_eq(storm(vector, 10000), 10000);
    cr_assert_eq(p->refused[REFUSED_STORM], 0);
}

Test(irq, storm_of_a_line_masks_it_in_hardware) {
    open_line(p, 0);
    limit(p, 2);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert(!fake_lines[LINE].masked);
        fire(fake_lines[LINE].vector);
        cr_assert_eq(told(p) != 0, i < 2);
        CALL(p, IRQCTL, IRQCTL_UNMASK, LINE);
    }
    cr_assert(fake_lines[LINE].masked);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IRQ_RESUME, p->endpoint), 0);
    cr_assert_eq(told(p), 1, "the third");
    cr_assert(fake_lines[LINE].masked);
    CALL(p, IRQCTL, IRQCTL_UNMASK, LINE);
    cr_assert(!fake_lines[LINE].masked);
}

Test(irq, storm_ends_with_its_driver) {
    open_line(p, 0);
    limit(p, 1);
    for (unsigned i = 0; i < 2; i++) {
        fire(fake_lines[LINE].vector);
        CALL(p, IRQCTL, IRQCTL_UNMASK, LINE);
    }
    cr_assert(fake_lines[LINE].masked);
    cr_assert_eq(CALL(first, PROC_KILL, p->endpoint), 0);
    open_line(q, 0);
    fire(fake_lines[LINE].vector);
    cr_assert_eq(told(q), 1);
}

/* ---- Lines of other cores' drivers ---- */

#define NUMBER BINDING_FIRST
#define PEER   6 /* core */
#define THEIRS (BINDING_FIRST + 3)

static int bind(uint64_t per_second) {
    return CALL(first, BIND, BIND_LINE, NUMBER, LINE, PEER, per_second);
}

Test(irq, bound_line_rings_and_is_unmasked_by_the_other_end) {
    cr_assert_eq(bind(0), 0);
    cr_assert(fake_lines[LINE].masked);
    cr_assert_eq(CALL(first, BIND, BIND_PEER, NUMBER, THEIRS), 0);
    cr_assert(fake_lines[LINE].masked, "until it is asked for");
    unsigned posted = fake_post.count;
    binding_rung(PEER + 1, NUMBER);
    cr_assert(fake_lines[LINE].masked, "by who has the other end");
    binding_rung(PEER, NUMBER);
    cr_assert(!fake_lines[LINE].masked);
    fire(fake_lines[LINE].vector);
    cr_assert(fake_post.count == posted + 1 && fake_post.core == PEER &&
              fake_post.number == THEIRS);
    cr_assert(!fake_lines[LINE].masked, "an edge that comes before it is asked for is not lost");
    fire(fake_lines[LINE].vector);
    cr_assert_eq(fake_post.count, posted + 1);
    cr_assert(fake_lines[LINE].masked, "one is enough");
    binding_rung(PEER, NUMBER);
    cr_assert_eq(fake_post.count, posted + 2, "what came meanwhile is remembered");
    cr_assert(!fake_lines[LINE].masked);
}

/* Its driver may ask for it before this core's monitor has heard which end is the other one. */
Test(irq, bound_line_that_fires_before_its_peer_is_known_rings_it_then) {
    cr_assert_eq(bind(0), 0);
    binding_rung(PEER, NUMBER);
    unsigned posted = fake_post.count;
    fire(fake_lines[LINE].vector);
    cr_assert_eq(fake_post.count, posted);
    cr_assert_eq(CALL(first, BIND, BIND_PEER, NUMBER, THEIRS), 0);
    cr_assert(fake_post.count == posted + 1 && fake_post.core == PEER &&
              fake_post.number == THEIRS);
}

Test(irq, bound_level_is_masked_as_soon_as_it_fires) {
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, LEVEL, PEER, 0), 0);
    cr_assert_eq(CALL(first, BIND, BIND_PEER, NUMBER, THEIRS), 0);
    binding_rung(PEER, NUMBER);
    cr_assert(!fake_lines[LEVEL].masked);
    fire(fake_lines[LEVEL].vector);
    cr_assert(fake_lines[LEVEL].masked);
    binding_rung(PEER, NUMBER);
    cr_assert(!fake_lines[LEVEL].masked);
}

Test(irq, bound_line_is_one_owners) {
    open_line(p, 0);
    cr_assert_eq(bind(0), -E_BUSY);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNREGISTER, LINE), 0);
    cr_assert_eq(bind(0), 0);
    cr_assert_eq(bind(0), -E_STATE);
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER + 1, LINE, PEER), -E_BUSY);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, LINE, 0), -E_BUSY);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, LINE), -E_STATE);
    cr_assert_eq(CALL(first, IRQCTL, IRQCTL_MASK, LINE), -E_STATE);
}

Test(irq, bound_line_ends_with_its_binding) {
    cr_assert_eq(bind(0), 0);
    cr_assert_eq(CALL(first, BIND, BIND_PEER, NUMBER, THEIRS), 0);
    binding_rung(PEER, NUMBER);
    cr_assert_eq(CALL(first, BIND, BIND_CLOSE, NUMBER), 0);
    cr_assert(fake_lines[LINE].masked);
    binding_rung(PEER, NUMBER);
    cr_assert(fake_lines[LINE].masked);
    fire(fake_lines[LINE].vector);
    cr_assert_eq(counters.unknown_interrupts, 1);
    open_line(p, 0);
    cr_assert_eq(CALL(first, BIND, BIND_FREE, NUMBER), 0);
    cr_assert(!fake_lines[LINE].masked, "it is another's already");
}

Test(irq, storm_of_a_bound_line_is_told_the_monitor) {
    cr_assert_eq(bind(2), 0);
    cr_assert_eq(CALL(first, BIND, BIND_PEER, NUMBER, THEIRS), 0);
    unsigned posted = fake_post.count;
    for (unsigned i = 0; i < 5; i++) {
        binding_rung(PEER, NUMBER);
        fire(fake_lines[LINE].vector);
    }
    cr_assert_eq(fake_post.count, posted + 2);
    cr_assert(fake_lines[LINE].masked);
    cr_assert(first->events & EVENT_STORM);
}

Test(irq, binding_lines_is_refused_where_it_makes_no_sense) {
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, FAKE_LINES, PEER), -E_NOENT);
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, IRQ_MSI_BASE, PEER), -E_NOENT);
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, LINE, FIXTURE_CORES), -E_NOENT);
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, LINE, FIXTURE_CORE), -E_NOENT);
    cr_assert_eq(CALL(p, BIND, BIND_LINE, NUMBER, LINE + 2, PEER), -E_PERM, "not its line");
    cr_assert_eq(CALL(first, BIND, BIND_LINE, NUMBER, LINE, PEER, UINT64_MAX), -E_RANGE);
    cr_assert_eq(bind(0), 0);
    cr_assert_eq(CALL(first, BIND, BIND_MAP, NUMBER, 0x10000000, FIXTURE_FOREIGN, PAGE_SIZE),
                 -E_STATE);
}

/* ---- At random ---- */

#define STEPS   20000
#define DRIVERS 4

static void end(const struct process *d) {
    endpoint_t endpoint = d->endpoint;
    cr_assert_eq(CALL(first, PROC_KILL, endpoint), 0);
    fire(VECTOR_IRQ + (int)random_below(IRQ_VECTORS));
    cr_assert_eq(CALL(first, PROC_DESTROY, endpoint), 0);
}

static struct process *begin(void) {
    struct process *d = driver("d");
    give(d, 1 + (unsigned)random_below(32));
    limit(d, random_below(3) ? 0 : random_below(20));
    return d;
}

static void act(struct process *d) {
    uint64_t line = random_below(2) ? LINE + random_below(2) : IRQ_MSI_BASE + random_below(4);
    switch (random_below(7)) {
    case 0:
        CALL(d, IRQCTL, IRQCTL_REGISTER, line, random_below(32));
        break;
    case 1:
        CALL(d, IRQCTL, IRQCTL_UNREGISTER + random_below(3), line);
        break;
    case 2:
        CALL(first, PRIVCTL, PRIVCTL_IRQ_RESUME, d->endpoint);
        break;
    case 3:
        CALL(first, BIND, random_below(2) ? BIND_LINE : BIND_CLOSE + random_below(2),
             NUMBER + random_below(2), LINE + random_below(2), PEER, random_below(10));
        break;
    case 4:
        binding_rung(PEER, NUMBER + (uint32_t)random_below(2));
        break;
    default:
        fire(VECTOR_IRQ + (int)random_below(40));
    }
}

/* Whatever drivers, devices and supervisors do: the check finds nothing. */
Test(irq, random_life_breaks_no_invariant) {
    random_start();
    struct process *drivers[DRIVERS] = { NULL };
    for (unsigned step = 0; step < STEPS; step++) {
        struct process **d = &drivers[random_below(DRIVERS)];
        if (!*d)
            *d = begin();
        act(*d);
        if (random_below(2))
            told(*d);
        if (random_below(50) == 0) {
            end(*d);
            *d = NULL;
        }
        cpu.now += random_below(SECOND / 10);
        if (step % 4 == 0)
            cr_assert_eq(fixture_violations(), 0, "" REPLAY, REPLAY_ARGS(step));
    }
}
