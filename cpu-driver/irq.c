#include "irq.h"

#include "binding.h"
#include "core.h"
#include "defence.h"
#include "ipc.h"
#include "log.h"
#include "string.h"
#include "time.h"
#include "trace.h"
#include "x86_64/cpu.h"
#include "x86_64/ioapic.h"
#include "x86_64/lapic.h"
#include "x86_64/vectors.h"

#define SECOND UINT64_C(1000000000)

enum source_kind { SOURCE_NONE, SOURCE_LINE, SOURCE_MESSAGE };

/* What raises one vector. A line keeps its vector for good; a message is a process' until that is
 * destroyed, for one may be under way when it dies. */
struct source {
    uint8_t kind; /* enum source_kind */
    uint8_t bit;
    bool active;            /* somebody is to be told, namely: */
    bool masked;            /* not now: the driver has not asked for more */
    bool fired;             /* meanwhile */
    bool stormed;           /* masked, whatever the driver asks for */
    uint16_t line, binding; /* of a line: its number, and whose bell it rings if it has no driver */
    struct process *driver;
    uint32_t limit, count; /* of a binding's line, and interrupts in the second that ends at: */
    uint64_t second_ends;  /* TSC */
};

static struct source sources[IRQ_VECTORS];
static uint8_t vector_of[IRQ_LINES]; /* of each line that has ever been registered; 0: none */

void irq_init(void) {
    memset(sources, 0, sizeof sources);
    memset(vector_of, 0, sizeof vector_of);
    ioapic_init();
}

/* The first of `count` free vectors in a row, a power of two of which it is a multiple; 0: none. */
static unsigned find_vectors(unsigned count) {
    for (unsigned first = (VECTOR_IRQ + count - 1) & ~(count - 1);
         first + count <= VECTOR_IRQ + IRQ_VECTORS; first += count) {
        unsigned free = 0;
        while (free < count && sources[first + free - VECTOR_IRQ].kind == SOURCE_NONE)
            free++;
        if (free == count)
            return first;
    }
    return 0;
}

static struct source *source_of(const struct process *p, uint64_t line) {
    uint64_t vector = line < IRQ_LINES                     ? vector_of[line]
                      : line - IRQ_MSI_BASE < p->msi_count ? p->msi_vector + line - IRQ_MSI_BASE
                                                           : 0;
    return vector ? &sources[vector - VECTOR_IRQ] : NULL;
}

/*
 * An edge that comes to a line which the I/O APIC masks is lost, and a device that waits to be
 * served sends no other. A driver here unmasks before it serves its device. One of another core
 * asks for that, and may have served it before it is done: its line is masked when it has fired a
 * second time.
 */
static bool loses_edges(const struct source *s) {
    return !s->driver && s->active && !s->fired && !ioapic_is_level(s->line);
}

static void set_hardware_mask(const struct source *s) {
    if (s->kind == SOURCE_LINE)
        ioapic_set_mask(s->line, s->stormed || (s->masked && !loses_edges(s)));
}

/* Tells of what has fired, if that is wanted; from then on it is masked. */
static void deliver(struct source *s) {
    if (s->masked || s->stormed) {
        set_hardware_mask(s);
        return;
    }
    s->fired = false;
    s->masked = true;
    set_hardware_mask(s);
    if (s->driver) {
        s->driver->irq_fired |= 1U << s->bit;
        ipc_event(s->driver, EVENT_IRQ);
    } else {
        binding_line_fired(s->binding);
    }
}

/* Who may unmask it: its driver, or nobody as long as a storm is on. */
static void set_mask(struct source *s, bool masked) {
    s->masked = masked;
    if (!masked && s->fired)
        deliver(s);
    set_hardware_mask(s);
}

/* Begins, or ends, to tell somebody of a source. */
static void activate(struct source *s, struct process *driver, unsigned bit, unsigned binding,
                     uint32_t limit) {
    s->driver = driver;
    s->bit = (uint8_t)bit;
    s->binding = (uint16_t)binding;
    s->limit = limit;
    s->active = s->masked = true;
    s->fired = false;
}

static void deactivate(struct source *s) {
    s->active = s->stormed = false;
    s->masked = true;
    set_hardware_mask(s);
    if (s->kind == SOURCE_LINE)
        s->driver = NULL;
}

/* Gives a line its vector, and has it come to this core. */
static int open_line(uint64_t line) {
    if (!ioapic_has(line))
        return -E_NOENT;
    unsigned vector = vector_of[line] ? vector_of[line] : find_vectors(1);
    if (!vector)
        return -E_NOSLOT;
    vector_of[line] = (uint8_t)vector;
    sources[vector - VECTOR_IRQ].kind = SOURCE_LINE;
    sources[vector - VECTOR_IRQ].line = (uint16_t)line;
    ioapic_route((unsigned)line, (uint8_t)vector, (uint8_t)lapic_id());
    return 0;
}

int irq_register(struct process *p, uint64_t line, unsigned bit) {
    struct source *s = source_of(p, line);
    if (s && s->active && s->driver != p)
        return -E_BUSY;
    int error = line < IRQ_LINES ? open_line(line) : s ? 0 : -E_NOENT;
    if (!error)
        activate(source_of(p, line), p, bit, 0, 0);
    return error;
}

static struct source *find_active(const struct process *p, uint64_t line) {
    struct source *s = source_of(p, line);
    return s && s->active && s->driver == p ? s : NULL;
}

int irq_unregister(struct process *p, uint64_t line) {
    struct source *s = find_active(p, line);
    if (!s || s->stormed)
        return -E_STATE;
    deactivate(s);
    return 0;
}

