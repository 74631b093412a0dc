/*
 * Attacks on the system, each by a process of its own (docs/threats.md has the table of threats).
 *
 *   main.c           does each attack, and judges it from outside
 *   bystander.c      who only wants to compute beside it, on the same core and on another
 *   victim.c         whom attackers send to
 *   cpu.c memory.c grants.c devices.c services.c       the rows of thesis Fig. 3.1
 *   mapping.c interrupts.c                    what drivers do to devices that are not theirs
 *   primitives.c delivery.c groups.c          the three classes of threats to IPC
 *   cores.c          attackers on another core
 */
#ifndef TESTS_GUEST_ATTACK_H
#define TESTS_GUEST_ATTACK_H

#include <bulkhead/defence.h>
#include <bulkhead/refusal.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"

/* In the place of a kind of refusal: nothing is refused. What the attack wants cannot be said, or
 * is not forbidden but has no effect. */
#define UNCOUNTED REFUSAL_COUNT

/* In the place of a defence: there is none that could be switched off, or no attack without it. */
#define NO_DEFENCE DEFENCE_COUNT

struct attack {
    const char *name; /* threat: what is done */
    /*
     * What the attacker does, in a process of its own; true: it has what it wanted, as far as it
     * can see. May not return, or end its process by an exception.
     */
    bool (*attempt)(void);
    struct child_policy policy;
    enum refusal counted;  /* the kind of refusal that it must leave behind, or UNCOUNTED */
    enum defence defence;  /* without which it succeeds */
    void (*prepare)(void); /* before the attacker is made, which finds all variables as they are */
    void (*permit)(endpoint_t attacker); /* before it runs: what it has besides its policy */
    /*
     * Whether it has succeeded, as others see it; NULL: as attempt() has said. `said` is that,
     * false if it has not returned.
     */
    bool (*won)(endpoint_t attacker, bool said);
    void (*clean)(void); /* after it has gone */
    bool fatal;          /* when it succeeds the core stops: without the defence, another core's */
    bool early;          /* the defence is needed while it is prepared, too */
    bool crowd;          /* of those that it takes, some compute too, attack or no attack */
    /*
     * Who is sent to without waiting has work to do for it, on quanta of its own: then three
     * compute where there were two. A bystander keeps two thirds.
     */
    bool receiver_works;
};

/* Tables of attacks, in the order in which they are done. The last has no name. */
extern const struct attack cpu_attacks[], memory_attacks[], grant_attacks[], device_attacks[],
    register_attacks[], interrupt_attacks[], service_attacks[], primitive_attacks[],
    delivery_attacks[], group_attacks[];

/* How long an attack that does not end may last. */
#define PATIENCE (40 * TIME_MILLISECOND)

/* Of all that take part: so short that shares even out in a tenth of a second. */
#define QUANTUM (250 * TIME_MICROSECOND)

/* Usual policies of attackers. */
#define PLAIN     .policy = { .ipc = IPC_BIT(SENDREC), .kcalls = KCALL_BIT(NULL) }
#define KCALLS(x) .policy = { .ipc = IPC_BIT(SENDREC), .kcalls = (x) }
#define IPC(x)    .policy = { .ipc = (x), .kcalls = KCALL_BIT(NULL) }

/* Starts a child of the runner with all primitives, who may talk with it. */
endpoint_t start(const char *label, void (*entry)(void *));

/* Copies a variable of a process started by start() into the runner's own. */
void look(endpoint_t process, void *variable, size_t bytes);
#define LOOK(process, variable) look(process, (void *)&(variable), sizeof(variable))

/* ---- Victims (victim.c) ---- */

extern endpoint_t victim; /* of the attack that is under way */

/* What a victim has received. */
struct received {
    uint64_t messages;
    struct message last;
    uint64_t register_14; /* afterwards: no message is to change it */
    uint64_t secret;      /* nobody is to change it */
};

extern volatile struct received received;
#define VICTIM_SECRET UINT64_C(0x5ec2e75ec2e75ec2)

void victim_prepare(void); /* one that receives all that comes, and answers by NBSEND */
void victim_clean(void);
void victim_allow(endpoint_t attacker); /* the attacker may send to it */
bool victim_received(endpoint_t attacker, bool said);
void victim_main(void *unused);

#endif
