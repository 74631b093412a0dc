/*
 * What clients ask. Requests that change something are done one after the other: each is answered
 * when primary and backup have it, and those that come meanwhile wait here. No client is waited
 * for.
 */
#ifndef STORE_REQUESTS_H
#define STORE_REQUESTS_H

#include <runtime/event.h>

#include "pair.h"

#define WAITING_MAX 128 /* requests */

/* The one pair and store of the process. */
extern struct pair pair;
extern struct store store;

enum event_action request_serve(struct message *m);

/* What waits is done as far as the pair is free; subscribers are told. After each event. */
void requests_go_on(void);

/* The change that was under way is done: for struct pair_world. */
void request_done(struct pair *unused);

/*
 * A process of another core has gone. And those of this core that have died since the last time:
 * whether somebody is left who has something here that ends with him.
 */
void requests_gone(endpoint_t client);
bool requests_sweep(void);

/* What a primary is that was a backup until now, or is new. */
void requests_lead(void);

#endif