int irq_set_mask(struct process *p, uint64_t line, bool masked) {
    struct source *s = find_active(p, line);
    if (!s)
        return -E_STATE;
    set_mask(s, masked);
    return 0;
}

/* ---- Messages ---- */

int irq_give_messages(struct process *p, unsigned count) {
    unsigned vector = p->msi_count ? 0 : find_vectors(count);
    if (!vector)
        return p->msi_count ? -E_STATE : -E_NOSLOT;
    p->msi_vector = (uint8_t)vector;
    p->msi_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++)
        sources[vector - VECTOR_IRQ + i] = (struct source){ .kind = SOURCE_MESSAGE, .driver = p };
    return 0;
}

/* ---- Lines that other cores' processes serve ---- */

int irq_bind_line(uint64_t line, unsigned binding, uint32_t limit) {
    if (line < IRQ_LINES && vector_of[line] && sources[vector_of[line] - VECTOR_IRQ].active)
        return -E_BUSY;
    int error = open_line(line);
    if (!error)
        activate(&sources[vector_of[line] - VECTOR_IRQ], NULL, 0, binding, limit);
    return error;
}

void irq_unmask_bound(unsigned line) { set_mask(&sources[vector_of[line] - VECTOR_IRQ], false); }

void irq_unbind_line(unsigned line) { deactivate(&sources[vector_of[line] - VECTOR_IRQ]); }

/* ---- An IOMMU ---- */

int irq_remap(uint64_t line, uint32_t handle, struct irq_remapped *now) {
    if (!ioapic_has(line))
        return -E_NOENT;
    unsigned n = (unsigned)line;
    if (handle)
        ioapic_remap(n, handle);
    int error = handle || !vector_of[n] ? open_line(line) : 0;
    if (error)
        return error;
    *now = (struct irq_remapped){ vector_of[n], (uint8_t)lapic_id(), ioapic_id(n),
                                  ioapic_is_level(n) };
    if (sources[vector_of[n] - VECTOR_IRQ].active) /* its new route is masked */
        set_hardware_mask(&sources[vector_of[n] - VECTOR_IRQ]);
    return 0;
}

/* ---- Storms ---- */

static bool is_too_many(struct source *s) {
    uint32_t limit = s->driver ? s->driver->irq_limit : s->limit;
    if (__builtin_expect(!limit || s->stormed || !DEFENCE(STORM), 1))
        return false;
    uint64_t now = cpu_rdtsc();
    if (now >= s->second_ends) {
        s->second_ends = now + time_to_ticks(SECOND);
        s->count = 0;
    }
    return ++s->count > limit;
}

/* Its supervisor decides; of a line of another core's driver, the monitor. */
static void storm(struct source *s) {
    struct process *supervisor = &processes[0];
    s->stormed = true;
    set_hardware_mask(s);
    if (s->driver)
        process_count_refusal(s->driver, REFUSED_STORM);
    else
        log_line("irq: storm of line %u, which another core has, masked", s->line);
    if (!s->driver || process_find(s->driver->supervisor, &supervisor) == 0)
        ipc_event(supervisor, EVENT_STORM);
}

void irq_resume(struct process *p) {
    for (struct source *s = sources; s < sources + IRQ_VECTORS; s++) {
        if (!s->stormed || s->driver != p)
            continue;
        s->stormed = false;
        s->count = 0;
        set_mask(s, s->masked);
    }
}

/* ---- */

void irq_release_all(struct process *p) {
    for (struct source *s = sources; p->irq_count && s < sources + IRQ_VECTORS; s++)
        if (s->active && s->driver == p) {
            deactivate(s);
            s->count = 0;
        }
}

void irq_forget(struct process *p) {
    for (unsigned i = 0; i < p->msi_count; i++)
        sources[p->msi_vector - VECTOR_IRQ + i] = (struct source){ .kind = SOURCE_NONE };
    p->msi_count = 0;
}

void irq_fired(unsigned vector) {
    struct source *s = &sources[vector - VECTOR_IRQ];
    trace(TRACE_EVENT_IRQ, ENDPOINT_NONE,
          s->active && s->driver ? s->driver->endpoint : ENDPOINT_NONE, vector);
    if (!s->active) { /* sent before its driver was gone, or by who may send anything */
        counters.unknown_interrupts++;
        return;
    }
    s->fired = true;
    if (is_too_many(s))
        storm(s);
    deliver(s);
}

static bool may_be_served(const struct source *s, unsigned vector) {
    const struct process *p = s->driver;
    uint64_t line =
        s->kind == SOURCE_LINE ? s->line : IRQ_MSI_BASE + vector - (p ? p->msi_vector : 0);
    return p ? p->endpoint != ENDPOINT_NONE && p->state != PROCESS_DEAD &&
                   priv_covers(p->irq, p->irq_count, line, 1)
             : s->kind == SOURCE_LINE && binding_has_line(s->binding, s->line);
}

unsigned irq_check(void) {
    unsigned wrong = 0, messages = 0;
    for (unsigned i = 0; i < IRQ_VECTORS; i++) {
        const struct source *s = &sources[i];
        unsigned vector = VECTOR_IRQ + i;
        wrong += s->active && !may_be_served(s, vector);
        wrong +=
            s->active && s->fired && !s->masked && !s->stormed; /* somebody sleeps through it */
        wrong += s->kind == SOURCE_LINE && vector_of[s->line] != vector;
        wrong += s->kind == SOURCE_NONE && (s->active || s->driver);
        wrong += s->kind == SOURCE_MESSAGE &&
                 (!s->driver || vector - s->driver->msi_vector >= s->driver->msi_count);
        messages += s->kind == SOURCE_MESSAGE;
    }
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        messages -= processes[slot].msi_count;
    return wrong + (messages != 0);
}
