/* Memory grants: which uses are allowed, and what SAFECOPY copies. */
#include "grants.h"

static struct process *first, *a, *b, *c;

static void init(void) {
    first = fixture_boot();
    struct process **const all[] = { &a, &b, &c };
    for (unsigned i = 0; i < 3; i++) {
        *all[i] = fixture_process((const char *[]){ "a", "b", "c" }[i]);
        fixture_give_frames(*all[i], 60);
        make_table(*all[i], 1);
        memset(fixture_memory(*all[i], MEMORY), 'a' + (int)i, PAGE_SIZE);
        memset(fixture_memory(*all[i], MEMORY + PAGE_SIZE), 'A' + (int)i, PAGE_SIZE);
    }
}

TestSuite(grant, .init = init, .fini = fixture_end);

static char byte_at(struct process *p, uint64_t address) {
    return *(const char *)fixture_memory(p, address);
}

Test(grant, a_direct_grant_is_good_to_the_byte) {
    uint64_t id = grant_direct(a, 3, b, MEMORY + 100, 50, READ);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY + 1, 50), 0);
    cr_assert(byte_at(b, MEMORY) == 'b' && byte_at(b, MEMORY + 1) == 'a' &&
              byte_at(b, MEMORY + 50) == 'a' && byte_at(b, MEMORY + 51) == 'b');
    cr_assert_eq(copy_from(b, a, id, 49, MEMORY, 1), 0);
    cr_assert_eq(copy_from(b, a, id, 50, MEMORY, 0), 0);
    cr_assert_eq(copy_from(b, a, id, 50, MEMORY, 1), -E_RANGE);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 51), -E_RANGE);
    cr_assert_eq(copy_from(b, a, id, 1, MEMORY, 50), -E_RANGE);
    cr_assert_eq(copy_from(b, a, id, UINT64_MAX, MEMORY, 1), -E_RANGE);
    cr_assert_eq(copy_from(b, a, id, 1, MEMORY, UINT64_MAX), -E_RANGE);
    cr_assert_eq(b->refused[REFUSED_GRANT_RANGE], 5);
}

Test(grant, access_is_what_was_granted) {
    uint64_t read = grant_direct(a, 0, b, MEMORY, 10, READ);
    uint64_t write = grant_direct(a, 1, b, MEMORY, 10, WRITE);
    uint64_t none = grant_direct(a, 2, b, MEMORY, 10, 0);
    cr_assert_eq(copy_to(b, a, read, 0, MEMORY, 1), -E_PERM);
    cr_assert_eq(copy_from(b, a, write, 0, MEMORY, 1), -E_PERM);
    cr_assert_eq(copy_from(b, a, none, 0, MEMORY, 1), -E_PERM);
    cr_assert_eq(b->refused[REFUSED_GRANT_ACCESS], 3);
    cr_assert_eq(copy_to(b, a, write, 4, MEMORY, 2), 0);
    cr_assert(byte_at(a, MEMORY + 3) == 'a' && byte_at(a, MEMORY + 4) == 'b' &&
              byte_at(a, MEMORY + 5) == 'b' && byte_at(a, MEMORY + 6) == 'a');
}

