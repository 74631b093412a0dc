/*
 * A machine of three cores with processes of the store that end at any moment, messages that take
 * their time or are lost with who sent them, and monitors that are late. What was answered is never
 * lost while somebody has it, there is one primary at a time, and when nothing more happens there
 * are two stores again.
 */
#include "fixture.h"

#include "pair.h"

#define CORES     3
#define PROCESSES 12
#define QUEUE     256
#define KEYS      4
#define EVENTS    20000
#define CALM      60000
#define ROUNDS    60

struct process {
    bool alive;
    endpoint_t endpoint;
    uint32_t core;
    uint64_t due;
    struct pair pair;
    struct store store;
    struct batch batch;
    struct message queue[QUEUE]; /* to it, of all senders */
    unsigned queued;
    bool led;
};

static struct process *processes[PROCESSES];
static uint64_t now;
static uint32_t generation;
static bool calm; /* nothing ends any more, and all that is asked is done */

/* What all cores agree on; a dead process' name is taken away later. */
static endpoint_t name;

/* Memory that two share: who has it mapped keeps it. */
static struct {
    endpoint_t owner, borrower;
    char bytes[PAIR_PART];
} shares[PROCESSES];

/* Ends of channels that are still to be told: of whom, to whom. */
static struct { endpoint_t dead, to; } ends[PROCESSES * PROCESSES];
static unsigned end_count;

/* What clients have been told, and what may or may not have happened. */
static uint64_t told[KEYS], asked_value;
static unsigned asked_key;
static bool asked, unknown;
static unsigned answers, takeovers;

static bool chance(unsigned of) { return !calm && random_below(of) == 0; }

static struct process *process_of(endpoint_t endpoint) {
    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i] != NULL && processes[i]->alive && processes[i]->endpoint == endpoint)
            return processes[i];
    return NULL;
}

static struct process *self_of(struct pair *pair) { return process_of(pair->self); }

/* Is there anybody who has all that was told? */
static bool somebody_knows(void) {
    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i] != NULL && processes[i]->alive &&
            (processes[i]->pair.role == PAIR_PRIMARY || processes[i]->pair.role == PAIR_FULL))
            return true;
    return false;
}

/* ---- Births and deaths ---- */

static const struct pair_world sim;

static void start(uint32_t core) {
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (processes[i] != NULL && processes[i]->alive)
            continue;
        if (processes[i] == NULL)
            processes[i] = calloc(1, sizeof *processes[i]);
        struct process *p = processes[i];
        p->alive = true;
        p->core = core;
        p->endpoint = endpoint_make(1, ++generation, (uint16_t)core, (uint16_t)i);
        p->queued = 0;
        p->led = false;
        p->batch.count = 0;
        memset(&p->store, 0, sizeof p->store);
        pair_start(&p->pair, &sim, &p->store, p->endpoint);
        return;
    }
}

