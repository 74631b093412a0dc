/* Copying and sharing by memory grants (thesis 3.3.2; the rows of Fig. 5.5 that are about them). */
#include "attack.h"

#include <runtime/grant.h>

#define KERNEL_STACK 0xffffffffa000c000UL /* the lowest page of it */
#define FREE_PAGES   0x0000100000000000UL
#define WINDOW       0x0000300000000000UL /* where attackers map */
#define FAR_WINDOW(i) \
    (WINDOW + (UINT64_C(1) << 39) * ((i) + 1)) /* each takes page tables of its own */

/* ---- A victim that lends part of its memory ---- */

/* All of it is VICTIM_SECRET at first. */
static volatile struct vault {
    uint64_t before, lent[8], after, rest[PAGE_SIZE / 8 - 10];
    uint64_t page[PAGE_SIZE / 8]; /* lent as a whole */
} vault __attribute__((aligned(PAGE_SIZE)));

#define WORDS      (sizeof vault / 8)
#define AFTERWARDS (VICTIM_SECRET + 1) /* what it writes to the page when it has revoked that */

static struct grant table[2 * GRANTS_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));

enum { LENT, ANOTHERS, REVOKED, WHOLE_PAGE, ACROSS_PAGES, BEYOND_TABLE = GRANTS_PER_PAGE };

/* All grants have been given anew once. */
#define ID(number)       grant_id(2, number)
#define STALE_ID(number) grant_id(1, number)

static void fill_in(struct grant *entries, uint32_t number, uint32_t flags, endpoint_t grantee,
                    volatile void *start, uint64_t bytes) {
    entries[number] = (struct grant){ .flags = flags,
                                      .id = ID(number),
                                      .grantee = grantee,
                                      .start = (uint64_t)start,
                                      .bytes = bytes };
}

static int lend(endpoint_t attacker) {
    const uint32_t read = GRANT_VALID | GRANT_READ, both = read | GRANT_WRITE;
    for (uint64_t i = 0; i < WORDS; i++)
        ((volatile uint64_t *)&vault)[i] = VICTIM_SECRET;
    fill_in(table, LENT, read, attacker, vault.lent, sizeof vault.lent);
    fill_in(table, ANOTHERS, both, runtime_self(), &vault, sizeof vault);
    fill_in(table, REVOKED, GRANT_READ | GRANT_WRITE, attacker, &vault, sizeof vault);
    fill_in(table, WHOLE_PAGE, both, attacker, vault.page, PAGE_SIZE);
    fill_in(table, ACROSS_PAGES, both, attacker, vault.lent, PAGE_SIZE);
    fill_in(table, BEYOND_TABLE, both, attacker, &vault, sizeof vault);
    return kcall_setgrant(table, GRANTS_PER_PAGE);
}

static int revoke_page(void) {
    table[WHOLE_PAGE].flags &= ~(uint32_t)GRANT_VALID;
    int error = kcall_saferevoke(REVOKE_GRANT, ID(WHOLE_PAGE));
    vault.page[0] = AFTERWARDS;
    return error;
}

/* The first request, of the test, names the attacker. Each other one is to revoke the page. */
static void lender_main(void *unused) {
    struct message m;
    endpoint_t attacker = ENDPOINT_NONE;
    (void)unused;
    for (;;) {
        if (ipc_receive(ENDPOINT_ANY, &m) || m.type == MESSAGE_NOTIFY)
            continue;
        message_set_result(&m, attacker == ENDPOINT_NONE ? lend(m.arg[0]) : revoke_page());
        attacker = m.arg[0];
        ipc_nbsend(m.source, &m);
    }
}

static void prepare_lender(void) { victim = start("victim", lender_main); }

static void borrow(endpoint_t attacker) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE, .arg = { attacker } };
    int error = ipc_request(victim, &m);
    if (error)
        tap_bail_out("nothing is lent: %s", error_text(error));
    victim_allow(attacker);
}

static bool vault_changed(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    LOOK(victim, vault.lent);
    return vault.lent[0] != VICTIM_SECRET;
}

/* ---- The attacker's own grants ---- */

static struct grant own[GRANTS_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));

/* Passes on a grant to itself, all of it, and more than it was given. */
static uint64_t pass_on(uint32_t number, endpoint_t grantor, uint64_t id) {
    fill_in(own, number, GRANT_VALID | GRANT_READ | GRANT_WRITE | GRANT_INDIRECT, runtime_self(), 0,
            UINT64_MAX);
    own[number].grantor = grantor;
    own[number].parent = id;
    kcall_setgrant(own, GRANTS_PER_PAGE);
    return ID(number);
}

static bool steal(endpoint_t grantor, uint64_t id, uint64_t offset) {
    uint64_t word = 0;
    return kcall_safecopy(grantor, id, offset, (uint64_t)&word, sizeof word, COPY_FROM) == 0 &&
           word == VICTIM_SECRET;
}

static bool spoil(endpoint_t grantor, uint64_t id) {
    uint64_t word = 0;
    return kcall_safecopy(grantor, id, 0, (uint64_t)&word, sizeof word, COPY_TO) == 0;
}

