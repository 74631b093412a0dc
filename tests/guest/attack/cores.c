/*
 * Attackers on another core, and servers there that a program of this one uses. Each side is a
 * program of its own, started by its core's monitor: test-attack serve, test-attack remote NUMBER
 * VICTIM.
 */
#include "cores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/binding.h>
#include <runtime/asend.h>
#include <runtime/defence.h>
#include <runtime/event.h>
#include <runtime/grant.h>
#include <urpc/channel.h>

#include "../support/cores.h"
#include "attack.h"

#define THERE         1U /* the attackers' core */
#define CLIENTS_CALLS 40U
#define FLOOD         1000U /* messages: as many, at least */

struct remote_attack {
    const char *name;
    void (*attempt)(void); /* on the other core */
    enum refusal counted;  /* at the attacker */
    enum defence defence;  /* of this core, without which it succeeds */
    bool floods;           /* the victim must have received a lot */
    bool ends_channel;     /* the channel with the attacker must end, while that one lives */
    bool asked;            /* the victim asks the attacker something */
};

/* ---- The victim: a server with the library's event loop, that serves others too ---- */

enum victim_request {
    VICTIM_NUMBERS = MESSAGE_TYPE_SERVICE, /* reply arg[0]: channels that have ended, arg[1]: what
                                              was told, arg[2]: what was received */
    VICTIM_LEND, /* reply arg[0]: grant for the client, arg[1]: one for another */
    VICTIM_TOLD, /* by the attacker; arg[0]: enum verdict. No reply */
    VICTIM_ASK,  /* arg[0]: whom it is to ask. No reply */
};

enum verdict { VERDICT_NONE, VERDICT_LOST, VERDICT_WON };

static uint64_t ended, told, taken;

/* A client has the first part of it, another one has all. */
#define PART 32U
static uint64_t lent[PAGE_SIZE / sizeof(uint64_t)] __attribute__((aligned(PAGE_SIZE)));

static int lend(struct message *m) {
    struct grant_name name;
    const unsigned both = GRANT_READ | GRANT_WRITE;
    int error = grant_make(m->source, lent, PART, both, &name);
    m->arg[0] = name.id;
    if (!error)
        error = grant_make(runtime_self(), lent, sizeof lent, both, &name);
    m->arg[1] = name.id;
    return error;
}

/* It is not trusted, so a trusted server does not wait for it. */
static void ask(endpoint_t untrusted) {
    static ASEND_ENTRIES(entries, 1);
    static struct asend_queue queue;
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    if (DEFENCE(ASK)) {
        asend_init(&queue, entries, 1, NULL, NULL);
        asend_post(&queue, untrusted, &m);
    } else {
        ipc_call(untrusted, &m);
    }
}

static enum event_action on_request(void *context, struct message *m) {
    int result = 0;
    (void)context;
    taken++;
    switch (m->type) {
    case VICTIM_NUMBERS:
        m->arg[0] = ended;
        m->arg[1] = told;
        m->arg[2] = taken;
        break;
    case VICTIM_LEND:
        result = lend(m);
        break;
    case VICTIM_TOLD:
        told = m->arg[0];
        return EVENT_DEFER;
    case VICTIM_ASK:
        ask(m->arg[0]);
        return EVENT_DEFER;
    default:
        result = -E_BADCALL;
    }
    message_set_result(m, result);
    return EVENT_REPLY;
}

static void on_gone(void *context, endpoint_t peer) {
    (void)context;
    (void)peer;
    ended++;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    (void)source;
    taken++;
}

int cores_serve(void) {
    static const struct event_handlers handlers = { .request = on_request,
                                                    .notify = on_notify,
                                                    .gone = on_gone };
    for (uint64_t i = 0; i < sizeof lent / sizeof lent[0]; i++)
        lent[i] = VICTIM_SECRET;
    return event_loop_run(&handlers);
}

/* ---- Attackers: on the other core ---- */

static void tell(bool won) {
    struct message m = { .type = VICTIM_TOLD, .arg = { won ? VERDICT_WON : VERDICT_LOST } };
    ipc_send(victim, &m);
}

static void flood_by_bells(void) {
    for (;;)
        ipc_notify(victim);
}

static void flood_by_requests(void) {
    struct message m = { .type = VICTIM_NUMBERS };
    for (;;)
        ipc_nbsend(victim, &m); /* and no reply is ever taken */
}

static void flood_by_new_channels(void) {
    struct message m = { .type = VICTIM_NUMBERS };
    for (;;) {
        ipc_nbsend(victim, &m);
        struct message connected = { .type = MONITOR_CONNECT, .arg = { victim, 64, 0 } };
        if (ipc_request(runtime_monitor(), &connected) == 0) {
            struct message end = { .type = MONITOR_DISCONNECT, .arg = { connected.arg[0] } };
            ipc_request(runtime_monitor(), &end);
        }
    }
}

