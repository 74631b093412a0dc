/*
 * Memory grants and mappings against the modelled, driven by random sequences of what processes can
 * do: grants made, changed, passed on and forged, by stores and by copies into tables; copies,
 * mappings, revocations; memory that is unmapped and protected under them; deaths, and destruction.
 * Kernel calls of all processes interleave wherever they are restarted. After each step every
 * result, every page of memory and every mapping is compared, and the kernel's invariants are
 * checked.
 */
#include <criterion/criterion.h>

#include "../random.h"
#include "fixture.h"
#include "frame.h"
#include "grant_model.h"
#include "ipc.h"
#include "sched/sched.h"
#include "vm.h"

#define STEPS       20000
#define LANE_FRAMES 200
#define STEPS_MAX   1000 /* of a call */
#define INDEXES     8    /* entries of a table that are used most */

_Static_assert(SLOTS == MAX_PROCESSES, "slots of the model");

static struct process *first, *lanes[LANES];
static unsigned *const step = &modelled.step;

/* 0: 2 to the 64. */
static uint64_t below(uint64_t limit) { return limit ? random_below(limit) : random_next(); }

static bool one_in(uint64_t n) { return below(n) == 0; }

static uint64_t pick(const uint64_t *from, unsigned count) { return from[below(count)]; }