Test(grant, a_grant_is_for_its_grantee_and_while_it_is_valid) {
    uint64_t id = grant_direct(a, 0, b, MEMORY, 10, BOTH);
    cr_assert_eq(copy_from(c, a, id, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(copy_from(a, a, id, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(copy_from(b, a, id + (1 << GRANT_INDEX_BITS), 0, MEMORY, 1), -E_NOENT, "later");
    cr_assert_eq(copy_from(b, a, id - (1 << GRANT_INDEX_BITS), 0, MEMORY, 1), -E_NOENT, "stale");
    cr_assert_eq(copy_from(b, a, id | GRANT_ID_RECORDED, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), 0);
    entry(a, 0)->grantee = ENDPOINT_ANY;
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_NOENT, "nobody is ENDPOINT_ANY");
    entry(a, 0)->grantee = b->endpoint;
    entry(a, 0)->flags &= ~(unsigned)GRANT_VALID;
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(b->refused[REFUSED_GRANT_UNUSED], 5);
    cr_assert_eq(c->refused[REFUSED_GRANT_UNUSED], 1);
}

Test(grant, ids_beyond_the_table_are_refused) {
    cr_assert_eq(copy_from(b, a, grant_id(SEQUENCE, GRANTS_PER_PAGE), 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(copy_from(b, a, UINT64_MAX, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(b->refused[REFUSED_GRANT_ID], 2);
    cr_assert_eq(copy_from(b, first, 0, 0, MEMORY, 1), -E_NOENT, "a process without table");
    cr_assert_eq(b->refused[REFUSED_GRANT_ID], 3);
}

Test(grant, grantors_are_live_processes_of_this_core) {
    static const endpoint_t bad[] = { ENDPOINT_NONE, ENDPOINT_ANY, ENDPOINT_KERNEL, ENDPOINT_SELF };
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(
            kernel_call(b, KCALL_SAFECOPY, bad[i], grant_id(SEQUENCE, 0), 0, MEMORY, 1, COPY_FROM),
            -E_NOENT, "%u", i);
    for (endpoint_t free = 1; free < MAX_PROCESSES; free += 50)
        cr_assert_eq(kernel_call(b, KCALL_SAFECOPY, free, 0, 0, MEMORY, 1, COPY_FROM), -E_NOENT);
    uint64_t id = grant_direct(a, 0, b, MEMORY, 10, BOTH);
    process_die(a, DEATH_KILLED, 0);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_PEERDEAD);
    struct process dead = *a;
    while (!process_destroy_step(a, first))
        continue;
    cr_assert_eq(copy_from(b, &dead, id, 0, MEMORY, 1), -E_PEERDEAD);
    cr_assert_eq(b->refused[REFUSED_GRANTOR], 4 + 6 + 2);
}

Test(grant, an_indirect_grant_is_part_of_another) {
    uint64_t root = grant_direct(a, 0, b, MEMORY + 0x400, 512, BOTH);
    uint64_t id = grant_indirect(b, 1, c, a, root, 64, 256, READ);
    memset((char *)fixture_memory(a, MEMORY) + 0x440, 'x', 256);
    cr_assert_eq(copy_from(c, b, id, 0, MEMORY, 256), 0);
    cr_assert(byte_at(c, MEMORY) == 'x' && byte_at(c, MEMORY + 255) == 'x' &&
              byte_at(c, MEMORY + 256) == 'c');
    cr_assert_eq(copy_from(c, b, id, 255, MEMORY, 2), -E_RANGE);
    cr_assert_eq(copy_to(c, b, id, 0, MEMORY, 1), -E_PERM);
    cr_assert_eq(copy_from(c, a, root, 0, MEMORY, 1), -E_NOENT, "the root grant is b's");
    entry(b, 1)->flags |= WRITE;
    cr_assert_eq(copy_to(c, b, id, 0, MEMORY, 1), 0);
    entry(a, 0)->flags &= ~(unsigned)WRITE;
    cr_assert_eq(copy_to(c, b, id, 0, MEMORY, 1), -E_PERM, "the least of the chain");
    entry(b, 1)->start = 400;
    cr_assert_eq(copy_from(c, b, id, 112, MEMORY, 1), -E_RANGE, "beyond the root's");
    cr_assert_eq(copy_from(c, b, id, 111, MEMORY, 1), 0);
    entry(a, 0)->flags = 0;
    cr_assert_eq(copy_from(c, b, id, 0, MEMORY, 1), -E_NOENT, "cut at the root");
}

Test(grant, offsets_do_not_wrap_around) {
    uint64_t root = grant_direct(a, 0, b, MEMORY, UINT64_MAX, BOTH);
    uint64_t id = grant_indirect(b, 0, c, a, root, UINT64_MAX - 9, UINT64_MAX, BOTH);
    cr_assert_eq(copy_from(c, b, id, 10, MEMORY, 1), -E_RANGE);
    cr_assert_eq(copy_from(c, b, id, 20, MEMORY, 1), -E_RANGE);
    cr_assert_eq(copy_from(b, a, root, UINT64_MAX - MEMORY, MEMORY, 1), -E_FAULT);
    cr_assert_eq(copy_from(b, a, root, UINT64_MAX - MEMORY + 1, MEMORY, 1), -E_RANGE);
    cr_assert_eq(copy_from(b, a, root, DIRECT_BASE - MEMORY, MEMORY, 1), -E_FAULT);
}

/* b and c pass it on to each other; the last is b's or c's to use. */
static uint64_t make_chain(unsigned depth, struct process **user, struct process **grantor) {
    uint64_t id = grant_direct(a, 0, b, MEMORY, 64, BOTH);
    *grantor = a;
    *user = b;
    for (unsigned i = 1; i < depth; i++) {
        struct process *next = *user == b ? c : b;
        id = grant_indirect(*user, i, next, *grantor, id, 1, 64 - i, BOTH);
        *grantor = *user;
        *user = next;
    }
    return id;
}

Test(grant, chains_have_a_limit) {
    struct process *user, *grantor;
    for (unsigned depth = 1; depth <= GRANT_DEPTH_MAX; depth++) {
        uint64_t id = make_chain(depth, &user, &grantor);
        *(char *)fixture_memory(a, MEMORY + depth - 1) = (char)('0' + depth);
        cr_assert_eq(copy_from(user, grantor, id, 0, MEMORY, 1), 0, "%u", depth);
        cr_assert_eq(byte_at(user, MEMORY), (char)('0' + depth));
    }
    uint64_t id = make_chain(GRANT_DEPTH_MAX + 1, &user, &grantor);
    cr_assert_eq(copy_from(user, grantor, id, 0, MEMORY, 1), -E_TOOBIG);
}

Test(grant, chains_that_are_circles_end) {
    uint64_t of_b = grant_id(SEQUENCE, 0);
    uint64_t of_c = grant_indirect(c, 0, b, b, of_b, 0, 10, BOTH);
    grant_indirect(b, 0, c, c, of_c, 0, 10, BOTH);
    cr_assert_eq(copy_from(c, b, of_b, 0, MEMORY, 1), -E_TOOBIG);
    uint64_t own = grant_indirect(b, 1, b, b, grant_id(SEQUENCE, 1), 0, 10, BOTH);
    cr_assert_eq(copy_from(b, b, own, 0, MEMORY, 1), -E_TOOBIG);
    cr_assert_eq(b->refused[REFUSED_GRANTOR] + c->refused[REFUSED_GRANTOR], 2);
}

Test(grant, a_forged_chain_gives_nothing) {
    uint64_t root = grant_direct(a, 0, b, MEMORY, 100, BOTH);
    uint64_t id = grant_indirect(c, 0, c, a, root, 0, 100, BOTH);
    cr_assert_eq(copy_from(c, c, id, 0, MEMORY, 1), -E_NOENT, "c is not a's grantee");
    uint64_t mine = grant_direct(c, 1, c, MEMORY, UINT64_MAX, BOTH);
    cr_assert_eq(copy_to(c, c, mine, 0, MEMORY + 1, 1), 0, "its own memory it may have");
    cr_assert_eq(copy_from(c, c, mine, KERNEL_BASE - MEMORY, MEMORY, 1), -E_FAULT);
}

Test(grant, the_root_must_have_the_memory) {
    uint64_t id = grant_direct(a, 0, b, MEMORY + PAGE_SIZE, 3 * PAGE_SIZE, BOTH);
    cr_assert_eq(copy_from(b, a, id, PAGE_SIZE - 8, MEMORY, 16), -E_FAULT);
    cr_assert_eq(byte_at(b, MEMORY + 7), 'A', "what lies below was copied");
    cr_assert_eq(byte_at(b, MEMORY + 8), 'b');
    vm_protect(a, MEMORY + PAGE_SIZE, PROT_READ);
    cr_assert_eq(copy_to(b, a, id, 0, MEMORY, 8), -E_FAULT);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), 0);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY + 2 * PAGE_SIZE, 8), -E_FAULT, "nor the caller");
    vm_protect(b, MEMORY, PROT_READ);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 8), -E_FAULT);
}

