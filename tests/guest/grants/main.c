#include <stdio.h>
#include <string.h>

#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"
#include "../support/cores.h"
#include "example.h"
#include "peer.h"

/* Where the three peers of a round live: `a` has the memory, `b` is its grantee, and passes on to
 * `c`. */
struct places {
    uint32_t a, b, c;
};

static endpoint_t a, b, c;
static uint64_t memory; /* a's buffer */
static char where[40];

#define ASK(peer, op, ...) peer_ask(peer, op, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

#define WITH(kind, bytes) ((uint64_t)(kind) << SIZE_BITS | (bytes))
#define BOTH              (GRANT_READ | GRANT_WRITE)
#define RW                (PROT_READ | PROT_WRITE)

static struct grant_name make(endpoint_t grantee, uint64_t offset, uint64_t bytes,
                              unsigned access) {
    uint64_t arg[MESSAGE_ARGS] = { grantee, offset, WITH(access, bytes) };

    tap_is(peer_ask(a, PEER_MAKE, arg), 0, "a grant is made, %s", where);
    return (struct grant_name){ arg[0], arg[1] };
}

static struct grant_name pass_on(endpoint_t from, struct grant_name name, uint64_t offset,
                                 uint64_t bytes, unsigned access, endpoint_t to) {
    uint64_t arg[MESSAGE_ARGS] = { name.grantor, name.id, offset, WITH(access, bytes), to };

    tap_is(peer_ask(from, PEER_DELEGATE, arg), 0, "and passed on, %s", where);
    return (struct grant_name){ arg[0], arg[1] };
}

static int copy(endpoint_t who, struct grant_name name, uint64_t offset, uint64_t bytes,
                enum copy_direction direction, uint64_t address) {
    return ASK(who, PEER_COPY, name.grantor, name.id, offset, WITH(direction, bytes), address);
}

static int map(endpoint_t who, struct grant_name name, uint64_t offset, uint64_t bytes,
               unsigned protection) {
    return ASK(who, PEER_MAP, name.grantor, name.id, offset, WITH(protection, bytes), WINDOW);
}

static int end(endpoint_t who, struct grant_name name) {
    return ASK(who, PEER_END, name.grantor, name.id);
}

static uint64_t peek(endpoint_t who, uint64_t address) {
    uint64_t arg[MESSAGE_ARGS] = { address };

    peer_ask(who, PEER_PEEK, arg);
    return arg[0];
}

static uint64_t buffer_of(endpoint_t who) {
    uint64_t arg[MESSAGE_ARGS] = { 0 };

    peer_ask(who, PEER_BUFFER, arg);
    return arg[0];
}

#define OURS UINT64_C(0x5a5a5a5a5a5a5a5a)

/* ---- Copies ---- */

static void test_copies(void) {
    uint64_t own = buffer_of(b);
    struct grant_name name = make(b, 8, 10000, BOTH);

    ASK(a, PEER_POKE, memory + 8, 0x1122334455667788);
    tap_is(copy(b, name, 0, 8, COPY_FROM, own + 3), 0, "what is granted is read, %s", where);
    tap_ok(peek(b, own + 3) == 0x1122334455667788, "to the byte");
    ASK(b, PEER_POKE, own + 9000, 0x99);
    tap_is(copy(b, name, 0, 10000, COPY_TO, own + 16), 0, "a long one is written");
    tap_ok(peek(a, memory + 8 + 8984) == 0x99 && peek(a, memory + 8 + 9992) == OURS &&
               peek(a, memory) == OURS,
           "all of it, and nothing besides");
    tap_is(copy(b, name, 9993, 8, COPY_FROM, own), -E_RANGE, "no byte more");
    tap_is(copy(b, name, UINT64_MAX, 2, COPY_FROM, own), -E_RANGE, "nor around the end");
    tap_is(copy(c, name, 0, 8, COPY_FROM, buffer_of(c)), -E_NOENT, "not by another");
    tap_is(copy(b, (struct grant_name){ name.grantor, name.id + 1 }, 0, 8, COPY_FROM, own),
           -E_NOENT, "nor by a wrong id");
    struct grant_name read = make(b, 0, 100, GRANT_READ);
    tap_is(copy(b, read, 0, 8, COPY_TO, own), -E_PERM, "nor written if it is to be read");
    tap_is(end(a, name), 0, "it is revoked");
    tap_is(copy(b, name, 0, 8, COPY_FROM, own), -E_NOENT, "and of no use");
    tap_is(end(a, name), -E_NOENT, "nor revoked again");
    tap_is(end(a, read), 0, "the other too");
}

