#include "walk.h"

#include <stdio.h>
#include <string.h>

#define CALLS_MAX  8
#define LENGTH_MAX 2000  /* longer ways are loops */
#define WAYS_MAX   10000 /* more ways are a way to say that it is no straight line */

/* Beginnings of mnemonics; `operand`, unless NULL, must be in the text too. */
static const struct {
    const char *mnemonic, *operand;
    enum expensive kind;
} kinds[] = {
    { "mov", ",%cr3", EXPENSIVE_CR3 },    { "mov", ",%cr", EXPENSIVE_CONTROL },
    { "mov", ",%db", EXPENSIVE_CONTROL }, { "clts", NULL, EXPENSIVE_CONTROL },
    { "lmsw", NULL, EXPENSIVE_CONTROL },  { "xsetbv", NULL, EXPENSIVE_CONTROL },
    { "xsave", NULL, EXPENSIVE_FPU },     { "xrstor", NULL, EXPENSIVE_FPU },
    { "fxsave", NULL, EXPENSIVE_FPU },    { "fxrstor", NULL, EXPENSIVE_FPU },
    { "fnsave", NULL, EXPENSIVE_FPU },    { "frstor", NULL, EXPENSIVE_FPU },
    { "wrmsr", NULL, EXPENSIVE_MSR },     { "rdmsr", NULL, EXPENSIVE_MSR },
    { "swapgs", NULL, EXPENSIVE_MSR },    { "mfence", NULL, EXPENSIVE_FENCE },
    { "lfence", NULL, EXPENSIVE_FENCE },  { "sfence", NULL, EXPENSIVE_FENCE },
    { "xchg", "(", EXPENSIVE_LOCKED },    { "invlpg", NULL, EXPENSIVE_FLUSH },
    { "invpcid", NULL, EXPENSIVE_FLUSH }, { "clflush", NULL, EXPENSIVE_FLUSH },
    { "clwb", NULL, EXPENSIVE_FLUSH },    { "wbinvd", NULL, EXPENSIVE_FLUSH },
    { "invd", NULL, EXPENSIVE_FLUSH },    { "cpuid", NULL, EXPENSIVE_SERIAL },
    { "iret", NULL, EXPENSIVE_SERIAL },   { "serialize", NULL, EXPENSIVE_SERIAL },
    { "rdtscp", NULL, EXPENSIVE_SERIAL }, { "lgdt", NULL, EXPENSIVE_SERIAL },
    { "lidt", NULL, EXPENSIVE_SERIAL },   { "ltr", NULL, EXPENSIVE_SERIAL },
    { "in ", NULL, EXPENSIVE_SERIAL },    { "out ", NULL, EXPENSIVE_SERIAL },
    { "ins", "(%dx)", EXPENSIVE_SERIAL }, { "outs", "(%dx)", EXPENSIVE_SERIAL },
    { "rsm", NULL, EXPENSIVE_SERIAL },
};

enum expensive expensive_kind(const struct instruction *i) {
    if (strncmp(i->text, "lock ", 5) == 0)
        return EXPENSIVE_LOCKED;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (instruction_is(i, kinds[k].mnemonic) &&
            (!kinds[k].operand || strstr(i->text, kinds[k].operand)))
            return kinds[k].kind;
    return EXPENSIVE_COUNT;
}

const char *expensive_text(enum expensive kind) {
    static const char *const text[] = {
#define X(name, text) text,
        EXPENSIVE(X)
#undef X
    };
    return text[kind];
}

/* A way as far as it has been followed. */
struct way {
    uint64_t at;
    uint64_t back[CALLS_MAX]; /* where the functions called return to */
    unsigned calls, length, count[EXPENSIVE_COUNT];
    bool passed;
};

struct walker {
    struct walk *result;
    const struct disassembly *d;
    uint64_t leaves[WALK_NAMES], through, indirect;
};

static void stop(struct walker *w, const char *why, uint64_t where) {
    snprintf(w->result->error, sizeof w->result->error, "%s at %lx", why, where);
}

static bool leaves(const struct walker *w, uint64_t address) {
    for (unsigned i = 0; i < WALK_NAMES && w->leaves[i]; i++)
        if (w->leaves[i] == address)
            return true;
    return false;
}

static void arrive(struct walker *w, const struct way *way) {
    struct walk *r = w->result;
    if (w->through && !way->passed)
        return;
    for (unsigned k = 0; k < EXPENSIVE_COUNT; k++) {
        if (r->ways == 0 || way->count[k] < r->least[k])
            r->least[k] = way->count[k];
        if (way->count[k] > r->most[k])
            r->most[k] = way->count[k];
    }
    if (way->length > r->longest)
        r->longest = way->length;
    if (++r->ways == WAYS_MAX)
        stop(w, "too many ways", way->at);
}

static void follow(struct walker *w, struct way way);

/* An instruction that goes elsewhere. Returns false when the way ends with it. */
static bool transfer(struct walker *w, struct way *way, const struct instruction *i,
                     uint64_t next) {
    uint64_t target = instruction_target(i);
    if (instruction_is(i, "ret")) {
        if (way->calls == 0)
            stop(w, "return from where nothing was called", i->address);
        way->at = way->calls ? way->back[--way->calls] : 0;
        return way->at != 0;
    }
    if (!target)
        target = w->indirect;
    if (!target || (instruction_is(i, "call") && way->calls == CALLS_MAX)) {
        stop(w, "jump or call that cannot be followed", i->address);
        return false;
    }
    if (instruction_is(i, "call")) {
        way->back[way->calls++] = next;
    } else if (!instruction_is(i, "jmp")) { /* a condition: both ways */
        struct way other = *way;
        other.at = next;
        follow(w, other);
    }
    way->at = target;
    return true;
}

static void follow(struct walker *w, struct way way) {
    while (!w->result->error[0] && !leaves(w, way.at)) {
        size_t index = disassembly_at(w->d, way.at);
        if (index + 1 >= w->d->count || ++way.length > LENGTH_MAX) {
            stop(w, index + 1 >= w->d->count ? "no code" : "loop", way.at);
            return;
        }
        const struct instruction *i = &w->d->instruction[index];
        way.passed |= way.at == w->through;
        enum expensive kind = expensive_kind(i);
        if (kind != EXPENSIVE_COUNT)
            way.count[kind]++;
        if (instruction_is(i, "sysret")) {
            arrive(w, &way);
            return;
        }
        if (instruction_is(i, "ud2") || instruction_is(i, "hlt")) {
            stop(w, "trap", way.at);
            return;
        }
        uint64_t next = w->d->instruction[index + 1].address;
        bool moves =
            instruction_is(i, "j") || instruction_is(i, "call") || instruction_is(i, "ret");
        if (moves && !transfer(w, &way, i, next))
            return;
        if (!moves)
            way.at = next;
    }
}

static uint64_t resolve(struct walker *w, const char *name) {
    uint64_t address = name ? disassembly_symbol(w->d, name) : 0;
    if (name && !address)
        snprintf(w->result->error, sizeof w->result->error, "no symbol %s", name);
    return address;
}

void walk(struct walk *result, const struct disassembly *d, const struct route *route) {
    struct walker w = { .result = result, .d = d };
    memset(result, 0, sizeof *result);
    struct way start = { .at = resolve(&w, route->from) };
    w.through = resolve(&w, route->through);
    w.indirect = resolve(&w, route->indirect);
    for (unsigned i = 0; i < WALK_NAMES && route->leaves[i]; i++)
        w.leaves[i] = resolve(&w, route->leaves[i]);
    if (!result->error[0])
        follow(&w, start);
}
