/* What is mapped through grants: SAFEMAP, revocation, deaths. */
#include "grants.h"
#include "mapping.h"

#define PAGES 40UL /* of a's memory at BUFFER */

#define BUFFER 0x30000000UL

static struct process *first, *a, *b, *c;
static uint64_t id;

static void init(void) {
    first = fixture_boot();
    struct process **const all[] = { &a, &b, &c };
    for (unsigned i = 0; i < 3; i++) {
        *all[i] = fixture_process((const char *[]){ "a", "b", "c" }[i]);
        fixture_give_frames(*all[i], 120);
        make_table(*all[i], 1);
    }
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert_eq(vm_map(a, BUFFER + i * PAGE_SIZE, PROT_WRITE), 0);
    id = grant_direct(a, 0, b, BUFFER, PAGES * PAGE_SIZE, BOTH);
}

TestSuite(mapping, .init = init, .fini = fixture_end);

/* So many pages from WINDOW on show a's. */
static unsigned shown(const struct process *p) {
    unsigned count = 0;
    for (unsigned i = 0; i < PAGES; i++)
        count += fixture_physical(p, WINDOW + i * PAGE_SIZE) ==
                 fixture_physical(a, BUFFER + i * PAGE_SIZE);
    return count;
}

static bool is_scratch(struct process *p, uint64_t address) {
    uint64_t frame = fixture_physical(p, address);
    return frame && frame_state(frame) == FRAME_PRIVATE && frame_owner(frame) == process_slot(p) &&
           *(uint64_t *)direct(frame) == 0;
}

static void destroy(struct process *p) {
    if (p->state != PROCESS_DEAD)
        process_die(p, DEATH_KILLED, 0);
    endpoint_t endpoint = p->endpoint;
    cr_assert_eq(kernel_call(first, KCALL_PROC_DESTROY, endpoint, 0, 0, 0, 0, 0), 0);
}

static enum frame_state state_of(const struct process *p, uint64_t address) {
    return frame_state(fixture_physical(p, address));
}

Test(mapping, pages_are_mapped_and_given_back) {
    uint32_t frames = b->frames;
    cr_assert_eq(map(b, a, id, 0, WINDOW, PAGES, PROT_READ | PROT_WRITE), 0);
    cr_assert_eq(shown(b), PAGES);
    cr_assert_eq(b->frames, frames + 1 + 1 + 1, "a table, the records, a scratch frame");
    cr_assert_eq(state_of(a, BUFFER), FRAME_GRANTED);
    cr_assert(entry(a, 0)->flags & GRANT_MAPPED);
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(unmap(b, WINDOW), 0);
    cr_assert_eq(fixture_physical(b, WINDOW), 0);
    cr_assert_eq(state_of(a, BUFFER), FRAME_PRIVATE);
    cr_assert_eq(b->frames, frames + 1, "the records stay");
    cr_assert_eq(unmap(b, WINDOW), -E_NOENT);
}

Test(mapping, only_whole_pages_that_were_granted) {
    uint64_t odd = grant_direct(a, 1, b, BUFFER + 8, 2 * PAGE_SIZE, BOTH);
    uint64_t read = grant_direct(a, 2, b, BUFFER, 2 * PAGE_SIZE, READ);
    cr_assert_eq(map(b, a, odd, 0, WINDOW, 1, PROT_READ), -E_INVAL);
    cr_assert_eq(map(b, a, odd, PAGE_SIZE - 8, WINDOW, 1, PROT_READ), 0, "the one that it has");
    cr_assert_eq(map(b, a, id, 8, WINDOW + PAGE_SIZE, 1, PROT_READ), -E_INVAL);
    cr_assert_eq(map(b, a, id, 0, WINDOW + PAGE_SIZE, 0, PROT_READ), -E_INVAL);
    cr_assert_eq(map(b, a, id, 0, WINDOW + 8, 1, PROT_READ), -E_INVAL);
    cr_assert_eq(map(b, a, id, 0, WINDOW + PAGE_SIZE, 1, PROT_READ | PROT_EXEC), -E_INVAL);
    cr_assert_eq(map(b, a, read, 0, WINDOW + PAGE_SIZE, 1, PROT_WRITE), -E_PERM);
    cr_assert_eq(map(b, a, id, PAGE_SIZE, WINDOW + PAGE_SIZE, PAGES, PROT_READ), -E_RANGE);
    cr_assert_eq(map(c, a, id, 0, WINDOW, 1, PROT_READ), -E_NOENT);
    cr_assert_eq(map(b, a, id, 0, USER_END, 1, PROT_READ), -E_RANGE);
    cr_assert_eq(map(b, a, id, 0, 0, 1, PROT_READ), -E_RANGE);
    cr_assert_eq(map(b, a, id, 0, MEMORY, 1, PROT_READ), -E_EXIST);
    cr_assert_eq(map(b, a, id, 0, MEMORY - PAGE_SIZE, 2, PROT_READ), -E_EXIST);
    cr_assert_eq(fixture_physical(b, MEMORY - PAGE_SIZE), 0, "nothing of it stays");
    cr_assert_eq(fixture_violations(), 0);
}