static void test_delegation(void) {
    uint64_t own = buffer_of(c);
    struct grant_name root = make(b, 0, 4096, BOTH);
    struct grant_name name = pass_on(b, root, 64, 256, GRANT_READ, c);

    ASK(a, PEER_POKE, memory + 64 + 248, 0x77);
    tap_is(copy(c, name, 248, 8, COPY_FROM, own), 0, "what was passed on is read, %s", where);
    tap_ok(peek(c, own) == 0x77, "where it begins there");
    tap_is(copy(c, name, 249, 8, COPY_FROM, own), -E_RANGE, "no byte more");
    tap_is(copy(c, name, 0, 8, COPY_TO, own), -E_PERM, "not written");
    tap_is(copy(b, name, 0, 8, COPY_FROM, buffer_of(b)), -E_NOENT, "not by who passed it on");
    struct grant_name back = pass_on(c, name, 8, 16, BOTH, b);
    tap_is(copy(b, back, 8, 8, COPY_FROM, buffer_of(b)), 0, "and passed on again");
    tap_is(copy(b, back, 8, 8, COPY_TO, buffer_of(b)), -E_PERM, "with the least of rights");
    tap_is(copy(b, back, 9, 8, COPY_FROM, buffer_of(b)), -E_RANGE, "and of bytes");
    tap_is(end(b, name), 0, "in the middle it is revoked");
    tap_is(copy(c, name, 0, 8, COPY_FROM, own), -E_NOENT, "and cut there");
    tap_is(copy(b, back, 0, 8, COPY_FROM, own), -E_NOENT, "and beyond");
    tap_is(copy(b, root, 0, 8, COPY_FROM, buffer_of(b)), 0, "but not before");
    name = pass_on(b, root, 0, 8, GRANT_READ, c);
    tap_is(end(a, root), 0, "the root revokes");
    tap_is(copy(c, name, 0, 8, COPY_FROM, own), -E_NOENT, "all of it");
    end(b, name);
}

/* ---- Mappings ---- */

/* What others have given back, or had when they died, comes back a little later. */
#define TRIES 100
#define PAUSE 100000 /* ns */

static bool becomes_free(void) {
    for (unsigned i = 0; i < TRIES; i++) {
        if (ASK(a, PEER_UNTABLE, 0) == 0)
            return true;
        sleep_for(PAUSE);
    }
    return false;
}

static void test_mapping(void) {
    struct grant_name name = make(b, 0, BUFFER_BYTES, BOTH);

    tap_is(map(b, name, 8, PAGE_SIZE, PROT_READ), -E_INVAL, "only pages are mapped, %s", where);
    tap_is(map(b, name, PAGE_SIZE, BUFFER_BYTES, PROT_READ), -E_RANGE, "that are granted");
    tap_is(map(b, name, 0, BUFFER_BYTES, RW), 0, "they are mapped");
    ASK(b, PEER_POKE, WINDOW + 2 * PAGE_SIZE, 0x1234);
    tap_ok(peek(a, memory + 2 * PAGE_SIZE) == 0x1234, "what one writes");
    ASK(a, PEER_POKE, memory + 3 * PAGE_SIZE + 8, 0x4321);
    tap_ok(peek(b, WINDOW + 3 * PAGE_SIZE + 8) == 0x4321, "the other reads");
    tap_is(ASK(a, PEER_UNTABLE, 0), -E_BUSY, "the owner cannot change it");
    tap_is(end(a, name), 0, "it is revoked");
    tap_ok(peek(b, WINDOW) == 0 && peek(b, WINDOW + 3 * PAGE_SIZE) == 0,
           "pages of zeroes are left");
    ASK(b, PEER_POKE, WINDOW, 0x666);
    tap_ok(peek(a, memory) == OURS, "what is written there goes nowhere");
    tap_is(ASK(a, PEER_UNTABLE, 0), 0, "the owner has it back");
    tap_is(map(b, name, 0, PAGE_SIZE, PROT_READ), -E_NOENT, "a stale id maps nothing");
    tap_is(ASK(b, PEER_UNMAP, WINDOW), 0, "the window is given up");
    name = make(b, 0, BUFFER_BYTES, GRANT_READ);
    tap_is(map(b, name, 0, PAGE_SIZE, RW), -E_PERM, "what is to be read is not mapped writable");
    tap_is(map(b, name, PAGE_SIZE, PAGE_SIZE, PROT_READ), 0, "but to be read");
    tap_is(ASK(b, PEER_UNMAP, WINDOW), 0, "and given back");
    tap_is(ASK(b, PEER_UNMAP, WINDOW), -E_NOENT, "once");
    tap_ok(becomes_free(), "then the owner has it back");
    end(a, name);
}