/* The memory of a channel with the victim, and the bell. */
static uint64_t *channel_memory(endpoint_t *bell, uint64_t *words) {
    struct message m = { .type = MONITOR_CONNECT, .arg = { victim, 64, 0 } };
    if (ipc_request(runtime_monitor(), &m))
        exit(1);
    *bell = m.arg[0];
    *words = (m.arg[3] >> 32) / sizeof(uint64_t);
    return (uint64_t *)m.arg[1];
}

static void ring(endpoint_t bell) {
    struct message m = { 0 };
    while (ipc_raw(IPC_NOTIFY, bell, &m) == -E_STATE)
        sched_yield(); /* the peer has not attached yet */
}

static void scribble(void) {
    endpoint_t bell;
    uint64_t words;
    volatile uint64_t *memory = channel_memory(&bell, &words);
    ring(bell);
    sleep_for(QUANTUM);
    for (uint64_t i = 0; i < words; i++)
        memory[i] = i * UINT64_C(0x9e3779b97f4a7c15) | 1;
    ring(bell);
}

/* Slots as if there were messages of another lap, which it has no credit for. */
static void send_without_credit(void) {
    const uint64_t slot_words = CHAN_STEP / sizeof(uint64_t), head = 1024 / sizeof(uint64_t);
    endpoint_t bell;
    uint64_t words;
    volatile uint64_t *memory = channel_memory(&bell, &words);
    ring(bell);
    sleep_for(QUANTUM);
    for (uint64_t i = head; i < words; i += slot_words)
        memory[i] = memory[i] + (words - head) * sizeof(uint64_t);
    ring(bell);
}

static void die_in_the_middle(void) {
    struct message m = { .type = VICTIM_NUMBERS };
    ipc_request(victim, &m);
    m.type = VICTIM_NUMBERS;
    for (unsigned i = 0; i < 20; i++)
        ipc_nbsend(victim, &m);
    exit(0);
}

static struct message borrow(void) {
    struct message m = { .type = VICTIM_LEND };
    if (ipc_request(victim, &m))
        exit(1);
    return m;
}

static bool steal(uint64_t id, uint64_t offset) {
    uint64_t word = 0;
    return safe_copy_from((struct grant_name){ victim, id }, offset, &word, sizeof word) == 0 &&
           word == VICTIM_SECRET;
}

static void copy_anothers(void) { tell(steal(borrow().arg[1], 0)); }
static void copy_beyond(void) { tell(steal(borrow().arg[0], PART)); }

static void delegate_anothers(void) {
    struct grant_name given = { victim, borrow().arg[1] }, made;
    int error = grant_delegate(given, 0, sizeof lent, runtime_self(), GRANT_READ, &made);
    tell(!error && steal(made.id, 0));
}

static void map_anothers(void) {
    struct grant_name name = { victim, borrow().arg[1] };
    void *window = (void *)0x0000300000000000UL;
    tell(safe_map(name, 0, window, PAGE_SIZE, PROT_READ) == 0);
}

/* Whoever asks it. */
static void do_not_answer(void) {}

/* urpc/ is freestanding, and has no switches: tests/models/ has mutations of its protocol. */
#define BREAK(text, function) \
    { "across cores: " text, function, UNCOUNTED, NO_DEFENCE, .ends_channel = true }
