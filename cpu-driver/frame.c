/* The frame table. */
#include "frame.h"

#include "core.h"
#include "process.h"
#include "string.h"

struct chunk {
    uint64_t free[FRAMES_PER_CHUNK / 64]; /* bit set: the frame is free */
    uint32_t free_count;
};

static uint32_t *table;
static uint64_t first_frame, frame_count;
static uint64_t counts[FRAME_STATE_COUNT];
static struct chunk *chunks; /* at multiples of 2 MiB, so the first frame is `lead` into its own */
static uint64_t lead;
static uint64_t chunk_count, chunk_hint; /* no chunk below the hint has a free frame */

static uint32_t entry_make(enum frame_state state, unsigned owner) {
    return (uint32_t)state | (owner == FRAME_OWNER_NONE ? 0 : owner + 1) << 4;
}

static enum frame_state entry_state(uint32_t entry) { return (enum frame_state)(entry & 0xf); }

static unsigned entry_owner(uint32_t entry) {
    return entry >> 4 ? (entry >> 4) - 1 : FRAME_OWNER_NONE;
}

/* Index in the table; frame_count when the address is not in the partition's span. */
static uint64_t index_of(uint64_t physical) {
    uint64_t frame = physical / PAGE_SIZE;
    return frame >= first_frame && frame - first_frame < frame_count ? frame - first_frame
                                                                     : frame_count;
}

static void set(uint64_t index, enum frame_state state, unsigned owner) {
    counts[entry_state(table[index])]--;
    counts[state]++;
    table[index] = entry_make(state, owner);
}

static void set_range(const struct range *r, enum frame_state state) {
    for (uint64_t p = r->base; p < r->end; p += PAGE_SIZE)
        set(index_of(p), state, FRAME_OWNER_NONE);
}

/* Where the bit of the frame at an index of the table is. */
static struct chunk *chunk_of(uint64_t index) { return &chunks[(lead + index) / FRAMES_PER_CHUNK]; }

static uint64_t *free_word(uint64_t index) {
    return &chunk_of(index)->free[(lead + index) % FRAMES_PER_CHUNK / 64];
}

static uint64_t free_bit(uint64_t index) { return UINT64_C(1) << ((lead + index) % 64); }

static void mark_free(uint64_t index) {
    *free_word(index) |= free_bit(index);
    chunk_of(index)->free_count++;
}

static bool apart(const struct range *used, uint64_t base, uint64_t end) {
    return base >= used->end || end <= used->base;
}

/* Takes memory for the bitmaps from the first range that has room, beside the instance's own block
 * and the commons. */
static struct chunk *place_chunks(const struct instance_info *info, uint64_t bytes) {
    for (uint32_t i = 0; i < info->partition.memory.count; i++) {
        struct range r = info->partition.memory.range[i];
        uint64_t base = r.end - bytes;
        if (r.end - r.base >= bytes && apart(&info->own, base, r.end) &&
            apart(&info->commons, base, r.end))
            return direct(base);
    }
    return NULL;
}

