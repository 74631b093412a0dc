/*
 * Arbitrary text as policies, for libFuzzer. An input is one or more files, with a zero byte
 * between them. Whatever they say, the parser stays in its memory, ends, tells of each error a
 * place that is in a text, and lets through nothing that the grammar does not have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/cores.h>
#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>
#include <runtime/pattern.h>
#include <runtime/policy.h>

#define must(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

static size_t reported;

static void check_error(void *context, const struct policy_error *error) {
    char text[POLICY_ERROR_TEXT + 400];

    must(context == &reported);
    reported++;
    must(error->line >= 1 && error->column >= 1 && error->column <= error->source_bytes + 1);
    must(error->text[0] != '\0' && strlen(error->text) < POLICY_ERROR_TEXT);
    must(memchr(error->source, '\n', error->source_bytes) == NULL);
    must(policy_error_format(text, sizeof text, error) < sizeof text);
}

static void check_words(const char *words, size_t most) {
    size_t count = 0;

    for (; *words != '\0'; words += strlen(words) + 1, count++)
        must(strlen(words) <= LABEL_MAX);
    must(count <= most);
}

static void check_ranges(const struct policy_range *range, size_t count, uint64_t limit) {
    must(count <= POLICY_RANGES);
    for (size_t i = 0; i < count; i++)
        must(range[i].count >= 1 && range[i].first < limit &&
             range[i].count <= limit - range[i].first);
}

static void check_devices(const struct policy *p) {
    check_ranges(p->ports, p->port_count, 0x10000);
    check_ranges(p->lines, p->line_count, IRQ_MSI_BASE + IRQ_MSI_MAX);
    check_ranges(p->memory, p->memory_count, UINT64_C(1) << 40);
    must(p->pattern_count <= POLICY_PATTERNS && p->vet_count <= POLICY_VETS);
    for (size_t i = 0; i < p->pattern_count; i++)
        must(p->patterns[i].by_class ? p->patterns[i].class_mask >> 8 == 0xffff
                                     : p->patterns[i].vendor != POLICY_PCI_ANY);
    for (size_t i = 0; i < p->vet_count; i++) {
        const struct policy_vet *v = &p->vets[i];
        must(v->bar <= 5 || v->bar == POLICY_VET_PORT);
        must(v->width == 1 || v->width == 2 || v->width == 4);
        must(v->offset % v->width == 0 && v->mask != 0 && (v->value & ~v->mask) == 0);
        must(v->width == 4 || v->mask >> 8 * v->width == 0);
    }
}

static void check_policy(const struct policy *p) {
    must(strlen(p->program) >= 1 && strlen(p->program) <= LABEL_MAX);
    must(p->image == NULL || (strlen(p->image) >= 1 && strlen(p->image) <= 31));
    must((p->ipc & ~IPC_ALL) == 0 && (p->kcalls & ~(KCALL_ALL & ~KCALL_MONITOR)) == 0);
    must(p->kcalls == 0 || (p->kernel && p->ipc & IPC_BIT(SENDREC)));
    must(p->frames >= PROCESS_FRAMES_MIN && p->processes <= 255 && p->channels <= POLICY_CHANNELS);
    must(p->core < CORES_MAX || p->core == POLICY_ANY_CORE);
    must(p->most_urgent <= p->priority && p->priority < SCHED_PRIORITIES);
    must(p->quantum >= SCHED_QUANTUM_MIN && p->quantum <= SCHED_QUANTUM_MAX);
    must(p->budget <= p->budget_period && p->service < SERVICE_COUNT);
    must(p->recovery < RECOVERY_COUNT && (p->recovery == RECOVERY_HOOK) == (p->hook != NULL));
    check_words(p->targets, POLICY_TARGETS);
    check_words(p->arguments, POLICY_ARGUMENTS);
    check_devices(p);
}

/* Labels, and those that a pattern stands for, find the first policy that is meant. */
static void check_find(const struct policy_set *set, const struct policy *p) {
    const struct policy *first = set->policy;

    while (!pattern_matches(first->program, p->program))
        first++;
    must(policy_set_find(set, p->program) == (first->refused ? NULL : first));
    must(p->refused || first == p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static struct policy_set set;
    size_t room = bytes % 3 == 0 ? 1024 : POLICY_BYTES, errors = 0;
    void *memory = aligned_alloc(16, room); /* of its exact sizes, for AddressSanitizer */
    char *text = malloc(bytes + 1);
    const char *next = text, *end = text + bytes;

    must(memory != NULL && text != NULL);
    if (bytes != 0)
        memcpy(text, data, bytes);
    reported = 0;
    policy_set_open(&set, memory, room, check_error, &reported);
    while (set.file_count < POLICY_FILES) {
        const char *zero = next < end ? memchr(next, '\0', (size_t)(end - next)) : NULL;
        const char *stop = zero != NULL ? zero : end;
        errors += policy_set_read(&set, "fuzz.conf", next, (size_t)(stop - next));
        if (zero == NULL || set.ended)
            break;
        next = stop + 1;
    }
    must(errors == reported && policy_set_close(&set) == reported);
    must(set.count <= POLICIES_MAX && set.class_count <= POLICY_CLASSES);
    must((char *)&set.policy[set.count] <= set.end && set.end <= (char *)memory + room);
    for (const struct policy *p = set.policy; p < set.policy + set.count; p++) {
        if (!p->refused)
            check_policy(p);
        check_find(&set, p);
    }
    free(text);
    free(memory);
    return 0;
}