Test(mapping, only_memory_of_the_roots_own_that_it_may_write) {
    uint64_t far = grant_direct(a, 1, b, BUFFER, 2 * PAGES * PAGE_SIZE, BOTH);
    uint32_t frames = b->frames;
    cr_assert_eq(map(b, a, far, (PAGES - 20) * PAGE_SIZE, WINDOW, 30, PROT_READ), -E_FAULT);
    cr_assert_eq(b->frames, frames + 1);
    vm_protect(a, BUFFER, PROT_READ);
    cr_assert_eq(map(b, a, id, 0, WINDOW, 1, PROT_WRITE), -E_FAULT);
    cr_assert_eq(map(b, a, id, 0, WINDOW, 1, PROT_READ), 0);
    uint64_t borrowed = grant_direct(b, 0, c, WINDOW, PAGE_SIZE, READ);
    cr_assert_eq(map(c, b, borrowed, 0, WINDOW, 1, PROT_READ), -E_FAULT, "borrowed is not b's");
    cr_assert_eq(copy_from(c, b, borrowed, 0, MEMORY, 8), 0, "but b may read it");
}

Test(mapping, what_others_have_mapped_is_neither_freed_nor_for_the_kernel) {
    cr_assert_eq(map(b, a, id, 0, WINDOW, 2, PROT_READ), 0);
    const uint64_t p = BUFFER + PAGE_SIZE;
    const struct {
        uint32_t number;
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { KCALL_MEM_UNMAP, { ENDPOINT_SELF, p, PAGE_SIZE }, -E_BUSY },
        { KCALL_MEM_PROTECT, { ENDPOINT_SELF, p, PAGE_SIZE, PROT_READ }, -E_BUSY },
        { KCALL_SHARE, { 2, p, PAGE_SIZE }, -E_BUSY },
        { KCALL_LOG, { p, 8 }, -E_FAULT },
        { KCALL_GETINFO, { INFO_CORE, p, PAGE_SIZE }, -E_FAULT },
        { KCALL_SETGRANT, { p, GRANTS_PER_PAGE }, -E_FAULT },
        { KCALL_MEM_COPY, { ENDPOINT_SELF, p, MEMORY, 8, COPY_TO }, -E_FAULT },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(a, calls[i].number, args), calls[i].error, "%u", i);
    }
    cr_assert_eq(fixture_ipc(a, IPC_ASEND, p, 1), -E_FAULT);
    uint64_t unmap_borrowed[MESSAGE_ARGS] = { ENDPOINT_SELF, WINDOW, PAGE_SIZE };
    cr_assert_eq(fixture_kcall(b, KCALL_MEM_UNMAP, unmap_borrowed), -E_FAULT);
    cr_assert_eq(shown(b), 2);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), 0, "grants go on");
    cr_assert_eq(copy_from(b, a, id, 100, WINDOW, 8), -E_FAULT, "read-only is read-only");
}

Test(mapping, a_grant_table_that_is_mapped_grants_nothing) {
    uint64_t other = grant_direct(a, 1, b, TABLE, PAGE_SIZE, BOTH);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), 0, "the kernel knows the page");
    cr_assert_eq(map(b, a, other, 0, WINDOW, 1, PROT_WRITE), 0);
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), -E_NOENT);
    cr_assert_eq(unmap(b, WINDOW), 0);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), 0);
}

