#include "page_walk.h"

#include "x86_64/paging.h"

struct walk {
    uint64_t view;
    void (*visit)(const struct leaf *leaf);
    void (*table)(uint64_t physical);
};

static void visit_leaf(const struct walk *walk, struct leaf leaf, unsigned level) {
    leaf.bytes = pt_span(level);
    leaf.physical = leaf.entry & PTE_ADDRESS & ~(level > 1 ? PTE_LARGE : 0);
    walk->visit(&leaf);
}

/* `rights` are those that the levels above give. */
static void walk_table(const struct walk *walk, uint64_t physical, unsigned level,
                       struct leaf rights) {
    const uint64_t *table = (const uint64_t *)(walk->view + physical);

    walk->table(physical);
    for (uint64_t i = 0; i < PT_ENTRIES; i++) {
        struct leaf here = rights;
        here.entry = table[i];
        if (!(here.entry & PTE_PRESENT))
            continue;
        here.address |= i << (12 + 9 * (level - 1));
        if (level == PT_LEVELS && i >= PT_ENTRIES / 2)
            here.address |= 0xffffUL << 48;
        here.writable &= (here.entry & PTE_WRITE) != 0;
        here.executable &= (here.entry & PTE_NX) == 0;
        here.user &= (here.entry & PTE_USER) != 0;
        if (level == 1 || (here.entry & PTE_LARGE))
            visit_leaf(walk, here, level);
        else
            walk_table(walk, here.entry & PTE_ADDRESS, level - 1, here);
    }
}

void page_walk(uint64_t pml4, uint64_t view, void (*visit)(const struct leaf *leaf),
               void (*table)(uint64_t physical)) {
    struct walk walk = { view, visit, table };
    walk_table(&walk, pml4, PT_LEVELS,
               (struct leaf){ .writable = true, .executable = true, .user = true });
}
