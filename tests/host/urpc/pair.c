#include <stdlib.h>

#include <criterion/criterion.h>

#include "pair.h"

static void count_ring(void *context) { ++*(unsigned *)context; }

void pair_make(struct pair *pair, uint32_t slots, uint32_t depth, uint64_t origin) {
    *pair = (struct pair){
        .parameters = { .slots = slots, .depth = { depth, depth }, .origin = origin },
        .memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(slots)),
    };
    struct chan_bell bell_of_a = { count_ring, &pair->rang_a };
    struct chan_bell bell_of_b = { count_ring, &pair->rang_b };

    cr_assert_eq(chan_format(pair->memory, &pair->parameters), 0);
    cr_assert_eq(
        chan_attach(&pair->a, pair->memory, &pair->parameters, 0, bell_of_b, PAIR_SOURCE_B), 0);
    cr_assert_eq(
        chan_attach(&pair->b, pair->memory, &pair->parameters, 1, bell_of_a, PAIR_SOURCE_A), 0);
}

void pair_free(struct pair *pair) { free(pair->memory); }

struct message pair_message(uint64_t number) {
    return (struct message){
        .source = 0xdead, /* no receiver may see it */
        .type = (uint32_t)number & 0xffff,
        .tag = (uint32_t)number,
        .arg = { number, ~number, number + 1, number << 8, number * 3, number ^ 0x55 },
    };
}

int pair_is(const struct message *message, uint64_t number) {
    struct message wanted = pair_message(number);

    wanted.source = message->source;
    return memcmp(message, &wanted, sizeof wanted) == 0;
}

struct chan_slot *pair_slot(struct chan_tx *tx, uint64_t position) {
    return chan_slot_at(tx->slots, position & tx->mask);
}
