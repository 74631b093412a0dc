/* The switches of the debug build, and what to switch one off takes besides a condition. */
#include "defence.h"

#ifdef DEFENCE_SWITCHES

#include "core.h"
#include "process.h"
#include "x86_64/cpu.h"
#include "x86_64/paging.h"

uint64_t defences_off;

/*
 * The kernel's first page, for all processes. That takes the user bit at every level; of the
 * highest each process has a copy.
 */
static void show_kernel_page(bool user) {
    uint64_t *table = direct(instance->pml4);
    for (unsigned level = PT_LEVELS; level > 0; level--) {
        uint64_t *entry = &table[pt_index(KERNEL_BASE, level)];
        *entry = (*entry & ~PTE_USER) | (user ? PTE_USER : 0);
        for (struct process *p = processes; level == PT_LEVELS && p < processes + MAX_PROCESSES;
             p++)
            if (p->cr3)
                ((uint64_t *)direct(p->cr3))[pt_index(KERNEL_BASE, level)] = *entry;
        table = direct(*entry & PTE_ADDRESS);
    }
}

/*
 * SMEP and SMAP keep the kernel from user memory, not processes from the kernel: without them the
 * kernel can execute a page that is a user's too, and so can a process in kernel mode.
 */
static void let_kernel_use_user_pages(bool allowed) {
    static uint64_t usual;
    if (!usual)
        usual = cpu_read_cr4() & (CR4_SMEP | CR4_SMAP);
    uint64_t others = cpu_read_cr4() & ~usual;
    cpu_write_cr4(others & ~CR4_PGE); /* flushes all translations */
    cpu_write_cr4(others | (allowed ? 0 : usual));
}

void defence_switch(uint64_t off) {
    defences_off = off;
    show_kernel_page(!DEFENCE(KERNEL_PAGES));
    let_kernel_use_user_pages(!DEFENCE(KERNEL_PAGES) || !DEFENCE(RING));
}

#endif
