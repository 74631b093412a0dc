/*
 * The monitor's protocol (include/bulkhead/protocol/monitor.h): its requests come from clients of
 * this core, and through other monitors from theirs.
 */
#ifndef MONITOR_REQUESTS_H
#define MONITOR_REQUESTS_H

#include <stddef.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/event.h>

/*
 * A request on its way: its arguments, which become those of the reply, and the text that comes or
 * goes with it, out of the client's memory or into it.
 */
struct call {
    endpoint_t client;
    uint32_t type;
    uint64_t arg[MESSAGE_ARGS];
    char *text;   /* MONITOR_TEXT_MAX bytes */
    size_t bytes; /* of the request's text; then of the reply's, at most `room` */
    size_t room;
};

/* Serves a request of a client: a handler of the event loop. */
enum event_action request_serve(void *context, struct message *m);

/* Serves one that another monitor passes on, after it has checked that its client may ask. 1: the
 * result will come by forward_finish(). */
int request_serve_call(struct call *call);

/* Puts a reply's text into the client's memory, and sends the reply. */
void request_finish(const struct message *request, struct call *call, int result);

/* Where the text of a request lies; the bytes of text that come with a request, and the room that
 * the client has for the reply's. */
uint64_t request_text_address(const struct message *request);
size_t request_text_in(const struct message *request);
size_t request_text_room(const struct message *request);

#endif
