/*
 * A view: which cores belong to the system, by a number that rises with every change, so that all
 * who know a number mean the same cores by it.
 */
#ifndef MONITOR_VIEW_H
#define MONITOR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/endpoint.h>
#include <bulkhead/message.h>

typedef uint64_t core_set_t; /* bit c: core c */

_Static_assert(CORES_MAX == 8 * sizeof(core_set_t), "a set has a bit per core");

static inline core_set_t core_bit(unsigned core) { return UINT64_C(1) << core; }

static inline bool core_in(core_set_t set, unsigned core) { return set >> core & 1; }

/* The lowest core of a set from `core` on. CORES_MAX: none. */
static inline unsigned core_next(core_set_t set, unsigned core) {
    core_set_t left = core < CORES_MAX ? set >> core : 0;
    return left ? core + (unsigned)__builtin_ctzll(left) : CORES_MAX;
}

/* The set may change meanwhile. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration */
#define for_each_core(core, set)                                  \
    for (unsigned core = core_next((set), 0); (core) < CORES_MAX; \
         (core) = core_next((set), (core) + 1))
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * Number 0 is no view. `lost` are cores that were to be fenced and never acknowledged it: they may
 * still run, so their memory is never used again. `incarnation` of a core that is not a member is
 * the last that it had; 0: none.
 */
struct view {
    uint64_t number;
    core_set_t members;
    core_set_t lost;
    uint16_t leader; /* who won the number */
    uint16_t incarnation[CORES_MAX];
};

/*
 * The view word, which all monitors share: the newest number that anybody has won, and by whom. It
 * is changed by compare-and-swap alone, to a number one higher.
 */
static inline uint64_t view_word(uint64_t number, unsigned leader) { return number << 16 | leader; }

static inline uint64_t view_word_number(uint64_t word) { return word >> 16; }

static inline unsigned view_word_leader(uint64_t word) { return (uint16_t)word; }

/* Whether a core is a member in the incarnation that its messages name. */
bool view_has(const struct view *view, unsigned core, uint16_t incarnation);

/* Incarnations that one PROPOSE carries; as many parts as cover all cores of the machine. */
#define VIEW_PART_CORES 18U
#define VIEW_PARTS_MAX  ((CORES_MAX + VIEW_PART_CORES - 1) / VIEW_PART_CORES)

unsigned view_parts(unsigned core_count);

/* A part of a view as PROPOSE; the stamp's incarnation is that of the leader. */
struct message view_encode(const struct view *view, unsigned part);

/* Puts a part where it belongs. -E_PROTOCOL: there is no such part. */
int view_decode(struct view *view, const struct message *propose);

#endif