#define PICK(...)                           \
    pick((const uint64_t[]){ __VA_ARGS__ }, \
         sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

#define CHECK(condition, format, ...) \
    cr_assert(condition, format REPLAY, __VA_ARGS__, REPLAY_ARGS(*step))

/* ---- Comparison ---- */

/* Dead ones lose their tables in the end. */
static uint64_t physical(int lane, uint64_t address) {
    return lanes[lane]->cr3 ? fixture_physical(lanes[lane], address) : 0;
}

static void compare_memory(int lane) {
    for (unsigned i = 0; i < OWN_PAGES; i++) {
        const struct model_page *page = &modelled.lane[lane].own[i];
        uint64_t frame = physical(lane, modelled_address(i));
        bool borrows = !page->present && modelled_data(lane, modelled_address(i), false);
        CHECK(!frame == !(page->present || borrows), "lane %d: page %u is %#lx", lane, i, frame);
        CHECK(!page->present || memcmp(direct(frame), page->bytes, PAGE_SIZE) == 0,
              "lane %d: page %u has other contents", lane, i);
    }
}

/* Whoever shows the memory of another shows that very frame. */
static void compare_mapping(int lane, const struct model_mapping *m, bool *mapped) {
    uint64_t scratch = 0;
    for (uint64_t i = 0; i < m->mapped; i++) {
        uint64_t frame = physical(lane, m->address + i * PAGE_SIZE);
        if ((m->address - WINDOW_AT) / PAGE_SIZE + i < WINDOW_PAGES)
            mapped[(m->address - WINDOW_AT) / PAGE_SIZE + i] = true;
        if (i < m->live) {
            CHECK(frame && frame == physical(m->root, m->root_address + i * PAGE_SIZE),
                  "lane %d: page %lu of %#lx is not lane %d's", lane, i, m->address, m->root);
            continue;
        }
        CHECK(frame && (!scratch || frame == scratch) && frame_state(frame) == FRAME_PRIVATE &&
                  frame_owner(frame) == process_slot(lanes[lane]) &&
                  (scratch || memcmp(direct(frame), m->scratch, PAGE_SIZE) == 0),
              "lane %d: page %lu of %#lx is no scratch page", lane, i, m->address);
        scratch = frame;
    }
}

static void compare_lane(int lane) {
    static const enum refusal kinds[] = { REFUSED_GRANT_ID, REFUSED_GRANTOR, REFUSED_GRANT_RANGE,
                                          REFUSED_GRANT_ACCESS, REFUSED_GRANT_UNUSED };
    const struct model_lane *l = &modelled.lane[lane];
    bool mapped[WINDOW_PAGES] = { false };
    compare_memory(lane);
    for (unsigned i = 0; i < GRANT_MAPPINGS_MAX; i++)
        if (l->mapping[i].pages)
            compare_mapping(lane, &l->mapping[i], mapped);
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        CHECK(mapped[i] == (physical(lane, WINDOW_AT + i * PAGE_SIZE) != 0),
              "lane %d: something else at page %u of its window", lane, i);
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        CHECK(lanes[lane]->refused[kinds[i]] == l->refused[kinds[i]], "lane %d: %u refused, not %u",
              lane, lanes[lane]->refused[kinds[i]], l->refused[kinds[i]]);
}

/* ---- What is left to the kernel: the order in which a revocation takes pages away ---- */

/* How many pages of a mapping are there, or show the root's memory, as the page tables have it. */
static uint64_t count_pages(int lane, const struct model_mapping *m, bool live) {
    uint64_t count = 0;
    while (count < m->mapped) {
        uint64_t frame = physical(lane, m->address + count * PAGE_SIZE);
        if (!frame || (live && frame != physical(m->root, m->root_address + count * PAGE_SIZE)))
            break;
        count++;
    }
    return count;
}

static void follow_cuts(endpoint_t grantor, uint64_t id) {
    for (int lane = 0; lane < LANES; lane++)
        for (unsigned i = 0; i < GRANT_MAPPINGS_MAX; i++) {
            struct model_mapping *m = &modelled.lane[lane].mapping[i];
            if (!modelled_comes_through(m, grantor, id))
                continue;
            uint64_t live = count_pages(lane, m, true);
            if (live < m->live)
                modelled_cut(m, live);
        }
}

/* ---- Kernel calls ---- */

static unsigned results[32]; /* how often each error came out of a call; 0: success */
static unsigned restarted;

/* Executes the instruction once more, as after a restart. */
static int again(struct process *p) {
    uint64_t rip = p->context.rip;
    fixture_run(p);
    ipc_entry(p);
    bool restart = p->context.rip != rip;
    p->context.rip = rip;
    return restart ? AGAIN : (int)p->context.rax;
}

static void check_step(int lane, int got) {
    struct model_call *call = &modelled.lane[lane].call;
    bool revokes = call->number == KCALL_SAFEREVOKE && call->arg[0] == REVOKE_GRANT;
    if (revokes)
        follow_cuts(modelled.lane[lane].endpoint, call->arg[1]);
    int expected = modelled_step(lane);
    if (revokes && got == AGAIN && !expected)
        expected = AGAIN; /* it goes on looking for more */
    CHECK(got == expected, "lane %d: call %u gives %d, not %d", lane, call->number, got, expected);
    CHECK(*step - call->begun < STEPS_MAX * LANES, "lane %d: call %u does not end", lane,
          call->number);
    restarted += got == AGAIN;
    if (got == AGAIN)
        return;
    bool vector = call->number == KCALL_SAFECOPY && call->arg[5] == SAFECOPY_VECTOR;
    CHECK(!vector || fixture_received(lanes[lane]).arg[1] == call->arg[1],
          "lane %d: %lu entries were not done", lane, call->arg[1]);
    results[-got]++;
    call->number = 0;
}

static void begin(int lane, uint32_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5) {
    modelled.lane[lane].call =
        (struct model_call){ .number = number, .arg = { a0, a1, a2, a3, a4, a5 }, .begun = *step };
    check_step(lane, fixture_step(lanes[lane], number, modelled.lane[lane].call.arg));
}

/* ---- What processes do ---- */

/* As the lane's program would: as far as it may. */
static void store(int lane, uint64_t address, const void *from, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++) {
        uint8_t *byte = modelled_data(lane, address + i, true);
        if (!byte)
            return;
        memcpy(byte, (const uint8_t *)from + i, 1);
        memcpy((uint8_t *)direct(physical(lane, address + i)) + (address + i) % PAGE_SIZE, byte, 1);
    }
}

static int any_lane(void) { return (int)below(LANES); }

static endpoint_t any_endpoint(void) {
    static endpoint_t earlier;
    endpoint_t endpoint = modelled.lane[any_lane()].endpoint;
    switch (below(40)) {
    case 0:
        return PICK(ENDPOINT_NONE, ENDPOINT_KERNEL, ENDPOINT_SELF, ENDPOINT_ANY, modelled.first);
    case 1:
        return endpoint + (UINT64_C(1) << 52);
    case 2:
        return earlier;
    default:
        earlier = one_in(50) ? endpoint : earlier;
        return endpoint;
    }
}

