/* The memory of a dead process: it can be read, and found, until it is destroyed. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "vm.h"

static struct process *first, *p;

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    fixture_give_frames(p, 100);
}

TestSuite(dead_memory, .init = init, .fini = fixture_end);

#define FAR 0x123456789000UL

static uint64_t arg[MESSAGE_ARGS];

static int copy(uint64_t process, uint64_t address, enum copy_direction direction) {
    memcpy(arg, (uint64_t[MESSAGE_ARGS]){ process, address, FIXTURE_MEMORY, 8, direction },
           sizeof arg);
    return fixture_kcall(first, KCALL_MEM_COPY, arg);
}

static void give_first_memory(void) {
    memcpy(arg, (uint64_t[MESSAGE_ARGS]){ ENDPOINT_SELF, FIXTURE_MEMORY, PAGE_SIZE, PROT_WRITE },
           sizeof arg);
    cr_assert_eq(fixture_kcall(first, KCALL_MEM_MAP, arg), 0);
}

Test(dead_memory, it_is_read_but_not_written) {
    give_first_memory();
    memcpy(fixture_memory(p, FIXTURE_MEMORY), "the dead", 8);
    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(copy(p->endpoint, FIXTURE_MEMORY, COPY_FROM), 0);
    cr_assert_eq(memcmp(fixture_memory(first, FIXTURE_MEMORY), "the dead", 8), 0);
    cr_assert_eq(copy(p->endpoint, FIXTURE_MEMORY, COPY_TO), -E_PEERDEAD);
    cr_assert_eq(copy(p->endpoint, FAR, COPY_FROM), -E_FAULT);
}

Test(dead_memory, what_is_destroyed_is_read_no_more) {
    endpoint_t endpoint = p->endpoint;

    give_first_memory();
    process_die(p, DEATH_KILLED, 0);
    memcpy(arg, (uint64_t[MESSAGE_ARGS]){ endpoint }, sizeof arg);
    cr_assert_eq(fixture_kcall(first, KCALL_PROC_DESTROY, arg), 0);
    cr_assert_eq(copy(endpoint, FIXTURE_MEMORY, COPY_FROM), -E_PEERDEAD);
    cr_assert_eq(copy(endpoint, 0, COPY_FIND), -E_PEERDEAD);
}

Test(dead_memory, every_page_is_found_in_order) {
    static const struct {
        uint64_t address;
        unsigned protection;
    } pages[] = {
        { USER_BASE, PROT_READ },
        { FIXTURE_MEMORY, PROT_READ | PROT_WRITE },
        { FIXTURE_MEMORY + PAGE_SIZE, PROT_READ | PROT_WRITE },
        { FAR, PROT_READ | PROT_EXEC },
        { FAR + 0x40000000000, PROT_READ | PROT_WRITE },
        { USER_END - PAGE_SIZE, PROT_READ },
    };
    uint64_t from = 0;

    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (!vm_is_mapped(p, pages[i].address))
            cr_assert_eq(vm_map(p, pages[i].address, pages[i].protection), 0);
    cr_assert_eq(copy(p->endpoint, 0, COPY_FIND), -E_STATE, "of the living nothing is found");
    process_die(p, DEATH_KILLED, 0);
    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        cr_assert_eq(copy(p->endpoint, from, COPY_FIND), 0);
        cr_assert_eq(arg[0], pages[i].address | pages[i].protection, "%u: 0x%lx", i, arg[0]);
        from = (arg[0] & ~(PAGE_SIZE - 1)) + PAGE_SIZE;
    }
    cr_assert_eq(copy(p->endpoint, from, COPY_FIND), -E_NOENT);
    cr_assert_eq(copy(p->endpoint, UINT64_MAX, COPY_FIND), -E_NOENT);
    cr_assert_eq(copy(p->endpoint, FIXTURE_MEMORY + 17, COPY_FIND), 0);
    cr_assert_eq(arg[0], FIXTURE_MEMORY | PROT_READ | PROT_WRITE, "the page that it lies in");
}

Test(dead_memory, it_is_the_supervisors_alone) {
    struct process *other = fixture_process("other");

    process_die(p, DEATH_KILLED, 0);
    memcpy(arg, (uint64_t[MESSAGE_ARGS]){ p->endpoint, 0, 0, 0, COPY_FIND }, sizeof arg);
    cr_assert_eq(fixture_kcall(other, KCALL_MEM_COPY, arg), -E_PERM);
}

/* A search through tables that are there, and nearly empty, gives way to interrupts. */
Test(dead_memory, a_long_search_is_restarted) {
    for (uint64_t i = 0; i < 8; i++)
        cr_assert_eq(vm_map(p, FAR + i * 0x200000, PROT_READ), 0);
    process_die(p, DEATH_KILLED, 0);
    memcpy(arg, (uint64_t[MESSAGE_ARGS]){ p->endpoint, FAR + PAGE_SIZE, 0, 0, COPY_FIND },
           sizeof arg);
    cr_assert_eq(fixture_step(first, KCALL_MEM_COPY, arg), 1);
    cr_assert_eq(fixture_kcall(first, KCALL_MEM_COPY, arg), 0);
    cr_assert_eq(arg[0], (FAR + 0x200000) | PROT_READ);
}
