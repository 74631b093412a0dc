/* What each key of a driver takes. */
#include <stdio.h>
#include <string.h>

#include <bulkhead/cores.h>
#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>

#include "reader.h"

#define MICROSECOND UINT64_C(1000)
#define MILLISECOND UINT64_C(1000000)
#define SECOND      UINT64_C(1000000000)

#define LINES_ALL \
    (IRQ_MSI_BASE + IRQ_MSI_MAX)      /* `any`: and interrupt messages to give to children */
#define PHYSICAL_BITS 52              /* Intel SDM vol. 3, 4.1.4 */
#define PROCESSES_MAX 255U            /* of a core */
#define FRAMES_MAX    (1U << 30 >> 2) /* 1 TiB */

static bool at_end(const struct reader *r) { return r->token.kind != TOKEN_WORD; }

/* ---- Sets of names ---- */

struct name {
    const char *name;
    uint8_t bit;
};

static const struct name primitives[] = {
#define X(name, number) { #name, number },
    IPC_PRIMITIVES(X)
#undef X
};

static const struct name kernel_calls[] = {
#define X(name, number) { #name, number },
    KERNEL_CALLS(X)
#undef X
};

/* Words of a set, or `all`, up to the `;`. What is not in `allowed` is for monitors. */
static bool read_set(struct reader *r, const struct name *names, size_t count, const char *what,
                     uint64_t allowed, uint64_t *set) {
    do {
        uint64_t bits = token_is(&r->token, "all") ? allowed : 0;
        for (size_t i = 0; i < count && bits == 0; i++)
            if (token_is(&r->token, names[i].name))
                bits = UINT64_C(1) << names[i].bit;
        if (bits == 0)
            return reader_expected(r, what);
        if ((bits & allowed) == 0)
            return reader_error(r, r->token.at, "'%.*s' is for monitors alone", (int)r->token.bytes,
                                r->token.at);
        *set |= bits;
        reader_next(r);
    } while (!at_end(r));
    return true;
}

static bool read_ipc_calls(struct reader *r, struct draft *d) {
    uint64_t set = d->policy.ipc;
    bool good = read_set(r, primitives, sizeof primitives / sizeof primitives[0],
                         "an IPC primitive (SEND, RECEIVE, .., or all)", IPC_ALL, &set);

    d->policy.ipc = (uint32_t)set;
    return good;
}

static bool read_ipc_kernel(struct reader *r, struct draft *d) {
    return read_set(r, kernel_calls, sizeof kernel_calls / sizeof kernel_calls[0],
                    "a kernel call (VDEVIO, IRQCTL, .., or all)", KCALL_ALL & ~KCALL_MONITOR,
                    &d->policy.kcalls);
}

/* ---- Words ---- */

static bool words_have(const struct words *words, const struct token *word) {
    const char *w = words->text;

    for (size_t i = 0; i < words->count; i++, w += strlen(w) + 1)
        if (token_is(word, w))
            return true;
    return false;
}

static void words_add(struct words *words, const struct token *word) {
    token_copy(words->text + words->bytes, word);
    words->bytes += word->bytes + 1;
    words->count++;
}

static bool read_ipc_targets(struct reader *r, struct draft *d) {
    do {
        struct token target;
        const char *at = r->token.at;
        if (!take_pattern(r, "a label, or KERNEL", &target))
            return false;
        if (token_is(&target, "KERNEL")) {
            d->policy.kernel = true;
            continue;
        }
        if (words_have(&d->targets, &target))
            continue;
        if (d->targets.count == POLICY_TARGETS)
            return reader_error(r, at, "more than %u targets", POLICY_TARGETS);
        words_add(&d->targets, &target);
    } while (!at_end(r));
    return true;
}

static bool read_arguments(struct reader *r, struct draft *d) {
    d->arguments = (struct words){ .count = 0 };
    do {
        const char *at = r->token.at;
        struct token word;
        if (!take_pattern(r, "an argument", &word))
            return false;
        if (d->arguments.count == POLICY_ARGUMENTS)
            return reader_error(r, at, "more than %u arguments", POLICY_ARGUMENTS);
        words_add(&d->arguments, &word);
    } while (!at_end(r));
    return true;
}

