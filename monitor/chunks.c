#include "chunks.h"

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "cores.h"
#include "machine.h"
#include "ownership.h"
#include "peer_requests.h"

#define MIB_PER_CHUNK 2
#define RETRY_PAUSE   (10 * TIME_MILLISECOND)

static struct ownership table = { .boot = &machine_boot };

/* Cores of which this one has said that a chunk can move: one at a time for each. */
static core_set_t involved;

/* A client of this core waits for memory to be moved. */
static struct {
    endpoint_t client; /* ENDPOINT_NONE: nobody waits */
    uint32_t number, from, to;
    uint64_t chunks;
    bool owed; /* the core that is to give has not been told */
} request;

/* This core gives. */
enum stage {
    GIVE_NONE,
    GIVE_NEXT,  /* the next chunk */
    GIVE_ASK,   /* nobody has the chunk: the others are to be asked */
    GIVE_AGREE, /* they are asked */
    GIVE_BACK,  /* they have refused: it is to be taken back */
};

static struct {
    enum stage stage;
    uint32_t client, number; /* core that wants it, CORES_MAX if it has gone; its number of that */
    uint32_t to;
    uint16_t incarnation; /* of the core that is to have it */
    uint64_t left, moved, chunk;
    int error;
} giving;

/* Answers to CHUNKS_GIVE that could not be sent yet. */
static struct {
    uint32_t number;
    int error;
    uint64_t moved;
} answer[CORES_MAX];
static core_set_t owed_answer;

static uint64_t due; /* a chunk that is this core's and could not be taken yet; 0: none */
static struct event_alarm give_alarm, due_alarm;

/* New members that are told the table: the next entry; and that it is to be asked for. */
static unsigned told[CORES_MAX];
static core_set_t owed_table, owed_ask;

bool chunks_known(void) {
    table.whole |= machine_self() == 0; /* where it all began */
    return table.whole;
}

bool chunks_partition(uint32_t core, struct range_list *memory) {
    return ownership_partition(&table, core, memory);
}

/* ---- The client's side ---- */

static void finish_request(int error, uint64_t chunks) {
    struct message reply = { .source = request.client, .arg = { chunks * MIB_PER_CHUNK } };

    request.client = ENDPOINT_NONE;
    message_set_result(&reply, error);
    event_reply(reply.source, &reply);
}

static int give(uint32_t client, uint32_t number, uint64_t to, uint64_t chunks);

static void send_request(void) {
    struct message m = { .type = PEER_CHUNKS_GIVE,
                         .tag = request.number,
                         .arg = { request.to, request.chunks } };

    if (request.owed && peers_send(request.from, &m) == 0)
        request.owed = false;
}

int chunks_move(endpoint_t client, uint64_t mib, uint64_t from, uint64_t to) {
    if (mib == 0 || mib % MIB_PER_CHUNK || from == to)
        return -E_INVAL;
    if (from >= machine_cores() || to >= machine_cores() || !cores_is_member((uint32_t)from) ||
        !cores_is_member((uint32_t)to))
        return -E_NOENT;
    if (request.client != ENDPOINT_NONE)
        return -E_BUSY;
    uint32_t number = ++request.number;
    if (from == machine_self()) {
        int error = give(machine_self(), number, to, mib / MIB_PER_CHUNK);
        if (error)
            return error;
    }
    request.client = client;
    request.from = (uint32_t)from;
    request.to = (uint32_t)to;
    request.chunks = mib / MIB_PER_CHUNK;
    request.owed = from != machine_self();
    send_request();
    return 1;
}

static void on_given(uint32_t core, const struct message *m) {
    if (request.client != ENDPOINT_NONE && request.from == core && request.number == m->tag)
        finish_request(-(int)m->arg[1], m->arg[0]);
}

/* ---- The core that gives ---- */