Test(mapping, revocation_puts_a_scratch_frame_in_place_of_every_page) {
    cr_assert_eq(map(b, a, id, 0, WINDOW, PAGES, PROT_READ | PROT_WRITE), 0);
    uint64_t args[MESSAGE_ARGS] = { REVOKE_GRANT, id };
    unsigned left = PAGES, steps = 1;
    entry(a, 0)->flags = 0;
    while (fixture_step(a, KCALL_SAFEREVOKE, args) == 1) {
        unsigned now = shown(b);
        cr_assert(now <= left && left - now <= 16, "no step is long");
        left = now;
        steps++;
        cr_assert_eq(fixture_violations(), 0);
    }
    cr_assert_eq(shown(b), 0);
    cr_assert_geq(steps, PAGES / 16);
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert(is_scratch(b, WINDOW + i * PAGE_SIZE));
    cr_assert_eq(vm_unmap(a, BUFFER), 0, "a has it back");
    cr_assert_eq(copy_from(b, a, id, 0, WINDOW, 8), -E_NOENT);
    cr_assert_eq(unmap(b, WINDOW), 0, "b gives the window up");
    cr_assert_eq(fixture_physical(b, WINDOW), 0);
}

Test(mapping, revocation_is_of_one_grant) {
    uint64_t other = grant_direct(a, 1, b, BUFFER, PAGES * PAGE_SIZE, BOTH);
    cr_assert_eq(map(b, a, id, 0, WINDOW, 1, PROT_READ), 0);
    cr_assert_eq(map(b, a, other, 0, WINDOW + PAGE_SIZE, 1, PROT_READ), 0);
    cr_assert_eq(frame_shares(fixture_physical(a, BUFFER)), 2);
    cr_assert_eq(revoke(b, id), 0, "not b's to revoke");
    cr_assert_eq(shown(b), 1);
    cr_assert_eq(revoke(a, other), 0);
    cr_assert_eq(shown(b), 1);
    cr_assert(is_scratch(b, WINDOW + PAGE_SIZE));
    cr_assert_eq(vm_unmap(a, BUFFER), -E_BUSY);
    cr_assert_eq(revoke(a, id), 0);
    cr_assert_eq(vm_unmap(a, BUFFER), 0);
}

/* a -> b -> c */
static uint64_t pass_on(void) {
    uint64_t passed = grant_indirect(b, 5, c, a, id, PAGE_SIZE, 4 * PAGE_SIZE, BOTH);
    cr_assert_eq(map(c, b, passed, PAGE_SIZE, WINDOW, 2, PROT_READ), 0);
    cr_assert_eq(fixture_physical(c, WINDOW), fixture_physical(a, BUFFER + 2 * PAGE_SIZE));
    return passed;
}

Test(mapping, every_grantor_of_the_chain_can_revoke) {
    uint64_t passed = pass_on();
    cr_assert(entry(a, 0)->flags & GRANT_MAPPED && entry(b, 5)->flags & GRANT_MAPPED);
    cr_assert_eq(revoke(b, passed), 0);
    cr_assert(is_scratch(c, WINDOW) && is_scratch(c, WINDOW + PAGE_SIZE));
    cr_assert_eq(unmap(c, WINDOW), 0);
    pass_on();
    cr_assert_eq(revoke(a, id), 0);
    cr_assert(is_scratch(c, WINDOW) && is_scratch(c, WINDOW + PAGE_SIZE));
}

Test(mapping, the_death_of_the_root_takes_its_memory_away_before_it_is_used_again) {
    cr_assert_eq(map(b, a, id, 0, WINDOW, PAGES, PROT_WRITE), 0);
    pass_on();
    process_die(a, DEATH_KILLED, 0);
    cr_assert_eq(fixture_violations(), 0);
    uint64_t args[MESSAGE_ARGS] = { a->endpoint };
    while (fixture_step(first, KCALL_PROC_DESTROY, args) == 1)
        cr_assert_eq(fixture_violations(), 0);
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert(is_scratch(b, WINDOW + i * PAGE_SIZE));
    cr_assert(is_scratch(c, WINDOW));
    destroy(b);
    destroy(c);
}

