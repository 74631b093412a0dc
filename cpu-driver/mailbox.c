#include "mailbox.h"

#include <stdatomic.h>

#include <bulkhead/binding.h>

#include "binding.h"
#include "core.h"
#include "ipc.h"
#include "string.h"
#include "x86_64/lapic.h"

#define WORD_BITS 64
#define WORDS     (BINDINGS_MAX / WORD_BITS)

/* One direction. The peer may be broken: whatever it holds is a set of numbers to look up. */
struct mailbox {
    _Atomic uint64_t words_set; /* bit n: look at rung[n] */
    _Atomic uint64_t rung[WORDS];
    _Atomic uint32_t stopped; /* 1: the sender's instance has */
    /* 1: the receiver wants an interrupt. Set by it, taken by the sender. */
    _Alignas(64) _Atomic uint32_t armed;
};

#define MAILBOX_BYTES 2048 /* half of the page: the lower core's outbound one first */

_Static_assert(sizeof(struct mailbox) <= MAILBOX_BYTES, "two in a page");

static uint64_t stopped_cores;

/* Where they are, by the peer's number. Nothing comes in from the own core, nor is it asked to. */
static struct mailbox *in[CORES_MAX], *out[CORES_MAX];
static struct mailbox own;

static void find_mailboxes(void) {
    for (uint32_t peer = 0; peer < instance->boot.core_count; peer++) {
        struct mailbox *first = (struct mailbox *)(MAILBOX_VIEW + peer * PAGE_SIZE);
        struct mailbox *second = (struct mailbox *)((uint64_t)first + MAILBOX_BYTES);
        bool lower = instance->core < peer;
        out[peer] = lower ? first : second;
        in[peer] = lower ? second : first;
    }
    in[instance->core] = &own;
    atomic_store(&own.armed, 1);
}

/*
 * The machine's memory holds anything. Core 0, at its first start, clears the pages in its own
 * partition; those in others' are cleared by who builds the first instance that sees them.
 */
static void clear_commons(void) {
    const struct range *commons = &instance->commons;
    if (instance->core == 0 && instance->incarnation == 0)
        memset(direct(commons->base), 0, commons->end - commons->base);
}

void mailbox_init(void) {
    clear_commons();
    stopped_cores = 0;
    find_mailboxes();
    for (uint32_t peer = 0; peer < instance->boot.core_count; peer++) {
        if (peer == instance->core)
            continue;
        atomic_store(&out[peer]->stopped, 0);
        atomic_store(&in[peer]->armed, 0);
    }
}

static inline void interrupt(uint32_t peer, struct mailbox *m) {
    if (atomic_load(&m->armed) && atomic_exchange(&m->armed, 0))
        lapic_send(instance->boot.core[peer].apic_id, LAPIC_MAILBOX);
}

/*
 * The two exchanges of mailbox_collect() on the same words pair with these: the word is set before
 * its bit in words_set, and that before `armed` is looked at.
 */
void mailbox_post(uint32_t core, uint32_t number) {
    struct mailbox *m = out[core];
    atomic_fetch_or(&m->rung[number / WORD_BITS], UINT64_C(1) << number % WORD_BITS);
    atomic_fetch_or(&m->words_set, UINT64_C(1) << number / WORD_BITS);
    interrupt(core, m);
}

static void collect(uint32_t peer, struct mailbox *m) {
    uint64_t words = atomic_exchange(&m->words_set, 0) & ((UINT64_C(1) << WORDS) - 1);
    for (; words; words &= words - 1) {
        unsigned word = (unsigned)__builtin_ctzll(words);
        for (uint64_t bits = atomic_exchange(&m->rung[word], 0); bits; bits &= bits - 1)
            binding_rung(peer, word * WORD_BITS + (unsigned)__builtin_ctzll(bits));
    }
    if (atomic_load(&m->stopped) && !(stopped_cores >> peer & 1)) {
        stopped_cores |= UINT64_C(1) << peer;
        ipc_event(&processes[0], EVENT_CORE);
    }
}

/* Asks for the next interrupt first: what is posted after the look brings one. */
void mailbox_collect(void) {
    uint32_t cores = instance->boot.core_count;
    for (uint32_t peer = 0; peer < cores; peer++) {
        struct mailbox *m = in[peer];
        if (__builtin_expect(atomic_load(&m->armed), 1))
            continue;
        atomic_store(&m->armed, 1);
        collect(peer, m);
    }
}

/* All are told before the first is interrupted: it may be the APIC that this instance lacks. */
void mailbox_stop(void) {
    for (uint32_t peer = 0; peer < instance->boot.core_count; peer++)
        if (peer != instance->core)
            atomic_store(&out[peer]->stopped, 1);
    for (uint32_t peer = 0; peer < instance->boot.core_count; peer++)
        if (peer != instance->core)
            interrupt(peer, out[peer]);
}

uint64_t mailbox_stopped(void) {
    uint64_t cores = stopped_cores;
    stopped_cores = 0;
    return cores;
}
