/*
 * Binding and tear-down of a channel between a process on core 0, which asks for it, and one on
 * core 1, with a crash of either process, and of either core, at every step.
 *
 * The monitors exchange three messages over a channel that keeps their order. A record, one of a
 * fixed number that the initiator's side numbers, has on each side the states
 *
 *     initiator   FREE --BIND---> OFFERED --ACCEPT--> BOUND --close()--> CLOSING --CLOSE--> FREE
 *     acceptor    FREE --OFFER--------------------->  BOUND --close()--> CLOSING --CLOSE--> FREE
 *
 * Whoever wants to end it, for whatever reason (unbind, death of its process, refusal of an offer),
 * first unmaps the ring on its side, then sends CLOSE. A side has finished when it has sent and
 * received CLOSE; it answers one that it did not expect. So CLOSE says "my side is unmapped", each
 * side sends exactly one, and two that cross need no further thought. The ring is the initiator's
 * memory; it is free again when the initiator has finished. When a core has failed, the other
 * monitor first fences it, then takes its CLOSE of every record as received, then lets it start
 * again.
 *
 * Identities stand for endpoints: no two processes have the same, as slot generation and
 * incarnation see to.
 */

#include "common.pml"

#include "cores.pml"

CLAIM(monitor_never_blocks)
CLAIM(message_expected)
CLAIM(freed_ring_unmapped)
CLAIM(ring_not_misdirected)
CLAIM(wait_ended)
CLAIM(nothing_leaked)

/* The monitors. */

inline send(message, r, from, to) {
    atomic {
        claim(monitor_never_blocks, len(inbox[OTHER]) < credit_of(me));
        inbox[OTHER]!message, r, from, to
    }
}

inline free_ring(r) {
    ring[r].allocated = false;
#ifndef RING_NOT_CLEARED
    ring[r].from = NOBODY;
    ring[r].to = NOBODY;
    ring[r].answered = false
#endif
}

/* Both sides have unmapped. */
inline finish(r) {
    d_step {
        if
        :: me == INITIATOR ->
            claim(freed_ring_unmapped,
                  !core[INITIATOR].mapped[r] && !core[ACCEPTOR].mapped[r]);
            free_ring(r);
            charged--
        :: else
        fi;
        core[me].peer[r] = NOBODY;
        core[me].state[r] = FREE
    }
}

/* Ends a binding on this side, which then waits for the other. */
inline close(r) {
#ifndef CLOSED_BEFORE_UNMAP
    unmap_ring(r);
#endif
    core[me].state[r] = CLOSING;
#ifndef PEER_FORGOTTEN
    send(CLOSE, r, NOBODY, NOBODY);
#endif
#ifdef CLOSED_BEFORE_UNMAP
    unmap_ring(r);
#endif
#ifdef FREED_BEFORE_PEER_UNMAPS
    if
    :: me == INITIATOR -> finish(r)
    :: else
    fi
#endif
}

/* The initiator's side: the process has asked for a binding with process `to`. */
inline offer() {
    d_step {
        r = 0;
        do
        :: r < RECORDS && core[me].state[r] != FREE -> r++
        :: else -> break
        od
    }
    if
    :: r == NO_RECORD -> answer(NO_RECORD)
    :: else ->
        d_step {
            ring[r].allocated = true;
            charged++;
            core[me].state[r] = OFFERED;
            core[me].peer[r] = to
        }
        send(OFFER, r, core[me].process, to);
#ifdef MONITOR_WAITS_FOR_ANSWER
        nempty(inbox[me])
#endif
    fi
}

inline unbind() {
    r = to;
    if
    :: core[me].state[r] == BOUND -> close(r)
    :: else /* the peer has ended it already */
    fi;
    answer(NO_RECORD)
}

/*
 * The acceptor's side decides: its process has to be the one that was meant, and policy to allow
 * it.
 */