/* ---- Tables ---- */

Test(grant, tables_are_private_writable_memory) {
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE + 64, 64, 0, 0, 0, 0), -E_INVAL);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE, 63, 0, 0, 0, 0), -E_INVAL);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE, GRANTS_MAX + 64, 0, 0, 0, 0), -E_INVAL);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE, 128, 0, 0, 0, 0), -E_FAULT);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, -PAGE_SIZE, 64, 0, 0, 0, 0), -E_FAULT);
    uint64_t id = grant_direct(a, 0, b, MEMORY, 10, BOTH);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), 0, "the table is as it was");
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, 0, 0, 0, 0, 0, 0), 0, "no table");
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_NOENT);
    vm_protect(a, TABLE, PROT_READ);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE, 64, 0, 0, 0, 0), -E_FAULT);
}

Test(grant, a_table_that_is_unmapped_grants_nothing) {
    uint64_t id = grant_direct(a, 0, b, MEMORY, 10, BOTH);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), 0);
    cr_assert_eq(vm_unmap(a, TABLE), 0);
    cr_assert_eq(fixture_violations(), 0, "the kernel has forgotten the page");
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_NOENT);
    cr_assert_eq(vm_map(a, TABLE, PROT_WRITE), 0);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), -E_NOENT, "a new page is zero");
    grant_direct(a, 0, b, MEMORY, 10, BOTH);
    cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), 0);
}

