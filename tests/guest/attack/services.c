/* Process interaction and system services (thesis 3.1.2, class IV). */
#include "attack.h"

#include <string.h>

#include <bulkhead/grant.h>

#include "../support/cores.h"
#include "watch.h"

static bool log_something(void) { return kernel_log("attack", 6) == 0; }

/* The number is an index into a table of functions. */
static bool no_such_call(void) {
    bool accepted = false;
    for (unsigned bit = 6; bit < 32; bit++) {
        struct message m = { .type = UINT32_C(1) << bit };
        accepted = ipc_raw(IPC_SENDREC, ENDPOINT_KERNEL, &m) == 0 || accepted;
    }
    return accepted;
}

/* Refused calls, each of which the log might tell of. */
static uint64_t logged_before;

static uint64_t logged(void) {
    char text[64];
    size_t total = 0;
    getinfo(INFO_LOG, text, sizeof text, 0, NULL, &total);
    return total;
}

static void see_log(void) { logged_before = logged(); }

static bool be_refused(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end)
        log_something();
    return false;
}

static bool log_was_flooded(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    return logged() - logged_before > 1000; /* bytes */
}

static bool kill_another(void) { return proc_kill(victim, 0) == 0; }

static bool victim_died(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    return process_info(victim).state == PROCESS_DEAD;
}

/* Makes a child, and gives it what it has not got itself. */
static bool give_away(void) {
    endpoint_t child;
    if (proc_create("child", PROCESS_FRAMES_MIN, 0, &child))
        return false;
    bool given = privctl_kcalls(child, KCALL_BIT(LOG)) == 0;
    proc_kill(child, 0);
    proc_destroy(child);
    return given;
}

static bool make_processes(void) {
    endpoint_t child[2] = { ENDPOINT_NONE, ENDPOINT_NONE };
    bool made = true;
    for (unsigned i = 0; i < 2; i++)
        made = made && proc_create("child", PROCESS_FRAMES_MIN, 0, &child[i]) == 0;
    for (unsigned i = 0; i < 2; i++) {
        proc_kill(child[i], 0);
        proc_destroy(child[i]);
    }
    return made;
}

#define CREATOR \
    (KCALL_BIT(PROC_CREATE) | KCALL_BIT(PROC_KILL) | KCALL_BIT(PROC_DESTROY) | KCALL_BIT(PRIVCTL))

/* ---- The monitor ---- */

static void spawn_victim(void) {
    static const char args[] = "test-attack\0idle";
    int error = core_spawn(0, args, sizeof args, 2, &victim);
    if (error)
        tap_bail_out("no victim: %s", error_text(error));
}

static bool victim_ended(endpoint_t attacker, bool said) {
    struct message m = { .type = MONITOR_STATUS, .arg = { victim } };
    (void)attacker;
    (void)said;
    return ipc_request(runtime_monitor(), &m) == 0 && m.arg[0] != DEATH_NONE;
}

static void end_victim(void) {
    struct message m = { .type = MONITOR_KILL, .arg = { victim } };
    ipc_request(runtime_monitor(), &m);
    await_end(victim);
}

static void allow_monitor(endpoint_t attacker) {
    if (privctl_allow(attacker, runtime_monitor()))
        tap_bail_out("cannot let the attacker ask the monitor");
}

static bool have_it_killed(void) {
    struct message m = { .type = MONITOR_KILL, .arg = { victim } };
    return ipc_request(runtime_monitor(), &m) == 0;
}

/* ---- Bad contents: the monitor is asked what makes no sense ---- */

/* The number is an index into a table of functions. */
static bool ask_what_there_is_not(void) {
    bool accepted = false;
    for (uint32_t type = MESSAGE_TYPE_SERVICE << 1; type < 0x40000000; type += 0x1234567) {
        struct message m = { .type = type };
        accepted = ipc_request(runtime_monitor(), &m) == 0 || accepted;
    }
    return accepted;
}

/* More than the monitor has room for. */
static bool send_long_text(void) {
    static uint8_t text[8UL * MONITOR_TEXT_MAX];
    bool accepted = false;
    memset(text, 0xff, sizeof text);
    for (uint64_t bytes = 2UL * MONITOR_TEXT_MAX; bytes <= sizeof text; bytes *= 2) {
        struct message m = { .type = MONITOR_SAFECOPY_TO,
                             .arg = { runtime_self(), (uint64_t)text, bytes, GRANT_ID_RECORDED } };
        struct message after = { .type = MONITOR_FIND };
        accepted = ipc_request(runtime_monitor(), &m) == 0 || accepted;
        ipc_request(runtime_monitor(), &after);
    }
    return accepted;
}

/* ---- Floods of the monitor, which is more urgent than all ---- */

static bool flood_by_notify(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end)
        ipc_notify(runtime_monitor());
    return false;
}

static bool flood_by_requests(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end) {
        struct message m = { .type = MONITOR_FIND };
        ipc_request(runtime_monitor(), &m);
    }
    return false;
}

#define FLOOD(text, function)                                                             \
    {                                                                                     \
        "system services: flood the monitor by " text, function, IPC(IPC_ALL), UNCOUNTED, \
            NO_DEFENCE, watch_prepare, allow_monitor, watch_starved, victim_clean         \
    }

const struct attack service_attacks[] = {
    { "system services: a kernel call that it may not make", log_something, PLAIN, REFUSED_KCALL,
      DEFENCE_KCALL, 0 },
    { "system services: kernel calls that there are not", no_such_call, PLAIN, REFUSED_KCALL_NUMBER,
      DEFENCE_KCALL_NUMBER, .fatal = true },
    { "system services: fill the log with refusals", be_refused, PLAIN, REFUSED_KCALL,
      DEFENCE_LOG_RATE, see_log, NULL, log_was_flooded, NULL },
    { "system services: give a child what it has not got", give_away,
      .policy = { .ipc = IPC_BIT(SENDREC), .kcalls = CREATOR, .processes = 1 }, REFUSED_RIGHT,
      DEFENCE_GIVE, 0 },
    { "system services: make processes without end", make_processes,
      .policy = { .ipc = IPC_BIT(SENDREC), .kcalls = CREATOR, .processes = 1 }, REFUSED_MEMORY,
      DEFENCE_SLOT_QUOTA, 0 },
    { "system services: have the monitor kill a program", have_it_killed, PLAIN, UNCOUNTED,
      DEFENCE_MANAGE, spawn_victim, allow_monitor, victim_ended, end_victim },
    { "bad contents: requests that there are not", ask_what_there_is_not, PLAIN, UNCOUNTED,
      DEFENCE_REQUEST, NULL, allow_monitor, .fatal = true },
    { "bad contents: text longer than its buffer", send_long_text, PLAIN, UNCOUNTED, DEFENCE_TEXT,
      NULL, allow_monitor, .fatal = true },
    { "process interaction: kill another", kill_another, KCALLS(KCALL_BIT(PROC_KILL)),
      REFUSED_RIGHT, DEFENCE_CHILD, victim_prepare, NULL, victim_died, victim_clean },
    FLOOD("NOTIFY", flood_by_notify),
    FLOOD("requests", flood_by_requests),
    { 0 },
};
