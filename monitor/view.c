#include "view.h"

#include <bulkhead/error.h>

#include "peer_protocol.h"

#define INCARNATION_BITS 10U /* ENDPOINT_INCARNATION_MAX */
#define PER_WORD         6U
#define FIRST_WORD       3U /* of PROPOSE */

_Static_assert(PER_WORD *INCARNATION_BITS <= 64, "incarnations fit a word");
_Static_assert((MESSAGE_ARGS - FIRST_WORD) * PER_WORD == VIEW_PART_CORES, "a part fills a message");

bool view_has(const struct view *view, unsigned core, uint16_t incarnation) {
    return core_in(view->members, core) && view->incarnation[core] == incarnation;
}

unsigned view_parts(unsigned core_count) {
    return (core_count + VIEW_PART_CORES - 1) / VIEW_PART_CORES;
}

struct message view_encode(const struct view *view, unsigned part) {
    struct message propose = { .type = PEER_PROPOSE, .tag = part };

    propose.arg[0] = peer_stamp(view->number, view->incarnation[view->leader]);
    propose.arg[1] = view->members;
    propose.arg[2] = view->lost;
    for (unsigned i = 0; i < VIEW_PART_CORES && part * VIEW_PART_CORES + i < CORES_MAX; i++) {
        uint64_t incarnation = view->incarnation[part * VIEW_PART_CORES + i];
        propose.arg[FIRST_WORD + i / PER_WORD] |= incarnation << i % PER_WORD * INCARNATION_BITS;
    }
    return propose;
}

int view_decode(struct view *view, const struct message *propose) {
    unsigned part = propose->tag;

    if (part >= VIEW_PARTS_MAX)
        return -E_PROTOCOL;
    view->number = peer_stamp_number(propose->arg[0]);
    view->members = propose->arg[1];
    view->lost = propose->arg[2];
    for (unsigned i = 0; i < VIEW_PART_CORES && part * VIEW_PART_CORES + i < CORES_MAX; i++) {
        uint64_t word = propose->arg[FIRST_WORD + i / PER_WORD];
        view->incarnation[part * VIEW_PART_CORES + i] =
            word >> i % PER_WORD * INCARNATION_BITS & ENDPOINT_INCARNATION_MAX;
    }
    return 0;
}
