#include "simulate.h"

#include <assert.h>
#include <stdlib.h>

#include "events.h"

enum {
    RESTS, /* has nothing to do with a message */
    SENDS,
    WORKS,
    TAKES, /* a line that has come */
    WAITS, /* for lines */
};

struct core {
    uint32_t state;
    uint32_t round;       /* in which it got the message */
    uint32_t sent;        /* to how many of its children */
    uint32_t awaited;     /* children whose acknowledgements it has not taken */
    uint16_t next;        /* the child to send to next */
    uint16_t first, last; /* lines that have come, by who sent them; TREE_NONE: none */
    uint16_t behind;      /* of its own line, the next that has come to its parent */
    bool has_work;
};

struct simulation {
    const struct topology *t;
    const struct tree *tree;
    const struct tree_costs *costs;
    const struct sim_phases *phases;
    struct core *core;
    struct events events;
    uint64_t now;
    uint32_t phase;
    struct sim_result result;
};

static void begin(struct simulation *s, uint32_t id, uint32_t what, uint32_t peer, uint64_t cost) {
    s->core[id].state = what;
    events_put(&s->events, (struct event){ .time = s->now + cost,
                                           .core = (uint16_t)id,
                                           .peer = (uint16_t)peer,
                                           .what = what });
}

/* The line of core `from` begins to move to `to`; `id` is the one who is busy with it. */
static void move(struct simulation *s, uint32_t id, uint32_t what, uint32_t from, uint32_t to) {
    s->result.messages++;
    begin(s, id, what, id == from ? to : from, s->costs->transfer[topology_reach(s->t, from, to)]);
}

static void send_next(struct simulation *s, uint32_t id) {
    struct core *core = &s->core[id];
    uint32_t to = core->next;

    core->next = s->tree->node[to].sibling;
    core->sent++;
    move(s, id, SENDS, id, to);
}

static void take_next(struct simulation *s, uint32_t id) {
    struct core *core = &s->core[id];
    uint32_t from = core->first;

    core->first = s->core[from].behind;
    core->awaited--;
    move(s, id, TAKES, from, id);
}

static void receive(struct simulation *s, uint32_t id, uint32_t round) {
    struct core *core = &s->core[id];

    assert(core->state == RESTS && core->first == TREE_NONE);
    core->round = round;
    core->sent = 0;
    core->awaited = s->tree->node[id].children;
    core->next = s->tree->node[id].child;
    core->has_work = s->phases->work != 0;
    s->result.down = s->now;
    if (round > s->result.rounds)
        s->result.rounds = round;
}

static void go_on(struct simulation *s, uint32_t id);

static void acknowledge(struct simulation *s, uint32_t id) {
    uint32_t parent = s->tree->node[id].parent;
    struct core *to = &s->core[parent];

    s->core[id].behind = TREE_NONE;
    if (to->first == TREE_NONE)
        to->first = (uint16_t)id;
    else
        s->core[to->last].behind = (uint16_t)id;
    to->last = (uint16_t)id;
    if (to->state == WAITS)
        go_on(s, parent);
}

static void end(struct simulation *s, uint32_t id) {
    s->core[id].state = RESTS;
    if (id != s->tree->root) {
        acknowledge(s, id);
        return;
    }
    s->result.both = s->now;
    if (++s->phase < s->phases->count) {
        receive(s, id, 0);
        go_on(s, id);
    }
}

/* A core that is not busy takes up the next thing that there is. */
static void go_on(struct simulation *s, uint32_t id) {
    struct core *core = &s->core[id];

    if (core->next != TREE_NONE) {
        send_next(s, id);
    } else if (core->has_work) {
        core->has_work = false;
        begin(s, id, WORKS, id, s->phases->work);
    } else if (core->first != TREE_NONE) {
        take_next(s, id);
    } else if (core->awaited) {
        core->state = WAITS;
    } else {
        end(s, id);
    }
}

struct sim_result simulate(const struct topology *t, const struct tree *tree,
                           const struct tree_costs *costs, const struct sim_phases *phases) {
    struct simulation s = { .t = t, .tree = tree, .costs = costs, .phases = phases };
    struct event event;

    s.core = calloc(t->cores, sizeof *s.core);
    s.events.heap = calloc(t->cores, sizeof *s.events.heap); /* one core does one thing */
    if (!s.core || !s.events.heap)
        abort();
    for (uint32_t id = 0; id < t->cores; id++)
        s.core[id] = (struct core){ .next = TREE_NONE, .first = TREE_NONE };

    receive(&s, tree->root, 0);
    go_on(&s, tree->root);
    while (events_take(&s.events, &event)) {
        s.now = event.time;
        if (event.what == SENDS) {
            receive(&s, event.peer, s.core[event.core].round + s.core[event.core].sent);
            go_on(&s, event.peer);
        }
        go_on(&s, event.core);
    }
    assert(s.phase == phases->count);
    free(s.core);
    free(s.events.heap);
    return s.result;
}
