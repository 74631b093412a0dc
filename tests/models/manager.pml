/*
 * The agents of the driver manager (servers/driver-manager/group.h): one service, whose process is
 * the last agent's; a client that repeats each request until it has its result; agents that die at
 * every step, the leader too, and come back with what the monitor has kept for them. Who leads is
 * agreed on by the monitors, as agreement.pml shows: here it is a variable.
 *
 * The table is one record: its version, the request that it is of, whether that is done, and the
 * version at which its operation began.
 */

#include "common.pml"

#define AGENTS 3
#ifndef REQUESTS
#define REQUESTS 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef CRASHES
#define CRASHES 1 /* of cores */
#endif

#define OWNER  (AGENTS - 1)
#define NOBODY AGENTS
#define BIT(i) (1 << (i))
#define ALL    ((1 << AGENTS) - 1)

CLAIM(done_once)    /* no request is begun twice */
CLAIM(answer_true)  /* what is answered is done */
CLAIM(all_answered) /* when all is quiet, every request has its answer */
CLAIM(all_alike)    /* and all replicas are the same, */
CLAIM(remembered)   /* and know of every request that was answered */

mtype = { HELLO, WANT, MINE, LOG, ACK, ACT, ACTED };

typedef record {
    byte version;
    byte request;
    bool done;
    byte act;
};

record kept[AGENTS]; /* by each agent's monitor: it survives the agent */
byte acted;          /* likewise: the operation that the owner has begun last */
byte leader = NOBODY;

bool connected[AGENTS];  /* it has said HELLO to who leads */
bool alike[AGENTS];      /* and has been sent the record by it */
bool leading;            /* else who leads asks the others for theirs */
byte awaited;            /* set of agents: whose records, or whose ACK */
bool logging, acting;

byte wanted = 1; /* the client's request */
byte begun[REQUESTS + 2];
bool answered[REQUESTS + 2];
byte deaths, crashes;

/* type, version, request, done, act */
chan queue[AGENTS * AGENTS] = [5] of { mtype, byte, byte, bool, byte };
#define TO(from, to) queue[(from) * AGENTS + (to)]

#define SEND(from, to, type)                                                             \
    TO(from, to) ! type, kept[from].version, kept[from].request, kept[from].done, kept[from].act

inline begin_operation() {
    if
#ifndef ACT_NOT_REMEMBERED
    :: acted == kept[OWNER].act -> skip
#endif
    :: else ->
        acted = kept[OWNER].act;
        begun[kept[OWNER].request]++;
        claim(done_once, begun[kept[OWNER].request] <= 1)
    fi
}

/* All have logged it: the owner acts. */
inline let_act(i) {
    logging = false;
    if
    :: kept[i].done -> skip
    :: else ->
        acting = true;
        if
        :: i == OWNER -> begin_operation(); finish(i)
        :: i != OWNER && connected[OWNER] -> SEND(i, OWNER, ACT)
        :: else -> skip
        fi
    fi
}

inline log_record(i) {
    kept[i].version++;
    awaited = 0;
    logging = true;
    k = 0;
    do
    :: k < AGENTS ->
        if
        :: k != i && connected[k] -> SEND(i, k, LOG); awaited = awaited | BIT(k)
        :: else -> skip
        fi;
        k++
    :: else -> break
    od;
#ifdef LOG_NOT_AWAITED
    awaited = 0
#endif
}

/* The result is known: the client is told at once. */
inline finish(i) {
    acting = false;
    kept[i].done = true;
    claim(answer_true, begun[kept[i].request] == 1);
    answered[kept[i].request] = true;
    log_record(i)
}

inline lead(i) {
    leading = true;
    logging = false;
    acting = false;
    kept[i].version = kept[i].version + 8; /* a new term */
    if
#ifndef REQUEST_NOT_KNOWN
    :: kept[i].request != 0 -> log_record(i)
#endif
    :: else -> skip
    fi
}

inline receive(i, from) {
    if
    :: type == HELLO ->
        connected[from] = true;
        if
        :: leading -> SEND(i, from, LOG);
            if
            :: acting && from == OWNER -> SEND(i, OWNER, ACT)
            :: else -> skip
            fi
        :: else -> SEND(i, from, WANT)
        fi
    :: type == WANT -> SEND(i, from, MINE)
    :: type == MINE ->
#ifndef NEWEST_NOT_TAKEN
        if
        :: !leading && r.version > kept[i].version ->
            kept[i].version = r.version; kept[i].request = r.request;
            kept[i].done = r.done; kept[i].act = r.act
        :: else -> skip
        fi;
#endif
        if
        :: !leading ->
            awaited = awaited & ~BIT(from);
            if
            :: awaited == 0 -> lead(i)
            :: else -> skip
            fi
        :: else -> skip
        fi
    :: type == LOG ->
        kept[i].version = r.version; kept[i].request = r.request;
        kept[i].done = r.done; kept[i].act = r.act;
        SEND(i, from, ACK)
    :: type == ACK ->
        if
        :: leading && logging && r.version == kept[i].version -> awaited = awaited & ~BIT(from)
        :: else -> skip
        fi
    :: type == ACT -> begin_operation(); SEND(i, from, ACTED)
    :: type == ACTED -> finish(i)
    fi
}

