#include "bystander.h"

#include "../support/cores.h"
#include "attack.h"

static volatile uint64_t counted; /* by the bystander, in its own memory */
static endpoint_t bystander;

static void count(void *unused) {
    (void)unused;
    for (;;)
        ++counted;
}

void bystander_start(void) { bystander = start("bystander", count); }

void bystander_end(void) { child_end(bystander); }

uint64_t bystander_work(void) {
    LOOK(bystander, counted);
    return counted;
}

/* ---- The one on another core ---- */

/* After it has started, the attack starts. */
#define ASIDE_BEGIN (12 * TIME_MILLISECOND)
#define ASIDE_SPAN  (30 * TIME_MILLISECOND)

#define LOOK_COST 200U   /* no look at the clock takes as long as that */
#define ASK_EVERY 50000U /* own instructions */

static endpoint_t aside, partner;

static void partner_main(void *unused) {
    struct message m = { 0 };
    (void)unused;
    for (int error = ipc_receive(ENDPOINT_ANY, &m);; error = ipc_replyrecv(m.source, &m))
        if (error)
            error = ipc_receive(ENDPOINT_ANY, &m);
}

static void ask_partner(void) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    ipc_call(partner, &m);
}

/* How often this core has been taken from who computes on it. */
static uint64_t disturbances(void) {
    struct core_info info = { 0 };
    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    return info.interrupts + info.context_switches;
}

/* What of a missing piece of time was its own core's doing. */
static uint64_t lost_in(uint64_t piece) {
    static uint64_t before;
    uint64_t now = disturbances(), lost = 0;
    if (now != before)
        lost = piece < ASIDE_OTHERS ? piece : ASIDE_HIDDEN;
    before = now;
    return lost;
}

int aside_main(void) {
    uint64_t own = 0, lost = 0, next = ASK_EVERY;
    for (uint64_t begin = time_now() + ASIDE_BEGIN; time_now() < begin;)
        continue;
    partner = start("partner", partner_main);
    lost_in(0);
    uint64_t cpu_time = process_info(ENDPOINT_SELF).cpu_time, begin = time_now();
    uint64_t last = __builtin_ia32_rdtsc(), end = last + ASIDE_SPAN; /* a tick is an instruction */
    while (last < end) {
        uint64_t piece = __builtin_ia32_rdtsc() - last;
        last += piece;
        if (piece < LOOK_COST) {
            own += piece;
        } else {
            lost += lost_in(piece);
            last = __builtin_ia32_rdtsc();
        }
        if (own >= next) {
            next += ASK_EVERY;
            ask_partner();
        }
    }
    uint64_t share =
        (process_info(ENDPOINT_SELF).cpu_time - cpu_time) * 1000 / (time_now() - begin);
    child_end(partner);
    return (int)(own * 10000 / (own + lost) << 10 | share);
}

void aside_start(uint32_t core) {
    static const char args[] = "test-attack\0aside";
    int error = core_spawn(core, args, sizeof args, 2, &aside);
    if (error)
        tap_bail_out("no bystander on core %u: %s", core, error_text(error));
}

struct aside_result aside_end(void) {
    int status = await_end(aside);
    if (status < 0)
        tap_bail_out("no result of the bystander: %s", error_text(status));
    return (struct aside_result){ .kept = (uint64_t)status >> 10, .share = status & 1023 };
}
