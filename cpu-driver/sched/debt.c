/*
 * Debts: CPU time that others have spent for a process which has computed meanwhile.
 *
 * Who waits for the receiver of its message gives that one its quantum. Who leaves messages in a
 * table (ASEND) and goes on would have two processes compute for it, or as many as it sends to. So
 * what a receiver does with such a message is owed by the sender: it is passed over in its turn
 * until others have had as much. The receiver is not delayed.
 *
 * The time is measured from one such message to the next, if no other came between. Of each no more
 * than a quantum is owed, and no more than DEBT_MAX in all, so that a receiver takes no more from
 * its sender than one that is called does. A receiver that is less urgent than its sender, as a
 * driver is that a server asks so because it does not trust it, takes nothing.
 */
#include "sched.h"

#include "defence.h"
#include "x86_64/switch.h"

#define DEBT_MAX 64U /* quanta */

unsigned debtors; /* processes that owe turns */

static void owe(struct process *p, uint64_t time) {
    uint64_t quantum = sched_quantum_of(p);
    p->sched.debt += time < quantum ? time : quantum;
    if (p->sched.debt < quantum)
        return;
    p->sched.debt -= quantum;
    if (p->sched.turns_owed == DEBT_MAX)
        return;
    if (!p->sched.turns_owed++)
        debtors++;
    sched_stand_before();
}

/* What runs on the sender's quantum is paid for. */
void debt_serve(struct process *p, struct process *source) {
    uint64_t time = p->cpu_time + cpu_rdtsc() - context_switched_at;
    struct process *last = process_at(p->sched.serves);
    if (last->endpoint == p->sched.serves && last->state != PROCESS_DEAD &&
        p->messages_received == p->sched.serves_until && !sched_is_donor(last) && DEFENCE(DEBT))
        owe(last, time - p->sched.serves_since);
    bool equals = p->sched.base_priority <= source->sched.base_priority;
    p->sched.serves = equals ? source->endpoint : ENDPOINT_NONE;
    p->sched.serves_since = time;
    p->sched.serves_until = p->messages_received + 1; /* this one is counted next */
}

bool debt_turn_over(struct process *p) {
    if (!p->sched.turns_owed)
        return false;
    if (!--p->sched.turns_owed) {
        debtors--;
        sched_step_aside();
    }
    return true;
}

void debt_forgive(struct process *p) {
    if (p->sched.turns_owed)
        debtors--;
    p->sched.turns_owed = 0;
    p->sched.debt = 0;
    sched_step_aside();
}
