/* What membership.c and membership_messages.c have in common. */
#ifndef MONITOR_MEMBERSHIP_PARTS_H
#define MONITOR_MEMBERSHIP_PARTS_H

#include "membership.h"

/* What this core knows best of who is a member: what it has promised to obey next, or obeys. */
static inline const struct view *membership_newest(const struct membership *m) {
    return m->next.number ? &m->next : &m->view;
}

/* A core is to be no member any more; it is after all. */
void membership_fail(struct membership *m, unsigned core, enum removal why);
void membership_pardon(struct membership *m, unsigned core);

/* The view word has been seen to be `word`. */
void membership_notice(struct membership *m, uint64_t word);

/* `next` becomes what this core has promised to obey; older proposals are off. */
void membership_promise(struct membership *m, const struct view *next);

/* What it has promised counts from now on. */
void membership_install(struct membership *m);

/* This core has to stop. */
void membership_stop(struct membership *m, enum stop_reason why);

/* Does what follows from the state: after anything that has happened. */
void membership_consider(struct membership *m);

/* Sends what is owed, as far as there is credit. */
void membership_pay(struct membership *m);

#endif
