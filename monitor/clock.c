#include "clock.h"

#include <runtime/startup.h>

#include "machine.h"
#include "peer_requests.h"

struct clock {
    uint32_t samples; /* taken */
    uint64_t best;    /* shortest round trip */
    int64_t offset;   /* that it has shown */
    bool asked;       /* an answer is on its way */
    bool owed;        /* an answer is to be sent, for `question` */
    uint64_t question;
};

static struct clock clocks[CORES_MAX];
static core_set_t former; /* members when the view last changed */

int64_t clock_offset(uint32_t core) { return clocks[core].offset; }

static void ask(uint32_t core) {
    struct clock *clock = &clocks[core];
    struct message m = { .type = PEER_CLOCK, .arg = { time_stamp() } };

    if (!clock->asked && clock->samples < CLOCK_SAMPLES)
        clock->asked = peers_send(core, &m) == 0;
}

static void answer(uint32_t core) {
    struct clock *clock = &clocks[core];
    struct message m = { .type = PEER_CLOCK_IS, .arg = { clock->question, time_stamp() } };

    if (clock->owed)
        clock->owed = peers_send(core, &m) != 0;
}

static void on_answer(uint32_t core, uint64_t asked_at, uint64_t theirs) {
    struct clock *clock = &clocks[core];
    uint64_t now = time_stamp(), round_trip = now - asked_at;

    if (!clock->asked)
        return;
    clock->asked = false;
    if (clock->samples++ == 0 || round_trip < clock->best) {
        clock->best = round_trip;
        clock->offset = (int64_t)(theirs - (asked_at + round_trip / 2));
    }
    ask(core);
}

static void receive(uint32_t core, const struct message *m) {
    if (m->type == PEER_CLOCK_IS) {
        on_answer(core, m->arg[0], m->arg[1]);
        return;
    }
    clocks[core].owed = true;
    clocks[core].question = m->arg[0];
    answer(core);
}

static void credit(uint32_t core) {
    answer(core);
    ask(core);
}

const struct peer_service clock_service = {
    .first_type = PEER_CLOCK,
    .last_type = PEER_CLOCK_IS,
    .receive = receive,
    .credit = credit,
};

void clock_view_changed(core_set_t gone) {
    core_set_t members = cores_view()->members;
    core_set_t new_members = members & ~(former & ~gone) & ~core_bit(machine_self());

    former = members;
    for_each_core(core, gone)
        clocks[core] = (struct clock){ 0 };
    for_each_core(core, new_members)
        ask(core);
}
