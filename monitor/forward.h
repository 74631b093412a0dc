/*
 * Requests of clients about other cores: passed on to the monitor there, whose reply becomes the
 * reply to the client. Towards each core one is on its way at a time; others wait.
 */
#ifndef MONITOR_FORWARD_H
#define MONITOR_FORWARD_H

#include "cores.h"
#include "peers.h"

extern const struct peer_service forward_service;

/* For cores_listen(). */
void forward_cores_gone(core_set_t gone);

/*
 * Passes a client's request on. Returns 1: the client will have its reply. Errors: -E_NOENT the
 * core is no member, -E_TOOBIG text, -E_NOSLOT.
 */
int forward_request(const struct message *request, uint64_t core);

/* Asks all other members, one after the other, until one does not answer -E_NOENT. */
int forward_to_any(const struct message *request);

/*
 * The result of a request from there of which request_serve_call() said that it would come later;
 * and whether the reply to one is still to be sent.
 */
void forward_finish(uint32_t core, endpoint_t client, int result);
bool forward_owes_reply(uint32_t core);

/* A client has died: what it has asked for and was not sent yet will not be. */
void forward_process_died(endpoint_t client);

/* A process that was spawned from another core has ended: the spawner there is notified. */
void forward_ended(endpoint_t spawner);

#endif