static void test_mapping_passed_on(void) {
    struct grant_name root = make(b, 0, BUFFER_BYTES, BOTH);
    struct grant_name name = pass_on(b, root, PAGE_SIZE, 2 * PAGE_SIZE, BOTH, c);

    tap_is(map(c, name, 0, 2 * PAGE_SIZE, RW), 0, "what was passed on is mapped, %s", where);
    ASK(c, PEER_POKE, WINDOW + PAGE_SIZE, 0xcc);
    tap_ok(peek(a, memory + 2 * PAGE_SIZE) == 0xcc, "it is a's memory");
    tap_is(end(b, name), 0, "who passed it on revokes");
    tap_ok(peek(c, WINDOW + PAGE_SIZE) == 0, "it is gone");
    ASK(c, PEER_UNMAP, WINDOW);
    name = pass_on(b, root, PAGE_SIZE, 2 * PAGE_SIZE, BOTH, c);
    tap_is(map(c, name, 0, 2 * PAGE_SIZE, RW), 0, "mapped again");
    tap_is(end(a, root), 0, "the root revokes");
    tap_ok(peek(c, WINDOW + PAGE_SIZE) == 0, "it is gone");
    tap_is(ASK(a, PEER_UNTABLE, 0), 0, "and a's again");
    ASK(c, PEER_UNMAP, WINDOW);
    end(b, name);
}

static void test_writing_meanwhile(void) {
    for (unsigned i = 0; i < 8; i++) {
        struct grant_name name = make(b, 0, BUFFER_BYTES, BOTH);
        map(b, name, 0, BUFFER_BYTES, RW);
        ASK(b, PEER_SCRIBBLE, WINDOW, BUFFER_BYTES);
        int error = end(a, name);
        for (uint64_t at = 0; at < BUFFER_BYTES; at += PAGE_SIZE)
            ASK(a, PEER_POKE, memory + at, i);
        peek(b, WINDOW);
        bool clean = true;
        for (uint64_t at = 0; at < BUFFER_BYTES; at += PAGE_SIZE)
            clean &= peek(a, memory + at) == i;
        tap_ok(!error && clean, "nothing is written after revocation, %s", where);
        ASK(b, PEER_UNMAP, WINDOW);
    }
}

/* ---- Deaths ---- */

static void check(const char *when) {
    const endpoint_t all[] = { a, b, c };

    for (unsigned i = 0; i < 3; i++) {
        uint64_t arg[MESSAGE_ARGS] = { 0 };
        if (all[i] == ENDPOINT_NONE)
            continue;
        int error = peer_ask(all[i], PEER_CHECK, arg);
        tap_ok(!error && arg[0] == 0, "core %u's kernel is sound after %s, %s",
               endpoint_core(all[i]), when, where);
    }
}

static void start(const struct places *p) {
    a = peer_start(p->a);
    b = peer_start(p->b);
    c = peer_start(p->c);
    memory = buffer_of(a);
}

static void stop(void) {
    const endpoint_t all[] = { a, b, c };

    for (unsigned i = 0; i < 3; i++)
        if (all[i] != ENDPOINT_NONE)
            peer_kill(all[i]);
    a = b = c = ENDPOINT_NONE;
}

/* a -> b -> c, both have it mapped. */
static struct grant_name map_both(struct grant_name *root) {
    *root = make(b, 0, BUFFER_BYTES, BOTH);
    struct grant_name name = pass_on(b, *root, 0, BUFFER_BYTES, BOTH, c);

    tap_is(map(b, *root, 0, BUFFER_BYTES, RW), 0, "mapped, %s", where);
    tap_is(map(c, name, 0, BUFFER_BYTES, RW), 0, "by both");
    return name;
}