#define STEAL(text, function, kind, off) \
    { "across cores: " text, function, REFUSED_##kind, DEFENCE_##off, .asked = false }

static const struct remote_attack attacks[] = {
    /* Bells merge, so that few arrive. */
    { "across cores: flood by bells", flood_by_bells, UNCOUNTED, NO_DEFENCE, .floods = false },
    { "across cores: flood by requests", flood_by_requests, UNCOUNTED, NO_DEFENCE, .floods = true },
    { "across cores: make channels without end", flood_by_new_channels, UNCOUNTED, NO_DEFENCE,
      .asked = false },
    BREAK("scribble over a channel", scribble),
    BREAK("send without credit", send_without_credit),
    BREAK("die in the middle", die_in_the_middle),
    STEAL("copy what is another's", copy_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("copy beyond the region", copy_beyond, GRANT_RANGE, GRANT_RANGE),
    STEAL("pass on what is another's", delegate_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("map what is another's", map_anothers, GRANT_UNUSED, GRANTEE),
    { "across cores: server does not answer", do_not_answer, UNCOUNTED, DEFENCE_ASK,
      .asked = true },
};

#define ATTACKS (sizeof attacks / sizeof attacks[0])

int cores_attack(const char *number, const char *whom) {
    victim = strtoul(whom, NULL, 16);
    attacks[strtoul(number, NULL, 10) % ATTACKS].attempt();
    for (struct message m;;)
        ipc_receive(ENDPOINT_KERNEL, &m);
}

/* ---- The test: on this core ---- */

static endpoint_t start_program(uint32_t core, const char *args, int bytes, uint32_t count) {
    endpoint_t program;
    int error = core_spawn(core, args, (size_t)bytes, count, &program);
    if (error)
        tap_bail_out("cannot start %s: %s", args, error_text(error));
    return program;
}

static endpoint_t start_attacker(const struct remote_attack *attack) {
    char args[80];
    int bytes = snprintf(args, sizeof args, "test-attack%cremote%c%u%c%lx", 0, 0,
                         (unsigned)(attack - attacks), 0, victim);
    endpoint_t attacker = start_program(THERE, args, bytes + 1, 4);
    struct message m = { .type = VICTIM_ASK, .arg = { attacker } };
    if (attack->asked && ipc_send(victim, &m))
        tap_bail_out("the victim cannot be told");
    return attacker;
}

static void stop(endpoint_t program) {
    struct message m = { .type = MONITOR_KILL, .arg = { program } };
    ipc_request(runtime_monitor(), &m);
    await_end(program);
}

/* Whether the victim waits for a message of anybody, within a time. */
static bool victim_waits(void) {
    uint64_t end = time_now() + PATIENCE;
    while (time_now() < end) {
        struct message m = { .type = VICTIM_TOLD, .arg = { VERDICT_LOST } };
        if (ipc_nbsend(victim, &m) == 0)
            return true;
        sleep_for(QUANTUM);
    }
    return false;
}

static struct message numbers(void) {
    struct message m = { .type = VICTIM_NUMBERS };
    int error = ipc_request(victim, &m);
    if (error)
        tap_bail_out("the victim does not serve: %s", error_text(error));
    return m;
}

/* The victim serves a client of its own core, each time soon. */
static bool victim_serves(void) {
    uint64_t longest = 0;
    for (unsigned i = 0; i < CLIENTS_CALLS; i++) {
        uint64_t before = time_now();
        numbers();
        if (time_now() - before > longest)
            longest = time_now() - before;
    }
    return longest < PATIENCE;
}

static uint64_t refusals_there(endpoint_t attacker, enum refusal kind) {
    struct refusal_info info = { 0 };
    struct message m = { .type = MONITOR_GETINFO,
                         .arg = { (uint64_t)&info, sizeof info, INFO_REFUSALS, attacker, 0,
                                  THERE } };
    int error = ipc_request(runtime_monitor(), &m);
    if (error)
        tap_bail_out("cannot see refusals there: %s", error_text(error));
    return info.count[kind];
}

/* Waits for what the attacker says, or until patience is lost. */
static bool attacker_won(const struct remote_attack *attack) {
    uint64_t end = time_now() + PATIENCE;
    if (attack->asked)
        return !victim_waits();
    while (time_now() < end && numbers().arg[1] == VERDICT_NONE)
        sleep_for(QUANTUM);
    return numbers().arg[1] == VERDICT_WON;
}

static bool attack_once(const struct remote_attack *attack, uint64_t off, bool test) {
    victim = start_program(0, "test-attack\0serve", sizeof "test-attack\0serve", 2);
    if (off)
        kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, off, 0, 0);
    endpoint_t attacker = start_attacker(attack);
    bool won = attacker_won(attack);
    if (off)
        kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, 0, 0, 0);
    if (test)
        tap_ok(victim_serves(), "%s: others are served", attack->name);
    if (test && attack->floods)
        tap_ok(numbers().arg[2] > FLOOD, "%s: the victim has received %lu messages", attack->name,
               numbers().arg[2]);
    if (test && attack->ends_channel)
        tap_is((long)numbers().arg[0], 1, "%s: that channel has ended", attack->name);
    if (test && attack->counted != UNCOUNTED)
        tap_ok(refusals_there(attacker, attack->counted) != 0, "%s: counted as \"%s\"",
               attack->name, refusal_text(attack->counted));
    stop(attacker);
    if (test)
        tap_ok(victim_serves(), "%s: and when the attacker has gone", attack->name);
    stop(victim);
    return won;
}

void test_across_cores(const char *word, bool controls) {
    for (const struct remote_attack *attack = attacks; attack < attacks + ATTACKS; attack++) {
        if (word && !strstr(attack->name, word))
            continue;
        if (!controls) {
            bool won = attack_once(attack, 0, true);
            if (attack->defence != NO_DEFENCE) /* else what others see is all */
                tap_ok(!won, "%s: fails", attack->name);
        }
        if (!controls || attack->defence == NO_DEFENCE)
            continue;
        tap_ok(attack_once(attack, UINT64_C(1) << attack->defence, false),
               "%s: succeeds without \"%s\"", attack->name, defence_text(attack->defence));
        tap_ok(!attack_once(attack, 0, false), "%s: fails with it", attack->name);
    }
}