/* ---- Copies ---- */

static bool use_beyond_table(void) { return steal(victim, ID(BEYOND_TABLE), 0); }
static bool use_of_nobody(void) { return steal(victim + (UINT64_C(1) << 32), ID(LENT), 0); }
static bool use_stale(void) { return steal(victim, STALE_ID(LENT), 0); }
static bool read_beyond(void) { return steal(victim, ID(LENT), sizeof vault.lent); }
static bool read_before(void) { return steal(victim, ID(LENT), UINT64_MAX - 7); }
static bool write_what_is_to_be_read(void) { return spoil(victim, ID(LENT)); }
static bool use_anothers(void) { return steal(victim, ID(ANOTHERS), 0); }
static bool use_revoked(void) { return steal(victim, ID(REVOKED), 0); }

static bool read_beyond_by_chain(void) {
    return steal(runtime_self(), pass_on(0, victim, ID(LENT)), sizeof vault.lent);
}

static bool write_by_chain(void) { return spoil(runtime_self(), pass_on(0, victim, ID(LENT))); }

static bool pass_on_anothers(void) {
    return steal(runtime_self(), pass_on(0, victim, ID(ANOTHERS)), 0);
}

static bool go_in_circles(void) {
    pass_on(0, runtime_self(), ID(1));
    return steal(runtime_self(), pass_on(1, runtime_self(), ID(0)), 0);
}

static bool use_long_chain(void) {
    uint64_t id = pass_on(0, victim, ID(LENT));
    for (uint32_t i = 1; i <= GRANT_DEPTH_MAX; i++)
        id = pass_on(i, runtime_self(), id);
    return steal(runtime_self(), id, 0);
}

/* By copying from what it grants itself, or to what it says is its own. */
static bool grant_the_kernel(void) {
    uint64_t word;
    fill_in(own, 0, GRANT_VALID | GRANT_READ, runtime_self(), (void *)KERNEL_STACK, PAGE_SIZE);
    kcall_setgrant(own, GRANTS_PER_PAGE);
    return kcall_safecopy(runtime_self(), ID(0), 0, (uint64_t)&word, sizeof word, COPY_FROM) == 0;
}

static bool copy_to_the_kernel(void) {
    return kcall_safecopy(victim, ID(LENT), 0, KERNEL_STACK, 8, COPY_FROM) == 0;
}

/* ---- Tables ---- */

static bool have_table_in_the_kernel(void) {
    return kcall_setgrant((struct grant *)KERNEL_STACK, GRANTS_PER_PAGE) == 0;
}

static bool map(uint64_t number, uint64_t window, unsigned protection) {
    return kcall_safemap(victim, ID(number), 0, window, PAGE_SIZE, protection) == 0;
}

static void unmap(uint64_t window) { kcall_saferevoke(REVOKE_MAPPING, window); }

static bool have_table_in_anothers(void) {
    map(WHOLE_PAGE, WINDOW, PROT_READ | PROT_WRITE);
    return kcall_setgrant((struct grant *)WINDOW, GRANTS_PER_PAGE) == 0;
}

/* The frame is anybody's then. */
static bool unmap_table(void) {
    struct grant *mapped = (struct grant *)FREE_PAGES;
    uint64_t memory = 1, word;
    mem_map(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE, PROT_READ | PROT_WRITE);
    fill_in(mapped, 0, GRANT_VALID | GRANT_READ, runtime_self(), &memory, sizeof memory);
    kcall_setgrant(mapped, GRANTS_PER_PAGE);
    kcall_safecopy(runtime_self(), ID(0), 0, (uint64_t)&word, sizeof word, COPY_FROM);
    mem_unmap(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE);
    return kcall_safecopy(runtime_self(), ID(0), 0, (uint64_t)&word, sizeof word, COPY_FROM) == 0;
}

/* ---- Mappings ---- */

static bool see_after_revocation(void) {
    static bool tried;
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    if (tried || !map(WHOLE_PAGE, WINDOW, PROT_READ | PROT_WRITE))
        return false;
    tried = true;
    return ipc_request(victim, &m) == 0 && *(volatile uint64_t *)WINDOW == AFTERWARDS;
}

/* What was not granted is in the same page. */
static bool map_part_of_page(void) {
    bool seen =
        map(ACROSS_PAGES, WINDOW, PROT_READ) && *(volatile uint64_t *)WINDOW == VICTIM_SECRET;
    unmap(WINDOW);
    return seen;
}

#define SPARE 20U /* frames that it has left; a mapping far from others takes four */