/* The news may be on its way to another core. */
static bool becomes_zero(endpoint_t who) {
    for (unsigned i = 0; i < TRIES; i++) {
        if (peek(who, WINDOW) == 0)
            return true;
        sleep_for(PAUSE);
    }
    return false;
}

static void test_death_of_the_grantor(const struct places *p) {
    struct grant_name root;

    start(p);
    struct grant_name name = map_both(&root);
    peer_kill(a);
    a = ENDPOINT_NONE;
    tap_ok(becomes_zero(b) && becomes_zero(c), "a dead grantor's memory is gone, %s", where);
    int error = copy(c, name, 0, 8, COPY_FROM, buffer_of(c));
    tap_ok(error == -E_PEERDEAD || error == -E_NOENT, "its grants too"); /* recorded ones */
    check("the death of the grantor");
    stop();
}

static void test_death_of_a_link(const struct places *p) {
    struct grant_name root;

    start(p);
    struct grant_name name = map_both(&root);
    peer_kill(b);
    b = ENDPOINT_NONE;
    tap_ok(becomes_zero(c), "what a dead process has passed on is gone, %s", where);
    tap_ok(copy(c, name, 0, 8, COPY_FROM, buffer_of(c)) < 0, "for copies too");
    tap_ok(becomes_free(), "and a has its memory back");
    check("the death of a link");
    stop();
}

static void test_death_of_the_mapper(const struct places *p) {
    struct grant_name root;

    start(p);
    map_both(&root);
    peer_kill(c);
    c = ENDPOINT_NONE;
    ASK(b, PEER_UNMAP, WINDOW);
    tap_ok(becomes_free(), "what a dead process had mapped is given back, %s", where);
    tap_is(end(a, root), 0, "and can be revoked");
    check("the death of the mapper");
    stop();
}

/* ---- Cores that fail ---- */

static void test_fencing(void) {
    snprintf(where, sizeof where, "core 2 fails");
    start(&(struct places){ 0, 2, 1 });
    struct grant_name root;
    map_both(&root);
    tap_is(core_control(CORE_CONTROL_FENCE, 2), 0, "the core of a mapper, and link, is fenced");
    b = ENDPOINT_NONE;
    tap_ok(becomes_zero(c), "what was passed on there is gone");
    tap_ok(becomes_free(), "it has acknowledged by that");
    tap_is(end(a, root), 0, "revocation does not wait for it");
    stop();
    tap_is(core_control(CORE_CONTROL_START, 2), 0, "it starts again");
    start(&(struct places){ 2, 0, 1 });
    map_both(&root);
    tap_is(core_control(CORE_CONTROL_FENCE, 2), 0, "the core of a grantor is fenced");
    a = ENDPOINT_NONE;
    tap_ok(becomes_zero(b) && becomes_zero(c), "its memory is gone elsewhere");
    tap_is(ASK(b, PEER_UNMAP, WINDOW), 0, "and given up");
    check("that");
    stop();
    tap_is(core_control(CORE_CONTROL_START, 2), 0, "it starts again");
}

static uint64_t shared_frames(uint32_t core) {
    struct memory_info info = { 0 };

    core_getinfo(core, INFO_MEMORY, &info, sizeof info);
    return info.frames[FRAME_GRANTED];
}

static void round_of(const struct places *p) {
    snprintf(where, sizeof where, "cores %u %u %u", p->a, p->b, p->c);
    start(p);
    tap_is(lend_greeting(a), 0, "the example of the docs works, %s", where);
    test_copies();
    test_delegation();
    test_mapping();
    test_mapping_passed_on();
    test_writing_meanwhile();
    check("all that");
    stop();
    test_death_of_the_grantor(p);
    test_death_of_a_link(p);
    test_death_of_the_mapper(p);
    tap_is((int64_t)shared_frames(p->a), 0, "no frame stays granted, %s", where);
}

int main(int argc, char **argv) {
    static const struct places rounds[] = {
        { 0, 0, 0 }, { 0, 1, 1 }, { 0, 1, 2 }, { 1, 0, 0 }, { 0, 1, 0 }, { 1, 1, 0 }, { 0, 0, 1 },
    };

    if (argc > 1 && strcmp(argv[1], "peer") == 0)
        return peer_main();
    tap_plan(0);
    for (unsigned i = 0; i < sizeof rounds / sizeof rounds[0]; i++)
        round_of(&rounds[i]);
    test_fencing();
    return tap_done();
}