static bool read_image(struct reader *r, struct draft *d) {
    return take_name(r, ARCHIVE_NAME_BYTES - 1, "the name of a file of the archive", &d->image);
}

static bool read_instead(struct reader *r, struct draft *d) {
    return take_name(r, LABEL_MAX, "the label of another driver", &d->instead);
}

/* ---- Devices ---- */

/* Adds a range, if it is not there. */
static bool add_range(struct reader *r, const char *at, struct policy_range *list, uint8_t *count,
                      struct policy_range range) {
    for (unsigned i = 0; i < *count; i++)
        if (list[i].first == range.first && list[i].count == range.count)
            return true;
    if (*count == POLICY_RANGES)
        return reader_error(r, at, "more than %u ranges", POLICY_RANGES);
    list[(*count)++] = range;
    return true;
}

/* FIRST or FIRST:COUNT, below `limit`. */
static bool take_range(struct reader *r, const char *what, const char *what_count, uint64_t limit,
                       struct policy_range *range) {
    struct token first, count;
    bool has_count = part_split(&r->token, ':', &first, &count);

    range->count = 1;
    if (!part_number(r, &first, what, 0, limit - 1, &range->first) ||
        (has_count && !part_number(r, &count, what_count, 1, limit, &range->count)))
        return false;
    if (range->count > limit - range->first)
        return reader_error(r, r->token.at, "the range goes beyond %lu", limit - 1);
    reader_next(r);
    return true;
}

static bool read_numbered(struct reader *r, const char *what, const char *what_count,
                          uint64_t limit, uint64_t all, struct policy_range *list, uint8_t *count,
                          bool *any) {
    do {
        struct policy_range range = { 0, all };
        const char *at = r->token.at;
        if (token_is(&r->token, "any")) {
            *any = true;
            reader_next(r);
        } else if (r->token.kind != TOKEN_WORD) {
            return reader_expected(r, what);
        } else if (!take_range(r, what, what_count, limit, &range)) {
            return false;
        }
        if (!add_range(r, at, list, count, range))
            return false;
    } while (!at_end(r));
    return true;
}

static bool read_isa_io(struct reader *r, struct draft *d) {
    return read_numbered(r, "a port", "a number of ports", POLICY_ALL_PORTS, POLICY_ALL_PORTS,
                         d->ports, &d->policy.port_count, &d->ports_any);
}

static bool read_isa_irq(struct reader *r, struct draft *d) {
    return read_numbered(r, "an interrupt line", "a number of lines", POLICY_ALL_LINES, LINES_ALL,
                         d->lines, &d->policy.line_count, &d->lines_any);
}

/* ADDRESS:SIZE. */
static bool take_memory(struct reader *r, struct policy_range *range) {
    const uint64_t pages = UINT64_C(1) << (PHYSICAL_BITS - 12);
    struct token address, size;

    if (!part_split(&r->token, ':', &address, &size))
        return reader_expected(r, "an address and a size, as 0xa0000:128KiB");
    if (!part_number(r, &address, "an address", 0, (UINT64_C(1) << PHYSICAL_BITS) - 1,
                     &range->first))
        return false;
    if (range->first % PAGE_SIZE != 0)
        return reader_expected_for(r, &address, "an address that is a multiple of 0x1000");
    range->first /= PAGE_SIZE;
    if (!part_size(r, &size, "a size", pages - range->first, &range->count))
        return false;
    reader_next(r);
    return true;
}

static bool read_isa_mem(struct reader *r, struct draft *d) {
    do {
        struct policy_range range = { 0, 0 };
        const char *at = r->token.at;
        if (token_is(&r->token, "any")) {
            d->policy.memory_any = true;
            reader_next(r);
            continue;
        }
        if (r->token.kind != TOKEN_WORD)
            return reader_expected(r, "an address and a size, as 0xa0000:128KiB");
        if (!take_memory(r, &range) || !add_range(r, at, d->memory, &d->policy.memory_count, range))
            return false;
    } while (!at_end(r));
    return true;
}