static bool map_beyond_quota(void) {
    uint64_t pages = 0;
    unsigned mapped = 0;
    while (pages <= CHILD_FRAMES && mem_map(ENDPOINT_SELF, FREE_PAGES + pages * PAGE_SIZE,
                                            PAGE_SIZE, PROT_READ | PROT_WRITE) == 0)
        pages++;
    mem_unmap(ENDPOINT_SELF, FREE_PAGES, SPARE * PAGE_SIZE);
    while (mapped < SPARE && map(WHOLE_PAGE, FAR_WINDOW(mapped), PROT_READ))
        mapped++;
    for (unsigned i = 0; i < mapped; i++)
        unmap(FAR_WINDOW(i));
    mem_unmap(ENDPOINT_SELF, FREE_PAGES + SPARE * PAGE_SIZE, (pages - SPARE) * PAGE_SIZE);
    return mapped > SPARE / 2;
}

static bool map_without_end(void) {
    unsigned mapped = 0;
    while (mapped <= GRANT_MAPPINGS_MAX && map(WHOLE_PAGE, WINDOW + mapped * PAGE_SIZE, PROT_READ))
        mapped++;
    for (unsigned i = 0; i < mapped; i++)
        unmap(WINDOW + i * PAGE_SIZE);
    return mapped > GRANT_MAPPINGS_MAX;
}

/* It would be given to others. */
static bool free_what_is_mapped(void) {
    mem_map(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE, PROT_READ | PROT_WRITE);
    fill_in(own, 0, GRANT_VALID | GRANT_READ, runtime_self(), (void *)FREE_PAGES, PAGE_SIZE);
    kcall_setgrant(own, GRANTS_PER_PAGE);
    kcall_safemap(runtime_self(), ID(0), 0, WINDOW, PAGE_SIZE, PROT_READ);
    bool freed = mem_unmap(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE) == 0;
    unmap(WINDOW);
    mem_unmap(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE);
    return freed;
}

#define COPIES  (KCALL_BIT(SAFECOPY) | KCALL_BIT(SETGRANT))
#define MAPS    (KCALL_BIT(SAFEMAP) | KCALL_BIT(SAFEREVOKE) | KCALL_BIT(SETGRANT))
#define PAGES   (KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP))
#define LENDER  prepare_lender, borrow
#define SECRETS LENDER, NULL, victim_clean

#define STEAL(text, function, kind, off) \
    { "grants: " text, function, KCALLS(COPIES), REFUSED_##kind, DEFENCE_##off, SECRETS }
#define SPOIL(text, function)                                                                  \
    {                                                                                          \
        "grants: " text, function, KCALLS(COPIES), REFUSED_GRANT_ACCESS, DEFENCE_GRANT_ACCESS, \
            LENDER, vault_changed, victim_clean                                                \
    }
#define MAP(text, function, rights, kind, off) \
    { "grants: " text, function, KCALLS(rights), kind, off, SECRETS }

const struct attack grant_attacks[] = {
    STEAL("id beyond the table", use_beyond_table, GRANT_ID, GRANT_TABLE),
    STEAL("grantor that there is not", use_of_nobody, GRANTOR, ENDPOINT),
    STEAL("stale id", use_stale, GRANT_UNUSED, GRANT_SEQUENCE),
    STEAL("read beyond the region", read_beyond, GRANT_RANGE, GRANT_RANGE),
    STEAL("read before the region, by an offset that wraps around", read_before, GRANT_RANGE,
          GRANT_RANGE),
    STEAL("read beyond the region, by a chain", read_beyond_by_chain, GRANT_RANGE, GRANT_RANGE),
    SPOIL("write what is to be read", write_what_is_to_be_read),
    SPOIL("write what is to be read, by a chain", write_by_chain),
    STEAL("use another's", use_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("pass on another's to oneself", pass_on_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("use after revocation", use_revoked, GRANT_UNUSED, GRANT_VALID),
    STEAL("chain in a circle", go_in_circles, GRANTOR, COUNT),
    STEAL("chain that is too long", use_long_chain, GRANTOR, GRANT_DEPTH),
    STEAL("grant the kernel's memory", grant_the_kernel, BUFFER, PRIVATE),
    STEAL("copy into the kernel's memory", copy_to_the_kernel, BUFFER, PRIVATE),
    STEAL("table in the kernel", have_table_in_the_kernel, BUFFER, PRIVATE),
    MAP("table in another's memory", have_table_in_anothers, MAPS, REFUSED_BUFFER, DEFENCE_OWN),
    MAP("unmap the table under the kernel", unmap_table, COPIES | PAGES, REFUSED_GRANT_UNUSED,
        DEFENCE_GRANT_FORGET),
    MAP("see what is mapped after revocation", see_after_revocation, MAPS, UNCOUNTED,
        DEFENCE_REVOKE),
    MAP("map part of a page", map_part_of_page, MAPS, UNCOUNTED, DEFENCE_GRANT_PAGES),
    MAP("map beyond the quota", map_beyond_quota, MAPS | PAGES, REFUSED_MEMORY,
        DEFENCE_FRAME_QUOTA),
    MAP("map without end", map_without_end, MAPS, REFUSED_MEMORY, NO_DEFENCE),
    { "grants: free memory that is mapped", free_what_is_mapped, KCALLS(MAPS | PAGES), UNCOUNTED,
      DEFENCE_SHARED, .fatal = true },
    { 0 },
};
