/* Attackers on another core than their victim's. */
#include <stdlib.h>
#include <string.h>

#include <bulkhead/binding.h>
#include <runtime/grant.h>
#include <urpc/channel.h>

#include "../support/cores.h"
#include "cores.h"
#include "remote.h"

#define WINDOW ((void *)0x0000300000000000UL)

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
        struct message connected = { .type = MONITOR_CONNECT, .arg = { victim, CHANNEL_SLOTS, 0 } };
        if (ipc_request(runtime_monitor(), &connected) == 0) {
            struct message end = { .type = MONITOR_DISCONNECT, .arg = { connected.arg[0] } };
            ipc_request(runtime_monitor(), &end);
        }
    }
}

/* The memory of a channel with the victim, and the bell. */
static uint64_t *channel_memory(endpoint_t *bell, uint64_t *words) {
    struct message m = { .type = MONITOR_CONNECT, .arg = { victim, CHANNEL_SLOTS, 0 } };
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
static void copy_beyond(void) { tell(steal(borrow().arg[0], LENT_PART)); }

static void delegate_anothers(void) {
    struct grant_name given = { victim, borrow().arg[1] }, made;
    int error = grant_delegate(given, 0, PAGE_SIZE, runtime_self(), GRANT_READ, &made);
    tell(!error && steal(made.id, 0));
}

static void map_anothers(void) {
    struct grant_name name = { victim, borrow().arg[1] };
    tell(safe_map(name, 0, WINDOW, PAGE_SIZE, PROT_READ) == 0);
}

/* Whoever asks it. */
static void do_not_answer(void) {}

/*
 * Somebody honest, of the attackers' core, passes on what it was lent to nobody else than the
 * victim: the owner's monitor records that. The attacker knows the id, as anybody may.
 */
static void pass_on(void) {
    struct grant_name given = { victim, borrow().arg[2] }, made = { 0 };
    grant_delegate(given, 0, PAGE_SIZE, victim, GRANT_READ, &made);
    struct message m = { .type = VICTIM_RECORD, .arg = { made.id } };
    ipc_send(victim, &m);
}

static void forge_recorded(void) {
    struct message m = { .arg = { 0 } };
    while (m.arg[0] == 0) {
        m = (struct message){ .type = VICTIM_RECORDED };
        if (ipc_request(victim, &m))
            exit(1);
    }
    tell(steal(m.arg[0], 0));
}

static void map_recorded(void) {
    struct message m = { .arg = { 0 } };
    while (m.arg[0] == 0) {
        m = (struct message){ .type = VICTIM_RECORDED };
        if (ipc_request(victim, &m))
            exit(1);
    }
    tell(safe_map((struct grant_name){ victim, m.arg[0] }, 0, WINDOW, PAGE_SIZE, PROT_READ) == 0);
}

/* What is not recorded at all: ids near those that are. */
static void guess_recorded(void) {
    bool won = false;
    for (uint64_t i = 0; i < 100; i++)
        won = steal(GRANT_ID_RECORDED | i * 509, 0) || won;
    tell(won);
}

/* The words by which it acknowledges what the victim sends: that all of it, and more, is read. One
 * of the two is its own (urpc/channel.c). */
static void scribble_at_sender(void) {
    const uint64_t other_side = 512 / sizeof(uint64_t), more = UINT64_C(1) << 20;
    endpoint_t bell;
    uint64_t words;
    volatile uint64_t *memory = channel_memory(&bell, &words);
    uint64_t lie = memory[0] + more, other_lie = memory[other_side] + more;
    ring(bell);
    for (;;) {
        memory[0] = lie;
        memory[other_side] = other_lie;
    }
}

/* Goes on using what it was lent when the lender has died. */
static void outlive_the_lender(void) {
    struct grant_name page = { victim, borrow().arg[2] };
    const volatile uint64_t *window = WINDOW;
    if (safe_map(page, 0, WINDOW, PAGE_SIZE, PROT_READ) || *window != VICTIM_SECRET)
        exit(2);
    tell(false);
    struct message m = { .type = VICTIM_NUMBERS };
    while (ipc_request(victim, &m) == 0)
        sleep_for(QUANTUM);
    uint64_t end = time_now() + PATIENCE;
    while (*window == VICTIM_SECRET && time_now() < end)
        sleep_for(QUANTUM);
    exit(*window == VICTIM_SECRET);
}

/* ---- How the victim sees it ---- */

static bool took_what_nobody_sent(const struct victim_numbers *n) { return n->remote != 0; }

static bool sent_what_nobody_took(const struct victim_numbers *n) {
    return n->accepted > CHANNEL_SLOTS;
}

static bool has_not_ended(const struct victim_numbers *n) { return n->ended == 0; }

#define STEAL(text, function, kind, off) \
    { "across cores: " text, function, REFUSED_##kind, DEFENCE_##off, .asked = false }

const struct remote_attack remote_attacks[] = {
    /* Bells merge, so that few arrive. */
    { "across cores: flood by bells", flood_by_bells, UNCOUNTED, NO_DEFENCE, .floods = false },
    { "across cores: flood by requests", flood_by_requests, UNCOUNTED, NO_DEFENCE, .floods = true },
    { "across cores: make channels without end", flood_by_new_channels, UNCOUNTED, NO_DEFENCE,
      .asked = false },
    { "across cores: scribble over a channel", scribble, UNCOUNTED, DEFENCE_CHANNEL,
      took_what_nobody_sent, .ends_channel = true },
    { "across cores: send without credit", send_without_credit, UNCOUNTED, DEFENCE_CHANNEL,
      took_what_nobody_sent, .ends_channel = true },
    { "across cores: scribble at who sends", scribble_at_sender, UNCOUNTED, DEFENCE_CHANNEL,
      sent_what_nobody_took, .sends = true },
    { "across cores: die in the middle", die_in_the_middle, UNCOUNTED, DEFENCE_PARTING,
      has_not_ended, .ends_channel = true },
    STEAL("copy what is another's", copy_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("copy beyond the region", copy_beyond, GRANT_RANGE, GRANT_RANGE),
    STEAL("pass on what is another's", delegate_anothers, GRANT_UNUSED, GRANTEE),
    STEAL("map what is another's", map_anothers, GRANT_UNUSED, GRANTEE),
    { "across cores: forge a recorded grant", forge_recorded, REFUSED_GRANT_UNUSED, DEFENCE_GRANTEE,
      .honest = true },
    { "across cores: map a recorded grant", map_recorded, REFUSED_GRANT_UNUSED, DEFENCE_GRANTEE,
      .honest = true },
    { "across cores: guess recorded grants", guess_recorded, REFUSED_GRANT_UNUSED, NO_DEFENCE,
      .honest = true },
    { "across cores: outlive the lender", outlive_the_lender, UNCOUNTED, DEFENCE_LENDER,
      .lender_dies = true },
    { "across cores: server does not answer", do_not_answer, UNCOUNTED, DEFENCE_ASK,
      .asked = true },
    { 0 },
};

int cores_attack(char **argv) {
    victim = strtoul(argv[1], NULL, 16);
    kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, strtoul(argv[2], NULL, 16), 0, 0);
    if (strcmp(argv[0], "honest") == 0)
        pass_on();
    else if (strcmp(argv[0], "loop") == 0)
        for (;;)
            __asm__ volatile("");
    else
        remote_attacks[strtoul(argv[0], NULL, 10)].attempt();
    for (struct message m;;)
        ipc_receive(ENDPOINT_KERNEL, &m);
}