/* Of a lane's own memory, mostly whole pages and most often the same. */
static void any_region(uint64_t *start, uint64_t *bytes) {
    uint64_t pages = one_in(3) ? 1 + below(MEMORY_PAGES) : 1 + below(3);
    *start = one_in(12) ? TABLE_AT + below(TABLE_PAGES) * PAGE_SIZE
                        : OWN_AT + below(MEMORY_PAGES - (pages < 4 ? 3 : pages / 2)) * PAGE_SIZE;
    *bytes = pages * PAGE_SIZE;
    if (one_in(3)) {
        *start += below(PAGE_SIZE);
        *bytes = below(*bytes);
    }
    if (one_in(30))
        *start = WINDOW_AT + below(WINDOW_PAGES) * PAGE_SIZE;
    if (one_in(60))
        *(one_in(2) ? start : bytes) = UINT64_MAX - below(2 * PAGE_SIZE);
}

static unsigned any_index(void) {
    return (unsigned)(one_in(10) ? below(2UL * TABLE_PAGES * GRANTS_PER_PAGE) : below(INDEXES));
}

/* A grant, of any lane, for that lane; or just any. */
static const struct grant *any_grant_for(int lane, int *grantor) {
    const struct grant *found = NULL;
    for (unsigned attempt = 0; attempt < 40; attempt++) {
        *grantor = any_lane();
        unsigned index = any_index();
        const struct model_lane *l = &modelled.lane[*grantor];
        const struct grant *g = index < l->table_pages * GRANTS_PER_PAGE && l->life == MODEL_ALIVE
                                    ? modelled_grant(*grantor, index)
                                    : NULL;
        if (!g)
            continue;
        found = g;
        if (g->flags & GRANT_VALID && g->grantee == modelled.lane[lane].endpoint)
            break;
    }
    return found;
}

static uint32_t any_access(void) {
    return one_in(4) ? (uint32_t)below(4) * GRANT_READ : GRANT_READ | GRANT_WRITE;
}

static void do_make_grant(int lane) {
    static uint64_t sequence;
    struct model_lane *l = &modelled.lane[lane];
    unsigned index = any_index();
    int from;
    const struct grant *parent = one_in(3) ? any_grant_for(lane, &from) : NULL;
    struct grant g = { .flags = GRANT_VALID | (uint32_t)any_access(),
                       .id = grant_id(++sequence, index),
                       .grantee = any_endpoint() };
    any_region(&g.start, &g.bytes);
    if (parent) {
        g.flags |= GRANT_INDIRECT;
        g.grantor = one_in(20) ? any_endpoint() : modelled.lane[from].endpoint;
        g.parent = parent->id;
        g.start =
            one_in(3) ? below(parent->bytes + 2) : below(parent->bytes / PAGE_SIZE + 1) * PAGE_SIZE;
        g.bytes = one_in(3) ? below(parent->bytes + 2) : parent->bytes - g.start;
    }
    if (one_in(25)) { /* a circle */
        g.grantee = g.grantor = l->endpoint;
        g.parent = g.id;
        g.start = 0;
        g.flags |= GRANT_INDIRECT;
    }
    store(lane, l->table + index * sizeof g, &g, sizeof g);
}

/* Any part of an entry becomes anything, or a flag of it the other way. */
static void do_change_grant(int lane) {
    struct model_lane *l = &modelled.lane[lane];
    uint64_t at = l->table + any_index() * sizeof(struct grant);
    uint64_t value = one_in(2) ? any_endpoint() : below(4) * PAGE_SIZE;
    uint32_t flags = (uint32_t)below(64);
    if (one_in(2))
        store(lane, at + PICK(8, 16, 24, 32, 40, 48), &value, sizeof value);
    else
        store(lane, at, &flags, sizeof flags);
}

static void do_store(int lane) {
    uint8_t bytes[64] = { 0 };
    random_fill(bytes, sizeof bytes);
    uint64_t page = one_in(3) ? WINDOW_AT + below(WINDOW_PAGES) * PAGE_SIZE
                              : OWN_AT + below(MEMORY_PAGES) * PAGE_SIZE;
    store(lane, page + below(PAGE_SIZE), bytes, below(sizeof bytes) + 1);
}