/* What is on its way to it is lost; what it had sent may be. */
static void end(struct process *p) {
    p->alive = false;
    batch_drop(&p->batch);
    batch_drop(&p->pair.incoming);
    receiver_reset(&p->pair.receiver);
    store_clear(&p->store);
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct process *other = processes[i];
        if (other == NULL || !other->alive)
            continue;
        unsigned kept = 0;
        for (unsigned k = 0; k < other->queued; k++)
            if (other->queue[k].source != p->endpoint || chance(2))
                other->queue[kept++] = other->queue[k];
        other->queued = kept;
        if (other->core != p->core) {
            ends[end_count].dead = p->endpoint;
            ends[end_count++].to = other->endpoint;
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        if (shares[i].owner == p->endpoint && chance(2))
            memset(shares[i].bytes, 0, sizeof shares[i].bytes); /* the scratch frame */
    if (!somebody_knows())
        unknown = true;
}

/* ---- The world ---- */

static endpoint_t sim_primary(struct pair *pair) {
    (void)pair;
    return name;
}

static int sim_claim(struct pair *pair) {
    if (chance(8))
        return -E_BUSY;
    if (name != ENDPOINT_NONE && name != pair->self)
        return -E_EXIST;
    name = pair->self;
    return 0;
}

static bool sim_kill(struct pair *pair, endpoint_t victim) {
    struct process *p = process_of(victim);

    (void)pair;
    if (chance(4))
        return false;
    if (p != NULL)
        end(p);
    return true;
}

static bool sim_others(struct pair *pair, endpoint_t *list, unsigned *count) {
    *count = 0;
    for (unsigned i = 0; i < PROCESSES && *count < PAIR_OTHERS; i++)
        if (processes[i] != NULL && processes[i]->alive && processes[i]->endpoint != pair->self)
            list[(*count)++] = processes[i]->endpoint;
    return !chance(4);
}

static void sim_spawn(struct pair *pair) {
    uint32_t core = self_of(pair)->core;
    unsigned others = 0;

    for (unsigned i = 0; i < PROCESSES; i++)
        others += processes[i] != NULL && processes[i]->alive && processes[i]->core != core;
    if (others < 3 && !chance(4))
        start((core + 1 + (uint32_t)random_below(CORES - 1)) % CORES);
}

static uint32_t sim_cores(void) { return CORES; }

static bool sim_send(struct pair *pair, endpoint_t to, struct message *m) {
    struct process *p = process_of(to);

    if (p == NULL)
        return chance(2);
    if (p->queued == QUEUE || chance(200))
        return false;
    m->source = pair->self;
    p->queue[p->queued++] = *m;
    return true;
}

static void *sim_share(struct pair *pair, endpoint_t backup) {
    struct process *p = process_of(backup);

    if (p == NULL || p->core == self_of(pair)->core || chance(10))
        return NULL;
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (process_of(shares[i].owner) != NULL && process_of(shares[i].borrower) != NULL &&
            shares[i].owner != pair->self)
            continue;
        shares[i].owner = pair->self;
        shares[i].borrower = backup;
        return shares[i].bytes;
    }
    return NULL;
}

static void *sim_borrow(struct pair *pair, endpoint_t primary) {
    for (unsigned i = 0; i < PROCESSES; i++)
        if (shares[i].owner == primary && shares[i].borrower == pair->self)
            return shares[i].bytes;
    return NULL;
}

static void sim_unshare(struct pair *pair) { (void)pair; }

static uint64_t sim_now(void) { return now; }

static void sim_wake(struct pair *pair, uint64_t nanoseconds) {
    struct process *p = self_of(pair);

    if (p != NULL)
        p->due = now + nanoseconds;
}

static void sim_done(struct pair *pair) {
    (void)pair;
    random_check(asked);
    told[asked_key] = asked_value;
    answers++;
    asked = false;
}

static struct key key_number(unsigned number) {
    char text[4];

    (void)snprintf(text, sizeof text, "k%u", number);
    return key_of(OWN, text, true);
}

static uint64_t value_at(const struct process *p, unsigned number) {
    struct key key = key_number(number);
    const struct record *record = record_find(&p->store, &key);

    return record != NULL ? record->content.value : 0;
}

/* A new primary has what was told; what was only asked for it has or not. */
static void sim_lead(struct pair *pair) {
    struct process *p = self_of(pair);

    for (unsigned i = 0; i < PROCESSES; i++)
        random_check(processes[i] == p || processes[i] == NULL || !processes[i]->alive ||
                     processes[i]->pair.role != PAIR_PRIMARY);
    for (unsigned k = 0; k < KEYS; k++) {
        uint64_t value = value_at(p, k);
        bool may_be = asked && asked_key == k && value == asked_value;
        random_check(unknown || value == told[k] || may_be);
        told[k] = value;
    }
    takeovers += !unknown;
    asked = unknown = false;
    p->led = true;
}

/* Nothing that happens here is a reason to give up. */
static void sim_fail(struct pair *pair, int error) {
    (void)pair;
    random_check(error == 0);
}

static const struct pair_world sim = {
    .primary = sim_primary,
    .claim = sim_claim,
    .kill = sim_kill,
    .others = sim_others,
    .spawn = sim_spawn,
    .cores = sim_cores,
    .send = sim_send,
    .share = sim_share,
    .borrow = sim_borrow,
    .unshare = sim_unshare,
    .now = sim_now,
    .wake = sim_wake,
    .done = sim_done,
    .lead = sim_lead,
    .fail = sim_fail,
};

