/* Memory references, copying and sharing; memory exhaustion (thesis 3.1.2, class II). */
#include "attack.h"

#include <string.h>

#define KERNEL_PAGE  0xffffffff80000000UL /* the first of the kernel's image */
#define KERNEL_STACK 0xffffffffa000c000UL /* the lowest page of its stack */
#define FREE_PAGES   0x0000100000000000UL
#define PAGES        64

static bool read_the_kernel(void) {
    uint64_t value = *(volatile uint64_t *)KERNEL_PAGE;
    __asm__ volatile("" : : "r"(value));
    return true;
}

/* The kernel is asked to read it for the caller. */
static bool have_the_kernel_read(void) { return kernel_log((const char *)KERNEL_STACK, 8) == 0; }

/* The kernel is asked to write where the caller may only read. */
static const struct process_info constant = { .endpoint = 1 };

static bool have_constants_written(void) {
    uint64_t buffer = (uint64_t)&constant;
    return getinfo(INFO_PROCESS, (void *)buffer, sizeof constant, ENDPOINT_SELF, NULL, NULL) == 0;
}

static bool write_code(void) {
    return mem_map(ENDPOINT_SELF, FREE_PAGES, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

static bool overwrite_another(void) {
    uint64_t zero = 0;
    return mem_copy_to(victim, (uint64_t)&received.secret, &zero, sizeof zero) == 0;
}

static bool victim_changed(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    sleep_for(QUANTUM);
    LOOK(victim, received);
    return received.secret != VICTIM_SECRET;
}

static bool unmap_another(void) {
    uint64_t page = (uint64_t)&received & ~(PAGE_SIZE - 1);
    return mem_unmap(victim, page, PAGE_SIZE) == 0;
}

static bool victim_died(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    /* The page that it is about to write to is gone. */
    ipc_notify(victim);
    sleep_for(QUANTUM);
    return process_info(victim).state == PROCESS_DEAD;
}

/* ---- What a dead predecessor has left in its memory ---- */

static void predecessor_main(void *unused) {
    (void)unused;
    mem_map(ENDPOINT_SELF, FREE_PAGES, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
    for (uint64_t *word = (uint64_t *)FREE_PAGES;
         word < (uint64_t *)(FREE_PAGES + PAGES * PAGE_SIZE); word++)
        *word = VICTIM_SECRET;
    kcall_exit(0);
}

static void leave_secrets(void) {
    const struct child_policy policy = { .ipc = IPC_BIT(SENDREC), .kcalls = KCALL_BIT(MEM_MAP) };
    struct death_report report;
    child_bury(child_start("predecessor", predecessor_main, NULL, &policy), &report);
}

static bool search_memory(void) {
    bool found = false;
    mem_map(ENDPOINT_SELF, FREE_PAGES, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
    for (uint64_t page = FREE_PAGES; page < FREE_PAGES + PAGES * PAGE_SIZE; page += PAGE_SIZE)
        found = found || *(uint64_t *)(page + PAGE_SIZE / 2) == VICTIM_SECRET;
    mem_unmap(ENDPOINT_SELF, FREE_PAGES, PAGES * PAGE_SIZE);
    return found;
}

/* ---- Exhaustion ---- */

static bool take_all_memory(void) {
    uint64_t pages = 0;
    while (pages <= CHILD_FRAMES && mem_map(ENDPOINT_SELF, FREE_PAGES + pages * PAGE_SIZE,
                                            PAGE_SIZE, PROT_READ | PROT_WRITE) == 0)
        pages++;
    mem_unmap(ENDPOINT_SELF, FREE_PAGES, pages * PAGE_SIZE);
    return pages > CHILD_FRAMES;
}

const struct attack memory_attacks[] = {
    { "memory references: read the kernel", read_the_kernel, PLAIN, REFUSED_PAGE,
      DEFENCE_KERNEL_PAGES, 0 },
    { "memory references: code that can be written", write_code, KCALLS(KCALL_BIT(MEM_MAP)),
      REFUSED_WX, DEFENCE_WX, 0 },
    { "memory references: have the kernel write constants", have_constants_written,
      KCALLS(KCALL_BIT(GETINFO)), REFUSED_BUFFER, DEFENCE_READ_ONLY, 0 },
    { "copying and sharing: have the kernel read itself", have_the_kernel_read,
      KCALLS(KCALL_BIT(LOG)), REFUSED_BUFFER, DEFENCE_PRIVATE, 0 },
    { "copying and sharing: overwrite another process", overwrite_another,
      KCALLS(KCALL_BIT(MEM_COPY)), REFUSED_RIGHT, DEFENCE_CHILD, victim_prepare, NULL,
      victim_changed, victim_clean },
    { "copying and sharing: unmap another's memory", unmap_another, KCALLS(KCALL_BIT(MEM_UNMAP)),
      REFUSED_RIGHT, DEFENCE_CHILD, victim_prepare, NULL, victim_died, victim_clean },
    { "copying and sharing: read what a dead process left", search_memory,
      KCALLS(KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP)), UNCOUNTED, DEFENCE_ZERO, leave_secrets,
      0 },
    { "memory exhaustion: map without end", take_all_memory,
      KCALLS(KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP)), REFUSED_MEMORY, DEFENCE_FRAME_QUOTA, 0 },
    { 0 },
};