static uint64_t any_data_address(int lane) {
    const struct model_mapping *m = &modelled.lane[lane].mapping[below(3)];
    switch (below(12)) {
    case 0:
        return TABLE_AT + below(INDEXES) * sizeof(struct grant) + (one_in(2) ? 0 : below(64));
    case 1:
    case 2:
        return m->pages ? m->address + below(m->pages * PAGE_SIZE) : WINDOW_AT;
    case 3:
        return PICK(0, USER_END - 8, KERNEL_BASE, UINT64_MAX - 7);
    default:
        return OWN_AT + below(MEMORY_PAGES * PAGE_SIZE);
    }
}

/* A copy that a grant allows, or nearly. */
static struct safecopy any_copy(int lane) {
    int from;
    const struct grant *g = any_grant_for(lane, &from);
    struct safecopy c = { .grantor =
                              g && !one_in(20) ? modelled.lane[from].endpoint : any_endpoint(),
                          .id = g && !one_in(20) ? g->id : random_next() % PICK(64, UINT64_MAX),
                          .address = any_data_address(lane),
                          .direction = one_in(2) ? COPY_TO : COPY_FROM };
    uint64_t bytes = g ? g->bytes : 100;
    if (g && !one_in(8) && !(g->flags & (c.direction == COPY_TO ? GRANT_WRITE : GRANT_READ)))
        c.direction = c.direction == COPY_TO ? COPY_FROM : COPY_TO;
    c.bytes = one_in(8) ? below(bytes + 2) : below(bytes < 300 ? bytes + 1 : 300);
    c.offset = c.bytes < bytes ? below(bytes - c.bytes + 1) : below(2);
    if (one_in(20))
        c.offset = random_next();
    return c;
}

static void do_copy(int lane) {
    struct safecopy c = any_copy(lane);
    begin(lane, KCALL_SAFECOPY, c.grantor, c.id, c.offset, c.address, c.bytes,
          one_in(100) ? 3 : c.direction);
}

static void do_vector(int lane) {
    uint64_t count = one_in(4) ? below(SAFECOPY_MAX + 2) : below(6), address;
    address = OWN_AT + below(MEMORY_PAGES * PAGE_SIZE - 60);
    for (uint64_t i = 0; i < count; i++) {
        struct safecopy c = any_copy(lane);
        c.direction = one_in(100) ? 2 : c.direction;
        store(lane, address + i * sizeof c, &c, sizeof c);
    }
    begin(lane, KCALL_SAFECOPY, address, count, 0, 0, 0, SAFECOPY_VECTOR);
}

static void do_map(int lane) {
    int from;
    const struct grant *g = any_grant_for(lane, &from);
    if (!g)
        return;
    uint64_t bytes = g->bytes - g->bytes % PAGE_SIZE, pages = bytes / PAGE_SIZE, offset = 0;
    if (!(g->flags & GRANT_INDIRECT) && g->start % PAGE_SIZE)
        offset = PAGE_SIZE - g->start % PAGE_SIZE;
    if (pages > 1 && one_in(2)) {
        uint64_t skip = below(pages < MEMORY_PAGES ? pages : MEMORY_PAGES);
        offset += skip * PAGE_SIZE;
        bytes -= skip * PAGE_SIZE;
    }
    if (offset % PAGE_SIZE && bytes)
        bytes -= PAGE_SIZE;
    if (bytes > MEMORY_PAGES * PAGE_SIZE && !one_in(10))
        bytes = MEMORY_PAGES * PAGE_SIZE;
    uint64_t room = bytes / PAGE_SIZE < WINDOW_PAGES ? WINDOW_PAGES - bytes / PAGE_SIZE : 1;
    uint64_t at = WINDOW_AT + below(room) * PAGE_SIZE;
    if (one_in(40))
        at = PICK(OWN_AT, at + 8, USER_END - PAGE_SIZE, USER_END, 0);
    if (one_in(40))
        offset += 8;
    begin(lane, KCALL_SAFEMAP, one_in(40) ? any_endpoint() : modelled.lane[from].endpoint, g->id,
          offset, at, one_in(40) ? bytes + 8 : bytes,
          g->flags & GRANT_WRITE && !one_in(4) ? PROT_READ | PROT_WRITE : PROT_READ);
}