inline accept_or_refuse() {
    claim(message_expected, core[me].state[r] == FREE);
    if
#ifdef IDENTITY_IGNORED
    :: core[me].process != NOBODY ->
#else
    :: core[me].process == to ->
#endif
        core[me].state[r] = BOUND;
        core[me].peer[r] = from;
        map_ring(r);
        send(ACCEPT, r, from, to)
    :: close(r)
    fi
}

inline accepted() {
    if
#ifdef LATE_ACCEPT_OBEYED
    :: core[me].state[r] != FREE ->
#else
    :: core[me].state[r] == OFFERED ->
#endif
        core[me].state[r] = BOUND;
        map_ring(r);
        answer(r)
    :: else -> claim(message_expected, core[me].state[r] == CLOSING)
    fi
}

inline closed() {
    if
    :: core[me].state[r] == CLOSING ->
#ifdef CROSSED_CLOSE_ANSWERED
        send(CLOSE, r, NOBODY, NOBODY);
#endif
        finish(r)
    :: core[me].state[r] == BOUND ->
        close(r);
        finish(r)
    :: core[me].state[r] == OFFERED ->
        close(r);
#ifdef REFUSAL_STILL_CHARGED
        charged++;
#endif
        finish(r);
        answer(NO_RECORD)
    :: else -> claim(message_expected, false)
    fi
}

/* The process has died. */
inline close_all() {
    for (r : 0 .. RECORDS - 1) {
        if
        :: core[me].state[r] == BOUND -> close(r)
#ifndef OFFER_FORGOTTEN
        :: core[me].state[r] == OFFERED -> close(r)
#endif
        :: else
        fi
    }
}

/* Nothing runs on the other core any more, and nothing that it has sent counts. */
inline fence() {
    atomic {
        core[OTHER].parked;
        end_process(OTHER);
#ifndef FENCED_SENDER_OBEYED
        do
        :: inbox[me]?_, _, _, _
        :: empty(inbox[me]) -> break
        od
#endif
    }
}

/* A new instance of the other core, in the memory of the old one. */
inline start_core() {
    atomic {
        for (r : 0 .. RECORDS - 1) {
            claim(freed_ring_unmapped, !core[me].mapped[r]);
            core[OTHER].state[r] = FREE;
            core[OTHER].peer[r] = NOBODY;
            if
            :: me == ACCEPTOR ->
                free_ring(r)
            :: else
            fi
        }
        if
        :: me == ACCEPTOR -> charged = 0
        :: else
        fi;
#ifndef OLD_MESSAGES_KEPT
        do
        :: inbox[OTHER]?_, _, _, _
        :: empty(inbox[OTHER]) -> break
        od;
#endif
        core[OTHER].died = false;
        core[OTHER].crashed = false
    }
}

/* The other core has failed. */
inline recover() {
#ifndef FREED_BEFORE_FENCE
    fence();
#endif
#ifdef STARTED_BEFORE_UNMAP
    start_core();
#endif
    for (r : 0 .. RECORDS - 1) {
        if
        :: core[me].state[r] == FREE
        :: core[me].state[r] == OFFERED ->
            finish(r);
            answer(NO_RECORD)
        :: else ->
            unmap_ring(r);
            finish(r)
        fi
    }
#ifdef FREED_BEFORE_FENCE
    fence();
#endif
#ifndef STARTED_BEFORE_UNMAP
    start_core()
#endif
}

proctype monitor(bit me) {
    byte r, i, from, to;
    mtype message;
end:
    do
    :: atomic {
           !core[me].crashed;
           core[me].parked = false
       }
       {
           start_process(me);
end_idle:
           do
           :: request[me]?message, to ->
               if
               :: message == BIND -> offer()
               :: message == UNBIND -> unbind()
               fi
           :: inbox[me]?message, r, from, to ->
               if
               :: message == OFFER -> accept_or_refuse()
               :: message == ACCEPT -> accepted()
               :: message == CLOSE -> closed()
               fi
           :: core[me].died ->
               close_all();
               core[me].died = false;
               start_process(me)
           :: core[OTHER].crashed -> recover()
           od
       } unless {
           atomic {
               core[me].crashed;
               core[me].parked = true
           }
       }
    od
}

