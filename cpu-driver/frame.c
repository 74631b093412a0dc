/* The frame table. */
#include "frame.h"

#include "core.h"
#include "defence.h"
#include "process.h"
#include "string.h"
#include "x86_64/direct.h"

static struct chunk nowhere; /* in slots that no chunk has: all its frames are absent */

static struct chunk *home; /* those of the start have the first slots, from 1 on */
static uint64_t home_count;
static struct chunk **slots;
static uint32_t *directory;
static uint64_t slot_count, first_chunk, span;
static uint64_t hint; /* no slot below it has a free frame */
static uint64_t counts[FRAME_STATE_COUNT];
static uint64_t chunk_count;

/* An entry: shares:12 | owner's slot + 1:16, 0: none | state:4 */
#define OWNER_SHIFT  4
#define OWNER_MASK   0xffffU
#define SHARES_SHIFT 20
#define SHARES_MAX   0xfffU

static uint32_t entry_make(enum frame_state state, unsigned owner) {
    return (uint32_t)state | (owner == FRAME_OWNER_NONE ? 0 : owner + 1) << OWNER_SHIFT;
}

static enum frame_state entry_state(uint32_t entry) { return (enum frame_state)(entry & 0xf); }

static unsigned entry_owner(uint32_t entry) {
    unsigned owner = entry >> OWNER_SHIFT & OWNER_MASK;
    return owner ? owner - 1 : FRAME_OWNER_NONE;
}

static unsigned entry_shares(uint32_t entry) { return entry >> SHARES_SHIFT; }

static struct chunk *chunk_of(uint64_t physical) {
    uint64_t number = physical / CHUNK_BYTES - first_chunk;
    return slots[number < span ? directory[number] : 0];
}

/* The number of a frame in its chunk. */
static unsigned index_of(uint64_t physical) {
    return (unsigned)(physical / PAGE_SIZE % FRAMES_PER_CHUNK);
}

static void set(struct chunk *chunk, unsigned index, enum frame_state state, unsigned owner) {
    counts[entry_state(chunk->frame[index])]--;
    counts[state]++;
    chunk->frame[index] = entry_make(state, owner);
}

static bool is_free(const struct chunk *chunk, unsigned index) {
    return chunk->free[index / 64] >> (index % 64) & 1;
}

static void mark_free(struct chunk *chunk, unsigned index) {
    chunk->free[index / 64] |= UINT64_C(1) << (index % 64);
    chunk->free_count++;
    if (chunk->slot < hint)
        hint = chunk->slot;
}

static void mark_used(struct chunk *chunk, unsigned index) {
    chunk->free[index / 64] &= ~(UINT64_C(1) << (index % 64));
    chunk->free_count--;
}

/* ---- The partition ---- */

static void add_chunk(struct chunk *chunk, uint32_t slot, uint64_t base) {
    chunk->base = base;
    chunk->slot = slot;
    slots[slot] = chunk;
    directory[base / CHUNK_BYTES - first_chunk] = slot;
    chunk_count++;
    counts[FRAME_ABSENT] += FRAMES_PER_CHUNK;
}

static void add_chunks(const struct range_list *memory) {
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct range *r = &memory->range[i];
        for (uint64_t base = r->base & ~(CHUNK_BYTES - 1); base < r->end; base += CHUNK_BYTES)
            if (chunk_of(base) == &nowhere)
                add_chunk(&home[chunk_count], (uint32_t)chunk_count + 1, base);
    }
}

static void set_range(const struct range *r, enum frame_state state) {
    for (uint64_t p = r->base; p < r->end; p += PAGE_SIZE)
        set(chunk_of(p), index_of(p), state, FRAME_OWNER_NONE);
}

static void find_free(struct chunk *chunk) {
    for (unsigned index = 0; index < FRAMES_PER_CHUNK; index++)
        if (entry_state(chunk->frame[index]) == FRAME_FREE)
            mark_free(chunk, index);
}