static void do_unmap(int lane) {
    uint64_t at = WINDOW_AT + below(WINDOW_PAGES) * PAGE_SIZE;
    unsigned start = (unsigned)below(GRANT_MAPPINGS_MAX);
    for (unsigned i = 0; i < GRANT_MAPPINGS_MAX && !one_in(20); i++) {
        const struct model_mapping *m =
            &modelled.lane[lane].mapping[(start + i) % GRANT_MAPPINGS_MAX];
        if (m->pages)
            at = m->address;
    }
    begin(lane, KCALL_SAFEREVOKE, one_in(50) ? 3 : REVOKE_MAPPING, at, 0, 0, 0, 0);
}

/* As grant_revoke() does; sometimes without unsetting GRANT_VALID. */
static void do_revoke(int lane) {
    struct model_lane *l = &modelled.lane[lane];
    unsigned index = any_index();
    for (unsigned i = 0; i < INDEXES; i++) {
        const struct grant *g = modelled_grant(lane, (index + i) % INDEXES);
        if (g && g->flags & GRANT_MAPPED)
            index = (index + i) % INDEXES;
    }
    const struct grant *g =
        index < l->table_pages * GRANTS_PER_PAGE ? modelled_grant(lane, index) : NULL;
    if (!g)
        return;
    uint32_t flags = g->flags & ~(uint32_t)GRANT_VALID;
    uint64_t id = g->id;
    if (!one_in(8))
        store(lane, l->table + index * sizeof *g, &flags, sizeof flags);
    begin(lane, KCALL_SAFEREVOKE, REVOKE_GRANT, id, 0, 0, 0, 0);
}

static void do_set_table(int lane) {
    uint64_t at = PICK(TABLE_AT, TABLE_AT, TABLE_AT, TABLE_AT + PAGE_SIZE, OWN_AT,
                       OWN_AT + below(MEMORY_PAGES) * PAGE_SIZE, TABLE_AT + 64, WINDOW_AT);
    uint64_t entries = PICK(GRANTS_PER_PAGE, TABLE_PAGES * GRANTS_PER_PAGE, 0, 63,
                            TABLE_PAGES * GRANTS_PER_PAGE, GRANTS_MAX + GRANTS_PER_PAGE);
    begin(lane, KCALL_SETGRANT, at, entries, 0, 0, 0, 0);
}

/* What is unmapped is mapped again, mostly. */
static void do_memory(int lane) {
    uint32_t number = (uint32_t)PICK(KCALL_MEM_MAP, KCALL_MEM_UNMAP, KCALL_MEM_PROTECT);
    uint64_t pages = one_in(6) ? below(MEMORY_PAGES) : below(3);
    uint64_t at = modelled_address((unsigned)below(one_in(4) ? OWN_PAGES : MEMORY_PAGES));
    uint64_t protection = number == KCALL_MEM_MAP && !one_in(6) ? PROT_READ | PROT_WRITE
                          : one_in(2)                           ? PROT_READ
                                                                : PROT_READ | PROT_WRITE;
    for (unsigned i = 0; number == KCALL_MEM_MAP && i < OWN_PAGES && !one_in(20); i++)
        if (!modelled.lane[lane].own[i].present)
            at = modelled_address(i);
    if (number == KCALL_MEM_MAP)
        pages = 1; /* no others than the model has */
    if (number != KCALL_MEM_MAP && one_in(10))
        at = WINDOW_AT + below(WINDOW_PAGES) * PAGE_SIZE;
    begin(lane, number, ENDPOINT_SELF, at, pages * PAGE_SIZE, protection, 0, 0);
}

/* ---- Deaths ---- */

static int destroying = NO_LANE; /* by the first process */
static unsigned destroyed;

static void create(int lane) {
    lanes[lane] = fixture_process("lane");
    fixture_give_frames(lanes[lane], LANE_FRAMES);
    modelled_create(lane, lanes[lane]->endpoint);
    for (unsigned i = 0; i < OWN_PAGES; i++)
        if (!physical(lane, modelled_address(i)))
            cr_assert_eq(vm_map(lanes[lane], modelled_address(i), PROT_WRITE), 0);
    begin(lane, KCALL_SETGRANT, TABLE_AT, TABLE_PAGES * GRANTS_PER_PAGE, 0, 0, 0, 0);
}

static void do_death(int lane) {
    process_die(lanes[lane], DEATH_KILLED, 0);
    modelled.lane[lane].life = MODEL_DEAD;
    modelled.lane[lane].call.number = 0;
    sched_finish();
}