static void send_answer(uint32_t core) {
    struct message m = { .type = PEER_CHUNKS_GIVEN,
                         .tag = answer[core].number,
                         .arg = { answer[core].moved, (uint64_t)-answer[core].error } };

    if (core_in(owed_answer, core) && peers_send(core, &m) == 0)
        owed_answer &= ~core_bit(core);
}

static void tell_client(uint32_t core, uint32_t number, int error, uint64_t moved) {
    if (core == machine_self()) {
        finish_request(error, moved);
        return;
    }
    answer[core].number = number;
    answer[core].error = error;
    answer[core].moved = moved;
    owed_answer |= core_bit(core);
    send_answer(core);
}

static void finish_giving(int error) {
    giving.stage = GIVE_NONE;
    if (giving.client != CORES_MAX)
        tell_client(giving.client, giving.number, error, giving.moved);
}

static void ask_all(void) {
    struct operation operation = { .kind = OPERATION_CHUNK,
                                   .key = giving.chunk,
                                   .argument = { (uint64_t)giving.incarnation << 32 | giving.to,
                                                 machine_self() } };

    giving.stage = GIVE_AGREE;
    if (cores_agree(&operation))
        giving.stage = GIVE_ASK;
}

static void take_back(void) {
    if (core_chunk_take(giving.chunk, CHUNK_TAKE) == 0)
        finish_giving(giving.error);
}

/* Goes as far as it can, a chunk at a time; tries again later what cannot be done now. */
static void go_on(struct event_alarm *alarm) {
    if (giving.stage == GIVE_NEXT && giving.left == 0)
        finish_giving(0);
    if (giving.stage == GIVE_NEXT) {
        int error = core_chunk_give(&giving.chunk);
        if (error)
            finish_giving(error);
        else
            giving.stage = GIVE_ASK;
    }
    if (giving.stage == GIVE_ASK)
        ask_all();
    if (giving.stage == GIVE_BACK)
        take_back();
    if (giving.stage == GIVE_ASK || giving.stage == GIVE_BACK)
        event_alarm_set(alarm, RETRY_PAUSE, go_on);
}

static int give(uint32_t client, uint32_t number, uint64_t to, uint64_t chunks) {
    if (to >= machine_cores() || to == machine_self() || !cores_is_member((uint32_t)to))
        return -E_NOENT;
    if (giving.stage != GIVE_NONE)
        return -E_BUSY;
    giving.stage = GIVE_NEXT;
    giving.client = client;
    giving.number = number;
    giving.to = (uint32_t)to;
    giving.incarnation = cores_view()->incarnation[to];
    giving.left = chunks;
    giving.moved = 0;
    event_alarm_set(&give_alarm, 0, go_on);
    return 0;
}

static void on_give(uint32_t core, const struct message *m) {
    int error = give(core, m->tag, m->arg[0], m->arg[1]);

    if (error)
        tell_client(core, m->tag, error, 0);
}

/* Busy is whoever is agreeing on something else, which ends. What is next must not be begun from
 * here: so later. */
void chunks_agreed(int result) {
    if (result == 0) {
        giving.moved++;
        giving.left--;
        giving.stage = GIVE_NEXT;
    } else {
        giving.stage = result == -E_BUSY ? GIVE_ASK : GIVE_BACK;
        giving.error = result;
    }
    event_alarm_set(&give_alarm, result == -E_BUSY ? RETRY_PAUSE : 0, go_on);
}

/* ---- Operations, at all members ---- */

static uint32_t receiver(const struct operation *operation) {
    return (uint32_t)operation->argument[0];
}

static core_set_t cores_of(const struct operation *operation) {
    return core_bit(receiver(operation)) | core_bit((unsigned)operation->argument[1]);
}

int chunks_vote(const struct operation *operation) {
    uint32_t to = receiver(operation);
    uint64_t from = operation->argument[1];
    uint16_t incarnation = (uint16_t)(operation->argument[0] >> 32);

    if (to >= machine_cores() || from >= machine_cores())
        return -E_INVAL;
    if (!view_has(cores_view(), to, incarnation))
        return -E_PEERDEAD;
    if (!chunks_known() || involved & cores_of(operation) || (to == machine_self() && due))
        return -E_BUSY;
    int error = ownership_allows(&table, operation->key, (uint32_t)from, to);
    if (!error && to == machine_self())
        error = core_chunk_take(operation->key, CHUNK_ASK);
    if (!error)
        involved |= cores_of(operation);
    return error;
}

