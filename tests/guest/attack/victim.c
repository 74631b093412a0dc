#include "attack.h"

#include "registers.h"

endpoint_t victim;
volatile struct received received;

void victim_main(void *unused) {
    struct message m;
    (void)unused;
    received.secret = VICTIM_SECRET;
    for (;;) {
        uint64_t r14 = VICTIM_SECRET;
        if (receive_and_watch(&m, &r14))
            continue;
        received.last = m;
        received.register_14 = r14;
        received.messages++;
        if (m.type == MESSAGE_NOTIFY)
            continue;
        message_set_result(&m, 0);
        ipc_nbsend(m.source, &m);
    }
}

void victim_prepare(void) {
    received = (struct received){ 0 };
    victim = start("victim", victim_main);
}

void victim_clean(void) { child_end(victim); }

void victim_allow(endpoint_t attacker) {
    int error = privctl_allow(attacker, victim);
    if (error)
        tap_bail_out("no victim: %s", error_text(error));
}

bool victim_received(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    sleep_for(QUANTUM); /* so that it has it, if it was sent */
    LOOK(victim, received);
    return received.messages != 0;
}