uint64_t frame_init(const struct instance_info *info) {
    const struct frame_table *table = &info->frame_table;
    home = table->memory;
    home_count = table->chunks;
    slots = (struct chunk **)(home + home_count);
    directory = (uint32_t *)(slots + table->slots);
    slot_count = table->slots;
    first_chunk = table->first_chunk;
    span = table->span;
    hint = slot_count;
    chunk_count = 0;
    memset(counts, 0, sizeof counts);
    for (uint64_t slot = 0; slot < slot_count; slot++)
        slots[slot] = &nowhere;

    add_chunks(&info->partition.memory);
    for (uint32_t i = 0; i < info->partition.memory.count; i++)
        set_range(&info->partition.memory.range[i], FRAME_FREE);
    set_range(&info->own, FRAME_KERNEL);
    set_range(&info->commons, FRAME_EXPORTED);
    for (uint64_t i = 0; i < chunk_count; i++)
        find_free(&home[i]);
    return counts[FRAME_FREE];
}

/* ---- Chunks that change partitions ---- */

/* One that came from another partition has its tables in its own first frame. */
static bool is_adopted(const struct chunk *chunk) { return chunk == direct(chunk->base); }

static uint64_t worth(const struct chunk *chunk) { return FRAMES_PER_CHUNK - is_adopted(chunk); }

uint64_t frame_chunk_worth(uint64_t physical) { return worth(chunk_of(physical)); }

bool frame_idle_chunk(uint64_t *skip, unsigned count, uint64_t *physical) {
    for (; count && *skip < slot_count; count--, ++*skip) {
        const struct chunk *chunk = slots[slot_count - 1 - *skip];
        if (chunk == &nowhere || chunk->free_count != worth(chunk))
            continue;
        *physical = chunk->base;
        return true;
    }
    if (*skip >= slot_count)
        *skip = FRAME_SLOTS_END;
    return false;
}

/* The directory keeps the slot of a chunk that was here at the start: its tables wait for it. */
void frame_give_chunk(uint64_t physical) {
    struct chunk *chunk = chunk_of(physical);
    uint64_t free = worth(chunk);
    assert(chunk->free_count == free);
    counts[FRAME_FREE] -= free;
    counts[FRAME_KERNEL] -= FRAMES_PER_CHUNK - free;
    chunk_count--;
    slots[chunk->slot] = &nowhere;
    if (is_adopted(chunk))
        directory[physical / CHUNK_BYTES - first_chunk] = 0;
    else
        memset(chunk, 0, sizeof *chunk);
}

/* The slot that a chunk has had from the start, or else a free one; 0: there is none. */
static uint32_t slot_for(uint64_t physical) {
    uint64_t number = physical / CHUNK_BYTES - first_chunk;
    if (number >= span)
        return 0;
    if (directory[number])
        return directory[number];
    for (uint64_t slot = home_count + 1; slot < slot_count; slot++)
        if (slots[slot] == &nowhere)
            return (uint32_t)slot;
    return 0;
}

bool frame_has_room(uint64_t physical) { return slot_for(physical); }

bool frame_has_chunk(uint64_t physical) { return chunk_of(physical) != &nowhere; }

uint64_t frame_take_chunk(uint64_t physical) {
    uint32_t slot = slot_for(physical);
    bool adopted = slot > home_count;
    struct chunk *chunk = adopted ? direct(physical) : &home[slot - 1];
    memset(chunk, 0, sizeof *chunk);
    add_chunk(chunk, slot, physical);
    set_range(&(struct range){ physical, physical + CHUNK_BYTES }, FRAME_FREE);
    if (adopted)
        set(chunk, 0, FRAME_KERNEL, FRAME_OWNER_NONE);
    find_free(chunk);
    return worth(chunk);
}

/* ---- Allocation ---- */

/* The lowest free frame of the first slot that has one; NULL when there is none. */
static struct chunk *find_lowest(unsigned *index) {
    while (hint < slot_count && slots[hint]->free_count == 0)
        hint++;
    if (hint == slot_count)
        return NULL;
    struct chunk *chunk = slots[hint];
    unsigned word = 0;
    while (!chunk->free[word])
        word++;
    *index = word * 64 + (unsigned)__builtin_ctzll(chunk->free[word]);
    return chunk;
}

