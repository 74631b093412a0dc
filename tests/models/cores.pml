/*
 * What binding.pml happens on: two cores, what each has of every record and of its process, the
 * rings, the channels on which the monitors exchange messages, and what the kernels do, each in one
 * step.
 */

#define INITIATOR 0
#define ACCEPTOR  1
#define OTHER     (1 - me)
#define NOBODY    0 /* no identity */

/* Records, and how often what may happen in one run: each adds a dimension to the search. */
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef BINDS
#define BINDS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

/*
 * Messages in flight. From the initiator, three per record: the CLOSE that ended it, when the
 * acceptor's own CLOSE has crossed that, and OFFER and CLOSE of the record's next use. From the
 * acceptor, two: ACCEPT and CLOSE.
 */
#define CREDIT (3 * RECORDS)
#ifdef CREDIT_SHORT
#define credit_of(me) (2 * RECORDS)
#else
#define credit_of(me) (me == INITIATOR -> CREDIT : 2 * RECORDS)
#endif
#define NO_RECORD RECORDS

mtype = { OFFER, ACCEPT, CLOSE };          /* messages between the monitors */
mtype = { FREE, OFFERED, BOUND, CLOSING }; /* states of a record */
mtype = { BIND, UNBIND };                  /* requests of a process to its monitor */

typedef core_t {
    mtype state[RECORDS] = FREE; /* the monitor's */
    byte peer[RECORDS];   /* also: identity of the process at the other end */
    bool mapped[RECORDS]; /* the kernel's: the ring is in the process' address space */
    bool ended[RECORDS];  /* the process has been told that its binding has ended */
    byte process;         /* identity of the process that runs here, or NOBODY */
    bool died;            /* it has died and the monitor has not dealt with that */
    bool crashed;         /* monitor and kernel have stopped; the process may not have */
    bool parked = true;   /* the core has acknowledged that it runs nothing, or is yet to start */
};
core_t core[2];

/* A ring, in the memory of the initiator's core. Of its message: who wrote to whom. */
typedef ring_t {
    bool allocated;
    byte from, to; /* NOBODY: empty */
    bool answered;
};
ring_t ring[RECORDS];
byte charged; /* to the quota of the initiator: rings */

chan inbox[2] = [CREDIT] of { mtype, byte /* record */, byte /* initiator */, byte /* acceptor */ };
chan request[2] = [1] of { mtype, byte /* BIND: identity, UNBIND: record */ };
chan reply[2] = [1] of { byte /* record */ };

byte binds = BINDS, deaths = DEATHS, crashes = CRASHES;
byte identities = NOBODY;
bool waiting; /* the initiator, for its monitor or for its peer */

inline start_process(me) {
    d_step {
        identities++;
        core[me].process = identities
    }
}

/* The process is gone, with its address space and with the calls it had made. */
inline end_process(me) {
    core[me].process = NOBODY;
    for (i : 0 .. RECORDS - 1) {
        core[me].mapped[i] = false;
        core[me].ended[i] = false
    }
    do
    :: request[me]?_, _
    :: reply[me]?_
    :: empty(request[me]) && empty(reply[me]) -> break
    od;
    if
    :: me == INITIATOR -> waiting = false
    :: else
    fi;
    i = 0
}

inline map_ring(r) {
    d_step {
        if
        :: core[me].process != NOBODY ->
            core[me].mapped[r] = true;
            core[me].ended[r] = false
        :: else
        fi
    }
}

/* Puts a scratch frame in place of the ring and ends all waits for the peer. */
inline unmap_ring(r) {
    d_step {
        if
        :: core[me].mapped[r] ->
            core[me].mapped[r] = false;
#ifndef WAITER_FORGOTTEN
            core[me].ended[r] = true
#endif
        :: else
        fi
    }
}

/* A nonblocking send: it reaches a process that waits for it, or nobody. */
inline answer(r) {
    atomic {
        if
        :: core[me].process != NOBODY -> reply[me]!r
        :: else
        fi
    }
}