/* The processes. */

inline write_message() {
    d_step {
        if
        :: core[INITIATOR].mapped[r] ->
            claim(freed_ring_unmapped, ring[r].allocated);
            ring[r].from = core[INITIATOR].process;
            ring[r].to = target
        :: else /* it writes to the scratch frame */
        fi
    }
}

proctype initiator() {
    byte i, r, self, target;
end:
    do
    :: atomic {
           core[INITIATOR].process != NOBODY;
           self = core[INITIATOR].process
       }
       {
end_idle:
        do
        :: atomic {
               binds > 0 && core[ACCEPTOR].process != NOBODY;
               binds--;
               target = core[ACCEPTOR].process; /* as some name server had said */
               waiting = true;
               request[INITIATOR]!BIND, target
           }
           reply[INITIATOR]?r;
           if
           :: r == NO_RECORD -> waiting = false
           :: else ->
               write_message();
               atomic {
                   core[INITIATOR].ended[r] || ring[r].answered;
                   waiting = false
               }
               if
               :: true -> /* stays bound and does nothing more */
end_bound:
                   false
               :: atomic {
                      waiting = true;
                      request[INITIATOR]!UNBIND, r
                  }
                  atomic {
                      reply[INITIATOR]?_;
                      waiting = false
                  }
               fi
           fi
        od
    } unless {
        core[INITIATOR].process != self
    }
    od
}

/* The source of a message is filled in from the binding: it has to be who wrote it. */
inline answer_message() {
    claim(freed_ring_unmapped, ring[r].allocated);
    claim(ring_not_misdirected,
          ring[r].to == core[ACCEPTOR].process && ring[r].from == core[ACCEPTOR].peer[r]);
    ring[r].answered = true;
    r = 0
}

proctype acceptor() {
    byte r;
end:
    do
    :: d_step {
           core[ACCEPTOR].mapped[0] && ring[0].to != NOBODY && !ring[0].answered;
           r = 0;
           answer_message()
       }
#if RECORDS > 1
    :: d_step {
           core[ACCEPTOR].mapped[1] && ring[1].to != NOBODY && !ring[1].answered;
           r = 1;
           answer_message()
       }
#endif
    od
}

inline kill(me) {
    d_step {
        deaths > 0 && core[me].process != NOBODY && !core[me].crashed;
        deaths--;
        end_process(me);
        core[me].died = true
    }
}

/* What may happen at any time. */
proctype fate() {
    byte i;
end:
    do
    :: kill(INITIATOR)
    :: kill(ACCEPTOR)
    :: atomic {
           crashes > 0 && !core[INITIATOR].crashed && !core[ACCEPTOR].crashed &&
               !core[INITIATOR].parked && !core[ACCEPTOR].parked;
           crashes--;
           if
           :: core[INITIATOR].crashed = true
           :: core[ACCEPTOR].crashed = true
           fi
       }
    od
}

/* When nothing moves any more, what is there is what is bound, and nobody waits. */
proctype settled() {
    byte r;
end:
    timeout;
    d_step {
        claim(wait_ended, !waiting);
        for (r : 0 .. RECORDS - 1) {
            claim(nothing_leaked, core[INITIATOR].state[r] == core[ACCEPTOR].state[r]);
            if
            :: core[INITIATOR].state[r] == FREE ->
                claim(nothing_leaked, !ring[r].allocated)
            :: else ->
                claim(nothing_leaked, core[INITIATOR].state[r] == BOUND && ring[r].allocated &&
                                          core[INITIATOR].mapped[r] && core[ACCEPTOR].mapped[r] &&
                                          core[INITIATOR].peer[r] == core[ACCEPTOR].process &&
                                          core[ACCEPTOR].peer[r] == core[INITIATOR].process);
                charged--
            fi
        }
        claim(nothing_leaked, charged == 0)
    }
}

init {
    atomic {
        run monitor(INITIATOR);
        run monitor(ACCEPTOR);
        run initiator();
        run acceptor();
        run fate();
        run settled()
    }
}