int64_t frame_init(struct instance_info *info) {
    table = info->frame_table;
    first_frame = info->first_frame;
    frame_count = info->frame_count;
    lead = first_frame % FRAMES_PER_CHUNK;
    chunk_count = (lead + frame_count + FRAMES_PER_CHUNK - 1) / FRAMES_PER_CHUNK;
    chunk_hint = 0;
    memset(counts, 0, sizeof counts);
    counts[FRAME_ABSENT] = frame_count;

    uint64_t bytes = (chunk_count * sizeof(struct chunk) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    chunks = place_chunks(info, bytes);
    if (!chunks)
        return -E_NOMEM;
    memset(chunks, 0, bytes);
    info->frame_table_bytes += bytes;

    for (uint32_t i = 0; i < info->partition.memory.count; i++)
        set_range(&info->partition.memory.range[i], FRAME_FREE);
    set_range(&info->own, FRAME_KERNEL);
    set_range(&info->commons, FRAME_EXPORTED);
    uint64_t base = (uint64_t)chunks - DIRECT_BASE;
    set_range(&(struct range){ base, base + bytes }, FRAME_KERNEL);

    int64_t total = 0;
    for (uint64_t i = 0; i < frame_count; i++) {
        if (entry_state(table[i]) != FRAME_FREE)
            continue;
        mark_free(i);
        total++;
    }
    return total;
}

/* Takes the lowest free frame; frame_count when there is none. */
static uint64_t take_lowest(void) {
    while (chunk_hint < chunk_count && chunks[chunk_hint].free_count == 0)
        chunk_hint++;
    if (chunk_hint == chunk_count)
        return frame_count;
    struct chunk *chunk = &chunks[chunk_hint];
    uint64_t word = 0;
    while (!chunk->free[word])
        word++;
    unsigned bit = (unsigned)__builtin_ctzll(chunk->free[word]);
    chunk->free[word] &= chunk->free[word] - 1;
    chunk->free_count--;
    return chunk_hint * FRAMES_PER_CHUNK + word * 64 + bit - lead;
}

uint64_t frame_alloc(struct process *p, enum frame_state state) {
    if (p && p->frames >= p->frame_quota)
        return 0;
    uint64_t index = take_lowest();
    if (index == frame_count)
        return 0;
    set(index, state, p ? process_slot(p) : FRAME_OWNER_NONE);
    if (p)
        p->frames++;
    uint64_t physical = (first_frame + index) * PAGE_SIZE;
    memset(direct(physical), 0, PAGE_SIZE);
    return physical;
}

/* The first of `count` free frames in a row that lie in one chunk; FRAMES_PER_CHUNK: none. */
static unsigned find_run(const struct chunk *chunk, uint64_t count) {
    unsigned length = 0;
    if (chunk->free_count < count)
        return FRAMES_PER_CHUNK;
    for (unsigned bit = 0; bit < FRAMES_PER_CHUNK; bit++) {
        length = chunk->free[bit / 64] >> (bit % 64) & 1 ? length + 1 : 0;
        if (length == count)
            return bit + 1 - length;
    }
    return FRAMES_PER_CHUNK;
}

uint64_t frame_alloc_run(struct process *p, enum frame_state state, uint64_t count) {
    if (count > p->frame_quota - p->frames)
        return 0;
    for (uint64_t c = chunk_hint; c < chunk_count; c++) {
        unsigned first = find_run(&chunks[c], count);
        if (first == FRAMES_PER_CHUNK)
            continue;
        uint64_t index = c * FRAMES_PER_CHUNK + first - lead;
        for (uint64_t i = index; i < index + count; i++) {
            *free_word(i) &= ~free_bit(i);
            set(i, state, process_slot(p));
        }
        chunks[c].free_count -= (uint32_t)count;
        p->frames += (uint32_t)count;
        return (first_frame + index) * PAGE_SIZE;
    }
    return 0;
}

void frame_free(struct process *p, uint64_t physical) {
    uint64_t index = index_of(physical);
    enum frame_state state = frame_state(physical);
    assert(state != FRAME_FREE && state != FRAME_ABSENT);
    assert(entry_owner(table[index]) == (p ? process_slot(p) : FRAME_OWNER_NONE));
    set(index, FRAME_FREE, FRAME_OWNER_NONE);
    mark_free(index);
    if (chunk_of(index) < &chunks[chunk_hint])
        chunk_hint = (uint64_t)(chunk_of(index) - chunks);
    if (p)
        p->frames--;
}

enum frame_state frame_state(uint64_t physical) {
    uint64_t index = index_of(physical);
    return index < frame_count ? entry_state(table[index]) : FRAME_ABSENT;
}

unsigned frame_owner(uint64_t physical) {
    uint64_t index = index_of(physical);
    return index < frame_count ? entry_owner(table[index]) : FRAME_OWNER_NONE;
}

uint64_t frame_count_of(enum frame_state state) { return counts[state]; }

unsigned frame_census(uint64_t count[FRAME_STATE_COUNT], uint64_t owned[]) {
    unsigned wrong = 0;
    memset(count, 0, FRAME_STATE_COUNT * sizeof count[0]);
    memset(owned, 0, MAX_PROCESSES * sizeof owned[0]);
    for (uint64_t i = 0; i < frame_count; i++) {
        enum frame_state state = entry_state(table[i]);
        unsigned owner = entry_owner(table[i]);
        bool is_free = *free_word(i) & free_bit(i);
        wrong += is_free != (state == FRAME_FREE) || state >= FRAME_STATE_COUNT;
        count[state % FRAME_STATE_COUNT]++;
        if (owner < MAX_PROCESSES)
            owned[owner]++;
        else
            wrong += owner != FRAME_OWNER_NONE;
    }
    for (uint64_t i = 0; i < chunk_count; i++) {
        unsigned bits = 0;
        for (unsigned word = 0; word < FRAMES_PER_CHUNK / 64; word++)
            for (uint64_t free = chunks[i].free[word]; free; free &= free - 1)
                bits++;
        wrong += bits != chunks[i].free_count || (i < chunk_hint && bits);
    }
    return wrong;
}