Test(mapping, the_death_of_a_link_takes_what_came_through_it) {
    cr_assert_eq(map(b, a, id, 0, WINDOW, PAGES, PROT_WRITE), 0);
    pass_on();
    destroy(b);
    cr_assert(is_scratch(c, WINDOW) && is_scratch(c, WINDOW + PAGE_SIZE));
    cr_assert_eq(vm_unmap(a, BUFFER), 0, "and the mappings of the link itself");
    cr_assert_eq(state_of(a, BUFFER + 2 * PAGE_SIZE), FRAME_PRIVATE);
}

Test(mapping, the_death_of_the_mapper_gives_the_mapping_back) {
    cr_assert_eq(map(b, a, id, 0, WINDOW, PAGES, PROT_WRITE), 0);
    process_die(b, DEATH_KILLED, 0);
    cr_assert_eq(vm_unmap(a, BUFFER), -E_BUSY, "until it is destroyed");
    destroy(b);
    cr_assert_eq(vm_unmap(a, BUFFER), 0);
}

Test(mapping, revocation_meets_a_mapping_half_way) {
    uint64_t args[MESSAGE_ARGS] = { a->endpoint, id, 0, WINDOW, PAGES * PAGE_SIZE, PROT_WRITE };
    uint32_t frames = b->frames;
    cr_assert_eq(fixture_step(b, KCALL_SAFEMAP, args), 1);
    cr_assert_eq(fixture_violations(), 0);
    unsigned before = shown(b);
    cr_assert(before && before < PAGES);
    entry(a, 0)->flags &= ~(unsigned)GRANT_VALID;
    cr_assert_eq(revoke(a, id), 0);
    cr_assert_eq(shown(b), 0);
    cr_assert_eq(fixture_violations(), 0);
    fixture_run(b);
    int steps = 0;
    while ((int)b->context.rax == IPC_SENDREC && steps++ < 9)
        ipc_entry(b);
    cr_assert_eq((int)b->context.rax, -E_PEERDEAD);
    cr_assert_eq(fixture_physical(b, WINDOW), 0);
    cr_assert_eq(b->frames, frames + 1);
}

Test(mapping, a_mapper_that_dies_half_way_leaves_nothing) {
    uint64_t args[MESSAGE_ARGS] = { a->endpoint, id, 0, WINDOW, PAGES * PAGE_SIZE, PROT_WRITE };
    cr_assert_eq(fixture_step(b, KCALL_SAFEMAP, args), 1);
    fixture_run(first);
    destroy(b);
    cr_assert_eq(vm_unmap(a, BUFFER), 0);
}

Test(mapping, records_and_quota_are_limits) {
    for (unsigned i = 0; i < GRANT_MAPPINGS_MAX; i++)
        cr_assert_eq(map(b, a, id, 0, WINDOW + i * PAGE_SIZE, 1, PROT_READ), 0);
    uint64_t last = WINDOW + GRANT_MAPPINGS_MAX * PAGE_SIZE;
    cr_assert_eq(map(b, a, id, 0, last, 1, PROT_READ), -E_NOSLOT);
    cr_assert_eq(unmap(b, WINDOW + 3 * PAGE_SIZE), 0);
    fixture_give_frames(b, (int64_t)b->frames - (int64_t)b->frame_quota);
    cr_assert_eq(map(b, a, id, 0, last, 1, PROT_READ), -E_QUOTA);
    fixture_give_frames(b, 1);
    cr_assert_eq(map(b, a, id, 0, last, 1, PROT_READ), 0);
}

Test(mapping, a_process_may_map_its_own_memory) {
    uint64_t own = grant_direct(a, 1, a, BUFFER, 2 * PAGE_SIZE, BOTH);
    cr_assert_eq(map(a, a, own, 0, WINDOW, 2, PROT_WRITE), 0);
    cr_assert_eq(fixture_violations(), 0);
    destroy(a);
}

/* ---- Other cores ---- */

static void pin(uint64_t pages, uint64_t physical[]) {
    uint64_t args[MESSAGE_ARGS] = { GRANT_PIN,         a->endpoint, BUFFER,
                                    pages * PAGE_SIZE, MEMORY,      PROT_WRITE };
    cr_assert_eq(fixture_kcall(first, KCALL_GRANT, args), 0);
    memcpy(physical, fixture_memory(first, MEMORY), pages * sizeof physical[0]);
}