/* A new request of the client, or one that is known. */
#ifdef REQUEST_NOT_KNOWN
#define IS_NEW(i) (!answered[wanted] && !(kept[i].request == wanted && kept[i].done))
#else
#define IS_NEW(i) (kept[i].request < wanted)
#endif

proctype agent(byte i) {
    byte k, from;
    bool crash;
    mtype type;
    record r;

end:
    do
    :: atomic {
        leader == NOBODY ->
        leader = i;
        leading = false;
        logging = false;
        acting = false;
        awaited = ALL & ~BIT(i)
    }
    :: atomic { /* its connection is new: what it may have missed comes with it */
        leader != NOBODY && leader != i && !connected[i] && nfull(TO(i, leader)) && !alike[i] ->
        alike[i] = true;
        SEND(i, leader, HELLO)
    }
    :: atomic {
        leader == i && leading && !logging && !acting && wanted <= REQUESTS && IS_NEW(i) ->
        kept[i].request = wanted;
        kept[i].done = false;
        kept[i].act = kept[i].version + 1;
        log_record(i)
    }
    :: atomic { leader == i && leading && logging && awaited == 0 -> let_act(i) }
    :: atomic {
        leader == i && leading && kept[i].request == wanted && kept[i].done && !answered[wanted] ->
        answered[wanted] = true
    }
    :: atomic {
        nempty(TO(0, i)) || nempty(TO(1, i)) || nempty(TO(2, i)) ->
        if
        :: nempty(TO(0, i)) -> from = 0
        :: nempty(TO(1, i)) -> from = 1
        :: nempty(TO(2, i)) -> from = 2
        fi;
        TO(from, i) ? type, r.version, r.request, r.done, r.act;
        receive(i, from);
        from = 0
    }
    :: atomic { /* it dies, and its monitor starts it again; or its core fails, and comes back */
        deaths < DEATHS ->
        deaths++;
        crash = false;
        if
        :: true -> skip
        :: crashes < CRASHES -> crashes++; crash = true
        fi;
        k = 0;
        do
        :: k < AGENTS ->
            do
            :: nempty(TO(i, k)) -> TO(i, k) ? type, r.version, r.request, r.done, r.act
            :: empty(TO(i, k)) -> break
            od;
            do
            :: nempty(TO(k, i)) -> TO(k, i) ? type, r.version, r.request, r.done, r.act
            :: empty(TO(k, i)) -> break
            od;
            if
            :: leader == i -> connected[k] = false; alike[k] = false
            :: else -> skip
            fi;
            k++
        :: else -> break
        od;
        connected[i] = false;
        alike[i] = false;
        if
        :: leader == i -> leader = NOBODY
        :: leader != i && leading -> awaited = awaited & ~BIT(i)
        :: else -> skip /* what it has kept may be the newest: it comes back */
        fi;
        if
#ifdef KEPT_LOST
        :: true ->
#else
        :: crash ->
#endif
            kept[i].version = 0; kept[i].request = 0; kept[i].done = false; kept[i].act = 0
#ifndef KEPT_LOST
        :: else -> skip
#endif
        fi;
        if
        :: crash && i == OWNER -> /* what was done there is gone, and will be done anew */
            acted = 0;
            k = 0;
            do
            :: k < REQUESTS + 2 -> begun[k] = 0; k++
            :: else -> break
            od
        :: else -> skip
        fi;
        crash = false;
        k = 0;
        type = HELLO; forget(r.version, r.request, r.act); r.done = false
    }
    od
}

proctype client() {
end:
    do
    :: atomic { wanted <= REQUESTS && answered[wanted] -> wanted++ }
    od
}

#define SAME(i) (kept[i].request == kept[0].request && kept[i].done == kept[0].done)

init {
    byte i;

    atomic {
        i = 0;
        do
        :: i < AGENTS -> run agent(i); i++
        :: else -> break
        od;
        run client()
    }
    /* All is quiet. */
    timeout ->
        claim(all_answered, wanted > REQUESTS);
        claim(all_alike, SAME(1) && SAME(OWNER));
        claim(remembered, kept[0].request == REQUESTS)
}
