/*
 * Attacks on a server of this core by programs of another, one that serves nobody too: the test.
 * remote.h says what it agrees on with both sides.
 */
#include "cores.h"

#include <stdio.h>
#include <string.h>

#include "../support/cores.h"
#include "bystander.h"
#include "remote.h"

#define CLIENTS_CALLS 40U
#define FLOOD         1000U /* messages: as many, at least */

static endpoint_t start_program(uint32_t core, const char *args, int bytes, uint32_t count) {
    endpoint_t program;
    int error = core_spawn(core, args, (size_t)bytes, count, &program);
    if (error)
        tap_bail_out("cannot start %s: %s", args, error_text(error));
    return program;
}

/* By its number, or "honest", or "loop". */
static endpoint_t start_there(const char *what, uint64_t off) {
    char args[80];
    int bytes = snprintf(args, sizeof args, "test-attack%cremote%c%s%c%lx%c%lx", 0, 0, what, 0,
                         victim, 0, off);
    return start_program(THERE, args, bytes + 1, 5);
}

static endpoint_t start_attacker(const struct remote_attack *attack, uint64_t off) {
    char number[8];
    snprintf(number, sizeof number, "%u", (unsigned)(attack - remote_attacks));
    endpoint_t attacker = start_there(number, off);
    struct message m = { .type = attack->sends ? VICTIM_SEND : VICTIM_ASK, .arg = { attacker } };
    if (attack->sends)
        sleep_for(PATIENCE / 4); /* it has made its channel */
    if ((attack->asked || attack->sends) && ipc_send(victim, &m))
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

static struct victim_numbers numbers(void) {
    struct victim_numbers numbers;
    struct message m = { .type = VICTIM_NUMBERS };
    int error = ipc_request(victim, &m);
    if (error)
        tap_bail_out("the victim does not serve: %s", error_text(error));
    memcpy(&numbers, m.arg, sizeof numbers);
    return numbers;
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

static enum verdict await_verdict(void) {
    uint64_t end = time_now() + PATIENCE;
    while (time_now() < end && numbers().told == VERDICT_NONE)
        sleep_for(QUANTUM);
    return (enum verdict)numbers().told;
}

/* The victim ends when the attacker has what it was lent, which then says what it still sees. */
static bool outlived_by(endpoint_t attacker) {
    enum verdict mapped = await_verdict();
    stop(victim);
    int status = await_end(attacker);
    if (mapped != VERDICT_LOST || status < 0 || status > 1)
        tap_bail_out("the attacker has mapped nothing");
    return status == 1;
}

static bool attacker_won(const struct remote_attack *attack) {
    if (attack->asked)
        return !victim_waits();
    if (!attack->won)
        return await_verdict() == VERDICT_WON;
    sleep_for(PATIENCE);
    struct victim_numbers now = numbers();
    return attack->won(&now);
}

/* What others see while the attacker lives. */
static void test_others(const struct remote_attack *attack, endpoint_t attacker) {
    tap_ok(victim_serves(), "%s: others are served", attack->name);
    if (attack->floods)
        tap_ok(numbers().taken > FLOOD, "%s: the victim has received %lu messages", attack->name,
               numbers().taken);
    if (attack->ends_channel)
        tap_is((long)numbers().ended, 1, "%s: that channel has ended", attack->name);
    if (attack->counted != UNCOUNTED)
        tap_ok(refusals_there(attacker, attack->counted) != 0, "%s: counted as \"%s\"",
               attack->name, refusal_text(attack->counted));
}

static void switch_off(uint64_t off) { kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, off, 0, 0); }

static bool attack_once(const struct remote_attack *attack, uint64_t off, bool test) {
    if (off)
        switch_off(off);
    victim = start_program(HERE, "test-attack\0serve", sizeof "test-attack\0serve", 2);
    endpoint_t honest = attack->honest ? start_there("honest", off) : ENDPOINT_NONE;
    endpoint_t attacker = start_attacker(attack, off);
    bool won = attack->lender_dies ? outlived_by(attacker) : attacker_won(attack);
    if (off)
        switch_off(0);
    if (!attack->lender_dies) {
        if (test)
            test_others(attack, attacker);
        stop(attacker);
        if (test)
            tap_ok(victim_serves(), "%s: and when the attacker has gone", attack->name);
        stop(victim);
    }
    if (honest != ENDPOINT_NONE)
        stop(honest);
    return won;
}

/* ---- Bystanders ---- */

/* On a core beside an attack, or an endless loop in its place: NULL. */
static struct aside_result aside_of(const struct remote_attack *attack, uint32_t core) {
    victim = start_program(HERE, "test-attack\0serve", sizeof "test-attack\0serve", 2);
    endpoint_t honest = attack && attack->honest ? start_there("honest", 0) : ENDPOINT_NONE;
    aside_start(core);
    endpoint_t attacker = attack ? start_attacker(attack, 0) : start_there("loop", 0);
    struct aside_result result = aside_end();
    stop(attacker);
    stop(victim);
    if (honest != ENDPOINT_NONE)
        stop(honest);
    return result;
}

static void test_bystanders(const struct remote_attack *attack, struct aside_result usual) {
    struct aside_result result = { 0 };
    for (unsigned i = 0; i < ASIDE_TRIES && result.kept < usual.kept * 99 / 100; i++)
        result = aside_of(attack, ASIDE);
    tap_ok(result.kept >= usual.kept * 99 / 100,
           "%s: a bystander on a third core keeps %lu.%02lu %%", attack->name,
           result.kept * 100 / usual.kept, result.kept * 10000 / usual.kept % 100);
    if (attack->counted == UNCOUNTED && attack->defence == NO_DEFENCE) {
        result = aside_of(attack, HERE);
        /* Of the two that may compute there it gets a half. */
        tap_ok(result.share >= 450, "%s: one beside the victim has %lu.%lu %% of their core",
               attack->name, result.share / 10, result.share % 10);
    }
}

void test_across_cores(const char *word, bool controls) {
    struct aside_result usual = { 0 };
    for (const struct remote_attack *attack = remote_attacks; attack->name; attack++) {
        if (word && !strstr(attack->name, word))
            continue;
        if (!controls) {
            bool won = attack_once(attack, 0, true);
            if (attack->defence != NO_DEFENCE) /* else what others see is all */
                tap_ok(!won, "%s: fails", attack->name);
            if (!usual.kept)
                usual = aside_of(NULL, ASIDE);
            if (!attack->lender_dies && !attack->asked)
                test_bystanders(attack, usual);
        }
        if (!controls || attack->defence == NO_DEFENCE)
            continue;
        tap_ok(attack_once(attack, UINT64_C(1) << attack->defence, false),
               "%s: succeeds without \"%s\"", attack->name, defence_text(attack->defence));
        tap_ok(!attack_once(attack, 0, false), "%s: fails with it", attack->name);
    }
}