static void take(struct chunk *chunk, unsigned index, enum frame_state state, struct process *p) {
    mark_used(chunk, index);
    set(chunk, index, state, p ? process_slot(p) : FRAME_OWNER_NONE);
    if (p)
        p->frames++;
}

uint64_t frame_alloc_filled(struct process *p, enum frame_state state, uint64_t word) {
    unsigned index;
    if (DEFENCE(FRAME_QUOTA) && p && p->frames >= p->frame_quota)
        return 0;
    struct chunk *chunk = find_lowest(&index);
    if (!chunk)
        return 0;
    take(chunk, index, state, p);
    uint64_t physical = chunk->base + index * PAGE_SIZE;
    if (DEFENCE(ZERO) || state != FRAME_PRIVATE)
        fill_words(direct(physical), word, PAGE_SIZE / sizeof word);
    return physical;
}

/* The first of `count` free frames in a row that lie in one chunk; FRAMES_PER_CHUNK: none. */
static unsigned find_run(const struct chunk *chunk, uint64_t count) {
    unsigned length = 0;
    if (chunk->free_count < count)
        return FRAMES_PER_CHUNK;
    for (unsigned index = 0; index < FRAMES_PER_CHUNK; index++) {
        length = is_free(chunk, index) ? length + 1 : 0;
        if (length == count)
            return index + 1 - length;
    }
    return FRAMES_PER_CHUNK;
}

uint64_t frame_alloc_run(struct process *p, enum frame_state state, uint64_t count,
                         uint64_t limit) {
    if (count > p->frame_quota - p->frames)
        return 0;
    for (uint64_t slot = hint; slot < slot_count; slot++) {
        struct chunk *chunk = slots[slot];
        unsigned first = find_run(chunk, count);
        if (first == FRAMES_PER_CHUNK || chunk->base + CHUNK_BYTES > limit)
            continue;
        for (unsigned index = first; index < first + count; index++)
            take(chunk, index, state, p);
        return chunk->base + first * PAGE_SIZE;
    }
    return 0;
}

void frame_free(struct process *p, uint64_t physical) {
    struct chunk *chunk = chunk_of(physical);
    unsigned index = index_of(physical);
    enum frame_state state = entry_state(chunk->frame[index]);
    assert(state != FRAME_FREE && state != FRAME_ABSENT && !entry_shares(chunk->frame[index]));
    assert(entry_owner(chunk->frame[index]) == (p ? process_slot(p) : FRAME_OWNER_NONE));
    set(chunk, index, FRAME_FREE, FRAME_OWNER_NONE);
    mark_free(chunk, index);
    if (p)
        p->frames--;
}

/* ---- Frames that others have mapped too ---- */

/* Changes state and shares, but not the owner. */
static void set_shares(uint64_t physical, enum frame_state state, unsigned shares) {
    struct chunk *chunk = chunk_of(physical);
    unsigned index = index_of(physical);
    set(chunk, index, state, entry_owner(chunk->frame[index]));
    chunk->frame[index] |= shares << SHARES_SHIFT;
}

bool frame_share(uint64_t physical, enum frame_state state) {
    unsigned shares = frame_shares(physical);
    if (shares == SHARES_MAX)
        return false;
    if (frame_state(physical) == FRAME_EXPORTED)
        state = FRAME_EXPORTED;
    set_shares(physical, state, shares + 1);
    return true;
}

void frame_unshare(uint64_t physical) {
    unsigned shares = frame_shares(physical);
    assert(shares);
    set_shares(physical, shares == 1 ? FRAME_PRIVATE : frame_state(physical), shares - 1);
}

/* ---- Questions ---- */

unsigned frame_shares(uint64_t physical) {
    return entry_shares(chunk_of(physical)->frame[index_of(physical)]);
}

enum frame_state frame_state(uint64_t physical) {
    return entry_state(chunk_of(physical)->frame[index_of(physical)]);
}

