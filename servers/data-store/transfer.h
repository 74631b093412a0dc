/*
 * Changes as a stream of bytes, in parts that fit the memory that primary and backup share: a
 * batch, or all of a store.
 */
#ifndef STORE_TRANSFER_H
#define STORE_TRANSFER_H

#include "changes.h"

struct sender {
    const struct store *store; /* all of it; NULL: the batch */
    const struct batch *batch;
    unsigned phase, index; /* where in it the next change is */
    const struct record *record;
    struct change change; /* the present one */
    const void *data;
    size_t left; /* bytes of it that have not been written */
};

/* What is sent stays as it is until sender_write() has given 0. */
void sender_batch(struct sender *sender, const struct batch *batch);
void sender_store(struct sender *sender, const struct store *store);

/* Writes up to `room` bytes; less only if that was all. */
size_t sender_write(struct sender *sender, void *buffer, size_t room);

/* Whether all has been written. */
bool sender_is_done(struct sender *sender);

struct receiver {
    struct change change;
    void *data;
    size_t have; /* bytes of the present change and its data */
    bool filling, full;
};

/*
 * Takes a part. Changes of a batch are collected in *batch, to be applied when all has come; those
 * that fill the store are applied at once. 0, -E_PROTOCOL, or -E_NOMEM.
 */
int receiver_take(struct receiver *receiver, struct store *store, struct batch *batch,
                  const void *part, size_t bytes);

/* Forgets a change that has not come completely. */
void receiver_reset(struct receiver *receiver);

#endif