/* It was possible when this core has voted; what has been used up since comes back. */
static void take_due(struct event_alarm *alarm) {
    if (core_chunk_take(due, CHUNK_TAKE) == 0)
        due = 0;
    else
        event_alarm_set(alarm, RETRY_PAUSE, take_due);
}

void chunks_moved(const struct operation *operation) {
    involved &= ~cores_of(operation);
    ownership_move(&table, operation->key, receiver(operation));
    if (receiver(operation) == machine_self()) {
        due = operation->key;
        take_due(&due_alarm);
    }
}

void chunks_cancel(const struct operation *operation) { involved &= ~cores_of(operation); }

/* ---- New members ---- */

static void send_ask(uint32_t core) {
    struct message m = { .type = PEER_CHUNKS_ASK };

    if (core_in(owed_ask, core) && peers_send(core, &m) == 0)
        owed_ask &= ~core_bit(core);
}

static void send_table(uint32_t core) {
    while (core_in(owed_table, core) && chunks_known()) {
        struct message m = { .type = PEER_CHUNKS_ARE };
        unsigned next = told[core];
        for (unsigned i = 0; next < MOVED_MAX && i < MESSAGE_ARGS; next++)
            if (table.entry[next])
                m.arg[i++] = table.entry[next];
        m.tag = next == MOVED_MAX;
        if (peers_send(core, &m))
            return;
        told[core] = next;
        if (next == MOVED_MAX)
            owed_table &= ~core_bit(core);
    }
}

static void on_ask(uint32_t core) {
    told[core] = 0;
    owed_table |= core_bit(core);
    send_table(core);
}

static void on_table(const struct message *m) {
    if (chunks_known())
        return;
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        ownership_told(&table, m->arg[i]);
    table.whole = m->tag;
    for_each_core(core, owed_table)
        send_table(core);
}

/* Whoever is asked answers when it knows. The starter does, as it could not have started us. */
static void ask_for_table(void) {
    core_set_t others = cores_view()->members & ~core_bit(machine_self());

    owed_ask = core_in(others, machine_own.starter) ? core_bit(machine_own.starter) : others;
    for_each_core(core, owed_ask)
        send_ask(core);
}

/* Whose answer will not come is not waited for. What this core is agreeing on begins again. */
void chunks_view_changed(core_set_t gone) {
    core_set_t members = cores_view()->members;

    owed_answer &= members & ~gone;
    owed_table &= members & ~gone;
    owed_ask &= members & ~gone;
    if (giving.stage != GIVE_NONE && giving.client < CORES_MAX && core_in(gone, giving.client))
        giving.client = CORES_MAX;
    if (request.client != ENDPOINT_NONE && core_in(gone, request.from))
        finish_request(-E_PEERDEAD, 0);
    if (!chunks_known())
        ask_for_table();
}

/* ---- */

static void receive(uint32_t core, const struct message *m) {
    switch (m->type) {
    case PEER_CHUNKS_GIVE:
        on_give(core, m);
        break;
    case PEER_CHUNKS_GIVEN:
        on_given(core, m);
        break;
    case PEER_CHUNKS_ASK:
        on_ask(core);
        break;
    case PEER_CHUNKS_ARE:
        on_table(m);
        break;
    default:
        break;
    }
}

static void credit(uint32_t core) {
    if (core == request.from)
        send_request();
    send_answer(core);
    send_ask(core);
    send_table(core);
}

const struct peer_service chunks_service = {
    .first_type = PEER_CHUNKS_GIVE,
    .last_type = PEER_CHUNKS_ARE,
    .receive = receive,
    .credit = credit,
};