/* Before a page of the dead goes, nobody shows it any more. */
static void follow_destruction(int lane) {
    struct model_lane *l = &modelled.lane[lane];
    follow_cuts(l->endpoint, UINT64_MAX);
    for (unsigned i = 0; i < GRANT_MAPPINGS_MAX; i++)
        if (l->mapping[i].pages)
            modelled_shorten(&l->mapping[i], count_pages(lane, &l->mapping[i], false));
    for (unsigned i = 0; i < OWN_PAGES; i++) {
        if (!l->own[i].present || physical(lane, modelled_address(i)))
            continue; /* it is still there */
        CHECK(modelled_shares(lane, modelled_address(i)) == 0,
              "lane %d: page %u is freed while shown", lane, i);
        l->own[i].present = false;
    }
}

static void do_destroy(void) {
    static unsigned begun;
    int lane = destroying, result;
    if (lane == NO_LANE) {
        for (lane = 0; lane < LANES && modelled.lane[lane].life != MODEL_DEAD;)
            lane++;
        if (lane == LANES)
            return;
        const uint64_t args[MESSAGE_ARGS] = { modelled.lane[lane].endpoint };
        begun = *step;
        result = fixture_step(first, KCALL_PROC_DESTROY, args);
    } else {
        result = again(first);
    }
    destroying = result == AGAIN ? lane : NO_LANE;
    follow_destruction(lane);
    CHECK(result == AGAIN || !result, "lane %d: destruction gives %d", lane, result);
    CHECK(*step - begun < STEPS_MAX * LANES, "lane %d: destruction does not end", lane);
    if (result == AGAIN)
        return;
    for (int other = 0; other < LANES; other++)
        for (unsigned i = 0; i < GRANT_MAPPINGS_MAX; i++)
            CHECK(!modelled_comes_through(&modelled.lane[other].mapping[i],
                                          modelled.lane[lane].endpoint, UINT64_MAX),
                  "lane %d still has what came through lane %d", other, lane);
    destroyed++;
    create(lane);
}

/* ---- */

static void do_idle_lane(int lane) {
    static void (*const actions[])(int lane) = {
        do_make_grant, do_make_grant, do_make_grant, do_change_grant, do_store,     do_copy,
        do_copy,       do_copy,       do_copy,       do_vector,       do_map,       do_map,
        do_map,        do_unmap,      do_revoke,     do_memory,       do_set_table,
    };
    unsigned what = (unsigned)below(sizeof actions / sizeof actions[0]);
    if ((actions[what] == do_set_table || actions[what] == do_change_grant) && !one_in(4))
        what = 0; /* they spoil much */
    actions[what](lane);
}

static void do_step(void) {
    int lane = any_lane();
    cpu.now += below(1000);
    if (one_in(8) || modelled.lane[lane].life != MODEL_ALIVE)
        do_destroy();
    else if (one_in(150))
        do_death(lane);
    else if (modelled.lane[lane].call.number)
        check_step(lane, again(lanes[lane]));
    else
        do_idle_lane(lane);
}

/* A random test that does not meet an error tests nothing of it. */
static void check_results(void) {
    static const int expected[] = { 0,       E_NOENT, E_PEERDEAD, E_RANGE, E_PERM,   E_TOOBIG,
                                    E_FAULT, E_INVAL, E_EXIST,    E_BUSY,  E_BADCALL };
    for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++)
        CHECK(results[expected[i]] > 2, "only %u times %s", results[expected[i]],
              error_name(expected[i]));
    CHECK(results[0] > STEPS / 8, "only %u successes", results[0]);
    CHECK(restarted > STEPS / 100, "only %u restarts", restarted);
    CHECK(destroyed > STEPS / 500, "only %u destroyed", destroyed);
}

Test(grant_model, who_may_access_what_is_what_the_tables_say) {
    random_start();
    first = fixture_boot();
    modelled.first = first->endpoint;
    modelled.generation[endpoint_slot(modelled.first)] = endpoint_slot_generation(modelled.first);
    for (int lane = 0; lane < LANES; lane++)
        create(lane);
    for (; *step < STEPS; ++*step) {
        do_step();
        for (int lane = 0; lane < LANES; lane++)
            compare_lane(lane);
        cr_assert_eq(fixture_violations(), 0, REPLAY, REPLAY_ARGS(*step));
    }
    check_results();
}