static bool add_pattern(struct reader *r, const char *at, struct draft *d,
                        struct policy_pci pattern) {
    for (unsigned i = 0; i < d->policy.pattern_count; i++)
        if (d->patterns[i].by_class == pattern.by_class &&
            d->patterns[i].vendor == pattern.vendor && d->patterns[i].device == pattern.device &&
            d->patterns[i].class24 == pattern.class24 &&
            d->patterns[i].class_mask == pattern.class_mask)
            return true;
    if (d->policy.pattern_count == POLICY_PATTERNS)
        return reader_error(r, at, "more than %u devices and classes", POLICY_PATTERNS);
    d->patterns[d->policy.pattern_count++] = pattern;
    return true;
}

#define PCI_DEVICE "a device of the PCI bus, as 10ec/8139"
#define PCI_CLASS  "a class of PCI devices, as 02/00 or 01/06/01"

/* VENDOR/DEVICE, or VENDOR and an asterisk. No device has the identifier 0xffff. */
static bool take_device(struct reader *r, struct policy_pci *pattern) {
    struct token vendor, device;
    uint32_t id[2] = { 0, POLICY_PCI_ANY };

    if (r->token.kind != TOKEN_WORD || !part_split(&r->token, '/', &vendor, &device))
        return reader_expected(r, PCI_DEVICE);
    if (!part_hex(r, &vendor, "a vendor", 4, &id[0]))
        return false;
    bool any = token_is(&device, "*");
    if (!any && !part_hex(r, &device, "a device", 4, &id[1]))
        return false;
    if (id[0] == POLICY_PCI_ANY || (!any && id[1] == POLICY_PCI_ANY))
        return reader_expected(r, PCI_DEVICE);
    *pattern = (struct policy_pci){ .vendor = (uint16_t)id[0], .device = (uint16_t)id[1] };
    reader_next(r);
    return true;
}

static bool read_pci_device(struct reader *r, struct draft *d) {
    do {
        struct policy_pci pattern;
        const char *at = r->token.at;
        if (!take_device(r, &pattern) || !add_pattern(r, at, d, pattern))
            return false;
    } while (!at_end(r));
    return true;
}

/* CLASS/SUBCLASS, or CLASS/SUBCLASS/INTERFACE. */
static bool take_class(struct reader *r, struct policy_pci *pattern) {
    static const char *const what[] = { "a class", "a subclass", "a programming interface" };
    struct token rest = r->token, part;
    bool more = r->token.kind == TOKEN_WORD;
    unsigned parts = 0;

    *pattern =
        (struct policy_pci){ .by_class = 1, .vendor = POLICY_PCI_ANY, .device = POLICY_PCI_ANY };
    for (uint32_t value; more && parts < 3; parts++) {
        more = part_split(&rest, '/', &part, &rest);
        if (parts == 0 && !more)
            return reader_expected(r, PCI_CLASS);
        if (!part_hex(r, &part, what[parts], 2, &value))
            return false;
        pattern->class24 |= value << (16 - 8 * parts);
        pattern->class_mask |= 0xffU << (16 - 8 * parts);
    }
    if (parts < 2 || more)
        return reader_expected(r, PCI_CLASS);
    reader_next(r);
    return true;
}

static bool read_pci_class(struct reader *r, struct draft *d) {
    do {
        struct policy_pci pattern;
        const char *at = r->token.at;
        if (!take_class(r, &pattern) || !add_pattern(r, at, d, pattern))
            return false;
    } while (!at_end(r));
    return true;
}

/* bar N offset O, or port P. */
static bool take_register(struct reader *r, struct policy_vet *vet) {
    uint64_t bar = POLICY_VET_PORT, offset;

    if (token_is(&r->token, "port")) {
        reader_next(r);
        if (!take_number(r, "a port", 0, POLICY_ALL_PORTS - 1, &offset))
            return false;
    } else {
        if (!token_is(&r->token, "bar"))
            return reader_expected(r, "'bar' or 'port'");
        reader_next(r);
        if (!take_number(r, "a base address register", 0, 5, &bar) || !take_word(r, "offset") ||
            !take_number(r, "an offset", 0, UINT32_MAX, &offset))
            return false;
    }
    vet->bar = (uint8_t)bar;
    vet->offset = (uint32_t)offset;
    return true;
}

