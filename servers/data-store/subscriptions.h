/*
 * Who is to hear of changes. A subscriber costs one bit, however slow it is: it is notified once,
 * and again only after it has found that there is nothing more.
 */
#ifndef STORE_SUBSCRIPTIONS_H
#define STORE_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/protocol/store.h>

#define STORE_SUBSCRIPTIONS 128

/* Names that somebody wants to hear of, and may. */
struct filter {
    char pattern[STORE_NAME_MAX];
    char label[LABEL_MAX];
    bool is_private; /* those of that label alone; else the public ones */
};

struct subscription {
    uint64_t number; /* 0: a free entry */
    endpoint_t client;
    struct filter filter;
    bool due;  /* it is to be notified */
    bool told; /* it has been, and has not found since that there is nothing more */
    bool dead; /* the client is: it is to be forgotten */
};

struct store;
struct key;

bool filter_admits(const struct filter *filter, const struct key *key);

/* NULL: there is none. */
struct subscription *subscription_find(struct store *store, uint64_t number);

/* Whether a client of that label can have another one: 0, -E_QUOTA or -E_NOSLOT. */
int subscription_allowed(const struct store *store, const char label[LABEL_MAX]);

/* There is room for it. */
void subscription_add(struct store *store, uint64_t number, endpoint_t client,
                      const struct filter *filter);

/* A record has changed: those to whom that matters are due, unless they have been told. */
void subscriptions_mark(struct store *store, const struct key *key);

/* The next one that is due, which is told now; NULL: none. */
struct subscription *subscription_take_due(struct store *store);

/* A store has taken over: all are to look. */
void subscriptions_mark_all(struct store *store);

#endif
