/*
 * safecopy_64: 64 bytes from a partner's memory through a direct grant, stub included.
 * safecopy_64_indirect: what each further grant of a chain adds to that. Here the partner and this
 * program pass the grant on to each other, until there are seven grants in the chain; the figure is
 * the difference to the direct grant, divided among the indirect ones.
 */
#include <string.h>

#include <runtime/grant.h>
#include <runtime/startup.h>

#include "isobench.h"

#define WARM_UP 16
#define BYTES   64

/* Requests besides the partner's usual ones. */
enum { GRANTOR_MAKE = PARTNER_STAMP + 100, GRANTOR_DELEGATE };

static uint8_t memory[BYTES] __attribute__((aligned(BYTES)));

/* Grants its memory, or passes on what it is told of, to whoever asks. */
static void grant(void *unused) {
    struct message m;

    (void)unused;
    memset(memory, 0x5a, sizeof memory);
    for (;;) {
        struct grant_name made = { 0 };
        if (ipc_receive(ENDPOINT_ANY, &m))
            continue;
        int result = m.type == GRANTOR_MAKE
                         ? grant_make(m.source, memory, BYTES, GRANT_READ, &made)
                         : grant_delegate((struct grant_name){ m.arg[0], m.arg[1] }, 0, BYTES,
                                          m.source, GRANT_READ, &made);
        m.arg[0] = made.grantor;
        m.arg[1] = made.id;
        message_set_result(&m, result);
        ipc_nbsend(m.source, &m);
    }
}

static const struct partner grantor = {
    .label = "bench-grantor",
    .run = grant,
    .kcalls = KCALL_BIT(SETGRANT),
    .priority = PARTNER_URGENT,
};

static int ask(endpoint_t partner, uint32_t type, struct grant_name *name) {
    struct message m = { .type = type, .arg = { name->grantor, name->id } };
    int error = ipc_request(partner, &m);

    *name = (struct grant_name){ m.arg[0], m.arg[1] };
    return error;
}

/* A chain of `depth` grants, an odd number, of the partner's memory, the last one for this program.
 */
static int make_chain(endpoint_t partner, unsigned depth, struct grant_name *name) {
    int error = ask(partner, GRANTOR_MAKE, name);

    for (unsigned i = 1; i < depth && !error; i += 2) {
        error = grant_delegate(*name, 0, BYTES, partner, GRANT_READ, name);
        if (!error)
            error = ask(partner, GRANTOR_DELEGATE, name);
    }
    return error;
}

static int measure(struct figure *figure, unsigned depth) {
    static uint8_t copy[BYTES] __attribute__((aligned(BYTES)));
    struct grant_name name = { 0 };
    endpoint_t partner;
    int error = partner_start(&grantor, &partner);

    if (error)
        return error;
    error = make_chain(partner, depth, &name);
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES && !error; i++) {
        memset(copy, 0, sizeof copy);
        uint32_t before = stamp();
        error = safe_copy_from(name, 0, copy, BYTES);
        uint32_t after = stamp();
        if (!error && copy[BYTES - 1] != 0x5a)
            error = -E_IO;
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    partner_end(partner);
    return error;
}

int bench_safecopy_64(struct figure *figure) { return measure(figure, 1); }

/* Rounded up. */
int bench_safecopy_64_indirect(struct figure *figure) {
    enum { DEPTH = GRANT_DEPTH_MAX - 1 };
    static struct figure direct;
    int error = measure(&direct, 1);

    if (!error)
        error = measure(figure, DEPTH);
    uint64_t base = figure_quartile(&direct, 2);
    for (size_t i = 0; i < figure->count; i++)
        figure->sample[i] = (figure->sample[i] - base + DEPTH - 2) / (DEPTH - 1);
    return error;
}