static bool read_vet(struct reader *r, struct draft *d) {
    struct policy_vet vet = { .bar = 0 };
    uint64_t width, mask = 0, value = 0;
    const char *at = r->token.at;

    if (!take_register(r, &vet) || !take_word(r, "width"))
        return false;
    if (!token_is(&r->token, "1") && !token_is(&r->token, "2") && !token_is(&r->token, "4"))
        return reader_expected(r, "a width of 1, 2 or 4 bytes");
    width = (uint64_t)(*r->token.at - '0');
    reader_next(r);
    if (vet.offset % width != 0)
        return reader_error(r, at, "the register is not aligned to its width");
    if (!take_word(r, "mask") ||
        !take_number(r, "a mask", 1, UINT32_MAX >> (32 - 8 * width), &mask) ||
        !take_word(r, "allow"))
        return false;
    vet.width = (uint8_t)width;
    vet.mask = (uint32_t)mask;
    do {
        const char *value_at = r->token.at;
        if (!take_number(r, "a value", 0, mask, &value))
            return false;
        if ((value & ~mask) != 0)
            return reader_error(r, value_at, "the value has bits outside the mask");
        if (d->policy.vet_count == POLICY_VETS)
            return reader_error(r, value_at, "more than %u vetted values", POLICY_VETS);
        vet.value = (uint32_t)value;
        d->vets[d->policy.vet_count++] = vet;
    } while (!at_end(r));
    return true;
}

/* ---- Numbers and rights ---- */

static bool read_driver(struct reader *r, struct draft *d) {
    d->policy.manages = true;
    return take_word(r, "manage");
}

static bool read_core(struct reader *r, struct draft *d) {
    uint64_t core = POLICY_ANY_CORE;

    if (token_is(&r->token, "any"))
        reader_next(r);
    else if (!take_number(r, "'any' or a core", 0, CORES_MAX - 1, &core))
        return false;
    d->policy.core = (uint16_t)core;
    return true;
}

static bool read_memory(struct reader *r, struct draft *d) {
    uint64_t frames;
    const struct token at = r->token;

    if (!take_size(r, "memory", FRAMES_MAX, &frames))
        return false;
    d->policy.frames = (uint32_t)frames;
    if (frames < PROCESS_FRAMES_MIN)
        return reader_expected_for(r, &at, "memory of at least 32KiB");
    return true;
}

static bool read_channels(struct reader *r, struct draft *d) {
    uint64_t channels = 0;
    bool good = take_number(r, "a number of channels", 0, POLICY_CHANNELS, &channels);

    d->policy.channels = (uint16_t)channels;
    return good;
}

static bool read_processes(struct reader *r, struct draft *d) {
    uint64_t processes = 0;
    bool good = take_number(r, "a number of processes", 0, PROCESSES_MAX, &processes);

    d->policy.processes = (uint16_t)processes;
    return good;
}

static bool read_interrupts(struct reader *r, struct draft *d) {
    uint64_t limit = 0;
    bool good = take_number(r, "interrupts per second", 1, 10000000, &limit);

    d->policy.interrupt_limit = (uint32_t)limit;
    return good;
}

/* [priority N] [most-urgent N] [quantum TIME], at least one of them. */
static bool read_schedule(struct reader *r, struct draft *d) {
    uint64_t priority = SCHED_PRIORITY_USER, most_urgent = SCHED_PRIORITIES;
    uint64_t quantum = SCHED_QUANTUM_DEFAULT;
    const char *at = r->token.at;
    bool given = false;

    if (token_is(&r->token, "priority")) {
        reader_next(r);
        given = true;
        if (!take_number(r, "a priority", 0, SCHED_PRIORITIES - 1, &priority))
            return false;
    }
    if (token_is(&r->token, "most-urgent")) {
        reader_next(r);
        given = true;
        if (!take_number(r, "a priority", 0, SCHED_PRIORITIES - 1, &most_urgent))
            return false;
        if (most_urgent > priority)
            return reader_error(r, at, "the most urgent priority is less urgent than the priority");
    }
    if (token_is(&r->token, "quantum")) {
        reader_next(r);
        given = true;
        if (!take_time(r, "a quantum", SCHED_QUANTUM_MIN, SCHED_QUANTUM_MAX, &quantum))
            return false;
    }
    d->policy.priority = (uint8_t)priority;
    d->policy.most_urgent = (uint8_t)(most_urgent < SCHED_PRIORITIES ? most_urgent : priority);
    d->policy.quantum = quantum;
    return given || reader_expected(r, "'priority', 'most-urgent' or 'quantum'");
}

