/* What agreement.c and settlement.c have in common. */
#ifndef MONITOR_AGREEMENT_PARTS_H
#define MONITOR_AGREEMENT_PARTS_H

#include <bulkhead/error.h>

#include "agreement.h"
#include "peer_protocol.h"

/* A message about an operation. */
struct message agreement_compose(const struct agreement *a, enum peer_message type, uint64_t number,
                                 uint32_t tag, const struct operation *operation);

/* Sends to those that are owed it as many as have credit. */
void agreement_pay(struct agreement *a, core_set_t *owed, const struct message *message);

/* Ends an operation that is PREPARED here; another is let alone. */
void record_decide(struct agreement *a, struct record *record, endpoint_t client, uint32_t sequence,
                   bool commits);

bool record_is(const struct record *record, endpoint_t client, uint32_t sequence);

/* settlement.c: the same of the proposed view. */
void settlement_freeze(struct agreement *a);
void settlement_pay(struct agreement *a);
int settlement_message(struct agreement *a, unsigned sender, const struct message *message);

#endif