Test(mapping, pinned_pages_stay_where_they_are) {
    uint64_t physical[PAGES];
    vm_map(first, MEMORY, PROT_WRITE);
    pin(PAGES, physical);
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert_eq(physical[i], fixture_physical(a, BUFFER + i * PAGE_SIZE));
    cr_assert_eq(state_of(a, BUFFER), FRAME_EXPORTED);
    cr_assert_eq(vm_unmap(a, BUFFER), -E_BUSY);
    cr_assert_eq(vm_export_end(a, BUFFER), -E_BUSY);
    cr_assert_eq(fixture_violations(), 0);
    process_die(a, DEATH_KILLED, 0);
    cr_assert_eq(kernel_call(first, KCALL_PROC_DESTROY, a->endpoint, 0, 0, 0, 0, 0), -E_BUSY);
    cr_assert_eq(
        kernel_call(first, KCALL_GRANT, GRANT_UNPIN, a->endpoint, BUFFER, PAGES * PAGE_SIZE, 0, 0),
        0);
    cr_assert_eq(kernel_call(first, KCALL_GRANT, GRANT_UNPIN, a->endpoint, BUFFER, PAGE_SIZE, 0, 0),
                 -E_NOENT);
    cr_assert_eq(kernel_call(first, KCALL_PROC_DESTROY, a->endpoint, 0, 0, 0, 0, 0), 0);
}

static int import(uint64_t pages, const uint64_t physical[]) {
    vm_map(first, MEMORY, PROT_WRITE);
    memcpy(fixture_memory(first, MEMORY), physical, pages * sizeof physical[0]);
    return kernel_call(first, KCALL_GRANT, GRANT_IMPORT, b->endpoint, WINDOW, pages * PAGE_SIZE,
                       MEMORY, PROT_WRITE);
}

Test(mapping, pages_of_other_cores_are_imported_and_withdrawn) {
    uint64_t physical[PAGES];
    for (unsigned i = 0; i < PAGES; i++)
        physical[i] = FIXTURE_FOREIGN + (PAGES - i) * 2 * PAGE_SIZE;
    uint32_t frames = b->frames;
    cr_assert_eq(import(PAGES, physical), 0);
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert_eq(fixture_physical(b, WINDOW + i * PAGE_SIZE), physical[i]);
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_null(vm_user_data(b, WINDOW, false), "out of the kernel's reach");
    cr_assert_eq(unmap(b, WINDOW), -E_BUSY, "the monitor's to end");
    cr_assert_eq(kernel_call(first, KCALL_GRANT, GRANT_WITHDRAW, b->endpoint, WINDOW, 0, 0, 0), 0);
    for (unsigned i = 0; i < PAGES; i++)
        cr_assert(is_scratch(b, WINDOW + i * PAGE_SIZE));
    cr_assert_eq(kernel_call(first, KCALL_GRANT, GRANT_WITHDRAW, b->endpoint, WINDOW, 0, 0, 0),
                 -E_NOENT);
    cr_assert_eq(unmap(b, WINDOW), 0);
    cr_assert_eq(b->frames, frames + 1);
}

Test(mapping, nothing_else_is_imported) {
    const uint64_t refused[] = {
        fixture_physical(a, BUFFER), fixture_physical(b, MEMORY),       instance->pml4, FIXTURE_LOW,
        FIXTURE_FOREIGN + 8,         fixture_frame(FIXTURE_FRAMES - 1), UINT64_MAX
    };
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uint64_t physical[] = { FIXTURE_FOREIGN, refused[i] };
        cr_assert_eq(import(2, physical), -E_RANGE, "%u", i);
        cr_assert_eq(fixture_physical(b, WINDOW), 0);
    }
    uint64_t pinned[2];
    pin(2, pinned);
    cr_assert_eq(import(2, pinned), 0, "what is pinned, on this core too");
    destroy(b);
    cr_assert_eq(
        kernel_call(first, KCALL_GRANT, GRANT_UNPIN, a->endpoint, BUFFER, 2 * PAGE_SIZE, 0, 0), 0);
}