/* TIME per TIME. */
static bool read_budget(struct reader *r, struct draft *d) {
    const char *at = r->token.at;

    if (!take_time(r, "CPU time", 100 * MICROSECOND, 10 * SECOND, &d->policy.budget) ||
        !take_word(r, "per") ||
        !take_time(r, "a period", MILLISECOND, 10 * SECOND, &d->policy.budget_period))
        return false;
    if (d->policy.budget > d->policy.budget_period)
        return reader_error(r, at, "the budget is longer than its period");
    return true;
}

static bool read_heartbeat(struct reader *r, struct draft *d) {
    return take_time(r, "a period", 10 * MILLISECOND, 3600 * SECOND, &d->policy.heartbeat);
}

static const char *const recoveries[] = {
#define X(name, word) [RECOVERY_##name] = (word),
    POLICY_RECOVERIES(X)
#undef X
};

/* none, or a way: NUMBER per TIME; hook PROGRAM NUMBER per TIME. */
static bool read_recovery(struct reader *r, struct draft *d) {
    uint64_t count;
    unsigned way = 0;

    while (way < RECOVERY_COUNT && !token_is(&r->token, recoveries[way]))
        way++;
    if (way == RECOVERY_COUNT)
        return reader_expected(r, "'none', 'direct', 'backoff' or 'hook'");
    reader_next(r);
    d->policy.recovery = (uint8_t)way;
    d->hook.bytes = 0;
    if (way == RECOVERY_NONE)
        return true;
    if (way == RECOVERY_HOOK && !take_name(r, LABEL_MAX, "the label of a program", &d->hook))
        return false;
    if (!take_number(r, "a number of recoveries", 1, 1000, &count) || !take_word(r, "per") ||
        !take_time(r, "a period", SECOND, 86400 * SECOND, &d->policy.recovery_period))
        return false;
    d->policy.recovery_count = (uint16_t)count;
    return true;
}

static bool read_mirror(struct reader *r, struct draft *d) {
    (void)r;
    d->policy.mirror = true;
    return true;
}

static const char *const services[] = {
#define X(name, word) [SERVICE_##name] = (word),
    POLICY_SERVICES(X)
#undef X
};

static bool read_service(struct reader *r, struct draft *d) {
    for (unsigned i = SERVICE_NONE + 1; i < SERVICE_COUNT; i++)
        if (token_is(&r->token, services[i])) {
            d->policy.service = (uint8_t)i;
            reader_next(r);
            return true;
        }
    return reader_expected(r, "'console', 'shell', 'pci' or 'iommu'");
}

bool key_read(struct reader *r, struct draft *draft, enum key key) {
    static bool (*const read[])(struct reader *, struct draft *) = {
        [KEY_IPC_CALLS] = read_ipc_calls,   [KEY_IPC_TARGETS] = read_ipc_targets,
        [KEY_IPC_KERNEL] = read_ipc_kernel, [KEY_DRIVER] = read_driver,
        [KEY_ISA_IO] = read_isa_io,         [KEY_ISA_IRQ] = read_isa_irq,
        [KEY_ISA_MEM] = read_isa_mem,       [KEY_PCI_DEVICE] = read_pci_device,
        [KEY_PCI_CLASS] = read_pci_class,   [KEY_CORE] = read_core,
        [KEY_MEMORY] = read_memory,         [KEY_CHANNELS] = read_channels,
        [KEY_SCHEDULE] = read_schedule,     [KEY_BUDGET] = read_budget,
        [KEY_HEARTBEAT] = read_heartbeat,   [KEY_RECOVERY] = read_recovery,
        [KEY_MIRROR] = read_mirror,         [KEY_IMAGE] = read_image,
        [KEY_PROCESSES] = read_processes,   [KEY_SERVICE] = read_service,
        [KEY_ARGUMENTS] = read_arguments,   [KEY_INTERRUPTS] = read_interrupts,
        [KEY_INSTEAD] = read_instead,       [KEY_VET] = read_vet,
    };

    return read[key](r, draft);
}
