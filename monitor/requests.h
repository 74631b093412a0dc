/* The monitor's protocol (include/bulkhead/protocol/monitor.h). */
#ifndef MONITOR_REQUESTS_H
#define MONITOR_REQUESTS_H

#include <runtime/event.h>

/* Serves one request, at once: a handler of the event loop. */
enum event_action request_serve(void *context, struct message *m);

#endif
