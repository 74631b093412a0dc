/* Vetting of values that drivers write to ports (thesis 5.1.2). */
#include <criterion/criterion.h>

#include "fixture.h"
#include "x86_64/cpu.h"

static struct process *first, *p;

#define CALL(who, number, ...) \
    fixture_kcall((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

#define PORT 0x3f8

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_IO, p->endpoint, PORT, 8), 0);
}

TestSuite(vet, .init = init, .fini = fixture_end);

static int vet(uint16_t port, uint32_t width, uint32_t mask, uint32_t value) {
    return CALL(first, PRIVCTL, PRIVCTL_VET, p->endpoint, (uint64_t)port << 32 | width,
                (uint64_t)mask << 32 | value);
}

static int out(uint64_t width, uint16_t port, uint32_t value) {
    unsigned before = cpu.port_accesses;
    int error = CALL(p, VDEVIO, VDEVIO_WRITE | width, port, value);
    cr_assert_eq(cpu.port_accesses - before, error == 0);
    return error;
}

Test(vet, only_allowed_values_are_written) {
    cr_assert_eq(vet(PORT + 4, 2, 0x00f0, 0x10), 0);
    cr_assert_eq(vet(PORT + 4, 2, 0x00f0, 0x20), 0);
    cr_assert_eq(out(2, PORT + 4, 0xff1f), 0);
    cr_assert_eq(out(2, PORT + 4, 0x0020), 0);
    cr_assert_eq(out(2, PORT + 4, 0x0030), -E_PERM);
    cr_assert_eq(out(2, PORT + 4, 0x0000), -E_PERM);
    cr_assert_eq(vet(PORT + 4, 2, 0x0001, 0x01), 0);
    cr_assert_eq(out(2, PORT + 4, 0x0020), -E_PERM, "each mask has to be content");
    cr_assert_eq(out(2, PORT + 4, 0x0021), 0);
    cr_assert_eq(p->refused[REFUSED_REGISTER], 3);
}

Test(vet, registers_are_not_written_by_other_widths_or_from_beside) {
    cr_assert_eq(vet(PORT + 2, 2, 0xff, 0x10), 0);
    cr_assert_eq(out(1, PORT + 2, 0x10), -E_PERM);
    cr_assert_eq(out(1, PORT + 3, 0x10), -E_PERM);
    cr_assert_eq(out(4, PORT, 0x00100010), -E_PERM);
    cr_assert_eq(out(2, PORT, 0xffff), 0);
    cr_assert_eq(out(1, PORT + 1, 0xff), 0);
    cr_assert_eq(out(4, PORT + 4, 0xff), 0);
    cr_assert_eq(CALL(p, VDEVIO, VDEVIO_IN8, PORT + 3), 0, "reading does no harm");
}

Test(vet, vector_with_a_value_that_is_not_allowed_writes_nothing) {
    cr_assert_eq(vet(PORT, 1, 0xff, 1), 0);
    struct vdevio_entry *entries = fixture_memory(p, FIXTURE_MEMORY);
    entries[0] = (struct vdevio_entry){ PORT, VDEVIO_OUT8, 1 };
    entries[1] = (struct vdevio_entry){ PORT, VDEVIO_OUT8, 2 };
    cr_assert_eq(CALL(p, VDEVIO, VDEVIO_VECTOR, FIXTURE_MEMORY, 2), -E_PERM);
    cr_assert_eq(cpu.port_accesses, 0);
    cr_assert_eq(CALL(p, VDEVIO, VDEVIO_VECTOR, FIXTURE_MEMORY, 1), 0);
    cr_assert_eq(cpu.port_accesses, 1);
}

Test(vet, rules_are_checked) {
    cr_assert_eq(vet(PORT, 3, 1, 1), -E_INVAL);
    cr_assert_eq(vet(PORT, 0, 1, 1), -E_INVAL);
    cr_assert_eq(vet(PORT + 1, 2, 1, 1), -E_INVAL);
    cr_assert_eq(vet(PORT, 1, 1, 2), -E_INVAL);
    uint64_t none = UINT64_C(0x10000) << 32 | 1;
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_VET, p->endpoint, none, 0), -E_INVAL);
    for (unsigned i = 0; i < PRIVCTL_VETS; i++)
        cr_assert_eq(vet(PORT, 1, 1, 1), 0);
    cr_assert_eq(vet(PORT, 1, 1, 1), -E_NOSLOT);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_VET, p->endpoint, (uint64_t)PORT << 32 | 1, 0), -E_PERM);
}