unsigned frame_owner(uint64_t physical) {
    return entry_owner(chunk_of(physical)->frame[index_of(physical)]);
}

bool frame_is_foreign(uint64_t physical) {
    return frame_state(physical) == FRAME_ABSENT &&
           ranges_contain(&instance->boot.memory, physical, physical + PAGE_SIZE);
}

/* Stores there are interrupts, of any vector, to any core (Intel SDM vol. 3, 11.11.1). */
#define MESSAGES_BASE 0xfee00000UL
#define MESSAGES_END  0xfef00000UL

static bool meets(uint64_t base, uint64_t end, uint64_t other, uint64_t other_end) {
    return base < other_end && other < end;
}

bool frame_is_device(uint64_t base, uint64_t end) {
    const struct boot_info *boot = &instance->boot;
    bool own = ranges_overlap(&boot->memory, base, end) ||
               meets(base, end, boot->archive.base, boot->archive.end) ||
               meets(base, end, boot->low.base, boot->low.end) ||
               meets(base, end, MESSAGES_BASE, MESSAGES_END) ||
               meets(base, end, boot->lapic, boot->lapic + PAGE_SIZE) ||
               (boot->hpet && meets(base, end, boot->hpet, boot->hpet + PAGE_SIZE));
    for (uint32_t i = 0; i < boot->ioapic_count; i++)
        own |= meets(base, end, boot->ioapic[i].base, boot->ioapic[i].base + PAGE_SIZE);
    return !own && base < end && end <= PHYSICAL_END;
}

uint64_t frame_chunks(void) { return chunk_count; }

uint64_t frame_count_of(enum frame_state state) { return counts[state]; }

static unsigned census_of_chunk(const struct chunk *chunk, uint64_t count[FRAME_STATE_COUNT],
                                uint64_t owned[], uint64_t *shares) {
    unsigned wrong = 0, free = 0;
    for (unsigned index = 0; index < FRAMES_PER_CHUNK; index++) {
        enum frame_state state = entry_state(chunk->frame[index]);
        unsigned owner = entry_owner(chunk->frame[index]),
                 shared = entry_shares(chunk->frame[index]);
        *shares += shared;
        wrong +=
            shared ? state != FRAME_GRANTED && state != FRAME_EXPORTED : state == FRAME_GRANTED;
        wrong += is_free(chunk, index) != (state == FRAME_FREE) || state >= FRAME_STATE_COUNT;
        free += is_free(chunk, index);
        count[state % FRAME_STATE_COUNT]++;
        if (owner < MAX_PROCESSES)
            owned[owner]++;
        else
            wrong += owner != FRAME_OWNER_NONE;
    }
    return wrong + (free != chunk->free_count) + (free && chunk->slot < hint);
}

/* Each chunk is where the directory says, and those of the partition alone are mapped. */
static unsigned census_of_directory(void) {
    unsigned wrong = slots[0] != &nowhere;
    uint64_t listed = 0;
    for (uint64_t number = 0; number < span; number++) {
        uint64_t base = (first_chunk + number) * CHUNK_BYTES;
        uint32_t slot = directory[number];
        bool is_here = slot < slot_count && slots[slot] != &nowhere;
        listed += is_here;
        wrong += slot >= slot_count || (slot > home_count && !is_here) ||
                 (is_here && slots[slot]->base != base) || is_here != direct_maps(base);
    }
    return wrong + (listed != chunk_count);
}

unsigned frame_census(uint64_t count[FRAME_STATE_COUNT], uint64_t owned[], uint64_t *shares) {
    unsigned wrong = census_of_directory();
    uint64_t chunks = 0;
    *shares = 0;
    memset(count, 0, FRAME_STATE_COUNT * sizeof count[0]);
    memset(owned, 0, MAX_PROCESSES * sizeof owned[0]);
    for (uint64_t slot = 1; slot < slot_count; slot++) {
        if (slots[slot] == &nowhere)
            continue;
        wrong += slots[slot]->slot != slot;
        wrong += census_of_chunk(slots[slot], count, owned, shares);
        chunks++;
    }
    return wrong + (chunks != chunk_count);
}
