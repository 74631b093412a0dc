/* Refusals: counted by kind, and told of at a bounded rate. */
#include "core.h"
#include "defence.h"
#include "log.h"
#include "process.h"
#include "time.h"
#include "x86_64/cpu.h"

/* The log has room for so many lines about refusals in a second, whoever was refused. */
#define LINES_PER_SECOND 4
#define SECOND           UINT64_C(1000000000)

static uint64_t second_ends; /* TSC */
static unsigned lines;       /* of this second */
static uint64_t untold;      /* refusals since the last line that should have had one */

/* Whether there is room for one more line. */
static bool may_log(void) {
    uint64_t now = cpu_rdtsc();
    if (now >= second_ends) {
        second_ends = now + time_to_ticks(SECOND);
        lines = 0;
    }
    return lines++ < LINES_PER_SECOND;
}

/* The 1st, 2nd, 4th, ... of a kind. */
static bool is_remarkable(uint32_t count) { return (count & (count - 1)) == 0; }

__attribute__((cold, noinline)) void process_count_refusal(struct process *p, enum refusal kind) {
    uint32_t count = ++p->refused[kind];
    p->refusals++;
    if (DEFENCE(LOG_RATE) && !is_remarkable(count))
        return;
    if (DEFENCE(LOG_RATE) && !may_log()) {
        untold++;
        return;
    }
    log_line("refused: %.24s: %s, %u times", p->label, refusal_text(kind), count);
    if (untold)
        log_line("refused: %lu more lines like that left out", untold);
    untold = 0;
}

/* What an error of a call says about its caller, where no more is known. */
static const struct {
    int error;
    enum refusal kind;
} told_by_error[] = {
    { E_FAULT, REFUSED_BUFFER },      { E_QUOTA, REFUSED_MEMORY },   { E_NOSLOT, REFUSED_MEMORY },
    { E_DEADLOCK, REFUSED_DEADLOCK }, { E_BADEP, REFUSED_ENDPOINT }, { E_WX, REFUSED_WX },
};

__attribute__((cold, noinline)) void process_count_error(struct process *p, int error) {
    for (unsigned i = 0; i < sizeof told_by_error / sizeof told_by_error[0]; i++)
        if (told_by_error[i].error == -error)
            process_count_refusal(p, told_by_error[i].kind);
}

void process_count_exception(struct process *p, uint64_t vector) {
    static const struct {
        uint8_t vector;
        uint8_t kind;
    } kinds[] = {
        { 0, REFUSED_DIVIDE }, { 1, REFUSED_DEBUG },  { 3, REFUSED_BREAKPOINT },
        { 6, REFUSED_OPCODE }, { 12, REFUSED_STACK }, { 13, REFUSED_PROTECTION },
        { 14, REFUSED_PAGE },
    };
    enum refusal kind = REFUSED_EXCEPTION;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].vector == vector)
            kind = (enum refusal)kinds[i].kind;
    process_count_refusal(p, kind);
}