Test(grant, tables_have_many_pages) {
    for (unsigned i = 1; i < GRANT_TABLE_PAGES; i++)
        cr_assert_eq(vm_map(a, TABLE + i * PAGE_SIZE, PROT_WRITE), 0);
    cr_assert_eq(kernel_call(a, KCALL_SETGRANT, TABLE, GRANTS_MAX, 0, 0, 0, 0), 0);
    for (unsigned i = 0; i < GRANTS_MAX; i += 63) {
        uint64_t id = grant_direct(a, i, b, MEMORY, 10, READ);
        cr_assert_eq(copy_from(b, a, id, 0, MEMORY, 1), 0, "%u", i);
    }
}

/* ---- Long copies, and vectors ---- */

#define MANY 40

static void give_memory(struct process *p, uint64_t at, int fill) {
    for (unsigned i = 0; i < MANY; i++) {
        cr_assert_eq(vm_map(p, at + i * PAGE_SIZE, PROT_WRITE), 0);
        memset(fixture_memory(p, at + i * PAGE_SIZE), fill + (int)i, PAGE_SIZE);
    }
}

Test(grant, long_copies_are_made_in_steps_and_checked_at_each) {
    give_memory(a, WINDOW, 0);
    give_memory(b, WINDOW, 100);
    uint64_t id = grant_direct(a, 0, b, WINDOW + 5, MANY * PAGE_SIZE - 10, BOTH);
    cr_assert_eq(copy_from(b, a, id, 0, WINDOW + 3, MANY * PAGE_SIZE - 10), 0);
    for (unsigned i = 0; i < MANY; i++)
        cr_assert_eq(byte_at(b, WINDOW + i * PAGE_SIZE + 100), (char)i);

    uint64_t args[MESSAGE_ARGS] = { a->endpoint, id, 0, WINDOW, 30 * PAGE_SIZE, COPY_TO };
    cr_assert_eq(fixture_step(b, KCALL_SAFECOPY, args), 1);
    cr_assert_lt(b->context.r12, 30 * PAGE_SIZE);
    cr_assert_geq(b->context.r12, 13 * PAGE_SIZE, "no step is long");
    entry(a, 0)->flags = 0;
    ipc_entry(b);
    cr_assert_eq((int)b->context.rax, -E_NOENT);
}