/* ---- What happens ---- */

static struct process *random_process(void) {
    struct process *found = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i] != NULL && processes[i]->alive && random_below(++count) == 0)
            found = processes[i];
    return found;
}

/* The first that one sender has sent: between two there is order. */
static void deliver(struct process *p) {
    if (p->queued == 0)
        return;
    endpoint_t source = p->queue[random_below(p->queued)].source;
    for (unsigned i = 0; i < p->queued; i++) {
        if (p->queue[i].source != source)
            continue;
        struct message m = p->queue[i];
        memmove(&p->queue[i], &p->queue[i + 1], (--p->queued - i) * sizeof p->queue[0]);
        pair_message(&p->pair, &m);
        return;
    }
}

/* The end of a channel is told when all that came by it has been received. */
static void tell_end(void) {
    if (end_count == 0)
        return;
    unsigned i = (unsigned)random_below(end_count);
    struct process *p = process_of(ends[i].to);

    for (unsigned k = 0; p != NULL && k < p->queued; k++)
        if (p->queue[k].source == ends[i].dead)
            return;
    endpoint_t dead = ends[i].dead;
    ends[i] = ends[--end_count];
    if (p != NULL)
        pair_gone(&p->pair, dead);
}

static void tick(void) {
    struct process *first = NULL;

    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i] != NULL && processes[i]->alive &&
            (first == NULL || processes[i]->due < first->due))
            first = processes[i];
    if (first == NULL)
        return;
    if (first->due > now)
        now = first->due;
    first->due = UINT64_MAX;
    pair_tick(&first->pair);
    if (first->alive)
        random_check(first->due != UINT64_MAX);
}

/* The service of core 0 is started again by its monitor. */
static void look_after_service(void) {
    for (unsigned i = 0; i < PROCESSES; i++)
        if (processes[i] != NULL && processes[i]->alive && processes[i]->core == 0)
            return;
    start(0);
}

static void ask(void) {
    struct process *p = process_of(name);

    if (p == NULL || p->pair.role != PAIR_PRIMARY || !p->led || asked || !pair_is_free(&p->pair))
        return;
    asked = true;
    asked_key = (unsigned)random_below(KEYS);
    asked_value = random_next();
    struct key key = key_number(asked_key);
    add_put(&p->batch, &key, asked_value, 0, true);
    random_check(batch_judge(&p->store, &p->batch, &plenty) == 0);
    pair_submit(&p->pair, &p->batch);
}

static void bury_name(void) {
    if (name != ENDPOINT_NONE && process_of(name) == NULL)
        name = ENDPOINT_NONE;
}

static void happen(void) {
    struct process *p = random_process();

    switch (random_below(8)) {
    case 0:
    case 1:
    case 2:
        if (p != NULL)
            deliver(p);
        break;
    case 3:
        tell_end();
        break;
    case 4:
        bury_name();
        break;
    case 5:
        ask();
        break;
    case 6:
        if (!chance(2))
            look_after_service();
        break;
    default:
        tick();
        break;
    }
    now += random_below(1000000);
    p = random_process();
    if (p != NULL && chance(400))
        end(p);
}

static void forget(void) {
    for (unsigned i = 0; i < PROCESSES; i++) {
        if (processes[i] != NULL && processes[i]->alive)
            end(processes[i]);
        free(processes[i]);
        processes[i] = NULL;
    }
    name = ENDPOINT_NONE;
    end_count = 0;
    asked = unknown = calm = false;
    memset(told, 0, sizeof told);
}

static bool is_whole(void) {
    struct process *p = process_of(name);

    return p != NULL && pair_backup(&p->pair) != ENDPOINT_NONE;
}

Test(pair, what_was_answered_is_kept_while_somebody_lives, .timeout = 300) {
    random_start();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < EVENTS; i++)
            happen();
        calm = true;
        for (int i = 0; i < CALM && !is_whole(); i++)
            happen();
        random_check(is_whole());
        struct process *p = process_of(name);
        for (unsigned k = 0; k < KEYS; k++)
            random_check(value_at(p, k) == told[k] || (asked && asked_key == k));
        forget();
    }
    random_check(takeovers > 2 * ROUNDS && answers > 10 * ROUNDS);
}