Test(grant, vectors_do_one_copy_after_another) {
    uint64_t id = grant_direct(a, 0, b, MEMORY, 2 * PAGE_SIZE, BOTH);
    struct safecopy *v = fixture_memory(b, MEMORY + PAGE_SIZE);
    const struct safecopy copies[] = {
        { a->endpoint, id, 10, MEMORY, 20, COPY_FROM },
        { a->endpoint, id, 100, MEMORY + 100, 5000, COPY_TO },
        { a->endpoint, id, PAGE_SIZE + 2000, MEMORY + 50, 1, COPY_FROM },
        { a->endpoint, id, 0, MEMORY, 2 * PAGE_SIZE + 1, COPY_FROM },
        { a->endpoint, id, 0, MEMORY, 1, COPY_FROM },
    };
    memcpy(v, copies, sizeof copies);
    uint64_t args[MESSAGE_ARGS] = { MEMORY + PAGE_SIZE, 3, 0, 0, 0, SAFECOPY_VECTOR };
    cr_assert_eq(fixture_kcall(b, KCALL_SAFECOPY, args), 0);
    cr_assert(byte_at(b, MEMORY) == 'a' && byte_at(b, MEMORY + 20) == 'b' &&
              byte_at(b, MEMORY + 50) == 'A' && byte_at(a, MEMORY + 100) == 'b');
    cr_assert_eq(args[1], 0);
    memcpy(args, (uint64_t[]){ MEMORY + PAGE_SIZE, 5, 0, 0, 0, SAFECOPY_VECTOR }, sizeof args);
    cr_assert_eq(fixture_kcall(b, KCALL_SAFECOPY, args), -E_RANGE);
    cr_assert_eq(args[1], 2, "two were not done");
    memcpy(args, (uint64_t[]){ MEMORY + PAGE_SIZE, 65, 0, 0, 0, SAFECOPY_VECTOR }, sizeof args);
    cr_assert_eq(fixture_kcall(b, KCALL_SAFECOPY, args), -E_RANGE);
    memcpy(args, (uint64_t[]){ WINDOW, 1, 0, 0, 0, SAFECOPY_VECTOR }, sizeof args);
    cr_assert_eq(fixture_kcall(b, KCALL_SAFECOPY, args), -E_FAULT);
    v[0].direction = SAFECOPY_VECTOR;
    memcpy(args, (uint64_t[]){ MEMORY + PAGE_SIZE, 1, 0, 0, 0, SAFECOPY_VECTOR }, sizeof args);
    cr_assert_eq(fixture_kcall(b, KCALL_SAFECOPY, args), -E_INVAL);
    cr_assert_eq(kernel_call(b, KCALL_SAFECOPY, a->endpoint, id, 0, MEMORY, 1, 3), -E_INVAL);
}

/* ---- On behalf of other cores ---- */

Test(grant, the_monitor_resolves_and_copies_for_a_remote_grantee) {
    endpoint_t remote = endpoint_make(1, 2, FIXTURE_CORE + 1, 3);
    uint64_t id = grant_direct(a, 0, b, MEMORY + 10, 20, READ);
    entry(a, 0)->grantee = remote;
    struct grant_claim *claim = fixture_memory(c, MEMORY);
    *claim = (struct grant_claim){ .grantee = remote,
                                   .grantor = a->endpoint,
                                   .id = id,
                                   .offset = 5,
                                   .bytes = 10,
                                   .access = GRANT_READ };
    cr_assert_eq(kernel_call(c, KCALL_GRANT, GRANT_RESOLVE, MEMORY, 1, 0, 0, 0), 0);
    cr_assert(claim->root == a->endpoint && claim->address == MEMORY + 15 && claim->depth == 1);
    cr_assert(claim->link[0].grantor == a->endpoint && claim->link[0].id == id);
    cr_assert(entry(a, 0)->flags & GRANT_REMOTE);
    cr_assert_eq(
        kernel_call(c, KCALL_GRANT, GRANT_COPY, MEMORY, MEMORY + PAGE_SIZE, COPY_FROM, 0, 0), 0);
    cr_assert(byte_at(c, MEMORY + PAGE_SIZE + 9) == 'a' &&
              byte_at(c, MEMORY + PAGE_SIZE + 10) == 'C');
    cr_assert_eq(kernel_call(c, KCALL_GRANT, GRANT_COPY, MEMORY, MEMORY + PAGE_SIZE, COPY_TO, 0, 0),
                 -E_PERM);
    claim->grantee = b->endpoint;
    cr_assert_eq(kernel_call(c, KCALL_GRANT, GRANT_RESOLVE, MEMORY, 1, 0, 0, 0), -E_NOENT);
}
